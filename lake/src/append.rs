//! Appending rows, exactly once.
//!
//! Order of things: look whether the writer still has its lease and whether the range is committed already;
//! write the data files, durably; commit them together with the range's last position. A crash in between
//! leaves files that no commit names: an attempt of the same life overwrites them by name, and
//! [`crate::Lake::remove_orphans`] deletes the others. When an append returns, file and commit are on disk.

use crate::clock;
use crate::encode::FileFormat;
use crate::error::LakeError;
use crate::lease::{self, Lease};
use crate::log::{Add, Decision, Line, TableLog, TableState};
use crate::storage::Storage;
use arrow::array::RecordBatch;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use schemas::layout::{PARTITION_COLUMN, TXN_APP_PREFIX};
use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A file written this long ago is not committed any more: the vacuum of another process may be about
/// to delete it. Must stay well below [`crate::MaintenanceConfig::orphan_after_ms`].
pub(crate) const COMMIT_WITHIN_MS: i64 = 15 * 60 * 1000;
/// Data files of one append written at once.
const UPLOADS_MAX: usize = 4;
const DIGITS: usize = 20;
const SUFFIX: &str = ".parquet";

/// Name of a writer: one per log of positions, kept over restarts. At most 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriterId {
    id: Arc<str>,
    lease: Option<Lease>,
}

impl WriterId {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// [`LakeError::Writer`] where it is empty, too long or has other characters.
    pub fn new(id: &str) -> Result<Self, LakeError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let refused = |reason| LakeError::Writer { writer: id.chars().take(80).collect(), reason };
        if id.is_empty() || id.len() > 64 {
            return Err(refused("must have 1 to 64 characters"));
        }
        if !id.bytes().all(allowed) || id.starts_with('.') {
            return Err(refused("may hold a-z, 0-9, '.', '_' and '-' only, and not begin with '.'"));
        }
        Ok(Self { id: id.into(), lease: None })
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// This writer in the life that has taken `lease`.
    pub(crate) fn with_lease(&self, lease: Lease) -> Self {
        Self { id: Arc::clone(&self.id), lease: Some(lease) }
    }

    pub(crate) fn lease(&self) -> Option<Lease> {
        self.lease
    }

    pub(crate) fn app_id(&self) -> String {
        format!("{TXN_APP_PREFIX}{}", self.id)
    }

    /// Application id that the lease stands under; no writer's, because of the `/`.
    pub(crate) fn lease_id(&self) -> String {
        format!("{TXN_APP_PREFIX}{}/lease", self.id)
    }

    /// The same in each attempt of one life, and another in each life: what deletes a file that an earlier life
    /// left behind cannot meet a new one.
    fn file_name(&self, positions: &RangeInclusive<u64>) -> String {
        let lease = self.lease.map(|lease| format!("-{:016x}", lease.number())).unwrap_or_default();
        format!("{}-{:020}-{:020}{lease}{SUFFIX}", self.id, positions.start(), positions.end())
    }

    /// Last position of a fresh file of this writer, by the file's name.
    pub(crate) fn last_position(&self, file_name: &str) -> Option<u64> {
        let range = file_name.strip_prefix(self.as_str())?.strip_prefix('-')?.strip_suffix(SUFFIX)?;
        let (first, rest) = range.split_once('-')?;
        let (last, lease) = rest.split_once('-').unwrap_or((rest, ""));
        if !lease.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let digits = |text: &str| text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        if digits(first) && digits(last) { last.parse().ok() } else { None }
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The rows are part of the table, and on disk.
    Committed {
        /// Version of the table that has them.
        version: u64,
        /// Rows.
        rows: u64,
        /// Files written.
        files: u32,
        /// Bytes of those files.
        bytes: u64,
    },
    /// The range was committed before; nothing was written.
    AlreadyCommitted,
}

struct Written {
    add: Add,
    rows: u64,
}

/// Rows of one writer on their way into a table.
pub(crate) struct Rows<'a> {
    pub(crate) writer: &'a WriterId,
    pub(crate) positions: RangeInclusive<u64>,
    pub(crate) batches: Vec<RecordBatch>,
    /// The version that the rows were decided at: they are refused once the table has moved on.
    pub(crate) decided_at: Option<u64>,
}

pub(crate) async fn append(
    storage: &Storage,
    log: &TableLog,
    format: &Arc<FileFormat>,
    rows: Rows<'_>,
) -> Result<Appended, LakeError> {
    let Rows { writer, positions, batches, decided_at } = rows;
    let (app_id, lease_id) = (writer.app_id(), writer.lease_id());
    let last = i64::try_from(*positions.end()).ok().filter(|_| !positions.is_empty());
    let refused =
        LakeError::Writer { writer: writer.to_string(), reason: "has an empty range or one past 2^63" };
    let last = last.ok_or(refused)?;
    let committed = |state: &TableState| {
        lease::check(log.table, writer, state)?;
        is_committed(log.table.name(), writer, &positions, state.position(&app_id).flatten())
    };
    let before = log.commit(&[&app_id, &lease_id], |state| Ok(Decision::Done(committed(state)?))).await?;
    if before.value {
        return Ok(Appended::AlreadyCommitted);
    }
    let began_ms = clock::now_ms();
    let name = writer.file_name(&positions);
    let written = write_files(storage, log, format, &name, batches).await?;
    let adds: Vec<Add> = written.iter().map(|file| file.add.clone()).collect();
    let appended = log
        .commit(&[&app_id, &lease_id], |state| {
            if committed(state)? {
                return Ok(Decision::Done(false));
            }
            if let Some(decided_at) = decided_at.filter(|decided_at| *decided_at != state.version) {
                let (table, version) = (log.table.name(), state.version);
                return Err(LakeError::Moved { table, decided_at, version });
            }
            let now_ms = clock::now_ms();
            check_in_time(log, began_ms, now_ms)?;
            let mut lines =
                vec![Line::commit_info("WRITE", now_ms, true), Line::txn(app_id.clone(), last, now_ms)];
            lines.extend(adds.iter().cloned().map(Line::add));
            Ok(Decision::Commit(lines, true))
        })
        .await?;
    if !appended.value {
        return Ok(Appended::AlreadyCommitted);
    }
    Ok(Appended::Committed {
        version: appended.version,
        rows: written.iter().map(|file| file.rows).sum(),
        files: u32::try_from(written.len()).unwrap_or(u32::MAX),
        bytes: written.iter().map(|file| u64::try_from(file.add.size).unwrap_or(0)).sum(),
    })
}

