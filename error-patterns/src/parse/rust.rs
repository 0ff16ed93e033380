//! Rust: panics of old and new form with their backtrace, errors that `main` returned, and the compiler's.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Lines of a message that are read.
const MESSAGE_LINES_MAX: usize = 64;
/// Causes that are read.
const CAUSES_MAX: usize = 32;

/// Parses a Rust report; `None` when there is no panic and no `error[E0308]`.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has("panicked at ")
        && let Some(outcome) = panic(text)
    {
        return Some(outcome);
    }
    if text.opens(b"0123456789") && text.has("at /rustc/") {
        // What a hook of the program's own printed: a client has the message.
        let frames = backtrace(text, 0);
        let exception = ParsedException { frames, ..ParsedException::default() };
        return (!exception.frames.is_empty())
            .then_some(Outcome { exceptions: vec![exception], truncated: false });
    }
    if !text.opens(b"etmfET") {
        return None;
    }
    compiler(text).or_else(|| runtime(text)).or_else(|| crashed(text)).or_else(|| returned(text))
}

fn panic<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, rest) = text.lines_from(0).find_map(|(i, line)| {
        let start = line.find("thread '").or_else(|| line.find("thread caused non-unwinding panic"))?;
        let (_, rest) = line[start..].split_once("panicked at ")?;
        Some((i, rest))
    })?;
    let end = (at + 1..text.len())
        .find(|&i| {
            ["note: ", "stack backtrace:"].iter().any(|word| text.line(i).starts_with(word))
                || text.line(i).trim().is_empty() && text.line(i + 1).starts_with("stack backtrace")
        })
        .unwrap_or(text.len());
    // Until 1.72: `panicked at 'message', src/main.rs:4:5`; since then the place, then the message on its own lines.
    let (message, place) = match rest.strip_prefix('\'') {
        Some(quoted) if quoted.contains("', ") => {
            let (message, place) = quoted.rsplit_once("', ")?;
            (message, place)
        }
        Some(_) => {
            let whole = text.span(at, rest, end);
            let (message, place) = whole.rsplit_once("', ").unwrap_or((whole, ""));
            (message.trim_start_matches('\''), place)
        }
        None => {
            let message = if at + 1 < end { text.span(at + 1, text.line(at + 1), end) } else { "" };
            (message, rest.trim_end().trim_end_matches(':'))
        }
    };
    Some(panicked(text, end, message, place))
}

/// A panic with its message and place; the backtrace stands from line `end` on and need not show the place.
fn panicked<'a>(text: &Text<'a>, end: usize, message: &'a str, place: &'a str) -> Outcome<'a> {
    let (file, line, column) = text::split_location(place);
    let mut frames = backtrace(text, end);
    if !frames.iter().any(|frame| frame.file.ends_with(file) && frame.line == line) {
        frames.insert(0, located("", file, line, column));
    }
    let exception = ParsedException {
        error_type: Cow::Borrowed("panic"),
        message: Cow::Borrowed(message.trim()),
        frames,
        ..ParsedException::default()
    };
    Outcome { exceptions: vec![exception], truncated: false }
}

/// `   3: core::panicking::panic_fmt`, then `             at /rustc/.../panicking.rs:72:14`.
fn backtrace<'a>(text: &Text<'a>, from: usize) -> Vec<Frame<'a>> {
    let mut frames: Vec<Frame<'a>> = Vec::new();
    for (_, line) in text.lines_from(from) {
        let trimmed = line.trim();
        if let Some(place) = trimmed.strip_prefix("at ") {
            if let Some(frame) = frames.last_mut().filter(|frame| frame.file.is_empty()) {
                let (file, line, column) = text::split_location(place);
                (frame.file, frame.line, frame.column) = (Cow::Borrowed(file), line, column);
            }
        } else if let Some((_, name)) =
            text::leading_number(trimmed).and_then(|(n, rest)| Some((n, rest.strip_prefix(": ")?)))
        {
            let name = name.trim_start();
            let name = match name.strip_prefix("0x") {
                Some(address) => address.split_once(" - ").map_or(name, |(_, name)| name),
                None => name,
            };
            frames.push(named(name));
        } else if line.starts_with("note: ") && !frames.is_empty() {
            break;
        }
    }
    frames
}

