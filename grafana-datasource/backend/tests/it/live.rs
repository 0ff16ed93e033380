//! The live channel: what is new reaches Grafana by itself.

use crate::engine::{Engine, Execution};
use crate::host::Host;
use grafana_plugin_sdk::pluginv2::stream_client::StreamClient;
use grafana_plugin_sdk::pluginv2::{
    PublishStreamRequest, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tonic::Streaming;

fn failure(nth: u64, user: &'static str) -> Execution {
    Execution {
        nth,
        session: "live-session",
        parent: None,
        user,
        service: "live",
        error: ("LiveError", "it happened"),
        function: "live",
        ago_ms: 2_000,
    }
}

async fn subscribe(host: &Host, path: &str) -> (i32, Value) {
    let request = SubscribeStreamRequest {
        plugin_context: host.context(),
        path: path.to_owned(),
        data: Vec::new().into(),
    };
    let answer =
        StreamClient::new(host.channel.clone()).subscribe_stream(request).await.unwrap().into_inner();
    (answer.status, serde_json::from_slice(&answer.data).unwrap_or(Value::Null))
}

async fn run(host: &Host, path: &str) -> Streaming<StreamPacket> {
    let request =
        RunStreamRequest { plugin_context: host.context(), path: path.to_owned(), data: Vec::new().into() };
    StreamClient::new(host.channel.clone()).run_stream(request).await.unwrap().into_inner()
}

/// Values of a column of the next packets, until there are so many.
async fn next(stream: &mut Streaming<StreamPacket>, column: usize, count: usize) -> Vec<Value> {
    let mut values = Vec::new();
    while values.len() < count {
        let packet =
            tokio::time::timeout(Duration::from_secs(30), stream.message()).await.expect("a packet in time");
        let packet: Value = serde_json::from_slice(&packet.unwrap().unwrap().data).unwrap();
        values.extend(packet["data"]["values"][column].as_array().unwrap().iter().cloned());
    }
    values
}

#[tokio::test]
async fn what_is_new_arrives_within_five_seconds_and_outlives_the_engine() {
    let mut engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    let feed =
        host.frame(&json!({ "queryType": "feed", "filters": { "user": "ada", "text": "HAPPENED" } })).await;
    let path = feed.meta["channel"].as_str().unwrap().strip_prefix("ds/errata-uid/").unwrap();
    let (status, schema) = subscribe(&host, path).await;
    assert_eq!(status, 0);
    let names: Vec<&str> = schema["schema"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, feed.names());
    let mut stream = run(&host, path).await;
    // The listener is there when the engine counts it; before that, what is sent is not new to it.
    engine.await_listeners(1).await;
    let began = Instant::now();
    engine.send(&[failure(100, "ada"), failure(101, "grace")]).await;
    assert_eq!(next(&mut stream, 9, 1).await, [failure(100, "ada").trace_id()]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    engine.restart().await;
    engine.send(&[failure(102, "ada")]).await;
    assert_eq!(
        next(&mut stream, 9, 1).await,
        [failure(102, "ada").trace_id()],
        "nothing lost, nothing twice"
    );
    let live = |text: &str| text.contains("errata_plugin_live_streams 1");
    assert!(live(&host.metrics().await));
    drop(stream);
    let began = Instant::now();
    while live(&host.metrics().await) {
        assert!(began.elapsed() < Duration::from_secs(10), "the listener stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn channels_have_a_limit() {
    let host = Host::start("http://127.0.0.1:1").await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(run(&host, "feed/e30").await);
    }
    let request = RunStreamRequest {
        plugin_context: host.context(),
        path: "feed/e30".to_owned(),
        data: Vec::new().into(),
    };
    let refused = StreamClient::new(host.channel.clone()).run_stream(request).await.unwrap_err();
    assert!(refused.message().contains("there are 50 live channels"), "{refused}");
}

#[tokio::test]
async fn only_channels_that_there_are() {
    let host = Host::start("http://127.0.0.1:1").await;
    for path in ["", "feed", "feed/../x", "feed/!!!", "other"] {
        assert_eq!(subscribe(&host, path).await.0, 1, "{path}");
        let request = RunStreamRequest {
            plugin_context: host.context(),
            path: path.to_owned(),
            data: Vec::new().into(),
        };
        assert!(StreamClient::new(host.channel.clone()).run_stream(request).await.is_err());
    }
    let request = PublishStreamRequest {
        plugin_context: host.context(),
        path: "feed/e30".to_owned(),
        data: b"{}".to_vec(),
    };
    let answer = StreamClient::new(host.channel.clone()).publish_stream(request).await.unwrap().into_inner();
    assert_eq!(answer.status, 2, "permission denied");
}
