//! `feed`: the newest exceptions, and what the live channel adds to them.

use super::columns::PATTERN;
use super::filters::Conditions;
use super::model::ROWS;
use super::report::decorate;
use super::{Asked, framed};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame};
use crate::live::channel;
use crate::settings::Settings;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::json;

const NAME: &str = "feed";

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let sql = sql(asked, asked.limit(engine, ROWS))?;
    let rows = engine.sql(&sql).await?;
    let mut frame = framed(NAME, &rows, &sql)?.shown_as("table");
    finish(&mut frame, &engine.settings);
    if !asked.is_alert && asked.range.ends_now(asked.now_ms) {
        match channel::of(&engine.settings.uid, &asked.query) {
            Ok(channel) => frame = frame.meta("channel", channel),
            Err(why) => frame.notice("info", format!("{why}; set the dashboard to refresh by itself")),
        }
    }
    Ok(vec![frame])
}

pub(super) fn sql(asked: &Asked, limit: usize) -> Result<String, Failure> {
    let errors = Conditions::of_errors(asked.range, &asked.query.filters, &asked.query.adhoc)?;
    Ok(format!(
        "SELECT timestamp, severity, error_type, message, service_name, user_id, session_id, \
         {PATTERN} AS pattern_id, pattern_new, trace_id, event_id\n\
         FROM errors {}\nORDER BY time_unix_nano DESC, event_id LIMIT {limit}",
        errors.where_clause()
    ))
}

fn finish(frame: &mut Frame, settings: &Settings) {
    decorate(frame, settings);
    frame.meta.insert("uniqueRowIdFields".to_owned(), json!([10]));
}

/// An exception as the engine's feed tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) timestamp: String,
    pub(crate) event_id: String,
    pub(crate) error_type: String,
    pub(crate) severity: i64,
    pub(crate) pattern_id: String,
    #[serde(default)]
    pub(crate) pattern_new: bool,
    pub(crate) message: Option<String>,
    pub(crate) service_name: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) execution_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) taxonomy_runtime: Option<String>,
    pub(crate) taxonomy_cause: Option<String>,
    pub(crate) taxonomy_phase: Option<String>,
}

/// Exceptions of the live channel, with the columns of the query's frame.
pub(crate) fn frame(events: &[Event], settings: &Settings) -> Frame {
    let texts = |name: &str, text: fn(&Event) -> Option<&String>| {
        Field::texts(name, events.iter().map(|event| text(event).cloned()).collect())
    };
    let nanos = |event: &Event| {
        let time = DateTime::parse_from_rfc3339(&event.timestamp).ok();
        time.and_then(|time| time.timestamp_nanos_opt()).unwrap_or_default()
    };
    let fields = vec![
        Field::times("timestamp", events.iter().map(nanos).collect()),
        Field::integers("severity", events.iter().map(|event| Some(event.severity)).collect()),
        texts("error_type", |event| Some(&event.error_type)),
        texts("message", |event| event.message.as_ref()),
        texts("service_name", |event| event.service_name.as_ref()),
        texts("user_id", |event| event.user_id.as_ref()),
        texts("session_id", |event| event.session_id.as_ref()),
        texts("pattern_id", |event| Some(&event.pattern_id)),
        Field::booleans("pattern_new", events.iter().map(|event| Some(event.pattern_new)).collect()),
        texts("trace_id", |event| event.trace_id.as_ref()),
        texts("event_id", |event| Some(&event.event_id)),
    ];
    let mut frame = Frame::new(NAME, fields).shown_as("table");
    finish(&mut frame, settings);
    frame
}
