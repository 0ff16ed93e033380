//! Macros in a statement: `$__timeFilter(column)`, `$__timeFrom()`, `$__timeTo()`, `$__timeGroup(column, interval)`,
//! `$__interval`, `$__interval_ms`, `$__from`, `$__to`, `$__traceUrl(column)` (a link to Jaeger, as the data source's
//! settings have it, for alert messages); empty parentheses may be left out.
//!
//! Dashboards and alert rules both come through here: nothing is replaced in the browser but variables. Comments stay
//! as they are, and in quoted text only the macros without arguments are replaced.

use super::columns::TRACE;
use super::filters::literal;
use super::range::{Range, time};
use crate::error::{Failure, shown};

/// Characters of a statement.
const SQL_CHARS_MAX: usize = 100_000;
/// Characters that statements may grow to.
const EXPANDED_CHARS_MAX: usize = 1_000_000;
/// Milliseconds of the longest interval: 100 years.
const INTERVAL_MS_MAX: i64 = 100 * 365 * 86_400_000;
/// The column that times are in, where a macro names none.
const TIME_COLUMN: &str = "timestamp";
/// Macros within the arguments of macros.
const DEPTH_MAX: usize = 4;
const KNOWN: &str = "timeFilter, timeFrom, timeTo, timeGroup, interval, interval_ms, from, to, traceUrl";

/// What macros stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Values<'a> {
    pub(crate) range: Range,
    pub(crate) interval_ms: i64,
    /// Address of Jaeger's UI.
    pub(crate) jaeger_url: Option<&'a str>,
}

/// The statement without macros.
pub(crate) fn expand(sql: &str, values: Values<'_>) -> Result<String, Failure> {
    expand_at(sql, values, 0)
}

fn expand_at(sql: &str, values: Values<'_>, depth: usize) -> Result<String, Failure> {
    let count = sql.chars().count();
    if count > SQL_CHARS_MAX {
        let limit = format!("the limit is {SQL_CHARS_MAX}");
        return Err(Failure::bad_request(format!("the statement has {count} characters, {limit}")));
    }
    let mut expanded = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => {
                let text = &rest[..quoted(rest)];
                expanded.push_str(&in_quotes(text, values)?);
                text.len()
            }
            '-' if rest.starts_with("--") => copy(&mut expanded, rest, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => copy(&mut expanded, rest, comment(rest)),
            '$' if rest.starts_with("$__") => {
                let (text, length) = replaced(rest, values, depth)?;
                expanded.push_str(&text);
                length
            }
            other => copy(&mut expanded, rest, other.len_utf8()),
        };
        rest = &rest[taken..];
        if expanded.len() > EXPANDED_CHARS_MAX {
            let limit = format!("grows beyond {EXPANDED_CHARS_MAX} characters");
            return Err(Failure::bad_request(format!("the statement {limit} by its macros")));
        }
    }
    Ok(expanded)
}

fn copy(expanded: &mut String, text: &str, length: usize) -> usize {
    expanded.push_str(&text[..length]);
    length
}

/// Bytes of the quoted text at the beginning; to the end where it is not closed, which the engine then says.
fn quoted(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if byte == quote {
            if text.as_bytes().get(at + 1) != Some(&quote) {
                return at + 1;
            }
            bytes.next();
        }
    }
    text.len()
}

