//! Sums: the states of many files, merged.
//!
//! A query takes the sum whose files are all among its own, the largest there is, and the states of the other files one by
//! one. A sum is made beside the first query, of the states of past dates, to which nothing is added any more. Where a
//! past date is compacted or dropped, the sums with its files fit no query and are forgotten.
//!
//! Bounds: [`BASES_MAX`] aggregates, [`SUMS_MAX`] sums of each; states that wait to be merged take [`FOLD_BYTES`] at most,
//! and what comes while others are being merged.

use super::kept::Kept;
use super::unit::Scan;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::{concat_batches, interleave_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::collect;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_128;

const BASES_MAX: usize = 1_024;
/// Ranges of time for which one aggregate is asked again and again.
const SUMS_MAX: usize = 4;
/// From here on states are merged before all are there.
const FOLD_BYTES: usize = 64 << 20;

/// Which sums there are. The states themselves are with the others.
#[derive(Debug, Default)]
pub(in crate::engine) struct Sums {
    known: Mutex<HashMap<u128, Known>>,
    asked: AtomicU64,
}

#[derive(Debug, Default)]
struct Known {
    last_asked: u64,
    /// The newest last.
    sums: Vec<Sum>,
}

/// A sum: the units in it, and where it is kept.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    pub(super) members: Arc<HashSet<u128>>,
    pub(super) key: u128,
}

impl Sums {
    /// The largest sum of an aggregate of which all files are among `wanted`.
    pub(super) fn best(&self, base: u128, wanted: &HashSet<u128>, kept: &Kept) -> Option<Sum> {
        let mut known = self.known.lock();
        let of_base = known.get_mut(&base)?;
        of_base.last_asked = self.asked.fetch_add(1, Ordering::Relaxed);
        of_base.sums.retain(|sum| kept.has(sum.key));
        let usable = of_base.sums.iter().filter(|sum| sum.members.is_subset(wanted));
        usable.max_by_key(|sum| sum.members.len()).cloned()
    }

    /// Adds a sum, and says the keys of those that it is instead of.
    pub(super) fn add(&self, base: u128, sum: Sum) -> Vec<u128> {
        let mut known = self.known.lock();
        let mut gone = Vec::new();
        if known.len() >= BASES_MAX && !known.contains_key(&base) {
            let oldest = known.iter().min_by_key(|(_, known)| known.last_asked).map(|(base, _)| *base);
            gone.extend(oldest.and_then(|oldest| known.remove(&oldest)).into_iter().flat_map(|of| of.sums));
        }
        let of_base = known.entry(base).or_default();
        of_base.last_asked = self.asked.fetch_add(1, Ordering::Relaxed);
        gone.extend(of_base.sums.extract_if(.., |other| other.members.is_subset(&sum.members)));
        if of_base.sums.len() >= SUMS_MAX {
            gone.push(of_base.sums.remove(0));
        }
        let key = sum.key;
        of_base.sums.push(sum);
        gone.into_iter().map(|sum| sum.key).filter(|gone| *gone != key).collect()
    }
}

/// States on their way into a sum, from all partitions of one query.
#[derive(Debug)]
pub(super) struct Gathering {
    base: u128,
    files: HashSet<u128>,
    members: HashSet<u128>,
    parts: Mutex<Parts>,
}

#[derive(Debug)]
struct Parts {
    states: Vec<RecordBatch>,
    bytes: usize,
    /// Files whose states have not come yet.
    missing: usize,
    /// A part of them is being merged.
    merging: bool,
}

/// What merging takes.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub(super) scan: Arc<Scan>,
    pub(super) kept: Arc<Kept>,
    pub(super) context: Arc<TaskContext>,
}

impl Gathering {
    /// To gather the states of `files`, and the sum that they come on top of.
    pub(super) fn new(base: u128, files: HashSet<u128>, onto: Option<(&Sum, RecordBatch)>) -> Self {
        let missing = files.len();
        let mut members = files.clone();
        let mut states = Vec::new();
        if let Some((sum, batch)) = onto {
            members.extend(sum.members.iter());
            states.push(batch);
        }
        let parts = Mutex::new(Parts { states, bytes: 0, missing, merging: false });
        Self { base, files, members, parts }
    }

    /// Adds the states of one file; the last one makes the sum, beside the query.
    pub(super) fn add(self: &Arc<Self>, file: u128, states: &RecordBatch, means: &Means) {
        if self.files.contains(&file) {
            let mut parts = self.parts.lock();
            parts.states.push(states.clone());
            parts.bytes += states.get_array_memory_size();
            parts.missing = parts.missing.saturating_sub(1);
            drop(parts);
            self.go_on(means);
        }
    }

    /// Begins to merge, if it is time.
    fn go_on(self: &Arc<Self>, means: &Means) {
        let (ready, last) = {
            let mut parts = self.parts.lock();
            let last = parts.missing == 0;
            if parts.merging || !(last || parts.bytes > FOLD_BYTES) {
                return;
            }
            parts.merging = true;
            parts.bytes = 0;
            (std::mem::take(&mut parts.states), last)
        };
        let (gathering, means) = (Arc::clone(self), means.clone());
        tokio::spawn(async move {
            match merged(&means.scan, ready, Arc::clone(&means.context)).await {
                Ok(sum) if last => gathering.finish(sum, &means.kept),
                Ok(part) => {
                    let mut parts = gathering.parts.lock();
                    parts.states.push(part);
                    parts.merging = false;
                    drop(parts);
                    gathering.go_on(&means);
                }
                Err(error) => tracing::debug!(%error, "states are not merged"),
            }
        });
    }

    fn finish(&self, sum: RecordBatch, kept: &Kept) {
        if sum.get_array_memory_size() > kept.entry_bytes_max() {
            tracing::debug!("the states of many files together are too many to keep");
            return;
        }
        let key = key_of(self.base, &self.members);
        kept.keep_sum(self.base, Sum { members: Arc::new(self.members.clone()), key }, sum);
    }
}

fn key_of(base: u128, members: &HashSet<u128>) -> u128 {
    let mut ordered: Vec<u128> = members.iter().copied().collect();
    ordered.sort_unstable();
    ordered.push(base);
    let bytes: Vec<u8> = ordered.iter().flat_map(|key| key.to_le_bytes()).collect();
    xxh3_128(&bytes)
}

async fn merged(scan: &Scan, states: Vec<RecordBatch>, context: Arc<TaskContext>) -> Result<RecordBatch> {
    let Some(schema) = states.first().map(RecordBatch::schema) else {
        return Err(DataFusionError::Internal("nothing to merge".to_owned()));
    };
    let source = MemorySourceConfig::try_new_exec(&[states], Arc::clone(&schema), None)?;
    let merged = collect(scan.merging(source)?, context).await?;
    as_one(&schema, &merged)
}

/// The batches as one, which holds no more memory than its rows need.
pub(super) fn as_one(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch> {
    let whole = concat_batches(schema, batches)?;
    if batches.len() == 1 {
        // A single one is handed on as it is, with the room that it grew into.
        let empty = RecordBatch::new_empty(Arc::clone(schema));
        let rows: Vec<(usize, usize)> = (0..whole.num_rows()).map(|row| (0, row)).collect();
        return Ok(interleave_record_batch(&[&whole, &empty], &rows)?);
    }
    Ok(whole)
}
