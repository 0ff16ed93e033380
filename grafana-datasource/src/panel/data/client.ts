/** The data source's resources as functions. Every change carries the tag of what was seen. */

import type {
  Diff,
  ErrorDetail,
  FingerprintCount,
  Grouping,
  Occurrence,
  Page,
  Pattern,
  PatternEvent,
  Settings,
  SimilarPattern,
  Solution,
} from './api';
import { isMissing, problemOf } from './problem';

export interface Request {
  url: string;
  method: 'GET' | 'POST';
  params?: Record<string, string | number>;
  data?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  data: unknown;
  header(name: string): string | null;
}

export type Send = (request: Request) => Promise<Answer>;

/** A pattern and the tag that names what was decided about it so far. */
export interface Seen {
  pattern: Pattern;
  etag: string | null;
}

export interface Change {
  /** Last part of the path: `status`, `merge`, `events/<id>/undo`, ... */
  action: string;
  body: Record<string, unknown>;
}

const OCCURRENCES = 100;
const EVENTS = 200;
const FINGERPRINTS = 100;
/** Of the answers of SQL; patterns are stored when they are first seen, long before a dashboard's range. */
const ALL_TIME = { from: '0', to: String(8_640_000_000_000) };

export class ErrataClient {
  constructor(
    readonly datasource: string,
    private readonly send: Send
  ) {}

  settings(): Promise<Settings> {
    return this.get<Settings>('settings');
  }

  async pattern(id: string): Promise<Seen> {
    const answer = await this.send({ url: this.resource(`patterns/${segment(id)}`), method: 'GET' });
    return { pattern: answer.data as Pattern, etag: answer.header('etag') };
  }

  async occurrences(id: string): Promise<Occurrence[]> {
    return (await this.get<Page<Occurrence>>(`patterns/${segment(id)}/occurrences`, { limit: OCCURRENCES })).items;
  }

  async events(id: string): Promise<PatternEvent[]> {
    return (await this.get<Page<PatternEvent>>(`patterns/${segment(id)}/events`, { limit: EVENTS })).items;
  }

  async similar(id: string): Promise<SimilarPattern[]> {
    return (await this.get<{ items: SimilarPattern[] }>(`patterns/${segment(id)}/similar`)).items;
  }

  /** Empty while the engine has none, or knows of no solutions at all. */
  async solutions(id: string): Promise<Solution[]> {
    try {
      const answer = await this.get<{ items?: Solution[]; solutions?: Solution[] }>(
        `patterns/${segment(id)}/solutions`
      );
      return answer.items ?? answer.solutions ?? [];
    } catch (error) {
      if (isMissing(problemOf(error))) {
        return [];
      }
      throw error;
    }
  }

  error(eventId: string): Promise<ErrorDetail> {
    return this.get<ErrorDetail>(`errors/${segment(eventId)}`);
  }

  diff(left: string, right: string): Promise<Diff> {
    return this.get<Diff>('diff', { left, right });
  }

  /** Returns the tag of the new state. */
  async change(id: string, change: Change, etag: string | null): Promise<string | null> {
    const answer = await this.send({
      url: this.resource(`patterns/${segment(id)}/${change.action}`),
      method: 'POST',
      data: change.body,
      headers: etag ? { 'If-Match': etag } : {},
    });
    return answer.header('etag');
  }

  grouping(id: string): Promise<Grouping[]> {
    return this.sql<Grouping>(
      `SELECT DISTINCT fingerprint, canonical, reason, fact, strategy FROM patterns
       WHERE pattern_of(pattern_id, fingerprint) = '${patternId(id)}' LIMIT ${FINGERPRINTS}`
    );
  }

  /** Fingerprints that count for a pattern now, the most frequent first: what a split can take out. */
  fingerprints(id: string): Promise<FingerprintCount[]> {
    return this.sql<FingerprintCount>(
      `SELECT fingerprint, count(*) AS occurrences, min(message) AS message, max(timestamp) AS last_seen
       FROM errors WHERE pattern_of(pattern_id, fingerprint) = '${patternId(id)}'
       GROUP BY fingerprint ORDER BY occurrences DESC LIMIT ${FINGERPRINTS}`
    );
  }

  private async get<T>(path: string, params?: Record<string, string | number>): Promise<T> {
    return (await this.send({ url: this.resource(path), method: 'GET', params })).data as T;
  }

  private async sql<T>(rawSql: string): Promise<T[]> {
    const query = {
      refId: 'A',
      datasource: { uid: this.datasource },
      version: 1,
      queryType: 'sql',
      format: 'table',
      rawSql,
    };
    const answer = await this.send({ url: '/api/ds/query', method: 'POST', data: { queries: [query], ...ALL_TIME } });
    return rowsOf(answer.data) as T[];
  }

  private resource(path: string): string {
    return `/api/datasources/uid/${segment(this.datasource)}/resources/${path}`;
  }
}

const segment = encodeURIComponent;

/** Ids become part of SQL only when they are ids. */
function patternId(id: string): string {
  if (!/^[0-9a-f]{1,64}$/.test(id)) {
    throw new Error(`${id} is no pattern id: it has other characters than 0-9 and a-f`);
  }
  return id;
}

interface FrameJson {
  schema?: { fields?: Array<{ name: string }> };
  data?: { values?: unknown[][] };
}

/** Rows of the first frame of an answer of `/api/ds/query`. */
export function rowsOf(data: unknown): Array<Record<string, unknown>> {
  const result = (data as { results?: Record<string, { error?: string; frames?: FrameJson[] }> }).results?.A;
  if (result?.error) {
    throw new Error(result.error);
  }
  const frame = result?.frames?.[0];
  const fields = frame?.schema?.fields ?? [];
  const values = frame?.data?.values ?? [];
  const count = values[0]?.length ?? 0;
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(fields.map((field, column) => [field.name, values[column]?.[row] ?? null]))
  );
}
