//! Checks taxonomy rules, and measures what they know.
//!
//! `cargo run -p error-patterns --example taxonomy -- check [FILE.toml...]` tells all problems of the built-in rules,
//! or of files that would be put before them. `... -- coverage FILE.jsonl...` reads exceptions, one JSON object per
//! line (`type`, `message`, `stacktrace`, `lang`, and `taxonomy` where the truth is known), and prints how many each
//! level knows, which rules decide how often and which never, and what is known least. Before the command,
//! `--rules FOLDER` takes that folder in place of the built-in rules, and `--before FILE.toml` puts a file before them; `--top N` makes the lists longer.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use error_patterns::classify::{Classification, Classifier};
use error_patterns::model::{Parsed, RawException, Runtime};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut classifier = Classifier::built_in()?;
    let mut top = 20;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rules" => classifier = folder(&arguments.next().ok_or("--rules needs a folder")?)?,
            "--before" => {
                let file = arguments.next().ok_or("--before needs a file")?;
                classifier = classifier.with_rules_before(&file, &std::fs::read_to_string(&file)?)?;
            }
            "--top" => top = arguments.next().ok_or("--top needs a number")?.parse()?,
            "check" => return check(&classifier, arguments.collect()),
            "coverage" => return coverage(&classifier, arguments.collect(), top),
            other => return Err(format!("unknown command {other:?}, known are check and coverage").into()),
        }
    }
    Err("no command, known are check and coverage".into())
}

fn folder(path: &str) -> Result<Classifier, Box<dyn Error>> {
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    files.sort();
    let texts: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Ok(Classifier::of_files(&texts)?)
}

fn check(classifier: &Classifier, files: Vec<String>) -> Result<ExitCode, Box<dyn Error>> {
    let mut problems = Vec::new();
    for file in &files {
        problems.extend(classifier.check(file, &std::fs::read_to_string(file)?));
    }
    if files.is_empty() {
        problems = classifier.check_all();
    }
    for problem in &problems {
        println!("{:?}: {problem}", problem.severity);
    }
    println!("{} problems", problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn coverage(classifier: &Classifier, files: Vec<String>, entries: usize) -> Result<ExitCode, Box<dyn Error>> {
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        let mut counts = Counts::default();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let field = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
            let raw = RawException {
                error_type: field("type"),
                message: field("message"),
                stacktrace: field("stacktrace"),
                language: field("lang"),
                exit_code: row.get("exit_code").and_then(serde_json::Value::as_i64),
                ..RawException::default()
            };
            let parsed = error_patterns::parse(&raw);
            let found = classifier.classify(&raw, &parsed);
            counts.add(&parsed, &found);
            if let Some(truth) = row.get("taxonomy").filter(|truth| truth.is_object()) {
                counts.compare(truth, &found, field("label").unwrap_or_default());
            }
        }
        counts.print(&path, classifier, entries);
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Known {
    rows: usize,
    decided: usize,
    typed: usize,
}

#[derive(Default)]
struct Counts {
    runtimes: BTreeMap<Runtime, Known>,
    rules: BTreeMap<String, usize>,
    unknown: BTreeMap<String, usize>,
    compared: usize,
    right: BTreeMap<&'static str, usize>,
    wrong: BTreeMap<String, usize>,
}

impl Counts {
    fn add(&mut self, parsed: &Parsed<'_>, found: &Classification) {
        let known = self.runtimes.entry(parsed.runtime).or_default();
        known.rows += 1;
        known.typed += usize::from(!found.taxonomy.error_type.is_empty());
        known.decided += usize::from(!found.rule.is_empty());
        if found.rule.is_empty() {
            let message: String = parsed.exceptions[0].message.chars().take(100).collect();
            let what = format!("{} {}: {message:?}", parsed.runtime, found.taxonomy.error_type);
            *self.unknown.entry(what).or_default() += 1;
        } else {
            *self.rules.entry(found.rule.clone()).or_default() += 1;
        }
    }

    fn compare(&mut self, truth: &serde_json::Value, found: &Classification, label: &str) {
        self.compared += 1;
        let ours = &found.taxonomy;
        let runtime = match truth["runtime"].as_str() {
            Some("node") => "javascript",
            Some("bash") => "shell",
            other => other.unwrap_or_default(),
        };
        for (level, ours, theirs) in [
            ("1 runtime", ours.runtime.as_str(), runtime),
            ("2 phase", ours.phase.as_str(), truth["phase"].as_str().unwrap_or_default()),
            ("3 type", ours.error_type.as_str(), truth["type"].as_str().unwrap_or_default()),
            ("4 cause", ours.cause.as_str(), truth["cause"].as_str().unwrap_or_default()),
        ] {
            let right = ours == theirs;
            *self.right.entry(level).or_default() += usize::from(right);
            if !right {
                let what = format!("{label}, {level}: {theirs}, not {ours:?} by {:?}", found.rule);
                *self.wrong.entry(what).or_default() += 1;
            }
        }
    }

    fn print(&self, path: &str, classifier: &Classifier, entries: usize) {
        println!("{path}");
        for (runtime, known) in &self.runtimes {
            let share = |part: usize| 100.0 * part as f64 / known.rows.max(1) as f64;
            println!(
                "  {runtime}: {} rows, type known of {:.1} %, phase and cause of {:.1} %",
                known.rows,
                share(known.typed),
                share(known.decided)
            );
        }
        for (level, right) in &self.right {
            println!("  level {level}: {right} of {} as labelled", self.compared);
        }
        let top = |title: &str, counts: &BTreeMap<String, usize>| {
            let mut most: Vec<(&String, &usize)> = counts.iter().collect();
            most.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            if !most.is_empty() {
                println!("  {title}:");
            }
            for (what, count) in most.into_iter().take(entries) {
                println!("    {count} x {what}");
            }
        };
        top("not as labelled", &self.wrong);
        top("no rule knows", &self.unknown);
        top("rules that decide most", &self.rules);
        let never = classifier.labels().filter(|label| !self.rules.contains_key(*label)).count();
        println!("  {} rules decide something, {never} nothing", self.rules.len());
    }
}
