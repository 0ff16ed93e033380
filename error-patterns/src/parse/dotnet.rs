//! .NET: `   at A.B.C(String x) in /src/a.cs:line 12`, `--->` for inner exceptions, and the compiler's `error CS0103`.
//!
//! Inner frames are printed first, up to `--- End of inner exception stack trace ---`; outer frames follow.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Parses a .NET report; `None` when there is no frame, header or diagnostic of .NET.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    stack(text).or_else(|| compiler(text))
}

fn stack<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let first = (0..text.len()).find(|&i| frame(text.line(i)).is_some());
    let marked = text.has("Unhandled exception. ") || text.has("Unhandled Exception: ");
    // Java's frames have the same beginning but name their file in the brackets.
    if first.is_none() && !marked {
        return None;
    }
    let to = first.unwrap_or(text.len());
    let start = (0..to).find(|&i| head(text.line(i)).is_some());
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    if let Some(start) = start {
        headers(text, start, to, &mut exceptions);
    } else if !text.line(first?).contains(") in ") && !text.has("--- End of ") && !text.has("System.") {
        return None;
    }
    if exceptions.is_empty() {
        exceptions.push(ParsedException::default());
    }
    // The innermost exception's frames come first.
    let mut of = exceptions.len() - 1;
    for (_, line) in text.lines_from(to) {
        if let Some(frame) = frame(line) {
            exceptions[of].frames.push(frame);
        } else if line.contains("--- End of inner exception stack trace") {
            of = exceptions[of].parent.unwrap_or(0);
        }
    }
    Some(Outcome { exceptions, truncated: false })
}

/// A first line: `Unhandled exception. System.X: message`, `System.X: message`.
fn head(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line
        .strip_prefix("Unhandled exception. ")
        .or_else(|| line.strip_prefix("Unhandled Exception: "))
        .unwrap_or(line);
    let word = line.split([':', ' ']).next()?;
    (text::is_type(word) && text::is_error_name(word) && word.contains('.')).then_some(line)
}

/// Reads `Outer: a ---> Inner: b`, on one line or on several.
fn headers<'a>(text: &Text<'a>, start: usize, to: usize, exceptions: &mut Vec<ParsedException<'a>>) {
    let Some(line) = head(text.line(start)) else { return };
    let whole = text.span(start, line, to);
    for part in whole.split(" ---> ").take(32) {
        let part = part.trim();
        let end = part.find(['\n', ' ']).unwrap_or(part.len());
        let (error_type, message) = match part[..end].strip_suffix(':') {
            Some(word) => (word, part[end..].trim()),
            None => part.split_once(": ").map_or((part, ""), |(word, message)| (word, message.trim())),
        };
        let parent = exceptions.len().checked_sub(1);
        // `System.IO.IOException (0x80070005): message`
        let error_type = error_type.split(" (").next().unwrap_or(error_type);
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed(error_type),
            message: Cow::Borrowed(message),
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        });
    }
}

/// `at A.B.C[T](String x, Int32 y) in C:\src\a.cs:line 12`.
fn frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim_start().strip_prefix("at ")?.trim_end();
    let open = rest.find('(')?;
    let name = &rest[..open];
    if name.contains(' ') || !name.contains('.') {
        return None;
    }
    let close = open + rest[open..].find(')')?;
    let arguments = &rest[open + 1..close];
    let after = &rest[close + 1..];
    // `(Foo.java:3)` and `(file.js:1:2)` are other runtimes' places; arguments are a type and a name each.
    let typed = arguments.is_empty()
        || arguments.split(", ").all(|argument| argument.trim().contains(' ') && !argument.contains(':'));
    if !typed || matches!(arguments, "Native Method" | "Unknown Source") {
        return None;
    }
    let name = name.split('[').next().unwrap_or(name);
    let (module, function) = text::split_owner(name);
    let place = after.trim_start().strip_prefix("in ");
    if place.is_none() && !after.trim().is_empty() && !after.starts_with(" +") {
        return None;
    }
    let (file, number) = match place.and_then(|place| place.rsplit_once(":line ")) {
        Some((file, number)) => (file, text::number(number)),
        None => (place.unwrap_or_default(), None),
    };
    Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) })
}

/// `Program.cs(3,5): error CS0103: The name 'x' does not exist ... [/src/a.csproj]`.
fn compiler<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    for line in text.iter() {
        let Some((place, rest)) = line.split_once("): error ") else { continue };
        let (Some((file, at)), Some((code, message))) = (place.rsplit_once('('), rest.split_once(": "))
        else {
            continue;
        };
        if !["CS", "FS", "BC"].iter().any(|prefix| code.starts_with(prefix)) {
            continue;
        }
        let (line, column) = at.split_once(',').unwrap_or((at, ""));
        let message = message.rsplit_once(" [").map_or(message, |(message, _)| message);
        let exception = ParsedException {
            error_type: Cow::Borrowed("CompilationError"),
            message: Cow::Borrowed(message.trim()),
            code: Cow::Borrowed(code),
            frames: vec![located("", file.trim(), text::number(line), text::number(column))],
            ..ParsedException::default()
        };
        return Some(Outcome { exceptions: vec![exception], truncated: false });
    }
    None
}
