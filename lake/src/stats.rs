//! Statistics of one data file: rows, and least, greatest and null count per column, in the JSON form
//! of the Delta log and as values to prune by.
//!
//! Text longer than [`TEXT_CHARS_MAX`] is cut: a cut least value is a lower bound as it is, a cut greatest value
//! gets its last character raised, so that both stay bounds. Maps and lists have no statistics.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{max, max_string, max_string_view, min, min_string, min_string_view};
use arrow::datatypes::{DataType, Int32Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of text kept as a bound; ids fit whole.
pub(crate) const TEXT_CHARS_MAX: usize = 64;

/// A bound of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Of an integer column, or microseconds since the epoch of a timestamp column.
    Integer(i64),
    /// Of a text column.
    Text(String),
}

/// Statistics of one column of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnStats {
    /// No value is less.
    pub min: Option<Bound>,
    /// No value is greater.
    pub max: Option<Bound>,
    /// Rows in which the column is null.
    pub null_count: Option<u64>,
}

impl ColumnStats {
    /// Takes more rows of the column in.
    pub(crate) fn observe(&mut self, array: &ArrayRef) {
        let (least, greatest) = bounds(array);
        self.null_count = Some(self.null_count.unwrap_or(0) + array.null_count() as u64);
        self.min = match (self.min.take(), least) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.max = match (self.max.take(), greatest) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }

    /// Of `rows` rows that these are of, and `more_rows` others. `None`: nothing is known.
    fn and(&self, more: &Self, rows: u64, more_rows: u64) -> Option<Self> {
        let null_count = self.null_count? + more.null_count?;
        let has_values = |stats: &Self, rows| stats.null_count < Some(rows);
        let bound = |a: &Option<Bound>, b: &Option<Bound>, pick: fn(Bound, Bound) -> Bound| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a.clone(), b.clone())),
            // A bound that is absent is unknown, but where there are no values.
            (None, Some(b)) if !has_values(self, rows) => Some(b.clone()),
            (Some(a), None) if !has_values(more, more_rows) => Some(a.clone()),
            _ => None,
        };
        let (min, max) = (bound(&self.min, &more.min, Ord::min), bound(&self.max, &more.max, Ord::max));
        Some(Self { min, max, null_count: Some(null_count) })
    }

    /// Of a text column whose least and greatest text are known.
    pub(crate) fn of_texts(bounds: Option<(&str, &str)>, null_count: u64) -> Self {
        let bound = |text: &str| Bound::Text(text.to_owned());
        let (min, max) = bounds.map(|(least, greatest)| (bound(least), bound(greatest))).unzip();
        Self { min, max, null_count: Some(null_count) }
    }
}

/// Statistics of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStats {
    /// Rows; absent where another program wrote none down.
    pub rows: Option<u64>,
    /// Per column, by name.
    pub columns: BTreeMap<String, ColumnStats>,
}

impl FileStats {
    /// Of the rows of several files together; `None` where a file does not say how many it has.
    pub(crate) fn sum<'a>(files: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut files = files.peekable();
        let mut sum = Self { rows: Some(0), columns: files.peek()?.columns.clone() };
        sum.columns.values_mut().for_each(|column| *column = ColumnStats::of_texts(None, 0));
        for file in files {
            let rows = file.rows?;
            sum.columns.retain(|name, column| {
                let more = file.columns.get(name);
                more.and_then(|more| column.and(more, sum.rows?, rows)).map(|both| *column = both).is_some()
            });
            sum.rows = Some(sum.rows? + rows);
        }
        Some(sum)
    }

    /// JSON text of the Delta log.
    pub(crate) fn to_json(&self, schema: &Schema) -> String {
        let (mut least, mut greatest, mut nulls) = (Map::new(), Map::new(), Map::new());
        for (name, column) in &self.columns {
            let Ok(field) = schema.field_with_name(name) else { continue };
            if let Some(value) = column.min.as_ref().and_then(|bound| lower_json(bound, field.data_type())) {
                least.insert(name.clone(), value);
            }
            if let Some(value) = column.max.as_ref().and_then(|bound| upper_json(bound, field.data_type())) {
                greatest.insert(name.clone(), value);
            }
            if let Some(count) = column.null_count {
                nulls.insert(name.clone(), json!(count));
            }
        }
        json!({
            "numRecords": self.rows.unwrap_or(0),
            "minValues": least,
            "maxValues": greatest,
            "nullCount": nulls,
        })
        .to_string()
    }

    /// Reads the JSON text of the Delta log. What is not understood is left out: no statistics never
    /// prunes a file wrongly.
    pub(crate) fn from_json(text: &str, schema: &Schema) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Self::default() };
        let mut columns = BTreeMap::new();
        for field in schema.fields() {
            let of = |part: &str| value.get(part).and_then(|values| values.get(field.name()));
            let column = ColumnStats {
                min: of("minValues").and_then(|json| bound_of(json, field.data_type(), false)),
                max: of("maxValues").and_then(|json| bound_of(json, field.data_type(), true)),
                null_count: of("nullCount").and_then(Value::as_u64),
            };
            if column != ColumnStats::default() {
                columns.insert(field.name().clone(), column);
            }
        }
        Self { rows: value.get("numRecords").and_then(Value::as_u64), columns }
    }
}

