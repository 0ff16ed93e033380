//! The OTLP JSON of Jaeger's `/api/v3`: spans by resource and scope.
//!
//! Fields without a value are left out, as protobuf's JSON allows. What the lake does not keep is not there: trace state, flags, numbers of what was dropped, attributes of scopes.

use super::groups::{OfResource, by_resource};
use super::row::{SpanRow, Trace};
use super::ui;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// `{"result":{"resourceSpans":[...]}}`.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    result: TracesData<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TracesData<'a> {
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource,
    scope_spans: Vec<ScopeSpans<'a>>,
}

#[derive(Debug, Serialize)]
struct Resource {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Vec<Span<'a>>,
}

#[derive(Debug, Serialize)]
struct Scope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Span<'a> {
    trace_id: &'a str,
    span_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Value>,
    status: Status<'a>,
}

#[derive(Debug, Serialize)]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct KeyValue {
    key: String,
    value: Value,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(traces: &'a [Trace]) -> Self {
        let groups = traces.iter().flat_map(|trace| by_resource(&trace.spans));
        let resource_spans = groups.map(|group| resource_spans(&group)).collect();
        Self { result: TracesData { resource_spans } }
    }
}

fn resource_spans<'a>(group: &OfResource<'a>) -> ResourceSpans<'a> {
    let attributes = group.attributes().map(|(key, value)| text(key, value)).collect();
    let scope_spans = group.scopes.iter().map(|of_scope| ScopeSpans {
        scope: Scope { name: of_scope.name, version: of_scope.version },
        spans: of_scope.spans.iter().map(|span| otlp_span(span)).collect(),
    });
    ResourceSpans { resource: Resource { attributes }, scope_spans: scope_spans.collect() }
}

fn otlp_span(span: &SpanRow) -> Span<'_> {
    // What cannot be read is left out: this form has no place for warnings.
    let events = ui::events(span).unwrap_or_default().into_iter().map(|event| {
        let fields = json!({ "timeUnixNano": event.time_unix_nano.to_string(), "name": event.name });
        with_attributes(fields, event.attributes)
    });
    let links = ui::links(span).unwrap_or_default().into_iter().map(|link| {
        let fields = json!({ "traceId": link.trace_id, "spanId": link.span_id });
        with_attributes(fields, link.attributes)
    });
    Span {
        trace_id: &span.trace_id,
        span_id: &span.span_id,
        parent_span_id: span.parent_span_id.as_deref(),
        name: &span.name,
        kind: kind(&span.kind),
        start_time_unix_nano: span.time_unix_nano.to_string(),
        end_time_unix_nano: span.time_unix_nano.saturating_add(span.duration_ns).to_string(),
        attributes: span.attributes.iter().map(|(key, value)| text(key, value)).collect(),
        events: events.collect(),
        links: links.collect(),
        status: Status { code: status(&span.status_code), message: span.status_message.as_deref() },
    }
}

/// OTLP's number of a kind.
pub(super) fn kind(kind: &str) -> u8 {
    match kind {
        "internal" => 1,
        "server" => 2,
        "client" => 3,
        "producer" => 4,
        "consumer" => 5,
        _ => 0,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// OTLP's number of a status code, where it is set.
pub(super) fn status(code: &str) -> Option<u8> {
    match code {
        "OK" => Some(1),
        "ERROR" => Some(2),
        _ => None,
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: json!({ "stringValue": value }) }
}

fn attributes(values: Map<String, Value>) -> Vec<Value> {
    values.into_iter().map(|(key, value)| json!({ "key": key, "value": any_value(value) })).collect()
}

/// An event or a link with its attributes, if it has any.
fn with_attributes(mut fields: Value, values: Map<String, Value>) -> Value {
    if !values.is_empty() {
        fields["attributes"] = Value::Array(attributes(values));
    }
    fields
}

/// A value as OTLP JSON wraps it. Depth is bounded: serde_json reads no deeper than 128 levels.
fn any_value(value: Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(items) => {
            json!({ "arrayValue": { "values": items.into_iter().map(any_value).collect::<Vec<_>>() } })
        }
        Value::Object(values) => json!({ "kvlistValue": { "values": attributes(values) } }),
    }
}
