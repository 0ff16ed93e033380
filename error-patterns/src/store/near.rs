//! Near-neighbour search: LSH bands find candidates, the Hamming distance of the signatures orders and filters
//! them, the exact Jaccard similarity decides.
//!
//! Bounds: a band leads to at most [`BUCKET_MAX`] patterns, so one search looks at no more than
//! 21 * `BUCKET_MAX` signatures, and compares exactly at most `candidates_max` patterns that may join and
//! [`OTHERS_MAX`] others. Of a crowded bucket the smallest pattern ids stay, whatever the order they came in.

use crate::canonical::Basis;
use crate::ids::{PatternId, Signature};
use crate::likeness::Likeness;
use crate::model::{Phase, Runtime};
use crate::signature::MINIMA;
use rapidhash::RapidHashMap;

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

/// Shingles of a stack so short that one frame more or less is another place: four frames give seventeen.
const SHORT_STACK_SHINGLES: usize = 18;

/// The similarity from which on a neighbour joins, by runtime, by what decided, and by the shingles of the
/// shorter of the two.
///
/// Stack frames repeat whole names, so .6 of them is much; messages are short and one differing word
/// in three is another message. `docs/grouping.md` has the curve that these were chosen by.
#[must_use]
pub fn threshold(runtime: Runtime, basis: Basis, shingles: usize) -> f64 {
    match (basis, runtime) {
        (Basis::Application, _) if shingles < SHORT_STACK_SHINGLES => 0.8,
        // Kernel and native stacks are long and share their lower half with each other.
        (Basis::Application, Runtime::Native) => 0.65,
        (Basis::Application, _) => 0.6,
        (Basis::Library, _) => 0.65,
        // One shell command's message differs from another's in one word, as does one operation of Lua's.
        (Basis::Message, Runtime::Shell | Runtime::Lua) => 0.8,
        (Basis::Message, _) => 0.75,
    }
}

/// Similarity under which a neighbour is not even listed.
pub const LISTED_MIN: f64 = 0.3;
/// Patterns that one band leads to.
const BUCKET_MAX: usize = 64;
/// Candidates that cannot join, compared to be listed.
const OTHERS_MAX: usize = 12;

/// Bits that sets of this similarity differ in, plus three standard deviations: farther is not near.
#[must_use]
pub fn distance_max(similarity: f64) -> u32 {
    let minima = MINIMA as f64;
    let p = (1.0 - similarity) / 2.0;
    3.0f64.mul_add((minima * p * (1.0 - p)).sqrt(), minima * p).ceil() as u32
}

/// What is looked at of every candidate: one cache line.
#[derive(Clone, Copy, Debug)]
struct Sketch {
    pattern_id: PatternId,
    signature: Signature,
    class: u64,
    shingles: u32,
    phase: Phase,
    runtime: Runtime,
}

impl Sketch {
    fn of(pattern_id: PatternId, likeness: &Likeness, phase: Phase) -> Self {
        Self {
            pattern_id,
            signature: likeness.signature,
            class: likeness.class,
            shingles: u32::try_from(likeness.shingles.len()).unwrap_or(u32::MAX),
            phase,
            runtime: likeness.runtime,
        }
    }
}

/// What an event or a pattern is compared with the patterns by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe<'a> {
    pub(super) likeness: &'a Likeness,
    pub(super) phase: Phase,
}

impl Probe<'_> {
    /// Whether a pattern of this sketch could join, and how far its signature is; `None` where it is not even
    /// to be listed.
    fn promise(&self, sketch: &Sketch) -> Option<(bool, u32)> {
        let distance = self.likeness.signature.hamming(sketch.signature);
        if sketch.runtime != self.likeness.runtime || distance > distance_max(LISTED_MIN) {
            return None;
        }
        let agrees = self.likeness.class == sketch.class && self.phase == sketch.phase;
        Some((agrees && distance <= distance_max(self.threshold(sketch.shingles as usize)), distance))
    }

    fn threshold(&self, shingles: usize) -> f64 {
        threshold(self.likeness.runtime, self.likeness.basis, shingles.min(self.likeness.shingles.len()))
    }

    /// The exact comparison of a candidate.
    fn compare(
        &self,
        pattern_id: PatternId,
        other: &Likeness,
        (may_join, distance): (bool, u32),
    ) -> Option<Similar> {
        let similarity = self.likeness.similarity(other);
        let joins = may_join && similarity >= self.threshold(other.shingles.len());
        (similarity >= LISTED_MIN).then_some(Similar { pattern_id, similarity, distance, joins })
    }

    /// One pattern, from wherever it comes, as the search would judge it.
    pub(super) fn judge(&self, pattern_id: PatternId, other: &Likeness, phase: Phase) -> Option<Similar> {
        let promise = self.promise(&Sketch::of(pattern_id, other, phase))?;
        self.compare(pattern_id, other, promise)
    }
}

/// The nearest first; ties go to the smaller id.
fn sort(similar: &mut [Similar]) {
    similar.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.pattern_id.cmp(&b.pattern_id)));
}

/// Where an indexed pattern stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u32);

