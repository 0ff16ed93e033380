//! Measures the lake on this machine: `cargo run --release -p errata-lake --example measure [rows [folder]]`.
//! The folder, where one is given, keeps the lake, for other engines to be tried on.
//!
//! Prints CPU seconds per million span-like rows for each step of an append and for compaction, sizes,
//! and the time of a commit with more and more live files.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use anyhow::Result;
use arrow::array::{
    Int32Array, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use errata_lake::{CompactionConfig, Lake, LakeConfig, MaintenanceConfig, Table, WriterId};
use std::sync::Arc;
use std::time::Instant;

const DAY: &str = "2026-11-23";
const BASE_NANO: i64 = 1_795_435_200_000_000_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let rows: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir()?;
    let kept = std::env::args().nth(2);
    let location = kept.unwrap_or_else(|| folder.path().join("lake").display().to_string());
    let lake = Lake::open(LakeConfig::new(&location)).await?;
    appends(&lake, rows).await?;
    let folder = tempfile::tempdir()?;
    let lake = Lake::open(LakeConfig::new(folder.path().join("lake").display().to_string())).await?;
    commits(&lake).await?;
    Ok(())
}

async fn appends(lake: &Lake, rows: usize) -> Result<()> {
    let writer = WriterId::new("measure")?;
    let per_commit = 50_000;
    let commits = rows.div_ceil(per_commit);
    let (mut cpu, mut wall, mut bytes) = (0.0, 0.0, 0);
    for commit in 0..commits {
        // As a processor hands them in: many small batches.
        let batches: Vec<_> =
            (0..25).map(|part| spans((commit * 25 + part) as u64, per_commit / 25)).collect();
        let (cpu_before, began) = (cpu_seconds()?, Instant::now());
        let position = commit as u64 + 1;
        let done = lake.append(Table::Spans, &writer, position..=position, batches).await?;
        cpu += cpu_seconds()? - cpu_before;
        wall += began.elapsed().as_secs_f64();
        if let errata_lake::Appended::Committed { bytes: written, .. } = done {
            bytes += written;
        }
    }
    let total = (commits * per_commit) as f64;
    println!(
        "append: {:.2} CPU s per million rows, {:.2} s wall, {:.1} bytes a row, {per_commit} rows a commit",
        cpu / total * 1e6,
        wall / total * 1e6,
        bytes as f64 / total
    );
    let config = CompactionConfig { settle_ms: 0, ..CompactionConfig::default() };
    let (cpu_before, began) = (cpu_seconds()?, Instant::now());
    let report = lake.compact(Table::Spans, &config, chrono::Utc::now()).await?;
    println!(
        "compaction: {:.2} CPU s per million rows, {:.2} s wall, {} files to {}, {:.1} to {:.1} bytes a row",
        (cpu_seconds()? - cpu_before) / report.rows as f64 * 1e6,
        began.elapsed().as_secs_f64() / report.rows as f64 * 1e6,
        report.files_in,
        lake.snapshot(Table::Spans).await?.files.len(),
        report.bytes_in as f64 / report.rows as f64,
        report.bytes_out as f64 / report.rows as f64,
    );
    Ok(())
}

async fn commits(lake: &Lake) -> Result<()> {
    let writer = WriterId::new("measure")?;
    let batch = spans(1, 10);
    let mut position = 0;
    for live in [10, 500, 5000] {
        let mut recent = Vec::new();
        while position < live {
            position += 1;
            let began = Instant::now();
            lake.append(Table::Spans, &writer, position..=position, vec![batch.clone()]).await?;
            recent.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let last: Vec<f64> = recent.iter().rev().take(50).copied().collect();
        let mut sorted = last.clone();
        sorted.sort_by(f64::total_cmp);
        let began = Instant::now();
        for _ in 0..100 {
            lake.snapshot(Table::Spans).await?;
        }
        let unchanged_us = began.elapsed().as_secs_f64() * 1e4;
        let began = Instant::now();
        let again = Lake::open(lake.config().clone()).await?;
        again.snapshot(Table::Spans).await?;
        let open_ms = began.elapsed().as_secs_f64() * 1e3;
        drop(again);
        println!(
            "{live} live files: append of 10 rows median {:.2} ms (max {:.2}), snapshot unchanged {unchanged_us:.0} us, open {open_ms:.0} ms",
            sorted[sorted.len() / 2],
            sorted[sorted.len() - 1]
        );
    }
    let began = Instant::now();
    let keep_files = CompactionConfig { merges_max: 0, ..CompactionConfig::default() };
    let upkeep = MaintenanceConfig { compaction: keep_files, ..MaintenanceConfig::default() };
    lake.maintain_once(&upkeep, chrono::Utc::now()).await;
    let checkpoint_ms = began.elapsed().as_secs_f64() * 1e3;
    let began = Instant::now();
    Lake::open(lake.config().clone()).await?;
    println!(
        "{position} live files: checkpoint {checkpoint_ms:.0} ms, open from it {:.0} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    Ok(())
}

/// CPU seconds of this process, user and system.
fn cpu_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let rest = text.rsplit(')').next().unwrap_or_default();
    let field = |number: usize| rest.split_whitespace().nth(number).and_then(|text| text.parse::<f64>().ok());
    // Fields 14 and 15 of the whole line, in hundredths.
    Ok((field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0)) / 100.0)
}

fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Spans as a code-execution platform sends them: traces of eight, a dozen services, eight attributes.
fn spans(seed: u64, count: usize) -> RecordBatch {
    let random = |row: usize, salt: u64| mix(mix(seed ^ (salt << 40)).wrapping_add(row as u64));
    let time = |row: usize| BASE_NANO + (seed * 80_000_000) as i64 + (random(row, 1) % 80_000_000) as i64;
    let schema = Table::Spans.schema();
    let columns = schema.fields().iter().map(|field| -> arrow::array::ArrayRef {
        let text =
            |of: &dyn Fn(usize) -> Option<String>| Arc::new((0..count).map(of).collect::<StringArray>());
        let trace = |row: usize| row as u64 / 8;
        match field.name().as_str() {
            "timestamp" => Arc::new(
                (0..count)
                    .map(|row| Some(time(row) / 1000))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
            "time_unix_nano" => Arc::new((0..count).map(time).collect::<Int64Array>()),
            "duration_ns" => {
                Arc::new((0..count).map(|row| (random(row, 2) % 9_000_000) as i64).collect::<Int64Array>())
            }
            "severity" => {
                Arc::new((0..count).map(|row| (row % 40 == 0).then_some(3)).collect::<Int32Array>())
            }
            "attributes" => attributes(count, 6, &|row, key| random(row, 10 + key)),
            "resource_attributes" => attributes(count, 4, &|row, key| mix(random(row, 3) % 12 + key)),
            "trace_id" => text(&|row| {
                Some(format!("{:016x}{:016x}", mix(seed ^ trace(row)), mix(trace(row) ^ (seed << 8))))
            }),
            "span_id" => text(&|row| Some(format!("{:016x}", random(row, 4)))),
            "parent_span_id" => {
                text(&|row| (row % 8 != 0).then(|| format!("{:016x}", random(row - row % 8, 4))))
            }
            "session_id" | "execution_id" => {
                text(&|row| Some(format!("{:040x}", mix((trace(row) / 4) ^ (seed << 20)))))
            }
            "user_id" => text(&|row| Some(format!("user-{}", mix(trace(row) ^ seed) % 500))),
            "service_name" => text(&|row| Some(format!("runner-{}", random(row, 3) % 12))),
            "name" => text(&|row| {
                Some(
                    ["run_code", "import_module", "write_file", "GET /api/v1/items"]
                        [(random(row, 5) % 4) as usize]
                        .into(),
                )
            }),
            "kind" => text(&|_| Some("internal".into())),
            "status_code" => text(&|row| Some(if row % 40 == 0 { "ERROR" } else { "UNSET" }.into())),
            "fingerprint" | "pattern_id" => {
                text(&|row| (row % 40 == 0).then(|| format!("{:032x}", random(row, 6) % 200)))
            }
            "scope_name" => text(&|_| Some("opentelemetry.instrumentation.runner".into())),
            "date" => text(&|_| Some(DAY.into())),
            "host_name" | "branch" | "commit_hash" => {
                text(&|row| Some(format!("{}-{}", field.name(), random(row, 3) % 4)))
            }
            _ => text(&|_| None),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).expect("the columns follow the schema")
}

fn attributes(count: usize, keys: u64, random: &dyn Fn(usize, u64) -> u64) -> arrow::array::ArrayRef {
    const KEYS: [&str; 6] =
        ["code.function.name", "http.route", "thread.id", "code.file.path", "exec.step", "net.peer.name"];
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..count {
        for key in 0..keys {
            map.keys().append_value(KEYS[key as usize]);
            map.values().append_value(format!("{}-{}", KEYS[key as usize], random(row, key) % 60));
        }
        map.append(true).expect("keys and values are as many");
    }
    Arc::new(map.finish())
}
