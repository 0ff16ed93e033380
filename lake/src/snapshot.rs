//! A table at one version: its live files with statistics, for a reader to plan by.

use crate::stats::{Bound, ColumnStats, FileStats, bounds_array};
use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::{DataType, SchemaRef};
use object_store::path::Path;
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::sync::Arc;

/// One live data file.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Path as the log has it: relative to the table, URI-encoded.
    pub(crate) log_path: Arc<str>,
    /// Where the file is, from the root of [`crate::Lake::object_store`].
    pub location: Path,
    /// Size in bytes.
    pub size_bytes: u64,
    /// When it was written, in milliseconds since the epoch.
    pub modified_ms: i64,
    /// Value of the partition column, `YYYY-MM-DD`.
    pub date: Arc<str>,
    /// Statistics.
    pub stats: FileStats,
}

impl DataFile {
    /// Rows, where they are known.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.stats.rows
    }
}

/// A table at one version. Cheap to clone behind its `Arc`; never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// Table.
    pub table: Table,
    /// Version of the table's log.
    pub version: u64,
    /// Live files, by date, then path.
    pub files: Vec<Arc<DataFile>>,
    /// Schema of the table, partition column included. Files may lack nullable columns that were added
    /// after they were written, and never hold the partition column.
    pub schema: SchemaRef,
    /// Folder of the table, from the root of [`crate::Lake::object_store`].
    pub root: Path,
}

impl Snapshot {
    /// Rows of the table, where all files have a count.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.files.iter().map(|file| file.rows()).sum()
    }

    /// Bytes of all live files.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }

    /// Statistics of all files, one array element a file, in the order of [`Self::files`].
    #[must_use]
    pub fn statistics(&self) -> FileStatistics<'_> {
        FileStatistics { files: &self.files, schema: &self.schema }
    }
}

/// Statistics of some files as Arrow arrays of one element a file: what DataFusion's
/// `PruningStatistics` asks for. A bound that is not known is null.
#[derive(Clone, Copy, Debug)]
pub struct FileStatistics<'a> {
    files: &'a [Arc<DataFile>],
    schema: &'a SchemaRef,
}

impl<'a> FileStatistics<'a> {
    /// Statistics of `files`, which belong to a table of `schema`.
    #[must_use]
    pub fn new(files: &'a [Arc<DataFile>], schema: &'a SchemaRef) -> Self {
        Self { files, schema }
    }

    /// Number of files.
    #[must_use]
    pub fn num_files(&self) -> usize {
        self.files.len()
    }

    /// Least values of a column.
    #[must_use]
    pub fn min_values(&self, column: &str) -> Option<ArrayRef> {
        self.bounds(column, |stats| stats.min.as_ref())
    }

    /// Greatest values of a column.
    #[must_use]
    pub fn max_values(&self, column: &str) -> Option<ArrayRef> {
        self.bounds(column, |stats| stats.max.as_ref())
    }

    /// Null counts of a column, as `UInt64`.
    #[must_use]
    pub fn null_counts(&self, column: &str) -> Option<ArrayRef> {
        self.schema.field_with_name(column).ok()?;
        if column == PARTITION_COLUMN {
            return Some(Arc::new(UInt64Array::from(vec![0; self.files.len()])));
        }
        let counts = self.files.iter().map(|file| file.stats.columns.get(column).and_then(|c| c.null_count));
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    /// Rows, as `UInt64`.
    #[must_use]
    pub fn row_counts(&self) -> ArrayRef {
        Arc::new(self.files.iter().map(|file| file.rows()).collect::<UInt64Array>())
    }

    fn bounds(&self, column: &str, pick: fn(&ColumnStats) -> Option<&Bound>) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(column).ok()?;
        if column == PARTITION_COLUMN {
            let dates: Vec<Bound> =
                self.files.iter().map(|file| Bound::Text(file.date.to_string())).collect();
            return bounds_array(dates.iter().map(Some), &DataType::Utf8);
        }
        let of_files = self.files.iter().map(|file| file.stats.columns.get(column).and_then(pick));
        bounds_array(of_files, field.data_type())
    }
}
