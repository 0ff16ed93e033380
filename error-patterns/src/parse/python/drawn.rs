//! Tracebacks that rich draws into boxes, as CPython would print them.
//!
//! ```text
//! +---- Traceback (most recent call last) ----+
//! | /a/b.py:6 in load                         |
//! |                                           |
//! |   5     orders = {}                       |
//! | > 6     return total(orders, "cherry")    |
//! +-------------------------------------------+
//! KeyError: 'cherry'
//! ```
//!
//! Most consoles get box-drawing characters in place of `+`, `-` and `|`, and guides where source is indented.
//! typer, RichHandler and structlog draw the same.

use super::super::text::{self, Text};
use std::fmt::Write;

/// Lines of a box over which one place of a frame is folded.
const FOLDS_MAX: usize = 8;
/// Columns before a line number that may show an arrow, escaped as well.
const ARROW_BYTES_MAX: usize = 8;

/// Whether words before a header draw the top of a box.
pub(super) fn is_top(before: &str) -> bool {
    let drawn = before.trim_start_matches(['\u{256d}', '\u{250c}', '+']);
    drawn.len() < before.len() && !drawn.is_empty() && drawn.chars().all(is_line)
}

fn is_line(c: char) -> bool {
    matches!(c, '\u{2500}' | '\u{2501}' | '-')
}

fn is_side(c: char) -> bool {
    matches!(c, '\u{2502}' | '|')
}

/// The same text with what stood in boxes as CPython prints it.
pub(super) fn undrawn(text: &Text<'_>) -> String {
    let mut out = String::with_capacity(text.all().len() / 2);
    let mut boxed: Option<Panel> = None;
    // Columns of the last box: as wide as the console, in general.
    let (mut left, mut width) = (0, usize::MAX);
    let mut folded = false;
    for line in text.iter() {
        let trimmed = text::trim(line);
        if let Some(inside) = &mut boxed {
            match trimmed.strip_prefix(is_side) {
                Some(content) => inside.take(content.strip_suffix(is_side).unwrap_or(content)),
                None => {
                    boxed.take().into_iter().for_each(|inside| inside.print(&mut out));
                    if !is_edge(trimmed) {
                        out.push_str(trimmed);
                        out.push('\n');
                    }
                }
            }
            folded = false;
            continue;
        }
        let headed = trimmed.contains(super::HEADER) && trimmed.ends_with(|c| is_corner(c) || is_line(c));
        if headed || is_edge(trimmed) {
            (left, width) = (text::indent(line), trimmed.chars().count());
            out.push_str(if headed { "Traceback (most recent call last):\n" } else { "" });
            boxed = Some(Panel { width: width.saturating_sub(4), headed, ..Panel::default() });
            folded = false;
            continue;
        }
        let line = text::trim_end(line.get(left.min(text::indent(line))..).unwrap_or(line));
        // A console that is as wide as the box broke the line above where the next word found no room.
        if folded && !line.is_empty() {
            out.truncate(out.trim_end().len());
            out.push(' ');
        }
        out.push_str(line);
        out.push('\n');
        folded = line.chars().count() <= width && !line.is_empty();
        folded = folded && next_word_lacks_room(text, line, width);
    }
    boxed.into_iter().for_each(|inside| inside.print(&mut out));
    out
}

/// Whether the first word of the line behind `line` would have stood past the width.
fn next_word_lacks_room(text: &Text<'_>, line: &str, width: usize) -> bool {
    let end = line.as_ptr() as usize - text.all().as_ptr() as usize + line.len();
    let rest = text.all().get(end..).unwrap_or_default();
    let Some((_, next)) = rest.split_once('\n') else { return false };
    let next = next.split('\n').next().unwrap_or_default();
    let word = next.split_whitespace().next().unwrap_or_default();
    !word.is_empty() && line.chars().count() + 1 + word.chars().count() > width
}

/// The top or the bottom of a box without words.
fn is_edge(trimmed: &str) -> bool {
    trimmed.len() > 4
        && trimmed.starts_with(is_corner)
        && trimmed.ends_with(is_corner)
        && trimmed.trim_matches(is_corner).chars().all(is_line)
}