/// Refuses to commit files that may have been vacuumed meanwhile.
pub(crate) fn check_in_time(log: &TableLog, began_ms: i64, now_ms: i64) -> Result<(), LakeError> {
    let waited_ms = now_ms - began_ms;
    if waited_ms > COMMIT_WITHIN_MS {
        return Err(LakeError::Late { table: log.table.name(), waited_ms, limit_ms: COMMIT_WITHIN_MS });
    }
    Ok(())
}

fn is_committed(
    table: &'static str,
    writer: &WriterId,
    positions: &RangeInclusive<u64>,
    stored: Option<i64>,
) -> Result<bool, LakeError> {
    let Some(stored) = stored.and_then(|stored| u64::try_from(stored).ok()) else { return Ok(false) };
    if stored >= *positions.end() {
        return Ok(true);
    }
    if stored >= *positions.start() {
        return Err(LakeError::Overlap {
            table,
            writer: writer.to_string(),
            first: *positions.start(),
            last: *positions.end(),
            committed: stored,
        });
    }
    Ok(false)
}

async fn write_files(
    storage: &Storage,
    log: &TableLog,
    format: &Arc<FileFormat>,
    name: &str,
    batches: Vec<RecordBatch>,
) -> Result<Vec<Written>, LakeError> {
    let format = Arc::clone(format);
    let label = name.to_owned();
    let encoded = tokio::task::spawn_blocking(move || encode(&format, &label, &batches));
    let encoded = encoded.await.map_err(|_| LakeError::Cancelled)??;
    stream::iter(encoded)
        .map(|(file, bytes)| write_file(storage, log, name, file, bytes))
        .buffer_unordered(UPLOADS_MAX)
        .try_collect()
        .await
}

/// A date with its statistics as JSON text and its row count.
struct Described {
    date: String,
    stats: String,
    rows: u64,
}

fn encode(
    format: &FileFormat,
    name: &str,
    batches: &[RecordBatch],
) -> Result<Vec<(Described, Vec<u8>)>, LakeError> {
    let mut encoded = Vec::new();
    let arranged = format.arrange(batches)?;
    for ordered in &arranged.dates {
        let (bytes, stats) = format.encode_fresh(name, &arranged, ordered)?;
        let rows = stats.rows.unwrap_or(0);
        let described = Described { date: ordered.date.clone(), stats: stats.to_json(&format.schema), rows };
        encoded.push((described, bytes));
    }
    Ok(encoded)
}

async fn write_file(
    storage: &Storage,
    log: &TableLog,
    name: &str,
    file: Described,
    bytes: Vec<u8>,
) -> Result<Written, LakeError> {
    let folder = format!("{PARTITION_COLUMN}={}", file.date);
    let path: Path = log.root.clone().join(folder.as_str()).join(name);
    let size = bytes.len();
    storage.write(&path, bytes.into()).await?;
    let add = added_file(format!("{folder}/{name}"), &file.date, size as u64, file.stats, true);
    Ok(Written { add, rows: file.rows })
}

/// The log's line for a file that was just written.
pub(crate) fn added_file(path: String, date: &str, size_bytes: u64, stats: String, data_change: bool) -> Add {
    Add {
        path,
        partition_values: HashMap::from([(PARTITION_COLUMN.to_owned(), Some(date.to_owned()))]),
        size: i64::try_from(size_bytes).unwrap_or(i64::MAX),
        modification_time: clock::now_ms(),
        data_change,
        stats: Some(stats),
        deletion_vector: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_the_folder_are_refused() {
        for id in ["", ".", "../x", "a/b", "A", "a b", "a%2fb", &"x".repeat(65)] {
            assert!(WriterId::new(id).is_err(), "{id:?}");
        }
        assert!(WriterId::new("host-1.example_2").is_ok());
    }

    #[test]
    fn a_file_name_tells_its_writer_and_last_position() {
        let (short, long) = (WriterId::new("w").unwrap(), WriterId::new("w-1").unwrap());
        let name = long.file_name(&(7..=u64::MAX));
        assert_eq!(long.last_position(&name), Some(u64::MAX));
        assert_eq!(short.last_position(&name), None);
        assert_eq!(short.last_position("c-0b31c8e4-7a0e-4a5c-9a44-6a86a9c4d0f1.parquet"), None);
        assert_eq!(short.last_position(&short.file_name(&(1..=2))), Some(2));
        let leased = short.with_lease(Lease::new(7)).file_name(&(1..=2));
        assert_eq!(short.last_position(&leased), Some(2));
        assert_ne!(leased, short.with_lease(Lease::new(8)).file_name(&(1..=2)));
        let leased = long.with_lease(Lease::new(7)).file_name(&(1..=2));
        assert_eq!(short.last_position(&leased), None);
    }
}
