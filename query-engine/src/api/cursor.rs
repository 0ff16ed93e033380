//! Cursors of lists: where in an order a page ended, as text that clients send back and need not understand.
//!
//! A cursor holds the list's name, its order and the last row's keys. So it stays true while rows come and go: the
//! next page begins behind that place, whatever was added before it.

use super::problem::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Characters of a cursor.
const CHARS_MAX: usize = 4_096;

/// The type of a column that a list is ordered by. Their values are never null, but those that move, where nothing is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    /// One that changes with time, for all rows alike: the place in a page is that of the row itself.
    Moving,
    Time,
}

/// A column that a list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) column: &'static str,
    pub(super) kind: Kind,
    pub(super) descending: bool,
}

impl Key {
    /// Least first.
    pub(super) const fn up(column: &'static str, kind: Kind) -> Self {
        Self { column, kind, descending: false }
    }

    /// Greatest first.
    pub(super) const fn down(column: &'static str, kind: Kind) -> Self {
        Self { column, kind, descending: true }
    }
}

/// Where a page of a list ends.
pub(super) fn write(list: &str, keys: &[Key], page: &RecordBatch, row: usize) -> Option<String> {
    let values: Option<Vec<Value>> = keys.iter().map(|key| value(page, key, row)).collect();
    Some(text(list, keys, values?))
}

/// The cursor of the place with these keys.
pub(super) fn text(list: &str, keys: &[Key], values: Vec<Value>) -> String {
    URL_SAFE_NO_PAD.encode(json!([order(list, keys), values]).to_string())
}

/// The keys of the row that a page begins behind.
///
/// # Errors
/// The text is no cursor of this list in this order.
pub(super) fn read(list: &str, keys: &[Key], text: &str) -> Result<Vec<ScalarValue>, ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= CHARS_MAX)?).ok()?;
        let (named, values): (String, Vec<Value>) = serde_json::from_slice(&bytes).ok()?;
        if named != order(list, keys) || values.len() != keys.len() {
            return None;
        }
        keys.iter().zip(values).map(|(key, value)| scalar(key.kind, &value)).collect()
    };
    read().ok_or_else(|| {
        ApiError::BadRequest(
            "cursor: is none that this list gave in this order; begin without a cursor".to_owned(),
        )
    })
}

fn order(list: &str, keys: &[Key]) -> String {
    let keys = keys.iter().map(|key| format!("{}{}", if key.descending { "-" } else { "+" }, key.column));
    std::iter::once(list.to_owned()).chain(keys).collect()
}

fn value(page: &RecordBatch, key: &Key, row: usize) -> Option<Value> {
    let column = page.column_by_name(key.column)?;
    if column.is_null(row) {
        return (key.kind == Kind::Moving).then(|| json!(0.0));
    }
    match (key.kind, column.data_type()) {
        (Kind::Text, DataType::Utf8) => Some(json!(column.as_string::<i32>().value(row))),
        (Kind::Text, DataType::Utf8View) => Some(json!(column.as_string_view().value(row))),
        (Kind::Time, DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            Some(json!(column.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        (Kind::Moving, DataType::Float64) => Some(json!(column.as_primitive::<Float64Type>().value(row))),
        (Kind::Integer, _) => {
            let column = cast(column, &DataType::Int64).ok()?;
            Some(json!(column.as_primitive::<Int64Type>().value(row)))
        }
        _ => None,
    }
}

fn scalar(kind: Kind, value: &Value) -> Option<ScalarValue> {
    Some(match kind {
        Kind::Text => ScalarValue::Utf8(Some(value.as_str()?.to_owned())),
        Kind::Integer => ScalarValue::Int64(Some(value.as_i64()?)),
        Kind::Moving => ScalarValue::Float64(Some(value.as_f64()?)),
        Kind::Time => ScalarValue::TimestampMicrosecond(Some(value.as_i64()?), Some("UTC".into())),
    })
}

/// The condition that a row of `select` stands behind the place whose keys have the placeholders `places`.
pub(super) fn behind(keys: &[Key], places: &[String], select: &str) -> String {
    let (Some(id), Some(id_place)) = (keys.last(), places.last()) else { return "true".to_owned() };
    let now = |(key, place): (&Key, &String)| match key.kind {
        Kind::Moving => format!(
            "coalesce((SELECT {} FROM ({select}) AS last WHERE {} = {id_place}), {place})",
            expression(key),
            id.column
        ),
        _ => place.clone(),
    };
    let places: Vec<String> = keys.iter().zip(places).map(now).collect();
    let mut ways = Vec::with_capacity(keys.len());
    for (index, key) in keys.iter().enumerate() {
        let relation = if key.descending { "<" } else { ">" };
        let same =
            keys[..index].iter().zip(&places).map(|(key, place)| format!("{} = {place}", expression(key)));
        let step = format!("{} {relation} {}", expression(key), places[index]);
        ways.push(same.chain([step]).collect::<Vec<_>>().join(" AND "));
    }
    format!("(({}))", ways.join(") OR ("))
}

/// The order as SQL has it.
pub(super) fn order_by(keys: &[Key]) -> String {
    let keys =
        keys.iter().map(|key| format!("{} {}", expression(key), if key.descending { "DESC" } else { "ASC" }));
    keys.collect::<Vec<_>>().join(", ")
}

/// What rows are compared by.
fn expression(key: &Key) -> Cow<'static, str> {
    match key.kind {
        Kind::Moving => Cow::Owned(format!("coalesce({}, 0.0)", key.column)),
        _ => Cow::Borrowed(key.column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Int32Array, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;

    const KEYS: [Key; 3] =
        [Key::down("seen", Kind::Time), Key::down("count", Kind::Integer), Key::up("id", Kind::Text)];

    #[test]
    fn a_cursor_comes_back_and_fits_no_other_list() {
        let columns: [(&str, ArrayRef); 3] = [
            ("seen", Arc::new(TimestampMicrosecondArray::from(vec![7]).with_timezone("UTC"))),
            ("count", Arc::new(Int32Array::from(vec![5]))),
            ("id", Arc::new(StringArray::from(vec!["it's"]))),
        ];
        let page = RecordBatch::try_from_iter(columns).unwrap();
        let cursor = write("patterns", &KEYS, &page, 0).unwrap();
        let read_back = read("patterns", &KEYS, &cursor).unwrap();
        assert_eq!(read_back[1], ScalarValue::Int64(Some(5)));
        assert_eq!(read_back[2], ScalarValue::Utf8(Some("it's".to_owned())));
        assert!(read("sessions", &KEYS, &cursor).is_err());
        assert!(read("patterns", &KEYS[1..], &cursor).is_err());
        for wrong in ["", "!", "e30", &cursor[1..], &"A".repeat(CHARS_MAX + 1)] {
            let error = read("patterns", &KEYS, wrong).unwrap_err().to_string();
            assert!(error.starts_with("cursor:"), "{error}");
        }
    }

    #[test]
    fn rows_behind_a_place() {
        let places = ["$1", "$2", "$3"].map(str::to_owned);
        assert_eq!(
            behind(&KEYS, &places, "SELECT 1"),
            "((seen < $1) OR (seen = $1 AND count < $2) OR (seen = $1 AND count = $2 AND id > $3))"
        );
        assert_eq!(order_by(&KEYS), "seen DESC, count DESC, id ASC");
        let moving = [Key::down("trend", Kind::Moving), Key::up("id", Kind::Text)];
        assert_eq!(order_by(&moving), "coalesce(trend, 0.0) DESC, id ASC", "nulls have a place too");
    }
}
