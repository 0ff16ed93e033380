//! Files become one by copying their row groups: nothing is decoded, and page index and bloom filters go along.
//!
//! Each row group stays sorted in itself, which is what it says of itself; the file as a whole is not. One row group is
//! in memory at a time.

use super::plan::{JOINED_BYTES_MIN, JOINED_ROWS_MIN};
use super::sink::{Sink, Written};
use super::source::{Segment, Source};
use super::{Merged, failed};
use crate::encode::{joined_properties, sorting_columns};
use crate::error::LakeError;
use crate::snapshot::DataFile;
use crate::stats::FileStats;
use crate::storage::Storage;
use object_store::path::Path;
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::writer::SerializedFileWriter;
use schemas::tables::Table;
use std::ops::Range;
use std::sync::Arc;

/// Bytes between the column chunks of a row group and behind them, beyond which its bytes are not fetched in one.
const GAPS_BYTES_MAX: u64 = 1024 * 1024;

/// `None`: the files are not of a form that can be joined; they have to be merged.
pub(super) async fn join(
    storage: &Storage,
    table: Table,
    files: &[Arc<DataFile>],
    path: &Path,
) -> Result<Option<Merged>, LakeError> {
    let Some(stats) = FileStats::sum(files.iter().map(|file| &file.stats)) else { return Ok(None) };
    let mut sources: Vec<Source> = Vec::with_capacity(files.len());
    for file in files {
        let source = Source::open(storage, file).await?;
        let schema = sources.first().unwrap_or(&source).metadata.file_metadata().schema();
        if !may_join(table, &source.metadata) || source.metadata.file_metadata().schema() != schema {
            return Ok(None);
        }
        sources.push(source);
    }
    let Some(first) = sources.first() else { return Ok(None) };
    let columns = first.metadata.file_metadata().schema_descr();
    let properties = joined_properties(table, columns);
    let mut sink = Sink::new(storage, path);
    let mut writer = sink.file(columns.root_schema_ptr(), properties).map_err(failed(path))?;
    for mut source in sources {
        let metadata = Arc::clone(&source.metadata);
        for (number, group) in metadata.row_groups().iter().enumerate() {
            let range = bytes_of(group).ok_or_else(|| ParquetError::General("no bytes".into()));
            let segment = source.fetch(range.map_err(failed(path))?).await?;
            copy(&metadata, number, &segment, &mut writer, &mut sink, path).await?;
        }
    }
    let size_bytes = sink.finish(writer).await?;
    Ok(Some(Merged { size_bytes, stats, files: files.len(), is_copy: true }))
}

/// Whether all row groups are as a merge makes them, and not small ones.
fn may_join(table: Table, metadata: &ParquetMetaData) -> bool {
    let columns = metadata.file_metadata().schema_descr();
    let wanted = sorting_columns(table, columns);
    let is_whole = |group: &RowGroupMetaData| {
        let is_small = u64::try_from(group.num_rows()).unwrap_or(0) < JOINED_ROWS_MIN
            && u64::try_from(group.compressed_size()).unwrap_or(0) < JOINED_BYTES_MIN;
        let has_filters = group.columns().iter().all(|column| {
            !table.bloom_columns().contains(&column.column_path().string().as_str())
                || column.bloom_filter_offset().is_some()
        });
        !is_small && has_filters && bytes_of(group).is_some() && group.sorting_columns() == Some(&wanted)
    };
    metadata.offset_index().is_some()
        && metadata.column_index().is_some()
        && metadata.row_groups().iter().all(is_whole)
}

/// Where a row group is, bloom filters included; `None` where other things are between.
fn bytes_of(group: &RowGroupMetaData) -> Option<Range<u64>> {
    let (mut start, mut end, mut sum) = (u64::MAX, 0, 0);
    for column in group.columns() {
        let (at, length) = column.byte_range();
        let filter = match column.bloom_filter_offset() {
            Some(at) => Some((u64::try_from(at).ok()?, u64::try_from(column.bloom_filter_length()?).ok()?)),
            None => None,
        };
        for (at, length) in [(at, length)].into_iter().chain(filter) {
            start = start.min(at);
            end = end.max(at.checked_add(length)?);
            sum += length;
        }
    }
    (start < end && end - start <= sum + GAPS_BYTES_MAX).then_some(start..end)
}

/// Adds a row group of a file, whose bytes `segment` has.
async fn copy(
    metadata: &ParquetMetaData,
    number: usize,
    segment: &Segment,
    writer: &mut SerializedFileWriter<Written>,
    sink: &mut Sink,
    path: &Path,
) -> Result<(), LakeError> {
    let group = metadata.row_group(number);
    let mut copied = writer.next_row_group().map_err(failed(path))?;
    for (place, column) in group.columns().iter().enumerate() {
        let filter = Sbbf::read_from_column_chunk(column, segment).map_err(failed(path))?;
        let close = ColumnCloseResult {
            bytes_written: column.byte_range().1,
            rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
            metadata: column.clone(),
            bloom_filter: filter,
            column_index: metadata.column_index().and_then(|index| index.get(number)?.get(place)).cloned(),
            offset_index: metadata.offset_index().and_then(|index| index.get(number)?.get(place)).cloned(),
        };
        copied.append_column(segment, close).map_err(failed(path))?;
        sink.take().await?;
    }
    copied.close().map_err(failed(path))?;
    Ok(())
}
