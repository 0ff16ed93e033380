//! The services and operations of table `spans`, without a scan of it: what a file holds is read once, three columns
//! as dictionaries, because files never change.
//!
//! Kept by date: rows leave a date only with the whole of it, by retention. So merged files cost one more reading, and
//! nothing is forgotten too early. Bound: `operations_known_max` operations; further ones are left out, and answers
//! say so.

use super::SERVICE_MISSING;
use crate::engine::Engine;
use crate::error::QueryError;
use datafusion::arrow::array::{Array, AsArray, DictionaryArray};
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use futures::{StreamExt, TryStreamExt};
use lake::{DataFile, Lake, Snapshot, StoredFile};
use object_store::path::Path;
use parking_lot::Mutex;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::errors::ParquetError;
use schemas::tables::Table;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The columns that name an operation, in the order of [`Operation`]'s fields.
const COLUMNS: [&str; 3] = ["service_name", "name", "kind"];

/// Files that are read at the same time: on S3 the time goes into waiting.
const FILES_AHEAD: usize = 8;

/// What a service does, as one of its spans names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Operation {
    pub(crate) service: String,
    pub(crate) name: String,
    /// As in column `kind`: `server`, `client`, ...
    pub(crate) kind: String,
}

impl Operation {
    /// The kind as Jaeger tells it: empty where it is not specified.
    pub(crate) fn kind_told(&self) -> &str {
        Some(self.kind.as_str()).filter(|kind| *kind != "unspecified").unwrap_or_default()
    }
}

/// What is known of the files of table `spans`.
#[derive(Debug)]
pub(crate) struct Operations {
    known: Mutex<Known>,
    /// Held while files are read, so that many who ask at once read them once.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Known {
    operations_max: usize,
    /// Of the table, when all its files were known.
    version: Option<u64>,
    files: HashSet<Path>,
    dates: BTreeMap<Arc<str>, HashSet<Arc<Operation>>>,
    all: HashSet<Arc<Operation>>,
    left_out: bool,
}

/// A list, and whether the limit cut it.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) left_out: bool,
}

impl Operations {
    pub(crate) fn new(operations_max: usize) -> Self {
        Self { known: Mutex::new(Known::new(operations_max)), reading: tokio::sync::Mutex::new(()) }
    }

    /// All services, by name.
    pub(crate) async fn services(self: &Arc<Self>, engine: &Engine) -> Result<Listed<String>, QueryError> {
        self.refresh(engine).await?;
        let known = self.known.lock();
        let services: BTreeSet<&str> = known.all.iter().map(|operation| operation.service.as_str()).collect();
        Ok(Listed { items: services.into_iter().map(str::to_owned).collect(), left_out: known.left_out })
    }

    /// The operations of a service, by name and kind; of one kind only where `kind` is given.
    pub(crate) async fn of(
        self: &Arc<Self>,
        engine: &Engine,
        service: &str,
        kind: Option<&str>,
    ) -> Result<Listed<Operation>, QueryError> {
        self.refresh(engine).await?;
        let known = self.known.lock();
        let wanted = |operation: &&Arc<Operation>| {
            operation.service == service && kind.is_none_or(|kind| operation.kind == kind)
        };
        let mut items: Vec<Operation> =
            known.all.iter().filter(wanted).map(|operation| operation.as_ref().clone()).collect();
        items.sort_unstable();
        Ok(Listed { items, left_out: known.left_out })
    }

    /// Reads the files that are new. What was read stays known if the time limit stops it: the next call goes on.
    async fn refresh(self: &Arc<Self>, engine: &Engine) -> Result<(), QueryError> {
        let (snapshot, lake) = engine.snapshot(Table::Spans).await?;
        if self.known.lock().version == Some(snapshot.version) {
            return Ok(());
        }
        // In line here, not among the running queries: who waits for the same files takes no place.
        let limit_ms = engine.config().timeout_ms;
        let limit = Duration::from_millis(limit_ms);
        let reading = tokio::time::timeout(limit, self.reading.lock()).await;
        let _reading = reading.map_err(|_| QueryError::Timeout { limit_ms })?;
        let this = Arc::clone(self);
        engine.offload(async move { this.read(&snapshot, &lake).await }).await
    }

    async fn read(&self, snapshot: &Snapshot, lake: &Lake) -> Result<(), QueryError> {
        let unread = self.known.lock().unread(snapshot);
        let readers = unread.into_iter().map(|file| async move {
            let operations = operations_of(lake.stored(&file)).await;
            let operations = operations.map_err(|source| QueryError::Lake { source: Box::new(source) })?;
            Ok::<_, QueryError>((file, operations))
        });
        let mut read = futures::stream::iter(readers).buffered(FILES_AHEAD);
        while let Some((file, operations)) = read.try_next().await? {
            self.known.lock().add(&file, operations);
        }
        self.known.lock().forget(snapshot);
        Ok(())
    }
}

