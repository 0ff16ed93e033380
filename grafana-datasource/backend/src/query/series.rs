//! `series`: how often exceptions occurred, bucket by bucket, one frame for each group.

use super::Asked;
use super::columns::PATTERN;
use super::filters::Conditions;
use super::macros;
use super::model::GroupBy;
use crate::engine::{Engine, Rows};
use crate::error::Failure;
use crate::frame::{Field, Frame, grafana, severity_color};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use serde_json::json;
use std::collections::BTreeMap;

/// Groups, where the query says nothing.
const GROUPS: usize = 10;
const GROUPS_MAX: usize = 1_000;
/// Points of one series.
const BUCKETS_MAX: i64 = 11_000;
/// Points of all series together.
const POINTS_MAX: i64 = 1_000_000;
/// The group of all that is in no other.
const OTHER: &str = "other";
/// The group of what has no value.
const NONE: &str = "(none)";

/// Counts by bucket and group.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) sql: String,
    /// Beginnings of the buckets, in nanoseconds.
    pub(super) times: Vec<i64>,
    /// Groups with their counts, the largest first and "other" last.
    pub(super) groups: Vec<Group>,
}

/// One series.
#[derive(Debug)]
pub(super) struct Group {
    /// What it is grouped by; `None` where there is only one.
    pub(super) name: Option<String>,
    /// What people call it.
    pub(super) title: String,
    pub(super) counts: Vec<i64>,
}

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let step_ms = step_ms(engine, asked, asked.interval_ms.max(1_000))?;
    let group_by = asked.query.group_by.unwrap_or(GroupBy::None);
    let counts = counts(engine, asked, group_by, step_ms).await?;
    let frames = counts.groups.iter().map(|group| {
        let values = group.counts.iter().copied().map(Some).collect();
        let mut value = Field::integers("value", values).set("displayNameFromDS", group.title.as_str());
        if let Some(name) = &group.name {
            value = value.labelled("group", name);
        }
        if group_by == GroupBy::Severity {
            let level = group.name.as_ref().and_then(|name| name.parse().ok()).unwrap_or_default();
            value = value.set("color", json!({ "mode": "fixed", "fixedColor": severity_color(level) }));
        }
        let time = Field::times("time", counts.times.clone()).set("interval", step_ms);
        Frame::new(group.title.as_str(), vec![time, value])
            .shown_as("graph")
            .typed("timeseries-multi", [0, 1])
            .meta("executedQueryString", counts.sql.as_str())
    });
    let frames: Vec<Frame> = frames.collect();
    if frames.is_empty() {
        let none = Frame::default().shown_as("graph").typed("timeseries-multi", [0, 1]);
        return Ok(vec![none.meta("executedQueryString", counts.sql)]);
    }
    Ok(frames)
}

/// The length of a bucket: what the query says, else `default`, longer where that would make too many.
pub(super) fn step_ms(engine: &Engine, asked: &Asked, default: i64) -> Result<i64, Failure> {
    let buckets = |step_ms: i64| asked.range.ms() / step_ms + 2;
    let Some(text) = &asked.query.interval else {
        let least = asked.range.ms() / (BUCKETS_MAX - 2) + 1;
        return Ok(default.max(least));
    };
    let values = asked.macro_values(engine);
    let step_ms = macros::interval(&macros::expand(text.trim(), values)?)?;
    if buckets(step_ms) > BUCKETS_MAX {
        let count = buckets(step_ms);
        let advice = "choose a longer interval or a shorter time range";
        return Err(Failure::bad_request(format!(
            "interval {text} makes {count} points, the limit is {BUCKETS_MAX}: {advice}"
        )));
    }
    Ok(step_ms)
}

/// Counts by bucket and group; buckets without any are there too.
pub(super) async fn counts(
    engine: &Engine,
    asked: &Asked,
    group_by: GroupBy,
    step_ms: i64,
) -> Result<Counts, Failure> {
    let wanted = asked.query.limit.unwrap_or(GROUPS).min(GROUPS_MAX);
    let sql = sql(asked, group_by, step_ms, wanted)?;
    let times = times(asked, step_ms);
    let points = i64::try_from(times.len() * (wanted + 1)).unwrap_or(i64::MAX);
    if points > POINTS_MAX {
        let advice = "choose a longer interval or fewer groups";
        return Err(Failure::bad_request(format!(
            "the series may have {points} points, the limit is {POINTS_MAX}: {advice}"
        )));
    }
    let rows = engine.sql_rows(&sql, times.len() * (wanted + 1)).await?;
    let groups = groups(&rows, &times, step_ms, group_by)?;
    Ok(Counts { sql, times, groups })
}

