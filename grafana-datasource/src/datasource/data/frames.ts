/** Links on ids in answers: a pattern to its page, a session to its page, a trace to Jaeger. */

import { type DataFrame, type DataLink, type Field, FieldType } from '@grafana/data';

import { isWebUrl, type JaegerPlaces } from '../../shared/links';

export interface LinkPlaces extends JaegerPlaces {
  /** Uid of the data source, so that the next dashboard asks the same one. */
  datasource: string;
  jaegerName?: string;
}

const PATTERN_FIELDS = new Set(['pattern_id', 'first_pattern_id', 'current_pattern_id']);
const SESSION_FIELDS = new Set(['session_id', 'parent_session_id']);
const TRACE_FIELDS = new Set(['trace_id', 'sample_trace']);

function pageLink(title: string, uid: string, variable: string, datasource: string): DataLink {
  return {
    title,
    url: `/d/${uid}?var-${variable}=\${__value.raw:percentencode}&var-datasource=${encodeURIComponent(datasource)}&\${__url_time_range}`,
  };
}

function traceDataLink(places: LinkPlaces): DataLink | undefined {
  const title = 'Trace in Jaeger';
  if (places.jaegerDatasourceUid) {
    return {
      title,
      url: '',
      internal: {
        datasourceUid: places.jaegerDatasourceUid,
        datasourceName: places.jaegerName ?? 'Jaeger',
        query: { query: '${__value.raw}' },
      },
    };
  }
  if (isWebUrl(places.jaegerUrl)) {
    return { title, url: `${places.jaegerUrl.replace(/\/+$/, '')}/trace/\${__value.raw}`, targetBlank: true };
  }
  return undefined;
}

function linksFor(field: Field, places: LinkPlaces): DataLink[] | undefined {
  if (field.config.links?.length) {
    return field.config.links.map((link) => sameSource(link, places.datasource));
  }
  if (field.type !== FieldType.string) {
    return undefined;
  }
  const link = linkFor(field.name, places);
  return link && [link];
}

function linkFor(name: string, places: LinkPlaces): DataLink | undefined {
  if (PATTERN_FIELDS.has(name)) {
    return pageLink('Open pattern', 'errata-pattern', 'pattern', places.datasource);
  }
  if (SESSION_FIELDS.has(name)) {
    return pageLink('Open session', 'errata-session', 'session', places.datasource);
  }
  return TRACE_FIELDS.has(name) ? traceDataLink(places) : undefined;
}

/** The backend does not know which data source a dashboard chooses: its links to our pages say so from here on. */
function sameSource(link: DataLink, datasource: string): DataLink {
  if (!link.url?.startsWith('/d/errata-') || link.url.includes('var-datasource=')) {
    return link;
  }
  return { ...link, url: `${link.url}&var-datasource=${encodeURIComponent(datasource)}` };
}

/** Adds links where the backend made none; trace frames stay as they are, the trace view makes its own. */
export function linkFrame(frame: DataFrame, places: LinkPlaces): DataFrame {
  if (frame.meta?.preferredVisualisationType === 'trace') {
    return frame;
  }
  const fields = frame.fields.map((field) => {
    const links = linksFor(field, places);
    return links ? { ...field, config: { ...field.config, links } } : field;
  });
  return { ...frame, fields };
}

/** Turns a frame whose first time field falls around, in place. */
export function newestLast(frame: DataFrame) {
  const times = frame.fields.find((field) => field.type === FieldType.time)?.values ?? [];
  if (times.length > 1 && times[0] > times[times.length - 1]) {
    for (const field of frame.fields) {
      field.values = [...field.values].reverse();
    }
  }
}
