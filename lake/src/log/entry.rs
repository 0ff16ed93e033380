//! The lines of a Delta log entry that are read and written here, as the Delta protocol names them.
//!
//! A line that is none of these (`cdc`, `domainMetadata`, ...) is read as an empty [`Line`]. Paths are
//! kept as the log has them (URI-encoded): that text is a file's identity in the log.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// One line of a log entry: exactly one of the fields is there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit_info: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    #[serde(rename = "metaData", skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) txn: Option<Txn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add: Option<Add>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<Remove>,
}

/// Protocol versions a table needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: i32,
    pub(crate) min_writer_version: i32,
}

/// Schema, partition columns and properties of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) format: Format,
    pub(crate) schema_string: String,
    pub(crate) partition_columns: Vec<String>,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_time: Option<i64>,
}

/// Format of the data files: always Parquet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

/// Highest log position a writer has committed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Txn {
    pub(crate) app_id: String,
    pub(crate) version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<i64>,
}

/// A data file becomes part of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) partition_values: HashMap<String, Option<String>>,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) data_change: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_vector: Option<serde_json::Value>,
}

/// A data file leaves the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_timestamp: Option<i64>,
    pub(crate) data_change: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_file_metadata: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partition_values: Option<HashMap<String, Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
}

impl Line {
    pub(crate) fn add(add: Add) -> Self {
        Self { add: Some(add), ..Self::default() }
    }

    pub(crate) fn remove(remove: Remove) -> Self {
        Self { remove: Some(remove), ..Self::default() }
    }

    pub(crate) fn txn(app_id: String, version: i64, now_ms: i64) -> Self {
        Self { txn: Some(Txn { app_id, version, last_updated: Some(now_ms) }), ..Self::default() }
    }

    pub(crate) fn protocol(reader: i32, writer: i32) -> Self {
        let protocol = Protocol { min_reader_version: reader, min_writer_version: writer };
        Self { protocol: Some(protocol), ..Self::default() }
    }

    pub(crate) fn metadata(metadata: Metadata) -> Self {
        Self { metadata: Some(metadata), ..Self::default() }
    }

    /// What the commit did, for people and for tools that show a table's history.
    pub(crate) fn commit_info(operation: &str, now_ms: i64, blind_append: bool) -> Self {
        let info = serde_json::json!({
            "timestamp": now_ms,
            "operation": operation,
            "operationParameters": {},
            "engineInfo": concat!("errata/", env!("CARGO_PKG_VERSION")),
            "isBlindAppend": blind_append,
        });
        Self { commit_info: Some(info), ..Self::default() }
    }
}

/// Parses a log entry: one JSON object a line.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Line>, serde_json::Error> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(serde_json::from_slice)
        .collect()
}

/// Writes a log entry.
pub(crate) fn render(lines: &[Line]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(lines.len() * 1024);
    for line in lines {
        serde_json::to_writer(&mut bytes, line).expect("a line has text keys and cannot fail to serialize");
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_actions_and_fields_are_read_as_nothing() {
        let text = br#"{"domainMetadata":{"domain":"x","configuration":"","removed":false}}
{"txn":{"appId":"a","version":7,"more":1}}

"#;
        let lines = parse(text).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].txn.is_none() && lines[0].add.is_none());
        assert_eq!(lines[1].txn.as_ref().unwrap().version, 7);
    }

    #[test]
    fn a_torn_line_is_an_error() {
        assert!(parse(br#"{"add":{"path":"x""#).is_err());
    }
}
