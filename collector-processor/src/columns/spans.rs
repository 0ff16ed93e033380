//! Columns of table `spans`.

use super::builders::{Built, LongTextColumn, Named, TableColumns, TimeColumns, nanos};
use super::coded::{MapColumn, SharedMapColumn, TextColumn};
use super::errors::Environment;
use super::execution::{Execution, ExecutionColumns};
use super::own::Entries;
use super::text::{clear_bytes, events_json, links_json, push_attributes};
use crate::pipeline::{ExceptionFact, Masking, Role, Scoped};
use crate::wire::{Attributes, Scope, SpanView};
use arrow::array::{Int32Builder, Int64Builder};
use schemas::attributes::KNOWN_EXEC_KINDS;
use schemas::tables::Table;

/// Where a span stands and what is known of it.
#[derive(Debug)]
pub(super) struct Place<'p, 'a> {
    /// Attributes of the resource.
    pub(super) resource: Attributes<'a>,
    /// What the resource tells of it.
    pub(super) environment: &'p Environment<'a>,
    /// Tells resources apart.
    pub(super) resource_serial: u64,
    pub(super) scope: Option<&'p Scope<'a>>,
    pub(super) roles: Scoped<'p, 'a>,
    pub(super) session: Option<&'p str>,
    /// Set where the span's texts are still unmasked.
    pub(super) masking: Option<&'p Masking>,
}

#[derive(Debug, Default)]
pub(super) struct SpanColumns {
    time: TimeColumns,
    execution: ExecutionColumns,
    duration_ns: Built<Int64Builder>,
    trace_id: LongTextColumn,
    span_id: LongTextColumn,
    parent_span_id: LongTextColumn,
    name: TextColumn,
    kind: TextColumn,
    exec_kind: TextColumn,
    status_code: TextColumn,
    status_message: TextColumn,
    attributes: MapColumn,
    resource_attributes: SharedMapColumn,
    events: LongTextColumn,
    links: LongTextColumn,
    scope_name: TextColumn,
    scope_version: TextColumn,
    fingerprint: TextColumn,
    pattern_id: TextColumn,
    severity: Built<Int32Builder>,
}

/// Text of a span's kind.
fn kind(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}

/// Text of a status code, as the specification names it for exporters to other formats.
fn status(code: i32) -> &'static str {
    match code {
        1 => "OK",
        2 => "ERROR",
        _ => "UNSET",
    }
}

impl SpanColumns {
    pub(super) fn push<'a>(
        &mut self,
        span: &SpanView<'a>,
        place: &Place<'_, 'a>,
        attributes: &mut Entries<'a, '_>,
        exception: Option<&ExceptionFact>,
        started_unix_nano: u64,
        date_unix_nano: u64,
    ) {
        self.time.push(started_unix_nano, date_unix_nano);
        self.duration_ns
            .builder
            .append_value(nanos(span.end_time_unix_nano.saturating_sub(started_unix_nano)));
        self.trace_id.push_hex(span.trace_id);
        self.span_id.push_hex(span.span_id);
        self.parent_span_id.push_hex_optional(span.parent_span_id);
        self.name.push_bytes(&clear_bytes(place.masking, span.name));
        self.kind.push(kind(span.kind));
        self.status_code.push(status(span.status_code));
        self.status_message.push_bytes_optional(Some(&clear_bytes(place.masking, span.status_message)));
        let Place { roles, session, masking, .. } = *place;
        self.execution.push(&Execution { trace_id: span.trace_id, roles, session, masking });
        let is_known = |name: &&[u8]| KNOWN_EXEC_KINDS.iter().any(|kind| kind.as_bytes() == *name);
        let known = || Some(span.name.bytes()).filter(is_known);
        self.exec_kind.push_bytes_optional(roles.bytes(Role::ExecKind).or_else(known));
        attributes.push(&mut self.attributes, place.masking);
        self.push_surroundings(span, place);
        self.scope_name.push_bytes_optional(place.scope.map(|s| s.name.bytes()));
        self.scope_version.push_bytes_optional(place.scope.map(|s| s.version.bytes()));
        self.fingerprint.push_optional(exception.map(|e| e.fingerprint.as_str()));
        self.pattern_id.push_optional(exception.map(|e| e.pattern_id.as_str()));
        self.severity.builder.append_option(exception.map(|e| e.severity));
    }

    fn push_surroundings<'a>(&mut self, span: &SpanView<'a>, place: &Place<'_, 'a>) {
        // A resource is masked on arrival where one of its spans has a session; where none has, here.
        let (serial, message) = (place.resource_serial, place.resource.message());
        self.resource_attributes.push(serial, message, place.masking.is_some(), |maps| {
            push_attributes(maps, place.resource, place.masking);
        });
        if span.events.is_empty() {
            self.events.push_optional(None);
        } else {
            events_json(&mut self.events, &span.events, place.masking);
        }
        if span.links.is_empty() {
            self.links.push_optional(None);
        } else {
            links_json(&mut self.links, &span.links, place.masking);
        }
    }
}

impl TableColumns for SpanColumns {
    const TABLE: Table = Table::Spans;

    fn rows(&self) -> usize {
        self.time.rows()
    }

    fn columns(&mut self) -> Named<'_> {
        let mut columns: Named<'_> = vec![
            ("duration_ns", &mut self.duration_ns),
            ("trace_id", &mut self.trace_id),
            ("span_id", &mut self.span_id),
            ("parent_span_id", &mut self.parent_span_id),
            ("name", &mut self.name),
            ("kind", &mut self.kind),
            ("exec_kind", &mut self.exec_kind),
            ("status_code", &mut self.status_code),
            ("status_message", &mut self.status_message),
            ("attributes", &mut self.attributes),
            ("resource_attributes", &mut self.resource_attributes),
            ("events", &mut self.events),
            ("links", &mut self.links),
            ("scope_name", &mut self.scope_name),
            ("scope_version", &mut self.scope_version),
            ("fingerprint", &mut self.fingerprint),
            ("pattern_id", &mut self.pattern_id),
            ("severity", &mut self.severity),
        ];
        columns.extend(self.time.columns());
        columns.extend(self.execution.columns());
        columns
    }
}
