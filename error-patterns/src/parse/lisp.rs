//! Common Lisp: what SBCL prints of a condition that nothing handled, and CLISP's `*** - message`.

use super::text::{Text, trim};
use super::{Outcome, frameless};

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &[" in thread #<", "*** - "];

/// Parses an unhandled condition; `None` when no line is of that form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if text.has(" in thread #<") {
        let sbcl = |(i, line): (usize, &'a str)| {
            let rest = line
                .strip_prefix("Unhandled ")
                .or_else(|| Some(line.strip_prefix("debugger invoked on a")?.split_once(' ')?.1))?;
            Some((i, rest.split_once(" in thread #<")?.0))
        };
        let (at, name) = text.lines_from(0).find_map(sbcl)?;
        // The thread's name may go on in the next line.
        let below = at + 1 + usize::from(!trim(text.line(at)).ends_with(':'));
        let end = (below..text.len()).find(|i| trim(text.line(*i)).is_empty()).unwrap_or(text.len());
        return Some(frameless(name, trim(text.span(below, text.line(below), end))));
    }
    if !text.has("*** - ") {
        return None;
    }
    let message = text.iter().find_map(|line| line.strip_prefix("*** - "))?;
    Some(frameless("Error", trim(message)))
}
