//! Fortran: gfortran's run-time errors, and its diagnostics below a picture of the place.

use super::text::{Text, number, trim};
use super::{Outcome, frameless};

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &["Fortran runtime error: ", "Error: "];

/// Parses a run-time error or a diagnostic; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let run_time = |line: &'a str| line.strip_prefix("Fortran runtime error: ");
    if text.has("Fortran runtime error: ")
        && let Some(message) = text.iter().find_map(run_time)
    {
        return Some(frameless("Error", trim(message)));
    }
    if !text.has("Error: ") || !text.iter().any(is_place) {
        return None;
    }
    let said = |line: &'a str| line.strip_prefix("Error: ").or_else(|| line.strip_prefix("Fatal Error: "));
    let message = text.iter().find_map(said)?;
    Some(frameless("CompilationError", trim(message)))
}

/// `main.f90:10:22:`
fn is_place(line: &str) -> bool {
    let Some(place) = trim(line).strip_suffix(':') else { return false };
    let mut parts = place.rsplitn(3, ':');
    let numbers = parts.next().is_some_and(|part| number(part).is_some())
        && parts.next().is_some_and(|part| number(part).is_some());
    let file = parts.next().unwrap_or_default();
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let fortran = extension.strip_prefix(['f', 'F']).is_some_and(|version| {
        matches!(version, "" | "or" | "pp" | "tn") || version.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbers && fortran
}
