//! The events of one commit, read from the files that it added, in an order that every reader finds alike.

use super::unreadable;
use crate::error::QueryError;
use crate::format::objects;
use crate::lifecycle::texts;
use arrow::compute::kernels::substring::substring_by_char;
use datafusion::arrow::array::{ArrayRef, AsArray, StringArray};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use lake::{DataFile, Lake};
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::errors::ParquetError;
use schemas::tables::Table;
use std::sync::Arc;

/// Characters of a message in an event; `GET /api/v1/errors/{event_id}` has all.
const MESSAGE_CHARS: u64 = 2_000;

/// A table whose commits the feed tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Errors,
    PatternEvents,
}

impl Source {
    /// All, in the order of [`Source`]'s numbers.
    pub(crate) const ALL: [Self; 2] = [Self::Errors, Self::PatternEvents];

    pub(crate) fn table(self) -> Table {
        match self {
            Self::Errors => Table::Errors,
            Self::PatternEvents => Table::PatternEvents,
        }
    }

    /// The name of its events.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Errors => "error",
            Self::PatternEvents => "pattern_event",
        }
    }

    /// The columns that its events have.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Errors => &[
                "timestamp",
                "time_unix_nano",
                "event_id",
                "trace_id",
                "span_id",
                "session_id",
                "parent_session_id",
                "execution_id",
                "user_id",
                "service_name",
                "host_name",
                "signal",
                "span_name",
                "language",
                "error_type",
                "message",
                "file_path",
                "fingerprint",
                "pattern_id",
                "pattern_new",
                "taxonomy_runtime",
                "taxonomy_phase",
                "taxonomy_type",
                "taxonomy_cause",
                "severity",
            ],
            Self::PatternEvents => &[
                "timestamp",
                "time_unix_nano",
                "event_id",
                "pattern_id",
                "action",
                "from_value",
                "to_value",
                "actor",
                "reason",
            ],
        }
    }
}

/// One event: what is told of it, and what listeners choose by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) source: Source,
    pub(crate) json: String,
    pub(crate) time_unix_nano: i64,
    pub(crate) event_id: String,
    pub(crate) pattern_id: String,
    pub(crate) fingerprint: String,
    pub(crate) severity: i32,
    pub(crate) pattern_new: bool,
    pub(crate) user_id: Option<String>,
    pub(crate) service_name: Option<String>,
    pub(crate) session_id: Option<String>,
}

/// The events of one commit.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) source: Source,
    pub(crate) version: u64,
    /// When its files were written, in seconds since the epoch; 0 where it has none.
    pub(crate) seconds: i64,
    pub(crate) items: Vec<Item>,
}

/// Why a commit cannot be told.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Its log entry has expired, or its files were merged into others and deleted.
    Gone,
    /// It could not be read this time.
    Unread(QueryError),
}

impl Commit {
    /// Reads a commit that is there.
    pub(crate) async fn read(lake: &Lake, source: Source, version: u64) -> Result<Self, Missing> {
        let files = lake.added(source.table(), version).await;
        let files = files.map_err(|error| Missing::Unread(unreadable(error)))?.ok_or(Missing::Gone)?;
        let mut items = Vec::new();
        for file in &files {
            read(lake, source, file, &mut items).await?;
        }
        items.sort_by(|a, b| (a.time_unix_nano, &a.event_id).cmp(&(b.time_unix_nano, &b.event_id)));
        let seconds = files.iter().map(|file| file.modified_ms / 1_000).max().unwrap_or_default();
        Ok(Self { source, version, seconds, items })
    }
}

async fn read(lake: &Lake, source: Source, file: &DataFile, into: &mut Vec<Item>) -> Result<(), Missing> {
    let builder = ParquetRecordBatchStreamBuilder::new(lake.stored(file)).await.map_err(missing)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), source.columns().iter().copied());
    let mut batches = builder.with_projection(columns).build().map_err(missing)?;
    while let Some(batch) = batches.try_next().await.map_err(missing)? {
        into.extend(items(source, &batch).map_err(Missing::Unread)?);
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn missing(error: ParquetError) -> Missing {
    let gone = match &error {
        ParquetError::External(cause) => {
            matches!(cause.downcast_ref(), Some(object_store::Error::NotFound { .. }))
        }
        _ => false,
    };
    if gone { Missing::Gone } else { Missing::Unread(QueryError::Lake { source: Box::new(error) }) }
}

/// The rows of a batch as events.
pub(crate) fn items(source: Source, batch: &RecordBatch) -> Result<Vec<Item>, QueryError> {
    let batch = shortened(batch)?;
    let json = objects(&batch)?;
    let required = |name| texts(&batch, name).map(Option::unwrap_or_default);
    let names = required("event_id").zip(required("pattern_id")).zip(required("fingerprint"));
    let who = texts(&batch, "user_id").zip(texts(&batch, "service_name")).zip(texts(&batch, "session_id"));
    let time =
        batch.column_by_name("time_unix_nano").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let severity = batch.column_by_name("severity").and_then(|column| column.as_primitive_opt::<Int32Type>());
    let new = batch.column_by_name("pattern_new").and_then(|column| column.as_boolean_opt());
    let rows = json.into_iter().zip(names).zip(who).enumerate();
    Ok(rows
        .map(
            |(
                row,
                ((json, ((event_id, pattern_id), fingerprint)), ((user_id, service_name), session_id)),
            )| Item {
                source,
                json,
                time_unix_nano: time.map_or(0, |time| time.value(row)),
                event_id,
                pattern_id,
                fingerprint,
                severity: severity.map_or(0, |severity| severity.value(row)),
                pattern_new: new.is_some_and(|new| new.value(row)),
                user_id,
                service_name,
                session_id,
            },
        )
        .collect())
}

/// The same rows with messages of bounded length.
fn shortened(batch: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let Ok(index) = batch.schema_ref().index_of("message") else { return Ok(batch.clone()) };
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let Some(messages) = columns[index].as_string_opt::<i32>() else { return Ok(batch.clone()) };
    let short: StringArray =
        substring_by_char(messages, 0, Some(MESSAGE_CHARS)).map_err(QueryError::internal)?;
    columns[index] = Arc::new(short);
    RecordBatch::try_new(batch.schema(), columns).map_err(QueryError::internal)
}
