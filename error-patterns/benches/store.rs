//! Matching against 100,000 known patterns: exact repeats, near neighbours, and events like nothing known.
//!
//! Criterion gives means over many queries; the medians over queries, which it cannot give, are printed first.

#![expect(clippy::print_stdout, reason = "a bench answers on its output")]

use criterion::{Criterion, criterion_group, criterion_main};
use error_patterns::canonical::{Basis, Canonical, Comparable};
use error_patterns::grouping::Grouping;
use error_patterns::ids::Fingerprint;
use error_patterns::likeness::Likeness;
use error_patterns::store::{PatternStore, StoreConfig};
use std::hint::black_box;
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

const PATTERNS: usize = 100_000;
const QUERIES: usize = 4_096;

/// A fixed stream of numbers.
struct Stream(u64);

impl Stream {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % bound as u64) as usize
    }

    /// Small numbers far more often than large ones, as names in code are used.
    fn skewed(&mut self, bound: usize) -> usize {
        let first = self.below(bound);
        self.below(first + 1)
    }
}

/// A failure of one of 400 applications or libraries. Half are stacks that share their lower frames with others of
/// the same application, half are messages made of a common template and a few words of their own.
fn canonical(stream: &mut Stream) -> Canonical {
    let origin = stream.skewed(400);
    let mut canonical = Canonical {
        strategy: "2026-12-01".to_owned(),
        runtime: ["python", "java", "javascript", "go"][origin % 4].to_owned(),
        types: vec![format!("Type{}Error", stream.skewed(120))],
        ..Canonical::default()
    };
    if stream.below(2) == 0 {
        canonical.basis = Basis::Application;
        let own = 2 + stream.below(12);
        canonical.frames =
            (0..own).map(|_| format!("fn_{}@module_{origin}.py", stream.below(3_000))).collect();
        let entry = stream.skewed(12);
        canonical.frames.extend((0..4 + entry).map(|n| format!("entry_{entry}_{n}@main_{origin}.py")));
    } else {
        let template = stream.skewed(500);
        let words = 4 + template % 9;
        canonical.tokens = (0..words).map(|n| format!("word{}", (template * 7 + n * n) % 900)).collect();
        for _ in 0..2 + stream.below(6) {
            let at = stream.below(canonical.tokens.len() + 1);
            canonical.tokens.insert(at, format!("own{}", stream.skewed(20_000)));
        }
    }
    canonical
}

/// The same failure a little later: one frame or word is another.
fn changed(mut canonical: Canonical, stream: &mut Stream) -> Canonical {
    let new = format!("changed_{}", stream.below(1 << 30));
    let list = if canonical.frames.is_empty() { &mut canonical.tokens } else { &mut canonical.frames };
    let at = stream.below(list.len());
    list[at] = new;
    canonical
}

fn grouping(canonical: &Canonical) -> Grouping {
    let text = canonical.text();
    let comparable = Comparable::of(canonical);
    let fingerprint = Fingerprint(xxh3_128(text.as_bytes()));
    Grouping {
        fingerprint,
        hashes: vec![fingerprint],
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        canonical: text,
        basis: canonical.basis,
        ..Grouping::default()
    }
}

/// Median and 99th percentile of one query's time in nanoseconds, each query alone, the best of five rounds.
fn quantiles(queries: &[Grouping], mut ask: impl FnMut(&Grouping) -> usize) -> [u128; 2] {
    let rounds = (0..5).map(|_| {
        let mut times: Vec<u128> = queries
            .iter()
            .map(|query| {
                let start = Instant::now();
                black_box(ask(query));
                start.elapsed().as_nanos()
            })
            .collect();
        times.sort_unstable();
        [times[times.len() / 2], times[times.len() * 99 / 100]]
    });
    rounds.min().unwrap_or_default()
}

fn matching(criterion: &mut Criterion) {
    let mut stream = Stream(2026);
    let mut known = Vec::new();
    let mut store = PatternStore::new(StoreConfig { patterns_max: 2 * PATTERNS, ..StoreConfig::default() });
    while store.len() < PATTERNS {
        let canonical = canonical(&mut stream);
        if store.assign(&grouping(&canonical), 1).new {
            known.push(canonical);
        }
    }
    let any_known = |stream: &mut Stream| known[stream.below(known.len())].clone();
    let exact: Vec<Grouping> = (0..QUERIES).map(|_| grouping(&any_known(&mut stream))).collect();
    let near: Vec<Grouping> = (0..QUERIES)
        .map(|_| {
            let like = any_known(&mut stream);
            grouping(&changed(like, &mut stream))
        })
        .collect();
    let unknown: Vec<Grouping> = (0..QUERIES).map(|_| grouping(&canonical(&mut stream))).collect();
    let joined = near.iter().filter(|query| store.similar(query).first().is_some_and(|s| s.joins)).count();
    println!("{PATTERNS} patterns; of {QUERIES} changed ones {joined} join");
    let lookup = |query: &Grouping| usize::from(store.lookup(&query.hashes).is_some());
    let search =
        |query: &Grouping| usize::from(store.lookup(&query.hashes).is_some()) + store.similar(query).len();
    for (name, queries) in [("exact", &exact), ("near", &near), ("unknown", &unknown)] {
        let [median, p99] =
            if name == "exact" { quantiles(queries, lookup) } else { quantiles(queries, search) };
        println!("{name}: median {median} ns, 99th percentile {p99} ns a query");
    }
    let mut group = criterion.benchmark_group("match");
    for (name, queries) in [("exact", &exact), ("near", &near), ("unknown", &unknown)] {
        let mut turn = queries.iter().cycle();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let query = turn.next().expect("a cycle has no end");
                if name == "exact" { lookup(query) } else { search(query) }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
