//! What is known of repeats. Two generations: when the young one is full it becomes the old one, so
//! at most `entries_max` groupings are held and what is used stays.

use rapidhash::RapidHashMap;
use std::sync::{Mutex, PoisonError};

/// Shards, so that threads seldom wait for one another.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Generations<T> {
    young: RapidHashMap<u128, T>,
    old: RapidHashMap<u128, T>,
}

/// At most a bounded number of values, each cheap to clone.
#[derive(Debug)]
pub(super) struct Cache<T> {
    shards: [Mutex<Generations<T>>; SHARDS],
    /// Entries of one generation of one shard; 0 turns the cache off.
    young_max: usize,
}

impl<T: Clone> Cache<T> {
    pub(super) fn new(entries_max: usize) -> Self {
        let empty =
            || Mutex::new(Generations { young: RapidHashMap::default(), old: RapidHashMap::default() });
        Self { shards: std::array::from_fn(|_| empty()), young_max: entries_max / (2 * SHARDS) }
    }

    fn shard(&self, key: u128) -> std::sync::MutexGuard<'_, Generations<T>> {
        // A panic elsewhere leaves whole entries behind, so a poisoned shard is still sound.
        self.shards[(key >> 124) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: u128) -> Option<T> {
        let mut shard = self.shard(key);
        if let Some(found) = shard.young.get(&key) {
            return Some(found.clone());
        }
        let found = shard.old.remove(&key)?;
        self.put(&mut shard, key, found.clone());
        Some(found)
    }

    pub(super) fn keep(&self, key: u128, value: T) {
        self.put(&mut self.shard(key), key, value);
    }

    fn put(&self, shard: &mut Generations<T>, key: u128, value: T) {
        if self.young_max == 0 {
            return;
        }
        if shard.young.len() >= self.young_max {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_bound_and_keeps_what_is_used() {
        let cache = Cache::new(64);
        for key in 0..10_000 {
            cache.keep(key, ());
            assert!(cache.find(7).is_some() || key < 7, "the entry in use left at {key}");
        }
        let held: usize =
            cache.shards.iter().map(|shard| shard.lock().unwrap()).map(|s| s.young.len() + s.old.len()).sum();
        assert!(held <= 64, "{held} entries held");
        assert!(Cache::<()>::new(0).find(1).is_none());
    }
}
