//! Requests as searches and ids: times, durations, attributes, limits.

use super::messages::{GetDependenciesRequest, GetTraceParams, TraceQueryParameters};
use crate::clock::now_unix_nano;
use crate::jaeger::{Around, SEARCH_LOOKBACK_NANOS, Search, TAGS_MAX, TRACES_DEFAULT, TRACES_MAX};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost_types::{Duration, Timestamp};
use tonic::Status;

const SECOND_NANOS: i64 = 1_000_000_000;
/// Seconds of the first day of year 1.
const YEAR_ONE: i64 = -62_135_596_800;
/// How far back dependencies go that name no start.
const DEPENDENCIES_LOOKBACK_NANOS: i64 = 86_400 * SECOND_NANOS;

/// A search as Jaeger asks for it.
pub(super) fn search(query: Option<TraceQueryParameters>) -> Result<Search, Status> {
    let query = query.unwrap_or_default();
    if query.filter.is_some() {
        return Err(Status::invalid_argument(
            "structured filters are not served: search by service, operation, attributes and durations",
        ));
    }
    let count = query.attributes.len();
    if count > TAGS_MAX {
        let message = format!("{count} attributes are asked for, it may be at most {TAGS_MAX}");
        return Err(Status::invalid_argument(message));
    }
    let to = nanos(query.start_time_max).unwrap_or_else(now_unix_nano);
    let from = nanos(query.start_time_min).unwrap_or_else(|| to.saturating_sub(SEARCH_LOOKBACK_NANOS));
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    // Jaeger sends durations that were not asked for as zero.
    let duration = |duration: Option<Duration>| duration.map(duration_nanos).filter(|nanos| *nanos > 0);
    Ok(Search {
        service: text(query.service_name),
        operation: text(query.operation_name),
        tags: query.attributes.into_iter().map(tag).collect::<Result<_, _>>()?,
        from,
        to,
        duration_min_ns: duration(query.duration_min),
        duration_max_ns: duration(query.duration_max),
        limit: limit(query.search_depth)?,
    })
}

fn limit(depth: i32) -> Result<u32, Status> {
    let limit = u32::try_from(depth).ok().filter(|limit| *limit <= TRACES_MAX);
    match limit {
        Some(0) => Ok(TRACES_DEFAULT),
        Some(limit) => Ok(limit),
        None => {
            Err(Status::invalid_argument(format!("search_depth is {depth}, it may be 1 to {TRACES_MAX}")))
        }
    }
}

/// The lake has attributes as text.
fn tag(pair: KeyValue) -> Result<(String, String), Status> {
    let text = match pair.value.and_then(|value| value.value) {
        None => String::new(),
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(_) => {
            let message = format!("attribute {} is neither text, number nor boolean", pair.key);
            return Err(Status::invalid_argument(message));
        }
    };
    Ok((pair.key, text))
}

/// Ids as the lake has them, and when the traces were, where every one says so.
pub(super) fn ids(wanted: &[GetTraceParams]) -> Result<(Vec<String>, Option<Around>), Status> {
    let mut ids = Vec::with_capacity(wanted.len());
    let mut around: Option<Around> = None;
    let mut always = true;
    for trace in wanted {
        if trace.trace_id.len() != 16 {
            let message = format!("a trace id has {} bytes, it has 16", trace.trace_id.len());
            return Err(Status::invalid_argument(message));
        }
        let id = hex::encode(&trace.trace_id);
        if !ids.contains(&id) {
            ids.push(id);
        }
        match (nanos(trace.start_time), nanos(trace.end_time)) {
            (Some(from), Some(to)) => {
                let wide = around.unwrap_or(Around { from, to });
                around = Some(Around { from: wide.from.min(from), to: wide.to.max(to) });
            }
            _ => always = false,
        }
    }
    Ok((ids, around.filter(|_| always)))
}

