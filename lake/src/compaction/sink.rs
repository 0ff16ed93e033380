//! The file that is written: its bytes go to the store as they come.

use super::failed;
use crate::error::LakeError;
use crate::storage::Storage;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

/// Parts of the file on their way at once, of 10 MiB.
const PARTS_MAX: usize = 2;

#[derive(Debug)]
pub(super) struct Sink {
    writer: BufWriter,
    path: Path,
    size_bytes: u64,
}

impl Sink {
    pub(super) fn new(storage: &Storage, path: &Path) -> Self {
        let writer = BufWriter::new(Arc::clone(&storage.store), path.clone()).with_max_concurrency(PARTS_MAX);
        Self { writer, path: path.clone(), size_bytes: 0 }
    }

    /// Takes what was written so far.
    pub(super) async fn take(&mut self, file: &mut SerializedFileWriter<Vec<u8>>) -> Result<(), LakeError> {
        file.flush().map_err(|error| failed(&self.path)(error.into()))?;
        let bytes = std::mem::take(file.inner_mut());
        self.put(bytes).await
    }

    /// Adds the footer; answers the file's size.
    pub(super) async fn finish(mut self, file: SerializedFileWriter<Vec<u8>>) -> Result<u64, LakeError> {
        let bytes = file.into_inner().map_err(failed(&self.path))?;
        self.put(bytes).await?;
        let shut = self.writer.shutdown().await;
        shut.map_err(|error| failed(&self.path)(error.into()))?;
        Ok(self.size_bytes)
    }

    async fn put(&mut self, bytes: Vec<u8>) -> Result<(), LakeError> {
        self.size_bytes += bytes.len() as u64;
        self.writer.put(bytes.into()).await.map_err(LakeError::store("write", &self.path))
    }
}
