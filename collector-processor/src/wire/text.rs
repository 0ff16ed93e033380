//! Attribute values as text for columns: a text as it is, everything else as JSON.
//!
//! Integers in decimal, doubles as JSON numbers (`NaN`, `Infinity`, `-Infinity` as protobuf's JSON names
//! them), bytes as base64, arrays and lists as JSON without spaces. No value gives no text.

use super::common::{KeyValues, Value};
use super::validate::VALUE_DEPTH_MAX;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

impl Value<'_> {
    /// Appends the value as a column holds it.
    pub fn write_text(&self, out: &mut String) {
        match self {
            Self::Empty => {}
            Self::Str(text) => out.push_str(text),
            Self::Double(value) => write_double(*value, out),
            Self::Bytes(bytes) => STANDARD.encode_string(bytes, out),
            _ => self.write_json(out),
        }
    }

    /// The value as a column holds it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out
    }

    /// Appends the value as JSON: texts quoted, no value as `null`.
    pub fn write_json(&self, out: &mut String) {
        self.write_nested(out, VALUE_DEPTH_MAX);
    }

    fn write_nested(&self, out: &mut String, levels: u32) {
        // Checked requests never get here with no level left.
        let Some(levels) = levels.checked_sub(1) else {
            out.push_str("null");
            return;
        };
        match self {
            Self::Empty => out.push_str("null"),
            Self::Str(text) => write_json_str(text, out),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => write_display(value, out),
            Self::Double(value) if value.is_finite() => write_double(*value, out),
            Self::Double(value) => {
                out.push('"');
                write_double(*value, out);
                out.push('"');
            }
            Self::Bytes(bytes) => {
                out.push('"');
                STANDARD.encode_string(bytes, out);
                out.push('"');
            }
            Self::Array(values) => {
                out.push('[');
                for (n, value) in values.enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    value.write_nested(out, levels);
                }
                out.push(']');
            }
            Self::KvList(entries) => entries.write_object(out, levels),
        }
    }
}

impl KeyValues<'_> {
    /// Appends the attributes as one JSON object. A repeated key is written again, as it came.
    pub fn write_json(self, out: &mut String) {
        self.write_object(out, VALUE_DEPTH_MAX);
    }

    fn write_object(self, out: &mut String, levels: u32) {
        out.push('{');
        for (n, entry) in self.enumerate() {
            if n > 0 {
                out.push(',');
            }
            write_json_str(&entry.key, out);
            out.push(':');
            entry.value.write_nested(out, levels);
        }
        out.push('}');
    }
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_json_str(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // Only ASCII bytes are escaped, so the cuts are character boundaries.
    while let Some(at) = first_escaped(rest.as_bytes()) {
        let (clean, escaped) = rest.split_at(at);
        out.push_str(clean);
        match escaped.as_bytes()[0] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => write_display(format_args!("\\u{byte:04x}"), out),
        }
        rest = &escaped[1..];
    }
    out.push_str(rest);
    out.push('"');
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

fn write_double(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        // The shortest digits that read back the same, with an exponent where it is shorter.
        write_display(format_args!("{value:?}"), out);
    }
}

fn write_display(value: impl std::fmt::Display, out: &mut String) {
    write!(out, "{value}").expect("writing to a String cannot fail");
}
