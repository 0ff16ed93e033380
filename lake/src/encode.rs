//! From rows to the bytes of a Parquet file: arranging by date and sort key, and the writer's settings.
//!
//! The settings are built once per table. Fresh files are written for speed, compacted ones for size and
//! look-up; both sorted by the table's sort key, which the file says of itself.

mod bounds;
mod chunk;
mod coded;
mod compacted;
mod hybrid;
mod order;
mod pages;
mod plain;
mod text;
mod texts;

use crate::error::LakeError;
use crate::stats::{ColumnStats, FileStats};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use chunk::{ChunkEncoder, Part};
use coded::{CodedMap, CodedText, Place, is_coded_form};
pub(crate) use compacted::{Chunk, CompactedFormat, PlainWriter, joined_properties};
pub(crate) use hybrid::decode;
pub(crate) use pages::level_bits;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterPropertiesPtr,
};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescPtr, SchemaDescriptor};
use plain::PlainText;
use schemas::layout::{PARTITION_COLUMN, ZSTD_LEVEL_FRESH};
use schemas::tables::Table;
use std::io::Write;
use std::sync::Arc;
pub(crate) use text::{TextEncoder, UNKNOWN};
pub(crate) use texts::Texts;

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
    /// The leaf columns of the file schema.
    columns: SchemaDescPtr,
    fresh: WriterPropertiesPtr,
}

/// Columns in the order of the file's schema, and which of their rows belong to which date.
#[derive(Debug)]
pub(crate) struct Arranged {
    /// By batch, then by column.
    batches: Vec<Vec<ArrayRef>>,
    pub(crate) dates: Vec<Ordered>,
}

/// Rows of one date, in the order of the table's sort key.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) date: String,
    places: Vec<Place>,
}

impl FileFormat {
    pub(crate) fn new(table: Table) -> Result<Self, LakeError> {
        let schema = table.schema();
        let file_schema = Arc::new(without_partition(&schema));
        let columns = Arc::new(leaf_columns(table, &file_schema)?);
        let fresh = Arc::new(fresh_properties(table, &file_schema, &columns));
        Ok(Self { table, schema, file_schema, columns, fresh })
    }

    /// Splits rows by date and sorts each part.
    pub(crate) fn arrange(&self, batches: &[RecordBatch]) -> Result<Arranged, LakeError> {
        let failed = LakeError::arrange(self.table.name());
        let files: Vec<Vec<ArrayRef>> =
            batches.iter().map(|batch| self.file_columns(batch)).collect::<Result<_, _>>()?;
        let mut ordered = Vec::new();
        for (date, mut places) in order::split_by_date(self.table, batches)? {
            order::sort(self.table, batches, &mut places).map_err(&failed)?;
            ordered.push(Ordered { date: date.to_owned(), places });
        }
        Ok(Arranged { batches: files, dates: ordered })
    }

    /// Bytes of a fresh file, and what its log entry says of its rows. One row group: a commit has few rows.
    pub(crate) fn encode_fresh(
        &self,
        path: &str,
        arranged: &Arranged,
        ordered: &Ordered,
    ) -> Result<(Vec<u8>, FileStats), LakeError> {
        let failed = |source| LakeError::Parquet { path: path.to_owned(), source };
        let mut stats = FileStats { rows: Some(ordered.places.len() as u64), ..FileStats::default() };
        let bytes = Vec::with_capacity(64 * 1024);
        let root = self.columns.root_schema_ptr();
        let mut writer = SerializedFileWriter::new(bytes, root, Arc::clone(&self.fresh)).map_err(failed)?;
        let mut encoder = ChunkEncoder::new(ZSTD_LEVEL_FRESH).map_err(failed)?;
        let mut group = writer.next_row_group().map_err(failed)?;
        let mut leaves = self.columns.columns();
        for (place, field) in self.file_schema.fields().iter().enumerate() {
            let batches: Vec<&ArrayRef> = arranged.batches.iter().map(|columns| &columns[place]).collect();
            let count = if let DataType::Map(..) = field.data_type() { 2 } else { 1 };
            let (own, rest) = leaves.split_at(count.min(leaves.len()));
            leaves = rest;
            let column = Column { field, batches: &batches, leaves: own, places: &ordered.places };
            let observed =
                self.write_column(&column, &mut encoder, &mut group).map_err(|error| match error {
                    ColumnError::Parquet(source) => failed(source),
                    ColumnError::Arrow(source) => LakeError::arrange(self.table.name())(source),
                })?;
            if self.table.stats_columns().contains(&field.name().as_str()) {
                stats.columns.insert(field.name().clone(), observed);
            }
        }
        group.close().map_err(failed)?;
        Ok((writer.into_inner().map_err(failed)?, stats))
    }

