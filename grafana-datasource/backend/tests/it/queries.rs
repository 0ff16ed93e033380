//! Queries of every type against a real engine.

use crate::engine::Engine;
use crate::host::{Decoded, Host};
use serde_json::{Value, json};

async fn asked() -> (Engine, Host) {
    let engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    (
        engine,
        host.settings(&json!({ "jaegerUrl": "http://jaeger:16686/", "jaegerDatasourceUid": "jaeger-uid" })),
    )
}

#[tokio::test]
async fn statements_become_tables_series_and_logs() {
    let (_engine, host) = asked().await;
    let by_type = "SELECT error_type, count(*) AS n FROM errors WHERE $__timeFilter(timestamp) GROUP BY 1 ORDER BY 2 DESC, 1";
    let frame = host.frame(&json!({ "queryType": "sql", "rawSql": by_type })).await;
    assert_eq!(frame.column("error_type"), ["KeyError", "ZeroDivisionError", "MemoryError"]);
    assert_eq!(frame.column("n"), [4, 2, 1]);
    assert_eq!(
        (frame.meta["type"].as_str(), frame.meta["typeVersion"].clone()),
        (Some("numeric-long"), json!([0, 1]))
    );
    let ids = host.frame(&json!({ "rawSql": "SELECT pattern_id, trace_id FROM errors" })).await;
    assert!(
        ids.of_field("trace_id", "config")["links"][1]["url"]
            .as_str()
            .unwrap()
            .starts_with("http://jaeger:16686")
    );
    assert!(frame.meta["executedQueryString"].as_str().unwrap().contains("arrow_cast("));

    let by_time = "SELECT $__timeGroup(timestamp, '1h') AS time, error_type, count(*) AS n, max(severity) AS worst \
                   FROM errors WHERE $__timeFilter(timestamp) GROUP BY 1, 2";
    let series = host.frames(&json!({ "queryType": "sql", "rawSql": by_time, "format": "timeseries" })).await;
    assert_eq!(series.len(), 6, "three types, two numbers");
    for one in &series {
        assert_eq!(one.meta["type"], "timeseries-multi");
        let times: Vec<String> = one.column("time").iter().map(|time| time.to_string()).collect();
        assert!(times.is_sorted(), "{times:?}");
    }
    assert_eq!(series[0].of_field("n", "labels"), json!({ "error_type": "KeyError" }));
    let wide = "SELECT timestamp, severity, 1.5 AS half FROM errors ORDER BY timestamp DESC";
    let wide = host.frame(&json!({ "queryType": "sql", "rawSql": wide, "format": "timeseries" })).await;
    assert_eq!((wide.meta["type"].as_str(), wide.rows()), (Some("timeseries-wide"), 7));

    let lines =
        "SELECT timestamp, message, severity, event_id, user_id, attributes FROM errors ORDER BY timestamp";
    let lines = host.frame(&json!({ "queryType": "sql", "rawSql": lines, "format": "logs" })).await;
    assert_eq!(lines.names(), ["timestamp", "body", "severity", "id", "labels"]);
    assert_eq!(lines.column("labels")[0]["user_id"], "ada");

    let types = "SELECT attributes, tags, date '2026-11-23' AS d, INTERVAL '1 hour' AS i, CAST(1 AS DECIMAL(9, 2)) AS c, \
                 NULL AS n, true AS b, arrow_cast('x', 'Dictionary(Int32, Utf8)') AS k FROM errors ORDER BY timestamp LIMIT 1";
    let types = host.frame(&json!({ "queryType": "sql", "rawSql": types })).await;
    assert_eq!(types.column("attributes")[0]["exec.id"], "exec-1");
    assert_eq!(types.column("k"), ["x"]);
    assert_eq!(
        (types.column("c"), types.column("n"), types.column("b")),
        (vec![json!(1.0)], vec![Value::Null], vec![json!(true)])
    );
    let empty =
        host.frame(&json!({ "queryType": "sql", "rawSql": "SELECT * FROM errors WHERE false" })).await;
    assert_eq!(empty.rows(), 0);
    assert!(empty.names().len() > 30);
}