impl Known {
    fn new(operations_max: usize) -> Self {
        Self {
            operations_max,
            version: None,
            files: HashSet::new(),
            dates: BTreeMap::new(),
            all: HashSet::new(),
            left_out: false,
        }
    }

    fn unread(&self, snapshot: &Snapshot) -> Vec<Arc<DataFile>> {
        snapshot.files.iter().filter(|file| !self.files.contains(&file.location)).map(Arc::clone).collect()
    }

    fn add(&mut self, file: &DataFile, operations: HashSet<Operation>) {
        let known = self.dates.entry(Arc::clone(&file.date)).or_default();
        for operation in operations {
            let operation = match self.all.get(&operation) {
                Some(operation) => Arc::clone(operation),
                None if self.all.len() >= self.operations_max => {
                    self.left_out = true;
                    continue;
                }
                None => Arc::new(operation),
            };
            self.all.insert(Arc::clone(&operation));
            known.insert(operation);
        }
        self.files.insert(file.location.clone());
    }

    /// Forgets files that are gone, and dates without files.
    fn forget(&mut self, snapshot: &Snapshot) {
        self.version = Some(snapshot.version);
        let live: HashSet<&Path> = snapshot.files.iter().map(|file| &file.location).collect();
        self.files.retain(|file| live.contains(file));
        let dates: HashSet<&str> = snapshot.files.iter().map(|file| file.date.as_ref()).collect();
        let before = self.dates.len();
        self.dates.retain(|date, _| dates.contains(date.as_ref()));
        if self.dates.len() < before {
            self.all = self.dates.values().flatten().map(Arc::clone).collect();
        }
    }
}

/// Every operation in one file.
async fn operations_of(mut file: StoredFile) -> Result<HashSet<Operation>, ParquetError> {
    let stored = ArrowReaderMetadata::load_async(&mut file, ArrowReaderOptions::new()).await?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(as_dictionaries(stored.schema())));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), options)?;
    let mask = ProjectionMask::columns(metadata.parquet_schema(), COLUMNS);
    let mut batches =
        ParquetRecordBatchStreamBuilder::new_with_metadata(file, metadata).with_projection(mask).build()?;
    let mut found = HashSet::new();
    while let Some(batch) = batches.try_next().await? {
        collect(&batch, &mut found)?;
    }
    Ok(found)
}

/// The schema, with the columns of an operation as dictionaries.
fn as_dictionaries(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| {
        if COLUMNS.contains(&field.name().as_str()) {
            let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), kind, field.is_nullable()))
        } else {
            Arc::clone(field)
        }
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

/// Adds the operations of a batch: numbers are compared for each row, texts for each operation only.
fn collect(batch: &RecordBatch, found: &mut HashSet<Operation>) -> Result<(), ParquetError> {
    let column = |name: &str| -> Result<Option<&DictionaryArray<Int32Type>>, ParquetError> {
        let Some(column) = batch.column_by_name(name) else { return Ok(None) };
        let dictionary = column.as_dictionary_opt::<Int32Type>();
        dictionary.map(Some).ok_or_else(|| ParquetError::General(format!("column {name} is no text")))
    };
    let [service, name, kind] = COLUMNS;
    let (service, name, kind) = (column(service)?, column(name)?, column(kind)?);
    let mut rows: HashMap<[Option<i32>; 3], usize> = HashMap::new();
    let key = |column: Option<&DictionaryArray<Int32Type>>, row: usize| {
        column.filter(|column| column.is_valid(row)).map(|column| column.keys().value(row))
    };
    let mut last = None;
    for row in 0..batch.num_rows() {
        let keys = [key(service, row), key(name, row), key(kind, row)];
        if last != Some(keys) {
            rows.entry(keys).or_insert(row);
            last = Some(keys);
        }
    }
    for row in rows.into_values() {
        let text = |column: Option<&DictionaryArray<Int32Type>>| {
            let column = column.filter(|column| column.is_valid(row))?;
            let values = column.values().as_string_opt::<i32>()?;
            Some(values.value(usize::try_from(column.keys().value(row)).ok()?).to_owned())
        };
        found.insert(Operation {
            service: text(service)
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| SERVICE_MISSING.to_owned()),
            name: text(name).unwrap_or_default(),
            kind: text(kind).unwrap_or_default(),
        });
    }
    Ok(())
}
