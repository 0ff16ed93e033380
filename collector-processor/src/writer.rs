//! From the log to the lake: rows are gathered for [`WriterConfig::flush_interval`] and committed with the
//! log position they come from, table by table, so that each table has each record exactly once.
//!
//! Bounds: rows and bytes of one batch; one batch is being committed while the next is gathered, so two
//! are in memory. Behind them the log waits, within its own bound.

use crate::columns::{LoggedRequest, RowContext, Rows, Wanted};
use crate::ingest::signal_of;
use crate::metrics::Metrics;
use crate::pipeline::{Facts, Pipeline};
use crate::wal::{Record, Wal, WalReader};
use arrow::record_batch::RecordBatch;
use lake::{Appended, Lake, LakeError, WriterId};
use prost::Message;
use schemas::tables::Table;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::Instrument;

/// Name of the lake writer among the log's consumers.
pub(crate) const CONSUMER: &str = "lake";
/// Bytes of the log that are read at once.
const READ_BYTES: usize = 8 << 20;
/// Waiting between attempts to commit.
const RETRY_MIN: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// When batches are committed.
#[derive(Clone, Debug)]
pub struct WriterConfig {
    /// Longest time that a row waits for its commit to begin.
    pub flush_interval: Duration,
    /// Rows of one table at which a commit begins earlier.
    pub rows_max: usize,
    /// Log bytes at which a commit begins earlier.
    pub bytes_max: usize,
    /// What the resources of one request may add to its rows, in bytes.
    pub repeated_bytes_max: usize,
    /// Whether spans outside any session get no rows.
    pub session_spans_only: bool,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_secs(2),
            rows_max: 131_072,
            bytes_max: 64 << 20,
            repeated_bytes_max: 256 << 20,
            session_spans_only: false,
        }
    }
}

/// How far each table of this writer has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Positions {
    pub(crate) spans: u64,
    pub(crate) errors: u64,
    pub(crate) patterns: u64,
}

impl Positions {
    /// Reads them from the lake.
    pub(crate) async fn load(lake: &Lake, writer: &WriterId) -> Result<Self, LakeError> {
        let of = async |table| lake.committed_position(table, writer).await.map(Option::unwrap_or_default);
        Ok(Self {
            spans: of(Table::Spans).await?,
            errors: of(Table::Errors).await?,
            patterns: of(Table::Patterns).await?,
        })
    }

    /// The first log position that some table may still lack.
    pub(crate) fn first_missing(&self) -> u64 {
        // A table without rows of the newest records lags behind; reading them again makes no rows.
        self.spans.min(self.errors).min(self.patterns) + 1
    }

    fn of(&self, table: Table) -> u64 {
        match table {
            Table::Spans => self.spans,
            Table::Errors => self.errors,
            Table::Patterns => self.patterns,
            Table::PatternEvents => u64::MAX,
        }
    }

    fn wanted(&self, position: u64) -> Wanted {
        Wanted {
            spans: position > self.spans,
            errors: position > self.errors,
            patterns: position > self.patterns,
        }
    }
}

struct Batch {
    first: u64,
    last: u64,
    tables: Vec<(Table, Vec<RecordBatch>)>,
}

/// The gathering half.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) config: WriterConfig,
    pub(crate) reader: WalReader,
    pub(crate) context: RowContext,
    pub(crate) pipeline: Arc<Pipeline>,
    /// What the lake had when this process started.
    pub(crate) positions: Positions,
    /// Records up to here were in the log already; their pattern facts are learned on the way.
    pub(crate) recovered: u64,
    pub(crate) caught_up: watch::Sender<bool>,
}

/// The committing half.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) lake: Lake,
    pub(crate) writer: WriterId,
    pub(crate) wal: Wal,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) positions: Positions,
    pub(crate) committed: watch::Sender<u64>,
    /// Told when another process has this writer's id.
    pub(crate) fenced: watch::Sender<bool>,
    /// Whether the last attempt to commit failed.
    pub(crate) failing: watch::Sender<bool>,
}

