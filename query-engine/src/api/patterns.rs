//! `GET /api/v1/patterns` and `GET /api/v1/patterns/{id}`: the pattern report.

use super::accept::FormatName;
use super::conditions::{Conditions, Severity, Time};
use super::cursor::{Key, Kind};
use super::extract::{Named, Parameters};
use super::page::{self, Asked, List};
use super::problem::ApiError;
use super::{freshness, occurrences};
use crate::engine::{Engine, Params};
use crate::format::{Encoder, Format};
use crate::lifecycle::Lifecycle;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use datafusion::common::ScalarValue;
use futures::TryStreamExt;
use schemas::tables::Table;
use serde::Deserialize;
use serde_json::Value;

/// Tables that the report is made from.
pub(super) const TABLES: &[Table] = &[Table::Errors, Table::Patterns, Table::PatternEvents];

/// What the list can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    LastSeen,
    FirstSeen,
    Occurrences,
    DistinctUsers,
    DistinctSessions,
    Severity,
    Score,
    Trend,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    #[default]
    Desc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StatusName {
    Open,
    Resolved,
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Candidate,
    Active,
    Expired,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParameters {
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<FormatName>,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    direction: Direction,
    status: Option<StatusName>,
    stage: Option<Stage>,
    severity_min: Option<Severity>,
    severity_max: Option<Severity>,
    assignee: Option<String>,
    label: Option<String>,
    language: Option<String>,
    service: Option<String>,
    user: Option<String>,
    text: Option<String>,
    first_seen_from: Option<Time>,
    first_seen_to: Option<Time>,
    last_seen_from: Option<Time>,
    last_seen_to: Option<Time>,
}

impl Order {
    fn keys(self, direction: Direction) -> [Key; 2] {
        let (column, kind) = match self {
            Self::LastSeen => ("last_seen", Kind::Time),
            Self::FirstSeen => ("first_seen", Kind::Time),
            Self::Occurrences => ("occurrences", Kind::Integer),
            Self::DistinctUsers => ("distinct_users", Kind::Integer),
            Self::DistinctSessions => ("distinct_sessions", Kind::Integer),
            Self::Severity => ("severity", Kind::Integer),
            Self::Score => ("score", Kind::Moving),
            Self::Trend => ("trend", Kind::Moving),
        };
        let descending = direction == Direction::Desc;
        [Key { column, kind, descending }, Key::up("pattern_id", Kind::Text)]
    }
}

impl ListParameters {
    /// The filters; the words of the enumerations are the columns' own.
    fn conditions(&mut self) -> Result<Conditions, ApiError> {
        let mut conditions = Conditions::default();
        let word = |text: &dyn std::fmt::Debug| format!("{text:?}").to_lowercase();
        conditions.equal("status", self.status.map(|status| word(&status)));
        conditions.equal("stage", self.stage.map(|stage| word(&stage)));
        conditions.severity("severity", self.severity_min, self.severity_max)?;
        match self.assignee.take() {
            Some(nobody) if nobody.is_empty() => conditions.add("assignee IS NULL"),
            somebody => conditions.equal("assignee", somebody),
        }
        if let Some(label) = self.label.take() {
            let place = conditions.text(label);
            conditions.add(format!("array_has(labels, {place})"));
        }
        if let Some(text) = self.text.take().filter(|text| !text.is_empty()) {
            let place = conditions.text(text);
            conditions.add(format!(
                "(strpos(lower(canonical_msg), lower({place})) > 0 OR strpos(lower(error_type), lower({place})) > 0)"
            ));
        }
        for (column, relation, time) in [
            ("first_seen", ">=", self.first_seen_from),
            ("first_seen", "<", self.first_seen_to),
            ("last_seen", ">=", self.last_seen_from),
            ("last_seen", "<", self.last_seen_to),
        ] {
            conditions.time(column, relation, time);
        }
        self.of_occurrences(&mut conditions);
        Ok(conditions)
    }

    /// Filters that one exception of the pattern must pass.
    fn of_occurrences(&mut self, conditions: &mut Conditions) {
        let mut each = Vec::new();
        for (column, value) in [("service_name", self.service.take()), ("user_id", self.user.take())] {
            if let Some(value) = value {
                each.push(format!("errors.{column} = {}", conditions.text(value)));
            }
        }
        if let Some(language) = self.language.take() {
            let place = conditions.text(language);
            each.push(format!("(errors.language = {place} OR errors.taxonomy_runtime = {place})"));
        }
        if !each.is_empty() {
            let pattern = occurrences::PATTERN;
            conditions
                .add(format!("pattern_id IN (SELECT {pattern} FROM errors WHERE {})", each.join(" AND ")));
        }
    }
}

pub(super) async fn list(
    State(engine): State<Engine>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(mut parameters): Parameters<ListParameters>,
) -> Result<Response, ApiError> {
    let conditions = parameters.conditions()?;
    let ListParameters { limit, cursor, format, order, direction, .. } = parameters;
    let asked = Asked { uri: &uri, headers: &headers, limit, cursor, format };
    let list = List {
        name: "patterns",
        select: "SELECT * FROM pattern_report".to_owned(),
        conditions,
        keys: &order.keys(direction),
        item: None,
        more: None,
    };
    let answer = page::respond(&engine, &asked, list);
    freshness::tagged(&engine, &headers, asked.format()?, TABLES, answer).await
}

pub(super) async fn one(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::unknown("pattern", &id);
    // Read before the report: a tag that is too old is refused, one that is too new would let a change be lost.
    let (pattern_id, state) = lifecycle.state(&id).await?.ok_or_else(unknown)?;
    let sql = "SELECT * FROM pattern_report WHERE pattern_id = $1";
    let found = objects(&engine, sql, vec![ScalarValue::Utf8(Some(pattern_id))]).await?;
    let pattern = found.into_iter().next().ok_or_else(unknown)?;
    // The tag names what was decided, not how often it occurred; so the answer is not to be kept.
    let headers = [(ETAG, state.etag()), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, json(&pattern)).into_response())
}

/// The pattern that a name stands for.
pub(super) async fn named(lifecycle: &Lifecycle, id: &str) -> Result<String, ApiError> {
    let found = lifecycle.state(id).await?;
    found.map(|(pattern_id, _)| pattern_id).ok_or_else(|| ApiError::unknown("pattern", id))
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
