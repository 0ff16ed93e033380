/** What may come next in SQL: tables, columns, functions, macros. Knows no editor. */

import type { Schema, SchemaTable } from '../types';
import { pieces } from './quote';

export type SuggestionKind = 'table' | 'column' | 'function' | 'macro' | 'keyword';

export interface Suggestion {
  label: string;
  insert: string;
  kind: SuggestionKind;
  detail?: string;
}

export interface Macro {
  name: string;
  /** With placeholders as the editor's snippets write them. */
  insert: string;
  detail: string;
}

export const MACROS: Macro[] = [
  { name: '$__timeFilter', insert: '$__timeFilter(${1:timestamp})', detail: 'column is within the time range' },
  { name: '$__timeFrom', insert: '$__timeFrom()', detail: 'begin of the time range' },
  { name: '$__timeTo', insert: '$__timeTo()', detail: 'end of the time range' },
  {
    name: '$__timeGroup',
    insert: '$__timeGroup(${1:timestamp}, ${2:$__interval})',
    detail: 'column rounded down to a step',
  },
  { name: '$__interval', insert: '$__interval', detail: 'step that suits the panel' },
  { name: '$__interval_ms', insert: '$__interval_ms', detail: 'the same in milliseconds' },
  { name: '$__from', insert: '$__from', detail: 'begin of the time range in milliseconds' },
  { name: '$__to', insert: '$__to', detail: 'end of the time range in milliseconds' },
  { name: '$__traceUrl', insert: '$__traceUrl(${1:trace_id})', detail: 'link to Jaeger' },
].map((macro) => ({ ...macro, insert: escapeSnippet(macro.insert) }));

/** In a snippet a dollar sign that begins no placeholder is escaped. */
function escapeSnippet(text: string): string {
  return text.replace(/\$(?!\{\d)/g, '\\$');
}

const KEYWORDS = [
  'SELECT',
  'DISTINCT',
  'FROM',
  'JOIN',
  'LEFT JOIN',
  'ON',
  'WHERE',
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS NULL',
  'IS NOT NULL',
  'LIKE',
  'ILIKE',
  'BETWEEN',
  'GROUP BY',
  'HAVING',
  'ORDER BY',
  'ASC',
  'DESC',
  'NULLS LAST',
  'LIMIT',
  'OFFSET',
  'UNION ALL',
  'WITH',
  'AS',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'FILTER (WHERE',
  'OVER (',
  'PARTITION BY',
  'INTERVAL',
  'CAST(',
];

/** The statement with literals and comments blanked, so that their words count for nothing. */
function code(sql: string): string {
  return pieces(sql)
    .map((piece) => (piece.place === 'code' || piece.place === 'name' ? piece.text : ' '))
    .join('');
}

/** Table names of a statement by the name that its columns are qualified with. */
export function tablesIn(sql: string, schema: Schema): Map<string, SchemaTable> {
  const found = new Map<string, SchemaTable>();
  const known = new Map(schema.tables.map((table) => [table.name.toLowerCase(), table]));
  const notAliases = 'where|on|join|left|right|inner|outer|full|cross|group|order|limit|having|union|using|as';
  const pattern = new RegExp(
    `(?:\\b(?:from|join)\\s+|,\\s*)"?([a-z_]\\w*)"?(?:\\s+(?:as\\s+)?(?!(?:${notAliases})\\b)([a-z_]\\w*))?`,
    'gi'
  );
  for (const match of code(sql).matchAll(pattern)) {
    const table = known.get(match[1].toLowerCase());
    if (table) {
      found.set(table.name, table);
      if (match[2]) {
        found.set(match[2].toLowerCase(), table);
      }
    }
  }
  return found;
}

const asColumns = (tables: Iterable<SchemaTable>): Suggestion[] => {
  const seen = new Map<string, Suggestion>();
  for (const table of tables) {
    for (const column of table.columns) {
      const before = seen.get(column.name);
      const detail = `${column.type}, ${table.name}`;
      if (!before) {
        seen.set(column.name, { label: column.name, insert: column.name, kind: 'column', detail });
      }
    }
  }
  return [...seen.values()];
};

const asTables = (schema: Schema): Suggestion[] =>
  schema.tables.map((table) => ({ label: table.name, insert: table.name, kind: 'table', detail: table.kind }));

const asMacros = (): Suggestion[] =>
  MACROS.map((macro) => ({ label: macro.name, insert: macro.insert, kind: 'macro', detail: macro.detail }));

/** Suggestions at the end of `before`, which is followed by `after`. */
export function complete(before: string, after: string, schema: Schema): Suggestion[] {
  const here = pieces(before).at(-1);
  const open = here && here.place !== 'code' && isOpen(here.text, here.place);
  if (open) {
    return [];
  }
  if (/\$_*[a-z_]*$/i.test(before)) {
    return asMacros();
  }
  const tables = tablesIn(`${before} ${after}`, schema);
  const qualified = /([a-z_][a-z0-9_]*)\.[a-z0-9_]*$/i.exec(before);
  if (qualified) {
    const table = tables.get(qualified[1].toLowerCase()) ?? tables.get(qualified[1]);
    return table ? asColumns([table]) : [];
  }
  if (/\b(from|join)\s+[a-z0-9_]*$/i.test(before)) {
    return asTables(schema);
  }
  const functions: Suggestion[] = schema.functions.map((one) => ({
    label: one.name,
    insert: `${one.name}(\${1})`,
    kind: 'function',
    detail: one.signature,
  }));
  const keywords: Suggestion[] = KEYWORDS.map((word) => ({ label: word, insert: word, kind: 'keyword' }));
  return [...asColumns(new Set(tables.values())), ...keywords, ...functions, ...asMacros(), ...asTables(schema)];
}

/** Whether a literal, name or comment at the end of a text goes on behind it. */
function isOpen(text: string, place: string): boolean {
  if (place === 'comment') {
    return text.startsWith('--') || !text.endsWith('*/');
  }
  if (place === 'dollar') {
    return false;
  }
  const quote = place === 'name' ? '"' : "'";
  return text.length === 1 || !text.endsWith(quote);
}
