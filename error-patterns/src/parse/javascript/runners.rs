//! What runners of tests make of a stack, as V8 would print it: vitest's arrows, and the YAML of TAP that `node --test`
//! and tap print.

use super::super::text::{self, Text};
use memchr::memmem;
use std::borrow::Cow;

/// Lines below `not ok` of which one opens the YAML.
const OPENING_LINES_MAX: usize = 4;
/// Lines of one YAML that are read.
const YAML_LINES_MAX: usize = 1024;

/// vitest's mark of a frame.
const ARROW: &str = "\u{276f} ";

/// The first failure in a text, when a runner of tests printed it without V8's own lines.
pub(super) fn plain(text: &Text<'_>) -> Option<String> {
    if text.opens(b"n") && text.has("not ok ") {
        return tap(text);
    }
    (text.opens(b"F") && text.has(ARROW)).then(|| vitest(text)).flatten()
}

/// ```text
///  FAIL  a.test.js > adds up
/// TypeError: x is not a function
///  > total a.js:2:21
///       2|   return x();
///        |          ^
///  > a.test.js:4:1
/// ```
fn vitest(text: &Text<'_>) -> Option<String> {
    let failed = text.iter().position(|line| text::trim_start(line).starts_with("FAIL "))?;
    let mut out = String::new();
    let mut framed = false;
    for (_, line) in text.lines_from(failed + 1) {
        let trimmed = text::trim(line);
        if trimmed.starts_with('\u{23af}') || trimmed.starts_with("FAIL ") {
            break;
        }
        if let Some(frame) = trimmed.strip_prefix(ARROW) {
            push_frame(&mut out, frame);
            framed = true;
        } else if !framed {
            out.push_str(trimmed);
            out.push('\n');
        }
    }
    framed.then_some(out)
}

/// ```text
/// not ok 1 - adds up
///   ---
///   error: "x is not a function"
///   name: 'TypeError'
///   stack: |-
///     total (/a.js:2:21)
///     node:internal/process/task_queues:95:5
///   ...
/// ```
fn tap(text: &Text<'_>) -> Option<String> {
    let opened = |i: &usize| {
        text::trim_start(text.line(*i)).starts_with("not ok ")
            && (i + 1..i + 1 + OPENING_LINES_MAX).any(|i| text::trim(text.line(i)) == "---")
    };
    let at = (0..text.len()).find(opened)?;
    let open = (at + 1..text.len()).find(|&i| text::trim(text.line(i)) == "---")?;
    let indent = text::indent(text.line(open));
    let (mut error, mut name, mut frames) = (None, None, String::new());
    let mut in_stack = false;
    let mut block: Option<String> = None;
    for (_, line) in text.lines_from(open + 1).take(YAML_LINES_MAX) {
        let trimmed = text::trim(line);
        if text::indent(line) > indent {
            if in_stack {
                push_frame(&mut frames, trimmed.strip_prefix("at ").unwrap_or(trimmed));
            } else if let Some(block) = &mut block {
                block.push_str(if block.is_empty() { "" } else { "\n" });
                block.push_str(trimmed);
            }
            continue;
        }
        if let Some(block) = block.take() {
            error.get_or_insert(Cow::Owned(block));
        }
        let Some((key, value)) = trimmed.split_once(':').filter(|_| trimmed != "...") else { break };
        let value = value.trim();
        in_stack = key == "stack";
        match key {
            "error" if value.starts_with(['|', '>']) => block = Some(String::new()),
            "error" => error = Some(unquoted(value)),
            "name" | "type" => name = Some(unquoted(value)).filter(|name| text::is_error_name(name)),
            _ => {}
        }
    }
    // tap says it in place of the test's name.
    let title = || Some(Cow::Borrowed(text.line(at).split_once(" - ")?.1));
    let message = error.or_else(title)?;
    Some(format!("{}: {message}\n{frames}", name.as_deref().unwrap_or("Error")))
}

fn unquoted(value: &str) -> Cow<'_, str> {
    if let Some(inner) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        return if memmem::find(inner.as_bytes(), b"''").is_some() {
            Cow::Owned(inner.replace("''", "'"))
        } else {
            Cow::Borrowed(inner)
        };
    }
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(inner) => Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")),
        None => Cow::Borrowed(value),
    }
}

/// `total a.js:2:21`, `total (a.js:2:21)` or `a.js:2:21`.
fn push_frame(out: &mut String, frame: &str) {
    out.push_str("    at ");
    match frame.rsplit_once(' ') {
        Some((function, place)) if !place.ends_with(')') => {
            out.extend([function, " (", place, ")"]);
        }
        _ => out.push_str(frame),
    }
    out.push('\n');
}
