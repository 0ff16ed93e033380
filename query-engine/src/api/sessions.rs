//! `GET /api/v1/sessions` and `GET /api/v1/sessions/{id}`: sessions by what they are, what was done in them and what
//! failed; and one session with its exceptions and its place in the lineage.

mod active;

use super::accept::FormatName;
use super::conditions::{Conditions, Time};
use super::cursor::{self, Key, Kind};
use super::extract::{Named, Parameters};
use super::page::{self, Asked, List};
use super::patterns::{self, json, objects};
use super::problem::ApiError;
use super::{freshness, occurrences};
use crate::engine::Engine;
use crate::format::Format;
use crate::lifecycle::Lifecycle;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use datafusion::common::ScalarValue;
use schemas::tables::Table;
use serde::Deserialize;
use serde_json::json as object;

/// Tables that sessions are made from.
pub(super) const TABLES: &[Table] = &[Table::Spans, Table::Errors];

/// The list in cursors.
const NAME: &str = "sessions";

/// The last active first.
const KEYS: [Key; 2] = [Key::down("last_active_nano", Kind::Integer), Key::up("session_id", Kind::Text)];

/// Attributes of spans that name a module.
const MODULE_ATTRIBUTES: [&str; 4] = ["exec.module", "code.namespace", "code.module", "module"];

/// What is done where a module is imported.
const IMPORT: &str = "import_module";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParameters {
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<FormatName>,
    session: Option<String>,
    user: Option<String>,
    service: Option<String>,
    module: Option<String>,
    action: Option<String>,
    pattern: Option<String>,
    has_errors: Option<bool>,
    from: Option<Time>,
    to: Option<Time>,
}

pub(super) async fn list(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, ApiError> {
    let mut rows = Conditions::default();
    rows.equal("user_id", parameters.user);
    rows.equal("service_name", parameters.service);
    rows.time("timestamp", ">=", parameters.from);
    rows.time("timestamp", "<", parameters.to);
    if let Some(session) = parameters.session {
        let place = rows.text(session);
        rows.add(format!("(session_id = {place} OR parent_session_id = {place})"));
    }
    done(&mut rows, parameters.module, parameters.action);
    if let Some(pattern) = parameters.pattern {
        let place = rows.text(patterns::named(&lifecycle, &pattern).await?);
        rows.add(format!(
            "session_id IN (SELECT session_id FROM errors WHERE {} = {place})",
            occurrences::PATTERN
        ));
    }
    let (limit, cursor, format) = (parameters.limit, parameters.cursor, parameters.format);
    let asked = Asked { uri: &uri, headers: &headers, limit, cursor, format };
    let behind = asked.cursor.as_ref().map(|text| cursor::read(NAME, &KEYS, text)).transpose()?;
    let answer = async {
        // Of those with or without exceptions nobody knows how many there are among the last active.
        let wanted = if parameters.has_errors.is_some() { active::FOUND_MAX } else { asked.limit()? };
        let found = active::last(&engine, rows, behind, wanted.min(active::FOUND_MAX)).await?;
        let mut conditions = Conditions::default();
        let select = found.select(&mut conditions);
        if let Some(has_errors) = parameters.has_errors {
            conditions.add(if has_errors { "errors > 0" } else { "errors = 0" });
        }
        let list = List { name: NAME, select, conditions, keys: &KEYS, item: None, more: found.more() };
        page::respond(&engine, &asked, list).await
    };
    freshness::tagged(&engine, &headers, asked.format()?, &Table::ALL, answer).await
}

/// Sessions in which something was done, to a module if one is named.
fn done(conditions: &mut Conditions, module: Option<String>, action: Option<String>) {
    let is_import = action.as_ref().is_none_or(|action| action == IMPORT);
    let mut spans = Vec::new();
    if let Some(action) = action {
        spans.push(format!("exec_kind = {}", conditions.text(action)));
    }
    let mut failed_import = None;
    if let Some(module) = module {
        let place = conditions.text(module);
        let is_it = |name: &str| format!("{name} = {place} OR starts_with({name}, {place} || '.')");
        let mut ways: Vec<String> =
            MODULE_ATTRIBUTES.iter().map(|name| is_it(&format!("attributes['{name}']"))).collect();
        ways.extend(["import ", "import_module "].map(|verb| format!("name = '{verb}' || {place}")));
        spans.push(format!("({})", ways.join(" OR ")));
        failed_import = Some(is_it("ast_import")).filter(|_| is_import);
    }
    if spans.is_empty() {
        return;
    }
    let mut ways =
        vec![format!("session_id IN (SELECT session_id FROM spans WHERE {})", spans.join(" AND "))];
    ways.extend(
        failed_import.map(|is_it| format!("session_id IN (SELECT session_id FROM errors WHERE {is_it})")),
    );
    conditions.add(format!("({})", ways.join(" OR ")));
}

pub(super) async fn one(
    State(engine): State<Engine>,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let answer = detail(&engine, &id);
    freshness::tagged(&engine, &headers, Format::Json, TABLES, answer).await
}

async fn detail(engine: &Engine, id: &str) -> Result<Response, ApiError> {
    let value = || vec![ScalarValue::Utf8(Some(id.to_owned()))];
    let found = objects(engine, "SELECT * FROM sessions WHERE session_id = $1", value()).await?;
    let session = found.into_iter().next().ok_or_else(|| ApiError::unknown("session", id))?;
    let exceptions = objects(
        engine,
        "SELECT timestamp, event_id, trace_id, span_id, execution_id, error_type, message, pattern_id, pattern_new, \
         severity FROM errors WHERE session_id = $1 ORDER BY time_unix_nano, event_id LIMIT 1000",
        value(),
    )
    .await?;
    let children = objects(
        engine,
        "SELECT session_id, min(started_at) AS started_at FROM sessions WHERE parent_session_id = $1 \
         AND session_id <> $1 GROUP BY session_id ORDER BY started_at, session_id LIMIT 1000",
        value(),
    )
    .await?;
    Ok(json(&object!({ "session": session, "exceptions": exceptions, "restarted_as": children })))
}
