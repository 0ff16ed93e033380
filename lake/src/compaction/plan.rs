//! Which files become one, and how. Pure: it looks at nothing but what the log says of the files.
//!
//! # Policy
//! Reading rows and writing them anew is dear, copying whole row groups is not. So a row is rewritten as seldom as may
//! be: files are *merged* once there are [`CompactionConfig::merge_bytes_max`] of them, which makes row groups as they
//! are kept, and what came of that is *joined* until a file has the target size.
//!
//! Small commits need a step between, or too many files would live at once: files fall into size classes, each twice
//! [`CompactionConfig::merge_files_min`] (F) times the one below. When a class below the largest has F files they are
//! merged, together with whatever is smaller; what comes of most is in a class above. A commit of 100 KB every two
//! seconds is rewritten twice, of 2 MB once. A date has at most F - 1 files of each lower class, 3 F of the largest and F
//! that wait to be joined, besides its full ones.
//!
//! Files of three quarters of the target are left alone. Once a past date has settled, its leftovers become as
//! few files as possible, unless one large file would be read and written for a little more. Work goes by the time the
//! files were written, oldest first, so that files keep covering short stretches of time.

use crate::config::CompactionConfig;
use crate::snapshot::DataFile;
use chrono::{DateTime, NaiveDate, Utc};
use schemas::layout::ROW_GROUP_ROWS_MAX;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Classes told apart among files to merge; smaller files than the smallest class's are in it.
const CLASSES_MAX: u32 = 4;
/// Rows from which a file is left alone however small it is: it has 64 row groups or more.
const FULL_ROWS: u64 = 64 * ROW_GROUP_ROWS_MAX as u64;
/// Row groups of fewer rows and fewer bytes are never joined, only merged.
pub(super) const JOINED_ROWS_MIN: u64 = 16 * 1024;
pub(super) const JOINED_BYTES_MIN: u64 = 8 * 1024 * 1024;
/// Name of a file that a compaction made: this and a UUID.
const NAME: &str = "c-";
const SUFFIX: &str = ".parquet";

/// Files that are to become one.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) files: Vec<Arc<DataFile>>,
    pub(super) work: Work,
}

/// How files become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Their row groups are copied.
    Join,
    /// Their rows are merged. `lasting`: what comes of it is not merged again.
    Merge { lasting: bool },
}

impl Group {
    pub(super) fn bytes(&self) -> u64 {
        bytes_of(&self.files)
    }

    fn merge(files: &[Arc<DataFile>], config: &CompactionConfig, lasting: bool) -> Option<Self> {
        let files = first_to_merge(files, config);
        let rows = files.iter().map(|file| file.rows().unwrap_or(0)).sum();
        let lasting = lasting || is_large(bytes_of(&files), rows, config);
        (files.len() > 1).then_some(Self { files, work: Work::Merge { lasting } })
    }

    fn join(files: &[Arc<DataFile>], config: &CompactionConfig) -> Option<Self> {
        let (mut bytes, mut rows) = (0, 0);
        let joined = files.iter().take_while(|file| {
            let more = bytes < config.target_bytes && rows < FULL_ROWS;
            bytes += file.size_bytes;
            rows += file.rows().unwrap_or(0);
            more
        });
        let files: Vec<_> = joined.cloned().collect();
        (files.len() > 1).then_some(Self { files, work: Work::Join })
    }
}

/// Name of a new file.
pub(super) fn new_name() -> String {
    format!("{NAME}{}{SUFFIX}", Uuid::new_v4())
}

/// The work that is due, the most urgent first; of each date what comes first.
pub(super) fn plan(files: &[Arc<DataFile>], config: &CompactionConfig, now: DateTime<Utc>) -> Vec<Group> {
    let mut dates: BTreeMap<&str, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in files.iter().filter(|file| !is_full(file, config)) {
        dates.entry(&file.date).or_default().push(Arc::clone(file));
    }
    // The newest date first: that is where most queries go.
    let due = dates.into_iter().rev().filter_map(|(date, mut files)| {
        files.sort_by_key(|file| (file.modified_ms, Arc::clone(&file.log_path)));
        let (kept, small): (Vec<_>, Vec<_>) = files.iter().cloned().partition(|file| is_kept(file, config));
        let last = if is_settled(date, &files, config, now) { finish(&files, config) } else { None };
        last.or_else(|| merge_due(&small, config)).or_else(|| join_due(&kept, config))
    });
    due.collect()
}

/// A class that has enough files, and what is smaller.
fn merge_due(small: &[Arc<DataFile>], config: &CompactionConfig) -> Option<Group> {
    (0..CLASSES_MAX).rev().find_map(|class| {
        let of_class = || small.iter().filter(|file| size_class(file.size_bytes, config) == class);
        let count = of_class().count();
        let bytes: u64 = of_class().map(|file| file.size_bytes).sum();
        // Files of the largest class wait for a whole merge: a few at a time they would be rewritten often.
        let enough = if class == 0 { config.merge_files_max.max(2) } else { fan_in(config) };
        if count < 2 || (count < enough && bytes < config.merge_bytes_max) {
            return None;
        }
        let due: Vec<_> =
            small.iter().filter(|file| size_class(file.size_bytes, config) >= class).cloned().collect();
        Group::merge(&due, config, false)
    })
}

