//! `timeline`: what happened in a session and its lineage, as one trace: each session is a span, under that of the
//! session it restarted; below it what was executed, with exceptions and what was decided about their patterns.
//!
//! Bounds: `rows_max` of the settings for spans and exceptions each, `ACTIONS_MAX`, `VALUE_CHARS_MAX`.

use super::Asked;
use super::columns::PATTERN;
use super::filters::literal;
use super::lineage::{Lineage, Session};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame, severity_color};
use crate::resource::segment;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// Decisions about the lineage's patterns.
const ACTIONS_MAX: usize = 1_000;
/// Characters of an attribute.
const VALUE_CHARS_MAX: usize = 4_000;
/// Grafana's trace view reads 2 as a failure.
const STATUS_ERROR: i64 = 2;

type Object = Map<String, Value>;

/// A row of the trace.
#[derive(Debug, Default)]
struct Span {
    trace_id: String,
    span_id: String,
    parent: Option<String>,
    operation: String,
    service: String,
    service_tags: Vec<Value>,
    start_ms: f64,
    duration_ms: f64,
    tags: Vec<Value>,
    logs: Vec<Value>,
    is_failed: bool,
    severity: Option<i64>,
    kind: Option<String>,
    status_message: Option<String>,
}

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let lineage = Lineage::of(engine, asked).await?;
    let ids: Vec<String> = lineage.sessions.iter().map(|session| literal(&session.session_id)).collect();
    let ids = ids.join(", ");
    let limit = engine.settings.rows_max;
    let spans_sql = format!(
        "SELECT trace_id, span_id, parent_span_id, session_id, execution_id, user_id, service_name, host_name, name, \
         kind, exec_kind, status_code, status_message, time_unix_nano, duration_ns, attributes, resource_attributes, \
         pattern_id, severity FROM spans WHERE session_id IN ({ids}) ORDER BY time_unix_nano, span_id LIMIT {limit}"
    );
    let errors_sql = format!(
        "SELECT span_id, session_id, event_id, error_type, message, stack_trace, {PATTERN} AS pattern_id, pattern_new, \
         severity, taxonomy_phase, taxonomy_cause, time_unix_nano FROM errors \
         WHERE session_id IN ({ids}) ORDER BY time_unix_nano, event_id LIMIT {limit}"
    );
    let session = segment(asked.query.session.as_deref().unwrap_or_default())?;
    let actions = format!("/api/v1/sessions/{session}/timeline?kinds=action&limit={ACTIONS_MAX}");
    let (spans, errors, actions) =
        tokio::try_join!(engine.sql(&spans_sql), engine.sql(&errors_sql), engine.json(&actions))?;
    let rows = rows(&lineage, spans.objects()?, &errors.objects()?, &decided(&actions));
    let mut frame = frame(&rows).meta("executedQueryString", format!("{spans_sql};\n{errors_sql}"));
    if spans.batch.num_rows() == limit || errors.batch.num_rows() == limit || lineage.truncated {
        let advice = "raise the limit of rows in the data source's settings";
        frame.notice("warning", format!("the lineage is longer than what is shown ({limit} rows): {advice}"));
    }
    Ok(vec![frame])
}

/// What was decided, by pattern, in words.
fn decided(actions: &Value) -> HashMap<String, Vec<String>> {
    let mut decided: HashMap<String, Vec<String>> = HashMap::new();
    for item in actions["items"].as_array().into_iter().flatten() {
        let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty());
        let Some(pattern) = text("pattern_id") else { continue };
        let mut words = text("action").unwrap_or("decision").to_owned();
        if let Some(to) = text("to_value") {
            words.push_str(&format!(" {to}"));
        }
        for (before, name) in [(" by ", "actor"), (" at ", "timestamp"), (": ", "reason")] {
            if let Some(text) = text(name) {
                words.push_str(&format!("{before}{text}"));
            }
        }
        decided.entry(pattern.to_owned()).or_default().push(words);
    }
    decided
}

fn rows(
    lineage: &Lineage,
    spans: Vec<Object>,
    errors: &[Object],
    decided: &HashMap<String, Vec<String>>,
) -> Vec<Span> {
    let mut rows: Vec<Span> = lineage.sessions.iter().map(|session| root(lineage, session)).collect();
    let known: HashSet<String> = spans.iter().map(|span| text(span, "span_id")).collect();
    rows.extend(spans.iter().map(|span| executed(span, &known)));
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        places.entry(row.span_id.clone()).or_insert(place);
    }
    for error in errors {
        // An exception of a log has no span, and that of a span which is not shown neither.
        let at =
            places.get(&text(error, "span_id")).or_else(|| places.get(&root_id(&text(error, "session_id"))));
        if let Some(row) = at.and_then(|place| rows.get_mut(*place)) {
            row.logs.push(exception(error, decided));
            row.is_failed = true;
            row.severity = row.severity.max(error.get("severity").and_then(Value::as_i64));
        }
    }
    // A session that nobody saw lasts as long as what came of it.
    let first =
        rows.iter().filter(|row| row.start_ms > 0.0).map(|row| row.start_ms).fold(f64::INFINITY, f64::min);
    for row in rows.iter_mut().filter(|row| row.start_ms == 0.0) {
        row.start_ms = if first.is_finite() { first } else { 0.0 };
    }
    rows
}

