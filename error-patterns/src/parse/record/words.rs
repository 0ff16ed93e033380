//! What a record of a log says where it has no stack: the message, and the error beside it.

use super::super::{envelope, text};
use super::{LINES_MAX, MESSAGES, TYPES};
use crate::bytes::is_capital_name;
use crate::messages;
use memchr::memmem;
use serde_json::{Deserializer, Map, Value};
use std::borrow::Cow;

/// Objects within objects that are looked at for an error's words.
const DEPTH_MAX: usize = 4;
/// Records of one text that are read.
const RECORDS_MAX: usize = 1024;
/// Lines of one text that stand in records or in a list of their own.
const PRINTED_MAX: usize = 8192;
/// Fields of one line of logfmt that are read.
const FIELDS_MAX: usize = 64;

/// Fields that hold what failed, beside those of a message.
const EVENTS: [&str; 7] = ["event", "log", "body", "text", "detail", "title", "output"];
/// Fields that hold why it did.
const ERRORS: [&str; 9] =
    ["error", "err", "exception", "exc", "cause", "reason", "error_description", "error.message", "stderr"];
/// Fields that hold how grave a record is.
const LEVELS: [&str; 7] = ["level", "severity", "log.level", "levelname", "lvl", "@l", "severity_text"];

/// What the first record of a failure says, of the last where none is marked as one. Only where all of the text are
/// records.
pub(super) fn of_records(text: &str) -> Option<String> {
    let values = Deserializer::from_str(text).into_iter::<Value>().take(RECORDS_MAX);
    let records: Vec<_> = values
        .map(|value| match value {
            Ok(Value::Object(record)) => Some(record),
            _ => None,
        })
        .collect::<Option<_>>()?;
    words(records.iter().find(|record| is_grave(record)).or(records.last())?, DEPTH_MAX)
}

/// The lines that Docker's file has, a record for each that was printed.
pub(super) fn printed(text: &str) -> Option<String> {
    let values = Deserializer::from_str(text).into_iter::<Value>().take(PRINTED_MAX);
    let line = |value: Result<Value, serde_json::Error>| {
        let Ok(Value::Object(record)) = value else { return None };
        record.get("log").filter(|_| record.contains_key("stream"))?.as_str().map(str::to_owned)
    };
    values.map(line).collect()
}

/// The lines of a list of texts as Python shows it: `['Traceback ...\n', '  File ...\n']`.
pub(super) fn shown(text: &str) -> Option<String> {
    let mut rest = text.trim().strip_prefix('[')?;
    let mut out = String::new();
    for _ in 0..PRINTED_MAX {
        let quote = rest.bytes().next().filter(|byte| matches!(byte, b'\'' | b'"'))?;
        let bytes = rest.as_bytes();
        let mut ends = memchr::memchr_iter(quote, &bytes[1..]).map(|at| at + 1);
        let escaped =
            |at: usize| bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        let end = ends.find(|at| !escaped(*at))?;
        out.push_str(&envelope::unescape(&rest[1..end]));
        rest = &rest[end + 1..];
        if rest == "]" {
            return Some(out).filter(|out| out.contains('\n'));
        }
        rest = rest.strip_prefix(", ")?;
    }
    None
}

/// The lines of a list of texts.
pub(super) fn listed(text: &str) -> Option<String> {
    let lines: Vec<String> = serde_json::from_str(text).ok()?;
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end_matches('\n')).collect();
    Some(lines.join("\n")).filter(|text| !text.is_empty())
}

/// What the first line says: words and a record behind them, as zap shows people its fields, or fields of logfmt.
pub(super) fn of_line(text: &str) -> Option<String> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some(start) = memmem::find(line.as_bytes(), b"{\"").filter(|_| line.ends_with('}')) else {
        // A log's lines above a stack tell less than the stack.
        let mut lines = text.lines().take(LINES_MAX).filter(|line| !line.trim().is_empty());
        let logged = lines.all(|line| fields(line).next().is_some());
        return logged.then(|| text.lines().take(LINES_MAX).find_map(logfmt)).flatten();
    };
    let (head, record) = (&line[..start], serde_json::from_str::<Value>(&line[start..]).ok()?);
    if rest.trim().is_empty() && ["| ", "]: "].iter().any(|end| head.ends_with(end)) {
        return words(record.as_object()?, DEPTH_MAX);
    }
    let message = behind_level(head)?;
    let error = ERRORS.iter().find_map(|name| why(record.get(*name)?, DEPTH_MAX))?;
    Some(format!("{}\n{rest}", joined(message, &error)))
}

