//! Finds the bytes that can be part of something personal, 64 at a time.
//!
//! A detector costs tens of instructions, and most of a stack trace is letters, dots and line numbers that are
//! none of its business. So 64 bytes are compared at once, the comparisons become bit masks, and the masks are
//! joined with their neighbours: a slash counts only before an `h`, a dash only between digits or behind letters
//! that a key begins with, a colon only behind letters that a secret's name may end with. What is left is about one
//! byte in a hundred.
//!
//! The instructions are chosen when the program runs (SSE2, SSE4.2, AVX2, AVX-512, NEON, or plain); all give the
//! same bits.

use crate::bytes::{BLOCK, Classes};
use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x64};

/// Why a byte of a block is looked at; bit `n` is byte `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Triggers {
    /// Every byte to look at.
    pub all: u64,
    /// The thirteenth of many digits in a row: part of `all`.
    pub long_digits: u64,
    /// `:`, `=`, `,` or `>` behind letters that a secret's name may end with: part of `all`.
    pub names: u64,
    /// The fixed part of a key may end here, or begin: part of `all`.
    pub keys: u64,
}

/// Blocks that are compared before any is joined and looked at: calls and branches between the comparisons would keep
/// what these need out of the registers.
const BATCH: usize = 8;

/// What the comparisons of one block say; bit `n` is byte `n`.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    digits: u64,
    dots: u64,
    colons: u64,
    commas: u64,
    /// `=`, `>`
    separators: u64,
    /// `USER=`
    users: u64,
    /// Letters that a secret's name may end with, and what may follow them.
    ends: u64,
    junk: u64,
    keys: u64,
    /// Dots behind what a key may have before its last.
    key_dots: u64,
    /// `--`, `-p`, `-u`
    flags: u64,
    places: u64,
    /// What can hide something.
    odd: u64,
}

/// The blocks of a text that have triggers, in order.
#[derive(Debug)]
pub(super) struct Blocks<'t> {
    text: &'t [u8],
    start: usize,
    level: Level,
    batch: [Compared; BATCH],
    triggers: [Triggers; BATCH],
    before: Before,
    /// A byte that can hide something was met: a terminal colour, a percent or backslash escape, no ASCII.
    pub odd: bool,
}

/// What the next block must know of the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    digits: u64,
    /// Its last bits, as the first of a block.
    dots: u64,
    /// Whether it ended with a name's last letter, and with junk behind one: 0 or 1.
    ends: u64,
    junk: u64,
}

/// What a byte and its neighbours must be to be looked at. No bytes mean any.
struct Rule {
    last: &'static [u8],
    here: &'static [u8],
    next: &'static [u8],
}

const fn rule(last: &'static [u8], here: &'static [u8], next: &'static [u8]) -> Rule {
    Rule { last, here, next }
}

const DIGITS: &[u8] = b"0123456789";

/// Places of numbers, paths and URLs.
const PLACES: [Rule; 8] = [
    // `555-0100`, `4111 1111`
    rule(DIGITS, b"- ", DIGITS),
    // `(555)`, `+82`, not `+0x1f`
    rule(b"", b"(", DIGITS),
    rule(b"", b"+", b"123456789"),
    // `://`, `::`
    rule(b"", b":", b"/:"),
    // `~alice/`
    rule(b" \n\t\"'(=:,;", b"~", b""),
    // `/home/`, `/Users/`, `\\Documents and Settings\\`
    rule(b"", b"/", b"hD"),
    rule(b"", b"/", b"uU"),
    rule(b"", b"\\", b"huUD"),
];
/// Rules of home directories, whose second letter is an `o` or an `s`.
const HOMES: u8 = 0xe0;
/// Places where a key may begin or its fixed part may end.
const KEYS: [Rule; 8] = [
    // ` --password`, `'-p`, ` -P`, ` -a`, ` -w`
    rule(b" '\"", b"-", b"-puPaw"),
    // `AKIA`, `ASIA`, `AIza`, `LTAI`, `AKCp`, `EZAK`, `SK12`, `eyJ`, `dapi`
    rule(b"A", b"KSI", b""),
    rule(b"", b"S", b"K"),
    rule(b"y", b"J", b""),
    rule(b"a", b"p", b"i"),
    // `Bearer x`, `token x`, `Basic x`
    rule(b"eE", b"rRnN", b" "),
    rule(b"iI", b"cC", b" "),
    rule(b"G9", b".", b""),
];
const FLAGS: u8 = 0x01;
const DOTS: u8 = 0x80;
/// More of them; then what can hide something.
const MORE: [Rule; 8] = [
    // `--BEGIN`, `1//0`, `/services/T`, `12345678:AA`, `ATATT3x`
    rule(b"-", b"BE", b""),
    rule(DIGITS, b"/", b"/"),
    rule(b"", b"/", b"T"),
    rule(DIGITS, b":", b"A"),
    rule(b"T", b"3", b"x"),
    rule(b"", b"\x1b", b""),
    rule(b"", b"%", b""),
    rule(b"", b"\\", b""),
];
const MORE_KEYS: u8 = 0x1f;
const ODD: u8 = 0xe0;

