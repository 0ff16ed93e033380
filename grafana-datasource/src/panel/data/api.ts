/** What the engine's HTTP API answers, as far as the panel reads it (schemas/openapi/errata.json). */

export type Status = 'open' | 'resolved' | 'ignored';
export type FrameClass = 'user' | 'library' | 'runtime';
export type DiffKind = 'same' | 'changed' | 'left' | 'right';

export interface Pattern {
  pattern_id: string;
  error_type: string;
  canonical_msg: string | null;
  first_seen: string;
  last_seen: string;
  occurrences: number;
  distinct_users: number;
  distinct_sessions: number;
  sample_trace: string | null;
  severity: number;
  status: Status;
  stage: 'candidate' | 'active' | 'expired';
  assignee: string | null;
  labels: string[] | null;
  trend: number;
  priority: string;
}

export interface Occurrence {
  event_id: string;
  timestamp: string;
  trace_id: string | null;
  span_id: string | null;
  session_id: string | null;
  execution_id: string | null;
  user_id: string | null;
  service_name: string | null;
  host_name: string | null;
  language: string | null;
  error_type: string;
  message: string | null;
  file_path: string | null;
  commit_hash: string | null;
  branch: string | null;
  virtualenv: string | null;
  fingerprint: string;
  taxonomy_runtime: string | null;
  taxonomy_phase: string | null;
  taxonomy_type: string | null;
  taxonomy_cause: string | null;
  severity: number;
  strategy: string | null;
}

export interface ErrorDetail extends Occurrence {
  stack_trace: string | null;
  snippet: string | null;
  pkg_versions: string | null;
  ast_statement: string | null;
  ast_call: string | null;
  ast_import: string | null;
  env: Record<string, string> | null;
}

export interface StackFrame {
  module: string;
  function: string;
  file: string;
  line: number | null;
  column: number | null;
  source: string | null;
  class: FrameClass;
}

export interface AlignedFrame {
  kind: DiffKind;
  class: FrameClass;
  changed: string[];
  left: StackFrame | null;
  right: StackFrame | null;
}

export interface MessagePart {
  kind: DiffKind;
  left: string;
  right: string;
  parameter: boolean;
}

export interface ComparedException {
  kind: DiffKind;
  relation: 'reported' | 'cause' | 'context' | 'suppressed' | 'member';
  type_changed: boolean;
  left: { error_type: string; message: string } | null;
  right: { error_type: string; message: string } | null;
  message: MessagePart[];
  frames: AlignedFrame[];
}

export interface DiffSide {
  event_id: string;
  timestamp: string;
  truncated: boolean;
  user_id?: string | null;
  service_name?: string | null;
}

export interface Diff {
  same: boolean;
  left: DiffSide;
  right: DiffSide;
  exceptions: ComparedException[];
}

export interface PatternEvent {
  event_id: string;
  time_unix_nano: number;
  timestamp?: string;
  action: string;
  from_value: string | null;
  to_value: string | null;
  actor: string;
  reason: string | null;
}

export interface SimilarPattern {
  pattern_id: string;
  error_type: string | null;
  canonical_msg: string | null;
  similarity: number;
  threshold: number;
  agrees: string[];
  differs: string[];
  kept_apart: boolean;
  why_not_one: string;
}

export interface Solution {
  solution_id: string;
  title: string;
  root_cause?: string | null;
  fix_steps?: string | string[] | null;
  code_patch?: string | null;
  doc_link?: string | null;
  quality_score?: number | null;
}

/** Resource `settings` of the data source. */
export interface Settings {
  jaegerUrl?: string;
  jaegerDatasourceUid?: string;
  version?: string;
  canTriage: boolean;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A row of table `patterns`: how a fingerprint came to be, and what it counts for. */
export interface Grouping {
  fingerprint: string;
  canonical: string | null;
  reason: string | null;
  fact: string | null;
  strategy: string | null;
}

export interface FingerprintCount {
  fingerprint: string;
  occurrences: number;
  message: string | null;
  last_seen: string | number | null;
}
