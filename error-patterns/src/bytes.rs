//! Where one byte stands in a text. Knows nothing else; linear, no memory of its own.

use wide::u8x16;

/// Calls `found` with each place where `byte` stands, in order. For bytes that stand close to each other, such as
/// line ends and slashes, faster than to search anew from each.
#[inline]
pub(crate) fn each(text: &[u8], byte: u8, mut found: impl FnMut(usize)) {
    let wanted = u8x16::splat(byte);
    let places = |chunk: &[u8; 16]| u64::from(u8x16::new(*chunk).simd_eq(wanted).to_bitmask());
    for (number, block) in text.chunks(64).enumerate() {
        let (chunks, rest) = block.as_chunks();
        let mut found_here = 0;
        for (number, chunk) in chunks.iter().enumerate() {
            found_here |= places(chunk) << (16 * number);
        }
        if !rest.is_empty() {
            let in_rest = match text.last_chunk() {
                Some(end) => places(end) >> (16 - rest.len()),
                None => rest.iter().rev().fold(0, |bits, other| bits << 1 | u64::from(*other == byte)),
            };
            found_here |= in_rest << (16 * chunks.len());
        }
        while found_here != 0 {
            found(number * 64 + found_here.trailing_zeros() as usize);
            found_here &= found_here - 1;
        }
    }
}

/// Whether one of two bytes stands in a text. For short texts, such as paths, faster than a search for the place.
#[inline]
pub(crate) fn has_either(text: &[u8], [one, two]: [u8; 2]) -> bool {
    let Some(end) = text.last_chunk() else { return text.iter().any(|byte| *byte == one || *byte == two) };
    let here = |chunk: &[u8; 16]| {
        let chunk = u8x16::new(*chunk);
        (chunk.simd_eq(u8x16::splat(one)) | chunk.simd_eq(u8x16::splat(two))).any()
    };
    text.as_chunks().0.iter().any(here) || here(end)
}

#[cfg(test)]
mod tests {
    use super::{each, has_either};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_every_place(text in "[ab\n]{0,200}") {
            let mut places = Vec::new();
            each(text.as_bytes(), b'\n', |at| places.push(at));
            let expected: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn tells_what_a_text_has(text in "[abc]{0,40}") {
            prop_assert_eq!(has_either(text.as_bytes(), *b"cd"), text.contains('c'));
            prop_assert_eq!(has_either(text.as_bytes(), *b"db"), text.contains('b'));
        }
    }
}
