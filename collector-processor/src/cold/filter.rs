//! A blocked Bloom filter over the exact keys of cold patterns, so that new patterns seldom touch the disk.
//!
//! 5 bits of a 512-bit block a key, 12 bits of memory a key when full: about 1 in 100 is let through in vain.

use super::run::Run;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BITS_PER_KEY: usize = 12;
const KEYS_MIN: usize = 1 << 16;
const WORDS: usize = 8;

#[derive(Debug)]
pub(super) struct Filter {
    blocks: Vec<[AtomicU64; WORDS]>,
    inserted: AtomicU64,
    keys_max: usize,
}

impl Filter {
    fn new(keys_max: usize) -> Self {
        let blocks = (keys_max * BITS_PER_KEY).div_ceil(64 * WORDS);
        Self {
            blocks: std::iter::repeat_with(Default::default).take(blocks).collect(),
            inserted: AtomicU64::new(0),
            keys_max,
        }
    }

    /// With the exact keys of these runs, and room for as many again.
    pub(super) fn of_runs(runs: &[Arc<Run>]) -> io::Result<Self> {
        let keys: u64 = runs.iter().map(|run| run.exact()).sum();
        let filter = Self::new((2 * keys as usize).max(KEYS_MIN));
        for run in runs {
            run.exact_keys(|key| filter.insert(key))?;
        }
        Ok(filter)
    }

    fn place(&self, key: u32) -> (usize, u64) {
        let mixed = u64::from(key).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let block = ((u128::from(mixed) * self.blocks.len() as u128) >> 64) as usize;
        (block, mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 19)
    }

    /// Nine bits choose each of the five.
    fn bits(choice: u64) -> impl Iterator<Item = (usize, u64)> {
        (0..5).map(move |n| (choice >> (9 * n)) as usize % 512).map(|bit| (bit / 64, 1 << (bit % 64)))
    }

    pub(super) fn insert(&self, key: u32) {
        let (block, choice) = self.place(key);
        let mut new = false;
        for (word, bit) in Self::bits(choice) {
            new |= self.blocks[block][word].fetch_or(bit, Ordering::Relaxed) & bit == 0;
        }
        if new {
            self.inserted.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn may_hold(&self, key: u32) -> bool {
        let (block, choice) = self.place(key);
        Self::bits(choice).all(|(word, bit)| self.blocks[block][word].load(Ordering::Relaxed) & bit != 0)
    }

    pub(super) fn is_full(&self) -> bool {
        self.inserted.load(Ordering::Relaxed) as usize > self.keys_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_and_little_else() {
        let filter = Filter::new(100_000);
        let key = |n: u32| n.wrapping_mul(0x9e37_79b1) >> 1;
        (0..100_000).for_each(|n| filter.insert(key(n)));
        assert!((0..100_000).all(|n| filter.may_hold(key(n))));
        let wrong = (100_000..200_000).filter(|n| filter.may_hold(key(*n))).count();
        assert!(wrong < 2_500, "{wrong} of 100000 unknown keys are let through");
        assert!(!filter.is_full());
    }
}
