/**
 * Variables in SQL, quoted by where they stand.
 *
 * A value never leaves the literal that it is put in: inside '...' its quotes are doubled, inside "..." too, and
 * elsewhere it becomes a literal of its own. In comments nothing is replaced.
 */

export type Place = 'code' | 'text' | 'name' | 'comment';

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
  const quote = place === 'text' ? "'" : '"';
  let at = start + 1;
  while (at < sql.length) {
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

function placeAt(sql: string, at: number): Place {
  if (sql[at] === "'") {
    return 'text';
  }
  if (sql[at] === '"') {
    return 'name';
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

const inName: Format = (value) =>
  listOf(value)
    .map((one) => one.replaceAll('"', '""'))
    .join('", "');

/** Puts variables in; `replace` is the template service's, called for each piece with the format of its place. */
export function interpolateSql(sql: string, replace: Replace): string {
  const formats: Record<Exclude<Place, 'comment'>, Format> = { code: inCode, text: inText, name: inName };
  return pieces(sql)
    .map((piece) => (piece.place === 'comment' ? piece.text : replace(piece.text, formats[piece.place])))
    .join('');
}
