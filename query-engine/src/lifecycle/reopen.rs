//! Opens a resolved pattern again when it occurs again.
//!
//! Looks at each file of `errors` once, when it is new, and in it at three columns. A pattern that was resolved (or got
//! another name) since the last look is searched for once in all that occurred since it was resolved, so that nothing
//! between its resolution and its first look is missed, also while no engine ran. Exceptions from before the resolution
//! do not count, however late they arrive: the exception's own time decides.
//!
//! Each reopening has an event id that derives from the event that resolved the pattern: however many engines look, it
//! is made once. Bounds: `resolved_max` names of resolved patterns, those resolved last; the names of live files; one
//! batch of rows at a time.

use super::decide::{Change, Decision, OWN_ACTOR};
use super::ledger::{self, texts};
use super::writer::Request;
use super::{ChangeError, LifecycleConfig};
use crate::clock;
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use futures::future::join_all;
use lake::{Bound, DataFile, Lake};
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use schemas::tables::Table;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use xxhash_rust::xxh3::xxh3_128;

/// How far ahead of this engine's clock an exception may be: one from the year 2200 must not open a pattern for ever.
const AHEAD_NANOS_MAX: i64 = 5 * 60 * 1_000_000_000;
/// Names in one search.
const NAMES_MAX: usize = 500;
/// Reopenings that wait for the writer at once.
const CHANGES_MAX: usize = 100;

/// The columns that are read of a file.
const COLUMNS: [&str; 3] = ["pattern_id", "time_unix_nano", "event_id"];

/// Names of resolved patterns: the pattern's own and those of patterns merged into it.
const RESOLVED: &str = "WITH resolved AS (
  SELECT pattern_id, event_id, time_unix_nano
  FROM (
    SELECT *, row_number() OVER (PARTITION BY pattern_id ORDER BY time_unix_nano DESC, event_id DESC) AS nth
    FROM pattern_history
    WHERE action = 'status'
  )
  WHERE nth = 1 AND to_value = 'resolved'
)
SELECT pattern_id AS name, pattern_id, event_id, time_unix_nano FROM resolved
UNION ALL
SELECT alias AS name, resolved.pattern_id, event_id, time_unix_nano
FROM resolved JOIN pattern_aliases ON pattern_aliases.pattern_id = resolved.pattern_id
ORDER BY time_unix_nano DESC, name
LIMIT ";

/// A resolved pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Resolved {
    pattern_id: String,
    /// The event that resolved it, and its time.
    event_id: String,
    time_unix_nano: i64,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Occurrence {
    time_unix_nano: i64,
    event_id: String,
}

/// Looks for resolved patterns that occur.
#[derive(Debug)]
pub(super) struct Reopener {
    lake: Lake,
    engine: Engine,
    requests: mpsc::WeakSender<Request>,
    interval: Duration,
    resolved_max: usize,
    /// Versions of the tables at the last look.
    versions: Option<[u64; 3]>,
    /// Files of `errors` that were looked at; none before the first look.
    seen: Option<HashSet<Path>>,
    /// Resolving events with the names that were searched for.
    searched: HashSet<(String, String)>,
}

impl Reopener {
    pub(super) fn new(
        lake: Lake,
        engine: Engine,
        requests: &mpsc::Sender<Request>,
        config: &LifecycleConfig,
    ) -> Self {
        Self {
            lake,
            engine,
            requests: requests.downgrade(),
            interval: config.reopen_interval,
            resolved_max: config.resolved_max,
            versions: None,
            seen: None,
            searched: HashSet::new(),
        }
    }

    /// Looks now and then until nobody can change patterns any more.
    pub(super) async fn run(mut self) {
        loop {
            tokio::time::sleep(self.interval).await;
            if self.requests.strong_count() == 0 {
                return;
            }
            if let Err(error) = self.look().await {
                let cause = error.cause();
                tracing::warn!(%error, cause, "resolved patterns are not looked for; tried again later");
            }
        }
    }

