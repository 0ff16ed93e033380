//! The signature: one bit of each of 128 minima over shingle hashes, and the LSH bands over the wide
//! minima.
//!
//! Portable arithmetic only, so every machine gives the same bits. Cost is 128 multiplications per
//! shingle; the caller bounds the number of shingles.

use crate::ids::Signature;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Minima in a signature.
pub const MINIMA: usize = 128;
/// LSH bands.
pub const BANDS: usize = 21;
/// Minima in one band.
pub const ROWS: usize = 6;

/// Per-minimum constants of the hash family, made from one fixed xorshift stream.
const LANES: ([u32; MINIMA], [u32; MINIMA]) = lanes();

const fn lanes() -> ([u32; MINIMA], [u32; MINIMA]) {
    let mut xors = [0; MINIMA];
    let mut factors = [0; MINIMA];
    let mut state: u64 = 0x2026_1201_9e37_79b9;
    let mut lane = 0;
    while lane < MINIMA {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        xors[lane] = (state >> 32) as u32;
        factors[lane] = state as u32 | 1;
        lane += 1;
    }
    (xors, factors)
}

/// The wide minima of a set of shingles.
#[derive(Clone, Debug)]
pub struct Minima([u32; MINIMA]);

impl Minima {
    /// Takes each shingle's hash once; order and repetition do not matter.
    #[must_use]
    pub fn of(shingles: &[u64]) -> Self {
        let mut minima = [u32::MAX; MINIMA];
        let (xors, factors) = &LANES;
        for &shingle in shingles {
            let low = shingle as u32;
            let high = (shingle >> 32) as u32;
            for ((minimum, xor), factor) in minima.iter_mut().zip(xors).zip(factors) {
                let mut value = (low ^ xor).wrapping_mul(*factor) ^ high;
                value = (value ^ value >> 15).wrapping_mul(0x85eb_ca6b);
                value ^= value >> 13;
                *minimum = (*minimum).min(value);
            }
        }
        Self(minima)
    }

    /// One bit of each minimum: the lowest, the upper ones of a minimum being nearly always zero.
    #[must_use]
    pub fn signature(&self) -> Signature {
        Signature(
            self.0.iter().enumerate().fold(0, |bits, (lane, minimum)| bits | u128::from(minimum & 1) << lane),
        )
    }

    /// One key per band; two sets with a key in common are candidates for each other.
    #[must_use]
    pub fn bands(&self) -> [u64; BANDS] {
        let mut keys = [0; BANDS];
        for (band, (key, rows)) in keys.iter_mut().zip(self.0.chunks_exact(ROWS)).enumerate() {
            let mut bytes = [0_u8; ROWS * 4];
            for (slot, row) in bytes.chunks_exact_mut(4).zip(rows) {
                slot.copy_from_slice(&row.to_le_bytes());
            }
            *key = xxh3_64_with_seed(&bytes, band as u64);
        }
        keys
    }
}

/// Jaccard similarity of two sorted sets without repetitions; 0 when either is empty.
#[must_use]
pub fn jaccard(left: &[u64], right: &[u64]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0_usize);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let union = left.len() + right.len() - common;
    if union == 0 { 0.0 } else { common as f64 / union as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    fn set(range: std::ops::Range<u32>) -> Vec<u64> {
        let mut set: Vec<u64> = range.map(|n| xxh3_64(&n.to_le_bytes())).collect();
        set.sort_unstable();
        set
    }

    /// The bits are stored for ever, so they must never change.
    #[test]
    fn signature_is_pinned() {
        assert_eq!(Minima::of(&set(0..40)).signature().to_string(), "546c6f1136d5f0f7c2753fc22007233f");
    }

    #[test]
    fn hamming_distance_estimates_jaccard() {
        for (overlap, jaccard_true) in
            [(0, 0.0), (100, 1.0 / 3.0), (150, 0.6), (180, 180.0 / 220.0), (200, 1.0)]
        {
            let (left, right) = (set(0..200), set(200 - overlap..400 - overlap));
            assert!((jaccard(&left, &right) - jaccard_true).abs() < 1e-9);
            let distance = Minima::of(&left).signature().hamming(Minima::of(&right).signature());
            let estimate = 1.0 - 2.0 * f64::from(distance) / MINIMA as f64;
            assert!((estimate - jaccard_true).abs() < 0.2, "{overlap}: {estimate} for {jaccard_true}");
        }
    }

    #[test]
    fn bands_meet_for_near_sets_and_not_for_far_ones() {
        let shared = |overlap: u32| {
            let (left, right) =
                (Minima::of(&set(0..200)).bands(), Minima::of(&set(200 - overlap..400 - overlap)).bands());
            left.iter().zip(&right).filter(|(a, b)| a == b).count()
        };
        assert_eq!(shared(200), BANDS);
        assert!(shared(190) > 0);
        assert_eq!(shared(0), 0);
    }
}
