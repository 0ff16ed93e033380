/** The filters of the builder: what each is called, and where its choices come from. */

import { SEVERITIES } from '../../shared/severity';
import type { Filters } from '../types';

export interface FilterInfo {
  label: string;
  help: string;
  /** Column of `errors` whose values are offered. */
  column?: string;
  choices?: Array<{ value: string; label: string }>;
}

const named = (...names: string[]) => names.map((name) => ({ value: name, label: name }));

export const FILTERS: Record<keyof Filters, FilterInfo> = {
  pattern: { label: 'Pattern', help: 'Id of a pattern', column: 'pattern_id' },
  service: { label: 'Service', help: 'Name of the service', column: 'service_name' },
  user: { label: 'User', help: 'Who ran it', column: 'user_id' },
  session: { label: 'Session', help: 'Id of the session', column: 'session_id' },
  execution: { label: 'Execution', help: 'Id of the execution', column: 'execution_id' },
  language: { label: 'Language', help: 'Language of the failed program', column: 'language' },
  errorType: { label: 'Error type', help: 'Type of the exception', column: 'error_type' },
  cause: { label: 'Cause', help: 'Level 4 of the taxonomy: why it failed', column: 'taxonomy_cause' },
  phase: { label: 'Phase', help: 'Level 2 of the taxonomy: when it failed', column: 'taxonomy_phase' },
  status: { label: 'Status', help: 'What was decided', choices: named('open', 'resolved', 'ignored') },
  stage: {
    label: 'Stage',
    help: 'A candidate becomes active once it occurred often enough',
    choices: named('candidate', 'active', 'expired'),
  },
  severityMin: {
    label: 'Severity',
    help: 'This one or a higher one',
    choices: [...SEVERITIES].reverse().map(({ level, name }) => ({ value: String(level), label: `${level} ${name}` })),
  },
  action: {
    label: 'Action',
    help: 'What was being done (exec_kind of a span)',
    choices: named(
      'run_code',
      'run_cell',
      'run_command',
      'run_tests',
      'import_module',
      'install_package',
      'compile',
      'read_file',
      'write_file',
      'refactor',
      'execute_code'
    ),
  },
  module: { label: 'Module', help: 'This module or one inside it' },
  text: { label: 'Text', help: 'Words of the message or the type' },
};
