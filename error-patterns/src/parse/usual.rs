//! Runs of lines of the form that most lines of a stack have: each is read by a few looks at its end.

use super::located;
use super::text::Text;
use super::text::tail::Tail;
use crate::model::Frame;
use fearless_simd::{Level, Simd, dispatch};
use std::borrow::Cow;

/// What a usual line says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usual<'a> {
    pub(super) module: &'a str,
    pub(super) function: &'a str,
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: Option<u32>,
}

/// The usual lines of a runtime.
pub(super) trait UsualLine {
    /// Reads a line, as the runtime's reader for lines of any form would. To be inlined always: it is compiled for the
    /// machine's instructions with the loop around it.
    fn read<S: Simd>(simd: S, tail: Tail<'_>) -> Option<Usual<'_>>;

    /// Whether the stack keeps the frame.
    #[inline(always)]
    fn is_kept(_: &Usual<'_>) -> bool {
        true
    }
}

/// Takes the frames of usual lines from line `at` on and leaves `at` at the first other one.
pub(super) fn take<'a, L: UsualLine>(text: &Text<'a>, at: &mut usize, frames: &mut Vec<Frame<'a>>) {
    dispatch!(Level::new(), simd => take_by::<_, L>(simd, text, at, frames));
}

#[inline(always)]
fn take_by<'a, S: Simd, L: UsualLine>(simd: S, text: &Text<'a>, at: &mut usize, frames: &mut Vec<Frame<'a>>) {
    while let Some(tail) = text.tail(*at) {
        let Some(found) = L::read(simd, tail) else { return };
        if L::is_kept(&found) {
            frames.push(found.frame());
        }
        *at += 1;
    }
}

impl<'a> Usual<'a> {
    #[inline(always)]
    fn frame(self) -> Frame<'a> {
        let frame = located(self.function, self.file, Some(self.line), self.column);
        Frame { module: Cow::Borrowed(self.module), ..frame }
    }
}

/// The frame of a line that is a usual one. For tests.
#[cfg(test)]
pub(super) fn shown<L: UsualLine>(line: &str) -> Option<String> {
    let text = format!("{:64}\n{line}", "");
    let text = Text::new(&text, &super::ParseLimits::default());
    let (mut at, mut found) = (1, Vec::new());
    take::<L>(&text, &mut at, &mut found);
    assert_eq!(at, 1 + found.len());
    found.pop().map(|frame| format!("{frame:?}"))
}
