//! Views of what traces and logs share: text with its place, attributes, attribute values.
//!
//! Everything borrows from the request; nothing allocates. A value that was never checked and is
//! malformed reads as empty.

use super::protobuf::{ByteRange, FIXED64, LEN, Reader, SHORT_HEAD_BYTES, ShortAttribute, VARINT, range};
use super::schema::KEY_VALUE;
use super::validate::{is_plain_in_span, is_sound};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A text field and where its bytes lie. Reads as `str`, which costs a look at each byte: what goes by the bytes
/// ([`Text::bytes`], comparisons) spares that.
#[derive(Clone, Copy, Default)]
pub struct Text<'a> {
    bytes: &'a [u8],
    at: u32,
}

impl<'a> Text<'a> {
    #[inline]
    pub(super) fn read(reader: &Reader<'a>, start: usize, end: usize) -> Self {
        Self { bytes: reader.bytes(start, end), at: start as u32 }
    }

    /// The bytes, of a checked request UTF-8.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text, for as long as the request lives.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        std::str::from_utf8(self.bytes).unwrap_or_default()
    }

    /// Where its bytes lie in the request; `0..0` for a field that is not there.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        range(self.at as usize, self.at as usize + self.bytes.len())
    }

    /// Whether the field is there, if only as an empty text. A field that is absent cannot be replaced.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.at != 0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.as_str(), self.at)
    }
}

/// The value of an attribute, an array element or a log body.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'a> {
    /// No value is set.
    #[default]
    Empty,
    /// `stringValue`.
    Str(Text<'a>),
    /// `boolValue`.
    Bool(bool),
    /// `intValue`.
    Int(i64),
    /// `doubleValue`.
    Double(f64),
    /// `arrayValue`.
    Array(Values<'a>),
    /// `kvlistValue`.
    KvList(KeyValues<'a>),
    /// `bytesValue`.
    Bytes(Text<'a>),
}

impl<'a> Value<'a> {
    /// Reads an `AnyValue`. The last field that is set wins. Field 8, an index into a table that only
    /// profiles have, reads as empty.
    #[inline]
    pub(super) fn read(fields: Reader<'a>) -> Self {
        let mut value = Self::Empty;
        value.fill(fields);
        value
    }

    /// Reads in place, which spares a copy per attribute.
    #[inline(always)]
    pub(super) fn fill(&mut self, mut fields: Reader<'a>) -> Option<()> {
        loop {
            match fields.key()? {
                (1, LEN) => {
                    let (start, end) = fields.len()?;
                    *self = Self::Str(Text::read(&fields, start, end));
                }
                (2, VARINT) => *self = Self::Bool(fields.number()? != 0),
                (3, VARINT) => *self = Self::Int(fields.number()? as i64),
                (4, FIXED64) => *self = Self::Double(f64::from_bits(fields.fixed64()?)),
                (5, LEN) => {
                    let (start, end) = fields.len()?;
                    *self = Self::Array(Values(fields.message(start, end)));
                }
                (6, LEN) => {
                    let (start, end) = fields.len()?;
                    *self = Self::KvList(KeyValues { fields: fields.message(start, end), number: 1 });
                }
                (7, LEN) => {
                    let (start, end) = fields.len()?;
                    *self = Self::Bytes(Text::read(&fields, start, end));
                }
                (8, VARINT) => {
                    fields.number()?;
                    *self = Self::Empty;
                }
                (number, wire_type) => fields.step_over(number, wire_type)?,
            }
        }
    }

    /// The text, where the value is one.
    #[must_use]
    pub fn as_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Str(text) => Some(*text),
            _ => None,
        }
    }

    /// The text, where the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        self.as_text().map(|text| text.as_str())
    }

    /// The text, or the first element's text of an array: header attributes come as either.
    #[must_use]
    pub fn first_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Array(values) => { *values }.next()?.as_text(),
            _ => self.as_text(),
        }
    }

    /// The text; of an array its elements' texts, a line each.
    #[must_use]
    pub fn lines(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Array(values) => {
                let lines: Vec<&str> = { *values }.filter_map(|line| line.as_str()).collect();
                Some(Cow::Owned(lines.join("\n")))
            }
            Self::Bytes(text) => std::str::from_utf8(text.bytes()).ok().map(Cow::Borrowed),
            _ => self.as_str().map(Cow::Borrowed),
        }
    }

    /// The integer, where the value is one, or a text that reads as one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Str(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is a text or may hold some.
    #[must_use]
    pub fn has_text(&self) -> bool {
        matches!(self, Self::Str(_) | Self::Bytes(_) | Self::Array(_) | Self::KvList(_))
    }

    /// Whether no value is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// The elements of an array value, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a>(Reader<'a>);

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        loop {
            match self.0.key()? {
                (1, LEN) => {
                    let (start, end) = self.0.len()?;
                    return Some(Value::read(self.0.message(start, end)));
                }
                (number, wire_type) => self.0.step_over(number, wire_type)?,
            }
        }
    }
}

