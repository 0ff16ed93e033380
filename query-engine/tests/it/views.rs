//! Saved views over a state database of the test's own.

use crate::support::{Server, config};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    body: Option<Value>,
    tag: Option<&str>,
) -> Response {
    let mut request = server.client.request(method, format!("{}{path}", server.url));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    request.header("x-errata-actor", "ada").send().await.unwrap()
}

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn views_are_saved_changed_and_deleted() {
    let server = Server::start(config()).await;
    let body = json!({ "name": "mine", "kind": "patterns", "body": { "filter": { "severity": [4, 5] } } });
    let made = ask(&server, Method::POST, "/api/v1/views", Some(body.clone()), None).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(made.headers()["etag"], "\"1\"");
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let made = json_of(made).await;
    assert_eq!((&made["owner"], &made["version"], &made["body"]), (&json!("ada"), &json!(1), &body["body"]));
    assert_eq!(made["created_at"], made["updated_at"]);
    assert_eq!(json_of(server.get(&path).await).await, made);

    let other = json!({ "name": "other", "kind": "feed", "body": null });
    assert_eq!(ask(&server, Method::POST, "/api/v1/views", Some(other.clone()), None).await.status(), 201);
    assert_eq!(json_of(server.get("/api/v1/views?kind=patterns").await).await, json!([made]));
    assert_eq!(json_of(server.get("/api/v1/views").await).await.as_array().unwrap().len(), 2);

    let changed = ask(&server, Method::PUT, &path, Some(other.clone()), Some("\"1\"")).await;
    assert_eq!((changed.status(), &changed.headers()["etag"]), (StatusCode::OK, &"\"2\"".parse().unwrap()));
    assert_eq!(json_of(changed).await["name"], "other");
    for (method, body) in [(Method::PUT, Some(other)), (Method::DELETE, None)] {
        let stale = ask(&server, method, &path, body, Some("\"1\"")).await;
        assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    }
    assert_eq!(
        ask(&server, Method::DELETE, &path, None, Some("\"2\"")).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(server.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&server, Method::DELETE, &path, None, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn views_have_bounds() {
    let server = Server::start(config()).await;
    let view = |name: &str, kind: &str, body: Value| json!({ "name": name, "kind": kind, "body": body });
    for (body, words) in [
        (json!({ "name": "x", "kind": "y" }), "body is not"),
        (json!({ "name": "x", "kind": "y", "body": 1, "owner": "mallory" }), "unknown field"),
        (view("", "feed", json!(1)), "name is empty"),
        (view("a\nb", "feed", json!(1)), "line breaks"),
        (view(&"n".repeat(201), "feed", json!(1)), "limit is 200"),
        (view("x", &"k".repeat(51), json!(1)), "limit is 50"),
        (view("x", "feed", json!("b".repeat(1_100))), "views.size_max"),
    ] {
        let refused = ask(&server, Method::POST, "/api/v1/views", Some(body), None).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{words}");
        let told = refused.text().await.unwrap();
        assert!(told.contains(words), "{told}");
    }
    let large = view("x", "feed", json!("b".repeat(100_000)));
    let refused = ask(&server, Method::POST, "/api/v1/views", Some(large), None).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for n in 0..3 {
        let view = view(&format!("v{n}"), "feed", json!(n));
        assert_eq!(ask(&server, Method::POST, "/api/v1/views", Some(view), None).await.status(), 201);
    }
    let full = ask(&server, Method::POST, "/api/v1/views", Some(view("v3", "feed", json!(3))), None).await;
    assert_eq!(full.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(full.text().await.unwrap().contains("limit is views.views_max"));
    assert_eq!(server.get("/api/v1/views?nope=1").await.status(), StatusCode::BAD_REQUEST);
}
