//! What can go wrong in the lake, one enum for the crate.

use deltalake_core::DeltaTableError;

/// Why an operation on the lake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// The configured location cannot be used. Correct the configuration.
    #[error("lake location {location:?} cannot be used: {reason}")]
    Location {
        /// As configured.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value of the configuration is out of its range. Correct the configuration.
    #[error("lake setting {name} is {value}, {limit}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        limit: &'static str,
    },
    /// The object store failed. Retry later; nothing was half done.
    #[error("cannot {action} {path:?} in the lake")]
    Store {
        /// What was tried: read, write, list, delete.
        action: &'static str,
        /// Where, relative to the root of the store.
        path: String,
        /// The store's own error.
        #[source]
        source: object_store::Error,
    },
    /// The object store overwrites a file that it was asked to create only if absent, so two writers
    /// would lose each other's commits. Use a store that honours `If-None-Match: *`.
    #[error("the object store at {location:?} does not honour create-only writes (If-None-Match)")]
    CreateOnlyIgnored {
        /// As configured.
        location: String,
    },
    /// The Delta library could not read the table or write a checkpoint.
    #[error("table {table} cannot be read as a Delta table")]
    Delta {
        /// Table.
        table: &'static str,
        /// The library's own error.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A log entry could not be understood.
    #[error("version {version} of table {table} has a log entry that cannot be read: {reason}")]
    Log {
        /// Table.
        table: &'static str,
        /// Version of the entry.
        version: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Another program raised the table's protocol above what is read and written here.
    #[error("table {table} needs Delta reader {reader} and writer {writer}, at most 1 and 2 are supported")]
    Protocol {
        /// Table.
        table: &'static str,
        /// Reader version needed.
        reader: i32,
        /// Writer version needed.
        writer: i32,
    },
    /// The stored schema cannot be reconciled with the one this version writes.
    #[error("schema of table {table} does not fit: {reason}")]
    Schema {
        /// Table.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// Rows that were handed in do not fit the table. A fault of the caller; retrying does not help.
    #[error("rows for table {table} do not fit: {reason}")]
    Rows {
        /// Table.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// A part of the range of log positions is committed already, another part is not. A fault of the
    /// caller: replay must start behind [`crate::Lake::committed_position`].
    #[error("positions {first} to {last} of writer {writer} overlap {committed}, committed to table {table}")]
    Overlap {
        /// Table.
        table: &'static str,
        /// Writer.
        writer: String,
        /// First position of the range.
        first: u64,
        /// Last position of the range.
        last: u64,
        /// Position that is stored.
        committed: u64,
    },
    /// Another process has taken the writer id over. A fault of the set-up: two data folders with one id, as
    /// when a folder is copied. Nothing was committed.
    #[error("table {table} is written under the id {writer} by another process")]
    Fenced {
        /// Table.
        table: &'static str,
        /// Writer.
        writer: String,
    },
    /// A writer id or position that cannot be stored.
    #[error("writer id {writer:?} {reason}")]
    Writer {
        /// As given.
        writer: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Other writers won every attempt. Retry.
    #[error("no commit to table {table} in {attempts} attempts, other writers won each")]
    Contended {
        /// Table.
        table: &'static str,
        /// Attempts made.
        attempts: u32,
    },
    /// The table is no longer at the version that the rows were decided at. Nothing was committed: read and
    /// decide again.
    #[error("table {table} is at version {version}, the rows were decided at {decided_at}")]
    Moved {
        /// Table.
        table: &'static str,
        /// Version that the rows were decided at.
        decided_at: u64,
        /// Version of the table.
        version: u64,
    },
    /// The files that were to be replaced are no longer live: another compactor was first. The work is
    /// thrown away.
    #[error("files of table {table} were replaced by another compactor")]
    Replaced {
        /// Table.
        table: &'static str,
    },
    /// So much time passed between writing a data file and committing it that a vacuum may have
    /// deleted it. Nothing was committed; append again.
    #[error("data files of table {table} waited {waited_ms} ms for their commit, limit is {limit_ms} ms")]
    Late {
        /// Table.
        table: &'static str,
        /// Time waited.
        waited_ms: i64,
        /// Time allowed.
        limit_ms: i64,
    },
    /// A Parquet file could not be written or read.
    #[error("parquet file {path:?} failed")]
    Parquet {
        /// File, or what it was to be.
        path: String,
        /// The library's own error.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// Rows could not be sorted, merged or cast.
    #[error("rows of table {table} could not be arranged")]
    Arrange {
        /// Table.
        table: &'static str,
        /// The library's own error.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// A background task was cancelled, because the process shuts down.
    #[error("the lake's background task was cancelled")]
    Cancelled,
}

impl LakeError {
    pub(crate) fn store(
        action: &'static str,
        path: &object_store::path::Path,
    ) -> impl Fn(object_store::Error) -> Self {
        move |source| Self::Store { action, path: path.to_string(), source }
    }

    pub(crate) fn delta(table: &'static str) -> impl Fn(DeltaTableError) -> Self {
        move |source| Self::Delta { table, source: Box::new(source) }
    }

    pub(crate) fn arrange(table: &'static str) -> impl Fn(arrow::error::ArrowError) -> Self {
        move |source| Self::Arrange { table, source }
    }

    /// Whether the same call may succeed when it is made again later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Store { .. } | Self::Contended { .. } | Self::Replaced { .. } | Self::Late { .. }
        )
    }
}