#[tokio::test]
async fn the_report_tells_what_occurred_and_where_it_leads() {
    let (_engine, host) = asked().await;
    let report = host.frame(&json!({ "queryType": "report", "orderBy": "occurrences" })).await;
    assert_eq!(report.column("error_type"), ["KeyError", "ZeroDivisionError", "MemoryError"]);
    assert_eq!(report.column("in_range"), [4, 2, 1]);
    assert_eq!(report.column("status"), ["open", "open", "open"]);
    let severity = report.of_field("severity", "config");
    assert_eq!(severity["mappings"][0]["options"]["5"]["color"], "#C4162A");
    let trace = report.of_field("sample_trace", "config");
    assert_eq!(trace["links"][0]["internal"]["datasourceUid"], "jaeger-uid");
    assert_eq!(trace["links"][1]["url"], "http://jaeger:16686/trace/${__value.raw:percentencode}");
    let pattern = report.of_field("pattern_id", "config");
    assert!(
        pattern["links"][0]["url"]
            .as_str()
            .unwrap()
            .starts_with("/d/errata-pattern?var-pattern=${__value.raw")
    );
    for (filters, types) in [
        (json!({ "user": "grace" }), vec!["KeyError", "ZeroDivisionError", "MemoryError"]),
        (json!({ "service": "notebooks" }), vec!["KeyError", "ZeroDivisionError"]),
        (json!({ "errorType": "MemoryError" }), vec!["MemoryError"]),
        (json!({ "text": "PRICE" }), vec!["KeyError"]),
        (json!({ "status": "resolved" }), vec![]),
        (
            json!({ "status": "open", "stage": "candidate", "language": "python" }),
            vec!["ZeroDivisionError", "MemoryError"],
        ),
        (
            json!({ "action": "import_module", "module": "pandas", "session": "session-b" }),
            vec!["KeyError", "ZeroDivisionError"],
        ),
        (json!({ "action": "import_module", "module": "numpy" }), vec![]),
        (json!({ "execution": "exec-6" }), vec!["MemoryError"]),
        (json!({ "user": "' OR true --" }), vec![]),
    ] {
        let report = host.frame(&json!({ "queryType": "report", "filters": filters })).await;
        let mut found: Vec<String> =
            report.column("error_type").iter().map(|kind| kind.as_str().unwrap().to_owned()).collect();
        let mut types: Vec<String> = types.into_iter().map(str::to_owned).collect();
        found.sort();
        types.sort();
        assert_eq!(found, types, "{filters}");
    }
}

