//! What single versions of a table added: for readers that want each row once, in the order of commits.

use crate::error::LakeError;
use crate::lake::Lake;
use crate::snapshot::DataFile;
use schemas::tables::Table;

impl Lake {
    /// The files in which a version of a table added rows; none where it only rewrote files, or dropped some. `None`
    /// where the version's log entry is gone, or not there yet. The files may be merged into others and deleted
    /// since.
    ///
    /// # Errors
    /// The entry cannot be read.
    pub async fn added(&self, table: Table, version: u64) -> Result<Option<Vec<DataFile>>, LakeError> {
        self.table(table).log.added(version).await
    }

    /// An id of a table that no other table has, as long as it exists.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn table_id(&self, table: Table) -> Result<String, LakeError> {
        self.table(table).log.with_state(|state| state.metadata.id.clone()).await
    }
}
