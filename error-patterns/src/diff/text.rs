//! A diff as lines for a terminal: what both have begins with a blank, what differs with `~`, what one side has alone
//! with `-` (left) or `+` (right).

use super::{Diff, ExceptionDiff, FrameDiff, Part, Pieces, Side};
use crate::model::{Frame, Origin, Parsed, ParsedException};
use std::fmt::Write;

impl Diff {
    /// The diff of these two as text.
    #[must_use]
    pub fn text(&self, left: &Parsed<'_>, right: &Parsed<'_>) -> String {
        let mut text = String::new();
        for each in &self.exceptions {
            let a = each.left.and_then(|index| left.exceptions.get(index));
            let b = each.right.and_then(|index| right.exceptions.get(index));
            exception(&mut text, each, a, b);
        }
        text
    }
}

fn mark(side: Side) -> char {
    match side {
        Side::Same => ' ',
        Side::Changed => '~',
        Side::Left => '-',
        Side::Right => '+',
    }
}

fn exception(
    text: &mut String,
    diff: &ExceptionDiff,
    left: Option<&ParsedException<'_>>,
    right: Option<&ParsedException<'_>>,
) {
    let (Some(shown), of) = (left.or(right), (left, right)) else { return };
    let mut head = |side: Side, of: &ParsedException<'_>, message: &str| {
        _ = writeln!(text, "{} {}: {}", mark(side), of.error_type, message.replace('\n', " "));
    };
    match of {
        (Some(a), Some(b)) if a.error_type == b.error_type && a.message != b.message => {
            head(Side::Changed, a, &marked(&Pieces::of(&a.message, &b.message)));
        }
        (Some(a), Some(b)) if a.error_type != b.error_type => {
            head(Side::Left, a, &a.message);
            head(Side::Right, b, &b.message);
        }
        (Some(a), Some(_)) => head(Side::Same, a, &a.message),
        _ => head(diff.side, shown, &shown.message),
    }
    for each in &diff.frames {
        let a = each.left.and_then(|index| left?.frames.get(index));
        let b = each.right.and_then(|index| right?.frames.get(index));
        frame(text, each, a, b);
    }
}

/// A message with `[left|right]` where the two differ.
fn marked(pieces: &Pieces) -> String {
    let piece = |piece: &super::Piece| match piece.is_same() {
        true => piece.left.clone(),
        false => format!("[{}|{}]", piece.left, piece.right),
    };
    pieces.0.iter().map(piece).collect()
}

fn frame(text: &mut String, diff: &FrameDiff, left: Option<&Frame<'_>>, right: Option<&Frame<'_>>) {
    let Some(shown) = left.or(right) else { return };
    let both = |part: fn(&Frame<'_>) -> String| {
        let (a, b) = (left.map(part), right.map(part));
        match (a, b) {
            (Some(a), Some(b)) if a != b => format!("{a} -> {b}"),
            (a, b) => a.or(b).unwrap_or_default(),
        }
    };
    let line = |frame: &Frame<'_>| frame.line.map_or_else(|| "?".to_owned(), |line| line.to_string());
    let name = |frame: &Frame<'_>| match (frame.module.is_empty(), frame.function.is_empty()) {
        (false, false) => format!("{}.{}", frame.module, frame.function),
        _ => format!("{}{}", frame.module, frame.function),
    };
    _ = writeln!(
        text,
        "{}   {} ({}:{}) {}",
        mark(diff.side),
        both(name),
        both(|frame| frame.file.to_string()),
        both(line),
        origin(shown.origin)
    );
    if diff.changed.contains(&Part::Source) {
        for (side, frame) in [(Side::Left, left), (Side::Right, right)] {
            if let Some(source) = frame.and_then(|frame| frame.source.as_ref()) {
                _ = writeln!(text, "{}       {source}", mark(side));
            }
        }
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Program | Origin::Application => "user",
        Origin::Library => "library",
        Origin::Runtime | Origin::Carrier => "runtime",
    }
}
