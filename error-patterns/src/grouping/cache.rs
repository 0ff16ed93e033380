//! Groupings of exact repeats. Two generations: when the young one is full it becomes the old one, so
//! at most `entries_max` groupings are held and what is used stays.

use super::Grouping;
use rapidhash::RapidHashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Shards, so that threads seldom wait for one another.
const SHARDS: usize = 16;

#[derive(Debug, Default)]
struct Generations {
    young: RapidHashMap<u128, Arc<Grouping>>,
    old: RapidHashMap<u128, Arc<Grouping>>,
}

#[derive(Debug)]
pub(super) struct Cache {
    shards: [Mutex<Generations>; SHARDS],
    /// Entries of one generation of one shard; 0 turns the cache off.
    young_max: usize,
}

impl Cache {
    pub(super) fn new(entries_max: usize) -> Self {
        Self { shards: Default::default(), young_max: entries_max / (2 * SHARDS) }
    }

    fn shard(&self, key: u128) -> std::sync::MutexGuard<'_, Generations> {
        // A panic elsewhere leaves whole entries behind, so a poisoned shard is still sound.
        self.shards[(key >> 124) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: u128) -> Option<Arc<Grouping>> {
        let mut shard = self.shard(key);
        if let Some(found) = shard.young.get(&key) {
            return Some(Arc::clone(found));
        }
        let found = shard.old.remove(&key)?;
        self.put(&mut shard, key, Arc::clone(&found));
        Some(found)
    }

    pub(super) fn keep(&self, key: u128, grouping: &Arc<Grouping>) {
        let mut shard = self.shard(key);
        self.put(&mut shard, key, Arc::clone(grouping));
    }

    fn put(&self, shard: &mut Generations, key: u128, grouping: Arc<Grouping>) {
        if self.young_max == 0 {
            return;
        }
        if shard.young.len() >= self.young_max {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, grouping);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_bound_and_keeps_what_is_used() {
        let cache = Cache::new(64);
        let grouping = Arc::new(Grouping::default());
        for key in 0..10_000 {
            cache.keep(key, &grouping);
            assert!(cache.find(7).is_some() || key < 7, "the entry in use left at {key}");
        }
        let held: usize =
            cache.shards.iter().map(|shard| shard.lock().unwrap()).map(|s| s.young.len() + s.old.len()).sum();
        assert!(held <= 64, "{held} entries held");
        assert!(Cache::new(0).find(1).is_none());
    }
}
