//! The policy, on made-up files.

use super::*;
use crate::stats::FileStats;
use std::collections::HashMap;

const MB: u64 = 1024 * 1024;
const ROW_BYTES: u64 = 100;

fn file(date: &str, number: u64, size_bytes: u64) -> Arc<DataFile> {
    Arc::new(DataFile {
        log_path: format!("date={date}/{number}").into(),
        location: Path::from(format!("t/date={date}/{number}")),
        size_bytes,
        modified_ms: i64::try_from(number).unwrap(),
        date: date.into(),
        stats: FileStats { rows: Some(size_bytes / ROW_BYTES), ..FileStats::default() },
    })
}

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn sizes(group: &Group) -> Vec<u64> {
    group.iter().map(|file| file.size_bytes).collect()
}

#[test]
fn a_class_is_merged_when_it_is_full() {
    let config = CompactionConfig::default();
    let few: Vec<_> = (0..15).map(|n| file("2026-11-23", n, 100_000)).collect();
    assert!(plan(&few, &config, noon()).is_empty());
    let enough: Vec<_> = (0..16).map(|n| file("2026-11-23", n, 100_000)).collect();
    let groups = plan(&enough, &config, noon());
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].len(), 16);
}

#[test]
fn small_files_do_not_drag_large_ones_along() {
    let config = CompactionConfig::default();
    let mut files: Vec<_> = (0..16).map(|n| file("2026-11-23", n, 10_000)).collect();
    files.push(file("2026-11-23", 99, 50 * MB));
    files.push(file("2026-11-23", 100, 255 * MB));
    let groups = plan(&files, &config, noon());
    assert_eq!(sizes(&groups[0]), vec![10_000; 16]);
}

#[test]
fn a_past_date_is_finished_once() {
    let config = CompactionConfig::default();
    let files =
        vec![file("2026-11-22", 1, MB), file("2026-11-22", 2, 3 * MB), file("2026-11-22", 3, 250 * MB)];
    let groups = plan(&files, &config, noon());
    assert_eq!(sizes(&groups[0]), vec![MB, 3 * MB]);
    let late = vec![file("2026-11-22", 1, 1000), file("2026-11-22", 2, 30 * MB)];
    assert!(plan(&late, &config, noon()).is_empty(), "30 MB are not rewritten for a kilobyte");
    let recent = DateTime::from_timestamp_millis(1000).unwrap();
    assert!(plan(&[file("1969-12-31", 1, MB), file("1969-12-31", 2, MB)], &config, recent).is_empty());
}

#[test]
fn a_merge_reads_few_bytes_at_once() {
    let config = CompactionConfig::default();
    let fresh: Vec<_> = (0..64).map(|n| file("2026-11-23", n, 6 * MB)).collect();
    assert_eq!(sizes(&plan(&fresh, &config, noon())[0]), vec![6 * MB; 8], "each is one row group");
    assert!(plan(&fresh[..7], &config, noon()).is_empty());
    let merged: Vec<_> = (0..5).map(|n| file("2026-11-23", n, 40 * MB)).collect();
    assert_eq!(sizes(&plan(&merged, &config, noon())[0]), vec![40 * MB; 4], "each is read by row groups");
    let wide: Vec<_> = (0..3).map(|n| file("2026-11-22", n, 60 * MB)).collect();
    let wide: Vec<_> = wide
        .into_iter()
        .map(|file| Arc::new(DataFile { stats: FileStats::default(), ..(*file).clone() }))
        .collect();
    assert_eq!(
        plan(&wide, &config, noon())[0].len(),
        2,
        "two are merged, however large their row groups are"
    );
}

/// A day of commits, one every two seconds: how many files live, how often a byte is rewritten.
#[test]
fn a_day_stays_at_few_files_and_few_rewrites() {
    let config = CompactionConfig::default();
    let mut live: HashMap<u64, Arc<DataFile>> = HashMap::new();
    let (mut most, mut written, mut fresh) = (0, 0, 0);
    let mut number = 0;
    for _ in 0..43_200 {
        number += 1;
        live.insert(number, file("2026-11-23", number, 100_000));
        fresh += 100_000;
        most = most.max(live.len());
        if number % 5 != 0 {
            continue;
        }
        loop {
            let files: Vec<_> = live.values().cloned().collect();
            let Some(group) = plan(&files, &config, noon()).into_iter().next() else { break };
            let bytes = bytes_of(&group);
            for gone in &group {
                live.remove(&u64::try_from(gone.modified_ms).unwrap());
            }
            number += 1;
            live.insert(number, file("2026-11-23", number, bytes));
            written += bytes;
        }
    }
    assert!(most < 90, "{most} files live at once");
    assert!(written < 3 * fresh, "{:.2} rewrites of each byte", written as f64 / fresh as f64);
}
