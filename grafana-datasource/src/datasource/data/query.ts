/** Queries without React: defaults, migration, variables, what is worth sending. */

import {
  type AdhocFilter,
  type ErrataQuery,
  type Filters,
  type GroupBy,
  type OrderBy,
  QUERY_VERSION,
  type QueryType,
  type TextFilter,
} from '../types';
import { interpolateSql, type Replace } from './quote';

export interface QueryTypeInfo {
  value: QueryType;
  label: string;
  description: string;
  filters: Array<TextFilter | 'severityMin'>;
  limit?: boolean;
  orderBy?: boolean;
  groupBy?: boolean;
}

const ON_ERRORS: Array<TextFilter | 'severityMin'> = [
  'service',
  'user',
  'language',
  'errorType',
  'cause',
  'phase',
  'severityMin',
  'pattern',
  'session',
  'execution',
  'action',
  'module',
  'text',
];

/** What the builder offers, and which fields each type reads. */
export const QUERY_TYPES: QueryTypeInfo[] = [
  {
    value: 'report',
    label: 'Pattern report',
    description: 'Patterns seen in the time range, ranked',
    filters: [
      'service',
      'user',
      'language',
      'errorType',
      'cause',
      'phase',
      'status',
      'stage',
      'severityMin',
      'pattern',
      'action',
      'module',
      'text',
    ],
    limit: true,
    orderBy: true,
  },
  {
    value: 'series',
    label: 'Series',
    description: 'Exceptions over time, one series a group',
    filters: ON_ERRORS,
    limit: true,
    groupBy: true,
  },
  {
    value: 'heatmap',
    label: 'Heat map',
    description: 'Exceptions by hour and group',
    filters: ON_ERRORS,
    limit: true,
    groupBy: true,
  },
  { value: 'feed', label: 'Feed', description: 'The newest exceptions, live', filters: ON_ERRORS, limit: true },
  {
    value: 'logs',
    label: 'Logs',
    description: 'Exceptions as log lines with their stack traces',
    filters: ON_ERRORS,
    limit: true,
  },
  {
    value: 'sessions',
    label: 'Sessions',
    description: 'Sessions by what was done and what failed in them',
    filters: ['user', 'service', 'session', 'action', 'module', 'pattern'],
    limit: true,
  },
  {
    value: 'timeline',
    label: 'Session timeline',
    description: 'Spans of a session and of its lineage, as a trace',
    filters: [],
  },
  { value: 'lineage', label: 'Session lineage', description: 'Which session restarted which, as a graph', filters: [] },
  {
    value: 'annotations',
    label: 'Annotations',
    description: 'New patterns and what was decided about patterns',
    filters: ['pattern', 'service', 'severityMin'],
  },
];

export const ORDERS: Array<{ value: OrderBy; label: string }> = [
  { value: 'score', label: 'Score' },
  { value: 'occurrences', label: 'Occurrences' },
  { value: 'last_seen', label: 'Last seen' },
  { value: 'first_seen', label: 'First seen' },
  { value: 'severity', label: 'Severity' },
  { value: 'trend', label: 'Trend' },
  { value: 'distinct_users', label: 'Users' },
];

export const GROUPS: Array<{ value: GroupBy; label: string }> = [
  { value: 'pattern', label: 'Pattern' },
  { value: 'type', label: 'Error type' },
  { value: 'service', label: 'Service' },
  { value: 'user', label: 'User' },
  { value: 'language', label: 'Language' },
  { value: 'cause', label: 'Cause' },
  { value: 'severity', label: 'Severity' },
  { value: 'none', label: 'Nothing' },
];

export const LIMIT_DEFAULT = 50;

export function isSessionQuery(type: QueryType): boolean {
  return type === 'timeline' || type === 'lineage';
}

export const DEFAULT_QUERY: Pick<ErrataQuery, 'version' | 'queryType'> = {
  version: QUERY_VERSION,
  queryType: 'report',
};

const TYPES = new Set<string>(['sql', ...QUERY_TYPES.map((info) => info.value)]);

/**
 * A query of any age as one of today. Version 1 is the first; a query without a version is one that somebody wrote by
 * hand (provisioning, an alert rule, another SQL data source's panel).
 */
export function migrateQuery(query: Partial<ErrataQuery> & { refId: string }): ErrataQuery {
  if (query.version !== undefined && query.version > QUERY_VERSION) {
    throw new Error(
      `query ${query.refId} has version ${query.version}, this data source reads up to ${QUERY_VERSION}: update the Errata app`
    );
  }
  const named = query.queryType && TYPES.has(query.queryType) ? query.queryType : undefined;
  const queryType = named ?? (query.rawSql ? 'sql' : DEFAULT_QUERY.queryType);
  const migrated: ErrataQuery = { ...query, version: QUERY_VERSION, queryType };
  if (isSessionQuery(queryType) && !migrated.session && migrated.filters?.session) {
    migrated.session = migrated.filters.session;
  }
  return migrated;
}

/** Whether a query can be answered at all; others are not sent. */
export function isComplete(query: ErrataQuery): boolean {
  if (query.queryType === 'sql') {
    return Boolean(query.rawSql?.trim());
  }
  if (isSessionQuery(query.queryType)) {
    return Boolean(query.session?.trim());
  }
  return true;
}

/** In filters `*` (what "All" of a dashboard variable stands for) is no filter, as an empty text is. */
function filterValue(text: string): string {
  const trimmed = text.trim();
  return trimmed === '*' || trimmed === '$__all' ? '' : trimmed;
}

/** Variables in, empty filters out. */
export function applyVariables(query: ErrataQuery, replace: Replace, adhoc: AdhocFilter[] = []): ErrataQuery {
  const plain = (text: string) =>
    filterValue(replace(text, (value) => (Array.isArray(value) ? value.join(',') : String(value ?? ''))));
  const applied: ErrataQuery = { ...query };
  if (query.rawSql !== undefined) {
    applied.rawSql = interpolateSql(query.rawSql, replace);
  }
  if (query.session !== undefined) {
    applied.session = plain(query.session);
  }
  if (query.interval !== undefined) {
    applied.interval = plain(query.interval) || undefined;
  }
  if (query.filters) {
    applied.filters = applyToFilters(query.filters, plain);
  }
  if (adhoc.length > 0) {
    applied.adhoc = adhoc.map(({ key, operator, value }) => ({ key, operator, value }));
  }
  return applied;
}

function applyToFilters(filters: Filters, plain: (text: string) => string): Filters {
  const applied: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(filters)) {
    if (typeof value === 'number') {
      applied[name] = value;
    } else if (typeof value === 'string') {
      const text = plain(value);
      if (text !== '') {
        // A variable may choose the least severity.
        applied[name] = name === 'severityMin' ? Number(text) : text;
      }
    }
  }
  return applied as Filters;
}

/** One line for query history and collapsed rows. */
export function queryText(query: ErrataQuery): string {
  if (query.queryType === 'sql') {
    return query.rawSql ?? '';
  }
  const parts = Object.entries(query.filters ?? {})
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${value}`);
  if (query.session) {
    parts.push(`session=${query.session}`);
  }
  if (query.groupBy) {
    parts.push(`by ${query.groupBy}`);
  }
  return [query.queryType, ...parts].join(' ');
}