fn bounds(array: &ArrayRef) -> (Option<Bound>, Option<Bound>) {
    match array.data_type() {
        DataType::Int32 => {
            let values = array.as_primitive::<Int32Type>();
            let of = |value: Option<i32>| value.map(|value| Bound::Integer(value.into()));
            (of(min(values)), of(max(values)))
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>();
            (min(values).map(Bound::Integer), max(values).map(Bound::Integer))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = array.as_primitive::<TimestampMicrosecondType>();
            (min(values).map(Bound::Integer), max(values).map(Bound::Integer))
        }
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            let of = |value: Option<&str>| value.map(|value| Bound::Text(value.to_owned()));
            (of(min_string(values)), of(max_string(values)))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            let of = |value: Option<&str>| value.map(|value| Bound::Text(value.to_owned()));
            (of(min_string_view(values)), of(max_string_view(values)))
        }
        _ => (None, None),
    }
}

fn lower_json(bound: &Bound, kind: &DataType) -> Option<Value> {
    match bound {
        Bound::Text(text) => Some(Value::String(text.chars().take(TEXT_CHARS_MAX).collect())),
        Bound::Integer(value) => integer_json(*value, kind),
    }
}

fn upper_json(bound: &Bound, kind: &DataType) -> Option<Value> {
    match bound {
        Bound::Text(text) => upper_text(text).map(Value::String),
        Bound::Integer(value) => integer_json(*value, kind),
    }
}

fn integer_json(value: i64, kind: &DataType) -> Option<Value> {
    match kind {
        DataType::Timestamp(..) => {
            let time = DateTime::<Utc>::from_timestamp_micros(value)?;
            Some(Value::String(time.to_rfc3339_opts(SecondsFormat::Micros, true)))
        }
        _ => Some(json!(value)),
    }
}

/// `text`, or where it is too long the shortest cut of it with a raised last character. `None` where
/// no character can be raised.
fn upper_text(text: &str) -> Option<String> {
    if text.chars().nth(TEXT_CHARS_MAX).is_none() {
        return Some(text.to_owned());
    }
    raised(&text.chars().take(TEXT_CHARS_MAX).collect::<String>())
}

