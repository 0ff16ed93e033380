//! Known patterns: joins an event to one of them or makes a new one, and exchanges facts with other
//! processors.
//!
//! Bounded by [`StoreConfig`]; at the bound the pattern untouched for longest leaves memory. Facts may
//! come in any order and any number of times: as long as nothing left memory, the same facts give the
//! same hash-to-pattern map. Knows nothing of tables, clocks or locks: callers bring the time and wrap
//! it for threads.

use crate::canonical::{Canonical, Comparable};
use crate::grouping::Grouping;
use crate::ids::{Fingerprint, PatternId};
use crate::likeness::Likeness;
use crate::model::Phase;
use near::{Index, Probe, Slot};
use rapidhash::RapidHashMap;
use std::collections::VecDeque;

mod fact;
mod near;

pub use fact::{FactKind, PatternFact};
pub use near::{Similar, threshold};

/// Bounds of a [`PatternStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Patterns in memory, aliases included.
    pub patterns_max: usize,
    /// Hashes remembered for one pattern; later ones still join it by likeness, but are not remembered.
    pub hashes_per_pattern_max: usize,
    /// Candidates that may join, compared exactly for one event: those whose signatures are nearest.
    pub candidates_max: usize,
    /// Canonical forms longer than this are neither kept nor searched for neighbours.
    pub canonical_bytes_max: usize,
    /// Similar patterns listed with an assignment.
    pub similar_max: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            patterns_max: 200_000,
            hashes_per_pattern_max: 64,
            candidates_max: 64,
            canonical_bytes_max: 16 * 1024,
            similar_max: 5,
        }
    }
}

/// How an event met its pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Matched {
    /// This hash was known.
    Exact { hash: Fingerprint },
    /// A neighbour near enough.
    Near { similarity: f64, distance: u32, neighbour: PatternId },
    /// Nothing was: the event made the pattern.
    New,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    pub pattern_id: PatternId,
    /// This event made the pattern.
    pub new: bool,
    pub matched: Matched,
    /// Neighbours that did not join, the nearest first.
    pub similar: Vec<Similar>,
    /// Facts to publish. Already known to this store.
    pub facts: Vec<PatternFact>,
}

/// What applying a fact led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Aliases that follow from the fact and what was known: to be published, harmless to repeat.
    pub aliases: Vec<PatternFact>,
}

/// Who joined a hash to a pattern first: the earliest (time, pattern) keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    time_unix_nano: i64,
    pattern_id: PatternId,
}

#[derive(Debug, Default)]
struct Node {
    /// The pattern this one is another name of.
    alias_of: Option<PatternId>,
    /// Time of the earliest fact that made it; `None` while only links and aliases are known.
    made_unix_nano: Option<i64>,
    fingerprint: Fingerprint,
    /// Hashes whose claim may name this pattern.
    hashes: Vec<Fingerprint>,
    /// Its likeness in the index, where it was made here or the fact held its canonical form.
    slot: Option<Slot>,
    touched: bool,
}

/// The patterns that are known here.
#[derive(Debug)]
pub struct PatternStore {
    config: StoreConfig,
    nodes: RapidHashMap<PatternId, Node>,
    /// Who claims each hash.
    claims: RapidHashMap<Fingerprint, Claimants>,
    index: Index,
    /// Patterns in the order in which they will be asked to leave.
    queue: VecDeque<PatternId>,
    evicted: u64,
}

/// All that is remembered of the claims on one hash.
#[derive(Clone, Debug)]
struct Claimants {
    first: Claim,
    /// One pattern that was made with this hash; every other claimant is its alias.
    made: Option<PatternId>,
    /// Further patterns that linked it, while no pattern was made with it; nearly always empty.
    others: Vec<PatternId>,
}

/// Patterns remembered that linked one hash: as many as processors that raced for it.
const CLAIMANTS_MAX: usize = 16;

impl PatternStore {
    /// An empty store.
    #[must_use]
    pub fn new(config: StoreConfig) -> Self {
        Self {
            config,
            nodes: RapidHashMap::default(),
            claims: RapidHashMap::default(),
            index: Index::new(config.candidates_max),
            queue: VecDeque::new(),
            evicted: 0,
        }
    }

    /// Patterns in memory, aliases included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no pattern is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Patterns that left memory at the bound, since the start.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The pattern that the first known of these hashes joins. Reads only: the fast path for repeats.
    #[must_use]
    pub fn lookup(&self, hashes: &[Fingerprint]) -> Option<PatternId> {
        self.known(hashes).map(|(_, pattern_id)| pattern_id)
    }

