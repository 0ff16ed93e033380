//! The one check that a request passes on entry, and the merging of messages that came in pieces.
//!
//! The check accepts what prost's decoder accepts, with one exception: attribute values nest at most
//! [`VALUE_DEPTH_MAX`] deep (prost: 100 messages of any kind), so that every later reader may recurse.
//!
//! Protobuf lets a singular message field come several times, to be merged. Views read one piece only,
//! so such a request (no SDK sends one) must be rewritten once: see [`Counts::split`].

use super::edit::Edits;
use super::protobuf::{
    ByteRange, Fault, Field, LEN, NESTING_MAX, Reader, ShortAttribute, Wire, WireError, put_len, range,
};
use super::schema::{FieldSchema, Kind, LOG_REQUEST, Role, Schema, TRACE_REQUEST};

/// Bytes in a request that can be addressed.
pub const REQUEST_BYTES_MAX: usize = u32::MAX as usize;

/// How deep attribute values may nest: a text is 1, an array of texts 2.
pub const VALUE_DEPTH_MAX: u32 = 32;

/// What a well-formed request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resources.
    pub resources: usize,
    /// Instrumentation scopes.
    pub scopes: usize,
    /// Spans or log records.
    pub items: usize,
    /// A singular message comes in several pieces: rewrite the request with [`merge_split_traces`] or
    /// [`merge_split_logs`] before walking it, or only its last piece is seen.
    pub split: bool,
}

/// Checks the bytes of an `ExportTraceServiceRequest`.
///
/// # Errors
/// The first fault, by message, field and offset.
pub fn validate_traces(request: &[u8]) -> Result<Counts, WireError> {
    validate(&TRACE_REQUEST, request)
}

/// Checks the bytes of an `ExportLogsServiceRequest`.
///
/// # Errors
/// The first fault, by message, field and offset.
pub fn validate_logs(request: &[u8]) -> Result<Counts, WireError> {
    validate(&LOG_REQUEST, request)
}

/// The request with U+FFFD for the bytes of its texts that are not UTF-8 and without what nests too deep, where nothing else
/// is wrong with it: one program's odd value must not lose what others sent in the same batch. `None` where that does not make
/// it well-formed.
#[must_use]
pub fn mended_traces(request: &[u8]) -> Option<Vec<u8>> {
    mended(&TRACE_REQUEST, request)
}

/// As [`mended_traces`], for logs.
#[must_use]
pub fn mended_logs(request: &[u8]) -> Option<Vec<u8>> {
    mended(&LOG_REQUEST, request)
}

fn mended(schema: &'static Schema, request: &[u8]) -> Option<Vec<u8>> {
    let mut walk = Check { mendable: Some(Vec::new()), ..Check::default() };
    check(schema, request, &mut walk).ok()?;
    let mut edits = Edits::default();
    for mendable in walk.mendable.unwrap_or_default() {
        match mendable {
            Mendable::Text(content) => {
                let bytes = &request[content.start as usize..content.end as usize];
                edits.replace(content, String::from_utf8_lossy(bytes).as_bytes());
            }
            Mendable::Deep(field) => edits.remove(field),
        }
    }
    let mut mended = Vec::new();
    edits.apply(request, &mut mended).ok()?;
    Some(mended)
}

/// Rewrites a checked trace request so that no singular message comes in several pieces. Unknown fields
/// stay.
#[must_use]
pub fn merge_split_traces(request: &[u8]) -> Vec<u8> {
    merge(&TRACE_REQUEST, &[Reader::new(request)])
}

/// Rewrites a checked log request so that no singular message comes in several pieces. Unknown fields
/// stay.
#[must_use]
pub fn merge_split_logs(request: &[u8]) -> Vec<u8> {
    merge(&LOG_REQUEST, &[Reader::new(request)])
}

/// Checks what is around the spans of a trace request. They are checked when
/// [they are read](super::SpanCursor::read_raw).
///
/// # Errors
/// A fault, not always the first.
pub(crate) fn validate_around_spans(request: &[u8]) -> Result<Counts, WireError> {
    check(&TRACE_REQUEST, request, &mut Check { around_items: true, ..Check::default() })
}

/// Whether a message inside a span is well-formed and in one piece.
pub(super) fn is_sound(schema: &'static Schema, message: Reader<'_>) -> bool {
    let mut check = Check::default();
    check.message(schema, message, IN_SPAN).is_some() && !check.counts.split
}

/// The same of an attribute that is short, of ASCII text or a number. Of others nothing is said.
#[inline]
pub(super) fn is_plain_in_span(attribute: &[u8]) -> bool {
    is_plain(attribute, IN_SPAN)
}

