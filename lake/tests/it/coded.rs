//! Dictionary-coded columns make the same files as plain ones, as far as readers can tell.

use crate::support::{DAY, folder, read, rows, writer};
use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, MapArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use errata_lake::{Lake, LakeError, Table};
use std::sync::Arc;

/// The same rows with each text column, and the texts of each map, as codes of one dictionary for all batches. The
/// maps named are shared: rows have codes of maps.
fn coded(batches: &[RecordBatch], shared_maps: &[&str]) -> Vec<RecordBatch> {
    let schema = batches[0].schema();
    let whole = concat_batches(&schema, batches).unwrap();
    let columns: Vec<ArrayRef> = whole
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| match field.data_type() {
            DataType::Utf8 => cast(column, &text_type()).unwrap(),
            DataType::Map(..) => {
                let map: ArrayRef = Arc::new(coded_map(column.as_map()));
                if !shared_maps.contains(&field.name().as_str()) {
                    return map;
                }
                let codes = Int32Array::from_iter(
                    (0..map.len()).map(|row| (row % 11 != 0).then_some(row as i32 / 3)),
                );
                Arc::new(DictionaryArray::<Int32Type>::try_new(codes, map).unwrap())
            }
            _ => Arc::clone(column),
        })
        .collect();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
        .collect();
    let whole = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let mut start = 0;
    batches
        .iter()
        .map(|batch| {
            let part = whole.slice(start, batch.num_rows());
            start += batch.num_rows();
            part
        })
        .collect()
}

fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Every fifth map is null, every seventh empty.
fn coded_map(map: &MapArray) -> MapArray {
    let texts = |column: usize| cast(map.entries().column(column), &text_type()).unwrap();
    let fields =
        Fields::from(vec![Field::new("key", text_type(), false), Field::new("value", text_type(), true)]);
    let (mut lengths, mut kept, mut at) = (Vec::new(), Vec::new(), 0);
    for row in 0..map.len() {
        let entries = map.value(row).len();
        let empty = row % 5 == 0 || row % 7 == 0;
        kept.extend((at..at + entries).filter(|_| !empty).map(|place| place as u64));
        lengths.push(if empty { 0 } else { entries });
        at += entries;
    }
    let entries = StructArray::try_new(fields.clone(), vec![texts(0), texts(1)], None).unwrap();
    let entries = arrow::compute::take(&entries, &arrow::array::UInt64Array::from(kept), None).unwrap();
    let valid = NullBuffer::from_iter((0..map.len()).map(|row| row % 5 != 0));
    let entry = Arc::new(Field::new("key_value", DataType::Struct(fields), false));
    let offsets = OffsetBuffer::from_lengths(lengths);
    MapArray::try_new(entry, offsets, entries.as_struct().clone(), Some(valid), false).unwrap()
}

