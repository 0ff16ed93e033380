//! The feed over real connections: order, filters, going on after a cut, bounds.

use crate::http::check_problem;
use crate::support::{Place, Server, config, error};
use lake::{CompactionConfig, MaintenanceConfig};
use query_engine::FeedConfig;
use reqwest::Response;
use schemas::tables::Table;
use serde_json::{Value, json};
use std::time::Duration;

fn quick() -> FeedConfig {
    FeedConfig {
        interval: Duration::from_millis(20),
        heartbeat: Duration::from_millis(200),
        ..FeedConfig::default()
    }
}

async fn server() -> Server {
    Server::serve(Place::new().await, config(), quick()).await
}

/// One event as it came.
#[derive(Clone, Debug, Default, PartialEq)]
struct Event {
    id: String,
    kind: String,
    data: Value,
}

/// A client that keeps the last id, as browsers do.
struct Client {
    response: Response,
    text: String,
    last_id: String,
}

impl Client {
    async fn connect(server: &Server, query: &str, last_id: &str) -> Self {
        let request = server.client.get(format!("{}/api/v1/feed?{query}", server.url));
        let request = if last_id.is_empty() { request } else { request.header("last-event-id", last_id) };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new(), last_id: last_id.to_owned() }
    }

    /// The next event that has data; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("id", id)) => id.clone_into(&mut event.id),
                        Some(("event", kind)) => kind.clone_into(&mut event.kind),
                        Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                        _ => {}
                    }
                }
                if !event.id.is_empty() {
                    self.last_id.clone_from(&event.id);
                }
                self.text = rest.to_owned();
                if !event.data.is_null() {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// Waits for the first place, so that what comes next is new.
    async fn stand(&mut self) {
        while self.last_id.is_empty() {
            let chunk = self.response.chunk().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            if let Some(id) = self.text.lines().rev().find_map(|line| line.strip_prefix("id: ")) {
                self.last_id = id.to_owned();
            }
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < count {
            let event = self.next().await.unwrap();
            ids.push(event.data["event_id"].as_str().unwrap().to_owned());
        }
        ids
    }

    async fn rest(mut self) -> Vec<String> {
        let mut ids = Vec::new();
        while let Some(event) = self.next().await {
            ids.push(event.data["event_id"].as_str().unwrap().to_owned());
        }
        ids
    }
}

fn occurrence(id: &str, more: Value) -> Value {
    let mut row = error("2026-11-23T10:00:00Z", "p1", "u1", json!({"event_id": id}));
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

async fn occur(place: &Place, ids: &[&str]) {
    let rows: Vec<Value> = ids.iter().map(|id| occurrence(id, json!({}))).collect();
    place.append(Table::Errors, &rows).await;
}

#[tokio::test]
async fn what_is_new_arrives_once_and_in_order() {
    let server = server().await;
    occur(&server.place, &["before"]).await;
    let mut client = Client::connect(&server, "", "").await;
    client.stand().await;
    occur(&server.place, &["a", "b"]).await;
    let event = json!({"pattern_id": "p1", "action": "status", "to_value": "resolved", "event_id": "c", "actor": "ada"});
    let first = client.next().await.unwrap();
    assert_eq!((&*first.kind, &first.data["event_id"]), ("error", &json!("a")));
    assert_eq!(
        (&first.data["pattern_id"], &first.data["timestamp"]),
        (&json!("p1"), &json!("2026-11-23T10:00:00Z"))
    );
    assert!(first.data.get("stack_trace").is_none());
    assert_eq!(client.next().await.unwrap().data["event_id"], "b");
    server.place.append(Table::PatternEvents, &[event]).await;
    let decided = client.next().await.unwrap();
    assert_eq!((&*decided.kind, &decided.data["to_value"]), ("pattern_event", &json!("resolved")));
}

/// From every place that was given, in this engine or in another, with what came meanwhile and after merges of files.
#[tokio::test]
async fn every_place_can_be_gone_on_from() {
    let server = server().await;
    let mut client = Client::connect(&server, "", "").await;
    client.stand().await;
    let mut places = vec![client.last_id.clone()];
    let mut all = Vec::new();
    for commit in 0..20 {
        let ids = [format!("{commit:02}-a"), format!("{commit:02}-b")];
        occur(&server.place, &[&ids[0], &ids[1]]).await;
        all.extend(ids);
    }
    for id in &all {
        assert_eq!(client.next().await.unwrap().data["event_id"], **id);
        places.push(client.last_id.clone());
    }
    let compaction = CompactionConfig { merge_files_min: 2, settle_ms: 0, ..CompactionConfig::default() };
    let now = chrono::Utc::now();
    let merged = server.place.lake.compact(Table::Errors, &compaction, now).await.unwrap();
    assert!(merged.files_in > 0, "{merged:?}");
    occur(&server.place, &["after"]).await;
    all.push("after".to_owned());
    assert_eq!(client.ids(1).await, ["after"]);

    let other = Server::serve(server.place.reopened().await, config(), quick()).await;
    for (had, place) in places.iter().enumerate() {
        for (server, last_id) in [(&server, place), (&other, place)] {
            let mut client = Client::connect(server, "recent=5", last_id).await;
            assert_eq!(client.ids(all.len() - had).await, all[had..], "{had}");
        }
    }
    let by_parameter =
        Client::connect(&other, &format!("follow=false&last_event_id={}", places[39]), "").await;
    assert_eq!(by_parameter.rest().await, all[39..]);

    // Once the files are deleted that a place needs, the client is told, and gets what occurred since.
    let vacuum = MaintenanceConfig { vacuum_after_ms: 0, ..MaintenanceConfig::default() };
    let later = now + chrono::TimeDelta::days(2);
    server
        .place
        .lake
        .vacuum(Table::Errors, vacuum.vacuum_after_ms, vacuum.orphan_after_ms, later)
        .await
        .unwrap();
    let mut client = Client::connect(&server, "", &places[0]).await;
    assert_eq!(client.next().await.unwrap().kind, "reset");
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    server.place.append(Table::Errors, &[occurrence("new", json!({"at": now}))]).await;
    assert_eq!(client.ids(1).await, ["new"]);
}

#[tokio::test]
async fn the_past_comes_first_where_it_is_wanted() {
    let server = server().await;
    for hour in 10..20 {
        let row =
            error(&format!("2026-11-23T{hour}:00:00Z"), "p1", "u", json!({"event_id": format!("e{hour}")}));
        server.place.append(Table::Errors, &[row]).await;
    }
    let event = json!({"at": "2026-11-23T17:30:00Z", "pattern_id": "p1", "action": "status", "to_value": "resolved", "event_id": "d"});
    server.place.append(Table::PatternEvents, &[event]).await;
    let mut client = Client::connect(&server, "recent=3", "").await;
    assert_eq!(client.ids(3).await, ["d", "e18", "e19"]);
    occur(&server.place, &["new"]).await;
    assert_eq!(client.ids(1).await, ["new"]);
    let since = "since=2026-11-23T17:00:00Z&follow=false";
    assert_eq!(Client::connect(&server, since, "").await.rest().await, ["e17", "d", "e18", "e19"]);
    let kinds = Client::connect(&server, &format!("{since}&kinds=pattern_event"), "").await;
    assert_eq!(kinds.rest().await, ["d"]);
    for wrong in [
        "recent=0",
        "recent=1001",
        "since=x",
        "recent=1&since=2026-11-23",
        "kinds=log",
        "last_event_id=x",
        "severity_min=3&severity_max=1",
        "colour=red",
    ] {
        check_problem(server.get(&format!("/api/v1/feed?{wrong}")).await, 400, "bad-request").await;
    }
    check_problem(server.get("/api/v1/feed?pattern=none").await, 404, "not-found").await;
}

#[tokio::test]
async fn listeners_choose() {
    let server = server().await;
    occur(&server.place, &["first"]).await;
    let facts = [json!({"fact": "alias", "pattern_id": "p1-old", "alias_of": "p1"})];
    server.place.append(Table::Patterns, &facts).await;
    let wishes = [
        "pattern=p1&kinds=error",
        "severity_min=4",
        "user=u2&kinds=error",
        "service=s&session=x",
        "new=true",
    ];
    let mut clients = Vec::new();
    for wish in wishes {
        let mut client = Client::connect(&server, wish, "").await;
        client.stand().await;
        clients.push(client);
    }
    let rows = [
        occurrence("a", json!({"pattern_id": "p1-old", "severity": 2})),
        occurrence("b", json!({"pattern_id": "p2", "severity": 4, "user_id": "u2"})),
        occurrence(
            "c",
            json!({"pattern_id": "p3", "service_name": "s", "session_id": "x", "pattern_new": true}),
        ),
        occurrence("d", json!({"pattern_id": "p3", "severity": 5})),
    ];
    server.place.append(Table::Errors, &rows).await;
    let event = json!({"pattern_id": "p1", "action": "status", "to_value": "open", "event_id": "z"});
    server.place.append(Table::PatternEvents, &[event]).await;
    occur(&server.place, &["last"]).await;
    for (client, expected) in clients.iter_mut().zip([
        vec!["a", "last"],
        vec!["b", "d", "z"],
        vec!["b"],
        vec!["c", "z"],
        vec!["c", "z"],
    ]) {
        assert_eq!(client.ids(expected.len()).await, expected);
    }
    // Signs of life move on also those for whom there is nothing.
    let before = clients[2].last_id.clone();
    let quiet = tokio::time::timeout(Duration::from_millis(700), clients[2].next()).await;
    assert!(quiet.is_err());
    assert_ne!(clients[2].last_id, before);
}

#[tokio::test]
async fn listeners_and_what_is_held_for_them_are_bounded() {
    let limits = FeedConfig { subscribers_max: 2, buffer_events_max: 1, ..quick() };
    let server = Server::serve(Place::new().await, config(), limits).await;
    let mut slow = Client::connect(&server, "kinds=error", "").await;
    slow.stand().await;
    let quick = Client::connect(&server, "", "").await;
    let full = check_problem(server.get("/api/v1/feed").await, 503, "busy").await;
    assert!(full["detail"].as_str().unwrap().contains("feed.subscribers_max"), "{full}");
    drop(quick);

    // Far more than the connection and the messages hold.
    let long = "x".repeat(2_000);
    let mut expected = Vec::new();
    for commit in 0..40 {
        let rows: Vec<Value> = (0..400)
            .map(|n| occurrence(&format!("{commit:02}-{n:03}"), json!({"message": long, "error_type": "E"})))
            .collect();
        expected.extend(rows.iter().map(|row| row["event_id"].as_str().unwrap().to_owned()));
        server.place.append(Table::Errors, &rows).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (mut found, mut cuts) = (Vec::new(), 0);
    while found.len() < expected.len() {
        match slow.next().await {
            Some(event) if event.kind == "error" => {
                found.push(event.data["event_id"].as_str().unwrap().to_owned());
            }
            other => {
                assert!(other.is_none_or(|event| event.kind == "lagged"));
                cuts += 1;
                slow = Client::connect(&server, "kinds=error", &slow.last_id).await;
            }
        }
    }
    assert_eq!(found, expected);
    assert!(cuts > 0);
}
