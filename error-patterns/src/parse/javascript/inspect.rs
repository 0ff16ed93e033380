//! What `util.inspect` prints around an error: `[Error: x]`, `{ code: 'X', [cause]: ..., [errors]: [...] }`.

use super::super::text::{self, Text, indent};
use super::{frames, hang, named, v8_frame};
use crate::bytes::is_capital_name;
use crate::model::{ParsedException, Relation};
use std::borrow::Cow;

/// `Type: message`, `Type [CODE]: message`, `Type`, the same in square brackets. The type is named like an error.
pub(super) fn typed(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.strip_prefix('[').filter(|_| is_bare(line)).unwrap_or(line);
    let end =
        line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    if !is_named(word) || !text::is_type(word) {
        return None;
    }
    let (word, code, rest) = match rest.strip_prefix(" [").and_then(|r| r.split_once(']')) {
        Some((code, rest)) if is_capital_name(code.as_bytes()) => (word, code, rest),
        // `DOMException [AbortError]: ...` names the kind; `TypeError [Error]: ...` came from another thread.
        Some((kind, rest)) if text::is_type(kind) => {
            (if word == "DOMException" { kind } else { word }, "", rest)
        }
        _ => (word, "", rest),
    };
    let message = match rest.strip_prefix(':') {
        Some(message) => message.strip_prefix(' ').unwrap_or(message),
        None if rest.is_empty() || rest.starts_with(']') || rest == " {" => "",
        None => return None,
    };
    Some((word, code, message))
}

fn is_named(word: &str) -> bool {
    text::is_error_name(word) || word == "DOMException" || word.ends_with("Rejection")
}

/// Whether a line is an error without a stack: `[Error: x]`, `[Error: x] {`.
pub(super) fn is_bare(line: &str) -> bool {
    line.starts_with('[')
        && (line.ends_with(']') || line.ends_with("] {") || line.ends_with("],"))
        && line[1..].split([':', ' ', ']']).next().is_some_and(is_named)
}

/// A message without what closes the square brackets or opens the properties.
pub(super) fn trim_bare<'a>(trimmed: &str, message: &'a str, line: &str) -> &'a str {
    if is_bare(trimmed) || text::trim_start(line).starts_with('[') {
        let message = message.strip_suffix(" {").unwrap_or(message);
        let message = message.strip_suffix(',').unwrap_or(message);
        return message.strip_suffix(']').unwrap_or(message);
    }
    message.strip_suffix(" {").unwrap_or(message)
}

/// First line after the message that starts at `at`, when no stack line ends it.
pub(super) fn message_end(text: &Text<'_>, at: usize) -> usize {
    let ends = |i: &usize| {
        let line = text.line(*i);
        v8_frame(line).is_some()
            || text::trim(line).is_empty()
            || line.starts_with("Node.js v")
            || text.line(i - 1).ends_with('{')
    };
    (at + 1..text.len()).find(ends).unwrap_or(text.len())
}

/// Reads the properties that follow a stack, from line `at` on: codes, causes, members.
/// `members` is the column before which the members of the first error stand, where they are not in a list.
pub(super) fn properties<'a>(
    text: &Text<'a>,
    mut at: usize,
    exceptions: &mut Vec<ParsedException<'a>>,
    members: Option<usize>,
) {
    // Errors whose properties are open: their indentation, their number, and where their `[errors]` stand.
    let mut open: Vec<(usize, usize, Option<usize>)> = vec![(0, 0, members)];
    // An error whose members stand on lines of their own.
    let mut listed = members.is_some();
    while at < text.len() && exceptions.len() < 64 {
        let line = text.line(at);
        let column = indent(line);
        let telling = matches!(line.as_bytes().get(column), Some(b'[' | b'e' | b'C' | b'c'));
        if !telling && !listed {
            at += 1;
            continue;
        }
        let trimmed = text::trim(line);
        if trimmed == "[errors]: [" || trimmed == "errors: [" {
            if let Some(owner) = open.iter_mut().rev().find(|(indent, ..)| *indent <= column) {
                owner.2 = Some(column);
                listed = true;
            }
            at += 1;
            continue;
        }
        if let Some((parent, relation, header)) = child(trimmed, column, &open) {
            at = error(text, at, header, exceptions, parent, relation);
            while open.last().is_some_and(|(indent, ..)| *indent >= column) {
                open.pop();
            }
            open.push((column, exceptions.len() - 1, None));
            continue;
        }
        if let Some(code) = trimmed.strip_prefix("code: ") {
            let owner =
                open.iter().rev().find(|(indent, ..)| *indent < column).map_or(0, |(_, owner, _)| *owner);
            let code = code.trim_end_matches(',').trim_matches(['\'', '"', '`']);
            if exceptions[owner].code.is_empty() && !code.is_empty() && code.len() <= 64 {
                exceptions[owner].code = Cow::Borrowed(code);
            }
        }
        at += 1;
    }
}

/// Whether a line starts an error that hangs on an open one.
fn child<'l>(
    trimmed: &'l str,
    column: usize,
    open: &[(usize, usize, Option<usize>)],
) -> Option<(usize, Relation, &'l str)> {
    if let Some(header) = trimmed.strip_prefix("[cause]: ") {
        let parent =
            open.iter().rev().find(|(indent, ..)| *indent < column).map_or(0, |(_, owner, _)| *owner);
        typed(header)?;
        return Some((parent, Relation::Cause, header));
    }
    if let Some(header) = trimmed.strip_prefix("Caused by: ") {
        typed(header)?;
        return Some((open.last().map_or(0, |(_, owner, _)| *owner), Relation::Cause, header));
    }
    let (_, owner, _) =
        open.iter().rev().find(|(_, _, members)| members.is_some_and(|at| column == at + 2))?;
    typed(trimmed)?;
    Some((*owner, Relation::Member, trimmed))
}

/// Reads one nested error whose header is on line `at`; returns the line after its stack.
fn error<'a>(
    text: &Text<'a>,
    at: usize,
    header: &str,
    exceptions: &mut Vec<ParsedException<'a>>,
    parent: usize,
    relation: Relation,
) -> usize {
    let line = text.line(at).trim_end();
    let header = &line[line.len() - header.len()..];
    let Some((error_type, code, message)) = typed(header) else { return at + 1 };
    let mut end = at + 1;
    if !is_bare(header) && !header.ends_with('{') {
        let column = indent(line);
        while end < text.len() && v8_frame(text.line(end)).is_none() && indent(text.line(end)) > column {
            end += 1;
        }
    }
    let message = trim_bare(header, text.span(at, message, end), header);
    let mut exception = ParsedException { code: Cow::Borrowed(code), ..named(error_type, message) };
    exception.frames = frames(text, &mut end);
    hang(exceptions, parent, relation, exception);
    end.max(at + 1)
}
