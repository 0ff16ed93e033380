//! OCaml: `Fatal error: exception Failure("int_of_string")`, the toplevel's `Exception: Not_found.`, and the compiler's
//! errors.

use super::text::{Text, trim, trim_end};
use super::{Outcome, frameless};

const HEADS: &[&str] = &["Fatal error: exception ", "Exception: "];

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &["Fatal error: exception ", "Exception: ", "Error: "];

/// Parses an uncaught exception or an error of the compiler's; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if let Some((error_type, message)) = text.iter().find_map(exception) {
        return Some(frameless(error_type, message));
    }
    text.iter().find(|line| is_place(line))?;
    let at = text.iter().position(|line| line.starts_with("Error: "))?;
    // The message goes on in lines that are set in as far as its words.
    let goes_on = |line: &str| line.starts_with("       ") && !trim(line).is_empty();
    let end = (at + 1..text.len()).find(|i| !goes_on(text.line(*i))).unwrap_or(text.len());
    let message = text.span(at, &text.line(at)["Error: ".len()..], end);
    Some(frameless("CompilationError", message))
}

/// `File "a.ml", line 2, characters 33-39:`
fn is_place(line: &str) -> bool {
    let Some((file, rest)) = line.strip_prefix("File \"").and_then(|rest| rest.split_once("\", line")) else {
        return false;
    };
    file.ends_with(".ml") || file.ends_with(".mli") || rest.contains(", characters ")
}

/// A line's exception and what is in its brackets, or its name where nothing is but a place.
fn exception(line: &str) -> Option<(&str, &str)> {
    let rest = trim(HEADS.iter().find_map(|head| line.strip_prefix(head))?);
    let name = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.'".contains(byte)).count();
    let (name, rest) = rest.split_at(name);
    name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(())?;
    let inner = trim(rest.trim_end_matches('.'));
    let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    let inner = match inner.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or(inner),
        None => inner,
    };
    let name = name.trim_end_matches('.');
    let placed = ["Match_failure", "Assert_failure"].iter().any(|known| name.ends_with(known));
    Some((name, if placed || inner.is_empty() { name } else { trim_end(inner) }))
}
