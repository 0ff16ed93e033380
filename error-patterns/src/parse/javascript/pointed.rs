//! Reports that point at the source between or before the words and the frames: Bun's and Deno's.
//!
//! Bun prints numbered source lines and a caret, then `Type: message`, the error's properties and its frames; what
//! follows in the same form is the cause. Deno prints `error: Uncaught Type: message`, a source line, a caret and
//! the frames.

use super::super::Outcome;
use super::super::text::{self, Text, indent, is_marker};
use super::{frames, hang, inspect, named, v8_frame};
use crate::model::{ParsedException, Relation};
use std::borrow::Cow;

/// Errors of one report that are kept.
const ERRORS_MAX: usize = 32;

/// Bun's report; `None` when no caret stands below a numbered line, and no last line is Bun's own.
pub(super) fn bun<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let mut at = 0;
    let has_caret = text.opens(b"^");
    while has_caret && let Some(caret) = (at.max(1)..text.len()).find(|&i| is_caret(text, i)) {
        at = caret + 1;
        let Some((exception, end)) = pointed(text, caret) else { continue };
        // The compiler lists errors that have nothing to do with each other; its frames are indented less.
        let compiled = exception.frames.len() == 1 && indent(text.line(end - 1)) < 6;
        at = end;
        match exceptions.len() {
            0 if compiled => {
                let error_type =
                    if exception.error_type == "Error" { "SyntaxError".into() } else { exception.error_type };
                exceptions.push(ParsedException { error_type, ..exception });
                break;
            }
            0 => exceptions.push(exception),
            1..ERRORS_MAX if !compiled => {
                let last = exceptions.len() - 1;
                hang(&mut exceptions, last, Relation::Cause, exception);
            }
            _ => break,
        }
    }
    if exceptions.is_empty() {
        exceptions.push(sourceless(text)?);
    }
    Some(Outcome { exceptions, truncated: false })
}

fn is_caret(text: &Text<'_>, i: usize) -> bool {
    // Compilers of other languages draw a margin before the caret as well.
    text::trim(text.line(i)) == "^" && numbered(text.line(i - 1)).is_some()
}

/// The source of `12 | source`.
fn numbered(line: &str) -> Option<&str> {
    let (_, rest) = text::leading_number(line.trim_start())?;
    rest.strip_prefix(" | ").map(str::trim)
}

/// The error whose caret is on line `caret`, and the line after its frames.
fn pointed<'a>(text: &Text<'a>, caret: usize) -> Option<(ParsedException<'a>, usize)> {
    let at = caret + 1;
    let line = text.line(at);
    if line.is_empty() || line.starts_with(' ') {
        return None;
    }
    let first = (at + 1..text.len()).take_while(|&i| numbered(text.line(i)).is_none());
    let mut end = first.clone().find(|&i| v8_frame(text.line(i)).is_some()).unwrap_or(at + 1);
    let told = (at + 1..end).find(|&i| text.line(i).trim().is_empty() || property(text.line(i)).is_some());
    let (error_type, message) = words(line);
    let mut exception = named(error_type, text.span(at, message, told.unwrap_or(end)));
    let code = (at + 1..end).find_map(|i| property(text.line(i)).filter(|(key, _)| *key == "code"));
    if let Some((_, code)) = code {
        exception.code = Cow::Borrowed(code.trim_end_matches(',').trim_matches('"'));
    }
    exception.frames = frames(text, &mut end);
    exception.frames.first_mut()?.source = numbered(text.line(caret - 1)).map(Cow::Borrowed);
    Some((exception, end))
}

/// ` code: "E_DB",` of an error's properties.
fn property(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix(' ')?.trim_start().split_once(": ")?;
    (text::is_word(key) && !key.is_empty()).then_some((key, value))
}

