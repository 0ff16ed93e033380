//! RFC 9457 problem documents, and the one place where codes become HTTP statuses.
//!
//! Statuses of limits: 422 where the same query fails again (rows, files, memory): the request is understood and
//! cannot be processed as it is. 504 for the time limit: 408 would say that the client was slow to send, and clients
//! repeat it by themselves. 503 with `Retry-After` where trying again helps.

use crate::error::{ErrorCode, QueryError};
use crate::feed::FeedError;
use crate::lifecycle::{ChangeError, Refusal};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Seconds after which a busy engine is worth another try.
const RETRY_AFTER_S: &str = "1";

/// A request that got no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The engine's answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A change that was not made, or is not known to be made.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Who asks may not.
    #[error(transparent)]
    Access(#[from] access::Refusal),
    /// The state database gave no answer.
    #[error(transparent)]
    State(#[from] state::StateError),
    /// It belongs to somebody else.
    #[error("{0}")]
    NotYours(String),
    /// Somebody was faster.
    #[error("{0}")]
    Changed(String),
    /// There are as many as allowed.
    #[error("{0}")]
    TooMany(String),
    /// The feed has no place, or cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The body or the parameters cannot be read.
    #[error("{0}")]
    BadRequest(String),
    /// The body is longer than the limit.
    #[error("request body is too large")]
    BodyTooLarge,
    /// The body is no JSON by its own account.
    #[error("content type {0} is not read, send application/json")]
    ContentType(String),
    /// No format of `Accept` can be given.
    #[error("no format of the Accept header can be given; there are {0}")]
    NotAcceptable(&'static str),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The route has other methods.
    #[error("method {method} is not allowed for {path}")]
    MethodNotAllowed {
        /// The method asked for.
        method: Method,
        /// The path asked for.
        path: String,
    },
}

impl ApiError {
    /// There is nothing of this name.
    pub(super) fn unknown(kind: &str, name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
        Self::NotFound(format!("{kind} {name} is unknown"))
    }
}

/// Status and title of the engine's codes.
pub(super) fn query_status(code: ErrorCode) -> (StatusCode, &'static str) {
    match code {
        ErrorCode::Syntax => (StatusCode::BAD_REQUEST, "Not SQL"),
        ErrorCode::InvalidQuery => (StatusCode::BAD_REQUEST, "Invalid query"),
        ErrorCode::NotReadOnly => (StatusCode::BAD_REQUEST, "Only queries are answered"),
        ErrorCode::QueryTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Query too large"),
        ErrorCode::TooManyFiles => (StatusCode::UNPROCESSABLE_ENTITY, "Query reads too many files"),
        ErrorCode::TooManyRows => (StatusCode::UNPROCESSABLE_ENTITY, "Answer has too many rows"),
        ErrorCode::OutOfMemory => (StatusCode::UNPROCESSABLE_ENTITY, "Query needs too much memory"),
        ErrorCode::Timeout => (StatusCode::GATEWAY_TIMEOUT, "Query took too long"),
        ErrorCode::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Too many queries"),
        ErrorCode::Lake => (StatusCode::SERVICE_UNAVAILABLE, "Lake not readable"),
        ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
    }
}

/// Status, code and title of changes.
fn change_status(error: &ChangeError) -> (StatusCode, &'static str, &'static str) {
    match error {
        ChangeError::Refused(refusal) => match refusal {
            Refusal::UnknownPattern(_) | Refusal::UnknownEvent { .. } => {
                (StatusCode::NOT_FOUND, "not-found", "Not found")
            }
            Refusal::Changed { .. } => {
                (StatusCode::PRECONDITION_FAILED, "precondition-failed", "Changed meanwhile")
            }
            Refusal::EventIdUsed(_)
            | Refusal::Superseded(_)
            | Refusal::NotResolved(_)
            | Refusal::Same(_)
            | Refusal::KeptApart
            | Refusal::Merged => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Refusal::TooManyLabels(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "too-many-labels", "Too many labels")
            }
        },
        ChangeError::Busy | ChangeError::Contended => {
            (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many changes")
        }
        ChangeError::Read(error) => {
            let (status, title) = query_status(error.code());
            (status, error.code().as_str(), title)
        }
        ChangeError::Write(_) => (StatusCode::SERVICE_UNAVAILABLE, "lake", "Lake not writable"),
    }
}

impl ApiError {
    fn describe(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Query(error) => {
                let (status, title) = query_status(error.code());
                (status, error.code().as_str(), title)
            }
            Self::Change(error) => change_status(error),
            Self::Access(refusal) => (refusal.http_status(), refusal.code(), "Not allowed"),
            Self::State(_) => (StatusCode::SERVICE_UNAVAILABLE, "state", "State database not available"),
            Self::NotYours(_) => (StatusCode::FORBIDDEN, "not-yours", "Not allowed"),
            Self::Changed(_) => (StatusCode::PRECONDITION_FAILED, "precondition-failed", "Changed meanwhile"),
            Self::TooMany(_) => (StatusCode::UNPROCESSABLE_ENTITY, "too-many", "Too many"),
            Self::Feed(FeedError::Full { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many listeners")
            }
            Self::Feed(FeedError::Read(error)) => {
                let (status, title) = query_status(error.code());
                (status, error.code().as_str(), title)
            }
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad-request", "Bad request"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large"),
            Self::ContentType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::NotAcceptable(_) => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not acceptable"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Access(refusal) = self {
            return refusal.into_response();
        }
        let (status, code, title) = self.describe();
        let body = json!({
            "type": format!("urn:errata:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
            "code": code,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        response
    }
}

/// The answer of a route to a method that it does not have. The router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::MethodNotAllowed { method, path: uri.path().to_owned() }
}
