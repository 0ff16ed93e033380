//! Attribute values as text for columns: a text as it is, everything else as JSON.
//!
//! Integers in decimal, doubles as JSON numbers (`NaN`, `Infinity`, `-Infinity` as protobuf's JSON names
//! them), bytes as base64, arrays and lists as JSON without spaces. No value gives no text.

use super::common::{KeyValues, Value};
use super::validate::VALUE_DEPTH_MAX;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;

impl Value<'_> {
    /// Appends the value as a column holds it, which is UTF-8 as the request is.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => {}
            Self::Str(text) => out.extend_from_slice(text.bytes()),
            Self::Double(value) => write_double(*value, out),
            Self::Bytes(bytes) => write_base64(bytes.bytes(), out),
            _ => self.write_json(out),
        }
    }

    /// The value as a column holds it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write_text(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the value as JSON: texts quoted, no value as `null`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        self.write_nested(out, VALUE_DEPTH_MAX);
    }

    fn write_nested(&self, out: &mut Vec<u8>, levels: u32) {
        // Checked requests never get here with no level left.
        let Some(levels) = levels.checked_sub(1) else {
            out.extend_from_slice(b"null");
            return;
        };
        match self {
            Self::Empty => out.extend_from_slice(b"null"),
            Self::Str(text) => write_json_str(text.bytes(), out),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Int(value) => out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes()),
            Self::Double(value) if value.is_finite() => write_double(*value, out),
            Self::Double(value) => {
                out.push(b'"');
                write_double(*value, out);
                out.push(b'"');
            }
            Self::Bytes(bytes) => {
                out.push(b'"');
                write_base64(bytes.bytes(), out);
                out.push(b'"');
            }
            Self::Array(values) => {
                out.push(b'[');
                for (n, value) in values.enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    value.write_nested(out, levels);
                }
                out.push(b']');
            }
            Self::KvList(entries) => entries.write_object(out, levels),
        }
    }
}

impl KeyValues<'_> {
    /// Appends the attributes as one JSON object. A repeated key is written again, as it came.
    pub fn write_json(self, out: &mut Vec<u8>) {
        self.write_object(out, VALUE_DEPTH_MAX);
    }

    fn write_object(self, out: &mut Vec<u8>, levels: u32) {
        out.push(b'{');
        for (n, entry) in self.enumerate() {
            if n > 0 {
                out.push(b',');
            }
            write_json_str(entry.key.bytes(), out);
            out.push(b':');
            entry.value.write_nested(out, levels);
        }
        out.push(b'}');
    }
}

/// Appends `text`, which is UTF-8, as a JSON string, quotes included.
pub fn write_json_str(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = first_escaped(rest) {
        let (clean, escaped) = rest.split_at(at);
        out.extend_from_slice(clean);
        match escaped[0] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => write_display(format_args!("\\u{byte:04x}"), out),
        }
        rest = &escaped[1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Place of the first quote, backslash or control byte, eight bytes at a time.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // The high bit of each byte below `limit`, exact up to the first (Hacker's Delight, section 6-1).
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let same = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = below(word, 0x20) | same(b'"') | same(b'\\');
        if found != 0 {
            return Some(n * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))?;
    Some(words.len() * 8 + at)
}

fn write_double(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        // The shortest digits that read back the same, with an exponent where it is shorter.
        write_display(format_args!("{value:?}"), out);
    }
}

fn write_display(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("writing to memory cannot fail");
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
}
