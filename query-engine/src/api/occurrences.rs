//! Exceptions: those of a pattern, how many there were when, and one in full.

use super::accept::FormatName;
use super::conditions::{Conditions, Time};
use super::cursor::{Key, Kind};
use super::extract::{Named, Parameters};
use super::page::{self, Asked, List};
use super::patterns::{json, named, objects};
use super::problem::ApiError;
use super::{freshness, patterns};
use crate::engine::Engine;
use crate::format::Format;
use crate::lifecycle::Lifecycle;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use datafusion::common::ScalarValue;
use serde::Deserialize;
use serde_json::{Value, json as object};

/// The pattern that an exception counts for now.
pub(super) const PATTERN: &str = "pattern_of(errors.pattern_id, errors.fingerprint)";

/// Columns of an exception in lists: all but the long ones, which `GET /api/v1/errors/{event_id}` has.
pub(super) const COLUMNS: &str = "timestamp, time_unix_nano, event_id, trace_id, span_id, session_id, \
    parent_session_id, execution_id, user_id, service_name, host_name, signal, span_name, language, error_type, \
    message, file_path, code_hash, commit_hash, branch, virtualenv, tags, fingerprint, pattern_id, pattern_new, \
    taxonomy_runtime, taxonomy_phase, taxonomy_type, taxonomy_cause, severity, strategy, ast_statement, ast_call, \
    ast_import";

/// The newest first.
const KEYS: [Key; 2] = [Key::down("time_unix_nano", Kind::Integer), Key::down("event_id", Kind::Text)];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParameters {
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<FormatName>,
    from: Option<Time>,
    to: Option<Time>,
    user: Option<String>,
    service: Option<String>,
    session: Option<String>,
}

