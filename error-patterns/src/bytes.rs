//! Which bytes stand where in a text. Knows nothing else; linear, no memory of its own.

use fearless_simd::{Simd, SimdBase, u8x64};
use wide::u8x16;

/// Bytes that are classed together.
pub(crate) const BLOCK: usize = 64;

/// Classes of bytes, one bit each, by the halves of a byte: a class is all bytes whose upper half is one of some and
/// whose lower half is one of some. 64 bytes are classed with two table look-ups.
#[derive(Debug)]
pub(crate) struct Classes {
    low: [u8; BLOCK],
    high: [u8; BLOCK],
}

impl Classes {
    /// Of pairs of upper and lower halves; bit `n` is the class of pair `n`.
    pub(crate) const fn new(classes: [(&[u8], &[u8]); 8]) -> Self {
        let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
        let mut class = 0;
        while class < classes.len() {
            // One table of 16 for each 16 bytes of a block.
            let mut at = 0;
            while at < BLOCK {
                let half = (at & 15) as u8;
                high[at] |= (has(classes[class].0, half) as u8) << class;
                low[at] |= (has(classes[class].1, half) as u8) << class;
                at += 1;
            }
            class += 1;
        }
        Self { low, high }
    }

    /// The classes of each byte of a block.
    #[inline(always)]
    pub(crate) fn of<S: Simd>(&self, simd: S, bytes: u8x64<S>) -> u8x64<S> {
        let half = u8x64::splat(simd, 15);
        let look = |table: &[u8; BLOCK], at| {
            simd.swizzle_dyn_within_blocks_u8x64(u8x64::from_slice(simd, table), at)
        };
        look(&self.low, bytes & half) & look(&self.high, (bytes >> 4) & half)
    }
}

const fn has(halves: &[u8], half: u8) -> bool {
    let mut at = 0;
    while at < halves.len() {
        if halves[at] == half {
            return true;
        }
        at += 1;
    }
    false
}

/// Calls `found` with each place where `byte` stands, in order. For bytes that stand close to each other, such as
/// line ends and slashes, faster than to search anew from each.
#[inline]
pub(crate) fn each(text: &[u8], byte: u8, mut found: impl FnMut(usize)) {
    let (chunks, rest) = text.as_chunks::<16>();
    let wanted = u8x16::splat(byte);
    for (number, chunk) in chunks.iter().enumerate() {
        let mut places = u8x16::new(*chunk).simd_eq(wanted).to_bitmask();
        while places != 0 {
            found(number * 16 + places.trailing_zeros() as usize);
            places &= places - 1;
        }
    }
    for (at, other) in rest.iter().enumerate() {
        if *other == byte {
            found(chunks.len() * 16 + at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::each;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_place(text in "[ab\n]{0,70}") {
            let mut places = Vec::new();
            each(text.as_bytes(), b'\n', |at| places.push(at));
            let expected: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            prop_assert_eq!(places, expected);
        }
    }
}
