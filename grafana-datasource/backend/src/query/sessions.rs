//! `sessions`: who was active last. The engine's own list finds sessions by what they are and what was done in them;
//! filters that only exceptions know are asked of these.

use super::filters::{Conditions, literal};
use super::model::{Filters, ROWS};
use super::report::decorate;
use super::{Asked, framed};
use crate::engine::{Engine, Rows, percent};
use crate::error::Failure;
use crate::frame::{Field, Frame, Kind};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use serde_json::json;

/// Sessions of one answer: what the engine's list finds at once.
const SESSIONS_MAX: usize = 1_000;
/// The columns that are shown, in their order.
const COLUMNS: [&str; 11] = [
    "session_id",
    "user_id",
    "service_name",
    "started_at",
    "duration",
    "executions",
    "failed_executions",
    "errors",
    "patterns",
    "severity",
    "parent_session_id",
];

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let limit = asked.limit(engine, ROWS).min(SESSIONS_MAX);
    let (rows, asked_with) = if by_list(asked) {
        let path = list_path(asked, limit);
        (engine.list(&path, limit).await?, path)
    } else {
        by_exceptions(engine, asked, limit).await?
    };
    let mut frame =
        framed("sessions", &rows, &asked_with)?.shown_as("table").meta("uniqueRowIdFields", json!([0]));
    if let Some(duration) = duration(&frame) {
        frame.fields.push(duration);
    }
    frame.fields = COLUMNS.iter().filter_map(|name| frame.field(name).cloned()).collect();
    decorate(&mut frame, &engine.settings);
    Ok(vec![frame])
}

/// Whether the engine's list knows all that is asked.
fn by_list(asked: &Asked) -> bool {
    let Filters { pattern, service, user, session, action, module, .. } = asked.query.filters.clone();
    let known = Filters { pattern, service, user, session, action, module, ..Filters::default() };
    asked.query.adhoc.is_empty() && known == asked.query.filters
}

pub(super) fn list_path(asked: &Asked, limit: usize) -> String {
    let filters = &asked.query.filters;
    let [from, to] = asked.range.parameters().map(|(name, value)| (name, Some(value)));
    let parameters = [
        ("limit", Some(limit.to_string())),
        from,
        to,
        ("pattern", filters.pattern.clone()),
        ("service", filters.service.clone()),
        ("user", filters.user.clone()),
        ("session", filters.session.clone()),
        ("action", filters.action.clone()),
        ("module", filters.module.clone()),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", percent(&value))).collect();
    format!("/api/v1/sessions?{}", pairs.join("&"))
}

/// Sessions with exceptions that meet the filters, those with the newest first.
async fn by_exceptions(engine: &Engine, asked: &Asked, limit: usize) -> Result<(Rows, String), Failure> {
    let ids_sql = ids_sql(asked, limit)?;
    let found = engine.sql(&ids_sql).await?;
    let ids = ids(&found)?;
    let of_them = if ids.is_empty() {
        "session_id IS NULL".to_owned()
    } else {
        format!("session_id IN ({})", ids.join(", "))
    };
    let sql = format!("SELECT * FROM sessions WHERE {of_them} ORDER BY ended_at DESC, session_id");
    Ok((engine.sql(&sql).await?, format!("{ids_sql};\n{sql}")))
}

pub(super) fn ids_sql(asked: &Asked, limit: usize) -> Result<String, Failure> {
    let mut errors = Conditions::of_errors(asked.range, &asked.query.filters, &asked.query.adhoc)?;
    errors.add("session_id IS NOT NULL");
    Ok(format!(
        "SELECT session_id, max(time_unix_nano) AS last_nano FROM errors {}\n\
         GROUP BY session_id ORDER BY last_nano DESC, session_id LIMIT {limit}",
        errors.where_clause()
    ))
}

/// Ids as literals.
fn ids(rows: &Rows) -> Result<Vec<String>, Failure> {
    let rows = rows.objects()?;
    Ok(rows.iter().filter_map(|row| row.get("session_id")?.as_str()).map(literal).collect())
}

/// From the first row of a session to the end of its last, in milliseconds.
fn duration(frame: &Frame) -> Option<Field> {
    let times = |name: &str| {
        let field = frame.field(name).filter(|field| field.kind() == Kind::Time)?;
        Some(field.values.as_primitive::<TimestampNanosecondType>())
    };
    let (started, ended) = (times("started_at")?, times("ended_at")?);
    let values = (0..started.len()).map(|row| {
        (started.is_valid(row) && ended.is_valid(row))
            .then(|| (ended.value(row).saturating_sub(started.value(row))) as f64 / 1e6)
    });
    Some(Field::floats("duration", values.collect()).set("unit", "ms"))
}
