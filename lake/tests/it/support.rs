//! Places to make lakes in, and rows to put there.

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, ListBuilder, MapBuilder, MapFieldNames,
    RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use errata_lake::{Lake, LakeConfig, S3Options, Snapshot, Table, WriterId};
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;

/// A place for one lake, deleted at the end where it is a folder.
pub(crate) struct Place {
    pub(crate) config: LakeConfig,
    folder: Option<tempfile::TempDir>,
}

impl Place {
    /// Makes all that is there three hours old. `false` on S3, where nothing can.
    pub(crate) fn age(&self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let then = std::time::SystemTime::from(chrono::Utc::now() - chrono::Duration::hours(3));
        let mut folders = vec![folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                std::fs::File::open(entry.path()).unwrap().set_modified(then).unwrap();
            }
        }
        true
    }
}

/// A new folder.
pub(crate) fn folder() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig::new(folder.path().join("lake").display().to_string());
    Place { config, folder: Some(folder) }
}

/// A folder, and a new prefix of the S3 bucket under test where there is one.
pub(crate) fn places() -> Vec<Place> {
    let mut places = vec![folder()];
    let variable = |name: &str| std::env::var(format!("ERRATA_TEST_S3_{name}")).ok();
    if let Some(endpoint) = variable("ENDPOINT") {
        let bucket = variable("BUCKET").expect("ERRATA_TEST_S3_BUCKET goes with the endpoint");
        let mut config = LakeConfig::new(format!("s3://{bucket}/lake-{}", uuid::Uuid::new_v4()));
        config.s3 = S3Options {
            endpoint: Some(endpoint),
            access_key_id: variable("KEY"),
            secret_access_key: variable("SECRET"),
            ..S3Options::default()
        };
        places.push(Place { config, folder: None });
    }
    places
}

pub(crate) fn writer(id: &str) -> WriterId {
    WriterId::new(id).unwrap()
}

pub(crate) const DAY: &str = "2026-11-23";

/// `count` rows of a table, dated `date`. Ids and times derive from `seed` and the row's number, in an
/// order that is not the sort key's.
pub(crate) fn rows(table: Table, date: &str, seed: u64, count: usize) -> RecordBatch {
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| column(field, date, seed, count)).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

fn mix(seed: u64, row: usize) -> u64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(row as u64 + 1);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn column(field: &Field, date: &str, seed: u64, count: usize) -> ArrayRef {
    let start: i64 = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap()
        .and_utc()
        .timestamp_micros();
    let micros = |row: usize| start + (mix(seed, row) % 1_000_000_000) as i64;
    let rows = 0..count;
    match field.data_type() {
        DataType::Timestamp(..) => Arc::new(
            rows.map(|row| Some(micros(row))).collect::<TimestampMicrosecondArray>().with_timezone("UTC"),
        ),
        DataType::Int64 if field.name() == "time_unix_nano" => {
            Arc::new(rows.map(|row| micros(row) * 1000).collect::<Int64Array>())
        }
        DataType::Int64 => {
            Arc::new(rows.map(|row| (mix(seed, row) % 5_000_000) as i64).collect::<Int64Array>())
        }
        DataType::Int32 => Arc::new(rows.map(|row| (mix(seed, row) % 5) as i32 + 1).collect::<Int32Array>()),
        DataType::Boolean => Arc::new(rows.map(|row| Some(row % 2 == 0)).collect::<BooleanArray>()),
        DataType::Utf8 => Arc::new(rows.map(|row| text(field, date, seed, row)).collect::<StringArray>()),
        DataType::List(item) => {
            let mut list = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(item));
            for row in rows {
                list.values().append_value(format!("tag{}", row % 3));
                list.append(true);
            }
            Arc::new(list.finish())
        }
        DataType::Map(..) => Arc::new(map(seed, count)),
        other => panic!("no test rows of {other}"),
    }
}

fn map(seed: u64, count: usize) -> arrow::array::MapArray {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..count {
        for key in ["http.route", "code.function.name", "thread.id"] {
            map.keys().append_value(key);
            map.values().append_value(format!("{key}-{}", mix(seed, row) % 40));
        }
        map.append(true).unwrap();
    }
    map.finish()
}

fn text(field: &Field, date: &str, seed: u64, row: usize) -> Option<String> {
    let x = mix(seed, row);
    Some(match field.name().as_str() {
        "date" => date.to_owned(),
        "trace_id" | "event_id" => format!("{:016x}{x:016x}", mix(x, row)),
        "span_id" => format!("{x:016x}"),
        "parent_span_id" if row.is_multiple_of(8) => return None,
        "parent_span_id" => format!("{:016x}", mix(x, 1)),
        "service_name" if row.is_multiple_of(50) => return None,
        "service_name" => format!("service-{}", x % 7),
        "session_id" | "fingerprint" | "signature" => format!("{:032x}", x % 500),
        "pattern_id" => format!("p{:04x}", x % 300),
        "stack_trace" => {
            format!("Traceback (most recent call last):\n  File \"a.py\", line {}\nValueError: {x}", x % 97)
        }
        name => format!("{name} {}", x % 20),
    })
}

/// Rows of a snapshot, counted from the files themselves.
pub(crate) async fn count(lake: &Lake, snapshot: &Snapshot) -> usize {
    let mut rows = 0;
    for file in &snapshot.files {
        rows += read(lake, &file.location).await.iter().map(RecordBatch::num_rows).sum::<usize>();
    }
    rows
}

/// A file's rows.
pub(crate) async fn read(lake: &Lake, location: &object_store::path::Path) -> Vec<RecordBatch> {
    let bytes = lake.object_store().get(location).await.unwrap().bytes().await.unwrap();
    ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// All values of a text column, sorted.
pub(crate) async fn texts(lake: &Lake, snapshot: &Snapshot, column: &str) -> Vec<String> {
    let mut values = Vec::new();
    for file in &snapshot.files {
        for batch in read(lake, &file.location).await {
            let column = batch.column_by_name(column).unwrap().as_string::<i32>();
            values.extend(column.iter().flatten().map(str::to_owned));
        }
    }
    values.sort();
    values
}
