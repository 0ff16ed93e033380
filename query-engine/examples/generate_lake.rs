//! A lake as a platform has it after some weeks, for measuring: compacted files, a few patterns with most of the
//! exceptions, many users and sessions, and the last hour still in small files.
//!
//! `cargo run --release -p query-engine --example generate_lake -- FOLDER [ERRORS [DAYS]]`. For each ten exceptions it
//! makes four spans. The same arguments give the same rows, but for the time: the last row is of now.

#![expect(clippy::print_stdout, reason = "a program for developers")]

use anyhow::{Context, Result};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use lake::{CompactionConfig, Lake, LakeConfig, WriterId};
use schemas::tables::Table;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

const BATCH_ROWS: u64 = 20_000;
/// Rows of one commit of a past day; compaction merges them afterwards.
const COMMIT_ROWS: u64 = 500_000;
const PATTERNS: u64 = 2_000;
const USERS: u64 = 50_000;
const SPANS_PER_TRACE: u64 = 8;
const ERRORS_PER_SESSION: u64 = 5;
const DAY_NANOS: i64 = 86_400_000_000_000;
/// Commits into which the last hour is divided, as a processor makes them.
const FRESH_COMMITS: u64 = 60;

const TYPES: &[&str] = &[
    "ModuleNotFoundError",
    "ValueError",
    "KeyError",
    "TypeError",
    "IndexError",
    "ZeroDivisionError",
    "FileNotFoundError",
    "MemoryError",
    "TimeoutError",
    "java.lang.NullPointerException",
    "java.lang.OutOfMemoryError",
    "ReferenceError",
    "SyntaxError",
    "IndentationError",
    "PermissionError",
    "ConnectionError",
    "RecursionError",
    "AttributeError",
    "UnicodeDecodeError",
    "AssertionError",
];
const LANGUAGES: &[&str] = &["python", "nodejs", "java", "bash"];
const SERVICES: &[&str] = &["notebooks", "judge", "batch", "agents"];
const CAUSES: &[&str] = &["MissingModule", "TypeMismatch", "PathIssue", "VersionMismatch", "ResourceLimit"];

/// Words that are spread evenly and always the same for the same `seed` and `at`.
fn word(seed: u64, at: u64) -> u64 {
    let mut word =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(at.wrapping_mul(0xd1b5_4a32_d192_ed03));
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// A number below `bound`, the small ones far more often.
fn skewed(word: u64, bound: u64) -> u64 {
    let share = (word >> 11) as f64 / (1_u64 << 53) as f64;
    ((share * share * share * bound as f64) as u64).min(bound - 1)
}

fn hex(seed: u64, at: u64) -> String {
    format!("{:016x}{:016x}", word(seed, at), word(seed + 1, at))
}

/// One day's rows of one table, or a part of them.
#[derive(Clone, Copy)]
struct Part {
    day: u64,
    first: u64,
    rows: u64,
    /// Time of the day's first row, and from one row to the next.
    begins: i64,
    step: i64,
}

impl Part {
    fn time(&self, row: u64) -> i64 {
        self.begins + row as i64 * self.step
    }

    fn session(&self, error: u64) -> String {
        format!(
            "{:016x}{:016x}{:08x}",
            word(11, self.day),
            word(12, error / ERRORS_PER_SESSION),
            word(13, error / ERRORS_PER_SESSION) as u32
        )
    }

    fn user(&self, error: u64) -> String {
        format!("user-{:05}", skewed(word(14 + self.day, error / ERRORS_PER_SESSION), USERS))
    }

    fn trace(&self, error: u64) -> String {
        hex(20 + 2 * self.day, error)
    }
}

fn texts(rows: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows))
}

