//! Perl: `Can't locate Moose.pm in @INC (...) at main.pl line 3.`, among warnings of the same form, and what the compiler
//! and Carp write below it.

use super::text::{Text, trim_end};
use super::{Outcome, frameless};

/// Warnings have the form of errors.
const WARNINGS: &[&str] = &[
    "Use of uninitialized value",
    "Argument \"",
    "Useless use of ",
    "Name \"",
    "Subroutine ",
    "Deep recursion on ",
    "Odd number of elements",
    "substr outside of string",
    "Wide character in ",
    "Possible ",
    "Scalar value @",
    "Unquoted string ",
    "Statement unlikely to be reached",
    "\"my\" variable ",
    "readline() on ",
    "print() on ",
    "Reference found where even-sized list expected",
];
/// The last lines of a program that was not compiled.
const ABORTED: &[&str] = &[" aborted due to compilation errors.", " had compilation errors."];
const FILES: &[&str] = &["pl", "pm", "t", "cgi", "psgi", "PL", "al"];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &[" line ", "Can't open perl script"];

/// Parses what Perl says last, or first where the compiler stopped; `None` when no line ends with a place of it.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let aborted = text.iter().any(is_aborted);
    let mut told = text.iter().filter_map(|line| said(line, true));
    let message = if aborted { told.next() } else { told.next_back() }?;
    Some(frameless(if aborted { "CompilationError" } else { "Error" }, message))
}

fn is_aborted(line: &str) -> bool {
    ABORTED.iter().any(|end| line.ends_with(end)) || line.starts_with("BEGIN failed--compilation aborted")
}

/// A line's message, without its place. `sure`: only where the place cannot be another program's.
pub(super) fn said(line: &str, sure: bool) -> Option<&str> {
    let line = trim_end(line);
    // Carp's calls are set in.
    if line.starts_with(['\t', ' ']) || WARNINGS.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    if line.starts_with("Can't open perl script \"") {
        return Some(line);
    }
    let message = line.match_indices(" line ").find_map(|(at, _)| {
        let behind = &line[at + " line ".len()..];
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &behind[digits..];
        let closed = rest == "." || [", <", ", near "].iter().any(|more| rest.starts_with(more));
        // Back to the blank before the file and no further: a line may have many of these.
        let start = line[..at].rfind(' ')? + 1;
        let file = &line[start..at];
        let message = line[..start].strip_suffix(" at ")?;
        let extension = file.rsplit_once('.').map(|(_, extension)| extension);
        let own = extension.is_none_or(|extension| FILES.contains(&extension)) && closed
            || extension.is_some_and(|extension| FILES.contains(&extension));
        let fits = if sure { own } else { closed || matches!(rest, "" | ":") };
        (digits > 0 && fits && !file.is_empty()).then_some(message)
    })?;
    // `(@INC contains: ...)`: what was looked through.
    let end = message.find(" (@INC ").unwrap_or(message.len());
    Some(&message[..end]).filter(|message| !message.is_empty() && !message.starts_with("BEGIN failed"))
}
