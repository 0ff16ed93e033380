//! `GET /api/v1/sessions/{id}/timeline`: what happened in a session and its lineage, in order: spans, exceptions as
//! they were classified, and what was decided about their patterns since.

use super::accept::FormatName;
use super::conditions::Conditions;
use super::cursor::{Key, Kind};
use super::extract::{Named, Parameters};
use super::lineage::Lineage;
use super::page::{self, Asked, List};
use super::patterns::objects;
use super::problem::ApiError;
use super::{freshness, occurrences};
use crate::engine::Engine;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use datafusion::common::ScalarValue;
use schemas::tables::Table;
use serde::Deserialize;
use serde_json::Value;

/// The earliest first; of one time a span before its exceptions, and these before what was done about them.
const KEYS: [Key; 3] =
    [Key::up("time_unix_nano", Kind::Integer), Key::down("kind", Kind::Text), Key::up("id", Kind::Text)];

/// Columns of all entries, with their type and the kinds that have them.
const COLUMNS: [(&str, &str, &[&str]); 29] = [
    ("timestamp", "", &ALL),
    ("time_unix_nano", "", &ALL),
    ("kind", "", &ALL),
    ("id", "", &ALL),
    ("session_id", "VARCHAR", &["span", "error"]),
    ("execution_id", "VARCHAR", &["span", "error"]),
    ("trace_id", "VARCHAR", &["span", "error"]),
    ("span_id", "VARCHAR", &["span", "error"]),
    ("parent_span_id", "VARCHAR", &["span"]),
    ("name", "VARCHAR", &["span"]),
    ("exec_kind", "VARCHAR", &["span"]),
    ("duration_ns", "BIGINT", &["span"]),
    ("status_code", "VARCHAR", &["span"]),
    ("status_message", "VARCHAR", &["span"]),
    ("service_name", "VARCHAR", &["span", "error"]),
    ("event_id", "VARCHAR", &["error", "action"]),
    ("error_type", "VARCHAR", &["error"]),
    ("message", "VARCHAR", &["error"]),
    ("pattern_id", "VARCHAR", &ALL),
    ("pattern_new", "BOOLEAN", &["error"]),
    ("severity", "INT", &["span", "error"]),
    ("taxonomy_runtime", "VARCHAR", &["error"]),
    ("taxonomy_phase", "VARCHAR", &["error"]),
    ("taxonomy_cause", "VARCHAR", &["error"]),
    ("action", "VARCHAR", &["action"]),
    ("from_value", "VARCHAR", &["action"]),
    ("to_value", "VARCHAR", &["action"]),
    ("actor", "VARCHAR", &["action"]),
    ("reason", "VARCHAR", &["action"]),
];
const ALL: [&str; 3] = ["span", "error", "action"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimelineParameters {
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<FormatName>,
    lineage: Option<bool>,
    kinds: Option<Kinds>,
}

/// Kinds of entries, with commas between them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Kinds(Vec<&'static str>);

impl TryFrom<String> for Kinds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = |name: &str| ALL.into_iter().find(|kind| *kind == name.trim());
        let kinds: Option<Vec<&str>> = text.split(',').map(known).collect();
        kinds.map(Self).ok_or_else(|| format!("kinds are {}, with commas between them", ALL.join(", ")))
    }
}

pub(super) async fn timeline(
    State(engine): State<Engine>,
    Named(id): Named<String>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(parameters): Parameters<TimelineParameters>,
) -> Result<Response, ApiError> {
    let TimelineParameters { limit, cursor, format, lineage, kinds } = parameters;
    let asked = Asked { uri: &uri, headers: &headers, limit, cursor, format };
    let kinds = kinds.map_or_else(|| ALL.to_vec(), |Kinds(kinds)| kinds);
    let answer = async {
        let ids = sessions(&engine, &id, lineage.unwrap_or(true)).await?;
        let mut conditions = Conditions::default();
        let places = conditions.texts(ids);
        let parts: Vec<String> =
            ALL.iter().filter(|kind| kinds.contains(kind)).map(|kind| part(kind, &places)).collect();
        let select = parts.join(" UNION ALL ");
        let list = List { name: "timeline", select, conditions, keys: &KEYS, item: Some(entry), more: None };
        page::respond(&engine, &asked, list).await
    };
    freshness::tagged(&engine, &headers, asked.format()?, &Table::ALL, answer).await
}

/// The sessions of a timeline.
async fn sessions(engine: &Engine, id: &str, lineage: bool) -> Result<Vec<String>, ApiError> {
    let ids = if lineage { Lineage::of(engine, id).await?.ids } else { vec![id.to_owned()] };
    if ids.len() == 1 {
        let known = "SELECT 1 AS known FROM (SELECT session_id FROM spans WHERE session_id = $1 \
                     UNION ALL SELECT session_id FROM errors WHERE session_id = $1) LIMIT 1";
        if objects(engine, known, vec![ScalarValue::Utf8(Some(id.to_owned()))]).await?.is_empty() {
            return Err(ApiError::unknown("session", id));
        }
    }
    Ok(ids)
}

/// The entries of one kind, of the sessions with these placeholders.
fn part(kind: &str, sessions: &str) -> String {
    let own = occurrences::PATTERN;
    let column = |(name, sql_type, kinds): &(&str, &str, &[&str])| match (*name, kind) {
        ("kind", _) => format!("'{kind}' AS kind"),
        ("id", "span") => "concat(spans.trace_id, spans.span_id) AS id".to_owned(),
        ("id", "error") => "errors.event_id AS id".to_owned(),
        ("id", _) => "pattern_history.event_id AS id".to_owned(),
        ("pattern_id", "error") => format!("{own} AS pattern_id"),
        (name, "span") if kinds.contains(&kind) => format!("spans.{name}"),
        (name, "error") if kinds.contains(&kind) => format!("errors.{name}"),
        (name, _) if kinds.contains(&kind) => format!("pattern_history.{name}"),
        (name, _) => format!("CAST(NULL AS {sql_type}) AS {name}"),
    };
    let columns = COLUMNS.iter().map(column).collect::<Vec<_>>().join(", ");
    let of_sessions = format!("errors.session_id IN ({sessions})");
    let from = match kind {
        "span" => format!("spans WHERE spans.session_id IN ({sessions})"),
        "error" => format!("errors WHERE {of_sessions}"),
        _ => format!(
            "pattern_history JOIN (SELECT {own} AS met_id, min(errors.time_unix_nano) AS met_nano FROM errors \
             WHERE {of_sessions} GROUP BY 1) AS met ON met.met_id = pattern_history.pattern_id \
             AND met.met_nano <= pattern_history.time_unix_nano"
        ),
    };
    format!("SELECT {columns} FROM {from}")
}

/// An entry without the columns of other kinds.
fn entry(row: Value) -> Value {
    let Value::Object(mut row) = row else { return row };
    let kind = row.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (name, _, kinds) in &COLUMNS {
        if !kinds.contains(&kind.as_str()) {
            row.remove(*name);
        }
    }
    Value::Object(row)
}
