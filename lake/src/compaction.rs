//! Merging small files into large ones, sorted all the way.
//!
//! # Policy
//! Files of a date fall into size classes, each [`CompactionConfig::merge_files_min`] (F) times the one
//! below, counted down from the target size. When a class has F files, or enough bytes for a whole
//! target or (below the largest class) for one merge, it is merged, together with whatever is smaller; the result
//! lands in a class above. So a row
//! is rewritten once per class, three times at a commit of 100 KB every two seconds, and a date has at most
//! F - 1 files a class besides its full ones. Files of three quarters of the target are left alone. Once a past
//! date has settled, its leftovers become as few files as possible, unless one large file would be
//! rewritten for a little more.
//!
//! Merges go by the time the files were written, oldest first, so that files keep covering short
//! stretches of time.
//!
//! # Several compactors
//! They may plan the same merge. The first commit wins; the others notice that their inputs are no
//! longer live, delete what they wrote and plan anew.
//!
//! Bounds: [`CompactionConfig::merge_files_max`] files are read at once, each holding a row group in its
//! compressed form, [`CompactionConfig::open_bytes_max`] of them together, and some thousand decoded rows over all
//! files; one row group is being written.

mod merge;

use crate::append::{added_file, check_in_time};
use crate::clock;
use crate::config::CompactionConfig;
use crate::encode::FileFormat;
use crate::error::LakeError;
use crate::lake::OpenTable;
use crate::log::{Decision, Line, Remove};
use crate::snapshot::{DataFile, Snapshot};
use crate::storage::Storage;
use chrono::{DateTime, NaiveDate, Utc};
use merge::Merged;
use object_store::path::Path;
use schemas::layout::{PARTITION_COLUMN, ROW_GROUP_ROWS_MAX};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Classes told apart; smaller files than the smallest class's are in it.
const CLASSES_MAX: u32 = 6;

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
    /// Rows rewritten.
    pub rows: u64,
}

/// Files to merge into one.
pub(crate) type Group = Vec<Arc<DataFile>>;

