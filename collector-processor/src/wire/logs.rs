//! View of a log record.
//!
//! As in [`trace`](super::trace): a record is read in one walk into a [`LogView`] that the caller keeps
//! for the whole request.

use super::common::{Attribute, Text, Value};
use super::edit::AttributesAt;
use super::protobuf::{ByteRange, FIXED32, FIXED64, LEN, Reader, VARINT, Wire, range};

/// Steps through the log records of a scope.
#[derive(Clone, Debug)]
pub struct LogCursor<'a>(pub(super) Reader<'a>);

impl<'a> LogCursor<'a> {
    /// Reads the next record into `record`, whose list keeps its memory; `false` when there is none.
    pub fn read(&mut self, record: &mut LogView<'a>) -> bool {
        for field in self.0.by_ref() {
            if let (2, Wire::Len { start, end }) = (field.number, field.value) {
                record.read(self.0.message(start, end), range(field.start, end));
                return true;
            }
        }
        false
    }
}

/// One log record. Absent fields have protobuf's defaults: empty, 0.
#[derive(Clone, Debug, Default)]
pub struct LogView<'a> {
    /// Where the message lies: what fields are appended to.
    pub range: ByteRange,
    /// Where the whole field lies, tag included: what removes the record.
    pub field: ByteRange,
    /// Time of the event in nanoseconds since 1970; 0 when unknown.
    pub time_unix_nano: u64,
    /// Time of the collection in nanoseconds since 1970.
    pub observed_time_unix_nano: u64,
    /// 1 to 24; 17 is ERROR, 21 FATAL.
    pub severity_number: i32,
    /// Severity as the source names it.
    pub severity_text: Text<'a>,
    /// Name of the event, for records that are events.
    pub event_name: Text<'a>,
    /// Body.
    pub body: Value<'a>,
    /// Attributes, in order; keys may repeat.
    pub attributes: Vec<Attribute<'a>>,
    /// Attributes that the SDK dropped.
    pub dropped_attributes_count: u32,
    /// W3C trace flags.
    pub flags: u32,
    /// 16 bytes, or empty.
    pub trace_id: &'a [u8],
    /// 8 bytes, or empty.
    pub span_id: &'a [u8],
}

impl<'a> LogView<'a> {
    /// Where attributes of this record are appended.
    #[must_use]
    pub fn attributes_at(&self) -> AttributesAt {
        AttributesAt { message: self.range, number: 6 }
    }

    /// The first attribute with this key.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.key == key)
    }

    fn read(&mut self, message: Reader<'a>, field: ByteRange) {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        *self = Self { attributes, range: message.range(), field, ..Self::default() };
        self.fill(message);
    }

    /// Reads fields up to the end, or up to what turns out malformed.
    fn fill(&mut self, mut fields: Reader<'a>) -> Option<()> {
        loop {
            let at = fields.position();
            match fields.key()? {
                (1, FIXED64) => self.time_unix_nano = fields.fixed64()?,
                (2, VARINT) => self.severity_number = fields.number()? as i32,
                (7, VARINT) => self.dropped_attributes_count = fields.number()? as u32,
                (8, FIXED32) => self.flags = fields.fixed32()?,
                (11, FIXED64) => self.observed_time_unix_nano = fields.fixed64()?,
                (number, LEN) => {
                    let (start, end) = fields.len()?;
                    match number {
                        3 => self.severity_text = Text::read(&fields, start, end),
                        5 => self.body = Value::read(fields.message(start, end)),
                        6 => {
                            let field = range(at, end);
                            Attribute::push(&mut self.attributes, fields.message(start, end), field);
                        }
                        9 => self.trace_id = fields.bytes(start, end),
                        10 => self.span_id = fields.bytes(start, end),
                        12 => self.event_name = Text::read(&fields, start, end),
                        _ => {}
                    }
                }
                (number, wire_type) => fields.step_over(number, wire_type)?,
            }
        }
    }
}
