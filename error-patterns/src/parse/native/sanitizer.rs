//! Sanitizers (address, leak, memory, thread, undefined behaviour) and Valgrind.

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use super::frame::{numbered, qualified};
use super::one;
use crate::model::Frame;

/// Bugs whose first words are no name.
const NAMED: [(&str, &str); 8] = [
    ("attempting double-free", "double-free"),
    ("attempting free on address", "bad-free"),
    ("detected memory leaks", "memory-leaks"),
    ("data race", "data-race"),
    ("requested allocation size", "allocation-size-too-big"),
    ("allocator is out of memory", "out-of-memory"),
    ("thread leak", "thread-leak"),
    ("signal-unsafe call", "signal-unsafe-call"),
];

/// What Valgrind says of a bug, by its first words or by words inside.
const VALGRIND: [(&str, &str); 9] = [
    ("Invalid read of size", "invalid-read"),
    ("Invalid write of size", "invalid-write"),
    ("Invalid free()", "invalid-free"),
    ("Mismatched free()", "mismatched-free"),
    ("Conditional jump or move depends on uninitialised", "use-of-uninitialized-value"),
    ("Use of uninitialised value", "use-of-uninitialized-value"),
    ("uninitialised byte", "use-of-uninitialized-value"),
    ("definitely lost in loss record", "memory-leaks"),
    ("Source and destination overlap", "overlap"),
];

/// `==1==ERROR: AddressSanitizer: heap-use-after-free on address ...`, `a.c:3:4: runtime error: ...`, `==1== Invalid
/// read of size 4`.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let is_sanitized = text.has("Sanitizer: ");
    let is_undefined = text.has(": runtime error: ");
    // A null pointer that is read is reported twice: as undefined behaviour, and with its stack below.
    let is_undefined = is_undefined && !(is_sanitized && text.has("ERROR: AddressSanitizer: SEGV"));
    if is_sanitized || is_undefined {
        for (i, line) in text.lines_from(0) {
            if is_sanitized && let Some((tool, message)) = named(line) {
                let known = NAMED.iter().find(|(words, _)| message.starts_with(words));
                let bug =
                    known.map_or_else(|| message.split([' ', '(']).next().unwrap_or(tool), |(_, name)| name);
                return Some(one(if bug.is_empty() { tool } else { bug }, message, numbered(text, i + 1)));
            }
            if is_undefined && let Some((place, message)) = line.split_once(": runtime error: ") {
                let (file, number, column) = text::split_location(place);
                let mut frames = numbered(text, i + 1);
                if frames.is_empty() {
                    frames.push(located("", file, number, column));
                }
                return Some(one("undefined-behavior", message, frames));
            }
        }
    }
    text.has("== ").then(|| valgrind(text))?
}

fn named(line: &str) -> Option<(&str, &str)> {
    ["ERROR: ", "WARNING: "].iter().find_map(|mark| {
        let (_, rest) = line.split_once(mark)?;
        let (tool, message) = rest.split_once(": ")?;
        tool.ends_with("Sanitizer").then_some((tool, message))
    })
}

fn valgrind<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, message, error_type) = text.lines_from(0).find_map(|(i, line)| {
        let rest = behind_pid(line)?;
        let (_, name) = VALGRIND.iter().find(|(words, _)| rest.contains(words))?;
        Some((i, rest.trim(), *name))
    })?;
    let frames =
        (at + 1..text.len()).map_while(|i| behind_pid(text.line(i))).map_while(valgrind_frame).collect();
    Some(one(error_type, message, frames))
}

/// What follows `==1234== `.
fn behind_pid(line: &str) -> Option<&str> {
    let (_, rest) = text::leading_number(line.strip_prefix("==")?)?;
    rest.strip_prefix("==")
}

/// `   at 0x1091AB: uninit (u.c:5)`, `   by 0x48417B4: malloc (in /usr/lib/x.so)`.
fn valgrind_frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("at 0x").or_else(|| rest.strip_prefix("by 0x"))?;
    let (_, rest) = rest.split_once(": ")?;
    let (name, place) = rest.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let (file, number, _) = text::split_location(place.strip_prefix("in ").unwrap_or(place));
    Some(qualified(name, file, number, None))
}