#[tokio::test]
async fn counts_become_series_and_heat_maps() {
    let (_engine, host) = asked().await;
    let total = host.frame(&json!({ "queryType": "series" })).await;
    let sum = |frame: &Decoded, name: &str| {
        frame.column(name).iter().map(|count| count.as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!((sum(&total, "value"), total.rows()), (7, 361), "a point a minute, zeros too");
    let frames =
        host.frames(&json!({ "queryType": "series", "groupBy": "type", "limit": 1, "interval": "1h" })).await;
    let groups: Vec<Value> =
        frames.iter().map(|frame| frame.of_field("value", "labels")["group"].clone()).collect();
    assert_eq!(groups, ["KeyError", "other"]);
    assert_eq!((sum(&frames[0], "value"), sum(&frames[1], "value")), (4, 3));
    for by in ["pattern", "service", "user", "language", "cause", "severity"] {
        let frames = host.frames(&json!({ "queryType": "series", "groupBy": by, "interval": "30m" })).await;
        assert_eq!(frames.iter().map(|frame| sum(frame, "value")).sum::<i64>(), 7, "{by}");
    }
    let alike = host.query(&json!({ "queryType": "series", "interval": "1s" })).await;
    assert!(alike.error.contains("the limit is 11000"), "{}", alike.error);
    let heatmap = host.frame(&json!({ "queryType": "heatmap", "groupBy": "user" })).await;
    assert_eq!((heatmap.meta["type"].as_str(), heatmap.rows()), (Some("heatmap-rows"), 7));
    assert_eq!((sum(&heatmap, "ada"), sum(&heatmap, "grace")), (4, 3));
    let none = host.frames(&json!({ "queryType": "heatmap", "filters": { "user": "nobody" } })).await;
    assert_eq!(none[0].names(), ["time"]);
}

#[tokio::test]
async fn sessions_their_lineage_and_what_happened() {
    let (engine, host) = asked().await;
    let sessions = host.frame(&json!({ "queryType": "sessions" })).await;
    assert_eq!(sessions.column("session_id"), ["session-c", "session-b", "session-a"]);
    assert_eq!(sessions.column("parent_session_id"), [Value::Null, json!("session-a"), Value::Null]);
    assert_eq!(sessions.column("duration")[1], 602_000.0);
    for filters in [
        json!({ "user": "ada", "errorType": "ZeroDivisionError" }),
        json!({ "session": "session-b", "action": "import_module", "module": "pandas", "text": "zero" }),
        json!({ "session": "session-b" }),
    ] {
        let sessions = host.frame(&json!({ "queryType": "sessions", "filters": filters })).await;
        assert_eq!(sessions.column("session_id"), ["session-b"], "{filters}");
    }

    let lineage = host.frames(&json!({ "queryType": "lineage", "session": "session-b" })).await;
    assert_eq!(lineage[0].column("id"), ["session-a", "session-b"]);
    assert_eq!(lineage[0].column("arc__failed"), [1.0, 1.0]);
    assert_eq!(
        (lineage[1].column("source"), lineage[1].column("target")),
        (vec![json!("session-a")], vec![json!("session-b")])
    );

    let pattern =
        engine.sql("SELECT pattern_id FROM pattern_report WHERE error_type = 'ZeroDivisionError'").await;
    let pattern = pattern[0]["pattern_id"].as_str().unwrap();
    let body = json!({ "status": "ignored", "reason": "known" });
    let (status, ..) = host.call("POST", &format!("patterns/{pattern}/status"), &body).await;
    assert_eq!(status, 200);
    let timeline =
        host.frame(&json!({ "queryType": "timeline", "filters": { "session": "session-b" } })).await;
    assert_eq!(
        (timeline.meta["preferredVisualisationType"].as_str(), timeline.rows()),
        (Some("trace"), 2 + 2 * 4)
    );
    assert_eq!(timeline.column("spanID")[..2], [json!("session session-a"), json!("session session-b")]);
    assert_eq!(timeline.column("parentSpanID")[1], "session session-a");
    let spans = timeline.column("spanID");
    for parent in timeline.column("parentSpanID").iter().skip(1) {
        assert!(spans.contains(parent), "{parent}");
    }
    let logs = timeline.column("logs");
    let exceptions: Vec<&Value> = logs.iter().flat_map(|logs| logs.as_array().unwrap()).collect();
    assert_eq!(exceptions.len(), 4);
    let zero =
        exceptions.iter().find(|log| log.to_string().contains("ZeroDivisionError")).unwrap().to_string();
    assert!(zero.contains("status ignored by ada") && zero.contains("known"), "{zero}");
    assert!(timeline.column("startTime").iter().all(|time| time.as_f64().unwrap() > 1.7e12));
    let unknown = host.query(&json!({ "queryType": "timeline", "session": "never seen" })).await;
    assert_eq!((unknown.status, unknown.error.as_str()), (404, "session never seen is unknown"));
    let missing = host.query(&json!({ "queryType": "timeline" })).await;
    assert!(missing.error.contains("names no session"), "{}", missing.error);
}

#[tokio::test]
async fn feeds_logs_and_annotations() {
    let (engine, host) = asked().await;
    let feed = host.frame(&json!({ "queryType": "feed", "limit": 3 })).await;
    assert_eq!(feed.column("error_type"), ["KeyError", "MemoryError", "ZeroDivisionError"]);
    assert_eq!(feed.meta["channel"], "ds/errata-uid/feed/e30");
    let alert = host.query_all(&[json!({ "queryType": "feed" })], &[("FromAlert", "true")]).await;
    assert!(!String::from_utf8_lossy(&alert[0].frames[0]).contains("channel"));
    let adhoc = json!([{ "key": "service_name", "operator": "!=", "value": "checkout" }, { "key": "severity", "operator": ">", "value": "0" }]);
    let feed = host.frame(&json!({ "queryType": "feed", "adhoc": adhoc })).await;
    assert_eq!((feed.rows(), feed.meta["channel"].clone()), (4, Value::Null));
    assert!(feed.meta["notices"][0]["text"].as_str().unwrap().contains("no live updates"));

    let logs = host.frame(&json!({ "queryType": "logs", "filters": { "errorType": "MemoryError" } })).await;
    assert_eq!((logs.meta["type"].as_str(), logs.rows()), (Some("log-lines"), 1));
    let body = logs.column("body")[0].as_str().unwrap().to_owned();
    assert!(body.starts_with("MemoryError: Unable to allocate") && body.contains("\nTraceback"), "{body}");
    assert_eq!(logs.column("labels")[0]["user_id"], "grace");

    let pattern = engine.sql("SELECT pattern_id FROM pattern_report WHERE error_type = 'MemoryError'").await;
    let pattern = pattern[0]["pattern_id"].as_str().unwrap();
    let body = json!({ "status": "resolved", "reason": "more memory" });
    let (status, answer, _) = host.call("POST", &format!("patterns/{pattern}/status"), &body).await;
    assert_eq!(status, 200, "{answer}");
    let all = host.frame(&json!({ "queryType": "annotations" })).await;
    assert_eq!(all.rows(), 4, "three patterns and one decision");
    let one = json!({ "queryType": "annotations", "kinds": ["status"], "filters": { "pattern": pattern } });
    let one = host.frame(&one).await;
    assert_eq!(one.column("text"), ["by ada: more memory"]);
    assert_eq!(one.column("tags"), ["errata,status,resolved"]);
    let of_user = json!({ "queryType": "annotations", "kinds": ["new"], "filters": { "user": "ada" } });
    assert_eq!(host.frame(&of_user).await.rows(), 2);
}

#[tokio::test]
async fn alert_rules_get_one_number_for_each_instance() {
    let (_engine, host) = asked().await;
    let by_service = "SELECT service_name, pattern_id, count(*) AS value FROM errors WHERE $__timeFilter(timestamp) \
                      AND severity >= 1 GROUP BY 1, 2";
    let answers = host
        .query_all(&[json!({ "queryType": "sql", "rawSql": by_service })], &[("FromAlert", "true")])
        .await;
    assert_eq!((answers[0].error.as_str(), answers[0].frames.len()), ("", 1));
    let frame = host.frame(&json!({ "rawSql": by_service })).await;
    assert_eq!((frame.meta["type"].as_str(), frame.rows()), (Some("numeric-long"), 5));
    let rate = "SELECT 100.0 * sum(failed_executions) / nullif(sum(executions), 0) AS failure_rate FROM execution_hourly \
                WHERE $__timeFilter(hour)";
    let rate = host.frame(&json!({ "rawSql": rate })).await;
    assert_eq!(rate.column("failure_rate"), [100.0]);
}

#[tokio::test]
async fn rows_are_bounded_and_one_query_spoils_no_other() {
    let (_engine, host) = asked().await;
    let host = host.settings(&json!({ "rowsMax": 3 }));
    let cut = host.frame(&json!({ "rawSql": "SELECT * FROM errors" })).await;
    assert_eq!(cut.rows(), 3);
    assert!(cut.meta["notices"][0]["text"].as_str().unwrap().contains("only the first 3 rows"));
    let answers = host
        .query_all(
            &[
                json!({ "rawSql": "SELECT 1 AS one" }),
                json!({ "rawSql": "SELEKT" }),
                json!({ "rawSql": "DELETE FROM errors" }),
                json!({ "rawSql": "SELECT $__nothing()" }),
                json!({ "queryType": "report", "filters": { "user": ["ada"] } }),
                json!("a text"),
                json!({ "rawSql": "SELECT x FROM errors" }),
            ],
            &[],
        )
        .await;
    let told: Vec<(i32, &str)> =
        answers.iter().map(|answer| (answer.status, answer.error.as_str())).collect();
    assert_eq!(told[0], (200, ""));
    for (status, error) in &told[1..] {
        assert_eq!(*status, 400, "{error}");
    }
    assert!(told[3].1.contains("$__nothing is no macro"));
    assert!(told[4].1.contains("filters.user"));
    assert!(told[6].1.contains('x'), "{}", told[6].1);
}