fn root_id(session: &str) -> String {
    format!("session {session}")
}

/// The span that stands for a session. Where sessions restarted each other in a ring, it is cut open.
fn root(lineage: &Lineage, session: &Session) -> Span {
    let depth_of =
        |id: &String| lineage.sessions.iter().find(|other| other.session_id == *id).map(|other| other.depth);
    let mut parents = session.parent_session_ids.iter();
    let parent = parents.find(|id| depth_of(id).is_some_and(|depth| depth < session.depth));
    let (start_ms, end_ms) = session.times_ms().unwrap_or_default();
    let mut tags =
        vec![tag("session.id", session.session_id.as_str()), tag("status", session.status.as_str())];
    let counts = [
        ("executions", session.executions),
        ("failed_executions", session.failed_executions),
        ("errors", session.errors),
    ];
    tags.extend(counts.iter().filter_map(|(name, count)| Some(tag(name, (*count)?))));
    tags.extend(session.user_id.as_deref().map(|user| tag("user.id", user)));
    Span {
        trace_id: session.session_id.clone(),
        span_id: root_id(&session.session_id),
        parent: parent.map(|parent| root_id(parent)),
        operation: format!("session {}", session.short_id()),
        service: session.service_name.clone().unwrap_or_else(|| "not seen".to_owned()),
        service_tags: Vec::new(),
        start_ms,
        duration_ms: end_ms - start_ms,
        is_failed: session.failed_executions.is_some_and(|failed| failed > 0),
        severity: session.severity,
        tags,
        ..Span::default()
    }
}

fn executed(span: &Object, known: &HashSet<String>) -> Span {
    let given = |name: &str| Some(text(span, name)).filter(|text| !text.is_empty());
    let number = |name: &str| span.get(name).and_then(Value::as_i64);
    let parent = given("parent_span_id").filter(|parent| known.contains(parent));
    let mut tags: Vec<Value> = ["exec_kind", "execution_id", "user_id", "host_name", "pattern_id"]
        .into_iter()
        .filter_map(|name| Some(tag(name, given(name)?)))
        .collect();
    tags.extend(number("severity").map(|severity| tag("severity", severity)));
    tags.extend(attributes(span, "attributes"));
    Span {
        trace_id: text(span, "trace_id"),
        span_id: text(span, "span_id"),
        parent: Some(parent.unwrap_or_else(|| root_id(&text(span, "session_id")))),
        operation: text(span, "name"),
        service: given("service_name").unwrap_or_else(|| "unknown".to_owned()),
        service_tags: attributes(span, "resource_attributes"),
        start_ms: number("time_unix_nano").unwrap_or_default() as f64 / 1e6,
        duration_ms: number("duration_ns").unwrap_or_default() as f64 / 1e6,
        is_failed: text(span, "status_code") == "ERROR",
        severity: number("severity"),
        kind: given("kind"),
        status_message: given("status_message"),
        tags,
        logs: Vec::new(),
    }
}

/// An exception as an event of its span, with what was decided about its pattern.
fn exception(error: &Object, decided: &HashMap<String, Vec<String>>) -> Value {
    let given = |name: &str| Some(text(error, name)).filter(|text| !text.is_empty());
    let names = [
        ("exception.type", "error_type"),
        ("exception.message", "message"),
        ("exception.stacktrace", "stack_trace"),
        ("pattern_id", "pattern_id"),
        ("phase", "taxonomy_phase"),
        ("cause", "taxonomy_cause"),
        ("event_id", "event_id"),
    ];
    let mut fields = vec![tag("event", "exception")];
    fields.extend(names.into_iter().filter_map(|(name, column)| Some(tag(name, given(column)?))));
    fields.extend(error.get("severity").and_then(Value::as_i64).map(|severity| tag("severity", severity)));
    if error.get("pattern_new").and_then(Value::as_bool) == Some(true) {
        fields.push(tag("pattern_new", true));
    }
    let decisions = decided.get(&text(error, "pattern_id"));
    fields.extend(decisions.into_iter().flatten().map(|words| tag("decided", words.as_str())));
    let ms = error.get("time_unix_nano").and_then(Value::as_i64).unwrap_or_default() as f64 / 1e6;
    json!({ "timestamp": ms, "name": "exception", "fields": fields })
}