impl Writer {
    /// Runs until the log is closed and everything in it is committed.
    pub(crate) async fn run(mut self, committer: Committer) {
        let (batches, queue) = mpsc::channel(1);
        let committing = tokio::spawn(committer.run(queue));
        let mut rows = Rows::new(self.context.clone());
        let mut gathered: Option<(u64, u64, usize)> = None;
        let mut due = Instant::now();
        if self.reader.next_position() > self.recovered {
            self.caught_up.send_replace(true);
        }
        loop {
            let records = tokio::select! {
                records = self.reader.next_batch(READ_BYTES) => Some(records),
                () = tokio::time::sleep_until(due), if gathered.is_some() => None,
            };
            let closed = records.as_ref().is_some_and(Vec::is_empty);
            if let Some(records) = records.filter(|r| !r.is_empty()) {
                let (first, last, bytes) = summary(&records);
                if gathered.is_none() {
                    due = Instant::now() + self.config.flush_interval;
                }
                let before = gathered.unwrap_or((first, last, 0));
                gathered = Some((before.0, last, before.2 + bytes));
                rows = self.add(rows, records).await;
                if last >= self.recovered && !*self.caught_up.borrow() {
                    self.caught_up.send_replace(true);
                }
            }
            let Some((first, last, bytes)) = gathered else {
                if closed {
                    break;
                }
                continue;
            };
            let full = rows.rows_max() >= self.config.rows_max || bytes >= self.config.bytes_max;
            if closed || full || Instant::now() >= due {
                gathered = None;
                let tables = rows.finish().unwrap_or_else(|error| {
                    tracing::error!(%error, first, last, "rows do not fit their table; the records stay in the next hop only");
                    Vec::new()
                });
                if batches.send(Batch { first, last, tables }).await.is_err() {
                    break;
                }
            }
        }
        drop(batches);
        if let Err(error) = committing.await {
            tracing::error!(%error, "the lake writer stopped");
        }
    }

    /// Adds records on a thread of their own: it is CPU work.
    async fn add(&self, mut rows: Rows, records: Vec<Record>) -> Rows {
        let (positions, pipeline, recovered) = (self.positions, Arc::clone(&self.pipeline), self.recovered);
        let context = self.context.clone();
        let added = tokio::task::spawn_blocking(move || {
            for record in &records {
                add(&mut rows, record, positions, (record.position <= recovered).then_some(&*pipeline));
            }
            rows
        });
        added.await.unwrap_or_else(|error| {
            tracing::error!(%error, "records could not be turned into rows");
            Rows::new(context)
        })
    }
}

fn summary(records: &[Record]) -> (u64, u64, usize) {
    let position = |r: Option<&Record>| r.map_or(0, |r| r.position);
    (position(records.first()), position(records.last()), records.iter().map(|r| r.payload.len()).sum())
}

fn add(rows: &mut Rows, record: &Record, positions: Positions, learn: Option<&Pipeline>) {
    let Some(signal) = signal_of(record.kind) else {
        tracing::error!(
            kind = record.kind,
            position = record.position,
            "log record of a kind that a newer version wrote"
        );
        return;
    };
    let facts = Facts::decode(record.facts.clone()).unwrap_or_else(|error| {
        tracing::error!(%error, position = record.position, "facts of a log record cannot be read; its errors are not stored");
        Facts::default()
    });
    if let Some(pipeline) = learn {
        facts.patterns.iter().for_each(|row| pipeline.learn(row));
    }
    let request = LoggedRequest {
        signal,
        received_unix_nano: record.received_unix_nano,
        payload: &record.payload,
        facts: &facts,
    };
    rows.add(&request, positions.wanted(record.position));
}

/// Another process has the writer's id.
#[derive(Debug)]
struct Fenced;

impl Committer {
    async fn run(self, mut queue: mpsc::Receiver<Batch>) {
        while let Some(batch) = queue.recv().await {
            for (table, rows) in batch.tables {
                let span = tracing::info_span!(
                    "commit",
                    table = table.name(),
                    first = batch.first,
                    last = batch.last
                );
                if let Err(Fenced) = self.commit(table, batch.first, batch.last, rows).instrument(span).await
                {
                    self.fenced.send_replace(true);
                    return self.wal.close().await;
                }
            }
            self.wal.release(CONSUMER, batch.last);
            self.committed.send_replace(batch.last);
        }
    }

    /// Commits until it succeeds: the records stay in the log, and a full log refuses new ones.
    async fn commit(
        &self,
        table: Table,
        first: u64,
        last: u64,
        rows: Vec<RecordBatch>,
    ) -> Result<(), Fenced> {
        let mut wait = RETRY_MIN;
        let positions = first.max(self.positions.of(table).saturating_add(1))..=last;
        loop {
            let began = Instant::now();
            match self.lake.append(table, &self.writer, positions.clone(), rows.clone()).await {
                Ok(Appended::Committed { rows, .. }) => {
                    self.metrics.committed(table, rows, began.elapsed());
                    self.failing.send_replace(false);
                    return Ok(());
                }
                Ok(Appended::AlreadyCommitted) => return Ok(()),
                Err(error @ LakeError::Fenced { .. }) => {
                    tracing::error!(%error, "stops: of two data folders one is a copy of the other; what was acknowledged stays in the log");
                    return Err(Fenced);
                }
                Err(error) => {
                    self.metrics.commit_failed(table);
                    self.failing.send_replace(true);
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(table = table.name(), %error, cause, retry = ?wait, "cannot commit to the lake");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
    }
}
