//! The lake's tables as DataFusion sees them: one snapshot of each table per query, files pruned by the table's
//! own statistics before any is opened.
//!
//! Must not know SQL text, HTTP or limits other than the number of files.

mod bloom;
mod files;
mod prune;
mod store;
mod table;

use files::TableFiles;
pub(crate) use store::LakeStores;
use store::lake_url;
pub(crate) use table::LakeTable;

use crate::error::QueryError;
use lake::{Lake, Snapshot};
use object_store::path::Path;
use parking_lot::Mutex;
use schemas::tables::Table;
use std::sync::Arc;

/// The tables of one lake, with the file list of the newest snapshot seen of each.
#[derive(Debug)]
pub(crate) struct Catalog {
    lake: Lake,
    stores: Arc<LakeStores>,
    newest: [Mutex<Option<Arc<TableFiles>>>; Table::ALL.len()],
    files_max: usize,
}

impl Catalog {
    pub(crate) fn new(lake: Lake, files_max: usize) -> Self {
        let stores = Arc::new(LakeStores::new(lake.object_store()));
        Self { lake, stores, newest: std::array::from_fn(|_| Mutex::new(None)), files_max }
    }

    /// The object stores that queries over this catalog may reach.
    pub(crate) fn stores(&self) -> Arc<LakeStores> {
        Arc::clone(&self.stores)
    }

    /// The lake that the tables are in.
    pub(crate) fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The newest snapshot of a table. Safe to cancel.
    ///
    /// # Errors
    /// [`QueryError::Lake`] where the table's log cannot be read.
    pub(crate) async fn snapshot(&self, table: Table) -> Result<Arc<Snapshot>, QueryError> {
        let snapshot = self.lake.snapshot(table).await;
        snapshot.map_err(|source| QueryError::Lake { source: Box::new(source) })
    }

    /// The newest snapshot of a table as a table provider. Safe to cancel.
    ///
    /// # Errors
    /// [`QueryError::Lake`] where the table's log cannot be read.
    pub(crate) async fn table(&self, table: Table) -> Result<LakeTable, QueryError> {
        let snapshot = self.snapshot(table).await?;
        let slot = &self.newest[slot(table)];
        let known = slot.lock().clone();
        let files = match known {
            Some(files) if files.version() == Some(snapshot.version) => files,
            known => {
                let root = lake_root(&snapshot.root);
                self.stores.root_at(&root);
                let files = Arc::new(TableFiles::new(table, &snapshot, &root, known.as_deref()));
                *slot.lock() = Some(Arc::clone(&files));
                files
            }
        };
        Ok(LakeTable::new(table, files, self.files_max))
    }

    /// The table without its files: enough to describe it.
    pub(crate) fn shape(&self, table: Table) -> LakeTable {
        let known = self.newest[slot(table)].lock().clone();
        let files = known.map_or_else(|| TableFiles::empty(table), |files| files.without_files());
        LakeTable::new(table, Arc::new(files), self.files_max)
    }
}

/// The lake's folder: that of a table without its last part.
fn lake_root(table: &Path) -> Path {
    let parts: Vec<_> = table.parts().collect();
    Path::from_iter(parts.into_iter().rev().skip(1).rev())
}

fn slot(table: Table) -> usize {
    Table::ALL.iter().position(|&other| other == table).expect("Table::ALL lists every table")
}
