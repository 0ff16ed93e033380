//! Each limit is hit, names itself, and leaves the engine fit for the next query.

use crate::support::{Place, config, csv, error};
use futures::StreamExt;
use query_engine::{Engine, ErrorCode, QueryConfig, QueryError};
use schemas::tables::Table;
use serde_json::json;
use std::time::{Duration, Instant};

/// Takes minutes unless stopped.
const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b";

async fn engine(config: QueryConfig) -> (Place, Engine) {
    let place = Place::new().await;
    let engine = place.engine(config);
    (place, engine)
}

async fn check(engine: &Engine, sql: &str, code: ErrorCode, words: &str) {
    let error = csv(engine, sql).await.expect_err(sql);
    assert_eq!(error.code(), code, "{sql}: {error}");
    assert!(error.to_string().contains(words), "{sql}: {error}");
    assert_eq!(csv(engine, "SELECT 1 AS one").await.unwrap(), "one\n1\n");
}

#[tokio::test]
async fn text_and_depth() {
    let (_place, engine) = engine(QueryConfig { query_bytes_max: 10_000, ..config() }).await;
    let long = format!("SELECT '{}'", "x".repeat(20_000));
    check(&engine, &long, ErrorCode::QueryTooLarge, "query.text_size_max is 10000").await;
    let deep = format!("SELECT 1{}", " + 1".repeat(600));
    check(&engine, &deep, ErrorCode::QueryTooLarge, "operators_max is 500").await;
    let joins =
        format!("SELECT 1 FROM errors a0{}", (1..60).map(|i| format!(", errors a{i}")).collect::<String>());
    check(&engine, &joins, ErrorCode::QueryTooLarge, "names 60 tables").await;
    let doubling =
        (1..40).map(|i| format!(", c{i} AS (SELECT 1 AS x FROM c{0} a, c{0} b)", i - 1)).collect::<String>();
    let doubling = format!("WITH c0 AS (SELECT 1 AS x FROM errors){doubling} SELECT * FROM c39");
    check(&engine, &doubling, ErrorCode::QueryTooLarge, "limit tables_max is 50").await;
}

#[tokio::test]
async fn the_deepest_that_is_let_in_does_not_overflow_a_stack() {
    let (_place, engine) = engine(QueryConfig { threads: 1, ..config() }).await;
    let ors = (0..240).map(|i| format!("message = '{i}' OR ")).collect::<String>();
    for sql in [
        format!("SELECT 1{}", " + 1".repeat(498)),
        format!("SELECT count(*) AS n FROM errors WHERE {ors} user_id = 'x'"),
        format!("SELECT 1 AS n{}", " UNION ALL SELECT 1".repeat(240)),
        format!("SELECT {}'x'{}", "upper(".repeat(40), ")".repeat(40)),
    ] {
        csv(&engine, &sql).await.unwrap();
    }
    let nested = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    check(&engine, &nested, ErrorCode::Syntax, "recursion limit").await;
}

#[tokio::test]
async fn rows() {
    let (_place, engine) = engine(QueryConfig { rows_max: 10, ..config() }).await;
    assert!(csv(&engine, "SELECT * FROM generate_series(1, 10)").await.is_ok());
    check(&engine, "SELECT * FROM generate_series(1, 11)", ErrorCode::TooManyRows, "rows_max").await;
    check(
        &engine,
        "SELECT * FROM generate_series(1, 1000000000)",
        ErrorCode::TooManyRows,
        "more than 10 rows",
    )
    .await;
}

