//! Entity tags of answers, from the versions of the tables that they are made from: who has the newest is told so
//! with 304, before any query runs.
//!
//! A tag is taken before the rows are read, so it may be older than its answer and never newer. Tags change when the
//! engine starts and, because some columns depend on the time, with every minute.

use super::problem::ApiError;
use crate::clock;
use crate::engine::Engine;
use crate::format::Format;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::try_join_all;
use schemas::tables::Table;
use std::sync::LazyLock;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

/// Nanoseconds that a tag holds for without a change.
const HOLDS_NANOS: i64 = 60_000_000_000;

static STARTED: LazyLock<Uuid> = LazyLock::new(Uuid::new_v4);

/// The answer of `respond`, which is made from `tables`, with its tag; or that nothing changed.
pub(super) async fn tagged(
    engine: &Engine,
    headers: &HeaderMap,
    format: Format,
    tables: &[Table],
    respond: impl Future<Output = Result<Response, ApiError>>,
) -> Result<Response, ApiError> {
    let versions = try_join_all(tables.iter().map(|&table| engine.snapshot(table))).await?;
    let versions: Vec<u64> = versions.iter().map(|(snapshot, _)| snapshot.version).collect();
    let minute = clock::now_unix_nano() / HOLDS_NANOS;
    let parts = format!("{} {versions:?} {minute} {format:?}", *STARTED);
    let tag = format!("W/\"{:016x}\"", xxh3_64(parts.as_bytes()));
    if matches(headers, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    Ok(with_tag(respond.await?, &tag))
}

/// Whether `If-None-Match` names a tag.
pub(super) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let texts = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|each| opaque(each) == opaque(tag))
}

/// An answer with its tag.
pub(super) fn with_tag(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let check = |text: &'static str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static(text));
            assert_eq!(matches(&headers, "W/\"a1\""), expected, "{text}");
        };
        check("W/\"a1\"", true);
        check("\"a1\"", true);
        check("\"x\", W/\"a1\"", true);
        check("\"a2\"", false);
        check("a1", false);
        assert!(!matches(&HeaderMap::new(), "\"a1\""));
    }
}
