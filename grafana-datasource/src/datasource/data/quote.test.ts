import { interpolateSql, pieces, type Replace } from './quote';

type Value = string | string[];

/** Like Grafana's template service for `$name` and `${name:raw}`. */
function replaceWith(values: Record<string, Value>): Replace {
  return (text, format) =>
    text.replace(/\$(\w+)|\$\{(\w+)(:raw)?\}/g, (match, short, long, raw) => {
      const value = values[short ?? long];
      if (value === undefined) {
        return match;
      }
      return raw ? String(value) : format(value);
    });
}

function check(sql: string, values: Record<string, Value>, expected: string) {
  expect(interpolateSql(sql, replaceWith(values))).toBe(expected);
}

describe('pieces', () => {
  it.each([
    'SELECT 1',
    "a 'b' c",
    '\'it\'\'s\' "na""me" -- note\nx',
    "/* a /* nested */ 'b' */ 'c'",
    "E'a\\'b' 'c\\' d",
    '$$ a $b $$ $c',
    '$t$ $$ $t$ x',
    '$open$ $$',
    "'open",
    '"open',
    '/* open',
    '--',
    '',
  ])('joined are the SQL again: %s', (sql) => {
    expect(
      pieces(sql)
        .map((piece) => piece.text)
        .join('')
    ).toBe(sql);
  });

  it('tells literals, names, comments and code apart', () => {
    expect(pieces("a 'b''c' \"d\" -- 'e'\nf").map((piece) => piece.place)).toEqual([
      'code',
      'text',
      'code',
      'name',
      'code',
      'comment',
      'code',
    ]);
  });
});

describe('interpolateSql', () => {
  it('makes a literal outside quotes', () => check('x = $v', { v: 'a' }, "x = 'a'"));
  it('escapes inside quotes', () => check("x = '$v'", { v: "it's" }, "x = 'it''s'"));
  it('makes a list outside quotes', () => check('x IN ($v)', { v: ['a', "b'c"] }, "x IN ('a', 'b''c')"));
  it('makes a list inside quotes', () => check("x IN ('$v')", { v: ['a', 'b'] }, "x IN ('a', 'b')"));
  it('escapes quoted names', () => check('SELECT "$v"', { v: 'a"b' }, 'SELECT "a""b"'));
  it('leaves texts in dollar signs alone', () =>
    check('$$ $v $$ = $v AND $t$ $v $t$', { v: 'a$$ --' }, "$$ $v $$ = 'a$$ --' AND $t$ $v $t$"));
  it('escapes backslashes where they mean something', () => {
    check("x = E'$v'", { v: "\\' OR 1=1 --" }, "x = E'\\\\'' OR 1=1 --'");
    check("x = 'me' AND y = '$v'", { v: '\\' }, "x = 'me' AND y = '\\'");
  });
  it('makes an empty choice match nothing', () => check('x IN ($v)', { v: [] }, 'x IN (NULL)'));
  it('leaves comments alone', () => check('-- $v\nSELECT 1', { v: '\nDROP' }, '-- $v\nSELECT 1'));
  it('leaves macros alone', () =>
    check('WHERE $__timeFilter(timestamp) AND a = $v', { v: '1' }, "WHERE $__timeFilter(timestamp) AND a = '1'"));
  it("leaves the backend's macros alone where Grafana has a variable of the name", () =>
    check(
      "$__timeGroup(t, $__interval), $__interval_ms * 2, INTERVAL '$__interval', $__from, $__intervals",
      { __interval: '1m', __interval_ms: '60000', __from: '1', __intervals: 'x' },
      "$__timeGroup(t, $__interval), $__interval_ms * 2, INTERVAL '$__interval', $__from, 'x'"
    ));
  it('lets raw through where it is asked for', () => check('LIMIT ${v:raw}', { v: '10' }, 'LIMIT 10'));

  it.each(["' OR 1=1 --", "'; SELECT 2; --", "\\' OR 1=1 --", "''", "a' /*"])(
    'keeps %s inside its literal',
    (value) => {
      for (const sql of ["SELECT * FROM t WHERE x = '$v' AND y", 'SELECT * FROM t WHERE x = $v AND y']) {
        const result = pieces(interpolateSql(sql, replaceWith({ v: value })));
        expect(result.map((piece) => piece.place)).toEqual(['code', 'text', 'code']);
        expect(result[2].text).toBe(' AND y');
      }
    }
  );
});
