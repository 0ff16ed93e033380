//! Lists over HTTP: filters, orders, pages that stay true while rows come, formats, entity tags.

use crate::http::{check_problem, json_of};
use crate::support::{Server, config, error};
use reqwest::StatusCode;
use schemas::tables::Table;
use serde_json::{Value, json};

impl Server {
    /// The items at a path, and where the next are.
    pub(crate) async fn page(&self, path: &str) -> (Vec<Value>, Option<String>) {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let body = json_of(response).await;
        let next = body["next_cursor"].as_str().map(str::to_owned);
        let link = link.map(|link| {
            let (path, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
            assert_eq!(rest, "; rel=\"next\"");
            assert!(path.contains(&format!("cursor={}", next.as_deref().unwrap())), "{path}");
            path.to_owned()
        });
        (body["items"].as_array().unwrap().clone(), link)
    }

    /// All items, page by page.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Value> {
        let (mut items, mut next) = self.page(path).await;
        while let Some(path) = next {
            let (more, after) = self.page(&path).await;
            assert!(!more.is_empty());
            items.extend(more);
            next = after;
        }
        items
    }

    async fn names(&self, path: &str, column: &str) -> Vec<String> {
        let items = self.pages(path).await;
        items.iter().map(|item| item[column].as_str().unwrap().to_owned()).collect()
    }
}

/// Seven patterns: `p0` occurred once, `p1` twice, ...
async fn filled() -> Server {
    let server = Server::start(config()).await;
    let mut rows = Vec::new();
    for pattern in 0..7_u32 {
        for n in 0..=pattern {
            let more = json!({
                "event_id": format!("e{pattern}-{n}"), "severity": 1 + pattern % 5, "error_type": format!("Type{pattern}"),
                "message": format!("message of {pattern}"), "service_name": if pattern < 3 { "shop" } else { "bank" },
                "taxonomy_runtime": if pattern % 2 == 0 { "python" } else { "java" }, "stack_trace": "long",
            });
            let user = format!("u{n}");
            rows.push(error(&format!("2026-11-2{pattern}T10:0{n}:00Z"), &format!("p{pattern}"), &user, more));
        }
    }
    server.place.append(Table::Errors, &rows).await;
    server
}

