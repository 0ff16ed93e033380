//! RFC 4180 with a header line. Null is an empty field; lists and maps are JSON text.

use super::json;
use super::value::{TIMESTAMP_FORMAT, in_utc, is_nested, text_schema};
use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::csv::WriterBuilder;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use std::sync::Arc;

pub(super) struct CsvRows {
    schema: SchemaRef,
    started: bool,
}

impl CsvRows {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        let fields: Vec<Field> = text_schema(schema, false)
            .fields()
            .iter()
            .map(|field| match is_nested(field.data_type()) {
                true => Field::new(field.name(), DataType::Utf8, true),
                false => field.as_ref().clone(),
            })
            .collect();
        Self { schema: Arc::new(Schema::new(fields)), started: false }
    }

    pub(super) fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            columns.push(match is_nested(array.data_type()) {
                true => Arc::new(StringArray::from(json::texts(field, array)?)),
                false => in_utc(array),
            });
        }
        if columns.is_empty() {
            return Ok(());
        }
        self.write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?, out)
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        if self.started {
            return Ok(());
        }
        self.write(&RecordBatch::new_empty(Arc::clone(&self.schema)), out)
    }

    fn write(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut writer = WriterBuilder::new()
            .with_header(!self.started)
            .with_timestamp_format(TIMESTAMP_FORMAT.to_owned())
            .with_datetime_format(TIMESTAMP_FORMAT.to_owned())
            .build(out);
        self.started = true;
        writer.write(batch)
    }
}
