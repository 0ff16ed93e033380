//! Rows as Grafana's forms: time series, alert instances, log lines.

use crate::error::Failure;
use crate::frame::{Field, Frame, Kind};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, ArrayRef, StringArray, UInt32Array};
use arrow_schema::DataType;
use arrow_select::take::take;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Series that one statement may make.
const SERIES_MAX: usize = 1_000;

/// A table; with texts and one number, each row is an instance for alert rules.
pub(crate) fn table(frame: Frame) -> Frame {
    let count = |kind: Kind| frame.fields.iter().filter(|field| field.kind() == kind).count();
    let (numbers, texts) = (count(Kind::Number), count(Kind::Text));
    let frame = frame.shown_as("table");
    if numbers == 1 && texts + numbers == frame.fields.len() {
        return frame.typed("numeric-long", [0, 1]);
    }
    frame
}

/// Series from rows: the first column of times, each column of numbers, texts as labels.
pub(crate) fn time_series(frame: Frame) -> Result<Vec<Frame>, Failure> {
    let Some(time) = frame.fields.iter().find(|field| field.kind() == Kind::Time).cloned() else {
        let advice = "name it first, as in SELECT $__timeGroup(timestamp, $__interval) AS time, count(*)";
        return Err(Failure::bad_request(format!("a time series wants a column of times: {advice}")));
    };
    let of_kind = |kind: Kind| frame.fields.iter().filter(move |field| field.kind() == kind);
    if of_kind(Kind::Number).next().is_none() {
        return Err(Failure::bad_request(
            "a time series wants a column of numbers, as in count(*) AS errors",
        ));
    }
    let labels: Vec<&Field> = of_kind(Kind::Text).collect();
    let groups = groups(&time.values, &labels);
    if groups.len() > SERIES_MAX {
        let advice = "group by fewer values, or show it as a table";
        let count = groups.len();
        return Err(Failure::bad_request(format!(
            "the rows make {count} series, the limit is {SERIES_MAX}: {advice}"
        )));
    }
    if labels.is_empty() {
        let rows = groups.into_values().next().unwrap_or_default();
        let mut fields = vec![chosen(&time, &rows)?];
        for field in of_kind(Kind::Number) {
            fields.push(chosen(field, &rows)?);
        }
        let wide = Frame { name: frame.name.clone(), meta: frame.meta.clone(), fields };
        return Ok(vec![wide.shown_as("graph").typed("timeseries-wide", [0, 1])]);
    }
    let mut series = Vec::new();
    for (values, rows) in groups {
        for field in of_kind(Kind::Number) {
            let mut value = chosen(field, &rows)?;
            value.labels = labels
                .iter()
                .zip(&values)
                .filter_map(|(label, value)| Some((label.name.clone(), value.clone()?)))
                .collect();
            let fields = vec![chosen(&time, &rows)?, value];
            let one = Frame { name: String::new(), meta: frame.meta.clone(), fields };
            series.push(one.shown_as("graph").typed("timeseries-multi", [0, 1]));
        }
    }
    if series.is_empty() {
        let none = Frame { name: String::new(), meta: frame.meta, fields: Vec::new() };
        series.push(none.shown_as("graph").typed("timeseries-multi", [0, 1]));
    }
    Ok(series)
}

