//! Merging small files into large ones, sorted by row group.
//!
//! `plan` says which files become one, and whether their rows are merged (`merge`) or their row groups copied (`join`).
//!
//! # Several compactors
//! They may plan the same work. The first commit wins; the others notice that their inputs are no
//! longer live, delete what they wrote and plan anew.
//!
//! # Bounds
//! [`CompactionConfig::merge_files_max`] files of [`CompactionConfig::merge_bytes_max`] are merged at once, one merge at a
//! time for all tables of a lake that is open. A merge holds about the bytes of its files, and the dictionaries of a
//! column of all of them ([`CompactionConfig::column_bytes_max`]); a join holds one row group.

mod join;
mod merge;
mod plan;
mod sink;
mod source;
mod worker;

use crate::append::{added_file, check_in_time};
use crate::clock;
use crate::config::CompactionConfig;
use crate::error::LakeError;
use crate::lake::OpenTable;
use crate::log::{Decision, Line, Remove};
use crate::snapshot::{DataFile, Snapshot};
use crate::stats::FileStats;
use crate::storage::Storage;
use chrono::{DateTime, Utc};
use object_store::path::Path;
use parquet::errors::ParquetError;
use plan::{Group, Work};
use schemas::layout::PARTITION_COLUMN;
use std::collections::HashMap;
use std::sync::Arc;
pub(crate) use worker::Worker;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactionReport {
    /// Merges committed.
    pub merges: u64,
    /// Merges thrown away because another compactor was first.
    pub merges_lost: u64,
    /// Files replaced.
    pub files_in: u64,
    /// Bytes replaced.
    pub bytes_in: u64,
    /// Bytes written in their place.
    pub bytes_out: u64,
    /// Rows of the files written.
    pub rows: u64,
    /// Of those, rows that were copied as they were.
    pub rows_copied: u64,
}

/// The file that came out.
#[derive(Debug)]
struct Merged {
    size_bytes: u64,
    stats: FileStats,
    /// How many of the files it stands for, from the first on.
    files: usize,
    /// Its row groups are those of the files.
    is_copy: bool,
}

pub(crate) async fn compact(
    storage: &Storage,
    open: &OpenTable,
    config: &CompactionConfig,
    now: DateTime<Utc>,
) -> Result<CompactionReport, LakeError> {
    let mut report = CompactionReport::default();
    for _ in 0..config.merges_max {
        let snapshot = open.log.snapshot().await?;
        let Some(mut group) = plan::plan(&snapshot.files, config, now).into_iter().next() else { break };
        match merge_group(storage, open, config, &snapshot, &mut group).await {
            Ok(merged) => {
                let rows = merged.stats.rows.unwrap_or(0);
                report.merges += 1;
                report.files_in += group.files.len() as u64;
                report.bytes_in += group.bytes();
                report.bytes_out += merged.size_bytes;
                report.rows += rows;
                report.rows_copied += if merged.is_copy { rows } else { 0 };
            }
            Err(LakeError::Replaced { .. }) => report.merges_lost += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

/// Makes the file and commits it. Takes the files out of `group` that it does not stand for after all.
async fn merge_group(
    storage: &Storage,
    open: &OpenTable,
    config: &CompactionConfig,
    snapshot: &Arc<Snapshot>,
    group: &mut Group,
) -> Result<Merged, LakeError> {
    let began_ms = clock::now_ms();
    let date = Arc::clone(&group.files[0].date);
    let name = format!("{PARTITION_COLUMN}={date}/{}", plan::new_name());
    let path: Path = snapshot.root.parts().chain(Path::from(name.as_str()).parts()).collect();
    let merged = run(storage, open, config, snapshot, group, &path).await;
    let merged = match merged {
        Ok(merged) => merged,
        Err(error) => {
            storage.delete(&path).await.ok();
            return Err(error);
        }
    };
    group.files.truncate(merged.files);
    let stats = merged.stats.to_json(&snapshot.schema);
    let add = added_file(name.clone(), &date, merged.size_bytes, stats, false);
    let committed = open.log.commit(&[], |state| {
        if group.files.iter().any(|file| state.file(&file.log_path).is_none()) {
            return Err(LakeError::Replaced { table: open.log.table.name() });
        }
        let now_ms = clock::now_ms();
        check_in_time(&open.log, began_ms, now_ms)?;
        let mut lines = vec![Line::commit_info("OPTIMIZE", now_ms, false)];
        lines.extend(group.files.iter().map(|file| Line::remove(removed_file(file, now_ms, false))));
        lines.push(Line::add(add.clone()));
        Ok(Decision::Commit(lines, ()))
    });
    match committed.await {
        Ok(_) => Ok(merged),
        Err(LakeError::Replaced { table }) => {
            // A retried write may have been ours after all: then the output is live and stays.
            if open.log.with_state(|state| state.file(&name).is_some()).await? {
                return Ok(merged);
            }
            storage.delete(&path).await?;
            Err(LakeError::Replaced { table })
        }
        Err(error) => Err(error),
    }
}

/// The work is mostly computing, so it has a thread of its own.
async fn run(
    storage: &Storage,
    open: &OpenTable,
    config: &CompactionConfig,
    snapshot: &Arc<Snapshot>,
    group: &Group,
    path: &Path,
) -> Result<Merged, LakeError> {
    let (storage, config, snapshot) = (storage.clone(), config.clone(), Arc::clone(snapshot));
    let (group, path) = (group.clone(), path.clone());
    let runtime = tokio::runtime::Handle::current();
    let work = move || runtime.block_on(make_file(&storage, &config, &snapshot, &group, &path));
    open.merger.run(work).await?
}

async fn make_file(
    storage: &Storage,
    config: &CompactionConfig,
    snapshot: &Snapshot,
    group: &Group,
    path: &Path,
) -> Result<Merged, LakeError> {
    let lasting = match group.work {
        Work::Merge { lasting } => lasting,
        Work::Join => match join::join(storage, snapshot.table, &group.files, path).await? {
            Some(joined) => return Ok(joined),
            None => true,
        },
    };
    merge::merge(storage, config, snapshot, &group.files, lasting, path).await
}

fn failed(path: &Path) -> impl Fn(ParquetError) -> LakeError {
    move |source| LakeError::Parquet { path: path.to_string(), source }
}

/// The log's line for a file that leaves the table.
pub(crate) fn removed_file(file: &DataFile, now_ms: i64, data_change: bool) -> Remove {
    Remove {
        path: file.log_path.to_string(),
        deletion_timestamp: Some(now_ms),
        data_change,
        extended_file_metadata: Some(true),
        partition_values: Some(HashMap::from([(PARTITION_COLUMN.to_owned(), Some(file.date.to_string()))])),
        size: i64::try_from(file.size_bytes).ok(),
    }
}
