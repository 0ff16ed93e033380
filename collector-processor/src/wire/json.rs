//! OTLP/JSON to protobuf bytes.
//!
//! Reads by the table in [`schema`](super::schema) and writes fields as they come, so no tree is built.
//! The rules are protobuf's JSON mapping with OTLP's changes: ids in hex; names in lowerCamelCase or as in
//! the `.proto` file; integers as numbers or texts; enumerations as numbers or names; `null` for absent;
//! `NaN` and infinities as text; unknown fields ignored. A field given twice, or two members of one
//! `oneof`, is an error. Half a surrogate pair (`\ud83d`, what is left of a text cut by a length limit)
//! becomes U+FFFD.
//!
//! The serde support of `opentelemetry-proto` 0.33 is not used: it knows neither the names of the `.proto`
//! file nor names of enumerations nor `NaN` in attributes, demands `value` in an attribute, and tells no
//! path. Bounds: values nest at most [`VALUE_DEPTH_MAX`] deep, JSON itself at most 128, which maps of maps reach
//! first (29 levels); values below that are left out.

use super::protobuf::{put_tag, put_varint, varint_len};
use super::schema::{FieldSchema, Kind, LOG_REQUEST, Schema, TRACE_REQUEST};
use super::validate::VALUE_DEPTH_MAX;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use thiserror::Error as ThisError;

/// JSON that is no OTLP request.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{path}: {reason}")]
pub struct JsonError {
    /// Where: `resourceSpans[0].scopeSpans[1].spans[3].traceId`, or `request` at the top.
    pub path: String,
    /// What is wrong, with line and column.
    pub reason: String,
}

/// The protobuf bytes of an `ExportTraceServiceRequest` in JSON.
///
/// # Errors
/// [`JsonError`] where the text is not JSON, or a known field does not have its type.
pub fn traces_from_json(json: &[u8]) -> Result<Vec<u8>, JsonError> {
    transcode(&TRACE_REQUEST, json)
}

/// The protobuf bytes of an `ExportLogsServiceRequest` in JSON.
///
/// # Errors
/// As [`traces_from_json`].
pub fn logs_from_json(json: &[u8]) -> Result<Vec<u8>, JsonError> {
    transcode(&LOG_REQUEST, json)
}

fn transcode(schema: &'static Schema, json: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut writer = Writer { out: Vec::with_capacity(json.len() / 2), path: Vec::new() };
    // As in protobuf, bytes that are no text spoil nothing else.
    let json = String::from_utf8_lossy(json);
    let mut deserializer = serde_json::Deserializer::from_str(&json);
    let read = MessageSeed { writer: &mut writer, schema, levels: VALUE_DEPTH_MAX }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match read {
        Ok(()) => Ok(writer.out),
        Err(error) => Err(JsonError { path: writer.path(), reason: error.to_string() }),
    }
}

/// Arrays and objects of JSON that may nest, as serde_json has it.
const JSON_LEVELS_MAX: usize = 128;

/// Most of them before the next value inside a value.
const JSON_LEVELS_OF_A_VALUE: usize = 5;

/// The bytes so far, and where in the JSON the reader is.
struct Writer {
    out: Vec<u8>,
    path: Vec<Step>,
}

