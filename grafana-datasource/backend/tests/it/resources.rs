//! Resource calls: reading for all, changes for editors and admins, in their own names.

use crate::engine::Engine;
use crate::host::{Host, user};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn get(host: &Host, path: &str) -> (i32, Value) {
    let (status, json, _) = host.call("GET", path, &Value::Null).await;
    (status, json)
}

#[tokio::test]
async fn what_there_is_can_be_read_by_viewers() {
    let engine = Engine::with_exceptions().await;
    let mut host = Host::start(&engine.http).await.settings(&json!({ "jaegerUrl": "http://jaeger:16686" }));
    host.user = Some(user("eve", "Viewer"));
    let (status, patterns) = get(&host, "patterns?order=occurrences&limit=2").await;
    assert_eq!((status, patterns["items"][0]["error_type"].as_str()), (200, Some("KeyError")), "{patterns}");
    assert_eq!(patterns["items"].as_array().unwrap().len(), 2);
    let id = patterns["items"][0]["pattern_id"].as_str().unwrap();
    let (status, pattern, headers) = host.call("GET", &format!("patterns/{id}"), &Value::Null).await;
    assert_eq!((status, pattern["occurrences"].clone()), (200, json!(4)));
    assert!(headers.iter().any(|(name, _)| name == "etag"), "{headers:?}");
    let (_, occurrences) = get(&host, &format!("patterns/{id}/occurrences")).await;
    let events: Vec<&str> = occurrences["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["event_id"].as_str().unwrap())
        .collect();
    assert_eq!(events.len(), 4);
    assert_eq!(get(&host, &format!("errors/{}", events[0])).await.0, 200);
    let (status, diff) = get(&host, &format!("diff?left={}&right={}", events[0], events[1])).await;
    assert_eq!(status, 200, "{diff}");
    for part in ["series", "similar", "events"] {
        assert_eq!(get(&host, &format!("patterns/{id}/{part}")).await.0, 200, "{part}");
    }
    for path in
        ["sessions", "sessions/session-b", "sessions/session-b/timeline", "sessions/session-b/lineage"]
    {
        assert_eq!(get(&host, path).await.0, 200, "{path}");
    }
    let (status, problem) = get(&host, &format!("patterns/{id}/solutions")).await;
    assert!(status == 200 || status == 404, "{problem}");
    let (status, problem) = get(&host, "patterns/abcdef").await;
    assert_eq!((status, problem["detail"].as_str()), (404, Some("pattern abcdef is unknown")));
    let (status, problem) = get(&host, "patterns?order=sideways").await;
    assert_eq!(status, 400, "{problem}");

    let (_, settings) = get(&host, "settings").await;
    assert_eq!(
        (settings["canTriage"].clone(), settings["jaegerUrl"].as_str()),
        (json!(false), Some("http://jaeger:16686"))
    );
    for (path, status) in [("views", 404), ("sql", 404), ("patterns/..", 400), ("../healthz", 404)] {
        assert_eq!(get(&host, path).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn tables_columns_functions_and_values() {
    let engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    let (status, schema) = get(&host, "schema").await;
    assert_eq!(status, 200, "{schema}");
    let tables = schema["tables"].as_array().unwrap();
    let table =
        |name: &str| tables.iter().find(|table| table["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(
        (table("errors")["kind"].as_str(), table("pattern_report")["kind"].as_str()),
        (Some("table"), Some("view"))
    );
    let columns: BTreeSet<&str> = table("errors")["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    let functions = schema["functions"].as_array().unwrap();
    assert!(
        functions.iter().any(|function| function["name"] == "date_bin" && function["signature"].is_string())
    );

    assert_eq!(get(&host, "values?column=user_id").await.1, json!({ "values": ["ada", "grace"] }));
    assert_eq!(get(&host, "values?column=user_id&text=AC").await.1, json!({ "values": ["grace"] }));
    let (_, kinds) = get(&host, "values?column=exec_kind").await;
    assert_eq!(kinds, json!({ "values": ["import_module", "run_code"] }));
    let (_, none) = get(&host, "values?column=user_id&from=1000&to=2000").await;
    assert_eq!(none, json!({ "values": [] }));
    // Every column that filters may name is one of the engine's, and its values can be asked for.
    let (status, problem) = get(&host, "values?column=nothing").await;
    assert_eq!(status, 400);
    let known = problem["detail"].as_str().unwrap().split("is not one of ").nth(1).unwrap().to_owned();
    for name in known.split(", ") {
        let (status, values) = get(&host, &format!("values?column={name}")).await;
        assert_eq!(status, 200, "{name}: {values}");
        assert!(
            columns.contains(name) || ["exec_kind", "status", "stage", "assignee"].contains(&name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn changes_are_made_in_the_users_own_name() {
    let engine = Engine::with_exceptions().await;
    let mut host = Host::start(&engine.http).await;
    let (_, patterns) = get(&host, "patterns?order=occurrences").await;
    let ids: Vec<String> = patterns["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["pattern_id"].as_str().unwrap().to_owned())
        .collect();
    let path = |what: &str| format!("patterns/{}/{what}", ids[0]);
    let wish = json!({ "status": "resolved", "reason": "fixed", "actor": "somebody else" });
    for nobody in [Some(user("eve", "Viewer")), Some(user("eve", "None")), Some(user("eve", "")), None] {
        host.user = nobody;
        let (status, problem, _) = host.call("POST", &path("status"), &wish).await;
        assert_eq!(status, 403, "{problem}");
    }
    host.user = Some(user("j\u{f6}rg", "Editor"));
    let (_, _, headers) = host.call("GET", &format!("patterns/{}", ids[0]), &Value::Null).await;
    let tag = &headers.iter().find(|(name, _)| name == "etag").unwrap().1;
    let (status, changed, _) = host.call_with("POST", &path("status"), &wish, &[("If-Match", tag)]).await;
    assert_eq!((status, changed["status"].as_str()), (200, Some("resolved")), "{changed}");
    assert_eq!(changed["events"][0]["actor"], "j\u{f6}rg");
    let (status, problem, _) = host.call_with("POST", &path("status"), &wish, &[("If-Match", tag)]).await;
    assert_eq!(status, 412, "somebody was faster: {problem}");

    host.user = Some(user("ada", "Admin"));
    let event = changed["events"][0]["event_id"].as_str().unwrap();
    let (status, undone, _) = host.call("POST", &path(&format!("events/{event}/undo")), &Value::Null).await;
    assert_eq!((status, undone["status"].as_str()), (200, Some("open")), "{undone}");
    for (what, body) in [
        ("severity", json!({ "severity": 5 })),
        ("assignee", json!({ "assignee": "grace" })),
        ("labels", json!({ "add": ["flaky"] })),
        ("keep-apart", json!({ "from": ids[1] })),
        ("merge", json!({ "into": ids[2] })),
    ] {
        let (status, answer, _) = host.call("POST", &path(what), &body).await;
        assert_eq!(status, 200, "{what}: {answer}");
    }
    let actors = engine.sql("SELECT DISTINCT actor FROM pattern_events ORDER BY actor").await;
    assert_eq!(Value::Array(actors), json!([{ "actor": "ada" }, { "actor": "j\u{f6}rg" }]));
    let (status, problem, _) = host.call("POST", &path("status"), &json!({ "status": "gone" })).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("open, resolved or ignored"));
}

#[tokio::test]
async fn the_engine_checks_roles_again() {
    let mut engine = Engine::start(&[("ERRATA_AUTH_MODE", "token")]).await;
    let ingest = engine.create_token(&["--role", "ingest", "--role", "read", "--name", "sender"]).await;
    engine.ask_with(&ingest);
    engine.send(&crate::engine::exceptions()).await;
    engine.await_errors(7).await;
    let reader = engine.create_token(&["--role", "read", "--name", "reader"]).await;
    let plain = engine.create_token(&["--role", "triage", "--name", "plain"]).await;
    let acting = engine.create_token(&["--role", "triage", "--act-as", "--name", "acting"]).await;
    let host = Host::start(&engine.http).await.token(&reader);
    let (_, patterns) = get(&host, "patterns").await;
    let path = format!("patterns/{}/status", patterns["items"][0]["pattern_id"].as_str().unwrap());
    let wish = json!({ "status": "ignored" });
    let (status, problem, _) = host.call("POST", &path, &wish).await;
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("triage"), "{problem}");
    let host = host.token(&plain);
    let (status, problem, _) = host.call("POST", &path, &wish).await;
    assert_eq!(status, 403, "{problem}");
    let host = host.token(&acting);
    let (status, changed, _) = host.call("POST", &path, &wish).await;
    assert_eq!((status, changed["events"][0]["actor"].as_str()), (200, Some("ada")), "{changed}");
    for secret in [&reader, &plain, &acting] {
        assert!(!host.log().contains(secret.as_str()));
    }
}
