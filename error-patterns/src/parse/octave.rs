//! Octave and MATLAB: `error: x` with `error: called from` below it, MATLAB's `Error using f (line 3)`, and the parser's
//! messages.

use super::text::{Text, trim};
use super::{Outcome, frameless};

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &["error: called from", "Error using ", "parse error"];

/// Parses a report of either's; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has("error: called from") {
        let message = text.iter().find_map(said)?;
        return Some(frameless("Error", message));
    }
    if text.has("Error using ") {
        let at = text.iter().position(|line| line.starts_with("Error using "))?;
        let message = trim(text.line(at + 1));
        return (!message.is_empty()).then(|| frameless("Error", message));
    }
    let parse_error = |line: &str| line.starts_with("parse error");
    if !text.has("parse error") || !text.has(">>> ") {
        return None;
    }
    let at = text.iter().position(parse_error)?;
    let message = (at + 1..text.len().min(at + 6)).map(|i| trim(text.line(i))).find(|line| !line.is_empty());
    Some(frameless("CompilationError", message?))
}

/// `error: 'total' undefined`
pub(super) fn said(line: &str) -> Option<&str> {
    let message = trim(line.strip_prefix("error: ")?);
    (message != "called from" && !message.is_empty()).then_some(message)
}
