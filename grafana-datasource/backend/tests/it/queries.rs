//! Queries of every type against a real engine.

use crate::engine::Engine;
use crate::host::Host;
use serde_json::json;

#[tokio::test]
async fn statements_become_tables() {
    let engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    let frame = host
        .frame(&json!({
            "queryType": "sql",
            "rawSql": "SELECT error_type, count(*) AS n FROM errors WHERE $__timeFilter(timestamp) GROUP BY 1 ORDER BY 2 DESC, 1",
        }))
        .await;
    assert_eq!(frame.column("error_type"), ["KeyError", "ZeroDivisionError", "MemoryError"]);
    assert_eq!(frame.column("n"), [4, 2, 1]);
    assert_eq!(frame.meta["type"], "numeric-long");
    let report = host.frame(&json!({ "queryType": "report" })).await;
    assert_eq!(report.rows(), 3, "{report:?}");
    println!("{report:?}");
    let series = host.frames(&json!({ "queryType": "series", "groupBy": "pattern", "interval": "1h" })).await;
    assert_eq!(series.len(), 3);
    let heatmap = host.frame(&json!({ "queryType": "heatmap", "groupBy": "user" })).await;
    assert_eq!(heatmap.names().len(), 3);
    println!("{heatmap:?}");
}
