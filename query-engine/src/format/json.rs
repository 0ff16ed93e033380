//! An array of objects, one a row. Every column is there in every row, null included.

use super::value::{TIMESTAMP_FORMAT, in_utc, text_schema};
use datafusion::arrow::array::{Array, ArrayRef, StructArray};
use datafusion::arrow::datatypes::{Field, FieldRef, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::{EncoderOptions, JsonArray, Writer, WriterBuilder, make_encoder};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::sync::Arc;

pub(super) struct JsonRows {
    schema: SchemaRef,
    writer: Writer<Vec<u8>, JsonArray>,
}

impl JsonRows {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        let writer = WriterBuilder::new()
            .with_explicit_nulls(true)
            .with_timestamp_format(TIMESTAMP_FORMAT.to_owned())
            .with_datetime_format(TIMESTAMP_FORMAT.to_owned())
            .build::<_, JsonArray>(Vec::new());
        Self { schema: text_schema(schema, true), writer }
    }

    pub(super) fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let columns: Vec<ArrayRef> = batch.columns().iter().map(in_utc).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)?;
        self.writer.write(&batch)?;
        out.append(self.writer.get_mut());
        Ok(())
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.finish()?;
        out.append(self.writer.get_mut());
        out.push(b'\n');
        Ok(())
    }
}

/// The rows of a batch, each as an object on one line.
pub(super) fn objects(batch: &RecordBatch) -> Result<Vec<String>, ArrowError> {
    let schema = text_schema(batch.schema_ref(), true);
    let columns: Vec<ArrayRef> = batch.columns().iter().map(in_utc).collect();
    let rows = StructArray::try_new(schema.fields().clone(), columns, None)?;
    let field = Arc::new(Field::new("row", rows.data_type().clone(), false));
    Ok(texts(&field, &rows)?.into_iter().flatten().collect())
}

/// The values of a nested column as JSON texts.
pub(super) fn texts(field: &FieldRef, array: &dyn Array) -> Result<Vec<Option<String>>, ArrowError> {
    let options = EncoderOptions::default()
        .with_explicit_nulls(true)
        .with_timestamp_format(TIMESTAMP_FORMAT.to_owned());
    let mut encoder = make_encoder(field, array, &options)?;
    let mut texts = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if encoder.is_null(row) {
            texts.push(None);
            continue;
        }
        let mut text = Vec::new();
        encoder.encode(row, &mut text);
        texts.push(Some(String::from_utf8_lossy(&text).into_owned()));
    }
    Ok(texts)
}
