//! `POST /api/v1/sql`: one read-only statement, with values for its placeholders if it has any.

use super::problem::ApiError;
use super::{accept, answer, body};
use crate::engine::{Engine, Params};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
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
    let request: Request = body::read(&headers, body, "{\"query\": \"...\"}")?;
    let rows = engine.query_with(&request.query, params(request.params)?).await?;
    answer::respond(rows, format, engine.config().response_buffer_bytes).await
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
