//! Joining, bounds, and agreement between processors that exchange facts in any order.

use super::*;
use crate::canonical::Basis;
use crate::model::{Runtime, Taxonomy};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

/// An event whose canonical form has these frames and type, and one more hash.
fn event(error_type: &str, frames: &[&str], more: Option<u128>) -> Grouping {
    let canonical = Canonical {
        strategy: "2026-12-01".to_owned(),
        runtime: "python".to_owned(),
        types: vec![error_type.to_owned()],
        basis: Basis::Application,
        frames: frames.iter().map(|frame| (*frame).to_owned()).collect(),
        ..Canonical::default()
    };
    let text = canonical.text();
    let comparable = Comparable::of(&canonical);
    let fingerprint = Fingerprint(xxh3_128(text.as_bytes()));
    Grouping {
        fingerprint,
        hashes: [Some(fingerprint), more.map(Fingerprint)].into_iter().flatten().collect(),
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        taxonomy: Taxonomy {
            runtime: Runtime::Python,
            error_type: error_type.to_owned(),
            ..Taxonomy::default()
        },
        severity: 3,
        error_type: error_type.to_owned(),
        canonical: text,
        basis: Basis::Application,
        strategy: "2026-12-01",
        ..Grouping::default()
    }
}

const PATH: [&str; 8] = ["a@x.py", "b@x.py", "c@x.py", "d@y.py", "e@y.py", "f@z.py", "g@z.py", "h@z.py"];

#[test]
fn a_repeat_joins_by_its_hash_and_writes_nothing() {
    let mut store = PatternStore::new(StoreConfig::default());
    let event = event("KeyError", &PATH, Some(7));
    let first = store.assign(&event, 1);
    assert!(first.new && first.matched == Matched::New && first.facts.len() == 1);
    assert_eq!(first.pattern_id, PatternId::of(event.fingerprint));
    assert_eq!(store.lookup(&event.hashes), Some(first.pattern_id));
    let again = store.assign(&event, 2);
    assert_eq!((again.pattern_id, again.new, again.facts.len()), (first.pattern_id, false, 0));
    assert_eq!(again.matched, Matched::Exact { hash: event.fingerprint });
}

#[test]
fn any_known_hash_joins_and_the_others_are_linked() {
    let mut store = PatternStore::new(StoreConfig::default());
    let first = store.assign(&event("KeyError", &PATH, Some(7)), 1);
    let other = event("KeyError", &["q@q.py"], Some(7));
    let joined = store.assign(&other, 2);
    assert_eq!(
        (joined.pattern_id, &joined.matched),
        (first.pattern_id, &Matched::Exact { hash: Fingerprint(7) })
    );
    assert_eq!(joined.facts[0].kind, FactKind::Link);
    assert_eq!(joined.facts[0].hashes, [other.fingerprint]);
    assert_eq!(store.lookup(&[other.fingerprint]), Some(first.pattern_id));
}

#[test]
fn a_near_neighbour_joins_when_type_and_phase_agree() {
    let mut store = PatternStore::new(StoreConfig::default());
    let first = store.assign(&event("KeyError", &PATH, None), 1);
    let longer: Vec<&str> = PATH.iter().copied().chain(["i@z.py"]).collect();
    let near = store.assign(&event("KeyError", &longer, None), 2);
    assert!(
        matches!(near.matched, Matched::Near { similarity, .. } if similarity > 0.8),
        "{:?}",
        near.matched
    );
    assert_eq!(near.pattern_id, first.pattern_id);

    let other_type = store.assign(&event("ValueError", &longer, None), 3);
    assert!(other_type.new);
    assert_eq!(
        other_type.similar[0].pattern_id, first.pattern_id,
        "what is near but does not join is listed"
    );

    let mut other_phase = event("KeyError", &[&longer[..], &["j@z.py"]].concat(), None);
    other_phase.taxonomy.phase = Phase::Deploy;
    assert!(store.assign(&other_phase, 4).new);
}