/// One pattern of a band, or the number of a list of several: most bands have one.
#[derive(Clone, Copy, Debug)]
enum Bucket {
    One(u32),
    Many(u32),
}

/// The likenesses of all patterns in memory, and the bands that lead to them.
#[derive(Debug, Default)]
pub(super) struct Index {
    buckets: RapidHashMap<u32, Bucket>,
    lists: Vec<Vec<u32>>,
    lists_free: Vec<u32>,
    sketches: Vec<Sketch>,
    likenesses: Vec<Likeness>,
    slots_free: Vec<u32>,
    candidates_max: usize,
}

impl Index {
    pub(super) fn new(candidates_max: usize) -> Self {
        Self { candidates_max, ..Self::default() }
    }

    pub(super) fn insert(&mut self, pattern_id: PatternId, likeness: Likeness, phase: Phase) -> Slot {
        let sketch = Sketch::of(pattern_id, &likeness, phase);
        let slot = self.slots_free.pop().unwrap_or(self.sketches.len() as u32);
        if slot as usize == self.sketches.len() {
            self.sketches.push(sketch);
            self.likenesses.push(Likeness::default());
        } else {
            self.sketches[slot as usize] = sketch;
        }
        for band in &likeness.bands {
            self.enter(*band, slot);
        }
        self.likenesses[slot as usize] = likeness;
        Slot(slot)
    }

    fn enter(&mut self, band: u32, slot: u32) {
        let sketches = &self.sketches;
        let number = match self.buckets.get(&band) {
            None => {
                self.buckets.insert(band, Bucket::One(slot));
                return;
            }
            Some(Bucket::One(other)) if *other == slot => return,
            Some(Bucket::One(other)) => {
                let list = vec![*other];
                let number = if let Some(number) = self.lists_free.pop() {
                    self.lists[number as usize] = list;
                    number
                } else {
                    self.lists.push(list);
                    self.lists.len() as u32 - 1
                };
                self.buckets.insert(band, Bucket::Many(number));
                number
            }
            Some(Bucket::Many(number)) => *number,
        };
        let list = &mut self.lists[number as usize];
        let id_of = |slot: u32| sketches[slot as usize].pattern_id;
        let at = list.partition_point(|each| id_of(*each) < id_of(slot));
        if at < BUCKET_MAX && list.get(at) != Some(&slot) {
            list.insert(at, slot);
            list.truncate(BUCKET_MAX);
        }
    }

    pub(super) fn remove(&mut self, Slot(slot): Slot) {
        let likeness = std::mem::take(&mut self.likenesses[slot as usize]);
        for band in &likeness.bands {
            match self.buckets.get(band) {
                Some(Bucket::One(only)) if *only == slot => {
                    self.buckets.remove(band);
                }
                Some(Bucket::Many(number)) => {
                    let number = *number;
                    let list = &mut self.lists[number as usize];
                    list.retain(|each| *each != slot);
                    if let [only] = list.as_slice() {
                        self.buckets.insert(*band, Bucket::One(*only));
                        self.lists[number as usize] = Vec::new();
                        self.lists_free.push(number);
                    }
                }
                _ => {}
            }
        }
        self.slots_free.push(slot);
    }

    /// What is indexed at a slot.
    pub(super) fn at(&self, Slot(slot): Slot) -> (&Likeness, Phase) {
        (&self.likenesses[slot as usize], self.sketches[slot as usize].phase)
    }

    /// Patterns near to `probe`, the nearest first.
    pub(super) fn search(&self, probe: Probe<'_>) -> Vec<Similar> {
        let mut slots: Vec<u32> = Vec::new();
        for band in &probe.likeness.bands {
            match self.buckets.get(band) {
                None => {}
                Some(Bucket::One(only)) => slots.push(*only),
                Some(Bucket::Many(number)) => slots.extend_from_slice(&self.lists[*number as usize]),
            }
        }
        slots.sort_unstable();
        slots.dedup();
        let (mut joining, mut others) = (Vec::new(), Vec::new());
        for slot in slots {
            let sketch = &self.sketches[slot as usize];
            if let Some((may_join, distance)) = probe.promise(sketch) {
                let list = if may_join { &mut joining } else { &mut others };
                list.push((distance, sketch.pattern_id, slot));
            }
        }
        let mut similar = Vec::new();
        for (mut list, may_join, most) in [(joining, true, self.candidates_max), (others, false, OTHERS_MAX)]
        {
            if list.len() > most {
                list.select_nth_unstable(most);
                list.truncate(most);
            }
            similar.extend(list.into_iter().filter_map(|(distance, pattern_id, slot)| {
                probe.compare(pattern_id, &self.likenesses[slot as usize], (may_join, distance))
            }));
        }
        sort(&mut similar);
        similar
    }

    #[cfg(test)]
    pub(super) fn patterns_in(&self, band: u32) -> Vec<PatternId> {
        let slots = match self.buckets.get(&band) {
            None => Vec::new(),
            Some(Bucket::One(only)) => vec![*only],
            Some(Bucket::Many(number)) => self.lists[*number as usize].clone(),
        };
        slots.into_iter().map(|slot| self.sketches[slot as usize].pattern_id).collect()
    }
}