enum Step {
    Field(&'static str),
    Index(usize),
}

impl Writer {
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Index(n) => path.push_str(&format!("[{n}]")),
            }
        }
        if path.is_empty() { "request".to_owned() } else { path }
    }

    /// Runs `write` one step deeper. After an error the path stays where it was.
    fn at<T, E>(&mut self, step: Step, write: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.path.push(step);
        let done = write(self)?;
        self.path.pop();
        Ok(done)
    }

    fn varint(&mut self, number: u32, value: u64) {
        put_tag(&mut self.out, number, 0);
        put_varint(&mut self.out, value);
    }

    fn bytes(&mut self, number: u32, value: &[u8]) {
        put_tag(&mut self.out, number, 2);
        put_varint(&mut self.out, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    /// Writes a message whose content `write` appends, then sets its length.
    fn message<E>(&mut self, number: u32, write: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        put_tag(&mut self.out, number, 2);
        let at = self.out.len();
        // Most messages are shorter than 128 bytes; others are moved up.
        self.out.push(0);
        write(self)?;
        let end = self.out.len();
        let len = (end - at - 1) as u64;
        let mut prefix = Vec::with_capacity(varint_len(len));
        put_varint(&mut prefix, len);
        self.out.resize(end + prefix.len() - 1, 0);
        self.out.copy_within(at + 1..end, at + prefix.len());
        if let Some(place) = self.out.get_mut(at..at + prefix.len()) {
            place.copy_from_slice(&prefix);
        }
        Ok(())
    }
}

/// Reads a JSON object and writes the fields of a message.
struct MessageSeed<'w> {
    writer: &'w mut Writer,
    schema: &'static Schema,
    levels: u32,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object for {}", self.schema.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { writer, schema, levels } = self;
        let levels = if schema.one_of {
            let fits = writer.path.len() + JSON_LEVELS_OF_A_VALUE < JSON_LEVELS_MAX;
            let Some(levels) = levels.checked_sub(1).filter(|_| fits) else {
                // What nests too deep is left out, and spoils nothing else.
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            };
            levels
        } else {
            levels
        };
        let mut seen = 0u32;
        while let Some(key) = map.next_key_seed(KeySeed(schema))? {
            let Some((number, field)) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let bit = 1 << number;
            let set = writer.at(Step::Field(field.json), |writer| {
                let set =
                    map.next_value_seed(FieldSeed { writer, number, field, always: schema.one_of, levels })?;
                if set && seen & bit != 0 {
                    return Err(Error::custom("field is given twice"));
                }
                if set && schema.one_of && seen != 0 {
                    return Err(Error::custom("a value of another type is given too"));
                }
                Ok(set)
            })?;
            if set {
                seen |= bit;
            }
        }
        Ok(())
    }
}

/// Finds the field that a key names.
struct KeySeed(&'static Schema);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<(u32, &'static FieldSchema)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Option<(u32, &'static FieldSchema)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.json_field(key))
    }
}