/// Pairs of letters that names of secrets end with, in either case, and what may follow them.
const NAMES: [Rule; 8] = [
    rule(b"eE", b"yY", b""),
    rule(b"iwrIWR", b"dD", b""),
    rule(b"eoiEOI", b"nN", b""),
    rule(b"erER", b"tT", b""),
    rule(b"risnuRISNU", b"eE", b""),
    rule(b"esltndESLTND", b"sS", b""),
    rule(b"nitapehNITAPEH", b"ghplwaGHPLWA", b""),
    // Junk between a name and its separator, whatever is before it.
    rule(b"", b" \"'\\]0123456789", b""),
];
const JUNK: u8 = 0x80;
/// Three bytes before the last mark, `_` or `-`, of what keys begin with, and of `pytest-of-`; then before the dot of
/// `SG.` and `ya29.`.
/// They are put together so that few names have them.
const PREFIXES: [Rule; 8] = [
    rule(b"", b"rm", b"8s"),
    rule(b"sSpMKRk", b"ePsAE", b"cXsKYy"),
    rule(b"plcn", b"adrbp", b"tm"),
    rule(b"eo", b"sx2", b"tardb"),
    rule(b"", b"hpao", b"fi"),
    rule(b"giro", b"hvyx", b"pousrebc"),
    rule(b"", b"svp", b"k1ap"),
    rule(b"", b"S2", b"G9"),
];

/// The same for more keys; the last is for dots.
const MORE_PREFIXES: [Rule; 8] = [
    rule(b"", b"CIst", b"IKknp"),
    rule(b"finp", b"8acno", b"1aeou"),
    rule(b"", b"JSfgk", b"STcdn"),
    rule(b"Rdlorv", b"-Kaefl", b"Utuvy"),
    rule(b"dfnst", b"bfgimo", b"2bekp"),
    rule(b"AP_u", b"ARprt", b"SThtw"),
    rule(b"gkop", b"ahklu", b"aclsx"),
    rule(b"h.c", b"vpsc0", b"sbrta1"),
];

/// The last two of all of them: a flag, too, may stand behind these.
const PAIRS: [Rule; 8] = [
    rule(b"h-c", b"pousrf", b""),
    rule(b"srAIJSCK", b"kKISTU", b""),
    rule(b"asdrbftnm", b"t", b""),
    rule(b"ymsx", b"s", b""),
    rule(b"pxvrPtsdiaul", b"pm18barcdXlx", b""),
    rule(b"ap", b"i", b""),
    rule(b"vselE8", b"eayY", b""),
    rule(b"eo", b"cfvd", b""),
];

/// Which byte of the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Last,
    Here,
    Next,
}

/// A class for each rule: a rule stands for its bytes, and for a few more.
const fn classes<const N: usize>(rules: &[Rule; N], place: Place) -> Classes {
    let mut sets: [&[u8]; N] = [b""; N];
    let mut index = 0;
    while index < N {
        sets[index] = match place {
            Place::Last => rules[index].last,
            Place::Here => rules[index].here,
            Place::Next => rules[index].next,
        };
        index += 1;
    }
    Classes::of_bytes(sets)
}

