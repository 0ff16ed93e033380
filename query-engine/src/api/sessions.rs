//! `GET /api/v1/sessions/{id}`: one session with its exceptions and its place in the lineage.

use super::patterns::{json, objects};
use super::problem::ApiError;
use crate::engine::Engine;
use axum::extract::{Path, State};
use axum::response::Response;
use datafusion::common::ScalarValue;
use serde_json::json as object;

pub(super) async fn one(State(engine): State<Engine>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let value = || vec![ScalarValue::Utf8(Some(id.clone()))];
    let found = objects(&engine, "SELECT * FROM sessions WHERE session_id = $1", value()).await?;
    let Some(session) = found.into_iter().next() else {
        return Err(ApiError::NotFound(format!("session {id} is unknown")));
    };
    let exceptions = objects(
        &engine,
        "SELECT timestamp, event_id, trace_id, span_id, execution_id, error_type, message, pattern_id, pattern_new, \
         severity FROM errors WHERE session_id = $1 ORDER BY time_unix_nano, event_id LIMIT 1000",
        value(),
    )
    .await?;
    let children = objects(
        &engine,
        "SELECT session_id, min(started_at) AS started_at FROM sessions WHERE parent_session_id = $1 \
         GROUP BY session_id ORDER BY started_at, session_id LIMIT 1000",
        value(),
    )
    .await?;
    Ok(json(&object!({ "session": session, "exceptions": exceptions, "restarted_as": children })))
}
