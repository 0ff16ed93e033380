//! Tables of other versions.

use crate::support::{DAY, folder, read, rows, writer};
use chrono::Utc;
use errata_lake::{CompactionConfig, Lake, Table};
use std::path::PathBuf;

fn first_entry(location: &str) -> PathBuf {
    PathBuf::from(location).join("spans/_delta_log/00000000000000000000.json")
}

/// Edits the schema in the first log entry, as another version would have written it.
fn rewrite_schema(location: &str, edit: impl Fn(&mut Vec<serde_json::Value>)) {
    let path = first_entry(location);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let metadata = lines.iter_mut().find_map(|line| line.get_mut("metaData")).unwrap();
    let mut schema: serde_json::Value =
        serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    edit(schema["fields"].as_array_mut().unwrap());
    metadata["schemaString"] = schema.to_string().into();
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    std::fs::write(&path, text.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_is_the_contract() {
    let place = folder();
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for table in Table::ALL {
        assert_eq!(lake.snapshot(table).await.unwrap().schema, table.schema());
    }
    let entry = std::fs::read_to_string(first_entry(&place.config.location)).unwrap();
    assert!(entry.contains(r#""minReaderVersion":1,"minWriterVersion":2"#), "{entry}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_table_gains_columns() {
    let place = folder();
    drop(Lake::open(place.config.clone()).await.unwrap());
    rewrite_schema(&place.config.location, |fields| fields.retain(|field| field["name"] != "session_id"));
    let lake = Lake::open(place.config.clone()).await.unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    assert_eq!(snapshot.version, 1);
    assert!(snapshot.schema.field_with_name("session_id").unwrap().is_nullable());
    assert_eq!(snapshot.schema.fields().last().unwrap().name(), "date");
    lake.append(Table::Spans, &writer("w1"), 1..=1, vec![rows(Table::Spans, DAY, 1, 10)]).await.unwrap();
    assert_eq!(
        Lake::open(place.config.clone()).await.unwrap().snapshot(Table::Spans).await.unwrap().version,
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_table_keeps_its_columns() {
    let place = folder();
    drop(Lake::open(place.config.clone()).await.unwrap());
    rewrite_schema(&place.config.location, |fields| {
        let newer = serde_json::json!({"name": "novel", "type": "string", "nullable": true, "metadata": {}});
        fields.insert(3, newer);
    });
    let lake = Lake::open(place.config.clone()).await.unwrap();
    for position in 1..=2 {
        let batches = vec![rows(Table::Spans, DAY, position, 10)];
        lake.append(Table::Spans, &writer("w1"), position..=position, batches).await.unwrap();
    }
    let merging = CompactionConfig { settle_ms: 0, ..CompactionConfig::default() };
    lake.compact(Table::Spans, &merging, Utc::now()).await.unwrap();
    let snapshot = lake.snapshot(Table::Spans).await.unwrap();
    assert!(snapshot.schema.field_with_name("novel").is_ok());
    let batches = read(&lake, &snapshot.files[0].location).await;
    assert_eq!(batches[0]["novel"].null_count(), batches[0].num_rows());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_protocol_is_refused() {
    let place = folder();
    drop(Lake::open(place.config.clone()).await.unwrap());
    let path = first_entry(&place.config.location);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(r#""minWriterVersion":2"#, r#""minWriterVersion":4"#)).unwrap();
    let refused = Lake::open(place.config.clone()).await.unwrap_err();
    assert!(matches!(refused, errata_lake::LakeError::Protocol { writer: 4, .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_type_is_refused() {
    let place = folder();
    drop(Lake::open(place.config.clone()).await.unwrap());
    rewrite_schema(&place.config.location, |fields| {
        let field = fields.iter_mut().find(|field| field["name"] == "duration_ns").unwrap();
        field["type"] = "string".into();
    });
    let refused = Lake::open(place.config.clone()).await.unwrap_err();
    assert!(matches!(refused, errata_lake::LakeError::Schema { table: "spans", .. }), "{refused:?}");
}
