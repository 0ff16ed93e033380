//! Limits of the query engine. Values only: reading files and variables is the command's business.

use std::path::PathBuf;
use std::time::Duration;

/// Limits and sizes of one [`Engine`](crate::Engine). Each limit has an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryConfig {
    /// Memory that sorts, joins and aggregations of all running queries share, in bytes.
    pub memory_bytes_max: usize,
    /// Folder for spilled data; without one a query that outgrows the memory fails.
    pub spill_dir: Option<PathBuf>,
    /// Bytes that all running queries may spill.
    pub spill_bytes_max: u64,
    /// Time from the arrival of a query to the last row of its answer.
    pub timeout_ms: u64,
    /// Rows in one answer.
    pub rows_max: u64,
    /// Bytes of an answer kept back before the first is sent, so that an error still gets its own status.
    pub response_buffer_bytes: usize,
    /// Queries that run at the same time.
    pub concurrent_max: usize,
    /// Queries that wait for a place.
    pub waiting_max: usize,
    /// Longest wait for a place.
    pub wait_ms_max: u64,
    /// Bytes of a query's text.
    pub query_bytes_max: usize,
    /// Operators, joins and set operations in one query: what makes a plan deep.
    pub operators_max: usize,
    /// Tables that one query may name, each as often as it is named, those of a common table expression as often as
    /// that is.
    pub tables_max: usize,
    /// Files that one query may read from one table.
    pub files_max: usize,
    /// Bytes that the spans of one answer of the Jaeger API may take in memory.
    pub trace_bytes_max: usize,
    /// Operations (service, name, kind) known for the lists of the Jaeger API.
    pub operations_known_max: usize,
    /// Bytes of Parquet footers and page indexes kept between queries.
    pub metadata_cache_bytes: usize,
    /// Bytes of partial aggregates of files kept between queries; 0 keeps none.
    pub partials_bytes_max: usize,
    /// Folder in which they are kept over a restart; without one they are not.
    pub partials_dir: Option<PathBuf>,
    /// Bytes of partial aggregates in that folder; 0 keeps none there.
    pub partials_disk_bytes_max: u64,
    /// Bytes that the rows of a small view (what patterns are called, what was decided) may take in memory.
    pub kept_view_bytes_max: usize,
    /// Occurrences within [`Self::candidate_window`] that make a candidate an active pattern; at least 1.
    pub candidate_occurrences: u32,
    /// How long a candidate may take for that; without another occurrence for as long it is expired.
    pub candidate_window: Duration,
    /// Threads that plan and run queries, apart from those that serve the network; 0 means one per core.
    pub threads: usize,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self {
            memory_bytes_max: 1 << 30,
            spill_dir: None,
            spill_bytes_max: 10 << 30,
            timeout_ms: 60_000,
            rows_max: 1_000_000,
            response_buffer_bytes: 4 << 20,
            concurrent_max: 8,
            waiting_max: 64,
            wait_ms_max: 10_000,
            query_bytes_max: 64 << 10,
            operators_max: 500,
            tables_max: 50,
            files_max: 10_000,
            trace_bytes_max: 256 << 20,
            operations_known_max: 100_000,
            metadata_cache_bytes: 64 << 20,
            partials_bytes_max: 512 << 20,
            partials_dir: None,
            partials_disk_bytes_max: 2 << 30,
            kept_view_bytes_max: 256 << 20,
            candidate_occurrences: 3,
            candidate_window: Duration::from_secs(7 * 86_400),
            threads: 0,
        }
    }
}

impl QueryConfig {
    /// Threads to start: `threads`, or one per core.
    #[must_use]
    pub fn threads_resolved(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            set => set,
        }
    }
}
