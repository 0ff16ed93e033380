//! National ids, when they are asked for: US SSN, Korean RRN, UK NINO, Spanish DNI and NIE, French NIR, German
//! tax id, Brazilian CPF, Indian Aadhaar, Italian codice fiscale, Dutch BSN, Chinese resident id, Japanese My
//! Number.
//!
//! Each has a form and, but for SSN and NINO, check digits. Numbers of nine or eleven digits are common, and one in
//! ten to one in a hundred has right check digits by chance: that is why this is an option.

use super::{MaskCounts, MaskKind};

/// Longest id, with its separators, in bytes.
const ID_BYTES_MAX: usize = 24;

/// The text with ids masked; none when it holds none.
pub(super) fn pass(text: &str, counts: &mut MaskCounts) -> Option<String> {
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let length =
            if starts(bytes, at) { find(&bytes[at..bytes.len().min(at + ID_BYTES_MAX)]) } else { None };
        if let Some(length) = length.filter(|length| ends(bytes, at + length)) {
            let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[copied..at]);
            out.push_str(MaskKind::NationalId.placeholder());
            counts.count(MaskKind::NationalId);
            at += length;
            copied = at;
        } else {
            at += bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        }
    }
    masked.map(|mut out| {
        out.push_str(&text[copied..]);
        out
    })
}

fn starts(bytes: &[u8], at: usize) -> bool {
    at == 0
        || !(bytes[at - 1].is_ascii_alphanumeric()
            || matches!(bytes[at - 1], b'_' | b'.' | b'-' | b'/' | b'#'))
}

fn ends(bytes: &[u8], end: usize) -> bool {
    match &bytes[end..] {
        [b'.' | b'-' | b'/' | b':', next, ..] => !next.is_ascii_alphanumeric(),
        [next, ..] => !(next.is_ascii_alphanumeric() || *next == b'_'),
        [] => true,
    }
}

/// Reads the id of one country: its length.
type Form = fn(&[u8]) -> Option<usize>;

/// Length of the id at the start.
fn find(bytes: &[u8]) -> Option<usize> {
    let forms: [Form; 12] = [
        social_security,
        resident_korea,
        insurance_britain,
        identity_spain,
        insee_france,
        tax_germany,
        cpf_brazil,
        aadhaar_india,
        codice_italy,
        bsn_netherlands,
        resident_china,
        my_number_japan,
    ];
    forms.iter().find_map(|form| form(bytes))
}

