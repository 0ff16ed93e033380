//! Jaeger's query API over lakes with known spans: limits, and what is not read.

use crate::support::{Server, config};
use query_engine::QueryConfig;
use schemas::tables::Table;
use serde_json::{Value, json};

impl Server {
    async fn ask(&self, path: &str) -> (u16, Value) {
        let response = self.get(&format!("/jaeger/api{path}")).await;
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    async fn data(&self, path: &str) -> Value {
        let (status, body) = self.ask(path).await;
        assert_eq!(status, 200, "{body}");
        body["data"].clone()
    }
}

/// A span of 23 November 2026, at the second `n` after ten o'clock.
fn span(n: usize, service: &str, name: &str, more: Value) -> Value {
    let mut row = json!({
        "at": format!("2026-11-23T10:{:02}:{:02}Z", n / 60 % 60, n % 60), "service_name": service, "name": name,
        "trace_id": format!("{n:032x}"), "span_id": format!("{n:016x}"),
        "resource_attributes": {"service.name": service},
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn search(rest: &str) -> String {
    let noon = 1_795_435_200_000_000_i64;
    format!("/traces?service=shop&start={}&end={noon}{rest}", noon - 86_400_000_000)
}

#[tokio::test]
async fn a_file_is_read_once_for_the_lists() {
    let server = Server::start(config()).await;
    let rows = [span(1, "shop", "buy", json!({})), span(2, "shop", "sell", json!({"service_name": null}))];
    server.place.append(Table::Spans, &rows).await;
    assert_eq!(server.data("/services").await, json!(["missing-service-name", "shop"]));
    // What was read is known: the file itself is not needed again.
    let folder = server.place.folder.path().join("lake/spans/date=2026-11-23");
    for file in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    server.place.append(Table::Spans, &[span(3, "shop", "ship", json!({"kind": "server"}))]).await;
    assert_eq!(server.data("/services/shop/operations").await, json!(["buy", "ship"]));
    let expected = json!([{"name": "ship", "spanKind": "server"}]);
    assert_eq!(server.data("/operations?service=shop&spanKind=server").await, expected);
}

#[tokio::test]
async fn lists_at_their_limit_say_so() {
    let server = Server::start(QueryConfig { operations_known_max: 2, ..config() }).await;
    let rows: Vec<Value> = (0..5).map(|n| span(n, "shop", &format!("item {n}"), json!({}))).collect();
    server.place.append(Table::Spans, &rows).await;
    let (status, body) = server.ask("/services/shop/operations").await;
    assert_eq!((status, body["data"].as_array().unwrap().len()), (200, 2));
    assert!(body["errors"][0]["msg"].as_str().unwrap().contains("operations_known_max"), "{body}");
}

#[tokio::test]
async fn a_search_finds_many_traces_newest_first() {
    let server = Server::start(config()).await;
    let rows: Vec<Value> = (0..1_600).map(|n| span(n, "shop", "buy", json!({}))).collect();
    server.place.append(Table::Spans, &rows).await;
    let found = server.data(&search("&limit=1500")).await;
    assert_eq!(found.as_array().unwrap().len(), 1_500);
    assert_eq!(found[0]["traceID"], format!("{:016x}", 1_599));
    assert_eq!(server.data(&search("&operation=sell")).await, json!([]));
}

#[tokio::test]
async fn an_answer_has_a_limit() {
    let server = Server::start(QueryConfig { trace_bytes_max: 10_000, ..config() }).await;
    let wide = json!({"attributes": {"text": "x".repeat(20_000)}});
    server
        .place
        .append(Table::Spans, &[span(1, "shop", "buy", wide), span(2, "shop", "buy", json!({}))])
        .await;
    for path in ["/traces/1", "/v3/traces/1", &search("")] {
        let (status, body) = server.ask(path).await;
        assert_eq!(status, 422, "{path} {body}");
        assert!(body.to_string().contains("query.trace_size_max"), "{body}");
    }
}

#[tokio::test]
async fn a_span_that_is_stored_twice_is_there_once() {
    let server = Server::start(config()).await;
    let row = span(1, "shop", "buy", json!({"attributes": {"b": "2", "a": "1"}}));
    server.place.append(Table::Spans, std::slice::from_ref(&row)).await;
    server.place.append(Table::Spans, &[row]).await;
    let found = server.data("/traces/1").await;
    assert_eq!(found[0]["spans"].as_array().unwrap().len(), 1);
}

/// Columns of other writers, and JSON that nobody can read.
#[tokio::test]
async fn strange_rows_are_no_fault() {
    let server = Server::start(config()).await;
    let strange = json!({"events": "[{", "links": "7", "kind": "odd", "status_code": "odd", "service_name": "",
        "duration_ns": -5, "parent_span_id": "", "trace_id": format!("{:032x}", 7)});
    server.place.append(Table::Spans, &[span(1, "shop", "buy", strange)]).await;
    let found = server.data("/traces/7").await;
    assert_eq!(found[0]["spans"][0]["warnings"].as_array().unwrap().len(), 2);
    assert_eq!(found[0]["processes"]["p1"]["serviceName"], "missing-service-name");
    assert_eq!(server.ask("/v3/traces/7").await.0, 200);
    assert_eq!(server.data("/services").await, json!(["missing-service-name"]));
}
