//! Stacks whose frames are objects: log4j2's `thrown`, logback's `throwable`, structlog's list of exceptions, zerolog's
//! stack, events of Sentry.

use super::words::words;
use super::{DEPTH_MAX, MESSAGES, STACKS, Shape, TYPES, field, title};
use serde_json::{Map, Value};
use std::fmt::Write;

/// Frames of one stack that are read: the rest is left out at its end.
const FRAMES_MAX: usize = 1024;

/// Fields of a frame.
const FILES: [&str; 6] = ["filename", "file", "fileName", "abs_path", "source", "path"];
const LINES: [&str; 4] = ["lineno", "line", "lineNumber", "line_number"];
const COLUMNS: [&str; 4] = ["colno", "column", "col", "columnNumber"];
const FUNCTIONS: [&str; 6] = ["function", "method", "methodName", "func", "name", "functionName"];
const CLASSES: [&str; 3] = ["class", "className", "declaringClass"];
const SOURCES: [&str; 3] = ["context_line", "code", "source_line"];

#[derive(Debug)]
struct Frame<'v> {
    file: &'v str,
    line: u64,
    column: Option<u64>,
    function: &'v str,
    class: &'v str,
    source: &'v str,
}

/// How a runtime prints its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Python,
    Java,
    Go,
    JavaScript,
}

/// The report as its runtime prints it, of a list of frames or of exceptions; `None` where it is neither.
pub(super) fn printed(object: &Map<String, Value>, items: &[Value], depth: usize) -> Option<String> {
    match frames(items) {
        Some(frames) => Some(stack(object, &frames, depth)),
        None => chain(items, depth),
    }
}

/// All items as frames.
fn frames(items: &[Value]) -> Option<Vec<Frame<'_>>> {
    let frames: Option<Vec<_>> = items.iter().take(FRAMES_MAX).map(|item| frame(item.as_object()?)).collect();
    frames.filter(|frames| !frames.is_empty())
}

fn frame(object: &Map<String, Value>) -> Option<Frame<'_>> {
    let number = |names: &[&str]| {
        names.iter().find_map(|name| match object.get(*name)? {
            // Of native methods it is below zero.
            Value::Number(number) => Some(number.as_u64().unwrap_or(0)),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        })
    };
    let (file, class) = (field(object, &FILES), field(object, &CLASSES));
    Some(Frame {
        line: number(&LINES)?,
        file: file.or(class)?,
        column: number(&COLUMNS),
        function: field(object, &FUNCTIONS).unwrap_or_default(),
        class: class.unwrap_or_default(),
        source: field(object, &SOURCES).unwrap_or_default(),
    })
}