fn validate(schema: &'static Schema, request: &[u8]) -> Result<Counts, WireError> {
    check(schema, request, &mut Check::default())
}

fn check(schema: &'static Schema, request: &[u8], check: &mut Check) -> Result<Counts, WireError> {
    if request.len() > REQUEST_BYTES_MAX {
        return Err(WireError { message: schema.name, field: "", offset: 0, fault: Fault::RequestLength });
    }
    let depth = Depth { messages: NESTING_MAX, values: VALUE_DEPTH_MAX };
    check.message(schema, Reader::new(request), depth);
    check.error.map_or(Ok(check.counts), Err)
}

/// Below the request, `ResourceSpans`, `ScopeSpans` and `Span`, in a message of the span.
const IN_SPAN: Depth = Depth { messages: NESTING_MAX - 4, values: VALUE_DEPTH_MAX };

/// How many more levels may nest.
#[derive(Clone, Copy)]
struct Depth {
    /// Messages and groups, by prost's count.
    messages: u32,
    /// Attribute values.
    values: u32,
}

/// What is wrong in one place only.
enum Mendable {
    /// A text that is not UTF-8.
    Text(ByteRange),
    /// A field that nests too deep, tag included.
    Deep(ByteRange),
}

/// The state of one check. Errors are kept here, so that the walk itself returns nothing large.
#[derive(Default)]
struct Check {
    /// Leaves out what is inside spans or log records.
    around_items: bool,
    /// What can be mended, if that is no error.
    mendable: Option<Vec<Mendable>>,
    counts: Counts,
    error: Option<WireError>,
}

impl Check {
    /// Checks one message and those inside it; `None` when `error` is set.
    fn message(&mut self, schema: &'static Schema, mut reader: Reader<'_>, depth: Depth) -> Option<()> {
        let mut seen = 0u32;
        while !reader.is_at_end() {
            let at = reader.position();
            let Some((number, wire_type)) = reader.key() else { return self.fail(schema, reader, at) };
            let known = schema.field(number);
            let Some(FieldSchema { kind, .. }) = known else {
                self.unknown(schema, &mut reader, at, depth)?;
                continue;
            };
            if wire_type != kind.wire_type() {
                return self.fail(schema, reader, at);
            }
            if wire_type != LEN {
                if reader.step_over(number, wire_type).is_none() {
                    return self.fail(schema, reader, at);
                }
                // In a oneof another member begins a new value.
                seen = if schema.one_of { 0 } else { seen };
                continue;
            }
            let Some((start, end)) = reader.len() else { return self.fail(schema, reader, at) };
            let inner = match kind {
                Kind::Message(inner) => {
                    let bit = 1 << number;
                    self.counts.split |= seen & bit != 0;
                    seen = if schema.one_of { bit } else { seen | bit };
                    inner
                }
                Kind::MessageList(inner) => inner,
                _ => {
                    if !is_well_formed(*kind, reader.bytes(start, end)) {
                        let Some(mendable) = &mut self.mendable else { return self.fail(schema, reader, at) };
                        mendable.push(Mendable::Text(range(start, end)));
                    }
                    seen = if schema.one_of { 0 } else { seen };
                    continue;
                }
            };
            match inner.role {
                Role::Resource => self.counts.resources += 1,
                Role::Scope => self.counts.scopes += 1,
                Role::Item => {
                    self.counts.items += 1;
                    if self.around_items {
                        continue;
                    }
                }
                Role::Attribute if is_plain(reader.bytes(start, end), depth) => continue,
                Role::Attribute => {}
                Role::Other => {}
            }
            match (depth.enter(inner), &mut self.mendable) {
                (Some(depth), _) => self.message(inner, reader.message(start, end), depth)?,
                (None, Some(mendable)) => mendable.push(Mendable::Deep(range(at, end))),
                (None, None) => return self.fail(schema, reader, at),
            }
        }
        Some(())
    }

    /// Steps over a field that the table does not know. prost counts it as one level, whatever it is.
    #[cold]
    fn unknown(
        &mut self,
        schema: &'static Schema,
        reader: &mut Reader<'_>,
        at: usize,
        depth: Depth,
    ) -> Option<()> {
        let mut again = reader.from(at);
        let skipped = match again.field() {
            _ if depth.messages == 0 => Err(Fault::Nesting),
            Ok(Some(Field { value: Wire::Group, number, .. })) => again.skip_group(number, depth.messages),
            Ok(_) => Ok(()),
            Err(fault) => Err(fault),
        };
        *reader = again;
        skipped
            .map_err(|fault| {
                self.error = Some(WireError { message: schema.name, field: "", offset: at, fault })
            })
            .ok()
    }

