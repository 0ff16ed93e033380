//! `POST /api/v1/patterns/{id}/...`: changes of a pattern by a person.
//!
//! Bounds of what people write: the constants below. Reasons and labels are masked like all stored text; actors and
//! assignees are kept as given, they name the people of this tool.

use super::access::Asker;
use super::body;
use super::extract::Named;
use super::patterns::objects;
use super::problem::ApiError;
use crate::engine::{Engine, Params};
use crate::lifecycle::{Change, Changed, Decision, LABELS_MAX, Lifecycle, OWN_ACTOR, PatternEvent, Status};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use datafusion::common::ScalarValue;
use error_patterns::ids::Fingerprint;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Header that says who asks, where the body does not.
const ACTOR_HEADER: HeaderName = HeaderName::from_static("x-errata-actor");
/// Who it was where nobody says.
const ANONYMOUS: &str = "anonymous";
/// Characters of an actor or assignee.
const NAME_CHARS_MAX: usize = 200;
/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 4_000;
/// Fingerprints in one split.
const FINGERPRINTS_MAX: usize = 100;
/// Characters of an event id.
const EVENT_ID_CHARS_MAX: usize = 100;

/// What every change may say.
#[derive(Debug)]
struct Why {
    reason: Option<String>,
    actor: Option<String>,
    event_id: Option<String>,
}

/// Bodies of changes: what is decided, and beside it what every change may say. (serde cannot flatten a struct and
/// refuse unknown fields.)
macro_rules! bodies {
    ($($name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* })*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $($(#[$attribute])* $field: $kind,)*
            reason: Option<String>,
            actor: Option<String>,
            event_id: Option<String>,
        }

        impl $name {
            /// Takes out what every change may say.
            fn why(&mut self) -> Why {
                Why { reason: self.reason.take(), actor: self.actor.take(), event_id: self.event_id.take() }
            }
        }
    )*};
}

