//! The one check that a request passes on entry, and the merging of messages that came in pieces.
//!
//! The check accepts what prost's decoder accepts, with one exception: attribute values nest at most
//! [`VALUE_DEPTH_MAX`] deep (prost: 100 messages of any kind), so that every later reader may recurse.
//!
//! Protobuf lets a singular message field come several times, to be merged. Views read one piece only,
//! so such a request (no SDK sends one) must be rewritten once: see [`Counts::split`].

use super::protobuf::{Fault, Field, NESTING_MAX, Reader, Wire, WireError, put_len};
use super::schema::{FieldSchema, Kind, LOG_REQUEST, Schema, TRACE_REQUEST};

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

fn validate(schema: &'static Schema, request: &[u8]) -> Result<Counts, WireError> {
    if request.len() > REQUEST_BYTES_MAX {
        return Err(WireError { message: schema.name, field: "", offset: 0, fault: Fault::RequestLength });
    }
    let reader = Reader::new(request);
    let split = check(schema, reader, Depth { messages: NESTING_MAX, values: VALUE_DEPTH_MAX })?;
    let mut counts = Counts { split, ..Counts::default() };
    // Requests, resources and scopes have the same field numbers for both signals.
    for resource in reader {
        let (1, Wire::Len { start, end }) = (resource.number, resource.value) else { continue };
        counts.resources += 1;
        for scope in reader.message(start, end) {
            let (2, Wire::Len { start, end }) = (scope.number, scope.value) else { continue };
            counts.scopes += 1;
            counts.items += reader.message(start, end).filter(|item| item.number == 2).count();
        }
    }
    Ok(counts)
}

/// How many more levels may nest.
#[derive(Clone, Copy)]
struct Depth {
    /// Messages and groups, by prost's count.
    messages: u32,
    /// Attribute values.
    values: u32,
}

/// Checks one message and those inside it; tells whether any of them has pieces to merge.
fn check(schema: &'static Schema, mut reader: Reader<'_>, depth: Depth) -> Result<bool, WireError> {
    let mut split = false;
    let mut seen = 0u32;
    loop {
        let at = reader.position();
        let error = |field: &'static str, fault| WireError { message: schema.name, field, offset: at, fault };
        let Some(field) = reader.field().map_err(|fault| error("", fault))? else { return Ok(split) };
        let Some(known) = schema.field(field.number) else {
            skip_unknown(&mut reader, field, depth).map_err(|fault| error("", fault))?;
            continue;
        };
        match (known.kind, field.value) {
            (Kind::Message(inner), Wire::Len { start, end }) => {
                let bit = 1 << field.number;
                split |= seen & bit != 0;
                // In a oneof another member begins a new value.
                seen = if schema.one_of { bit } else { seen | bit };
                let depth = depth.enter(inner).ok_or_else(|| error(known.name, Fault::Nesting))?;
                split |= check(inner, reader.message(start, end), depth)?;
            }
            (Kind::MessageList(inner), Wire::Len { start, end }) => {
                let depth = depth.enter(inner).ok_or_else(|| error(known.name, Fault::Nesting))?;
                split |= check(inner, reader.message(start, end), depth)?;
            }
            _ => {
                scalar(&reader, known, field.value).map_err(|fault| error(known.name, fault))?;
                if schema.one_of {
                    seen = 0;
                }
            }
        }
    }
}

impl Depth {
    #[inline]
    fn enter(self, schema: &'static Schema) -> Option<Self> {
        let values = if schema.one_of { self.values.checked_sub(1)? } else { self.values };
        Some(Self { messages: self.messages.checked_sub(1)?, values })
    }
}

#[inline]
fn scalar(reader: &Reader<'_>, known: &FieldSchema, value: Wire) -> Result<(), Fault> {
    match (known.kind, value) {
        (Kind::Text | Kind::TextList, Wire::Len { start, end }) => {
            let bytes = reader.bytes(start, end);
            if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() { Ok(()) } else { Err(Fault::Utf8) }
        }
        (Kind::Hex | Kind::Base64, Wire::Len { .. })
        | (Kind::Bool | Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Enum(_), Wire::Varint(_))
        | (Kind::Fixed64 | Kind::Double, Wire::Fixed64(_))
        | (Kind::Fixed32, Wire::Fixed32(_)) => Ok(()),
        _ => Err(Fault::UnexpectedWireType),
    }
}

/// prost counts an unknown field as one level, whatever it is.
fn skip_unknown(reader: &mut Reader<'_>, field: Field, depth: Depth) -> Result<(), Fault> {
    if depth.messages == 0 {
        return Err(Fault::Nesting);
    }
    match field.value {
        Wire::Group => reader.skip_group(field.number, depth.messages),
        _ => Ok(()),
    }
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
