//! Views of a span, its events and its links.
//!
//! A span is read in one walk into a
//! [`SpanView`] that the caller keeps for the whole request, so nothing is allocated per span. Expects
//! checked bytes ([`validate_traces`](super::validate_traces)); others give less, and no panic.

use super::common::{Attribute, Attributes, RawAttribute, Text};
use super::edit::AttributesAt;
use super::protobuf::{ByteRange, FIXED32, FIXED64, LEN, Reader, VARINT, Wire, range};
use super::schema::{EVENT, LINK, STATUS, Schema};
use super::validate::{is_sound, is_text};

/// Steps through the spans of a scope.
#[derive(Clone, Debug)]
pub struct SpanCursor<'a>(pub(super) Reader<'a>);

impl<'a> SpanCursor<'a> {
    /// Reads the next span into `span`, whose lists keep their memory; `false` when there is none.
    pub fn read(&mut self, span: &mut SpanView<'a>) -> bool {
        self.next(span).is_some()
    }

    /// Reads the next span but for its attributes, which go to `each` in order. `None` when there is none.
    ///
    /// What is around the spans must be checked; the span is `checked` already, or is while it is read.
    ///
    /// # Errors
    /// Of a span that was not checked: something is not as SDKs write it (malformed, unknown, in pieces), or `each` says
    /// so. The check of the whole request tells what is wrong, if anything is.
    pub(crate) fn read_raw(
        &mut self,
        span: &mut SpanView<'a>,
        checked: bool,
        each: &mut impl FnMut(RawAttribute<'a>) -> bool,
    ) -> Option<Result<(), Odd>> {
        let (message, field) = self.message()?;
        Some(if checked {
            span.read_raw::<true>(message, field, each)
        } else {
            span.read_raw::<false>(message, field, each)
        })
    }

    /// Where the next span stands in its trace, and its attributes, not read yet. Expects checked bytes.
    pub(crate) fn read_place(&mut self) -> Option<SpanPlace<'a>> {
        let (mut fields, _) = self.message()?;
        let mut place =
            SpanPlace { trace_id: &[], span_id: &[], parent_span_id: &[], attributes: RawAttributes(fields) };
        while let Some((number, wire_type)) = fields.key() {
            if wire_type != LEN {
                fields.step_over(number, wire_type)?;
                continue;
            }
            let (start, end) = fields.len()?;
            match number {
                1 => place.trace_id = fields.bytes(start, end),
                2 => place.span_id = fields.bytes(start, end),
                4 => place.parent_span_id = fields.bytes(start, end),
                _ => {}
            }
        }
        Some(place)
    }

    fn next(&mut self, span: &mut SpanView<'a>) -> Option<()> {
        let (message, field) = self.message()?;
        span.read(message, field);
        Some(())
    }

    /// The next span's message, and where its field lies.
    fn message(&mut self) -> Option<(Reader<'a>, ByteRange)> {
        loop {
            let at = self.0.position();
            match self.0.key()? {
                (2, LEN) => {
                    let (start, end) = self.0.len()?;
                    return Some((self.0.message(start, end), range(at, end)));
                }
                (number, wire_type) => self.0.step_over(number, wire_type)?,
            }
        }
    }
}

/// A span that only the whole check can judge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Odd;

/// One span. Absent fields have protobuf's defaults: empty, 0.
#[derive(Clone, Debug, Default)]
pub struct SpanView<'a> {
    fields: Reader<'a>,
    /// Where the message lies: what fields are appended to.
    pub range: ByteRange,
    /// Where the whole field lies, tag included: what removes the span.
    pub field: ByteRange,
    /// 16 bytes, if the client keeps to the specification.
    pub trace_id: &'a [u8],
    /// 8 bytes, if the client keeps to the specification.
    pub span_id: &'a [u8],
    /// Empty for a root span.
    pub parent_span_id: &'a [u8],
    /// W3C trace state.
    pub trace_state: Text<'a>,
    /// W3C trace flags in the low 8 bits; bits 8 and 9 tell whether the parent is remote.
    pub flags: u32,
    /// Name.
    pub name: Text<'a>,
    /// 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer; others as they came.
    pub kind: i32,
    /// Start in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// End in nanoseconds since 1970.
    pub end_time_unix_nano: u64,
    /// Attributes, in order; keys may repeat.
    pub attributes: Vec<Attribute<'a>>,
    /// Attributes that the SDK dropped.
    pub dropped_attributes_count: u32,
    /// Events, in order.
    pub events: Vec<Event<'a>>,
    /// Events that the SDK dropped.
    pub dropped_events_count: u32,
    /// Links, in order.
    pub links: Vec<Link<'a>>,
    /// Links that the SDK dropped.
    pub dropped_links_count: u32,
    /// Where the status message lies, if there is one.
    pub status: Option<ByteRange>,
    /// 0 unset, 1 ok, 2 error; others as they came.
    pub status_code: i32,
    /// Text of the status.
    pub status_message: Text<'a>,
}

