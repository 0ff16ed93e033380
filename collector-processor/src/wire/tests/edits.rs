//! Edits of the bytes equal the same edits of prost's tree.

use super::{generate, tree};
use crate::wire::{
    ByteRange, EditError, Edits, LogView, Request, SpanView, Value, put_text_attribute, validate_logs,
    validate_traces,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

/// What to do to the `n`th item: one bit each.
#[derive(Clone, Copy, Debug)]
struct Choice(u32);

impl Choice {
    const APPEND: u32 = 1;
    const NAME: u32 = 2;
    const VALUES: u32 = 4;
    const DROP_FIRST: u32 = 8;
    const EVENTS: u32 = 16;
    const STATUS: u32 = 32;
    const EVENT_APPEND: u32 = 64;
    const DROP: u32 = 128;

    fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// Shorter and longer than what it replaces, across the borders of length bytes.
    fn mask(self) -> String {
        "m".repeat((self.0 >> 8) as usize % 400)
    }
}

fn edit_span(edits: &mut Edits, span: &SpanView<'_>, choice: Choice) {
    let mask = choice.mask();
    if choice.has(Choice::APPEND) {
        edits.attributes(span.attributes_at()).text("a", &mask).int("b", -1).bool("c", true);
        edits.attributes(span.attributes_at()).text("d", "");
    }
    if choice.has(Choice::NAME) && span.name.is_present() {
        edits.replace(span.name.range(), "first");
        edits.replace(span.name.range(), &mask);
    }
    if choice.has(Choice::VALUES) {
        span.attributes.iter().for_each(|attribute| edit_value(edits, attribute.value, &mask));
    }
    if let (true, Some(first)) = (choice.has(Choice::DROP_FIRST), span.attributes.first()) {
        edits.remove(first.field);
    }
    for event in &span.events {
        if choice.has(Choice::EVENTS) {
            event.attributes().for_each(|attribute| edit_value(edits, attribute.value, &mask));
        }
        if choice.has(Choice::EVENT_APPEND) {
            edits.attributes(event.attributes_at()).int("n", i64::MAX).text("masked", &mask);
        }
    }
    if let (true, Some(status)) = (choice.has(Choice::STATUS), span.status) {
        if span.status_message.is_present() {
            edits.replace(span.status_message.range(), &mask);
        } else {
            edits.append_text(status, 2, &mask);
        }
    }
    if choice.has(Choice::DROP) {
        edits.remove(span.field);
    }
}

fn edit_value(edits: &mut Edits, value: Value<'_>, mask: &str) {
    match value {
        Value::Str(text) => edits.replace(text.range(), mask),
        Value::Array(values) => values.for_each(|value| edit_value(edits, value, mask)),
        Value::KvList(entries) => entries.for_each(|entry| edit_value(edits, entry.value, mask)),
        _ => {}
    }
}

fn edit_tree(span: &mut Span, choice: Choice) {
    let mask = choice.mask();
    if choice.has(Choice::VALUES) {
        edit_tree_attributes(&mut span.attributes, &mask);
    }
    if choice.has(Choice::DROP_FIRST) && !span.attributes.is_empty() {
        span.attributes.remove(0);
    }
    if choice.has(Choice::APPEND) {
        span.attributes.push(attribute("a", any_value::Value::StringValue(mask.clone())));
        span.attributes.push(attribute("b", any_value::Value::IntValue(-1)));
        span.attributes.push(attribute("c", any_value::Value::BoolValue(true)));
        span.attributes.push(attribute("d", any_value::Value::StringValue(String::new())));
    }
    if choice.has(Choice::NAME) && !span.name.is_empty() {
        span.name.clone_from(&mask);
    }
    for event in &mut span.events {
        if choice.has(Choice::EVENTS) {
            edit_tree_attributes(&mut event.attributes, &mask);
        }
        if choice.has(Choice::EVENT_APPEND) {
            event.attributes.push(attribute("n", any_value::Value::IntValue(i64::MAX)));
            event.attributes.push(attribute("masked", any_value::Value::StringValue(mask.clone())));
        }
    }
    if let (true, Some(status)) = (choice.has(Choice::STATUS), &mut span.status) {
        status.message = mask;
    }
}

fn edit_tree_attributes(attributes: &mut [KeyValue], mask: &str) {
    attributes.iter_mut().filter_map(|a| a.value.as_mut()).for_each(|value| edit_tree_value(value, mask));
}

fn edit_tree_value(value: &mut AnyValue, mask: &str) {
    match &mut value.value {
        Some(any_value::Value::StringValue(text)) => mask.clone_into(text),
        Some(any_value::Value::ArrayValue(array)) => {
            array.values.iter_mut().for_each(|value| edit_tree_value(value, mask));
        }
        Some(any_value::Value::KvlistValue(list)) => edit_tree_attributes(&mut list.values, mask),
        _ => {}
    }
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    // Whole spans are dropped rarely, or nothing else would be seen.
    let choice =
        (any::<u32>(), 0..8u32).prop_map(|(bits, n)| Choice(if n == 0 { bits } else { bits & !128 }));
    vec(choice, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn edited_spans_equal_the_edited_tree(mut request in generate::traces(), choices in choices()) {
        let bytes = request.encode_to_vec();
        let mut edits = Edits::default();
        let mut view = SpanView::default();
        let mut choice = choices.iter().cycle();
        for scope in Request::new(&bytes).resources().flat_map(|r| r.scopes()) {
            let mut spans = scope.spans();
            while spans.read(&mut view) {
                edit_span(&mut edits, &view, *choice.next().unwrap());
            }
        }
        let mut choice = choices.iter().cycle();
        for scope in request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans) {
            scope.spans.retain_mut(|span| {
                let choice = choice.next().unwrap();
                edit_tree(span, *choice);
                !choice.has(Choice::DROP)
            });
        }
        let mut out = Vec::new();
        edits.apply(&bytes, &mut out).unwrap();
        validate_traces(&out).unwrap();
        prop_assert_eq!(ExportTraceServiceRequest::decode(out.as_slice()).map(tree::without_unseen_of_traces), Ok(tree::without_unseen_of_traces(request.clone())));
        prop_assert_eq!(tree::traces(&out), tree::without_unseen_of_traces(request));
    }

    #[test]
    fn edited_logs_equal_the_edited_tree(mut request in generate::logs(), choices in choices()) {
        let bytes = request.encode_to_vec();
        let mut edits = Edits::default();
        let mut view = LogView::default();
        let mut choice = choices.iter().cycle();
        for scope in Request::new(&bytes).resources().flat_map(|r| r.scopes()) {
            let mut records = scope.records();
            while records.read(&mut view) {
                let choice = choice.next().unwrap();
                edit_value(&mut edits, view.body, &choice.mask());
                edits.attributes(view.attributes_at()).text("a", &choice.mask());
            }
        }
        let mut choice = choices.iter().cycle();
        for scope in request.resource_logs.iter_mut().flat_map(|r| &mut r.scope_logs) {
            for record in &mut scope.log_records {
                let mask = choice.next().unwrap().mask();
                record.body.iter_mut().for_each(|body| edit_tree_value(body, &mask));
                record.attributes.push(attribute("a", any_value::Value::StringValue(mask)));
            }
        }
        let mut out = Vec::new();
        edits.apply(&bytes, &mut out).unwrap();
        validate_logs(&out).unwrap();
        prop_assert_eq!(tree::logs(&out), tree::without_unseen_of_logs(request.clone()));
        let oracle = ExportLogsServiceRequest::decode(out.as_slice()).unwrap();
        prop_assert_eq!(tree::without_unseen_of_logs(oracle), tree::without_unseen_of_logs(request));
    }

    #[test]
    fn no_edits_leave_every_byte(request in generate::traces()) {
        let bytes = request.encode_to_vec();
        let mut out = vec![1, 2, 3];
        Edits::default().apply(&bytes, &mut out).unwrap();
        prop_assert_eq!(out, bytes);
    }

    /// Whatever range an edit names, applying it fails or gives a request, and never panics.
    #[test]
    fn strange_ranges_are_refused(request in generate::traces(), ranges in vec((0..2000u32, 0..200u32, 0..3), 0..4)) {
        let bytes = request.encode_to_vec();
        let mut edits = Edits::default();
        for (start, len, action) in ranges {
            let range = ByteRange { start, end: start + len };
            match action {
                0 => edits.replace(range, "abc"),
                1 => edits.append_text(range, 2, "abc"),
                _ => edits.remove(range),
            }
        }
        let mut out = Vec::new();
        if edits.apply(&bytes, &mut out).is_err() {
            prop_assert!(out.is_empty());
        }
    }
}

/// `resource_spans { scope_spans { spans { name: "run" } spans { name: "run" } } }`
const TWO_SPANS: &[u8] = &[10, 16, 18, 14, 18, 5, 42, 3, b'r', b'u', b'n', 18, 5, 42, 3, b'r', b'u', b'n'];

#[test]
fn a_span_without_edits_keeps_its_bytes() {
    let mut edits = Edits::default();
    edits.replace(ByteRange { start: 8, end: 11 }, "x".repeat(200));
    let mut out = Vec::new();
    edits.apply(TWO_SPANS, &mut out).unwrap();
    assert_eq!(out[..3], [10, 216, 1]);
    assert_eq!(out[out.len() - 7..], TWO_SPANS[TWO_SPANS.len() - 7..]);
    assert_eq!(validate_traces(&out).unwrap().items, 2);
}

#[test]
fn a_length_that_stays_is_not_written_anew() {
    // The scope's length takes two bytes where one would do.
    let padded = [10, 10, 18, 0x87, 0, 18, 5, 42, 3, b'r', b'u', b'n'];
    let mut edits = Edits::default();
    edits.replace(ByteRange { start: 9, end: 12 }, "ran");
    let mut out = Vec::new();
    edits.apply(&padded, &mut out).unwrap();
    assert_eq!(out, [10, 10, 18, 0x87, 0, 18, 5, 42, 3, b'r', b'a', b'n']);
}

#[test]
fn edits_of_other_bytes_are_refused() {
    let mut edits = Edits::default();
    edits.replace(ByteRange { start: 9, end: 11 }, "x");
    let mut out = Vec::new();
    assert_eq!(edits.apply(TWO_SPANS, &mut out), Err(EditError::Unaddressed { offset: 9 }));
    edits.clear();
    edits.remove(ByteRange { start: 400, end: 500 });
    assert_eq!(edits.apply(TWO_SPANS, &mut out), Err(EditError::Unaddressed { offset: 400 }));
}

#[test]
fn resources_and_scopes_take_appended_fields() {
    let mut edits = Edits::default();
    let request = Request::new(TWO_SPANS);
    let resource = request.resources().next().unwrap();
    edits.append_text(resource.range(), 3, "schema");
    let mut whole = Vec::new();
    put_text_attribute(&mut whole, 1, "host.name", "h");
    let mut field = vec![10, whole.len() as u8];
    field.extend_from_slice(&whole);
    edits.append(resource.range(), &field);
    let mut out = Vec::new();
    edits.apply(TWO_SPANS, &mut out).unwrap();
    let resource = Request::new(&out).resources().next().unwrap();
    assert_eq!(resource.schema_url(), "schema");
    assert_eq!(resource.attributes().next().unwrap().value.as_str(), Some("h"));
    assert_eq!(validate_traces(&out).unwrap().items, 2);
}