/// One attribute, or one entry of a key-value list.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    /// The key; empty where none is set.
    pub key: Text<'a>,
    /// The value.
    pub value: Value<'a>,
    /// Where the whole field lies, tag included: what [`Edits::remove`](super::Edits::remove) takes.
    pub field: ByteRange,
}

impl<'a> Attribute<'a> {
    /// Where its content lies, the message `KeyValue`, in the request that it was read from.
    #[must_use]
    pub fn content(&self, request: &[u8]) -> Option<ByteRange> {
        let mut fields = Reader::new(request.get(..self.field.end as usize)?).from(self.field.start as usize);
        fields.key()?;
        let (start, end) = fields.len()?;
        Some(range(start, end))
    }

    #[inline]
    pub(super) fn read(fields: Reader<'a>, field: ByteRange) -> Self {
        let mut attribute = Self { key: Text::default(), value: Value::Empty, field };
        attribute.fill(fields);
        attribute
    }

    /// Reads the attribute into a list.
    #[inline(always)]
    pub(super) fn push(list: &mut Vec<Self>, fields: Reader<'a>, field: ByteRange) {
        list.push(Self { key: Text::default(), value: Value::Empty, field });
        if let Some(attribute) = list.last_mut() {
            attribute.fill(fields);
        }
    }

    #[inline(always)]
    fn fill(&mut self, fields: Reader<'a>) {
        let Some(short) = ShortAttribute::of(fields.rest()) else {
            self.fill_fields(fields);
            return;
        };
        let key_at = fields.position() + SHORT_HEAD_BYTES;
        let value_at = key_at + short.key.len() + SHORT_HEAD_BYTES;
        self.key = Text { bytes: short.key, at: key_at as u32 };
        match short.text() {
            Some(bytes) => self.value = Value::Str(Text { bytes, at: (value_at + SHORT_HEAD_BYTES) as u32 }),
            None => _ = self.value.fill(fields.from(value_at)),
        }
    }

    fn fill_fields(&mut self, mut fields: Reader<'a>) -> Option<()> {
        loop {
            match fields.key()? {
                (1, LEN) => {
                    let (start, end) = fields.len()?;
                    self.key = Text::read(&fields, start, end);
                }
                (2, LEN) => {
                    let (start, end) = fields.len()?;
                    self.value.fill(fields.message(start, end));
                }
                (number, wire_type) => fields.step_over(number, wire_type)?,
            }
        }
    }
}

/// An attribute of a span that was not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawAttribute<'a> {
    pub(super) message: Reader<'a>,
    pub(super) field: ByteRange,
}

impl<'a> RawAttribute<'a> {
    /// Its bytes: the message `KeyValue`.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.message.rest()
    }

    /// Whether it is seen to be well-formed: short, of ASCII text or a number. Of others nothing is said.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        is_plain_in_span(self.bytes())
    }

    /// Whether it is well-formed and in one piece.
    pub(crate) fn is_sound(&self) -> bool {
        is_sound(&KEY_VALUE, self.message)
    }

    #[inline]
    pub(crate) fn read(&self) -> Attribute<'a> {
        Attribute::read(self.message, self.field)
    }
}

/// The attributes of a message, in order: an iterator over its fields of one number.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValues<'a> {
    pub(super) fields: Reader<'a>,
    pub(super) number: u32,
}

impl<'a> KeyValues<'a> {
    /// The bytes of the message that they are fields of, from the next one on.
    #[must_use]
    pub fn message(&self) -> &'a [u8] {
        let at = self.fields.range();
        self.fields.bytes(at.start as usize, at.end as usize)
    }
}

/// The attributes of a resource, a scope, an event or a link.
pub type Attributes<'a> = KeyValues<'a>;

impl<'a> Iterator for KeyValues<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        loop {
            let at = self.fields.position();
            match self.fields.key()? {
                (number, LEN) if number == self.number => {
                    let (start, end) = self.fields.len()?;
                    return Some(Attribute::read(self.fields.message(start, end), range(at, end)));
                }
                (number, wire_type) => self.fields.step_over(number, wire_type)?,
            }
        }
    }
}
