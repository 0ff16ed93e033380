//! The RLE and bit-packing hybrid of the Parquet format (Encodings.md, "RLE = 3"): levels and dictionary codes.

/// Values in one group of a bit-packed run.
const GROUP: usize = 8;

/// Appends `values`, each below 2 to the power of `bits` (1 to 32). Whole groups of eight equal values become
/// runs, all else is bit-packed; the last group may be padded with zeros, as the format allows.
pub(super) fn encode<T: Copy + Eq + Into<u32>>(values: &[T], bits: u8, out: &mut Vec<u8>) {
    let (groups, rest) = values.as_chunks::<GROUP>();
    let mut packed = 0;
    let mut at = 0;
    while let Some(group) = groups.get(at) {
        let value = group[0];
        if *group != [value; GROUP] {
            at += 1;
            continue;
        }
        let same = groups[at..].iter().take_while(|group| **group == [value; GROUP]).count();
        put_packed(&groups[packed..at], bits, out);
        at += same;
        packed = at;
        let more = if at == groups.len() { rest.iter().take_while(|v| **v == value).count() } else { 0 };
        put_run(same * GROUP + more, value.into(), bits, out);
        if more > 0 {
            return put_rest(&rest[more..], bits, out);
        }
    }
    put_packed(&groups[packed..], bits, out);
    put_rest(rest, bits, out);
}

/// Appends `count` values of `bits` bits (0 to 32) that `encode`, or another program, wrote. `None`: they are not there.
pub(crate) fn decode<T: Copy>(
    mut bytes: &[u8],
    bits: u8,
    count: usize,
    from: impl Fn(u32) -> T,
    out: &mut Vec<T>,
) -> Option<()> {
    let (width, end) = (usize::from(bits).div_ceil(8), out.len() + count);
    out.reserve(count);
    while out.len() < end {
        let header = take_varint(&mut bytes)?;
        let wanted = end - out.len();
        if header & 1 == 0 {
            let (value, rest) = bytes.split_at_checked(width)?;
            let value = value.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
            out.resize(out.len() + wanted.min(header >> 1), from(value));
            bytes = rest;
            if header == 0 {
                return None;
            }
            continue;
        }
        let groups = header >> 1;
        let packed = groups.checked_mul(usize::from(bits))?;
        // The last run may end early where fewer values are left.
        let (packed, rest) = bytes.split_at(packed.min(bytes.len()));
        let values = wanted.min(groups.checked_mul(GROUP)?);
        if packed.len() * 8 < values * usize::from(bits) || values == 0 {
            return None;
        }
        take_packed(packed, bits, values, &from, out);
        bytes = rest;
    }
    Some(())
}