    fn known(&self, hashes: &[Fingerprint]) -> Option<(Fingerprint, PatternId)> {
        hashes.iter().find_map(|hash| Some((*hash, self.resolve(self.claims.get(hash)?.first.pattern_id))))
    }

    /// The pattern that an id stands for: itself, or the one it is an alias of.
    #[must_use]
    pub fn resolve(&self, pattern_id: PatternId) -> PatternId {
        let mut current = pattern_id;
        // An alias always ranks behind its target, so the walk ends; the bound is for the reader.
        for _ in 0..=self.nodes.len() {
            match self.nodes.get(&current).and_then(|node| node.alias_of) {
                Some(next) => current = next,
                None => break,
            }
        }
        current
    }

    /// Joins an event to a pattern: by any known hash, else by the nearest neighbour that is near
    /// enough, else as a new pattern. `time_unix_nano` is the exception's own time.
    pub fn assign(&mut self, grouping: &Grouping, time_unix_nano: i64) -> Assignment {
        if let Some((hash, pattern_id)) = self.known(&grouping.hashes) {
            let reason = format!("shares hash {hash} with the pattern");
            let facts = self.link(pattern_id, grouping, time_unix_nano, reason).into_iter().collect();
            self.touch(pattern_id);
            return Assignment {
                pattern_id,
                new: false,
                matched: Matched::Exact { hash },
                similar: Vec::new(),
                facts,
            };
        }
        let probe = self.probe(grouping);
        let mut similar = probe.map(|probe| self.index.search(probe)).unwrap_or_default();
        if let Some(near) = similar.iter().position(|each| each.joins).map(|index| similar.remove(index)) {
            let pattern_id = self.resolve(near.pattern_id);
            let reason = format!(
                "near {}: similarity {:.2}, {} bits apart",
                near.pattern_id, near.similarity, near.distance
            );
            let facts = self.link(pattern_id, grouping, time_unix_nano, reason).into_iter().collect();
            self.touch(pattern_id);
            similar.truncate(self.config.similar_max);
            let Similar { similarity, distance, pattern_id: neighbour, .. } = near;
            let matched = Matched::Near { similarity, distance, neighbour };
            return Assignment { pattern_id, new: false, matched, similar, facts };
        }
        similar.truncate(self.config.similar_max);
        let fact = made(grouping, time_unix_nano);
        let pattern_id = fact.pattern_id;
        self.insert(&fact, probe.map(|probe| (probe.likeness.clone(), probe.phase)));
        Assignment { pattern_id, new: true, matched: Matched::New, similar, facts: vec![fact] }
    }

    /// Patterns like this one, joined or not, the nearest first, at most `similar_max`.
    #[must_use]
    pub fn similar(&self, grouping: &Grouping) -> Vec<Similar> {
        let mut similar = self.probe(grouping).map(|probe| self.index.search(probe)).unwrap_or_default();
        similar.truncate(self.config.similar_max);
        similar
    }