    async fn look(&mut self) -> Result<(), ChangeError> {
        let errors = self.lake.snapshot(Table::Errors).await?;
        let events = self.lake.snapshot(Table::PatternEvents).await?.version;
        let versions = [errors.version, events, self.lake.snapshot(Table::Patterns).await?.version];
        if self.versions == Some(versions) {
            return Ok(());
        }
        let resolved = self.resolved().await?;
        let keys: HashSet<(String, String)> =
            resolved.iter().map(|(name, of)| (of.event_id.clone(), name.clone())).collect();
        let mut found = Found::default();
        self.search(&resolved, &mut found).await?;
        let files: HashSet<Path> = errors.files.iter().map(|file| file.location.clone()).collect();
        if let Some(seen) = &self.seen {
            for file in errors.files.iter().filter(|file| !seen.contains(&file.location)) {
                self.read(file, &resolved, &mut found).await?;
            }
        }
        self.reopen(&resolved, found).await?;
        self.seen = Some(files);
        self.searched = keys;
        self.versions = Some(versions);
        Ok(())
    }

    async fn resolved(&self) -> Result<HashMap<String, Resolved>, QueryError> {
        let sql = format!("{RESOLVED}{}", self.resolved_max);
        let batches: Vec<RecordBatch> =
            self.engine.query_with(&sql, Params::none()).await?.try_collect().await?;
        let mut resolved = HashMap::new();
        for batch in &batches {
            let names = texts(batch, "name").zip(texts(batch, "pattern_id")).zip(texts(batch, "event_id"));
            for (((name, pattern_id), event_id), time_unix_nano) in names.zip(times(batch)) {
                if let (Some(name), Some(pattern_id), Some(event_id)) = (name, pattern_id, event_id) {
                    resolved.insert(name, Resolved { pattern_id, event_id, time_unix_nano });
                }
            }
        }
        if resolved.len() >= self.resolved_max {
            tracing::warn!(limit = self.resolved_max, "more patterns are resolved than are looked for");
        }
        Ok(resolved)
    }

    /// Searches the table for names that were not resolved by the same event at the last look.
    async fn search(
        &self,
        resolved: &HashMap<String, Resolved>,
        found: &mut Found,
    ) -> Result<(), QueryError> {
        let is_new = |(name, of): &(&String, &Resolved)| {
            !self.searched.contains(&(of.event_id.clone(), (*name).clone()))
        };
        let mut new: Vec<(&String, &Resolved)> = resolved.iter().filter(is_new).collect();
        new.sort_by_key(|(name, of)| (of.time_unix_nano, *name));
        for chunk in new.chunks(NAMES_MAX) {
            let since = chunk.first().map_or(0, |(_, of)| of.time_unix_nano);
            let until = clock::now_unix_nano().saturating_add(AHEAD_NANOS_MAX);
            let sql = format!(
                "SELECT pattern_id, max(time_unix_nano) AS time_unix_nano, \
                 last_value(event_id ORDER BY time_unix_nano) AS event_id \
                 FROM errors WHERE time_unix_nano > {since} AND time_unix_nano < {until} AND pattern_id"
            );
            let names: Vec<String> = chunk.iter().map(|(name, _)| (*name).clone()).collect();
            for batch in ledger::rows_in(&self.engine, &sql, &names, "GROUP BY pattern_id").await? {
                found.take(&batch, resolved, until);
            }
        }
        Ok(())
    }

