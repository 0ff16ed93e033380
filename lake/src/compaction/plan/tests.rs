//! The policy, on made-up files.

use super::*;
use crate::stats::FileStats;
use object_store::path::Path;
use std::collections::HashMap;

const MB: u64 = 1024 * 1024;
const ROW_BYTES: u64 = 100;

fn file(date: &str, number: u64, size_bytes: u64) -> Arc<DataFile> {
    named(date, number, size_bytes, &number.to_string())
}

fn compacted(date: &str, number: u64, size_bytes: u64) -> Arc<DataFile> {
    named(date, number, size_bytes, &new_name())
}

fn named(date: &str, number: u64, size_bytes: u64, name: &str) -> Arc<DataFile> {
    Arc::new(DataFile {
        log_path: format!("date={date}/{name}").into(),
        location: Path::from(format!("t/date={date}/{name}")),
        size_bytes,
        modified_ms: i64::try_from(number).unwrap(),
        date: date.into(),
        stats: FileStats { rows: Some(size_bytes / ROW_BYTES), ..FileStats::default() },
    })
}

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// What is due first: how, and the sizes of the files.
fn first(files: &[Arc<DataFile>]) -> Option<(Work, Vec<u64>)> {
    let groups = plan(files, &CompactionConfig::default(), noon());
    groups.first().map(|group| (group.work, group.files.iter().map(|file| file.size_bytes).collect()))
}

fn merge(lasting: bool, sizes: Vec<u64>) -> Option<(Work, Vec<u64>)> {
    Some((Work::Merge { lasting }, sizes))
}

#[test]
fn a_class_is_merged_when_it_is_full() {
    let files: Vec<_> = (0..16).map(|n| file("2026-11-23", n, 100_000)).collect();
    assert_eq!(first(&files[..15]), None);
    assert_eq!(first(&files), merge(false, vec![100_000; 16]));
}

#[test]
fn small_files_do_not_drag_large_ones_along() {
    let mut files: Vec<_> = (0..16).map(|n| file("2026-11-23", n, 10_000)).collect();
    files.push(compacted("2026-11-23", 99, 5 * MB));
    files.push(compacted("2026-11-23", 100, 50 * MB));
    files.push(compacted("2026-11-23", 101, 255 * MB));
    assert_eq!(first(&files), merge(false, vec![10_000; 16]));
}

#[test]
fn a_merge_reads_few_bytes_at_once() {
    let fresh: Vec<_> = (0..64).map(|n| file("2026-11-23", n, 6 * MB)).collect();
    assert_eq!(first(&fresh[..7]), None);
    assert_eq!(first(&fresh), merge(true, vec![6 * MB; 8]));
    let large: Vec<_> = (0..3).map(|n| file("2026-11-23", n, 60 * MB)).collect();
    assert_eq!(first(&large), merge(true, vec![60 * MB; 2]), "two are merged, however large they are");
}

#[test]
fn what_was_merged_is_joined() {
    let merged: Vec<_> = (0..5).map(|n| compacted("2026-11-23", n, 40 * MB)).collect();
    assert_eq!(first(&merged[..3]), None, "they wait for a whole file");
    assert_eq!(first(&merged), Some((Work::Join, vec![40 * MB; 4])));
    let narrow: Vec<_> = (0..32).map(|n| compacted("2026-11-23", n, 14 * MB)).collect();
    assert_eq!(first(&narrow), Some((Work::Join, vec![14 * MB; 10])), "many rows in few bytes");
    let foreign: Vec<_> = (0..3).map(|n| file("2026-11-23", n, 40 * MB)).collect();
    assert_eq!(first(&foreign), merge(true, vec![40 * MB; 2]), "others' files are merged");
}

#[test]
fn a_file_of_very_many_rows_is_left_alone() {
    let of = |rows| {
        let file = compacted("2026-11-22", 1, 20 * MB);
        Arc::new(DataFile {
            stats: FileStats { rows: Some(rows), ..FileStats::default() },
            ..(*file).clone()
        })
    };
    let rows = ROW_GROUP_ROWS_MAX as u64;
    assert_eq!(first(&[of(64 * rows), of(64 * rows)]), None);
    assert_eq!(first(&[of(20 * rows), of(20 * rows)]), Some((Work::Join, vec![20 * MB; 2])));
}