fn take_packed<T: Copy>(packed: &[u8], bits: u8, count: usize, from: impl Fn(u32) -> T, out: &mut Vec<T>) {
    match bits {
        0 => out.resize(out.len() + count, from(0)),
        8 => out.extend(packed.iter().take(count).map(|byte| from(u32::from(*byte)))),
        16 => {
            let (values, _) = packed.as_chunks::<2>();
            out.extend(values.iter().take(count).map(|value| from(u32::from(u16::from_le_bytes(*value)))));
        }
        24 => {
            let (values, _) = packed.as_chunks::<3>();
            out.extend(values.iter().take(count).map(|[a, b, c]| from(u32::from_le_bytes([*a, *b, *c, 0]))));
        }
        _ => {
            let mask = u32::MAX >> (32 - bits);
            let (mut word, mut held) = (0u64, 0u8);
            let mut packed = packed.iter();
            out.extend((0..count).map(|_| {
                while held < bits {
                    word |= u64::from(packed.next().copied().unwrap_or(0)) << held;
                    held += 8;
                }
                let value = word as u32 & mask;
                word >>= bits;
                held -= bits;
                from(value)
            }));
        }
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Bits that the codes below `count` take, in whole bytes: compression finds what repeats where values begin on
/// bytes, and takes the zeros out again.
pub(super) fn code_bits(count: usize) -> u8 {
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    u8::try_from(bits.div_ceil(8).max(1) * 8).unwrap_or(32)
}

fn put_run(count: usize, value: u32, bits: u8, out: &mut Vec<u8>) {
    put_varint(count << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..usize::from(bits).div_ceil(8)]);
}

fn put_rest<T: Copy + Into<u32>>(rest: &[T], bits: u8, out: &mut Vec<u8>) {
    if !rest.is_empty() {
        let mut group = [0; GROUP];
        group.iter_mut().zip(rest).for_each(|(place, value)| *place = (*value).into());
        put_packed(&[group], bits, out);
    }
}

fn put_packed<T: Copy + Into<u32>>(groups: &[[T; GROUP]], bits: u8, out: &mut Vec<u8>) {
    if groups.is_empty() {
        return;
    }
    put_varint(groups.len() << 1 | 1, out);
    out.reserve(groups.len() * usize::from(bits));
    for group in groups {
        put_group(group.map(Into::into), bits, out);
    }
}

fn put_group(group: [u32; GROUP], bits: u8, out: &mut Vec<u8>) {
    match bits {
        8 => out.extend_from_slice(&group.map(|value| value as u8)),
        16 => out.extend_from_slice(group.map(|value| (value as u16).to_le_bytes()).as_flattened()),
        _ => {
            let (mut word, mut held) = (0u64, 0u8);
            for value in group {
                word |= u64::from(value) << held;
                held += bits;
                while held >= 8 {
                    out.push(word as u8);
                    word >>= 8;
                    held -= 8;
                }
            }
        }
    }
}

fn put_varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the encoding by its specification.
    fn by_specification(mut bytes: &[u8], bits: u8, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let (mut header, mut shift) = (0usize, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let width = usize::from(bits).div_ceil(8);
                let value = bytes[..width].iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
                values.extend(std::iter::repeat_n(value, header >> 1));
                bytes = &bytes[width..];
            } else {
                let packed = (header >> 1) * usize::from(bits);
                for n in 0..(header >> 1) * GROUP {
                    let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
                    let first = n * usize::from(bits);
                    values.push((0..usize::from(bits)).map(|b| bit(first + b) << b).sum());
                }
                bytes = &bytes[packed..];
            }
        }
        assert!(bytes.is_empty());
        values.truncate(count);
        values
    }

    #[test]
    fn what_is_written_reads_back() {
        for bits in [1u8, 2, 3, 7, 8, 12, 16, 17, 24, 32] {
            for length in [0, 1, 7, 8, 9, 16, 40, 200, 1000] {
                for run in [1usize, 3, 8, 30, 2000] {
                    let most = u32::MAX >> (32 - bits);
                    let values: Vec<u32> =
                        (0..length).map(|n| ((n / run) as u32).wrapping_mul(2_654_435_761) & most).collect();
                    let mut out = Vec::new();
                    encode(&values, bits, &mut out);
                    let place = format!("{bits} bits, {length} in runs of {run}");
                    assert_eq!(by_specification(&out, bits, length), values, "{place}");
                    let mut read = vec![7];
                    assert_eq!(decode(&out, bits, length, |value| value, &mut read), Some(()), "{place}");
                    assert_eq!(read[1..], values, "{place}");
                }
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_not_ours_is_told() {
        let mut out = Vec::new();
        encode(&(0..1000).map(|n| n % 300).collect::<Vec<u32>>(), 9, &mut out);
        for end in 0..out.len() - 1 {
            assert_eq!(decode(&out[..end], 9, 1000, |value| value, &mut Vec::new()), None, "{end}");
        }
        let mut read = Vec::new();
        assert_eq!(decode(&[10], 0, 5, |value| value, &mut read), Some(()), "one value takes no bits");
        assert_eq!(read, [0; 5]);
        for bytes in [&[0, 0, 0, 0][..], &[1, 1, 1, 1], &[0xff; 30], &[]] {
            assert_eq!(decode(bytes, 8, 100, |value| value, &mut Vec::new()), None, "{bytes:?}");
        }
    }

    #[test]
    fn runs_take_no_room() {
        let mut out = Vec::new();
        encode(&[1u8; 100_003], 2, &mut out);
        assert!(out.len() <= 4, "{}", out.len());
    }

    #[test]
    fn codes_take_whole_bytes() {
        let expected = [(0, 8), (1, 8), (256, 8), (257, 16), (65_536, 16), (65_537, 24), (1 << 24, 24)];
        for (count, bits) in expected {
            assert_eq!(code_bits(count), bits, "{count}");
        }
    }
}
