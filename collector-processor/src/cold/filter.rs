//! A blocked Bloom filter over the keys of a run, so that a look-up of what is not there seldom reads the disk.
//!
//! 5 bits of a 512-bit block a key, 8 bits of memory a key: about 1 in 35 is let through in vain.

use std::io::{self, Read, Write};

const BITS_PER_KEY: u64 = 8;
const WORDS: usize = 8;

/// One cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Block([u64; WORDS]);

#[derive(Debug)]
pub(super) struct Filter(Vec<Block>);

impl Filter {
    /// Bytes of a block, in memory and in a file.
    pub(super) const BLOCK_BYTES: u64 = 8 * WORDS as u64;

    /// With room for so many keys.
    pub(super) fn of(keys_max: u64) -> Self {
        let blocks = (keys_max * BITS_PER_KEY).div_ceil(8 * Self::BLOCK_BYTES).max(1);
        Self(vec![Block::default(); blocks as usize])
    }

    pub(super) fn blocks(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut words = self.0.iter().flat_map(|block| block.0);
        words.try_for_each(|word| out.write_all(&word.to_le_bytes()))
    }

    pub(super) fn read(input: &mut impl Read, blocks: u64) -> io::Result<Self> {
        let mut filter = Self(vec![Block::default(); blocks as usize]);
        let mut bytes = [0; 8];
        for word in filter.0.iter_mut().flat_map(|block| &mut block.0) {
            input.read_exact(&mut bytes)?;
            *word = u64::from_le_bytes(bytes);
        }
        Ok(filter)
    }

    /// Its block and where five bits of it are chosen. Keys are hashes, and come sorted where a run is written:
    /// so do their blocks, first those of exact keys, then those of bands.
    fn place(&self, key: u32) -> (usize, u64) {
        let block = (u64::from(key << 1) * self.0.len() as u64) >> 32;
        let mixed = u64::from(key).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (block as usize, mixed >> 19)
    }

    /// Nine bits choose each of the five.
    fn bits(choice: u64) -> impl Iterator<Item = (usize, u64)> {
        (0..5).map(move |n| (choice >> (9 * n)) as usize % 512).map(|bit| (bit / 64, 1 << (bit % 64)))
    }

    pub(super) fn insert(&mut self, key: u32) {
        let (block, choice) = self.place(key);
        if let Some(Block(words)) = self.0.get_mut(block) {
            Self::bits(choice).for_each(|(word, bit)| words[word] |= bit);
        }
    }

    pub(super) fn may_hold(&self, key: u32) -> bool {
        let (block, choice) = self.place(key);
        // Without branches on single bits: the next look-up need not wait until this block came from memory.
        let missing = |block: &Block| {
            Self::bits(choice).fold(0, |missing, (word, bit)| missing | (!block.0[word] & bit))
        };
        self.0.get(block).is_some_and(|block| missing(block) == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_and_little_else() {
        let mut filter = Filter::of(100_000);
        let key = |n: u32| n.wrapping_mul(0x9e37_79b1);
        (0..100_000).for_each(|n| filter.insert(key(n)));
        let mut bytes = Vec::new();
        filter.write(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, filter.blocks() * Filter::BLOCK_BYTES);
        let filter = Filter::read(&mut bytes.as_slice(), filter.blocks()).unwrap();
        assert!((0..100_000).all(|n| filter.may_hold(key(n))));
        let wrong = (100_000..200_000).filter(|n| filter.may_hold(key(*n))).count();
        assert!(wrong < 4_000, "{wrong} of 100000 unknown keys are let through");
    }
}
