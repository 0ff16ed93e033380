//! The forms of Jaeger's answers and errors.

use super::super::problem::query_status;
use crate::engine::Engine;
use crate::error::QueryError;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// An answer of the old API.
#[derive(Debug, Serialize)]
pub(super) struct Listing<'a, T> {
    data: Option<&'a [T]>,
    total: usize,
    limit: usize,
    offset: usize,
    errors: Option<Vec<Told>>,
}

/// An error of the old API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl<'a, T: Serialize> Listing<'a, T> {
    pub(super) fn plain(data: &'a [T]) -> Self {
        Self { data: Some(data), total: 0, limit: 0, offset: 0, errors: None }
    }

    /// A list that says so where the limit of operations left something out.
    pub(super) fn cut(data: &'a [T], left_out: bool, engine: &Engine) -> Self {
        let limit = engine.config().operations_known_max;
        let msg =
            format!("more than {limit} operations, limit query.operations_known_max: some are left out");
        let errors = left_out.then(|| vec![Told { code: None, msg, trace_id: None }]);
        Self { total: data.len(), errors, ..Self::plain(data) }
    }

    /// Traces, and the ids of those that were not found.
    pub(super) fn traces(data: &'a [T], missing: &[String]) -> Self {
        let told =
            |id: &String| Told { code: None, msg: "trace not found".to_owned(), trace_id: Some(id.clone()) };
        let errors: Vec<Told> = missing.iter().map(told).collect();
        Self { errors: Some(errors).filter(|errors| !errors.is_empty()), ..Self::plain(data) }
    }

    pub(super) fn body(&self, pretty: bool) -> serde_json::Result<Vec<u8>> {
        if pretty { serde_json::to_vec_pretty(self) } else { serde_json::to_vec(self) }
    }

    pub(super) fn respond(&self, pretty: bool) -> Response {
        respond(self.body(pretty))
    }
}

/// Written JSON as an answer.
pub(super) fn respond(body: serde_json::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => Failure::from(QueryError::internal(error)).into_response(),
    }
}

/// A request without an answer, in the form of the old API.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into() }
    }

    fn respond(self, body: serde_json::Value) -> Response {
        let mut response =
            (self.status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self { status: query_status(error.code()).0, message: error.to_string() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.status.as_u16();
        let body = json!({
            "data": null, "total": 0, "limit": 0, "offset": 0,
            "errors": [{ "code": code, "msg": self.message }],
        });
        self.respond(body)
    }
}

/// A failure in the form of `/api/v3`.
#[derive(Debug)]
pub(super) struct GatewayFailure(pub(super) Failure);

impl<E: Into<Failure>> From<E> for GatewayFailure {
    fn from(failure: E) -> Self {
        Self(failure.into())
    }
}

impl IntoResponse for GatewayFailure {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "httpCode": self.0.status.as_u16(), "message": self.0.message } });
        self.0.respond(body)
    }
}