fn form(frames: &[Frame<'_>]) -> Form {
    let ends = |end: &str| frames.iter().any(|frame| frame.file.ends_with(end));
    if frames.iter().any(|frame| !frame.class.is_empty()) {
        Form::Java
    } else if ends(".py") || frames.iter().all(|frame| frame.file.starts_with("<")) {
        Form::Python
    } else if ends(".go") {
        Form::Go
    } else {
        Form::JavaScript
    }
}

/// One exception and, where the runtime prints them below it, its causes.
fn stack(object: &Map<String, Value>, frames: &[Frame<'_>], depth: usize) -> String {
    let form = form(frames);
    let mut out = String::new();
    let title = match field(object, &TYPES) {
        Some(_) => title(object, Shape::Called),
        None => words(object, depth),
    };
    let title = title.as_deref().unwrap_or("Error");
    match form {
        Form::Python => out.push_str("Traceback (most recent call last):\n"),
        Form::Java | Form::Go | Form::JavaScript => {
            out.push_str(title);
            out.push('\n');
        }
    }
    for frame in frames {
        let Frame { file, line, column, function, class, source } = frame;
        // Writing to a string cannot fail.
        let _ = match form {
            Form::Python if source.is_empty() => {
                writeln!(out, "  File \"{file}\", line {line}, in {function}")
            }
            Form::Python => {
                writeln!(out, "  File \"{file}\", line {line}, in {function}\n    {}", source.trim())
            }
            Form::Java => writeln!(out, "\tat {class}.{function}({file}:{line})"),
            Form::Go => writeln!(out, "{function}(...)\n\t{file}:{line}"),
            Form::JavaScript => {
                let column = column.unwrap_or(1);
                let function = if function.is_empty() { "<anonymous>" } else { *function };
                writeln!(out, "    at {function} ({file}:{line}:{column})")
            }
        };
    }
    match form {
        Form::Python => {
            out.push_str(title);
            out.push('\n');
        }
        Form::Java => {
            let cause = object.get("cause").and_then(Value::as_object);
            let below = cause.zip(depth.checked_sub(1)).and_then(|(cause, depth)| {
                let items = STACKS.iter().find_map(|name| cause.get(*name)?.as_array())?;
                Some(stack(cause, &self::frames(items)?, depth))
            });
            out.extend(below.iter().flat_map(|below| ["Caused by: ", below]));
        }
        Form::Go | Form::JavaScript => {}
    }
    out
}

/// Exceptions in a list: structlog puts the one that was raised first and says what caused it, Sentry puts it last.
fn chain(items: &[Value], depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let of = |item: &Value| {
        let object = item.as_object()?;
        let known = |names: &[&str]| names.iter().any(|name| object.contains_key(*name));
        if !known(&TYPES) || !known(&MESSAGES) {
            return None;
        }
        let inner = object.get("stacktrace").and_then(Value::as_object).unwrap_or(object);
        let frames = frames(STACKS.iter().find_map(|name| inner.get(*name)?.as_array())?)?;
        let is_cause = object.get("is_cause").and_then(Value::as_bool);
        let (form, is_sentrys) = (form(&frames), !std::ptr::eq(inner, object));
        // Sentry's frames are outermost first whatever the runtime.
        let frames =
            if is_sentrys && form != Form::Python { frames.into_iter().rev().collect() } else { frames };
        Some((form, is_cause, stack(object, &frames, depth)))
    };
    let mut found: Vec<_> = items.iter().take(DEPTH_MAX).map_while(of).collect();
    if found.iter().any(|(_, is_cause, _)| is_cause.is_some()) {
        found.reverse();
    }
    let (form, _, last) = found.last()?;
    if *form != Form::Python {
        return Some(last.clone());
    }
    let mut out = String::new();
    for (i, (_, is_cause, stack)) in found.iter().enumerate() {
        out.push_str(stack);
        if i + 1 < found.len() {
            out.push_str(match is_cause {
                Some(true) => "\nThe above exception was the direct cause of the following exception:\n\n",
                _ => "\nDuring handling of the above exception, another exception occurred:\n\n",
            });
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::report;

    #[test]
    fn prints_frames_that_are_objects() {
        for (record, expected) in [
            // log4j2
            (
                r#"{"level":"ERROR","message":"it failed","thrown":{"message":"no","name":"a.E","cause":{"message":"why","name":"a.C","extendedStackTrace":[{"class":"a.B","method":"g","file":"B.java","line":9}]},"extendedStackTrace":[{"class":"a.B","method":"f","file":"B.java","line":5,"exact":false}]}}"#,
                "a.E: no\n\tat a.B.f(B.java:5)\nCaused by: a.C: why\n\tat a.B.g(B.java:9)\n",
            ),
            // logback
            (
                r#"{"level":"ERROR","message":"it failed","throwable":{"className":"a.E","message":"no","stepArray":[{"className":"a.B","methodName":"f","fileName":"B.java","lineNumber":5},{"className":"a.N","methodName":"h","fileName":"N.java","lineNumber":-2}]}}"#,
                "a.E: no\n\tat a.B.f(B.java:5)\n\tat a.N.h(N.java:0)\n",
            ),
            // structlog: the cause stands second.
            (
                r#"{"event":"it failed","exception":[{"exc_type":"E","exc_value":"no","is_cause":false,"frames":[{"filename":"/a.py","lineno":3,"name":"f"}]},{"exc_type":"KeyError","exc_value":"'x'","is_cause":true,"frames":[{"filename":"/a.py","lineno":1,"name":"g"}]}]}"#,
                "Traceback (most recent call last):\n  File \"/a.py\", line 1, in g\nKeyError: 'x'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"/a.py\", line 3, in f\nE: no\n",
            ),
            // Sentry
            (
                r#"{"exception":{"values":[{"type":"TypeError","value":"no","stacktrace":{"frames":[{"filename":"m.js","lineno":9,"colno":2,"function":"main"},{"filename":"a.js","lineno":1,"colno":5,"function":"f"}]}}]}}"#,
                "TypeError: no\n    at f (a.js:1:5)\n    at main (m.js:9:2)\n",
            ),
            // zerolog
            (
                r#"{"level":"error","stack":[{"func":"main","line":"32","source":"main.go"}],"error":"no order","message":"read failed"}"#,
                "read failed: no order\nmain(...)\n\tmain.go:32\n",
            ),
        ] {
            assert_eq!(report(record).as_deref(), Some(expected), "{record}");
        }
    }
}
