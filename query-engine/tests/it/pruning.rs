//! Files, row groups and rows that need not be read are not read.

use crate::support::{Place, config, csv, error, rows};
use lake::CompactionConfig;
use query_engine::Engine;
use schemas::tables::Table;
use serde_json::json;

/// Three dates, two patterns each in a file of its own.
async fn lake() -> Place {
    let place = Place::new().await;
    for day in 1..=3 {
        for pattern in ["pa", "pz"] {
            let rows: Vec<_> = (0..20)
                .map(|n| {
                    error(&format!("2026-11-0{day}T10:00:{n:02}Z"), pattern, "u", json!({"severity": day}))
                })
                .collect();
            place.append(Table::Errors, &rows).await;
        }
    }
    place
}

/// Files that the physical plan of a query names.
async fn files(engine: &Engine, sql: &str) -> usize {
    let plan = csv(engine, &format!("EXPLAIN {sql}")).await.unwrap();
    plan.matches(".parquet").count()
}

#[tokio::test]
async fn files_are_pruned_by_date_and_statistics() {
    let place = lake().await;
    let engine = place.engine(config());
    for (condition, expected) in [
        ("true", 6),
        ("date = '2026-11-02'", 2),
        ("date IN ('2026-11-01', '2026-11-03')", 4),
        ("date >= '2026-11-02' AND pattern_id = 'pz'", 2),
        ("pattern_id = 'pm'", 0),
        ("timestamp >= TIMESTAMP '2026-11-03 00:00:00'", 2),
        ("timestamp < TIMESTAMP '2026-11-01 10:00:00'", 0),
        ("time_unix_nano > 1793700000000000000", 2),
        ("severity = 2", 2),
        ("session_id IS NOT NULL", 0),
        ("session_id IS NULL", 6),
        ("user_id LIKE 'u%'", 6),
        ("user_id LIKE 'v%'", 0),
        ("message = 'nobody keeps bounds of messages'", 6),
    ] {
        let sql = format!("SELECT event_id FROM errors WHERE {condition}");
        assert_eq!(files(&engine, &sql).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn pruned_plans_give_the_same_rows() {
    let place = lake().await;
    let engine = place.engine(config());
    for condition in ["severity = 2", "pattern_id = 'pz'", "timestamp >= TIMESTAMP '2026-11-02 10:00:10'"] {
        let pruned = format!("SELECT count(*) AS n FROM errors WHERE {condition}");
        // A cast of the result keeps DataFusion from using the condition for pruning.
        let whole = format!("SELECT sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n FROM errors");
        assert_eq!(csv(&engine, &pruned).await.unwrap(), csv(&engine, &whole).await.unwrap(), "{condition}");
    }
}

#[tokio::test]
async fn the_plan_of_a_look_up() {
    let place = lake().await;
    let engine = place.engine(config());
    let sql = "EXPLAIN SELECT message FROM errors WHERE trace_id = 'abc' OR (date = '2026-11-02' AND pattern_id = 'pa')";
    let plan = rows(&engine, sql).await;
    let physical = plan.iter().find(|row| row["plan_type"] == "physical_plan").unwrap();
    insta::assert_snapshot!(physical["plan"].as_str().unwrap());
}

/// Counts and bounds come from the log; no file is opened.
#[tokio::test]
async fn counts_come_from_the_log() {
    let place = lake().await;
    let engine = place.engine(config());
    let sql = "SELECT count(*) AS n, max(time_unix_nano) AS last FROM errors";
    assert_eq!(files(&engine, sql).await, 0);
    assert_eq!(csv(&engine, sql).await.unwrap(), "n,last\n120,1793700019000000000\n");
}

/// Condition of a view's user reaches the scan under the view.
#[tokio::test]
async fn conditions_reach_the_tables_under_views() {
    let place = lake().await;
    let engine = place.engine(config());
    let none = files(&engine, "SELECT * FROM sessions WHERE session_id = 's'").await;
    assert_eq!(none, 0);
}

/// An id that no file holds but that lies within the bounds of all: after compaction its bloom filter skips the row
/// groups without reading their rows.
#[tokio::test]
async fn bloom_filters_skip_row_groups() {
    let place = Place::new().await;
    for file in 0..4 {
        let rows: Vec<_> = (0..500)
            .map(|n| error("2026-11-23T10:00:00Z", "p", "u", json!({"trace_id": format!("{n:04}{file}")})))
            .collect();
        place.append(Table::Errors, &rows).await;
    }
    let engine = place.engine(config());
    let look_up = |id: &str| format!("SELECT user_id FROM errors WHERE trace_id = '{id}'");
    assert_eq!(rows(&engine, &look_up("02003")).await.len(), 1);

    let compaction = CompactionConfig { merge_files_min: 2, ..CompactionConfig::default() };
    place.lake.compact(Table::Errors, &compaction, chrono::Utc::now()).await.unwrap();
    assert_eq!(files(&engine, "SELECT user_id FROM errors").await, 1);
    assert_eq!(rows(&engine, &look_up("02003")).await.len(), 1);
    assert_eq!(rows(&engine, &look_up("02009")).await.len(), 0);
    assert_eq!(files(&engine, &look_up("02003")).await, 1);
    assert_eq!(files(&engine, &look_up("02009")).await, 0);
    // All conditions must be met, each by one of its values.
    for (condition, expected) in [
        ("trace_id IN ('02009', '02003')", 1),
        ("trace_id IN ('02009', '02008')", 0),
        ("trace_id = '02009' OR trace_id = '02003'", 1),
        ("trace_id = '02009' OR user_id = 'u'", 1),
        ("trace_id = '02003' AND user_id = 'u'", 1),
        ("trace_id = '02003' AND user_id = 'ua'", 0),
        ("trace_id <> '02009'", 1),
    ] {
        let sql = format!("SELECT event_id FROM errors WHERE {condition}");
        assert_eq!(files(&engine, &sql).await, expected, "{condition}");
    }
}

/// No filter ever denies an id that is there.
#[tokio::test]
async fn every_id_is_found_in_merged_files() {
    let place = Place::new().await;
    let id = |n: usize| format!("{:016x}", (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for file in 0..3 {
        let rows: Vec<_> = (0..100)
            .map(|n| error("2026-11-23T10:00:00Z", "p", "u", json!({"trace_id": id(n * 3 + file)})))
            .collect();
        place.append(Table::Errors, &rows).await;
    }
    let compaction = CompactionConfig { merge_files_min: 2, ..CompactionConfig::default() };
    place.lake.compact(Table::Errors, &compaction, chrono::Utc::now()).await.unwrap();
    let engine = place.engine(config());
    for first in (0..300).step_by(30) {
        let ids: Vec<String> = (first..first + 30).map(|n| format!("'{}'", id(n))).collect();
        let sql = format!("SELECT count(*) AS n FROM errors WHERE trace_id IN ({})", ids.join(", "));
        assert_eq!(csv(&engine, &sql).await.unwrap(), "n\n30\n");
    }
    for n in 0..20 {
        let sql = format!("SELECT count(*) AS n FROM errors WHERE trace_id = '{}'", id(n));
        assert_eq!(csv(&engine, &sql).await.unwrap(), "n\n1\n");
    }
}

/// A trace is found by its id alone, whatever its date: of several merged files whose ids lie between one another, the
/// rows of one are read.
#[tokio::test]
async fn a_trace_is_read_from_the_file_that_holds_it() {
    let place = Place::new().await;
    for file in 0..12 {
        let at = format!("2026-11-2{}T10:00:00Z", file % 4);
        let rows: Vec<_> = (0..400)
            .map(|n| json!({"at": at, "trace_id": format!("{n:030}{file:02}"), "span_id": format!("{n:014}{file:02}")}))
            .collect();
        place.append(Table::Spans, &rows).await;
    }
    let compaction = CompactionConfig { merge_files_min: 2, ..CompactionConfig::default() };
    place.lake.compact(Table::Spans, &compaction, chrono::Utc::now()).await.unwrap();
    let engine = place.engine(config());
    assert_eq!(files(&engine, "SELECT name FROM spans").await, 4);
    for (id, found) in [(format!("{:030}07", 123), 1), (format!("{:030}77", 123), 0)] {
        let sql = format!("SELECT name FROM spans WHERE trace_id = '{id}'");
        assert_eq!(rows(&engine, &sql).await.len(), found);
        assert_eq!(files(&engine, &sql).await, found);
    }
}