/// Rows by the values of labels, in the order of time. A row without a time is in none.
fn groups(time: &ArrayRef, labels: &[&Field]) -> BTreeMap<Vec<Option<String>>, Vec<u32>> {
    let times = time.as_primitive::<TimestampNanosecondType>();
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<u32>> = BTreeMap::new();
    for (row, index) in (0..times.len()).zip(0_u32..).filter(|(row, _)| times.is_valid(*row)) {
        let text = |field: &&Field| {
            let texts = field.values.as_string::<i32>();
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        groups.entry(labels.iter().map(text).collect()).or_default().push(index);
    }
    for rows in groups.values_mut() {
        rows.sort_by_key(|row| times.value(*row as usize));
    }
    groups
}

fn chosen(field: &Field, rows: &[u32]) -> Result<Field, Failure> {
    let values = take(field.values.as_ref(), &UInt32Array::from(rows.to_vec()), None)
        .map_err(|error| Failure::plugin("cannot choose rows", &error))?;
    Ok(Field { values, ..field.clone() })
}

/// Log lines: the first column of times, a body, a severity and an id where there are some, all else as labels.
pub(crate) fn log_lines(frame: Frame) -> Result<Frame, Failure> {
    let named = |names: &[&str], kind: Kind| {
        let found = names.iter().find_map(|name| frame.field(name));
        found.filter(|field| field.kind() == kind).cloned()
    };
    let first = |kind: Kind| frame.fields.iter().find(|field| field.kind() == kind).cloned();
    let time = named(&["timestamp", "time"], Kind::Time).or_else(|| first(Kind::Time));
    let body = named(&["body", "message", "line"], Kind::Text).or_else(|| first(Kind::Text));
    let (Some(mut time), Some(mut body)) = (time, body) else {
        return Err(Failure::bad_request(
            "logs want a column of times and one of texts, as in timestamp, message",
        ));
    };
    let severity = ["severity", "level"].iter().find_map(|name| frame.field(name));
    let id = named(&["id", "event_id"], Kind::Text);
    let used: Vec<&str> = [Some(&time), Some(&body), severity, id.as_ref()]
        .into_iter()
        .flatten()
        .map(|field| field.name.as_str())
        .collect();
    let labels: Vec<&Field> =
        frame.fields.iter().filter(|field| !used.contains(&field.name.as_str())).collect();
    let labels = labels_json(&labels, frame.rows());
    let severity = severity.map(level).transpose()?;
    time.name = "timestamp".to_owned();
    body.name = "body".to_owned();
    body.values = without_nulls(&body.values);
    let mut fields = vec![time, body];
    fields.extend(severity);
    fields.extend(id.map(|id| Field { name: "id".to_owned(), ..id }));
    fields.push(labels);
    let lines = Frame { name: frame.name.clone(), meta: frame.meta.clone(), fields };
    Ok(lines.shown_as("logs").typed("log-lines", [0, 0]))
}

/// Texts with an empty one for each that is absent.
fn without_nulls(texts: &ArrayRef) -> ArrayRef {
    let texts = texts.as_string::<i32>();
    Arc::new(texts.iter().map(|text| Some(text.unwrap_or_default())).collect::<StringArray>())
}

/// Severities as the levels that the logs view knows.
fn level(field: &Field) -> Result<Field, Failure> {
    if field.values.data_type() == &DataType::Utf8 {
        return Ok(Field { name: "severity".to_owned(), ..field.clone() });
    }
    let numbers = arrow_cast::cast(&field.values, &DataType::Int64)
        .map_err(|_| Failure::bad_request("the severity of logs is neither a number nor a text"))?;
    let numbers = numbers.as_primitive::<arrow_array::types::Int64Type>();
    let names = numbers.iter().map(|severity| severity.map(|severity| level_name(severity).to_owned()));
    Ok(Field::texts("severity", names.collect()))
}

/// The level of a severity, 1 to 5.
pub(crate) fn level_name(severity: i64) -> &'static str {
    match severity {
        5 => "critical",
        4 => "error",
        3 => "warning",
        2 => "info",
        1 => "debug",
        _ => "unknown",
    }
}

/// The values of columns as an object for each row, without those that are absent.
pub(crate) fn labels_json(fields: &[&Field], rows: usize) -> Field {
    let texts: Vec<Option<ArrayRef>> =
        fields.iter().map(|field| arrow_cast::cast(&field.values, &DataType::Utf8).ok()).collect();
    let objects: Vec<Value> = (0..rows)
        .map(|row| {
            let mut object = Map::new();
            for (field, texts) in fields.iter().zip(&texts) {
                let Some(texts) = texts else { continue };
                let texts = texts.as_string::<i32>();
                if texts.is_valid(row) && !texts.value(row).is_empty() {
                    object.insert(field.name.clone(), texts.value(row).into());
                }
            }
            Value::Object(object)
        })
        .collect();
    Field::json("labels", &objects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::json_frame;

    fn frame() -> Frame {
        Frame::new(
            "",
            vec![
                Field::times("time", vec![3_000_000, 1_000_000, 2_000_000, 1_000_000]),
                Field::texts("service", ["b", "a", "a", "b"].map(|text| Some(text.to_owned())).to_vec()),
                Field::integers("severity", vec![Some(5), Some(1), None, Some(9)]),
                Field::texts(
                    "message",
                    vec![Some("m".to_owned()), None, Some("n".to_owned()), Some(String::new())],
                ),
            ],
        )
    }

    fn text(frame: &Frame) -> String {
        json_frame(frame, true, true).unwrap().to_string()
    }

    #[test]
    fn rows_become_series_by_their_texts() {
        let mut frame = frame();
        frame.fields.pop();
        let series = time_series(frame).unwrap();
        insta::assert_snapshot!(series.iter().map(text).collect::<Vec<_>>().join("\n"));
        let mut without_texts = self::frame();
        without_texts.fields.truncate(1);
        assert!(time_series(without_texts.clone()).unwrap_err().message.contains("numbers"));
        without_texts.fields.push(Field::floats("value", vec![Some(3.0), Some(1.0), Some(2.0), Some(1.0)]));
        insta::assert_snapshot!(text(&time_series(without_texts).unwrap()[0]));
        assert!(time_series(Frame::default()).unwrap_err().message.contains("times"));
    }

    #[test]
    fn rows_become_log_lines() {
        insta::assert_snapshot!(text(&log_lines(frame()).unwrap()));
        assert!(log_lines(Frame::default()).is_err());
    }

    #[test]
    fn texts_and_one_number_are_instances() {
        let texts =
            |names: &[&str]| names.iter().map(|name| Field::texts(name, vec![None])).collect::<Vec<_>>();
        let number = || Field::integers("n", vec![Some(1)]);
        let kind = |fields: Vec<Field>| table(Frame::new("", fields)).meta.get("type").cloned();
        assert_eq!(kind([texts(&["a", "b"]), vec![number()]].concat()).unwrap(), "numeric-long");
        assert_eq!(kind(vec![number(), number()]), None);
        assert_eq!(kind([texts(&["a"]), vec![Field::times("t", vec![1]), number()]].concat()), None);
        assert_eq!(kind(texts(&["a"])), None);
    }
}
