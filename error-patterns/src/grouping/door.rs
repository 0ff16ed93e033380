//! Which exceptions may have been here before.
//!
//! To know a repeat in spite of its numbers takes a key that looks at each number, and to be known it must be kept. Most
//! exceptions that nobody has seen are never seen again, so neither is done for them: what is seen for the first time
//! leaves a print at the door, and only what has a print there goes on to the cache. A print is made of letters that no
//! number has, so whatever has one key has one print; what has one print may have several keys, which costs time and
//! nothing else.

use crate::bytes::BLOCK;
use crate::model::RawException;
use fearless_simd::{Bytes, Level, Select, Simd, SimdBase, dispatch, u8x64, u16x32};
use std::sync::atomic::{AtomicU32, Ordering};

/// Prints for each entry that the cache holds: some share a place, and the newer one takes it.
const PRINTS_EACH: usize = 2;
/// Most prints, of 4 bytes.
const PRINTS_MAX: usize = 1 << 20;

/// Prints of the exceptions that came last.
#[derive(Debug)]
pub(super) struct Door {
    /// 0 for none.
    prints: Box<[AtomicU32]>,
}

impl Door {
    /// Of a cache of so many entries.
    pub(super) fn new(entries_max: usize) -> Self {
        let wanted = entries_max.saturating_mul(PRINTS_EACH).min(PRINTS_MAX);
        let places = if entries_max == 0 { 0 } else { wanted.next_power_of_two() };
        Self { prints: (0..places).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Whether an exception like this was here before. It leaves its print.
    #[inline]
    pub(super) fn knows(&self, raw: &RawException<'_>) -> bool {
        if self.prints.is_empty() {
            return false;
        }
        let print = print(raw);
        let mixed = u64::from(print).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &self.prints[(mixed >> 32) as usize & (self.prints.len() - 1)];
        if place.load(Ordering::Relaxed) == print {
            return true;
        }
        place.store(print, Ordering::Relaxed);
        false
    }
}

/// A number that depends on which letters the message and the stack trace have. 0 where there is none, which nothing is
/// told by.
fn print(raw: &RawException<'_>) -> u32 {
    let level = Level::new();
    let sums = [raw.message, raw.stacktrace].into_iter().flatten().fold([0_u16; 2], |sums, text| {
        let more = dispatch!(level, simd => powers(simd, text.as_bytes()));
        [sums[0].wrapping_add(more[0]), sums[1].wrapping_add(more[1])]
    });
    u32::from(sums[0]) << 16 | u32::from(sums[1])
}

/// The squares and the cubes of all letters that are no hexadecimal digits, nor the `x` before them, each summed up: the
/// order does not matter, so what stands between the letters does not either.
#[inline(always)]
fn powers<S: Simd>(simd: S, text: &[u8]) -> [u16; 2] {
    let none = u16x32::splat(simd, 0);
    let mut sums = [none, none];
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        sums = powers_of(simd, block, sums);
    }
    if !rest.is_empty() {
        let mut padded = [0; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        sums = powers_of(simd, &padded, sums);
    }
    [sums[0].reduce_sum(), sums[1].reduce_sum()]
}

/// The sums with the letters of one more block.
#[inline(always)]
fn powers_of<S: Simd>(simd: S, block: &[u8; BLOCK], [squares, cubes]: [u16x32<S>; 2]) -> [u16x32<S>; 2] {
    let letters = u8x64::from_slice(simd, block) | u8x64::splat(simd, 0x20);
    let behind_f = letters - u8x64::splat(simd, b'g');
    let counts = behind_f.simd_le(u8x64::splat(simd, b'z' - b'g'))
        & !behind_f.simd_eq(u8x64::splat(simd, b'x' - b'g'));
    let counted = u16x32::from_bytes(counts.select(letters, u8x64::splat(simd, 0)));
    let (one, other) = (counted & u16x32::splat(simd, 0xff), counted >> 8);
    let (one_square, other_square) = (one * one, other * other);
    [squares + one_square + other_square, cubes + one_square * one + other_square * other]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw<'a>(message: &'a str, stacktrace: &'a str) -> RawException<'a> {
        RawException { message: Some(message), stacktrace: Some(stacktrace), ..RawException::default() }
    }

    #[test]
    fn knows_what_came_before() {
        let door = Door::new(8);
        let [one, other] = [raw("no column", "at run.py"), raw("no such table", "at run.py")];
        assert_eq!([&one, &other, &one, &other].map(|raw| door.knows(raw)), [false, false, true, true]);
        assert!(door.knows(&raw("no column", "\u{e9} 12 at run.py:0x7ffe-12")), "numbers leave no print");
        assert!(!Door::new(0).knows(&one) && !Door::new(0).knows(&one));
    }

    proptest! {
        #[test]
        fn a_print_is_made_of_letters(text in "([a-zA-Z]{0,30}[ -~\u{e9}]{0,3}){0,12}") {
            let plain = text.bytes().map(|byte| u32::from(byte | 0x20));
            let letters = plain.filter(|byte| (0x67..=0x7a).contains(byte) && *byte != 0x78);
            let sum = |power: u32| letters.clone().fold(0_u32, |sum, byte| sum.wrapping_add(byte.pow(power))) & 0xffff;
            prop_assert_eq!(print(&raw(&text, "")), sum(2) << 16 | sum(3));
            prop_assert_eq!(print(&raw("", &text)), print(&raw(&text, "0123")));
        }
    }
}