static PLACES_LAST: Classes = classes(&PLACES, Place::Last);
static PLACES_HERE: Classes = classes(&PLACES, Place::Here);
static PLACES_NEXT: Classes = classes(&PLACES, Place::Next);
static KEYS_LAST: Classes = classes(&KEYS, Place::Last);
static KEYS_HERE: Classes = classes(&KEYS, Place::Here);
static KEYS_NEXT: Classes = classes(&KEYS, Place::Next);
static MORE_LAST: Classes = classes(&MORE, Place::Last);
static MORE_HERE: Classes = classes(&MORE, Place::Here);
static MORE_NEXT: Classes = classes(&MORE, Place::Next);
static NAMES_LAST: Classes = classes(&NAMES, Place::Last);
static NAMES_HERE: Classes = classes(&NAMES, Place::Here);
static PREFIXES_FIRST: Classes = classes(&PREFIXES, Place::Last);
static PREFIXES_SECOND: Classes = classes(&PREFIXES, Place::Here);
static PREFIXES_THIRD: Classes = classes(&PREFIXES, Place::Next);
static MORE_PREFIXES_FIRST: Classes = classes(&MORE_PREFIXES, Place::Last);
static MORE_PREFIXES_SECOND: Classes = classes(&MORE_PREFIXES, Place::Here);
static MORE_PREFIXES_THIRD: Classes = classes(&MORE_PREFIXES, Place::Next);

static PAIRS_FIRST: Classes = classes(&PAIRS, Place::Last);
static PAIRS_SECOND: Classes = classes(&PAIRS, Place::Here);

/// Bytes of a window: a block, some before and some behind it.
const BEFORE: usize = 3;
const BEHIND: usize = 2;
const WINDOW: usize = BEFORE + BLOCK + BEHIND;

/// The triggers of a text of at most one block, and whether it has a byte that can hide something. Most values of
/// attributes are so short, and need no batch.
pub(super) fn of_short(text: &[u8]) -> (Triggers, bool) {
    let mut batch = [Compared::default()];
    let mut triggers = [Triggers::default()];
    let level = Level::new();
    dispatch!(level, simd => compare_short(simd, text, &mut batch));
    let odd = Before::default().join_batch(text, 0, &batch, &mut triggers);
    (triggers[0], odd)
}

#[inline(always)]
fn compare_short<S: Simd>(simd: S, text: &[u8], batch: &mut [Compared; 1]) {
    let mut window = [b' '; WINDOW];
    let length = text.len().min(BLOCK);
    window[BEFORE..][..length].copy_from_slice(&text[..length]);
    batch[0] = Compared::of(simd, &window);
}

/// Compares a batch of blocks from `start` on.
#[inline(always)]
fn compare_batch<S: Simd>(simd: S, text: &[u8], start: usize, batch: &mut [Compared; BATCH]) {
    for (compared, start) in batch.iter_mut().zip((start..text.len()).step_by(BLOCK)) {
        if let Some(window) = start.checked_sub(BEFORE).and_then(|from| text[from..].first_chunk()) {
            *compared = Compared::of(simd, window);
            continue;
        }
        // At both ends of the text there are blanks around it.
        let mut window = [b' '; WINDOW];
        let from = start.saturating_sub(BEFORE);
        let to = text.len().min(start + BLOCK + BEHIND);
        window[BEFORE + from - start..][..to - from].copy_from_slice(&text[from..to]);
        *compared = Compared::of(simd, &window);
    }
}

