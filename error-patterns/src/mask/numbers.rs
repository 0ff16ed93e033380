//! Phone numbers and payment cards.

use super::scan::Text;
use super::{MaskKind, Span, continues_number};

/// Longest run of digits that is looked at: no number here has more.
const DIGITS_MAX: usize = 20;

/// Digits in a row from a place on.
pub(super) fn run(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take(DIGITS_MAX).take_while(|b| b.is_ascii_digit()).count()
}

/// Digits in a row before a place.
pub(super) fn run_before(text: &Text<'_>, at: usize) -> usize {
    text.before(at).iter().rev().take(DIGITS_MAX).take_while(|b| b.is_ascii_digit()).count()
}

/// Whether a run of digits can begin an address, a card or a phone number: by its neighbours and its length.
pub(super) fn may_be_personal(text: &Text<'_>, at: usize, run: usize) -> bool {
    let continued = match text.bytes.get(at + run) {
        Some(b'.') => run <= 3,
        Some(b'-') => run <= 4,
        Some(b' ') => run == 4 || run <= 5 && text.bytes[at] == b'0',
        _ => false,
    };
    (continued || (13..=19).contains(&run)) && begins_or_dotted(text, at)
}

/// Whether what is before a number leaves it whole; a slash may come before an address.
fn begins_or_dotted(text: &Text<'_>, at: usize) -> bool {
    !text.last_visible(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether a number may begin here: not inside a word, a decimal, a path or a longer number.
fn begins(text: &Text<'_>, at: usize) -> bool {
    let inside = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b'#' | b'$' | b'%') || b >= 0x80
    };
    !text.last_visible(at).is_some_and(inside)
}

/// Whether a number may end here.
fn ends(text: &Text<'_>, end: usize) -> bool {
    text.look(end + 2);
    match &text.bytes[end..] {
        [b'.' | b'-' | b'/' | b':', next, ..] => !next.is_ascii_alphanumeric(),
        _ => !continues_number(text, end),
    }
}

/// Lengths of the groups of digits from `at` on, with one and the same separator; their end.
fn groups(text: &Text<'_>, at: usize, separators: &[u8]) -> ([usize; 6], usize, usize) {
    let bytes = text.bytes;
    let mut lengths = [0; 6];
    let (mut count, mut end) = (0, at);
    let mut separator = None;
    while count < lengths.len() {
        let digits = run(bytes, end);
        text.look(end + digits + 1);
        if digits == 0 {
            // The separator belonged to what follows.
            return (lengths, count, end - usize::from(count > 0));
        }
        lengths[count] = digits;
        count += 1;
        end += digits;
        match bytes.get(end) {
            Some(b)
                if separators.contains(b)
                    && separator.is_none_or(|known| known == *b)
                    && count < lengths.len() =>
            {
                separator = Some(*b);
                end += 1;
            }
            _ => break,
        }
    }
    (lengths, count, end)
}

/// 13 to 19 digits, plain or in groups, that a card issuer could have given and whose check digit is right.
pub(super) fn card(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    if !begins(text, at) {
        return None;
    }
    let (lengths, count, end) = groups(text, at, b" -");
    let shape = match &lengths[..count] {
        [plain] => (13..=19).contains(plain),
        [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 3] | [4, 4, 4, 1] => true,
        _ => false,
    };
    if !shape || !ends(text, end) {
        return None;
    }
    is_card(&bytes[at..end]).then_some(Span { start: at, end, kind: MaskKind::Card })
}

/// Whether the digits of `text` are a payment card's.
pub(super) fn is_card(text: &[u8]) -> bool {
    let mut digits = [0_u8; 19];
    let mut length = 0;
    for byte in text.iter().filter(|b| b.is_ascii_digit()) {
        let Some(digit) = digits.get_mut(length) else { return false };
        *digit = byte - b'0';
        length += 1;
    }
    let digits = &digits[..length];
    is_issued(digits) && luhn(digits)
}

