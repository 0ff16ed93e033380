//! `annotations`: what people decided about patterns, and patterns that were new.

use super::Asked;
use super::columns::PATTERN;
use super::filters::{Conditions, literal};
use super::model::{AnnotationKind, Filters};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame};
use serde_json::{Map, Value};

/// Annotations, where the query says nothing.
const LIMIT: usize = 500;

/// One annotation.
#[derive(Debug)]
struct Annotation {
    nanos: i64,
    title: String,
    text: String,
    tags: String,
    id: String,
}

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let limit = asked.limit(engine, LIMIT);
    let mut annotations = Vec::new();
    let mut statements = Vec::new();
    let of_patterns = of_patterns(asked)?;
    if asked.query.kinds.contains(&AnnotationKind::Status) {
        let sql = status_sql(asked, &of_patterns, limit);
        annotations.extend(engine.sql(&sql).await?.objects()?.iter().map(decided));
        statements.push(sql);
    }
    if asked.query.kinds.contains(&AnnotationKind::New) {
        let sql = new_sql(asked, &of_patterns, limit);
        annotations.extend(engine.sql(&sql).await?.objects()?.iter().map(new));
        statements.push(sql);
    }
    annotations.sort_by(|a, b| (a.nanos, &a.id).cmp(&(b.nanos, &b.id)));
    let texts = |name: &str, text: fn(&Annotation) -> &String| {
        Field::texts(name, annotations.iter().map(|annotation| Some(text(annotation).clone())).collect())
    };
    let fields = vec![
        Field::times("time", annotations.iter().map(|annotation| annotation.nanos).collect()),
        texts("title", |annotation| &annotation.title),
        texts("text", |annotation| &annotation.text),
        texts("tags", |annotation| &annotation.tags),
        texts("id", |annotation| &annotation.id),
    ];
    Ok(vec![Frame::new("annotations", fields).meta("executedQueryString", statements.join(";\n"))])
}

/// Which patterns: of one, or of those with exceptions that meet the filters; all, where there are none.
pub(super) fn of_patterns(asked: &Asked) -> Result<String, Failure> {
    let (filters, adhoc) = (&asked.query.filters, &asked.query.adhoc);
    if adhoc.is_empty() && *filters == Filters::default() {
        return Ok(String::new());
    }
    let rest = Filters { pattern: None, ..filters.clone() };
    if let Some(pattern) =
        filters.pattern.as_deref().filter(|_| adhoc.is_empty() && rest == Filters::default())
    {
        return Ok(format!(" AND pattern_id = {}", literal(pattern)));
    }
    let errors = Conditions::of_errors(asked.range, filters, adhoc)?;
    Ok(format!(" AND pattern_id IN (SELECT {PATTERN} FROM errors {})", errors.where_clause()))
}

pub(super) fn status_sql(asked: &Asked, of_patterns: &str, limit: usize) -> String {
    format!(
        "SELECT time_unix_nano, event_id, pattern_id, from_value, to_value, actor, reason FROM pattern_history \
         WHERE action = 'status' AND {}{of_patterns}\nORDER BY time_unix_nano DESC, event_id LIMIT {limit}",
        asked.range.condition("timestamp")
    )
}

/// A pattern is made once, though two processors may both say so.
pub(super) fn new_sql(asked: &Asked, of_patterns: &str, limit: usize) -> String {
    format!(
        "SELECT pattern_id, min(time_unix_nano) AS time_unix_nano, min(error_type) AS error_type, \
         min(canonical_msg) AS canonical_msg, max(severity) AS severity FROM patterns \
         WHERE fact = 'pattern' AND {}{of_patterns}\n\
         GROUP BY pattern_id ORDER BY time_unix_nano DESC, pattern_id LIMIT {limit}",
        asked.range.condition("timestamp")
    )
}

fn text<'a>(row: &'a Map<String, Value>, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn nanos(row: &Map<String, Value>) -> i64 {
    row.get("time_unix_nano").and_then(Value::as_i64).unwrap_or_default()
}

fn decided(row: &Map<String, Value>) -> Annotation {
    let (status, actor) = (text(row, "to_value"), text(row, "actor"));
    let what = if status == "open" { "opened" } else { status };
    let reason = text(row, "reason");
    Annotation {
        nanos: nanos(row),
        title: format!("Pattern {} {what}", text(row, "pattern_id")),
        text: if reason.is_empty() { format!("by {actor}") } else { format!("by {actor}: {reason}") },
        tags: format!("errata,status,{status}"),
        id: text(row, "event_id").to_owned(),
    }
}

fn new(row: &Map<String, Value>) -> Annotation {
    let severity = row.get("severity").and_then(Value::as_i64).unwrap_or_default();
    Annotation {
        nanos: nanos(row),
        title: format!("New pattern: {}", text(row, "error_type")),
        text: text(row, "canonical_msg").to_owned(),
        tags: format!("errata,new,severity-{severity}"),
        id: text(row, "pattern_id").to_owned(),
    }
}