/// Reads the value of one field, or one element of a list; tells whether it was there (not `null`).
struct FieldSeed<'w> {
    writer: &'w mut Writer,
    number: u32,
    field: &'static FieldSchema,
    /// Write default values too: in a `oneof` they say which member is set.
    always: bool,
    levels: u32,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        match self.field.kind {
            Kind::Text => deserializer.deserialize_option(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl FieldSeed<'_> {
    fn integer<E: Error>(self, value: i128) -> Result<bool, E> {
        let limits = match self.field.kind {
            Kind::Int32 | Kind::Enum(_) => i128::from(i32::MIN)..=i128::from(i32::MAX),
            Kind::Uint32 | Kind::Fixed32 => 0..=i128::from(u32::MAX),
            Kind::Int64 => i128::from(i64::MIN)..=i128::from(i64::MAX),
            Kind::Fixed64 => 0..=i128::from(u64::MAX),
            Kind::Double => return self.double(value as f64),
            _ => {
                return Err(Error::custom(format_args!(
                    "expected {}, not a number",
                    self.field.kind.expected()
                )));
            }
        };
        if !limits.contains(&value) {
            return Err(Error::custom(format_args!(
                "{value} is out of range for {}",
                self.field.kind.expected()
            )));
        }
        if value != 0 || self.always {
            let Self { writer, number, .. } = self;
            match self.field.kind {
                Kind::Fixed32 => {
                    put_tag(&mut writer.out, number, 5);
                    writer.out.extend_from_slice(&(value as u32).to_le_bytes());
                }
                Kind::Fixed64 => {
                    put_tag(&mut writer.out, number, 1);
                    writer.out.extend_from_slice(&(value as u64).to_le_bytes());
                }
                // Negative numbers are sign-extended to 64 bits, 32-bit ones too.
                _ => writer.varint(number, value as i64 as u64),
            }
        }
        Ok(true)
    }

    fn double<E: Error>(self, value: f64) -> Result<bool, E> {
        put_tag(&mut self.writer.out, self.number, 1);
        self.writer.out.extend_from_slice(&value.to_le_bytes());
        Ok(true)
    }

    fn put_bytes<E>(self, value: &[u8]) -> Result<bool, E> {
        if !value.is_empty() || self.always {
            self.writer.bytes(self.number, value);
        }
        Ok(true)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.kind.expected())
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    /// A text that is not `null`: taken as bytes, because only so half a surrogate pair gets through.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<bool, E> {
        self.put_bytes(String::from_utf8_lossy(value).as_bytes())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        match self.field.kind {
            Kind::Bool => {
                if value || self.always {
                    self.writer.varint(self.number, u64::from(value));
                }
                Ok(true)
            }
            _ => Err(Error::custom(format_args!("expected {}, not a boolean", self.field.kind.expected()))),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<bool, E> {
        self.integer(i128::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<bool, E> {
        self.integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<bool, E> {
        match self.field.kind {
            Kind::Double => self.double(value),
            // 1.0 and 1e3 are integers too; beyond 2^64 the cast saturates and is out of range.
            _ if value.fract() == 0.0 => self.integer(value as i128),
            _ => Err(Error::custom(format_args!("expected {}, not {value}", self.field.kind.expected()))),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        let wrong = |expected| Error::custom(format_args!("expected {expected}, not {:?}", cut(value)));
        match self.field.kind {
            Kind::Hex => {
                let bytes = hex::decode(value).map_err(|_| wrong(self.field.kind.expected()))?;
                self.put_bytes(&bytes)
            }
            Kind::Base64 => {
                let bytes = decode_base64(value).ok_or_else(|| wrong(self.field.kind.expected()))?;
                self.put_bytes(&bytes)
            }
            Kind::Enum(names) => match names.iter().position(|name| *name == value) {
                Some(number) => self.integer(number as i128),
                None => Err(wrong(self.field.kind.expected())),
            },
            Kind::Double => match value {
                "NaN" => self.double(f64::NAN),
                "Infinity" => self.double(f64::INFINITY),
                "-Infinity" => self.double(f64::NEG_INFINITY),
                _ => match value.parse::<f64>() {
                    Ok(number) if number.is_finite() => self.double(number),
                    _ => Err(wrong(self.field.kind.expected())),
                },
            },
            Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Fixed32 | Kind::Fixed64 => {
                match (value.parse::<i128>(), value.parse::<f64>()) {
                    (Ok(number), _) => self.integer(number),
                    (_, Ok(number)) if number.fract() == 0.0 => self.integer(number as i128),
                    _ => Err(wrong(self.field.kind.expected())),
                }
            }
            _ => Err(wrong(self.field.kind.expected())),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let Kind::Message(schema) = self.field.kind else {
            return Err(Error::custom(format_args!(
                "expected {}, not an object",
                self.field.kind.expected()
            )));
        };
        let levels = self.levels;
        self.writer
            .message(self.number, |writer| MessageSeed { writer, schema, levels }.visit_map(map))
            .map(|()| true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let Self { writer, number, field, levels, .. } = self;
        let mut n = 0;
        loop {
            let more = writer.at(Step::Index(n), |writer| match field.kind {
                Kind::MessageList(schema) => {
                    seq.next_element_seed(ElementSeed { writer, number, schema, levels })
                }
                Kind::TextList => seq.next_element_seed(TextSeed { writer, number }),
                _ => Err(Error::custom(format_args!("expected {}, not an array", field.kind.expected()))),
            })?;
            if more.is_none() {
                return Ok(true);
            }
            n += 1;
        }
    }
}

/// One message of a list. In an array value, and only there, `null` is an element: an empty value.
struct ElementSeed<'w> {
    writer: &'w mut Writer,
    number: u32,
    schema: &'static Schema,
    levels: u32,
}

impl<'de> DeserializeSeed<'de> for ElementSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object for {}", self.schema.name)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if !self.schema.one_of {
            return Err(Error::custom(format_args!("expected an object for {}, not null", self.schema.name)));
        }
        self.writer.bytes(self.number, &[]);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { writer, number, schema, levels } = self;
        writer.message(number, |writer| MessageSeed { writer, schema, levels }.visit_map(map))
    }
}

/// One text of a list.
struct TextSeed<'w> {
    writer: &'w mut Writer,
    number: u32,
}

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TextSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.writer.bytes(self.number, value.as_bytes());
        Ok(())
    }
}

impl Kind {
    /// What a field of this type holds in JSON.
    fn expected(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int32 => "a 32-bit integer",
            Self::Uint32 | Self::Fixed32 => "an unsigned 32-bit integer",
            Self::Int64 => "a 64-bit integer",
            Self::Fixed64 => "an unsigned 64-bit integer",
            Self::Double => "a number",
            Self::Enum(_) => "a number or a name of the enumeration",
            Self::Text => "a text",
            Self::Hex => "hex digits",
            Self::Base64 => "base64",
            Self::Message(_) => "an object",
            Self::TextList | Self::MessageList(_) => "an array",
        }
    }
}

/// Standard or URL-safe alphabet, with padding or without.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    engine.decode(text).ok()
}

/// So much of a text as an error message may repeat.
fn cut(text: &str) -> &str {
    const ERROR_TEXT_CHARS_MAX: usize = 40;
    text.char_indices().nth(ERROR_TEXT_CHARS_MAX).and_then(|(n, _)| text.get(..n)).unwrap_or(text)
}
