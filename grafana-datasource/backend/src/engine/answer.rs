//! Bodies of answers, read as they come and no further than their bounds.

use crate::error::Failure;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, Schema};
use bytes::{Bytes, BytesMut};
use reqwest::Response;
use serde_json::{Map, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    let mut reader = Reader::new(rows_max);
    while let Some(chunk) = response.chunk().await.map_err(Broken::Cut)? {
        if reader.push(chunk)? {
            break;
        }
    }
    reader.finish()
}

/// Rows from pieces of a stream as they arrive.
struct Reader {
    decoder: StreamDecoder,
    batches: Vec<RecordBatch>,
    rows: usize,
    rows_max: usize,
    bytes: usize,
    is_cut: bool,
}

impl Reader {
    fn new(rows_max: usize) -> Self {
        let (decoder, batches) = (StreamDecoder::new(), Vec::new());
        Self { decoder, batches, rows: 0, rows_max, bytes: 0, is_cut: false }
    }

    /// The next batch. The library panics where lengths in a broken stream do not fit; nothing is shared with what it
    /// leaves behind, as a stream that is broken is given up.
    fn decode(&mut self, buffer: &mut Buffer) -> Result<Option<RecordBatch>, Broken> {
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decoder.decode(buffer)));
        let broken = |_| Broken::Rubbish(ArrowError::IpcError("its parts do not fit together".to_owned()));
        decoded.map_err(broken)?.map_err(Broken::Rubbish)
    }

    /// Reads a piece; true where there are rows enough.
    fn push(&mut self, piece: Bytes) -> Result<bool, Broken> {
        self.bytes += piece.len();
        if self.bytes > ROWS_BYTES_MAX {
            return Err(Broken::TooLong { bytes_max: ROWS_BYTES_MAX });
        }
        let mut buffer = Buffer::from(piece);
        while !buffer.is_empty() {
            let Some(batch) = self.decode(&mut buffer)? else { continue };
            let left = self.rows_max - self.rows;
            self.is_cut = batch.num_rows() > left;
            let taken = if self.is_cut { batch.slice(0, left) } else { batch };
            self.rows += taken.num_rows();
            self.batches.push(taken);
            if self.is_cut {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn finish(mut self) -> Result<Rows, Broken> {
        if !self.is_cut {
            self.decoder.finish().map_err(Broken::Rubbish)?;
        }
        let batch = if self.batches.len() == 1 {
            self.batches.swap_remove(0)
        } else {
            let schema = self.decoder.schema().unwrap_or_else(|| Arc::new(Schema::empty()));
            arrow_select::concat::concat_batches(&schema, &self.batches).map_err(Broken::Rubbish)?
        };
        Ok(Rows { batch, is_cut: self.is_cut })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_ipc::writer::StreamWriter;

    /// A stream of two batches of three rows.
    fn stream() -> Vec<u8> {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "", "ccc"]));
        let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn rows(pieces: &[&[u8]], rows_max: usize) -> Result<Rows, Broken> {
        let mut reader = Reader::new(rows_max);
        for piece in pieces {
            if reader.push(Bytes::copy_from_slice(piece))? {
                break;
            }
        }
        reader.finish()
    }

    #[test]
    fn pieces_make_the_same_rows_wherever_they_are_cut() {
        let stream = stream();
        for at in 0..stream.len() {
            let rows = rows(&[&stream[..at], &stream[at..]], 100).unwrap();
            assert_eq!((rows.batch.num_rows(), rows.is_cut), (6, false), "{at}");
        }
        for (rows_max, found, is_cut) in [(1, 1, true), (3, 3, true), (4, 4, true), (6, 6, false)] {
            let rows = rows(&[&stream], rows_max).unwrap();
            assert_eq!((rows.batch.num_rows(), rows.is_cut), (found, is_cut), "{rows_max}");
        }
        assert_eq!(rows(&[], 1).unwrap().batch.num_columns(), 0);
        assert_eq!(rows(&[&stream], 100).unwrap().objects().unwrap().len(), 6);
    }

    proptest::proptest! {
        /// What an engine sends may be broken in any place: it is refused, or read as something else.
        #[test]
        fn no_stream_panics(
            changes in proptest::collection::vec((0_usize..2_000, proptest::prelude::any::<u8>()), 1..6),
            end in 0_usize..4_000,
        ) {
            let mut stream = stream();
            for (at, byte) in changes {
                let at = at % stream.len();
                stream[at] = byte;
            }
            stream.truncate(end);
            if let Ok(rows) = rows(&[&stream], 100)
                && let Ok(frame) = Frame::of("", &rows.batch)
            {
                _ = frame.encode("A");
                _ = rows.objects();
            }
        }
    }
}
