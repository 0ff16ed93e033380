//! Turns views back into prost's messages.

use crate::wire::{Attribute, KeyValues, LogView, Request, Resource, Scope, SpanView, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// All that the views show of a trace request.
pub(crate) fn traces(request: &[u8]) -> ExportTraceServiceRequest {
    let mut span = SpanView::default();
    let resource_spans = Request::new(request)
        .resources()
        .map(|resource| ResourceSpans {
            resource: proto_resource(&resource),
            scope_spans: resource.scopes().map(|scope| scope_spans(&scope, &mut span)).collect(),
            schema_url: resource.schema_url().to_string(),
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}

/// All that the views show of a log request.
pub(crate) fn logs(request: &[u8]) -> ExportLogsServiceRequest {
    let mut record = LogView::default();
    let resource_logs = Request::new(request)
        .resources()
        .map(|resource| ResourceLogs {
            resource: proto_resource(&resource),
            scope_logs: resource.scopes().map(|scope| scope_logs(&scope, &mut record)).collect(),
            schema_url: resource.schema_url().to_string(),
        })
        .collect();
    ExportLogsServiceRequest { resource_logs }
}

/// What the views leave out of a trace request: whether a message is absent or empty, and counts and
/// references that Errata has no use for.
pub(crate) fn without_unseen_of_traces(mut request: ExportTraceServiceRequest) -> ExportTraceServiceRequest {
    for resource in &mut request.resource_spans {
        unsee_resource(&mut resource.resource);
        for scope in &mut resource.scope_spans {
            unsee_scope(&mut scope.scope);
            for span in &mut scope.spans {
                unsee_attributes(&mut span.attributes);
                span.events.iter_mut().for_each(|event| unsee_attributes(&mut event.attributes));
                span.links.iter_mut().for_each(|link| unsee_attributes(&mut link.attributes));
            }
        }
    }
    request
}

/// As [`without_unseen_of_traces`].
pub(crate) fn without_unseen_of_logs(mut request: ExportLogsServiceRequest) -> ExportLogsServiceRequest {
    for resource in &mut request.resource_logs {
        unsee_resource(&mut resource.resource);
        for scope in &mut resource.scope_logs {
            unsee_scope(&mut scope.scope);
            for record in &mut scope.log_records {
                unsee_attributes(&mut record.attributes);
                record.body.get_or_insert_default();
                record.body.as_mut().into_iter().for_each(unsee_value);
            }
        }
    }
    request
}

fn unsee_resource(resource: &mut Option<ProtoResource>) {
    let resource = resource.get_or_insert_default();
    resource.dropped_attributes_count = 0;
    resource.entity_refs.clear();
    unsee_attributes(&mut resource.attributes);
}

fn unsee_scope(scope: &mut Option<InstrumentationScope>) {
    let scope = scope.get_or_insert_default();
    scope.dropped_attributes_count = 0;
    unsee_attributes(&mut scope.attributes);
}

fn unsee_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        attribute.key_strindex = 0;
        unsee_value(attribute.value.get_or_insert_default());
    }
}

fn unsee_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(any_value::Value::ArrayValue(array)) => array.values.iter_mut().for_each(unsee_value),
        Some(any_value::Value::KvlistValue(list)) => unsee_attributes(&mut list.values),
        Some(any_value::Value::StringValueStrindex(_)) => value.value = None,
        // Equality of what is not a number.
        Some(any_value::Value::DoubleValue(double)) if double.is_nan() => {
            value.value = Some(any_value::Value::StringValue(format!("{:x}", double.to_bits())));
        }
        _ => {}
    }
}

fn proto_resource(resource: &Resource<'_>) -> Option<ProtoResource> {
    Some(ProtoResource { attributes: attributes(resource.attributes()), ..Default::default() })
}

fn proto_scope(scope: &Scope<'_>) -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: scope.name.to_string(),
        version: scope.version.to_string(),
        attributes: attributes(scope.attributes()),
        dropped_attributes_count: 0,
    })
}

