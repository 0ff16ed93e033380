//! A k-way merge of sorted Parquet files into one.
//!
//! Files are streamed, not loaded. Texts are read as views of the files' pages (`Utf8View`): their bytes are copied once,
//! into the output. Keys are compared in Arrow's row format. A run of rows that all come
//! before the other files' next rows is taken at once, which is the rule where files cover different times.
//! A file that does not say it is sorted by our key (another program wrote it) is loaded and sorted.

use crate::encode::{FileFormat, compacted_properties, sorting_columns, without_partition};
use crate::error::LakeError;
use crate::snapshot::{DataFile, Snapshot};
use crate::stats::FileStats;
use crate::storage::Storage;
use crate::stored::StoredFile;
use arrow::array::{ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{SortOptions, cast, concat_batches, interleave_record_batch, take_record_batch};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use futures::StreamExt;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::async_reader::ParquetRecordBatchStream;
use parquet::arrow::{AsyncArrowWriter, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Rows decoded at once from all inputs together, and bounds of those from each.
const INPUTS_ROWS: usize = 8192;
const INPUT_ROWS_MIN: usize = 128;
const INPUT_ROWS_MAX: usize = 2048;
/// Rows handed to the writer at once.
const OUTPUT_ROWS: usize = 4096;

/// The file that came out.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) size_bytes: u64,
    pub(super) stats: FileStats,
}

pub(super) async fn merge(
    storage: &Storage,
    format: &FileFormat,
    snapshot: &Snapshot,
    group: &[Arc<DataFile>],
    path: &Path,
) -> Result<Merged, LakeError> {
    let table = snapshot.table;
    let plain = without_partition(&snapshot.schema);
    let schema: SchemaRef = Arc::new(Schema::new(viewed(plain.fields())));
    let order = SortOptions { descending: false, nulls_first: true };
    let key: Vec<usize> = table.sort_key().iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let fields = key.iter().map(|column| {
        let kind = schema.field(*column).data_type().clone();
        SortField::new_with_options(kind, order)
    });
    let converter = RowConverter::new(fields.collect()).map_err(LakeError::arrange(table.name()))?;
    let keys = Keys { table: table.name(), converter, columns: key };

    let rows: u64 = group.iter().map(|file| file.rows().unwrap_or(u64::MAX)).fold(0, u64::saturating_add);
    let bytes: u64 = group.iter().map(|file| file.size_bytes).sum();
    let properties = compacted_properties(table, &plain, rows, bytes)?;
    let writer = BufWriter::new(Arc::clone(&storage.store), path.clone());
    let writer_options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let writer = AsyncArrowWriter::try_new_with_options(writer, Arc::clone(&schema), writer_options)
        .map_err(failed(path))?;

    let mut output = Output::new(writer, path.clone(), table.name(), format.stats_columns());
    let mut inputs = Vec::with_capacity(group.len());
    let input_rows = (INPUTS_ROWS / group.len().max(1)).clamp(INPUT_ROWS_MIN, INPUT_ROWS_MAX);
    for file in group {
        if let Some(input) = Input::open(storage, snapshot, &schema, file, &keys, input_rows).await? {
            inputs.push(input);
        }
    }
    merge_inputs(inputs, &keys, &mut output).await?;
    output.finish().await
}

async fn merge_inputs(mut inputs: Vec<Input>, keys: &Keys, output: &mut Output) -> Result<(), LakeError> {
    let mut heads: BinaryHeap<Reverse<(OwnedRow, usize)>> =
        inputs.iter().enumerate().map(|(number, input)| Reverse((input.head().owned(), number))).collect();
    output.hold_all(&mut inputs);
    while let Some(Reverse((_, number))) = heads.pop() {
        let input = &mut inputs[number];
        let run = input.run_before(heads.peek().map(|Reverse((row, _))| row));
        output.rows.extend((input.row..input.row + run).map(|row| (input.slot, row)));
        input.row += run;
        let mut more = input.row < input.batch.num_rows();
        if !more && input.advance(keys).await? {
            input.slot = output.hold(&input.batch);
            more = true;
        }
        if more {
            heads.push(Reverse((input.head().owned(), number)));
        }
        if output.rows.len() >= OUTPUT_ROWS {
            output.flush().await?;
            output.hold_all(&mut inputs);
        }
    }
    output.flush().await
}

/// How rows are compared.
struct Keys {
    table: &'static str,
    converter: RowConverter,
    columns: Vec<usize>,
}

impl Keys {
    fn of(&self, batch: &RecordBatch) -> Result<Rows, LakeError> {
        let columns: Vec<ArrayRef> =
            self.columns.iter().map(|column| Arc::clone(batch.column(*column))).collect();
        self.converter.convert_columns(&columns).map_err(LakeError::arrange(self.table))
    }
}

enum Source {
    Stream(Box<ParquetRecordBatchStream<StoredFile>>),
    Loaded(std::vec::IntoIter<RecordBatch>),
}

/// One file being read: a batch of it, and the place in the batch.
struct Input {
    path: Path,
    source: Source,
    schema: SchemaRef,
    batch: RecordBatch,
    keys: Rows,
    row: usize,
    /// Number of `batch` among the batches the output holds.
    slot: usize,
}

impl Input {
    /// `None`: the file has no rows.
    async fn open(
        storage: &Storage,
        snapshot: &Snapshot,
        schema: &SchemaRef,
        file: &DataFile,
        keys: &Keys,
        input_rows: usize,
    ) -> Result<Option<Self>, LakeError> {
        let path = file.location.clone();
        let mut reader =
            StoredFile { store: Arc::clone(&storage.store), path: path.clone(), size_bytes: file.size_bytes };
        let options = ArrowReaderOptions::new();
        let found = ArrowReaderMetadata::load_async(&mut reader, options).await.map_err(failed(&path))?;
        let metadata = Arc::clone(found.metadata());
        let options =
            ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(viewed(found.schema().fields()))));
        let found = ArrowReaderMetadata::try_new(Arc::clone(&metadata), options).map_err(failed(&path))?;
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, found);
        let wanted = sorting_columns(snapshot.table, metadata.file_metadata().schema_descr());
        let sorted = metadata.row_groups().iter().all(|group| group.sorting_columns() == Some(&wanted));
        let stream = builder.with_batch_size(input_rows).build().map_err(failed(&path))?;
        let mut input = Self {
            path,
            source: Source::Stream(Box::new(stream)),
            schema: Arc::clone(schema),
            batch: RecordBatch::new_empty(Arc::clone(schema)),
            keys: keys.converter.empty_rows(0, 0),
            row: 0,
            slot: 0,
        };
        if !sorted {
            input.load_sorted(keys).await?;
        }
        Ok(input.advance(keys).await?.then_some(input))
    }

    fn head(&self) -> arrow::row::Row<'_> {
        self.keys.row(self.row)
    }

    /// Rows from here on that are not behind `next`; at least one.
    fn run_before(&self, next: Option<&OwnedRow>) -> usize {
        let rest = self.batch.num_rows() - self.row;
        let Some(next) = next else { return rest };
        let next = next.row();
        if self.keys.row(self.batch.num_rows() - 1) <= next {
            return rest;
        }
        1 + (self.row + 1..self.batch.num_rows()).take_while(|row| self.keys.row(*row) <= next).count()
    }

    /// Moves to the next batch. `false`: there is none.
    async fn advance(&mut self, keys: &Keys) -> Result<bool, LakeError> {
        loop {
            let next = match &mut self.source {
                Source::Stream(stream) => stream.next().await.transpose().map_err(failed(&self.path))?,
                Source::Loaded(batches) => batches.next(),
            };
            let Some(batch) = next else {
                self.batch = RecordBatch::new_empty(Arc::clone(&self.schema));
                return Ok(false);
            };
            if batch.num_rows() > 0 {
                self.batch = conform(&batch, &self.schema).map_err(LakeError::arrange(keys.table))?;
                self.keys = keys.of(&self.batch)?;
                self.row = 0;
                return Ok(true);
            }
        }
    }

    async fn load_sorted(&mut self, keys: &Keys) -> Result<(), LakeError> {
        let Source::Stream(stream) = &mut self.source else { return Ok(()) };
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(failed(&self.path))?;
            batches.push(conform(&batch, &self.schema).map_err(LakeError::arrange(keys.table))?);
        }
        let whole = concat_batches(&self.schema, &batches).map_err(LakeError::arrange(keys.table))?;
        let rows = keys.of(&whole)?;
        let mut order: Vec<u32> = (0..u32::try_from(whole.num_rows()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
        let sorted =
            take_record_batch(&whole, &UInt32Array::from(order)).map_err(LakeError::arrange(keys.table))?;
        self.source = Source::Loaded(vec![sorted].into_iter());
        Ok(())
    }
}

