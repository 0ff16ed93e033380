//! `GET /api/v1/patterns` and `GET /api/v1/patterns/{id}`: the pattern report.

use super::problem::ApiError;
use super::{accept, answer};
use crate::engine::{Engine, Params};
use crate::format::{Encoder, Format};
use crate::lifecycle::Lifecycle;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use datafusion::common::ScalarValue;
use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::Value;

/// Rows in one answer, unless asked for another number.
const LIMIT_DEFAULT: u32 = 100;
/// Rows in one answer at most.
const LIMIT_MAX: u32 = 10_000;

/// Columns that the list can be ordered by, greatest first.
const ORDERS: &[&str] = &["last_seen", "first_seen", "occurrences", "distinct_users", "severity"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParameters {
    limit: Option<u32>,
    order: Option<String>,
    status: Option<String>,
}

pub(super) async fn list(
    State(engine): State<Engine>,
    headers: HeaderMap,
    parameters: Result<Query<ListParameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let format = accept::format(&headers)?;
    let Query(parameters) = parameters.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = limit(parameters.limit)?;
    let order = parameters.order.as_deref().unwrap_or("last_seen");
    if !ORDERS.contains(&order) {
        return Err(ApiError::BadRequest(format!(
            "order is {order}, it may be one of {}",
            ORDERS.join(", ")
        )));
    }
    let sql = format!(
        "SELECT * FROM pattern_report WHERE $1 IS NULL OR status = $1 \
         ORDER BY {order} DESC NULLS LAST, pattern_id LIMIT {limit}"
    );
    let rows =
        engine.query_with(&sql, Params::positional(vec![ScalarValue::Utf8(parameters.status)])).await?;
    answer::respond(rows, format, engine.config().response_buffer_bytes).await
}

/// How many rows, of those asked for.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if limit > LIMIT_MAX {
        return Err(ApiError::BadRequest(format!("limit is {limit}, it may be at most {LIMIT_MAX}")));
    }
    Ok(limit)
}

pub(super) async fn one(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::NotFound(format!("pattern {id} is unknown"));
    // Read before the report: a tag that is too old is refused, one that is too new would let a change be lost.
    let (pattern_id, state) = lifecycle.state(&id).await?.ok_or_else(unknown)?;
    let sql = "SELECT * FROM pattern_report WHERE pattern_id = $1";
    let found = objects(&engine, sql, vec![ScalarValue::Utf8(Some(pattern_id))]).await?;
    let pattern = found.into_iter().next().ok_or_else(unknown)?;
    // The tag names what was decided, not how often it occurred; so the answer is not to be kept.
    let headers = [(ETAG, state.etag()), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, json(&pattern)).into_response())
}

/// The rows of a small answer as JSON objects.
pub(super) async fn objects(
    engine: &Engine,
    sql: &str,
    values: Vec<ScalarValue>,
) -> Result<Vec<Value>, ApiError> {
    let mut rows = engine.query_with(sql, Params::positional(values)).await?;
    let mut encoder = Encoder::new(Format::Json, &rows.schema())?;
    let mut bytes = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        encoder.encode(&batch, &mut bytes)?;
    }
    encoder.finish(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(|error| crate::QueryError::internal(error).into())
}

pub(super) fn json(value: &Value) -> Response {
    ([(CONTENT_TYPE, Format::Json.content_type())], value.to_string()).into_response()
}
