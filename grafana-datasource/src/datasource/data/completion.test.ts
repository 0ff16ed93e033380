import type { Schema } from '../types';
import { complete, type SuggestionKind } from './completion';

const SCHEMA: Schema = {
  tables: [
    {
      name: 'errors',
      kind: 'table',
      columns: [
        { name: 'message', type: 'Utf8' },
        { name: 'severity', type: 'Int32' },
      ],
    },
    {
      name: 'sessions',
      kind: 'view',
      columns: [
        { name: 'session_id', type: 'Utf8' },
        { name: 'severity', type: 'Int32' },
      ],
    },
  ],
  functions: [{ name: 'count', signature: 'count(x)' }],
};

function labels(text: string, kind?: SuggestionKind): string[] {
  const [before, after = ''] = text.split('|');
  return complete(before, after, SCHEMA)
    .filter((suggestion) => !kind || suggestion.kind === kind)
    .map((suggestion) => suggestion.label);
}

describe('complete', () => {
  it('offers tables after FROM', () => expect(labels('SELECT * FROM |')).toEqual(['errors', 'sessions']));
  it('offers tables after JOIN', () => expect(labels('SELECT * FROM errors JOIN s|')).toEqual(['errors', 'sessions']));
  it('offers columns of the table in use', () =>
    expect(labels('SELECT | FROM errors', 'column')).toEqual(['message', 'severity']));
  it('offers columns of an alias', () =>
    expect(labels('SELECT e.| FROM errors AS e JOIN sessions s')).toEqual(['message', 'severity']));
  it('offers columns of a table by its name', () =>
    expect(labels('SELECT sessions.| FROM sessions')).toEqual(['session_id', 'severity']));
  it('offers a column of two tables once', () =>
    expect(labels('SELECT | FROM errors JOIN sessions ON true', 'column')).toEqual([
      'message',
      'severity',
      'session_id',
    ]));
  it('offers functions and keywords', () => {
    expect(labels('SELECT |', 'function')).toEqual(['count']);
    expect(labels('SELECT |', 'keyword')).toContain('WHERE');
  });
  it('offers macros after a dollar sign', () => expect(labels('WHERE $__time|', undefined)).toContain('$__timeFilter'));
  it.each(["WHERE a = '|", "WHERE a = 'b|'", '-- |', '/* |'])('offers nothing in %s', (text) =>
    expect(labels(text)).toEqual([])
  );
  it('offers something behind a literal', () => expect(labels("SELECT 'a' |").length).toBeGreaterThan(0));
  it('takes no table from a comment or a literal', () =>
    expect(labels("SELECT | -- FROM errors\n WHERE 'FROM sessions'", 'column')).toEqual([]));
  it('writes macros so that the editor keeps their dollar signs', () => {
    const group = complete('$__', '', SCHEMA).find((suggestion) => suggestion.label === '$__timeGroup');
    expect(group?.insert).toBe('\\$__timeGroup(${1:timestamp}, ${2:\\$__interval})');
  });
});
