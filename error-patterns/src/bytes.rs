//! Which bytes stand where in a text. Knows nothing else; linear, no memory of its own, and nothing to set up before a
//! search: most texts are lines and names, shorter than what `memchr` makes ready for.

use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x64};
use memchr::memmem;
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
                high[at] |= (holds(classes[class].0, half) as u8) << class;
                low[at] |= (holds(classes[class].1, half) as u8) << class;
                at += 1;
            }
            class += 1;
        }
        Self { low, high }
    }

    /// Of at most eight sets of bytes, no bytes mean any; bit `n` is the class of set `n`, and of what shares the halves
    /// of its bytes.
    pub(crate) const fn of_bytes<const N: usize>(sets: [&[u8]; N]) -> Self {
        let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
        let mut class = 0;
        while class < N {
            let set = sets[class];
            let mut at = 0;
            while at < BLOCK {
                let half = (at & 15) as u8;
                let mut index = 0;
                while index < set.len() {
                    low[at] |= ((set[index] & 15 == half) as u8) << class;
                    high[at] |= ((set[index] >> 4 == half) as u8) << class;
                    index += 1;
                }
                if set.is_empty() {
                    low[at] |= 1 << class;
                    high[at] |= 1 << class;
                }
                at += 1;
            }
            class += 1;
        }
        Self { low, high }
    }

    /// The classes of one byte.
    pub(crate) fn of_one(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
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

const fn holds(halves: &[u8], half: u8) -> bool {
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
pub(crate) fn each(text: &[u8], byte: u8, found: impl FnMut(usize)) {
    dispatch!(Level::new(), simd => each_by(simd, text, byte, found));
}

#[inline(always)]
fn each_by<S: Simd>(simd: S, text: &[u8], byte: u8, mut found: impl FnMut(usize)) {
    let wanted = u8x64::splat(simd, byte);
    let places = |block: &[u8; BLOCK]| u8x64::from_slice(simd, block).simd_eq(wanted).to_bitmask();
    let mut tell = |start: usize, mut places: u64| {
        while places != 0 {
            found(start + places.trailing_zeros() as usize);
            places &= places - 1;
        }
    };
    let (blocks, rest) = text.as_chunks();
    for (number, block) in blocks.iter().enumerate() {
        tell(number * BLOCK, places(block));
    }
    if !rest.is_empty() {
        let mut padded = [!byte; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        tell(text.len() - rest.len(), places(&padded));
    }
}

/// A bit for each byte of a block that is any of some, the lowest for the first.
#[inline(always)]
pub(crate) fn places_in<S: Simd, const N: usize>(simd: S, block: &[u8; BLOCK], wanted: [u8; N]) -> u64 {
    let bytes = u8x64::from_slice(simd, block);
    let mut places = 0;
    for byte in wanted {
        places |= bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
    }
    places
}

/// The same of brackets.
#[inline(always)]
pub(crate) fn brackets<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u64 {
    (u8x64::from_slice(simd, block) & u8x64::splat(simd, !1)).simd_eq(u8x64::splat(simd, b'(')).to_bitmask()
}

/// A bit for each place of `byte` in a block, the lowest for the first.
#[inline]
pub(crate) fn places(block: &[u8], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    let of = |chunk: &[u8; 16]| u64::from(places_of(chunk, wanted));
    // Bytes may be looked at twice.
    match (block.as_chunks().0, block.last_chunk()) {
        ([a, more @ ..], Some(end)) => {
            let mut places = of(a) | of(end) << (block.len() - 16);
            if let [b, more @ ..] = more {
                places |= of(b) << 16;
                if let [c, ..] = more {
                    places |= of(c) << 32;
                }
            }
            places
        }
        _ => match (block.first_chunk::<8>(), block.last_chunk::<8>()) {
            (Some(start), Some(end)) => {
                let end = u128::from(u64::from_le_bytes(*end)) << (8 * (block.len() - 8));
                of(&(u128::from(u64::from_le_bytes(*start)) | end).to_le_bytes()) & ((1 << block.len()) - 1)
            }
            _ => block.iter().rev().fold(0, |places, other| places << 1 | u64::from(*other == byte)),
        },
    }
}

/// The same of two bytes at once.
#[inline]
pub(crate) fn places_of_two(block: &[u8], bytes: [u8; 2]) -> [u64; 2] {
    let [one, two] = bytes.map(u8x16::splat);
    let mut places = [0; 2];
    let mut add = |chunk: &[u8; 16], from: usize| {
        places[0] |= u64::from(places_of(chunk, one)) << from;
        places[1] |= u64::from(places_of(chunk, two)) << from;
    };
    let Some(end) = block.last_chunk() else { return bytes.map(|byte| self::places(block, byte)) };
    // Bytes may be looked at twice.
    for (number, chunk) in block.as_chunks().0.iter().take(4).enumerate() {
        add(chunk, 16 * number);
    }
    add(end, block.len().min(BLOCK) - 16);
    places
}

/// The first place of a digit.
#[inline]
pub(crate) fn first_digit(text: &[u8]) -> Option<usize> {
    let places = |chunk: &[u8; 16]| {
        (u8x16::new(*chunk) - u8x16::splat(b'0')).simd_le(u8x16::splat(9)).to_bitmask().trailing_zeros()
    };
    let Some(end) = text.last_chunk() else { return text.iter().position(u8::is_ascii_digit) };
    for (number, chunk) in text.as_chunks().0.iter().enumerate() {
        let at = places(chunk) as usize;
        if at < 16 {
            return Some(number * 16 + at);
        }
    }
    let at = places(end) as usize;
    (at < 16).then_some(text.len() - 16 + at)
}

/// The first place of `byte`.
#[inline]
pub(crate) fn first(text: &[u8], byte: u8) -> Option<usize> {
    let wanted = u8x16::splat(byte);
    let (chunks, rest) = text.as_chunks::<16>();
    for (number, chunk) in chunks.iter().enumerate() {
        let places = places_of(chunk, wanted);
        if places != 0 {
            return Some(number * 16 + places.trailing_zeros() as usize);
        }
    }
    if rest.is_empty() {
        return None;
    }
    // The last bytes once more with those before them, in which there is none.
    if let Some(chunk) = text.last_chunk() {
        let places = places_of(chunk, wanted);
        return (places != 0).then(|| text.len() - 16 + places.trailing_zeros() as usize);
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some(head), Some(tail)) => match (places_of_eight(head, byte), places_of_eight(tail, byte)) {
            (0, 0) => None,
            (0, places) => Some(text.len() - 8 + places.trailing_zeros() as usize / 8),
            (places, _) => Some(places.trailing_zeros() as usize / 8),
        },
        _ => text.iter().position(|other| *other == byte),
    }
}

/// The last place of `byte`.
#[inline]
pub(crate) fn last(text: &[u8], byte: u8) -> Option<usize> {
    let wanted = u8x16::splat(byte);
    let (rest, chunks) = text.as_rchunks::<16>();
    for (number, chunk) in chunks.iter().enumerate().rev() {
        let places = places_of(chunk, wanted);
        if places != 0 {
            return Some(rest.len() + number * 16 + places.ilog2() as usize);
        }
    }
    if rest.is_empty() {
        return None;
    }
    if let Some(chunk) = text.first_chunk() {
        return places_of(chunk, wanted).checked_ilog2().map(|at| at as usize);
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some(head), Some(tail)) => match (places_of_eight(head, byte), places_of_eight(tail, byte)) {
            (0, 0) => None,
            (places, 0) => Some(places.ilog2() as usize / 8),
            (_, places) => Some(text.len() - 8 + places.ilog2() as usize / 8),
        },
        _ => text.iter().rposition(|other| *other == byte),
    }
}

/// The last place of either byte.
#[inline]
pub(crate) fn last_of(text: &[u8], either: [u8; 2]) -> Option<usize> {
    let places = |chunk: &[u8; 16]| {
        places_of(chunk, u8x16::splat(either[0])) | places_of(chunk, u8x16::splat(either[1]))
    };
    let (rest, chunks) = text.as_rchunks::<16>();
    for (number, chunk) in chunks.iter().enumerate().rev() {
        if let Some(at) = places(chunk).checked_ilog2() {
            return Some(rest.len() + number * 16 + at as usize);
        }
    }
    match text.first_chunk() {
        // Bytes that were looked at hold none.
        Some(chunk) => places(chunk).checked_ilog2().map(|at| at as usize),
        None => {
            let (chunk, all) = padded(rest);
            (places(&chunk) & all).checked_ilog2().map(|at| at as usize)
        }
    }
}

/// Whether either byte stands anywhere in a long text.
pub(crate) fn has_either(text: &[u8], either: [u8; 2]) -> bool {
    dispatch!(Level::new(), simd => has_either_by(simd, text, either))
}

#[inline(always)]
fn has_either_by<S: Simd>(simd: S, text: &[u8], [one, two]: [u8; 2]) -> bool {
    let wanted = [u8x64::splat(simd, one), u8x64::splat(simd, two)];
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for block in blocks {
        let bytes = u8x64::from_slice(simd, block);
        if (bytes.simd_eq(wanted[0]) | bytes.simd_eq(wanted[1])).to_bitmask() != 0 {
            return true;
        }
    }
    has_any(rest, [one, two])
}

/// The first place of `byte`, and whether any of `signs` stands before it.
#[inline]
pub(crate) fn first_behind<const N: usize>(text: &[u8], byte: u8, signs: [u8; N]) -> Option<(usize, bool)> {
    let look = |chunk: &[u8; 16]| {
        let of_signs = signs.iter().fold(0, |places, sign| places | places_of(chunk, u8x16::splat(*sign)));
        (places_of(chunk, u8x16::splat(byte)), of_signs)
    };
    let mut has_sign = false;
    for (number, chunk) in text.as_chunks().0.iter().enumerate() {
        let (places, of_signs) = look(chunk);
        if places != 0 {
            let at = places.trailing_zeros();
            return Some((number * 16 + at as usize, has_sign || of_signs.trailing_zeros() < at));
        }
        has_sign |= of_signs != 0;
    }
    if let Some(chunk) = text.last_chunk() {
        let (places, of_signs) = look(chunk);
        let at = places.trailing_zeros();
        return (places != 0)
            .then(|| (text.len() - 16 + at as usize, has_sign || of_signs.trailing_zeros() < at));
    }
    let at = first(text, byte)?;
    Some((at, has_any(&text[..at], signs)))
}

/// The last place of `byte`, and whether `sign` stands behind it.
#[inline]
pub(crate) fn last_before(text: &[u8], byte: u8, sign: u8) -> Option<(usize, bool)> {
    let (wanted, of_sign) = (u8x16::splat(byte), u8x16::splat(sign));
    let mut has_sign = false;
    // The place in a chunk that begins at `start`.
    let mut look = |start: usize, chunk: &[u8; 16]| {
        let (places, signs) = (places_of(chunk, wanted), places_of(chunk, of_sign));
        if places == 0 {
            has_sign |= signs != 0;
            return None;
        }
        let at = places.ilog2();
        Some((start + at as usize, has_sign || signs >> at != 0))
    };
    let (rest, chunks) = text.as_rchunks::<16>();
    for (number, chunk) in chunks.iter().enumerate().rev() {
        if let Some(found) = look(rest.len() + number * 16, chunk) {
            return Some(found);
        }
    }
    match text.first_chunk() {
        // Bytes that were looked at hold none.
        Some(chunk) => look(0, chunk),
        None => {
            let at = last(text, byte)?;
            Some((at, text[at..].contains(&sign)))
        }
    }
}

/// A text of fewer than 16 bytes with zeros behind it, and a bit for each of its bytes.
#[inline]
fn padded(text: &[u8]) -> ([u8; 16], u32) {
    let len = text.len().min(15);
    let word = match (text.first_chunk(), text.last_chunk()) {
        // Bytes may be taken twice.
        (Some(head), Some(tail)) => {
            let tail = u128::from(u64::from_le_bytes(*tail)) << (8 * (len - 8));
            u128::from(u64::from_le_bytes(*head)) | tail
        }
        _ => text.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte)),
    };
    (word.to_le_bytes(), (1 << len) - 1)
}