/// `core::panicking::panic_fmt::h3f1b` without the hash: the owner and the function.
fn named(name: &str) -> Frame<'_> {
    let name = match name.rfind("::h") {
        Some(at) if name.len() - at == 19 && name[at + 3..].bytes().all(|b| b.is_ascii_hexdigit()) => {
            &name[..at]
        }
        _ => name,
    };
    // `f::<i32>`: the types of one call
    let name = name.find("::<").filter(|_| name.ends_with('>')).map_or(name, |at| &name[..at]);
    let (module, function) = match name.rfind("::") {
        Some(at) if !name.ends_with('>') => (&name[..at], &name[at + 2..]),
        _ => ("", name),
    };
    Frame { module: Cow::Borrowed(module), ..located(function, "", None, None) }
}

/// What the runtime says before it aborts: an overflowed stack, memory that could not be had.
fn runtime<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (error_type, message) = text.iter().find_map(|line| match line.as_bytes().first()? {
        b't' if line.starts_with("thread '") && line.contains("has overflowed its stack") => {
            // The name and number of the thread tell nothing.
            line.find("has overflowed").map(|at| ("StackOverflow", &line[at..]))
        }
        b'm' if line.starts_with("memory allocation of ") && line.trim_end().ends_with(" bytes failed") => {
            Some(("AllocError", line))
        }
        b'f' => line.strip_prefix("fatal runtime error: ").map(|message| ("fatal runtime error", message)),
        _ => None,
    })?;
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        frames: if text.has("stack backtrace:") { backtrace(text, 0) } else { vec![] },
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// `error[E0308]: mismatched types`, then `  --> src/main.rs:2:5`; what cargo and the linker say names no place.
fn compiler<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.opens(b"e") {
        return None;
    }
    let mut placeless = None;
    for (i, line) in text.lines_from(0) {
        if !line.starts_with("error") {
            continue;
        }
        let (code, message) = match line.strip_prefix("error[").and_then(|rest| rest.split_once("]: ")) {
            Some(parts) => parts,
            None => match line.strip_prefix("error: ") {
                Some(message) => ("", message),
                None => continue,
            },
        };
        let place =
            (i + 1..(i + 4).min(text.len())).find_map(|j| text.line(j).trim_start().strip_prefix("--> "));
        let located_at = place.map(text::split_location).filter(|(file, ..)| file.contains(".rs"));
        let Some((file, number, column)) = located_at else {
            if placeless.is_none() && (is_cargos(message) || code.starts_with('E')) {
                placeless = Some((i, code, message));
            }
            continue;
        };
        let source = (i + 2..(i + 7).min(text.len())).find_map(|j| {
            let (_, rest) = text::leading_number(text.line(j).trim_start())?;
            Some(rest.trim_start().strip_prefix('|')?.trim())
        });
        let frame = Frame { source: source.map(Cow::Borrowed), ..located("", file, number, column) };
        return Some(compilation(code, message, vec![frame]));
    }
    let (at, code, message) = placeless?;
    // Cargo says why on the lines below, up to an empty one.
    let end = (at + 1..text.len().min(at + 8))
        .find(|&i| text.line(i).trim().is_empty() || text.line(i).starts_with(['e', ' ', 'n']))
        .unwrap_or(at + 1);
    let mut outcome = compilation(code, text.span(at, message, end), vec![]);
    let causes = (end..text.len()).filter(|&i| text.line(i) == "Caused by:").take(CAUSES_MAX);
    for (parent, cause) in causes.map(|i| text.line(i + 1).trim()).enumerate() {
        outcome.exceptions.push(ParsedException {
            message: Cow::Borrowed(cause),
            relation: Relation::Cause,
            parent: Some(parent),
            ..ParsedException::default()
        });
    }
    Some(outcome)
}

fn compilation<'a>(code: &'a str, message: &'a str, frames: Vec<Frame<'a>>) -> Outcome<'a> {
    let exception = ParsedException {
        error_type: Cow::Borrowed("CompilationError"),
        message: Cow::Borrowed(message),
        code: Cow::Borrowed(code),
        frames,
        ..ParsedException::default()
    };
    Outcome { exceptions: vec![exception], truncated: false }
}

