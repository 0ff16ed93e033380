//! Two exceptions frame by frame, and patterns that are like one.

use crate::http::{check_problem, json_of};
use crate::support::{Server, config, error};
use schemas::tables::Table;
use serde_json::{Value, json};

fn stack(job: u32, line: u32, file: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/tmp/job-{job}/main.py\", line {line}, in <module>\n    load(\"{file}\")\n  \
         File \"/usr/lib/python3/site-packages/pandas/io/parsers.py\", line 912, in read_csv\n    return _read(path)\n\
         FileNotFoundError: [Errno 2] No such file or directory: '{file}'\n"
    )
}

#[tokio::test]
async fn two_occurrences_frame_by_frame() {
    let server = Server::start(config()).await;
    let row = |id: &str, job: u32, line: u32, file: &str| {
        let more = json!({"event_id": id, "language": "python", "error_type": "FileNotFoundError",
            "message": format!("[Errno 2] No such file or directory: '{file}'"), "stack_trace": stack(job, line, file)});
        error("2026-11-23T10:00:00Z", "p", "u", more)
    };
    server.place.append(Table::Errors, &[row("l", 1, 12, "a.csv"), row("r", 2, 14, "b.csv")]).await;
    let diff = json_of(server.get("/api/v1/diff?left=l&right=r").await).await;
    assert_eq!(diff["same"], false);
    assert_eq!((&diff["left"]["event_id"], &diff["right"]["user_id"]), (&json!("l"), &json!("u")));
    let exception = &diff["exceptions"][0];
    let frames: Vec<(&str, &str, &Value)> = exception["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| (frame["kind"].as_str().unwrap(), frame["class"].as_str().unwrap(), &frame["changed"]))
        .collect();
    assert_eq!(
        frames,
        [("same", "library", &json!([])), ("changed", "user", &json!(["file", "line", "source"]))]
    );
    assert_eq!(
        exception["message"][1],
        json!({"kind": "changed", "left": "a.csv", "right": "b.csv", "parameter": true})
    );
    let same = json_of(server.get("/api/v1/diff?left=l&right=l").await).await;
    assert_eq!(same["same"], true);
    check_problem(server.get("/api/v1/diff?left=l&right=none").await, 404, "not-found").await;
    check_problem(server.get("/api/v1/diff?left=l").await, 400, "bad-request").await;
}

#[tokio::test]
async fn similar_patterns_with_reasons() {
    let server = Server::start(config()).await;
    let fact = |id: &str, text: &str, error_type: &str| {
        let canonical =
            format!("strategy 2026-12-01\nruntime python\ntype {error_type}\nbasis message\ntext {text}\n");
        let grouped = error_patterns::canonical::Comparable::of(
            &error_patterns::canonical::Canonical::parse(&canonical),
        );
        json!({"fact": "pattern", "pattern_id": id, "canonical": canonical, "error_type": error_type,
            "signature": grouped.minima.signature().to_string(), "canonical_msg": text, "taxonomy_runtime": "python",
            "taxonomy_phase": "runtime", "taxonomy_type": error_type})
    };
    let facts = [
        fact("p1", "cannot read the orders of last month", "ValueError"),
        fact("p2", "cannot read the orders of last year", "ValueError"),
        fact("p3", "cannot read the orders of last month", "KeyError"),
        fact("p4", "something else entirely happened here today", "ValueError"),
        fact("p5", "cannot read the orders of last month", "TypeError"),
        json!({"fact": "alias", "pattern_id": "p5", "alias_of": "p1"}),
    ];
    server.place.append(Table::Patterns, &facts).await;
    let event =
        json!({"pattern_id": "p3", "action": "apart", "to_value": "p1", "event_id": "1", "actor": "ada"});
    server.place.append(Table::PatternEvents, &[event]).await;
    let similar = json_of(server.get("/api/v1/patterns/p1/similar").await).await;
    let found: Vec<&str> = similar["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["pattern_id"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["p3", "p2"]);
    assert_eq!(similar["items"][0]["similarity"], 1.0);
    assert_eq!(similar["items"][1]["kept_apart"], false);
    let text = similar["items"][1].to_string();
    assert!(text.contains("exception type: ValueError") && text.contains("message: cannot read"), "{text}");
    let one = json_of(server.get("/api/v1/patterns/p5/similar?limit=1").await).await;
    assert_eq!((&one["pattern_id"], one["items"].as_array().unwrap().len()), (&json!("p1"), 1));
    check_problem(server.get("/api/v1/patterns/p1/similar?limit=0").await, 400, "bad-request").await;
    check_problem(server.get("/api/v1/patterns/none/similar").await, 404, "not-found").await;
}