pub(super) fn sql(asked: &Asked, group_by: GroupBy, step_ms: i64, wanted: usize) -> Result<String, Failure> {
    let errors = Conditions::of_errors(asked.range, &asked.query.filters, &asked.query.adhoc)?;
    let bucket = format!("date_bin(INTERVAL '{step_ms} milliseconds', timestamp)");
    let errors = errors.where_clause();
    let Some(group) = column(group_by) else {
        return Ok(format!(
            "SELECT {bucket} AS time, count(*) AS value FROM errors {errors} GROUP BY 1 ORDER BY 1"
        ));
    };
    let title = if group_by == GroupBy::Pattern { "max(error_type)" } else { "max(CAST(NULL AS VARCHAR))" };
    Ok(format!(
        "WITH counted AS (\
         SELECT {bucket} AS time, {group} AS \"group\", {title} AS title, count(*) AS value FROM errors {errors} \
         GROUP BY 1, 2),\n\
         largest AS (\
         SELECT \"group\", max(title) AS title, sum(value) AS total FROM counted GROUP BY 1 \
         ORDER BY total DESC, \"group\" LIMIT {wanted})\n\
         SELECT counted.time, largest.\"group\", largest.title, largest.total, sum(counted.value) AS value\n\
         FROM counted LEFT JOIN largest ON largest.\"group\" = counted.\"group\"\n\
         GROUP BY 1, 2, 3, 4 ORDER BY largest.total DESC NULLS LAST, largest.\"group\", counted.time"
    ))
}

/// What exceptions are grouped by; nothing where all are one series.
fn column(group_by: GroupBy) -> Option<String> {
    let column = match group_by {
        GroupBy::None => return None,
        GroupBy::Pattern => return Some(PATTERN.to_owned()),
        GroupBy::Severity => return Some("CAST(severity AS VARCHAR)".to_owned()),
        GroupBy::Type => "error_type",
        GroupBy::Service => "service_name",
        GroupBy::User => "user_id",
        GroupBy::Language => "language",
        GroupBy::Cause => "taxonomy_cause",
    };
    Some(format!("coalesce({column}, '{NONE}')"))
}

/// Beginnings of all buckets of the range, as `date_bin` makes them, in nanoseconds.
fn times(asked: &Asked, step_ms: i64) -> Vec<i64> {
    let first = asked.range.from_ms.div_euclid(step_ms) * step_ms;
    let mut times = Vec::new();
    let mut at = first;
    while at < asked.range.to_ms {
        times.push(at.saturating_mul(1_000_000));
        at += step_ms;
    }
    times
}

fn groups(rows: &Rows, times: &[i64], step_ms: i64, group_by: GroupBy) -> Result<Vec<Group>, Failure> {
    let column = |name: &str| -> Result<Option<ArrayRef>, Failure> {
        let schema = rows.batch.schema();
        let Some((index, field)) = schema.fields().find(name) else { return Ok(None) };
        grafana(field, rows.batch.column(index)).map(Some)
    };
    let strange = |name: &str| Failure::downstream(502, format!("the engine's answer has no column {name}"));
    let time = column("time")?.ok_or_else(|| strange("time"))?;
    let value = column("value")?.ok_or_else(|| strange("value"))?;
    let value =
        cast(&value, &DataType::Int64).map_err(|error| Failure::plugin("cannot read counts", &error))?;
    let time = time.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(|| strange("time"))?;
    let value = value.as_primitive::<Int64Type>();
    let (names, titles) = (column("group")?, column("title")?);
    let text = |texts: &Option<ArrayRef>, row: usize| {
        let texts = texts.as_ref().and_then(|texts| texts.as_string_opt::<i32>())?;
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let first = times.first().copied().unwrap_or_default();
    let step = step_ms.saturating_mul(1_000_000);
    for row in 0..time.len() {
        let name = text(&names, row);
        let place = *places.entry(name.clone()).or_insert_with(|| {
            groups.push(Group {
                title: title(name.as_deref(), text(&titles, row).as_deref(), group_by),
                name: (group_by != GroupBy::None).then(|| name.unwrap_or_else(|| OTHER.to_owned())),
                counts: vec![0; times.len()],
            });
            groups.len() - 1
        });
        let bucket = usize::try_from((time.value(row) - first) / step).ok();
        if let Some(count) = bucket.and_then(|bucket| groups[place].counts.get_mut(bucket)) {
            *count += value.value(row);
        }
    }
    if groups.is_empty() && group_by == GroupBy::None {
        groups.push(Group { name: None, title: title(None, None, group_by), counts: vec![0; times.len()] });
    }
    Ok(groups)
}

fn title(name: Option<&str>, title: Option<&str>, group_by: GroupBy) -> String {
    match (group_by, name, title) {
        (GroupBy::None, ..) => "errors".to_owned(),
        (_, None, _) => OTHER.to_owned(),
        (_, Some(name), Some(title)) => format!("{title} {}", name.chars().take(8).collect::<String>()),
        (GroupBy::Severity, Some(name), None) => format!("severity {name}"),
        (_, Some(name), None) => name.to_owned(),
    }
}