fn text(object: &Object, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn tag(key: &str, value: impl Into<Value>) -> Value {
    let value = match value.into() {
        Value::String(text) if text.chars().nth(VALUE_CHARS_MAX).is_some() => {
            Value::String(text.chars().take(VALUE_CHARS_MAX).chain("...".chars()).collect())
        }
        value => value,
    };
    json!({ "key": key, "value": value })
}

fn attributes(span: &Object, name: &str) -> Vec<Value> {
    let attributes = span.get(name).and_then(Value::as_object);
    attributes.into_iter().flatten().map(|(key, value)| tag(key, value.clone())).collect()
}

/// The rows as Grafana's trace view reads them.
fn frame(rows: &[Span]) -> Frame {
    let texts = |name: &str, text: &dyn Fn(&Span) -> Option<String>| {
        Field::texts(name, rows.iter().map(text).collect())
    };
    let json = |name: &str, value: &dyn Fn(&Span) -> Value| {
        Field::json(name, &rows.iter().map(value).collect::<Vec<_>>())
    };
    let tags = |row: &Span| {
        let mut tags = row.tags.clone();
        if row.is_failed {
            tags.push(tag("error", true));
        }
        Value::Array(tags)
    };
    let failed = |row: &Span| row.is_failed.then_some(STATUS_ERROR);
    let color = |row: &Span| row.is_failed.then(|| severity_color(row.severity.unwrap_or(3)).to_owned());
    let fields = vec![
        texts("traceID", &|row| Some(row.trace_id.clone())),
        texts("spanID", &|row| Some(row.span_id.clone())),
        texts("parentSpanID", &|row| row.parent.clone()),
        texts("operationName", &|row| Some(row.operation.clone())),
        texts("serviceName", &|row| Some(row.service.clone())),
        json("serviceTags", &|row| Value::Array(row.service_tags.clone())),
        Field::floats("startTime", rows.iter().map(|row| Some(row.start_ms)).collect()),
        Field::floats("duration", rows.iter().map(|row| Some(row.duration_ms.max(0.0))).collect()),
        json("tags", &tags),
        json("logs", &|row| Value::Array(row.logs.clone())),
        Field::integers("statusCode", rows.iter().map(|row| failed(row).or(Some(0))).collect()),
        texts("statusMessage", &|row| row.status_message.clone()),
        texts("kind", &|row| row.kind.clone()),
        texts("errorIconColor", &color),
    ];
    Frame::new("timeline", fields).shown_as("trace")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::json_frame;

    fn objects(json: Value) -> Vec<Object> {
        serde_json::from_value(json).unwrap()
    }

    /// A session that restarted one which nobody saw, with an exception in a span whose parent was never sent.
    #[test]
    fn sessions_nest_and_exceptions_stand_in_their_spans() {
        let lineage: Lineage = serde_json::from_value(json!({ "sessions": [
            { "session_id": "first", "depth": 0, "status": "unknown", "parent_session_ids": ["second"] },
            {
                "session_id": "second", "depth": 1, "status": "failed", "parent_session_ids": ["first"],
                "started_at": "2026-11-23T10:00:00Z", "ended_at": "2026-11-23T10:00:02.5Z", "executions": 1,
                "failed_executions": 1, "errors": 1, "severity": 4, "user_id": "ada", "service_name": "notebooks",
            },
        ] }))
        .unwrap();
        let spans = objects(json!([{
            "trace_id": "t1", "span_id": "s1", "parent_span_id": "never sent", "session_id": "second", "name": "run",
            "status_code": "ERROR", "time_unix_nano": 1_795_428_000_500_000_000_i64, "duration_ns": 1_500_000_000,
            "attributes": { "exec.code": "x".repeat(5_000) }, "kind": "internal",
        }]));
        let errors = objects(json!([
            {
                "span_id": "s1", "session_id": "second", "error_type": "KeyError", "message": "'a'", "pattern_id": "p1",
                "severity": 4, "pattern_new": true, "time_unix_nano": 1_795_428_001_000_000_000_i64,
            },
            { "session_id": "second", "error_type": "OSError", "time_unix_nano": 1_795_428_001_500_000_000_i64 },
        ]));
        let decided = decided(&json!({ "items": [{
            "kind": "action", "pattern_id": "p1", "action": "status", "to_value": "resolved", "actor": "ada",
            "timestamp": "2026-11-23T11:00:00Z", "reason": "fixed",
        }] }));
        let rows = rows(&lineage, spans, &errors, &decided);
        let frame = json_frame(&frame(&rows), false, true).unwrap().to_string();
        insta::assert_snapshot!(frame.replace(&"x".repeat(4_000), "<4000 x>"));
    }
}
