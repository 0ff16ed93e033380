//! Resource calls.

use crate::engine::Engine;
use crate::host::Host;
use serde_json::Value;

#[tokio::test]
async fn what_there_is_can_be_read() {
    let engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    let (status, patterns, _) = host.call("GET", "patterns?order=occurrences", &Value::Null).await;
    assert_eq!((status, patterns["items"][0]["error_type"].as_str()), (200, Some("KeyError")), "{patterns}");
    let (status, schema, _) = host.call("GET", "schema", &Value::Null).await;
    assert_eq!(status, 200, "{schema}");
    println!("{}", &schema.to_string()[..1500]);
    let (status, values, _) = host.call("GET", "values?column=user_id", &Value::Null).await;
    assert_eq!((status, values.to_string()), (200, r#"{"values":["ada","grace"]}"#.to_owned()));
    let (_, settings, _) = host.call("GET", "settings", &Value::Null).await;
    assert_eq!(settings["canTriage"], true);
}