    /// Finds out what is wrong with the field at offset `at`.
    #[cold]
    fn fail(&mut self, schema: &'static Schema, reader: Reader<'_>, at: usize) -> Option<()> {
        let mut again = reader.from(at);
        let (field, fault) = match again.field() {
            Err(fault) => ("", fault),
            Ok(None) => ("", Fault::Length),
            Ok(Some(field)) => match (schema.field(field.number), field.value) {
                (None, _) => ("", Fault::Nesting),
                (Some(known), Wire::Len { .. }) if known.kind.wire_type() == LEN => (
                    known.name,
                    if let Kind::Text | Kind::TextList = known.kind { Fault::Utf8 } else { Fault::Nesting },
                ),
                (Some(known), _) => (known.name, Fault::UnexpectedWireType),
            },
        };
        self.error = Some(WireError { message: schema.name, field, offset: at, fault });
        None
    }
}

impl Depth {
    #[inline]
    fn enter(self, schema: &'static Schema) -> Option<Self> {
        let values = if schema.one_of { self.values.checked_sub(1)? } else { self.values };
        Some(Self { messages: self.messages.checked_sub(1)?, values })
    }
}

/// Whether an attribute is well-formed at first sight: short, of ASCII text or a number. Of others nothing is said.
#[inline]
fn is_plain(attribute: &[u8], depth: Depth) -> bool {
    let Some(short) = ShortAttribute::of(attribute) else { return false };
    let value = match (short.text(), short.value) {
        (Some(text), _) => is_ascii(text),
        // Booleans and integers of one byte; doubles.
        (None, [0x10 | 0x18, 0..0x80]) => true,
        (None, [0x21, double @ ..]) => double.len() == 8,
        _ => false,
    };
    value && is_ascii(short.key) && depth.messages >= 2 && depth.values >= 1
}

#[inline]
fn is_well_formed(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Text | Kind::TextList => is_text(bytes),
        _ => true,
    }
}

#[inline]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()
}

/// Eight bytes at a time without looking back: most texts are short, and nearly all are ASCII.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut all = 0;
    for word in words {
        all |= u64::from_ne_bytes(*word);
    }
    match bytes.last_chunk::<8>() {
        // The last bytes, some of them once more.
        Some(last) => all |= u64::from_ne_bytes(*last),
        None => rest.iter().for_each(|byte| all |= u64::from(*byte)),
    }
    all & 0x8080_8080_8080_8080 == 0
}

/// The bytes of one message that came in `pieces`. Recursion ends where the check's did.
fn merge(schema: &'static Schema, pieces: &[Reader<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut done = 0u32;
    for (n, piece) in pieces.iter().enumerate() {
        let mut rest = *piece;
        loop {
            let at = rest.position();
            let Ok(Some(field)) = rest.field() else { break };
            if let Wire::Group = field.value
                && rest.skip_group(field.number, NESTING_MAX).is_err()
            {
                break;
            }
            let bit = 1u32.checked_shl(field.number).unwrap_or(0);
            match (schema.field(field.number).map(|f| f.kind), field.value) {
                (Some(Kind::Message(inner)), Wire::Len { start, end }) => {
                    if done & bit == 0 {
                        let mut parts = vec![rest.message(start, end)];
                        collect(schema, field.number, rest, &pieces[n + 1..], &mut parts);
                        put_len(&mut out, field.number, &merge(inner, &parts));
                    }
                    // In a oneof another member begins a new value; else one merged message is enough.
                    done = if schema.one_of { bit } else { done | bit };
                }
                (Some(Kind::MessageList(inner)), Wire::Len { start, end }) => {
                    put_len(&mut out, field.number, &merge(inner, &[rest.message(start, end)]));
                }
                (known, _) => {
                    out.extend_from_slice(rest.bytes(at, rest.position()));
                    if schema.one_of && known.is_some() {
                        done = 0;
                    }
                }
            }
        }
    }
    out
}

/// The later pieces of field `number`. In a oneof only those before another member.
fn collect<'a>(
    schema: &'static Schema,
    number: u32,
    rest: Reader<'a>,
    pieces: &[Reader<'a>],
    parts: &mut Vec<Reader<'a>>,
) {
    for reader in std::iter::once(&rest).chain(pieces) {
        for field in *reader {
            if let (true, Wire::Len { start, end }) = (field.number == number, field.value) {
                parts.push(reader.message(start, end));
            } else if schema.one_of && schema.field(field.number).is_some() {
                return;
            }
        }
    }
}
