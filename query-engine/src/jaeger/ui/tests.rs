//! The old JSON of single spans.

use super::*;
use serde_json::json;
use std::sync::Arc;

fn span() -> SpanRow {
    SpanRow {
        time_unix_nano: 1_999,
        span_id: "00000000000000aa".to_owned(),
        trace_id: "0000000000000000000000000000000b".to_owned(),
        parent_span_id: None,
        name: "run".to_owned(),
        kind: "unspecified".to_owned(),
        duration_ns: 5_999,
        status_code: "UNSET".to_owned(),
        status_message: None,
        service_name: None,
        attributes: Vec::new(),
        resource_attributes: Arc::new(Vec::new()),
        events: None,
        links: None,
        scope_name: None,
        scope_version: None,
    }
}

fn ui(span: SpanRow) -> Value {
    let trace = Trace { id: span.trace_id.clone(), spans: vec![span] };
    serde_json::to_value(UiTrace::from(&trace)).unwrap()
}

#[test]
fn a_bare_span() {
    let expected = json!({
        "traceID": "000000000000000b",
        "spans": [{
            "traceID": "000000000000000b", "spanID": "00000000000000aa", "operationName": "run", "references": [],
            "startTime": 1, "duration": 5, "tags": [], "logs": [], "processID": "p1", "warnings": null,
        }],
        "processes": { "p1": { "serviceName": "missing-service-name", "tags": [] } },
        "warnings": null,
    });
    assert_eq!(ui(span()), expected);
}

#[test]
fn integers_that_javascript_rounds_are_text() {
    let events =
        r#"[{"name":"e","time_unix_nano":7000,"attributes":{"big":9007199254740992,"small":-5,"half":0.5}}]"#;
    let log = ui(SpanRow { events: Some(events.to_owned()), ..span() })["spans"][0]["logs"][0].clone();
    let fields = log["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({"key": "big", "type": "int64", "value": "9007199254740992"})), "{log}");
    assert!(fields.contains(&json!({"key": "small", "type": "int64", "value": -5})), "{log}");
    assert!(fields.contains(&json!({"key": "half", "type": "float64", "value": 0.5})), "{log}");
    assert_eq!(log["timestamp"], 7);
}

#[test]
fn a_link_to_the_parent_is_the_reference_to_it() {
    let links = r#"[{"trace_id":"0000000000000000000000000000000b","span_id":"00000000000000ab","attributes":{}},
        {"trace_id":"000000000000000c000000000000000b","span_id":"00000000000000ab",
         "attributes":{"opentracing.ref_type":"child_of"}}]"#;
    let parent_span_id = Some("00000000000000ab".to_owned());
    let found = ui(SpanRow { links: Some(links.to_owned()), parent_span_id, ..span() });
    let expected = json!([
        { "refType": "FOLLOWS_FROM", "traceID": "000000000000000b", "spanID": "00000000000000ab" },
        { "refType": "CHILD_OF", "traceID": "000000000000000c000000000000000b", "spanID": "00000000000000ab" },
    ]);
    assert_eq!(found["spans"][0]["references"], expected);
}

#[test]
fn what_cannot_be_read_is_a_warning() {
    let broken = || Some("[{".to_owned());
    let found =
        ui(SpanRow { events: broken(), links: broken(), parent_span_id: Some("1".to_owned()), ..span() });
    assert_eq!(found["spans"][0]["warnings"].as_array().unwrap().len(), 2);
    assert_eq!(found["spans"][0]["references"].as_array().unwrap().len(), 1);
}
