//! Queries with their expected answers, from `tests/scenarios/*.slt`.
//!
//! A case is lines that begin with `> ` (the query), then the answer as CSV, or `! ` and a part of the error, up to an
//! empty line. With `UPDATE_SCENARIOS=1` the files are written anew: read the diff.

use crate::support::{Place, config, csv, error};
use query_engine::Engine;
use schemas::tables::Table;
use serde_json::json;
use std::path::Path;

async fn lake() -> Place {
    let place = Place::new().await;
    place
        .append(
            Table::Errors,
            &[
                error("2026-11-22T23:59:59.999999Z", "p1", "u1", json!({"error_type": "KeyError", "message": "'a'",
                    "severity": 2, "trace_id": "t0", "session_id": "s1", "execution_id": "x1"})),
                error("2026-11-23T10:00:00Z", "p1", "u1", json!({"error_type": "KeyError", "message": "'b'",
                    "session_id": "s1", "execution_id": "x1", "attributes": {"http.status": "404", "empty": null},
                    "tags": ["a", null, "c,\"d\""]})),
                error("2026-11-23T10:30:00.5Z", "p1-merged", "u2", json!({"error_type": "LookupError",
                    "severity": 4, "trace_id": "t2", "session_id": "s2", "execution_id": "x2"})),
                error("2026-11-23T11:00:00.123456Z", "p1-twice", "u2", json!({"error_type": "LookupError",
                    "trace_id": "t3", "message": null})),
                error("2026-11-23T11:30:00Z", "p2", "u3", json!({"error_type": "\u{30bf}\u{30a4}\u{30d7}",
                    "message": "line one\nline \"two\", \u{1f600}", "severity": 5})),
                error("2026-11-23T12:00:00Z", "ring-b", "u1", json!({})),
                error("2026-11-23T12:00:01Z", "ring-a", "u2", json!({})),
            ],
        )
        .await;
    patterns(&place).await;
    place
        .append(
            Table::Spans,
            &[
                json!({"at": "2026-11-23T09:59:00Z", "session_id": "s1", "execution_id": "x1", "user_id": "u1",
                    "duration_ns": 90_000_000_000_i64, "branch": "main"}),
                json!({"at": "2026-11-23T10:00:30Z", "session_id": "s1", "execution_id": "x3", "user_id": "u1"}),
                json!({"at": "2026-11-23T10:00:00Z", "name": "without a session"}),
                json!({"at": "2026-11-23T10:20:00Z", "session_id": "s3", "parent_session_id": "s1"}),
            ],
        )
        .await;
    place
}

/// What processors and people said of the patterns.
async fn patterns(place: &Place) {
    let fact =
        |fact: &str, id: &str, of: Option<&str>| json!({"fact": fact, "pattern_id": id, "alias_of": of});
    let mut made = fact("pattern", "p1", None);
    made.as_object_mut().unwrap().extend(
        json!({"at": "2026-11-01T00:00:00Z", "error_type": "KeyError", "canonical_msg": "'<str>'"})
            .as_object()
            .unwrap()
            .clone(),
    );
    place
        .append(
            Table::Patterns,
            &[
                made,
                fact("alias", "p1-merged", Some("p1")),
                fact("alias", "p1-merged", Some("p1")),
                fact("alias", "p1-twice", Some("p1-merged")),
                fact("alias", "ring-a", Some("ring-b")),
                fact("alias", "ring-b", Some("ring-a")),
                fact("alias", "self", Some("self")),
                fact("link", "p2", None),
            ],
        )
        .await;
    let event = |at: &str, action: &str, to: &str| {
        json!({"at": at, "pattern_id": "p1", "action": action, "to_value": to,
        "event_id": at, "actor": "ada"})
    };
    place
        .append(
            Table::PatternEvents,
            &[
                event("2026-11-23T10:00:00Z", "status", "ignored"),
                event("2026-11-23T11:00:00Z", "status", "resolved"),
                event("2026-11-23T12:00:00Z", "label", "flaky"),
                event("2026-11-23T13:00:00Z", "severity", "high"),
            ],
        )
        .await;
}

