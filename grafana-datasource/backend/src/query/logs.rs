//! `logs`: exceptions as log lines, with the stack trace below the message.

use super::columns::PATTERN;
use super::filters::Conditions;
use super::report::trace_links;
use super::{Asked, framed, shape};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::Frame;

/// Lines, where the query says nothing: what the logs view of Explore shows.
const LINES: usize = 1_000;

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let sql = sql(asked, asked.limit(engine, LINES))?;
    let rows = engine.sql(&sql).await?;
    let mut frame = shape::log_lines(framed("errors", &rows, &sql)?)?;
    let links = trace_links(&engine.settings);
    if !links.is_empty()
        && let Some(trace) = frame.field_mut("traceID")
    {
        trace.config.insert("links".to_owned(), links.into());
    }
    Ok(vec![frame])
}

pub(super) fn sql(asked: &Asked, limit: usize) -> Result<String, Failure> {
    let errors = Conditions::of_errors(asked.range, &asked.query.filters, &asked.query.adhoc)?;
    Ok(format!(
        "SELECT timestamp, concat(error_type, ': ', message, chr(10), stack_trace) AS body, severity, \
         event_id AS id, error_type, {PATTERN} AS pattern_id, service_name, user_id, session_id, execution_id, \
         language, taxonomy_phase, taxonomy_cause, host_name, trace_id, span_id\n\
         FROM errors {}\nORDER BY time_unix_nano DESC, event_id LIMIT {limit}",
        errors.where_clause()
    ))
}
