//! The signature: one bit of each of 128 minima over shingle hashes, and the LSH bands over the wide
//! minima.
//!
//! A shingle's value in a lane is the 16-bit multilinear hash of its two halves, `low * a + high * b` modulo
//! 2^16, with two odd constants a lane. Two multiplications, an addition and a minimum are one instruction
//! each on 8, 16 or 32 lanes, so the same loop, compiled for the vector unit that the machine has, is the
//! fast path; it is plain integer arithmetic, so every machine gives the same bits. Multilinear hashes are
//! good in their upper bits, which decide the order, and weak in their lower ones, so the stored bit is taken
//! after a mix of the whole minimum. Cost: a few processor cycles a shingle (`benches/signature.rs`); the
//! caller bounds the number of shingles.

use crate::ids::Signature;
use fearless_simd::{Level, Simd, SimdBase, SimdFrom, SimdMask, dispatch, u16x32};

/// Minima in a signature.
pub const MINIMA: usize = 128;
/// LSH bands.
pub const BANDS: usize = 21;
/// Minima in one band.
pub const ROWS: usize = 6;

/// Lanes whose minima stay in registers through all shingles: 8 registers of the smallest vector unit.
const BLOCK: usize = 64;

/// Factors of a shingle's lower and upper half in each lane; odd, from one fixed splitmix64 stream.
const FACTORS: [[i16; MINIMA]; 2] = factors();

const fn factors() -> [[i16; MINIMA]; 2] {
    let mut factors = [[0; MINIMA]; 2];
    let mut state: u64 = 0x2026_1201;
    let mut drawn = 0;
    while drawn < 2 * MINIMA {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        factors[drawn % 2][drawn / 2] = (word >> 48) as i16 | 1;
        drawn += 1;
    }
    factors
}

/// The wide minima of a set of shingles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minima([i16; MINIMA]);

impl Minima {
    /// Takes the lower 32 bits of each shingle's hash once; order and repetition do not matter.
    #[must_use]
    pub fn of(shingles: &[u64]) -> Self {
        let mut minima = [i16::MAX; MINIMA];
        let level = Level::new();
        dispatch!(level, _simd => lower(&mut minima, shingles));
        Self(minima)
    }

    /// One bit of each minimum, taken from a mix of all its bits.
    #[must_use]
    pub fn signature(&self) -> Signature {
        let level = Level::new();
        Signature(dispatch!(level, simd => bits(simd, &self.0)))
    }

    /// One key per band; two sets with a key in common are candidates for each other.
    #[must_use]
    pub fn bands(&self) -> [u64; BANDS] {
        let mut keys = [0; BANDS];
        for (band, (key, rows)) in keys.iter_mut().zip(self.0.chunks_exact(ROWS)).enumerate() {
            let pack = |rows: &[i16]| rows.iter().fold(0, |word, row| word << 16 | u64::from(*row as u16));
            let (left, right) = rows.split_at(ROWS / 2);
            let seed = (band as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *key = fold(pack(left) ^ seed, fold(pack(right) ^ seed.rotate_left(32), 0xd6e8_feb8_6659_fd93));
        }
        keys
    }
}

/// Lowers each minimum to the least value of its lane over all shingles.
#[inline(always)]
fn lower(minima: &mut [i16; MINIMA], shingles: &[u64]) {
    let [of_low, of_high] = &FACTORS;
    let blocks = minima.as_chunks_mut::<BLOCK>().0.iter_mut();
    for ((block, low_by), high_by) in
        blocks.zip(of_low.as_chunks::<BLOCK>().0).zip(of_high.as_chunks::<BLOCK>().0)
    {
        // Copies, so that the compiler keeps them in registers.
        let (mut least, low_by, high_by) = (*block, *low_by, *high_by);
        for &shingle in shingles {
            let (low, high) = (shingle as i16, (shingle >> 16) as i16);
            for lane in 0..BLOCK {
                let value = low.wrapping_mul(low_by[lane]).wrapping_add(high.wrapping_mul(high_by[lane]));
                least[lane] = least[lane].min(value);
            }
        }
        *block = least;
    }
}

/// One bit of each minimum that depends on all its bits, the first lane's lowest.
#[inline(always)]
fn bits<S: Simd>(simd: S, minima: &[i16; MINIMA]) -> u128 {
    let lanes = minima.as_chunks::<32>().0.iter().zip(FACTORS[1].as_chunks::<32>().0);
    lanes.rev().fold(0, |bits, (minima, seeds)| {
        let mixed = std::array::from_fn(|lane| (minima[lane] ^ seeds[lane]) as u16);
        let mut mixed = u16x32::simd_from(simd, mixed);
        mixed = (mixed ^ mixed >> 8) * u16x32::splat(simd, 0x88b5);
        mixed = (mixed ^ mixed >> 7) * u16x32::splat(simd, 0xdb2d);
        mixed = (mixed ^ mixed >> 9) << 15;
        bits << 32 | u128::from(mixed.simd_ge(u16x32::splat(simd, 1 << 15)).to_bitmask())
    })
}

/// Both halves of a product in one word.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

/// Jaccard similarity of two sorted sets without repetitions; 0 when either is empty.
#[must_use]
pub fn jaccard<T: Ord>(left: &[T], right: &[T]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0_usize);
    // Without branches: which side is behind cannot be foretold.
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        i += usize::from(a <= b);
        j += usize::from(b <= a);
        common += usize::from(a == b);
    }
    let union = left.len() + right.len() - common;
    if union == 0 { 0.0 } else { common as f64 / union as f64 }
}

#[cfg(test)]
mod tests;
