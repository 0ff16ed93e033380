//! Generated requests: every field, nested values, text beyond ASCII, empty and default messages.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    vec(resource_spans(), 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    vec(resource_logs(), 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

/// Traces whose doubles have few digits: JSON readers may be off in the last bit of others.
pub(crate) fn traces_with_plain_doubles() -> impl Strategy<Value = ExportTraceServiceRequest> {
    traces().prop_map(|mut request| {
        for resource in &mut request.resource_spans {
            resource.resource.iter_mut().for_each(|r| plain_attributes(&mut r.attributes));
            for scope in &mut resource.scope_spans {
                scope.scope.iter_mut().for_each(|s| plain_attributes(&mut s.attributes));
                for span in &mut scope.spans {
                    plain_attributes(&mut span.attributes);
                    span.events.iter_mut().for_each(|event| plain_attributes(&mut event.attributes));
                    span.links.iter_mut().for_each(|link| plain_attributes(&mut link.attributes));
                }
            }
        }
        request
    })
}

/// As [`traces_with_plain_doubles`].
pub(crate) fn logs_with_plain_doubles() -> impl Strategy<Value = ExportLogsServiceRequest> {
    logs().prop_map(|mut request| {
        for resource in &mut request.resource_logs {
            resource.resource.iter_mut().for_each(|r| plain_attributes(&mut r.attributes));
            for scope in &mut resource.scope_logs {
                scope.scope.iter_mut().for_each(|s| plain_attributes(&mut s.attributes));
                for record in &mut scope.log_records {
                    plain_attributes(&mut record.attributes);
                    record.body.iter_mut().for_each(plain_value);
                }
            }
        }
        request
    })
}

fn plain_attributes(attributes: &mut [KeyValue]) {
    attributes.iter_mut().filter_map(|a| a.value.as_mut()).for_each(plain_value);
}

fn plain_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(any_value::Value::DoubleValue(double)) => *double = (*double % 4096.0 * 64.0).trunc() / 64.0,
        Some(any_value::Value::ArrayValue(array)) => array.values.iter_mut().for_each(plain_value),
        Some(any_value::Value::KvlistValue(list)) => plain_attributes(&mut list.values),
        _ => {}
    }
}

/// Empty, short, longer than one length byte can say, and beyond ASCII.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z._]{0,12}".boxed(),
        1 => "\\PC{0,8}".boxed(),
        1 => any::<String>().boxed(),
        1 => (100usize..300).prop_map(|n| "x".repeat(n)).boxed(),
    ]
    .boxed()
}

pub(crate) fn attributes() -> BoxedStrategy<Vec<KeyValue>> {
    vec(key_value(any_value()), 0..4).boxed()
}

fn key_value(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = KeyValue> {
    let index = prop_oneof![4 => Just(0), 1 => any::<i32>()];
    (text(), option::weighted(0.9, value), index).prop_map(|(key, value, key_strindex)| KeyValue {
        key,
        value,
        key_strindex,
    })
}

pub(crate) fn any_value() -> BoxedStrategy<AnyValue> {
    use any_value::Value as V;
    let scalar = prop_oneof![
        4 => text().prop_map(V::StringValue),
        1 => any::<bool>().prop_map(V::BoolValue),
        1 => any::<i64>().prop_map(V::IntValue),
        1 => any::<f64>().prop_map(V::DoubleValue),
        1 => vec(any::<u8>(), 0..20).prop_map(V::BytesValue),
        1 => any::<i32>().prop_map(V::StringValueStrindex),
    ];
    let leaf = option::weighted(0.9, scalar).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3)
                .prop_map(|values| AnyValue { value: Some(V::ArrayValue(ArrayValue { values })) }),
            vec(key_value(inner), 0..3)
                .prop_map(|values| AnyValue { value: Some(V::KvlistValue(KeyValueList { values })) }),
        ]
    })
    .boxed()
}

fn resource() -> impl Strategy<Value = Resource> {
    let entity = (text(), text(), vec(text(), 0..2), vec(text(), 0..2)).prop_map(
        |(schema_url, r#type, id_keys, description_keys)| EntityRef {
            schema_url,
            r#type,
            id_keys,
            description_keys,
        },
    );
    (attributes(), any::<u32>(), vec(entity, 0..2)).prop_map(
        |(attributes, dropped_attributes_count, entity_refs)| Resource {
            attributes,
            dropped_attributes_count,
            entity_refs,
        },
    )
}

fn scope() -> impl Strategy<Value = InstrumentationScope> {
    (text(), text(), attributes(), any::<u32>()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn resource_spans() -> impl Strategy<Value = ResourceSpans> {
    let scopes = (option::of(scope()), vec(span(), 0..3), text())
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    (option::of(resource()), vec(scopes, 0..3), text())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url })
}

fn resource_logs() -> impl Strategy<Value = ResourceLogs> {
    let scopes = (option::of(scope()), vec(log_record(), 0..3), text())
        .prop_map(|(scope, log_records, schema_url)| ScopeLogs { scope, log_records, schema_url });
    (option::of(resource()), vec(scopes, 0..3), text())
        .prop_map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url })
}

fn id() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), vec(any::<u8>(), 8), vec(any::<u8>(), 16), vec(any::<u8>(), 0..5)]
}

fn number<T: Arbitrary + Default + Clone + 'static>() -> BoxedStrategy<T> {
    prop_oneof![1 => Just(T::default()), 3 => any::<T>()].boxed()
}

fn span() -> impl Strategy<Value = Span> {
    let status = (text(), number::<i32>()).prop_map(|(message, code)| Status { message, code });
    let ids = (id(), id(), id(), text(), number::<u32>());
    let head = (text(), number::<i32>(), number::<u64>(), number::<u64>(), option::of(status));
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..2));
    let dropped = (number::<u32>(), number::<u32>(), number::<u32>());
    (ids, head, lists, dropped).prop_map(|(ids, head, lists, dropped)| Span {
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2,
        trace_state: ids.3,
        flags: ids.4,
        name: head.0,
        kind: head.1,
        start_time_unix_nano: head.2,
        end_time_unix_nano: head.3,
        status: head.4,
        attributes: lists.0,
        events: lists.1,
        links: lists.2,
        dropped_attributes_count: dropped.0,
        dropped_events_count: dropped.1,
        dropped_links_count: dropped.2,
    })
}

fn event() -> impl Strategy<Value = Event> {
    (number::<u64>(), text(), attributes(), number::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (id(), id(), text(), attributes(), number::<u32>(), number::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let times = (number::<u64>(), number::<u64>(), number::<u32>(), number::<u32>());
    let texts = (number::<i32>(), text(), text());
    (times, texts, option::of(any_value()), attributes(), id(), id()).prop_map(
        |(times, texts, body, attributes, trace_id, span_id)| LogRecord {
            time_unix_nano: times.0,
            observed_time_unix_nano: times.1,
            dropped_attributes_count: times.2,
            flags: times.3,
            severity_number: texts.0,
            severity_text: texts.1,
            event_name: texts.2,
            body,
            attributes,
            trace_id,
            span_id,
        },
    )
}
