//! Where bytes stand in a text. Knows nothing else; linear, no memory of its own, and nothing to set up before a
//! search: most texts are lines and names, shorter than what `memchr` makes ready for.

use memchr::memmem;
use wide::u8x16;

/// Calls `found` with each place where `byte` stands, in order. For bytes that stand close to each other, such as
/// line ends and slashes, faster than to search anew from each.
#[inline]
pub(crate) fn each(text: &[u8], byte: u8, mut found: impl FnMut(usize)) {
    let wanted = u8x16::splat(byte);
    let (blocks, rest) = text.as_chunks::<64>();
    for (number, block) in blocks.iter().enumerate() {
        let (chunks, _) = block.as_chunks::<16>();
        let mut places =
            chunks.iter().rev().fold(0, |places, chunk| places << 16 | u64::from(places_of(chunk, wanted)));
        while places != 0 {
            found(number * 64 + places.trailing_zeros() as usize);
            places &= places - 1;
        }
    }
    for (at, other) in rest.iter().enumerate() {
        if *other == byte {
            found(blocks.len() * 64 + at);
        }
    }
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
    match text.last_chunk() {
        Some(chunk) => match places_of(chunk, wanted) {
            0 => None,
            places => Some(text.len() - 16 + places.trailing_zeros() as usize),
        },
        None => rest.iter().position(|other| *other == byte),
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
    match text.first_chunk() {
        Some(chunk) => places_of(chunk, wanted).checked_ilog2().map(|at| at as usize),
        None => rest.iter().rposition(|other| *other == byte),
    }
}

/// Whether `needle` occurs anywhere.
pub(crate) fn has(text: &[u8], needle: &[u8]) -> bool {
    let [first, .., last] = needle else { return memmem::find(text, needle).is_some() };
    // Where the needle may start, and where it would end then.
    let (Some(starts), Some(ends)) =
        (text.get(..text.len().saturating_sub(needle.len() - 1)), text.get(needle.len() - 1..))
    else {
        return false;
    };
    let (first, last) = (u8x16::splat(*first), u8x16::splat(*last));
    let inside = |from: usize, starts: &[u8; 64], ends: &[u8; 64]| {
        let ((starts, _), (ends, _)) = (starts.as_chunks::<16>(), ends.as_chunks::<16>());
        let both = |i: usize| u8x16::new(starts[i]).simd_eq(first) & u8x16::new(ends[i]).simd_eq(last);
        let all = [both(0), both(1), both(2), both(3)];
        if (all[0] | all[1] | all[2] | all[3]).to_bitmask() == 0 {
            return false;
        }
        all.iter().enumerate().any(|(number, both)| {
            let mut places = both.to_bitmask();
            while places != 0 {
                if text[from + number * 16 + places.trailing_zeros() as usize..].starts_with(needle) {
                    return true;
                }
                places &= places - 1;
            }
            false
        })
    };
    let (Some(last_starts), Some(last_ends)) = (starts.last_chunk(), ends.last_chunk()) else {
        return memmem::find(text, needle).is_some();
    };
    let blocks = starts.as_chunks().0.iter().zip(ends.as_chunks().0);
    blocks.enumerate().any(|(number, (starts, ends))| inside(number * 64, starts, ends))
        || inside(starts.len() - 64, last_starts, last_ends)
}

/// A bit for each place of a byte, the lowest for the first.
#[inline]
fn places_of(chunk: &[u8; 16], wanted: u8x16) -> u32 {
    u8x16::new(*chunk).simd_eq(wanted).to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_place(text in "[ab\n]{0,150}") {
            let mut places = Vec::new();
            each(text.as_bytes(), b'\n', |at| places.push(at));
            let expected: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn finds_first_and_last(text in "[abcdefgh]{0,70}") {
            prop_assert_eq!(first(text.as_bytes(), b'a'), text.find('a'));
            prop_assert_eq!(last(text.as_bytes(), b'a'), text.rfind('a'));
        }

        #[test]
        fn finds_needles(text in "[ab]{0,200}", needle in "[ab]{0,9}") {
            prop_assert_eq!(has(text.as_bytes(), needle.as_bytes()), text.contains(&needle));
        }
    }
}
