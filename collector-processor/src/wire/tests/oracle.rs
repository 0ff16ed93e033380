//! Bytes against prost: the same verdict, the same fields, order and values. Property tests and fuzz
//! targets share this; a difference panics.

use super::tree;
use crate::wire::{
    Edits, Fault, logs_from_json, merge_split_logs, merge_split_traces, traces_from_json, validate_logs,
    validate_traces,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// Any bytes as a trace request.
pub(crate) fn check_traces(bytes: &[u8]) {
    let oracle = ExportTraceServiceRequest::decode(bytes);
    match validate_traces(bytes) {
        Ok(counts) => {
            let oracle = oracle.expect("prost refuses what we accept");
            let merged = merge_split_traces(bytes);
            assert!(!validate_traces(&merged).unwrap().split, "pieces stay");
            let seen = tree::traces(&merged);
            assert!(counts.split || tree::traces(bytes) == seen, "nothing to merge, but fields change");
            let spans: usize =
                seen.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum();
            assert_eq!(spans, counts.items);
            assert_eq!(seen, tree::without_unseen_of_traces(oracle));
        }
        Err(error) => {
            // Values nest less deep than prost would allow.
            assert!(oracle.is_err() || error.fault == Fault::Nesting, "prost accepts: {error}");
            // Bytes that were never checked do no harm.
            tree::traces(bytes);
            drop(merge_split_traces(bytes));
        }
    }
    check_copy(bytes);
}

/// Any bytes as a log request.
pub(crate) fn check_logs(bytes: &[u8]) {
    let oracle = ExportLogsServiceRequest::decode(bytes);
    match validate_logs(bytes) {
        Ok(counts) => {
            let oracle = oracle.expect("prost refuses what we accept");
            let merged = merge_split_logs(bytes);
            assert!(!validate_logs(&merged).unwrap().split, "pieces stay");
            let seen = tree::logs(&merged);
            assert!(counts.split || tree::logs(bytes) == seen, "nothing to merge, but fields change");
            let records: usize =
                seen.resource_logs.iter().flat_map(|r| &r.scope_logs).map(|s| s.log_records.len()).sum();
            assert_eq!(records, counts.items);
            assert_eq!(seen, tree::without_unseen_of_logs(oracle));
        }
        Err(error) => {
            assert!(oracle.is_err() || error.fault == Fault::Nesting, "prost accepts: {error}");
            tree::logs(bytes);
            drop(merge_split_logs(bytes));
        }
    }
    check_copy(bytes);
}

fn check_copy(bytes: &[u8]) {
    let mut copy = Vec::new();
    Edits::default().apply(bytes, &mut copy).unwrap();
    assert_eq!(copy, bytes);
}

/// Any bytes as JSON of both requests. What we accept is a well-formed request, and where the serde
/// support of opentelemetry-proto accepts it too, both read the same. That support ignores the names of
/// the `.proto` files, so text with an underscore is not compared.
pub(crate) fn check_json(json: &[u8]) {
    let comparable = !json.contains(&b'_');
    if let Ok(bytes) = traces_from_json(json) {
        assert!(!validate_traces(&bytes).unwrap().split);
        let ours = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        if let (true, Ok(theirs)) = (comparable, serde_json::from_slice::<ExportTraceServiceRequest>(json)) {
            assert_eq!(tree::without_unseen_of_traces(ours), tree::without_unseen_of_traces(theirs));
        }
    }
    if let Ok(bytes) = logs_from_json(json) {
        assert!(!validate_logs(&bytes).unwrap().split);
        let ours = ExportLogsServiceRequest::decode(bytes.as_slice()).unwrap();
        if let (true, Ok(theirs)) = (comparable, serde_json::from_slice::<ExportLogsServiceRequest>(json)) {
            assert_eq!(tree::without_unseen_of_logs(ours), tree::without_unseen_of_logs(theirs));
        }
    }
}
