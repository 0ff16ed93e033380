//! Encodings that no encoder writes: fields in any order and number, messages in pieces, unknown fields
//! and groups, lengths with padding, now and then a wrong wire type.

use crate::wire::protobuf::put_varint;
use crate::wire::schema::{Kind, Schema};

/// A request by the table, as `entropy` decides; most are well-formed.
pub(crate) fn request(schema: &Schema, entropy: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    message(schema, &mut entropy.iter().copied(), 12, &mut out);
    out
}

fn message(schema: &Schema, entropy: &mut impl Iterator<Item = u8>, levels: u32, out: &mut Vec<u8>) {
    let count = entropy.next().unwrap_or(0) % 6;
    for _ in 0..count {
        let Some(choice) = entropy.next() else { return };
        match choice {
            0..4 => unknown(entropy, out),
            4 => out.push(entropy.next().unwrap_or(0)),
            _ => {
                let number = usize::from(choice) % schema.fields.len();
                if let Some(field) = &schema.fields[number] {
                    put(field.kind, number as u32 + 1, entropy, levels, out);
                }
            }
        }
    }
}

fn put(kind: Kind, number: u32, entropy: &mut impl Iterator<Item = u8>, levels: u32, out: &mut Vec<u8>) {
    let payload = match kind {
        Kind::Message(inner) | Kind::MessageList(inner) => {
            let mut payload = Vec::new();
            if levels > 0 {
                message(inner, entropy, levels - 1, &mut payload);
            }
            payload
        }
        Kind::Text | Kind::TextList | Kind::Hex | Kind::Base64 => {
            let len = usize::from(entropy.next().unwrap_or(0) % 4);
            // Mostly letters, some bytes that are no UTF-8.
            entropy.take(len).map(|b| if b < 250 { b'a' + b % 26 } else { b }).collect()
        }
        Kind::Fixed64 | Kind::Double => {
            put_varint(out, u64::from(number << 3 | 1));
            out.extend((0..8).map(|_| entropy.next().unwrap_or(0)));
            return;
        }
        Kind::Fixed32 => {
            put_varint(out, u64::from(number << 3 | 5));
            out.extend((0..4).map(|_| entropy.next().unwrap_or(0)));
            return;
        }
        Kind::Bool | Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Enum(_) => {
            put_varint(out, u64::from(number << 3));
            let value = u64::from(entropy.next().unwrap_or(0)) << (entropy.next().unwrap_or(0) % 60);
            put_varint(out, value);
            return;
        }
    };
    put_varint(out, u64::from(number << 3 | 2));
    put_varint(out, payload.len() as u64);
    if entropy.next().unwrap_or(1).is_multiple_of(16) {
        // The same length in one byte more than it takes.
        let last = out.len() - 1;
        out[last] |= 0x80;
        out.push(0);
    }
    out.extend(payload);
}

fn unknown(entropy: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let number = 20 + u64::from(entropy.next().unwrap_or(0));
    match entropy.next().unwrap_or(0) % 4 {
        0 => {
            put_varint(out, number << 3);
            put_varint(out, u64::MAX);
        }
        1 => {
            put_varint(out, number << 3 | 2);
            out.extend([2, 0xff, 0xff]);
        }
        2 => {
            // An empty group inside a group.
            put_varint(out, number << 3 | 3);
            out.extend([0x0b, 0x0c]);
            put_varint(out, number << 3 | 4);
        }
        _ => {
            put_varint(out, number << 3 | 5);
            out.extend([1, 2, 3, 4]);
        }
    }
}
