//! Engines that are not there, are slow, refuse, or send rubbish.

use crate::host::{Host, TOKEN, now_ms};
use grafana_plugin_sdk::pluginv2::data_client::DataClient;
use grafana_plugin_sdk::pluginv2::{DataQuery, DataResponse, QueryDataRequest, TimeRange};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ARROW: &str = "application/vnd.apache.arrow.stream";

/// What a false engine does with each request.
#[derive(Clone)]
enum Does {
    /// Answers with these bytes.
    Says(Vec<u8>),
    /// Takes the request and is silent.
    Waits,
}

/// A false engine.
struct False {
    url: String,
    /// Connections that are open.
    open: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl False {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (open, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, requests) = (Arc::clone(&open), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (does, counted, requests) = (does.clone(), Arc::clone(&counted), Arc::clone(&requests));
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut buffer = vec![0; 65_536];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        if !buffer[..count].windows(4).any(|window| window == b"\r\n\r\n") {
                            continue;
                        }
                        requests.fetch_add(1, Ordering::SeqCst);
                        if let Does::Says(bytes) = &does {
                            _ = stream.write_all(bytes).await;
                            break;
                        }
                    }
                    counted.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, open, asked }
    }

    async fn says(status: &str, kind: &str, body: &[u8]) -> Self {
        let mut bytes =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        bytes.push_str("");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        Self::start(Does::Says(bytes)).await
    }
}

const QUERIES: [&str; 10] =
    ["sql", "report", "series", "sessions", "timeline", "lineage", "heatmap", "feed", "logs", "annotations"];

fn query(kind: &str) -> Value {
    json!({ "queryType": kind, "rawSql": "SELECT 1 AS one", "session": "s" })
}

/// Asks for everything; every answer must be a failure of the engine, with its status.
async fn all_fail(host: &Host, status: i32, says: &str) {
    for kind in QUERIES {
        let answer = host.query(&query(kind)).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.error);
        assert!(answer.error.contains(says), "{kind}: {}", answer.error);
        assert!(answer.frames.is_empty());
    }
    for path in ["patterns", "schema", "values?column=user_id", "sessions/x/timeline"] {
        let (code, problem, _) = host.call("GET", path, &Value::Null).await;
        let expected = if status == 401 { 502 } else { status };
        assert_eq!(code, expected, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{path}: {problem}");
    }
    let health = host.health().await;
    assert_eq!(health.status, 2);
    assert!(health.message.contains(says), "{}", health.message);
}

#[tokio::test]
async fn an_engine_that_is_not_there() {
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let host = Host::start(&format!("http://{nowhere}")).await.token(TOKEN);
    all_fail(&host, 502, "cannot reach the engine").await;
    assert!(!host.log().contains(TOKEN));
}

#[tokio::test]
async fn an_engine_that_refuses_the_token() {
    let problem = json!({ "detail": "token is unknown", "code": "unauthorized" }).to_string();
    let engine = False::says("401 Unauthorized", "application/problem+json", problem.as_bytes()).await;
    let host = Host::start(&engine.url).await.token(TOKEN);
    all_fail(&host, 401, "does not accept the token").await;
    assert!(!host.log().contains(TOKEN));
}

#[tokio::test]
async fn what_is_no_engine() {
    let page = b"<html><script>alert(1)</script></html>";
    let engine = False::says("200 OK", "text/html", page).await;
    let host = Host::start(&engine.url).await;
    all_fail(&host, 502, "check the URL of the data source").await;
    let engine = False::says("302 Found\r\nLocation: http://127.0.0.1:1/", "text/plain", b"moved").await;
    let host = Host::start(&engine.url).await.token(TOKEN);
    all_fail(&host, 502, "redirection").await;
}

#[tokio::test]
async fn rubbish_where_rows_should_be() {
    let mut half = 0xffff_ffff_u32.to_le_bytes().to_vec();
    half.extend(1_000_u32.to_le_bytes());
    for rubbish in
        [&b"rubbish"[..], &[0xff; 64], &[0; 3], &half, b"\xff\xff\xff\xff\x10\x00\x00\x00aaaaaaaaaaaaaaaa"]
    {
        let engine = False::says("200 OK", ARROW, rubbish).await;
        let host = Host::start(&engine.url).await;
        let answer = host.query(&query("sql")).await;
        assert_eq!(answer.status, 502, "{}", answer.error);
        assert!(answer.error.contains("no Arrow stream"), "{}", answer.error);
        assert!(!host.log().contains("panicked"), "{}", host.log());
    }
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Type: {ARROW}\r\nContent-Length: 1000\r\n\r\nx");
    let engine = False::start(Does::Says(cut.into_bytes())).await;
    let answer = Host::start(&engine.url).await.query(&query("sql")).await;
    assert!(answer.error.contains("ended early"), "{}", answer.error);
    let engine = False::says("200 OK", "application/json", b"{\"items\": ").await;
    let answer = Host::start(&engine.url).await.query(&query("lineage")).await;
    assert_eq!(answer.status, 502, "{}", answer.error);
}

#[tokio::test]
async fn an_engine_that_is_silent_is_left_in_time() {
    let engine = False::start(Does::Waits).await;
    let host = Host::start(&engine.url).await.settings(&json!({ "timeoutSeconds": 1 }));
    let began = Instant::now();
    let queries: Vec<Value> = QUERIES.iter().map(|kind| query(kind)).collect();
    let answers = host.query_all(&queries[..8], &[]).await;
    assert!(began.elapsed() < Duration::from_secs(4), "side by side: {:?}", began.elapsed());
    for DataResponse { error, status, .. } in answers {
        assert_eq!(status, 504, "{error}");
        assert!(error.contains("did not answer within 1 s"), "{error}");
    }
}

#[tokio::test]
async fn a_query_that_grafana_gives_up_is_given_up_at_the_engine() {
    let engine = False::start(Does::Waits).await;
    let host = Host::start(&engine.url).await;
    let now = now_ms();
    let request = QueryDataRequest {
        plugin_context: host.context(),
        queries: vec![DataQuery {
            ref_id: "A".to_owned(),
            json: query("sql").to_string().into_bytes(),
            time_range: Some(TimeRange { from_epoch_ms: now - 1_000, to_epoch_ms: now }),
            ..DataQuery::default()
        }],
        ..QueryDataRequest::default()
    };
    let mut client = DataClient::new(host.channel.clone());
    let asking = tokio::spawn(async move { client.query_data(request).await });
    let wait = async |what: &str, is_so: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(10), "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    wait("the engine is asked", &|| engine.asked.load(Ordering::SeqCst) == 1).await;
    asking.abort();
    wait("the connection is closed", &|| engine.open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn settings_that_cannot_be_used() {
    let host = Host::start("").await;
    assert!(host.health().await.message.contains("has no URL"));
    let answer = host.query(&query("sql")).await;
    assert_eq!((answer.status, answer.error.contains("has no URL")), (400, true));
    let mut host = Host::start("https://127.0.0.1:1").await.token(TOKEN);
    host.source.decrypted_secure_json_data.insert("tlsCaCert".to_owned(), "no PEM".to_owned());
    assert!(host.health().await.message.contains("tlsCaCert"));
    host.source.json_data = b"{\"rowsMax\": []".to_vec();
    assert!(host.health().await.message.contains("rowsMax"));
    assert!(!host.log().contains(TOKEN));
}
