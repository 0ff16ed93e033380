//! Latency of typical queries on a lake made for it: `cargo run --release -p query-engine --example latency [files]`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program for developers")]

use datafusion::arrow::json::ReaderBuilder;
use futures::TryStreamExt;
use lake::{Lake, LakeConfig, WriterId};
use query_engine::{Engine, QueryConfig};
use schemas::tables::Table;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROWS_PER_FILE: usize = 500;
const ROUNDS: usize = 50;

const QUERIES: &[&str] = &[
    "SELECT 1",
    "SELECT count(*) FROM errors",
    "SELECT timestamp, message FROM errors ORDER BY timestamp DESC LIMIT 50",
    "SELECT event_id FROM errors WHERE event_id = 'e-3-77'",
    "SELECT error_type, count(*) AS n FROM errors GROUP BY error_type ORDER BY n DESC LIMIT 5",
    "SELECT * FROM pattern_report ORDER BY occurrences DESC LIMIT 10",
    "SELECT * FROM pattern_hourly ORDER BY hour DESC LIMIT 24",
    "SELECT * FROM sessions ORDER BY started_at DESC LIMIT 20",
    "SHOW TABLES",
];

#[tokio::main]
async fn main() {
    let files = std::env::args().nth(1).map_or(10, |files| files.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(LakeConfig::new(folder.path().display().to_string())).await.unwrap();
    let writer = WriterId::new("latency").unwrap();
    for file in 0..files {
        let rows: Vec<Value> = (0..ROWS_PER_FILE).map(|row| error(file, row)).collect();
        let mut decoder = ReaderBuilder::new(Table::Errors.schema())
            .with_batch_size(ROWS_PER_FILE)
            .build_decoder()
            .unwrap();
        decoder.serialize(&rows).unwrap();
        let batch = decoder.flush().unwrap().unwrap();
        lake.append(Table::Errors, &writer, file..=file, vec![batch]).await.unwrap();
    }
    let engine = Engine::new(lake, QueryConfig::default()).unwrap();
    println!(
        "{files} files of {ROWS_PER_FILE} rows; milliseconds: first, median, 99th percentile of {ROUNDS}"
    );
    for sql in QUERIES {
        let first = ask(&engine, sql).await;
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            times.push(ask(&engine, sql).await);
        }
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{:8.2} {:8.2} {:8.2}  {sql}",
            ms(first),
            ms(times[ROUNDS / 2]),
            ms(times[ROUNDS * 99 / 100])
        );
    }
}

async fn ask(engine: &Engine, sql: &str) -> Duration {
    let started = Instant::now();
    let _rows: Vec<_> = engine.query(sql).await.unwrap().try_collect().await.unwrap();
    started.elapsed()
}

fn error(file: u64, row: usize) -> Value {
    let nano = 1_795_428_000_000_000_000_i64 + i64::try_from(row).unwrap() * 1_000_000_007;
    let id = format!("e-{file}-{row}");
    json!({
        "timestamp": chrono::DateTime::from_timestamp_nanos(nano).to_rfc3339(), "time_unix_nano": nano,
        "event_id": id, "trace_id": format!("{row:032x}"), "session_id": format!("s{}", row % 40),
        "execution_id": format!("x{row}"), "user_id": format!("u{}", row % 25), "signal": "trace",
        "error_type": format!("Error{}", row % 12), "message": "No module named 'pandas'",
        "stack_trace": "Traceback (most recent call last):\n  File \"<stdin>\", line 1\n".repeat(10),
        "fingerprint": format!("{:032x}", row % 60), "signature": format!("{:032x}", row % 60),
        "pattern_id": format!("p{}", row % 60), "pattern_new": false, "taxonomy_runtime": "python",
        "taxonomy_phase": "runtime", "taxonomy_type": "Error", "severity": row % 5 + 1, "strategy": "2026-12-01",
        "date": "2026-11-23",
    })
}