    fn probe<'a>(&self, grouping: &'a Grouping) -> Option<Probe<'a>> {
        (grouping.canonical.len() <= self.config.canonical_bytes_max)
            .then_some(Probe { likeness: &grouping.likeness, phase: grouping.taxonomy.phase })
    }

    /// Remembers the event's unknown hashes for a known pattern; `None` when there are none to remember.
    fn link(
        &mut self,
        pattern_id: PatternId,
        grouping: &Grouping,
        time_unix_nano: i64,
        reason: String,
    ) -> Option<PatternFact> {
        let kept = self.nodes.get(&pattern_id).map_or(0, |node| node.hashes.len());
        let room = self.config.hashes_per_pattern_max.saturating_sub(kept);
        let hashes: Vec<Fingerprint> = grouping
            .hashes
            .iter()
            .filter(|hash| !self.claims.contains_key(*hash))
            .take(room)
            .copied()
            .collect();
        if hashes.is_empty() {
            return None;
        }
        let mut fact = PatternFact::bare(FactKind::Link, pattern_id, grouping.fingerprint, time_unix_nano);
        fact.hashes = hashes;
        fact.reason = Some(reason);
        fact.strategy = grouping.strategy.to_owned();
        self.claim(&fact);
        Some(fact)
    }

    fn touch(&mut self, pattern_id: PatternId) {
        if let Some(node) = self.nodes.get_mut(&pattern_id) {
            node.touched = true;
        }
    }

    /// Takes in a fact that this or another processor wrote.
    ///
    /// Two patterns that were made for one hash, or as near neighbours, become one: the earlier by
    /// (time, id) stays, the other becomes its alias.
    pub fn apply(&mut self, fact: &PatternFact) -> Applied {
        let mut applied = Applied::default();
        match fact.kind {
            FactKind::Pattern => self.apply_made(fact, &mut applied),
            FactKind::Link => {
                self.node(fact);
                for (left, right) in self.claim(fact) {
                    self.unite(left, right, fact.time_unix_nano, &mut applied);
                }
            }
            FactKind::Alias => {
                if let Some(target) = fact.alias_of.filter(|target| *target != fact.pattern_id) {
                    self.node(fact);
                    self.node(&PatternFact::bare(FactKind::Alias, target, Fingerprint::default(), 0));
                    self.unite(fact.pattern_id, target, fact.time_unix_nano, &mut Applied::default());
                }
            }
        }
        applied
    }

    fn apply_made(&mut self, fact: &PatternFact, applied: &mut Applied) {
        let bytes_max = self.config.canonical_bytes_max;
        let phase = Phase::named(fact.taxonomy_phase.as_deref().unwrap_or_default());
        let likeness = fact
            .canonical
            .as_deref()
            .filter(|canonical| canonical.len() <= bytes_max)
            .map(|canonical| Likeness::of(&Comparable::of(&Canonical::parse(canonical))));
        let near: Vec<PatternId> = likeness
            .as_ref()
            .map(|likeness| self.index.search(Probe { likeness, phase }))
            .unwrap_or_default()
            .into_iter()
            .filter(|each| each.joins && each.pattern_id != fact.pattern_id)
            .map(|each| each.pattern_id)
            .collect();
        let shared = self.insert(fact, likeness.map(|likeness| (likeness, phase)));
        for (left, right) in shared {
            self.unite(left, right, fact.time_unix_nano, applied);
        }
        for neighbour in near {
            self.unite(fact.pattern_id, neighbour, fact.time_unix_nano, applied);
        }
    }

    /// Adds a made pattern; answers the pairs of patterns that now share a hash.
    fn insert(
        &mut self,
        fact: &PatternFact,
        likeness: Option<(Likeness, Phase)>,
    ) -> Vec<(PatternId, PatternId)> {
        self.node(fact);
        if let Some(node) = self.nodes.get_mut(&fact.pattern_id) {
            let earlier = node.made_unix_nano.is_none_or(|made| fact.time_unix_nano < made);
            if earlier {
                node.made_unix_nano = Some(fact.time_unix_nano);
                node.fingerprint = fact.fingerprint;
            }
            if let Some((likeness, phase)) = likeness
                && (earlier || node.slot.is_none())
            {
                if let Some(old) = node.slot.take() {
                    self.index.remove(old);
                }
                node.slot = Some(self.index.insert(fact.pattern_id, likeness, phase));
            }
        }
        self.reroot(fact.pattern_id);
        self.claim(fact)
    }

    /// Makes sure that a pattern has a node, and room for it.
    fn node(&mut self, fact: &PatternFact) {
        if self.nodes.contains_key(&fact.pattern_id) {
            return;
        }
        while self.nodes.len() >= self.config.patterns_max.max(1) {
            self.evict();
        }
        self.nodes.insert(fact.pattern_id, Node { fingerprint: fact.fingerprint, ..Node::default() });
        self.queue.push_back(fact.pattern_id);
    }

    /// Lets the pattern go that was untouched for longest (second chance for those touched since).
    fn evict(&mut self) {
        // Each round either clears a mark or removes a pattern, so two rounds of the queue suffice.
        for _ in 0..=2 * self.queue.len() {
            let Some(id) = self.queue.pop_front() else { break };
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            if std::mem::take(&mut node.touched) {
                self.queue.push_back(id);
                continue;
            }
            if let Some(node) = self.nodes.remove(&id) {
                for hash in &node.hashes {
                    self.claims.remove(hash);
                }
                if let Some(slot) = node.slot {
                    self.index.remove(slot);
                }
                self.evicted += 1;
            }
            return;
        }
    }

    /// Claims a fact's hashes for its pattern. Answers the pairs of patterns that must become one: those
    /// that share a hash with which one of them was made.
    fn claim(&mut self, fact: &PatternFact) -> Vec<(PatternId, PatternId)> {
        let claim = Claim { time_unix_nano: fact.time_unix_nano, pattern_id: fact.pattern_id };
        let made = (fact.kind == FactKind::Pattern).then_some(fact.pattern_id);
        let mut shared = Vec::new();
        for hash in &fact.hashes {
            let Some(claimants) = self.claims.get_mut(hash) else {
                self.claims.insert(*hash, Claimants { first: claim, made, others: Vec::new() });
                self.remember(fact.pattern_id, *hash);
                continue;
            };
            let mut rivals = vec![claim.pattern_id, claimants.first.pattern_id];
            rivals.append(&mut claimants.others);
            claimants.made = claimants.made.or(made);
            let earlier = claim < claimants.first;
            claimants.first = claimants.first.min(claim);
            if let Some(made) = claimants.made {
                shared.extend(rivals.into_iter().filter(|rival| *rival != made).map(|rival| (made, rival)));
            } else {
                let first = claimants.first.pattern_id;
                rivals.sort_unstable();
                rivals.dedup();
                claimants.others =
                    rivals.into_iter().filter(|rival| *rival != first).take(CLAIMANTS_MAX).collect();
            }
            if earlier {
                self.remember(fact.pattern_id, *hash);
            }
        }
        shared
    }

    fn remember(&mut self, pattern_id: PatternId, hash: Fingerprint) {
        if let Some(node) = self.nodes.get_mut(&pattern_id)
            && !node.hashes.contains(&hash)
        {
            node.hashes.push(hash);
        }
    }

    fn rank(&self, pattern_id: PatternId) -> (i64, PatternId) {
        let made = self.nodes.get(&pattern_id).and_then(|node| node.made_unix_nano);
        (made.unwrap_or(i64::MAX), pattern_id)
    }

    /// Makes one pattern of two: the later by (time, id) becomes an alias.
    fn unite(&mut self, left: PatternId, right: PatternId, time_unix_nano: i64, applied: &mut Applied) {
        let (left, right) = (self.resolve(left), self.resolve(right));
        if left == right {
            return;
        }
        let (winner, loser) = if self.rank(left) < self.rank(right) { (left, right) } else { (right, left) };
        let Some(node) = self.nodes.get_mut(&loser) else { return };
        node.alias_of = Some(winner);
        let mut fact = PatternFact::bare(FactKind::Alias, loser, node.fingerprint, time_unix_nano);
        fact.alias_of = Some(winner);
        fact.reason = Some(format!("made for the same hash as {winner}, or near to it, and later"));
        fact.strategy = crate::fingerprint::STRATEGY.to_owned();
        applied.aliases.push(fact);
    }

    /// Puts a pattern whose time was not known before in front of what it was an alias of, if it is earlier.
    fn reroot(&mut self, pattern_id: PatternId) {
        let root = self.resolve(pattern_id);
        if root == pattern_id || self.rank(root) < self.rank(pattern_id) {
            return;
        }
        if let Some(node) = self.nodes.get_mut(&pattern_id) {
            node.alias_of = None;
        }
        if let Some(node) = self.nodes.get_mut(&root) {
            node.alias_of = Some(pattern_id);
        }
        // Patterns between the two keep pointing towards the old root, and so reach the new one.
    }
}

/// The fact that an event made a pattern.
fn made(grouping: &Grouping, time_unix_nano: i64) -> PatternFact {
    let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    PatternFact {
        hashes: grouping.hashes.clone(),
        signature: Some(grouping.signature),
        canonical: text(&grouping.canonical),
        error_type: text(&grouping.error_type),
        canonical_msg: text(&grouping.canonical_message),
        language: grouping.language.clone(),
        taxonomy_runtime: text(grouping.taxonomy.runtime.as_str()),
        taxonomy_phase: text(grouping.taxonomy.phase.as_str()),
        taxonomy_type: text(&grouping.taxonomy.error_type),
        taxonomy_cause: text(&grouping.taxonomy.cause),
        severity: Some(grouping.severity),
        strategy: grouping.strategy.to_owned(),
        ..PatternFact::bare(
            FactKind::Pattern,
            PatternId::of(grouping.hashes.first().copied().unwrap_or(grouping.fingerprint)),
            grouping.fingerprint,
            time_unix_nano,
        )
    }
}

#[cfg(test)]
mod tests;
