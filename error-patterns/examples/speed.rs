//! Parses and classifies the rows of a file over and over for a few seconds, and prints rows per second and core,
//! and the time of classification alone in its best round. Files are as for `coverage`.

#![expect(clippy::print_stdout, reason = "a command-line tool answers on its output")]

use error_patterns::model::RawException;
use std::time::{Duration, Instant};

const ROUND: Duration = Duration::from_secs(3);

fn main() {
    for path in std::env::args().skip(1) {
        let content = std::fs::read_to_string(&path).expect("the file is readable");
        let rows: Vec<serde_json::Value> = content
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is a JSON object"))
            .collect();
        let raws: Vec<RawException<'_>> = rows
            .iter()
            .map(|row| {
                let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
                RawException {
                    error_type: text("type"),
                    message: text("message"),
                    stacktrace: text("stacktrace"),
                    language: text("lang"),
                    ..RawException::default()
                }
            })
            .collect();
        let bytes: usize = raws.iter().filter_map(|raw| raw.stacktrace).map(str::len).sum();
        for classified in [false, true] {
            let start = Instant::now();
            let (mut done, mut kept) = (0_usize, 0_usize);
            while start.elapsed() < ROUND {
                for raw in &raws {
                    let parsed = error_patterns::parse(raw);
                    kept += parsed.exceptions.len();
                    if classified {
                        kept += error_patterns::classify(raw, &parsed).taxonomy.cause.len();
                    }
                }
                done += raws.len();
            }
            let per_second = done as f64 / start.elapsed().as_secs_f64();
            println!(
                "{path}: {} rows of {} bytes, classified {classified}: {per_second:.0} rows/s, {:.0} MB/s ({kept})",
                raws.len(),
                bytes / raws.len().max(1),
                per_second * bytes as f64 / raws.len().max(1) as f64 / 1e6
            );
        }
        println!("{path}: classification alone {:.0} ns a row in the best round", classification(&raws));
    }
}

/// Nanoseconds of classification alone for each row, in the best of many rounds.
fn classification(raws: &[RawException<'_>]) -> f64 {
    let parsed: Vec<_> = raws.iter().map(|raw| error_patterns::parse(raw)).collect();
    let start = Instant::now();
    let mut best = f64::MAX;
    while start.elapsed() < ROUND {
        let round = Instant::now();
        for (raw, parsed) in raws.iter().zip(&parsed) {
            std::hint::black_box(error_patterns::classify(raw, parsed));
        }
        best = best.min(round.elapsed().as_secs_f64());
    }
    1e9 * best / raws.len().max(1) as f64
}
