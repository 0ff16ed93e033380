//! The key of a repeat: exceptions with one key have one [`Grouping`](super::Grouping), though their texts differ in
//! numbers that no step of grouping looks at.
//!
//! One pass copies the texts and puts a mark in place of line numbers, counts, addresses, times and ids; a hash of
//! the copy is the key. A number stays where it may mean something ([`crate::tokens`] keeps it, or a rule's text
//! names it), where it is part of a name, and where there is a snippet, whose lines are counted. What is folded here
//! must be dropped by every later step: `tests/repeats.rs` changes the folded numbers of real reports and compares
//! the groupings. When in doubt a number stays, which costs time and nothing else.

use crate::bytes::{BLOCK, Classes, first_digit};
use crate::digits::digits_at;
use crate::model::RawException;
use crate::tokens::gives_meaning;
use copied::{Copied, with_room};
use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x64};
use rapidhash::RapidHashSet;
use std::ops::Range;
use wide::u8x16;
use xxhash_rust::xxh3::xxh3_128;

mod copied;

/// Stands for what varies; no byte of UTF-8 is equal to it.
const MARK: u8 = 0xff;
/// Ends a field; no byte of UTF-8 either.
const END: u8 = 0xfe;
/// Bytes looked back at for the words before a number, and for the start of a place.
const BACK_MAX: usize = 48;

/// Where a text names the file of a user's own code, to find it again in a repeat.
#[derive(Debug)]
pub(super) struct Place {
    /// Line of the stack trace, from 0.
    line: usize,
    /// Byte of the line.
    column: usize,
    /// The byte behind the path, if any, and how often it stands in the path.
    end: Option<(u8, usize)>,
    /// The path, what varies marked.
    folded: Box<[u8]>,
}

impl Place {
    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.folded.len()
    }

    /// Where the stack trace names the path first; `None` where it does not, as in a coloured text.
    pub(super) fn of(raw: &RawException<'_>, path: &str, kept: Option<&Kept>) -> Option<Self> {
        let text = raw.stacktrace?.as_bytes();
        // Most paths are a part of the text itself.
        let part = (path.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
        let part = part.filter(|at| text.get(*at..at + path.len()) == Some(path.as_bytes()));
        let at = part.or_else(|| memchr::memmem::find(text, path.as_bytes()))?;
        let before = &text[..at];
        let end = text.get(at + path.len()).copied();
        Some(Self {
            line: memchr::memchr_iter(b'\n', before).count(),
            column: at - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1),
            end: end.map(|end| (end, memchr::memchr_iter(end, path.as_bytes()).count())),
            folded: with_folded(path.as_bytes(), kept, |folded| folded.into()),
        })
    }

    /// The path that a repeat's text names there; `None` when it is another than in numbers.
    pub(super) fn read<'t>(&self, raw: &RawException<'t>, kept: Option<&Kept>) -> Option<&'t str> {
        let text = raw.stacktrace?;
        let bytes = text.as_bytes();
        let line = match self.line.checked_sub(1) {
            Some(earlier) => memchr::memchr_iter(b'\n', bytes).nth(earlier)? + 1,
            None => 0,
        };
        let start = line.checked_add(self.column)?;
        let rest = bytes.get(start..)?;
        let length = match self.end {
            Some((end, times)) => memchr::memchr_iter(end, rest).nth(times)?,
            None => rest.len(),
        };
        let path = text.get(start..start + length)?;
        with_folded(path.as_bytes(), kept, |folded| *folded == *self.folded).then_some(path)
    }
}

/// Reads the path with what varies marked.
fn with_folded<T>(path: &[u8], kept: Option<&Kept>, read: impl FnOnce(&[u8]) -> T) -> T {
    let Some(kept) = kept else { return read(path) };
    with_room(path.len(), |out| {
        fold(out, path, kept);
        read(out.written())
    })
}

/// Numbers that rules name, which therefore stay.
#[derive(Debug)]
pub(super) struct Kept {
    /// What rules name, by number.
    named: Box<[Named; NAMED_MAX]>,
    /// Numbers beyond, whatever stands before them.
    large: RapidHashSet<u32>,
    /// Numbers behind a word.
    behind: RapidHashSet<(Word, u32)>,
    /// The bits of these words.
    words: u64,
    /// Of each number, as bits, the [forms](FORMS) of a line behind which it stays.
    lines: Box<[u8; NAMED_MAX]>,
}

