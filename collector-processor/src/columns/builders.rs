//! Arrow column builders for what the lake's tables are made of.

use arrow::array::{
    ArrayRef, BooleanBuilder, Int32Builder, Int64Builder, ListArray, MapArray, StringArray, StringBuilder,
    StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use schemas::tables::{map_type, tags_type};
use std::sync::Arc;

/// A column of ids in hex.
#[derive(Debug, Default)]
pub(super) struct HexColumn(StringBuilder);

impl HexColumn {
    /// Lower-case hex of `id`.
    pub(super) fn push(&mut self, id: &[u8]) {
        let mut text = [0u8; 32];
        let digits = &mut text[..(id.len() * 2).min(32)];
        let written = hex::encode_to_slice(&id[..digits.len() / 2], digits);
        debug_assert!(written.is_ok(), "two digits a byte");
        self.0.append_value(std::str::from_utf8(digits).unwrap_or_default());
    }

    /// Null where the id is empty.
    pub(super) fn push_nonempty(&mut self, id: &[u8]) {
        if id.iter().all(|b| *b == 0) { self.0.append_null() } else { self.push(id) }
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Texts one after another.
#[derive(Debug)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.end();
    }

    /// Ends the text whose bytes were added. A column that is too long for its offsets is refused when it is taken.
    fn end(&mut self) {
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Adds the texts `from..` once more.
    fn repeat(&mut self, from: usize) {
        let start = self.ends[from];
        let shift = i32::try_from(self.bytes.len()).unwrap_or(i32::MAX).saturating_sub(start);
        self.bytes.extend_from_within(usize::try_from(start).unwrap_or(0)..);
        let again = from + 1..self.ends.len();
        self.ends.reserve(again.len());
        for place in again {
            self.ends.push(self.ends[place].saturating_add(shift));
        }
    }

    fn take(&mut self) -> Result<StringArray, ArrowError> {
        let Self { bytes, ends } = std::mem::take(self);
        StringArray::try_new(OffsetBuffer::new(ends.into()), Buffer::from_vec(bytes), None)
    }
}

/// A map of text to text, or a list of text: entries with offsets.
#[derive(Debug)]
pub(super) struct Entries {
    keys: Texts,
    values: Texts,
    offsets: Vec<i32>,
    valid: Vec<bool>,
    end: i32,
}

impl Default for Entries {
    fn default() -> Self {
        Self { keys: Texts::default(), values: Texts::default(), offsets: vec![0], valid: Vec::new(), end: 0 }
    }
}

impl Entries {
    pub(super) fn entry(&mut self, key: &str, value: &str) {
        self.keys.push(key);
        self.element(value);
    }

    /// An entry whose value is a number in decimal.
    pub(super) fn entry_display(&mut self, key: &str, value: impl std::fmt::Display) {
        use std::io::Write;
        self.keys.push(key);
        let written = write!(self.values.bytes, "{value}");
        debug_assert!(written.is_ok(), "writing to a column cannot fail");
        self.values.end();
        self.end += 1;
    }

    pub(super) fn element(&mut self, value: &str) {
        self.values.push(value);
        self.end += 1;
    }

    /// Adds the last row, of a map, once more; `false` where there is none.
    pub(super) fn repeat_row(&mut self) -> bool {
        let [.., from, to] = self.offsets[..] else { return false };
        self.keys.repeat(usize::try_from(from).unwrap_or(0));
        self.values.repeat(usize::try_from(from).unwrap_or(0));
        self.end += to - from;
        self.row();
        true
    }

    /// Ends the row.
    pub(super) fn row(&mut self) {
        self.offsets.push(self.end);
        self.valid.push(true);
    }

    /// Ends the row, as null where it has no entries.
    pub(super) fn row_or_null(&mut self) {
        let empty = self.offsets.last() == Some(&self.end);
        self.offsets.push(self.end);
        self.valid.push(!empty);
    }

    fn take(&mut self) -> (Texts, Texts, OffsetBuffer<i32>, Option<NullBuffer>) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let valid = std::mem::take(&mut self.valid);
        self.end = 0;
        let offsets = OffsetBuffer::new(offsets.into());
        let texts = (std::mem::take(&mut self.keys), std::mem::take(&mut self.values));
        (texts.0, texts.1, offsets, Some(NullBuffer::from(valid)))
    }

    /// As a map column.
    pub(super) fn finish_map(&mut self) -> Result<ArrayRef, ArrowError> {
        let (mut keys, mut values, offsets, valid) = self.take();
        let (keys, values) = (keys.take()?, values.take()?);
        let DataType::Map(entry, sorted) = map_type() else {
            return Err(ArrowError::SchemaError("map type".into()));
        };
        let DataType::Struct(fields) = entry.data_type() else {
            return Err(ArrowError::SchemaError("map entry".into()));
        };
        let entries = StructArray::try_new(fields.clone(), vec![Arc::new(keys), Arc::new(values)], None)?;
        Ok(Arc::new(MapArray::try_new(entry, offsets, entries, valid, sorted)?))
    }

    /// As a list column.
    pub(super) fn finish_list(&mut self) -> Result<ArrayRef, ArrowError> {
        let (_, mut values, offsets, valid) = self.take();
        let values = values.take()?;
        let DataType::List(element) = tags_type() else {
            return Err(ArrowError::SchemaError("list type".into()));
        };
        Ok(Arc::new(ListArray::try_new(element, offsets, Arc::new(values), valid)?))
    }
}

/// `time_unix_nano`, `timestamp` and `date` of one table.
#[derive(Debug, Default)]
pub(super) struct TimeColumns {
    nanos: Vec<i64>,
    dates: StringBuilder,
    day: Option<(i64, String)>,
}

const DAY_NANOS: i64 = 86_400_000_000_000;

impl TimeColumns {
    /// Adds a time, stored under the date of `date_unix_nano`.
    pub(super) fn push(&mut self, unix_nano: u64, date_unix_nano: u64) {
        self.nanos.push(nanos(unix_nano));
        let day = nanos(date_unix_nano).div_euclid(DAY_NANOS);
        if self.day.as_ref().is_none_or(|(known, _)| *known != day) {
            self.day = Some((day, date_text(day)));
        }
        self.dates.append_value(self.day.as_ref().map_or("", |(_, text)| text));
    }

    pub(super) fn rows(&self) -> usize {
        self.nanos.len()
    }

    /// `timestamp`, `time_unix_nano`, `date`.
    pub(super) fn finish(&mut self) -> (ArrayRef, ArrayRef, ArrayRef) {
        let nanos = std::mem::take(&mut self.nanos);
        let micros = TimestampMicrosecondArray::from_iter_values(nanos.iter().map(|n| n.div_euclid(1000)));
        let times = arrow::array::Int64Array::from(nanos);
        (Arc::new(micros.with_timezone("UTC")), Arc::new(times), Arc::new(self.dates.finish()))
    }
}

/// Nanoseconds as the signed number that the tables store; saturates in the year 2262.
pub(super) fn nanos(unix_nano: u64) -> i64 {
    i64::try_from(unix_nano).unwrap_or(i64::MAX)
}

/// `YYYY-MM-DD` of a day counted from the Unix epoch.
fn date_text(day: i64) -> String {
    chrono::DateTime::from_timestamp(day.saturating_mul(86_400), 0)
        .map_or_else(|| "1970-01-01".to_owned(), |t| t.format("%Y-%m-%d").to_string())
}

/// Appends `text`, or null where it is absent or empty.
pub(super) fn push_optional(column: &mut StringBuilder, text: Option<&str>) {
    match text {
        Some(text) if !text.is_empty() => column.append_value(text),
        _ => column.append_null(),
    }
}

/// Columns of a table, put together by name in the schema's order.
#[derive(Debug)]
pub(super) struct Assembly {
    schema: SchemaRef,
    columns: Vec<Option<ArrayRef>>,
}

impl Assembly {
    pub(super) fn new(schema: SchemaRef) -> Self {
        let columns = vec![None; schema.fields().len()];
        Self { schema, columns }
    }

    pub(super) fn put(&mut self, name: &str, column: ArrayRef) -> &mut Self {
        if let Ok(index) = self.schema.index_of(name) {
            self.columns[index] = Some(column);
        }
        self
    }

    pub(super) fn text(&mut self, name: &str, column: &mut StringBuilder) -> &mut Self {
        self.put(name, Arc::new(column.finish()))
    }

    pub(super) fn int32(&mut self, name: &str, column: &mut Int32Builder) -> &mut Self {
        self.put(name, Arc::new(column.finish()))
    }

    pub(super) fn int64(&mut self, name: &str, column: &mut Int64Builder) -> &mut Self {
        self.put(name, Arc::new(column.finish()))
    }

    pub(super) fn boolean(&mut self, name: &str, column: &mut BooleanBuilder) -> &mut Self {
        self.put(name, Arc::new(column.finish()))
    }

    /// # Errors
    /// When a column is missing or does not have the schema's type.
    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let missing =
            |i: usize| ArrowError::SchemaError(format!("no column {}", self.schema.field(i).name()));
        let columns: Result<Vec<_>, _> =
            self.columns.iter().enumerate().map(|(i, c)| c.clone().ok_or_else(|| missing(i))).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    #[test]
    fn a_repeated_row_is_the_row_before() {
        let mut entries = Entries::default();
        assert!(!entries.repeat_row());
        entries.entry("a", "1");
        entries.entry_display("bc", 23);
        entries.row();
        entries.row();
        assert!(entries.repeat_row());
        entries.entry("d", "");
        entries.entry("e", "\u{e9}4");
        entries.row();
        assert!(entries.repeat_row() && entries.repeat_row());
        let maps = entries.finish_map().unwrap();
        let rows: Vec<String> = (0..maps.len())
            .map(|row| {
                let entry = maps.as_map().value(row);
                let (keys, values) = (entry.column(0).as_string::<i32>(), entry.column(1).as_string::<i32>());
                (0..entry.len()).map(|n| format!("{}={};", keys.value(n), values.value(n))).collect()
            })
            .collect();
        let last = "d=;e=\u{e9}4;";
        assert_eq!(rows, ["a=1;bc=23;", "", "", last, last, last]);
        entries.row();
        assert!(entries.repeat_row());
        assert_eq!(entries.finish_map().unwrap().len(), 2);
    }

    #[test]
    fn dates_are_utc_days() {
        assert_eq!(date_text(0), "1970-01-01");
        assert_eq!(date_text(20_780), "2026-11-23");
    }

    #[test]
    fn a_batch_without_one_of_its_columns_is_refused() {
        let assembly = Assembly::new(schemas::tables::Table::PatternEvents.schema());
        assert!(assembly.finish().is_err());
    }
}