/// What stands behind the name of a grave level that a log wrote in capitals, without the place that zap writes there.
fn behind_level(head: &str) -> Option<&str> {
    let words = head.split([' ', '\t', '[', ']', ':']);
    let level = words
        .filter(|word| word.len() > 2 && is_grave_level(word))
        .find(|word| is_capital_name(word.as_bytes()))?;
    let behind =
        head[level.as_ptr() as usize - head.as_ptr() as usize + level.len()..].trim_start_matches([']', ':']);
    Some(behind.trim().rsplit('\t').next().unwrap_or_default())
}

fn is_grave(record: &Map<String, Value>) -> bool {
    LEVELS.iter().any(|name| match record.get(*name) {
        Some(Value::String(level)) => is_grave_level(level),
        Some(Value::Number(level)) => {
            level.as_u64().is_some_and(|level| messages::words().is_grave_level(level))
        }
        _ => false,
    })
}

fn is_grave_level(level: &str) -> bool {
    let grave =
        ["error", "err", "fatal", "critical", "crit", "panic", "dpanic", "severe", "alert", "emergency"];
    grave.iter().any(|name| level.eq_ignore_ascii_case(name))
}

/// Type, message and error of an object, without what else it holds.
pub(super) fn words(record: &Map<String, Value>, depth: usize) -> Option<String> {
    let error = ERRORS.iter().find_map(|name| why(record.get(*name)?, depth));
    let text = |names: &[&str]| {
        let texts = names.iter().filter_map(|name| record.get(*name)?.as_str());
        texts.map(str::trim).find(|text| text.contains(char::is_alphabetic)).map(str::to_owned)
    };
    let message = text(&MESSAGES).or_else(|| text(&EVENTS));
    let typed = |error: &str| text::split_type(error).is_some_and(|(word, _)| text::is_error_name(word));
    let words = match (message, error) {
        // An exception tells what failed by itself.
        (_, Some(error)) if typed(&error) => error,
        (Some(message), Some(error)) => joined(&message, &error).into_owned(),
        (Some(said), None) | (None, Some(said)) => said,
        // `{"result": {"ok": false, "error": "..."}}`
        (None, None) => {
            let depth = depth.checked_sub(1)?;
            let mut inner: Vec<_> =
                record.iter().filter_map(|(name, value)| Some((name, value.as_object()?))).collect();
            // How the map keeps its fields depends on how the program was built.
            inner.sort_unstable_by_key(|(name, _)| *name);
            return inner.into_iter().find_map(|(_, inner)| words(inner, depth));
        }
    };
    let name =
        TYPES.iter().filter_map(|name| record.get(*name)?.as_str()).find(|name| text::is_error_name(name));
    Some(named(name, words))
}

/// The words of an error, be they a text or an object of its own.
fn why(value: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            words(serde_json::from_str::<Value>(text).ok()?.as_object()?, depth)
        }
        Value::String(text) if text.contains(char::is_alphabetic) => Some(text.trim().to_owned()),
        Value::Object(inner) => words(inner, depth),
        Value::Array(items) => why(items.first()?, depth),
        _ => None,
    }
}

/// What failed and why, unless one says the other.
fn joined<'t>(message: &'t str, error: &'t str) -> Cow<'t, str> {
    let message = message.trim_end_matches([':', ' ']);
    if error.contains(message) {
        Cow::Borrowed(error)
    } else if message.contains(error) {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(format!("{message}: {error}"))
    }
}

/// What a line of logfmt says: `level=error msg="read failed" err="no such file"`, or `ERROR read failed err="..."`.
fn logfmt(line: &str) -> Option<String> {
    let (mut message, mut error, mut name) = (None, None, None);
    let (mut before, mut grave) = (None, false);
    for (at, key, value) in fields(line).take(FIELDS_MAX) {
        before.get_or_insert(&line[..at]);
        let place = match key {
            "level" | "lvl" | "severity" => {
                grave |= is_grave_level(&value);
                continue;
            }
            "msg" | "message" | "event" => &mut message,
            "err" | "error" | "exception" | "reason" | "cause" => &mut error,
            "error_type" | "error.type" | "exception.type" | "exc_type" => &mut name,
            _ => continue,
        };
        if value.contains(char::is_alphabetic) {
            place.get_or_insert(value);
        }
    }
    let before = before.and_then(behind_level);
    if !grave && (before.is_none() || error.is_none()) {
        return None;
    }
    let before = before.filter(|before| !before.is_empty()).map(Cow::Borrowed);
    let words = match (message.or(before), error) {
        (Some(message), Some(error)) => joined(&message, &error).into_owned(),
        (message, error) => message.or(error)?.into_owned(),
    };
    Some(named(name.as_deref(), words))
}

/// `Type: message`, where the type is one and not said yet.
fn named(name: Option<&str>, words: String) -> String {
    match name.filter(|name| text::is_type(name) && !words.starts_with(*name)) {
        Some(name) => format!("{name}: {words}"),
        None => words,
    }
}

