//! The states that are kept: in memory, and those that took work to compute on disk too.
//!
//! Bounds: [`QueryConfig::partials_bytes_max`](crate::QueryConfig::partials_bytes_max) for all states in memory together, a
//! quarter of it for those of one file; what is asked for seldom goes first. On disk: [`super::disk`].

use super::disk::{Disk, Of};
use super::sums::{Sum, Sums};
use crate::QueryConfig;
use crate::metrics::Metrics;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::fmt;
use std::sync::Arc;

/// Entries that the cache makes room for at the start.
const ENTRIES_EXPECTED: usize = 10_000;
/// States of smaller files are computed again sooner than they are read.
const DISK_FILE_BYTES_MIN: u64 = 1 << 20;
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
    disk: Option<Arc<Disk>>,
    /// Names the lake, in keys: paths of files are told from its folder on.
    pub(super) lake: String,
    metrics: Metrics,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bytes_max", &self.bytes_max).finish_non_exhaustive()
    }
}

impl Kept {
    /// What is on disk; a bound of 0 keeps nothing ever.
    pub(in crate::engine) fn new(config: &QueryConfig, lake: String, metrics: Metrics) -> Self {
        let bytes_max = config.partials_bytes_max as u64;
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
        let sums = Sums::default();
        let disk = opened(config).filter(|_| states.is_some()).map(|(disk, found)| {
            for (key, of) in found {
                if let Of::Sum { base, members } = of {
                    sums.add(base, Sum { members, key }).into_iter().for_each(|key| disk.remove(key));
                }
            }
            Arc::new(disk)
        });
        Self { states, bytes_max, sums, disk, lake, metrics }
    }

    pub(super) fn keeps_any(&self) -> bool {
        self.states.is_some()
    }

    pub(super) fn has(&self, key: u128) -> bool {
        self.states.as_ref().is_some_and(|states| states.contains_key(&key))
            || self.disk.as_ref().is_some_and(|disk| disk.has(key))
    }

    /// The states under `key`, with the names of columns that the asking query has.
    pub(super) fn get(&self, key: u128, schema: &SchemaRef) -> Option<RecordBatch> {
        let states = self.states.as_ref()?;
        let found = states.get(&key).or_else(|| {
            let read = self.disk.as_ref()?.read(key, schema)?;
            states.insert(key, read.clone());
            Some(read)
        });
        let renamed =
            found.and_then(|states| RecordBatch::try_new(Arc::clone(schema), states.columns().to_vec()).ok());
        self.metrics.partials(renamed.is_some());
        renamed
    }

    /// Keeps the states of a file of `file_bytes`.
    pub(super) fn keep(&self, key: u128, states: RecordBatch, file_bytes: u64) {
        if let Some(kept) = &self.states {
            kept.insert(key, states.clone());
        }
        if let Some(disk) = self.disk.as_ref().filter(|_| file_bytes >= DISK_FILE_BYTES_MIN) {
            disk.write(key, Of::File, states);
        }
    }

    /// Keeps the states of the files of `sum`, of the aggregate `base`.
    pub(super) fn keep_sum(&self, base: u128, sum: Sum, states: RecordBatch) {
        let Some(kept) = &self.states else { return };
        kept.insert(sum.key, states.clone());
        if let Some(disk) = &self.disk {
            disk.write(sum.key, Of::Sum { base, members: Arc::clone(&sum.members) }, states);
        }
        for key in self.sums.add(base, sum) {
            kept.remove(&key);
            self.disk.iter().for_each(|disk| disk.remove(key));
        }
    }

    /// Bytes of states of one file that are kept at most.
    pub(super) fn entry_bytes_max(&self) -> usize {
        usize::try_from(self.bytes_max / 4).unwrap_or(usize::MAX)
    }
}

fn opened(config: &QueryConfig) -> Option<(Disk, Vec<(u128, Of)>)> {
    let folder = config.partials_dir.as_ref().filter(|_| config.partials_disk_bytes_max > 0)?;
    match Disk::open(folder, config.partials_disk_bytes_max) {
        Ok(opened) => Some(opened),
        Err(error) => {
            let folder = folder.display();
            tracing::warn!(%error, %folder, "what was kept of aggregates cannot be used; the first queries read all files");
            None
        }
    }
}