/// The time range of dependencies.
pub(super) fn interval(request: &GetDependenciesRequest) -> (i64, i64) {
    let to = nanos(request.end_time).unwrap_or_else(now_unix_nano);
    let from = nanos(request.start_time).unwrap_or_else(|| to.saturating_sub(DEPENDENCIES_LOOKBACK_NANOS));
    (from, to)
}

/// Nanoseconds of a time; Go's zero time stands for none.
fn nanos(time: Option<Timestamp>) -> Option<i64> {
    let time = time.filter(|time| time.seconds > YEAR_ONE)?;
    Some(time.seconds.saturating_mul(SECOND_NANOS).saturating_add(time.nanos.into()))
}

fn duration_nanos(duration: Duration) -> i64 {
    duration.seconds.saturating_mul(SECOND_NANOS).saturating_add(duration.nanos.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::AnyValue;

    fn pair(key: &str, value: Value) -> KeyValue {
        let value = Some(AnyValue { value: Some(value) });
        KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
    }

    #[test]
    fn a_search_is_read() {
        let found = search(Some(TraceQueryParameters {
            service_name: "shop".to_owned(),
            attributes: vec![pair("error", Value::BoolValue(true)), pair("n", Value::IntValue(7))],
            start_time_min: Some(Timestamp { seconds: 1, nanos: 5 }),
            start_time_max: Some(Timestamp { seconds: i64::MAX, nanos: 0 }),
            duration_min: Some(Duration { seconds: 0, nanos: 3 }),
            duration_max: Some(Duration { seconds: 0, nanos: 0 }),
            ..TraceQueryParameters::default()
        }));
        let found = found.unwrap();
        assert_eq!(
            (found.service.as_deref(), found.operation, found.limit),
            (Some("shop"), None, TRACES_DEFAULT)
        );
        assert_eq!(found.tags, [("error".to_owned(), "true".to_owned()), ("n".to_owned(), "7".to_owned())]);
        assert_eq!((found.from, found.to), (1_000_000_005, i64::MAX));
        assert_eq!((found.duration_min_ns, found.duration_max_ns), (Some(3), None));
    }

    #[test]
    fn what_is_not_served_is_refused() {
        let query = TraceQueryParameters::default;
        let many = vec![pair("k", Value::BoolValue(true)); TAGS_MAX + 1];
        for (wrong, word) in [
            (TraceQueryParameters { filter: Some(Vec::new()), ..query() }, "structured filters"),
            (TraceQueryParameters { search_depth: 1_501, ..query() }, "1 to 1500"),
            (TraceQueryParameters { search_depth: -1, ..query() }, "search_depth is -1"),
            (TraceQueryParameters { attributes: many, ..query() }, "21 attributes"),
            (
                TraceQueryParameters { attributes: vec![pair("k", Value::BytesValue(vec![1]))], ..query() },
                "attribute k",
            ),
        ] {
            let refused = search(Some(wrong)).unwrap_err();
            assert!(refused.message().contains(word), "{refused}");
        }
        assert!(ids(&[GetTraceParams { trace_id: vec![1; 8], ..GetTraceParams::default() }]).is_err());
    }

    #[test]
    fn a_hint_of_time_counts_where_all_traces_have_one() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let with = GetTraceParams { trace_id: vec![1; 16], start_time: at(3), end_time: at(4) };
        let other = GetTraceParams { trace_id: vec![2; 16], start_time: at(1), end_time: at(2) };
        let (found, around) = ids(&[with.clone(), other, with.clone()]).unwrap();
        let around = around.unwrap();
        assert_eq!((found.len(), around.from, around.to), (2, SECOND_NANOS, 4 * SECOND_NANOS));
        let without = GetTraceParams { trace_id: vec![3; 16], ..GetTraceParams::default() };
        assert!(ids(&[with.clone(), without]).unwrap().1.is_none());
        let zero = GetTraceParams { trace_id: vec![3; 16], start_time: at(YEAR_ONE), end_time: at(YEAR_ONE) };
        assert!(ids(&[with, zero]).unwrap().1.is_none());
    }
}