pub(super) async fn list(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, ApiError> {
    let ListParameters { limit, cursor, format, from, to, user, service, session } = parameters;
    let asked = Asked { uri: &uri, headers: &headers, limit, cursor, format };
    let mut conditions = Conditions::default();
    let pattern = conditions.text(named(&lifecycle, &id).await?);
    conditions.time("timestamp", ">=", from);
    conditions.time("timestamp", "<", to);
    conditions.equal("user_id", user);
    conditions.equal("service_name", service);
    conditions.equal("session_id", session);
    let list = List {
        name: "occurrences",
        select: format!("SELECT {COLUMNS} FROM errors WHERE {PATTERN} = {pattern}"),
        conditions,
        keys: &KEYS,
        item: None,
        more: None,
    };
    let answer = page::respond(&engine, &asked, list);
    freshness::tagged(&engine, &headers, asked.format()?, patterns::TABLES, answer).await
}

/// One exception with all that is known of it.
pub(super) async fn one(
    State(engine): State<Engine>,
    Named(event_id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let answer = async {
        let error = find(&engine, &event_id).await?;
        Ok(json(&error))
    };
    freshness::tagged(&engine, &headers, Format::Json, patterns::TABLES, answer).await
}

/// The row of an exception, with the pattern that it counts for now.
pub(super) async fn find(engine: &Engine, event_id: &str) -> Result<Value, ApiError> {
    let value = vec![ScalarValue::Utf8(Some(event_id.to_owned()))];
    let sql = format!("SELECT *, {PATTERN} AS current_pattern_id FROM errors WHERE event_id = $1 LIMIT 1");
    let found = objects(engine, &sql, value).await?;
    found.into_iter().next().ok_or_else(|| ApiError::unknown("exception", event_id))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesParameters {
    from: Option<Time>,
    to: Option<Time>,
    step: Option<Step>,
    format: Option<FormatName>,
}

/// Buckets in one series.
const BUCKETS_MAX: i64 = 1_000;
/// Buckets where the step is not given: the first round step that makes no more.
const BUCKETS_WANTED: i64 = 100;
const SECOND: i64 = 1_000_000_000;
/// Steps that are chosen from, in seconds.
const ROUND_STEPS: [i64; 12] = [1, 10, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];
/// Range where only one end, or none, is given.
const RANGE_NANOS: i64 = 86_400 * SECOND;

/// A length of time in a query: a number with `s`, `m`, `h`, `d` or `w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Step(i64);

impl TryFrom<String> for Step {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
        let nanos = units.into_iter().find_map(|(unit, seconds)| {
            let digits = text.strip_suffix(unit)?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i64>().ok().filter(|_| plain)?.checked_mul(seconds)?.checked_mul(SECOND)
        });
        nanos
            .filter(|nanos| *nanos > 0)
            .map(Self)
            .ok_or_else(|| "step is a number of at least 1 with s, m, h, d or w, as in 15m".to_owned())
    }
}

/// The times of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    from: i64,
    to: i64,
    step: i64,
}

impl Range {
    /// Whole steps of UTC that cover what is asked for; `to` itself is not in it.
    fn of(from: Option<Time>, to: Option<Time>, step: Option<Step>, now: i64) -> Result<Self, ApiError> {
        let bad = |message: String| Err(ApiError::BadRequest(message));
        let until = to.map_or(now, Time::unix_nano);
        let since = from.map_or(until.saturating_sub(RANGE_NANOS), Time::unix_nano).max(0);
        if since >= until {
            return bad("from is not before to".to_owned());
        }
        let length = until.saturating_sub(since);
        let step = step.map_or_else(
            || {
                let fits = |step: &i64| length / (step * SECOND) <= BUCKETS_WANTED;
                ROUND_STEPS.into_iter().find(fits).map_or(length / BUCKETS_WANTED, |step| step * SECOND)
            },
            |Step(step)| step,
        );
        let from = since.saturating_sub(since.rem_euclid(step));
        let count = until.saturating_sub(from).saturating_add(step - 1) / step;
        if count > BUCKETS_MAX {
            return bad(format!("step makes {count} buckets between from and to, limit is {BUCKETS_MAX}"));
        }
        Ok(Self { from, to: from.saturating_add(count.saturating_mul(step)), step })
    }

    fn buckets(self) -> impl Iterator<Item = i64> {
        (0..(self.to - self.from) / self.step).map(move |bucket| self.from + bucket * self.step)
    }
}

/// How often a pattern occurred in each of even steps of time.
pub(super) async fn series(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    headers: HeaderMap,
    Parameters(parameters): Parameters<SeriesParameters>,
) -> Result<Response, ApiError> {
    let SeriesParameters { from, to, step, format } = parameters;
    let format = super::accept::chosen(&headers, format)?;
    let now = crate::clock::now_unix_nano();
    let range = Range::of(from, to, step, now)?;
    let pattern_id = named(&lifecycle, &id).await?;
    let answer = async {
        let counted = counts(&engine, &pattern_id, range).await?;
        match format {
            Format::Json => Ok(json(&series_object(&pattern_id, range, &counted))),
            Format::Csv => Ok(series_csv(range, &counted)),
            Format::Arrow => Err(ApiError::NotAcceptable("application/json, text/csv")),
        }
    };
    freshness::tagged(&engine, &headers, format, patterns::TABLES, answer).await
}

/// Counts by start of their bucket.
type Counts = std::collections::BTreeMap<i64, (i64, i64)>;

async fn counts(engine: &Engine, pattern_id: &str, range: Range) -> Result<Counts, ApiError> {
    let mut conditions = Conditions::default();
    let pattern = conditions.text(pattern_id);
    let [from, to, step] =
        [range.from, range.to, range.step].map(|nanos| conditions.place(ScalarValue::Int64(Some(nanos))));
    let sql = format!(
        "SELECT {from} + (time_unix_nano - {from}) / {step} * {step} AS at, count(*) AS occurrences, \
         count(DISTINCT user_id) AS distinct_users FROM errors \
         WHERE {PATTERN} = {pattern} AND time_unix_nano >= {from} AND time_unix_nano < {to} GROUP BY 1"
    );
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or_default();
    let rows = objects(engine, &sql, conditions.into_values()).await?;
    Ok(rows
        .iter()
        .map(|row| (number(row, "at"), (number(row, "occurrences"), number(row, "distinct_users"))))
        .collect())
}

fn shown(nanos: i64) -> String {
    chrono::DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn series_object(pattern_id: &str, range: Range, counted: &Counts) -> Value {
    let bucket = |at: i64| {
        let (occurrences, users) = counted.get(&at).copied().unwrap_or_default();
        object!({ "time": shown(at), "occurrences": occurrences, "distinct_users": users })
    };
    object!({
        "pattern_id": pattern_id,
        "from": shown(range.from),
        "to": shown(range.to),
        "step_seconds": range.step as f64 / SECOND as f64,
        "buckets": range.buckets().map(bucket).collect::<Vec<_>>(),
    })
}

fn series_csv(range: Range, counted: &Counts) -> Response {
    let mut text = "time,occurrences,distinct_users\n".to_owned();
    for at in range.buckets() {
        let (occurrences, users) = counted.get(&at).copied().unwrap_or_default();
        text.push_str(&format!("{},{occurrences},{users}\n", shown(at)));
    }
    ([(header::CONTENT_TYPE, Format::Csv.content_type())], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Time> {
        Some(Time::try_from(text.to_owned()).unwrap())
    }

    #[test]
    fn a_series_covers_its_range_in_whole_steps() {
        let step = Step::try_from("1h".to_owned()).ok();
        let range = Range::of(time("2026-11-23T10:30:00Z"), time("2026-11-23T12:10:00Z"), step, 0).unwrap();
        let starts: Vec<String> = range.buckets().map(shown).collect();
        assert_eq!(starts, ["2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z"]);
        let day = Range::of(None, time("2026-11-23T12:00:00Z"), None, 0).unwrap();
        assert_eq!((day.step / SECOND, day.buckets().count()), (900, 96));
    }

    #[test]
    fn ranges_that_cannot_be_answered() {
        let step = |text: &str| Step::try_from(text.to_owned());
        for wrong in ["", "5", "0s", "-1h", "1y", "1.5h", "99999999999999999999s", "9999999999999w"] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
        let day = (time("2026-11-23"), time("2026-11-24"));
        assert!(Range::of(day.0, day.1, step("1s").ok(), 0).is_err());
        assert!(Range::of(day.1, day.0, None, 0).is_err());
        assert!(Range::of(time("0001-01-01"), time("9999-12-31"), None, 0).is_ok());
        assert!(Range::of(time("0001-01-01"), time("0002-12-31"), step("9999w").ok(), 0).is_err());
    }
}
