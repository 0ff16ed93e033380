//! The rows of one table of the lake as they come, each file once.

use super::FollowError;
use arrow::array::RecordBatch;
use lake::Lake;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use schemas::tables::Table;
use std::collections::HashSet;

/// What was read of a table.
#[derive(Debug)]
pub(super) struct FollowedTable {
    lake: Lake,
    table: Table,
    version: Option<u64>,
    seen: HashSet<Path>,
}

impl FollowedTable {
    /// Of which these files need not be read.
    pub(super) fn new(lake: Lake, table: Table, seen: HashSet<Path>) -> Self {
        Self { lake, table, version: None, seen }
    }

    /// The live files that were read.
    pub(super) fn seen(&self) -> impl Iterator<Item = &Path> {
        self.seen.iter()
    }

    /// Gives `learn` the rows of the files that are new.
    ///
    /// # Errors
    /// When the table or one of its files cannot be read; what was learned stays, the rest comes next time.
    pub(super) async fn refresh(
        &mut self,
        mut learn: impl FnMut(&RecordBatch) + Send,
    ) -> Result<(), FollowError> {
        let snapshot = self.lake.snapshot(self.table).await?;
        if self.version == Some(snapshot.version) {
            return Ok(());
        }
        for file in &snapshot.files {
            if self.seen.contains(&file.location) {
                continue;
            }
            let bytes = self.lake.object_store().get(&file.location).await?.bytes().await?;
            for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
                learn(&batch.map_err(ParquetError::from)?);
                tokio::task::yield_now().await;
            }
            self.seen.insert(file.location.clone());
        }
        let live: HashSet<&Path> = snapshot.files.iter().map(|file| &file.location).collect();
        self.seen.retain(|path| live.contains(path));
        self.version = Some(snapshot.version);
        Ok(())
    }
}
