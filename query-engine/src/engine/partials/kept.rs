//! The states that are kept, in memory.
//!
//! Bounds: [`QueryConfig::partials_bytes_max`](crate::QueryConfig::partials_bytes_max) for all states together, a quarter
//! of it for those of one file; what is asked for seldom goes first.

use super::sums::Sums;
use crate::metrics::Metrics;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::fmt;
use std::sync::Arc;

/// Entries that the cache makes room for at the start.
const ENTRIES_EXPECTED: usize = 10_000;
/// What an entry takes besides its rows.
const ENTRY_BYTES: u64 = 256;

#[derive(Clone)]
struct Bytes;

impl Weighter<u128, RecordBatch> for Bytes {
    fn weight(&self, _key: &u128, states: &RecordBatch) -> u64 {
        states.get_array_memory_size() as u64 + ENTRY_BYTES
    }
}

/// States by key.
pub(in crate::engine) struct Kept {
    states: Option<Cache<u128, RecordBatch, Bytes>>,
    bytes_max: u64,
    pub(super) sums: Sums,
    metrics: Metrics,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bytes_max", &self.bytes_max).finish_non_exhaustive()
    }
}

impl Kept {
    /// Nothing yet; `bytes_max` of 0 keeps nothing ever.
    pub(in crate::engine) fn new(bytes_max: usize, metrics: Metrics) -> Self {
        let bytes_max = bytes_max as u64;
        // One shard: an entry may be larger than a share of the whole.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(ENTRIES_EXPECTED)
            .weight_capacity(bytes_max)
            .shards(1)
            .build()
            .ok()
            .filter(|_| bytes_max > 0);
        let states = options.map(|options| {
            Cache::with_options(options, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
        });
        Self { states, bytes_max, sums: Sums::default(), metrics }
    }

    pub(super) fn keeps_any(&self) -> bool {
        self.states.is_some()
    }

    pub(super) fn has(&self, key: u128) -> bool {
        self.states.as_ref().is_some_and(|states| states.contains_key(&key))
    }

    /// The states under `key`, with the names of columns that the asking query has.
    pub(super) fn get(&self, key: u128, schema: &SchemaRef) -> Option<RecordBatch> {
        let found = self.states.as_ref()?.get(&key);
        let renamed =
            found.and_then(|states| RecordBatch::try_new(Arc::clone(schema), states.columns().to_vec()).ok());
        self.metrics.partials(renamed.is_some());
        renamed
    }

    pub(super) fn keep(&self, key: u128, states: RecordBatch) {
        if let Some(kept) = &self.states {
            kept.insert(key, states);
        }
    }

    /// Bytes of states of one file that are kept at most.
    pub(super) fn entry_bytes_max(&self) -> usize {
        usize::try_from(self.bytes_max / 4).unwrap_or(usize::MAX)
    }
}
