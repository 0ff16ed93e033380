//! The handle that the other parts hold: four tables behind one store.

use crate::append::{self, Appended, Rows, WriterId};
use crate::compaction::{self, CompactionReport, Worker};
use crate::config::{CompactionConfig, LakeConfig, MaintenanceConfig};
use crate::encode::FileFormat;
use crate::error::LakeError;
use crate::log::TableLog;
use crate::maintenance::{self, MaintenanceReport};
use crate::retention;
use crate::snapshot::{DataFile, Snapshot};
use crate::storage::Storage;
use crate::stored::StoredFile;
use crate::vacuum::{self, VacuumReport};
use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;
use schemas::tables::Table;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use url::Url;

/// An open lake. Cheap to clone; clones share what is cached.
#[derive(Clone, Debug)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    storage: Storage,
    config: LakeConfig,
    tables: Vec<OpenTable>,
}

/// One table of an open lake.
#[derive(Debug)]
pub(crate) struct OpenTable {
    pub(crate) log: TableLog,
    pub(crate) format: Arc<FileFormat>,
    /// Merges files; one for all tables.
    pub(crate) merger: Arc<Worker>,
    /// When the table was last vacuumed by this process, in milliseconds since the epoch.
    pub(crate) vacuumed_ms: AtomicI64,
}

impl Lake {
    /// Opens a lake, making tables that are absent and adding columns that older tables lack. Several
    /// processes may open one lake at once.
    ///
    /// # Errors
    /// [`LakeError::Location`] and [`LakeError::Setting`] for a wrong configuration,
    /// [`LakeError::CreateOnlyIgnored`] for a store that would lose commits, [`LakeError::Schema`] and
    /// [`LakeError::Protocol`] for tables this version cannot write.
    pub async fn open(config: LakeConfig) -> Result<Self, LakeError> {
        config.validate()?;
        let storage = Storage::open(&config).await?;
        Self::open_tables(storage, config, &Table::ALL).await
    }