pub(crate) async fn compact(
    storage: &Storage,
    open: &OpenTable,
    config: &CompactionConfig,
    now: DateTime<Utc>,
) -> Result<CompactionReport, LakeError> {
    let mut report = CompactionReport::default();
    for _ in 0..config.merges_max {
        let snapshot = open.log.snapshot().await?;
        let Some(group) = plan(&snapshot.files, config, now).into_iter().next() else { break };
        match merge_group(storage, open, &snapshot, &group).await {
            Ok(merged) => {
                report.merges += 1;
                report.files_in += group.len() as u64;
                report.bytes_in += bytes_of(&group);
                report.bytes_out += merged.size_bytes;
                report.rows += merged.stats.rows.unwrap_or(0);
            }
            Err(LakeError::Replaced { .. }) => report.merges_lost += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

/// The merges that are due, the most urgent first. Pure.
pub(crate) fn plan(files: &[Arc<DataFile>], config: &CompactionConfig, now: DateTime<Utc>) -> Vec<Group> {
    let fan_in = config.merge_files_min.max(2);
    let mut dates: BTreeMap<&str, Vec<&Arc<DataFile>>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.size_bytes < full_bytes(config)) {
        dates.entry(&file.date).or_default().push(file);
    }
    let mut groups = Vec::new();
    // The newest date first: that is where most queries go.
    for (date, mut files) in dates.into_iter().rev() {
        files.sort_by_key(|file| (file.modified_ms, Arc::clone(&file.log_path)));
        for class in (0..CLASSES_MAX).rev() {
            let of_class = || files.iter().filter(|file| size_class(file.size_bytes, config) == class);
            let count = of_class().count();
            let bytes: u64 = of_class().map(|file| file.size_bytes).sum();
            let open_bytes: u64 = of_class().map(|file| open_bytes(file)).sum();
            // Files of the largest class wait for a whole target: merged a few at a time they would be rewritten often.
            let is_enough =
                bytes >= config.target_bytes || (class > 0 && open_bytes >= config.open_bytes_max);
            if count >= fan_in || (count > 1 && is_enough) {
                let due: Vec<_> = files
                    .iter()
                    .copied()
                    .filter(|file| size_class(file.size_bytes, config) >= class)
                    .collect();
                groups.extend(cut(&due, config).into_iter().take(1));
                break;
            }
        }
        if is_settled(date, &files, config, now) && worth_it(&files, fan_in) {
            groups.extend(cut(&files, config).into_iter().take(1));
        }
    }
    groups
}

/// Size from which a file is left alone.
fn full_bytes(config: &CompactionConfig) -> u64 {
    config.target_bytes / 4 * 3
}

/// 0 for the largest files, one more for each factor of the fan-in below the target.
fn size_class(size_bytes: u64, config: &CompactionConfig) -> u32 {
    let fan_in = config.merge_files_min.max(2) as u64;
    let mut bound = config.target_bytes / fan_in;
    let mut class = 0;
    while class + 1 < CLASSES_MAX && size_bytes <= bound {
        bound /= fan_in;
        class += 1;
    }
    class
}

/// Groups of at most the allowed files and bytes read at once, each closed when it has the target's bytes.
fn cut(files: &[&Arc<DataFile>], config: &CompactionConfig) -> Vec<Group> {
    let mut groups = vec![Group::new()];
    let (mut bytes, mut open) = (0, 0);
    for file in files {
        let count = groups.last().map_or(0, Vec::len);
        let is_too_much = count > 1 && open + open_bytes(file) > config.open_bytes_max;
        if count >= config.merge_files_max.max(2) || bytes >= config.target_bytes || is_too_much {
            groups.push(Group::new());
            (bytes, open) = (0, 0);
        }
        groups.last_mut().expect("there is a group from the start").push(Arc::clone(file));
        bytes += file.size_bytes;
        open += open_bytes(file);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Bytes of one row group of a file, about.
fn open_bytes(file: &DataFile) -> u64 {
    let groups = file.rows().unwrap_or(0).div_ceil(ROW_GROUP_ROWS_MAX as u64);
    file.size_bytes / groups.max(1)
}

fn is_settled(date: &str, files: &[&Arc<DataFile>], config: &CompactionConfig, now: DateTime<Utc>) -> bool {
    if config.settle_ms <= 0 {
        return true;
    }
    let past = date.parse::<NaiveDate>().is_ok_and(|date| date < now.date_naive());
    let newest_ms = files.iter().map(|file| file.modified_ms).max().unwrap_or(0);
    past && newest_ms <= now.timestamp_millis() - config.settle_ms
}

/// Whether merging leftovers rewrites no large file for a little more.
fn worth_it(files: &[&Arc<DataFile>], fan_in: usize) -> bool {
    let total: u64 = files.iter().map(|file| file.size_bytes).sum();
    let largest = files.iter().map(|file| file.size_bytes).max().unwrap_or(0);
    files.len() >= fan_in || (files.len() > 1 && (total - largest).saturating_mul(fan_in as u64) >= largest)
}

fn bytes_of(group: &Group) -> u64 {
    group.iter().map(|file| file.size_bytes).sum()
}

async fn merge_group(
    storage: &Storage,
    open: &OpenTable,
    snapshot: &Arc<Snapshot>,
    group: &Group,
) -> Result<Merged, LakeError> {
    let began_ms = clock::now_ms();
    let date = Arc::clone(&group[0].date);
    let name = format!("{PARTITION_COLUMN}={date}/c-{}.parquet", Uuid::new_v4());
    let path: Path = snapshot.root.parts().chain(Path::from(name.as_str()).parts()).collect();
    let merged = run_merge(storage, &open.format, snapshot, group, &path).await;
    let merged = match merged {
        Ok(merged) => merged,
        Err(error) => {
            storage.delete(&path).await.ok();
            return Err(error);
        }
    };
    let stats = merged.stats.to_json(&snapshot.schema);
    let add = added_file(name.clone(), &date, merged.size_bytes, stats, false);
    let committed = open.log.commit(&[], |state| {
        if group.iter().any(|file| state.file(&file.log_path).is_none()) {
            return Err(LakeError::Replaced { table: open.log.table.name() });
        }
        let now_ms = clock::now_ms();
        check_in_time(&open.log, began_ms, now_ms)?;
        let mut lines = vec![Line::commit_info("OPTIMIZE", now_ms, false)];
        lines.extend(group.iter().map(|file| Line::remove(removed_file(file, now_ms, false))));
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

/// The merge is mostly computing, so it runs on a blocking thread.
async fn run_merge(
    storage: &Storage,
    format: &Arc<FileFormat>,
    snapshot: &Arc<Snapshot>,
    group: &Group,
    path: &Path,
) -> Result<Merged, LakeError> {
    let (storage, format, snapshot) = (storage.clone(), Arc::clone(format), Arc::clone(snapshot));
    let (group, path) = (group.clone(), path.clone());
    let runtime = tokio::runtime::Handle::current();
    let work = move || runtime.block_on(merge::merge(&storage, &format, &snapshot, &group, &path));
    tokio::task::spawn_blocking(work).await.map_err(|_| LakeError::Cancelled)?
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

#[cfg(test)]
mod tests;