/// Whether a text is made of ASCII that is not control characters.
#[inline]
pub(crate) fn is_printable(text: &[u8]) -> bool {
    let others = |chunk: &[u8; 16]| printable(chunk) != 0xffff;
    match text.last_chunk() {
        Some(last) => !text.as_chunks().0.iter().any(others) && !others(last),
        None => {
            let (chunk, all) = padded(text);
            printable(&chunk) == all
        }
    }
}

/// A bit for each of 16 bytes that is an English letter, and for each that is a small one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letters {
    pub(crate) all: u32,
    pub(crate) small: u32,
    /// All 16 bytes are ASCII.
    pub(crate) is_ascii: bool,
}

/// The letters among 16 bytes.
#[inline]
pub(crate) fn letters(chunk: &[u8; 16]) -> Letters {
    let bytes = u8x16::new(*chunk);
    let small = |bytes: u8x16| (bytes - u8x16::splat(b'a')).simd_le(u8x16::splat(b'z' - b'a')).to_bitmask();
    Letters { all: small(bytes | u8x16::splat(0x20)), small: small(bytes), is_ascii: bytes.to_bitmask() == 0 }
}

/// How many bytes of a text are not ASCII, or control characters.
#[inline]
pub(crate) fn unprintable(text: &[u8]) -> usize {
    let (chunks, rest) = text.as_chunks::<16>();
    let of_chunks: u32 = chunks.iter().map(|chunk| (!printable(chunk) & 0xffff).count_ones()).sum();
    let (chunk, of_rest) = padded(rest);
    (of_chunks + (of_rest & !printable(&chunk)).count_ones()) as usize
}

