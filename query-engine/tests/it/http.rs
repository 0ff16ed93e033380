//! The API over real connections.

use crate::support::{Server, config, error};
use datafusion::arrow::ipc::reader::StreamReader;
use query_engine::QueryConfig;
use reqwest::{Response, StatusCode};
use schemas::tables::Table;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

impl Server {
    async fn sql(&self, query: &str, accept: &str) -> Response {
        let body = json!({ "query": query }).to_string();
        self.post(body).header("accept", accept).send().await.unwrap()
    }

    fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}/api/v1/sql", self.url))
            .header("content-type", "application/json")
            .body(body)
    }
}

pub(crate) async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn content_type(response: &Response) -> String {
    response.headers()["content-type"].to_str().unwrap().to_owned()
}

pub(crate) async fn check_problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(content_type(&response), "application/problem+json");
    let problem = json_of(response).await;
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["type"], format!("urn:errata:problem:{code}"));
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    problem
}

#[tokio::test]
async fn rows_in_three_formats() {
    let server = Server::start(config()).await;
    let row = error("2026-11-23T10:00:00.5Z", "p", "u", json!({"attributes": {"k": "v"}, "message": null}));
    server.place.append(Table::Errors, &[row]).await;
    let sql =
        "SELECT timestamp, time_unix_nano, message, attributes, CAST('NaN' AS DOUBLE) AS nan FROM errors";

    let response = server.sql(sql, "application/json").await;
    assert_eq!(content_type(&response), "application/json");
    let expected = json!([{"timestamp": "2026-11-23T10:00:00.500Z", "time_unix_nano": 1_795_428_000_500_000_000_i64,
        "message": null, "attributes": {"k": "v"}, "nan": null}]);
    assert_eq!(json_of(response).await, expected);

    let response = server.sql(sql, "text/csv").await;
    assert!(content_type(&response).starts_with("text/csv"));
    assert_eq!(
        response.text().await.unwrap(),
        "timestamp,time_unix_nano,message,attributes,nan\n\
         2026-11-23T10:00:00.500Z,1795428000500000000,,\"{\"\"k\"\":\"\"v\"\"}\",NaN\n"
    );

    let response = server.sql(sql, "application/vnd.apache.arrow.stream").await;
    assert_eq!(content_type(&response), "application/vnd.apache.arrow.stream");
    let bytes = response.bytes().await.unwrap();
    let batches: Vec<_> = StreamReader::try_new(&bytes[..], None).unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    assert_eq!(batches[0].schema().field(0).name(), "timestamp");
}

#[tokio::test]
async fn no_rows_are_an_empty_answer_with_columns() {
    let server = Server::start(config()).await;
    let sql = "SELECT pattern_id, status FROM pattern_report";
    assert_eq!(server.sql(sql, "*/*").await.text().await.unwrap(), "[]\n");
    assert_eq!(server.sql(sql, "text/csv").await.text().await.unwrap(), "pattern_id,status\n");
    let bytes = server.sql(sql, "application/vnd.apache.arrow.stream").await.bytes().await.unwrap();
    let reader = StreamReader::try_new(&bytes[..], None).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
    assert_eq!(reader.count(), 0);
}

#[tokio::test]
async fn columns_of_one_name_are_all_there() {
    let server = Server::start(config()).await;
    let sql = "SELECT a.x, b.x FROM (SELECT 1 AS x) a CROSS JOIN (SELECT 2 AS x) b";
    assert_eq!(json_of(server.sql(sql, "*/*").await).await, json!([{"x": 1, "x_2": 2}]));
}

#[tokio::test]
async fn parameters_in_the_body() {
    let server = Server::start(config()).await;
    for (body, expected) in [
        (json!({"query": "SELECT $1 AS a, $2 AS b", "params": ["it's", 2]}), json!([{"a": "it's", "b": 2}])),
        (json!({"query": "SELECT $a AS a", "params": {"a": null}}), json!([{"a": null}])),
        (json!({"query": "SELECT 1 AS a", "params": null}), json!([{"a": 1}])),
    ] {
        let response = server.post(body.to_string()).send().await.unwrap();
        assert_eq!(json_of(response).await, expected, "{body}");
    }
    let response =
        server.post(json!({"query": "SELECT $1", "params": [[1]]}).to_string()).send().await.unwrap();
    check_problem(response, 400, "bad-request").await;
    let response = server.post(json!({"query": "SELECT $1 AS a"}).to_string()).send().await.unwrap();
    check_problem(response, 400, "invalid-query").await;
}