#[test]
fn far_events_make_their_own_patterns() {
    let mut store = PatternStore::new(StoreConfig::default());
    store.assign(&event("KeyError", &PATH, None), 1);
    assert!(store.assign(&event("KeyError", &["k@k.py", "l@l.py"], None), 2).new);
    assert_eq!(store.len(), 2);
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    let config = StoreConfig { patterns_max: 50, hashes_per_pattern_max: 4, ..StoreConfig::default() };
    let mut store = PatternStore::new(config);
    let used = event("KeyError", &PATH, None);
    let pattern_id = store.assign(&used, 0).pattern_id;
    for number in 0..500 {
        let name = format!("fn_{number}@a.py");
        store.assign(&event("ValueError", &[&name], Some(1_000 + number)), 1);
        assert_eq!(store.assign(&used, 1).pattern_id, pattern_id);
    }
    assert!(!store.assign(&used, 2).new);
    assert_eq!(store.len(), 50);
    assert_eq!(store.evicted(), 451);
    assert!(store.claims.len() <= 50 * 2 && store.queue.len() == 50);
    // One pattern may not take all the memory for its hashes either.
    for number in 0..100 {
        store.assign(&Grouping { hashes: vec![used.fingerprint, Fingerprint(number)], ..used.clone() }, 3);
    }
    assert!(store.nodes[&pattern_id].hashes.len() <= 4);
}

#[test]
fn facts_give_another_store_the_same_patterns() {
    let (mut one, mut two) =
        (PatternStore::new(StoreConfig::default()), PatternStore::new(StoreConfig::default()));
    let first = one.assign(&event("KeyError", &PATH, Some(7)), 1);
    let linked = one.assign(&event("KeyError", &["q@q.py"], Some(7)), 2);
    for fact in first.facts.iter().chain(&linked.facts) {
        assert!(two.apply(fact).aliases.is_empty());
    }
    assert_eq!(two.assign(&event("KeyError", &["q@q.py"], None), 3).pattern_id, first.pattern_id);
    let longer: Vec<&str> = PATH.iter().copied().chain(["i@z.py"]).collect();
    assert!(
        !two.assign(&event("KeyError", &longer, None), 4).new,
        "neighbours are found by the canonical form"
    );
}

#[test]
fn the_earlier_of_two_patterns_for_one_hash_wins() {
    let (mut one, mut two) =
        (PatternStore::new(StoreConfig::default()), PatternStore::new(StoreConfig::default()));
    let early = one.assign(&event("KeyError", &["a@a.py"], Some(7)), 10);
    let late = two.assign(&event("KeyError", &["b@b.py"], Some(7)), 20);
    let told_one = one.apply(&late.facts[0]).aliases;
    let told_two = two.apply(&early.facts[0]).aliases;
    assert_eq!(told_one[0].pattern_id, late.pattern_id);
    assert_eq!(told_one[0].alias_of, Some(early.pattern_id));
    assert_eq!(told_two[0].alias_of, Some(early.pattern_id));
    for store in [&mut one, &mut two] {
        assert_eq!(store.resolve(late.pattern_id), early.pattern_id);
        assert_eq!(store.lookup(&[PatternIdHash::of("b@b.py")]), Some(early.pattern_id));
        assert!(store.apply(&told_one[0]).aliases.is_empty(), "repeating a fact changes nothing");
    }
}

struct PatternIdHash;

impl PatternIdHash {
    fn of(frame: &str) -> Fingerprint {
        event("KeyError", &[frame], None).fingerprint
    }
}

