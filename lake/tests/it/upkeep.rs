//! Compaction, retention, vacuum, checkpoints: alone and beside writers.

use crate::look_up;
use crate::support::{DAY, count, folder, places, read, rows, texts, writer};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use errata_lake::{CompactionConfig, Lake, LakeError, MaintenanceConfig, Table};
use futures::TryStreamExt;
use parquet::file::reader::FileReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn eager() -> CompactionConfig {
    CompactionConfig { merge_files_min: 4, settle_ms: 0, ..CompactionConfig::default() }
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A time so late that everything written until now has expired.
fn later() -> DateTime<Utc> {
    Utc::now() + chrono::Duration::hours(3)
}

async fn data_files(lake: &Lake, table: Table) -> usize {
    let root = lake.snapshot(table).await.unwrap().root.clone();
    let listed: Vec<_> = lake.object_store().list(Some(&root)).try_collect().await.unwrap();
    listed
        .iter()
        .filter(|f| f.location.as_ref().ends_with(".parquet") && !f.location.as_ref().contains("_delta_log"))
        .count()
}

async fn fill(lake: &Lake, table: Table, commits: u64, each: usize) {
    for position in 1..=commits {
        let batches = vec![rows(table, DAY, position, each)];
        lake.append(table, &writer("w1"), position..=position, batches).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_keeps_rows_order_and_statistics() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        for table in Table::ALL {
            fill(&lake, table, 9, 700).await;
            let before = lake.snapshot(table).await.unwrap();
            let ids = texts(&lake, &before, "pattern_id").await;
            let report = lake.compact(table, &eager(), now()).await.unwrap();
            assert_eq!((report.merges, report.files_in, report.rows), (1, 9, 6300), "{report:?}");
            let after = lake.snapshot(table).await.unwrap();
            assert_eq!((after.files.len(), after.rows()), (1, Some(6300)));
            assert_eq!(texts(&lake, &after, "pattern_id").await, ids);
            for bound in ["time_unix_nano", "pattern_id", "timestamp"] {
                let least = |s: &errata_lake::Snapshot| {
                    let mut all: Vec<_> =
                        s.files.iter().map(|f| f.stats.columns[bound].min.clone()).collect();
                    all.sort();
                    all[0].clone()
                };
                assert_eq!(least(&after), least(&before), "{bound}");
            }
            let batches = read(&lake, &after.files[0].location).await;
            let mut keys = Vec::new();
            for batch in &batches {
                let text = batch[table.sort_key()[0]].as_string::<i32>();
                let time = batch[table.sort_key()[1]].as_primitive::<Int64Type>();
                keys.extend(
                    (0..batch.num_rows())
                        .map(|row| (text.is_valid(row).then(|| text.value(row).to_owned()), time.value(row))),
                );
            }
            assert!(keys.is_sorted());
            assert_eq!(count(&lake, &before).await, 6300, "readers of the old version keep their files");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compacted_files_have_bloom_filters_and_page_index() {
    use object_store::ObjectStoreExt;
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    fill(&lake, Table::Spans, 4, 500).await;
    lake.compact(Table::Spans, &eager(), now()).await.unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    let bytes = lake.object_store().get(&snapshot.files[0].location).await.unwrap().bytes().await.unwrap();
    let reader = parquet::file::reader::SerializedFileReader::new(bytes).unwrap();
    for column in reader.metadata().row_group(0).columns() {
        let path = column.column_path().string();
        let wanted = Table::Spans.bloom_columns().contains(&path.as_str());
        assert_eq!(column.bloom_filter_offset().is_some(), wanted, "{path}");
        assert!(column.offset_index_offset().is_some(), "{path}");
    }
}

/// What was merged is joined without being decoded: row groups keep their order, page index and bloom filters.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_files_are_joined_by_row_group() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        for table in [Table::Spans, Table::Errors] {
            for half in 0..2 {
                for position in half * 4 + 1..=half * 4 + 4 {
                    let batches = vec![rows(table, DAY, position, 5_000)];
                    lake.append(table, &writer("w1"), position..=position, batches).await.unwrap();
                }
                let once = CompactionConfig { merges_max: 1, ..eager() };
                let report = lake.compact(table, &once, now()).await.unwrap();
                assert_eq!((report.files_in, report.rows, report.rows_copied), (4, 20_000, 0));
            }
            let before = lake.snapshot(table).await.unwrap();
            let merged: Vec<_> = before.files.iter().map(|file| file.location.clone()).collect();
            assert_eq!(merged.len(), 2);
            let report = lake.compact(table, &eager(), now()).await.unwrap();
            assert_eq!((report.merges, report.files_in, report.rows_copied), (1, 2, 40_000));
            let after = lake.snapshot(table).await.unwrap();
            assert_eq!((after.files.len(), after.rows()), (1, Some(40_000)));
            for column in table.stats_columns() {
                let all: Vec<_> = before.files.iter().map(|file| &file.stats.columns[*column]).collect();
                let joined = &after.files[0].stats.columns[*column];
                assert_eq!(joined.min, all[0].min.clone().min(all[1].min.clone()), "{column}");
                assert_eq!(joined.max, all[0].max.clone().max(all[1].max.clone()), "{column}");
            }
            let mut expected = read(&lake, &merged[0]).await;
            expected.extend(read(&lake, &merged[1]).await);
            let schema = expected[0].schema();
            let found = read(&lake, &after.files[0].location).await;
            let whole = |batches: &[RecordBatch]| concat_batches(&schema, batches).unwrap();
            // Oldest first, which the times of such small merges may not tell.
            let (found, expected) = (whole(&found), whole(&expected));
            let swapped =
                concat_batches(&schema, [&expected.slice(20_000, 20_000), &expected.slice(0, 20_000)]);
            assert!(found == expected || found == swapped.unwrap());
            look_up::check(&lake, table, &after.files[0].location, 2).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upkeep_leaves_one_file_a_short_log_and_the_rows() {
    for place in places() {
        let mut config = place.config.clone();
        config.checkpoint_interval = 10;
        let lake = Lake::open(config.clone()).await.unwrap();
        let table = Table::Errors;
        fill(&lake, table, 25, 40).await;
        let upkeep =
            MaintenanceConfig { compaction: eager(), retention_days: None, ..MaintenanceConfig::default() };
        let report = lake.maintain_once(&upkeep, now()).await;
        let errors = report.tables.iter().find(|t| t.table == table).unwrap();
        assert!(errors.error.is_none(), "{:?}", errors.error);
        assert_eq!((errors.live_files, errors.compaction.rows), (1, 1000));
        assert_eq!(errors.checkpoint, Some(26));
        assert_eq!(data_files(&lake, table).await, 26, "replaced files are kept for readers");

        let aged = place.age();
        fill_more(&lake, table, 26..=36).await;
        let report = lake.maintain_once(&upkeep, later()).await;
        let errors = report.tables.iter().find(|t| t.table == table).unwrap();
        assert!(errors.error.is_none(), "{:?}", errors.error);
        assert_eq!(errors.vacuum.files, 25 + 12);
        assert_eq!(errors.log_entries_deleted > 20, aged, "{errors:?}");
        assert_eq!(data_files(&lake, table).await, 1);

        let fresh = Lake::open(config).await.unwrap();
        let snapshot = fresh.snapshot(table).await.unwrap();
        assert_eq!(count(&fresh, &snapshot).await, 1000 + 11 * 40);
        assert_eq!(fresh.committed_position(table, &writer("w1")).await.unwrap(), Some(36));
        assert_eq!(lake.snapshot(table).await.unwrap().rows(), snapshot.rows());
    }
}

/// Entries of the log are kept an hour by the store's clock: others may still have to read them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_ahead_expires_no_log() {
    let place = folder();
    let mut config = place.config.clone();
    config.checkpoint_interval = 5;
    let lake = Lake::open(config.clone()).await.unwrap();
    let behind = Lake::open(config).await.unwrap();
    let table = Table::Errors;
    let deleted = async || {
        let report = lake.maintain_once(&MaintenanceConfig::default(), later()).await;
        let done = report.tables.into_iter().find(|done| done.table == table).unwrap();
        assert!(done.error.is_none() && done.checkpoint.is_some(), "{done:?}");
        done.log_entries_deleted
    };
    fill(&lake, table, 6, 10).await;
    assert_eq!(deleted().await, 0);
    behind.append(table, &writer("w2"), 1..=1, vec![rows(table, DAY, 99, 10)]).await.unwrap();
    assert_eq!(lake.snapshot(table).await.unwrap().rows(), Some(70));
    place.age();
    fill_more(&lake, table, 7..=12).await;
    assert_eq!(deleted().await, 7);
}

async fn fill_more(lake: &Lake, table: Table, positions: std::ops::RangeInclusive<u64>) {
    for position in positions {
        let batches = vec![rows(table, DAY, position, 40)];
        lake.append(table, &writer("w1"), position..=position, batches).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_drops_whole_dates() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        let table = Table::Spans;
        let dates = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"];
        let batches = dates.iter().enumerate().map(|(n, date)| rows(table, date, n as u64, 10)).collect();
        lake.append(table, &writer("w1"), 1..=1, batches).await.unwrap();
        let today = DAY.parse().unwrap();
        assert_eq!(lake.retain(table, 4, today).await.unwrap(), 0);
        assert_eq!(lake.retain(table, 2, today).await.unwrap(), 2);
        let left: Vec<String> =
            lake.snapshot(table).await.unwrap().files.iter().map(|file| file.date.to_string()).collect();
        assert_eq!(left, dates[2..]);
        assert_eq!(lake.vacuum(table, 600_000, 3_600_000, now()).await.unwrap().files, 0);
        assert_eq!(lake.vacuum(table, 600_000, 3_600_000, later()).await.unwrap().files, 2);
        assert_eq!(lake.committed_position(table, &writer("w1")).await.unwrap(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vacuum_spares_files_on_their_way() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    fill(&lake, Table::Spans, 1, 10).await;
    let hurried = lake.vacuum(Table::Spans, 0, 60_000, later()).await;
    assert!(matches!(hurried, Err(LakeError::Setting { name: "orphan_after_ms", .. })), "{hurried:?}");
    orphan(&lake, "other-00000000000000000007-00000000000000000009.parquet").await;
    assert_eq!(lake.vacuum(Table::Spans, 0, 3_600_000, now()).await.unwrap().files, 0);
    let ahead = lake.vacuum(Table::Spans, 0, 3_600_000, later()).await.unwrap();
    assert_eq!(ahead.files, 0, "a clock that is ahead makes no file old");
    place.age();
    let report = lake.vacuum(Table::Spans, 0, 3_600_000, now()).await.unwrap();
    assert_eq!(report.files, 0, "nothing newer tells how late it is");
    fill_more(&lake, Table::Spans, 2..=2).await;
    assert_eq!(lake.vacuum(Table::Spans, 0, 3_600_000, now()).await.unwrap().files, 1);
    assert_eq!(data_files(&lake, Table::Spans).await, 2);
}

/// A copy of a live file under a name no commit knows: what a crash before the commit leaves.
async fn orphan(lake: &Lake, name: &str) {
    use object_store::ObjectStoreExt;
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    let live = &snapshot.files[0];
    let to: object_store::path::Path = snapshot
        .root
        .parts()
        .chain(object_store::path::Path::from(format!("date={DAY}/{name}")).parts())
        .collect();
    lake.object_store().copy(&live.location, &to).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_the_commit_leaves_nothing_behind() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        let w1 = writer("w1");
        lake.append(Table::Spans, &w1, 1..=5, vec![rows(Table::Spans, DAY, 1, 50)]).await.unwrap();
        orphan(&lake, "w1-00000000000000000006-00000000000000000009.parquet").await;
        orphan(&lake, "w1-00000000000000000006-00000000000000000012.parquet").await;
        orphan(&lake, "w1-x-00000000000000000006-00000000000000000012.parquet").await;
        let again = Lake::open(place.config.clone()).await.unwrap();
        assert_eq!(
            again.remove_orphans(&w1).await.unwrap(),
            2,
            "another writer's file is not ours to delete"
        );
        assert_eq!(data_files(&again, Table::Spans).await, 2);
        again.append(Table::Spans, &w1, 6..=9, vec![rows(Table::Spans, DAY, 2, 50)]).await.unwrap();
        assert_eq!(again.snapshot(Table::Spans).await.unwrap().rows(), Some(100));
        assert_eq!(again.remove_orphans(&w1).await.unwrap(), 0);
    }
}

/// Four writers of four processes, a reader and two compactors on one table: no row is lost or doubled,
/// and no reader ever sees a number of rows that no version had.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_compactors_and_readers_do_not_disturb_each_other() {
    const COMMITS: u64 = 12;
    const ROWS: usize = 20;
    for place in places() {
        let done = Arc::new(AtomicBool::new(false));
        let mut writers = Vec::new();
        for number in 0..4u64 {
            let config = place.config.clone();
            writers.push(tokio::spawn(async move {
                let lake = Lake::open(config).await.unwrap();
                let name = writer(&format!("w{number}"));
                for position in 1..=COMMITS {
                    let batches = vec![rows(Table::Errors, DAY, number * 1000 + position, ROWS)];
                    lake.append(Table::Errors, &name, position..=position, batches.clone()).await.unwrap();
                    lake.append(Table::Errors, &name, position..=position, batches).await.unwrap();
                }
            }));
        }
        let mut others = Vec::new();
        for _ in 0..2 {
            let (config, done) = (place.config.clone(), Arc::clone(&done));
            others.push(tokio::spawn(async move {
                let lake = Lake::open(config).await.unwrap();
                while !done.load(Ordering::Relaxed) {
                    lake.compact(Table::Errors, &eager(), now()).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }));
        }
        let (config, reading) = (place.config.clone(), Arc::clone(&done));
        let reader = tokio::spawn(async move {
            let lake = Lake::open(config).await.unwrap();
            let mut seen = 0;
            while !reading.load(Ordering::Relaxed) {
                let snapshot = lake.snapshot(Table::Errors).await.unwrap();
                let rows = count(&lake, &snapshot).await;
                assert_eq!(Some(rows as u64), snapshot.rows());
                assert!(rows >= seen && rows % ROWS == 0, "{rows} rows after {seen}");
                seen = rows;
            }
        });
        for task in writers {
            task.await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for task in others {
            task.await.unwrap();
        }
        reader.await.unwrap();
        let lake = Lake::open(place.config.clone()).await.unwrap();
        let snapshot = lake.snapshot(Table::Errors).await.unwrap();
        let events = texts(&lake, &snapshot, "event_id").await;
        assert_eq!(events.len(), 4 * COMMITS as usize * ROWS);
        let distinct: std::collections::HashSet<_> = events.iter().collect();
        assert_eq!(distinct.len(), events.len());
        for number in 0..4 {
            let position =
                lake.committed_position(Table::Errors, &writer(&format!("w{number}"))).await.unwrap();
            assert_eq!(position, Some(COMMITS));
        }
    }
}
