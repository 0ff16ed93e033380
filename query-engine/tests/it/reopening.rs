//! A resolved pattern that occurs again is open again, once.

use crate::lifecycle::{change, place};
use crate::support::{Place, config, error, rows};
use query_engine::Engine;
use query_engine::lifecycle::{Decision, Lifecycle, Status};
use schemas::tables::Table;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// A time `seconds` from now, as rows are given it.
fn from_now(seconds: i64) -> String {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
    at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

async fn occur(place: &Place, pattern: &str, seconds: i64) {
    place.append(Table::Errors, &[error(&from_now(seconds), pattern, "u1", json!({}))]).await;
}

async fn set(lifecycle: &Lifecycle, pattern: &str, status: Status) {
    lifecycle.change(change(pattern, Decision::Status(status))).await.unwrap();
}

async fn statuses(engine: &Engine) -> Vec<(String, String)> {
    let found = rows(engine, "SELECT pattern_id, status FROM pattern_report ORDER BY pattern_id").await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    found.iter().map(|row| (text(row, "pattern_id"), text(row, "status"))).collect()
}

async fn await_statuses(engine: &Engine, expected: &[(&str, &str)]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = statuses(engine).await;
        let found: Vec<(&str, &str)> = found.iter().map(|(id, status)| (&**id, &**status)).collect();
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Two engines look; each reopening is one row, and what does not reopen stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_after_the_resolution_reopens_once() {
    let place = place(5).await;
    let other = place.reopened().await;
    let (engine, second) = (place.engine(config()), other.engine(config()));
    let (left, right) = (place.lifecycle(&engine), other.lifecycle(&second));
    for pattern in ["p0", "p1", "p2", "p4"] {
        set(&left, pattern, Status::Resolved).await;
    }
    set(&right, "p3", Status::Ignored).await;
    // Of another name, of the year 2200, late from before the resolution, of one that is ignored.
    place
        .append(Table::Patterns, &[json!({"fact": "alias", "pattern_id": "p4-old", "alias_of": "p4"})])
        .await;
    occur(&place, "p0", 1).await;
    occur(&place, "p4-old", 1).await;
    occur(&place, "p1", 5_000_000_000).await;
    occur(&place, "p2", -60).await;
    occur(&place, "p3", 1).await;
    let expected =
        [("p0", "open"), ("p1", "resolved"), ("p2", "resolved"), ("p3", "ignored"), ("p4", "open")];
    await_statuses(&engine, &expected).await;

    // The same again: a new resolution, a new reopening. p2 now occurs for real.
    tokio::time::sleep(Duration::from_secs(1)).await;
    set(&right, "p0", Status::Resolved).await;
    occur(&place, "p2", 1).await;
    occur(&place, "p0", 2).await;
    let expected = [("p0", "open"), ("p1", "resolved"), ("p2", "open"), ("p3", "ignored"), ("p4", "open")];
    await_statuses(&engine, &expected).await;
    let sql = "SELECT pattern_id, from_value, to_value, count(*) AS n, min(reason) AS reason FROM pattern_events \
               WHERE actor = 'errata' GROUP BY 1, 2, 3 ORDER BY 1";
    let made = rows(&engine, sql).await;
    let counts: Vec<_> =
        made.iter().map(|row| (row["pattern_id"].as_str().unwrap(), row["n"].as_i64().unwrap())).collect();
    assert_eq!(counts, [("p0", 2), ("p2", 1), ("p4", 1)]);
    assert!(made[0]["reason"].as_str().unwrap().starts_with("occurred again at 20"), "{made:?}");
}

/// What occurred while no engine ran is found at the start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn occurrences_while_no_engine_ran_reopen() {
    let place = place(2).await;
    let engine = place.engine(config());
    let resolved = json!({"at": "2026-11-24T10:00:00Z", "pattern_id": "p0", "action": "status", "event_id": "e0",
        "from_value": "open", "to_value": "resolved", "actor": "ada"});
    place.append(Table::PatternEvents, &[resolved]).await;
    place.append(Table::Errors, &[error("2026-11-24T11:00:00Z", "p0", "u1", json!({}))]).await;
    let _lifecycle = place.lifecycle(&engine);
    await_statuses(&engine, &[("p0", "open"), ("p1", "open")]).await;
    let made = rows(&engine, "SELECT reason FROM pattern_events WHERE actor = 'errata'").await;
    assert!(made[0]["reason"].as_str().unwrap().contains("2026-11-24T11:00:00.000Z"), "{made:?}");
}
