//! A report as bounded lines, and the small string functions that all formats share.
//!
//! Knows no runtime. Colours, carriage returns and a byte-order mark are removed before lines are cut, so that
//! parsers see plain text; text without them is never copied.

use super::ParseLimits;
use crate::bytes;
use crate::digits::{digits_at, digits_before_end};
use memchr::{memchr2, memmem};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::cell::OnceCell;
use tail::Tail;

pub(super) mod tail;

/// Each line, without its line end. Texts of usual length need no memory of their own for it.
type Lines<'a> = SmallVec<[&'a str; 64]>;

/// A report cut into lines.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    all: &'a str,
    lines: Lines<'a>,
    /// Which bytes lines start with, see [`Text::opens`], once it was asked for.
    openings: OnceCell<[bool; 256]>,
    /// Lines have lost their beginnings, so that a span over several shows what none of them has.
    pieced: bool,
    /// A limit left out part of the text.
    pub(crate) cut: bool,
}

impl<'a> Text<'a> {
    /// Cuts `all` into lines. Past `limits.lines` the first half and the last half of that many remain; past
    /// `limits.bytes` the end is left out.
    pub(crate) fn new(all: &'a str, limits: &ParseLimits) -> Self {
        let bounded = floor(all, limits.bytes);
        let cut = bounded.len() < all.len();
        // In its place from the start: the room for lines is large.
        let mut text =
            Self { all: bounded, lines: Lines::new(), openings: OnceCell::new(), pieced: false, cut };
        let lines = &mut text.lines;
        let mut rest = bounded;
        bytes::each(bounded.as_bytes(), b'\n', |end| {
            let (line, behind) = rest.split_at(end - (bounded.len() - rest.len()));
            lines.push(line);
            rest = behind.strip_prefix('\n').unwrap_or(behind);
        });
        if !rest.is_empty() {
            lines.push(rest);
        }
        // What a client of a shell adds below the output is no part of it.
        let is_closing = |line: &&str| {
            let line = trim(line);
            line.is_empty() || line.starts_with("[exit ") && line.ends_with(']')
        };
        while lines.last().is_some_and(is_closing) {
            lines.pop();
        }
        if lines.len() > limits.lines {
            let half = limits.lines / 2;
            lines.drain(half..lines.len() - half);
            text.cut = true;
        }
        text
    }

