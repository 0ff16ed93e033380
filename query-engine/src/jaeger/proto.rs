//! OTLP's own messages, for Jaeger's gRPC storage.
//!
//! What the lake does not keep is not there, as in the JSON form ([`super::otlp`]). Ids that are none are left empty:
//! who reads these messages refuses all of a chunk for one bad id.

use super::groups::{OfResource, OfScope, by_resource};
use super::row::{SpanRow, Trace};
use super::{otlp, ui};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use serde_json::{Map, Value};

/// Traces as messages of about `bytes_max` each, made one at a time: none is empty, and none is of two traces.
#[derive(Debug)]
pub(crate) struct Chunks {
    traces: std::vec::IntoIter<Trace>,
    current: Option<Trace>,
    /// Spans of the current trace that are done.
    done: usize,
    bytes_max: usize,
}

impl Chunks {
    pub(crate) fn new(traces: Vec<Trace>, bytes_max: usize) -> Self {
        Self { traces: traces.into_iter(), current: None, done: 0, bytes_max }
    }
}

impl Iterator for Chunks {
    type Item = TracesData;

    fn next(&mut self) -> Option<TracesData> {
        while self.current.as_ref().is_none_or(|trace| self.done >= trace.spans.len()) {
            self.current = Some(self.traces.next()?);
            self.done = 0;
        }
        let rest = &self.current.as_ref()?.spans[self.done..];
        let mut bytes = 0;
        let fit = rest.iter().take_while(|span| {
            bytes += span.whole_bytes();
            bytes <= self.bytes_max
        });
        let count = fit.count().max(1);
        self.done += count;
        let resource_spans = by_resource(&rest[..count]).iter().map(resource_spans).collect();
        Some(TracesData { resource_spans })
    }
}

fn resource_spans(group: &OfResource<'_>) -> ResourceSpans {
    let attributes = group.attributes().map(|(key, value)| text(key, value)).collect();
    ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: group.scopes.iter().map(scope_spans).collect(),
        ..ResourceSpans::default()
    }
}

fn scope_spans(group: &OfScope<'_>) -> ScopeSpans {
    let plain = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (name, version) = (plain(group.name), plain(group.version));
    ScopeSpans {
        scope: Some(InstrumentationScope { name, version, ..InstrumentationScope::default() }),
        spans: group.spans.iter().map(|row| span(row)).collect(),
        ..ScopeSpans::default()
    }
}

fn span(row: &SpanRow) -> Span {
    let events = ui::events(row).unwrap_or_default().into_iter().map(|event| Event {
        time_unix_nano: event.time_unix_nano,
        name: event.name,
        attributes: attributes(event.attributes),
        ..Event::default()
    });
    let links = ui::links(row).unwrap_or_default().into_iter().map(|link| Link {
        trace_id: id::<16>(&link.trace_id),
        span_id: id::<8>(&link.span_id),
        attributes: attributes(link.attributes),
        ..Link::default()
    });
    let nanos = |nanos: i64| u64::try_from(nanos).unwrap_or_default();
    Span {
        trace_id: id::<16>(&row.trace_id),
        span_id: id::<8>(&row.span_id),
        parent_span_id: row.parent_span_id.as_deref().map(id::<8>).unwrap_or_default(),
        name: row.name.clone(),
        kind: otlp::kind(&row.kind).into(),
        start_time_unix_nano: nanos(row.time_unix_nano),
        end_time_unix_nano: nanos(row.time_unix_nano.saturating_add(row.duration_ns)),
        attributes: row.attributes.iter().map(|(key, value)| text(key, value)).collect(),
        events: events.collect(),
        links: links.collect(),
        status: Some(Status {
            code: otlp::status(&row.status_code).unwrap_or_default().into(),
            message: row.status_message.clone().unwrap_or_default(),
        }),
        ..Span::default()
    }
}

/// An id of `N` bytes, or of none.
fn id<const N: usize>(hex_digits: &str) -> Vec<u8> {
    hex::decode(hex_digits).ok().filter(|bytes| bytes.len() == N).unwrap_or_default()
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key.to_owned(), Some(Any::StringValue(value.to_owned())))
}

fn pair(key: String, value: Option<Any>) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value }), ..KeyValue::default() }
}

fn attributes(values: Map<String, Value>) -> Vec<KeyValue> {
    values.into_iter().map(|(key, value)| pair(key, any_value(value))).collect()
}

/// A value with its type. Depth is bounded: serde_json reads no deeper than 128 levels.
fn any_value(value: Value) -> Option<Any> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => Any::BoolValue(truth),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Any::IntValue(integer),
            None => Any::DoubleValue(number.as_f64()?),
        },
        Value::String(text) => Any::StringValue(text),
        Value::Array(items) => {
            let values = items.into_iter().map(|item| AnyValue { value: any_value(item) });
            Any::ArrayValue(ArrayValue { values: values.collect() })
        }
        Value::Object(values) => Any::KvlistValue(KeyValueList { values: attributes(values) }),
    })
}

#[cfg(test)]
mod tests;
