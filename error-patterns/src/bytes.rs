//! Where one byte stands in a text. Knows nothing else; linear, no memory of its own.

use wide::u8x16;

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
