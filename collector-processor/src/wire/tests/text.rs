//! Values as column text.

use crate::wire::{Request, write_json_str};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as V;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use proptest::prelude::*;
use prost::Message;

fn any(value: V) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn entry(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

/// The text of a value and the JSON of the attributes it is the only one of.
fn texts(value: Option<AnyValue>) -> (String, String) {
    let resource = Resource { attributes: vec![entry("k", value)], ..Default::default() };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource), ..Default::default() }],
    };
    let bytes = request.encode_to_vec();
    let resource = Request::new(&bytes).resources().next().unwrap();
    let mut json = Vec::new();
    resource.attributes().write_json(&mut json);
    let json = String::from_utf8(json).unwrap();
    (resource.attributes().next().unwrap().value.to_text(), json)
}

#[test]
fn values_have_one_text() {
    let list = KeyValueList { values: vec![entry("a\"b", Some(any(V::IntValue(-5)))), entry("n", None)] };
    let nested = ArrayValue {
        values: vec![
            any(V::StringValue("x\n".into())),
            any(V::DoubleValue(f64::NAN)),
            any(V::BytesValue(vec![255])),
            any(V::KvlistValue(list)),
        ],
    };
    for (value, text, json) in [
        (Some(any(V::StringValue("a \"b\"".into()))), "a \"b\"", r#"{"k":"a \"b\""}"#),
        (Some(any(V::IntValue(i64::MIN))), "-9223372036854775808", r#"{"k":-9223372036854775808}"#),
        (Some(any(V::BoolValue(true))), "true", r#"{"k":true}"#),
        (Some(any(V::DoubleValue(0.1))), "0.1", r#"{"k":0.1}"#),
        (Some(any(V::DoubleValue(1e300))), "1e300", r#"{"k":1e300}"#),
        (Some(any(V::DoubleValue(f64::NEG_INFINITY))), "-Infinity", r#"{"k":"-Infinity"}"#),
        (Some(any(V::BytesValue(vec![1, 2, 3, 4]))), "AQIDBA==", r#"{"k":"AQIDBA=="}"#),
        (Some(AnyValue { value: None }), "", r#"{"k":null}"#),
        (None, "", r#"{"k":null}"#),
        (
            Some(any(V::ArrayValue(nested))),
            r#"["x\n","NaN","/w==",{"a\"b":-5,"n":null}]"#,
            r#"{"k":["x\n","NaN","/w==",{"a\"b":-5,"n":null}]}"#,
        ),
    ] {
        assert_eq!(texts(value), (text.to_owned(), json.to_owned()));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_json_string(text: String) {
        let mut json = Vec::new();
        write_json_str(text.as_bytes(), &mut json);
        prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }

    #[test]
    fn any_value_is_json(value in super::generate::any_value()) {
        let (_, json) = texts(Some(value));
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}
