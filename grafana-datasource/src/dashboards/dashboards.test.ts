import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { isComplete, migrateQuery, QUERY_TYPES } from '../datasource/data/query';
import type { ErrataQuery } from '../datasource/types';
import { PLUGIN_DATASOURCE, PLUGIN_PANEL } from '../shared/links';
import { SEVERITIES } from '../shared/severity';

const SOURCE = { type: PLUGIN_DATASOURCE, uid: '${datasource}' };
const files = readdirSync(__dirname).filter((name) => name.endsWith('.json'));
const boards: Array<[string, any]> = files.map((name) => [
  name,
  JSON.parse(readFileSync(join(__dirname, name), 'utf8')),
]);

/** Every value below `value` that `matches`. */
function findAll(value: any, matches: (value: any, key?: string) => boolean, key?: string): any[] {
  const own = matches(value, key) ? [value] : [];
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [...own, ...inner.flatMap(([name, one]) => findAll(one, matches, name))];
}

const variablesOf = (board: any): any[] => board.templating.list;
const queriesOf = (board: any): any[] => board.panels.flatMap((panel: any) => panel.targets ?? []);
const urlsOf = (board: any): string[] =>
  findAll(board.panels, (value, key) => key === 'url' && typeof value === 'string');

it('are the six of the app', () =>
  expect(boards.map(([, board]) => board.uid).sort()).toEqual([
    'errata-explorer',
    'errata-impact',
    'errata-labelling',
    'errata-overview',
    'errata-pattern',
    'errata-session',
  ]));

describe.each(boards)('%s', (_name, board) => {
  it('has a title, a description, the tag that links the dashboards, no id', () => {
    expect(board.title).toMatch(/^Errata: /);
    expect(board.description).toBeTruthy();
    expect(board.tags).toEqual(['errata']);
    expect(board.id ?? null).toBeNull();
    expect(board.links).toContainEqual(
      expect.objectContaining({ type: 'dashboards', tags: ['errata'], keepTime: true, includeVars: true })
    );
  });

  it('lets one choose the data source, and asks no other', () => {
    expect(variablesOf(board)[0]).toMatchObject({ type: 'datasource', name: 'datasource', query: PLUGIN_DATASOURCE });
    const named = findAll(board, (value, key) => key === 'datasource' && typeof value === 'object');
    expect(named.length).toBeGreaterThan(0);
    named.forEach((source) => expect(source).toEqual(SOURCE));
  });

  it('has panels with titles and ids of their own, that do not overlap', () => {
    const titles = board.panels.map((panel: any) => panel.title);
    expect(new Set(titles).size).toBe(titles.length);
    const ids = board.panels.map((panel: any) => panel.id);
    expect(new Set(ids).size).toBe(ids.length);
    board.panels.forEach((panel: any) => {
      expect(panel.title).toBeTruthy();
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
    });
    const taken = board.panels.flatMap(({ gridPos: { x, y, w, h } }: any) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`)
    );
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('has queries of today that can be answered', () => {
    board.panels
      .filter((panel: any) => panel.type !== PLUGIN_PANEL)
      .forEach((panel: any) => expect(panel.targets?.length).toBeGreaterThan(0));
    queriesOf(board).forEach((query: ErrataQuery) => {
      expect(migrateQuery(query)).toEqual(query);
      expect(isComplete(query)).toBe(true);
    });
  });

  it('uses only filters that the query type reads', () =>
    queriesOf(board).forEach((query: ErrataQuery) => {
      const info = QUERY_TYPES.find((one) => one.value === query.queryType);
      Object.keys(query.filters ?? {}).forEach((name) => expect(info?.filters).toContain(name));
    }));

  it('uses only variables that it has', () => {
    const known = new Set(variablesOf(board).map((variable) => variable.name));
    const texts = findAll(board.panels, (value) => typeof value === 'string').join('\n');
    for (const [, short, long] of texts.matchAll(/\$(\w+)|\$\{(\w+)/g)) {
      const name = short ?? long;
      expect(name.startsWith('__') || known.has(name) ? name : `unknown variable ${name}`).toBe(name);
    }
  });

  it('quotes each variable in SQL', () =>
    queriesOf(board)
      .filter((query) => query.rawSql)
      .forEach((query) => {
        const outside = query.rawSql.replace(/'[^']*'/g, "''");
        expect(outside.match(/\$(?!__)\w+/g)).toBeNull();
        expect(query.rawSql).not.toMatch(/\$\{\w+:raw\}/);
      }));

  it('shows severities in the one palette', () => {
    const mappings = findAll(
      board,
      (value, key) => key === 'options' && typeof value === 'object' && '5' in (value ?? {})
    );
    mappings.forEach((options) =>
      SEVERITIES.forEach(({ level, name, color }) =>
        expect(options[level]).toMatchObject({ text: `${level} ${name}`, color })
      )
    );
    const colored = findAll(board, (value, key) => key === 'matcher' && value?.options === 'severity');
    expect(mappings.length).toBeGreaterThanOrEqual(colored.length);
  });

  it('leads to pages that exist, with the data source', () => {
    const uids = boards.map(([, one]) => one.uid);
    urlsOf(board)
      .filter((url) => url !== '')
      .forEach((url) => {
        const [, uid] = /^\/d\/([\w-]+)\?/.exec(url) ?? [];
        expect(uids).toContain(uid);
        expect(url).toContain('var-datasource=${datasource}');
        const target = boards.find(([, one]) => one.uid === uid)![1];
        const names = variablesOf(target).map((variable) => variable.name);
        for (const [, name] of url.matchAll(/var-(\w+)=/g)) {
          expect(names).toContain(name);
        }
      });
  });

  it('asks for the wanted variables without any value chosen', () =>
    variablesOf(board)
      .filter((variable) => variable.includeAll)
      .forEach((variable) => expect(variable).toMatchObject({ allValue: '*', current: { value: '$__all' } })));
});

it('leads from the overview to a cause in one click', () => {
  const [, overview] = boards.find(([, board]) => board.uid === 'errata-overview')!;
  const patterns = overview.panels.filter((panel: any) =>
    urlsOf({ panels: [panel] }).some((url) => url.startsWith('/d/errata-pattern?'))
  );
  expect(patterns.map((panel: any) => panel.title)).toEqual(['Top 10 patterns', 'The newest 50 exceptions']);
  const [, pattern] = boards.find(([, board]) => board.uid === 'errata-pattern')!;
  expect(pattern.panels[0]).toMatchObject({
    type: PLUGIN_PANEL,
    options: { pattern: '$pattern', datasource: '${datasource}' },
  });
});
