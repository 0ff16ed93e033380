/** Where ids lead: our dashboards by their uids, and traces in Jaeger. */

export const PLUGIN_APP = 'errata-app';
export const PLUGIN_DATASOURCE = 'errata-patterns-datasource';
export const PLUGIN_PANEL = 'errata-triage-panel';

export interface JaegerPlaces {
  /** Base of Jaeger's own UI. */
  jaegerUrl?: string;
  /** Grafana's Jaeger data source; it wins, since its traces open inside Grafana. */
  jaegerDatasourceUid?: string;
}

function dashboard(uid: string, parameters: Record<string, string | undefined>): string {
  const query = Object.entries(parameters)
    .filter((pair): pair is [string, string] => Boolean(pair[1]))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return query === '' ? `/d/${uid}` : `/d/${uid}?${query}`;
}

export function patternLink(patternId: string, datasource?: string): string {
  return dashboard('errata-pattern', { 'var-pattern': patternId, 'var-datasource': datasource });
}

export function sessionLink(sessionId: string, datasource?: string): string {
  return dashboard('errata-session', { 'var-session': sessionId, 'var-datasource': datasource });
}

/** Only http and https: a setting must not become a script. */
export function isWebUrl(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\/[^\s]+$/i.test(text);
}

export interface TraceLink {
  url: string;
  /** Opens outside Grafana. */
  external: boolean;
}

/** Explore with one trace of Grafana's Jaeger data source. */
function exploreTrace(uid: string, traceId: string): string {
  const panes = {
    errata: {
      datasource: uid,
      queries: [{ refId: 'A', datasource: { type: 'jaeger', uid }, query: traceId }],
      range: { from: 'now-1h', to: 'now' },
    },
  };
  return `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

export function traceLink(
  places: JaegerPlaces,
  traceId: string | null | undefined,
  spanId?: string | null
): TraceLink | undefined {
  if (!traceId) {
    return undefined;
  }
  if (places.jaegerDatasourceUid) {
    return { url: exploreTrace(places.jaegerDatasourceUid, traceId), external: false };
  }
  if (isWebUrl(places.jaegerUrl)) {
    const base = places.jaegerUrl.replace(/\/+$/, '');
    const span = spanId ? `?uiFind=${encodeURIComponent(spanId)}` : '';
    return { url: `${base}/trace/${encodeURIComponent(traceId)}${span}`, external: true };
  }
  return undefined;
}