impl<'a> SpanView<'a> {
    /// Where attributes of this span are appended.
    #[must_use]
    pub fn attributes_at(&self) -> AttributesAt {
        AttributesAt { message: self.range, number: 9 }
    }

    /// The first attribute with this key.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.key == key)
    }

    /// The attributes again, not read yet.
    pub(crate) fn raw_attributes(&self) -> RawAttributes<'a> {
        RawAttributes(self.fields)
    }

    fn reset(&mut self) {
        let (mut attributes, mut events, mut links) = (
            std::mem::take(&mut self.attributes),
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.links),
        );
        attributes.clear();
        events.clear();
        links.clear();
        *self = Self { attributes, events, links, ..Self::default() };
    }

    fn read(&mut self, message: Reader<'a>, field: ByteRange) {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        let each = &mut |raw: RawAttribute<'a>| {
            attributes.push(raw.read());
            true
        };
        // What turns out malformed ends the walk.
        _ = self.read_raw::<true>(message, field, each);
        self.attributes = attributes;
    }

    /// Reads fields, attributes left to `each`, up to the end or what turns out malformed.
    #[inline(always)]
    fn read_raw<const CHECKED: bool>(
        &mut self,
        mut fields: Reader<'a>,
        field: ByteRange,
        each: &mut impl FnMut(RawAttribute<'a>) -> bool,
    ) -> Result<(), Odd> {
        self.reset();
        (self.fields, self.range, self.field) = (fields, fields.range(), field);
        while !fields.is_at_end() {
            let at = fields.position();
            match fields.key().ok_or(Odd)? {
                (9, LEN) => {
                    let (start, end) = fields.len().ok_or(Odd)?;
                    let raw = RawAttribute { message: fields.message(start, end), field: range(at, end) };
                    if !each(raw) && !CHECKED {
                        return Err(Odd);
                    }
                }
                (number, LEN) => {
                    let (start, end) = fields.len().ok_or(Odd)?;
                    if !CHECKED && !self.is_sound(&fields, number, start, end) {
                        return Err(Odd);
                    }
                    self.fill_len(&fields, number, range(at, end), start, end);
                }
                (6, VARINT) => self.kind = fields.number().ok_or(Odd)? as i32,
                (7, FIXED64) => self.start_time_unix_nano = fields.fixed64().ok_or(Odd)?,
                (8, FIXED64) => self.end_time_unix_nano = fields.fixed64().ok_or(Odd)?,
                (10, VARINT) => self.dropped_attributes_count = fields.number().ok_or(Odd)? as u32,
                (12, VARINT) => self.dropped_events_count = fields.number().ok_or(Odd)? as u32,
                (14, VARINT) => self.dropped_links_count = fields.number().ok_or(Odd)? as u32,
                (16, FIXED32) => self.flags = fields.fixed32().ok_or(Odd)?,
                (number, wire_type) if CHECKED => fields.step_over(number, wire_type).ok_or(Odd)?,
                _ => return Err(Odd),
            }
        }
        Ok(())
    }

    /// Whether a field of bytes is known, well-formed and in one piece.
    fn is_sound(&self, fields: &Reader<'a>, number: u32, start: usize, end: usize) -> bool {
        let message = |schema: &'static Schema| is_sound(schema, fields.message(start, end));
        match number {
            1 | 2 | 4 => true,
            3 | 5 => is_text(fields.bytes(start, end)),
            11 => message(&EVENT),
            13 => message(&LINK),
            15 => self.status.is_none() && message(&STATUS),
            _ => false,
        }
    }

    #[inline(always)]
    fn fill_len(&mut self, fields: &Reader<'a>, number: u32, field: ByteRange, start: usize, end: usize) {
        match number {
            1 => self.trace_id = fields.bytes(start, end),
            2 => self.span_id = fields.bytes(start, end),
            3 => self.trace_state = Text::read(fields, start, end),
            4 => self.parent_span_id = fields.bytes(start, end),
            5 => self.name = Text::read(fields, start, end),
            11 => self.events.push(Event::read(fields.message(start, end), field)),
            13 => self.links.push(Link::read(fields.message(start, end), field)),
            15 => self.read_status(fields.message(start, end)),
            _ => {}
        }
    }

    fn read_status(&mut self, status: Reader<'a>) {
        self.status = Some(status.range());
        for field in status {
            match (field.number, field.value) {
                (2, Wire::Len { start, end }) => self.status_message = Text::read(&status, start, end),
                (3, Wire::Varint(value)) => self.status_code = value as i32,
                _ => {}
            }
        }
    }
}