/// Known issuers' prefixes and lengths.
fn is_issued(digits: &[u8]) -> bool {
    let prefix =
        |count: usize| digits.iter().take(count).fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    match digits.len() {
        13 | 19 if digits[0] == 4 => true,
        // Maestro
        13..=19 if matches!(prefix(4), 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => true,
        14 => matches!(prefix(2), 36 | 38 | 39) || matches!(prefix(3), 300..=305),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            digits[0] == 4
                || matches!(prefix(2), 51..=55 | 62 | 65)
                || matches!(prefix(4), 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011 | 9792)
                || matches!(prefix(3), 644..=649)
        }
        17..=19 => prefix(2) == 62,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `+82-10-1234-5678`, `+1 (555) 555-0100`, `+441632960961`: 8 to 15 digits after a plus.
pub(super) fn international_phone(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    if !begins(text, at) || !bytes.get(at + 1).is_some_and(|b| (b'1'..=b'9').contains(b)) {
        return None;
    }
    let (mut digits, mut separators, mut end) = (0, 0, at + 1);
    // The last place between groups where the number might have ended.
    let mut whole = None;
    let mut index = at + 1;
    let enough = |digits: usize, separators: usize| {
        (if separators > 0 { 8 } else { 10 }..=DIGITS_PHONE_MAX).contains(&digits)
    };
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                end = index + 1;
            }
            // Brackets are around an area, behind the country.
            b'(' if digits > COUNTRY_DIGITS_MAX => break,
            b' ' | b'-' | b'.' | b'(' | b')' if digits < DIGITS_PHONE_MAX && index - end < 2 => {
                if end == index && byte == b' ' && enough(digits, separators) {
                    whole = Some(end);
                }
                separators += 1;
            }
            _ => break,
        }
        index += 1;
    }
    text.look(index + 1);
    // Another number may follow.
    let end =
        if enough(digits, separators) { Some(end) } else { whole.filter(|_| digits > DIGITS_PHONE_MAX) };
    end.filter(|end| ends(text, *end)).map(|end| Span { start: at, end, kind: MaskKind::Phone })
}

/// Digits of a country, E.164.
const COUNTRY_DIGITS_MAX: usize = 3;
/// Digits of a phone number, E.164.
const DIGITS_PHONE_MAX: usize = 15;

/// `(555) 555-0100`, `(495) 123-45-67`.
pub(super) fn area_phone(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    if text.last(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b')' | b']' | b'.')) {
        return None;
    }
    text.look(at + 8);
    let area = bytes[at + 1..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    if !(2..=4).contains(&area) || bytes.get(at + 1 + area) != Some(&b')') {
        return None;
    }
    let mut start = at + 2 + area;
    if matches!(bytes.get(start), Some(b' ' | b'-')) {
        start += 1;
    }
    let (lengths, count, end) = groups(text, start, b" -.");
    let shape = matches!(&lengths[..count], [3 | 4, 4] | [3, 2, 2]);
    (shape && ends(text, end)).then_some(Span { start: at, end, kind: MaskKind::Phone })
}

/// Whether more pairs of digits are around: a dump of bytes.
fn pairs_go_on(text: &Text<'_>, start: usize, end: usize) -> bool {
    let before = matches!(text.before(start), [.., digit, b' ' | b'.'] if digit.is_ascii_alphanumeric());
    text.look(end + 2);
    before || matches!(text.bytes[end..], [b' ' | b'.', digit, ..] if digit.is_ascii_alphanumeric())
}

/// `010-1234-5678`, `02-123-4567`, `555-555-0100`, `555.555.0100`, `06 12 34 56 78`, `0044 20 7946 0128`.
pub(super) fn national_phone(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    if !begins(text, at) {
        return None;
    }
    let (lengths, count, end) = groups(text, at, b"-. ");
    let (first, separator) = (&bytes[at..], bytes.get(at + lengths[0]).copied().unwrap_or(b' '));
    let zero = first[0] == b'0' && first.get(1).is_some_and(|b| *b != b'0');
    let shape = match &lengths[..count] {
        // Korea, Japan, the United Kingdom and others
        [2 | 3, 3 | 4, 4] if zero => separator != b'.',
        // North America
        [3, 3, 4] => separator != b' ' && first[0] >= b'2' && bytes[at + 4] >= b'2',
        [1, 3, 3, 4] => separator == b'-' && first[0] == b'1' && bytes[at + 2] >= b'2',
        // France
        [2, 2, 2, 2, 2] => zero && separator != b'-' && !pairs_go_on(text, at, end),
        // Mobiles of the United Kingdom, of Australia
        [5, 6] => first.starts_with(b"07") && separator != b'.',
        [4, 3, 3] => first.starts_with(b"04") && separator != b'.',
        // `0044 20 7946 0128`
        [4 | 5, rest @ ..] if first.starts_with(b"00") && first[2] != b'0' => {
            separator != b'.'
                && (2..=4).contains(&rest.len())
                && (6..=11).contains(&rest.iter().sum::<usize>())
        }
        _ => false,
    };
    (shape && ends(text, end)).then_some(Span { start: at, end, kind: MaskKind::Phone })
}
