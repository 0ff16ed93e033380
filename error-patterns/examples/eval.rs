//! Groups labelled exceptions and measures speed.
//!
//! `cargo run --release -p error-patterns --example eval -- [--out DIR] [--explain ID] [--masks] FILE.jsonl...`
//! Each line is an object with `id`, `type`, `message`, `stacktrace`, `lang`, `snippet` and, for the leak count,
//! `pii` (texts that must not survive masking). For each file the pattern of each id is written to
//! `DIR/FILE.groups.jsonl`; `--masks` prints each line that masking changed, to count false masks by hand; every file starts with an empty store, all with the same configuration.
#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use error_patterns::explain::explain;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::Masker;
use error_patterns::model::RawException;
use error_patterns::store::{Matched, PatternStore, StoreConfig};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

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
    for file in &files {
        evaluate(Path::new(file), &options)?;
    }
    Ok(())
}

#[derive(Default)]
struct Options {
    out: Option<PathBuf>,
    explain: Option<String>,
    masks: bool,
}

struct Record {
    id: String,
    error_type: Option<String>,
    message: Option<String>,
    stacktrace: Option<String>,
    language: Option<String>,
    snippet: Option<String>,
    pii: Vec<String>,
}

impl Record {
    fn of(line: &str) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let id = text("id").unwrap_or_else(|| value["id"].to_string());
        let pii =
            value["pii"].as_array().into_iter().flatten().filter_map(|each| each.as_str().map(str::to_owned));
        Ok(Self {
            id,
            error_type: text("type"),
            message: text("message"),
            stacktrace: text("stacktrace"),
            language: text("lang"),
            snippet: text("snippet"),
            pii: pii.collect(),
        })
    }

    fn masked(&self, masker: &Masker) -> Self {
        let mask = |text: &Option<String>| text.as_deref().map(|text| masker.mask(text).into_owned());
        Self {
            id: self.id.clone(),
            error_type: mask(&self.error_type),
            message: mask(&self.message),
            stacktrace: mask(&self.stacktrace),
            language: self.language.clone(),
            snippet: mask(&self.snippet),
            pii: Vec::new(),
        }
    }

    fn raw(&self) -> RawException<'_> {
        RawException {
            error_type: self.error_type.as_deref(),
            message: self.message.as_deref(),
            stacktrace: self.stacktrace.as_deref(),
            language: self.language.as_deref(),
            snippet: self.snippet.as_deref(),
            ..RawException::default()
        }
    }

    fn bytes(&self) -> usize {
        [&self.message, &self.stacktrace, &self.snippet].into_iter().flatten().map(String::len).sum()
    }
}

fn evaluate(file: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let records = text.lines().map(Record::of).collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = records.iter().map(Record::bytes).sum();
    let masker = Masker::default();

    let started = Instant::now();
    let masked: Vec<Record> = records.iter().map(|record| record.masked(&masker)).collect();
    let masking = started.elapsed();
    let grouper = Grouper::new(GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() });
    let started = Instant::now();
    let groupings: Vec<_> = masked.iter().map(|record| grouper.group(&record.raw())).collect();
    let grouping = started.elapsed();
    let caching = Grouper::new(GroupingConfig { cache_entries_max: 64 * 1024, ..GroupingConfig::default() });
    masked.iter().for_each(|record| drop(caching.group(&record.raw())));
    let started = Instant::now();
    masked.iter().for_each(|record| drop(caching.group(&record.raw())));
    let repeating = started.elapsed();
    let mut store = PatternStore::new(StoreConfig::default());
    let started = Instant::now();
    let assignments: Vec<_> =
        groupings.iter().enumerate().map(|(time, grouping)| store.assign(grouping, time as i64)).collect();
    let matching = started.elapsed();

    if let Some(out) = &options.out {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let mut groups =
            std::io::BufWriter::new(std::fs::File::create(out.join(format!("{name}.groups.jsonl")))?);
        for ((record, grouping), assignment) in records.iter().zip(&groupings).zip(&assignments) {
            let taxonomy = &grouping.taxonomy;
            let row = json!({
                "id": record.id, "pattern_id": assignment.pattern_id.to_string(), "fingerprint": grouping.fingerprint.to_string(),
                "canonical": grouping.canonical, "near": matches!(assignment.matched, Matched::Near { .. }),
                "runtime": taxonomy.runtime.as_str(), "phase": taxonomy.phase.as_str(), "type": taxonomy.error_type,
                "cause": taxonomy.cause,
            });
            writeln!(groups, "{row}")?;
        }
    }
    for ((record, grouping), assignment) in masked.iter().zip(&groupings).zip(&assignments) {
        if options.explain.as_deref() == Some(record.id.as_str()) {
            println!("{}", explain(&record.raw(), grouping, Some(assignment)));
        }
    }
    if options.masks {
        print_masks(&records, &masked);
    }
    let leaks = leaks(&records, &masked);
    let each = |elapsed: std::time::Duration| elapsed.as_secs_f64() * 1e6 / records.len().max(1) as f64;
    println!(
        "{}: {} records of {} bytes, {} patterns; microseconds each: mask {:.1}, group {:.1}, repeat {:.1}, match {:.1}; leaks {leaks}",
        file.display(),
        records.len(),
        bytes / records.len().max(1),
        store.len(),
        each(masking),
        each(grouping),
        each(repeating),
        each(matching),
    );
    Ok(())
}

/// Each different line that masking changed, before and after.
fn print_masks(records: &[Record], masked: &[Record]) {
    let mut seen = std::collections::BTreeSet::new();
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
