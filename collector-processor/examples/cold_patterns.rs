//! Ten million patterns (or as many as the first argument says) through a store with room for 200,000 of them:
//! memory, disk, time for each new pattern and for each that is found again.
//!
//! `cargo run --release -p collector-processor --example cold_patterns -- 10000000 /tmp/cold 2000`
//!
//! The last argument is the number of applications. The patterns of one share their entry frames, so the fewer
//! there are, the more patterns are found under one band. Ten million of 2,000 are mild: a new pattern shares a band
//! with some 15 cold ones. A million of 20 are crowded, as where one program fails in many ways: with some 150, and
//! single bands lead to hundreds.

#![expect(clippy::print_stdout, reason = "a command-line tool answers on its output")]

use collector_processor::cold::{ColdConfig, ColdStore};
use error_patterns::canonical::{Basis, Canonical, Comparable};
use error_patterns::grouping::Grouping;
use error_patterns::ids::{Fingerprint, PatternId};
use error_patterns::likeness::Likeness;
use error_patterns::store::{ColdPatterns, Matched, PatternStore, StoreConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

/// As in the `errata` command.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const QUERIES: u64 = 20_000;
/// Events made, and then asked for, at once.
const BATCH: u64 = 1_000;

/// A stack of one of so many applications: 8 to 15 frames of its own, of 50,000 that the application has, and 4
/// to 11 of how it is entered. Of its own, `changed` are others.
fn event(number: u64, applications: u64, changed: usize) -> Grouping {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let application = below(applications);
    let mut frames: Vec<String> =
        (0..8 + below(8)).map(|_| format!("fn_{}@m{application}.py", below(50_000))).collect();
    frames.iter_mut().step_by(3).take(changed).for_each(|frame| frame.insert_str(0, "changed_"));
    frames.extend((0..4 + below(8)).map(|n| format!("entry_{n}@main{application}.py")));
    let canonical = Canonical {
        strategy: "2026-12-01".to_owned(),
        runtime: "python".to_owned(),
        types: vec![format!("Type{}Error", application % 300)],
        basis: Basis::Application,
        frames,
        ..Canonical::default()
    };
    let (text, comparable) = (canonical.text(), Comparable::of(&canonical));
    let fingerprint = Fingerprint(xxh3_128(text.as_bytes()));
    Grouping {
        fingerprint,
        hashes: vec![fingerprint],
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        basis: Basis::Application,
        canonical: text,
        strategy: "2026-12-01",
        ..Grouping::default()
    }
}

/// Time of a processor that this thread took; more than one program runs here.
fn processor_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// Most memory that the process ever had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Asks for patterns all over the range; prints how many were known, how many of these joined the very pattern
/// that they were made from, and the quantiles of one question's time.
fn ask(name: &str, cold: &Arc<ColdStore>, patterns: u64, event_of: impl Fn(u64) -> (Grouping, PatternId)) {
    let bounds = StoreConfig { patterns_max: 1_000, ..StoreConfig::default() };
    let mut store = PatternStore::with_cold(bounds, Arc::clone(cold) as Arc<dyn ColdPatterns>);
    let (mut times, mut known, mut right) = (Vec::new(), 0, 0);
    for query in 0..QUERIES {
        let (event, expected) = event_of(query * (patterns / QUERIES).max(1));
        let start = Instant::now();
        let assigned = store.assign(&event, 1);
        times.push(start.elapsed().as_nanos() / 1_000);
        known += u64::from(!matches!(assigned.matched, Matched::New));
        right += u64::from(assigned.pattern_id == expected);
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{name}: {known} of {QUERIES} known, {right} right; {} us at the median, {} us at 99 %",
        at(50),
        at(99)
    );
}

fn fill(cold: &Arc<ColdStore>, patterns: u64, applications: u64) {
    let bounds = StoreConfig { patterns_max: 200_000, ..StoreConfig::default() };
    let mut store = PatternStore::with_cold(bounds, Arc::clone(cold) as Arc<dyn ColdPatterns>);
    let block = patterns.div_ceil(20).next_multiple_of(BATCH);
    let (mut spent, mut new) = (0, 0);
    for first in (0..patterns).step_by(BATCH as usize) {
        let events: Vec<Grouping> =
            (first..first + BATCH).map(|number| event(number, applications, 0)).collect();
        let before = processor_nanos();
        new +=
            (first..).zip(&events).filter(|(number, event)| store.assign(event, *number as i64).new).count();
        spent += processor_nanos() - before;
        let events = first + BATCH;
        if events.is_multiple_of(block) {
            let each = std::mem::take(&mut spent) / block;
            println!(
                "{events} events, {new} new: {each} ns each of the last {block}, peak {} MiB",
                peak_mib()
            );
        }
    }
    while store.freeze_changed(4_096) > 0 {
        cold.flush().expect("the disk takes it");
    }
    cold.checkpoint(vec!["example".to_owned()]).expect("the disk takes it");
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let patterns: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000_000);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "/tmp/cold-patterns".to_owned()));
    let applications: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let config = ColdConfig::new(folder, "example".to_owned(), 32 << 30);
    let cold = Arc::new(ColdStore::open(config.clone()).expect("the folder can be written"));
    let start = Instant::now();
    if cold.records() == 0 {
        fill(&cold, patterns, applications);
    }
    println!(
        "{} records, {} MiB on disk, {} forgotten, peak {} MiB, {} s in all",
        cold.records(),
        cold.bytes() >> 20,
        cold.forgotten(),
        peak_mib(),
        start.elapsed().as_secs()
    );
    drop(cold);
    let opening = Instant::now();
    let cold = Arc::new(ColdStore::open(config).expect("the folder can be read"));
    println!("opened in {} ms", opening.elapsed().as_millis());
    let changed = |changed| {
        move |number| {
            let expected = PatternId::of(event(number, applications, 0).fingerprint);
            (event(number, applications, changed), expected)
        }
    };
    ask("cold, exact", &cold, patterns, changed(0));
    ask("cold, near", &cold, patterns, changed(1));
    ask("cold, just near enough", &cold, patterns, changed(3));
    ask("unknown", &cold, patterns, |number| changed(0)(number + patterns));
    println!("peak {} MiB", peak_mib());
}
