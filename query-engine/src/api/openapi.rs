//! `GET /api/v1/openapi.json`: the description of this API, kept in `schemas/openapi/`.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// The OpenAPI document.
pub const DOCUMENT: &str = include_str!("../../../schemas/openapi/errata.json");

pub(super) async fn document() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
