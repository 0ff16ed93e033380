//! PHP: `PHP Fatal error:  Uncaught Type: message in /a.php:12`, `#0 /a.php(7): f()`, `Next Type: ...` for chains.
//!
//! The exception that was caught first is printed first; the last one is the reported.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

const KINDS: [&str; 6] =
    ["Fatal error: ", "Parse error: ", "Warning: ", "Notice: ", "Deprecated: ", "Recoverable fatal error: "];

/// Parses a PHP report; `None` when there is neither a PHP error line nor a numbered PHP frame.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(".php") && !text.has("PHP ") && !text.has("{main}") {
        return None;
    }
    uncaught(text).or_else(|| plain(text))
}

fn uncaught<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let first = (0..text.len()).find(|&i| numbered(text.line(i)).is_some());
    if first.is_none() && !text.has("Uncaught ") {
        return None;
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let mut at = 0;
    while at < text.len() && exceptions.len() < 64 {
        let line = text.line(at);
        if let Some(header) = header(line) {
            let end = (at + 1..text.len())
                .find(|&i| {
                    text.line(i).starts_with("Stack trace:")
                        || numbered(text.line(i)).is_some()
                        || text.line(i).starts_with("  thrown in")
                })
                .unwrap_or(text.len());
            exceptions.push(exception(text.span(at, header, end)));
            at = end;
            continue;
        }
        if let (Some(frame), Some(last)) = (numbered(line).flatten(), exceptions.last_mut()) {
            last.frames.push(frame);
        } else if let (Some(Some(frame)), true) = (numbered(line), exceptions.is_empty()) {
            exceptions.push(ParsedException { frames: vec![frame], ..ParsedException::default() });
        }
        at += 1;
    }
    if exceptions.is_empty() {
        return None;
    }
    exceptions.iter_mut().for_each(|exception| shift_functions(&mut exception.frames));
    exceptions.reverse();
    for (i, exception) in exceptions.iter_mut().enumerate().skip(1) {
        (exception.relation, exception.parent) = (Relation::Cause, Some(i - 1));
    }
    Some(Outcome { exceptions, truncated: false })
}

/// What follows `Uncaught ` or `Next `, or a bare `Type: message in /a.php:3`.
fn header(line: &str) -> Option<&str> {
    if let Some(at) = line.find("Uncaught ") {
        return Some(&line[at + "Uncaught ".len()..]);
    }
    if let Some(rest) = line.strip_prefix("Next ") {
        return text::split_type(rest).map(|_| rest);
    }
    let (word, _) = text::split_type(line)?;
    (text::is_error_name(word) && line.contains(" in ") && line.contains(".php")).then_some(line)
}

/// `Type: message in /a.php:12`: the place is the innermost frame.
fn exception(whole: &str) -> ParsedException<'_> {
    let (error_type, rest) = match whole.split_once(':') {
        Some((word, rest)) if text::is_type(word) => (word, rest.trim_start()),
        _ => ("", whole),
    };
    let (message, place) =
        rest.rsplit_once(" in ").map_or((rest, ""), |(message, place)| (message, place.trim()));
    let (file, number) =
        text::split_number(place, ':').map_or((place, None), |(file, number)| (file, Some(number)));
    let mut exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        ..ParsedException::default()
    };
    if file.is_empty() {
        exception.message = Cow::Borrowed(rest.trim());
    } else {
        exception.frames.push(located("", file, number, None));
    }
    exception
}

/// PHP prints the function that was called at a place; a frame's function is the one that the place is in, which
/// stands on the next line.
fn shift_functions(frames: &mut [Frame<'_>]) {
    for i in 1..frames.len() {
        let function = std::mem::take(&mut frames[i].function);
        let module = std::mem::take(&mut frames[i].module);
        (frames[i - 1].function, frames[i - 1].module) = (function, module);
    }
    if let Some(last) = frames.last_mut() {
        last.function = Cow::Borrowed("{main}");
    }
}

/// `#0 /a.php(12): A\B->f('x')`; `Some(None)` for `#1 {main}`.
fn numbered(line: &str) -> Option<Option<Frame<'_>>> {
    let (_, rest) = text::leading_number(line.trim_start().strip_prefix('#')?)?;
    let rest = rest.strip_prefix(' ')?;
    if rest.starts_with("{main}") {
        return Some(None);
    }
    let (place, call) = rest.split_once(": ")?;
    let (file, number) = match place.strip_suffix(')').and_then(|p| p.rsplit_once('(')) {
        Some((file, number)) => (file, text::number(number)),
        None if place == "[internal function]" => (place, None),
        None => return None,
    };
    let name = &call[..call.find('(').unwrap_or(call.len())];
    let (module, function) = match name.rfind("->").or_else(|| name.rfind("::")) {
        Some(at) => (&name[..at], &name[at + 2..]),
        None => ("", name),
    };
    Some(Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) }))
}

/// `PHP Parse error:  syntax error, ... in /a.php on line 3`.
fn plain<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (kind, rest) = text.iter().find_map(|line| {
        let line = line.strip_prefix("PHP ").unwrap_or(line);
        KINDS.iter().find_map(|kind| Some((*kind, line.strip_prefix(kind)?)))
    })?;
    let (message, place) = rest.rsplit_once(" in ")?;
    let (file, number) = place.rsplit_once(" on line ")?;
    let error_type = match kind {
        "Parse error: " => "ParseError",
        "Warning: " => "Warning",
        "Notice: " => "Notice",
        "Deprecated: " => "Deprecated",
        _ => "FatalError",
    };
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        frames: vec![located("", file, text::number(number.trim()), None)],
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}