impl Compared {
    #[inline(always)]
    fn of<S: Simd>(simd: S, window: &[u8; WINDOW]) -> Self {
        let load = |from: usize| u8x64::from_slice(simd, &window[from..from + BLOCK]);
        let bytes = load(BEFORE);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte));
        let any = |bits: u8x64<S>| bits.simd_gt(u8x64::splat(simd, 0));
        let (third_last, second_last, last, next) = (load(0), load(1), load(2), load(4));

        let places = PLACES_LAST.of(simd, last) & PLACES_HERE.of(simd, bytes) & PLACES_NEXT.of(simd, next);
        let keys_next = KEYS_NEXT.of(simd, next);
        let keys = KEYS_LAST.of(simd, last) & KEYS_HERE.of(simd, bytes) & keys_next;
        let more = MORE_LAST.of(simd, last) & MORE_HERE.of(simd, bytes) & MORE_NEXT.of(simd, next);
        let prefixes = PREFIXES_FIRST.of(simd, third_last)
            & PREFIXES_SECOND.of(simd, second_last)
            & PREFIXES_THIRD.of(simd, last)
            | MORE_PREFIXES_FIRST.of(simd, third_last)
                & MORE_PREFIXES_SECOND.of(simd, second_last)
                & MORE_PREFIXES_THIRD.of(simd, last);
        let names = NAMES_LAST.of(simd, last) & NAMES_HERE.of(simd, bytes);

        let high = bytes & u8x64::splat(simd, 0x80);
        let flags = is(b'-') & any(keys_next & u8x64::splat(simd, FLAGS));
        let marks = (is(b'_') | is(b'-') & !flags) & any(prefixes & u8x64::splat(simd, !DOTS))
            | is(b'.') & any(prefixes & u8x64::splat(simd, DOTS));
        let second_next = load(5) | u8x64::splat(simd, 0x20);
        let second = |byte: u8| second_next.simd_eq(u8x64::splat(simd, byte));
        let homes = any(places & u8x64::splat(simd, HOMES)) & (second(b'o') | second(b's'));
        let equals = is(b'=');
        Self {
            digits: (bytes - u8x64::splat(simd, b'0')).simd_le(u8x64::splat(simd, 9)).to_bitmask(),
            dots: is(b'.').to_bitmask(),
            colons: is(b':').to_bitmask(),
            commas: is(b',').to_bitmask(),
            separators: (equals | is(b'>')).to_bitmask(),
            users: (equals & last.simd_eq(u8x64::splat(simd, b'R'))).to_bitmask(),
            ends: any(names & u8x64::splat(simd, !JUNK)).to_bitmask(),
            junk: names.simd_ge(u8x64::splat(simd, JUNK)).to_bitmask(),
            keys: (any(keys & u8x64::splat(simd, !DOTS) | more & u8x64::splat(simd, MORE_KEYS)) | marks)
                .to_bitmask(),
            key_dots: keys.simd_ge(u8x64::splat(simd, DOTS)).to_bitmask(),
            flags: flags.to_bitmask(),
            places: (any(places & u8x64::splat(simd, !HOMES)) | homes | is(b'@')).to_bitmask(),
            odd: any(high | more & u8x64::splat(simd, ODD)).to_bitmask(),
        }
    }
}

impl<'t> Blocks<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self {
            text,
            start: 0,
            level: Level::new(),
            batch: [Compared::default(); BATCH],
            triggers: [Triggers::default(); BATCH],
            before: Before::default(),
            odd: false,
        }
    }

    /// Compares and joins the batch that begins here.
    fn batch(&mut self) {
        let (text, start) = (self.text, self.start);
        let (batch, triggers, before) = (&mut self.batch, &mut self.triggers, &mut self.before);
        let count = (text.len() - start).div_ceil(BLOCK).min(BATCH);
        dispatch!(self.level, simd => compare_batch(simd, text, start, batch));
        // The same instructions once more, for what they do with single bits.
        self.odd |= dispatch!(self.level, _simd => before.join_batch(text, start, &batch[..count], triggers));
    }
}

impl Before {
    /// Joins neighbouring blocks; whether one has a byte that can hide something.
    #[inline(always)]
    fn join_batch(
        &mut self,
        text: &[u8],
        start: usize,
        batch: &[Compared],
        triggers: &mut [Triggers],
    ) -> bool {
        let (mut before, mut odd) = (*self, 0);
        for (number, (compared, triggers)) in batch.iter().zip(triggers).enumerate() {
            *triggers = before.join(compared);
            odd |= compared.odd;
            if compared.flags != 0 {
                triggers.keys |= flags_behind_pairs(text, start + number * BLOCK, compared.flags);
                triggers.all |= triggers.keys;
            }
        }
        *self = before;
        odd != 0
    }