/// Fields with texts as views, inner ones too.
fn viewed(fields: &Fields) -> Fields {
    let view = |field: &FieldRef| {
        let kind = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::List(inner) => DataType::List(viewed_field(inner)),
            DataType::Map(entry, sorted) => DataType::Map(viewed_field(entry), *sorted),
            DataType::Struct(inner) => DataType::Struct(viewed(inner)),
            other => other.clone(),
        };
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    fields.iter().map(view).collect()
}

fn viewed_field(field: &FieldRef) -> FieldRef {
    Arc::clone(&viewed(&Fields::from(vec![Arc::clone(field)]))[0])
}

/// The batch in the table's schema: columns by name, absent ones null, other forms of a type cast.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

/// The file being written, and rows gathered for it.
struct Output {
    writer: AsyncArrowWriter<BufWriter>,
    path: Path,
    table: &'static str,
    stats_columns: &'static [&'static str],
    stats: FileStats,
    held: Vec<RecordBatch>,
    /// Rows in order, as batch held and row in it.
    rows: Vec<(usize, usize)>,
}

impl Output {
    fn new(
        writer: AsyncArrowWriter<BufWriter>,
        path: Path,
        table: &'static str,
        stats_columns: &'static [&'static str],
    ) -> Self {
        let rows = Vec::with_capacity(OUTPUT_ROWS + INPUT_ROWS_MAX);
        Self { writer, path, table, stats_columns, stats: FileStats::default(), held: Vec::new(), rows }
    }

    fn hold(&mut self, batch: &RecordBatch) -> usize {
        self.held.push(batch.clone());
        self.held.len() - 1
    }

    fn hold_all(&mut self, inputs: &mut [Input]) {
        for input in inputs {
            input.slot = self.hold(&input.batch);
        }
    }

    /// Writes the gathered rows and lets go of all batches.
    async fn flush(&mut self) -> Result<(), LakeError> {
        if !self.rows.is_empty() {
            let held: Vec<&RecordBatch> = self.held.iter().collect();
            let batch = interleave_record_batch(&held, &self.rows).map_err(LakeError::arrange(self.table))?;
            self.stats.observe(&batch, self.stats_columns);
            self.writer.write(&batch).await.map_err(failed(&self.path))?;
        }
        self.rows.clear();
        self.held.clear();
        Ok(())
    }

    async fn finish(mut self) -> Result<Merged, LakeError> {
        self.writer.finish().await.map_err(failed(&self.path))?;
        Ok(Merged { size_bytes: self.writer.bytes_written() as u64, stats: self.stats })
    }
}

fn failed(path: &Path) -> impl Fn(ParquetError) -> LakeError {
    move |source| LakeError::Parquet { path: path.to_string(), source }
}