    /// The lines that have `prefix`, cut behind it and the space that follows; a span over several such lines still
    /// has the prefixes between them.
    pub(crate) fn without_prefix(&self, prefix: &str) -> Self {
        let finder = memmem::Finder::new(prefix);
        let behind = |line: &&'a str| {
            let rest = &line[finder.find(line.as_bytes())? + prefix.len()..];
            Some(rest.strip_prefix(' ').unwrap_or(rest))
        };
        let lines = self.lines.iter().filter_map(behind).collect();
        Self { all: self.all, lines, openings: OnceCell::new(), pieced: true, cut: self.cut }
    }

    /// All lines, of those that start like `prefix` what follows: a log repeats its own words before each line, with
    /// other numbers.
    pub(crate) fn without_like(&self, prefix: &str) -> Self {
        let behind = |line: &&'a str| &line[skip_like(line, prefix).unwrap_or(0)..];
        let lines = self.lines.iter().map(behind).collect();
        Self { all: self.all, lines, openings: OnceCell::new(), pieced: true, cut: self.cut }
    }

    /// The whole text, as far as it is read.
    pub(crate) fn all(&self) -> &'a str {
        self.all
    }

    /// Number of lines.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Line `i` without its line end; empty past the last.
    #[inline]
    pub(crate) fn line(&self, i: usize) -> &'a str {
        self.lines.get(i).copied().unwrap_or_default()
    }

    /// Line `i` with what the text has before its end.
    #[inline]
    pub(crate) fn tail(&self, i: usize) -> Option<Tail<'a>> {
        let line = *self.lines.get(i)?;
        Some(Tail::new(line, self.all.as_bytes().get(..self.end(line))?.last_chunk()?))
    }

    /// All lines from `from` on, with their numbers.
    pub(crate) fn lines_from(&self, from: usize) -> impl Iterator<Item = (usize, &'a str)> + '_ {
        (from..self.len()).map(|i| (i, self.line(i)))
    }

    /// All lines.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &'a str> + '_ {
        self.lines.iter().copied()
    }

    /// The text from `part` (a slice of line `from`) up to the end of line `to - 1`, trimmed at its end.
    pub(crate) fn span(&self, from: usize, part: &str, to: usize) -> &'a str {
        let Some(first_end) = self.lines.get(from).map(|line| self.end(line)) else { return "" };
        let start = first_end - part.len().min(first_end);
        let last = to.clamp(from + 1, self.len().max(1)) - 1;
        let end = self.lines.get(last).map_or(first_end, |line| self.end(line));
        trim_end(self.all.get(start..end).unwrap_or_default())
    }

    /// Where a line ends in the text.
    #[inline(always)]
    fn end(&self, line: &str) -> usize {
        line.as_ptr() as usize - self.all.as_ptr() as usize + line.len()
    }

    /// The same as [`Text::span`], without what lines have lost.
    pub(crate) fn message(&self, from: usize, part: &'a str, to: usize) -> Cow<'a, str> {
        if !self.pieced || to <= from + 1 {
            return Cow::Borrowed(self.span(from, part, to));
        }
        let mut message = String::from(part);
        for i in from + 1..to.min(self.len()) {
            message.push('\n');
            message.push_str(self.line(i));
        }
        message.truncate(trim_end(&message).len());
        Cow::Owned(message)
    }

    /// Whether any line starts with one of these bytes, behind white space. Tells cheaply that no line can start with
    /// a word.
    pub(crate) fn opens(&self, bytes: &[u8]) -> bool {
        let openings = self.openings.get_or_init(|| {
            let mut openings = [false; 256];
            for line in &self.lines {
                let first = line.as_bytes().get(blanks(line.as_bytes())).copied();
                let first = first.filter(|byte| matches!(byte, 0x21..=0x7e));
                if let Some(byte) = first.or_else(|| line.trim_start().bytes().next()) {
                    openings[usize::from(byte)] = true;
                }
            }
            openings
        });
        bytes.iter().any(|byte| openings[usize::from(*byte)])
    }

    /// Whether `needle` occurs anywhere.
    pub(crate) fn has(&self, needle: &str) -> bool {
        bytes::has(self.all.as_bytes(), needle.as_bytes())
    }
}

/// Length of the beginning of `line` that is like `prefix`: the same but for the digits of numbers.
pub(crate) fn skip_like(line: &str, prefix: &str) -> Option<usize> {
    let (line, prefix) = (line.as_bytes(), prefix.as_bytes());
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut at, mut wanted) = (0, 0);
    while let Some(byte) = prefix.get(wanted) {
        let same = line.get(at)?;
        if byte.is_ascii_digit() && same.is_ascii_digit() {
            at += digits(&line[at..]);
            wanted += digits(&prefix[wanted..]);
        } else if byte == same {
            (at, wanted) = (at + 1, wanted + 1);
        } else {
            return None;
        }
    }
    Some(at)
}

/// The longest prefix of at most `bytes` bytes that ends between characters.
pub(crate) fn floor(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Removes terminal control sequences, the carriage return of CRLF, and a byte-order mark.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !bytes::has_either(text.as_bytes(), [0x1b, b'\r']) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let Some(first) = memchr2(0x1b, b'\r', bytes) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    let mut at = first;
    loop {
        let next = match bytes[at] {
            0x1b => escape_end(bytes, at),
            _ if bytes.get(at + 1) == Some(&b'\n') || at + 1 == bytes.len() => at + 1,
            _ => at,
        };
        if next > at {
            out.push_str(text.get(kept..at).unwrap_or_default());
            kept = next;
        }
        let from = next.max(at + 1);
        match bytes.get(from..).and_then(|rest| memchr2(0x1b, b'\r', rest)) {
            Some(offset) => at = from + offset,
            None => break,
        }
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// A text whose lines are all indented, without what they share.
pub(crate) fn dedented(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if !is_blank(text.as_bytes().first()) {
        return text;
    }
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let Some(shared) = lines().map(indent).min().filter(|shared| *shared > 0) else { return text };
    // A stack of Java or V8 without its head has no other lines; groups of exceptions are drawn with rails.
    if text.trim_start().starts_with('+') || lines().all(|line| line.trim_start().starts_with("at ")) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(line.get(shared.min(indent(line))..).unwrap_or_default());
        out.push('\n');
    }
    Cow::Owned(out)
}

/// End of the control sequence that starts at `at`. Always between characters: what is not ASCII ends it.
fn escape_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'[') => {
            let mut end = at + 2;
            while bytes.get(end).is_some_and(|b| (0x20..0x40).contains(b)) {
                end += 1;
            }
            if bytes.get(end).is_some_and(|b| (0x40..0x7f).contains(b)) { end + 1 } else { end }
        }
        Some(b']') => {
            let mut end = at + 2;
            while bytes.get(end).is_some_and(|b| *b >= 0x20 && *b < 0x7f) {
                end += 1;
            }
            match bytes.get(end) {
                Some(0x07) => end + 1,
                Some(0x1b) if bytes.get(end + 1) == Some(&b'\\') => end + 2,
                _ => end,
            }
        }
        Some(b) if b.is_ascii() && *b >= 0x20 => at + 2,
        _ => at + 1,
    }
}

