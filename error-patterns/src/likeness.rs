//! What of a canonical form near neighbours are compared by, made once an exception and compact: about 150 bytes
//! and 4 a shingle.

use crate::canonical::{Basis, Comparable, Parts};
use crate::ids::Signature;
use crate::model::Runtime;
use crate::signature::{BANDS, Minima, jaccard};

/// A canonical form made ready for near-neighbour search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// Hash of what two near neighbours must share exactly.
    pub class: u64,
    pub basis: Basis,
    pub runtime: Runtime,
    pub signature: Signature,
    /// LSH keys: near neighbours share one of them.
    pub bands: [u32; BANDS],
    /// Lower halves of the shingles' hashes, sorted, without repetition.
    pub shingles: Box<[u32]>,
}

impl Likeness {
    /// Of a canonical form.
    #[must_use]
    pub fn of(comparable: &Comparable) -> Self {
        let Comparable { class, basis, runtime, shingles, minima } = comparable;
        Self::of_minima((*class, *basis, *runtime), shingles, minima)
    }

    /// Of the parts of a canonical form, whose runtime is this one, and the hashes of its tokens.
    pub(crate) fn of_parts(parts: &Parts<'_>, runtime: Runtime, tokens: impl Iterator<Item = u64>) -> Self {
        let shingles = parts.shingles(tokens);
        Self::of_minima((parts.class(), parts.basis, runtime), &shingles, &Minima::of(&shingles))
    }

    fn of_minima((class, basis, runtime): (u64, Basis, Runtime), shingles: &[u64], minima: &Minima) -> Self {
        let mut shingles: Vec<u32> = shingles.iter().map(|shingle| *shingle as u32).collect();
        shingles.sort_unstable();
        shingles.dedup();
        let (signature, bands) = (minima.signature(), bands(minima));
        Self { class, basis, runtime, signature, bands, shingles: shingles.into_boxed_slice() }
    }

    /// The same from its smaller part, as it is kept on disk.
    #[must_use]
    pub(crate) fn of_shingles(class: u64, basis: Basis, runtime: Runtime, shingles: Box<[u32]>) -> Self {
        let minima = Minima::of(&shingles.iter().map(|shingle| u64::from(*shingle)).collect::<Vec<_>>());
        let (signature, bands) = (minima.signature(), bands(&minima));
        Self { class, basis, runtime, signature, bands, shingles }
    }

    /// Exact Jaccard similarity of the shingles, 0 to 1.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        jaccard(&self.shingles, &other.shingles)
    }
}

/// 32 bits of a key keep the patterns of one machine apart.
fn bands(minima: &Minima) -> [u32; BANDS] {
    minima.bands().map(|band| band as u32)
}
