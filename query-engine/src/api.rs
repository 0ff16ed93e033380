//! The HTTP API: routes, requests, answers. Decides nothing about queries; formats for clients.
//!
//! Bounds: bodies up to `2 * query_bytes_max + 64 KiB`; answers are sent in chunks of some hundred KiB, the first
//! `response_buffer_bytes` are kept back until it is known whether more follow.

mod accept;
mod answer;
mod jaeger;
mod openapi;
mod patterns;
mod problem;
mod sessions;
mod sql;

pub use openapi::DOCUMENT as OPENAPI_DOCUMENT;

use crate::engine::Engine;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// The routes under `/api/v1` and `/jaeger`. Health and metrics are mounted by whoever serves them.
pub fn router(engine: Engine) -> Router {
    let body_bytes_max = engine.config().query_bytes_max.saturating_mul(2).saturating_add(64 << 10);
    Router::new()
        .route("/api/v1/sql", post(sql::post).fallback(problem::method_not_allowed))
        .route("/api/v1/patterns", get(patterns::list).fallback(problem::method_not_allowed))
        .route("/api/v1/patterns/{id}", get(patterns::one).fallback(problem::method_not_allowed))
        .route("/api/v1/sessions/{id}", get(sessions::one).fallback(problem::method_not_allowed))
        .route("/api/v1/openapi.json", get(openapi::document).fallback(problem::method_not_allowed))
        .merge(jaeger::router(&engine))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .with_state(engine)
}
