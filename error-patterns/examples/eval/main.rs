//! Groups labelled exceptions and prints how well, per file and as a mean, and how fast.
//!
//! `cargo run --release -p error-patterns --example eval -- [--out DIR] [--explain ID] [--masks] FILE.jsonl[.gz]...`
//!
//! Each line of a file is an object with `id`, `type`, `message`, `stacktrace`, `lang`, `snippet` and, where known,
//! `label` (the true group), `taxonomy` and `pii` (texts that must not survive masking). Every file starts with an
//! empty store, all with the same configuration. `--out` writes the pattern of each id to `DIR/FILE.groups.jsonl`;
//! `--explain` says why one exception is where it is; `--masks` prints each line that masking changed, to count
//! false masks by hand.
#![expect(clippy::print_stdout, reason = "an example talks to its user")]

mod records;
mod score;

use error_patterns::explain::explain;
use error_patterns::grouping::{Grouper, Grouping, GroupingConfig};
use error_patterns::mask::Masker;
use error_patterns::store::{Assignment, Matched, PatternStore, StoreConfig};
use records::Record;
use score::{Scores, score};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::default();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => options.out = arguments.next().map(PathBuf::from),
            "--explain" => options.explain = arguments.next(),
            "--masks" => options.masks = true,
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        return Err("no file given: eval [--out DIR] [--explain ID] [--masks] FILE.jsonl[.gz]...".into());
    }
    let results =
        files.iter().map(|file| evaluate(Path::new(file), &options)).collect::<Result<Vec<_>, _>>()?;
    print_scores(&results);
    print_taxonomy(&results);
    print_speed(&results);
    Ok(())
}

#[derive(Default)]
struct Options {
    out: Option<PathBuf>,
    explain: Option<String>,
    masks: bool,
}

/// What came of one file.
struct Outcome {
    name: String,
    records: usize,
    bytes: usize,
    scores: Scores,
    taxonomy: Taxonomy,
    leaks: usize,
    speed: Speed,
}

/// Time for all records of a file.
struct Speed {
    mask: Duration,
    group: Duration,
    repeat: Duration,
    assign: Duration,
}

/// Records whose level agrees with the truth.
#[derive(Default)]
struct Taxonomy {
    known: usize,
    runtime: usize,
    phase: usize,
    error_type: usize,
    cause: usize,
    /// Patterns that hold more than one true phase.
    mixed: usize,
}

fn evaluate(file: &Path, options: &Options) -> Result<Outcome, Box<dyn Error>> {
    let records = records::read(file)?;
    let masker = Masker::default();
    let (masked, mask) =
        timed(|| records.iter().map(|record| record.masked(&masker)).collect::<Vec<Record>>());
    let grouper = Grouper::new(GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() });
    let (groupings, group) =
        timed(|| masked.iter().map(|record| grouper.group(&record.raw()).grouping).collect::<Vec<_>>());
    let caching = Grouper::new(GroupingConfig { cache_entries_max: 64 * 1024, ..GroupingConfig::default() });
    // What is seen for the first time is not kept yet.
    for _ in 0..2 {
        masked.iter().for_each(|record| drop(caching.group(&record.raw())));
    }
    let ((), repeat) = timed(|| masked.iter().for_each(|record| drop(caching.group(&record.raw()))));
    let mut store = PatternStore::new(StoreConfig::default());
    let (assignments, assign) = timed(|| {
        let numbered = groupings.iter().enumerate();
        numbered.map(|(time, grouping)| store.assign(grouping, time as i64)).collect::<Vec<_>>()
    });

    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.split(".jsonl").next().unwrap_or_default().to_owned();
    if let Some(out) = &options.out {
        write_groups(&out.join(format!("{name}.groups.jsonl")), &records, &groupings, &assignments)?;
    }
    for ((record, grouping), assignment) in masked.iter().zip(&groupings).zip(&assignments) {
        if options.explain.as_deref() == Some(record.id.as_str()) {
            println!("{}", explain(&record.raw(), grouping, Some(assignment)));
        }
    }
    if options.masks {
        print_masks(&records, &masked);
    }
    let labelled = records.iter().zip(&assignments);
    let labelled: Vec<_> = labelled.filter_map(|(r, a)| Some((r.label.as_deref()?, a.pattern_id))).collect();
    Ok(Outcome {
        name,
        records: records.len(),
        bytes: records.iter().map(Record::bytes).sum(),
        scores: score(&labelled),
        taxonomy: taxonomy(&records, &groupings, &assignments),
        leaks: leaks(&records, &masked),
        speed: Speed { mask, group, repeat, assign },
    })
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

fn write_groups(
    path: &Path,
    records: &[Record],
    groupings: &[Arc<Grouping>],
    assignments: &[Assignment],
) -> Result<(), Box<dyn Error>> {
    let mut groups = std::io::BufWriter::new(std::fs::File::create(path)?);
    for ((record, grouping), assignment) in records.iter().zip(groupings).zip(assignments) {
        let taxonomy = &grouping.taxonomy;
        let row = json!({
            "id": record.id, "pattern_id": assignment.pattern_id.to_string(),
            "fingerprint": grouping.fingerprint.to_string(), "canonical": grouping.canonical,
            "near": matches!(assignment.matched, Matched::Near { .. }), "runtime": taxonomy.runtime.as_str(),
            "phase": taxonomy.phase.as_str(), "type": taxonomy.error_type, "cause": taxonomy.cause,
            "rule": grouping.rule,
        });
        writeln!(groups, "{row}")?;
    }
    Ok(())
}