async fn check(engine: &Engine, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(file);
    let written = std::fs::read_to_string(&path).unwrap();
    let mut actual = String::new();
    let mut lines = written.lines().peekable();
    let mut cases = 0;
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("> ") else {
            actual.push_str(&format!("{line}\n"));
            continue;
        };
        let mut sql = first.to_owned();
        actual.push_str(&format!("{line}\n"));
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            sql.push_str(&format!("\n{}", &more[2..]));
            actual.push_str(&format!("{more}\n"));
        }
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.is_empty()) {
            expected.push(line);
        }
        let answer = match csv(engine, &sql).await {
            Ok(answer) => answer.replace("\n\n", "\n\\n\n"),
            Err(error) => format!("! {error}\n"),
        };
        actual.push_str(&answer);
        cases += 1;
    }
    assert!(cases > 0, "{file} has no cases");
    if std::env::var_os("UPDATE_SCENARIOS").is_some() {
        std::fs::write(&path, &actual).unwrap();
        return;
    }
    let differences: Vec<_> = written
        .lines()
        .zip(actual.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(line, (expected, actual))| {
            format!("{file}:{}\n  expected {expected}\n  actual   {actual}", line + 1)
        })
        .collect();
    assert!(written == actual, "{}\n{file} differs", differences.join("\n"));
}

#[tokio::test]
async fn views_answer_as_written() {
    let place = lake().await;
    check(&place.engine(config()), "views.slt").await;
}

/// Patterns with decisions of each kind: `a` was reopened, `a-old` is another name of it, `b` is ignored.
async fn decided() -> Place {
    let place = Place::new().await;
    let at = |time: &str| format!("2026-11-23T{time}:00Z");
    let seen = |time: &str, pattern: &str| error(&at(time), pattern, "u1", json!({}));
    place
        .append(
            Table::Errors,
            &[seen("10:00", "a"), seen("09:00", "a-old"), seen("10:00", "b"), seen("10:00", "c")],
        )
        .await;
    place.append(Table::Patterns, &[json!({"fact": "alias", "pattern_id": "a-old", "alias_of": "a"})]).await;
    let event = |time: &str, pattern: &str, action: &str, from: Option<&str>, to: Option<&str>| {
        json!({"at": at(time), "event_id": format!("{time}-{action}"), "pattern_id": pattern, "action": action,
            "from_value": from, "to_value": to, "actor": "ada", "reason": time})
    };
    let (open, resolved, ignored) = (Some("open"), Some("resolved"), Some("ignored"));
    let mut again = event("15:00", "a", "status", resolved, open);
    again["actor"] = json!("errata");
    let events = [
        event("11:00", "a-old", "status", open, resolved),
        event("11:00", "a-old", "status", open, resolved),
        event("12:00", "a", "status", resolved, resolved),
        again,
        event("16:00", "a", "status", open, ignored),
        event("17:00", "a", "status", ignored, resolved),
        event("18:00", "a", "status", resolved, open),
        event("11:30", "b", "status", open, ignored),
        event("11:31", "b", "assign", None, Some("grace")),
        event("11:32", "b", "severity", None, Some("5")),
        event("11:33", "b", "severity", Some("5"), None),
        event("11:40", "b", "label", None, Some("flaky")),
        event("11:41", "b", "label", None, Some("new")),
        event("11:42", "b", "label", Some("new"), None),
        event("11:43", "b", "label", None, Some("art, or \"bug\"")),
        event("11:44", "a", "assign", None, Some("bob")),
        event("11:45", "a", "assign", Some("bob"), None),
        event("11:46", "a", "severity", None, Some("1")),
    ];
    place.append(Table::PatternEvents, &events).await;
    place
}

#[tokio::test]
async fn decisions_answer_as_written() {
    let place = decided().await;
    check(&place.engine(config()), "lifecycle.slt").await;
}

/// Every query of the pages about the life cycle and about sessions is answered.
#[tokio::test]
async fn pages_with_queries_are_true() {
    let place = decided().await;
    let engine = place.engine(config());
    let pages =
        [include_str!("../../../docs/lifecycle.md"), include_str!("../../../docs/sessions.md")].concat();
    let queries: Vec<&str> =
        pages.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(queries.len() > 3, "{queries:?}");
    for query in queries {
        csv(&engine, query).await.unwrap_or_else(|error| panic!("{error}: {query}"));
    }
}

#[tokio::test]
async fn tables_and_types_answer_as_written() {
    let place = lake().await;
    check(&place.engine(config()), "tables.slt").await;
}

#[tokio::test]
async fn an_empty_lake_answers_with_columns_and_no_rows() {
    let place = Place::new().await;
    check(&place.engine(config()), "empty.slt").await;
}
