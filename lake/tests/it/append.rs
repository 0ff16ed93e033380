//! Appending exactly once.

use crate::support::{DAY, count, folder, places, rows, texts, writer};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use errata_lake::{Appended, Lake, LakeError, Table};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_come_back_with_statistics() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        for table in Table::ALL {
            let batches =
                vec![rows(table, DAY, 1, 300), rows(table, "2026-11-24", 2, 200), rows(table, DAY, 3, 100)];
            let done = lake.append(table, &writer("w1"), 1..=10, batches).await.unwrap();
            assert!(matches!(done, Appended::Committed { version: 1, rows: 600, files: 2, .. }), "{done:?}");
            let snapshot = lake.snapshot(table).await.unwrap();
            assert_eq!((snapshot.version, snapshot.files.len(), snapshot.rows()), (1, 2, Some(600)));
            assert_eq!(&*snapshot.files[0].date, DAY);
            assert_eq!(snapshot.files[0].rows(), Some(400));
            assert_eq!(count(&lake, &snapshot).await, 600);
            assert!(std::sync::Arc::ptr_eq(&snapshot, &lake.snapshot(table).await.unwrap()));

            let statistics = snapshot.statistics();
            let least = statistics.min_values("time_unix_nano").unwrap();
            let greatest = statistics.max_values("time_unix_nano").unwrap();
            let times: Vec<i64> = crate::support::read(&lake, &snapshot.files[0].location)
                .await
                .iter()
                .flat_map(|b| b["time_unix_nano"].as_primitive::<Int64Type>().values().to_vec())
                .collect();
            assert_eq!(least.as_primitive::<Int64Type>().value(0), *times.iter().min().unwrap());
            assert_eq!(greatest.as_primitive::<Int64Type>().value(0), *times.iter().max().unwrap());
            assert_eq!(statistics.min_values("date").unwrap().as_string::<i32>().value(1), "2026-11-24");
            assert!(statistics.min_values("attributes").is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_sorted_by_the_key() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    let batches = vec![rows(Table::Spans, DAY, 1, 500), rows(Table::Spans, DAY, 2, 500)];
    lake.append(Table::Spans, &writer("w1"), 1..=1, batches).await.unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    let mut keys = Vec::new();
    for batch in crate::support::read(&lake, &snapshot.files[0].location).await {
        let names = batch["service_name"].as_string::<i32>().clone();
        let times = batch["time_unix_nano"].as_primitive::<Int64Type>().clone();
        keys.extend(
            (0..batch.num_rows())
                .map(|row| (names.is_valid(row).then(|| names.value(row).to_owned()), times.value(row))),
        );
    }
    assert_eq!(keys.len(), 1000);
    assert!(keys[0].0.is_none(), "nulls come first");
    assert!(keys.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_range_is_committed_once() {
    for place in places() {
        let lake = Lake::open(place.config.clone()).await.unwrap();
        let (w1, table) = (writer("w1"), Table::Errors);
        assert_eq!(lake.committed_position(table, &w1).await.unwrap(), None);
        lake.append(table, &w1, 1..=5, vec![rows(table, DAY, 1, 50)]).await.unwrap();
        lake.append(table, &w1, 6..=9, vec![]).await.unwrap();
        assert_eq!(lake.committed_position(table, &w1).await.unwrap(), Some(9));
        for again in [lake.clone(), Lake::open(place.config.clone()).await.unwrap()] {
            let done = again.append(table, &w1, 1..=5, vec![rows(table, DAY, 1, 50)]).await.unwrap();
            assert_eq!(done, Appended::AlreadyCommitted);
            let overlap = again.append(table, &w1, 8..=12, vec![rows(table, DAY, 4, 5)]).await;
            assert!(matches!(overlap, Err(LakeError::Overlap { committed: 9, .. })), "{overlap:?}");
            assert_eq!(again.committed_position(table, &w1).await.unwrap(), Some(9));
            assert_eq!(again.committed_position(table, &writer("w2")).await.unwrap(), None);
        }
        lake.append(table, &writer("w2"), 1..=5, vec![rows(table, DAY, 2, 50)]).await.unwrap();
        let snapshot = lake.snapshot(table).await.unwrap();
        assert_eq!(snapshot.rows(), Some(100));
        let events = texts(&lake, &snapshot, "event_id").await;
        assert_eq!(events.len(), 100);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_sees_commits_and_expired_logs() {
    let place = folder();
    let one = Lake::open(place.config.clone()).await.unwrap();
    let two = Lake::open(place.config.clone()).await.unwrap();
    for position in 1..=20 {
        one.append(
            Table::Spans,
            &writer("w1"),
            position..=position,
            vec![rows(Table::Spans, DAY, position, 3)],
        )
        .await
        .unwrap();
        assert_eq!(two.snapshot(Table::Spans).await.unwrap().rows(), Some(3 * position));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_do_not_fit_are_refused() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    let good = rows(Table::Spans, DAY, 1, 3);
    let lacking = good.project(&[0, 1, 2, good.num_columns() - 1]).unwrap();
    let refused = lake.append(Table::Spans, &writer("w1"), 1..=1, vec![lacking]).await;
    assert!(matches!(refused, Err(LakeError::Rows { .. })), "{refused:?}");
    let mut columns = good.columns().to_vec();
    *columns.last_mut().unwrap() = std::sync::Arc::new(arrow::array::StringArray::from(vec!["../../x"; 3]));
    let elsewhere = arrow::array::RecordBatch::try_new(good.schema(), columns).unwrap();
    let refused = lake.append(Table::Spans, &writer("w1"), 1..=1, vec![elsewhere]).await;
    assert!(matches!(refused, Err(LakeError::Rows { .. })), "{refused:?}");
    assert_eq!(lake.committed_position(Table::Spans, &writer("w1")).await.unwrap(), None);
}

/// Of two that decided from the same version one is told that the table moved on, also by another handle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_decided_from_an_older_version_are_refused() {
    for place in places() {
        let (lake, other) = (
            Lake::open(place.config.clone()).await.unwrap(),
            Lake::open(place.config.clone()).await.unwrap(),
        );
        let table = Table::PatternEvents;
        let batch = |seed| vec![rows(table, DAY, seed, 3)];
        let version = lake.snapshot(table).await.unwrap().version;
        let first = lake.append_at(table, &writer("w1"), 1..=1, batch(1), version).await.unwrap();
        assert!(matches!(first, Appended::Committed { rows: 3, .. }), "{first:?}");
        let late = other.append_at(table, &writer("w2"), 1..=1, batch(2), version).await;
        assert!(
            matches!(late, Err(LakeError::Moved { decided_at, version: now, .. })
            if decided_at == version && now == version + 1),
            "{late:?}"
        );
        assert_eq!(other.committed_position(table, &writer("w2")).await.unwrap(), None);
        other.append_at(table, &writer("w2"), 2..=2, batch(2), version + 1).await.unwrap();
        let snapshot = lake.snapshot(table).await.unwrap();
        assert_eq!(count(&lake, &snapshot).await, 6);
    }
}
