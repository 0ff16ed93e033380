//! Near-neighbour search: LSH bands find candidates, the Hamming distance of the signatures filters
//! them, the exact Jaccard similarity decides.
//!
//! Bounds: a band key holds at most `candidates_max` patterns, and one search compares at most that many.

use crate::canonical::{Basis, Comparable};
use crate::ids::{PatternId, Signature};
use crate::model::{Phase, Runtime};
use crate::signature::{BANDS, MINIMA, jaccard};
use rapidhash::RapidHashMap;

/// What a pattern is compared by.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) class: u64,
    pub(super) phase: Phase,
    pub(super) basis: Basis,
    pub(super) runtime: Runtime,
    pub(super) signature: Signature,
    bands: [u64; BANDS],
    shingles: Box<[u64]>,
}

impl Entry {
    pub(super) fn of(comparable: &Comparable, phase: Phase) -> Self {
        Self {
            class: comparable.class,
            phase,
            basis: comparable.basis,
            runtime: comparable.runtime,
            signature: comparable.minima.signature(),
            bands: comparable.minima.bands(),
            shingles: comparable.shingles.clone().into_boxed_slice(),
        }
    }
}

/// A pattern near to an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similar {
    pub pattern_id: PatternId,
    /// Exact Jaccard similarity, 0 to 1.
    pub similarity: f64,
    /// Bits in which the signatures differ, 0 to 128.
    pub distance: u32,
    /// Strategy, runtime, types, phase and status codes agree and the similarity reaches the threshold.
    pub joins: bool,
}

/// Shingles of a stack so short that one frame more or less is another place: four frames give eleven.
const SHORT_STACK_SHINGLES: usize = 12;

/// The similarity from which on a neighbour joins, by runtime, by what decided, and by the shingles of the
/// shorter of the two.
///
/// Stack frames repeat whole names, so .6 of them is much; messages are short and one differing word
/// in three is another message.
#[must_use]
pub fn threshold(runtime: Runtime, basis: Basis, shingles: usize) -> f64 {
    match (basis, runtime) {
        (Basis::Application, _) if shingles < SHORT_STACK_SHINGLES => 0.8,
        // Kernel and native stacks are long and share their lower half with each other.
        (Basis::Application, Runtime::Native) => 0.65,
        (Basis::Application, _) => 0.6,
        (Basis::Library, _) => 0.75,
        // One shell command's message differs from another's in one word.
        (Basis::Message, Runtime::Shell) => 0.8,
        (Basis::Message, _) => 0.75,
    }
}

/// Similarity under which a neighbour is not even listed.
const LISTED_MIN: f64 = 0.3;

/// Bits that sets of this similarity differ in, plus three standard deviations: farther is not near.
fn distance_max(similarity: f64) -> u32 {
    let minima = MINIMA as f64;
    let p = (1.0 - similarity) / 2.0;
    3.0f64.mul_add((minima * p * (1.0 - p)).sqrt(), minima * p).ceil() as u32
}

/// The bands of all patterns in memory.
#[derive(Debug, Default)]
pub(super) struct Index {
    bands: RapidHashMap<u64, Vec<PatternId>>,
    bucket_max: usize,
}

impl Index {
    pub(super) fn new(bucket_max: usize) -> Self {
        Self { bands: RapidHashMap::default(), bucket_max }
    }

    pub(super) fn insert(&mut self, id: PatternId, entry: &Entry) {
        for &band in &entry.bands {
            let bucket = self.bands.entry(band).or_default();
            if bucket.len() < self.bucket_max && !bucket.contains(&id) {
                bucket.push(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: PatternId, entry: &Entry) {
        for band in &entry.bands {
            if let Some(bucket) = self.bands.get_mut(band) {
                bucket.retain(|each| *each != id);
                if bucket.is_empty() {
                    self.bands.remove(band);
                }
            }
        }
    }

    /// Patterns near to `probe`, the nearest first; ties go to the smaller id.
    pub(super) fn search<'a>(
        &self,
        probe: &Entry,
        entry_of: impl Fn(PatternId) -> Option<&'a Entry>,
        candidates_max: usize,
    ) -> Vec<Similar> {
        let mut candidates: Vec<PatternId> =
            probe.bands.iter().filter_map(|band| self.bands.get(band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.truncate(candidates_max);
        let reach = distance_max(LISTED_MIN);
        let mut similar: Vec<Similar> = candidates
            .into_iter()
            .filter_map(|id| Some((id, entry_of(id)?)))
            .filter_map(|(id, entry)| compare(probe, id, entry, reach))
            .collect();
        similar.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.pattern_id.cmp(&b.pattern_id)));
        similar
    }
}

fn compare(probe: &Entry, id: PatternId, entry: &Entry, reach: u32) -> Option<Similar> {
    let distance = probe.signature.hamming(entry.signature);
    if distance > reach || probe.runtime != entry.runtime {
        return None;
    }
    let similarity = jaccard(&probe.shingles, &entry.shingles);
    let shorter = probe.shingles.len().min(entry.shingles.len());
    let threshold = threshold(probe.runtime, probe.basis, shorter);
    let agrees = probe.class == entry.class && probe.phase == entry.phase;
    let joins = agrees && similarity >= threshold && distance <= distance_max(threshold);
    (similarity >= LISTED_MIN).then_some(Similar { pattern_id: id, similarity, distance, joins })
}
