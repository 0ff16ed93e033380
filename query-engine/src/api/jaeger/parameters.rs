//! Parameters of a request: times, durations, tags, ids. Unknown ones are left alone, as Jaeger does.

use super::answer::Failure;
use super::duration;
use crate::jaeger::{SEARCH_LOOKBACK_NANOS, TAGS_MAX};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The same for dependencies.
const DEPENDENCIES_LOOKBACK_MILLIS: i64 = 86_400_000;

/// The parameters by name; a name may come more than once.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Query(pairs) =
            Query::try_from_uri(&parts.uri).map_err(|error| Failure::bad(error.body_text()))?;
        Ok(Self(pairs))
    }
}

impl Parameters {
    /// Every value of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|text| !text.is_empty())
    }

    /// The value of the first name that has one.
    pub(super) fn either(&self, names: [&'static str; 2]) -> Option<(&'static str, &str)> {
        names.into_iter().find_map(|name| Some((name, self.text(name)?)))
    }

    pub(super) fn pretty(&self) -> bool {
        self.text("prettyPrint").is_some_and(|text| text != "false")
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        let read = |text: &str| {
            text.parse()
                .map_err(|error| Failure::bad(format!("unable to parse param '{name}': {text}: {error}")))
        };
        self.text(name).map(read).transpose()
    }

    /// A time in microseconds as nanoseconds.
    pub(super) fn micros(&self, name: &str) -> Result<Option<i64>, Failure> {
        Ok(self.integer(name)?.map(|micros| micros.saturating_mul(1_000)))
    }

    /// A duration as Go writes it, in nanoseconds.
    pub(super) fn duration(&self, name: &str) -> Result<Option<i64>, Failure> {
        let read = |text| {
            let wrong = || Failure::bad(format!("unable to parse param '{name}': '{text}' is no duration"));
            duration::parse(text).ok_or_else(wrong)
        };
        self.text(name).map(read).transpose()
    }

    /// The time range of a search in nanoseconds. Without a start it goes back by `lookback`, else by two days.
    pub(super) fn range(&self) -> Result<(i64, i64), Failure> {
        // An end is told in whole microseconds, and includes the last.
        let to = self.micros("end")?.map_or_else(now, |micros| micros.saturating_add(999));
        let lookback = self.text("lookback").and_then(lookback).unwrap_or(SEARCH_LOOKBACK_NANOS);
        Ok((self.micros("start")?.unwrap_or_else(|| to.saturating_sub(lookback)), to))
    }

    /// The time range of dependencies in nanoseconds: `endTs` and `lookback` in milliseconds.
    pub(super) fn lookback(&self) -> Result<(i64, i64), Failure> {
        let to = self.integer("endTs")?.map_or_else(now, |millis| millis.saturating_mul(1_000_000));
        let lookback = self.integer("lookback")?.unwrap_or(DEPENDENCIES_LOOKBACK_MILLIS);
        Ok((to.saturating_sub(lookback.saturating_mul(1_000_000)), to))
    }

    /// A number between 1 and `most`.
    pub(super) fn limit(&self, name: &str, usual: u32, most: u32) -> Result<u32, Failure> {
        let limit = self.integer(name)?.unwrap_or_else(|| i64::from(usual));
        let fits = u32::try_from(limit).ok().filter(|limit| (1..=most).contains(limit));
        fits.ok_or_else(|| Failure::bad(format!("{name} is {limit}, it may be 1 to {most}")))
    }

    /// `tag=key:value`, each one tag, and `tags={"key":"value"}`.
    pub(super) fn tags(&self) -> Result<Vec<(String, String)>, Failure> {
        let mut tags = BTreeMap::new();
        for tag in self.all("tag") {
            let wrong =
                || Failure::bad(format!("malformed 'tag' parameter, expecting key:value, received: {tag}"));
            let (key, value) = tag.split_once(':').ok_or_else(wrong)?;
            tags.insert(key.to_owned(), value.to_owned());
        }
        for json in self.all("tags").filter(|json| !json.is_empty()) {
            tags.extend(tag_map("tags", json)?);
        }
        let count = tags.len();
        if count > TAGS_MAX {
            return Err(Failure::bad(format!("{count} tags are asked for, it may be at most {TAGS_MAX}")));
        }
        Ok(tags.into_iter().collect())
    }

    /// The tags of one parameter that holds a JSON object.
    pub(super) fn tag_map(&self, name: &str) -> Result<Vec<(String, String)>, Failure> {
        let tags = self.text(name).map(|json| tag_map(name, json)).transpose()?.unwrap_or_default();
        if tags.len() > TAGS_MAX {
            return Err(Failure::bad(format!(
                "{} {name} are asked for, it may be at most {TAGS_MAX}",
                tags.len()
            )));
        }
        Ok(tags.into_iter().collect())
    }
}

fn tag_map(name: &str, json: &str) -> Result<BTreeMap<String, String>, Failure> {
    serde_json::from_str(json).map_err(|error| {
        Failure::bad(format!("malformed '{name}' parameter, cannot unmarshal JSON: {error}"))
    })
}

/// `1h`, `2d`; the word `custom` and what else is no duration say nothing.
fn lookback(text: &str) -> Option<i64> {
    match text.strip_suffix('d') {
        Some(days) => days.parse::<i64>().ok()?.checked_mul(86_400 * 1_000_000_000),
        None => duration::parse(text),
    }
    .filter(|nanos| *nanos > 0)
}

/// Now in nanoseconds.
fn now() -> i64 {
    nanos(Utc::now())
}

/// Nanoseconds of a time; the last that there is where it is later.
pub(super) fn nanos(time: DateTime<Utc>) -> i64 {
    time.timestamp_nanos_opt().unwrap_or(i64::MAX)
}

/// A trace id as the lake has it: 32 hex digits, padded with zeros on the left.
pub(super) fn trace_id(text: &str) -> Result<String, Failure> {
    if text.len() > 32 {
        return Err(Failure::bad(format!("TraceID cannot be longer than 32 hex characters: {text}")));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::bad(format!("trace id '{text}' is not hexadecimal")));
    }
    Ok(format!("{:0>32}", text.to_ascii_lowercase()))
}
