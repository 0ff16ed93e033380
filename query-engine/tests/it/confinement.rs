//! SQL reaches nothing but the catalog, whatever name it is written under and wherever in a query.

use crate::support::{Place, config, csv, error};
use query_engine::ErrorCode;
use schemas::tables::Table;
use serde_json::json;

/// What no answer and no message may hold: the content of a file that is there to be read.
const CANARY: &str = "canary-5d1c0ffee";

/// Ways to name what is not in the catalog; `{f}` is a file that can be read.
const OUTSIDE: &[&str] = &[
    "'{f}'",
    "\"{f}\"",
    "`{f}`",
    "\"file://{f}\"",
    "\"{f}?x\"",
    "public.\"{f}\"",
    "errata.public.\"{f}\"",
    "\"errors/../../../../../../..{f}\"",
    "\"lake://errata{f}\"",
    "\"lake://errata/errors\"",
    "\"s3://bucket/key.parquet\"",
    "\"https://example.com/x.csv\"",
    "datafusion.public.errors",
    "other.errors",
    "information_schema.df_settings",
    "errata.information_schema.df_settings",
    "\"information_schema\".\"df_settings\"",
    "pg_catalog.pg_class",
    "read_csv('{f}')",
    "read_json('{f}')",
    "read_parquet('{f}')",
    "read_text('{f}')",
    "parquet_metadata('{f}')",
    "metadata_cache()",
    "statistics_cache()",
    "list_files_cache()",
    "csv_scan('{f}')",
    "delta_scan('{f}')",
    "glob('/etc/*')",
    "sqlite_scan('{f}', 'tokens')",
    "read_csv_auto(ARRAY['{f}'])",
];

/// Where a table may stand; `{t}` is one of the above.
const WHERE: &[&str] = &[
    "SELECT * FROM {t}",
    "select/**/*/**/from/**/{t}",
    "SELECT count(*) FROM errors, {t}",
    "SELECT 1 FROM errors LEFT JOIN {t} AS x ON true",
    "SELECT * FROM (SELECT * FROM {t}) AS x",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {t})",
    "SELECT (SELECT count(*) FROM {t}) AS n",
    "SELECT 1 FROM errors WHERE message IN (SELECT message FROM {t})",
    "WITH x AS (SELECT * FROM {t}) SELECT * FROM x",
    "WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x, {t} WHERE n < 2) SELECT * FROM x",
    "SELECT message FROM errors UNION ALL SELECT * FROM {t}",
    "SELECT message FROM errors EXCEPT SELECT * FROM {t}",
    "SELECT * FROM errors, LATERAL (SELECT * FROM {t}) AS x",
    "SELECT 1 ORDER BY (SELECT count(*) FROM {t})",
    "EXPLAIN SELECT * FROM {t}",
    "EXPLAIN ANALYZE SELECT * FROM {t}",
    "EXPLAIN VERBOSE WITH x AS (SELECT * FROM {t}) SELECT * FROM x",
    "TABLE {t}",
    "DESCRIBE {t}",
    "SELECT * FROM errors; SELECT * FROM {t}",
];

