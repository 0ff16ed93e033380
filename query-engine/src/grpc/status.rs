//! The one place where the engine's codes become gRPC statuses.
//!
//! The engine's words are the message; the name of the code is the reason of a `google.rpc.ErrorInfo` beside it, as
//! `code` is in problem documents. Limits that the same query meets again are RESOURCE_EXHAUSTED without RetryInfo.

use crate::error::{ErrorCode, QueryError};
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Whose reasons they are.
const DOMAIN: &str = "errata";

/// When a busy engine is worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The status of a query that got no (whole) answer.
pub(super) fn of_query(error: &QueryError) -> Status {
    let mut details = ErrorDetails::with_error_info(error.code().as_str(), DOMAIN, HashMap::new());
    if error.code() == ErrorCode::Busy {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    Status::with_error_details(grpc_code(error.code()), error.to_string(), details)
}

fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::Syntax | ErrorCode::InvalidQuery | ErrorCode::NotReadOnly => Code::InvalidArgument,
        ErrorCode::QueryTooLarge
        | ErrorCode::TooManyFiles
        | ErrorCode::TooManyRows
        | ErrorCode::OutOfMemory => Code::ResourceExhausted,
        ErrorCode::Timeout => Code::DeadlineExceeded,
        ErrorCode::Busy | ErrorCode::Lake => Code::Unavailable,
        ErrorCode::Internal => Code::Internal,
    }
}

/// The status of an answer that could not be written; the log has the cause.
pub(super) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Status {
    let source = error.into();
    tracing::error!(error = %source, "an answer over gRPC failed");
    of_query(&QueryError::Internal { source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_words_and_the_code() {
        let status = of_query(&QueryError::Busy { running: 1, waiting: 2 });
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("concurrent_max"), "{status}");
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "busy");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
        let status = of_query(&QueryError::TooManyRows { limit: 7 });
        assert!(status.get_error_details().retry_info().is_none());
    }
}
