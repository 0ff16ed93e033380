//! The list of failures that JUnit's console prints, as the JVM would print the first of them: the exception stands behind
//! an arrow, its frames have no `at`.

use super::super::text::{self, Text};
use super::frame::frame;

const ARROW: &str = "=> ";

/// The first failure of the list, when the text has one with a stack.
pub(super) fn plain(text: &Text<'_>) -> Option<String> {
    let at = text.iter().position(|line| text::trim_start(line).starts_with(ARROW))?;
    let arrow = text::indent(text.line(at));
    let mut out = String::new();
    let mut framed = false;
    for (i, line) in text.lines_from(at) {
        let trimmed = text::trim(line);
        let words = trimmed.strip_prefix(ARROW).unwrap_or(trimmed);
        // The next test's name.
        if i > at && (text::indent(line) < arrow || trimmed.starts_with(ARROW)) && !trimmed.is_empty() {
            break;
        }
        let is_frame = i > at && !words.contains(' ') && frame(words).is_some();
        framed |= is_frame;
        out.extend([if is_frame { "\tat " } else { "" }, words, "\n"]);
    }
    framed.then_some(out)
}
