//! `GET /api/v1/feed`: what is new, as server-sent events.
//!
//! Each event has as its id the place behind it; a client that sends the last one back goes on there. A sign of life
//! carries the place too, as an id without an event. Bounds: those of the feed; a client that takes nothing for
//! [`STALLED_HEARTBEATS`] signs of life is cut off, and so is one whose token is not good any more.

use super::access::Asker;
use super::conditions::{Severity, Time};
use super::extract::Parameters;
use super::patterns;
use super::problem::ApiError;
use crate::engine::Engine;
use crate::feed::{Begin, Feed, Filter, History, Listener, Members, Notice, Position, Source};
use crate::lifecycle::Lifecycle;
use access::{Principal, Role};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json as object;
use std::convert::Infallible;
use std::fmt::Write;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// Events of the past at most, where a number is asked for.
const RECENT_MAX: u32 = 1_000;
/// Events in one piece of the body.
const PIECE_EVENTS: usize = 200;
/// Milliseconds after which a client that was cut off comes again.
const RETRY_MS: u32 = 1_000;
/// Signs of life after which a client that takes nothing is cut off.
const STALLED_HEARTBEATS: u32 = 4;

/// What browsers send when they come again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Keeps proxies from collecting events.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedParameters {
    kinds: Option<Kinds>,
    pattern: Option<String>,
    severity_min: Option<Severity>,
    severity_max: Option<Severity>,
    service: Option<String>,
    session: Option<String>,
    user: Option<String>,
    #[serde(default)]
    new: bool,
    recent: Option<u32>,
    since: Option<Time>,
    last_event_id: Option<String>,
    follow: Option<bool>,
}

/// Kinds of events, with commas between them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Kinds(Vec<Source>);

impl TryFrom<String> for Kinds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = |name: &str| Source::ALL.into_iter().find(|source| source.event() == name.trim());
        let kinds: Option<Vec<Source>> = text.split(',').map(known).collect();
        kinds.map(Self).ok_or_else(|| "kinds are error, pattern_event, with commas between them".to_owned())
    }
}

pub(super) async fn feed(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    State(feed): State<Feed>,
    asker: Asker,
    Parameters(parameters): Parameters<FeedParameters>,
) -> Result<Response, ApiError> {
    let begin = begin(&asker.headers, &parameters)?;
    if let (Some(least), Some(most)) = (parameters.severity_min, parameters.severity_max)
        && least > most
    {
        return Err(ApiError::BadRequest("severity_min is more than severity_max".to_owned()));
    }
    let members = match &parameters.pattern {
        Some(pattern) => Some(Members::of(&engine, &patterns::named(&lifecycle, pattern).await?).await?),
        None => None,
    };
    let filter = Filter {
        sources: parameters.kinds.map(|Kinds(sources)| sources),
        members,
        severity_min: parameters.severity_min.map(|Severity(least)| least.into()),
        severity_max: parameters.severity_max.map(|Severity(most)| most.into()),
        service: parameters.service,
        session: parameters.session,
        user: parameters.user,
        new: parameters.new,
    };
    let listener = feed.listen(filter, begin, parameters.follow.unwrap_or(true)).await?;
    let (pieces, body) = mpsc::channel(1);
    tokio::spawn(write(listener, asker.principal, pieces, feed.heartbeat()));
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];
    let body = Body::from_stream(ReceiverStream::new(body).map(Ok::<Bytes, Infallible>));
    Ok((headers, body).into_response())
}

/// Where to begin: a place that was given wins, because browsers come again with the same parameters.
fn begin(headers: &HeaderMap, parameters: &FeedParameters) -> Result<Begin, ApiError> {
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("?"));
    let (name, id) = match (header, &parameters.last_event_id) {
        (Some(header), _) if !header.is_empty() => ("Last-Event-ID", header),
        (_, Some(parameter)) if !parameter.is_empty() => ("last_event_id", parameter.as_str()),
        _ => ("", ""),
    };
    if !id.is_empty() {
        let position = id.parse::<Position>();
        let unknown = |_| ApiError::BadRequest(format!("{name}: is no id of an event of this feed"));
        return position.map(Begin::Behind).map_err(unknown);
    }
    match (parameters.recent, parameters.since) {
        (Some(_), Some(_)) => Err(ApiError::BadRequest("recent and since exclude each other".to_owned())),
        (Some(count), None) if (1..=RECENT_MAX).contains(&count) => {
            Ok(Begin::Past(History::Recent(count as usize)))
        }
        (Some(count), None) => {
            Err(ApiError::BadRequest(format!("recent is {count}, it may be 1 to {RECENT_MAX}")))
        }
        (None, Some(since)) => Ok(Begin::Past(History::Since(since.unix_nano()))),
        (None, None) => Ok(Begin::Now),
    }
}

/// Who takes the pieces of a body is gone, or takes none.
struct Gone;

/// Writes what a listener is told until either of both ends.
async fn write(
    mut listener: Listener,
    principal: Option<Principal>,
    pieces: mpsc::Sender<Bytes>,
    heartbeat: Duration,
) {
    let send = async |text: String| {
        if principal.as_ref().is_some_and(|principal| !principal.still_may(Role::Read)) {
            return Err(Gone);
        }
        let sent = tokio::time::timeout(heartbeat * STALLED_HEARTBEATS, pieces.send(text.into())).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Gone) }
    };
    if send(format!("retry: {RETRY_MS}\n\n")).await.is_err() {
        return;
    }
    loop {
        let position = listener.position();
        let told = {
            let mut next = pin!(listener.next());
            loop {
                tokio::select! {
                    told = &mut next => break told,
                    () = tokio::time::sleep(heartbeat) => {
                        if send(alive(position)).await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        let notice = match told {
            Ok(Some(Notice::Lagged)) => {
                _ = send(lagged("too far behind; come again with the last id, nothing is lost")).await;
                return;
            }
            Ok(Some(notice)) => notice,
            Ok(None) => return,
            Err(error) => {
                _ = send(lagged(&format!("{error}; come again with the last id, nothing is lost"))).await;
                return;
            }
        };
        for text in texts(&notice) {
            if send(text).await.is_err() {
                return;
            }
        }
    }
}

/// A sign of life, with the place that the listener has reached.
fn alive(position: Position) -> String {
    format!(": alive\nid: {position}\n\n")
}

/// The last event of a client that is cut off.
fn lagged(detail: &str) -> String {
    format!("event: lagged\ndata: {}\n\n", object!({ "detail": detail }))
}

/// A notice as pieces of the body.
fn texts(notice: &Notice) -> Vec<String> {
    match notice {
        Notice::Stand(position) => vec![alive(*position)],
        Notice::Lagged => Vec::new(),
        Notice::Reset { since_seconds } => {
            let since = chrono::DateTime::from_timestamp(*since_seconds, 0).unwrap_or_default();
            let since = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let detail =
                "the place is too old or of another lake; events since that time follow, some may be repeats";
            vec![format!("event: reset\ndata: {}\n\n", object!({ "detail": detail, "since": since }))]
        }
        Notice::Events(events) => events
            .chunks(PIECE_EVENTS)
            .map(|events| {
                let mut text = String::new();
                for (item, position) in events {
                    if let Some(position) = position {
                        _ = writeln!(text, "id: {position}");
                    }
                    _ = write!(text, "event: {}\ndata: {}\n\n", item.source.event(), item.json);
                }
                text
            })
            .collect(),
    }
}