/// Digits, and how long they are written, by a pattern: `9` is a digit, `A` a capital, `-` and the like themselves,
/// and a blank stands for a blank or nothing.
fn read<const N: usize>(bytes: &[u8], pattern: &[u8]) -> Option<([u8; N], usize)> {
    let mut values = [0; N];
    let (mut count, mut at) = (0, 0);
    for form in pattern {
        let byte = bytes.get(at).copied().unwrap_or(b'\n');
        match form {
            b'9' if byte.is_ascii_digit() => {
                *values.get_mut(count)? = byte - b'0';
                count += 1;
            }
            b'A' if byte.is_ascii_uppercase() => {
                *values.get_mut(count)? = byte;
                count += 1;
            }
            b' ' if byte == b' ' => {}
            b' ' => continue,
            form if *form == byte => {}
            _ => return None,
        }
        at += 1;
    }
    (count == N).then_some((values, at))
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// Month and day of a birth date.
fn is_day(month: u64, day: u64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn social_security(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<9>(bytes, b"999-99-9999")?;
    let (area, group, serial) = (number(&digits[..3]), number(&digits[3..5]), number(&digits[5..]));
    (area != 0 && area != 666 && area < 900 && group != 0 && serial != 0).then_some(length)
}

fn resident_korea(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<13>(bytes, b"999999-9999999")?;
    let sum = weighted(&digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let checked = (11 - sum % 11) % 10 == u32::from(digits[12]);
    // Numbers given since October 2020 have no check digit.
    let recent = digits[6] >= 3 && number(&digits[..2]) >= 20;
    let dated = is_day(number(&digits[2..4]), number(&digits[4..6])) && (1..=8).contains(&digits[6]);
    (dated && (checked || recent)).then_some(length)
}

fn insurance_britain(bytes: &[u8]) -> Option<usize> {
    let (values, length) = read::<9>(bytes, b"AA 99 99 99 A")?;
    let first = !b"DFIQUV".contains(&values[0]) && !b"DFIQUVO".contains(&values[1]);
    let pair = [&b"BG"[..], b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&values[..2]);
    (first && !pair && (b'A'..=b'D').contains(&values[8])).then_some(length)
}

fn identity_spain(bytes: &[u8]) -> Option<usize> {
    let letters = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let check = |value: u64, letter: u8| letters[(value % 23) as usize] == letter;
    if let Some((values, length)) = read::<9>(bytes, b"99999999A") {
        return check(number(&values[..8]), values[8]).then_some(length);
    }
    let (values, length) = read::<9>(bytes, b"A9999999A")?;
    let first = match values[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        _ => return None,
    };
    check(first * 10_000_000 + number(&values[1..8]), values[8]).then_some(length)
}

fn insee_france(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<15>(bytes, b"9 99 99 99 999 999 99")?;
    let dated = matches!(digits[0], 1 | 2) && (1..=12).contains(&number(&digits[3..5]));
    (dated && 97 - number(&digits[..13]) % 97 == number(&digits[13..])).then_some(length)
}

fn tax_germany(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<11>(bytes, b"99 999 999 999")?;
    let mut counts = [0; 10];
    digits[..10].iter().for_each(|digit| counts[usize::from(*digit)] += 1);
    let repeated =
        counts.iter().filter(|count| **count > 1).count() == 1 && counts.iter().all(|count| *count <= 3);
    let product = digits[..10].iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (digits[0] != 0 && repeated && (11 - product) % 10 == u32::from(digits[10])).then_some(length)
}

fn cpf_brazil(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<11>(bytes, b"999.999.999-99").or_else(|| read(bytes, b"99999999999"))?;
    let check = |count: u8| {
        let sum: u32 = digits
            .iter()
            .zip((2..=count).rev())
            .map(|(digit, weight)| u32::from(*digit) * u32::from(weight))
            .sum();
        (sum * 10 % 11 % 10) as u8
    };
    let varied = digits.iter().any(|digit| *digit != digits[0]);
    (varied && check(10) == digits[9] && check(11) == digits[10]).then_some(length)
}

fn aadhaar_india(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<12>(bytes, b"9999 9999 9999")?;
    (digits[0] >= 2 && verhoeff(&digits)).then_some(length)
}

/// The dihedral group of order ten, and its permutations.
fn verhoeff(digits: &[u8]) -> bool {
    const PRODUCT: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |digit: u8, times: usize| (0..times % 8).fold(digit, |digit, _| STEP[usize::from(digit)]);
    let sum =
        digits.iter().rev().enumerate().fold(0, |sum: u8, (place, digit)| {
            PRODUCT[usize::from(sum)][usize::from(permuted(*digit, place))]
        });
    sum == 0
}

fn codice_italy(bytes: &[u8]) -> Option<usize> {
    let (values, length) = read::<16>(bytes, b"AAAAAA99A99A999A")?;
    let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |value: u8| usize::from(if value < 10 { value } else { value - b'A' });
    let sum: usize = values[..15]
        .iter()
        .enumerate()
        .map(|(place, byte)| if place % 2 == 0 { odd[value(*byte)] } else { value(*byte) })
        .sum();
    (b"ABCDEHLMPRST".contains(&values[8]) && sum % 26 == value(values[15])).then_some(length)
}

fn bsn_netherlands(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<9>(bytes, b"999999999")?;
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    (number(&digits) > 9_999_999 && (sum + 11 - u32::from(digits[8])).is_multiple_of(11)).then_some(length)
}

fn resident_china(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<17>(bytes, b"99999999999999999")?;
    let born = matches!(number(&digits[6..10]), 1900..=2099)
        && is_day(number(&digits[10..12]), number(&digits[12..14]));
    let sum = weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let check = b"10X98765432"[(sum % 11) as usize];
    (born && digits[0] > 0 && bytes.get(length).map(u8::to_ascii_uppercase) == Some(check))
        .then_some(length + 1)
}

fn my_number_japan(bytes: &[u8]) -> Option<usize> {
    let (digits, length) = read::<12>(bytes, b"9999 9999 9999").or_else(|| read(bytes, b"9999-9999-9999"))?;
    let sum = weighted(&digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let check = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    (check == u32::from(digits[11])).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn masks(ids: &[&str]) {
        for id in ids {
            let masked = pass(&format!("id {id}, 1"), &mut MaskCounts::default());
            assert_eq!(masked.as_deref(), Some("id <national_id>, 1"), "{id}");
        }
    }

    /// All of them are examples from the descriptions of their schemes, or computed.
    #[test]
    fn ids_of_each_country() {
        masks(&[
            "219-09-9999",
            "800101-1000008",
            "QQ123456C".replace("QQ", "AB").as_str(),
            "AB 12 34 56 C",
            "12345678Z",
            "X1234567L",
            "2 55 08 14 168 025 38",
            "255081416802538",
            "86095742719",
            "86 095 742 719",
            "529.982.247-25",
            "52998224725",
            "2341 2341 2346",
            "RSSMRA85T10A562S",
            "111222333",
            "11010519491231002X",
            "123456789018",
        ]);
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "000-12-3456",
            "666-12-3456",
            "219-09-99990",
            "529.982.247-26",
            "12345678A",
            "1.219-09-9999",
            "2026-11-26",
            "abc219-09-9999",
            "123456789",
            "RSSMRA85T10A562T",
            "11111111111",
            "1700000000000",
        ] {
            assert_eq!(pass(text, &mut MaskCounts::default()), None, "{text}");
        }
    }
}
