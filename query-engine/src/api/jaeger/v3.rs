//! `/jaeger/api/v3/...`: services and operations as objects, traces as OTLP JSON.
//!
//! Parameters have two names: the one of proto3 JSON, and the older one with underscores.

use super::Jaeger;
use super::answer::{Failure, GatewayFailure, respond};
use super::parameters::{Parameters, nanos, trace_id};
use crate::engine::Engine;
use crate::jaeger::otlp::Answer;
use crate::jaeger::{Around, Search, TRACES_DEFAULT, TRACES_MAX, Trace};
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::json;

pub(super) async fn services(State(jaeger): State<Jaeger>) -> Result<Response, GatewayFailure> {
    let found = jaeger.operations.services(&jaeger.engine).await?;
    Ok(respond(serde_json::to_vec(&json!({ "services": found.items }))))
}

pub(super) async fn operations(
    State(jaeger): State<Jaeger>,
    parameters: Parameters,
) -> Result<Response, GatewayFailure> {
    let service = parameters.text("service").unwrap_or_default();
    let kind = parameters.either(["spanKind", "span_kind"]).map(|(_, kind)| kind);
    let found = jaeger.operations.of(&jaeger.engine, service, kind).await?;
    let operations = found.items.iter().map(|operation| {
        json!({ "name": operation.name, "spanKind": Some(operation.kind_told()).filter(|kind| !kind.is_empty()).unwrap_or("internal") })
    });
    Ok(respond(serde_json::to_vec(&json!({ "operations": operations.collect::<Vec<_>>() }))))
}

pub(super) async fn trace(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Response, GatewayFailure> {
    let id = trace_id(&id)
        .map_err(|failure| Failure::bad(format!("malformed parameter trace_id: {}", failure.message)))?;
    let from = time(&parameters, ["startTime", "start_time"])?;
    let to = time(&parameters, ["endTime", "end_time"])?;
    let around = from.zip(to).map(|(from, to)| Around { from, to });
    respond_traces(Trace::by_ids(&engine, &[id], around).await?).await
}

pub(super) async fn traces(
    State(engine): State<Engine>,
    parameters: Parameters,
) -> Result<Response, GatewayFailure> {
    let from = time(&parameters, ["query.startTimeMin", "query.start_time_min"])?;
    let to = time(&parameters, ["query.startTimeMax", "query.start_time_max"])?;
    let required = || Failure::bad("query.startTimeMin and query.startTimeMax are required");
    let (from, to) = from.zip(to).ok_or_else(required)?;
    if from >= to {
        return Err(Failure::bad("query.startTimeMin must be before query.startTimeMax").into());
    }
    let text = |names| parameters.either(names).map(|(_, text): (_, &str)| text.to_owned());
    let depth = parameters.either(["query.searchDepth", "query.search_depth"]).map(|(name, _)| name);
    let duration = |names| match parameters.either(names) {
        Some((name, _)) => parameters.duration(name),
        None => Ok(None),
    };
    let search = Search {
        service: text(["query.serviceName", "query.service_name"]),
        operation: text(["query.operationName", "query.operation_name"]),
        tags: parameters.tag_map("query.attributes")?,
        from,
        to,
        duration_min_ns: duration(["query.durationMin", "query.duration_min"])?,
        duration_max_ns: duration(["query.durationMax", "query.duration_max"])?,
        limit: parameters.limit(depth.unwrap_or("query.num_traces"), TRACES_DEFAULT, TRACES_MAX)?,
    };
    respond_traces(search.run(&engine).await?).await
}

/// A time as RFC 3339 has it, in nanoseconds.
fn time(parameters: &Parameters, names: [&'static str; 2]) -> Result<Option<i64>, Failure> {
    let Some((name, text)) = parameters.either(names) else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|error| Failure::bad(format!("malformed parameter {name}: {text}: {error}")))?;
    Ok(Some(nanos(time.with_timezone(&Utc))))
}

async fn respond_traces(found: Vec<Trace>) -> Result<Response, GatewayFailure> {
    if found.is_empty() {
        return Err(Failure::not_found("No traces found").into());
    }
    let body = tokio::task::spawn_blocking(move || serde_json::to_vec(&Answer::new(&found)));
    Ok(respond(body.await.map_err(crate::QueryError::internal)?))
}
