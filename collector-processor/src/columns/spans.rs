//! Columns of table `spans`.

use super::builders::{Assembly, Entries, HexColumn, TimeColumns, nanos, push_optional};
use super::execution::{Execution, ExecutionColumns};
use super::text::{clear, events_json, links_json, push_attributes};
use crate::pipeline::{ExceptionFact, Masking, Role, Scoped};
use crate::wire::{Attributes, Scope, SpanView};
use arrow::array::{Int32Builder, Int64Builder, StringBuilder};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use schemas::tables::Table;

/// Where a span stands and what is known of it.
#[derive(Debug)]
pub(super) struct Place<'p, 'a> {
    /// Attributes of the resource.
    pub(super) resource: Attributes<'a>,
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
    duration_ns: Int64Builder,
    trace_id: HexColumn,
    span_id: HexColumn,
    parent_span_id: HexColumn,
    name: StringBuilder,
    kind: StringBuilder,
    exec_kind: StringBuilder,
    status_code: StringBuilder,
    status_message: StringBuilder,
    attributes: Entries,
    resource_attributes: Entries,
    /// Of the last row: which resource, and whether it was masked here.
    last_resource: Option<(u64, bool)>,
    events: StringBuilder,
    links: StringBuilder,
    scope_name: StringBuilder,
    scope_version: StringBuilder,
    fingerprint: StringBuilder,
    pattern_id: StringBuilder,
    severity: Int32Builder,
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
    pub(super) fn rows(&self) -> usize {
        self.time.rows()
    }

    pub(super) fn push(
        &mut self,
        span: &SpanView<'_>,
        place: &Place<'_, '_>,
        exception: Option<&ExceptionFact>,
        started_unix_nano: u64,
        date_unix_nano: u64,
    ) {
        self.time.push(started_unix_nano, date_unix_nano);
        self.duration_ns.append_value(nanos(span.end_time_unix_nano.saturating_sub(started_unix_nano)));
        self.trace_id.push(span.trace_id);
        self.span_id.push(span.span_id);
        self.parent_span_id.push_nonempty(span.parent_span_id);
        self.name.append_value(clear(place.masking, &span.name));
        self.kind.append_value(kind(span.kind));
        self.status_code.append_value(status(span.status_code));
        push_optional(&mut self.status_message, Some(&clear(place.masking, &span.status_message)));
        let Place { roles, session, masking, .. } = *place;
        self.execution.push(&Execution { trace_id: span.trace_id, roles, session, masking });
        let known = || Some(span.name.as_str()).filter(|n| schemas::attributes::KNOWN_EXEC_KINDS.contains(n));
        push_optional(&mut self.exec_kind, roles.text(Role::ExecKind).or_else(known));
        self.push_maps(span, place);
        push_optional(&mut self.scope_name, place.scope.map(|s| s.name.as_str()));
        push_optional(&mut self.scope_version, place.scope.map(|s| s.version.as_str()));
        push_optional(&mut self.fingerprint, exception.map(|e| e.fingerprint.as_str()));
        push_optional(&mut self.pattern_id, exception.map(|e| e.pattern_id.as_str()));
        self.severity.append_option(exception.map(|e| e.severity));
    }

    fn push_maps(&mut self, span: &SpanView<'_>, place: &Place<'_, '_>) {
        push_attributes(&mut self.attributes, span.attributes.iter().copied(), place.masking);
        // A resource is masked on arrival where one of its spans has a session; where none has, here.
        let resource = Some((place.resource_serial, place.masking.is_some()));
        if self.last_resource != resource || !self.resource_attributes.repeat_row() {
            push_attributes(&mut self.resource_attributes, place.resource, place.masking);
            self.last_resource = resource;
        }
        if span.events.is_empty() {
            self.events.append_null();
        } else {
            events_json(&mut self.events, &span.events, place.masking);
        }
        if span.links.is_empty() {
            self.links.append_null();
        } else {
            links_json(&mut self.links, &span.links, place.masking);
        }
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut batch = Assembly::new(Table::Spans.schema());
        let (timestamp, time_unix_nano, date) = self.time.finish();
        self.execution.finish(&mut batch);
        batch
            .put("timestamp", timestamp)
            .put("time_unix_nano", time_unix_nano)
            .int64("duration_ns", &mut self.duration_ns)
            .put("trace_id", self.trace_id.finish())
            .put("span_id", self.span_id.finish())
            .put("parent_span_id", self.parent_span_id.finish())
            .text("name", &mut self.name)
            .text("kind", &mut self.kind)
            .text("exec_kind", &mut self.exec_kind)
            .text("status_code", &mut self.status_code)
            .text("status_message", &mut self.status_message)
            .put("attributes", self.attributes.finish_map()?)
            .put("resource_attributes", self.resource_attributes.finish_map()?)
            .text("events", &mut self.events)
            .text("links", &mut self.links)
            .text("scope_name", &mut self.scope_name)
            .text("scope_version", &mut self.scope_version)
            .text("fingerprint", &mut self.fingerprint)
            .text("pattern_id", &mut self.pattern_id)
            .int32("severity", &mut self.severity)
            .put("date", date);
        batch.finish()
    }
}
