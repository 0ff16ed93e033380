/**
 * Variables in SQL, quoted by where they stand.
 *
 * A value never leaves the literal that it is put in: inside '...' its quotes are doubled, inside "..." too, inside
 * E'...' its backslashes as well, and elsewhere it becomes a literal of its own. In comments and $$...$$ nothing is replaced.
 */

/** `escaped` is E'...', in which a backslash means something; `dollar` is $$...$$, in which nothing does. */
export type Place = 'code' | 'text' | 'escaped' | 'dollar' | 'name' | 'comment';

export interface Piece {
  place: Place;
  /** With its quotes or comment marks. */
  text: string;
}

type Value = string | number | boolean | Array<string | number | boolean> | null | undefined;
type Format = (value: Value) => string;
export type Replace = (text: string, format: Format) => string;

/** Where the piece that begins at `start` ends. */
function pieceEnd(sql: string, start: number, place: Place): number {
  if (place === 'comment') {
    if (sql.startsWith('--', start)) {
      const end = sql.indexOf('\n', start);
      return end < 0 ? sql.length : end;
    }
    return blockCommentEnd(sql, start);
  }
  if (place === 'dollar') {
    const tag = dollarTag(sql, start);
    return sql.indexOf(tag, start + tag.length) + tag.length;
  }
  const quote = place === 'name' ? '"' : "'";
  let at = start + 1;
  while (at < sql.length) {
    if (place === 'escaped' && sql[at] === '\\') {
      at += 2;
      continue;
    }
    if (sql[at] === quote) {
      if (sql[at + 1] !== quote) {
        return at + 1;
      }
      at += 1;
    }
    at += 1;
  }
  return sql.length;
}

/** `$$` or `$tag$` at a place where such a text begins, else nothing: `$name` alone is a variable. */
function dollarTag(sql: string, at: number): string {
  const [tag] = /^\$\w*\$/.exec(sql.slice(at, at + DOLLAR_TAG_MAX)) ?? [''];
  return tag !== '' && sql.includes(tag, at + tag.length) ? tag : '';
}

/** Block comments nest. */
function blockCommentEnd(sql: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      depth += 1;
      at += 2;
    } else if (sql.startsWith('*/', at)) {
      depth -= 1;
      at += 2;
      if (depth === 0) {
        return at;
      }
    } else {
      at += 1;
    }
  }
  return sql.length;
}

const DOLLAR_TAG_MAX = 64;

function placeAt(sql: string, at: number): Place {
  if (sql[at] === "'") {
    return /(^|\W)e$/i.test(sql.slice(Math.max(0, at - 2), at)) ? 'escaped' : 'text';
  }
  if (sql[at] === '"') {
    return 'name';
  }
  if (sql[at] === '$' && dollarTag(sql, at) !== '') {
    return 'dollar';
  }
  return sql.startsWith('--', at) || sql.startsWith('/*', at) ? 'comment' : 'code';
}

/** Cuts SQL where literals, quoted names and comments begin and end; the pieces joined are the SQL again. */
export function pieces(sql: string): Piece[] {
  const found: Piece[] = [];
  let codeStart = 0;
  let at = 0;
  const flush = (end: number) => {
    if (end > codeStart) {
      found.push({ place: 'code', text: sql.slice(codeStart, end) });
    }
  };
  while (at < sql.length) {
    const place = placeAt(sql, at);
    if (place === 'code') {
      at += 1;
      continue;
    }
    flush(at);
    const end = pieceEnd(sql, at, place);
    found.push({ place, text: sql.slice(at, end) });
    at = end;
    codeStart = end;
  }
  flush(sql.length);
  return found;
}

function listOf(value: Value): string[] {
  if (value === null || value === undefined) {
    return [];
  }
  return (Array.isArray(value) ? value : [value]).map(String);
}

export function quoteText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Numbers of an interval or limit stay numbers only where the text says so with `${name:raw}`. */
const inCode: Format = (value) => {
  const values = listOf(value);
  return values.length === 0 ? 'NULL' : values.map(quoteText).join(', ');
};

/** `IN ('$names')` becomes a list, as people write it for other data sources. */
const inText: Format = (value) =>
  listOf(value)
    .map((one) => one.replaceAll("'", "''"))
    .join("', '");

const inEscaped: Format = (value) => inText(value).replaceAll('\\', '\\\\');

const inName: Format = (value) =>
  listOf(value)
    .map((one) => one.replaceAll('"', '""'))
    .join('", "');

const isKept = (place: Place): place is 'comment' | 'dollar' => place === 'comment' || place === 'dollar';

/** The backend's own; Grafana has variables of some of these names, which it would put in as texts. */
const MACRO = /(\$__(?:timeFilter|timeFrom|timeTo|timeGroup|interval|interval_ms|from|to|traceUrl)\b)/;

/** Puts variables in; `replace` is the template service's, called for each piece with the format of its place. */
export function interpolateSql(sql: string, replace: Replace): string {
  const formats: Record<Exclude<Place, 'comment' | 'dollar'>, Format> = {
    code: inCode,
    text: inText,
    escaped: inEscaped,
    name: inName,
  };
  return pieces(sql)
    .map(({ place, text }) => {
      if (isKept(place)) {
        return text;
      }
      // Every other part is a macro.
      return text
        .split(MACRO)
        .map((part, index) => (index % 2 === 1 || part === '' ? part : replace(part, formats[place])))
        .join('');
    })
    .join('');
}
