//! Reads files of exceptions, one JSON object per line (`type`, `message`, `stacktrace`, `lang`), and prints how
//! much of them the parser understood. With `--show N` prints the first N that it did not, with `--dump` all,
//! with `--brief` one line for each.

#![expect(clippy::print_stdout, reason = "a command-line tool answers on its output")]

use error_patterns::model::{Parsed, RawException, Runtime};
use std::collections::BTreeMap;

fn main() {
    let mut show = 0_usize;
    let mut dump = false;
    let mut brief = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--show" => show = args.next().and_then(|n| n.parse().ok()).unwrap_or(10),
            "--dump" => dump = true,
            "--brief" => brief = true,
            path => file(path, show, dump, brief),
        }
    }
}

fn file(path: &str, mut show: usize, dump: bool, brief: bool) {
    let content = std::fs::read_to_string(path).expect("the file is readable");
    let mut runtimes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut scores = Scores::default();
    let (mut rows, mut framed, mut typed, mut said, mut chained, mut truncated) = (0, 0, 0, 0, 0, 0);
    for line in content.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("each line is a JSON object");
        let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
        let raw = RawException {
            error_type: text("type"),
            message: text("message"),
            stacktrace: text("stacktrace"),
            language: text("lang"),
            ..RawException::default()
        };
        let parsed = error_patterns::parse(&raw);
        let first = &parsed.exceptions[0];
        rows += 1;
        *runtimes.entry(parsed.runtime.as_str()).or_default() += 1;
        framed += usize::from(!first.frames.is_empty());
        typed += usize::from(!first.error_type.is_empty());
        said += usize::from(!first.message.is_empty());
        chained += usize::from(parsed.exceptions.len() > 1);
        truncated += usize::from(parsed.truncated);
        if let Some(truth) = row.get("taxonomy").filter(|truth| truth.is_object()) {
            scores.add(
                truth,
                &error_patterns::classify(&raw, &parsed),
                row.get("label").and_then(|l| l.as_str()),
            );
        }
        if brief {
            brief_line(&row, &raw, &parsed);
        }
        let empty = first.frames.is_empty() && raw.stacktrace.is_some_and(|s| s.len() > 20);
        if dump || show > 0 && (parsed.runtime == Runtime::Unknown || empty) {
            show = show.saturating_sub(1);
            print(&raw, &parsed);
        }
    }
    scores.print();
    println!(
        "{path}: {rows} rows, {runtimes:?}, with frames {framed}, type {typed}, message {said}, chain {chained}, \
         truncated {truncated}"
    );
}

fn brief_line(row: &serde_json::Value, raw: &RawException<'_>, parsed: &Parsed<'_>) {
    let found = error_patterns::classify(raw, parsed);
    let first = &parsed.exceptions[0];
    println!(
        "{:28} {:10} {:8} {:24} {:22} {} exceptions, {} frames, {:?}",
        row.get("id").and_then(serde_json::Value::as_str).unwrap_or_default(),
        parsed.runtime,
        found.taxonomy.phase.as_str(),
        found.taxonomy.error_type,
        if found.taxonomy.cause.is_empty() { "-" } else { &found.taxonomy.cause },
        parsed.exceptions.len(),
        first.frames.len(),
        first.message.chars().take(90).collect::<String>()
    );
}

fn print(raw: &RawException<'_>, parsed: &Parsed<'_>) {
    let stack = raw.stacktrace.unwrap_or_default();
    println!(
        "==== {:?} {:?} {:?}\n{}",
        raw.language,
        raw.error_type,
        raw.message,
        stack.chars().take(1500).collect::<String>()
    );
    println!("---- {} truncated={}", parsed.runtime, parsed.truncated);
    for exception in &parsed.exceptions {
        println!(
            "  {:?}->{:?} {:?} [{}] {:?}",
            exception.relation, exception.parent, exception.error_type, exception.code, exception.message
        );
        for frame in &exception.frames {
            println!(
                "    {:?} {}|{} {}:{:?}:{:?} {:?}",
                frame.origin,
                frame.module,
                frame.function,
                frame.file,
                frame.line,
                frame.column,
                frame.source
            );
        }
    }
}

/// Agreement with the `taxonomy` that a row may carry.
#[derive(Default)]
struct Scores {
    rows: usize,
    right: BTreeMap<&'static str, usize>,
    wrong: BTreeMap<String, usize>,
}

impl Scores {
    fn add(
        &mut self,
        truth: &serde_json::Value,
        found: &error_patterns::Classification,
        label: Option<&str>,
    ) {
        self.rows += 1;
        let taxonomy = &found.taxonomy;
        for (level, ours) in [
            ("phase", taxonomy.phase.as_str()),
            ("type", taxonomy.error_type.as_str()),
            ("cause", taxonomy.cause.as_str()),
        ] {
            let theirs = truth.get(level).and_then(serde_json::Value::as_str).unwrap_or_default();
            if ours == theirs {
                *self.right.entry(level).or_default() += 1;
            } else {
                let key =
                    format!("{} {level}: {theirs}, not {ours:?} ({})", label.unwrap_or_default(), found.rule);
                *self.wrong.entry(key).or_default() += 1;
            }
        }
    }

    fn print(&self) {
        for (level, right) in &self.right {
            println!("{level}: {right} of {} right", self.rows);
        }
        for (what, count) in &self.wrong {
            println!("  {count} x {what}");
        }
    }
}