fn map(rows: u64, key: &str, value: impl Fn(u64) -> String) -> Result<ArrayRef> {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..rows {
        builder.keys().append_value(key);
        builder.values().append_value(value(row));
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}

/// A batch of `table` from the columns that are given; the others are null.
fn whole(table: Table, rows: u64, columns: &HashMap<&str, ArrayRef>) -> Result<RecordBatch> {
    let schema = table.schema();
    let arrays = schema.fields().iter().map(|field| {
        columns
            .get(field.name().as_str())
            .cloned()
            .unwrap_or_else(|| new_null_array(field.data_type(), rows as usize))
    });
    RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).context("a required column is not given")
}

fn times(times: &[i64]) -> [(&'static str, ArrayRef); 3] {
    let micros = TimestampMicrosecondArray::from_iter_values(times.iter().map(|nano| nano / 1000))
        .with_timezone("UTC");
    let date = |nano: &i64| chrono::DateTime::from_timestamp_nanos(*nano).format("%Y-%m-%d").to_string();
    [
        ("timestamp", Arc::new(micros) as ArrayRef),
        ("time_unix_nano", Arc::new(Int64Array::from(times.to_vec()))),
        ("date", texts(times.iter().map(date))),
    ]
}

fn errors(part: Part) -> Result<RecordBatch> {
    let rows = || part.first..part.first + part.rows;
    let pattern = |row: u64| skewed(word(3 + part.day, row), PATTERNS);
    let nanos: Vec<i64> = rows().map(|row| part.time(row)).collect();
    let mut columns: HashMap<&str, ArrayRef> = HashMap::from(times(&nanos));
    let named: [(&str, &dyn Fn(u64) -> String); 20] = [
        ("event_id", &|row| hex(100 + 2 * part.day, row)),
        ("trace_id", &|row| part.trace(row)),
        ("span_id", &|row| format!("{:016x}", word(200 + part.day, row))),
        ("session_id", &|row| part.session(row)),
        ("execution_id", &|row| part.trace(row)),
        ("user_id", &|row| part.user(row)),
        ("service_name", &|row| SERVICES[(pattern(row) % 4) as usize].to_owned()),
        ("host_name", &|row| format!("runner-{}", word(5, row) % 40)),
        ("signal", &|_| "trace".to_owned()),
        ("span_name", &|_| "run_code".to_owned()),
        ("language", &|row| LANGUAGES[(pattern(row) % 4) as usize].to_owned()),
        ("error_type", &|row| TYPES[(pattern(row) % 20) as usize].to_owned()),
        ("message", &|row| format!("value {} of step {} is not known", word(6, row) % 10_000, pattern(row))),
        ("stack_trace", &|row| stack(pattern(row), word(7, row))),
        ("fingerprint", &|row| hex(50, pattern(row) * 4 + word(8, row) % 4)),
        ("signature", &|row| hex(52, pattern(row))),
        ("pattern_id", &|row| hex(54, pattern(row))),
        ("taxonomy_runtime", &|row| LANGUAGES[(pattern(row) % 4) as usize].to_owned()),
        ("taxonomy_type", &|row| TYPES[(pattern(row) % 20) as usize].to_owned()),
        ("taxonomy_cause", &|row| CAUSES[(pattern(row) % 5) as usize].to_owned()),
    ];
    for (name, value) in named {
        columns.insert(name, texts(rows().map(value)));
    }
    columns.insert("taxonomy_phase", texts(rows().map(|_| "runtime".to_owned())));
    columns.insert("strategy", texts(rows().map(|_| "2026-12-01".to_owned())));
    columns.insert("pattern_new", Arc::new(BooleanArray::from(vec![false; part.rows as usize])));
    columns.insert(
        "severity",
        Arc::new(Int32Array::from_iter_values(rows().map(|row| 1 + (pattern(row) % 5) as i32))),
    );
    columns.insert("attributes", map(part.rows, "exec.kind", |_| "run_code".to_owned())?);
    whole(Table::Errors, part.rows, &columns)
}

fn stack(pattern: u64, varies: u64) -> String {
    let library = word(9, pattern) % 300;
    format!(
        "Traceback (most recent call last):\n  File \"/home/<user>/job_{}.py\", line {}, in <module>\n    main()\n  \
         File \"/usr/lib/python3/site-packages/lib{library}/core.py\", line {}, in call\n    return self.step(value)\n  \
         File \"/usr/lib/python3/site-packages/lib{library}/step.py\", line 77, in step\n    raise error\n",
        varies % 100_000,
        varies >> 20 & 0xff,
        pattern % 900,
    )
}

/// The spans of the first traces of the day: `part` counts spans.
fn spans(part: Part) -> Result<RecordBatch> {
    let rows = || part.first..part.first + part.rows;
    let error = |row: u64| row / SPANS_PER_TRACE;
    let nanos: Vec<i64> = rows().map(|row| part.time(row)).collect();
    let mut columns: HashMap<&str, ArrayRef> = HashMap::from(times(&nanos));
    let failed = |row: u64| row % SPANS_PER_TRACE == 1;
    let named: [(&str, &dyn Fn(u64) -> String); 11] = [
        ("trace_id", &|row| part.trace(error(row))),
        ("span_id", &|row| format!("{:016x}", word(300 + part.day, row))),
        ("session_id", &|row| part.session(error(row))),
        ("execution_id", &|row| part.trace(error(row))),
        ("user_id", &|row| part.user(error(row))),
        ("service_name", &|row| SERVICES[(error(row) % 4) as usize].to_owned()),
        ("host_name", &|row| format!("runner-{}", word(5, error(row)) % 40)),
        ("name", &|row| {
            ["run_code", "import_module", "write_file", "http GET"][(row % 4) as usize].to_owned()
        }),
        ("kind", &|_| "internal".to_owned()),
        ("exec_kind", &|row| {
            ["run_code", "import_module", "write_file", "run_code"][(row % 4) as usize].to_owned()
        }),
        ("status_code", &|row| if failed(row) { "ERROR" } else { "OK" }.to_owned()),
    ];
    for (name, value) in named {
        columns.insert(name, texts(rows().map(value)));
    }
    columns.insert(
        "duration_ns",
        Arc::new(Int64Array::from_iter_values(rows().map(|row| (word(4, row) % 2_000_000_000) as i64))),
    );
    columns.insert("attributes", map(part.rows, "code.function.name", |row| format!("step_{}", row % 50))?);
    columns.insert(
        "resource_attributes",
        map(part.rows, "deployment.environment.name", |_| "production".to_owned())?,
    );
    whole(Table::Spans, part.rows, &columns)
}

fn patterns(begins: i64) -> Result<RecordBatch> {
    let rows = || 0..PATTERNS;
    let nanos: Vec<i64> = rows().map(|row| begins + row as i64).collect();
    let mut columns: HashMap<&str, ArrayRef> = HashMap::from(times(&nanos));
    let named: [(&str, &dyn Fn(u64) -> String); 9] = [
        ("fact", &|_| "pattern".to_owned()),
        ("pattern_id", &|row| hex(54, row)),
        ("fingerprint", &|row| hex(50, row * 4)),
        ("signature", &|row| hex(52, row)),
        ("error_type", &|row| TYPES[(row % 20) as usize].to_owned()),
        ("canonical_msg", &|row| format!("value <number> of step {row} is not known")),
        ("language", &|row| LANGUAGES[(row % 4) as usize].to_owned()),
        ("strategy", &|_| "2026-12-01".to_owned()),
        ("writer", &|_| "generated".to_owned()),
    ];
    for (name, value) in named {
        columns.insert(name, texts(rows().map(value)));
    }
    whole(Table::Patterns, PATTERNS, &columns)
}

struct Writing {
    lake: Lake,
    writer: WriterId,
    position: u64,
}

impl Writing {
    async fn append(
        &mut self,
        table: Table,
        part: Part,
        make: fn(Part) -> Result<RecordBatch>,
    ) -> Result<()> {
        let end = part.first + part.rows;
        let firsts = (part.first..end).step_by(BATCH_ROWS as usize);
        let parts = firsts.map(|first| Part { first, rows: BATCH_ROWS.min(end - first), ..part });
        let batches = parts.map(make).collect::<Result<_>>()?;
        self.commit(table, batches).await
    }

    async fn commit(&mut self, table: Table, batches: Vec<RecordBatch>) -> Result<()> {
        self.position += 1;
        self.lake.append(table, &self.writer, self.position..=self.position, batches).await?;
        Ok(())
    }

    /// A day's rows in large commits, then merged as upkeep does with days that are over.
    async fn day(&mut self, table: Table, day: Part, make: fn(Part) -> Result<RecordBatch>) -> Result<()> {
        for first in (0..day.rows).step_by(COMMIT_ROWS as usize) {
            self.append(table, Part { first, rows: COMMIT_ROWS.min(day.rows - first), ..day }, make).await?;
        }
        let config = CompactionConfig { settle_ms: 0, merge_files_min: 2, ..CompactionConfig::default() };
        self.lake.compact(table, &config, chrono::Utc::now()).await?;
        self.lake.vacuum(table, 0, 3_600_000, chrono::Utc::now()).await?;
        Ok(())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("usage: generate_lake FOLDER [ERRORS [DAYS]]")?;
    let errors_wanted: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let days: u64 = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let lake = Lake::open(LakeConfig::new(folder)).await?;
    let mut writing = Writing { lake, writer: WriterId::new("generated")?, position: 0 };
    let now = chrono::Utc::now().timestamp_nanos_opt().context("a clock before the year 2262")?;
    let midnight = now - now % DAY_NANOS;
    let errors_a_day = (errors_wanted / days).max(FRESH_COMMITS);
    let spans_a_day = errors_a_day * 4 / 10 / SPANS_PER_TRACE * SPANS_PER_TRACE;
    writing.commit(Table::Patterns, vec![patterns(midnight - (days as i64 - 1) * DAY_NANOS)?]).await?;
    let began = Instant::now();
    for day in 0..days {
        let begins = midnight - (days - 1 - day) as i64 * DAY_NANOS;
        let today = day + 1 == days;
        let length = if today { now - 3_600_000_000_000 - begins } else { DAY_NANOS }.max(1_000_000_000);
        let part = |rows: u64| Part { day, first: 0, rows, begins, step: length / rows.max(1) as i64 };
        writing.day(Table::Errors, part(errors_a_day), errors).await?;
        writing.day(Table::Spans, part(spans_a_day), spans).await?;
        println!("day {} of {days}: {:.0} s", day + 1, began.elapsed().as_secs_f64());
    }
    let fresh = (errors_a_day / 24 / FRESH_COMMITS).max(1);
    for minute in 0..FRESH_COMMITS {
        let begins = now - (FRESH_COMMITS - minute) as i64 * 60_000_000_000;
        let part = Part {
            day: days,
            first: minute * fresh,
            rows: fresh,
            begins,
            step: 60_000_000_000 / fresh as i64,
        };
        // Rows of the parts follow one another, each part from its own minute on.
        let part = Part { begins: begins - part.first as i64 * part.step, ..part };
        writing.append(Table::Errors, part, errors).await?;
        writing.append(Table::Spans, part, spans).await?;
    }
    for table in Table::ALL {
        let snapshot = writing.lake.snapshot(table).await?;
        let bytes: u64 = snapshot.files.iter().map(|file| file.size_bytes).sum();
        let rows: u64 = snapshot.files.iter().filter_map(|file| file.rows()).sum();
        println!(
            "{}: {rows} rows in {} files, {:.0} MB",
            table.name(),
            snapshot.files.len(),
            bytes as f64 / 1e6
        );
    }
    Ok(())
}