/// A bit for each byte that is ASCII and no control character.
#[inline]
fn printable(chunk: &[u8; 16]) -> u32 {
    (u8x16::new(*chunk) - u8x16::splat(b' ')).simd_le(u8x16::splat(b'~' - b' ')).to_bitmask()
}

/// Whether a text is made of capital ASCII letters, digits and `_`, as codes of errors and variables of the environment are.
#[inline]
pub(crate) fn is_capital_name(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Whether a text is made of ASCII letters, digits, `_`, `.` and `$`.
#[inline]
pub(crate) fn is_dotted_name(text: &[u8]) -> bool {
    let names = |chunk: &[u8; 16]| {
        let bytes = u8x16::new(*chunk);
        let within = |bytes: u8x16, first: u8, last: u8| {
            (bytes - u8x16::splat(first)).simd_le(u8x16::splat(last - first))
        };
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let letters = within(bytes | u8x16::splat(0x20), b'a', b'z');
        (letters | within(bytes, b'0', b'9') | is(b'_') | is(b'.') | is(b'$')).to_bitmask()
    };
    match text.last_chunk() {
        Some(last) => text.as_chunks().0.iter().all(|chunk| names(chunk) == 0xffff) && names(last) == 0xffff,
        None => {
            let (chunk, all) = padded(text);
            names(&chunk) == all
        }
    }
}

/// Whether any of `bytes` occurs.
#[inline]
pub(crate) fn has_any<const N: usize>(text: &[u8], bytes: [u8; N]) -> bool {
    let any = |chunk: &[u8; 16]| {
        bytes.iter().fold(0, |places, byte| places | places_of(chunk, u8x16::splat(*byte))) != 0
    };
    if let Some(last) = text.last_chunk() {
        return text.as_chunks().0.iter().any(any) || any(last);
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some(head), Some(tail)) => {
            bytes.iter().any(|byte| places_of_eight(head, *byte) | places_of_eight(tail, *byte) != 0)
        }
        _ => text.iter().any(|byte| bytes.contains(byte)),
    }
}

