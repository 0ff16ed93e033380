//! OTLP/JSON reads as opentelemetry-proto means it, and in the forms its serde support does not know.

use super::oracle::check_json;
use super::{generate, tree};
use crate::wire::{PartialSuccess, Signal, Status, logs_from_json, traces_from_json, validate_traces};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn traces_come_through_json(request in generate::traces_with_plain_doubles()) {
        let json = serde_json::to_vec(&request).unwrap();
        let bytes = traces_from_json(&json).unwrap();
        validate_traces(&bytes).unwrap();
        let read = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(tree::without_unseen_of_traces(read), tree::without_unseen_of_traces(request));
        check_json(&json);
    }

    #[test]
    fn logs_come_through_json(request in generate::logs_with_plain_doubles()) {
        let json = serde_json::to_vec(&request).unwrap();
        let read = ExportLogsServiceRequest::decode(logs_from_json(&json).unwrap().as_slice()).unwrap();
        prop_assert_eq!(tree::without_unseen_of_logs(read), tree::without_unseen_of_logs(request));
        check_json(&json);
    }

    #[test]
    fn mutated_json_does_no_harm(request in generate::traces_with_plain_doubles(), changes in vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut json = serde_json::to_vec(&request).unwrap();
        for (at, byte) in changes {
            let at = at % json.len();
            json[at] = byte;
        }
        check_json(&json);
    }
}

/// The attribute values of one span, given as JSON.
fn values(json: &str) -> Result<Vec<Option<Value>>, String> {
    let json = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"key":"k","value":{json}}}]}}]}}]}}]}}"#
    );
    let bytes = traces_from_json(json.as_bytes()).map_err(|e| e.to_string())?;
    let mut request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    let span = request.resource_spans.remove(0).scope_spans.remove(0).spans.remove(0);
    Ok(span.attributes.into_iter().map(|a| a.value.unwrap_or_default().value).collect())
}

