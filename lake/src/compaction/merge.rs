//! The rows of some files, sorted, as one file: column by column.
//!
//! First the key columns say in which order the rows go ([`order`]). Then each column is read, put in that order and
//! encoded, for all row groups of the new file. Texts and maps go by the codes of the files' dictionaries ([`coded`]),
//! the rest through Arrow ([`plain`]), and so does what another program wrote in a form that [`coded`] does not know.
//! Each row group of the files is an input of its own, sorted or not.
//!
//! What is held: some columns of all inputs as they are in the files, the encoded columns of the new file until the last
//! one is done, 16 bytes a row while they are put in order, and of each input the dictionary of a column and a page or so
//! (all of a column where rows are not sorted).

mod coded;
mod input;
mod order;
mod plain;

use super::sink::Sink;
use super::{Merged, failed};
use crate::config::CompactionConfig;
use crate::encode::{Chunk, CompactedFormat, without_partition};
use crate::error::LakeError;
use crate::snapshot::{DataFile, Snapshot};
use crate::stats::{ColumnStats, FileStats};
use crate::storage::Storage;
use arrow::datatypes::FieldRef;
use input::{File, Input, Part, fetch};
use object_store::path::Path;
use order::Order;
use parquet::errors::Result as ParquetResult;
use schemas::tables::Table;
use std::sync::Arc;

/// Bytes of columns that are fetched at once, from all files together; one column may have more.
const FETCHED_BYTES: u64 = 8 * 1024 * 1024;

/// Chunks of one column, by row group and leaf, and what the log says of them.
type Encoded = (Vec<Vec<Chunk>>, ColumnStats);

/// Merges the first of `files`: all, where no column is too large for that.
pub(super) async fn merge(
    storage: &Storage,
    config: &CompactionConfig,
    snapshot: &Snapshot,
    files: &[Arc<DataFile>],
    lasting: bool,
    path: &Path,
) -> Result<Merged, LakeError> {
    let table = snapshot.table;
    let schema = without_partition(&snapshot.schema);
    let format = CompactedFormat::new(table, &schema, lasting)?;
    let mut opened = Vec::with_capacity(files.len());
    for file in files {
        opened.push(File::open(storage, file).await?);
    }
    opened
        .truncate(input::first_within(config.column_bytes_max, &opened, |name| format.has_dictionary(name)));
    let inputs = Input::all(&opened);
    let keys: Vec<FieldRef> =
        schema.fields().iter().filter(|f| table.sort_key().contains(&f.name().as_str())).cloned().collect();
    let parts = fetch(&mut opened, &inputs, &keys).await?;
    let order = order::of(table, &keys, &parts).map_err(failed(path))?;
    drop(parts);
    let mut output = Output::new(table, format, order);
    let mut fields = schema.fields().iter().cloned().peekable();
    while fields.peek().is_some() {
        let mut bytes = 0;
        let mut window: Vec<FieldRef> = Vec::new();
        while let Some(field) = fields.next_if(|field| {
            bytes += input::bytes_of(&opened, &inputs, field);
            window.is_empty() || bytes <= FETCHED_BYTES
        }) {
            window.push(field);
        }
        let parts = fetch(&mut opened, &inputs, &window).await?;
        for (field, parts) in window.iter().zip(parts) {
            output.add_column(field, &parts).map_err(failed(path))?;
        }
    }
    let (size_bytes, stats) = output.write(storage, path).await?;
    Ok(Merged { size_bytes, stats, files: opened.len(), is_copy: false })
}

/// The file under construction.
struct Output {
    table: Table,
    format: CompactedFormat,
    order: Order,
    groups: Vec<Vec<Chunk>>,
    stats: FileStats,
}

impl Output {
    fn new(table: Table, format: CompactedFormat, order: Order) -> Self {
        let groups = order.groups.iter().map(|_| Vec::new()).collect();
        let stats = FileStats { rows: Some(order.rows as u64), ..FileStats::default() };
        Self { table, format, order, groups, stats }
    }

    fn add_column(&mut self, field: &FieldRef, parts: &[Part]) -> ParquetResult<()> {
        let coded = coded::encode(&self.format, field, parts, &self.order).unwrap_or_else(|error| {
            // Whether the column is sound is for the crate's own reader to say.
            tracing::debug!(column = field.name(), %error, "not merged by codes");
            None
        });
        let (groups, stats) = match coded {
            Some(encoded) => encoded,
            None => plain::encode(&self.format, field, parts, &self.order)?,
        };
        for (group, chunks) in self.groups.iter_mut().zip(groups) {
            group.extend(chunks);
        }
        if self.table.stats_columns().contains(&field.name().as_str()) {
            self.stats.columns.insert(field.name().clone(), stats);
        }
        Ok(())
    }

    async fn write(self, storage: &Storage, path: &Path) -> Result<(u64, FileStats), LakeError> {
        let mut sink = Sink::new(storage, path);
        let (schema, properties) = self.format.file();
        let mut file = sink.file(schema, properties).map_err(failed(path))?;
        for chunks in self.groups {
            let mut group = file.next_row_group().map_err(failed(path))?;
            for chunk in chunks {
                chunk.append(&mut group).map_err(failed(path))?;
                sink.take().await?;
            }
            group.close().map_err(failed(path))?;
        }
        Ok((sink.finish(file).await?, self.stats))
    }
}
