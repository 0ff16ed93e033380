//! `/jaeger/api/...`: Jaeger's query API, the old JSON here, `/jaeger/api/v3` in [`v3`].
//!
//! Answers have Jaeger's form, errors too: what reads them was written for Jaeger.

mod answer;
mod duration;
mod parameters;
mod v3;

use super::problem;
use crate::engine::Engine;
use crate::jaeger::ui::{UiDependency, UiTrace};
use crate::jaeger::{Around, Dependency, Operation, Operations, Search, TRACES_DEFAULT, TRACES_MAX, Trace};
use answer::{Failure, Listing, respond};
use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::get;
use parameters::{Parameters, trace_id};
use serde::Serialize;
use std::sync::Arc;

/// What the routes work with.
#[derive(Clone, Debug)]
struct Jaeger {
    engine: Engine,
    operations: Arc<Operations>,
}

impl FromRef<Jaeger> for Engine {
    fn from_ref(jaeger: &Jaeger) -> Self {
        jaeger.engine.clone()
    }
}

/// The routes under `/jaeger`.
pub(super) fn router<S: Clone + Send + Sync + 'static>(engine: &Engine) -> Router<S> {
    let operations = Arc::clone(engine.operations());
    Router::new()
        .route("/jaeger/api/services", get(services).fallback(problem::method_not_allowed))
        .route("/jaeger/api/services/{service}/operations", get(names).fallback(problem::method_not_allowed))
        .route("/jaeger/api/operations", get(operations_of).fallback(problem::method_not_allowed))
        .route("/jaeger/api/traces", get(traces).fallback(problem::method_not_allowed))
        .route("/jaeger/api/traces/{id}", get(trace).fallback(problem::method_not_allowed))
        .route("/jaeger/api/dependencies", get(dependencies).fallback(problem::method_not_allowed))
        .route("/jaeger/api/v3/services", get(v3::services).fallback(problem::method_not_allowed))
        .route("/jaeger/api/v3/operations", get(v3::operations).fallback(problem::method_not_allowed))
        .route("/jaeger/api/v3/traces", get(v3::traces).fallback(problem::method_not_allowed))
        .route("/jaeger/api/v3/traces/{id}", get(v3::trace).fallback(problem::method_not_allowed))
        .with_state(Jaeger { engine: engine.clone(), operations })
}

async fn services(State(jaeger): State<Jaeger>, parameters: Parameters) -> Result<Response, Failure> {
    let found = jaeger.operations.services(&jaeger.engine).await?;
    Ok(Listing::cut(&found.items, found.left_out, &jaeger.engine).respond(parameters.pretty()))
}

/// An operation as the old API tells it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UiOperation<'a> {
    name: &'a str,
    span_kind: &'a str,
}

impl<'a> From<&'a Operation> for UiOperation<'a> {
    fn from(operation: &'a Operation) -> Self {
        Self { name: &operation.name, span_kind: operation.kind_told() }
    }
}

async fn names(
    State(jaeger): State<Jaeger>,
    Path(service): Path<String>,
    parameters: Parameters,
) -> Result<Response, Failure> {
    let found = jaeger.operations.of(&jaeger.engine, &service, None).await?;
    let mut names: Vec<&str> = found.items.iter().map(|operation| operation.name.as_str()).collect();
    names.dedup();
    Ok(Listing::cut(&names, found.left_out, &jaeger.engine).respond(parameters.pretty()))
}

async fn operations_of(State(jaeger): State<Jaeger>, parameters: Parameters) -> Result<Response, Failure> {
    let service =
        parameters.text("service").ok_or_else(|| Failure::bad("parameter 'service' is required"))?;
    let found = jaeger.operations.of(&jaeger.engine, service, parameters.text("spanKind")).await?;
    let operations: Vec<UiOperation<'_>> = found.items.iter().map(UiOperation::from).collect();
    Ok(Listing::cut(&operations, found.left_out, &jaeger.engine).respond(parameters.pretty()))
}

/// A search, or traces by their ids where the request names some.
async fn traces(State(engine): State<Engine>, parameters: Parameters) -> Result<Response, Failure> {
    let wanted = parameters.all("traceID").map(trace_id).collect::<Result<Vec<_>, _>>()?;
    let pretty = parameters.pretty();
    if wanted.is_empty() {
        let found = search(&parameters)?.run(&engine).await?;
        return respond_traces(found, Vec::new(), pretty).await;
    }
    if wanted.len() > TRACES_MAX as usize {
        let count = wanted.len();
        return Err(Failure::bad(format!("{count} trace ids are asked for, it may be at most {TRACES_MAX}")));
    }
    let found = Trace::by_ids(&engine, &wanted, around(&parameters)?).await?;
    let missing: Vec<String> =
        wanted.into_iter().filter(|id| !found.iter().any(|trace| trace.id == *id)).collect();
    respond_traces(found, missing, pretty).await
}

fn search(parameters: &Parameters) -> Result<Search, Failure> {
    let service =
        parameters.text("service").ok_or_else(|| Failure::bad("parameter 'service' is required"))?;
    let (from, to) = parameters.range()?;
    let search = Search {
        service: Some(service.to_owned()),
        operation: parameters.text("operation").map(str::to_owned),
        tags: parameters.tags()?,
        from,
        to,
        duration_min_ns: parameters.duration("minDuration")?,
        duration_max_ns: parameters.duration("maxDuration")?,
        limit: parameters.limit("limit", TRACES_DEFAULT, TRACES_MAX)?,
    };
    match (search.duration_min_ns, search.duration_max_ns) {
        (Some(least), Some(most)) if most < least => {
            Err(Failure::bad("'maxDuration' should be greater than 'minDuration'"))
        }
        _ => Ok(search),
    }
}

/// The hint of when a trace was, where the request gives both ends.
fn around(parameters: &Parameters) -> Result<Option<Around>, Failure> {
    let (from, to) = (parameters.micros("start")?, parameters.micros("end")?);
    Ok(from.zip(to).map(|(from, to)| Around { from, to }))
}

async fn trace(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Response, Failure> {
    let found = Trace::by_ids(&engine, &[trace_id(&id)?], around(&parameters)?).await?;
    if found.is_empty() {
        return Err(Failure::not_found("trace not found"));
    }
    respond_traces(found, Vec::new(), parameters.pretty()).await
}

/// Many spans take a while to write: not on the threads that serve the network.
async fn respond_traces(found: Vec<Trace>, missing: Vec<String>, pretty: bool) -> Result<Response, Failure> {
    let body = tokio::task::spawn_blocking(move || {
        let traces: Vec<UiTrace<'_>> = found.iter().map(UiTrace::from).collect();
        Listing::traces(&traces, &missing).body(pretty)
    });
    Ok(respond(body.await.map_err(crate::QueryError::internal)?))
}

async fn dependencies(State(engine): State<Engine>, parameters: Parameters) -> Result<Response, Failure> {
    let (from, to) = parameters.lookback()?;
    let found = Dependency::between(&engine, from, to, parameters.text("service")).await?;
    let links: Vec<UiDependency<'_>> = found.iter().map(UiDependency::from).collect();
    Ok(Listing::plain(&links).respond(parameters.pretty()))
}