/// Where a span stands in its trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanPlace<'a> {
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub parent_span_id: &'a [u8],
    pub attributes: RawAttributes<'a>,
}

/// The attributes of a span, not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawAttributes<'a>(Reader<'a>);

impl<'a> Iterator for RawAttributes<'a> {
    type Item = RawAttribute<'a>;

    fn next(&mut self) -> Option<RawAttribute<'a>> {
        let Self(fields) = self;
        fields
            .find_map(|field| match (field.number, field.value) {
                (9, Wire::Len { start, end }) => Some((field.start, start, end)),
                _ => None,
            })
            .map(|(at, start, end)| RawAttribute {
                message: self.0.message(start, end),
                field: range(at, end),
            })
    }
}

/// An event of a span.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    fields: Reader<'a>,
    /// Where the whole field lies, tag included.
    pub field: ByteRange,
    /// Time in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// Name.
    pub name: Text<'a>,
    /// Attributes that the SDK dropped.
    pub dropped_attributes_count: u32,
}

impl<'a> Event<'a> {
    fn read(fields: Reader<'a>, field: ByteRange) -> Self {
        let mut event =
            Self { fields, field, time_unix_nano: 0, name: Text::default(), dropped_attributes_count: 0 };
        event.fill(fields);
        event
    }

    fn fill(&mut self, mut fields: Reader<'a>) -> Option<()> {
        loop {
            match fields.key()? {
                (1, FIXED64) => self.time_unix_nano = fields.fixed64()?,
                (2, LEN) => {
                    let (start, end) = fields.len()?;
                    self.name = Text::read(&fields, start, end);
                }
                (4, VARINT) => self.dropped_attributes_count = fields.number()? as u32,
                (number, wire_type) => fields.step_over(number, wire_type)?,
            }
        }
    }

    /// The attributes, in order.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { fields: self.fields, number: 3 }
    }

    /// Where attributes of this event are appended.
    #[must_use]
    pub fn attributes_at(&self) -> AttributesAt {
        AttributesAt { message: self.fields.range(), number: 3 }
    }
}

/// A link from a span to another.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    fields: Reader<'a>,
    /// Where the whole field lies, tag included.
    pub field: ByteRange,
    /// Trace of the other span.
    pub trace_id: &'a [u8],
    /// The other span.
    pub span_id: &'a [u8],
    /// W3C trace state of the link.
    pub trace_state: Text<'a>,
    /// As [`SpanView::flags`].
    pub flags: u32,
    /// Attributes that the SDK dropped.
    pub dropped_attributes_count: u32,
}

impl<'a> Link<'a> {
    fn read(fields: Reader<'a>, field: ByteRange) -> Self {
        let mut link = Self {
            fields,
            field,
            trace_id: &[],
            span_id: &[],
            trace_state: Text::default(),
            flags: 0,
            dropped_attributes_count: 0,
        };
        for field in fields {
            match (field.number, field.value) {
                (1, Wire::Len { start, end }) => link.trace_id = fields.bytes(start, end),
                (2, Wire::Len { start, end }) => link.span_id = fields.bytes(start, end),
                (3, Wire::Len { start, end }) => link.trace_state = Text::read(&fields, start, end),
                (5, Wire::Varint(value)) => link.dropped_attributes_count = value as u32,
                (6, Wire::Fixed32(value)) => link.flags = value,
                _ => {}
            }
        }
        link
    }

    /// The attributes, in order.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { fields: self.fields, number: 4 }
    }
}
