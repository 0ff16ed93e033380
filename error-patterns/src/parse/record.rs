//! The report in a record of a structured log: an object of JSON with a stack in one of its fields, or no more than
//! what it says; the fields of logfmt.
//!
//! Fields are those of pino, winston, python-json-logger, logstash's encoder, ECS and the AWS Lambda runtimes
//! (`errorType`, `errorMessage`, `stackTrace`), at any depth. Knows nothing of what stands in a stack but how its lines
//! begin: where type and message stand in fields of their own, the report is put together as its runtime would print it.
//! Stacks whose frames are objects are in `record/thrown.rs`, records without a stack in `record/words.rs`.

mod thrown;
mod words;

use super::python;
use memchr::memmem;
use serde_json::{Deserializer, Map, Value};

/// Lines that are looked at for a record.
const LINES_MAX: usize = 64;
/// Objects within objects that are looked at, and causes that are put behind a report.
const DEPTH_MAX: usize = 6;

/// Fields that hold a stack, as text or as a list of its lines, the plainest first.
const STACKS: [&str; 18] = [
    "stack",
    "stack_trace",
    "stacktrace",
    "stackTrace",
    "error.stack_trace",
    "exception.stacktrace",
    "traceback",
    "backtrace",
    "exc_info",
    "exc_text",
    "trace",
    "extendedStackTrace",
    "stepArray",
    "frames",
    "exception",
    "error",
    "err",
    "stderr",
];
/// Fields that hold an exception's type, and its message.
const TYPES: [&str; 10] = [
    "errorType",
    "type",
    "name",
    "class",
    "className",
    "exc_type",
    "error_type",
    "error.type",
    "exception.type",
    "exceptionClass",
];
const MESSAGES: [&str; 8] = [
    "errorMessage",
    "message",
    "msg",
    "exc_value",
    "error.message",
    "exception.message",
    "exceptionMessage",
    "value",
];

/// What a line of a stack looks like, by what stands before and behind its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `  File "a.py", line 1, in f`
    Python,
    /// `at f (a.js:1:2)`, `at a.B.f(B.java:3)`
    Called,
    /// `a.B.f(B.java:3)`: Java's without `at`.
    Bare,
    /// `a.rb:1:in 'f'`
    Ruby,
    /// `a.rb:1:in 'f': no (Error)`: nothing is missing.
    Whole,
}

/// The report in the first record of a text that has one; else what the record of a failure says.
pub(super) fn report(text: &str) -> Option<String> {
    let text = text.trim_start();
    if text.starts_with('[')
        && let Some(lines) = words::listed(text).or_else(|| words::shown(text))
    {
        return Some(lines);
    }
    let whole = text.starts_with('{').then_some(text);
    // Of lines that were printed each is a part of the report.
    if let Some(lines) =
        whole.filter(|text| text[1..].trim_start().starts_with("\"log\"")).and_then(words::printed)
    {
        return report(&lines).or(Some(lines));
    }
    let lines = text.lines().take(LINES_MAX).enumerate().filter_map(|(number, line)| {
        let start = memmem::find(line.as_bytes(), b"{\"")?;
        // The whole text begins with the same object.
        (number + start > 0).then(|| &line[start..])
    });
    let found = whole.into_iter().chain(lines).find_map(|text| {
        let record = Deserializer::from_str(text).into_iter::<Value>().next()?.ok()?;
        of_object(record.as_object()?, DEPTH_MAX)
    });
    found.or_else(|| whole.and_then(words::of_records))
}

/// What the first line says that has fields of a log behind its words.
pub(super) fn line(text: &str) -> Option<String> {
    words::of_line(text.trim_start())
}

fn of_object(object: &Map<String, Value>, depth: usize) -> Option<String> {
    let known = STACKS.iter().filter_map(|name| object.get(*name));
    // An order of its own: how the map keeps its fields depends on how the program was built.
    let mut others: Vec<_> = object.iter().filter(|(name, _)| !STACKS.contains(&name.as_str())).collect();
    others.sort_unstable_by_key(|(name, _)| *name);
    known.chain(others.into_iter().map(|(_, value)| value)).find_map(|value| match value {
        Value::String(text) if text.trim_start().starts_with('{') => report_within(text, depth),
        Value::String(text) => printed(object, text.lines().collect(), depth),
        Value::Array(items) => match items.iter().map(Value::as_str).collect::<Option<_>>() {
            Some(lines) => printed(object, lines, depth),
            None => thrown::printed(object, items, depth),
        },
        Value::Object(inner) => of_object(inner, depth.checked_sub(1)?),
        _ => None,
    })
}

