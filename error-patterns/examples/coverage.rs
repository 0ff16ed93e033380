//! Reads files of exceptions, one JSON object per line (`type`, `message`, `stacktrace`, `lang`), and prints how
//! much of them the parser understood. With `--show N` prints the first N that it did not, with `--dump` all.

use error_patterns::model::{Parsed, RawException, Runtime};
use std::collections::BTreeMap;

fn main() {
    let mut show = 0_usize;
    let mut dump = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--show" => show = args.next().and_then(|n| n.parse().ok()).unwrap_or(10),
            "--dump" => dump = true,
            path => file(path, show, dump),
        }
    }
}

fn file(path: &str, mut show: usize, dump: bool) {
    let content = std::fs::read_to_string(path).expect("the file is readable");
    let mut runtimes: BTreeMap<&str, usize> = BTreeMap::new();
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
        let empty = first.frames.is_empty() && raw.stacktrace.is_some_and(|s| s.len() > 20);
        if dump || show > 0 && (parsed.runtime == Runtime::Unknown || empty) {
            show = show.saturating_sub(1);
            print(&raw, &parsed);
        }
    }
    println!(
        "{path}: {rows} rows, {runtimes:?}, with frames {framed}, type {typed}, message {said}, chain {chained}, \
         truncated {truncated}"
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