#[test]
fn a_past_date_is_finished_once() {
    let files = [file("2026-11-22", 1, MB), file("2026-11-22", 2, 3 * MB), file("2026-11-22", 3, 250 * MB)];
    assert_eq!(first(&files), merge(true, vec![MB, 3 * MB]));
    let late = [file("2026-11-22", 1, 1000), compacted("2026-11-22", 2, 30 * MB)];
    assert_eq!(first(&late), None, "30 MB are not rewritten for a kilobyte");
    let more = [file("2026-11-22", 1, 1_500_000), compacted("2026-11-22", 2, 20 * MB)];
    assert_eq!(first(&more), merge(true, vec![20 * MB, 1_500_000]));
    let alone = [file("2026-11-22", 1, 3 * MB), compacted("2026-11-22", 2, 30 * MB)];
    assert_eq!(first(&alone), merge(true, vec![3 * MB]), "enough for a row group of its own");
    let done = [compacted("2026-11-22", 1, 3 * MB), compacted("2026-11-22", 2, 30 * MB)];
    assert_eq!(first(&done), Some((Work::Join, vec![3 * MB, 30 * MB])));
    let recent = DateTime::from_timestamp_millis(1000).unwrap();
    let files = [file("1969-12-31", 1, MB), file("1969-12-31", 2, MB)];
    assert!(plan(&files, &CompactionConfig::default(), recent).is_empty());
}

/// What became of a day's commits.
#[derive(Default)]
struct Day {
    live_most: usize,
    /// Of files that are not full yet.
    growing_most: usize,
    rewrites: f64,
    copies: f64,
}

/// Commits of `size_bytes`, with upkeep after every `each` of them. Merged files are `shrunk` percent of what they were
/// made of.
fn run(commits: u64, size_bytes: u64, each: u64, shrunk: u64) -> Day {
    let config = CompactionConfig::default();
    let mut live: HashMap<Arc<str>, Arc<DataFile>> = HashMap::new();
    let mut day = Day::default();
    let (mut number, mut fresh, mut merged, mut joined) = (0, 0, 0, 0);
    for commit in 1..=commits {
        number += 1;
        let new = file("2026-11-23", number, size_bytes);
        live.insert(Arc::clone(&new.log_path), new);
        fresh += size_bytes;
        day.live_most = day.live_most.max(live.len());
        let growing = live.values().filter(|file| !is_full(file, &config)).count();
        day.growing_most = day.growing_most.max(growing);
        if commit % each != 0 {
            continue;
        }
        loop {
            let files: Vec<_> = live.values().cloned().collect();
            let Some(group) = plan(&files, &config, noon()).into_iter().next() else { break };
            for gone in &group.files {
                live.remove(&gone.log_path);
            }
            let bytes = match group.work {
                Work::Join => {
                    joined += group.bytes();
                    group.bytes()
                }
                Work::Merge { .. } => {
                    merged += group.bytes();
                    let fresh: u64 =
                        group.files.iter().filter(|f| !is_compacted(f)).map(|f| f.size_bytes).sum();
                    group.bytes() - fresh + fresh * shrunk / 100
                }
            };
            number += 1;
            let new = compacted("2026-11-23", number, bytes);
            live.insert(Arc::clone(&new.log_path), new);
        }
    }
    let fresh = fresh as f64;
    Day { rewrites: merged as f64 / fresh, copies: joined as f64 / fresh, ..day }
}

/// A commit every two seconds of a day: how many files live, how often a byte is rewritten.
#[test]
fn a_day_stays_at_few_files_and_few_rewrites() {
    for (size_bytes, rewrites) in [(20_000, 3.0), (50_000, 2.6), (100_000, 2.0), (200_000, 2.0)] {
        let day = run(43_200, size_bytes, 5, 100);
        assert!(day.growing_most < 60, "{} small files of {size_bytes} bytes live at once", day.growing_most);
        assert!(day.live_most < 100, "{} files of {size_bytes} bytes live at once", day.live_most);
        assert!(day.rewrites <= rewrites, "{:.2} rewrites of {size_bytes} bytes", day.rewrites);
        assert!(day.copies <= 1.0, "{:.2} copies of {size_bytes} bytes", day.copies);
    }
}

/// A commit every second of an hour, with upkeep every half minute.
#[test]
fn an_hour_of_load_is_rewritten_once() {
    for (size_bytes, shrunk) in [(1_100_000, 100), (2_000_000, 100), (2_000_000, 70), (6_000_000, 45)] {
        let hour = run(3600, size_bytes, 30, shrunk);
        assert!(hour.rewrites <= 1.1, "{:.2} rewrites of {size_bytes} bytes", hour.rewrites);
        assert!(hour.copies <= 1.1, "{:.2} copies of {size_bytes} bytes", hour.copies);
        assert!(hour.growing_most < 80, "{} files live at once", hour.growing_most);
    }
    let live = run(3600, 2_000_000, 15, 100).live_most;
    assert!(live < 100, "{live} files live at once");
}
