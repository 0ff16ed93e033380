//! .NET and Mono: `   at A.B.C(String x) in /src/a.cs:line 12`, `--->` for inner exceptions, and the compilers' `error
//! CS0103`.
//!
//! Inner frames are printed first, up to `--- End of inner exception stack trace ---`; outer frames follow, and last the
//! members of an `AggregateException` with their own.

mod frame;

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{ParsedException, Relation};
use frame::frame;
use std::borrow::Cow;

/// Exceptions that are read from one header, and members of one aggregate.
const CHAIN_MAX: usize = 32;

/// Parses a .NET report; `None` when there is no frame, header or diagnostic of .NET.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    stack(text).or_else(|| compiler(text))
}

/// What the runtime says where it has no memory left for an exception: `Stack overflow.`, with frames below.
fn fatal<'a>(text: &Text<'a>, to: usize) -> Option<ParsedException<'a>> {
    (0..to).map(|i| text.line(i).trim()).find_map(|line| {
        let error_type = match line {
            "Stack overflow." => "System.StackOverflowException",
            "Out of memory." => "System.OutOfMemoryException",
            _ => return None,
        };
        let (error_type, message) = (Cow::Borrowed(error_type), Cow::Borrowed(line));
        Some(ParsedException { error_type, message, ..ParsedException::default() })
    })
}

fn stack<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let first = text.iter().position(|line| frame(line).is_some());
    // Java's frames have the same beginning but name their file in the brackets.
    if first.is_none() && !text.has("Unhandled exception. ") && !text.has("Unhandled Exception: ") {
        return None;
    }
    let to = first.unwrap_or(text.len());
    let start = (0..to).find(|&i| head(text.line(i)).is_some());
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    if let Some(start) = start {
        headers(text, start, to, &mut exceptions);
    } else if !frame::is_sure(text.line(first?)) && !text.has("--- End of ") && !text.has("System.") {
        return None;
    }
    if exceptions.is_empty() {
        exceptions.push(fatal(text, to).unwrap_or_default());
    }
    // The innermost exception's frames come first.
    let mut of = Some(exceptions.len() - 1);
    for (i, line) in text.lines_from(to) {
        let ends = line.trim_end().ends_with("<---");
        if let Some(frame) = frame(line) {
            if let Some(of) = of {
                exceptions[of].frames.push(frame);
            }
        } else if line.contains("--- End of inner exception stack trace") {
            of = of.map(|of| exceptions[of].parent.unwrap_or(0));
        } else if let Some(rest) = line.trim_start().strip_prefix("---> (Inner Exception #") {
            of = member(text, i, rest, &mut exceptions);
        } else if line.contains("UNHANDLED EXCEPTION: ") {
            // Mono prints the whole once more.
            break;
        }
        if ends {
            of = None;
        }
    }
    Some(Outcome { exceptions, truncated: false })
}

/// `---> (Inner Exception #1) System.X: message`: opens the member; the first was printed above already.
fn member<'a>(
    text: &Text<'a>,
    at: usize,
    rest: &'a str,
    exceptions: &mut Vec<ParsedException<'a>>,
) -> Option<usize> {
    let (number, rest) = text::leading_number(rest)?;
    if number == 0 || exceptions.len() >= CHAIN_MAX {
        return None;
    }
    let rest = rest.trim_start_matches([')', ' ']);
    let end = (at + 1..text.len().min(at + 32)).find(|&i| frame(text.line(i)).is_some()).unwrap_or(at + 1);
    let whole = text.span(at, rest, end);
    let (error_type, message) = typed(whole.trim_end_matches("<---").trim());
    exceptions.push(ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message),
        relation: Relation::Member,
        parent: Some(0),
        ..ParsedException::default()
    });
    Some(exceptions.len() - 1)
}

/// A first line: `Unhandled exception. System.X: message`, `System.X: message`.
fn head(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = ["Unhandled exception. ", "Unhandled Exception: ", "[ERROR] FATAL UNHANDLED EXCEPTION: "]
        .iter()
        .find_map(|start| line.strip_prefix(start))
        .unwrap_or(line);
    let word = line.split([':', ' ']).next()?;
    (text::is_error_name(word) && word.contains('.') && text::is_type(word)).then_some(line)
}

/// Reads `Outer: a ---> Inner: b`, on one line or on several.
fn headers<'a>(text: &Text<'a>, start: usize, to: usize, exceptions: &mut Vec<ParsedException<'a>>) {
    let Some(line) = head(text.line(start)) else { return };
    let whole = text.span(start, line, to);
    for part in whole.split("---> ").take(CHAIN_MAX) {
        let (error_type, message) = typed(part.trim());
        let parent = exceptions.len().checked_sub(1);
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed(error_type),
            message: Cow::Borrowed(message),
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        });
    }
}

/// `System.X: message`, `System.IO.IOException (0x80070005): message`.
fn typed(part: &str) -> (&str, &str) {
    let end = part.find(['\n', ' ']).unwrap_or(part.len());
    let (error_type, message) = match part[..end].strip_suffix(':') {
        Some(word) => (word, part[end..].trim()),
        None => part.split_once(": ").map_or((part, ""), |(word, message)| (word, message.trim())),
    };
    (error_type.split(" (").next().unwrap_or(error_type), message)
}

/// `Program.cs(3,5): error CS0103: The name 'x' does not exist ... [/src/a.csproj]`, `CSC : error CS5001: ...`, `a.csproj :
/// error NU1101: ...`.
fn compiler<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(": error ") {
        return None;
    }
    for line in text.iter() {
        let Some((place, rest)) = line.split_once(": error ") else { continue };
        let Some((code, message)) = rest.split_once(": ") else { continue };
        let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let letters = &code[..code.len() - digits.len()];
        if !["CS", "FS", "BC", "VB", "NU", "MSB", "NETSDK"].contains(&letters)
            || text::number(digits).is_none()
        {
            continue;
        }
        let message = message.rsplit_once(" [").map_or(message, |(message, _)| message);
        let located_at = place.trim_end().strip_suffix(')').and_then(|place| place.rsplit_once('('));
        let frames = located_at.map(|(file, at)| {
            let (line, column) = at.split_once(',').unwrap_or((at, ""));
            located("", file.trim(), text::number(line), text::number(column))
        });
        let exception = ParsedException {
            error_type: Cow::Borrowed("CompilationError"),
            message: Cow::Borrowed(message.trim()),
            code: Cow::Borrowed(code),
            frames: frames.into_iter().collect(),
            ..ParsedException::default()
        };
        return Some(Outcome { exceptions: vec![exception], truncated: false });
    }
    None
}