/// Facts of three processors that each saw some of the same events, unaware of one another.
fn facts() -> impl Strategy<Value = Vec<PatternFact>> {
    let seen = prop::collection::vec((0..6_usize, 0..4_u128, 0..2_usize, 0..40_i64), 0..14);
    prop::collection::vec(seen, 1..4).prop_map(|processors| {
        let mut facts = Vec::new();
        for events in processors {
            let mut store = PatternStore::new(StoreConfig::default());
            for (start, more, kind, time) in events {
                let frames: Vec<&str> = PATH[start / 3..].iter().copied().chain([PATH[start]]).collect();
                let grouping = event(["KeyError", "ValueError"][kind], &frames, (more > 0).then_some(more));
                facts.extend(store.assign(&grouping, time).facts);
            }
        }
        facts
    })
}

fn map_of(facts: &[PatternFact]) -> Vec<(Fingerprint, Option<PatternId>)> {
    let mut store = PatternStore::new(StoreConfig::default());
    let mut aliases = Vec::new();
    for fact in facts {
        aliases.extend(store.apply(fact).aliases);
    }
    let mut hashes: Vec<Fingerprint> = facts.iter().flat_map(|fact| fact.hashes.iter().copied()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let map: Vec<_> = hashes.iter().map(|hash| (*hash, store.lookup(&[*hash]))).collect();
    // Idempotent: everything once more, with the aliases that followed, changes nothing.
    for fact in aliases.iter().chain(facts) {
        assert!(store.apply(fact).aliases.is_empty());
    }
    let again: Vec<_> = hashes.iter().map(|hash| (*hash, store.lookup(&[*hash]))).collect();
    assert_eq!(map, again);
    map
}

/// A message of these tokens; type and key tell classes apart.
fn message(error_type: &str, tokens: &[String]) -> Grouping {
    let canonical = Canonical {
        strategy: "2026-12-01".to_owned(),
        runtime: "python".to_owned(),
        types: vec![error_type.to_owned()],
        tokens: tokens.to_vec(),
        ..Canonical::default()
    };
    let (text, comparable) = (canonical.text(), Comparable::of(&canonical));
    let fingerprint = Fingerprint(xxh3_128(text.as_bytes()));
    Grouping {
        fingerprint,
        hashes: vec![fingerprint],
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        error_type: error_type.to_owned(),
        canonical: text,
        strategy: "2026-12-01",
        ..Grouping::default()
    }
}

/// One of many messages that are alike in their first words and too different to join.
fn crowd(number: usize) -> Grouping {
    let tokens: Vec<String> = (0..30)
        .map(|word| format!("word{word}"))
        .chain((0..6).map(|word| format!("own{number}_{word}")))
        .collect();
    message("CrowdError", &tokens)
}

#[test]
fn a_crowd_of_alike_patterns_does_not_make_a_search_long() {
    let mut store = PatternStore::new(StoreConfig::default());
    for number in 0..3_000 {
        store.assign(&crowd(number), number as i64);
    }
    let probe = crowd(5_000);
    let lists: Vec<usize> =
        probe.likeness.bands.iter().map(|band| store.index.patterns_in(*band).len()).collect();
    assert!(lists.contains(&64), "the bands are not crowded: {lists:?}");
    assert!(lists.iter().all(|length| *length <= 64), "{lists:?}");
    assert!(store.assign(&probe, 6_000).similar.len() <= 5);
}

#[test]
fn whom_a_crowded_band_leads_to_does_not_depend_on_the_order() {
    let mut order: Vec<usize> = (0..1_000).collect();
    let mut similar = Vec::new();
    for _ in 0..2 {
        let mut store = PatternStore::new(StoreConfig::default());
        for number in &order {
            store.assign(&crowd(*number), 1);
        }
        similar.push(store.similar(&crowd(5_000)));
        order.reverse();
    }
    assert_eq!(similar[0], similar[1]);
    assert_eq!(similar[0].len(), 5);
}

proptest! {
    /// Whatever comes and goes, the index finds what is in it and nothing else.
    #[test]
    fn bands_lead_to_what_is_there(steps in prop::collection::vec((0..40_usize, any::<bool>()), 0..200)) {
        let mut index = Index::new(64);
        let mut there = std::collections::BTreeMap::new();
        for (number, stays) in steps {
            let likeness = crowd(number % 7 + number / 7 * 1_000).likeness;
            let id = PatternId(number as u64);
            if let Some(slot) = there.remove(&number) {
                index.remove(slot);
            } else if stays {
                there.insert(number, index.insert(id, likeness, Phase::Runtime));
            }
        }
        for number in 0..40_usize {
            let likeness = crowd(number % 7 + number / 7 * 1_000).likeness;
            let found = index.search(Probe { likeness: &likeness, phase: Phase::Runtime });
            let itself = found.iter().any(|each| each.pattern_id == PatternId(number as u64) && each.joins);
            prop_assert_eq!(itself, there.contains_key(&number));
            prop_assert!(found.iter().all(|each| there.contains_key(&(each.pattern_id.0 as usize))));
        }
    }

    #[test]
    fn facts_in_any_order_give_one_map((facts, shuffled) in facts().prop_flat_map(|facts| {
        (Just(facts.clone()), Just(facts).prop_shuffle())
    })) {
        prop_assert_eq!(map_of(&facts), map_of(&shuffled));
    }
}

/// Cold patterns in a map, as the trait asks.
#[derive(Debug, Default)]
struct InMap(std::sync::Mutex<std::collections::BTreeMap<PatternId, Frozen>>);

impl ColdPatterns for InMap {
    fn put(&self, pattern: Frozen) {
        self.0.lock().unwrap().insert(pattern.pattern_id, pattern);
    }

    fn may_hold(&self, key: ColdKey) -> bool {
        self.0
            .lock()
            .unwrap()
            .values()
            .any(|pattern| pattern.class == Some(key) || pattern.keys.contains(&key))
    }

    fn find(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)> {
        let patterns = self.0.lock().unwrap();
        let found = patterns.values().filter(|pattern| keys.iter().any(|key| pattern.keys.contains(key)));
        found.map(|pattern| (pattern.pattern_id, pattern.bytes.clone())).collect()
    }

    fn find_recent(&self, _: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)> {
        Vec::new()
    }
}

fn with_cold(patterns_max: usize, cold: &Arc<InMap>) -> PatternStore {
    let config = StoreConfig { patterns_max, ..StoreConfig::default() };
    PatternStore::with_cold(config, Arc::clone(cold) as Arc<dyn ColdPatterns>)
}

#[test]
fn what_left_memory_is_found_again_by_hash_and_by_likeness() {
    let cold = Arc::new(InMap::default());
    let mut store = with_cold(50, &cold);
    let words = |number: usize| (0..20).map(|word| format!("w{number}_{word}")).collect::<Vec<String>>();
    for number in 0..1_000 {
        assert!(store.assign(&message("ValueError", &words(number)), number as i64).new);
    }
    assert_eq!((store.len(), store.evicted()), (50, 950));
    for number in (0..1_000).rev() {
        let same = message("ValueError", &words(number));
        assert_eq!(store.lookup(&same.hashes).is_some(), number >= 950, "{number}");
        let mut changed = words(number);
        changed.push("more".to_owned());
        let near = store.assign(&message("ValueError", &changed), 5_000);
        assert_eq!((near.pattern_id, near.new), (PatternId::of(same.fingerprint), false), "{number}");
        assert!(matches!(near.matched, Matched::Near { .. }));
        let again = store.assign(&same, 5_001);
        assert_eq!((again.pattern_id, again.new, again.facts.len()), (near.pattern_id, false, 0));
        // The link that the neighbour led to is kept too.
        let linked = store.assign(&message("ValueError", &changed), 5_002);
        assert!(matches!(linked.matched, Matched::Exact { .. }));
    }
    // Another process that knows nothing but the cold patterns.
    store.freeze_changed(usize::MAX);
    let mut other = with_cold(50, &cold);
    for number in 0..1_000 {
        let same = message("ValueError", &words(number));
        assert!(!other.assign(&same, 6_000).new, "{number}");
    }
}

#[test]
fn aliases_of_cold_patterns_lead_to_what_they_stand_for() {
    let cold = Arc::new(InMap::default());
    let (mut one, mut two) = (with_cold(50, &cold), PatternStore::new(StoreConfig::default()));
    let late = one.assign(&event("KeyError", &["a@a.py"], Some(7)), 20);
    let early = two.assign(&event("KeyError", &["b@b.py"], Some(7)), 10);
    assert_eq!(one.apply(&early.facts[0]).aliases.len(), 1);
    let forget = |store: &mut PatternStore| {
        for number in 0..200 {
            store.assign(&event("ValueError", &[&format!("fn_{number}@a.py")], None), 30);
        }
    };
    forget(&mut one);
    assert_eq!(one.assign(&event("KeyError", &["a@a.py"], None), 40).pattern_id, early.pattern_id);
    forget(&mut one);
    // A third, still earlier one, whose fact comes when both are cold.
    let mut three = PatternStore::new(StoreConfig::default());
    let first = three.assign(&event("KeyError", &["c@c.py"], Some(7)), 5);
    let aliases = one.apply(&first.facts[0]).aliases;
    assert!(aliases.iter().any(|alias| alias.alias_of == Some(first.pattern_id)), "{aliases:?}");
    for (frame, round) in [("a@a.py", 50), ("b@b.py", 51), ("c@c.py", 52)] {
        forget(&mut one);
        let joined = one.assign(&event("KeyError", &[frame], None), round);
        assert_eq!((joined.pattern_id, joined.new), (first.pattern_id, false), "{frame}");
    }
    assert_ne!(late.pattern_id, first.pattern_id);
}

#[test]
fn a_cold_patterns_hash_is_not_linked_to_another() {
    let mut store = with_cold(50, &Arc::new(InMap::default()));
    store.assign(&event("KeyError", &["a@a.py"], Some(3)), 0);
    for number in 0..200 {
        store.assign(&event("ValueError", &[&format!("fn_{number}@a.py")], None), 10);
    }
    let other = store.assign(&event("OSError", &["b@b.py"], None), 20);
    let again = store.assign(&event("OSError", &["b@b.py"], Some(3)), 30);
    assert_eq!((again.pattern_id, again.facts), (other.pattern_id, Vec::new()));
}

proptest! {
    /// A store with room for few patterns and cold ones behind it answers as one with room for all.
    #[test]
    fn leaving_memory_changes_no_answer(
        events in prop::collection::vec((0..12_usize, 0..30_usize, 0..4_u128), 1..120),
        facts in facts(),
    ) {
        let mut roomy = PatternStore::new(StoreConfig::default());
        let mut narrow = with_cold(24, &Arc::new(InMap::default()));
        let mut facts = facts.iter();
        for (step, (family, member, more)) in events.into_iter().enumerate() {
            let mut frames: Vec<String> = (0..10).map(|n| format!("f{family}_{n}@m.py")).collect();
            if member < 6 {
                frames[member] = format!("g{member}@m.py");
            } else {
                frames.push(format!("h{member}@m.py"));
            }
            let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
            let more = (more > 0 && member > 20).then_some(more + 100 * family as u128);
            let grouping = event("KeyError", &frames, more);
            let (expected, found) = (roomy.assign(&grouping, step as i64), narrow.assign(&grouping, step as i64));
            prop_assert_eq!((expected.pattern_id, expected.new), (found.pattern_id, found.new), "step {}", step);
            prop_assert_eq!(expected.facts, found.facts);
            if let Some(fact) = facts.next() {
                let (expected, found) = (roomy.apply(fact).aliases, narrow.apply(fact).aliases);
                prop_assert_eq!(expected, found);
            }
        }
        prop_assert!(narrow.len() <= 24);
    }
}

/// A moment, and the event that came then.
fn at(time: i64) -> Moment {
    (time, format!("e{time}"))
}

#[test]
fn a_merge_by_a_person_wins_and_can_be_taken_back() {
    let mut store = PatternStore::new(StoreConfig::default());
    let (one, other) = (event("KeyError", &PATH, None), event("OSError", &["q@q.py"], None));
    let a = store.assign(&one, 1).pattern_id;
    let b = store.assign(&other, 2).pattern_id;
    // The earlier into the later: never what the store would do.
    assert!(store.decide(Decision::Merge(a, Some(b)), at(10)));
    assert_eq!((store.find(&one), store.find(&other)), (Some(b), Some(b)));
    assert_eq!(store.assign(&one, 3).pattern_id, b);
    // Out of order, and twice: the last counts.
    store.decide(Decision::Merge(a, None), at(20));
    store.decide(Decision::Merge(a, Some(b)), at(10));
    assert_eq!((store.find(&one), store.find(&other)), (Some(a), Some(b)));

    // The store finds that they are one by itself; the person's direction stays.
    store.decide(Decision::Merge(a, Some(b)), at(30));
    let mut alias = PatternFact::bare(FactKind::Alias, b, other.fingerprint, 40);
    alias.alias_of = Some(a);
    store.apply(&alias);
    assert_eq!((store.find(&one), store.find(&other)), (Some(b), Some(b)));
    store.decide(Decision::Merge(a, None), at(50));
    assert_eq!((store.find(&one), store.find(&other)), (Some(a), Some(a)));
}

#[test]
fn a_split_by_a_person_goes_by_the_fingerprint() {
    let mut store = PatternStore::new(StoreConfig::default());
    let (one, near) = (event("KeyError", &PATH, Some(7)), event("KeyError", &["q@q.py"], Some(7)));
    let a = store.assign(&one, 1).pattern_id;
    assert_eq!(store.assign(&near, 2).pattern_id, a);
    let own = PatternId(77);
    store.decide(Decision::Split(near.fingerprint, Some(own)), at(10));
    assert_eq!((store.find(&one), store.find(&near)), (Some(a), Some(own)));
    assert_eq!(store.assign(&near, 3).pattern_id, own);
    store.decide(Decision::Merge(own, Some(a)), at(20));
    assert_eq!(store.find(&near), Some(a));
    store.decide(Decision::Merge(own, None), at(30));
    store.decide(Decision::Split(near.fingerprint, None), at(40));
    assert_eq!(store.find(&near), Some(a));
}

#[test]
fn patterns_kept_apart_do_not_become_one() {
    for decided_first in [true, false] {
        let mut store = PatternStore::new(StoreConfig::default());
        let (one, other) = (event("KeyError", &PATH, None), event("OSError", &["q@q.py"], None));
        let a = store.assign(&one, 1).pattern_id;
        let b = store.assign(&other, 2).pattern_id;
        let mut alias = PatternFact::bare(FactKind::Alias, b, other.fingerprint, 3);
        alias.alias_of = Some(a);
        if decided_first {
            store.decide(Decision::Apart(b, a, true), at(10));
            store.apply(&alias);
        } else {
            store.apply(&alias);
            assert_eq!(store.find(&other), Some(a));
            store.decide(Decision::Apart(a, b, true), at(10));
        }
        assert_eq!((store.find(&one), store.find(&other)), (Some(a), Some(b)), "{decided_first}");
        // Nor by way of a third.
        let third = event("ValueError", &["z@z.py"], None);
        let c = store.assign(&third, 4).pattern_id;
        for target in [a, b] {
            let mut alias = PatternFact::bare(FactKind::Alias, c, third.fingerprint, 5);
            alias.alias_of = Some(target);
            store.apply(&alias);
        }
        assert_ne!(store.find(&one), store.find(&other), "{decided_first}");
    }
}
