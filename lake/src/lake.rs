//! The handle that the other parts hold: four tables behind one store.

use crate::append::{self, Appended, WriterId};
use crate::config::LakeConfig;
use crate::encode::FileFormat;
use crate::error::LakeError;
use crate::log::TableLog;
use crate::snapshot::Snapshot;
use crate::storage::Storage;
use arrow::array::RecordBatch;
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;
use schemas::tables::Table;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
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
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            let properties = table_properties(table, &config);
            let log = TableLog::open(&storage, table, &properties, config.commit_attempts_max).await?;
            tables.push(OpenTable { log, format: Arc::new(FileFormat::new(table)?) });
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
        let open = self.table(table);
        append::append(&self.inner.storage, &open.log, &open.format, writer, positions, batches).await
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
        for table in Table::ALL {
            let committed = self.committed_position(table, writer).await?;
            let root = &self.table(table).log.root;
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

    /// The store that holds the lake; [`crate::DataFile::location`] and [`Snapshot::root`] are paths in it.
    #[must_use]
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.storage.store)
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
