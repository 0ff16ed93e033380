//! What is to be looked at first.

use crate::support::{Place, config, error, rows};
use chrono::{DateTime, SecondsFormat, Utc};
use schemas::tables::Table;
use serde_json::{Value, json};

/// `count` exceptions of a pattern, each of another user and session, `hours_ago` and a second apart.
fn exceptions(now: DateTime<Utc>, pattern: &str, severity: i32, hours_ago: i64, count: i64) -> Vec<Value> {
    let one = |nth: i64| {
        let at = now - chrono::Duration::hours(hours_ago) - chrono::Duration::seconds(nth);
        let more = json!({ "severity": severity, "session_id": format!("s{nth}"), "event_id": format!("{pattern}-{nth}") });
        error(&at.to_rfc3339_opts(SecondsFormat::Micros, true), pattern, &format!("u{nth}"), more)
    };
    (0..count).map(one).collect()
}

#[tokio::test]
async fn severe_recent_and_rising_patterns_come_first() {
    let place = Place::new().await;
    let now = Utc::now();
    let lots = [
        ("rising", 3, 1, 40),
        ("steady", 3, 1, 8),
        ("steady", 3, 24 * 4, 8),
        ("steady", 3, 24 * 8, 8),
        ("severe", 5, 1, 40),
        ("past", 3, 24 * 21, 40),
        ("remark", 1, 1, 40),
    ];
    for (pattern, severity, hours_ago, count) in lots {
        place.append(Table::Errors, &exceptions(now, pattern, severity, hours_ago, count)).await;
    }
    let found = rows(&place.engine(config()), "SELECT * FROM pattern_report ORDER BY score DESC").await;
    let order: Vec<&str> = found.iter().map(|row| row["pattern_id"].as_str().unwrap()).collect();
    assert_eq!(order, ["severe", "rising", "steady", "remark", "past"]);
    let of = |pattern: &str, column: &str| {
        let row = found.iter().find(|row| row["pattern_id"] == pattern).unwrap();
        row[column].as_f64().unwrap_or_else(|| panic!("{column} of {pattern}: {row}"))
    };
    // Three weeks are three half-lives of 7 days.
    assert!((of("past", "recent") - 5.0).abs() < 0.01, "{}", of("past", "recent"));
    assert!((of("rising", "recent") - 40.0).abs() < 0.5, "{}", of("rising", "recent"));
    assert!(of("rising", "trend") > 6.5 && of("rising", "trend") <= 7.0);
    assert!(of("past", "trend") < 0.01);
    assert!(of("steady", "trend") > 1.0 && of("steady", "trend") < 4.0);
    assert_eq!(of("rising", "distinct_sessions"), 40.0);
    let priorities: Vec<&str> = found.iter().map(|row| row["priority"].as_str().unwrap()).collect();
    assert_eq!(priorities, ["High", "Med", "Med", "Low", "Med"]);
}
