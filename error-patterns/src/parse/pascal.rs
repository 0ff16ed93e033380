//! Pascal: Free Pascal's `Runtime error 200 at $...`, the exceptions of its class library, and its compiler's messages.

use super::text::{Text, is_type, number, split_type, trim};
use super::{Outcome, frameless};

/// Run-time errors, from the appendix of Free Pascal's user's guide.
const NUMBERS: &[(u32, &str)] = &[
    (1, "invalid function number"),
    (2, "file not found"),
    (3, "path not found"),
    (4, "too many open files"),
    (5, "file access denied"),
    (6, "invalid file handle"),
    (12, "invalid file access code"),
    (15, "invalid drive number"),
    (16, "cannot remove current directory"),
    (17, "cannot rename across drives"),
    (100, "disk read error"),
    (101, "disk write error"),
    (102, "file not assigned"),
    (103, "file not open"),
    (104, "file not open for input"),
    (105, "file not open for output"),
    (106, "invalid numeric format"),
    (150, "disk is write-protected"),
    (200, "division by zero"),
    (201, "range check error"),
    (202, "stack overflow"),
    (203, "heap overflow"),
    (204, "invalid pointer operation"),
    (205, "floating point overflow"),
    (206, "floating point underflow"),
    (207, "invalid floating point operation"),
    (210, "object not initialized"),
    (211, "call to abstract method"),
    (212, "stream registration error"),
    (213, "collection index out of range"),
    (214, "collection overflow"),
    (215, "arithmetic overflow"),
    (216, "general protection fault"),
    (217, "unhandled exception"),
    (218, "invalid value specified"),
    (219, "invalid typecast"),
    (222, "variant dispatch error"),
    (223, "variant array create"),
    (227, "assertion failed"),
    (231, "exception stack corrupted"),
    (232, "threads not supported"),
];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] =
    &["Runtime error ", "An unhandled exception occurred at $", ") Error: ", ") Fatal: "];

/// Parses a run-time error, an exception or an error of the compiler's; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has("Runtime error ")
        && let Some(found) = text.iter().find_map(run_time)
    {
        return Some(found);
    }
    if text.has("An unhandled exception occurred at $") {
        let at = text.iter().position(|line| line.starts_with("An unhandled exception occurred at $"))?;
        let line = trim(text.line(at + 1));
        let (error_type, message) = split_type(line).unwrap_or((line, ""));
        return is_type(error_type).then(|| frameless(error_type, message));
    }
    if !text.has(") Error: ") && !text.has(") Fatal: ") {
        return None;
    }
    let message = text.iter().find_map(diagnostic)?;
    Some(frameless("CompilationError", message))
}

/// `Runtime error 200 at $00000000004010AE`
fn run_time<'a>(line: &'a str) -> Option<Outcome<'a>> {
    let (digits, _) = line.strip_prefix("Runtime error ")?.split_once(" at $")?;
    let code = number(digits)?;
    let said = NUMBERS.iter().find(|(known, _)| *known == code).map_or("", |(_, said)| said);
    Some(frameless(&line[.."Runtime error ".len() + digits.len()], said))
}

/// `main.pas(12,19) Error: Identifier not found "total"`
fn diagnostic(line: &str) -> Option<&str> {
    let (place, message) = line.split_once(") Error: ").or_else(|| line.split_once(") Fatal: "))?;
    let (_, place) = place.rsplit_once('(')?;
    let placed = place.split(',').all(|part| number(part).is_some());
    (placed && !message.starts_with("There were ")).then_some(message)
}
