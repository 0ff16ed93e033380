//! From rows to the bytes of a Parquet file: arranging by date and sort key, and the writer's settings.
//!
//! The settings are built once per table. Fresh files are written for speed, compacted ones for size and
//! look-up; both sorted by the table's sort key, which the file says of itself.

use crate::error::LakeError;
use crate::stats::FileStats;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{SortColumn, SortOptions, interleave_record_batch, lexsort_to_indices};
use arrow::datatypes::{DataType, Int64Type, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::{ColumnPath, SchemaDescriptor};
use schemas::layout::{
    COMPACTED_FILE_BYTES, PARTITION_COLUMN, ROW_GROUP_ROWS_MAX, ZSTD_LEVEL_COMPACTED, ZSTD_LEVEL_FRESH,
};
use schemas::tables::Table;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Merges of less than this are merged again.
const LASTING_BYTES: u64 = COMPACTED_FILE_BYTES / 16;
/// Share of look-ups that a bloom filter lets pass wrongly.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;
/// Rows that are put in order at once: small enough that the memory for them is at hand, not in fresh pages.
const PIECE_ROWS: usize = 8_192;

/// How the files of one table are written.
#[derive(Clone, Debug)]
pub(crate) struct FileFormat {
    table: Table,
    /// Schema of the table.
    pub(crate) schema: SchemaRef,
    /// Schema of its files: without the partition column.
    pub(crate) file_schema: SchemaRef,
    fresh: WriterProperties,
}

/// Rows in the file's schema, and which of them belong to which date.
#[derive(Debug)]
pub(crate) struct Arranged {
    batches: Vec<RecordBatch>,
    pub(crate) dates: Vec<Ordered>,
}

/// Rows of one date, in the order of the table's sort key.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) date: String,
    /// Batch and row.
    rows: Vec<(usize, usize)>,
    /// All rows of the only batch, as they are.
    untouched: bool,
}

impl FileFormat {
    pub(crate) fn new(table: Table) -> Result<Self, LakeError> {
        let schema = table.schema();
        let file_schema = Arc::new(without_partition(&schema));
        let fresh = fresh_properties(table, &file_schema)?;
        Ok(Self { table, schema, file_schema, fresh })
    }

    /// Splits rows by date and sorts each part.
    pub(crate) fn arrange(&self, batches: &[RecordBatch]) -> Result<Arranged, LakeError> {
        let failed = LakeError::arrange(self.table.name());
        let mut dates: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
        let mut files: Vec<RecordBatch> = Vec::with_capacity(batches.len());
        for (number, batch) in batches.iter().enumerate() {
            files.push(self.file_columns(batch)?);
            split_by_date(self.table, batch, number, &mut dates)?;
        }
        let mut ordered = Vec::with_capacity(dates.len());
        for (date, mut rows) in dates {
            let moved = sort_rows(self.table, &files, &mut rows).map_err(&failed)?;
            let untouched = !moved && files.len() == 1 && rows.len() == files[0].num_rows();
            ordered.push(Ordered { date: date.to_owned(), rows, untouched });
        }
        Ok(Arranged { batches: files, dates: ordered })
    }

    /// Bytes of a fresh file, and what its log entry says of its rows.
    pub(crate) fn encode_fresh(
        &self,
        path: &str,
        arranged: &Arranged,
        ordered: &Ordered,
    ) -> Result<(Vec<u8>, FileStats), LakeError> {
        let failed = |source| LakeError::Parquet { path: path.to_owned(), source };
        let unordered = LakeError::arrange(self.table.name());
        let options =
            ArrowWriterOptions::new().with_properties(self.fresh.clone()).with_skip_arrow_metadata(true);
        let bytes = Vec::with_capacity(64 * 1024);
        let schema = Arc::clone(&self.file_schema);
        let mut writer = ArrowWriter::try_new_with_options(bytes, schema, options).map_err(failed)?;
        let mut stats = FileStats::default();
        let mut write = |rows: &RecordBatch| {
            stats.observe(rows, self.stats_columns());
            writer.write(rows).map_err(failed)
        };
        if let ([only], true) = (&arranged.batches[..], ordered.untouched) {
            write(only)?;
        } else {
            let batches: Vec<&RecordBatch> = arranged.batches.iter().collect();
            for piece in ordered.rows.chunks(PIECE_ROWS) {
                write(&interleave_record_batch(&batches, piece).map_err(&unordered)?)?;
            }
        }
        Ok((writer.into_inner().map_err(failed)?, stats))
    }