/// The fields of a line: where each begins, its key and its value without quotes.
fn fields(line: &str) -> impl Iterator<Item = (usize, &str, Cow<'_, str>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let equals = at + memchr::memchr(b'=', line.get(at..)?.as_bytes())?;
            let start = line[at..equals].rfind([' ', '\t']).map_or(at, |blank| at + blank + 1);
            let key = &line[start..equals];
            let rest = &line[equals + 1..];
            let is_key = !key.is_empty()
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@'));
            if !is_key {
                at = equals + 1;
                continue;
            }
            let (value, length) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let mut escaped = false;
                    let end = quoted.bytes().position(|byte| {
                        let ends = byte == b'"' && !escaped;
                        escaped = byte == b'\\' && !escaped;
                        ends
                    });
                    let value = &quoted[..end.unwrap_or(quoted.len())];
                    (unquoted(value), value.len() + 2)
                }
                None => {
                    let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                    (Cow::Borrowed(&rest[..end]), end)
                }
            };
            at = (equals + 1 + length).min(line.len());
            return Some((start, key, value));
        }
    })
}

fn unquoted(value: &str) -> Cow<'_, str> {
    if value.contains('\\') {
        Cow::Owned(value.replace("\\\"", "\"").replace("\\n", "\n").replace("\\t", "\t"))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{line, report};
    use proptest::prelude::*;

    #[test]
    fn says_what_failed_and_why() {
        for (text, expected) in [
            // slog, zap, logrus
            (
                r#"{"level":"ERROR","msg":"read failed","err":"open /a: no such file","order":7}"#,
                Some("read failed: open /a: no such file"),
            ),
            (
                r#"{"level":"fatal","msg":"read failed","error":"no such file"}"#,
                Some("read failed: no such file"),
            ),
            (
                "{\"log\":\"read failed\\n\",\"stream\":\"stderr\"}\n{\"log\":\"no order\\n\",\"stream\":\"stderr\"}",
                Some("read failed\nno order\n"),
            ),
            (r#"{"log":"app","level":"error","msg":"read failed"}"#, Some("read failed")),
            // The record of the failure, not the ones around it.
            (
                "{\"level\":\"info\",\"msg\":\"started\"}\n{\"level\":\"error\",\"msg\":\"read failed\"}\n{\"level\":\"info\",\"msg\":\"stopped\"}",
                Some("read failed"),
            ),
            (
                "{\"level\":30,\"msg\":\"started\"}\n{\"level\":50,\"msg\":\"read failed\"}\n{\"level\":30,\"msg\":\"stopped\"}",
                Some("read failed"),
            ),
            // An error of its own tells more than what the log says of it.
            (
                r#"{"level":"error","message":"it failed","error":{"type":"a.b.OrderError","message":"no order"}}"#,
                Some("a.b.OrderError: no order"),
            ),
            (r#"{"message":"Not Found","error":"Not Found","name":"app"}"#, Some("Not Found")),
            // An answer of an API.
            (
                r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#,
                Some("Rate limit reached"),
            ),
            (
                r#"Mar  8 10:15:00 host-3 runner[812]: {"level":"error","msg":"read failed"}"#,
                Some("read failed"),
            ),
            // zap's form for people.
            (
                "2026-01-02T03:04:05Z\tERROR\ta/main.go:30\tread failed\t{\"error\": \"no order\", \"order\": 7}",
                Some("read failed: no order\n"),
            ),
            (r#"["read failed\n", "no order"]"#, Some("read failed\nno order")),
            (
                r#"{"result":{"ok":false,"error":"a.sh: 3: x: not found"},"tool":"run"}"#,
                Some("a.sh: 3: x: not found"),
            ),
            (r#"{"a":1,"b":[2]}"#, None),
            (r#"TypeError: {"message":"no"} is not iterable"#, None),
            // logfmt
            (
                r#"time="2026-01-02T03:04:05Z" level=fatal msg="read failed" error="parsing \"x1\": invalid syntax" order=7"#,
                Some("read failed: parsing \"x1\": invalid syntax"),
            ),
            (r#"level=error msg="read failed""#, Some("read failed")),
            (
                r#"2026/01/02 03:04:05 ERROR read failed err="no order" order=7"#,
                Some("read failed: no order"),
            ),
            (r#"level=info msg="started""#, None),
            (
                "level=error msg=\"job failed\"\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nE: no",
                None,
            ),
            ("x = f(a=1, error=2)", None),
        ] {
            assert_eq!(report(text).or_else(|| line(text)).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"([\[\]{}":,a-z\n\\\t(). =\u{e9}]|"error":|msg=|err="|level=error ){0,60}"#) {
            report(&text);
            line(&text);
        }
    }
}