/// What stands before the number of a line in most stacks, and the last word of it.
const FORMS: [(&[u8], &[u8]); 4] =
    [(b".js:", b"js"), (b".java:", b"java"), (b" line ", b"line"), (b".ts:", b"ts")];

/// Numbers whose place among the named ones is kept.
const NAMED_MAX: usize = 2048;

/// How rules name a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Never,
    /// Only behind some words.
    Behind,
    Always,
}

/// The first letters of a word, small.
type Word = [u8; WORD_BYTES];
const WORD_BYTES: usize = 12;

fn word(letters: &[u8]) -> Word {
    let mut word = Word::default();
    let length = letters.len().min(word.len());
    word[..length].copy_from_slice(&letters[..length]);
    word.make_ascii_lowercase();
    word
}

/// The bit of a word, which it shares with few others.
fn word_bit(letters: &[u8]) -> u64 {
    let Some(first) = letters.first() else { return 0 };
    let place = usize::from(first & 31) + 7 * letters.len().min(WORD_BYTES);
    1 << (place & 63)
}

/// The word that a text ends with, behind which there may be anything but letters, quotes and a line's end.
#[inline]
fn last_word(before: &[u8]) -> &[u8] {
    if let Some(back) = before.last_chunk::<16>() {
        // Most words stand near enough to be found at once.
        let back_bytes = u8x16::new(*back);
        let letters = ((back_bytes | u8x16::splat(0x20)) - u8x16::splat(b'a')).simd_le(u8x16::splat(25));
        let equal = |byte: u8| back_bytes.simd_eq(u8x16::splat(byte));
        let ends = (letters | equal(b'"') | equal(b'\'') | equal(b'\n')).to_bitmask();
        let end = u32::BITS - ends.leading_zeros();
        let others = !letters.to_bitmask() & ((1 << end) - 1);
        if others != 0 {
            let rest = before.len() - 16;
            return &before[rest + (u32::BITS - others.leading_zeros()) as usize..rest + end as usize];
        }
    }
    let back = &before[before.len().saturating_sub(BACK_MAX)..];
    let end = back
        .iter()
        .rposition(|b| b.is_ascii_alphabetic() || matches!(b, b'"' | b'\'' | b'\n'))
        .map_or(0, |at| at + 1);
    let start = back[..end].iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    &back[start..end]
}

impl Kept {
    /// The numbers in the texts of rule files.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut kept = Self {
            named: Box::new([Named::Never; NAMED_MAX]),
            large: RapidHashSet::default(),
            behind: RapidHashSet::default(),
            words: 0,
            lines: Box::new([0; NAMED_MAX]),
        };
        // Comments and examples decide nothing.
        let lines =
            texts.flat_map(str::lines).filter(|line| !line.starts_with('#') && !line.starts_with("example"));
        for text in lines.map(str::as_bytes) {
            let mut at = 0;
            while let Some(offset) = first_digit(&text[at..]) {
                let start = at + offset;
                let (count, number) = digits_at(text, start);
                at = start + count;
                // Numbers in names stay anyway.
                if start > 0 && is_word(text[start - 1]) {
                    continue;
                }
                let Some(named) = kept.named.get_mut(number as usize) else {
                    kept.large.insert(number);
                    continue;
                };
                match last_word(&text[..start]) {
                    [] => *named = Named::Always,
                    letters => {
                        if *named == Named::Never {
                            *named = Named::Behind;
                        }
                        kept.behind.insert((word(letters), number));
                        kept.words |= word_bit(letters);
                    }
                }
            }
        }
        for number in 0..NAMED_MAX {
            let stays =
                |(bit, (_, word)): (usize, &(_, &[u8]))| u8::from(kept.has(number as u32, word)) << bit;
            kept.lines[number] = FORMS.iter().enumerate().map(stays).sum();
        }
        kept
    }

    /// Whether a number stays behind the last word of this form.
    #[inline(always)]
    fn has_line(&self, number: u32, form: usize) -> bool {
        match self.lines.get(number as usize) {
            Some(lines) => lines >> form & 1 == 1,
            None => self.large.contains(&number),
        }
    }

    /// Whether a number stays behind this word.
    fn has(&self, number: u32, last: &[u8]) -> bool {
        match self.named.get(number as usize) {
            Some(Named::Never) => false,
            Some(Named::Always) => true,
            Some(Named::Behind) => {
                self.words & word_bit(last) != 0 && self.behind.contains(&(word(last), number))
            }
            None => self.large.contains(&number),
        }
    }
}

