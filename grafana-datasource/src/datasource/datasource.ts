import {
  type AdHocVariableFilter,
  type AnnotationSupport,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type MetricFindValue,
  type ScopedVars,
  StreamingFrameAction,
  type TimeRange,
} from '@grafana/data';
import { DataSourceWithBackend, getDataSourceSrv, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { map, type Observable } from 'rxjs';

import { linkFrame, newestLast } from './data/frames';
import { applyVariables, DEFAULT_QUERY, isComplete, LIMIT_DEFAULT, migrateQuery, queryText } from './data/query';
import type { ErrataQuery, ErrataSettings, Schema } from './types';
import { ErrataVariables } from './variables';

const SCHEMA_KEPT_MS = 60_000;

export class ErrataDataSource extends DataSourceWithBackend<ErrataQuery, ErrataSettings> {
  private schemaKept?: { at: number; schema: Promise<Schema> };

  constructor(
    private readonly settings: DataSourceInstanceSettings<ErrataSettings>,
    private readonly templates: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.variables = new ErrataVariables(this);
    this.annotations = ANNOTATIONS;
    this.streamOptionsProvider = (request, frame) => {
      // A stream grows at its end and is cut at its start, so what it starts with must have the newest last.
      newestLast(frame);
      return {
        // The feed is as long as its query asked for, whatever the panel's width.
        maxLength: request.targets.find((target) => target.refId === frame.refId)?.limit ?? LIMIT_DEFAULT,
        action: StreamingFrameAction.Append,
      };
    };
  }

  getDefaultQuery(): Partial<ErrataQuery> {
    return DEFAULT_QUERY;
  }

  getQueryDisplayText(query: ErrataQuery): string {
    return queryText(query);
  }

  filterQuery(query: ErrataQuery): boolean {
    return !query.hide && isComplete(migrateQuery(query));
  }

  applyTemplateVariables(query: ErrataQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): ErrataQuery {
    return applyVariables(
      migrateQuery(query),
      (text, format) => this.templates.replace(text, scopedVars, format),
      filters
    );
  }

  query(request: DataQueryRequest<ErrataQuery>): Observable<DataQueryResponse> {
    return super.query(request).pipe(
      map((response) => ({
        ...response,
        data: response.data.map((frame: DataFrame) => (frame.fields ? linkFrame(frame, this.linkPlaces()) : frame)),
      }))
    );
  }

  /** What SQL can name; asked for once a minute at most. */
  schema(): Promise<Schema> {
    const now = Date.now();
    if (!this.schemaKept || now - this.schemaKept.at > SCHEMA_KEPT_MS) {
      const schema: Promise<Schema> = this.getResource('schema');
      this.schemaKept = { at: now, schema };
      schema.catch(() => {
        this.schemaKept = undefined;
      });
    }
    return this.schemaKept.schema;
  }

  /** Distinct values of a column of `errors`. */
  async values(column: string, text?: string, range?: TimeRange): Promise<string[]> {
    const parameters: Record<string, string> = { column };
    if (text) {
      parameters.text = text;
    }
    if (range) {
      parameters.from = String(range.from.valueOf());
      parameters.to = String(range.to.valueOf());
    }
    const answer = await this.getResource<{ values: Array<string | number> }>('values', parameters);
    return answer.values.map(String);
  }

  async getTagKeys(_options?: DataSourceGetTagKeysOptions<ErrataQuery>): Promise<MetricFindValue[]> {
    const { tables } = await this.schema();
    const columns = tables.find((table) => table.name === 'errors')?.columns ?? [];
    return columns.filter((column) => isComparable(column.type)).map((column) => ({ text: column.name }));
  }

  async getTagValues(options: DataSourceGetTagValuesOptions<ErrataQuery>): Promise<MetricFindValue[]> {
    const values = await this.values(options.key, undefined, options.timeRange);
    return values.map((text) => ({ text }));
  }

  private linkPlaces() {
    const { jaegerUrl, jaegerDatasourceUid } = this.settings.jsonData;
    const jaegerName = jaegerDatasourceUid
      ? getDataSourceSrv().getInstanceSettings(jaegerDatasourceUid)?.name
      : undefined;
    return { datasource: this.uid, jaegerUrl, jaegerDatasourceUid, jaegerName };
  }
}

/** Maps and lists cannot be compared with a text. */
function isComparable(type: string): boolean {
  return !/^(map|list|struct)/i.test(type);
}

const ANNOTATIONS: AnnotationSupport<ErrataQuery> = {
  getDefaultQuery: () => ({ ...DEFAULT_QUERY, queryType: 'annotations', kinds: ['status', 'new'] }),
  prepareAnnotation: (json) => ({ ...json, target: json.target ? migrateQuery(json.target) : undefined }),
};
