//! The file that is written: its bytes go to the store as they come.

use super::failed;
use crate::error::LakeError;
use crate::storage::Storage;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parking_lot::Mutex;
use parquet::errors::Result as ParquetResult;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;
use std::io::{self, Write};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

/// Parts of the file on their way at once, of 10 MiB.
const PARTS_MAX: usize = 2;
/// Bytes that are handed on at once.
const PIECE_BYTES: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Sink {
    writer: BufWriter,
    path: Path,
    size_bytes: u64,
    written: Written,
}

/// What was written and not taken yet. Clones share it: a file can be taken from while a row group is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    pub(super) fn new(storage: &Storage, path: &Path) -> Self {
        let writer = BufWriter::new(Arc::clone(&storage.store), path.clone()).with_max_concurrency(PARTS_MAX);
        Self { writer, path: path.clone(), size_bytes: 0, written: Written::default() }
    }

    /// The file, whose bytes this sink takes.
    pub(super) fn file(
        &self,
        schema: TypePtr,
        properties: WriterPropertiesPtr,
    ) -> ParquetResult<SerializedFileWriter<Written>> {
        SerializedFileWriter::new(self.written.clone(), schema, properties)
    }

    /// Takes what was written so far, where it is a piece or more.
    pub(super) async fn take(&mut self) -> Result<(), LakeError> {
        if self.written.0.lock().len() < PIECE_BYTES { Ok(()) } else { self.take_all().await }
    }

    /// Adds the footer; answers the file's size.
    pub(super) async fn finish(mut self, file: SerializedFileWriter<Written>) -> Result<u64, LakeError> {
        file.into_inner().map_err(failed(&self.path))?;
        self.take_all().await?;
        let shut = self.writer.shutdown().await;
        shut.map_err(|error| failed(&self.path)(error.into()))?;
        Ok(self.size_bytes)
    }

    async fn take_all(&mut self) -> Result<(), LakeError> {
        let bytes = std::mem::take(&mut *self.written.0.lock());
        self.size_bytes += bytes.len() as u64;
        self.writer.put(bytes.into()).await.map_err(LakeError::store("write", &self.path))
    }
}