/// The key of an exact repeat: everything that a grouping depends on counts.
pub(super) fn exact(raw: &RawException<'_>) -> u128 {
    keyed(raw, |out, text| out.take(text))
}

/// The key of a repeat up to what varies.
pub(super) fn folded(raw: &RawException<'_>, kept: &Kept) -> u128 {
    if raw.snippet.is_some() {
        return exact(raw);
    }
    keyed(raw, |out, text| fold(out, text, kept))
}

fn keyed(raw: &RawException<'_>, copy: impl Fn(&mut Copied<'_>, &[u8])) -> u128 {
    let fields = [raw.error_type, raw.language, raw.sdk_language, raw.snippet, raw.message, raw.stacktrace];
    let bytes: usize = fields.iter().flatten().map(|text| text.len()).sum();
    with_room(bytes + fields.len() + size_of::<i128>(), |out| {
        for text in &fields[..4] {
            // Absent differs from empty.
            out.push(if text.is_some() { END } else { MARK });
            out.take(text.unwrap_or_default().as_bytes());
        }
        out.take(&raw.exit_code.map_or(i128::MAX, i128::from).to_le_bytes());
        for text in &fields[4..] {
            out.push(if text.is_some() { END } else { MARK });
            copy(out, text.unwrap_or_default().as_bytes());
        }
        xxh3_128(out.written())
    })
}

/// Copies a text, what varies marked.
fn fold(out: &mut Copied<'_>, text: &[u8], kept: &Kept) {
    let mut fold = Fold { out, text, kept, copied: 0 };
    dispatch!(Level::new(), simd => numbers(simd, text, &mut fold));
    fold.out.take_part(text, fold.copied, text.len());
}

/// A run of digits.
#[derive(Clone, Copy, Debug)]
struct Number {
    start: usize,
    /// Where the word of a place begins that the digits belong to.
    token: usize,
    /// The word has something that places have.
    in_place: bool,
}

/// What numbers and places stand behind.
static CLASSES: Classes = Classes::new([
    (&[0x2], &[0x0, 0x8]),                          // blank (
    (&[0x0], &[0x9]),                               // tab
    (&[0x2], &[0x2, 0x7]),                          // " '
    (&[0x0], &[0xa]),                               // line end
    (&[0x4, 0x6], &[0x0]),                          // @ `
    (&[0x2], &[0xf]),                               // /
    (&[0x2, 0x3, 0x5], &[0xa, 0xb, 0xc, 0xd, 0xf]), // , : = [ _ and some that nothing varies behind
    (&[0x2, 0x3], &[0xe]),                          // . >
]);
/// Classes that begin the word of a place when they stand before it.
const DELIMITERS: u8 = 0b0001_1111;
/// Classes one of which every place has.
const POINTS: u8 = 0b1010_0000;
/// Classes behind which a number may vary; what stands behind others is part of a name.
const OPENERS: u8 = 0b0110_0011;

