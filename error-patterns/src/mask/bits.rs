//! Finds the bytes that can be part of something personal, 64 at a time.
//!
//! A detector costs tens of instructions, and most of a stack trace is letters, dots and line numbers that are
//! none of its business. So 64 bytes are compared at once, the comparisons become bit masks, and the masks are
//! joined with their neighbours: a slash counts only before an `h`, a dash only between digits, a colon only
//! after letters that a secret's name may end with. What is left is about one byte in two hundred.
//!
//! The instructions are chosen when the program runs (SSE2, SSE4.2, AVX2, AVX-512, NEON, or plain); all give the
//! same bits.

use fearless_simd::{Simd, SimdBase, SimdMask, u8x64};

/// Bytes looked at together.
pub(super) const BLOCK: usize = 64;

/// Why a byte of a block is looked at; bit `n` is byte `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Triggers {
    /// Every byte to look at.
    pub all: u64,
    /// Last digit of 13 in a row: part of `all`.
    pub long_digits: u64,
    /// `:` or `=` after letters that a secret's name may end with: part of `all`.
    pub names: u64,
}

/// Junk between a name and its separator, in bytes: `"token\": "`, `password2 =`.
const JUNK_MAX: usize = 4;

/// Makes triggers of one block after the other.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Digits of the block before.
    digits: u64,
    /// Last bits of the block before: a name may end here, after so many bytes of junk.
    names: [u64; JUNK_MAX + 1],
}

/// Letter pairs that names of secrets end with, in classes: first letters, second letters. A class stands for
/// all of its pairs, and for a few more that share their bits.
const PAIRS: [(&[u8], &[u8]); 7] = [
    (b"e", b"y"),
    (b"iwr", b"d"),
    (b"eoi", b"n"),
    (b"e", b"t"),
    (b"ris", b"e"),
    (b"esl", b"s"),
    (b"nitap", b"ghplw"),
];
/// Class of the bytes that may stand between a name and its separator.
const JUNK: u8 = 0x80;

/// A byte's classes are those that both of its halves allow.
struct Halves {
    low: [u8; BLOCK],
    high: [u8; BLOCK],
}

const FIRST: Halves = halves(false);
const SECOND: Halves = halves(true);

const fn halves(second: bool) -> Halves {
    let mut halves = Halves { low: [0; BLOCK], high: [0; BLOCK] };
    let mut class = 0;
    while class < PAIRS.len() {
        let letters = if second { PAIRS[class].1 } else { PAIRS[class].0 };
        let mut at = 0;
        while at < letters.len() {
            halves = halves.with(letters[at], 1 << class).with(letters[at] - 0x20, 1 << class);
            at += 1;
        }
        class += 1;
    }
    let junk = b" \"'\\]0123456789";
    let mut at = 0;
    while second && at < junk.len() {
        halves = halves.with(junk[at], JUNK);
        at += 1;
    }
    halves
}

impl Halves {
    const fn with(mut self, byte: u8, class: u8) -> Self {
        // One table of 16 for each 16 bytes of a block.
        let mut table = 0;
        while table < BLOCK {
            self.low[table + (byte & 15) as usize] |= class;
            self.high[table + (byte >> 4) as usize] |= class;
            table += 16;
        }
        self
    }

    #[inline(always)]
    fn classes<S: Simd>(&self, simd: S, bytes: u8x64<S>) -> u8x64<S> {
        let (low, high) = (u8x64::from_slice(simd, &self.low), u8x64::from_slice(simd, &self.high));
        let nibble = u8x64::splat(simd, 15);
        simd.swizzle_dyn_within_blocks_u8x64(low, bytes & nibble)
            & simd.swizzle_dyn_within_blocks_u8x64(high, (bytes >> 4) & nibble)
    }
}

