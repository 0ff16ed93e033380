//! What must not be answered, and what a refusal must not tell.

use crate::support::{Place, config, csv, error};
use query_engine::ErrorCode;
use schemas::tables::Table;
use serde_json::json;

const NOT_QUERIES: &[&str] = &[
    "DROP TABLE errors",
    "DROP VIEW pattern_report",
    "DELETE FROM errors",
    "UPDATE errors SET message = ''",
    "INSERT INTO errors SELECT * FROM errors",
    "TRUNCATE TABLE errors",
    "CREATE TABLE stolen AS SELECT * FROM errors",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "CREATE EXTERNAL TABLE passwd STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE FUNCTION f(INT) RETURNS INT RETURN $1",
    "COPY errors TO '/tmp/errata-stolen.csv'",
    "COPY (SELECT 1) TO '/tmp/errata-stolen.parquet' STORED AS PARQUET",
    "SET datafusion.execution.batch_size = 1",
    "RESET datafusion.execution.batch_size",
    "SHOW ALL",
    "SHOW datafusion.execution.batch_size",
    "SHOW FUNCTIONS",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "BEGIN",
    "COMMIT",
    "EXPLAIN COPY errors TO '/tmp/errata-stolen.csv'",
    "EXPLAIN ANALYZE INSERT INTO errors SELECT * FROM errors",
    "WITH gone AS (DELETE FROM errors RETURNING *) SELECT * FROM gone",
    "GRANT ALL ON errors TO public",
    "KILL 1",
    "ATTACH DATABASE '/etc/passwd' AS x",
    "LOAD 'httpfs'",
    "CALL system('id')",
    "USE other",
];

const READING_ELSEWHERE: &[&str] = &[
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/etc/passwd\"",
    "SELECT * FROM 'file:///etc/passwd'",
    "SELECT * FROM 's3://bucket/key.parquet'",
    "SELECT * FROM 'lake://errata/errors/_delta_log/00000000000000000000.json'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM read_json('http://127.0.0.1/x')",
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM information_schema.df_settings",
    "SELECT * FROM errors UNION ALL SELECT * FROM '/etc/passwd'",
    "SELECT (SELECT count(*) FROM '/etc/passwd')",
    "SELECT * INTO stolen FROM errors",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM other.public.errors",
    "DESCRIBE '/etc/passwd'",
    "SHOW COLUMNS FROM '/etc/passwd'",
];

const WITHOUT_BOUND: &[&str] = &[
    "SELECT repeat('x', 2000000000)",
    "SELECT array_repeat(1, 2000000000)",
    "SELECT range(0, 9000000000000000000)",
    "SELECT generate_series(0, 9000000000000000000)",
    "SELECT array_resize([1], 2000000000, 0)",
    "SELECT lpad('x', 2000000000)",
    "SELECT rpad('x', 1000 * 1000 * 1000, 'y')",
];

#[tokio::test]
async fn hostile_statements_are_refused_and_change_nothing() {
    let place = Place::new().await;
    place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    let engine = place.engine(config());
    let secret = place.folder.path().display().to_string();
    for sql in NOT_QUERIES.iter().chain(READING_ELSEWHERE).chain(WITHOUT_BOUND) {
        let refusal = match csv(&engine, sql).await {
            Ok(answer) => panic!("{sql}\nanswered\n{answer}"),
            Err(refusal) => refusal,
        };
        let code = refusal.code();
        assert!(
            matches!(code, ErrorCode::NotReadOnly | ErrorCode::InvalidQuery | ErrorCode::Syntax),
            "{sql}: {code:?} {refusal}"
        );
        assert!(!refusal.to_string().contains(&secret), "{sql}: {refusal}");
        assert!(!refusal.to_string().contains("root:"), "{sql}: {refusal}");
    }
    assert_eq!(csv(&engine, "SELECT count(*) AS n FROM errors").await.unwrap(), "n\n1\n");
    assert!(!std::path::Path::new("/tmp/errata-stolen.csv").exists());
    assert!(!std::path::Path::new("/tmp/errata-stolen.parquet").exists());
}

#[tokio::test]
async fn statements_that_write_are_told_so() {
    let place = Place::new().await;
    let engine = place.engine(config());
    for sql in [
        "DROP TABLE errors",
        "INSERT INTO errors SELECT * FROM errors",
        "COPY errors TO '/tmp/x'",
        "SET a.b = 1",
    ] {
        let refusal = csv(&engine, sql).await.unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::NotReadOnly, "{sql}: {refusal}");
    }
}

#[tokio::test]
async fn plans_do_not_tell_where_the_lake_is() {
    let place = Place::new().await;
    place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    let engine = place.engine(config());
    let secret = place.folder.path().file_name().unwrap().to_str().unwrap().to_owned();
    for sql in ["EXPLAIN VERBOSE SELECT * FROM errors", "EXPLAIN ANALYZE SELECT * FROM errors"] {
        let plan = csv(&engine, sql).await.unwrap();
        assert!(plan.contains("errors/date=2026-11-23/"), "{plan}");
        assert!(!plan.contains(&secret), "{plan}");
    }
}

#[tokio::test]
async fn a_lake_that_cannot_be_read_is_told_without_its_place() {
    let place = Place::new().await;
    place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    let engine = place.engine(config());
    let root = place.folder.path().join("lake/errors/date=2026-11-23");
    for file in std::fs::read_dir(&root).unwrap() {
        std::fs::write(file.unwrap().path(), "no parquet").unwrap();
    }
    let refusal = csv(&engine, "SELECT message FROM errors").await.unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::Lake, "{refusal}");
    assert_eq!(refusal.to_string(), "the lake could not be read");
}
