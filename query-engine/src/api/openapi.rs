//! `GET /api/v1/openapi.json`: the description of this API, kept in `schemas/openapi/`.

use super::freshness;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

/// The OpenAPI document.
pub const DOCUMENT: &str = include_str!("../../../schemas/openapi/errata.json");

static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{:016x}\"", xxh3_64(DOCUMENT.as_bytes())));

pub(super) async fn document(headers: HeaderMap) -> Response {
    let answer = if freshness::matches(&headers, &TAG) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
    };
    freshness::with_tag(answer, &TAG)
}
