//! JShell: every line behind a bar; frames name snippets (`at f (#4:1)`).

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use super::type_and_message;
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Parses what JShell printed of its last failed snippet; `None` when no line behind a bar is an exception or error.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.opens(b"|j\x08") {
        return None;
    }
    let last = (0..text.len()).rev().find(|&i| {
        behind_bar(text.line(i))
            .is_some_and(|rest| rest.starts_with("Exception ") || rest.trim_end() == "Error:")
    })?;
    let rest = behind_bar(text.line(last))?;
    match rest.strip_prefix("Exception ") {
        Some(header) => thrown(text, last, header),
        None => refused(text, last),
    }
}

/// What follows `|  `, also behind a prompt.
fn behind_bar(line: &str) -> Option<&str> {
    let line = line.strip_prefix("jshell> ").unwrap_or(line);
    // Where its input is no terminal, it moves back over its prompt.
    line.trim_start_matches([' ', '\t', '\u{8}']).strip_prefix('|').map(str::trim_start)
}

fn thrown<'a>(text: &Text<'a>, at: usize, header: &'a str) -> Option<Outcome<'a>> {
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let add = |header: &'a str, exceptions: &mut Vec<ParsedException<'a>>| {
        let Some(header) = type_and_message(header, true) else { return };
        let parent = exceptions.len().checked_sub(1);
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed(header.error_type),
            message: Cow::Borrowed(header.message.trim_end()),
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        });
    };
    add(header, &mut exceptions);
    for line in (at + 1..text.len()).map_while(|i| behind_bar(text.line(i))).take(1024) {
        if let Some(header) = line.strip_prefix("Caused by: ") {
            add(header, &mut exceptions);
        } else if let (Some(frame), Some(last)) = (frame(line), exceptions.last_mut()) {
            last.frames.push(frame);
        }
    }
    (!exceptions.is_empty()).then_some(Outcome { exceptions, truncated: false })
}

/// `at f (#4:1)`, `at (#1:1)`, `at Integer.parseInt (Integer.java:3)`.
fn frame(line: &str) -> Option<Frame<'_>> {
    let (name, place) = line.strip_prefix("at ")?.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let (file, number, _) = text::split_location(place);
    let (file, number) = match file.strip_prefix('#') {
        Some(_) => ("<jshell>", number),
        None => (file, number),
    };
    let (module, function) = text::split_owner(name.trim_end());
    Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) })
}

/// `Error:`, the compiler's message, the source and a marker below it.
fn refused<'a>(text: &Text<'a>, at: usize) -> Option<Outcome<'a>> {
    let lines: Vec<&'a str> =
        (at + 1..text.len()).map_while(|i| behind_bar(text.line(i))).take(32).map(str::trim_end).collect();
    let marker = lines.iter().position(|line| line.starts_with('^')).unwrap_or(lines.len());
    let source = marker.checked_sub(1).filter(|_| marker < lines.len());
    let message = lines.get(..source.unwrap_or(lines.len())).unwrap_or_default();
    let mut frame = located("", "<jshell>", None, None);
    frame.source = source.and_then(|i| lines.get(i)).map(|line| Cow::Borrowed(*line));
    let exception = ParsedException {
        error_type: Cow::Borrowed("CompilationError"),
        message: Cow::Owned(message.join("\n")),
        frames: vec![frame],
        ..ParsedException::default()
    };
    (!lines.is_empty()).then_some(Outcome { exceptions: vec![exception], truncated: false })
}