bodies! {
    StatusBody { status: String, }
    SeverityBody { #[serde(deserialize_with = "given")] severity: Option<u8>, }
    AssigneeBody { #[serde(deserialize_with = "given")] assignee: Option<String>, }
    LabelsBody { #[serde(default)] add: Vec<String>, #[serde(default)] remove: Vec<String>, }
    MergeBody { into: String, }
    SplitBody { fingerprints: Vec<String>, }
    KeepApartBody { from: String, }
    UndoBody { }
}

/// A value that may be null but not absent: leaving it out must not clear it.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

type Body = Result<Bytes, BytesRejection>;

pub(super) async fn status(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: StatusBody =
        body::read(&asker.headers, body, r#"{"status": "open|resolved|ignored", "reason": "..."}"#)?;
    let status = Status::of(&body.status).ok_or_else(|| {
        ApiError::BadRequest(format!(
            "status is {}, it may be open, resolved or ignored",
            shown(&body.status)
        ))
    })?;
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::Status(status)).await
}

pub(super) async fn severity(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: SeverityBody =
        body::read(&asker.headers, body, r#"{"severity": 1 to 5 or null, "reason": "..."}"#)?;
    if let Some(severity) = body.severity.filter(|severity| !(1..=5).contains(severity)) {
        return Err(ApiError::BadRequest(format!("severity is {severity}, it may be 1 to 5 or null")));
    }
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::Severity(body.severity)).await
}

pub(super) async fn assignee(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: AssigneeBody =
        body::read(&asker.headers, body, r#"{"assignee": "..." or null, "reason": "..."}"#)?;
    if let Some(assignee) = &body.assignee {
        check_line("assignee", assignee, NAME_CHARS_MAX)?;
    }
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::Assignee(body.assignee)).await
}

pub(super) async fn labels(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: LabelsBody = body::read(&asker.headers, body, r#"{"add": ["..."], "remove": ["..."]}"#)?;
    let count = body.add.len() + body.remove.len();
    if count == 0 || count > LABELS_MAX {
        return Err(ApiError::BadRequest(format!(
            "add and remove hold {count} labels, they may hold 1 to {LABELS_MAX}"
        )));
    }
    let masked = |labels: Vec<String>| -> Result<Vec<String>, ApiError> {
        labels
            .iter()
            .map(|label| {
                check_line("a label", label, LABEL_CHARS_MAX)?;
                Ok(lifecycle.mask(label))
            })
            .collect()
    };
    let why = body.why();
    let decision = Decision::Labels { add: masked(body.add)?, remove: masked(body.remove)? };
    change(&lifecycle, id, &asker, why, decision).await
}

pub(super) async fn merge(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: MergeBody = body::read(&asker.headers, body, r#"{"into": "...", "reason": "..."}"#)?;
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::Merge { into: body.into }).await
}

pub(super) async fn split(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: SplitBody =
        body::read(&asker.headers, body, r#"{"fingerprints": ["..."], "reason": "..."}"#)?;
    let count = body.fingerprints.len();
    if count == 0 || count > FINGERPRINTS_MAX {
        return Err(ApiError::BadRequest(format!(
            "fingerprints holds {count} values, it may hold 1 to {FINGERPRINTS_MAX}"
        )));
    }
    if let Some(wrong) = body.fingerprints.iter().find(|text| text.parse::<Fingerprint>().is_err()) {
        return Err(ApiError::BadRequest(format!("{} is no fingerprint", shown(wrong))));
    }
    check_of_pattern(&engine, &lifecycle, &id, &body.fingerprints).await?;
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::Split { fingerprints: body.fingerprints }).await
}

/// Whether exceptions of each fingerprint are of the pattern, or were until they were split off.
async fn check_of_pattern(
    engine: &Engine,
    lifecycle: &Lifecycle,
    id: &str,
    fingerprints: &[String],
) -> Result<(), ApiError> {
    let unknown = || ApiError::NotFound(format!("pattern {} is unknown", shown(id)));
    let (pattern_id, state) = lifecycle.state(id).await?.ok_or_else(unknown)?;
    let places = Params::places(2, fingerprints.len());
    let sql = format!(
        "SELECT DISTINCT fingerprint FROM errors \
         WHERE fingerprint IN ({places}) AND pattern_of(pattern_id, fingerprint) = $1"
    );
    let texts = std::iter::once(&pattern_id).chain(fingerprints);
    let values = texts.map(|text| ScalarValue::Utf8(Some(text.clone()))).collect();
    let found = objects(engine, &sql, values).await?;
    let is_found = |text: &&String| {
        state.split.contains_key(*text) || found.iter().any(|row| row["fingerprint"] == ***text)
    };
    match fingerprints.iter().find(|text| !is_found(text)) {
        Some(other) => {
            Err(ApiError::BadRequest(format!("no exception of fingerprint {other} is of the pattern")))
        }
        None => Ok(()),
    }
}

pub(super) async fn keep_apart(
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: KeepApartBody = body::read(&asker.headers, body, r#"{"from": "...", "reason": "..."}"#)?;
    let why = body.why();
    change(&lifecycle, id, &asker, why, Decision::KeepApart { from: body.from }).await
}

pub(super) async fn undo(
    State(lifecycle): State<Lifecycle>,
    Named((id, event_id)): Named<(String, String)>,
    asker: Asker,
    body: Body,
) -> Result<Response, ApiError> {
    let mut body: UndoBody = body::read(&asker.headers, body, r#"{"reason": "..."}"#)?;
    let mut why = body.why();
    why.reason.get_or_insert_with(|| format!("undoes {}", shown(&event_id)));
    change(&lifecycle, id, &asker, why, Decision::Undo { event_id }).await
}

async fn change(
    lifecycle: &Lifecycle,
    pattern_id: String,
    asker: &Asker,
    why: Why,
    decision: Decision,
) -> Result<Response, ApiError> {
    let reason = why.reason.filter(|reason| !reason.is_empty());
    if let Some(reason) = &reason {
        check_text("reason", reason, REASON_CHARS_MAX)?;
    }
    if let Some(event_id) = &why.event_id {
        check_event_id(event_id)?;
    }
    let wish = Change {
        pattern_id,
        event_id: why.event_id,
        actor: actor(asker, why.actor)?,
        reason: reason.map(|reason| lifecycle.mask(&reason)),
        if_match: if_match(&asker.headers)?,
        decision,
    };
    Ok(answer(&lifecycle.change(wish).await?))
}

fn answer(changed: &Changed) -> Response {
    let state = &changed.state;
    let events: Vec<Value> = changed.events.iter().map(event).collect();
    let body = json!({
        "pattern_id": changed.pattern_id,
        "status": state.status.as_str(),
        "severity": state.severity,
        "assignee": state.assignee,
        "labels": state.labels,
        "events": events,
    });
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (ETAG, state.etag()),
    ];
    (headers, body.to_string()).into_response()
}

fn event(event: &PatternEvent) -> Value {
    json!({
        "event_id": event.event_id,
        "time_unix_nano": event.time_unix_nano,
        "action": event.action.as_str(),
        "from_value": event.from_value,
        "to_value": event.to_value,
        "actor": event.actor,
        "reason": event.reason,
    })
}

/// In whose name: the body, else the header, else whose token it is, else nobody known.
pub(super) fn actor(asker: &Asker, body: Option<String>) -> Result<String, ApiError> {
    let header = asker.headers.get(ACTOR_HEADER).map(|value| String::from_utf8(value.as_bytes().to_vec()));
    let header =
        header.transpose().map_err(|_| ApiError::BadRequest("X-Errata-Actor is not UTF-8".to_owned()))?;
    if let Some(header) = header.as_ref().filter(|header| !header.is_empty()) {
        check_line("X-Errata-Actor", header, NAME_CHARS_MAX)?;
    }
    let header = header.filter(|header| !header.is_empty());
    let actor = asker.actor(body.or(header), ANONYMOUS)?;
    check_line("actor", &actor, NAME_CHARS_MAX)?;
    if actor == OWN_ACTOR {
        return Err(ApiError::BadRequest(format!("actor {OWN_ACTOR} is for what happens by itself")));
    }
    Ok(actor)
}

/// The entity tags of `If-Match`; `None` where any state will do.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>, ApiError> {
    let mut tags = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        let text = value.to_str().map_err(|_| ApiError::BadRequest("If-Match is not ASCII".to_owned()))?;
        if text.trim() == "*" {
            return Ok(None);
        }
        tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
    }
    Ok((!tags.is_empty()).then_some(tags))
}

/// A text of one line that says something.
pub(super) fn check_line(what: &str, text: &str, chars_max: usize) -> Result<(), ApiError> {
    check_text(what, text, chars_max)?;
    if text.trim().is_empty() || text.contains(['\n', '\t']) {
        return Err(ApiError::BadRequest(format!("{what} is empty or has line breaks or tabs")));
    }
    Ok(())
}

/// A text of bounded length without control characters; line breaks and tabs are none.
fn check_text(what: &str, text: &str, chars_max: usize) -> Result<(), ApiError> {
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(ApiError::BadRequest(format!("{what} has {chars} characters, limit is {chars_max}")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(ApiError::BadRequest(format!("{what} has control characters")));
    }
    Ok(())
}

fn check_event_id(event_id: &str) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
    if event_id.is_empty() || event_id.len() > EVENT_ID_CHARS_MAX || !event_id.bytes().all(allowed) {
        return Err(ApiError::BadRequest(format!(
            "event_id is not 1 to {EVENT_ID_CHARS_MAX} of the characters a-z, A-Z, 0-9, '-', '_' and ':'"
        )));
    }
    Ok(())
}

/// A text of a request as part of a message.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(EVENT_ID_CHARS_MAX).collect()
}