/// Folds each run of digits that may vary, 64 bytes at a time.
#[inline(always)]
fn numbers<S: Simd>(simd: S, text: &[u8], fold: &mut Fold<'_, '_>) {
    // Of the blocks before: their last byte is an opener, where the last delimiter and point end.
    let (mut opener, mut delimiter, mut point) = (0, 0, 0);
    for start in (0..text.len()).step_by(BLOCK) {
        let mut padded = [0; BLOCK];
        let block = text[start..].first_chunk().unwrap_or_else(|| {
            padded[..text.len() - start].copy_from_slice(&text[start..]);
            &padded
        });
        let bytes = u8x64::from_slice(simd, block);
        let classes = CLASSES.of(simd, bytes);
        let any = |of: u8| (classes & u8x64::splat(simd, of)).simd_gt(u8x64::splat(simd, 0)).to_bitmask();
        let digits = (bytes - u8x64::splat(simd, b'0')).simd_le(u8x64::splat(simd, 9)).to_bitmask();
        let (delimiters, points) = (any(DELIMITERS), any(POINTS));
        let openers = any(OPENERS);
        let mut starts = digits & (openers << 1 | opener);
        opener = openers >> 63;
        let end_of = |bits: u64, before: usize| match bits {
            0 => before,
            bits => start + BLOCK - bits.leading_zeros() as usize,
        };
        while starts != 0 {
            let at = starts.trailing_zeros();
            starts &= starts - 1;
            let before = (1 << at) - 1;
            let token = end_of(delimiters & before, delimiter);
            let in_place = end_of(points & before, point) > token;
            fold.number(Number { start: start + at as usize, token, in_place });
        }
        delimiter = end_of(delimiters, delimiter);
        point = end_of(points, point);
    }
}

struct Fold<'t, 'b> {
    out: &'t mut Copied<'b>,
    text: &'t [u8],
    kept: &'t Kept,
    /// What lies before is copied or marked.
    copied: usize,
}

impl Fold<'_, '_> {
    #[inline(always)]
    fn number(&mut self, number: Number) {
        let (text, start) = (self.text, number.start);
        if start < self.copied {
            return;
        }
        let (count, value) = digits_at(text, start);
        let end = start + count;
        let varying = match form_of_line(text, start).filter(|_| is_usual_line(text, number, end)) {
            Some(form) => (!self.kept.has_line(value, form)).then_some(end),
            None => varying(text, number, (end, value), self.kept),
        };
        if let Some(end) = varying {
            self.mark(start, end);
            self.columns();
        }
    }

    /// Puts a mark in place of what stands up to `end`.
    #[inline(always)]
    fn mark(&mut self, start: usize, end: usize) {
        self.out.take_part(self.text, self.copied, start);
        self.out.push(MARK);
        self.copied = end;
    }

    /// Marks the columns behind a line that varied.
    #[inline(always)]
    fn columns(&mut self) {
        while self.text.get(self.copied) == Some(&b':') {
            let start = self.copied + 1;
            let end = start + digits_at(self.text, start).0;
            if end == start || self.text.get(end).copied().is_some_and(is_word) {
                break;
            }
            self.out.push(b':');
            self.out.push(MARK);
            self.copied = end;
        }
    }
}

#[inline]
fn is_word(byte: u8) -> bool {
    /// Asked twice a number, and a table answers at once.
    static OF_WORDS: [bool; 256] = {
        let mut table = [true; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
            byte += 1;
        }
        table
    };
    OF_WORDS[usize::from(byte)]
}

/// Whether a number behind the [form](FORMS) of a line ends as most do: what [`varying`] then says depends on the number
/// alone.
#[inline(always)]
fn is_usual_line(text: &[u8], number: Number, end: usize) -> bool {
    match (text[number.start - 1], text.get(end)) {
        (b' ', Some(b',')) => true,
        (b':', Some(b':' | b')' | b',')) => ends_place(text, number),
        _ => false,
    }
}

/// The end of what varies, from a number with its end and value on; `None` where it stays.
#[inline(never)]
fn varying(text: &[u8], number: Number, (end, value): (usize, u32), kept: &Kept) -> Option<usize> {
    let start = number.start;
    let before = if start == 0 { b'\n' } else { text[start - 1] };
    let after = text.get(end).copied().unwrap_or(b'\n');
    match before {
        // A number that begins a line counts the frames of a stack.
        b'\n' => None,
        b' ' | b'\t' if begins_line(text, start) => None,
        b' ' | b'\t' | b'(' | b'[' | b',' | b'=' => {
            if is_word(after) || after == b'-' {
                return identifier(text, start);
            }
            let lone = !matches!(after, b'.' | b':' | b'/' | b'+' | b'\'' | b'"' | b'`' | b'%')
                || !text.get(end + 1).copied().is_some_and(is_word) && matches!(after, b'.' | b':');
            (lone && counts_only(text, start..end, value, kept)).then_some(end)
        }
        b':' => (!is_word(after) && ends_place(text, number) && counts_only(text, start..end, value, kept))
            .then_some(end),
        b'/' if after == b'/' && end - start >= 3 => Some(end),
        b'/' => identifier(text, start),
        b'_' if end - start >= 4 && after == b'/' => Some(end),
        _ => None,
    }
}

