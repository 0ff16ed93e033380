//! Pattern facts of other processors (and of earlier runs), and what people decided about patterns, out of the lake.
//!
//! What was learned is put among the cold patterns now and then, with the names of the files it came from, so
//! that the next start reads only what came since. Bounds: one file is read at a time; file names seen are
//! forgotten with the files.

mod decisions;
mod table;

use crate::cold::ColdStore;
use crate::pipeline::{PatternRow, Pipeline};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use decisions::Decisions;
use lake::{Lake, LakeError};
use object_store::path::Path;
use parquet::errors::ParquetError;
use schemas::tables::Table;
use std::sync::Arc;
use std::time::Duration;
use table::FollowedTable;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Time between two checkpoints of the cold patterns.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(300);
/// Patterns put among the cold ones with the store locked.
const FREEZE_BATCH: usize = 256;
/// Of them, how many before they are written: a quarter of what the cold patterns keep in memory until then.
const FREEZES_PER_FLUSH: usize = 16;

/// Why the facts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The table cannot be read; try again later.
    #[error("cannot read the tables of patterns")]
    Table(#[from] LakeError),
    /// A file cannot be read; it may have been compacted away just now, try again.
    #[error("cannot fetch a file of the tables of patterns")]
    Fetch(#[from] object_store::Error),
    /// A file is not what it should be.
    #[error("cannot read a file of the tables of patterns")]
    File(#[from] ParquetError),
}

/// Follows the `patterns` table, and `pattern_events`.
#[derive(Debug)]
pub(crate) struct Follower {
    pipeline: Arc<Pipeline>,
    cold: Option<Arc<ColdStore>>,
    facts: FollowedTable,
    decisions: Decisions,
}

impl Follower {
    /// Has read what the cold patterns were made of.
    #[must_use]
    pub(crate) fn new(lake: Lake, pipeline: Arc<Pipeline>, cold: Option<Arc<ColdStore>>) -> Self {
        let applied = cold.as_ref().map(|cold| cold.applied()).unwrap_or_default();
        let seen = applied.iter().filter_map(|name| Path::parse(name).ok()).collect();
        let decisions = Decisions::new(lake.clone(), Arc::clone(&pipeline));
        Self { pipeline, cold, facts: FollowedTable::new(lake, Table::Patterns, seen), decisions }
    }

    /// Learns what is new.
    ///
    /// # Errors
    /// When a table or one of its files cannot be read; what was learned stays, the rest comes next time.
    pub(crate) async fn refresh(&mut self) -> Result<(), FollowError> {
        // First: what is kept apart must not become one by the facts.
        self.decisions.refresh().await?;
        let pipeline = &self.pipeline;
        let learn = |batch: &RecordBatch| {
            (0..batch.num_rows()).for_each(|row| pipeline.learn(&pattern_row(batch, row)));
        };
        self.facts.refresh(learn).await
    }

    /// Refreshes for ever.
    pub(crate) async fn run(this: Arc<Mutex<Self>>, interval: Duration) {
        let mut checkpoint = Instant::now() + CHECKPOINT_INTERVAL;
        loop {
            tokio::time::sleep(interval).await;
            let mut follower = this.lock().await;
            if let Err(error) = follower.refresh().await {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "pattern facts are not up to date");
            }
            if Instant::now() >= checkpoint {
                follower.checkpoint().await;
                checkpoint = Instant::now() + CHECKPOINT_INTERVAL;
            }
        }
    }

    /// Writes all that was learned to the cold patterns, so that the next start need not read it again.
    pub(crate) async fn checkpoint(&self) {
        let Some(cold) = self.cold.clone() else { return };
        // Taken first: what comes from other files meanwhile does no harm.
        let applied = self.facts.seen().map(ToString::to_string).collect();
        let pipeline = Arc::clone(&self.pipeline);
        let written = tokio::task::spawn_blocking(move || {
            let mut left = usize::MAX;
            while left > 0 {
                for _ in 0..FREEZES_PER_FLUSH {
                    left = pipeline.freeze_changed(FREEZE_BATCH);
                }
                cold.flush()?;
            }
            cold.checkpoint(applied)
        });
        let error = match written.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(error) => std::io::Error::other(error),
        };
        tracing::warn!(%error, "cold patterns cannot be written; the next start reads them from the lake");
    }
}

fn pattern_row(batch: &RecordBatch, row: usize) -> PatternRow {
    let text = |name: &str| {
        let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        column.filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned())
    };
    let some = |name: &str| text(name).unwrap_or_default();
    let time = batch.column_by_name("time_unix_nano").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let severity = batch.column_by_name("severity").and_then(|c| c.as_primitive_opt::<Int32Type>());
    let hashes =
        batch.column_by_name("hashes").and_then(|c| c.as_list_opt::<i32>()).filter(|c| c.is_valid(row));
    let hashes = hashes.map(|list| list.value(row));
    let hashes = hashes.as_ref().and_then(|values| values.as_string_opt::<i32>());
    PatternRow {
        time_unix_nano: time.map_or(0, |t| u64::try_from(t.value(row)).unwrap_or(0)),
        fact: some("fact"),
        pattern_id: some("pattern_id"),
        fingerprint: some("fingerprint"),
        hashes: hashes.map(|h| h.iter().flatten().map(str::to_owned).collect()).unwrap_or_default(),
        alias_of: text("alias_of"),
        signature: some("signature"),
        canonical: some("canonical"),
        error_type: some("error_type"),
        canonical_msg: some("canonical_msg"),
        language: some("language"),
        taxonomy_runtime: some("taxonomy_runtime"),
        taxonomy_phase: some("taxonomy_phase"),
        taxonomy_type: some("taxonomy_type"),
        taxonomy_cause: some("taxonomy_cause"),
        severity: severity.filter(|s| s.is_valid(row)).map_or(0, |s| s.value(row)),
        reason: some("reason"),
        strategy: some("strategy"),
        sample_trace: some("sample_trace"),
        service_name: some("service_name"),
    }
}
