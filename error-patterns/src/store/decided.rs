//! What people decided about patterns: it wins over what the store would do by itself.
//!
//! Decisions may come in any order and any number of times: the last one by (time, event id) counts. They lie over the
//! store's own aliases and change none of them, so taking one back restores what was. Bounded by [`DECISIONS_MAX`].

use crate::ids::{Fingerprint, PatternId};
use rapidhash::RapidHashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// Decisions remembered of each kind.
pub const DECISIONS_MAX: usize = 100_000;

/// One decision, or that it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The first is a name of the second from now on; of itself again with `None`.
    Merge(PatternId, Option<PatternId>),
    /// Exceptions of this fingerprint are of a pattern of their own.
    Split(Fingerprint, Option<PatternId>),
    /// Whether these two must not become one by themselves.
    Apart(PatternId, PatternId, bool),
}

/// When a decision was made; the event id orders those of one time.
pub type Moment = (i64, String);

type Last<K, V> = RapidHashMap<K, (Moment, V)>;

/// The decisions that count.
#[derive(Debug, Default)]
pub(super) struct Decided {
    merged: Last<PatternId, Option<PatternId>>,
    split: Last<Fingerprint, Option<PatternId>>,
    apart: Last<(PatternId, PatternId), bool>,
}

impl Decided {
    /// Takes a decision in; `false` where there are too many.
    pub(super) fn take(&mut self, decision: Decision, at: Moment) -> bool {
        match decision {
            Decision::Merge(pattern_id, into) => keep_last(&mut self.merged, pattern_id, at, into),
            Decision::Split(fingerprint, into) => keep_last(&mut self.split, fingerprint, at, into),
            Decision::Apart(left, right, apart) => keep_last(&mut self.apart, pair(left, right), at, apart),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.merged.is_empty() && self.split.is_empty() && self.apart.is_empty()
    }

    /// The pattern that a person merged this one into.
    pub(super) fn merged(&self, pattern_id: PatternId) -> Option<PatternId> {
        self.merged.get(&pattern_id)?.1
    }

    /// The pattern that a person made of this fingerprint.
    pub(super) fn split(&self, fingerprint: Fingerprint) -> Option<PatternId> {
        self.split.get(&fingerprint)?.1
    }

    /// Whether two patterns must not become one by themselves.
    pub(super) fn is_apart(&self, left: PatternId, right: PatternId) -> bool {
        self.apart.get(&pair(left, right)).is_some_and(|(_, apart)| *apart)
    }

    /// The pairs that must not become one by themselves.
    pub(super) fn kept_apart(&self) -> impl Iterator<Item = (PatternId, PatternId)> + '_ {
        self.apart.iter().filter(|(_, (_, apart))| *apart).map(|(pair, _)| *pair)
    }
}

fn pair(left: PatternId, right: PatternId) -> (PatternId, PatternId) {
    (left.min(right), left.max(right))
}

fn keep_last<K: Eq + Hash, V>(known: &mut Last<K, V>, key: K, at: Moment, value: V) -> bool {
    let full = known.len() >= DECISIONS_MAX;
    match known.entry(key) {
        Entry::Occupied(mut entry) => {
            if entry.get().0 < at {
                entry.insert((at, value));
            }
            true
        }
        Entry::Vacant(_) if full => false,
        Entry::Vacant(entry) => {
            entry.insert((at, value));
            true
        }
    }
}
