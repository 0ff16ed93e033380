//! `GET /api/v1/patterns/{id}/events`: who decided what about a pattern, when and why.

use super::accept::FormatName;
use super::conditions::Conditions;
use super::cursor::{Key, Kind};
use super::extract::{Named, Parameters};
use super::page::{self, Asked, List};
use super::problem::ApiError;
use super::{freshness, patterns};
use crate::engine::Engine;
use crate::lifecycle::Lifecycle;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use schemas::tables::Table;
use serde::Deserialize;

/// The newest first.
const KEYS: [Key; 2] = [Key::down("time_unix_nano", Kind::Integer), Key::down("event_id", Kind::Text)];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventParameters {
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<FormatName>,
}

pub(super) async fn list(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(parameters): Parameters<EventParameters>,
) -> Result<Response, ApiError> {
    let EventParameters { limit, cursor, format } = parameters;
    let asked = Asked { uri: &uri, headers: &headers, limit, cursor, format };
    let pattern_id = patterns::named(&lifecycle, &id).await?;
    let mut conditions = Conditions::default();
    conditions.equal("pattern_id", Some(pattern_id));
    let select = "SELECT * FROM pattern_history".to_owned();
    let list = List { name: "events", select, conditions, keys: &KEYS, item: None, more: None };
    let answer = page::respond(&engine, &asked, list);
    let tables = [Table::Patterns, Table::PatternEvents];
    freshness::tagged(&engine, &headers, asked.format()?, &tables, answer).await
}
