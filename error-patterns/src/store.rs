//! Known patterns: joins an event to one of them or makes a new one, and exchanges facts with other
//! processors.
//!
//! Bounded by [`StoreConfig`]; at the bound the pattern untouched for longest leaves memory for
//! [`ColdPatterns`], if there are any, and comes back when an event or a fact has to do with it. Facts may
//! come in any order and any number of times: as long as nothing is forgotten, the same facts give the
//! same hash-to-pattern map. Knows nothing of tables, clocks or locks: callers bring the time and wrap
//! it for threads. Who must not wait for a disk with the store locked fetches first ([`PatternStore::wanted`]).

use crate::canonical::{Canonical, Comparable};
use crate::grouping::Grouping;
use crate::ids::{Fingerprint, PatternId};
use crate::likeness::Likeness;
use crate::model::Phase;
use cold::Thawed;
use decided::Decided;
use near::{Index, Probe, Slot};
use rapidhash::RapidHashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

mod cold;
mod decided;
mod fact;
mod near;

pub use cold::{ColdKey, ColdPatterns, Found, Frozen, Wanted};
pub use decided::{DECISIONS_MAX, Decision, Moment};
pub use fact::{FactKind, PatternFact};
pub use near::{LISTED_MIN, Similar, distance_max, threshold};

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
    /// Asked for since it was last considered for leaving.
    touched: AtomicBool,
    /// Not as it was last put among the cold patterns.
    changed: bool,
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
    cold: Option<Arc<dyn ColdPatterns>>,
    /// Patterns that changed since they were last put among the cold ones, each once; kept only where there are any.
    changed: Vec<PatternId>,
    decided: Decided,
}

