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

/// Repeats in a row after which the next exception is taken for one as well.
const STREAK: u32 = 8;

/// Prints of the exceptions that came last.
#[derive(Debug)]
pub(super) struct Door {
    /// 0 for none.
    prints: Box<[AtomicU32]>,
    /// Repeats that came since the last exception that was none, at most [`STREAK`].
    streak: AtomicU32,
}

/// Whether the cache is to be asked for an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nobody has seen it.
    Past,
    /// It may be a repeat.
    In,
    /// Most are repeats now, so nobody looked for its print.
    Through,
}

impl Door {
    /// Of a cache of so many entries.
    pub(super) fn new(entries_max: usize) -> Self {
        let wanted = entries_max.saturating_mul(PRINTS_EACH).min(PRINTS_MAX);
        let places = if entries_max == 0 { 0 } else { wanted.next_power_of_two() };
        Self { prints: (0..places).map(|_| AtomicU32::new(0)).collect(), streak: AtomicU32::new(0) }
    }

    /// Where an exception goes.
    #[inline]
    pub(super) fn way(&self, raw: &RawException<'_>) -> Way {
        if self.streak.load(Ordering::Relaxed) >= STREAK {
            return Way::Through;
        }
        if self.knows(raw) { Way::In } else { Way::Past }
    }

    /// Notes a repeat.
    #[inline]
    pub(super) fn found(&self) {
        let streak = self.streak.load(Ordering::Relaxed);
        if streak < STREAK {
            self.streak.store(streak + 1, Ordering::Relaxed);
        }
    }

    /// Notes that an exception was no known repeat; whether to keep what it is.
    #[inline]
    pub(super) fn missed(&self, raw: &RawException<'_>, way: Way) -> bool {
        if self.streak.load(Ordering::Relaxed) > 0 {
            self.streak.store(0, Ordering::Relaxed);
        }
        way == Way::In || way == Way::Through && self.knows(raw)
    }

    /// Whether an exception like this was here before. It leaves its print.
    #[inline]
    fn knows(&self, raw: &RawException<'_>) -> bool {
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

/// The squares and the cubes of the letters from `g` to `w`, which stand in no number, each summed up: their order does
/// not matter, so what stands between them does not either.
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
    let counts = (letters - u8x64::splat(simd, b'g')).simd_le(u8x64::splat(simd, b'w' - b'g'));
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

    #[test]
    fn what_a_key_leaves_out_leaves_no_print() {
        let print = |text: &str| print(&raw("", text));
        assert_eq!(
            print("run 3fa85f64-5717-4562-b3fc-2c963f66AFA6 at 0x7ffeABCD, line 3 (a.js:4)"),
            print("run 00000000-0000-0000-0000-000000000000 at 0x123456, line 33333 (a.js:4:15)")
        );
    }

    #[test]
    fn does_not_look_while_repeats_come() {
        let (door, one) = (Door::new(8), raw("no column", "at run.py"));
        assert_eq!(door.way(&one), Way::Past);
        assert!(!door.missed(&one, Way::Past));
        assert_eq!(door.way(&one), Way::In);
        assert!(door.missed(&one, Way::In));
        (0..STREAK).for_each(|_| door.found());
        let other = raw("no such table", "at run.py");
        assert_eq!(door.way(&other), Way::Through);
        assert!(!door.missed(&other, Way::Through), "nobody has seen it");
        assert_eq!(door.way(&other), Way::In, "its print is known, the streak has ended");
    }

    proptest! {
        #[test]
        fn a_print_is_made_of_letters(text in "([a-zA-Z]{0,30}[ -~\u{e9}]{0,3}){0,12}") {
            let plain = text.bytes().map(|byte| u32::from(byte | 0x20));
            let letters = plain.filter(|byte| (0x67..=0x77).contains(byte));
            let sum = |power: u32| letters.clone().fold(0_u32, |sum, byte| sum.wrapping_add(byte.pow(power))) & 0xffff;
            prop_assert_eq!(print(&raw(&text, "")), sum(2) << 16 | sum(3));
            prop_assert_eq!(print(&raw("", &text)), print(&raw(&text, "0123")));
        }
    }
}
