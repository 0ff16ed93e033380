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
    fn decode(mut bytes: &[u8], bits: u8, count: usize) -> Vec<u32> {
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
                    assert_eq!(decode(&out, bits, length), values, "{bits} bits, {length} in runs of {run}");
                }
            }
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
