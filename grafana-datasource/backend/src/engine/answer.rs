//! Bodies of answers, read as they come and no further than their bounds.

use crate::error::Failure;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use bytes::{Bytes, BytesMut};
use reqwest::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Bytes of rows, in Arrow's form.
const ROWS_BYTES_MAX: usize = 256 << 20;

/// An answer that cannot be read to its end.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection ended.
    Cut(reqwest::Error),
    /// It is longer than it may be.
    TooLong { bytes_max: usize },
    /// It is not what it says it is.
    Rubbish(ArrowError),
}

/// Rows of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) batch: RecordBatch,
    /// There are further ones, which were not read.
    pub(crate) is_cut: bool,
}

impl Rows {
    /// The rows as JSON objects, absent values left out.
    pub(crate) fn objects(&self) -> Result<Vec<Map<String, Value>>, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::plugin("cannot read rows", error);
        let mut writer = arrow_json::ArrayWriter::new(Vec::new());
        writer.write(&self.batch).map_err(|error| wrong(&error))?;
        writer.finish().map_err(|error| wrong(&error))?;
        let text = writer.into_inner();
        if text.is_empty() {
            Ok(Vec::new())
        } else {
            serde_json::from_slice(&text).map_err(|error| wrong(&error))
        }
    }
}

/// Reads rows, `rows_max` at most. Where there are more, the rest is left: dropping the response ends the query.
pub(super) async fn read(mut response: Response, rows_max: usize) -> Result<Rows, Broken> {
    let mut decoder = StreamDecoder::new();
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
    let mut schema: Option<SchemaRef> = None;
    let mut is_cut = false;
    'chunks: while let Some(chunk) = response.chunk().await.map_err(Broken::Cut)? {
        bytes += chunk.len();
        if bytes > ROWS_BYTES_MAX {
            return Err(Broken::TooLong { bytes_max: ROWS_BYTES_MAX });
        }
        let mut buffer = Buffer::from(chunk);
        while !buffer.is_empty() {
            let Some(batch) = decoder.decode(&mut buffer).map_err(Broken::Rubbish)? else { continue };
            let left = rows_max - rows;
            is_cut = batch.num_rows() > left;
            let taken = if is_cut { batch.slice(0, left) } else { batch };
            rows += taken.num_rows();
            batches.push(taken);
            if is_cut {
                break 'chunks;
            }
        }
        schema = schema.or_else(|| decoder.schema());
    }
    if !is_cut {
        decoder.finish().map_err(Broken::Rubbish)?;
    }
    let schema = schema.or_else(|| decoder.schema()).unwrap_or_else(|| Arc::new(Schema::empty()));
    let batch = match batches.len() {
        1 => batches.swap_remove(0),
        _ => arrow_select::concat::concat_batches(&schema, &batches).map_err(Broken::Rubbish)?,
    };
    Ok(Rows { batch, is_cut })
}

/// Reads a whole body.
pub(super) async fn body(mut response: Response, bytes_max: usize) -> Result<Bytes, Broken> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Broken::Cut)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Broken::TooLong { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
