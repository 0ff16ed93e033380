//! What merges keep: every row, in whatever form the files have it, and what look-ups need.

use crate::look_up;
use crate::support::{DAY, folder, read, rows, writer};
use arrow::array::{
    Array, ArrayRef, AsArray, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    new_null_array,
};
use arrow::compute::{SortColumn, SortOptions, cast, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use chrono::Utc;
use errata_lake::{CompactionConfig, CompactionReport, Lake, Snapshot, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use std::sync::Arc;

async fn compact(lake: &Lake, table: Table) -> CompactionReport {
    let config = CompactionConfig { merge_files_min: 2, settle_ms: 0, ..CompactionConfig::default() };
    lake.compact(table, &config, Utc::now()).await.unwrap()
}

/// The rows of a table in an order of their own.
async fn sorted(lake: &Lake, snapshot: &Snapshot) -> RecordBatch {
    let mut batches = Vec::new();
    for file in &snapshot.files {
        batches.extend(read(lake, &file.location).await);
    }
    sort(&concat_batches(&batches[0].schema(), &batches).unwrap())
}

fn sort(rows: &RecordBatch) -> RecordBatch {
    let key = |name: &str| SortColumn { values: Arc::clone(&rows[name]), options: None };
    let order = lexsort_to_indices(&[key("span_id"), key("time_unix_nano")], None).unwrap();
    take_record_batch(rows, &order).unwrap()
}

fn with(batch: &RecordBatch, columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let mut all = batch.columns().to_vec();
    for (name, column) in columns {
        all[batch.schema().index_of(name).unwrap()] = column;
    }
    RecordBatch::try_new(batch.schema(), all).unwrap()
}

/// Texts and maps of all kinds: null, empty, long, of other alphabets, and so many that no dictionary holds them.
fn varied(seed: u64, count: usize) -> RecordBatch {
    let batch = rows(Table::Spans, DAY, seed, count);
    let text = |row: usize| match row % 9 {
        0 => None,
        1 => Some(String::new()),
        2 => Some(format!("{}{}", "\u{10FFFF}".repeat(30), row % 4)),
        3 => Some("x".repeat(100) + &(row % 5).to_string()),
        _ => Some(format!("message {}", row % 50)),
    };
    let unlike = |row: usize| format!("{seed} {row} {}", "abcdefgh".repeat(100 + row % 7));
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..count {
        for entry in 0..row % 4 {
            map.keys().append_value(format!("key {entry}"));
            match (row + entry) % 5 {
                0 => map.values().append_null(),
                1 => map.values().append_value(format!("{seed} {row} {entry}")),
                _ => map.values().append_value(text(row).unwrap_or_default()),
            }
        }
        map.append(row % 7 != 3).unwrap();
    }
    let map: ArrayRef = Arc::new(map.finish());
    with(
        &batch,
        vec![
            ("status_message", Arc::new((0..count).map(text).collect::<StringArray>())),
            ("scope_name", Arc::new(StringArray::from_iter_values((0..count).map(unlike)))),
            ("branch", Arc::new(StringArray::from(vec![None::<&str>; count]))),
            ("attributes", map),
        ],
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_and_maps_of_all_kinds_are_merged_by_codes() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for position in 1..=3 {
        let batches = vec![varied(position, 9_000)];
        lake.append(Table::Spans, &writer("w1"), position..=position, batches).await.unwrap();
    }
    let before = sorted(&lake, &lake.snapshot(Table::Spans).await.unwrap()).await;
    // Once more, with what was merged: its columns have pages with and without codes.
    for round in [3, 2] {
        let report = compact(&lake, Table::Spans).await;
        assert_eq!((report.merges, report.files_in, report.rows_copied), (1, round, 0));
        let snapshot = lake.snapshot(Table::Spans).await.unwrap();
        assert_eq!(snapshot.files.len(), 1);
        let after = sorted(&lake, &snapshot).await;
        if round == 3 {
            assert_eq!(after, before);
            lake.append(Table::Spans, &writer("w1"), 4..=4, vec![varied(4, 9_000)]).await.unwrap();
        } else {
            let schema = before.schema();
            let columns: Vec<usize> = (0..schema.fields().len()).collect();
            let fresh = varied(4, 9_000).project(&columns).unwrap();
            let all = concat_batches(&schema, [&before, &fresh]).unwrap();
            assert_eq!(after, sort(&all));
        }
        let location = &snapshot.files[0].location;
        look_up::check(&lake, Table::Spans, location, 1).await;
        for field in Table::Spans.schema().fields().iter().filter(|field| field.name() != "date") {
            let name = field.name().as_str();
            let is_text = matches!(field.data_type(), DataType::Utf8 | DataType::Map(..));
            let expected = !Table::Spans.distinct_columns().contains(&name)
                && !Table::Spans.long_columns().contains(&name);
            assert!(!is_text || is_by_codes(&lake, location, name).await == expected, "{name}");
        }
        let bytes = lake.object_store().get(location).await.unwrap().bytes().await.unwrap();
        let reader = SerializedFileReader::new(bytes).unwrap();
        let columns = reader.metadata().row_group(0).columns();
        let many = columns.iter().find(|c| c.column_path().string() == "scope_name").unwrap();
        let pages = many.page_encoding_stats_mask().unwrap();
        assert!(pages.is_set(Encoding::RLE_DICTIONARY) && pages.is_set(Encoding::PLAIN));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_takes_fewer_files_where_a_column_is_large() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for position in 1..=4 {
        let batches = vec![varied(position, 1_000)];
        lake.append(Table::Spans, &writer("w1"), position..=position, batches).await.unwrap();
    }
    // `scope_name` has about 850 KB in each file.
    let config = CompactionConfig {
        merge_files_min: 2,
        column_bytes_max: 3_000_000,
        merges_max: 1,
        settle_ms: 0,
        ..CompactionConfig::default()
    };
    let before = sorted(&lake, &lake.snapshot(Table::Spans).await.unwrap()).await;
    for files in [3, 2] {
        let report = lake.compact(Table::Spans, &config, Utc::now()).await.unwrap();
        assert_eq!((report.merges, report.files_in), (1, files));
    }
    let after = lake.snapshot(Table::Spans).await.unwrap();
    assert_eq!((after.files.len(), after.rows()), (1, Some(4_000)));
    assert_eq!(sorted(&lake, &after).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_groups_of_a_merge_are_alike_and_sorted() {
    const ROWS: usize = 45_000;
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for position in 1..=3 {
        let batches = vec![rows(Table::Errors, DAY, position, ROWS)];
        lake.append(Table::Errors, &writer("w1"), position..=position, batches).await.unwrap();
    }
    assert_eq!(compact(&lake, Table::Errors).await.rows, 3 * ROWS as u64);
    let snapshot = lake.snapshot(Table::Errors).await.unwrap();
    let location = &snapshot.files[0].location;
    look_up::check(&lake, Table::Errors, location, 2).await;
    let batches = read(&lake, location).await;
    let rows = concat_batches(&batches[0].schema(), &batches).unwrap();
    let (patterns, times) =
        (rows["pattern_id"].as_string::<i32>(), rows["time_unix_nano"].as_primitive::<Int64Type>());
    let keys: Vec<_> = (0..rows.num_rows()).map(|row| (patterns.value(row), times.value(row))).collect();
    assert_eq!(keys.len(), 3 * ROWS);
    assert!(keys.is_sorted());
}

/// Puts a file into the table as another program would, by a commit of its own.
async fn add_foreign(lake: &Lake, name: &str, rows: &RecordBatch, properties: WriterPropertiesBuilder) {
    let kept: Vec<usize> = (0..rows.num_columns() - 1).collect();
    let rows = rows.project(&kept).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties.build())).unwrap();
    writer.write(&rows).unwrap();
    let bytes = writer.into_inner().unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    let path = format!("date={DAY}/{name}");
    let add = serde_json::json!({"add": {
        "path": path, "partitionValues": {"date": DAY}, "size": bytes.len(), "dataChange": true,
        "modificationTime": Utc::now().timestamp_millis(),
        "stats": serde_json::json!({"numRecords": rows.num_rows()}).to_string(),
    }});
    let store = lake.object_store();
    let place = |path: &str| {
        let path = Path::from(path);
        snapshot.root.parts().chain(path.parts()).collect::<Path>()
    };
    store.put(&place(&path), bytes.into()).await.unwrap();
    let entry = format!("_delta_log/{:020}.json", snapshot.version + 1);
    store.put(&place(&entry), add.to_string().into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_other_programs_are_merged_too() {
    let plain = WriterProperties::builder;
    let forms = [
        plain(),
        plain().set_writer_version(WriterVersion::PARQUET_2_0).set_compression(Compression::SNAPPY),
        plain().set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BYTE_ARRAY),
        plain().set_dictionary_enabled(false).set_data_page_row_count_limit(100),
        plain().set_max_row_group_row_count(Some(700)).set_dictionary_page_size_limit(2_000),
    ];
    for (number, form) in forms.into_iter().enumerate() {
        let is_delta = number == 2;
        let place = folder();
        let lake = Lake::open(place.config.clone()).await.unwrap();
        lake.append(Table::Spans, &writer("w1"), 1..=1, vec![varied(1, 2_000)]).await.unwrap();
        let mut foreign = varied(2, 2_000);
        if number > 0 {
            foreign = in_key_order(&foreign);
        }
        if is_delta {
            // Only texts have this encoding.
            let texts: Vec<usize> = (0..foreign.num_columns())
                .filter(|column| {
                    let field = foreign.schema().field(*column).clone();
                    *field.data_type() == DataType::Utf8 || !field.is_nullable()
                })
                .collect();
            foreign = foreign.project(&texts).unwrap();
        }
        let form = ["timestamp", "time_unix_nano", "duration_ns"].iter().fold(form, |form, name| {
            let column = parquet::schema::types::ColumnPath::from(*name);
            form.set_column_encoding(column, Encoding::PLAIN)
        });
        add_foreign(&lake, "part-0001.parquet", &foreign, form).await;
        let before = lake.snapshot(Table::Spans).await.unwrap();
        let mut expected = Vec::new();
        for file in &before.files {
            expected.extend(read(&lake, &file.location).await.iter().map(of_table));
        }
        let report = compact(&lake, Table::Spans).await;
        assert_eq!((report.files_in, report.rows), (2, 4_000), "form {number}");
        let after = lake.snapshot(Table::Spans).await.unwrap();
        assert_eq!(after.rows(), Some(4_000));
        let found = sorted(&lake, &after).await;
        let expected = sort(&concat_batches(&expected[0].schema(), &expected).unwrap());
        for (column, (found, expected)) in found.columns().iter().zip(expected.columns()).enumerate() {
            let name = expected.data_type();
            assert_eq!(&cast(found, name).unwrap(), expected, "form {number}, column {column}");
        }
        let location = &after.files[0].location;
        look_up::check(&lake, Table::Spans, location, 1).await;
        // Only what is sorted and in an encoding of the lake's own goes by codes.
        let by_codes = number > 0 && !is_delta;
        assert_eq!(is_by_codes(&lake, location, "status_message").await, by_codes, "form {number}");
        assert_eq!(is_by_codes(&lake, location, "attributes").await, number > 0, "form {number}");
    }
}

/// Rows with all columns of the table's files.
fn of_table(batch: &RecordBatch) -> RecordBatch {
    let fields: Vec<_> =
        Table::Spans.schema().fields().iter().filter(|field| field.name() != "date").cloned().collect();
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()).unwrap(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = fields.iter().map(column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Rows in the order of a table's files.
fn in_key_order(rows: &RecordBatch) -> RecordBatch {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let key = |name: &&str| SortColumn { values: Arc::clone(&rows[*name]), options };
    let keys: Vec<_> = Table::Spans.sort_key().iter().map(key).collect();
    take_record_batch(rows, &lexsort_to_indices(&keys, None).unwrap()).unwrap()
}

/// Whether a merge made a column of texts from codes: the crate's own writer counts the bytes of texts.
async fn is_by_codes(lake: &Lake, location: &Path, column: &str) -> bool {
    let bytes = lake.object_store().get(location).await.unwrap().bytes().await.unwrap();
    let reader = SerializedFileReader::new(bytes).unwrap();
    let group = reader.metadata().row_group(0);
    let mut of_column = group.columns().iter().filter(|c| c.column_path().parts()[0] == column);
    of_column.all(|column| column.unencoded_byte_array_data_bytes().is_none())
}

/// Files that would be joined but for their columns: the one lacks some that the table gained since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_other_columns_are_merged_instead_of_joined() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    lake.append(Table::Spans, &writer("w1"), 1..=1, vec![rows(Table::Spans, DAY, 1, 20_000)]).await.unwrap();
    assert_eq!(compact(&lake, Table::Spans).await.rows, 20_000, "it is rewritten alone");
    let older = rows(Table::Spans, DAY, 2, 20_000);
    let kept: Vec<usize> =
        (0..older.num_columns()).filter(|n| older.schema().field(*n).name() != "user_id").collect();
    let older = older.project(&kept).unwrap();
    let name = "c-0b31c8e4-7a0e-4a5c-9a44-6a86a9c4d0f1.parquet";
    add_foreign(&lake, name, &older, WriterProperties::builder()).await;
    let report = compact(&lake, Table::Spans).await;
    assert_eq!((report.files_in, report.rows, report.rows_copied), (2, 40_000, 0));
    let after = lake.snapshot(Table::Spans).await.unwrap();
    let rows = sorted(&lake, &after).await;
    assert_eq!((after.files.len(), rows["user_id"].null_count()), (1, 20_000));
    assert_eq!(after.files[0].stats.columns["user_id"].null_count, Some(20_000));
    look_up::check(&lake, Table::Spans, &after.files[0].location, 1).await;
}