/// The [form](FORMS) in which a number names a line.
#[inline(always)]
fn form_of_line(text: &[u8], start: usize) -> Option<usize> {
    let before = u64::from_le_bytes(*text[..start].last_chunk()?);
    FORMS.iter().position(|(form, _)| before >> (64 - 8 * form.len()) == low_word(form))
}

/// Up to eight bytes as a number, the first lowest.
const fn low_word(bytes: &[u8]) -> u64 {
    let (mut word, mut at) = (0, bytes.len());
    while at > 0 {
        at -= 1;
        word = word << 8 | bytes[at] as u64;
    }
    word
}

fn begins_line(text: &[u8], start: usize) -> bool {
    let blanks =
        text[..start].iter().rev().take(BACK_MAX).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    start == blanks || text[start - blanks - 1] == b'\n'
}

/// `0x7f0a...`, and UUIDs.
fn identifier(text: &[u8], start: usize) -> Option<usize> {
    let rest = &text[start..];
    if rest.starts_with(b"0x") {
        let length = rest[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let end = start + 2 + length;
        let whole = !text
            .get(end)
            .copied()
            .is_some_and(|byte| is_word(byte) || matches!(byte, b'.' | b'-' | b'/' | b':'));
        return (length >= 6 && whole).then_some(end);
    }
    let uuid = rest.get(..36)?;
    let shaped = uuid
        .iter()
        .enumerate()
        .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() });
    let whole =
        !rest.get(36).copied().is_some_and(|byte| is_word(byte) || matches!(byte, b'-' | b'.' | b':'));
    (shaped && whole).then_some(start + 36)
}

/// Whether the digits only count: no word before gives them a meaning, no rule names them, and they are not an HTTP
/// status before its reason.
fn counts_only(text: &[u8], run: Range<usize>, value: u32, kept: &Kept) -> bool {
    let before = &text[..run.start];
    let last = last_word(before);
    if kept.has(value, last) || meant(before, last) {
        return false;
    }
    let (run, behind) = (&text[run.clone()], &text[run.end..]);
    let Some(rest) = behind.strip_prefix(b" ") else { return true };
    // `... 12 more` and `[Previous line repeated 12 more times]` belong to the form of a stack.
    let form = rest.starts_with(b"more");
    let status =
        run.len() == 3 && matches!(run[0], b'4' | b'5') && rest.first().is_some_and(u8::is_ascii_uppercase);
    !form && !status
}

/// Whether the last word, or the one before a small word, gives the number after it a meaning.
fn meant(before: &[u8], last: &[u8]) -> bool {
    // Before most numbers of a stack.
    if matches!(last, b"line" | b"js" | b"ts" | b"java" | b"py") {
        return false;
    }
    let means = |each: &[u8]| gives_meaning(&word(each)[..each.len().min(WORD_BYTES)]);
    if [&b"is"[..], b"was", b"with", b"of"].iter().any(|small| last.eq_ignore_ascii_case(small)) {
        let rest = &before[before.len().saturating_sub(BACK_MAX)..];
        let words = rest.rsplit(|byte| !byte.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        return words.take(3).any(means);
    }
    means(last)
}

/// Whether the colon before the digits ends a place: `main.js:12`, `main.js:12:3`, `<anonymous>:1:2`. A quote before
/// the place would make it a quoted word, which keeps its digits.
fn ends_place(text: &[u8], number: Number) -> bool {
    let before = number.token.checked_sub(1).map(|at| text[at]);
    number.in_place && !matches!(before, Some(b'"' | b'\'' | b'`'))
}
