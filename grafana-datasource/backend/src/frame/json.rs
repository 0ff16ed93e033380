//! A frame as JSON: what goes into a live channel.

use super::{Field, Frame, Kind};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, ArrayRef};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::ArrowError;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The JSON of a frame: its schema, its data or both.
pub(crate) fn object(frame: &Frame, with_schema: bool, with_data: bool) -> Result<Value, ArrowError> {
    let mut object = Map::new();
    if with_schema {
        let fields: Vec<Value> = frame.fields.iter().map(schema).collect();
        let mut schema = json!({ "name": frame.name, "fields": fields });
        if !frame.meta.is_empty() {
            schema["meta"] = Value::Object(frame.meta.clone());
        }
        object.insert("schema".to_owned(), schema);
    }
    if with_data {
        let values = frame.fields.iter().map(values).collect::<Result<Vec<_>, _>>()?;
        object.insert("data".to_owned(), json!({ "values": values }));
    }
    Ok(Value::Object(object))
}

fn schema(field: &Field) -> Value {
    let frame = match field.kind() {
        Kind::Time => "time.Time",
        Kind::Text => "string",
        Kind::Boolean => "bool",
        Kind::Other => "json.RawMessage",
        Kind::Number => match field.values.data_type() {
            arrow_schema::DataType::Int64 => "int64",
            arrow_schema::DataType::Int32 => "int32",
            _ => "float64",
        },
    };
    let mut schema = json!({
        "name": field.name,
        "type": field.kind().as_str(),
        "typeInfo": { "frame": frame, "nullable": true },
    });
    if !field.labels.is_empty() {
        schema["labels"] = json!(field.labels);
    }
    if !field.config.is_empty() {
        schema["config"] = Value::Object(field.config.clone());
    }
    schema
}

/// Times are milliseconds here.
fn values(field: &Field) -> Result<Value, ArrowError> {
    if field.kind() == Kind::Time {
        let nanos = field.values.as_primitive::<TimestampNanosecondType>();
        return Ok(nanos.iter().map(|nanos| nanos.map(|nanos| nanos.div_euclid(1_000_000))).collect());
    }
    if let Some(values) = field.values.as_binary_opt::<i32>() {
        let json = values.iter().map(|value| value.and_then(|json| serde_json::from_slice(json).ok()));
        return Ok(json.map(|value: Option<Value>| value.unwrap_or_default()).collect());
    }
    encoded(&field.values)
}

fn encoded(values: &ArrayRef) -> Result<Value, ArrowError> {
    let field = Arc::new(arrow_schema::Field::new("", values.data_type().clone(), true));
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(&field, values.as_ref(), &options)?;
    let mut texts = Vec::with_capacity(values.len());
    for row in 0..values.len() {
        let mut text = Vec::new();
        if values.is_valid(row) {
            encoder.encode(row, &mut text);
        }
        texts.push(serde_json::from_slice(&text).unwrap_or(Value::Null));
    }
    Ok(Value::Array(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_frame_reads_like_the_others() {
        let fields = vec![
            Field::times("timestamp", vec![1_795_428_000_123_456_789]),
            Field::integers("severity", vec![Some(4)]).set("unit", "short"),
            Field::texts("message", vec![None]),
            Field::booleans("pattern_new", vec![Some(true)]),
            Field::json("labels", &[json!({ "a": [1] })]),
        ];
        let frame = Frame::new("feed", fields);
        let json = object(&frame, false, true).unwrap();
        assert_eq!(
            json,
            json!({ "data": { "values": [[1_795_428_000_123_i64], [4], [null], [true], [{ "a": [1] }]] } })
        );
        let json = object(&frame, true, false).unwrap();
        assert_eq!(json["schema"]["fields"][0]["typeInfo"]["frame"], "time.Time");
        assert_eq!(json["schema"]["fields"][1]["config"]["unit"], "short");
        assert!(json.get("data").is_none());
    }
}
