//! Lines of a stack that end as most do, `f (file:1:2)`: what stands where is told by one look at the last 64 bytes.

use super::{split_owner, split_owner_at};
use crate::bytes::{self, BLOCK};
use crate::digits::digits_before_end;
use fearless_simd::Simd;

/// A line, and the last bytes of the text up to its end, for what is told by several bytes at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail<'a> {
    pub(crate) line: &'a str,
    block: &'a [u8; BLOCK],
}

impl<'a> Tail<'a> {
    #[inline(always)]
    pub(super) fn new(line: &'a str, block: &'a [u8; BLOCK]) -> Self {
        Self { line, block }
    }

    /// The place in brackets that the line ends with, where no other brackets stand in the block. `rest` is the line
    /// without its beginning, which is left out.
    #[inline(always)]
    pub(crate) fn bracketed<S: Simd>(self, simd: S, rest: &'a str) -> Option<Bracketed<'a, S>> {
        let block = self.block;
        let own = u64::MAX.unbounded_shl(BLOCK.saturating_sub(rest.len()) as u32);
        let brackets = bytes::brackets(simd, block) & own;
        let open = brackets.trailing_zeros() as usize;
        if brackets.count_ones() != 2 {
            return None;
        }
        let (before, place) = rest.split_at(rest.len() - (BLOCK - open));
        let place = place.strip_prefix('(')?.strip_suffix(')')?;
        Some(Bracketed { before, place, simd, block, open, own: own & ((1 << open) - 1) })
    }

    /// What of `rest`, the line without its beginning, stands before its last quote, where the block has that, and what
    /// stands behind.
    #[inline(always)]
    pub(crate) fn quoted<S: Simd>(self, simd: S, rest: &'a str) -> Option<(&'a str, &'a str)> {
        let own = u64::MAX.unbounded_shl(BLOCK.saturating_sub(rest.len()) as u32);
        let quote = (bytes::places_in(simd, self.block, *b"\"") & own).checked_ilog2()? as usize;
        let (before, behind) = rest.split_at(rest.len() - (BLOCK - quote));
        Some((before, behind.strip_prefix('"')?))
    }

    /// Whether any of the bytes stands among the last `length` of the line.
    #[inline(always)]
    pub(crate) fn ends_with_any<S: Simd, const N: usize>(
        self,
        simd: S,
        length: usize,
        wanted: [u8; N],
    ) -> bool {
        let own = u64::MAX.unbounded_shl(BLOCK.saturating_sub(length) as u32);
        let outside = length.saturating_sub(BLOCK);
        bytes::places_in(simd, self.block, wanted) & own != 0
            || outside > 0 && bytes::has_any(&self.line.as_bytes()[self.line.len() - length..], wanted)
    }

    /// The number of up to seven digits that stands behind a colon and before the last byte, and how many digits it has.
    #[inline(always)]
    pub(crate) fn number(self) -> Option<(usize, u32)> {
        let (count, number) = digits_before_end(self.block[..BLOCK - 1].last_chunk()?)?;
        (self.block[BLOCK - 2 - count] == b':').then_some((count, number))
    }

    /// [`split_location`] of the place that stands before the last byte, where it has a file, a line and a column.
    #[inline(always)]
    pub(crate) fn location(self, place: &'a str) -> Option<(&'a str, u32, u32)> {
        let (digits, column) = self.number()?;
        let rest = place.len().checked_sub(digits + 1)?;
        let (digits, line) = digits_before_end(place.as_bytes().get(..rest)?.last_chunk()?)?;
        let colon = rest - digits - 1;
        let (file, behind) = place.split_at_checked(colon)?;
        (behind.starts_with(':') && !file.is_empty()).then_some((file, line, column))
    }
}

/// A place in brackets and what stands before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracketed<'a, S> {
    pub(crate) before: &'a str,
    pub(crate) place: &'a str,
    simd: S,
    block: &'a [u8; BLOCK],
    /// Where the bracket opens in the block.
    open: usize,
    /// What of the block stands before the bracket, as bits.
    own: u64,
}

impl<'a, S: Simd> Bracketed<'a, S> {
    /// Whether any of the bytes stands before the bracket.
    #[inline(always)]
    pub(crate) fn has_any<const N: usize>(&self, wanted: [u8; N]) -> bool {
        let outside = self.before.len().saturating_sub(self.open);
        bytes::places_in(self.simd, self.block, wanted) & self.own != 0
            || outside > 0 && bytes::has_any(&self.before.as_bytes()[..outside], wanted)
    }

    /// Whether any of the bytes stands before the byte before the bracket.
    #[inline(always)]
    pub(crate) fn has_any_before_last<const N: usize>(&self, wanted: [u8; N]) -> bool {
        let own = self.own & (self.own >> 1);
        Bracketed { own, ..*self }.has_any(wanted)
    }

    /// [`split_owner`] of what stands before the bracket.
    #[inline(always)]
    pub(crate) fn owner(&self) -> (&'a str, &'a str) {
        let name = self.before;
        match (bytes::places_in(self.simd, self.block, *b".") & self.own).checked_ilog2() {
            Some(dot) => split_owner_at(name, name.len() + dot as usize - self.open),
            None => split_owner(name),
        }
    }
}
