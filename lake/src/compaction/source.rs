//! A file that is read, and parts of its bytes.

use super::failed;
use crate::error::LakeError;
use crate::snapshot::DataFile;
use crate::storage::Storage;
use crate::stored::StoredFile;
use bytes::{Buf, Bytes};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
};
use parquet::file::reader::{ChunkReader, Length};
use std::ops::Range;
use std::sync::Arc;

/// Bytes fetched from the end at first: a footer with its page index.
const FOOTER_BYTES: usize = 64 * 1024;

/// A file with its footer.
#[derive(Debug)]
pub(super) struct Source {
    stored: StoredFile,
    pub(super) metadata: Arc<ParquetMetaData>,
}

impl Source {
    pub(super) async fn open(storage: &Storage, file: &DataFile) -> Result<Self, LakeError> {
        let (store, path) = (Arc::clone(&storage.store), file.location.clone());
        let mut stored = StoredFile { store, path, size_bytes: file.size_bytes };
        // Whole, so that copies say the same.
        let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
        let reader = ParquetMetaDataReader::new()
            .with_metadata_options(Some(options))
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_prefetch_hint(Some(FOOTER_BYTES));
        let metadata = reader.load_and_finish(&mut stored, file.size_bytes).await;
        let metadata = Arc::new(metadata.map_err(failed(&file.location))?);
        Ok(Self { stored, metadata })
    }

    /// Parts of the file, in the order asked for.
    pub(super) async fn fetch_all(&mut self, ranges: Vec<Range<u64>>) -> Result<Vec<Segment>, LakeError> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let starts: Vec<u64> = ranges.iter().map(|range| range.start).collect();
        let parts = self.stored.get_byte_ranges(ranges).await.map_err(failed(&self.stored.path))?;
        Ok(starts.into_iter().zip(parts).map(|(start, bytes)| Segment { start, bytes }).collect())
    }

    pub(super) async fn fetch(&mut self, range: Range<u64>) -> Result<Segment, LakeError> {
        let start = range.start;
        let bytes = self.stored.get_bytes(range).await.map_err(failed(&self.stored.path))?;
        Ok(Segment { start, bytes })
    }
}

/// A part of a file's bytes; readers ask for places in the file.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    start: u64,
    bytes: Bytes,
}

impl Segment {
    pub(super) fn contains(&self, byte: u64) -> bool {
        (self.start..self.start + self.bytes.len() as u64).contains(&byte)
    }

    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let at = start.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        match at.filter(|at| *at <= self.bytes.len()) {
            Some(at) => Ok(self.bytes.slice(at..)),
            None => Err(ParquetError::EOF(format!("byte {start} is not among those that were read"))),
        }
    }
}

impl Length for Segment {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Segment {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let bytes = self.from(start)?;
        if bytes.len() < length {
            let end = start + bytes.len() as u64;
            return Err(ParquetError::EOF(format!("byte {end} is not among those that were read")));
        }
        Ok(bytes.slice(..length))
    }
}
