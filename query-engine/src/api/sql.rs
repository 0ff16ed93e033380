//! `POST /api/v1/sql`: one read-only statement, with values for its placeholders if it has any.

use super::problem::ApiError;
use super::{accept, answer};
use crate::engine::{Engine, Params};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use datafusion::common::ScalarValue;
use serde::Deserialize;
use serde_json::Value;

/// Body of the request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    query: String,
    #[serde(default)]
    params: Option<Value>,
}

pub(super) async fn post(
    State(engine): State<Engine>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let format = accept::format(&headers)?;
    check_content_type(&headers)?;
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        _ => ApiError::BadRequest("the request body could not be read".to_owned()),
    })?;
    let request: Request = serde_json::from_slice(&body)
        .map_err(|error| ApiError::BadRequest(format!("body is not {{\"query\": \"...\"}}: {error}")))?;
    let rows = engine.query_with(&request.query, params(request.params)?).await?;
    answer::respond(rows, format, engine.config().response_buffer_bytes).await
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

/// `params` of the body: an array for `$1`, `$2`, ... or an object for `$name`.
fn params(params: Option<Value>) -> Result<Params, ApiError> {
    match params {
        None | Some(Value::Null) => Ok(Params::none()),
        Some(Value::Array(values)) => {
            Ok(Params::positional(values.into_iter().map(scalar).collect::<Result<_, _>>()?))
        }
        Some(Value::Object(values)) => {
            let values = values.into_iter().map(|(name, value)| Ok((name, scalar(value)?)));
            Ok(Params::named(values.collect::<Result<_, ApiError>>()?))
        }
        Some(_) => Err(ApiError::BadRequest("params is neither an array nor an object".to_owned())),
    }
}

fn scalar(value: Value) -> Result<ScalarValue, ApiError> {
    match value {
        Value::Null => Ok(ScalarValue::Null),
        Value::Bool(value) => Ok(ScalarValue::Boolean(Some(value))),
        Value::String(text) => Ok(ScalarValue::Utf8(Some(text))),
        Value::Number(number) => Ok(number
            .as_i64()
            .map_or_else(|| ScalarValue::Float64(number.as_f64()), |value| ScalarValue::Int64(Some(value)))),
        Value::Array(_) | Value::Object(_) => Err(ApiError::BadRequest(
            "a value in params is neither text, number, boolean nor null".to_owned(),
        )),
    }
}
