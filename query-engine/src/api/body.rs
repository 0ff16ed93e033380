//! JSON bodies of requests.

use super::problem::ApiError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

/// The body as what it should be; `shape` says it in words. No body is an empty object.
pub(super) fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    shape: &str,
) -> Result<T, ApiError> {
    check_content_type(headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        _ => ApiError::BadRequest("the request body could not be read".to_owned()),
    })?;
    let text = if body.is_empty() { b"{}" } else { body.as_ref() };
    serde_json::from_slice(text)
        .map_err(|error| ApiError::BadRequest(format!("body is not {shape}: {error}")))
}

/// JSON, or nothing said. Form types are refused: a foreign web page may send those without asking.
fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or("?");
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Ok(()),
        _ => Err(ApiError::ContentType(text.to_owned())),
    }
}
