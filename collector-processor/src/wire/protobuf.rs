//! A bounded reader of the protobuf wire format.
//!
//! Owns varints, tags, lengths and the skipping of groups, and the error that names what is wrong and
//! where. Knows no message type. Every read is checked against the end of the enclosing message; all
//! offsets are absolute in the request.

use thiserror::Error;

/// Bytes of the longest varint.
const VARINT_BYTES_MAX: usize = 10;

/// Messages and groups that may nest, as prost counts them.
pub(super) const NESTING_MAX: u32 = 100;

/// Wire types.
pub(super) const VARINT: u32 = 0;
pub(super) const FIXED64: u32 = 1;
pub(super) const LEN: u32 = 2;
pub(super) const GROUP: u32 = 3;
pub(super) const FIXED32: u32 = 5;

/// A half-open range of byte offsets in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteRange {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl ByteRange {
    /// Number of bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether there is no byte in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// Why bytes are not a well-formed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A varint runs past its message, past 10 bytes, or past 64 bits.
    #[error("varint is cut or longer than 10 bytes")]
    Varint,
    /// Field numbers start at 1 and fit in 29 bits.
    #[error("field number is out of range")]
    FieldNumber,
    /// Wire types 6 and 7 do not exist.
    #[error("wire type does not exist")]
    WireType,
    /// The field is known and has another wire type.
    #[error("wire type does not match the field")]
    UnexpectedWireType,
    /// A length or a fixed-width value reaches past the enclosing message.
    #[error("length reaches past the enclosing message")]
    Length,
    /// A group ends that was not begun, or under another number.
    #[error("group ends without its beginning")]
    EndGroup,
    /// A text field holds bytes that are not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// Messages, groups or values nest too deep.
    #[error("nesting is deeper than the limit")]
    Nesting,
    /// The request is longer than offsets can say.
    #[error("request is longer than 4294967295 bytes")]
    RequestLength,
}

/// A request that is not well-formed: what, in which field, and at which byte of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{message}{}{field} at byte {offset}: {fault}", if field.is_empty() { "" } else { "." })]
pub struct WireError {
    /// Message type that was being read (`Span`).
    pub message: &'static str,
    /// Field of it (`name`); empty where the field itself could not be read.
    pub field: &'static str,
    /// Offset of the byte in the request where the faulty field or value begins.
    pub offset: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// One field: its number, where its tag begins, where its value begins, and the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Offset of the tag.
    pub(super) start: usize,
    /// Offset of what follows the tag (of the length, where there is one).
    pub(super) value_at: usize,
    pub(super) value: Wire,
}

/// The value of a field, by wire type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    Varint(u64),
    Fixed64,
    /// Offsets of the payload.
    Len {
        start: usize,
        end: usize,
    },
    Fixed32(u32),
    /// A group begins; its content has not been read.
    Group,
}