/// Whether `needle` occurs anywhere.
pub(crate) fn has(text: &[u8], needle: &[u8]) -> bool {
    match *needle {
        [first, .., last] => dispatch!(Level::new(), simd => has_by(simd, text, needle, [first, last])),
        _ => memmem::find(text, needle).is_some(),
    }
}

#[inline(always)]
fn has_by<S: Simd>(simd: S, text: &[u8], needle: &[u8], [first, last]: [u8; 2]) -> bool {
    // Where the needle may start, and where it would end then.
    let (starts, ends) = (
        &text[..text.len().saturating_sub(needle.len() - 1)],
        text.get(needle.len() - 1..).unwrap_or_default(),
    );
    let (first, last) = (u8x64::splat(simd, first), u8x64::splat(simd, last));
    let places = |starts: &[u8; BLOCK], ends: &[u8; BLOCK]| {
        let is_first = u8x64::from_slice(simd, starts).simd_eq(first);
        (is_first & u8x64::from_slice(simd, ends).simd_eq(last)).to_bitmask()
    };
    let is_at = |from: usize, places: u64| places != 0 && is_at_any(&text[from..], needle, places);
    let blocks = starts.as_chunks().0.iter().zip(ends.as_chunks().0).enumerate();
    for (number, (starts, ends)) in blocks {
        if is_at(number * BLOCK, places(starts, ends)) {
            return true;
        }
    }
    match (starts.last_chunk(), ends.last_chunk()) {
        (Some(last_starts), Some(last_ends)) => is_at(starts.len() - BLOCK, places(last_starts, last_ends)),
        _ => {
            let (mut short_starts, mut short_ends) = ([0; BLOCK], [0; BLOCK]);
            short_starts[..starts.len()].copy_from_slice(starts);
            short_ends[..starts.len()].copy_from_slice(&ends[..starts.len()]);
            let own = (1 << starts.len()) - 1;
            is_at(0, places(&short_starts, &short_ends) & own)
        }
    }
}

