//! `GET /api/v1/diff?left=...&right=...`: two exceptions, frame by frame.

use super::extract::Parameters;
use super::freshness;
use super::occurrences::find;
use super::patterns::{self, json};
use super::problem::ApiError;
use crate::engine::Engine;
use crate::format::Format;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use error_patterns::diff::{Diff, ExceptionDiff, FrameDiff, Part, Pieces, Side};
use error_patterns::model::{Frame, Origin, Parsed, ParsedException, RawException, Relation};
use error_patterns::parse;
use serde::Deserialize;
use serde_json::{Value, json as object};

/// What is told of each of the two beside the diff.
const TOLD: [&str; 15] = [
    "event_id",
    "timestamp",
    "pattern_id",
    "current_pattern_id",
    "trace_id",
    "span_id",
    "session_id",
    "execution_id",
    "user_id",
    "service_name",
    "language",
    "error_type",
    "message",
    "severity",
    "commit_hash",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiffParameters {
    left: String,
    right: String,
}

pub(super) async fn diff(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Parameters(DiffParameters { left, right }): Parameters<DiffParameters>,
) -> Result<Response, ApiError> {
    let answer = async {
        let (left, right) = (find(&engine, &left).await?, find(&engine, &right).await?);
        let told = engine.offload(async move { Ok(tell(&left, &right)) }).await?;
        Ok(json(&told))
    };
    freshness::tagged(&engine, &headers, Format::Json, patterns::TABLES, answer).await
}

fn tell(left: &Value, right: &Value) -> Value {
    let (a, b) = (parsed(left), parsed(right));
    let diff = Diff::of(&a, &b);
    let exceptions: Vec<Value> = diff.exceptions.iter().map(|each| exception(each, &a, &b)).collect();
    object!({
        "same": diff.is_same(),
        "left": side(left, &a),
        "right": side(right, &b),
        "exceptions": exceptions,
    })
}

fn parsed(error: &Value) -> Parsed<'_> {
    let text = |name: &str| error[name].as_str();
    parse(&RawException {
        error_type: text("error_type"),
        message: text("message"),
        stacktrace: text("stack_trace"),
        language: text("language"),
        snippet: text("snippet"),
        ..RawException::default()
    })
}

fn side(error: &Value, parsed: &Parsed<'_>) -> Value {
    let mut told: Value = TOLD.iter().map(|name| ((*name).to_owned(), error[*name].clone())).collect();
    told["truncated"] = object!(parsed.truncated);
    told
}

fn exception(diff: &ExceptionDiff, left: &Parsed<'_>, right: &Parsed<'_>) -> Value {
    let (a, b) = (
        diff.left.and_then(|index| left.exceptions.get(index)),
        diff.right.and_then(|index| right.exceptions.get(index)),
    );
    let text = |of: Option<&ParsedException<'_>>| of.map_or_else(String::new, |of| of.message.to_string());
    let frames: Vec<Value> = diff.frames.iter().map(|each| frame(each, a, b)).collect();
    object!({
        "kind": diff.side.as_str(),
        "relation": a.or(b).map(|of| relation(of.relation)),
        "type_changed": a.map(|a| &a.error_type) != b.map(|b| &b.error_type),
        "left": a.map(|of| object!({ "error_type": of.error_type, "message": of.message })),
        "right": b.map(|of| object!({ "error_type": of.error_type, "message": of.message })),
        "message": pieces(&text(a), &text(b)),
        "frames": frames,
    })
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Reported => "reported",
        Relation::Cause => "cause",
        Relation::Context => "context",
        Relation::Suppressed => "suppressed",
        Relation::Member => "member",
    }
}

fn pieces(left: &str, right: &str) -> Vec<Value> {
    Pieces::of(left, right)
        .0
        .iter()
        .map(|piece| {
            let kind = match (piece.is_same(), piece.left.is_empty(), piece.right.is_empty()) {
                (true, ..) => Side::Same,
                (false, true, _) => Side::Right,
                (false, _, true) => Side::Left,
                (false, false, false) => Side::Changed,
            };
            object!({
                "kind": kind.as_str(),
                "left": piece.left,
                "right": piece.right,
                "parameter": piece.parameter,
            })
        })
        .collect()
}

fn frame(diff: &FrameDiff, left: Option<&ParsedException<'_>>, right: Option<&ParsedException<'_>>) -> Value {
    let a = diff.left.and_then(|index| left?.frames.get(index));
    let b = diff.right.and_then(|index| right?.frames.get(index));
    object!({
        "kind": diff.side.as_str(),
        "class": a.or(b).map(|frame| class(frame.origin)),
        "changed": diff.changed.iter().map(|part: &Part| part.as_str()).collect::<Vec<_>>(),
        "left": a.map(place),
        "right": b.map(place),
    })
}

fn place(frame: &Frame<'_>) -> Value {
    object!({
        "module": frame.module,
        "function": frame.function,
        "file": frame.file,
        "line": frame.line,
        "column": frame.column,
        "source": frame.source,
        "class": class(frame.origin),
        "origin": origin(frame.origin),
    })
}

/// Whose code a frame is, as people tell it apart.
fn class(origin: Origin) -> &'static str {
    match origin {
        Origin::Program | Origin::Application => "user",
        Origin::Library => "library",
        Origin::Runtime | Origin::Carrier => "runtime",
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Program => "program",
        Origin::Application => "application",
        Origin::Library => "library",
        Origin::Runtime => "runtime",
        Origin::Carrier => "carrier",
    }
}