    /// Joins the comparisons of a block with those of the block before.
    #[inline(always)]
    fn join(&mut self, compared: &Compared) -> Triggers {
        let Compared { digits, dots, colons, .. } = *compared;
        // `10.0.0.1`, `555.555.0100`: another dot follows soon. The last places cannot know.
        let behind_digit = digits << 1 | self.digits >> 63;
        let numbers = dots & behind_digit & (digits >> 1 | 1 << 63);
        let numbers = numbers & (numbers >> 2 | numbers >> 3 | numbers >> 4 | 0xf << 60);
        // Two dots with six bytes between them, and behind them a long part of a key.
        let apart = dots & (dots << 7 | self.dots) | compared.key_dots;
        self.dots = dots >> 57;
        let keys = compared.keys | apart & !soon(dots | colons | compared.commas);
        // Addresses have seven colons, so four in one of two blocks.
        let less_one = |bits: u64| bits & bits.wrapping_sub(1);
        let addresses = if less_one(less_one(less_one(colons))) == 0 { 0 } else { colons };
        // `://` is no separator.
        let separators = compared.separators | colons;
        // Only a quoted name may stand before a comma, so no digit.
        let commas = compared.commas & !behind_digit;
        // Its class has more than junk, these among it.
        let junk = compared.junk & !(separators | commas);
        let (behind, behind_junk) = self.behind_names(compared.ends, junk);
        let names = behind & separators | behind_junk & commas | compared.users;
        let long_digits = self.long_digits(digits);
        let all = compared.places | numbers | addresses | names | keys | long_digits;
        Triggers { all, long_digits, names, keys }
    }

    /// Places behind letters that a secret's name may end with, at once or behind junk (`"token\\": "`, `password2   =`), and
    /// those behind junk.
    #[inline(always)]
    fn behind_names(&mut self, ends: u64, junk: u64) -> (u64, u64) {
        let at_once = ends << 1 | self.ends;
        // What is added at the start of a run of junk is carried to the place behind it.
        let (carried, runs_on) = junk.overflowing_add((at_once | self.junk) & junk);
        let behind_junk = (carried | self.junk) & !junk;
        (self.ends, self.junk) = (ends >> 63, u64::from(runs_on));
        (at_once | behind_junk, behind_junk)
    }

    /// Places of the thirteenth digit in a row, looking back into the block before.
    #[inline(always)]
    fn long_digits(&mut self, digits: u64) -> u64 {
        let before = std::mem::replace(&mut self.digits, digits);
        // Eight of the thirteen are in this block, or six at the end of the one before.
        let two = digits & digits << 1;
        let four = two & two << 2;
        if four & four << 4 == 0 && before >> 58 != 0x3f { 0 } else { long_digits(digits, before) }
    }
}

/// Flags behind what keys begin with.
#[inline(never)]
fn flags_behind_pairs(text: &[u8], start: usize, mut flags: u64) -> u64 {
    let mut behind = 0;
    while flags != 0 {
        let at = start + flags.trailing_zeros() as usize;
        if let Some([first, second]) = text[..at].last_chunk()
            && PAIRS_FIRST.of_one(*first) & PAIRS_SECOND.of_one(*second) != 0
        {
            behind |= flags & flags.wrapping_neg();
        }
        flags &= flags - 1;
    }
    behind
}

/// Where a block begins, and its triggers.
impl Iterator for Blocks<'_> {
    type Item = (usize, Triggers);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.start < self.text.len() {
            let start = self.start;
            let number = start / BLOCK % BATCH;
            if number == 0 {
                self.batch();
            }
            let triggers = self.triggers[number];
            self.start += BLOCK;
            if triggers.all != 0 {
                return Some((start, triggers));
            }
        }
        None
    }
}

/// Places with one of these in the 27 bytes behind them.
fn soon(stops: u64) -> u64 {
    let two = stops >> 1 | stops >> 2;
    let four = two | two >> 2;
    let eight = four | four >> 4;
    let sixteen = eight | eight >> 8;
    sixteen | sixteen >> 11
}

#[inline(never)]
fn long_digits(digits: u64, before: u64) -> u64 {
    let window = u128::from(digits) << 16 | u128::from(before >> 48);
    let two = window & window << 1;
    let four = two & two << 2;
    let eight = four & four << 4;
    let thirteen = eight & four << 8 & window << 12;
    ((thirteen & !(thirteen << 1)) >> 16) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_texts_have_the_same_triggers(text in r"([ -~]{0,8}(key|word|token|-p|--| 1.2.3.|::|=|: |,)){0,6}[ -~]{0,16}") {
            let text = &text.as_bytes()[..text.len().min(BLOCK)];
            let mut blocks = Blocks::of(text);
            let expected = blocks.next().map_or(Triggers::default(), |(_, triggers)| triggers);
            prop_assert_eq!(of_short(text), (expected, blocks.odd));
        }
    }
}