/// Whether `needle` stands at one of some places of a text.
#[cold]
fn is_at_any(text: &[u8], needle: &[u8], mut places: u64) -> bool {
    while places != 0 {
        if text[places.trailing_zeros() as usize..].starts_with(needle) {
            return true;
        }
        places &= places - 1;
    }
    false
}

/// A bit for each place of a byte, the lowest for the first.
#[inline]
fn places_of(chunk: &[u8; 16], wanted: u8x16) -> u32 {
    u8x16::new(*chunk).simd_eq(wanted).to_bitmask()
}

/// The highest of eight bits for each place of `byte`, the lowest eight for the first.
#[inline]
fn places_of_eight(chunk: &[u8; 8], byte: u8) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    let others = u64::from_le_bytes(*chunk) ^ u64::from_ne_bytes([byte; 8]);
    !(((others & LOW) + LOW) | others | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_first_digit(text in "[a/9:0]{0,40}") {
            prop_assert_eq!(first_digit(text.as_bytes()), text.find(|c: char| c.is_ascii_digit()));
        }

        #[test]
        fn finds_every_place(text in "[ab\n]{0,150}") {
            let mut places = Vec::new();
            each(text.as_bytes(), b'\n', |at| places.push(at));
            let expected: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn finds_every_place_of_a_block(text in "[a\0]{0,64}", byte in prop::sample::select(vec![b'a', 0])) {
            let expected = text.bytes().rev().fold(0, |places, other| places << 1 | u64::from(other == byte));
            prop_assert_eq!(places(text.as_bytes(), byte), expected);
            let others = places(text.as_bytes(), byte ^ b'a');
            prop_assert_eq!(places_of_two(text.as_bytes(), [byte, byte ^ b'a']), [expected, others]);
        }

        #[test]
        fn finds_every_place_of_any(text in "[abcd]{64}") {
            let expected = text.bytes().rev().fold(0, |places, byte| places << 1 | u64::from(byte < b'c'));
            let block = text.as_bytes().first_chunk().unwrap();
            prop_assert_eq!(dispatch!(Level::new(), simd => places_in(simd, block, *b"ab")), expected);
            let text = text.replace('a', "(").replace('b', ")");
            let block = text.as_bytes().first_chunk().unwrap();
            prop_assert_eq!(dispatch!(Level::new(), simd => brackets(simd, block)), expected);
        }

        #[test]
        fn finds_first_and_last(text in "[abcdefgh]{0,70}") {
            prop_assert_eq!(first(text.as_bytes(), b'a'), text.find('a'));
            prop_assert_eq!(last(text.as_bytes(), b'a'), text.rfind('a'));
            prop_assert_eq!(last_of(text.as_bytes(), *b"ab"), text.rfind(['a', 'b']));
        }

        #[test]
        fn finds_with_signs(text in "[abcdefgh]{0,70}") {
            let found = first_behind(text.as_bytes(), b'a', [b'b', b'c']);
            prop_assert_eq!(found, text.find('a').map(|at| (at, text[..at].contains(['b', 'c']))));
        }

        #[test]
        fn finds_the_last_with_a_sign(text in "[abcdefgh]{0,70}") {
            let found = last_before(text.as_bytes(), b'a', b'b');
            prop_assert_eq!(found, text.rfind('a').map(|at| (at, text[at..].contains('b'))));
        }

        #[test]
        fn tells_dotted_names(text in "[aZ9_.$ ]{0,2}[a-zA-Z0-9_.$]{0,40}[az@`{/:^ ]{0,2}") {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
            prop_assert_eq!(is_dotted_name(text.as_bytes()), text.chars().all(is_plain));
        }

        #[test]
        fn tells_printable_texts(text in "[ -~]{0,40}[ ~\\x00-\\x20\\x7f\u{80}]{0,1}[ -~]{0,20}") {
            let is_printable = text.chars().all(|c| (' '..='~').contains(&c));
            prop_assert_eq!(super::is_printable(text.as_bytes()), is_printable);
            let others = text.bytes().filter(|byte| !(b' '..=b'~').contains(byte)).count();
            prop_assert_eq!(unprintable(text.as_bytes()), others);
        }

        #[test]
        fn tells_letters(bytes in prop::collection::vec(prop_oneof![0x3f..0x80_u8, 0..=255_u8], 16)) {
            let found = letters(bytes.first_chunk().unwrap());
            let bits = |is: fn(&u8) -> bool| bytes.iter().rev().fold(0, |bits, b| bits << 1 | u32::from(is(b)));
            prop_assert_eq!(found.all, bits(u8::is_ascii_alphabetic));
            prop_assert_eq!(found.small, bits(u8::is_ascii_lowercase));
            prop_assert_eq!(found.is_ascii, bytes.is_ascii());
        }

        #[test]
        fn finds_any(text in "[a-z]{0,70}") {
            prop_assert_eq!(has_any(text.as_bytes(), [b'a', b'b']), text.contains(['a', 'b']));
            let long = format!("{}{text}", "-".repeat(100));
            prop_assert_eq!(has_either(long.as_bytes(), [b'a', b'b']), text.contains(['a', 'b']));
        }

        #[test]
        fn finds_needles(text in "[ab]{0,200}", needle in "[ab]{0,9}") {
            prop_assert_eq!(has(text.as_bytes(), needle.as_bytes()), text.contains(&needle));
        }
    }
}