/// Rows of the table's schema, from codes.
fn plain(batches: &[RecordBatch], table: Table) -> Vec<RecordBatch> {
    let schema = table.schema();
    let column = |batch: &RecordBatch, field: &Field| {
        let column = &batch[field.name().as_str()];
        // `cast` knows no dictionary of maps.
        let column = match column.as_dictionary_opt::<Int32Type>() {
            Some(coded) if matches!(field.data_type(), DataType::Map(..)) => {
                arrow::compute::take(coded.values(), coded.keys(), None).unwrap()
            }
            _ => Arc::clone(column),
        };
        cast(&column, field.data_type()).unwrap()
    };
    let plain = |batch: &RecordBatch| {
        let columns = schema.fields().iter().map(|field| column(batch, field)).collect();
        RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
    };
    batches.iter().map(plain).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coded_rows_are_stored_as_plain_ones_are() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for (table, shared) in [(Table::Spans, &["resource_attributes"][..]), (Table::Errors, &[])] {
        // More rows than one page has, and two dates that share the dictionaries.
        let batches =
            [rows(table, DAY, 1, 9_000), rows(table, "2026-11-24", 2, 300), rows(table, DAY, 3, 9_000)];
        let coded = coded(&batches, shared);
        let plain = plain(&coded, table);
        lake.append(table, &writer("coded"), 1..=1, coded).await.unwrap();
        lake.append(table, &writer("plain"), 1..=1, plain).await.unwrap();
        let snapshot = lake.snapshot(table).await.unwrap();
        let of = |writer: &str| {
            let mut files: Vec<_> = snapshot
                .files
                .iter()
                .filter(|file| file.location.as_ref().contains(&format!("/{writer}-")))
                .collect();
            files.sort_by_key(|file| Arc::clone(&file.date));
            files
        };
        let (by_codes, by_texts) = (of("coded"), of("plain"));
        assert_eq!((by_codes.len(), by_texts.len()), (2, 2));
        for (by_codes, by_texts) in by_codes.iter().zip(&by_texts) {
            assert_eq!(by_codes.stats, by_texts.stats);
            let (found, expected) =
                (read(&lake, &by_codes.location).await, read(&lake, &by_texts.location).await);
            let schema = expected[0].schema();
            let whole = |batches: &[RecordBatch]| concat_batches(&schema, batches).unwrap();
            assert_eq!(whole(&found), whole(&expected));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_share_a_map_of_many_entries_come_back() {
    const ROWS: usize = 700;
    const ENTRIES: usize = 4_000;
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    let batch = coded(&[rows(Table::Spans, DAY, 1, ROWS)], &["resource_attributes"]).remove(0);
    let texts = |prefix: &str| -> ArrayRef {
        let texts = StringArray::from_iter_values((0..ENTRIES).map(|n| format!("{prefix}{n}")));
        cast(&texts, &text_type()).unwrap()
    };
    let fields =
        Fields::from(vec![Field::new("key", text_type(), false), Field::new("value", text_type(), true)]);
    let entries = StructArray::try_new(fields.clone(), vec![texts("k"), texts("v")], None).unwrap();
    let entry = Arc::new(Field::new("key_value", DataType::Struct(fields), false));
    let map = MapArray::try_new(entry, OffsetBuffer::from_lengths([ENTRIES]), entries, None, false).unwrap();
    let codes = Int32Array::from(vec![0; ROWS]);
    let column = DictionaryArray::<Int32Type>::try_new(codes, Arc::new(map)).unwrap();
    let mut columns = batch.columns().to_vec();
    let index = batch.schema().index_of("resource_attributes").unwrap();
    columns[index] = Arc::new(column);
    let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
    lake.append(Table::Spans, &writer("w"), 1..=1, vec![batch]).await.unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    let mut found = 0;
    for batch in read(&lake, &snapshot.files[0].location).await {
        for row in 0..batch.num_rows() {
            let entries = batch["resource_attributes"].as_map().value(row);
            let last =
                |column: usize| entries.column(column).as_string::<i32>().value(ENTRIES - 1).to_owned();
            assert_eq!((entries.len(), last(0), last(1)), (ENTRIES, "k3999".into(), "v3999".into()));
            found += 1;
        }
    }
    assert_eq!(found, ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_that_do_not_fit_are_named() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    let batch = rows(Table::Spans, DAY, 1, 10);
    let with = |name: &str, column: ArrayRef| {
        let schema = batch.schema();
        let index = schema.index_of(name).unwrap();
        let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        fields[index] = Field::new(name, column.data_type().clone(), true);
        let mut columns = batch.columns().to_vec();
        columns[index] = column;
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    };
    let texts = |text: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![text; 10])) };
    let wrong = [
        with("duration_ns", texts(Some("1"))),
        with("kind", texts(None)),
        with("kind", cast(&texts(None), &text_type()).unwrap()),
        with("name", Arc::new(Int32Array::from(vec![1; 10]))),
    ];
    for batch in wrong {
        let refused = lake.append(Table::Spans, &writer("w"), 1..=1, vec![batch]).await;
        assert!(matches!(refused, Err(LakeError::Rows { .. })), "{refused:?}");
    }
}
