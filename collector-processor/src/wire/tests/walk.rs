//! The check accepts what prost accepts, and the views show what prost decodes.

use super::{generate, tree};
use crate::wire::{merge_split_logs, merge_split_traces, validate_logs, validate_traces};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;

/// Same verdict as prost, and the same fields, order and values.
pub(crate) fn check_traces(bytes: &[u8]) -> Result<(), TestCaseError> {
    let oracle = ExportTraceServiceRequest::decode(bytes);
    match validate_traces(bytes) {
        Ok(counts) => {
            let oracle = oracle.map_err(|e| TestCaseError::fail(format!("prost refuses: {e}")))?;
            let merged = merge_split_traces(bytes);
            if !counts.split {
                prop_assert_eq!(&merged, bytes);
            }
            prop_assert!(!validate_traces(&merged).unwrap().split);
            prop_assert_eq!(
                ExportTraceServiceRequest::decode(merged.as_slice())
                    .map(tree::without_unseen_of_traces)
                    .unwrap(),
                tree::without_unseen_of_traces(oracle.clone())
            );
            let seen = tree::traces(&merged);
            let items: usize =
                seen.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum();
            prop_assert_eq!(items, counts.items);
            prop_assert_eq!(seen, tree::without_unseen_of_traces(oracle));
        }
        Err(error) => {
            prop_assert!(
                oracle.is_err() || error.fault == crate::wire::Fault::Nesting,
                "we refuse: {}",
                error
            );
            // Unchecked bytes must not break the views.
            tree::traces(bytes);
            drop(merge_split_traces(bytes));
        }
    }
    Ok(())
}

/// As [`check_traces`].
pub(crate) fn check_logs(bytes: &[u8]) -> Result<(), TestCaseError> {
    let oracle = ExportLogsServiceRequest::decode(bytes);
    match validate_logs(bytes) {
        Ok(counts) => {
            let oracle = oracle.map_err(|e| TestCaseError::fail(format!("prost refuses: {e}")))?;
            let merged = merge_split_logs(bytes);
            if !counts.split {
                prop_assert_eq!(&merged, bytes);
            }
            prop_assert!(!validate_logs(&merged).unwrap().split);
            let seen = tree::logs(&merged);
            let items: usize =
                seen.resource_logs.iter().flat_map(|r| &r.scope_logs).map(|s| s.log_records.len()).sum();
            prop_assert_eq!(items, counts.items);
            prop_assert_eq!(seen, tree::without_unseen_of_logs(oracle));
        }
        Err(error) => {
            prop_assert!(
                oracle.is_err() || error.fault == crate::wire::Fault::Nesting,
                "we refuse: {}",
                error
            );
            tree::logs(bytes);
            drop(merge_split_logs(bytes));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn generated_traces_read_as_prost_reads_them(request in generate::traces()) {
        let bytes = request.encode_to_vec();
        prop_assert!(validate_traces(&bytes).is_ok());
        check_traces(&bytes)?;
    }

    #[test]
    fn generated_logs_read_as_prost_reads_them(request in generate::logs()) {
        let bytes = request.encode_to_vec();
        prop_assert!(validate_logs(&bytes).is_ok());
        check_logs(&bytes)?;
    }
}
