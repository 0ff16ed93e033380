//! Sessions over HTTP: the list by what was done in them, lineages, timelines.

use crate::http::{check_problem, json_of};
use crate::support::{Server, config, error};
use schemas::tables::Table;
use serde_json::{Value, json};

fn span(at: &str, session: &str, more: Value) -> Value {
    let mut row =
        json!({"at": at, "session_id": session, "span_id": format!("{session}-{at}"), "trace_id": "t"});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// `a` was restarted as `b`, this as `c` and `d`; nobody saw the parent of `a`. `x` and `y` restarted each other.
async fn filled() -> Server {
    let server = Server::start(config()).await;
    let parent = |parent: &str| json!({"parent_session_id": parent, "user_id": "ada"});
    server
        .place
        .append(
            Table::Spans,
            &[
                span("2026-11-23T10:00:00Z", "a", parent("gone")),
                span("2026-11-23T11:00:00Z", "b", parent("a")),
                span("2026-11-23T12:00:00Z", "c", parent("b")),
                span("2026-11-23T13:00:00Z", "d", parent("b")),
                span("2026-11-23T10:00:00Z", "x", parent("y")),
                span("2026-11-23T10:30:00Z", "y", parent("x")),
                span(
                    "2026-11-23T08:00:00Z",
                    "alone",
                    json!({"parent_session_id": "alone", "exec_kind": "import_module",
                    "attributes": {"exec.module": "pandas.core"}, "service_name": "notebook"}),
                ),
                span("2026-11-23T08:01:00Z", "other", json!({"exec_kind": "refactor", "user_id": "bob"})),
            ],
        )
        .await;
    let in_session = |session: &str, more: Value| {
        let mut row = json!({"session_id": session, "trace_id": "t", "event_id": format!("e-{session}")});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    server
        .place
        .append(
            Table::Errors,
            &[
                error(
                    "2026-11-23T11:00:00Z",
                    "p1-old",
                    "ada",
                    in_session("b", json!({"parent_session_id": "a"})),
                ),
                error("2026-11-23T12:30:00Z", "p1", "ada", in_session("c", json!({"ast_import": "numpy"}))),
                error("2026-11-23T09:00:00Z", "p2", "bob", in_session("other", json!({}))),
            ],
        )
        .await;
    let facts = [json!({"fact": "alias", "pattern_id": "p1-old", "alias_of": "p1"})];
    server.place.append(Table::Patterns, &facts).await;
    let event = |at: &str, pattern: &str, to: &str| json!({"at": at, "pattern_id": pattern, "action": "status", "to_value": to, "event_id": format!("{to}-{pattern}"), "actor": "ada"});
    server
        .place
        .append(
            Table::PatternEvents,
            &[
                event("2026-11-23T09:59:00Z", "p1", "ignored"),
                event("2026-11-23T11:30:00Z", "p1", "resolved"),
                event("2026-11-23T12:30:01Z", "p1-old", "open"),
                event("2026-11-23T12:00:00Z", "p2", "resolved"),
            ],
        )
        .await;
    server
}

#[tokio::test]
async fn sessions_by_what_was_done() {
    let server = filled().await;
    let sessions = async |query: &str| {
        let items = server.pages(&format!("/api/v1/sessions?limit=2&{query}")).await;
        items.iter().map(|item| item["session_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", vec!["d", "c", "b", "y", "a", "x", "other", "alone"]),
        ("has_errors=true", vec!["c", "b", "other"]),
        ("has_errors=false&user=ada", vec!["d", "y", "a", "x"]),
        ("pattern=p1-old", vec!["c", "b"]),
        ("session=b", vec!["d", "c", "b"]),
        ("action=refactor", vec!["other"]),
        ("action=refactor&user=ada", vec![]),
        ("module=pandas", vec!["alone"]),
        ("module=numpy", vec!["c"]),
        ("module=pan", vec![]),
        ("module=numpy&action=import_module", vec!["c"]),
        ("module=numpy&action=run_code", vec![]),
        ("service=notebook", vec!["alone"]),
        ("from=2026-11-23T12:30:00Z", vec!["d", "c"]),
        ("to=2026-11-23T08:30:00Z", vec!["other", "alone"]),
        ("from=2026-11-23T10:00:00Z&to=2026-11-23T10:01:00Z", vec!["a", "x"]),
    ] {
        assert_eq!(sessions(query).await, expected, "{query}");
    }
    check_problem(server.get("/api/v1/sessions?has_errors=maybe").await, 400, "bad-request").await;
    check_problem(server.get("/api/v1/sessions?pattern=none").await, 404, "not-found").await;
}

#[tokio::test]
async fn a_lineage_is_told_from_any_of_its_sessions() {
    let server = filled().await;
    for id in ["a", "b", "c", "d", "gone"] {
        let lineage = json_of(server.get(&format!("/api/v1/sessions/{id}/lineage")).await).await;
        let sessions = lineage["sessions"].as_array().unwrap();
        let told: Vec<(&str, i64, &str)> = sessions
            .iter()
            .map(|s| {
                (
                    s["session_id"].as_str().unwrap(),
                    s["depth"].as_i64().unwrap(),
                    s["status"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [("gone", 0, "unknown"), ("a", 1, "ok"), ("b", 2, "failed"), ("c", 3, "failed"), ("d", 3, "ok")],
            "{id}"
        );
        assert_eq!(sessions[3]["parent_session_ids"], json!(["b"]));
        assert_eq!((&lineage["roots"], &lineage["cyclic"]), (&json!(["gone"]), &json!(false)));
    }
    let ring = json_of(server.get("/api/v1/sessions/y/lineage").await).await;
    assert_eq!((&ring["roots"], &ring["cyclic"]), (&json!(["x"]), &json!(true)));
    assert_eq!(ring["sessions"].as_array().unwrap().len(), 2);
    let alone = json_of(server.get("/api/v1/sessions/alone/lineage").await).await;
    assert_eq!(alone["sessions"][0]["parent_session_ids"], json!([]));
    check_problem(server.get("/api/v1/sessions/none/lineage").await, 404, "not-found").await;
}

/// More sessions than are looked at in one go, old ones and new ones: every one is on one page.
#[tokio::test]
async fn every_session_is_on_one_page() {
    let server = Server::start(config()).await;
    let now = chrono::Utc::now();
    let rows: Vec<Value> = (0..2_500_i64)
        .map(|n| {
            let at = now - chrono::TimeDelta::minutes(n * n / 100);
            span(&at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true), &format!("s{n:04}"), json!({}))
        })
        .collect();
    server.place.append(Table::Spans, &rows).await;
    let failed = now - chrono::TimeDelta::days(60);
    let failed = failed.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    server.place.append(Table::Errors, &[error(&failed, "p1", "u", json!({"session_id": "s2400"}))]).await;
    let expected: Vec<String> = (0..2_500).map(|n| format!("s{n:04}")).collect();
    let names = |items: Vec<Value>| -> Vec<String> {
        items.iter().map(|item| item["session_id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(server.pages("/api/v1/sessions?limit=400").await) == expected);
    let (first, next) = server.page("/api/v1/sessions?limit=5000").await;
    assert_eq!((first.len(), next.is_some()), (1_000, true));
    // Far behind the last active, so the first pages are empty.
    let mut path = Some("/api/v1/sessions?has_errors=true".to_owned());
    let mut found = Vec::new();
    while let Some(next) = path {
        let (items, after) = server.page(&next).await;
        found.extend(names(items));
        path = after;
    }
    assert_eq!(found, ["s2400"]);
}

/// A chain of a thousand restarts ends, and says that there is more.
#[tokio::test]
async fn long_chains_are_bounded() {
    let server = Server::start(config()).await;
    let rows: Vec<Value> = (1..1_200)
        .map(|n| {
            span(
                "2026-11-23T10:00:00Z",
                &format!("s{n}"),
                json!({"parent_session_id": format!("s{}", n - 1)}),
            )
        })
        .collect();
    server.place.append(Table::Spans, &rows).await;
    let lineage = json_of(server.get("/api/v1/sessions/s600/lineage").await).await;
    assert_eq!(lineage["sessions"].as_array().unwrap().len(), 1_000);
    assert_eq!(lineage["truncated"], true);
}

#[tokio::test]
async fn a_timeline_goes_from_occurred_to_acted_on() {
    let server = filled().await;
    let told = async |path: &str| {
        let items = server.pages(path).await;
        items
            .iter()
            .map(|item| {
                let kind = item["kind"].as_str().unwrap();
                let what = match kind {
                    "span" => &item["session_id"],
                    "error" => &item["pattern_id"],
                    _ => &item["to_value"],
                };
                format!("{kind} {}", what.as_str().unwrap())
            })
            .collect::<Vec<_>>()
    };
    let whole =
        ["span a", "span b", "error p1", "action resolved", "span c", "error p1", "action open", "span d"];
    assert_eq!(told("/api/v1/sessions/d/timeline").await, whole);
    assert_eq!(told("/api/v1/sessions/d/timeline?limit=1").await, whole);
    assert_eq!(
        told("/api/v1/sessions/b/timeline?lineage=false").await,
        whole[1..4].iter().chain(&["action open"]).copied().collect::<Vec<_>>()
    );
    assert_eq!(
        told("/api/v1/sessions/a/timeline?kinds=error,action&limit=2").await,
        ["error p1", "action resolved", "error p1", "action open"]
    );
    let (items, _) = server.page("/api/v1/sessions/b/timeline?lineage=false").await;
    assert!(items[0].get("error_type").is_none() && items[0]["duration_ns"].is_i64());
    assert!(items[1].get("duration_ns").is_none() && items[1]["taxonomy_phase"].is_string());
    assert!(items[2].get("session_id").is_none() && items[2]["actor"] == "ada");
    let csv = server.get("/api/v1/sessions/b/timeline?format=csv").await.text().await.unwrap();
    assert_eq!(csv.lines().count(), 9, "{csv}");
    check_problem(server.get("/api/v1/sessions/none/timeline").await, 404, "not-found").await;
    check_problem(server.get("/api/v1/sessions/b/timeline?kinds=log").await, 400, "bad-request").await;
}