/// Type and message of a first line. What is only called an error is one without a type of its own.
fn words(line: &str) -> (&str, &str) {
    match text::split_type(line) {
        Some(("error", message)) => ("Error", message),
        Some((word, message)) if word.starts_with(char::is_uppercase) && !super::super::is_code(word) => {
            (word, message)
        }
        _ => ("Error", line),
    }
}

/// `error: Cannot find module`, with Bun's name and version on the last line.
fn sourceless<'a>(text: &Text<'a>) -> Option<ParsedException<'a>> {
    let last = text.len().checked_sub(1)?;
    if !text.line(last).starts_with("Bun v") {
        return None;
    }
    let (at, line) = text.lines_from(0).find(|(_, line)| !line.trim().is_empty())?;
    let message = line.strip_prefix("error: ")?;
    let end = (at + 1..last).find(|&i| text.line(i).trim().is_empty()).unwrap_or(last);
    Some(named("Error", text.span(at, message, end)))
}

/// Deno's report; `None` when no line starts with `error: ` and tells of Deno.
pub(super) fn deno<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.opens(b"eT") {
        return None;
    }
    let (at, rest) = text.lines_from(0).find_map(|(i, line)| Some((i, heading(text, i, line)?)))?;
    let first = (at + 1..text.len()).find(|&i| v8_frame(text.line(i)).is_some());
    let mut end = first.unwrap_or(text.len());
    let (caret, below) = match first {
        Some(first) if first >= at + 2 && is_marker(text.line(first - 1)) => (true, first - 2),
        _ => (false, end),
    };
    let source = caret.then(|| text.line(below));
    let told = (at + 1..below).rev().find(|&i| text.line(i).trim() != "|").map_or(at + 1, |i| i + 1);
    let of_members = (at + 1 < end).then(|| text.line(at + 1)).filter(|line| {
        rest.starts_with("AggregateError") && indent(line) == 4 && inspect::typed(line.trim()).is_some()
    });
    let told = if of_members.is_some() { at + 1 } else { told };
    let (error_type, message) =
        match rest.strip_suffix(" [ERROR]:").or(rest.split_once(" [ERROR]: ").map(|p| p.0)) {
            Some(_) => ("CompilationError", rest.split_once(": ").map_or("", |parts| parts.1)),
            None => match text::split_type(rest) {
                Some((word, message)) if word.starts_with(char::is_uppercase) => (word, message),
                _ => ("", rest),
            },
        };
    let mut exceptions = vec![named(error_type, text.span(at, message, told))];
    if error_type == "CompilationError" {
        exceptions[0].code = Cow::Borrowed(rest.split(' ').next().unwrap_or_default());
    }
    if of_members.is_some() {
        end = at + 1;
    } else {
        exceptions[0].frames = frames(text, &mut end);
    }
    if let (Some(source), Some(frame)) = (source, exceptions[0].frames.first_mut()) {
        frame.source = Some(Cow::Borrowed(numbered(source).unwrap_or(source.trim())));
    }
    inspect::properties(text, end, &mut exceptions, of_members.map(|_| 2));
    Some(Outcome { exceptions, truncated: false })
}

/// What an error of Deno's says, without the words before it.
fn heading<'a>(text: &Text<'_>, at: usize, line: &'a str) -> Option<&'a str> {
    if !matches!(line.as_bytes().first(), Some(b'e' | b'T')) {
        return None;
    }
    if let Some(rest) = line.strip_prefix("error: ") {
        let uncaught = rest.strip_prefix("Uncaught ");
        let rest = uncaught.unwrap_or(rest);
        let rest = rest.strip_prefix("(in promise) ").unwrap_or(rest);
        let place = || (at + 1..text.len().min(at + 8)).any(|i| text.line(i).starts_with("    at file://"));
        return (uncaught.is_some() || place()).then_some(rest);
    }
    let (code, _) = line.strip_prefix("TS").and_then(|rest| rest.split_once(" [ERROR]: "))?;
    text::number(code).map(|_| line)
}