#[test]
fn values_are_read_in_all_their_forms() {
    let text = |text: &str| Some(Value::StringValue(text.to_owned()));
    for (json, expected) in [
        (r#"{"stringValue":"a"}"#, text("a")),
        (r#"{"string_value":"a"}"#, text("a")),
        (r#"{"stringValue":""}"#, text("")),
        (r#"{"stringValue":"cut \ud83d"}"#, text("cut \u{fffd}\u{fffd}\u{fffd}")),
        (r#"{"stringValue":"\ud83d\ude00"}"#, text("\u{1f600}")),
        (r#"{"boolValue":false}"#, Some(Value::BoolValue(false))),
        (r#"{"intValue":"-9223372036854775808"}"#, Some(Value::IntValue(i64::MIN))),
        (r#"{"intValue":9223372036854775807}"#, Some(Value::IntValue(i64::MAX))),
        (r#"{"intValue":0}"#, Some(Value::IntValue(0))),
        (r#"{"intValue":1e3}"#, Some(Value::IntValue(1000))),
        (r#"{"intValue":"1.0"}"#, Some(Value::IntValue(1))),
        (r#"{"doubleValue":1}"#, Some(Value::DoubleValue(1.0))),
        (r#"{"doubleValue":-0.5}"#, Some(Value::DoubleValue(-0.5))),
        (r#"{"doubleValue":"2.5"}"#, Some(Value::DoubleValue(2.5))),
        (r#"{"doubleValue":"Infinity"}"#, Some(Value::DoubleValue(f64::INFINITY))),
        (r#"{"doubleValue":"-Infinity"}"#, Some(Value::DoubleValue(f64::NEG_INFINITY))),
        (r#"{"bytesValue":"AQID"}"#, Some(Value::BytesValue(vec![1, 2, 3]))),
        (r#"{"bytesValue":"-_8"}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue":"AQ=="}"#, Some(Value::BytesValue(vec![1]))),
        (r#"{}"#, None),
        (r#"null"#, None),
        (r#"{"stringValue":null,"futureValue":[{"x":1}],"intValue":"7"}"#, Some(Value::IntValue(7))),
    ] {
        assert_eq!(values(json), Ok(vec![expected]), "{json}");
    }
    let nan = values(r#"{"doubleValue":"NaN"}"#).unwrap().remove(0);
    assert!(matches!(nan, Some(Value::DoubleValue(n)) if n.is_nan()));
    let Some(Value::ArrayValue(array)) =
        values(r#"{"arrayValue":{"values":[{"stringValue":"a"},{},null]}}"#).unwrap().remove(0)
    else {
        panic!("no array");
    };
    assert_eq!(array.values.iter().map(|v| v.value.is_some()).collect::<Vec<_>>(), [true, false, false]);
    let Some(Value::KvlistValue(list)) =
        values(r#"{"kvlistValue":{"values":[{"key":"a"},{"key":"b","value":{"intValue":1}}]}}"#)
            .unwrap()
            .remove(0)
    else {
        panic!("no list");
    };
    assert_eq!(list.values.iter().map(|kv| kv.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn what_has_the_wrong_type_is_refused() {
    for (json, reason) in [
        (r#"{"stringValue":1}"#, "expected a text"),
        (r#"{"boolValue":"true"}"#, "expected true or false"),
        (r#"{"intValue":"9223372036854775808"}"#, "out of range"),
        (r#"{"intValue":1.5}"#, "expected a 64-bit integer"),
        (r#"{"intValue":1e300}"#, "out of range"),
        (r#"{"intValue":"seven"}"#, "expected a 64-bit integer, not \"seven\""),
        (r#"{"doubleValue":"inf"}"#, "expected a number"),
        (r#"{"bytesValue":"*"}"#, "expected base64"),
        (r#"{"arrayValue":[]}"#, "expected an object"),
        (r#"{"arrayValue":{"values":{}}}"#, "expected an array"),
        (r#"{"kvlistValue":{"values":[null]}}"#, "not null"),
        (r#"{"stringValue":"a","intValue":1}"#, "a value of another type is given too"),
        (r#"{"stringValue":"a","string_value":"b"}"#, "field is given twice"),
        (r#"[]"#, "expected an object"),
    ] {
        let error = values(json).unwrap_err();
        assert!(error.contains(reason), "{json}: {error}");
        assert!(error.starts_with("resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value"), "{error}");
    }
}

#[test]
fn spans_take_names_of_both_kinds() {
    let json = br#"{"resource_spans":[{"scope_spans":[{"spans":[{
        "traceId":"5B8EFFF798038103D269B633813FC60C","span_id":"eee19b7ec3c1b174","name":"a",
        "kind":"SPAN_KIND_SERVER","startTimeUnixNano":1544712660000000000,"end_time_unix_nano":"1544712661000000000",
        "status":{"code":"STATUS_CODE_ERROR","message":"m"},"flags":257,"droppedEventsCount":3,"future":{"a":[1]}}]}]}]}"#;
    let request = ExportTraceServiceRequest::decode(traces_from_json(json).unwrap().as_slice()).unwrap();
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(hex::encode(&span.trace_id), "5b8efff798038103d269b633813fc60c");
    assert_eq!(hex::encode(&span.span_id), "eee19b7ec3c1b174");
    assert_eq!((span.kind, span.flags, span.dropped_events_count), (2, 257, 3));
    assert_eq!(span.start_time_unix_nano, 1_544_712_660_000_000_000);
    assert_eq!(span.end_time_unix_nano, 1_544_712_661_000_000_000);
    assert_eq!(span.status.as_ref().map(|s| (s.code, s.message.as_str())), Some((2, "m")));
}

#[test]
fn errors_name_the_path() {
    let error = traces_from_json(br#"{"resourceSpans":[{},{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}"#);
    let error = error.unwrap_err();
    assert_eq!(error.path, "resourceSpans[1].scopeSpans[0].spans[0].traceId");
    assert!(error.reason.contains("expected hex digits, not \"xyz\" at line 1"), "{}", error.reason);
    assert_eq!(traces_from_json(b"{} x").unwrap_err().path, "request");
    assert!(traces_from_json(b"[]").is_err());
    assert!(traces_from_json(b"").is_err());
    assert!(traces_from_json(b"{\"a\":\"\xff\"}").is_ok(), "bytes that are no text spoil nothing else");
    assert!(traces_from_json(b"{}").unwrap().is_empty());
    assert!(logs_from_json(br#"{"resourceLogs":[]}"#).unwrap().is_empty());
    assert!(
        logs_from_json(br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"ERROR"}]}]}]}"#)
            .is_err()
    );
}

#[test]
fn nesting_has_a_limit() {
    let nested = |levels: usize| {
        let (open, close) = (r#"{"arrayValue":{"values":["#.repeat(levels - 1), "]}}".repeat(levels - 1));
        values(&format!("{open}{{}}{close}"))
    };
    let nested_maps = |levels: usize| {
        let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#.repeat(levels - 1);
        values(&format!("{open}{{\"stringValue\":\"x\"}}{}", "}]}}".repeat(levels - 1)))
    };
    let levels =
        |of: Result<Vec<Option<Value>>, String>| format!("{:?}", of.unwrap()).matches("values").count();
    assert_eq!([2, 30, 100, 100_000].map(|n| levels(nested(n))), [1, 29, 32, 32]);
    assert_eq!([2, 20, 100, 100_000].map(|n| levels(nested_maps(n))), [1, 19, 29, 29]);
    assert!(traces_from_json("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn answers_are_as_the_specification_says() {
    let accepted = PartialSuccess::default();
    assert_eq!(accepted.to_json(Signal::Traces), "{}");
    assert!(accepted.to_protobuf().is_empty());
    let partial = PartialSuccess { rejected: 3, message: "say \"why\"\u{1}" };
    assert_eq!(
        partial.to_json(Signal::Logs),
        r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"say \"why\"\u0001"}}"#
    );
    let expected = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 3,
            error_message: partial.message.to_owned(),
        }),
    };
    assert_eq!(partial.to_protobuf(), expected.encode_to_vec());

    let status = Status { code: 8, message: "busy", retry_after: Some(Duration::from_millis(1500)) };
    let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
    assert_eq!(json["code"], 8);
    assert_eq!(json["details"][0]["retryDelay"], "1.500000000s");
    let mut expected = vec![8, 8, 18, 4, b'b', b'u', b's', b'y', 26, 54, 10, 40];
    expected.extend(b"type.googleapis.com/google.rpc.RetryInfo");
    expected.extend([18, 10, 10, 8, 8, 1, 16, 0x80, 0xca, 0xb5, 0xee, 1]);
    assert_eq!(status.to_protobuf(), expected);
}
