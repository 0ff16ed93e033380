//! The HTTP API: routes, requests, answers. Decides nothing about queries; formats for clients.
//!
//! Bounds: bodies up to `2 * query_bytes_max + 64 KiB`; answers are sent in chunks of some hundred KiB, the first
//! `response_buffer_bytes` are kept back until it is known whether more follow.

mod accept;
mod access;
mod answer;
mod body;
mod changes;
mod conditions;
mod cursor;
mod diff;
mod events;
mod extract;
mod feed;
mod freshness;
mod jaeger;
mod lineage;
mod occurrences;
mod openapi;
mod page;
mod patterns;
mod problem;
mod sessions;
mod similar;
mod sql;
mod timeline;
mod views;

pub use access::{guarded, role_of};
pub use openapi::DOCUMENT as OPENAPI_DOCUMENT;
pub use views::{ViewsConfig, views_router};

use crate::engine::Engine;
use crate::feed::Feed;
use crate::lifecycle::Lifecycle;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};

/// What the routes work with.
#[derive(Clone, Debug)]
struct Parts {
    engine: Engine,
    lifecycle: Lifecycle,
    feed: Feed,
}

impl FromRef<Parts> for Engine {
    fn from_ref(parts: &Parts) -> Self {
        parts.engine.clone()
    }
}

impl FromRef<Parts> for Lifecycle {
    fn from_ref(parts: &Parts) -> Self {
        parts.lifecycle.clone()
    }
}

impl FromRef<Parts> for Feed {
    fn from_ref(parts: &Parts) -> Self {
        parts.feed.clone()
    }
}

/// The routes under `/api/v1` and `/jaeger`, open to all: [`guarded`] puts them behind their roles. Health and metrics are
/// mounted by whoever serves them.
pub fn router(engine: Engine, lifecycle: Lifecycle, feed: Feed) -> Router {
    let body_bytes_max = engine.config().query_bytes_max.saturating_mul(2).saturating_add(64 << 10);
    let refused = problem::method_not_allowed;
    Router::new()
        .route("/api/v1/sql", post(sql::post).fallback(refused))
        .route("/api/v1/patterns", get(patterns::list).fallback(refused))
        .route("/api/v1/patterns/{id}", get(patterns::one).fallback(refused))
        .route("/api/v1/patterns/{id}/status", post(changes::status).fallback(refused))
        .route("/api/v1/patterns/{id}/severity", post(changes::severity).fallback(refused))
        .route("/api/v1/patterns/{id}/assignee", post(changes::assignee).fallback(refused))
        .route("/api/v1/patterns/{id}/labels", post(changes::labels).fallback(refused))
        .route("/api/v1/patterns/{id}/merge", post(changes::merge).fallback(refused))
        .route("/api/v1/patterns/{id}/split", post(changes::split).fallback(refused))
        .route("/api/v1/patterns/{id}/keep-apart", post(changes::keep_apart).fallback(refused))
        .route("/api/v1/patterns/{id}/events", get(events::list).fallback(refused))
        .route("/api/v1/patterns/{id}/occurrences", get(occurrences::list).fallback(refused))
        .route("/api/v1/patterns/{id}/series", get(occurrences::series).fallback(refused))
        .route("/api/v1/patterns/{id}/events/{event_id}/undo", post(changes::undo).fallback(refused))
        .route("/api/v1/patterns/{id}/similar", get(similar::list).fallback(refused))
        .route("/api/v1/diff", get(diff::diff).fallback(refused))
        .route("/api/v1/errors/{event_id}", get(occurrences::one).fallback(refused))
        .route("/api/v1/sessions", get(sessions::list).fallback(refused))
        .route("/api/v1/sessions/{id}", get(sessions::one).fallback(refused))
        .route("/api/v1/sessions/{id}/lineage", get(lineage::lineage).fallback(refused))
        .route("/api/v1/sessions/{id}/timeline", get(timeline::timeline).fallback(refused))
        .route("/api/v1/feed", get(feed::feed).fallback(refused))
        .route("/api/v1/access", get(access::told).fallback(refused))
        .route("/api/v1/openapi.json", get(openapi::document).fallback(refused))
        .merge(jaeger::router(&engine))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .with_state(Parts { engine, lifecycle, feed })
}
