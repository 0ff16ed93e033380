//! What is known of repeats. Two generations: when the young one is full it becomes the old one, so
//! at most `entries_max` groupings of about `bytes_max` bytes are held and what is used stays.

use rapidhash::RapidHashMap;
use std::sync::{Mutex, PoisonError};

/// Shards, so that threads seldom wait for one another.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Generations<T> {
    /// Values and their bytes.
    young: RapidHashMap<u128, (T, usize)>,
    young_bytes: usize,
    old: RapidHashMap<u128, (T, usize)>,
}

/// At most a bounded number of values, each cheap to clone.
#[derive(Debug)]
pub(super) struct Cache<T> {
    shards: [Mutex<Generations<T>>; SHARDS],
    /// Entries of one generation of one shard; 0 turns the cache off.
    young_max: usize,
    young_bytes_max: usize,
}

impl<T: Clone> Cache<T> {
    pub(super) fn new(entries_max: usize, bytes_max: usize) -> Self {
        let empty = || {
            let (young, old) = (RapidHashMap::default(), RapidHashMap::default());
            Mutex::new(Generations { young, young_bytes: 0, old })
        };
        Self {
            shards: std::array::from_fn(|_| empty()),
            young_max: entries_max / (2 * SHARDS),
            young_bytes_max: bytes_max / (2 * SHARDS),
        }
    }

    fn shard(&self, key: u128) -> std::sync::MutexGuard<'_, Generations<T>> {
        // A panic elsewhere leaves whole entries behind, so a poisoned shard is still sound.
        self.shards[(key >> 124) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: u128) -> Option<T> {
        let mut shard = self.shard(key);
        if let Some((found, _)) = shard.young.get(&key) {
            return Some(found.clone());
        }
        let (found, bytes) = shard.old.remove(&key)?;
        self.put(&mut shard, key, found.clone(), bytes);
        Some(found)
    }

    /// Keeps a value that takes about `bytes` bytes.
    pub(super) fn keep(&self, key: u128, value: T, bytes: usize) {
        self.put(&mut self.shard(key), key, value, bytes);
    }

    fn put(&self, shard: &mut Generations<T>, key: u128, value: T, bytes: usize) {
        if self.young_max == 0 || bytes > self.young_bytes_max {
            return;
        }
        if shard.young.len() >= self.young_max || shard.young_bytes + bytes > self.young_bytes_max {
            shard.old = std::mem::take(&mut shard.young);
            shard.young_bytes = 0;
        }
        shard.young_bytes += bytes;
        if let Some((_, replaced)) = shard.young.insert(key, (value, bytes)) {
            shard.young_bytes -= replaced;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_bound_and_keeps_what_is_used() {
        for (cache, bytes) in [(Cache::new(64, usize::MAX), 1), (Cache::new(usize::MAX, 6400), 100)] {
            for key in 0..10_000 {
                cache.keep(key, (), bytes);
                assert!(cache.find(7).is_some() || key < 7, "the entry in use left at {key}");
            }
            let held: usize = cache
                .shards
                .iter()
                .map(|shard| shard.lock().unwrap())
                .map(|s| s.young.len() + s.old.len())
                .sum();
            assert!((3..=64).contains(&held), "{held} entries held");
        }
        let too_small = Cache::new(64, 3200);
        too_small.keep(1, (), 101);
        assert!(too_small.find(1).is_none());
        assert!(Cache::<()>::new(0, 1).find(1).is_none());
    }
}
