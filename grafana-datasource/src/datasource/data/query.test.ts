import type { ErrataQuery, QueryType } from '../types';
import { applyVariables, isComplete, migrateQuery, QUERY_TYPES, queryText } from './query';
import { FILTERS } from './filters';

const query = (part: Partial<ErrataQuery>): ErrataQuery => ({ refId: 'A', version: 1, queryType: 'report', ...part });

describe('migrateQuery', () => {
  it('takes a query without version and type as a report', () =>
    expect(migrateQuery({ refId: 'A' })).toEqual({ refId: 'A', version: 1, queryType: 'report' }));
  it('takes SQL of another data source as SQL', () =>
    expect(migrateQuery({ refId: 'A', rawSql: 'SELECT 1' }).queryType).toBe('sql'));
  it('does not take a type that it does not know', () =>
    expect(migrateQuery({ refId: 'A', queryType: 'nonsense' as QueryType }).queryType).toBe('report'));
  it('takes the session from the filters', () =>
    expect(migrateQuery({ refId: 'A', queryType: 'timeline', filters: { session: 's' } }).session).toBe('s'));
  it('refuses a later version', () =>
    expect(() => migrateQuery({ refId: 'A', version: 2 as 1 })).toThrow('update the Errata app'));
  it('changes nothing of a query of today', () => {
    const given = query({ queryType: 'series', groupBy: 'service', filters: { service: 'a' }, limit: 3 });
    expect(migrateQuery(given)).toEqual(given);
  });
});

describe('isComplete', () => {
  it.each([
    [query({}), true],
    [query({ queryType: 'sql' }), false],
    [query({ queryType: 'sql', rawSql: '  ' }), false],
    [query({ queryType: 'sql', rawSql: 'SELECT 1' }), true],
    [query({ queryType: 'timeline' }), false],
    [query({ queryType: 'lineage', session: 's' }), true],
  ])('%j is %s', (given, expected) => expect(isComplete(given)).toBe(expected));
});

describe('applyVariables', () => {
  const replace = (values: Record<string, string>) => (text: string, format: (value: string) => string) =>
    text.replace(/\$(\w+)/g, (match, name) => (name in values ? format(values[name]) : match));

  it('leaves out filters that say nothing', () =>
    expect(
      applyVariables(
        query({ filters: { service: '$s', user: '$u', language: '', text: 'x' } }),
        replace({ s: '*', u: '' })
      ).filters
    ).toEqual({ text: 'x' }));
  it('makes a number of a severity', () =>
    expect(
      applyVariables(query({ filters: { severityMin: '$v' as unknown as number } }), replace({ v: '4' })).filters
    ).toEqual({
      severityMin: 4,
    }));
  it('does not quote filters, which the backend escapes', () =>
    expect(applyVariables(query({ filters: { service: '$s' } }), replace({ s: "it's" })).filters).toEqual({
      service: "it's",
    }));
  it('quotes in SQL', () =>
    expect(applyVariables(query({ queryType: 'sql', rawSql: 'a = $s' }), replace({ s: "it's" })).rawSql).toBe(
      "a = 'it''s'"
    ));
  it('hands ad-hoc filters on', () =>
    expect(applyVariables(query({}), replace({}), [{ key: 'language', operator: '=', value: 'python' }]).adhoc).toEqual(
      [{ key: 'language', operator: '=', value: 'python' }]
    ));
  it('changes nothing of what it was given', () => {
    const given = query({ filters: { service: '$s' }, session: '$s' });
    const before = JSON.stringify(given);
    applyVariables(given, replace({ s: 'x' }));
    expect(JSON.stringify(given)).toBe(before);
  });
});

describe('the builder', () => {
  it('knows each filter that it offers', () => {
    for (const info of QUERY_TYPES) {
      info.filters.forEach((name) => expect(FILTERS[name].label).toBeTruthy());
    }
  });
  it('tells a query in one line', () =>
    expect(queryText(query({ queryType: 'series', groupBy: 'user', filters: { service: 'a', user: '' } }))).toBe(
      'series service=a by user'
    ));
});