    /// Looks at one file.
    async fn read(
        &self,
        file: &DataFile,
        resolved: &HashMap<String, Resolved>,
        found: &mut Found,
    ) -> Result<(), ChangeError> {
        let earliest = resolved.values().map(|of| of.time_unix_nano).min();
        let newest = file.stats.columns.get("time_unix_nano").and_then(|column| column.max.as_ref());
        match (earliest, newest) {
            (None, _) => return Ok(()),
            (Some(earliest), Some(Bound::Integer(newest))) if *newest <= earliest => return Ok(()),
            _ => {}
        }
        let failed = |error: parquet::errors::ParquetError| QueryError::Lake { source: Box::new(error) };
        let until = clock::now_unix_nano().saturating_add(AHEAD_NANOS_MAX);
        let builder = ParquetRecordBatchStreamBuilder::new(self.lake.stored(file)).await.map_err(failed)?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        let mut batches = builder.with_projection(columns).build().map_err(failed)?;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            found.take(&batch, resolved, until);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn reopen(&self, resolved: &HashMap<String, Resolved>, found: Found) -> Result<(), ChangeError> {
        let Some(requests) = self.requests.upgrade() else { return Ok(()) };
        let changes: Vec<Change> = found
            .0
            .into_iter()
            .filter_map(|(name, occurrence)| Some(reopening(resolved.get(&name)?, &occurrence)))
            .collect();
        for chunk in changes.chunks(CHANGES_MAX) {
            let asked = chunk.iter().map(|change| ask(&requests, change.clone()));
            for (change, answer) in chunk.iter().zip(join_all(asked).await) {
                match answer {
                    Ok(()) => {
                        tracing::info!(pattern = %change.pattern_id, "a resolved pattern occurred again")
                    }
                    // Somebody decided otherwise meanwhile.
                    Err(ChangeError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

/// The change that opens a pattern again; the same whoever makes it.
fn reopening(resolved: &Resolved, occurrence: &Occurrence) -> Change {
    let at = chrono::DateTime::from_timestamp_nanos(occurrence.time_unix_nano);
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    Change {
        pattern_id: resolved.pattern_id.clone(),
        event_id: Some(format!("{:032x}", xxh3_128(format!("reopen {}", resolved.event_id).as_bytes()))),
        actor: OWN_ACTOR.to_owned(),
        reason: Some(format!("occurred again at {at}: event {}", occurrence.event_id)),
        if_match: None,
        decision: Decision::Reopen { resolving: resolved.event_id.clone() },
    }
}

async fn ask(requests: &mpsc::Sender<Request>, change: Change) -> Result<(), ChangeError> {
    let (answer, answered) = oneshot::channel();
    let event_id = change.event_id.clone().unwrap_or_default();
    requests.send(Request { change, event_id, answer }).await.map_err(|_| ChangeError::Busy)?;
    answered.await.map_err(|_| ChangeError::Busy)?.map(|_| ())
}

/// By name, an occurrence since the resolution.
#[derive(Debug, Default)]
struct Found(HashMap<String, Occurrence>);

impl Found {
    /// Takes in rows of `errors`: the earliest that counts of each name.
    fn take(&mut self, batch: &RecordBatch, resolved: &HashMap<String, Resolved>, until: i64) {
        let names = batch.column_by_name("pattern_id").and_then(|column| column.as_string_opt::<i32>());
        let events = batch.column_by_name("event_id").and_then(|column| column.as_string_opt::<i32>());
        let (Some(names), Some(events)) = (names, events) else { return };
        for (row, time_unix_nano) in times(batch).enumerate() {
            let name = names.value(row);
            let since = match resolved.get(name) {
                Some(of) => of.time_unix_nano,
                None => continue,
            };
            let earlier = self.0.get(name).is_none_or(|known| time_unix_nano < known.time_unix_nano);
            if time_unix_nano > since && time_unix_nano < until && earlier {
                let event_id = events.value(row).to_owned();
                self.0.insert(name.to_owned(), Occurrence { time_unix_nano, event_id });
            }
        }
    }
}

fn times(batch: &RecordBatch) -> impl Iterator<Item = i64> + '_ {
    let column =
        batch.column_by_name("time_unix_nano").and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.into_iter().flat_map(|column| column.values().iter().copied())
}