fn taxonomy(records: &[Record], groupings: &[Arc<Grouping>], assignments: &[Assignment]) -> Taxonomy {
    let mut agreed = Taxonomy::default();
    let mut phases: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for ((record, grouping), assignment) in records.iter().zip(groupings).zip(assignments) {
        let Some(truth) = &record.truth else { continue };
        let found = &grouping.taxonomy;
        agreed.known += 1;
        agreed.runtime += usize::from(found.runtime.as_str() == truth.runtime);
        agreed.phase += usize::from(found.phase.as_str() == truth.phase);
        agreed.error_type += usize::from(found.error_type == truth.error_type);
        agreed.cause += usize::from(found.cause == truth.cause);
        phases.entry(assignment.pattern_id.to_string()).or_default().insert(&truth.phase);
    }
    agreed.mixed = phases.values().filter(|phases| phases.len() > 1).count();
    agreed
}

fn print_scores(results: &[Outcome]) {
    println!(
        "{:<24} {:>7} {:>6} {:>8}  {:^20}  {:^20} {:>6} {:>6} {:>6}",
        "data set",
        "records",
        "labels",
        "patterns",
        "pairwise P / R / F1",
        "B-cubed P / R / F1",
        "ARI",
        "GA",
        "FGA"
    );
    let line = |name: &str, s: &Scores| {
        println!(
            "{name:<24} {:>7} {:>6} {:>8}  {:.3}  {:.3}  {:.3}  {:.3}  {:.3}  {:.3} {:>6.3} {:>6.3} {:>6.3}",
            s.records,
            s.labels,
            s.groups,
            s.pairwise_precision,
            s.pairwise_recall,
            s.pairwise_f1,
            s.bcubed_precision,
            s.bcubed_recall,
            s.bcubed_f1,
            s.ari,
            s.ga,
            s.fga
        );
    };
    let scored: Vec<&Outcome> = results.iter().filter(|each| each.scores.records > 0).collect();
    for each in &scored {
        line(&each.name, &each.scores);
    }
    if scored.len() > 1 {
        let mean = |of: fn(&Scores) -> f64| {
            scored.iter().map(|each| of(&each.scores)).sum::<f64>() / scored.len() as f64
        };
        line(
            "mean",
            &Scores {
                records: scored.iter().map(|each| each.scores.records).sum(),
                labels: scored.iter().map(|each| each.scores.labels).sum(),
                groups: scored.iter().map(|each| each.scores.groups).sum(),
                pairwise_precision: mean(|s| s.pairwise_precision),
                pairwise_recall: mean(|s| s.pairwise_recall),
                pairwise_f1: mean(|s| s.pairwise_f1),
                bcubed_precision: mean(|s| s.bcubed_precision),
                bcubed_recall: mean(|s| s.bcubed_recall),
                bcubed_f1: mean(|s| s.bcubed_f1),
                ari: mean(|s| s.ari),
                ga: mean(|s| s.ga),
                fga: mean(|s| s.fga),
                ..Scores::default()
            },
        );
    }
}

fn print_taxonomy(results: &[Outcome]) {
    for each in results.iter().filter(|each| each.taxonomy.known > 0) {
        let t = &each.taxonomy;
        let share = |agreed: usize| agreed as f64 / t.known as f64;
        println!(
            "{}: taxonomy of {} records: runtime {:.3}, phase {:.3}, type {:.3}, cause {:.3}; patterns with mixed phases {}; \
             planted texts that survived masking {}",
            each.name,
            t.known,
            share(t.runtime),
            share(t.phase),
            share(t.error_type),
            share(t.cause),
            t.mixed,
            each.leaks
        );
    }
}

fn print_speed(results: &[Outcome]) {
    println!(
        "{:<24} {:>8}  {:>8} {:>8} {:>8} {:>8}  {:>12} {:>12}",
        "microseconds each", "bytes", "mask", "group", "repeat", "match", "new texts/s", "repeats/s"
    );
    for each in results {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / each.records.max(1) as f64;
        let s = &each.speed;
        println!(
            "{:<24} {:>8}  {:>8.2} {:>8.2} {:>8.2} {:>8.2}  {:>12.0} {:>12.0}",
            each.name,
            each.bytes / each.records.max(1),
            micros(s.mask),
            micros(s.group),
            micros(s.repeat),
            micros(s.assign),
            1e6 / micros(s.mask + s.group),
            1e6 / micros(s.repeat)
        );
    }
}

/// Each different line that masking changed, before and after.
fn print_masks(records: &[Record], masked: &[Record]) {
    let mut seen = BTreeSet::new();
    for (record, masked) in records.iter().zip(masked) {
        let fields = [
            (&record.message, &masked.message),
            (&record.stacktrace, &masked.stacktrace),
            (&record.snippet, &masked.snippet),
        ];
        for (before, after) in
            fields.into_iter().filter_map(|(before, after)| Some((before.as_ref()?, after.as_ref()?)))
        {
            let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
            seen.extend(changed.map(|(before, after)| (before.to_owned(), after.to_owned())));
        }
    }
    for (before, after) in seen {
        println!("- {before}\n+ {after}");
    }
}

/// Planted texts that survived, each told.
fn leaks(records: &[Record], masked: &[Record]) -> usize {
    let mut leaks = 0;
    for (record, masked) in records.iter().zip(masked) {
        for secret in &record.pii {
            let fields = [&masked.message, &masked.stacktrace, &masked.snippet];
            for field in fields.into_iter().flatten() {
                if let Some(at) = field.find(secret.as_str()) {
                    leaks += 1;
                    let start = field.floor_char_boundary(at.saturating_sub(60));
                    let end = field.ceil_char_boundary((at + secret.len() + 40).min(field.len()));
                    println!("leak of {secret:?} in {}: {:?}", record.id, &field[start..end]);
                }
            }
        }
    }
    leaks
}