#[tokio::test]
async fn requests_that_cannot_be_read() {
    let server = Server::start(QueryConfig { query_bytes_max: 1_000, ..config() }).await;
    for body in ["", "{", "[]", "{}", r#"{"query": 1}"#, r#"{"query": "SELECT 1", "other": 1}"#, "\u{0}"] {
        check_problem(server.post(body).send().await.unwrap(), 400, "bad-request").await;
    }
    let form = server.client.post(format!("{}/api/v1/sql", server.url)).body("query=SELECT 1");
    let form = form.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    check_problem(form, 415, "unsupported-media-type").await;
    check_problem(server.sql("SELECT 1", "text/html").await, 406, "not-acceptable").await;
    check_problem(server.post("x".repeat(1 << 20)).send().await.unwrap(), 413, "body-too-large").await;
    let long = format!("SELECT '{}'", "x".repeat(2_000));
    check_problem(server.sql(&long, "*/*").await, 413, "query-too-large").await;
    let response = server.get("/api/v1/sql").await;
    assert_eq!(response.headers()["allow"], "POST");
    check_problem(response, 405, "method-not-allowed").await;
}

#[tokio::test]
async fn failures_of_queries_are_problems() {
    let limits = QueryConfig { rows_max: 5, timeout_ms: 5_000, memory_bytes_max: 1 << 20, ..config() };
    let server = Server::start(limits).await;
    for (sql, status, code) in [
        ("SELEC", 400, "syntax"),
        ("SELECT nope FROM errors", 400, "invalid-query"),
        ("DROP TABLE errors", 400, "not-read-only"),
        ("SELECT * FROM generate_series(1, 6)", 422, "too-many-rows"),
        ("SELECT value FROM generate_series(1, 900000) ORDER BY -value LIMIT 800000", 422, "out-of-memory"),
    ] {
        for accept in ["application/json", "text/csv", "application/vnd.apache.arrow.stream"] {
            let problem = check_problem(server.sql(sql, accept).await, status, code).await;
            assert!(problem["detail"].as_str().unwrap().len() > 5, "{problem}");
        }
    }
}

#[tokio::test]
async fn time_and_places_are_problems() {
    let endless =
        "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b";
    let limits = QueryConfig { timeout_ms: 1_500, concurrent_max: 1, waiting_max: 0, ..config() };
    let server = Server::start(limits).await;
    let slow = server.sql(endless, "*/*");
    let second = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        server.sql("SELECT 1", "*/*").await
    };
    let (slow, second) = tokio::join!(slow, second);
    assert_eq!(second.headers()["retry-after"], "1");
    check_problem(second, 503, "busy").await;
    check_problem(slow, 504, "timeout").await;
}

/// Long answers come in pieces; one that fails on the way is cut, never ended as if it were whole.
#[tokio::test]
async fn long_answers_are_streamed_and_broken_ones_are_cut() {
    let limits = QueryConfig { response_buffer_bytes: 64 << 10, rows_max: 500_000, ..config() };
    let server = Server::start(limits).await;
    for accept in ["application/json", "text/csv", "application/vnd.apache.arrow.stream"] {
        let whole = server.sql("SELECT * FROM generate_series(1, 400000)", accept).await;
        assert_eq!(whole.status(), StatusCode::OK);
        assert!(whole.headers().get("content-length").is_none());
        let bytes = whole.bytes().await.unwrap();
        match accept {
            "application/json" => {
                let rows: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
                assert_eq!((rows.len(), &rows[399_999]), (400_000, &json!({"value": 400_000})));
            }
            "text/csv" => assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 400_001),
            _ => {
                let reader = StreamReader::try_new(&bytes[..], None).unwrap();
                assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 400_000);
            }
        }
        let broken = server.sql("SELECT * FROM generate_series(1, 500001)", accept).await;
        assert_eq!(broken.status(), StatusCode::OK);
        assert!(broken.bytes().await.is_err(), "{accept}");
    }
}