    /// Columns of which the log keeps bounds.
    pub(crate) fn stats_columns(&self) -> &'static [&'static str] {
        self.table.stats_columns()
    }

    fn file_columns(&self, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let misfit = |reason: String| LakeError::Rows { table: self.table.name(), reason };
        let mut columns = Vec::with_capacity(self.file_schema.fields().len());
        for field in self.file_schema.fields() {
            let column = batch
                .column_by_name(field.name())
                .ok_or_else(|| misfit(format!("no column {}", field.name())))?;
            columns.push(Arc::clone(column));
        }
        RecordBatch::try_new(Arc::clone(&self.file_schema), columns)
            .map_err(|error| misfit(error.to_string()))
    }
}

/// A schema less its partition column.
pub(crate) fn without_partition(schema: &Schema) -> Schema {
    let fields: Vec<_> =
        schema.fields().iter().filter(|field| field.name() != PARTITION_COLUMN).cloned().collect();
    Schema::new(fields)
}

/// Whether `date` reads `YYYY-MM-DD`. It becomes a folder name, so nothing else may pass.
pub(crate) fn is_date(date: &str) -> bool {
    date.len() == 10 && chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok()
}

fn split_by_date<'a>(
    table: Table,
    batch: &'a RecordBatch,
    number: usize,
    dates: &mut BTreeMap<&'a str, Vec<(usize, usize)>>,
) -> Result<(), LakeError> {
    let misfit = |reason: String| LakeError::Rows { table: table.name(), reason };
    let column = batch
        .column_by_name(PARTITION_COLUMN)
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| misfit(format!("no text column {PARTITION_COLUMN}")))?;
    let mut row = 0;
    while row < column.len() {
        let date = if column.is_null(row) { "" } else { column.value(row) };
        if !is_date(date) {
            return Err(misfit(format!("{date:?} is not a date")));
        }
        let same =
            (row..column.len()).take_while(|next| column.is_valid(*next) && column.value(*next) == date);
        let end = row + same.count();
        dates.entry(date).or_default().extend((row..end).map(|row| (number, row)));
        row = end;
    }
    Ok(())
}

/// Sorts `rows` (batch, row) by the table's key. `false`: they were in order.
fn sort_rows(
    table: Table,
    batches: &[RecordBatch],
    rows: &mut Vec<(usize, usize)>,
) -> Result<bool, arrow::error::ArrowError> {
    let mut keys = match *table.sort_key() {
        [text, number] => fast_keys(batches, rows, text, number),
        _ => None,
    };
    if let Some(keys) = &mut keys {
        if keys.is_sorted() {
            return Ok(false);
        }
        keys.sort_unstable();
        rows.clear();
        rows.extend(keys.iter().map(|(_, _, batch, row)| (*batch as usize, *row as usize)));
        return Ok(true);
    }
    let whole: Vec<&RecordBatch> = batches.iter().collect();
    let gathered = interleave_record_batch(&whole, rows)?;
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let columns: Vec<SortColumn> = table
        .sort_key()
        .iter()
        .filter_map(|name| gathered.column_by_name(name))
        .map(|values| SortColumn { values: Arc::clone(values), options })
        .collect();
    let order = lexsort_to_indices(&columns, None)?;
    *rows = order.values().iter().map(|place| rows[*place as usize]).collect();
    Ok(true)
}