fn report_within(text: &str, depth: usize) -> Option<String> {
    let inner: Value = serde_json::from_str(text).ok()?;
    of_object(inner.as_object()?, depth.checked_sub(1)?)
}

/// The report as its runtime prints it, of the lines of a stack; `None` where they are none.
fn printed(object: &Map<String, Value>, lines: Vec<&str>, depth: usize) -> Option<String> {
    let Some(at) = lines.iter().position(|line| shape(line).is_some()) else {
        // What IPython and pytest print needs nothing more.
        return lines.iter().any(|line| python::opens_report(line)).then(|| lines.join("\n"));
    };
    let shape = shape(lines[at])?;
    let mut out = String::new();
    let headed = at > 0;
    let title = title(object, shape).filter(|_| !headed);
    match shape {
        Shape::Python if !headed => out.push_str("Traceback (most recent call last):\n"),
        Shape::Called | Shape::Bare => {
            out.extend(title.iter().flat_map(|title| [title, "\n"]));
        }
        _ => {}
    }
    for (number, line) in lines.iter().enumerate() {
        match shape {
            Shape::Bare if !line.trim_start().starts_with("at ") => out.push_str("\tat "),
            Shape::Ruby if number > at => out.push_str("\tfrom "),
            _ => {}
        }
        out.push_str(line.trim_end_matches(['\n', '\r']));
        if shape == Shape::Ruby && number == at {
            out.extend(title.iter().flat_map(|title| [": ", title]));
        }
        out.push('\n');
    }
    if shape == Shape::Python {
        out.extend(title.iter().flat_map(|title| [title, "\n"]));
    }
    if shape == Shape::Bare {
        let mut cause = object.get("cause").and_then(Value::as_object);
        for _ in 0..depth {
            let Some(object) = cause else { break };
            let lines = STACKS.iter().find_map(|name| object.get(*name)?.as_array());
            let lines = lines.map(|lines| lines.iter().filter_map(Value::as_str).collect());
            let Some(inner) = lines.and_then(|lines| printed(object, lines, 0)) else { break };
            out.push_str("Caused by: ");
            out.push_str(&inner);
            cause = object.get("cause").and_then(Value::as_object);
        }
    }
    Some(out)
}

/// Type and message as they stand in a report.
fn title(object: &Map<String, Value>, shape: Shape) -> Option<String> {
    match (field(object, &TYPES), field(object, &MESSAGES)) {
        (Some(name), Some(message)) if shape == Shape::Ruby => Some(format!("{message} ({name})")),
        (Some(name), Some(message)) => Some(format!("{name}: {message}")),
        (name, message) => name.or(message).map(str::to_owned),
    }
}

/// The first of some fields that holds a text.
fn field<'o>(object: &'o Map<String, Value>, names: &[&str]) -> Option<&'o str> {
    names.iter().find_map(|name| object.get(*name)?.as_str())
}