/// Bytes of the comment at the beginning; comments nest.
fn comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Quoted text with the macros that are plain words or numbers: `INTERVAL '$__interval'`.
fn in_quotes(text: &str, values: Values<'_>) -> Result<String, Failure> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("$__") {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = name(rest);
        match word(name, values) {
            Some(value) => expanded.push_str(&value),
            None => expanded.push_str(&rest[..name.len() + 3]),
        }
        rest = &rest[name.len() + 3..];
        if expanded.len() > EXPANDED_CHARS_MAX {
            return Err(Failure::bad_request("a quoted text of the statement grows too long by its macros"));
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The name behind `$__`.
fn name(text: &str) -> &str {
    let name = &text[3..];
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    &name[..end]
}

/// Macros that are a plain word or number.
fn word(name: &str, values: Values<'_>) -> Option<String> {
    match name {
        "interval" => Some(interval_text(values.interval_ms)),
        "interval_ms" => Some(values.interval_ms.to_string()),
        "from" => Some(values.range.from_ms.to_string()),
        "to" => Some(values.range.to_ms.to_string()),
        _ => None,
    }
}

/// The macro at the beginning, replaced, and its length.
fn replaced(text: &str, values: Values<'_>, depth: usize) -> Result<(String, usize), Failure> {
    let name = name(text);
    let end = name.len() + 3;
    if let Some(word) = word(name, values) {
        return Ok((word, end + empty_parentheses(&text[end..])));
    }
    let (arguments, length) = arguments(name, &text[end..])?;
    let argument = |nth: usize| arguments.get(nth).map(String::as_str).filter(|text| !text.is_empty());
    let count = arguments.iter().filter(|text| !text.is_empty()).count();
    let most = match name {
        "timeFilter" | "traceUrl" => 1,
        "timeFrom" | "timeTo" => 0,
        "timeGroup" => 2,
        _ => {
            let name = shown(name);
            return Err(Failure::bad_request(format!("$__{name} is no macro; there are {KNOWN}")));
        }
    };
    if count > most {
        return Err(Failure::bad_request(format!("$__{name} has {count} arguments, it takes {most}")));
    }
    if depth == DEPTH_MAX {
        return Err(Failure::bad_request(format!("macros are nested more than {DEPTH_MAX} deep")));
    }
    let default = if name == "traceUrl" { TRACE } else { TIME_COLUMN };
    let column = expand_at(argument(0).unwrap_or(default), values, depth + 1)?;
    let sql = match name {
        "timeFilter" => format!("({})", values.range.condition(&column)),
        "timeFrom" => time(values.range.from_ms),
        "timeTo" => time(values.range.to_ms),
        "traceUrl" => match values.jaeger_url {
            Some(url) => format!("({} || {column})", literal(&format!("{url}/trace/"))),
            None => "CAST(NULL AS VARCHAR)".to_owned(),
        },
        _ => {
            let ms = match argument(1) {
                Some(text) => interval(expand_at(text, values, depth + 1)?.trim_matches(['\'', '"', ' ']))?,
                None => values.interval_ms,
            };
            format!("date_bin(INTERVAL '{ms} milliseconds', {column})")
        }
    };
    Ok((sql, end + length))
}

fn empty_parentheses(text: &str) -> usize {
    if text.starts_with("()") { 2 } else { 0 }
}

/// What stands in parentheses, split at commas, and its length; nothing where there are none.
fn arguments(name: &str, text: &str) -> Result<(Vec<String>, usize), Failure> {
    if !text.starts_with('(') {
        return Ok((Vec::new(), 0));
    }
    let (mut arguments, mut start, mut depth, mut at) = (Vec::new(), 1, 0, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'\'' | b'"' => {
                at += quoted(&text[at..]);
                continue;
            }
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 1 => {
                arguments.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            arguments.push(text[start..at - 1].trim().to_owned());
            return Ok((arguments, at));
        }
    }
    Err(Failure::bad_request(format!("the parenthesis of $__{} is not closed", shown(name))))
}

/// Milliseconds of `30s`, `5m`, `1h`, `1d`, `1w`, `500ms`; the units that Grafana writes.
pub(crate) fn interval(text: &str) -> Result<i64, Failure> {
    let wrong = || {
        let text = shown(text);
        Failure::bad_request(format!("'{text}' is no interval; write it like 30s, 5m, 1h or 1d"))
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: i64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => return Err(wrong()),
    };
    count.checked_mul(unit).filter(|ms| (1..=INTERVAL_MS_MAX).contains(ms)).ok_or_else(wrong)
}

/// An interval as Grafana writes it.
pub(crate) fn interval_text(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let unit = units.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    unit.map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

    const VALUES: Values<'_> = Values {
        range: Range { from_ms: 1_000, to_ms: 2_000 },
        interval_ms: 90_000,
        jaeger_url: Some("http://jaeger"),
    };

    fn check(sql: &str, expected: &str) {
        let short = expand(sql, VALUES)
            .unwrap()
            .replace("arrow_cast(1000000, 'Timestamp(Microsecond, Some(\"UTC\"))')", "FROM");
        let short = short.replace("arrow_cast(2000000, 'Timestamp(Microsecond, Some(\"UTC\"))')", "TO");
        assert_eq!(short, expected, "{sql}");
    }

    fn refused(sql: &str) -> String {
        expand(sql, VALUES).unwrap_err().message
    }

    #[test]
    fn macros_become_sql() {
        check("WHERE $__timeFilter(timestamp)", "WHERE (timestamp >= FROM AND timestamp < TO)");
        check("WHERE $__timeFilter", "WHERE (timestamp >= FROM AND timestamp < TO)");
        check("$__timeFilter( coalesce(a, ')') )", "(coalesce(a, ')') >= FROM AND coalesce(a, ')') < TO)");
        check("x > $__timeFrom() AND x < $__timeTo", "x > FROM AND x < TO");
        check("$__timeGroup(timestamp, '5m')", "date_bin(INTERVAL '300000 milliseconds', timestamp)");
        check("$__timeGroup(t, $__interval)", "date_bin(INTERVAL '90000 milliseconds', t)");
        check("$__timeGroup(t)", "date_bin(INTERVAL '90000 milliseconds', t)");
        check("$__timeGroup(t, 1h) AS time", "date_bin(INTERVAL '3600000 milliseconds', t) AS time");
        check(
            "INTERVAL '$__interval', $__interval_ms, $__from, $__to()",
            "INTERVAL '90s', 90000, 1000, 2000",
        );
    }

    #[test]
    fn text_and_comments_stay_what_they_are() {
        check(
            "SELECT '$__timeFilter(x)', 'it''s $__nothing'",
            "SELECT '$__timeFilter(x)', 'it''s $__nothing'",
        );
        check("-- $__nope\n1", "-- $__nope\n1");
        check("/* $__nope /* */ */ 1", "/* $__nope /* */ */ 1");
        check("a - b / c", "a - b / c");
        check("SELECT 'not closed $__", "SELECT 'not closed $__");
        check("/* not closed", "/* not closed");
        check("SELECT '\u{e4}\u{1f600}', $1", "SELECT '\u{e4}\u{1f600}', $1");
    }

    #[test]
    fn wrong_macros_are_named() {
        assert!(refused("$__timeFiler(x)").contains("$__timeFiler is no macro; there are timeFilter"));
        assert!(refused("$__timeGroup(x, 'soon')").contains("'soon' is no interval"));
        assert!(refused("$__timeGroup(x, 99999999999999999d)").contains("no interval"));
        assert!(refused("$__timeGroup(x, '0s')").contains("no interval"));
        assert!(refused("$__timeFilter(a, b)").contains("has 2 arguments, it takes 1"));
        assert!(refused("$__timeFilter(a").contains("not closed"));
        assert!(refused(&"x".repeat(SQL_CHARS_MAX + 1)).contains("the limit is 100000"));
        let nested = format!("{}x{}", "$__timeFilter(".repeat(40), ")".repeat(40));
        assert!(refused(&nested).contains("nested more than 4"));
    }

    proptest::proptest! {
        /// Whatever users write is expanded or refused, and what holds no macro stays as it is.
        #[test]
        fn no_statement_panics(
            parts in proptest::collection::vec(
                proptest::prop_oneof![
                    "\\PC{0,6}".boxed(),
                    proptest::sample::select(vec![
                        "$__timeFilter", "$__timeGroup(", "$__interval", "$__", "(", ")", "'", "\"", ",", "--", "/*", "*/",
                        "\n", "5m", "99999999999999999999d", "$",
                    ]).prop_map(str::to_owned).boxed(),
                ],
                0..12,
            ),
        ) {
            let sql = parts.concat();
            let expanded = expand(&sql, VALUES);
            if !sql.contains("$__") {
                proptest::prop_assert_eq!(expanded.unwrap(), sql);
            }
        }

        #[test]
        fn no_interval_panics(text in "\\PC{0,24}") {
            if let Ok(ms) = interval(&text) {
                proptest::prop_assert!(interval(&interval_text(ms)).unwrap() == ms);
            }
        }
    }

    #[test]
    fn intervals_are_read_and_written() {
        for (text, ms) in
            [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000)]
        {
            assert_eq!(interval(text).unwrap(), ms);
            assert_eq!(interval_text(ms), text);
        }
        assert_eq!(interval("1w").unwrap(), 7 * 86_400_000);
        assert!(interval("").is_err() && interval("5").is_err() && interval("-5m").is_err());
    }
}
