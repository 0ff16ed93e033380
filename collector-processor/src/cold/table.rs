//! Cold patterns that are not on disk yet.

use error_patterns::ids::PatternId;
use error_patterns::store::Frozen;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub(super) struct Table {
    patterns: Vec<Frozen>,
    places: HashMap<PatternId, u32>,
    /// The last posting of each key; each posting names the one before it.
    heads: HashMap<u32, u32>,
    postings: Vec<(u32, Option<u32>)>,
    classes: HashSet<u32>,
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

    /// Patterns under any of the keys, each once, the newest first under each key.
    pub(super) fn find(&self, keys: &[u32], most: usize) -> Vec<&Frozen> {
        let mut places = Vec::new();
        for key in keys {
            let mut next = self.heads.get(key).copied();
            while let Some(posting) = next.filter(|_| places.len() < most) {
                let (place, before) = self.postings[posting as usize];
                places.push(place);
                next = before;
            }
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &self.patterns[place as usize]).collect()
    }

    pub(super) fn patterns(&self) -> &[Frozen] {
        &self.patterns
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = u32> {
        self.classes.iter().copied()
    }

    pub(super) fn exact_keys(&self) -> impl Iterator<Item = u32> {
        let keys = self.patterns.iter().flat_map(|pattern| &pattern.keys);
        keys.filter(|key| !key.is_band()).map(|key| key.bits()).chain(self.classes())
    }
}
