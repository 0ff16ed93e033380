//! Cold patterns that are not on disk yet.

use super::{RECORDS_MAX, rarest_first};
use error_patterns::ids::PatternId;
use error_patterns::store::Frozen;
use rapidhash::{RapidHashMap, RapidHashSet};

#[derive(Debug, Default)]
pub(super) struct Table {
    patterns: Vec<Frozen>,
    places: RapidHashMap<PatternId, u32>,
    /// The last posting of each key; each posting names the one before it.
    heads: RapidHashMap<u32, u32>,
    postings: Vec<(u32, Option<u32>)>,
    classes: RapidHashSet<u32>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Takes a pattern in, instead of its earlier version if that is here.
    pub(super) fn insert(&mut self, pattern: Frozen) {
        let next = self.patterns.len() as u32;
        let place = *self.places.entry(pattern.pattern_id).or_insert(next);
        let earlier =
            self.patterns.get(place as usize).map(|earlier| earlier.keys.as_slice()).unwrap_or_default();
        for key in pattern.keys.iter().filter(|key| !earlier.contains(key)) {
            let before = self.heads.insert(key.bits(), self.postings.len() as u32);
            self.postings.push((place, before));
        }
        self.classes.extend(pattern.class.map(|class| class.bits()));
        if place == next {
            self.patterns.push(pattern);
        } else {
            self.patterns[place as usize] = pattern;
        }
    }

    /// Patterns under any of the keys, each once.
    pub(super) fn find(&self, keys: &[u32]) -> Vec<&Frozen> {
        let under = |key: &u32| {
            let first = self.heads.get(key).map(|head| self.postings[*head as usize]);
            let newest_first = std::iter::successors(first, |(_, before)| {
                before.map(|posting| self.postings[posting as usize])
            });
            newest_first.map(|(place, _)| place).take(RECORDS_MAX).collect()
        };
        let places = rarest_first(keys.iter().map(under).collect());
        places.into_iter().map(|place| &self.patterns[place as usize]).collect()
    }

    /// Whether a pattern is under this key, or has it for its class.
    pub(super) fn holds(&self, key: u32) -> bool {
        self.heads.contains_key(&key) || self.classes.contains(&key)
    }

    pub(super) fn patterns(&self) -> &[Frozen] {
        &self.patterns
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = u32> {
        self.classes.iter().copied()
    }
}
