//! What a table's log says at one version, in memory. Applying an entry costs what the entry holds, not
//! what the table holds.

use super::entry::{Add, Line, Metadata, Protocol, Txn};
use crate::error::LakeError;
use crate::schema;
use crate::snapshot::{DataFile, Snapshot};
use crate::stats::FileStats;
use arrow::datatypes::SchemaRef;
use object_store::path::Path;
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::collections::HashMap;
use std::sync::Arc;

/// Removed files are remembered this long, so that the vacuum spares those that readers may still use.
const TOMBSTONE_MS: i64 = 24 * 3600 * 1000;
/// Tombstones are pruned when there are this many more than after the last pruning.
const TOMBSTONES_STEP: usize = 4096;

/// State of one table.
#[derive(Debug)]
pub(crate) struct TableState {
    table: Table,
    root: Path,
    pub(crate) version: u64,
    pub(crate) metadata: Metadata,
    pub(crate) schema: SchemaRef,
    files: HashMap<Arc<str>, Arc<DataFile>>,
    tombstones: HashMap<Arc<str>, i64>,
    prune_at: usize,
    /// Positions by application id. An id that is absent was not asked for at the load and not seen since.
    positions: HashMap<String, Option<i64>>,
    snapshot: Option<Arc<Snapshot>>,
}

impl TableState {
    pub(crate) fn new(table: Table, root: Path, version: u64, metadata: Metadata) -> Result<Self, LakeError> {
        let schema = schema::from_delta(table, &metadata.schema_string)?;
        Ok(Self {
            table,
            root,
            version,
            metadata,
            schema,
            files: HashMap::new(),
            tombstones: HashMap::new(),
            prune_at: TOMBSTONES_STEP,
            positions: HashMap::new(),
            snapshot: None,
        })
    }

    /// Takes in the entry of the next version.
    pub(crate) fn apply(&mut self, version: u64, lines: Vec<Line>) -> Result<(), LakeError> {
        debug_assert_eq!(version, self.version + 1);
        for line in &lines {
            if let Some(protocol) = &line.protocol {
                check_protocol(self.table, protocol)?;
            }
            if let Some(metadata) = &line.metadata {
                self.schema = schema::from_delta(self.table, &metadata.schema_string)?;
                self.metadata = metadata.clone();
            }
        }
        for line in lines {
            if let Some(remove) = line.remove {
                self.files.remove(remove.path.as_str());
                self.tombstones.insert(remove.path.into(), remove.deletion_timestamp.unwrap_or(0));
            }
            if let Some(add) = line.add {
                self.insert(version, add)?;
            }
            if let Some(txn) = line.txn {
                self.positions.insert(txn.app_id, Some(txn.version));
            }
        }
        self.version = version;
        self.snapshot = None;
        self.prune_tombstones();
        Ok(())
    }

    /// Takes in a live file.
    pub(crate) fn insert(&mut self, version: u64, add: Add) -> Result<(), LakeError> {
        if add.deletion_vector.as_ref().is_some_and(|vector| !vector.is_null()) {
            let reason = "it adds a file with a deletion vector".to_owned();
            return Err(LakeError::Log { table: self.table.name(), version, reason });
        }
        let file = Arc::new(self.data_file(version, add)?);
        self.tombstones.remove(&file.log_path);
        self.files.insert(Arc::clone(&file.log_path), file);
        Ok(())
    }

    /// Remembers a removed file.
    pub(crate) fn bury(&mut self, path: String, removed_ms: i64) {
        if !self.files.contains_key(path.as_str()) {
            self.tombstones.insert(path.into(), removed_ms);
        }
    }

    /// Notes what the log says of an application id at this version.
    pub(crate) fn note_position(&mut self, txn: Result<Txn, String>) {
        match txn {
            Ok(txn) => self.positions.insert(txn.app_id, Some(txn.version)),
            Err(app_id) => self.positions.insert(app_id, None),
        };
    }

    /// Position of an application id; outer `None` where the log has to be read for it.
    pub(crate) fn position(&self, app_id: &str) -> Option<Option<i64>> {
        self.positions.get(app_id).copied()
    }

    /// Application ids that are known.
    pub(crate) fn app_ids(&self) -> Vec<String> {
        self.positions.keys().cloned().collect()
    }

    /// Live file by its path in the log.
    pub(crate) fn file(&self, log_path: &str) -> Option<&Arc<DataFile>> {
        self.files.get(log_path)
    }

    /// All live files, in no order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Arc<DataFile>> {
        self.files.values()
    }

    /// When a file left the table, in milliseconds since the epoch.
    pub(crate) fn removed_ms(&self, log_path: &str) -> Option<i64> {
        self.tombstones.get(log_path).copied()
    }

    /// The table at this version.
    pub(crate) fn snapshot(&mut self) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.snapshot {
            return Arc::clone(snapshot);
        }
        let mut files: Vec<_> = self.files.values().cloned().collect();
        files.sort_unstable_by(|a, b| (&a.date, &a.log_path).cmp(&(&b.date, &b.log_path)));
        let snapshot = Arc::new(Snapshot {
            table: self.table,
            version: self.version,
            files,
            schema: Arc::clone(&self.schema),
            root: self.root.clone(),
        });
        self.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// What an entry says of a file that it adds.
    pub(crate) fn data_file(&self, version: u64, add: Add) -> Result<DataFile, LakeError> {
        let bad = |reason: String| LakeError::Log { table: self.table.name(), version, reason };
        let relative = Path::from_url_path(&add.path).map_err(|error| bad(error.to_string()))?;
        let location = self.root.parts().chain(relative.parts()).collect();
        let date = add.partition_values.get(PARTITION_COLUMN).cloned().flatten().unwrap_or_default();
        let stats =
            add.stats.as_deref().map(|text| FileStats::from_json(text, &self.schema)).unwrap_or_default();
        Ok(DataFile {
            log_path: add.path.into(),
            location,
            size_bytes: u64::try_from(add.size).map_err(|error| bad(error.to_string()))?,
            modified_ms: add.modification_time,
            date: date.into(),
            stats,
        })
    }

    fn prune_tombstones(&mut self) {
        if self.tombstones.len() < self.prune_at {
            return;
        }
        let newest = self.tombstones.values().copied().max().unwrap_or(0);
        self.tombstones.retain(|_, removed_ms| *removed_ms > newest - TOMBSTONE_MS);
        self.prune_at = self.tombstones.len() + TOMBSTONES_STEP;
    }
}

/// Refuses a table that needs more than what is read and written here.
pub(crate) fn check_protocol(table: Table, protocol: &Protocol) -> Result<(), LakeError> {
    let Protocol { min_reader_version: reader, min_writer_version: writer } = *protocol;
    if reader > super::READER_VERSION || writer > super::WRITER_VERSION {
        return Err(LakeError::Protocol { table: table.name(), reader, writer });
    }
    Ok(())
}