#[tokio::test]
async fn pages_are_whole_in_every_order() {
    let server = filled().await;
    let all = ["p6", "p5", "p4", "p3", "p2", "p1", "p0"];
    for order in ["last_seen", "first_seen", "occurrences", "distinct_users"] {
        let path = format!("/api/v1/patterns?order={order}&limit=2");
        assert_eq!(server.names(&path, "pattern_id").await, all, "{order}");
        let reversed: Vec<&str> = all.into_iter().rev().collect();
        assert_eq!(server.names(&format!("{path}&direction=asc"), "pattern_id").await, reversed, "{order}");
    }
    // The newest weigh most; what is old enough weighs nothing more, and that has an order too.
    for order in ["score", "trend"] {
        let mut found = server.names(&format!("/api/v1/patterns?order={order}&limit=2"), "pattern_id").await;
        found.sort();
        assert_eq!(found, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"], "{order}");
    }
    // Of one severity by id.
    assert_eq!(
        server.names("/api/v1/patterns?order=severity&limit=3", "pattern_id").await,
        ["p4", "p3", "p2", "p1", "p6", "p0", "p5"]
    );
}

#[tokio::test]
async fn a_cursor_is_a_place_and_not_a_number_of_rows() {
    let server = filled().await;
    let (first, next) = server.page("/api/v1/patterns?limit=2").await;
    assert_eq!((first.len(), &first[1]["pattern_id"]), (2, &json!("p5")));
    server.place.append(Table::Errors, &[error("2026-11-28T10:00:00Z", "p9", "u", json!({}))]).await;
    let (second, _) = server.page(&next.unwrap()).await;
    assert_eq!((&second[0]["pattern_id"], &second[1]["pattern_id"]), (&json!("p4"), &json!("p3")));
}

#[tokio::test]
async fn patterns_are_filtered() {
    let server = filled().await;
    let event = json!({"at": "2026-11-27T10:00:00Z", "pattern_id": "p2", "action": "status", "to_value": "resolved", "event_id": "1"});
    let label = json!({"at": "2026-11-27T10:01:00Z", "pattern_id": "p2", "action": "label", "to_value": "a'b", "event_id": "2"});
    let assign = json!({"at": "2026-11-27T10:02:00Z", "pattern_id": "p3", "action": "assign", "to_value": "ada", "event_id": "3"});
    server.place.append(Table::PatternEvents, &[event, label, assign]).await;
    for (query, expected) in [
        ("status=resolved", vec!["p2"]),
        ("stage=active", vec!["p6", "p5", "p4", "p3", "p2"]),
        ("severity_min=4", vec!["p4", "p3"]),
        ("severity_min=2&severity_max=2", vec!["p6", "p1"]),
        ("label=a%27b", vec!["p2"]),
        ("assignee=ada", vec!["p3"]),
        ("assignee=&limit=2&service=shop", vec!["p2", "p1", "p0"]),
        ("service=shop&user=u1", vec!["p2", "p1"]),
        ("language=python&service=bank", vec!["p6", "p4"]),
        ("text=TYPE3", vec!["p3"]),
        ("text=Message%20of%201", vec!["p1"]),
        ("text=100%25", vec![]),
        ("last_seen_from=2026-11-25", vec!["p6", "p5"]),
        ("first_seen_from=2026-11-21&first_seen_to=2026-11-23T10:00:00Z", vec!["p2", "p1"]),
        ("last_seen_to=2026-11-20T11:00:00%2B00:00", vec!["p0"]),
    ] {
        let found = server.names(&format!("/api/v1/patterns?{query}"), "pattern_id").await;
        assert_eq!(found, expected, "{query}");
    }
    for (query, named) in [
        ("severity_min=0", "severity_min"),
        ("severity_min=5&severity_max=1", "severity_min"),
        ("first_seen_from=yesterday", "first_seen_from"),
        ("cursor=x", "cursor"),
        ("stage=new", "stage"),
        ("direction=up", "direction"),
        ("format=xml", "format"),
        ("limit=1&limit=2", "limit"),
    ] {
        let problem =
            check_problem(server.get(&format!("/api/v1/patterns?{query}")).await, 400, "bad-request").await;
        assert!(problem["detail"].as_str().unwrap().contains(named), "{query}: {problem}");
    }
    let (_, next) = server.page("/api/v1/patterns?limit=2").await;
    let other_order = next.unwrap().replace("limit=2", "limit=2&order=severity");
    check_problem(server.get(&other_order).await, 400, "bad-request").await;
}

#[tokio::test]
async fn lists_in_other_formats() {
    let server = filled().await;
    let csv = server.get("/api/v1/patterns?format=csv&limit=2").await;
    assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(csv.headers()["link"].to_str().unwrap().contains("format=csv"));
    assert_eq!(csv.text().await.unwrap().lines().count(), 3);
    for path in
        ["patterns", "sessions", "patterns/p3/occurrences", "patterns/p3/events", "patterns/p3/series"]
    {
        let url = format!("{}/api/v1/{path}", server.url);
        let csv = server.client.get(url).header("accept", "text/csv").send().await.unwrap();
        assert_eq!(csv.status(), StatusCode::OK, "{path}");
        assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"), "{path}");
    }
    let arrow = server.get("/api/v1/patterns?format=arrow").await;
    assert_eq!(arrow.headers()["content-type"], "application/vnd.apache.arrow.stream");
}

#[tokio::test]
async fn who_has_the_newest_is_told_so() {
    let server = filled().await;
    let ask = async |path: &str, tag: &str| {
        let url = format!("{}{path}", server.url);
        server.client.get(url).header("if-none-match", tag).send().await.unwrap()
    };
    for path in [
        "/api/v1/patterns",
        "/api/v1/errors/e1-0",
        "/api/v1/patterns/p1/occurrences?limit=1",
        "/api/v1/openapi.json",
    ] {
        let tag = ask(path, "\"other\"").await.headers()["etag"].to_str().unwrap().to_owned();
        let again = ask(path, &format!("\"x\", {tag}")).await;
        // A tag holds for a minute at most: the next may have begun.
        if again.status() != StatusCode::NOT_MODIFIED {
            let tag = again.headers()["etag"].to_str().unwrap().to_owned();
            assert_eq!(ask(path, &tag).await.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    }
    let tag = ask("/api/v1/patterns", "x").await.headers()["etag"].to_str().unwrap().to_owned();
    server.place.append(Table::Errors, &[error("2026-11-28T10:00:00Z", "p9", "u", json!({}))]).await;
    assert_eq!(ask("/api/v1/patterns", &tag).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn occurrences_of_a_pattern() {
    let server = filled().await;
    let facts = [json!({"fact": "alias", "pattern_id": "p1", "alias_of": "p6"})];
    server.place.append(Table::Patterns, &facts).await;
    let split = error(
        "2026-11-23T12:00:00Z",
        "p6",
        "u7",
        json!({"event_id": "split", "fingerprint": "f".repeat(32)}),
    );
    server.place.append(Table::Errors, &[split]).await;
    let all = server.names("/api/v1/patterns/p6/occurrences?limit=4", "event_id").await;
    assert_eq!(all, ["e6-6", "e6-5", "e6-4", "e6-3", "e6-2", "e6-1", "e6-0", "split", "e1-1", "e1-0"]);
    assert_eq!(server.names("/api/v1/patterns/p1/occurrences", "event_id").await, all);

    let event = json!({"at": "2026-11-28T00:00:00Z", "pattern_id": "p6", "action": "split", "from_value": "f".repeat(32), "to_value": "p8", "event_id": "s"});
    server.place.append(Table::PatternEvents, &[event]).await;
    assert_eq!(server.names("/api/v1/patterns/p8/occurrences", "event_id").await, ["split"]);
    let left = server
        .names("/api/v1/patterns/p6/occurrences?user=u0&from=2026-11-01&to=2026-11-27", "event_id")
        .await;
    assert_eq!(left, ["e6-0", "e1-0"]);
    assert_eq!(server.names("/api/v1/patterns/p6/occurrences", "event_id").await.len(), 9);
    check_problem(server.get("/api/v1/patterns/none/occurrences").await, 404, "not-found").await;

    let one = json_of(server.get("/api/v1/errors/split").await).await;
    assert_eq!((&one["pattern_id"], &one["current_pattern_id"]), (&json!("p6"), &json!("p8")));
    let one = json_of(server.get("/api/v1/errors/e1-0").await).await;
    assert_eq!((&one["stack_trace"], &one["current_pattern_id"]), (&json!("long"), &json!("p6")));
    check_problem(server.get("/api/v1/errors/none").await, 404, "not-found").await;
    check_problem(server.get("/api/v1/errors/%ff").await, 400, "bad-request").await;
}

#[tokio::test]
async fn a_series_has_every_bucket() {
    let server = filled().await;
    let path = "/api/v1/patterns/p3/series?from=2026-11-23T10:00:00Z&to=2026-11-23T10:05:00Z&step=1m";
    let series = json_of(server.get(path).await).await;
    let counts: Vec<i64> = series["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["occurrences"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [1, 1, 1, 1, 0]);
    assert_eq!(series["buckets"][4]["time"], "2026-11-23T10:04:00Z");
    let csv = server.get(&format!("{path}&format=csv")).await.text().await.unwrap();
    assert_eq!(csv.lines().nth(1).unwrap(), "2026-11-23T10:00:00Z,1,1");
    for wrong in ["step=1s&from=2026-01-01", "step=0s", "step=x", "from=2026-11-24&to=2026-11-23"] {
        check_problem(server.get(&format!("/api/v1/patterns/p3/series?{wrong}")).await, 400, "bad-request")
            .await;
    }
}
