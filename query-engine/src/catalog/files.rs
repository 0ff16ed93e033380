//! The files of one snapshot in DataFusion's terms: schema, paths, statistics. Made once per version and shared by
//! all queries on it; files that were there before are taken over as they are.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::table_schema::TableSchema;
use lake::{Bound, DataFile, Snapshot};
use object_store::ObjectMeta;
use object_store::path::Path;
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::collections::HashMap;
use std::sync::Arc;

/// Characters of a text bound from which on it may have been cut by the writer.
const TEXT_BOUND_CHARS: usize = 64;

/// The files of one table at one version.
#[derive(Debug)]
pub(crate) struct TableFiles {
    version: Option<u64>,
    schema: TableSchema,
    files: Vec<PartitionedFile>,
    statistics: Statistics,
}

impl TableFiles {
    /// Takes `snapshot` over. `root` is the lake's folder in its store: paths are kept relative to it.
    pub(crate) fn new(table: Table, snapshot: &Snapshot, root: &Path, known: Option<&Self>) -> Self {
        let schema = table_schema(table, &snapshot.schema);
        let same_schema = known.filter(|known| known.schema.table_schema() == schema.table_schema());
        let known: HashMap<&Path, &PartitionedFile> = same_schema
            .map(|known| known.files.iter().map(|file| (&file.object_meta.location, file)).collect())
            .unwrap_or_default();
        let mut files: Vec<PartitionedFile> = snapshot
            .files
            .iter()
            .map(|file| {
                let location = below(root, &file.location);
                known
                    .get(&location)
                    .map_or_else(|| partitioned(file, location, &schema), |&file| file.clone())
            })
            .collect();
        files.sort_by_cached_key(|file| std::cmp::Reverse(newest(file, &schema)));
        let statistics = merged(&files, &schema);
        Self { version: Some(snapshot.version), schema, files, statistics }
    }

    /// A table of which nothing was read yet.
    pub(crate) fn empty(table: Table) -> Self {
        let schema = table_schema(table, &table.schema());
        let statistics = merged(&[], &schema);
        Self { version: None, schema, files: Vec::new(), statistics }
    }

    /// The same table without files.
    pub(crate) fn without_files(&self) -> Self {
        let schema = self.schema.clone();
        let statistics = merged(&[], &schema);
        Self { version: self.version, schema, files: Vec::new(), statistics }
    }

    pub(crate) fn version(&self) -> Option<u64> {
        self.version
    }

    /// Columns of the files, then the partition column.
    pub(crate) fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// All files, those with the newest rows first.
    pub(crate) fn files(&self) -> &[PartitionedFile] {
        &self.files
    }

    /// Of all files together.
    pub(crate) fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// Our columns, then those that only the stored schema knows. All may be null: old files lack new columns.
fn table_schema(table: Table, stored: &Schema) -> TableSchema {
    let ours = table.schema();
    let mut fields: Vec<FieldRef> = ours.fields().iter().cloned().collect();
    fields
        .extend(stored.fields().iter().filter(|field| ours.field_with_name(field.name()).is_err()).cloned());
    let fields: Vec<FieldRef> = fields
        .into_iter()
        .filter(|field| field.name() != PARTITION_COLUMN)
        .map(|field| Arc::new(field.as_ref().clone().with_nullable(true)))
        .collect();
    let date = Arc::new(Field::new(PARTITION_COLUMN, DataType::Utf8, false));
    TableSchema::builder(Arc::new(Schema::new(fields))).with_table_partition_cols(vec![date]).build()
}

/// `location` as seen from `root`; one outside stays as it is, and is not found.
fn below(root: &Path, location: &Path) -> Path {
    location.prefix_match(root).map_or_else(|| location.clone(), Path::from_iter)
}

fn partitioned(file: &DataFile, location: Path, schema: &TableSchema) -> PartitionedFile {
    let columns = schema.file_schema().fields().iter().map(|field| column_statistics(file, field)).collect();
    let statistics = Statistics {
        num_rows: file.rows().map_or(Precision::Absent, count),
        total_byte_size: Precision::Absent,
        column_statistics: columns,
    };
    PartitionedFile::new_from_meta(ObjectMeta {
        location,
        last_modified: chrono::DateTime::from_timestamp_millis(file.modified_ms).unwrap_or_default(),
        size: file.size_bytes,
        e_tag: None,
        version: None,
    })
    .with_partition_values(vec![ScalarValue::Utf8(Some(file.date.to_string()))])
    .with_statistics(Arc::new(statistics))
}

fn count(value: u64) -> Precision<usize> {
    usize::try_from(value).map_or(Precision::Absent, Precision::Exact)
}

fn column_statistics(file: &DataFile, field: &Field) -> ColumnStatistics {
    let Some(known) = file.stats.columns.get(field.name()) else { return ColumnStatistics::new_unknown() };
    ColumnStatistics {
        null_count: known.null_count.map_or(Precision::Absent, count),
        min_value: known.min.as_ref().map_or(Precision::Absent, |bound| value(bound, field.data_type(), 0)),
        max_value: known.max.as_ref().map_or(Precision::Absent, |bound| value(bound, field.data_type(), 999)),
        ..ColumnStatistics::new_unknown()
    }
}

/// A bound as a value: exact unless the writer may have cut it. Times that other writers cut to milliseconds end in
/// `cut` microseconds.
fn value(bound: &Bound, kind: &DataType, cut: i64) -> Precision<ScalarValue> {
    match (bound, kind) {
        (Bound::Integer(value), DataType::Int64) => Precision::Exact(ScalarValue::Int64(Some(*value))),
        (Bound::Integer(value), DataType::Int32) => i32::try_from(*value)
            .map_or(Precision::Absent, |value| Precision::Exact(ScalarValue::Int32(Some(value)))),
        (Bound::Integer(value), DataType::Timestamp(_, zone)) => {
            let scalar = ScalarValue::TimestampMicrosecond(Some(*value), zone.clone());
            if value.rem_euclid(1000) == cut { Precision::Inexact(scalar) } else { Precision::Exact(scalar) }
        }
        (Bound::Text(text), DataType::Utf8) => {
            let scalar = ScalarValue::Utf8(Some(text.clone()));
            if text.chars().count() < TEXT_BOUND_CHARS {
                Precision::Exact(scalar)
            } else {
                Precision::Inexact(scalar)
            }
        }
        _ => Precision::Absent,
    }
}

/// The time of a file's newest row in nanoseconds, where known.
fn newest(file: &PartitionedFile, schema: &TableSchema) -> Option<i64> {
    let index = schema.file_schema().index_of("time_unix_nano").ok()?;
    match file.statistics.as_ref()?.column_statistics.get(index)?.max_value.get_value()? {
        ScalarValue::Int64(time) => *time,
        _ => None,
    }
}

fn merged(files: &[PartitionedFile], schema: &TableSchema) -> Statistics {
    let table = schema.table_schema();
    if files.is_empty() {
        return Statistics { num_rows: Precision::Exact(0), ..Statistics::new_unknown(table) };
    }
    Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), table)
        .unwrap_or_else(|_| Statistics::new_unknown(table))
}
