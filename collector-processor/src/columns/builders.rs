//! Columns under construction, and how they become batches of a table.

use super::coded::TextColumn;
use arrow::array::{
    Array, ArrayBuilder, ArrayRef, Int64Builder, ListArray, NullBufferBuilder, StringArray, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use schemas::tables::{Table, tags_type};
use std::collections::HashMap;
use std::sync::Arc;

/// A column under construction. Its rows are cut into batches and handed over together.
pub(super) trait Column {
    /// Ends a batch.
    fn cut(&mut self);

    /// The batches that were cut; begins anew.
    ///
    /// # Errors
    /// When it is too long for its type.
    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError>;
}

/// A column by a builder of Arrow.
#[derive(Debug, Default)]
pub(super) struct Built<B> {
    pub(super) builder: B,
    done: Vec<ArrayRef>,
}

impl<B: ArrayBuilder> Column for Built<B> {
    fn cut(&mut self) {
        self.done.push(self.builder.finish());
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        Ok(std::mem::take(&mut self.done))
    }
}

/// Texts, one behind the other.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }
}

impl Texts {
    /// Number of the next text. Texts that are too long for their offsets are refused when they are taken.
    #[inline]
    pub(super) fn next(&self) -> i32 {
        i32::try_from(self.ends.len() - 1).unwrap_or(i32::MAX)
    }

    #[inline]
    pub(super) fn get(&self, number: i32) -> &[u8] {
        let number = number as usize;
        &self.bytes[self.ends[number] as usize..self.ends[number + 1] as usize]
    }

    /// Adds the text that `write` appends: UTF-8.
    #[inline]
    pub(super) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// All texts, null where `valid` says so.
    ///
    /// # Errors
    /// When they are too long for their offsets, or no UTF-8.
    pub(super) fn array(self, valid: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        if self.ends.last().is_none_or(|end| usize::try_from(*end) != Ok(self.bytes.len())) {
            return Err(ArrowError::ComputeError("the texts of a column have over 2 GiB".to_owned()));
        }
        let (offsets, bytes) = (OffsetBuffer::new(self.ends.into()), Buffer::from_vec(self.bytes));
        Ok(Arc::new(StringArray::try_new(offsets, bytes, valid)?))
    }
}

/// A column of texts of which nearly all differ.
#[derive(Debug)]
pub(super) struct LongTextColumn {
    texts: Texts,
    valid: NullBufferBuilder,
    done: Vec<(Texts, Option<NullBuffer>)>,
}

impl Default for LongTextColumn {
    fn default() -> Self {
        Self { texts: Texts::default(), valid: NullBufferBuilder::new(0), done: Vec::new() }
    }
}

impl LongTextColumn {
    pub(super) fn push(&mut self, text: &str) {
        self.push_written(|bytes| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Adds the text that `write` appends: UTF-8.
    #[inline]
    pub(super) fn push_written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.texts.add(write);
        self.valid.append_non_null();
    }

    /// Null where the text is absent or empty.
    pub(super) fn push_optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) if !text.is_empty() => self.push(text),
            _ => self.push_null(),
        }
    }

    /// Lower-case hex of `id`.
    pub(super) fn push_hex(&mut self, id: &[u8]) {
        with_hex(id, |text| self.push_written(|bytes| bytes.extend_from_slice(text)));
    }

    /// Null where the id is empty or all zeros.
    pub(super) fn push_hex_optional(&mut self, id: &[u8]) {
        if id.iter().all(|b| *b == 0) { self.push_null() } else { self.push_hex(id) }
    }

    fn push_null(&mut self) {
        self.texts.add(|_| {});
        self.valid.append_null();
    }
}

impl Column for LongTextColumn {
    fn cut(&mut self) {
        self.done.push((std::mem::take(&mut self.texts), self.valid.finish()));
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.done.drain(..).map(|(texts, valid)| texts.array(valid)).collect()
    }
}

/// Hands over the lower-case hex of an id of at most 16 bytes.
pub(super) fn with_hex<T>(id: &[u8], then: impl FnOnce(&[u8]) -> T) -> T {
    let mut text = [0u8; 32];
    let digits = &mut text[..(id.len() * 2).min(32)];
    let written = hex::encode_to_slice(&id[..digits.len() / 2], digits);
    debug_assert!(written.is_ok(), "two digits a byte");
    then(digits)
}

/// A column of lists of text.
#[derive(Debug)]
pub(super) struct ListColumn {
    elements: StringBuilder,
    offsets: Vec<i32>,
    valid: Vec<bool>,
    done: Vec<(ArrayRef, Vec<i32>, Vec<bool>)>,
}

impl Default for ListColumn {
    fn default() -> Self {
        Self { elements: StringBuilder::new(), offsets: vec![0], valid: Vec::new(), done: Vec::new() }
    }
}

impl ListColumn {
    pub(super) fn element(&mut self, text: &str) {
        self.elements.append_value(text);
    }

    /// Ends the row, as null where it has no elements.
    pub(super) fn row_or_null(&mut self) {
        let end = i32::try_from(self.elements.len()).unwrap_or(i32::MAX);
        self.valid.push(self.offsets.last() != Some(&end));
        self.offsets.push(end);
    }
}