fn is_corner(c: char) -> bool {
    matches!(c, '\u{256d}'..='\u{2570}' | '\u{250c}' | '\u{2510}' | '\u{2514}' | '\u{2518}' | '+')
}

/// What was read of a box.
#[derive(Default)]
struct Panel {
    /// Columns of its lines.
    width: usize,
    /// It has the words of a traceback on top, else it shows a mistake of syntax.
    headed: bool,
    /// The beginning of a place that is folded, and over how many lines.
    place: String,
    folds: usize,
    frames: Vec<Drawn>,
}

struct Drawn {
    file: String,
    line: u32,
    /// `None` of a mistake of syntax.
    function: Option<String>,
    source: String,
    /// Column of the mark below the source.
    mark: Option<usize>,
}

impl Panel {
    fn take(&mut self, content: &str) {
        let content = content.strip_prefix(' ').unwrap_or(content);
        let shown = text::trim_end(content);
        if shown.is_empty() || shown.trim_start().starts_with(|c| is_side(c) || is_corner(c)) {
            // Between parts, and the inner boxes of local variables.
            self.place.clear();
            return;
        }
        if !self.headed {
            self.take_syntax(shown);
        } else if let Some(source) = self.numbered(shown) {
            let source = source.trim_start_matches(|c| is_side(c) || c == ' ').to_owned();
            if let Some(frame) = self.frames.last_mut().filter(|frame| frame.source.is_empty()) {
                frame.source = source;
            }
        } else if !shown.starts_with(' ') {
            self.take_place(shown, content.chars().count());
        }
    }

    /// `/a/b.py:6 in load`, over several lines where it is long.
    fn take_place(&mut self, shown: &str, columns: usize) {
        if self.folds >= FOLDS_MAX {
            self.place.clear();
        }
        self.folds = if self.place.is_empty() { 0 } else { self.folds + 1 };
        self.place.push_str(shown);
        let found = self.place.rsplit_once(" in ").and_then(|(place, function)| {
            let (file, line) = text::split_number(place, b':')?;
            Some((file.to_owned(), line, function.to_owned()))
        });
        if let Some((file, line, function)) = found {
            self.frames.push(Drawn {
                file,
                line,
                function: Some(function),
                source: String::new(),
                mark: None,
            });
            self.place.clear();
        } else if shown.chars().count() + 1 < columns.min(self.width) {
            self.place.push(' ');
        }
    }

    /// The source behind an arrow and the last frame's line number, or behind its number alone.
    fn numbered<'l>(&self, shown: &'l str) -> Option<&'l str> {
        let wanted = self.frames.last()?.line;
        let digits = shown.find(|c: char| c.is_ascii_digit()).filter(|at| *at <= ARROW_BYTES_MAX)?;
        // rich may have had to escape its arrow: `\u2771 6`.
        let digits =
            shown.strip_prefix("\\u2771 ").map_or(digits, |rest| shown.len() - rest.trim_start().len());
        let (number, rest) = text::leading_number(&shown[digits..])?;
        (number == wanted && (rest.is_empty() || rest.starts_with(' '))).then_some(rest)
    }

    fn take_syntax(&mut self, shown: &str) {
        let place = text::split_number(shown.trim(), b':').filter(|_| self.frames.is_empty());
        if let Some((file, line)) = place {
            let file = file.to_owned();
            self.frames.push(Drawn { file, line, function: None, source: String::new(), mark: None });
        } else if let Some(frame) = self.frames.last_mut() {
            if frame.source.is_empty() {
                frame.source = shown.to_owned();
            } else if matches!(shown.trim(), "\u{25b2}" | "^") {
                frame.mark = Some(text::indent(shown));
            }
        }
    }

    fn print(self, out: &mut String) {
        for Drawn { file, line, function, source, mark } in self.frames {
            // Writing to a string cannot fail.
            let _ = match function {
                Some(function) => writeln!(out, "  File \"{file}\", line {line}, in {function}"),
                None => writeln!(out, "  File \"{file}\", line {line}"),
            };
            if !source.is_empty() {
                let _ = writeln!(out, "    {source}");
            }
            if let Some(mark) = mark {
                let _ = writeln!(out, "    {:mark$}^", "");
            }
        }
    }
}