/// Keys of the common case, a text column (few distinct values) and an integer column: the text becomes
/// its rank, so that sorting compares integers. Nulls rank first.
fn fast_keys(
    batches: &[RecordBatch],
    rows: &[(usize, usize)],
    text: &str,
    number: &str,
) -> Option<Vec<(u32, i64, u32, u32)>> {
    let texts: Vec<&StringArray> = batches
        .iter()
        .map(|batch| batch.column_by_name(text)?.as_string_opt::<i32>())
        .collect::<Option<_>>()?;
    let numbers: Vec<_> = batches
        .iter()
        .map(|batch| {
            let column = batch.column_by_name(number)?.as_primitive_opt::<Int64Type>()?;
            (column.null_count() == 0).then_some(column)
        })
        .collect::<Option<_>>()?;
    let value = |batch: usize, row: usize| texts[batch].is_valid(row).then(|| texts[batch].value(row));
    let mut ranks: HashMap<&str, u32> = HashMap::new();
    let mut previous = None;
    for (batch, row) in rows {
        let Some(found) = value(*batch, *row) else { continue };
        if previous != Some(found) {
            ranks.insert(found, 0);
            previous = Some(found);
        }
    }
    let mut distinct: Vec<&str> = ranks.keys().copied().collect();
    distinct.sort_unstable();
    for (place, text) in distinct.iter().enumerate() {
        ranks.insert(text, u32::try_from(place).ok()? + 1);
    }
    let mut previous = (None, 0);
    rows.iter()
        .map(|(batch, row)| {
            let found = value(*batch, *row);
            if found != previous.0 {
                previous = (found, found.map_or(0, |text| ranks[text]));
            }
            let time = numbers[*batch].value(*row);
            Some((previous.1, time, u32::try_from(*batch).ok()?, u32::try_from(*row).ok()?))
        })
        .collect()
}

fn fresh_properties(table: Table, file_schema: &Schema) -> Result<WriterProperties, LakeError> {
    let columns = leaf_columns(table, file_schema)?;
    let mut builder = WriterProperties::builder()
        .set_compression(zstd(ZSTD_LEVEL_FRESH))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    builder = plain_columns(builder, table, file_schema);
    builder = sorting(builder, table, &columns);
    Ok(builder.build())
}

/// Settings of a compacted file that will hold about `rows` rows, made from files of `input_bytes`.
/// Small ones will be merged again soon, so they are compressed for speed.
pub(crate) fn compacted_properties(
    table: Table,
    file_schema: &Schema,
    rows: u64,
    input_bytes: u64,
) -> Result<WriterProperties, LakeError> {
    let columns = leaf_columns(table, file_schema)?;
    let level = if input_bytes < LASTING_BYTES { ZSTD_LEVEL_FRESH } else { ZSTD_LEVEL_COMPACTED };
    let mut builder = WriterProperties::builder()
        .set_compression(zstd(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX));
    builder = plain_columns(builder, table, file_schema);
    let distinct_max = rows.clamp(1, ROW_GROUP_ROWS_MAX as u64);
    for name in table.bloom_columns() {
        let column = ColumnPath::from(*name);
        builder = builder
            .set_column_bloom_filter_enabled(column.clone(), true)
            .set_column_bloom_filter_fpp(column.clone(), BLOOM_FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(column, distinct_max);
    }
    builder = sorting(builder, table, &columns);
    Ok(builder.build())
}

fn plain_columns(
    mut builder: WriterPropertiesBuilder,
    table: Table,
    file_schema: &Schema,
) -> WriterPropertiesBuilder {
    for name in table.plain_columns() {
        let Ok(field) = file_schema.field_with_name(name) else { continue };
        let column = ColumnPath::from(*name);
        builder = builder.set_column_dictionary_enabled(column.clone(), false);
        if matches!(field.data_type(), DataType::Int64 | DataType::Timestamp(..)) {
            builder = builder.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
    }
    builder
}

fn sorting(
    builder: WriterPropertiesBuilder,
    table: Table,
    columns: &SchemaDescriptor,
) -> WriterPropertiesBuilder {
    builder.set_sorting_columns(Some(sorting_columns(table, columns)))
}

/// The sort key as Parquet says it: leaf columns by number.
pub(crate) fn sorting_columns(table: Table, columns: &SchemaDescriptor) -> Vec<SortingColumn> {
    let place = |name: &&str| columns.columns().iter().position(|column| column.path().string() == **name);
    table
        .sort_key()
        .iter()
        .filter_map(place)
        .filter_map(|place| i32::try_from(place).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect()
}

fn leaf_columns(table: Table, file_schema: &Schema) -> Result<SchemaDescriptor, LakeError> {
    ArrowSchemaConverter::new()
        .convert(file_schema)
        .map_err(|source| LakeError::Parquet { path: table.name().to_owned(), source })
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}
