//! `GET /api/v1/patterns/{id}/events`: who decided what about a pattern, when and why.

use super::patterns::limit;
use super::problem::ApiError;
use super::{accept, answer};
use crate::engine::{Engine, Params};
use crate::lifecycle::Lifecycle;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use datafusion::common::ScalarValue;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    limit: Option<u32>,
}

/// The newest first.
pub(super) async fn list(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Path(id): Path<String>,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let format = accept::format(&headers)?;
    let Query(parameters) = parameters.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = limit(parameters.limit)?;
    let Some((pattern_id, _)) = lifecycle.state(&id).await? else {
        return Err(ApiError::NotFound(format!("pattern {id} is unknown")));
    };
    let sql = format!(
        "SELECT * FROM pattern_history WHERE pattern_id = $1 ORDER BY time_unix_nano DESC, event_id DESC LIMIT {limit}"
    );
    let rows = engine.query_with(&sql, Params::positional(vec![ScalarValue::Utf8(Some(pattern_id))])).await?;
    answer::respond(rows, format, engine.config().response_buffer_bytes).await
}