    /// Adds the chunks of one column; answers its statistics, where it is of a kind that has some.
    fn write_column<W: Write + Send>(
        &self,
        column: &Column<'_>,
        encoder: &mut ChunkEncoder,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<ColumnStats, ColumnError> {
        let Column { batches, leaves, places, .. } = *column;
        if let Some(coded) = CodedText::of(batches) {
            let (chunk, observed) = encoder.text(&leaves[0], places, &coded)?;
            group.append_column(&chunk.bytes, chunk.close)?;
            return Ok(ColumnStats::of_texts(observed.bounds, observed.null_count));
        }
        if let Some(coded) = CodedMap::of(batches) {
            for (leaf, part) in leaves.iter().zip([Part::Key, Part::Value]) {
                let chunk = encoder.map(leaf, places, &coded, part)?;
                group.append_column(&chunk.bytes, chunk.close)?;
            }
            return Ok(ColumnStats::default());
        }
        let name = column.field.name().as_str();
        let is_plain = self.table.plain_columns().contains(&name);
        if let Some(plain) = PlainText::of(batches).filter(|_| is_plain) {
            let bounds_wanted = self.table.stats_columns().contains(&name);
            let (chunk, observed) = encoder.plain_text(&leaves[0], places, &plain, bounds_wanted)?;
            group.append_column(&chunk.bytes, chunk.close)?;
            return Ok(ColumnStats::of_texts(observed.bounds, observed.null_count));
        }
        self.write_by_arrow(column, group)
    }

    /// Adds the chunks of a column of another kind.
    fn write_by_arrow<W: Write + Send>(
        &self,
        column: &Column<'_>,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<ColumnStats, ColumnError> {
        let alone = Arc::new(Schema::new(vec![Arc::clone(column.field)]));
        let root = ArrowSchemaConverter::new().convert(&alone)?.root_schema_ptr();
        // Writers of columns are only made for a file; this one stays empty.
        let file = SerializedFileWriter::new(std::io::sink(), root, Arc::clone(&self.fresh))?;
        let mut writers = ArrowRowGroupWriterFactory::new(&file, alone).create_column_writers(0)?;
        let arrays: Vec<&dyn Array> = column.batches.iter().map(|batch| &***batch).collect();
        let mut stats = ColumnStats::default();
        for piece in column.places.chunks(PIECE_ROWS) {
            let rows = interleave(&arrays, piece)?;
            stats.observe(&rows);
            for (writer, leaf) in writers.iter_mut().zip(compute_leaves(column.field, &rows)?) {
                writer.write(&leaf)?;
            }
        }
        for writer in writers {
            writer.close()?.append_to_row_group(group)?;
        }
        Ok(stats)
    }

    fn file_columns(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, LakeError> {
        let misfit = |reason: String| LakeError::Rows { table: self.table.name(), reason };
        let column = |field: &FieldRef| {
            let name = field.name();
            let column = batch.column_by_name(name).ok_or_else(|| misfit(format!("no column {name}")))?;
            if !is_coded_form(column.data_type(), field.data_type()) {
                let (actual, expected) = (column.data_type(), field.data_type());
                return Err(misfit(format!("column {name} is {actual}, not {expected}")));
            }
            if !field.is_nullable() && column.null_count() > 0 {
                return Err(misfit(format!("column {name} has nulls")));
            }
            Ok(Arc::clone(column))
        };
        self.file_schema.fields().iter().map(column).collect()
    }
}

/// One column of a file under construction.
#[derive(Clone, Copy)]
struct Column<'a> {
    field: &'a FieldRef,
    batches: &'a [&'a ArrayRef],
    leaves: &'a [ColumnDescPtr],
    places: &'a [Place],
}

enum ColumnError {
    Parquet(ParquetError),
    Arrow(ArrowError),
}

impl From<ParquetError> for ColumnError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<ArrowError> for ColumnError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
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

fn fresh_properties(table: Table, file_schema: &Schema, columns: &SchemaDescriptor) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(zstd(ZSTD_LEVEL_FRESH))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    builder = without_dictionary(builder, table.plain_columns(), file_schema, Encoding::PLAIN);
    for name in table.plain_columns() {
        if file_schema.field_with_name(name).is_ok_and(|field| *field.data_type() == DataType::Utf8) {
            // Bounds of ids and stack traces tell a fresh file from no other; the table's log has those that do.
            builder = builder.set_column_statistics_enabled(ColumnPath::from(*name), EnabledStatistics::None);
        }
    }
    sorting(builder, table, columns).build()
}

/// Encodings where a dictionary does not pay: differences of numbers, and `text` for texts.
fn without_dictionary(
    mut builder: WriterPropertiesBuilder,
    names: &[&str],
    file_schema: &Schema,
    text: Encoding,
) -> WriterPropertiesBuilder {
    for name in names {
        let Ok(field) = file_schema.field_with_name(name) else { continue };
        let encoding = match field.data_type() {
            DataType::Int64 | DataType::Timestamp(..) => Encoding::DELTA_BINARY_PACKED,
            DataType::Utf8 => text,
            _ => Encoding::PLAIN,
        };
        let column = ColumnPath::from(*name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, encoding);
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
