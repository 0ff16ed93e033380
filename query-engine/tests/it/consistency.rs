//! One snapshot per query, the newest at its start; older files and rows of any text read well.

use crate::support::{Place, config, csv, error, rows};
use futures::TryStreamExt;
use query_engine::Params;
use schemas::tables::Table;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn what_was_appended_is_seen_by_the_next_query() {
    let place = Place::new().await;
    let engine = place.engine(config());
    for n in 0..5 {
        assert_eq!(csv(&engine, "SELECT count(*) AS n FROM errors").await.unwrap(), format!("n\n{n}\n"));
        place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    }
}

/// Both sides of a query see the same rows, however many are appended meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_sees_one_snapshot_of_a_table() {
    let place = Arc::new(Place::new().await);
    let engine = place.engine(config());
    let stop = Arc::new(AtomicBool::new(false));
    let appending = tokio::spawn({
        let (place, stop) = (Arc::clone(&place), Arc::clone(&stop));
        async move {
            let mut appended = 0;
            while !stop.load(Ordering::Relaxed) {
                place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
                appended += 1;
            }
            appended
        }
    });
    let sql = "SELECT (SELECT count(event_id) FROM errors) AS a, count(*) AS b, sum(occurrences) AS c \
               FROM errors CROSS JOIN pattern_report";
    let mut seen = Vec::new();
    for _ in 0..15 {
        let row = rows(&engine, sql).await.remove(0);
        assert_eq!(row["a"], row["b"], "{row}");
        let n = row["b"].as_i64().unwrap();
        assert_eq!(row["c"].as_i64().unwrap_or(0), n * n, "{row}");
        seen.push(n);
    }
    stop.store(true, Ordering::Relaxed);
    let appended = appending.await.unwrap();
    assert!(seen.is_sorted() && seen.first() < seen.last(), "{seen:?}");
    assert_eq!(csv(&engine, "SELECT count(*) AS n FROM errors").await.unwrap(), format!("n\n{appended}\n"));
}

#[tokio::test]
async fn placeholders_take_values_and_never_text_of_the_query() {
    let place = Place::new().await;
    place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "o'brien", json!({}))]).await;
    let engine = place.engine(config());
    let ask = async |value: &str| {
        let params = Params::positional(vec![value.into()]);
        let stream =
            engine.query_with("SELECT event_id FROM errors WHERE user_id = $1", params).await.unwrap();
        stream.try_fold(0, async |n, batch| Ok(n + batch.num_rows())).await.unwrap()
    };
    assert_eq!(ask("o'brien").await, 1);
    assert_eq!(ask("x' OR '1' = '1").await, 0);
}