/// Messages of cargo and rustc that name no place in a source file.
fn is_cargos(message: &str) -> bool {
    [
        "linking with `",
        "no matching package",
        "failed to select a version",
        "failed to parse manifest",
        "failed to get `",
        "failed to load source",
        "could not find `Cargo.toml`",
        "could not compile `",
        "couldn't read `",
        "package `",
        "no bin target named",
        "failed to run custom build command for `",
        "toolchain '",
        "rustc ",
    ]
    .iter()
    .any(|start| message.starts_with(start))
}

/// `Error: Os { code: 2, kind: NotFound, message: "..." }`, and an error with the causes that libraries list:
///
/// - anyhow and eyre: `Error: message`, `Caused by:`, then one cause or several with numbers;
/// - color-eyre: `Error:`, then all of them with numbers from 0;
/// - miette: the code behind `Error: `, then a line of each, the message behind a cross, causes behind an arrow;
/// - error-stack: `Error: message`, causes behind an arrow.
fn returned<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, first) =
        text.lines_from(0).find_map(|(i, line)| Some((i, line.strip_prefix("Error:")?.trim())))?;
    let name = first.split([' ', '(', '{']).next().unwrap_or_default();
    let debugged = text::is_type(name)
        && first[name.len()..].trim_start().starts_with(['{', '('])
        && first.ends_with(['}', ')']);
    let numbered = |line: &'a str| {
        let (_, rest) = text::leading_number(line.strip_prefix("  ")?.trim_start())?;
        rest.strip_prefix(": ")
    };
    let below = |i: usize| text.line(i).trim_start();
    let mut messages = vec![first];
    if let Some(causes) = (at + 1..text.len()).find(|&i| text.line(i) == "Caused by:") {
        let lines =
            text.lines_from(causes + 1).map_while(|(_, line)| line.strip_prefix("    ").map(|_| line));
        messages.extend(lines.map(|line| numbered(line).unwrap_or(line.trim())));
    } else if first.is_empty() && numbered(text.line(at + 1)).is_some() {
        messages.clear();
        messages.extend(text.lines_from(at + 1).map_while(|(_, line)| numbered(line)));
    } else if let Some(message) = miette(below(at + 1)).or_else(|| miette(below(at + 2))) {
        messages[0] = message;
        messages.extend(text.lines_from(at + 2).filter_map(|(_, line)| caused(line)));
    } else if below(at + 1).starts_with(TEE) {
        messages.extend(text.lines_from(at + 1).filter_map(|(_, line)| caused(line)));
    } else if !debugged {
        return None;
    }
    messages.truncate(CAUSES_MAX);
    let exceptions = messages.iter().enumerate().map(|(i, message)| ParsedException {
        error_type: Cow::Borrowed(if debugged && i == 0 { name } else { "Error" }),
        message: Cow::Borrowed(message.trim()),
        relation: if i == 0 { Relation::Reported } else { Relation::Cause },
        parent: i.checked_sub(1),
        ..ParsedException::default()
    });
    Some(Outcome { exceptions: exceptions.collect(), truncated: false })
}

/// What error-stack draws before each line of an error.
const TEE: &str = "\u{251c}\u{2574}";

/// miette's message, behind a cross.
fn miette(line: &str) -> Option<&str> {
    ["\u{d7} ", "\u{2716} "].iter().find_map(|cross| line.strip_prefix(cross))
}

/// A cause behind an arrow that miette and error-stack draw.
fn caused(line: &str) -> Option<&str> {
    let (rail, cause) = line.split_once("\u{2500}\u{25b6} ").or_else(|| line.split_once("-> "))?;
    rail.trim_start()
        .chars()
        .all(|c| matches!(c, '\u{2500}'..='\u{257f}' | '|' | '`' | '-' | ' '))
        .then_some(cause)
}

/// color-eyre: `The application panicked (crashed).`, then `Message: ` and `Location: `.
fn crashed<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let at = text.iter().position(|line| line.starts_with("The application panicked (crashed)."))?;
    let field = |name: &str| {
        text.lines_from(at + 1)
            .take(MESSAGE_LINES_MAX)
            .find_map(|(i, line)| Some((i, line.strip_prefix(name)?)))
    };
    let (from, message) = field("Message: ")?;
    let place = field("Location: ");
    let end = place.map_or(from + 1, |(i, _)| i);
    Some(panicked(text, end, text.span(from, message, end), place.map_or("", |(_, place)| place.trim())))
}
