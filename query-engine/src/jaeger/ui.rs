//! The JSON of Jaeger's old query API, which its UI and Grafana read.
//!
//! What OTLP keeps in fields of their own (kind, status, scope) are tags here, events are logs, links are references,
//! the resource is a process. Types of attributes are those that the lake keeps: text, but for those of events.

use super::row::{Attributes, SpanRow, Trace};
use super::{Dependency, SERVICE_MISSING};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Greatest integer that JavaScript's numbers keep exactly; larger ones are told as text, as Jaeger does.
const SAFE_INTEGER_MAX: u64 = (1 << 53) - 1;

/// Attribute of a resource that is a process's name, not one of its tags.
const SERVICE_NAME: &str = "service.name";

/// One trace.
#[derive(Debug, Serialize)]
pub(crate) struct UiTrace<'a> {
    #[serde(rename = "traceID")]
    trace_id: &'a str,
    spans: Vec<UiSpan<'a>>,
    processes: BTreeMap<String, Process<'a>>,
    warnings: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UiSpan<'a> {
    #[serde(rename = "traceID")]
    trace_id: &'a str,
    #[serde(rename = "spanID")]
    span_id: &'a str,
    operation_name: &'a str,
    references: Vec<Reference>,
    start_time: i64,
    duration: i64,
    tags: Vec<Tag>,
    logs: Vec<Log>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<Vec<&'static str>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Process<'a> {
    service_name: &'a str,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
struct Log {
    timestamp: u64,
    fields: Vec<Tag>,
}

#[derive(Debug, Serialize)]
struct Tag {
    key: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: Value,
}

/// One call graph edge.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UiDependency<'a> {
    parent: &'a str,
    child: &'a str,
    call_count: i64,
}

/// An event as column `events` has it.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) time_unix_nano: u64,
    #[serde(default)]
    pub(super) attributes: Map<String, Value>,
}

/// A link as column `links` has it.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    #[serde(default)]
    pub(super) attributes: Map<String, Value>,
}

impl<'a> From<&'a Dependency> for UiDependency<'a> {
    fn from(dependency: &'a Dependency) -> Self {
        Self { parent: &dependency.parent, child: &dependency.child, call_count: dependency.calls }
    }
}

impl<'a> From<&'a Trace> for UiTrace<'a> {
    fn from(trace: &'a Trace) -> Self {
        let mut numbers: HashMap<(&str, &Attributes), usize> = HashMap::new();
        let mut processes = BTreeMap::new();
        let spans = trace.spans.iter().map(|span| {
            let service = span.service_name.as_deref().unwrap_or(SERVICE_MISSING);
            let next = numbers.len() + 1;
            let number = *numbers.entry((service, span.resource_attributes.as_ref())).or_insert(next);
            let id = format!("p{number}");
            if number == next {
                let attributes = span.resource_attributes.iter().filter(|(key, _)| key != SERVICE_NAME);
                let tags = attributes.map(|(key, value)| Tag::text(key, value)).collect();
                processes.insert(id.clone(), Process { service_name: service, tags });
            }
            ui_span(span, id)
        });
        let spans = spans.collect();
        Self { trace_id: short(&trace.id), spans, processes, warnings: None }
    }
}

fn ui_span(span: &SpanRow, process_id: String) -> UiSpan<'_> {
    let mut warnings = Vec::new();
    let mut list = |read: Result<Vec<Log>, serde_json::Error>| {
        read.unwrap_or_else(|_| {
            warnings.push("the events of this span cannot be read");
            Vec::new()
        })
    };
    let logs = list(events(span).map(|events| events.into_iter().map(Log::from).collect()));
    let references = references(span).unwrap_or_else(|_| {
        warnings.push("the links of this span cannot be read");
        parent(span).into_iter().collect()
    });
    UiSpan {
        trace_id: short(&span.trace_id),
        span_id: &span.span_id,
        operation_name: &span.name,
        references,
        start_time: span.time_unix_nano.div_euclid(1_000),
        duration: span.duration_ns.div_euclid(1_000),
        tags: tags(span),
        logs,
        process_id,
        warnings: Some(warnings).filter(|warnings| !warnings.is_empty()),
    }
}