/// All that is remembered of the claims on one hash.
#[derive(Clone, Debug, PartialEq)]
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
            cold: None,
            changed: Vec::new(),
            decided: Decided::default(),
        }
    }

    /// An empty store whose patterns leave memory for `cold`, and may be there already.
    #[must_use]
    pub fn with_cold(config: StoreConfig, cold: Arc<dyn ColdPatterns>) -> Self {
        Self { cold: Some(cold), ..Self::new(config) }
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
        hashes.iter().find_map(|hash| {
            let pattern_id = self.resolve(self.claims.get(hash)?.first.pattern_id);
            match self.nodes.get(&pattern_id) {
                Some(node) if !node.touched.load(Ordering::Relaxed) => {
                    node.touched.store(true, Ordering::Relaxed);
                }
                Some(_) => {}
                // Known to be an alias of a pattern that is cold, and maybe an alias itself by now.
                None if self.cold.is_some() => return None,
                None => {}
            }
            Some((*hash, pattern_id))
        })
    }

    /// Takes in what a person decided; `false` where [`DECISIONS_MAX`] decisions of the kind are known.
    pub fn decide(&mut self, decision: Decision, at: Moment) -> bool {
        self.decided.take(decision, at)
    }

    /// [`Self::lookup`] by what people decided.
    #[must_use]
    pub fn find(&self, grouping: &Grouping) -> Option<PatternId> {
        let (hash, pattern_id) = self.known(&grouping.hashes)?;
        if self.decided.is_empty() {
            return Some(pattern_id);
        }
        let claimed = self.claims.get(&hash).map_or(pattern_id, |claimants| claimants.first.pattern_id);
        Some(self.stands_for(grouping.fingerprint, claimed))
    }

    /// The pattern of an exception that has this fingerprint and would by itself be of this pattern.
    fn stands_for(&self, fingerprint: Fingerprint, pattern_id: PatternId) -> PatternId {
        let mut path = vec![self.decided.split(fingerprint).unwrap_or(pattern_id)];
        loop {
            let current = path[path.len() - 1];
            let Some(next) = self.decided.merged(current).or_else(|| self.alias(current)) else {
                return current;
            };
            // A circle of people's and own merges: the same end from wherever it is entered.
            if let Some(start) = path.iter().position(|id| *id == next) {
                return path[start..].iter().copied().min().unwrap_or(current);
            }
            path.push(next);
        }
    }

    /// What a pattern is an alias of, unless people decided otherwise.
    fn alias(&self, pattern_id: PatternId) -> Option<PatternId> {
        let next = self.nodes.get(&pattern_id)?.alias_of?;
        let refused =
            self.decided.is_apart(pattern_id, next) || self.decided.merged(next) == Some(pattern_id);
        (!refused).then_some(next)
    }

    /// The pattern that an id stands for: itself, or the one it is an alias of. Of what people decided, only that two
    /// patterns are kept apart counts here.
    #[must_use]
    pub fn resolve(&self, pattern_id: PatternId) -> PatternId {
        let mut current = pattern_id;
        // An alias always ranks behind its target, so the walk ends; the bound is for the reader.
        for _ in 0..=self.nodes.len() {
            match self.nodes.get(&current).and_then(|node| node.alias_of) {
                Some(next) if !self.decided.is_apart(current, next) => current = next,
                _ => break,
            }
        }
        current
    }

    /// Joins an event to a pattern: by any known hash, else by the nearest neighbour that is near
    /// enough, else as a new pattern. `time_unix_nano` is the exception's own time.
    pub fn assign(&mut self, grouping: &Grouping, time_unix_nano: i64) -> Assignment {
        let found = self.wanted(grouping).map(|wanted| wanted.fetch()).unwrap_or_default();
        self.assign_found(grouping, time_unix_nano, found)
    }

    /// What to look for among the cold patterns before the event is assigned; `None` where it needs none.
    #[must_use]
    pub fn wanted(&self, grouping: &Grouping) -> Option<Wanted> {
        let cold = Arc::clone(self.cold.as_ref()?);
        // A hash that is not in memory may be a cold pattern's, and is none to link then.
        let is_claimed = |hash: &Fingerprint| self.claims.contains_key(hash);
        if self.known(&grouping.hashes).is_some() && grouping.hashes.iter().all(is_claimed) {
            return None;
        }
        // An alias in memory may name a pattern that is cold.
        let claimed = grouping.hashes.iter().filter_map(|hash| self.claims.get(hash));
        let patterns = claimed.map(|claimants| self.resolve(claimants.first.pattern_id)).collect();
        let near = self.probe(grouping).map(|probe| (probe.likeness.clone(), probe.phase));
        Some(Wanted { cold, patterns, hashes: grouping.hashes.clone(), near, all_near: false })
    }

    /// [`Self::assign`] with what was [`Self::wanted`] and found a moment ago.
    pub fn assign_found(&mut self, grouping: &Grouping, time_unix_nano: i64, found: Found) -> Assignment {
        let mut applied = Applied::default();
        if let Some(wanted) = self.wanted(grouping) {
            self.admit(wanted.fetch_recent(), &mut applied);
            self.admit(found, &mut applied);
            for hash in &grouping.hashes {
                if let Some(claimants) = self.claims.get(hash) {
                    self.settle(claimants.first.pattern_id, &mut applied);
                }
            }
        }
        let mut assignment = self.assign_known(grouping, time_unix_nano);
        assignment.facts.extend(applied.aliases);
        if !self.decided.is_empty() {
            let of_hash = |hash: &Fingerprint| Some(self.claims.get(hash)?.first.pattern_id);
            let claimed = grouping.hashes.iter().find_map(of_hash).unwrap_or(assignment.pattern_id);
            assignment.pattern_id = self.stands_for(grouping.fingerprint, claimed);
        }
        assignment
    }

    fn assign_known(&mut self, grouping: &Grouping, time_unix_nano: i64) -> Assignment {
        let known = self.known(&grouping.hashes).or_else(|| {
            // A pattern of which nothing is left but the name that an alias gives it.
            let claim = |hash: &Fingerprint| Some((*hash, self.claims.get(hash)?.first.pattern_id));
            grouping.hashes.iter().find_map(claim).map(|(hash, id)| (hash, self.resolve(id)))
        });
        if let Some((hash, pattern_id)) = known {
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
            self.settle(near.pattern_id, &mut Applied::default());
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
        if let Some(node) = self.nodes.get(&pattern_id) {
            node.touched.store(true, Ordering::Relaxed);
        }
    }

    /// Takes in a fact that this or another processor wrote.
    ///
    /// Two patterns that were made for one hash, or as near neighbours, become one: the earlier by
    /// (time, id) stays, the other becomes its alias.
    pub fn apply(&mut self, fact: &PatternFact) -> Applied {
        let found = self.wanted_for(fact).map(|wanted| wanted.fetch()).unwrap_or_default();
        self.apply_found(fact, found)
    }

    /// What to look for among the cold patterns before the fact is applied; `None` where there are none.
    #[must_use]
    pub fn wanted_for(&self, fact: &PatternFact) -> Option<Wanted> {
        let cold = Arc::clone(self.cold.as_ref()?);
        let claimed = fact.hashes.iter().filter_map(|hash| self.claims.get(hash));
        let claimed = claimed.map(|claimants| claimants.first.pattern_id);
        let mut patterns: Vec<PatternId> = claimed.chain([fact.pattern_id]).chain(fact.alias_of).collect();
        let ends: Vec<PatternId> = patterns.iter().map(|id| self.resolve(*id)).collect();
        patterns.extend(ends);
        patterns.retain(|id| !self.nodes.contains_key(id));
        let near = self.likeness(fact);
        Some(Wanted { cold, patterns, hashes: fact.hashes.clone(), near, all_near: true })
    }

    /// What a made pattern's fact says of its likeness.
    fn likeness(&self, fact: &PatternFact) -> Option<(Likeness, Phase)> {
        let canonical = fact.canonical.as_deref().filter(|_| fact.kind == FactKind::Pattern)?;
        let phase = Phase::named(fact.taxonomy_phase.as_deref().unwrap_or_default());
        (canonical.len() <= self.config.canonical_bytes_max)
            .then(|| (Likeness::of(&Comparable::of(&Canonical::parse(canonical))), phase))
    }

    /// [`Self::apply`] with what was [`Self::wanted_for`] it and found a moment ago.
    pub fn apply_found(&mut self, fact: &PatternFact, found: Found) -> Applied {
        let mut applied = Applied::default();
        if let Some(wanted) = self.wanted_for(fact) {
            self.admit(wanted.fetch_recent(), &mut applied);
            self.admit(found, &mut applied);
        }
        let likeness = self.likeness(fact);
        match fact.kind {
            FactKind::Pattern => self.apply_made(fact, likeness, &mut applied),
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

    fn apply_made(&mut self, fact: &PatternFact, likeness: Option<(Likeness, Phase)>, applied: &mut Applied) {
        let near: Vec<PatternId> = likeness
            .as_ref()
            .map(|(likeness, phase)| self.index.search(Probe { likeness, phase: *phase }))
            .unwrap_or_default()
            .into_iter()
            .filter(|each| each.joins && each.pattern_id != fact.pattern_id)
            .map(|each| each.pattern_id)
            .collect();
        let shared = self.insert(fact, likeness);
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
            if earlier {
                self.mark(fact.pattern_id);
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
        self.make_room();
        self.nodes.insert(fact.pattern_id, Node { fingerprint: fact.fingerprint, ..Node::default() });
        self.queue.push_back(fact.pattern_id);
        self.mark(fact.pattern_id);
    }

    fn make_room(&mut self) {
        while self.nodes.len() >= self.config.patterns_max.max(1) {
            self.evict();
        }
    }

    /// The pattern is not as the cold patterns know it.
    fn mark(&mut self, pattern_id: PatternId) {
        if self.cold.is_some()
            && let Some(node) = self.nodes.get_mut(&pattern_id)
            && !std::mem::replace(&mut node.changed, true)
        {
            self.changed.push(pattern_id);
            if self.changed.len() > 2 * self.config.patterns_max {
                // Many left memory since: those are written.
                self.changed.sort_unstable();
                self.changed.dedup();
                self.changed.retain(|id| self.nodes.get(id).is_some_and(|node| node.changed));
            }
        }
    }

    /// Lets the pattern go that was untouched for longest (second chance for those touched since).
    fn evict(&mut self) {
        // Each round either clears a mark or removes a pattern, so two rounds of the queue suffice.
        for _ in 0..=2 * self.queue.len() {
            let Some(id) = self.queue.pop_front() else { break };
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            if std::mem::take(node.touched.get_mut()) {
                self.queue.push_back(id);
                continue;
            }
            self.freeze(id);
            if let Some(node) = self.nodes.remove(&id) {
                for hash in &node.hashes {
                    // Who claimed it first, if that is another pattern in memory, has it among its own.
                    let first = self.claims.get(hash).map(|claimants| claimants.first.pattern_id);
                    if first.is_some_and(|first| first == id || !self.nodes.contains_key(&first)) {
                        self.claims.remove(hash);
                    }
                }
                if let Some(slot) = node.slot {
                    self.index.remove(slot);
                }
                self.evicted += 1;
            }
            return;
        }
    }

    /// Puts a pattern among the cold ones if they do not know it as it is.
    fn freeze(&mut self, id: PatternId) {
        let Some(cold) = &self.cold else { return };
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if !std::mem::take(&mut node.changed) {
            return;
        }
        let claim_on = |hash: &Fingerprint| Some((*hash, self.claims.get(hash)?.clone()));
        let likeness = node.slot.map(|slot| {
            let (likeness, phase) = self.index.at(slot);
            (likeness.clone(), phase)
        });
        let thawed = Thawed {
            pattern_id: id,
            alias_of: node.alias_of,
            made_unix_nano: node.made_unix_nano,
            fingerprint: node.fingerprint,
            claims: node.hashes.iter().filter_map(claim_on).collect(),
            likeness,
        };
        cold.put(thawed.freeze());
    }

    /// Puts up to `most` patterns that changed among the cold ones, without letting them go; answers how many are
    /// left. What is in memory is then known on disk too.
    pub fn freeze_changed(&mut self, most: usize) -> usize {
        for id in self.changed.split_off(self.changed.len().saturating_sub(most)) {
            self.freeze(id);
        }
        self.changed.len()
    }

    /// Sees to it that what an id stands for is in memory, if it is anywhere. Nearly always it is: only an alias
    /// may have stayed when its pattern left.
    fn settle(&mut self, id: PatternId, applied: &mut Applied) {
        let Some(cold) = self.cold.clone() else { return };
        let mut end = self.resolve(id);
        while !self.nodes.contains_key(&end) {
            let (cold, patterns) = (Arc::clone(&cold), vec![end]);
            let wanted = Wanted { cold, patterns, hashes: Vec::new(), near: None, all_near: false };
            self.admit(wanted.fetch(), applied);
            let next = self.resolve(end);
            if next == end {
                break;
            }
            end = next;
        }
    }

    /// Takes cold patterns back into memory. What is in memory already is newer.
    fn admit(&mut self, found: Found, applied: &mut Applied) {
        for thawed in found.0 {
            if self.nodes.contains_key(&thawed.pattern_id) {
                continue;
            }
            self.make_room();
            let id = thawed.pattern_id;
            let slot = thawed.likeness.map(|(likeness, phase)| self.index.insert(id, likeness, phase));
            let Thawed { alias_of, made_unix_nano, fingerprint, claims, .. } = thawed;
            let hashes = claims.iter().map(|(hash, _)| *hash).collect();
            let node = Node { alias_of, made_unix_nano, fingerprint, hashes, slot, ..Node::default() };
            self.nodes.insert(id, node);
            self.queue.push_back(id);
            for (hash, claimants) in claims {
                if let Entry::Vacant(place) = self.claims.entry(hash) {
                    place.insert(claimants);
                    continue;
                }
                let Claimants { first, made, others } = claimants;
                let later = others.into_iter().map(|id| (Claim { pattern_id: id, ..first }, None));
                for (claim, made) in std::iter::once((first, made)).chain(later) {
                    for (left, right) in self.contend(hash, claim, made) {
                        self.unite(left, right, first.time_unix_nano, applied);
                    }
                }
            }
        }
    }

    /// Claims a fact's hashes for its pattern. Answers the pairs of patterns that must become one: those
    /// that share a hash with which one of them was made.
    fn claim(&mut self, fact: &PatternFact) -> Vec<(PatternId, PatternId)> {
        let claim = Claim { time_unix_nano: fact.time_unix_nano, pattern_id: fact.pattern_id };
        let made = (fact.kind == FactKind::Pattern).then_some(fact.pattern_id);
        fact.hashes.iter().flat_map(|hash| self.contend(*hash, claim, made)).collect()
    }

    fn contend(
        &mut self,
        hash: Fingerprint,
        claim: Claim,
        made: Option<PatternId>,
    ) -> Vec<(PatternId, PatternId)> {
        let Some(claimants) = self.claims.get_mut(&hash) else {
            self.claims.insert(hash, Claimants { first: claim, made, others: Vec::new() });
            self.remember(claim.pattern_id, hash);
            return Vec::new();
        };
        let before = claimants.clone();
        let mut rivals = vec![claim.pattern_id, claimants.first.pattern_id];
        rivals.append(&mut claimants.others);
        claimants.made = claimants.made.or(made);
        let earlier = claim < claimants.first;
        claimants.first = claimants.first.min(claim);
        let mut shared = Vec::new();
        if let Some(made) = claimants.made {
            shared.extend(rivals.into_iter().filter(|rival| *rival != made).map(|rival| (made, rival)));
        } else {
            let first = claimants.first.pattern_id;
            rivals.sort_unstable();
            rivals.dedup();
            claimants.others =
                rivals.into_iter().filter(|rival| *rival != first).take(CLAIMANTS_MAX).collect();
        }
        if *claimants != before {
            // The pattern that has the hash among its own carries what is known of it.
            let (old, new) = (before.first.pattern_id, claimants.first.pattern_id);
            self.mark(old);
            self.mark(new);
        }
        if earlier {
            self.remember(claim.pattern_id, hash);
        }
        shared
    }

    fn remember(&mut self, pattern_id: PatternId, hash: Fingerprint) {
        if let Some(node) = self.nodes.get_mut(&pattern_id)
            && !node.hashes.contains(&hash)
        {
            node.hashes.push(hash);
            self.mark(pattern_id);
        }
    }

    fn rank(&self, pattern_id: PatternId) -> (i64, PatternId) {
        let made = self.nodes.get(&pattern_id).and_then(|node| node.made_unix_nano);
        (made.unwrap_or(i64::MAX), pattern_id)
    }

    /// Makes one pattern of two: the later by (time, id) becomes an alias.
    fn unite(&mut self, left: PatternId, right: PatternId, time_unix_nano: i64, applied: &mut Applied) {
        self.settle(left, applied);
        self.settle(right, applied);
        let (left, right) = (self.resolve(left), self.resolve(right));
        if left == right || self.would_join(left, right) {
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
        self.mark(loser);
    }

    /// Whether making one pattern of two would join any that are kept apart.
    fn would_join(&self, left: PatternId, right: PatternId) -> bool {
        self.decided.kept_apart().any(|(one, other)| {
            let ends = (self.resolve(one), self.resolve(other));
            ends == (left, right) || ends == (right, left)
        })
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
        self.mark(pattern_id);
        self.mark(root);
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