impl Column for ListColumn {
    fn cut(&mut self) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        self.done.push((Arc::new(self.elements.finish()), offsets, std::mem::take(&mut self.valid)));
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let DataType::List(element) = tags_type() else {
            return Err(ArrowError::SchemaError("list type".into()));
        };
        let list =
            |(elements, offsets, valid): (ArrayRef, Vec<i32>, Vec<bool>)| -> Result<ArrayRef, ArrowError> {
                let (offsets, valid) = (OffsetBuffer::new(offsets.into()), Some(NullBuffer::from(valid)));
                Ok(Arc::new(ListArray::try_new(Arc::clone(&element), offsets, elements, valid)?))
            };
        self.done.drain(..).map(list).collect()
    }
}

/// `time_unix_nano`, `timestamp` and `date` of one table.
#[derive(Debug)]
pub(super) struct TimeColumns {
    nanos: Built<Int64Builder>,
    micros: Built<TimestampMicrosecondBuilder>,
    dates: TextColumn,
    day: Option<(i64, String)>,
}

impl Default for TimeColumns {
    fn default() -> Self {
        let micros = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let micros = Built { builder: micros, done: Vec::new() };
        Self { nanos: Built::default(), micros, dates: TextColumn::default(), day: None }
    }
}

const DAY_NANOS: i64 = 86_400_000_000_000;

impl TimeColumns {
    /// Adds a time, stored under the date of `date_unix_nano`.
    pub(super) fn push(&mut self, unix_nano: u64, date_unix_nano: u64) {
        let time = nanos(unix_nano);
        self.nanos.builder.append_value(time);
        self.micros.builder.append_value(time.div_euclid(1000));
        let day = nanos(date_unix_nano).div_euclid(DAY_NANOS);
        if self.day.as_ref().is_none_or(|(known, _)| *known != day) {
            self.day = Some((day, date_text(day)));
        }
        self.dates.push(self.day.as_ref().map_or("", |(_, text)| text));
    }

    /// Rows of the batch under construction.
    pub(super) fn rows(&self) -> usize {
        self.nanos.builder.len()
    }

    pub(super) fn columns(&mut self) -> [(&'static str, &mut dyn Column); 3] {
        [("timestamp", &mut self.micros), ("time_unix_nano", &mut self.nanos), ("date", &mut self.dates)]
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

/// Columns by name.
pub(super) type Named<'c> = Vec<(&'static str, &'c mut dyn Column)>;

/// All columns of one table.
pub(super) trait TableColumns {
    /// The table.
    const TABLE: Table;

    /// Rows of the batch under construction.
    fn rows(&self) -> usize;

    /// The columns, in any order.
    fn columns(&mut self) -> Named<'_>;

    /// Ends a batch.
    fn cut(&mut self) {
        self.columns().into_iter().for_each(|(_, column)| column.cut());
    }

    /// The batches that were cut; begins anew.
    ///
    /// # Errors
    /// When a column is missing, or does not fit; what the columns hold then is of no use.
    fn take(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        take(&Self::TABLE.schema(), self.columns())
    }
}

/// The batches of all columns, in the schema's order; coded columns stay coded.
fn take(schema: &Schema, columns: Named<'_>) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut by_name: HashMap<&str, Vec<ArrayRef>> = HashMap::new();
    for (name, column) in columns {
        by_name.insert(name, column.take()?);
    }
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut arrays = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column = by_name.remove(field.name().as_str());
        let column = column.ok_or_else(|| ArrowError::SchemaError(format!("no column {}", field.name())))?;
        let kind = column.first().map_or(field.data_type(), Array::data_type).clone();
        fields.push(field.as_ref().clone().with_data_type(kind));
        arrays.push(column);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = |n: usize| {
        let columns: Option<Vec<ArrayRef>> = arrays.iter().map(|column| column.get(n).cloned()).collect();
        let columns =
            columns.ok_or_else(|| ArrowError::SchemaError("columns of unlike length".to_owned()))?;
        RecordBatch::try_new(Arc::clone(&schema), columns)
    };
    (0..arrays.iter().map(Vec::len).max().unwrap_or(0)).map(batch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;

    #[test]
    fn long_texts_come_back_with_nulls_and_hex() {
        let mut column = LongTextColumn::default();
        for _ in 0..2 {
            column.push("a\u{e9}");
            column.push_optional(Some(""));
            column.push_hex_optional(&[0; 8]);
            column.push_hex(&[0xab, 0x01]);
            column.push_hex(&[7; 40]);
            column.cut();
            column.push_written(|bytes| bytes.extend_from_slice(b"written"));
            column.push("");
            column.cut();
            let batches = column.take().unwrap();
            let texts = |n: usize| batches[n].as_string::<i32>().iter().collect::<Vec<_>>();
            let longest = "07".repeat(16);
            assert_eq!(texts(0), [Some("a\u{e9}"), None, None, Some("ab01"), Some(&*longest)]);
            assert_eq!(texts(1), [Some("written"), Some("")]);
        }
        column.push_written(|bytes| bytes.push(0xff));
        column.cut();
        assert!(column.take().is_err(), "no text is made of bytes that are none");
    }

    #[test]
    fn dates_are_utc_days() {
        assert_eq!(date_text(0), "1970-01-01");
        assert_eq!(date_text(20_780), "2026-11-23");
    }

    #[test]
    fn a_batch_without_one_of_its_columns_is_refused() {
        let mut times = TimeColumns::default();
        times.push(1, 1);
        times.columns().into_iter().for_each(|(_, column)| column.cut());
        assert!(take(&Table::PatternEvents.schema(), times.columns().into()).is_err());
    }
}