/// What a line is, when it is a stack's.
fn shape(line: &str) -> Option<Shape> {
    let is_indented = line.starts_with([' ', '\t']);
    let line = line.trim();
    if line.starts_with("File \"") && line.contains("\", line ") {
        return Some(Shape::Python);
    }
    if let Some(call) = line.strip_prefix("at ") {
        return (call.contains(':') || call.ends_with(')')).then_some(Shape::Called);
    }
    if line.contains(":in `") || line.contains(":in '") {
        // One that says what was raised stands in a report as Ruby prints it.
        return Some(if line.ends_with('\'') && !line.starts_with("from ") {
            Shape::Ruby
        } else {
            Shape::Whole
        });
    }
    let place = line.strip_suffix(')')?.rsplit_once('(')?;
    let is_call = place.0.contains('.') && !place.0.contains([' ', '"']);
    let placed = matches!(place.1, "Unknown Source" | "Native Method")
        || place.1.contains(".java:")
        || place.1.contains(".kt:")
        || place.1.contains(".scala:");
    // JUnit indents its frames below the exception.
    (is_call && placed && !is_indented).then_some(Shape::Bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn puts_reports_together() {
        for (record, expected) in [
            // pino
            (
                r#"{"level":50,"err":{"type":"TypeError","message":"no","stack":"TypeError: no\n    at f (/a.js:1:2)"},"msg":"no"}"#,
                Some("TypeError: no\n    at f (/a.js:1:2)\n"),
            ),
            // winston: the message has the stack too, behind words of its own.
            (
                r#"{"level":"error","message":"uncaughtException: no\nError: no\n    at f (/a.js:1:2)","stack":"Error: no\n    at f (/a.js:1:2)"}"#,
                Some("Error: no\n    at f (/a.js:1:2)\n"),
            ),
            // AWS Lambda: Node.js, Python, Java, Ruby
            (
                r#"2026-01-02T03:04:05.678Z id ERROR Invoke Error {"errorType":"Error","errorMessage":"no","stack":["Error: no","    at f (/a.js:1:2)"]}"#,
                Some("Error: no\n    at f (/a.js:1:2)\n"),
            ),
            (
                r#"{"errorMessage":"'x'","errorType":"KeyError","requestId":"","stackTrace":["  File \"/var/task/a.py\", line 7, in f\n    return d['x']\n"]}"#,
                Some(
                    "Traceback (most recent call last):\n  File \"/var/task/a.py\", line 7, in f\n    return d['x']\nKeyError: 'x'\n",
                ),
            ),
            (
                r#"{"errorMessage":"no","errorType":"a.E","stackTrace":["a.B.f(B.java:5)"],"cause":{"errorMessage":"why","errorType":"a.C","stackTrace":["a.B.g(B.java:9)"]}}"#,
                Some("a.E: no\n\tat a.B.f(B.java:5)\nCaused by: a.C: why\n\tat a.B.g(B.java:9)\n"),
            ),
            (
                r#"{"errorMessage":"no","errorType":"E","stackTrace":["a.rb:1:in 'f'","a.rb:3:in '<main>'"]}"#,
                Some("a.rb:1:in 'f': no (E)\n\tfrom a.rb:3:in '<main>'\n"),
            ),
            // A record in a record: Docker's log file.
            (
                r#"{"log":"{\"msg\":\"no\",\"exc_info\":\"Traceback (most recent call last):\\n  File \\\"a.py\\\", line 1, in f\\nE: no\"}\n","stream":"stderr"}"#,
                Some("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nE: no\n"),
            ),
            // A line a record, and a list as Python shows it.
            (
                "{\"log\":\"Traceback (most recent call last):\\n\",\"stream\":\"stderr\"}\n{\"log\": \"E: no\\n\", \"stream\": \"stderr\"}\n",
                Some("Traceback (most recent call last):\nE: no\n"),
            ),
            (
                r#"['Traceback (most recent call last):\n', '  File "a.py", line 1\n', "E: it's\n"]"#,
                Some("Traceback (most recent call last):\n  File \"a.py\", line 1\nE: it's\n"),
            ),
            ("['a', 1]", None),
            // The second line's record, and objects that have no stack.
            (
                "{\"msg\":\"started\"}\n{\"msg\":\"no\",\"stack_trace\":\"a.E: no\\n\\tat a.B.f(B.java:5)\"}",
                Some("a.E: no\n\tat a.B.f(B.java:5)\n"),
            ),
            // No stack: what it says.
            (r#"{"message":"no","stack":"none"}"#, Some("no")),
            (r#"{"message":"look at it (soon)"}"#, Some("look at it (soon)")),
            ("TypeError: {\"a\": 1} is not iterable", None),
            ("{\"stack\":\"E: no\\n    at f (/a.js:1:2)", None),
        ] {
            assert_eq!(report(record).as_deref(), expected, "{record}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"([\[\]{}":,a-z\n\\\t().\u{e9}]|"stack":|at f \(a:1\)|File "|:in '){0,60}"#) {
            report(&text);
        }
    }
}