impl Blocks {
    /// Triggers of the block of `text` that begins at `start`; blocks are given in order.
    #[inline(always)]
    pub(super) fn triggers<S: Simd>(&mut self, simd: S, text: &[u8], start: usize) -> Triggers {
        let bytes = load(simd, text, start);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte));
        let next = text.get(start + BLOCK).copied().unwrap_or(b' ');

        let value = bytes - u8x64::splat(simd, b'0');
        let digits = value.simd_le(u8x64::splat(simd, 9)).to_bitmask();
        let digit_before = digits << 1 | self.digits >> 63;
        let digit_after = digits >> 1 | u64::from(next.is_ascii_digit()) << 63;
        let inside = digit_before & digit_after;

        // `10.0.0.1`, `555.555.0100`: another dot follows soon. The last places cannot know.
        let dots = is(b'.').to_bitmask() & inside;
        let dots = dots & (dots >> 2 | dots >> 3 | dots >> 4 | 0xf << 60);
        // `555-555-0100`, `4111 1111`
        let dashes = (is(b'-') | is(b' ')).to_bitmask() & inside;
        // `(555)`, `+82`, not `+0x1f`
        let opening = is(b'(').to_bitmask() & digit_after;
        let zero_after = is(b'0').to_bitmask() >> 1 | u64::from(next == b'0') << 63;
        let plus = is(b'+').to_bitmask() & digit_after & !zero_after;

        // `://`, `::`, and addresses: seven colons, so four in one of two blocks.
        let colons = is(b':').to_bitmask();
        let slash = (is(b'/') | is(b'\\')).to_bitmask();
        let slash_after = slash >> 1 | u64::from(matches!(next, b'/' | b'\\')) << 63;
        let colon_after = colons >> 1 | u64::from(next == b':') << 63;
        let addresses = if colons.count_ones() < 4 { colon_after | slash_after } else { u64::MAX };

        let folders = (is(b'h') | is(b'u') | is(b'U') | is(b'D')).to_bitmask();
        let folder_after = folders >> 1 | u64::from(matches!(next, b'h' | b'u' | b'U' | b'D')) << 63;

        let names = self.names(simd, text, start, bytes) & (colons | is(b'=').to_bitmask());
        let long_digits = self.long_digits(digits);
        self.digits = digits;

        let all = dots
            | dashes
            | opening
            | plus
            | colons & addresses
            | slash & folder_after
            | is(b'@').to_bitmask()
            | names
            | long_digits;
        Triggers { all, long_digits, names }
    }

    /// Places behind letters that a secret's name may end with, and behind junk that follows them.
    #[inline(always)]
    fn names<S: Simd>(&mut self, simd: S, text: &[u8], start: usize, bytes: u8x64<S>) -> u64 {
        let before = match start.checked_sub(1) {
            Some(start) => load(simd, text, start),
            None => {
                let mut block = [b' '; BLOCK];
                let length = text.len().min(BLOCK - 1);
                block[1..=length].copy_from_slice(&text[..length]);
                u8x64::from_slice(simd, &block)
            }
        };
        // Junk needs no letter before it.
        let first = FIRST.classes(simd, before) | u8x64::splat(simd, JUNK);
        let classes = first & SECOND.classes(simd, bytes);
        let junk = classes.simd_ge(u8x64::splat(simd, JUNK)).to_bitmask();
        let pairs = classes & u8x64::splat(simd, !JUNK);
        let mut ends = pairs.simd_gt(u8x64::splat(simd, 0)).to_bitmask();
        let mut behind = 0;
        for carried in &mut self.names {
            let after = ends << 1 | *carried;
            *carried = ends >> 63;
            behind |= after;
            ends = junk & after;
        }
        behind
    }

    /// Places where 13 digits in a row end, looking back into the block before.
    #[inline(always)]
    fn long_digits(&self, digits: u64) -> u64 {
        let window = u128::from(digits) << 16 | u128::from(self.digits >> 48);
        let two = window & window << 1;
        let four = two & two << 2;
        let eight = four & four << 4;
        let thirteen = eight & four << 8 & window << 12;
        (thirteen >> 16) as u64
    }
}

/// The block at `start`, with blanks behind the text.
#[inline(always)]
fn load<S: Simd>(simd: S, text: &[u8], start: usize) -> u8x64<S> {
    if let Some(block) = text.get(start..start + BLOCK) {
        return u8x64::from_slice(simd, block);
    }
    let mut block = [b' '; BLOCK];
    let rest = &text[start..];
    block[..rest.len()].copy_from_slice(rest);
    u8x64::from_slice(simd, &block)
}