fn join_due(kept: &[Arc<DataFile>], config: &CompactionConfig) -> Option<Group> {
    let is_enough = bytes_of(kept) >= config.target_bytes || kept.len() >= fan_in(config);
    is_enough.then(|| Group::join(kept, config))?
}

/// What is left to do for a date that gets no more files.
fn finish(files: &[Arc<DataFile>], config: &CompactionConfig) -> Option<Group> {
    let may_join = |file: &DataFile| {
        is_compacted(file)
            && (file.rows().is_some_and(|rows| rows >= JOINED_ROWS_MIN)
                || file.size_bytes >= JOINED_BYTES_MIN)
    };
    let (kept, small): (Vec<_>, Vec<_>) = files.iter().cloned().partition(|file| may_join(file));
    if let [file] = small.as_slice() {
        if !is_compacted(file) && file.rows().is_some_and(|rows| rows >= JOINED_ROWS_MIN) {
            return Some(Group { files: small, work: Work::Merge { lasting: true } });
        }
        let least = kept.iter().min_by_key(|file| file.size_bytes);
        let pair: Vec<_> = least.into_iter().chain([file]).cloned().collect();
        if bytes_of(&pair) <= config.merge_bytes_max && is_worth(&pair, config) {
            return Group::merge(&pair, config, true);
        }
    }
    let merge = is_worth(&small, config).then(|| Group::merge(&small, config, true)).flatten();
    merge.or_else(|| is_worth(&kept, config).then(|| Group::join(&kept, config))?)
}

/// The oldest files, as many as one merge reads: at least two.
fn first_to_merge(files: &[Arc<DataFile>], config: &CompactionConfig) -> Vec<Arc<DataFile>> {
    let mut bytes = 0;
    let fit = files.iter().enumerate().take_while(|(before, file)| {
        bytes += file.size_bytes;
        *before < 2 || (*before < config.merge_files_max && bytes <= config.merge_bytes_max)
    });
    fit.map(|(_, file)| Arc::clone(file)).collect()
}

/// Whether a file is left alone.
fn is_full(file: &DataFile, config: &CompactionConfig) -> bool {
    file.size_bytes >= config.target_bytes / 4 * 3 || file.rows().is_some_and(|rows| rows >= FULL_ROWS)
}

/// Whether a file's row groups are as they are kept.
fn is_kept(file: &DataFile, config: &CompactionConfig) -> bool {
    is_compacted(file) && is_large(file.size_bytes, file.rows().unwrap_or(0), config)
}

/// Whether files of so much become row groups that are kept.
fn is_large(bytes: u64, rows: u64, config: &CompactionConfig) -> bool {
    rows >= ROW_GROUP_ROWS_MAX as u64 || bytes >= kept_bytes(config)
}

/// Less than a merge reads at most: files become smaller by it.
fn kept_bytes(config: &CompactionConfig) -> u64 {
    config.merge_bytes_max / 3 * 2
}

/// Whether a compaction made the file, by its name.
fn is_compacted(file: &DataFile) -> bool {
    let name = file.location.filename().and_then(|name| name.strip_prefix(NAME)?.strip_suffix(SUFFIX));
    name.is_some_and(|id| Uuid::try_parse(id).is_ok())
}

/// 0 for the largest files, one more for each factor of twice the fan-in below them.
fn size_class(size_bytes: u64, config: &CompactionConfig) -> u32 {
    let factor = 2 * fan_in(config) as u64;
    let mut bound = kept_bytes(config) / factor;
    let mut class = 0;
    while class + 1 < CLASSES_MAX && size_bytes <= bound {
        bound /= factor;
        class += 1;
    }
    class
}

fn is_settled(date: &str, files: &[Arc<DataFile>], config: &CompactionConfig, now: DateTime<Utc>) -> bool {
    if config.settle_ms <= 0 {
        return true;
    }
    let past = date.parse::<NaiveDate>().is_ok_and(|date| date < now.date_naive());
    let newest_ms = files.iter().map(|file| file.modified_ms).max().unwrap_or(0);
    past && newest_ms <= now.timestamp_millis() - config.settle_ms
}

/// Whether making leftovers one rewrites no large file for a little more.
fn is_worth(files: &[Arc<DataFile>], config: &CompactionConfig) -> bool {
    let (total, fan_in) = (bytes_of(files), fan_in(config));
    let largest = files.iter().map(|file| file.size_bytes).max().unwrap_or(0);
    files.len() >= fan_in || (files.len() > 1 && (total - largest).saturating_mul(fan_in as u64) >= largest)
}

fn fan_in(config: &CompactionConfig) -> usize {
    config.merge_files_min.max(2)
}

fn bytes_of(files: &[Arc<DataFile>]) -> u64 {
    files.iter().map(|file| file.size_bytes).sum()
}

#[cfg(test)]
mod tests;
