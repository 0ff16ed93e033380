/** What went wrong, in words for the person who pressed the button. */

export interface Problem {
  status: number;
  code?: string;
  text: string;
}

interface FetchFailure {
  status?: number;
  statusText?: string;
  message?: string;
  data?: { detail?: unknown; message?: unknown; code?: unknown; title?: unknown };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reads the engine's problem documents, Grafana's own error bodies, and anything else that is thrown. */
export function problemOf(error: unknown): Problem {
  if (typeof error !== 'object' || error === null) {
    return { status: 0, text: String(error) };
  }
  const failure = error as FetchFailure;
  const status = failure.status ?? 0;
  const told = text(failure.data?.detail) ?? text(failure.data?.message) ?? text(failure.data?.title);
  const said = told ?? text(failure.message) ?? text(failure.statusText);
  const fallback = status === 0 ? 'the data source cannot be reached' : `the data source answered ${status}`;
  return { status, code: text(failure.data?.code), text: said ?? fallback };
}

export const wasFaster = (problem: Problem): boolean => problem.status === 412;
export const isMissing = (problem: Problem): boolean => problem.status === 404;
