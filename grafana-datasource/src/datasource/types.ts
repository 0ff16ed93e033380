import type { AdHocVariableFilter, DataSourceJsonData } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

export const QUERY_VERSION = 1;

export type QueryType =
  'sql' | 'report' | 'series' | 'sessions' | 'timeline' | 'lineage' | 'heatmap' | 'feed' | 'logs' | 'annotations';

export type SqlFormat = 'table' | 'timeseries' | 'logs';
export type OrderBy = 'score' | 'occurrences' | 'last_seen' | 'first_seen' | 'severity' | 'trend' | 'distinct_users';
export type GroupBy = 'pattern' | 'type' | 'service' | 'user' | 'language' | 'cause' | 'severity' | 'none';
export type AnnotationKind = 'status' | 'new';

/** An empty text is no filter. */
export interface Filters {
  pattern?: string;
  service?: string;
  user?: string;
  session?: string;
  execution?: string;
  language?: string;
  errorType?: string;
  cause?: string;
  phase?: string;
  status?: string;
  severityMin?: number;
  action?: string;
  module?: string;
  text?: string;
  stage?: string;
}

export type TextFilter = Exclude<keyof Filters, 'severityMin'>;

export interface AdhocFilter {
  key: string;
  operator: string;
  value: string;
}

/** A query as the backend reads it; what each type makes of it is in the README. */
export interface ErrataQuery extends DataQuery {
  version: typeof QUERY_VERSION;
  queryType: QueryType;
  rawSql?: string;
  format?: SqlFormat;
  filters?: Filters;
  adhoc?: AdhocFilter[];
  limit?: number;
  orderBy?: OrderBy;
  groupBy?: GroupBy;
  interval?: string;
  session?: string;
  kinds?: AnnotationKind[];
}

export type { AdHocVariableFilter };

export interface ErrataSettings extends DataSourceJsonData {
  jaegerUrl?: string;
  jaegerDatasourceUid?: string;
  /** Seconds of one query, 1 to 300. */
  timeoutSeconds?: number;
  /** Rows of one frame, 1 to 1,000,000. */
  rowsMax?: number;
  tlsSkipVerify?: boolean;
}

export interface ErrataSecrets {
  token?: string;
  tlsCaCert?: string;
}

export interface SchemaColumn {
  name: string;
  type: string;
  description?: string;
}

export interface SchemaTable {
  name: string;
  kind: 'table' | 'view';
  columns: SchemaColumn[];
}

export interface SchemaFunction {
  name: string;
  signature?: string;
}

/** Resource `schema`: what SQL can name. */
export interface Schema {
  tables: SchemaTable[];
  functions: SchemaFunction[];
}

/** A dashboard variable's query. */
export interface ErrataVariableQuery extends DataQuery {
  kind: 'values' | 'sql';
  column?: string;
  rawSql?: string;
}
