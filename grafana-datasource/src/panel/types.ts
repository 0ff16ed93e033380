export interface TriageOptions {
  /** Pattern id, or a text with variables. */
  pattern: string;
  /** Uid of an Errata data source, or a text with variables. */
  datasource: string;
}

export const DEFAULT_OPTIONS: TriageOptions = { pattern: '$pattern', datasource: '${datasource}' };
