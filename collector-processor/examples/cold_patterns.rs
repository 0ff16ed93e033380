//! Ten million patterns (or as many as the first argument says) through a store with room for 200,000 of them:
//! memory, disk, time for each new pattern and for each that is found again.
//!
//! `cargo run --release -p collector-processor --example cold_patterns -- 10000000 /tmp/cold`

#![expect(clippy::print_stdout, reason = "a command-line tool answers on its output")]

use collector_processor::cold::{ColdConfig, ColdStore};
use error_patterns::canonical::{Basis, Canonical, Comparable};
use error_patterns::grouping::Grouping;
use error_patterns::ids::Fingerprint;
use error_patterns::likeness::Likeness;
use error_patterns::store::{ColdPatterns, Matched, PatternStore, StoreConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

const QUERIES: u64 = 20_000;

/// A stack of one of 2,000 applications; with `changed`, its raise site is another.
fn event(number: u64, changed: bool) -> Grouping {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let application = below(2_000);
    let mut frames: Vec<String> =
        (0..8 + below(8)).map(|_| format!("fn_{}@m{application}.py", below(50_000))).collect();
    frames.extend((0..4 + below(8)).map(|n| format!("entry_{n}@main{application}.py")));
    if changed {
        frames.push(format!("changed_{number}@m.py"));
    }
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

/// Most memory that the process ever had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Asks for patterns all over the range; prints how many were known and the quantiles of one question's time.
fn ask(name: &str, cold: &Arc<ColdStore>, patterns: u64, event_of: impl Fn(u64) -> Grouping) {
    let bounds = StoreConfig { patterns_max: 1_000, ..StoreConfig::default() };
    let mut store = PatternStore::with_cold(bounds, Arc::clone(cold) as Arc<dyn ColdPatterns>);
    let (mut times, mut known) = (Vec::new(), 0);
    for query in 0..QUERIES {
        let event = event_of(query * (patterns / QUERIES).max(1));
        let start = Instant::now();
        let assigned = store.assign(&event, 1);
        times.push(start.elapsed().as_nanos() / 1_000);
        known += u64::from(!matches!(assigned.matched, Matched::New));
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{name}: {known} of {QUERIES} known; {} us at the median, {} us at 99 %", at(50), at(99));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let patterns: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000_000);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "/tmp/cold-patterns".to_owned()));
    let config = ColdConfig::new(folder, "example".to_owned(), 32 << 30);
    let cold = Arc::new(ColdStore::open(config.clone()).expect("the folder can be written"));
    let bounds = StoreConfig { patterns_max: 200_000, ..StoreConfig::default() };
    let mut store = PatternStore::with_cold(bounds, Arc::clone(&cold) as Arc<dyn ColdPatterns>);
    let (start, mut new, mut making) = (Instant::now(), 0, 0);
    for number in 0..patterns {
        let before = Instant::now();
        let event = event(number, false);
        making += before.elapsed().as_nanos();
        new += u64::from(store.assign(&event, number as i64).new);
        if (number + 1).is_multiple_of(patterns.div_ceil(10)) {
            let each = (start.elapsed().as_nanos() - making) / u128::from(number + 1);
            println!("{} events, {new} new: {} ns each, peak {} MiB", number + 1, each, peak_mib());
        }
    }
    while store.freeze_changed(8_192) > 0 {
        cold.flush().expect("the disk takes it");
    }
    cold.checkpoint(vec!["example".to_owned()]).expect("the disk takes it");
    drop(store);
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
    ask("cold, exact", &cold, patterns, |number| event(number, false));
    ask("cold, near", &cold, patterns, |number| event(number, true));
    ask("unknown", &cold, patterns, |number| event(number + patterns, false));
    println!("peak {} MiB", peak_mib());
}
