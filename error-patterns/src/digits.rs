//! Numbers in a text: how long one is cannot be foretold, so most are read without asking for each digit.

/// How many digits stand from `start` on, and their number, the largest possible for all that are larger.
#[inline(always)]
pub(crate) fn digits_at(text: &[u8], start: usize) -> (usize, u32) {
    if let Some(next) = text[start..].first_chunk() {
        // How long a number is cannot be foretold, so up to seven digits are read without asking for each.
        let word = u64::from_le_bytes(*next);
        let count = digits_before(word);
        if count < 8 {
            return (count, number_of(word, count));
        }
    }
    long_digits_at(text, start)
}

/// How many of eight bytes, from the lowest on, are digits.
#[inline(always)]
fn digits_before(word: u64) -> usize {
    others(word).trailing_zeros() as usize / 8
}

/// The highest bit of each of eight bytes that is no digit.
#[inline(always)]
fn others(word: u64) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let bits = word ^ (b'0' as u64 * EACH);
    // A digit is less than ten: neither the sum nor the byte itself has its highest bit.
    (((bits & (0x7f * EACH)) + 0x76 * EACH) | bits) & (0x80 * EACH)
}

/// The number of the lowest bytes, fewer than eight digits.
#[inline(always)]
fn number_of(word: u64, count: usize) -> u32 {
    number((word & 0x0f0f_0f0f_0f0f_0f0f).unbounded_shl(64 - 8 * count as u32))
}

/// The number of eight digits, the last highest, 0 before the first.
#[inline(always)]
fn number(digits: u64) -> u32 {
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000 << 32 | 1) >> 32) as u32
}

/// The digits that a text ends with, one to seven, how many there are and their number.
#[inline(always)]
pub(crate) fn digits_before_end(text: &[u8; 8]) -> Option<(usize, u32)> {
    let word = u64::from_le_bytes(*text);
    let count = others(word).leading_zeros() as usize / 8;
    (1..8)
        .contains(&count)
        .then(|| (count, number(word & 0x0f0f_0f0f_0f0f_0f0f & u64::MAX << (64 - 8 * count))))
}

#[inline(never)]
fn long_digits_at(text: &[u8], start: usize) -> (usize, u32) {
    let (mut count, mut value) = (0, 0_u32);
    for byte in &text[start..] {
        if !byte.is_ascii_digit() {
            break;
        }
        value = value.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
        count += 1;
    }
    (count, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_numbers_at_ends(text in "[/:a-z]{0,8}[0-9]{0,8}") {
            let text = format!("////////{text}");
            let digits = &text[text.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
            let expected = (1..8).contains(&digits.len()).then(|| (digits.len(), digits.parse().unwrap()));
            prop_assert_eq!(digits_before_end(text.as_bytes().last_chunk().unwrap()), expected);
        }

        #[test]
        fn reads_numbers(before in "[a-z]{0,3}", number in "[0-9]{0,12}", behind in "[/:a-z]{0,12}") {
            let text = format!("{before}{number}{behind}");
            let value = number.parse::<u64>().unwrap_or(0).min(u64::from(u32::MAX));
            prop_assert_eq!(digits_at(text.as_bytes(), before.len()), (number.len(), value as u32));
        }
    }
}