/// Jaeger shows ids of 64 bits with 16 digits.
fn short(trace_id: &str) -> &str {
    trace_id.strip_prefix("0000000000000000").filter(|rest| rest.len() == 16).unwrap_or(trace_id)
}

fn tags(span: &SpanRow) -> Vec<Tag> {
    let mut tags = Vec::with_capacity(span.attributes.len() + 6);
    let mut optional = |key: &str, value: Option<&str>| tags.extend(value.map(|value| Tag::text(key, value)));
    optional("otel.scope.name", span.scope_name.as_deref());
    optional("otel.scope.version", span.scope_version.as_deref());
    for (key, value) in &span.attributes {
        optional(key, Some(value));
    }
    optional("span.kind", Some(span.kind.as_str()).filter(|kind| !matches!(*kind, "" | "unspecified")));
    optional(
        "otel.status_code",
        Some(span.status_code.as_str()).filter(|code| matches!(*code, "OK" | "ERROR")),
    );
    let failed = span.status_code == "ERROR";
    tags.extend(failed.then(|| Tag { key: "error".to_owned(), kind: "bool", value: Value::Bool(true) }));
    tags.extend(span.status_message.as_deref().map(|message| Tag::text("otel.status_description", message)));
    tags
}

/// The events of a span.
pub(super) fn events(span: &SpanRow) -> Result<Vec<Event>, serde_json::Error> {
    span.events.as_deref().map_or_else(|| Ok(Vec::new()), serde_json::from_str)
}

/// The links of a span.
pub(super) fn links(span: &SpanRow) -> Result<Vec<Link>, serde_json::Error> {
    span.links.as_deref().map_or_else(|| Ok(Vec::new()), serde_json::from_str)
}

fn parent(span: &SpanRow) -> Option<Reference> {
    let parent = span.parent_span_id.as_ref()?;
    let trace_id = short(&span.trace_id).to_owned();
    Some(Reference { ref_type: "CHILD_OF", trace_id, span_id: parent.clone() })
}

/// The parent first; a link to the parent says what kind of a reference it is.
fn references(span: &SpanRow) -> Result<Vec<Reference>, serde_json::Error> {
    let mut references: Vec<Reference> = parent(span).into_iter().collect();
    for link in links(span)? {
        let child = link.attributes.get("opentracing.ref_type").is_some_and(|kind| kind == "child_of");
        let ref_type = if child { "CHILD_OF" } else { "FOLLOWS_FROM" };
        let to_parent = span.parent_span_id.as_ref() == Some(&link.span_id) && span.trace_id == link.trace_id;
        match references.first_mut().filter(|_| to_parent) {
            Some(parent) => parent.ref_type = ref_type,
            None => references.push(Reference {
                ref_type,
                trace_id: short(&link.trace_id).to_owned(),
                span_id: link.span_id,
            }),
        }
    }
    Ok(references)
}

impl From<Event> for Log {
    fn from(event: Event) -> Self {
        let mut fields = Vec::with_capacity(event.attributes.len() + 1);
        if !event.name.is_empty() && !event.attributes.contains_key("event") {
            fields.push(Tag::text("event", &event.name));
        }
        fields.extend(event.attributes.into_iter().map(|(key, value)| Tag::value(key, value)));
        Self { timestamp: event.time_unix_nano / 1_000, fields }
    }
}

impl Tag {
    fn text(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), kind: "string", value: Value::from(value) }
    }

    fn value(key: String, value: Value) -> Self {
        let (kind, value) = match value {
            Value::Bool(_) => ("bool", value),
            Value::Number(number) if number.is_f64() => ("float64", Value::Number(number)),
            Value::Number(number) => {
                let exact = number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= SAFE_INTEGER_MAX);
                ("int64", if exact { Value::Number(number) } else { Value::String(number.to_string()) })
            }
            Value::String(_) => ("string", value),
            other => ("string", Value::String(other.to_string())),
        };
        Self { key, kind, value }
    }
}

#[cfg(test)]
mod tests;
