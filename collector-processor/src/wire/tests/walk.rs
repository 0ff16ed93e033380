//! The check accepts what prost accepts, and the views show what prost decodes.

use super::oracle::{self, check_logs};
use super::{generate, raw, unchecked};
use crate::wire::protobuf::put_len;
use crate::wire::schema::{LOG_REQUEST, TRACE_REQUEST};
use crate::wire::{
    Fault, Request, SpanView, VALUE_DEPTH_MAX, WireError, merge_split_traces, validate_logs, validate_traces,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

fn check_traces(bytes: &[u8]) {
    oracle::check_traces(bytes);
    unchecked::check(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn generated_traces_read_as_prost_reads_them(request in generate::traces()) {
        let bytes = request.encode_to_vec();
        prop_assert!(validate_traces(&bytes).is_ok());
        prop_assert!(unchecked::read(&bytes, false).is_some(), "what SDKs write needs no second look");
        check_traces(&bytes);
    }

    #[test]
    fn generated_logs_read_as_prost_reads_them(request in generate::logs()) {
        let bytes = request.encode_to_vec();
        prop_assert!(validate_logs(&bytes).is_ok());
        check_logs(&bytes);
    }

    #[test]
    fn mutated_traces_get_the_same_verdict(request in generate::traces(), changes in vec(change(), 1..5)) {
        check_traces(&mutate(request.encode_to_vec(), &changes));
    }

    #[test]
    fn mutated_logs_get_the_same_verdict(request in generate::logs(), changes in vec(change(), 1..5)) {
        check_logs(&mutate(request.encode_to_vec(), &changes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn random_bytes_get_the_same_verdict(bytes in vec(any::<u8>(), 0..40)) {
        check_traces(&bytes);
        check_logs(&bytes);
    }

    #[test]
    fn strange_encodings_read_as_prost_reads_them(entropy in vec(any::<u8>(), 0..400)) {
        check_traces(&raw::request(&TRACE_REQUEST, &entropy));
        check_logs(&raw::request(&LOG_REQUEST, &entropy));
    }
}

/// One change: where (wraps round), what, and a byte for it.
fn change() -> impl Strategy<Value = (usize, u8, u8)> {
    (any::<usize>(), 0..5u8, any::<u8>())
}

fn mutate(mut bytes: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for &(at, what, byte) in changes {
        if bytes.is_empty() {
            return bytes;
        }
        let at = at % bytes.len();
        match what {
            0 => bytes[at] = byte,
            1 => bytes[at] = bytes[at].wrapping_add(1),
            2 => bytes.insert(at, byte),
            3 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn an_error_names_message_field_and_offset() {
    // resource_spans { scope_spans { spans { name: "\xff" } } }
    let error = validate_traces(&[10, 7, 18, 5, 18, 3, 42, 1, 0xff]).unwrap_err();
    assert_eq!(error, WireError { message: "Span", field: "name", offset: 6, fault: Fault::Utf8 });
    assert_eq!(error.to_string(), "Span.name at byte 6: text is not UTF-8");
    let error = validate_traces(&[10, 2, 18]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ExportTraceServiceRequest at byte 0: length reaches past the enclosing message"
    );
}

/// A resource attribute whose value nests `levels` deep.
fn nested_value(levels: u32) -> Vec<u8> {
    let mut value = vec![10, 1, b'x'];
    for _ in 1..levels {
        let mut array = Vec::new();
        put_len(&mut array, 1, &value);
        value.clear();
        put_len(&mut value, 5, &array);
    }
    let mut request = Vec::new();
    put_len(&mut request, 2, &value);
    for number in [1, 1, 1] {
        let inner = std::mem::take(&mut request);
        put_len(&mut request, number, &inner);
    }
    request
}

#[test]
fn values_nest_as_deep_as_the_limit() {
    let deepest = nested_value(VALUE_DEPTH_MAX);
    check_traces(&deepest);
    assert!(validate_traces(&deepest).is_ok());
    let attribute = Request::new(&deepest).resources().next().unwrap().attributes().next().unwrap();
    let text = attribute.value.to_text();
    assert_eq!(text.matches('[').count(), 31);
    assert!(text.contains("[\"x\"]"));

    let deeper = nested_value(VALUE_DEPTH_MAX + 1);
    let error = validate_traces(&deeper).unwrap_err();
    assert_eq!((error.message, error.fault), ("ArrayValue", Fault::Nesting));
    // The one place where prost accepts more.
    assert!(ExportTraceServiceRequest::decode(deeper.as_slice()).is_ok());
    check_traces(&nested_value(200));
}

#[test]
fn groups_nest_as_deep_as_prost_lets_them() {
    for levels in [1, 50, 99, 100, 101, 5000] {
        let mut bytes = vec![0xab; levels];
        let begin: Vec<u8> = bytes.drain(..).flat_map(|_| [0x9b, 0x01]).collect();
        let end: Vec<u8> = (0..levels).flat_map(|_| [0x9c, 0x01]).collect();
        check_traces(&[begin, end].concat());
    }
    for bad in [&[0x9b, 1][..], &[0x9c, 1], &[0x9b, 1, 0xa4, 1], &[0x0b, 0x0c]] {
        assert!(validate_traces(bad).is_err());
        check_traces(bad);
    }
}

#[test]
fn varints_end_where_prost_says() {
    for tail in [vec![0xff; 9], vec![0xff; 10], vec![0xff; 11], [vec![0xff; 9], vec![1]].concat()] {
        check_traces(&[vec![0xa0, 0x01], tail.clone()].concat());
        check_traces(&[vec![0xa0, 0x01], tail, vec![2]].concat());
    }
    // A length of 2^64 - 1, a field number of 0, one beyond 29 bits.
    check_traces(&[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    check_traces(&[2, 0]);
    check_traces(&[0xfa, 0xff, 0xff, 0xff, 0x0f, 0]);
    check_traces(&[0xfa, 0xff, 0xff, 0xff, 0x1f, 0]);
}

#[test]
fn a_resource_in_two_pieces_is_one() {
    // Both pieces have an attribute; an unknown field stands between them.
    let piece = |key: u8| vec![10, 5, 10, 3, 10, 1, key];
    let inner = [piece(b'a'), vec![0xa0, 1, 7], piece(b'b'), vec![18, 2, 18, 0]].concat();
    let mut request = Vec::new();
    put_len(&mut request, 1, &inner);
    check_traces(&request);
    assert!(validate_traces(&request).unwrap().split);
    let merged = merge_split_traces(&request);
    let resource = Request::new(&merged).resources().next().unwrap();
    assert_eq!(resource.attributes().map(|a| a.key).collect::<Vec<_>>(), ["a", "b"]);
    assert!(merged.windows(3).any(|bytes| bytes == [0xa0, 1, 7]));
}

#[test]
fn views_keep_their_memory_and_forget_the_last_span() {
    // spans { attributes {} } spans {}
    let request = [10, 8, 18, 6, 18, 2, 74, 0, 18, 0];
    let scope = Request::new(&request).resources().next().unwrap().scopes().next().unwrap();
    let (mut spans, mut span) = (scope.spans(), SpanView::default());
    assert!(spans.read(&mut span));
    assert_eq!(span.attributes.len(), 1);
    assert!(span.attribute("").unwrap().value.is_empty());
    assert!(spans.read(&mut span));
    assert!(span.attributes.is_empty() && span.attributes.capacity() > 0);
    assert!(!spans.read(&mut span));
}
