import { type DataFrameJSON, type DataSourceInstanceSettings, dateTime } from '@grafana/data';
import { setBackendSrv, setDataSourceSrv, setGrafanaLiveSrv, type TemplateSrv } from '@grafana/runtime';
import { lastValueFrom, of } from 'rxjs';

import { ErrataDataSource } from './datasource';
import type { ErrataQuery, ErrataSettings } from './types';

jest.mock('./components/VariableEditor', () => ({ VariableEditor: () => null }));

const settings = {
  id: 1,
  uid: 'ds',
  type: 'errata-patterns-datasource',
  jsonData: { jaegerUrl: 'http://jaeger' },
} as DataSourceInstanceSettings<ErrataSettings>;
const templates = { replace: (text: string) => text } as unknown as TemplateSrv;

const FEED: DataFrameJSON = {
  schema: {
    refId: 'A',
    meta: { channel: 'ds/ds/feed/e30' } as never,
    fields: [
      { name: 'timestamp', type: 'time' as never },
      { name: 'trace_id', type: 'string' as never },
    ],
  },
  data: {
    values: [
      [30, 20, 10],
      ['c', 'b', 'a'],
    ],
  },
};

function ask(query: Partial<ErrataQuery>) {
  const range = { from: dateTime(0), to: dateTime(100), raw: { from: 'now-1h', to: 'now' } };
  const targets = [{ refId: 'A', version: 1, queryType: 'feed', ...query }];
  return lastValueFrom(new ErrataDataSource(settings, templates).query({ targets, range, scopedVars: {} } as never));
}

beforeEach(() => {
  const answer = { data: { results: { A: { frames: [FEED] } } }, status: 200 };
  setBackendSrv({ fetch: () => of(answer) } as never);
  setDataSourceSrv({ getInstanceSettings: () => settings } as never);
});

it('starts the live feed with the newest last, as long as the query wants it', async () => {
  const started: Array<{ frame: DataFrameJSON; buffer: { maxLength: number } }> = [];
  setGrafanaLiveSrv({
    getDataStream: (options: (typeof started)[0]) => {
      started.push(options);
      return of({ data: [] });
    },
  } as never);
  await ask({ limit: 20 });
  expect(started[0].frame.data?.values).toEqual([
    [10, 20, 30],
    ['a', 'b', 'c'],
  ]);
  expect(started[0].buffer.maxLength).toBe(20);
});

it('links the traces of an answer', async () => {
  setGrafanaLiveSrv(undefined as never);
  const { data } = await ask({});
  expect(data[0].fields[1].config.links[0].url).toBe('http://jaeger/trace/${__value.raw}');
});

it('sends no query that cannot be answered', () => {
  const source = new ErrataDataSource(settings, templates);
  expect(source.filterQuery({ refId: 'A', version: 1, queryType: 'timeline' })).toBe(false);
  expect(source.filterQuery({ refId: 'A', version: 1, queryType: 'report', hide: true })).toBe(false);
  expect(source.filterQuery({ refId: 'A', version: 1, queryType: 'report' })).toBe(true);
});