/// A client that goes away gives its place back long before the time limit.
#[tokio::test]
async fn a_client_that_goes_away_stops_its_query() {
    let endless =
        "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b";
    let limits = QueryConfig { concurrent_max: 1, wait_ms_max: 30_000, ..config() };
    let server = Server::start(limits).await;
    let started = Instant::now();
    let gone = tokio::time::timeout(Duration::from_millis(1_500), server.sql(endless, "*/*")).await;
    assert!(gone.is_err());
    let next = server.sql("SELECT 1 AS one", "*/*").await;
    assert_eq!(json_of(next).await, json!([{"one": 1}]));
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

#[tokio::test]
async fn patterns_and_sessions() {
    let server = Server::start(config()).await;
    let rows = [
        error("2026-11-23T10:00:00Z", "p1", "u1", json!({"session_id": "s 1", "severity": 2})),
        error("2026-11-23T10:01:00Z", "p2", "u1", json!({"session_id": "s 1", "severity": 5})),
        error(
            "2026-11-23T10:02:00Z",
            "p1-old",
            "u2",
            json!({"session_id": "s2", "parent_session_id": "s 1"}),
        ),
    ];
    server.place.append(Table::Errors, &rows).await;
    server
        .place
        .append(Table::Patterns, &[json!({"fact": "alias", "pattern_id": "p1-old", "alias_of": "p1"})])
        .await;
    let event =
        json!({"at": "2026-11-23T10:05:00Z", "pattern_id": "p2", "action": "status", "to_value": "resolved"});
    server.place.append(Table::PatternEvents, &[event]).await;

    let ids = async |path: &str| {
        let rows = json_of(server.get(path).await).await;
        rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["pattern_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("/api/v1/patterns").await, ["p1", "p2"]);
    assert_eq!(ids("/api/v1/patterns?order=severity").await, ["p2", "p1"]);
    assert_eq!(ids("/api/v1/patterns?limit=1").await, ["p1"]);
    assert_eq!(ids("/api/v1/patterns?status=resolved").await, ["p2"]);
    for wrong in ["limit=-1", "limit=0", "limit=10001", "order=pattern_id%3B", "status=it%27s", "colour=red"]
    {
        check_problem(server.get(&format!("/api/v1/patterns?{wrong}")).await, 400, "bad-request").await;
    }

    let pattern = json_of(server.get("/api/v1/patterns/p1-old").await).await;
    assert_eq!((&pattern["pattern_id"], &pattern["occurrences"]), (&json!("p1"), &json!(2)));
    check_problem(server.get("/api/v1/patterns/p9").await, 404, "not-found").await;

    let session = json_of(server.get("/api/v1/sessions/s%201").await).await;
    assert_eq!(session["session"]["errors"], 2);
    assert_eq!(session["exceptions"].as_array().unwrap().len(), 2);
    assert_eq!(session["restarted_as"][0]["session_id"], "s2");
    check_problem(server.get("/api/v1/sessions/none").await, 404, "not-found").await;
}

#[tokio::test]
async fn patterns_are_changed() {
    let server = Server::start(config()).await;
    server.place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p1", "u1", json!({}))]).await;
    let post = async |path: &str, body: Value| {
        let url = format!("{}/api/v1/patterns/p1/{path}", server.url);
        server
            .client
            .post(url)
            .header("x-errata-actor", "ada@example.com")
            .body(body.to_string())
            .send()
            .await
            .unwrap()
    };
    let before = server.get("/api/v1/patterns/p1").await;
    let tag = before.headers()["etag"].to_str().unwrap().to_owned();

    let wish =
        json!({"status": "resolved", "reason": "fixed for bob@example.com in /home/bob", "event_id": "a:1"});
    let first = post("status", wish.clone()).await;
    assert_eq!(first.status(), StatusCode::OK);
    let new_tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_ne!(new_tag, tag);
    let first = json_of(first).await;
    let event = &first["events"][0];
    assert_eq!(
        (&first["status"], &event["from_value"], &event["actor"]),
        (&json!("resolved"), &json!("open"), &json!("ada@example.com"))
    );
    assert_eq!(event["reason"], "fixed for <email> in /home/<user>");
    assert_eq!(json_of(post("status", wish).await).await, first);
    let after = server.get("/api/v1/patterns/p1").await;
    assert_eq!(after.headers()["etag"], new_tag);
    assert_eq!(json_of(after).await["status"], "resolved");

    assert_eq!(json_of(post("severity", json!({"severity": 1})).await).await["severity"], 1);
    assert_eq!(
        json_of(post("assignee", json!({"assignee": "bob", "actor": "eve"})).await).await["assignee"],
        "bob"
    );
    let labels = json_of(post("labels", json!({"add": ["b", "a"]})).await).await;
    assert_eq!(labels["labels"], json!(["a", "b"]));
    let undone = format!("events/{}/undo", labels["events"][1]["event_id"].as_str().unwrap());
    assert_eq!(json_of(post(&undone, json!({})).await).await["labels"], json!(["b"]));
    check_problem(post(&undone, json!({})).await, 409, "conflict").await;
    check_problem(post("events/none/undo", json!({})).await, 404, "not-found").await;

    let events = json_of(server.get("/api/v1/patterns/p1/events").await).await;
    let events = &events["items"];
    let actions: Vec<&str> =
        events.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["label", "label", "label", "assign", "severity", "status"]);
    assert_eq!(events[3]["actor"], "eve");
    let last = json_of(server.get("/api/v1/patterns/p1/events?limit=1").await).await;
    assert_eq!(last["items"], json!([events[0]]));
    check_problem(server.get("/api/v1/patterns/p9/events").await, 404, "not-found").await;
    check_problem(server.get("/api/v1/patterns/p1/events?limit=x").await, 400, "bad-request").await;

    let url = format!("{}/api/v1/patterns/p1/status", server.url);
    let guarded = |tag: &str| {
        server.client.post(&url).header("if-match", tag).body(json!({"status": "open"}).to_string()).send()
    };
    check_problem(guarded(&tag).await.unwrap(), 412, "precondition-failed").await;
    let now = server.get("/api/v1/patterns/p1").await.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(guarded(&format!("\"x\", {now}")).await.unwrap().status(), StatusCode::OK);
    assert_eq!(guarded("*").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn changes_that_cannot_be_made() {
    let server = Server::start(config()).await;
    server.place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p1", "u1", json!({}))]).await;
    let long = "x".repeat(5_000);
    for (path, body) in [
        ("status", json!({})),
        ("status", json!({"status": "closed"})),
        ("status", json!({"status": "open", "colour": "red"})),
        ("status", json!({"status": "open", "reason": "a\u{1b}[31mb"})),
        ("status", json!({"status": "open", "reason": long})),
        ("status", json!({"status": "open", "actor": "errata"})),
        ("status", json!({"status": "open", "actor": ""})),
        ("status", json!({"status": "open", "actor": "a\nb"})),
        ("status", json!({"status": "open", "event_id": "a.b"})),
        ("status", json!({"status": "open", "event_id": ""})),
        ("severity", json!({})),
        ("severity", json!({"severity": 0})),
        ("severity", json!({"severity": 6})),
        ("severity", json!({"severity": "high"})),
        ("assignee", json!({})),
        ("assignee", json!({"assignee": " "})),
        ("labels", json!({})),
        ("labels", json!({"add": [""]})),
        ("labels", json!({"add": vec!["a"; 101]})),
    ] {
        let url = format!("{}/api/v1/patterns/p1/{path}", server.url);
        let response = server.client.post(url).body(body.to_string()).send().await.unwrap();
        let problem = check_problem(response, 400, "bad-request").await;
        assert!(problem["detail"].as_str().unwrap().len() < 300, "{body}");
    }
    let url = format!("{}/api/v1/patterns/p2/status", server.url);
    let response = server.client.post(&url).body(r#"{"status": "open"}"#).send().await.unwrap();
    check_problem(response, 404, "not-found").await;
    let form = server.client.post(&url).header("content-type", "text/plain").body("x").send().await.unwrap();
    check_problem(form, 415, "unsupported-media-type").await;
    assert_eq!(
        json_of(server.sql("SELECT count(*) AS n FROM pattern_events", "*/*").await).await,
        json!([{"n": 0}])
    );
}

/// The committed document is the one served, every path in it answers, and it names every code.
#[tokio::test]
async fn the_openapi_document_is_true() {
    let server = Server::start(config()).await;
    let served = server.get("/api/v1/openapi.json").await.text().await.unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi/errata.json");
    assert_eq!(served, std::fs::read_to_string(path).unwrap());
    let document: Value = serde_json::from_str(&served).unwrap();
    let described = document["paths"].as_object().unwrap();
    let sources = [
        include_str!("../../src/api.rs"),
        include_str!("../../src/api/jaeger.rs"),
        include_str!("../../src/api/views.rs"),
    ]
    .concat();
    let routes: Vec<&str> =
        sources.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(routes.len(), described.len());
    for route in routes {
        assert!(described.contains_key(route), "{route} is not described");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: reqwest::Method = method.to_uppercase().parse().unwrap();
            let url = format!("{}{}", server.url, path.replace("{id}", "none").replace("{event_id}", "none"));
            let response = server.client.request(method.clone(), url).send().await.unwrap();
            assert_ne!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            if response.status() == StatusCode::NOT_FOUND {
                check_problem(response, 404, "not-found").await;
            }
        }
    }
    let columns = document["components"]["schemas"]["Pattern"]["properties"].as_object().unwrap();
    let described = server.sql("DESCRIBE pattern_report", "*/*").await;
    for column in json_of(described).await.as_array().unwrap() {
        assert!(columns.contains_key(column["column_name"].as_str().unwrap()), "{column}");
    }
}
