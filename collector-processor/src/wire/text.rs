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
            write_json_str(entry.key, out);
            out.push(':');
            entry.value.write_nested(out, levels);
        }
        out.push('}');
    }
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_json_str(text: &str, out: &mut String) {
    out.push('"');
    let mut clean = 0;
    for (n, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        // Only ASCII bytes get here, so both ends are character boundaries.
        out.push_str(text.get(clean..n).unwrap_or_default());
        out.push_str(escape);
        if escape.is_empty() {
            write_display(format_args!("\\u{byte:04x}"), out);
        }
        clean = n + 1;
    }
    out.push_str(text.get(clean..).unwrap_or_default());
    out.push('"');
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