/// The same as [`str::trim_start`], fast where a text is ASCII there.
#[inline]
pub(crate) fn trim_start(text: &str) -> &str {
    let blank = blanks(text.as_bytes());
    match text.as_bytes().get(blank) {
        Some(0x21..=0x7e) => &text[blank..],
        _ => text.trim_start(),
    }
}

/// The same as [`str::trim_end`], fast where a text is ASCII there.
#[inline]
pub(crate) fn trim_end(text: &str) -> &str {
    let blank = text.bytes().rev().take_while(|byte| *byte == b' ').count();
    let bare = text.len() - blank;
    match text.as_bytes()[..bare].last() {
        Some(0x21..=0x7e) => &text[..bare],
        _ => text.trim_end(),
    }
}

/// The same as [`str::trim`], fast where a text is ASCII at its ends.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    trim_end(trim_start(text))
}

/// Whether two bytes follow each other anywhere in a short text.
pub(crate) fn has_pair(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|two| two == pair)
}

/// Splits a trailing `:line:column` or `:line` off a location.
pub(crate) fn split_location(location: &str) -> (&str, Option<u32>, Option<u32>) {
    match split_number(location, b':') {
        Some((rest, last)) => match split_number(rest, b':') {
            Some((file, line)) => (file, Some(line), Some(last)),
            None => (rest, Some(last), None),
        },
        None => (location, None, None),
    }
}

/// Splits a number of up to nine digits behind the last `separator` off.
#[inline]
pub(crate) fn split_number(text: &str, separator: u8) -> Option<(&str, u32)> {
    let bytes = text.as_bytes();
    if let Some((count, number)) = bytes.last_chunk().and_then(digits_before_end) {
        let rest = text.len() - count - 1;
        return (bytes[rest] == separator).then(|| (&text[..rest], number));
    }
    let (mut at, mut number, mut unit) = (bytes.len(), 0_u32, 1_u32);
    while at > 0 && bytes[at - 1].is_ascii_digit() {
        if bytes.len() - at == 9 {
            return None;
        }
        number += u32::from(bytes[at - 1] - b'0') * unit;
        unit = unit.wrapping_mul(10);
        at -= 1;
    }
    let is_number = at < bytes.len() && at > 0 && bytes[at - 1] == separator;
    is_number.then(|| (&text[..at - 1], number))
}

/// A whole text of one to nine digits.
pub(crate) fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits
        .bytes()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

/// The number a text starts with, of one to nine digits, and what follows.
#[inline]
pub(crate) fn leading_number(text: &str) -> Option<(u32, &str)> {
    let (end, number) = digits_at(text.as_bytes(), 0);
    (1..=9).contains(&end).then(|| (number, &text[end..]))
}

/// A text without the digits at its end.
pub(crate) fn without_digits(text: &str) -> &str {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    &text[..text.len() - digits]
}

/// Bytes of the leading spaces and tabs, and of the blanks that pages are written with.
pub(crate) fn indent(line: &str) -> usize {
    let blank = blanks(line.as_bytes());
    match line.as_bytes().get(blank) {
        Some(0xc2) => line.len() - line.trim_start_matches([' ', '\t', '\u{a0}']).len(),
        _ => blank,
    }
}