    /// Opens `table` alone at the root of `store`, for the tests that simulate one. Nothing may be asked of
    /// the other tables.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub async fn open_simulated(
        store: Arc<dyn ObjectStore>,
        config: LakeConfig,
        table: Table,
    ) -> Result<Self, LakeError> {
        config.validate()?;
        Self::open_tables(Storage::simulated(store), config, &[table]).await
    }

    async fn open_tables(storage: Storage, config: LakeConfig, which: &[Table]) -> Result<Self, LakeError> {
        let mut tables = Vec::with_capacity(which.len());
        let merger = Arc::new(Worker::default());
        for table in which.iter().copied() {
            let properties = table_properties(table, &config);
            let log = TableLog::open(&storage, table, &properties, config.commit_attempts_max).await?;
            tables.push(OpenTable {
                log,
                format: Arc::new(FileFormat::new(table)?),
                merger: Arc::clone(&merger),
                vacuumed_ms: AtomicI64::new(0),
            });
        }
        Ok(Self { inner: Arc::new(Inner { storage, config, tables }) })
    }

    /// Appends the rows that a writer made of its log positions `positions`, and stores the last
    /// position with them in one commit. Repeating a range is safe: it is committed once. When this
    /// returns the rows are durable and the writer may drop its log up to the last position, once all
    /// tables have it.
    ///
    /// The columns of `batches` are found by name; all of the table's must be there, `date` included.
    /// No batches (or empty ones) move the stored position with a commit that adds no file; a caller
    /// that is sure to make the same rows in a replay may as well leave such a range out.
    ///
    /// Not safe to cancel in the sense that a cancelled append may or may not be committed: ask
    /// [`Self::committed_position`], or repeat it.
    ///
    /// # Errors
    /// [`LakeError::Rows`] and [`LakeError::Overlap`] are faults of the caller; after others
    /// ([`LakeError::is_retryable`]) the same range can be appended again.
    pub async fn append(
        &self,
        table: Table,
        writer: &WriterId,
        positions: RangeInclusive<u64>,
        batches: Vec<RecordBatch>,
    ) -> Result<Appended, LakeError> {
        self.append_rows(table, Rows { writer, positions, batches, decided_at: None }).await
    }

    /// [`Self::append`] of rows that were decided from what the table held at version `decided_at`: they
    /// become the next version or none. Who decides from what it reads, and appends so, is never overtaken
    /// unseen, by whichever process.
    ///
    /// # Errors
    /// [`LakeError::Moved`] where the table has another version by now, compactions included: nothing was
    /// committed, read and decide again. Else as [`Self::append`]; after an error of the store the rows may
    /// be committed nevertheless, which the next read tells.
    pub async fn append_at(
        &self,
        table: Table,
        writer: &WriterId,
        positions: RangeInclusive<u64>,
        batches: Vec<RecordBatch>,
        decided_at: u64,
    ) -> Result<Appended, LakeError> {
        self.append_rows(table, Rows { writer, positions, batches, decided_at: Some(decided_at) }).await
    }

    async fn append_rows(&self, table: Table, rows: Rows<'_>) -> Result<Appended, LakeError> {
        let open = self.table(table);
        append::append(&self.inner.storage, &open.log, &open.format, rows).await
    }

    /// Highest position that `writer` has committed to `table`.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn committed_position(
        &self,
        table: Table,
        writer: &WriterId,
    ) -> Result<Option<u64>, LakeError> {
        let stored = self.table(table).log.position(&writer.app_id()).await?;
        Ok(stored.and_then(|stored| u64::try_from(stored).ok()))
    }

    /// The newest version of a table. Costs one failed read where nothing changed; an unchanged table
    /// gives the same `Arc` again.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn snapshot(&self, table: Table) -> Result<Arc<Snapshot>, LakeError> {
        self.table(table).log.snapshot().await
    }

    /// Deletes data files that this writer wrote but never committed, left by a crash. To be called at
    /// start, before the first append, and only by the one process that owns the writer id. Returns how
    /// many.
    ///
    /// # Errors
    /// The table cannot be listed or a file not deleted.
    pub async fn remove_orphans(&self, writer: &WriterId) -> Result<usize, LakeError> {
        let mut removed = 0;
        for open in &self.inner.tables {
            let committed = self.committed_position(open.log.table, writer).await?;
            let root = &open.log.root;
            let listing = self.inner.storage.store.list(Some(root));
            let failed = LakeError::store("list", root);
            let files: Vec<Path> =
                listing.map_ok(|found| found.location).try_collect().await.map_err(failed)?;
            for file in files {
                let last = file.filename().and_then(|name| writer.last_position(name));
                if last.is_some_and(|last| committed.is_none_or(|committed| last > committed)) {
                    self.inner.storage.delete(&file).await?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// Merges small files of a table as [`crate::compaction`] says, until nothing is due or the
    /// configured number of merges is reached. Safe beside other compactors, writers and readers.
    ///
    /// # Errors
    /// A file cannot be read or written; what was merged before stays.
    pub async fn compact(
        &self,
        table: Table,
        config: &CompactionConfig,
        now: DateTime<Utc>,
    ) -> Result<CompactionReport, LakeError> {
        compaction::compact(self.storage(), self.table(table), config, now).await
    }

    /// Drops whole dates, so that `keep_days` dates stay, `today` included. The files stay on disk until
    /// [`Self::vacuum`]. Returns how many files left the table.
    ///
    /// # Errors
    /// The commit fails.
    pub async fn retain(&self, table: Table, keep_days: u32, today: NaiveDate) -> Result<usize, LakeError> {
        retention::retain(&self.table(table).log, keep_days, today).await
    }

    /// Deletes files of a table that are not live: those that left it `replaced_ms` ago or earlier, and
    /// those that no commit names and that were written `orphan_ms` ago or earlier.
    ///
    /// # Errors
    /// [`LakeError::Setting`] where `orphan_ms` is so short that files on their way to a commit could be
    /// deleted; the table cannot be listed or a file not deleted.
    pub async fn vacuum(
        &self,
        table: Table,
        replaced_ms: i64,
        orphan_ms: i64,
        now: DateTime<Utc>,
    ) -> Result<VacuumReport, LakeError> {
        vacuum::vacuum(self.storage(), &self.table(table).log, replaced_ms, orphan_ms, now).await
    }

    /// One round of upkeep of all tables: compaction, retention, checkpoint, expiry of the log, vacuum.
    /// To be called every few seconds by each processor; several at once are safe. A table that fails
    /// does not keep the others from their turn: its error is in the report.
    pub async fn maintain_once(&self, config: &MaintenanceConfig, now: DateTime<Utc>) -> MaintenanceReport {
        maintenance::maintain_once(self, config, now).await
    }

    /// The store that holds the lake; [`crate::DataFile::location`] and [`Snapshot::root`] are paths in it.
    #[must_use]
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.storage.store)
    }

    /// A data file for the Parquet reader, which fetches the columns it is asked for.
    #[must_use]
    pub fn stored(&self, file: &DataFile) -> StoredFile {
        StoredFile { store: self.object_store(), path: file.location.clone(), size_bytes: file.size_bytes }
    }

    /// URL of the root of [`Self::object_store`]: `file:///` or `s3://bucket/`. What a query engine
    /// registers the store under.
    #[must_use]
    pub fn store_url(&self) -> &Url {
        &self.inner.storage.store_url
    }

    /// What another engine is given to read a table: the folder's path, or `s3://bucket/prefix/table`.
    #[must_use]
    pub fn table_location(&self, table: Table) -> String {
        match &self.inner.storage.folder {
            Some(folder) => folder.join(table.name()).display().to_string(),
            None => format!("{}{}", self.inner.storage.store_url, self.table(table).log.root),
        }
    }

    /// Configuration the lake was opened with.
    #[must_use]
    pub fn config(&self) -> &LakeConfig {
        &self.inner.config
    }

    pub(crate) fn tables(&self) -> &[OpenTable] {
        &self.inner.tables
    }

    pub(crate) fn table(&self, table: Table) -> &OpenTable {
        self.inner.tables.iter().find(|open| open.log.table == table).expect("open() opens every table")
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.inner.storage
    }
}

fn table_properties(table: Table, config: &LakeConfig) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("delta.checkpointInterval".into(), config.checkpoint_interval.to_string()),
        ("delta.logRetentionDuration".into(), format!("interval {} hours", config.log_retention_hours)),
        ("delta.deletedFileRetentionDuration".into(), "interval 1 hours".into()),
        ("delta.dataSkippingStatsColumns".into(), table.stats_columns().join(",")),
    ])
}