/// A message inside a request: also the reader of its fields.
///
/// `request` ends where the message ends and begins where the request begins, so a position in it is an
/// absolute offset.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reader<'a> {
    request: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    /// The outermost message.
    pub(super) fn new(request: &'a [u8]) -> Self {
        Self { request, pos: 0 }
    }

    /// The message whose payload lies at `start..end`, which must come from this reader's fields.
    #[inline]
    pub(super) fn message(&self, start: usize, end: usize) -> Self {
        Self { request: self.request.get(..end).unwrap_or_default(), pos: start }
    }

    /// The same message, read from offset `at`.
    pub(super) fn from(&self, at: usize) -> Self {
        Self { request: self.request, pos: at }
    }

    /// Whether all fields have been read.
    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.pos >= self.request.len()
    }

    /// Offset of the next byte.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.pos
    }

    /// From the next byte to the end of the message.
    #[inline]
    pub(super) fn range(&self) -> ByteRange {
        range(self.pos, self.request.len())
    }

    /// Bytes of a payload.
    #[inline]
    pub(super) fn bytes(&self, start: usize, end: usize) -> &'a [u8] {
        self.request.get(start..end).unwrap_or_default()
    }

    /// From the next byte to the end of the message.
    #[inline(always)]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.request.get(self.pos..).unwrap_or_default()
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Fault> {
        match self.request.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Fault> {
        let rest = self.request.get(self.pos..).unwrap_or_default();
        let mut value = 0u64;
        for (n, &byte) in rest.iter().take(VARINT_BYTES_MAX).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte < 0x80 {
                // The tenth byte holds the one bit that is left of 64.
                if n == VARINT_BYTES_MAX - 1 && byte > 1 {
                    return Err(Fault::Varint);
                }
                self.pos += n + 1;
                return Ok(value);
            }
        }
        Err(Fault::Varint)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let bytes = self.request.get(self.pos..).and_then(|b| b.first_chunk::<N>()).ok_or(Fault::Length)?;
        self.pos += N;
        Ok(*bytes)
    }

    /// The field number and the wire type.
    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Fault> {
        let key = self.varint()?;
        let Ok(key) = u32::try_from(key) else { return Err(Fault::FieldNumber) };
        if key < 8 {
            return Err(Fault::FieldNumber);
        }
        Ok((key >> 3, (key & 7) as u8))
    }

    /// The next field, or `None` at the end of the message. Of a group only the beginning is read:
    /// call [`Reader::skip_group`] next.
    #[inline]
    pub(super) fn field(&mut self) -> Result<Option<Field>, Fault> {
        if self.pos >= self.request.len() {
            return Ok(None);
        }
        let start = self.pos;
        let (number, wire_type) = self.tag()?;
        let value_at = self.pos;
        let value = match wire_type {
            0 => Wire::Varint(self.varint()?),
            1 => {
                self.fixed::<8>()?;
                Wire::Fixed64
            }
            2 => {
                let len = self.varint()?;
                let start = self.pos;
                if len > (self.request.len() - start) as u64 {
                    return Err(Fault::Length);
                }
                self.pos = start + len as usize;
                Wire::Len { start, end: self.pos }
            }
            3 => Wire::Group,
            4 => return Err(Fault::EndGroup),
            5 => Wire::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(Fault::WireType),
        };
        Ok(Some(Field { number, start, value_at, value }))
    }

    /// The next key (field number, wire type) of a message that was checked; `None` at its end. Read or
    /// skip the value next. With [`Reader::len`] and [`Reader::step_over`] this is the hot path: it makes no
    /// [`Field`].
    #[inline(always)]
    pub(super) fn key(&mut self) -> Option<(u32, u32)> {
        match self.request.get(self.pos) {
            Some(&byte) if (8..0x80).contains(&byte) => {
                self.pos += 1;
                Some((u32::from(byte >> 3), u32::from(byte & 7)))
            }
            None => None,
            Some(_) => self.tag().ok().map(|(number, wire_type)| (number, u32::from(wire_type))),
        }
    }

    /// Where the payload of a length-delimited field lies; the reader steps over it.
    #[inline(always)]
    pub(super) fn len(&mut self) -> Option<(usize, usize)> {
        let len = match self.request.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                u64::from(byte)
            }
            _ => self.long_varint().ok()?,
        };
        let start = self.pos;
        if len > (self.request.len() - start) as u64 {
            return None;
        }
        self.pos = start + len as usize;
        Some((start, self.pos))
    }

    /// The value of a varint field.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Option<u64> {
        self.varint().ok()
    }

    /// The value of a 64-bit field.
    #[inline(always)]
    pub(super) fn fixed64(&mut self) -> Option<u64> {
        self.fixed().ok().map(u64::from_le_bytes)
    }

    /// The value of a 32-bit field.
    #[inline(always)]
    pub(super) fn fixed32(&mut self) -> Option<u32> {
        self.fixed().ok().map(u32::from_le_bytes)
    }

    /// Steps over the value of a field whose key was just read.
    #[inline(always)]
    pub(super) fn step_over(&mut self, number: u32, wire_type: u32) -> Option<()> {
        match wire_type {
            VARINT => self.varint().ok().map(drop),
            FIXED64 => self.fixed::<8>().ok().map(drop),
            LEN => self.len().map(drop),
            FIXED32 => self.fixed::<4>().ok().map(drop),
            GROUP => self.skip_group(number, NESTING_MAX).ok(),
            _ => None,
        }
    }

    /// Skips the rest of the group `number`, whose beginning was just read. `levels` is how many more
    /// levels may nest; the group itself takes one.
    pub(super) fn skip_group(&mut self, number: u32, levels: u32) -> Result<(), Fault> {
        let levels = levels.checked_sub(1).ok_or(Fault::Nesting)?;
        loop {
            let at = self.pos;
            let (inner, wire_type) = self.tag()?;
            if wire_type == 4 {
                return if inner == number { Ok(()) } else { Err(Fault::EndGroup) };
            }
            if levels == 0 {
                return Err(Fault::Nesting);
            }
            self.pos = at;
            if let Some(Field { value: Wire::Group, number, .. }) = self.field()? {
                self.skip_group(number, levels)?;
            }
        }
    }
}

/// The fields of a message, for bytes that were checked before: groups are skipped, and what turns out
/// malformed ends the walk.
impl Iterator for Reader<'_> {
    type Item = Field;

    #[inline]
    fn next(&mut self) -> Option<Field> {
        loop {
            match self.field() {
                Ok(Some(Field { value: Wire::Group, number, .. })) => {
                    self.skip_group(number, NESTING_MAX).ok()?
                }
                Ok(field) => return field,
                Err(_) => return None,
            }
        }
    }
}

/// What of an attribute's bytes is what, where they are as encoders write short ones: key, then value, nothing else,
/// lengths of one byte. Others are read field by field.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShortAttribute<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

/// Bytes before a field's payload: tag and length.
pub(super) const SHORT_HEAD_BYTES: usize = 2;

impl<'a> ShortAttribute<'a> {
    #[inline(always)]
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (key, rest) = short_field(0x0a, bytes)?;
        let (value, rest) = short_field(0x12, rest)?;
        rest.is_empty().then_some(Self { key, value })
    }

    /// The text, where the value is a short one.
    #[inline(always)]
    pub(super) fn text(&self) -> Option<&'a [u8]> {
        let (text, rest) = short_field(0x0a, self.value)?;
        rest.is_empty().then_some(text)
    }
}

/// The payload of the first field, and what is behind it.
#[inline(always)]
fn short_field(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [first, length, rest @ ..] if *first == tag && *length < 0x80 => {
            rest.split_at_checked(usize::from(*length))
        }
        _ => None,
    }
}

/// A range of offsets. Requests over 4 GiB are refused on entry, so nothing is lost.
#[inline]
pub(super) fn range(start: usize, end: usize) -> ByteRange {
    ByteRange { start: start as u32, end: end as u32 }
}

/// Bytes that `value` takes as a varint.
pub(super) fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Writes `value` as a varint.
#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes the tag of a field.
#[inline]
pub(super) fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u32) {
    put_varint(out, u64::from(number << 3 | wire_type));
}

/// Writes a length-delimited field.
pub(super) fn put_len(out: &mut Vec<u8>, number: u32, payload: &[u8]) {
    put_tag(out, number, 2);
    put_varint(out, payload.len() as u64);
    out.extend_from_slice(payload);
}