#[tokio::test]
async fn time() {
    let (_place, engine) = engine(QueryConfig { timeout_ms: 400, ..config() }).await;
    let started = Instant::now();
    let error = csv(&engine, ENDLESS).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    assert!(error.to_string().contains("400 ms, limit query.timeout"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn time_of_a_reader_that_stops_reading() {
    let (_place, engine) = engine(QueryConfig { timeout_ms: 600, ..config() }).await;
    let mut stream = engine.query("SELECT * FROM generate_series(1, 100000000)").await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(matches!(stream.next().await, Some(Err(QueryError::Timeout { limit_ms: 600 }))));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_reader_that_stops_reading_keeps_no_place() {
    let limits = QueryConfig { timeout_ms: 500, concurrent_max: 1, wait_ms_max: 20_000, ..config() };
    let (_place, engine) = engine(limits).await;
    let idle = engine.query("SELECT * FROM generate_series(1, 100000000)").await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(csv(&engine, "SELECT 1 AS one").await.unwrap(), "one\n1\n");
    let read: Vec<_> = idle.collect().await;
    assert!(matches!(read.last(), Some(Err(QueryError::Timeout { limit_ms: 500 }))));
}

#[tokio::test]
async fn memory_with_and_without_spilling() {
    let sort = "SELECT value FROM generate_series(1, 2000000) ORDER BY -value LIMIT 1500000";
    let (_place, tight) = engine(QueryConfig { memory_bytes_max: 4 << 20, ..config() }).await;
    check(&tight, sort, ErrorCode::OutOfMemory, "query.memory_max (spilling is off)").await;

    let folder = tempfile::tempdir().unwrap();
    let spilling = QueryConfig {
        memory_bytes_max: 24 << 20,
        spill_dir: Some(folder.path().to_owned()),
        rows_max: 10_000_000,
        threads: 1,
        ..config()
    };
    let (_place, engine) = engine_of(spilling.clone()).await;
    let sum = "SELECT count(*) AS n, sum(r) AS s FROM (SELECT value, row_number() OVER (ORDER BY -value) AS r \
               FROM generate_series(1, 3000000))";
    assert_eq!(csv(&engine, sum).await.unwrap(), "n,s\n3000000,4500001500000\n");

    let (_place, engine) = engine_of(QueryConfig { spill_bytes_max: 1 << 20, ..spilling }).await;
    check(&engine, sum, ErrorCode::OutOfMemory, "spilling is limited to 1048576 bytes").await;
}

async fn engine_of(config: QueryConfig) -> (Place, Engine) {
    engine(config).await
}

#[tokio::test]
async fn files() {
    let place = Place::new().await;
    for day in 1..=4 {
        let at = format!("2026-11-0{day}T10:00:00Z");
        place.append(Table::Errors, &[error(&at, "p", "u", json!({}))]).await;
    }
    let engine = place.engine(QueryConfig { files_max: 2, ..config() });
    check(
        &engine,
        "SELECT count(*) FROM errors",
        ErrorCode::TooManyFiles,
        "4 files of table errors, limit query.files_max is 2",
    )
    .await;
    let narrow = "SELECT count(*) AS n FROM errors WHERE date >= '2026-11-03'";
    assert_eq!(csv(&engine, narrow).await.unwrap(), "n\n2\n");
}

#[tokio::test]
async fn places_and_the_line_for_them() {
    let limits = QueryConfig { concurrent_max: 1, waiting_max: 1, wait_ms_max: 300, ..config() };
    let (_place, engine) = engine(limits).await;
    let running = engine.query("SELECT * FROM generate_series(1, 100000000)").await.unwrap();
    let waits = engine.query("SELECT 1");
    tokio::pin!(waits);
    assert!(futures::poll!(&mut waits).is_pending());
    let refused = engine.query("SELECT 1").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Busy);
    assert!(refused.to_string().contains("limit query.concurrent_max"), "{refused}");
    let late = waits.await.unwrap_err();
    assert!(matches!(late, QueryError::WaitedTooLong { limit_ms: 300 }), "{late}");
    drop(running);
    assert_eq!(csv(&engine, "SELECT 1 AS one").await.unwrap(), "one\n1\n");
}

#[tokio::test]
async fn a_dropped_query_stops_working_and_gives_its_place_back() {
    let limits = QueryConfig { concurrent_max: 1, wait_ms_max: 20_000, ..config() };
    let (_place, engine) = engine(limits).await;
    let stopped = tokio::time::timeout(Duration::from_millis(1_500), csv(&engine, ENDLESS)).await;
    assert!(stopped.is_err(), "the query must not end by itself");
    // The place is given back only when the work has really ended.
    assert_eq!(csv(&engine, "SELECT 1 AS one").await.unwrap(), "one\n1\n");
}
