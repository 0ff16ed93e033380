//! How compacted files are written: small, and with what look-ups need.

use super::text::{Extras, TextEncoder};
use super::{leaf_columns, pages, sorting, without_dictionary, zstd};
use crate::error::LakeError;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescPtr, SchemaDescriptor, TypePtr};
use schemas::layout::{
    DICTIONARY_BYTES_COMPACTED, LONG_PAGE_BYTES_COMPACTED, ROW_GROUP_ROWS_MAX, ZSTD_LEVEL_COMPACTED,
    ZSTD_LEVEL_FRESH,
};
use schemas::tables::Table;
use std::io::Write;
use std::sync::Arc;

/// Share of look-ups that a bloom filter lets pass wrongly.
pub(super) const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// How one merged file is written.
#[derive(Clone, Debug)]
pub(crate) struct CompactedFormat {
    table: Table,
    columns: SchemaDescPtr,
    properties: WriterPropertiesPtr,
    level: i32,
}

/// An encoded column chunk.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// Made here.
    Text(pages::Chunk),
    /// Made by the `parquet` crate.
    Plain(ArrowColumnChunk),
}

/// Makes the chunks of a column from its rows.
pub(crate) struct PlainWriter {
    field: FieldRef,
    factory: ArrowRowGroupWriterFactory,
    writers: Vec<ArrowColumnWriter>,
}

impl CompactedFormat {
    /// For rows of `schema`. A file that is not `lasting` is merged again soon, so it is compressed for speed.
    pub(crate) fn new(table: Table, schema: &Schema, lasting: bool) -> std::result::Result<Self, LakeError> {
        let columns = leaf_columns(table, schema)?;
        let level = if lasting { ZSTD_LEVEL_COMPACTED } else { ZSTD_LEVEL_FRESH };
        let properties = Arc::new(properties(table, schema, &columns, level));
        Ok(Self { table, columns: Arc::new(columns), properties, level })
    }

    /// Rows of each row group of a file of `rows` rows: as many as may be, but the last one no straggler.
    pub(crate) fn row_group_rows(rows: usize) -> usize {
        rows.div_ceil(rows.div_ceil(ROW_GROUP_ROWS_MAX).max(1)).max(1)
    }

    /// What a writer of such a file is made from.
    pub(crate) fn file(&self) -> (TypePtr, WriterPropertiesPtr) {
        (self.columns.root_schema_ptr(), Arc::clone(&self.properties))
    }

    /// Encoders of the leaves of a column of texts, or of maps of texts, that has a dictionary. `None`: it is another.
    pub(crate) fn text_encoders(&self, field: &Field) -> Result<Option<Vec<TextEncoder>>> {
        let name = field.name().as_str();
        let is_map = matches!(field.data_type(), DataType::Map(..));
        if !self.has_dictionary(name) || !(is_map || *field.data_type() == DataType::Utf8) {
            return Ok(None);
        }
        let extras = Extras { bounds: !is_map, filter: self.table.bloom_columns().contains(&name) };
        let level = if is_id(self.table, name) { ZSTD_LEVEL_FRESH } else { self.level };
        let encoder = |leaf| TextEncoder::new(leaf, extras, level);
        self.leaves(name).map(encoder).collect::<Result<_>>().map(Some)
    }

    /// Whether the texts of a column have a dictionary.
    pub(crate) fn has_dictionary(&self, name: &str) -> bool {
        !self.table.distinct_columns().contains(&name) && !self.table.long_columns().contains(&name)
    }

    pub(crate) fn plain_writer(&self, field: &FieldRef) -> Result<PlainWriter> {
        let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
        let root = ArrowSchemaConverter::new().convert(&schema)?.root_schema_ptr();
        // Writers of columns are only made for a file; this one stays empty.
        let file = SerializedFileWriter::new(std::io::sink(), root, Arc::clone(&self.properties))?;
        let factory = ArrowRowGroupWriterFactory::new(&file, schema);
        Ok(PlainWriter { field: Arc::clone(field), factory, writers: Vec::new() })
    }

    fn leaves<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ColumnDescPtr> {
        self.columns
            .columns()
            .iter()
            .filter(move |leaf| leaf.path().parts().first().is_some_and(|p| p == name))
    }
}

impl Chunk {
    pub(crate) fn append<W: Write + Send>(self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        match self {
            Self::Text(chunk) => group.append_column(&chunk.bytes, chunk.close),
            Self::Plain(chunk) => chunk.append_to_row_group(group),
        }
    }
}

impl PlainWriter {
    pub(crate) fn write(&mut self, rows: &ArrayRef) -> Result<()> {
        if self.writers.is_empty() {
            self.writers = self.factory.create_column_writers(0)?;
        }
        for (writer, leaf) in self.writers.iter_mut().zip(compute_leaves(&self.field, rows)?) {
            writer.write(&leaf)?;
        }
        Ok(())
    }

    /// The chunks of all rows since the last ones, one a leaf.
    pub(crate) fn finish(&mut self) -> Result<Vec<Chunk>> {
        self.writers.drain(..).map(|writer| writer.close().map(Chunk::Plain)).collect()
    }
}

/// Settings of a file that takes its row groups from others.
pub(crate) fn joined_properties(table: Table, columns: &SchemaDescriptor) -> WriterPropertiesPtr {
    Arc::new(sorting(WriterProperties::builder(), table, columns).build())
}

/// Whether a column has nearly as many values as rows: ids, times. Looking for repeats in them costs much and finds
/// little; `BENCHMARKS.md` has what it gained.
fn is_id(table: Table, name: &str) -> bool {
    table.distinct_columns().contains(&name) || table.bloom_columns().contains(&name)
}

fn properties(table: Table, schema: &Schema, columns: &SchemaDescriptor, level: i32) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(zstd(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_COMPACTED);
    // Lengths apart from the texts: they are all alike.
    let text = Encoding::DELTA_LENGTH_BYTE_ARRAY;
    builder = without_dictionary(builder, table.distinct_columns(), schema, text);
    for name in table.distinct_columns().iter().chain(table.bloom_columns()) {
        builder = builder.set_column_compression(ColumnPath::from(*name), zstd(ZSTD_LEVEL_FRESH));
    }
    for name in table.long_columns() {
        let column = ColumnPath::from(*name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_data_page_size_limit(column, LONG_PAGE_BYTES_COMPACTED);
    }
    for name in table.bloom_columns() {
        let column = ColumnPath::from(*name);
        builder = builder
            .set_column_bloom_filter_enabled(column.clone(), true)
            .set_column_bloom_filter_fpp(column.clone(), BLOOM_FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(column, ROW_GROUP_ROWS_MAX as u64);
    }
    sorting(builder, table, columns).build()
}
