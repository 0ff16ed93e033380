import { createDataFrame, type DataFrame, FieldType } from '@grafana/data';

import { linkFrame, type LinkPlaces } from './frames';
import { firstColumn } from './variables';
import { bounded } from './settings';

const text = (name: string, config = {}) => ({ name, type: FieldType.string, values: ['x'], config });
const urls = (frame: DataFrame, places: Partial<LinkPlaces> = {}) =>
  linkFrame(frame, { datasource: 'ds 1', ...places }).fields.map((field) => field.config.links?.[0]);

describe('linkFrame', () => {
  it('links patterns and sessions to their pages, with the data source', () => {
    const [pattern, session] = urls(createDataFrame({ fields: [text('pattern_id'), text('session_id')] }));
    expect(pattern?.url).toMatch(/^\/d\/errata-pattern\?var-pattern=.*&var-datasource=ds%201&/);
    expect(session?.url).toMatch(/^\/d\/errata-session\?var-session=/);
  });
  it('links traces to Jaeger, a data source before a URL', () => {
    const frame = createDataFrame({ fields: [text('trace_id')] });
    expect(urls(frame)[0]).toBeUndefined();
    expect(urls(frame, { jaegerUrl: 'http://j/' })[0]?.url).toBe('http://j/trace/${__value.raw}');
    expect(urls(frame, { jaegerUrl: 'http://j/', jaegerDatasourceUid: 'u' })[0]?.internal?.datasourceUid).toBe('u');
    expect(urls(frame, { jaegerUrl: 'javascript:alert(1)' })[0]).toBeUndefined();
  });
  it('keeps links of the backend, and adds the data source to those to our pages', () => {
    const frame = createDataFrame({
      fields: [
        text('pattern_id', { links: [{ title: 'P', url: '/d/errata-pattern?var-pattern=x' }] }),
        text('trace_id', { links: [{ title: 'T', url: 'http://t' }] }),
      ],
    });
    expect(urls(frame).map((link) => link?.url)).toEqual([
      '/d/errata-pattern?var-pattern=x&var-datasource=ds%201',
      'http://t',
    ]);
  });
  it('leaves trace frames and numbers alone', () => {
    const trace = {
      ...createDataFrame({ fields: [text('session_id')] }),
      meta: { preferredVisualisationType: 'trace' as const },
    };
    expect(urls(trace)[0]).toBeUndefined();
    expect(
      urls(createDataFrame({ fields: [{ name: 'trace_id', type: FieldType.number, values: [1] }] }), {
        jaegerUrl: 'http://j',
      })[0]
    ).toBeUndefined();
  });
});

describe('firstColumn', () => {
  it('takes the first column, each value once, no nulls', () =>
    expect(firstColumn(createDataFrame({ fields: [{ name: 'a', values: ['x', null, 'y', 'x'] }] }))).toEqual([
      { text: 'x', value: 'x' },
      { text: 'y', value: 'y' },
    ]));
  it('takes text and value where they are named', () =>
    expect(
      firstColumn(
        createDataFrame({
          fields: [
            { name: 'text', values: ['One'] },
            { name: 'value', values: [1] },
          ],
        })
      )
    ).toEqual([{ text: 'One', value: '1' }]));
  it('takes nothing of nothing', () => expect(firstColumn(createDataFrame({ fields: [] }))).toEqual([]));
});

describe('bounded', () => {
  it.each([
    ['', undefined],
    ['x', undefined],
    ['0', 1],
    ['15.4', 15],
    ['9999', 300],
  ])('%s is %s', (given, expected) => expect(bounded(given, 'timeoutSeconds')).toBe(expected));
});