/// Calls that would read the machine, its settings or its network, or make files.
const CALLS: &[&str] = &[
    "SELECT pg_read_file('{f}')",
    "SELECT pg_ls_dir('/')",
    "SELECT load_file('{f}')",
    "SELECT readfile('{f}')",
    "SELECT read_file('{f}')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('data_directory')",
    "SELECT current_user",
    "SELECT inet_server_addr()",
    "SELECT pg_sleep(100)",
    "SELECT system('id')",
    "SELECT http_get('http://127.0.0.1')",
    "SELECT lo_import('{f}')",
    "SELECT java_method('java.lang.Runtime', 'getRuntime')",
    "SELECT xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM \"file://{f}\">]><x>&e;</x>')",
    "COPY errors TO '{f}.out'",
    "COPY (SELECT 1) TO '{f}.out' STORED AS CSV",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{f}.out' STORED AS JSON",
    "WITH x AS (SELECT 1) INSERT INTO errors SELECT * FROM x",
    "CREATE OR REPLACE EXTERNAL TABLE errors STORED AS CSV LOCATION '{f}'",
    "CREATE UNBOUNDED EXTERNAL TABLE x STORED AS CSV LOCATION '{f}'",
    "CREATE FUNCTION f() RETURNS TEXT LANGUAGE plpython AS 'open'",
    "CREATE TEMPORARY TABLE x AS SELECT 1",
    "CREATE MATERIALIZED VIEW x AS SELECT 1",
    "SET datafusion.execution.time_zone = '+01:00'",
    "SET datafusion.runtime.temp_directory = '/tmp'",
    "SET datafusion.catalog.location = '/'",
    "SET TIME ZONE 'UTC'",
    "SHOW datafusion.runtime.memory_limit",
    "SELECT * INTO OUTFILE '{f}.out' FROM errors",
    "VACUUM",
    "ANALYZE TABLE errors",
    "LOCK TABLE errors",
    "IMPORT DATABASE '{f}'",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "DO $$ BEGIN END $$",
    "MERGE INTO errors USING spans ON true WHEN MATCHED THEN DELETE",
];

async fn place() -> (Place, String) {
    let place = Place::new().await;
    place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    let file = place.folder.path().join("outside.csv");
    std::fs::write(&file, format!("message\n{CANARY}\n")).unwrap();
    (place, file.display().to_string())
}

#[tokio::test]
async fn nothing_outside_the_catalog_is_read_or_written() {
    let (place, file) = place().await;
    let engine = place.engine(config());
    let names = OUTSIDE.iter().map(|name| name.replace("{f}", &file));
    let tables = names.flat_map(|name| WHERE.iter().map(move |place| place.replace("{t}", &name)));
    let calls = CALLS.iter().map(|call| call.replace("{f}", &file));
    for sql in tables.chain(calls) {
        let refusal = match csv(&engine, &sql).await {
            Ok(answer) => panic!("{sql}\nanswered\n{answer}"),
            Err(refusal) => refusal,
        };
        let code = refusal.code();
        assert!(
            matches!(code, ErrorCode::NotReadOnly | ErrorCode::InvalidQuery | ErrorCode::Syntax),
            "{sql}: {code:?} {refusal}"
        );
        assert!(!refusal.to_string().contains(CANARY), "{sql}: {refusal}");
    }
    let mut left: Vec<_> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["lake", "outside.csv"]);
    assert_eq!(csv(&engine, "SELECT count(*) AS n FROM errors").await.unwrap(), "n\n1\n");
}

#[tokio::test]
async fn what_describes_the_engine_tells_nothing_of_the_machine() {
    let (place, _) = place().await;
    let engine = place.engine(config());
    let folder = place.folder.path().file_name().unwrap().to_str().unwrap().to_owned();
    for sql in [
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.views",
        "SELECT * FROM information_schema.schemata",
        "SELECT * FROM information_schema.routines",
        "SELECT * FROM information_schema.parameters",
        "SHOW TABLES",
        "DESCRIBE errors",
        "EXPLAIN SELECT * FROM pattern_report",
        "EXPLAIN VERBOSE SELECT * FROM errors WHERE date = '2026-11-23'",
        "EXPLAIN ANALYZE SELECT * FROM errors",
        "SHOW COLUMNS FROM information_schema.df_settings",
        "SELECT DISTINCT input_file_name() FROM errors",
        "SELECT version()",
    ] {
        let answer = csv(&engine, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let home = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
        for told in [folder.as_str(), "/tmp/", &home, "s3://", "secret", "memory_limit"] {
            assert!(!answer.contains(told), "{sql} tells {told}: {answer}");
        }
    }
}

/// A new release of DataFusion may bring functions: whoever raises it reads here which.
#[tokio::test]
async fn functions_are_those_that_were_looked_at() {
    let place = Place::new().await;
    let engine = place.engine(config());
    let sql = "SELECT DISTINCT routine_name FROM information_schema.routines ORDER BY routine_name";
    let names = csv(&engine, sql).await.unwrap();
    insta::assert_snapshot!("functions", names.split_whitespace().collect::<Vec<_>>().join("\n"));
}