/// Number of blanks and tabs that a text begins with.
#[inline]
fn blanks(text: &[u8]) -> usize {
    const BLANKS: u64 = u64::from_ne_bytes([b' '; 8]);
    if let Some(first) = text.first_chunk() {
        let others = u64::from_le_bytes(*first) ^ BLANKS;
        let count = others.trailing_zeros() as usize / 8;
        if count < 8 && text[count] != b'\t' {
            return count;
        }
    }
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Splits `a.b.c` into owner `a.b` and name `c`; a text without a dot has no owner.
pub(crate) fn split_owner(name: &str) -> (&str, &str) {
    bytes::last(name.as_bytes(), b'.').map_or(("", name), |at| split_owner_at(name, at))
}

/// The same where the last dot stands at a place.
#[inline(always)]
fn split_owner_at(name: &str, at: usize) -> (&str, &str) {
    match at {
        0 => ("", name),
        // Node's `Module._extensions..js`: the name itself starts with a dot.
        at if name[..at].ends_with('.') => (&name[..at - 1], &name[at..]),
        at if at + 1 < name.len() => (&name[..at], &name[at + 1..]),
        _ => ("", name),
    }
}

/// Whether a line stands for lines that were left out: `...`, `[4 lines omitted]`, `<truncated>`.
pub(crate) fn is_cut(line: &str) -> bool {
    let line = trim(line);
    if matches!(line, "..." | "\u{2026}" | "[...]" | "[\u{2026}]" | "(...)" | "<...>" | "...]" | "[...") {
        return true;
    }
    let inner = line.trim_matches(|c: char| "[]<>().-*\u{2026} ".contains(c));
    line.len() > inner.len() + 1 && line.len() <= CUT_BYTES_MAX && {
        let mut words = inner.split(' ');
        let last = words.next_back().unwrap_or_default();
        let said = |word: &str| {
            ["omitted", "truncated", "skipped", "elided", "snipped", "snip"]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        };
        said(last) || said(inner.split(' ').next().unwrap_or_default())
    }
}

/// Longest of such lines.
const CUT_BYTES_MAX: usize = 64;

/// Whether a line only underlines the line above it.
#[inline]
pub(crate) fn is_marker(line: &str) -> bool {
    let line = trim_start(line);
    matches!(line.as_bytes().first(), Some(b'^' | b'~' | b'|')) && underlines(line)
}

fn underlines(line: &str) -> bool {
    let line = trim_end(line);
    line.bytes().all(|b| matches!(b, b'^' | b'~' | b' ' | b'|'))
        && line.bytes().any(|b| matches!(b, b'^' | b'~'))
}

/// Splits `Type: message` at the first colon that ends a type; `None` when the line does not start with a type.
/// Types are words of letters, digits and `._$:<>/\`, without spaces.
pub(crate) fn split_type(line: &str) -> Option<(&str, &str)> {
    let end = line.bytes().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
    let (word, rest) = line.split_at(end);
    let (word, message) = match word.strip_suffix(':') {
        Some(word) => (word, rest.trim_start_matches(' ')),
        None if rest.trim().is_empty() => (word, ""),
        None => return None,
    };
    is_type(word).then_some((word, message))
}

/// Whether a word can be the name of an exception type.
pub(crate) fn is_type(word: &str) -> bool {
    if word.len() > 256 || word.is_empty() {
        return false;
    }
    if word.bytes().all(|byte| TYPE_BYTES[usize::from(byte)]) {
        let (first, last) = (word.as_bytes()[0], word.as_bytes()[word.len() - 1]);
        return (first.is_ascii_alphabetic() || first == b'_')
            && (last.is_ascii_alphanumeric() || matches!(last, b'_' | b'>'));
    }
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && word.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>')
        && word.chars().all(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => TYPE_BYTES[usize::from(byte)],
            _ => c.is_alphanumeric(),
        })
}

/// The ASCII bytes that names of types are made of.
static TYPE_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'_' | b'$' | b'<' | b'>' | b':' | b'/' | b'\\' | b'-');
        byte += 1;
    }
    table
};

/// The bytes of plain words.
static WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

/// Whether a text is one plain word of ASCII letters, digits and underscores.
pub(crate) fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| WORD_BYTES[usize::from(byte)])
}

/// Whether a type is called like an exception.
pub(crate) fn is_error_name(word: &str) -> bool {
    [
        "Error",
        "Exception",
        "ExceptionGroup",
        "Throwable",
        "Failure",
        "Fault",
        "Warning",
        "Interrupt",
        "Exit",
        "Timeout",
    ]
    .iter()
    .any(|suffix| word.ends_with(suffix))
}

/// Length of the longest suffix of at most `bytes` bytes that starts between characters.
pub(crate) fn floor_back(text: &str, bytes: usize) -> usize {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.len() - start
}
