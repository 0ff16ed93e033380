//! Answers as bytes: JSON, CSV, Arrow IPC stream, and tables for a terminal.
//!
//! Times are ISO 8601 in UTC with `Z`; integers of 64 bits are JSON numbers; numbers that JSON has no form for
//! (NaN, infinities) are null; lists, maps and structs are JSON, in CSV as text. Knows neither HTTP nor SQL.

mod arrow_stream;
mod csv;
mod json;
mod terminal;
mod value;

pub use terminal::{FormatOptions, Layout, print};

use crate::error::QueryError;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;

/// Rows encoded in one go; bounds the memory of a chunk whatever the size of a batch.
const CHUNK_ROWS: usize = 256;

/// A form that an answer can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// An array of objects, one a row.
    Json,
    /// RFC 4180 with a header line; null is an empty field.
    Csv,
    /// Arrow IPC stream.
    Arrow,
}

/// Writes one answer batch by batch into buffers of the caller.
pub struct Encoder {
    form: Form,
}

enum Form {
    Json(json::JsonRows),
    Csv(csv::CsvRows),
    Arrow(arrow_stream::ArrowStream),
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder for rows of `schema`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] where a column has a type that the format cannot carry.
    pub fn new(format: Format, schema: &SchemaRef) -> Result<Self, QueryError> {
        let form = match format {
            Format::Json => Form::Json(json::JsonRows::new(schema)),
            Format::Csv => Form::Csv(csv::CsvRows::new(schema)),
            Format::Arrow => Form::Arrow(arrow_stream::ArrowStream::new(schema).map_err(unwritable)?),
        };
        Ok(Self { form })
    }

    /// Appends the rows of `batch` to `out`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), QueryError> {
        match &mut self.form {
            Form::Json(rows) => rows.encode(batch, out),
            Form::Csv(rows) => rows.encode(batch, out),
            Form::Arrow(stream) => stream.encode(batch, out),
        }
        .map_err(unwritable)
    }

    /// Appends what ends an answer.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), QueryError> {
        match &mut self.form {
            Form::Json(rows) => rows.finish(out),
            Form::Csv(rows) => rows.finish(out),
            Form::Arrow(stream) => stream.finish(out),
        }
        .map_err(unwritable)
    }
}

/// Pieces of a batch small enough to be encoded in one go.
pub(crate) fn chunks(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let rows = batch.num_rows();
    (0..rows).step_by(CHUNK_ROWS).map(move |from| batch.slice(from, CHUNK_ROWS.min(rows - from)))
}

/// The rows of a batch, each as a JSON object.
pub(crate) fn objects(batch: &RecordBatch) -> Result<Vec<String>, QueryError> {
    json::objects(batch).map_err(unwritable)
}

fn unwritable(error: ArrowError) -> QueryError {
    QueryError::invalid(format!("a column cannot be written in this format, cast it to text: {error}"))
}
