//! Runs of lines that most tracebacks are made of: a frame, and its source below.

use super::super::located;
use super::super::text::tail::Tail;
use super::super::text::{Text, leading_number};
use crate::model::Frame;
use fearless_simd::{Level, Simd, dispatch};
use std::borrow::Cow;

/// Columns before the source of a usual frame.
pub(super) const INDENT: usize = 4;

/// Takes usual frames from line `at` on and leaves `at` at the first other line; whether the line before it is the last
/// frame's source, `None` where there was no frame.
pub(super) fn take<'a>(text: &Text<'a>, at: &mut usize, frames: &mut Vec<Frame<'a>>) -> Option<bool> {
    dispatch!(Level::new(), simd => take_by(simd, text, at, frames))
}

#[inline(always)]
fn take_by<'a, S: Simd>(
    simd: S,
    text: &Text<'a>,
    at: &mut usize,
    frames: &mut Vec<Frame<'a>>,
) -> Option<bool> {
    let mut has_source = None;
    while let Some(tail) = text.tail(*at) {
        let Some(frame) = frame(simd, tail) else { break };
        let source = source(text.line(*at + 1));
        *at += 1 + usize::from(source.is_some());
        has_source = Some(source.is_some());
        frames.push(Frame { source: source.map(Cow::Borrowed), ..frame });
    }
    has_source
}

/// `  File "x.py", line 3, in f` and no more.
#[inline(always)]
fn frame<S: Simd>(simd: S, tail: Tail<'_>) -> Option<Frame<'_>> {
    let (file, rest) = tail.quoted(simd, tail.line.strip_prefix("  File \"")?)?;
    let (line, rest) = leading_number(rest.strip_prefix(", line ")?)?;
    let function = rest.strip_prefix(", in ")?;
    let (Some(0x21..=0x7e), Some(0x21..=0x7e)) = (function.as_bytes().first(), function.as_bytes().last())
    else {
        return None;
    };
    let is_plain = !tail.ends_with_any(simd, function.len(), *b"(.<");
    Some(if is_plain {
        located(function, file, Some(line), None)
    } else {
        super::frame(function, file, line)
    })
}

/// A line of source that no line of another kind begins or ends like.
#[inline(always)]
fn source(line: &str) -> Option<&str> {
    let source = line.strip_prefix("    ")?;
    let begins = match source.as_bytes().first()? {
        b'C' | b'D' | b'F' | b'I' | b'T' | b'[' | b'^' | b'|' | b'~' => false,
        byte => matches!(byte, 0x21..=0x7e),
    };
    let ends = matches!(source.as_bytes().last()?, 0x21..=0x7e) && !source.ends_with(':');
    (begins && ends).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::super::{file_line, ipython, separator};
    use super::*;
    use crate::parse::ParseLimits;
    use crate::parse::text::{indent, is_marker, trim};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn usual_lines_are_read_alike(
            frame in r#"  File "[a-z/" ]{0,60}(", line |" line )[0-9]{1,10}(, in |, )[ a-z_.<>(]{0,20}"#,
            source in r"[ ]{3,5}([CDFIT^~|\[]|File |Cell In)?[ -~\t\u{e9}]{0,20}",
        ) {
            let text = format!("{:64}\n{frame}\n{source}", "");
            let text = Text::new(&text, &ParseLimits::default());
            let (mut at, mut found) = (1, Vec::new());
            let has_source = take(&text, &mut at, &mut found);
            prop_assert_eq!(at, 1 + found.len() + usize::from(has_source == Some(true)));
            let Some(has_source) = has_source else { return Ok(()) };
            let line = trim(text.line(2));
            if has_source {
                let other = file_line(line).is_some() || ipython::syntax_line(line).is_some();
                prop_assert!(!other && separator(line).is_none() && !is_marker(line) && !line.ends_with(':'));
                prop_assert_eq!(indent(text.line(2)), INDENT);
            }
            let source = has_source.then_some(Cow::Borrowed(line));
            let expected = file_line(trim(text.line(1))).map(|frame| Frame { source, ..frame });
            prop_assert_eq!(format!("{:?}", found.pop()), format!("{expected:?}"));
        }
    }
}
