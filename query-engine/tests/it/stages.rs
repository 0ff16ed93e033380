//! Whether a pattern is a candidate, active or expired.

use crate::support::{Place, config, csv};
use query_engine::QueryConfig;
use schemas::tables::Table;
use serde_json::json;
use std::time::Duration;

fn three_within_an_hour() -> QueryConfig {
    QueryConfig { candidate_occurrences: 3, candidate_window: Duration::from_secs(3_600), ..config() }
}

/// Each pattern with the times at which it occurred, one commit a time: as from several processors.
async fn stages(config: QueryConfig, patterns: &[(&str, &[&str])]) -> String {
    let place = Place::new().await;
    for (pattern_id, times) in patterns {
        for at in *times {
            place.append(Table::Errors, &[json!({"at": at, "pattern_id": pattern_id})]).await;
        }
    }
    let merged = json!({"fact": "alias", "pattern_id": "merged-b", "alias_of": "merged-a"});
    place.append(Table::Patterns, &[merged]).await;
    csv(&place.engine(config), "SELECT pattern_id, stage FROM pattern_report ORDER BY pattern_id")
        .await
        .unwrap()
}

#[tokio::test]
async fn a_pattern_is_active_once_it_occurred_often_enough_within_the_window() {
    let found = stages(
        three_within_an_hour(),
        &[
            // The window slides: 00:30, 01:10 and 01:30 lie in two hours of the clock.
            ("dense", &["2026-11-01T01:30:00Z", "2026-11-01T00:30:00Z", "2026-11-01T01:10:00Z"]),
            ("just", &["2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z"]),
            ("over", &["2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-11-01T01:00:00.000001Z"]),
            ("few", &["2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"]),
            ("later", &["2026-11-01T00:00:00Z", "2200-01-01T00:00:00Z"]),
            // Both ids count for the one that stays.
            ("merged-a", &["2026-11-01T00:00:00Z"]),
            ("merged-b", &["2026-11-01T00:10:00Z", "2026-11-01T00:20:00Z"]),
        ],
    )
    .await;
    assert_eq!(
        found,
        "pattern_id,stage\ndense,active\nfew,expired\njust,active\nlater,candidate\nmerged-a,active\nover,expired\n"
    );
}

#[tokio::test]
async fn with_one_occurrence_demanded_every_pattern_is_active() {
    for candidate_occurrences in [0, 1] {
        let config = QueryConfig { candidate_occurrences, ..three_within_an_hour() };
        let found = stages(config, &[("once", &["2026-11-01T00:00:00Z"])]).await;
        assert_eq!(found, "pattern_id,stage\nonce,active\n");
    }
}
