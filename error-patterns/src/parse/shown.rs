//! What a parser understood, in one line: for the parsers' own tests.

use super::text::Text;
use super::{ParseLimits, Parser};
use crate::model::{Frame, ParsedException};

/// Every exception as `type: message <- function@file:line ...`, joined by ` | `.
pub(super) fn exceptions(parser: Parser, text: &str) -> String {
    let outcome = parser(&Text::new(text, &ParseLimits::default())).unwrap();
    let shown = |exception: &ParsedException<'_>| {
        let functions: Vec<String> = exception
            .frames
            .iter()
            .map(|frame| format!("{}@{}:{}", frame.function, frame.file, frame.line.unwrap_or(0)))
            .collect();
        format!("{}: {} <- {}", exception.error_type, exception.message, functions.join(" "))
    };
    outcome.exceptions.iter().map(shown).collect::<Vec<_>>().join(" | ")
}

/// Asserts what a line was read as; `place` is `file:line`, or the file alone.
pub(super) fn check_frame(line: &str, found: Option<Frame<'_>>, module: &str, function: &str, place: &str) {
    let frame = found.unwrap_or_else(|| panic!("{line}"));
    let number = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
    assert_eq!(
        (&*frame.module, &*frame.function, format!("{}{number}", frame.file).as_str()),
        (module, function, place)
    );
}