fn scope_spans<'a>(scope: &Scope<'a>, view: &mut SpanView<'a>) -> ScopeSpans {
    let mut spans = Vec::new();
    let mut cursor = scope.spans();
    while cursor.read(view) {
        spans.push(span(view));
    }
    ScopeSpans { scope: proto_scope(scope), spans, schema_url: scope.schema_url().to_string() }
}

fn span(view: &SpanView<'_>) -> Span {
    Span {
        trace_id: view.trace_id.to_vec(),
        span_id: view.span_id.to_vec(),
        trace_state: view.trace_state.to_string(),
        parent_span_id: view.parent_span_id.to_vec(),
        flags: view.flags,
        name: view.name.to_string(),
        kind: view.kind,
        start_time_unix_nano: view.start_time_unix_nano,
        end_time_unix_nano: view.end_time_unix_nano,
        attributes: attributes(view.attributes.iter().copied()),
        dropped_attributes_count: view.dropped_attributes_count,
        events: view
            .events
            .iter()
            .map(|event| Event {
                time_unix_nano: event.time_unix_nano,
                name: event.name.to_string(),
                attributes: attributes(event.attributes()),
                dropped_attributes_count: event.dropped_attributes_count,
            })
            .collect(),
        dropped_events_count: view.dropped_events_count,
        links: view
            .links
            .iter()
            .map(|link| Link {
                trace_id: link.trace_id.to_vec(),
                span_id: link.span_id.to_vec(),
                trace_state: link.trace_state.to_string(),
                attributes: attributes(link.attributes()),
                dropped_attributes_count: link.dropped_attributes_count,
                flags: link.flags,
            })
            .collect(),
        dropped_links_count: view.dropped_links_count,
        status: view
            .status
            .map(|_| Status { message: view.status_message.to_string(), code: view.status_code }),
    }
}

fn scope_logs<'a>(scope: &Scope<'a>, view: &mut LogView<'a>) -> ScopeLogs {
    let mut log_records = Vec::new();
    let mut cursor = scope.records();
    while cursor.read(view) {
        log_records.push(LogRecord {
            time_unix_nano: view.time_unix_nano,
            observed_time_unix_nano: view.observed_time_unix_nano,
            severity_number: view.severity_number,
            severity_text: view.severity_text.to_string(),
            body: Some(any_value(view.body)),
            attributes: attributes(view.attributes.iter().copied()),
            dropped_attributes_count: view.dropped_attributes_count,
            flags: view.flags,
            trace_id: view.trace_id.to_vec(),
            span_id: view.span_id.to_vec(),
            event_name: view.event_name.to_string(),
        });
    }
    ScopeLogs { scope: proto_scope(scope), log_records, schema_url: scope.schema_url().to_string() }
}

fn attributes<'a>(attributes: impl Iterator<Item = Attribute<'a>>) -> Vec<KeyValue> {
    attributes
        .map(|attribute| KeyValue {
            key: attribute.key.as_str().to_owned(),
            value: Some(any_value(attribute.value)),
            key_strindex: 0,
        })
        .collect()
}

fn any_value(value: Value<'_>) -> AnyValue {
    let value = match value {
        Value::Empty => None,
        Value::Str(text) => Some(any_value::Value::StringValue(text.to_string())),
        Value::Bool(value) => Some(any_value::Value::BoolValue(value)),
        Value::Int(value) => Some(any_value::Value::IntValue(value)),
        Value::Double(value) if value.is_nan() => {
            Some(any_value::Value::StringValue(format!("{:x}", value.to_bits())))
        }
        Value::Double(value) => Some(any_value::Value::DoubleValue(value)),
        Value::Array(values) => {
            Some(any_value::Value::ArrayValue(ArrayValue { values: values.map(any_value).collect() }))
        }
        Value::KvList(entries) => Some(any_value::Value::KvlistValue(list(entries))),
        Value::Bytes(bytes) => Some(any_value::Value::BytesValue(bytes.bytes().to_vec())),
    };
    AnyValue { value }
}

fn list(entries: KeyValues<'_>) -> KeyValueList {
    KeyValueList { values: attributes(entries) }
}