/// `text` or the start of it, with a raised last character: greater than whatever begins with `text`. `None` where no
/// character can be raised.
pub(crate) fn raised(text: &str) -> Option<String> {
    let mut kept: Vec<char> = text.chars().collect();
    while let Some(last) = kept.pop() {
        if let Some(raised) = next_char(last) {
            kept.push(raised);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

fn next_char(c: char) -> Option<char> {
    match c {
        '\u{D7FF}' => Some('\u{E000}'),
        char::MAX => None,
        _ => char::from_u32(u32::from(c) + 1),
    }
}

fn bound_of(json: &Value, kind: &DataType, upper: bool) -> Option<Bound> {
    match kind {
        DataType::Int32 | DataType::Int64 => json.as_i64().map(Bound::Integer),
        DataType::Utf8 => json.as_str().map(|text| Bound::Text(text.to_owned())),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = DateTime::parse_from_rfc3339(json.as_str()?).ok()?.timestamp_micros();
            // Some writers cut to milliseconds; the greatest value may lie in the rest of it.
            let cut = upper && micros % 1000 == 0;
            Some(Bound::Integer(if cut { micros.saturating_add(999) } else { micros }))
        }
        _ => None,
    }
}

/// An array of `kind` from one optional bound a file.
pub(crate) fn bounds_array<'a>(
    bounds: impl Iterator<Item = Option<&'a Bound>>,
    kind: &DataType,
) -> Option<ArrayRef> {
    let integer = |bound: Option<&Bound>| match bound {
        Some(Bound::Integer(value)) => Some(*value),
        _ => None,
    };
    Some(match kind {
        DataType::Int32 => {
            Arc::new(bounds.map(|b| integer(b).and_then(|v| i32::try_from(v).ok())).collect::<Int32Array>())
        }
        DataType::Int64 => Arc::new(bounds.map(integer).collect::<Int64Array>()),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let values = bounds.map(integer).collect::<TimestampMicrosecondArray>();
            Arc::new(values.with_timezone_opt(zone.clone()))
        }
        DataType::Utf8 => {
            let text = bounds.map(|bound| match bound {
                Some(Bound::Text(text)) => Some(text.as_str()),
                _ => None,
            });
            Arc::new(text.collect::<StringArray>())
        }
        DataType::Boolean => Arc::new(bounds.map(|_| None::<bool>).collect::<BooleanArray>()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::tables::Table;

    fn round_trip(stats: &FileStats) -> FileStats {
        let schema = Table::Spans.schema();
        FileStats::from_json(&stats.to_json(&schema), &schema)
    }

    fn text_stats(column: &str, text: &str) -> FileStats {
        let bound = Some(Bound::Text(text.to_owned()));
        let column_stats = ColumnStats { min: bound.clone(), max: bound, null_count: Some(0) };
        FileStats { rows: Some(1), columns: BTreeMap::from([(column.to_owned(), column_stats)]) }
    }

    #[test]
    fn cut_text_stays_a_bound() {
        for text in
            ["short".to_owned(), "x".repeat(65), "\u{10FFFF}".repeat(65), "a".repeat(63) + "\u{D7FF}tail"]
        {
            let read = round_trip(&text_stats("name", &text));
            let column = &read.columns["name"];
            let value = Bound::Text(text.clone());
            assert!(column.min.as_ref().is_some_and(|min| *min <= value), "{text}");
            assert!(column.max.as_ref().is_none_or(|max| *max >= value), "{text}");
        }
        let whole = "f".repeat(TEXT_CHARS_MAX);
        assert_eq!(round_trip(&text_stats("name", &whole)), text_stats("name", &whole));
        assert_eq!(round_trip(&text_stats("name", &"\u{10FFFF}".repeat(65))).columns["name"].max, None);
    }

    #[test]
    fn times_keep_their_microseconds_and_cut_ones_stay_bounds() {
        let column = |micros| ColumnStats {
            min: Some(Bound::Integer(micros)),
            max: Some(Bound::Integer(micros)),
            null_count: Some(2),
        };
        let stats = |micros| FileStats {
            rows: Some(3),
            columns: BTreeMap::from([("timestamp".into(), column(micros))]),
        };
        assert_eq!(round_trip(&stats(1_795_435_200_123_456)), stats(1_795_435_200_123_456));
        let cut = round_trip(&stats(1_795_435_200_123_000));
        assert_eq!(cut.columns["timestamp"].min, Some(Bound::Integer(1_795_435_200_123_000)));
        assert_eq!(cut.columns["timestamp"].max, Some(Bound::Integer(1_795_435_200_123_999)));
    }

    #[test]
    fn sums_are_bounds_of_all_rows_or_say_nothing() {
        let stats = |rows: u64, min: Option<&str>, max: Option<&str>, nulls: u64| FileStats {
            rows: Some(rows),
            columns: BTreeMap::from([(
                "name".to_owned(),
                ColumnStats {
                    min: min.map(|text| Bound::Text(text.into())),
                    max: max.map(|text| Bound::Text(text.into())),
                    null_count: Some(nulls),
                },
            )]),
        };
        let sum = |files: &[FileStats]| FileStats::sum(files.iter()).unwrap();
        let (few, more) = (stats(3, Some("b"), Some("d"), 1), stats(5, Some("a"), Some("c"), 0));
        let empty = stats(4, None, None, 4);
        assert_eq!(sum(&[few.clone(), more.clone()]), stats(8, Some("a"), Some("d"), 1));
        assert_eq!(sum(&[empty.clone(), few.clone()]), stats(7, Some("b"), Some("d"), 5));
        assert_eq!(sum(&[few.clone(), empty.clone()]), stats(7, Some("b"), Some("d"), 5));
        assert_eq!(sum(&[empty.clone(), empty]), stats(8, None, None, 8));
        let open = stats(2, Some("a"), None, 0);
        assert_eq!(sum(&[few.clone(), open.clone(), more]), stats(10, Some("a"), None, 1));
        assert_eq!(sum(&[open, few.clone()]), stats(5, Some("a"), None, 1));
        let silent = FileStats { rows: Some(9), columns: BTreeMap::new() };
        assert_eq!(sum(&[few.clone(), silent]).columns, BTreeMap::new());
        assert_eq!(FileStats::sum([&few, &FileStats::default()].into_iter()), None);
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let schema = Table::Spans.schema();
        for text in ["", "{", "[]", r#"{"minValues":{"name":7,"severity":"x","timestamp":"never"}}"#] {
            assert_eq!(FileStats::from_json(text, &schema).columns, BTreeMap::new(), "{text}");
        }
        assert_eq!(FileStats::from_json(r#"{"numRecords":5}"#, &schema).rows, Some(5));
    }
}
