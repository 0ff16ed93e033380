//! Haskell: GHC's diagnostics, and what an uncaught exception prints behind the program's name, with or without its
//! `CallStack`.

use super::text::{Text, trim, trim_end, trim_start};
use super::{Outcome, frameless};

/// What the base libraries' own errors say.
const KNOWN: &[&str] =
    &["Prelude.", "Map.!: ", "Maybe.fromJust: ", "<<loop>>", "thread blocked indefinitely in an "];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &[
    "hs:",
    "CallStack (from HasCallStack):",
    "Non-exhaustive ",
    "Prelude.",
    "Map.!: ",
    "Maybe.fromJust: ",
    "<<loop>>",
    "thread blocked indefinitely in an ",
];

/// Parses a diagnostic of GHC's or an uncaught exception; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has("hs:")
        && let Some(found) = diagnostic(text)
    {
        return Some(frameless("CompilationError", found));
    }
    if let Some(at) = text.iter().position(|line| trim_end(line) == "CallStack (from HasCallStack):") {
        let message = (0..at).rev().map(|i| said(text.line(i))).find(|line| !line.is_empty())?;
        return Some(frameless("Error", message));
    }
    let known = |line: &'a str| {
        let message = said(line);
        let known = message.len() < line.len()
            && (KNOWN.iter().any(|start| message.starts_with(start)) || line.contains(".hs:"))
            || message.starts_with("Non-exhaustive ");
        known.then_some(message)
    };
    text.iter().find_map(known).map(|message| frameless("Error", message))
}

/// `a.hs:4:1: error: [GHC-88464]`, and the message behind it or below.
fn diagnostic<'a>(text: &Text<'a>) -> Option<&'a str> {
    text.lines_from(0).find_map(|(i, line)| {
        let (place, rest) = line.split_once(": error:")?;
        place.contains("hs:").then_some(())?;
        let rest = trim(rest);
        let rest = match rest.strip_prefix('[') {
            Some(code) => trim(code.split_once(']')?.1),
            None => rest,
        };
        let below = trim(text.line(i + 1));
        let message = if rest.is_empty() { trim_start(below.trim_start_matches('\u{2022}')) } else { rest };
        (!message.is_empty()).then_some(message)
    })
}

/// A line without the program's name and without the place.
pub(super) fn said(line: &str) -> &str {
    let line = trim(line);
    let behind = line.split_once(": ").filter(|(name, _)| is_program(name)).map_or(line, |(_, rest)| rest);
    // `a.hs:5:1-37: Non-exhaustive patterns in function f`, `a.hs:(5,1)-(6,20): ...`
    let place = behind.find(".hs:").map_or("", |at| &behind[at..]);
    place.split_once(": ").map_or(behind, |(_, rest)| rest)
}

/// A word that may be a program's name: no blank, nor what begins a message.
fn is_program(word: &str) -> bool {
    !word.is_empty()
        && !word.contains([' ', '(', '"'])
        && !word.contains(".hs:")
        && !word.starts_with("Prelude.")
        && !["Map.!", "Maybe.fromJust"].contains(&word)
}
