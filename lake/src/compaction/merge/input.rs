//! What is merged: row groups of files, and their bytes, column by column.

use crate::compaction::failed;
use crate::compaction::source::{Segment, Source};
use crate::error::LakeError;
use crate::snapshot::DataFile;
use crate::storage::Storage;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A file to merge, and how Arrow reads it: texts as views of its pages.
#[derive(Debug)]
pub(super) struct File {
    source: Source,
    viewed: ArrowReaderMetadata,
}

/// A row group of a file, both by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    file: usize,
    group: usize,
}

/// One column of an input.
#[derive(Debug)]
pub(super) struct Part {
    viewed: ArrowReaderMetadata,
    group: usize,
    pub(super) rows: usize,
    /// The column's leaves; none where the file lacks the column.
    leaves: Range<usize>,
    chunks: Chunks,
}

/// The bytes of some column chunks.
#[derive(Clone, Debug)]
struct Chunks(Vec<Segment>);

impl File {
    pub(super) async fn open(storage: &Storage, file: &DataFile) -> Result<Self, LakeError> {
        let source = Source::open(storage, file).await?;
        let read = |options| ArrowReaderMetadata::try_new(Arc::clone(&source.metadata), options);
        let found = read(ArrowReaderOptions::new()).map_err(failed(&file.location))?;
        let schema = Arc::new(Schema::new(viewed(found.schema().fields())));
        let viewed = read(ArrowReaderOptions::new().with_schema(schema)).map_err(failed(&file.location))?;
        Ok(Self { source, viewed })
    }
}

impl Input {
    /// All row groups of some files, in order.
    pub(super) fn all(files: &[File]) -> Vec<Self> {
        let of = |(number, file): (usize, &File)| {
            (0..file.source.metadata.num_row_groups()).map(move |group| Self { file: number, group })
        };
        files.iter().enumerate().flat_map(of).collect()
    }
}

/// How many files, from the first on, have at most `bytes_max` decompressed bytes of any column that is held as a whole;
/// two at least.
pub(super) fn first_within(bytes_max: u64, files: &[File], is_held: impl Fn(&str) -> bool) -> usize {
    let mut columns: HashMap<&str, u64> = HashMap::new();
    let fit = files.iter().enumerate().take_while(|(before, file)| {
        for column in file.source.metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
            let root = column.column_path().parts().first().filter(|root| is_held(root));
            if let Some(root) = root {
                *columns.entry(root).or_default() += u64::try_from(column.uncompressed_size()).unwrap_or(0);
            }
        }
        *before < 2 || columns.values().all(|bytes| *bytes <= bytes_max)
    });
    fit.count()
}

/// Bytes of a column in all inputs.
pub(super) fn bytes_of(files: &[File], inputs: &[Input], field: &FieldRef) -> u64 {
    let of = |input: &Input| {
        let metadata = &files[input.file].source.metadata;
        let columns = metadata.row_group(input.group).columns();
        leaves_of(metadata, field.name()).map(|leaf| columns[leaf].byte_range().1).sum::<u64>()
    };
    inputs.iter().map(of).sum()
}

/// Some columns of all inputs: by column, then input. The files are asked at once.
pub(super) async fn fetch(
    files: &mut [File],
    inputs: &[Input],
    fields: &[FieldRef],
) -> Result<Vec<Vec<Part>>, LakeError> {
    let part = |files: &[File], input: &Input, field: &FieldRef| {
        let File { source, viewed } = &files[input.file];
        let rows = source.metadata.row_group(input.group).num_rows();
        Part {
            viewed: viewed.clone(),
            group: input.group,
            rows: usize::try_from(rows).unwrap_or(0),
            leaves: leaves_of(&source.metadata, field.name()),
            chunks: Chunks(Vec::new()),
        }
    };
    let mut parts: Vec<Vec<Part>> = Vec::with_capacity(fields.len());
    let mut ranges: Vec<Vec<Range<u64>>> = files.iter().map(|_| Vec::new()).collect();
    for field in fields {
        let of_field: Vec<Part> = inputs.iter().map(|input| part(files, input, field)).collect();
        for (input, part) in inputs.iter().zip(&of_field) {
            ranges[input.file].extend(part.columns().iter().map(range_of));
        }
        parts.push(of_field);
    }
    let fetched = files.iter_mut().zip(ranges).map(|(file, ranges)| file.source.fetch_all(ranges));
    let fetched = futures::future::try_join_all(fetched).await?;
    let mut fetched: Vec<_> = fetched.into_iter().map(Vec::into_iter).collect();
    for of_field in &mut parts {
        for (input, part) in inputs.iter().zip(of_field) {
            part.chunks.0.extend(fetched[input.file].by_ref().take(part.leaves.len()));
        }
    }
    Ok(parts)
}

fn range_of(column: &ColumnChunkMetaData) -> Range<u64> {
    let (start, length) = column.byte_range();
    start..start + length
}

/// Leaf columns of the column `name`; they stand side by side.
fn leaves_of(metadata: &ParquetMetaData, name: &str) -> Range<usize> {
    let columns = metadata.file_metadata().schema_descr();
    let is_of = |leaf: &usize| columns.get_column_root(*leaf).name() == name;
    let first = (0..columns.num_columns()).find(is_of).unwrap_or(0);
    first..first + (first..columns.num_columns()).take_while(is_of).count()
}

impl Part {
    pub(super) fn is_absent(&self) -> bool {
        self.leaves.is_empty()
    }

    /// What the file says of the leaves.
    pub(super) fn columns(&self) -> &[ColumnChunkMetaData] {
        &self.viewed.metadata().row_group(self.group).columns()[self.leaves.clone()]
    }

    /// The pages of the leaf `number` of the column.
    pub(super) fn pages(&self, number: usize) -> ParquetResult<SerializedPageReader<Segment>> {
        let missing = || ParquetError::General(format!("no leaf {number}"));
        let chunk = self.chunks.0.get(number).ok_or_else(missing)?;
        let column = self.columns().get(number).ok_or_else(missing)?;
        SerializedPageReader::new(Arc::new(chunk.clone()), column, self.rows, None)
    }

    /// The rows, some at once.
    pub(super) fn read(&self, batch_rows: usize) -> ParquetResult<ParquetRecordBatchReader> {
        let columns = self.viewed.parquet_schema();
        let mask = ProjectionMask::leaves(columns, self.leaves.clone());
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.chunks.clone(), self.viewed.clone())
            .with_projection(mask)
            .with_row_groups(vec![self.group])
            .with_batch_size(batch_rows)
            .build()
    }
}

impl Chunks {
    fn of(&self, start: u64) -> ParquetResult<&Segment> {
        let found = self.0.iter().find(|segment| segment.contains(start));
        found.ok_or_else(|| ParquetError::EOF(format!("byte {start} is not among those that were read")))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.iter().map(Length::len).max().unwrap_or(0)
    }
}

impl ChunkReader for Chunks {
    type T = <Segment as ChunkReader>::T;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        self.of(start)?.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.of(start)?.get_bytes(start, length)
    }
}

/// Fields with texts as views, inner ones too.
fn viewed(fields: &Fields) -> Fields {
    fields.iter().map(viewed_field).collect()
}

pub(super) fn viewed_field(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(inner) => DataType::List(viewed_field(inner)),
        DataType::Map(entry, sorted) => DataType::Map(viewed_field(entry), *sorted),
        DataType::Struct(inner) => DataType::Struct(viewed(inner)),
        other => other.clone(),
    };
    FieldRef::new(field.as_ref().clone().with_data_type(kind))
}
