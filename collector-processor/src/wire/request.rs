//! Views of what encloses spans and log records: request, resource, scope.
//!
//! The two signals have the same field numbers here, so one set of views serves both. Resources and
//! scopes are found by stepping over what is in them.

use super::common::{Attributes, Text};
use super::logs::LogCursor;
use super::protobuf::{ByteRange, Field, Reader, Wire};
use super::trace::SpanCursor;

/// An `ExportTraceServiceRequest` or an `ExportLogsServiceRequest`.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a>(Reader<'a>);

impl<'a> Request<'a> {
    /// A view of checked bytes ([`validate_traces`](super::validate_traces),
    /// [`validate_logs`](super::validate_logs)).
    #[must_use]
    pub fn new(request: &'a [u8]) -> Self {
        Self(Reader::new(request))
    }

    /// Spans or log records in it, by stepping over them. Of bytes that are not well-formed, those before the fault.
    #[must_use]
    pub fn items(self) -> u64 {
        let of_scope = |scope: Scope<'a>| scope.fields.filter(|field| is_message(field, 2)).count() as u64;
        self.resources().flat_map(|resource| resource.scopes()).map(of_scope).sum()
    }

    /// The `ResourceSpans` or `ResourceLogs`, in order.
    pub fn resources(self) -> impl Iterator<Item = Resource<'a>> {
        let reader = self.0;
        reader.filter_map(move |field| match (field.number, field.value) {
            (1, Wire::Len { start, end }) => Some(Resource::read(reader.message(start, end))),
            _ => None,
        })
    }
}

/// A resource with its scopes: `ResourceSpans` or `ResourceLogs`.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    fields: Reader<'a>,
    resource: Reader<'a>,
}

impl<'a> Resource<'a> {
    fn read(fields: Reader<'a>) -> Self {
        Self { fields, resource: first_message(fields) }
    }

    /// Where the message with its scopes lies.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        self.fields.range()
    }

    /// The resource's attributes, in order.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { fields: self.resource, number: 1 }
    }

    /// Schema of the resource. Steps over all scopes to find it.
    #[must_use]
    pub fn schema_url(&self) -> Text<'a> {
        last_text(self.fields, 3)
    }

    /// Bytes of the resource message.
    #[must_use]
    pub fn attributes_bytes(&self) -> usize {
        self.resource.range().len()
    }

    /// The scopes, in order.
    pub fn scopes(&self) -> impl Iterator<Item = Scope<'a>> + use<'a> {
        let reader = self.fields;
        reader.filter_map(move |field| match (field.number, field.value) {
            (2, Wire::Len { start, end }) => Some(Scope::read(reader.message(start, end))),
            _ => None,
        })
    }
}

/// An instrumentation scope with its items: `ScopeSpans` or `ScopeLogs`.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    fields: Reader<'a>,
    scope: Reader<'a>,
    /// Name of the scope.
    pub name: Text<'a>,
    /// Version of the scope.
    pub version: Text<'a>,
}

impl<'a> Scope<'a> {
    fn read(fields: Reader<'a>) -> Self {
        let scope = first_message(fields);
        Self { fields, scope, name: last_text(scope, 1), version: last_text(scope, 2) }
    }

    /// Where the message with its items lies.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        self.fields.range()
    }

    /// The scope's attributes, in order.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { fields: self.scope, number: 3 }
    }

    /// Schema of the spans or log records. Steps over all of them to find it.
    #[must_use]
    pub fn schema_url(&self) -> Text<'a> {
        last_text(self.fields, 3)
    }

    /// The spans of a trace request, in order.
    #[must_use]
    pub fn spans(&self) -> SpanCursor<'a> {
        SpanCursor(self.fields)
    }

    /// The records of a log request, in order.
    #[must_use]
    pub fn records(&self) -> LogCursor<'a> {
        LogCursor(self.fields)
    }
}

fn is_message(field: &Field, number: u32) -> bool {
    field.number == number && matches!(field.value, Wire::Len { .. })
}

/// The resource or scope: field 1. Encoders put it first, so nothing is stepped over.
fn first_message(mut fields: Reader<'_>) -> Reader<'_> {
    let found = fields.find_map(|field| match (field.number, field.value) {
        (1, Wire::Len { start, end }) => Some((start, end)),
        _ => None,
    });
    found.map(|(start, end)| fields.message(start, end)).unwrap_or_default()
}

/// The text field `number`; the last one counts.
fn last_text(fields: Reader<'_>, number: u32) -> Text<'_> {
    let texts = fields.filter_map(|field| match field.value {
        Wire::Len { start, end } if field.number == number => Some(Text::read(&fields, start, end)),
        _ => None,
    });
    texts.last().unwrap_or_default()
}
