//! `report`: the patterns that occurred in the range, what to look at first on top.

use super::columns::PATTERN;
use super::filters::{Conditions, literal};
use super::model::{OrderBy, ROWS};
use super::{Asked, framed};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame, severity_config};
use crate::settings::Settings;
use serde_json::{Value, json};

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let sql = sql(asked, asked.limit(engine, ROWS))?;
    let rows = engine.sql(&sql).await?;
    let mut frame = framed("patterns", &rows, &sql)?.shown_as("table").meta("uniqueRowIdFields", json!([0]));
    decorate(&mut frame, &engine.settings);
    Ok(vec![frame])
}

pub(super) fn sql(asked: &Asked, limit: usize) -> Result<String, Failure> {
    let query = &asked.query;
    // What the report itself knows is asked of it, not of every exception. Its severity is what a person set.
    let mut of_errors = query.filters.clone();
    let status = of_errors.status.take();
    let stage = of_errors.stage.take();
    let severity = of_errors.severity_min.take();
    let errors = Conditions::of_errors(asked.range, &of_errors, &query.adhoc)?;
    let mut report = Conditions::default();
    for (column, value) in [("status", status), ("stage", stage)] {
        if let Some(value) = value {
            report.add(format!("report.{column} = {}", literal(&value)));
        }
    }
    if let Some(severity) = severity {
        report.add(format!("report.severity >= {severity}"));
    }
    Ok(format!(
        "SELECT report.pattern_id, report.error_type, report.canonical_msg, report.severity, report.priority, \
         report.status, report.stage, report.occurrences, seen.in_range, report.distinct_users, \
         report.distinct_sessions, report.first_seen, report.last_seen, report.trend, report.score, \
         report.assignee, array_to_string(report.labels, ', ') AS labels, report.sample_trace, \
         report.suggested_fix_id\n\
         FROM pattern_report AS report\n\
         JOIN (SELECT {PATTERN} AS pattern_id, count(*) AS in_range FROM errors {errors} GROUP BY 1) AS seen \
         ON seen.pattern_id = report.pattern_id\n\
         {report} ORDER BY {order} DESC NULLS LAST, report.pattern_id LIMIT {limit}",
        errors = errors.where_clause(),
        report = report.where_clause(),
        order = order(query.order_by),
    ))
}

fn order(order: OrderBy) -> &'static str {
    match order {
        OrderBy::Score => "report.score",
        // What counts here is the range that is shown.
        OrderBy::Occurrences => "seen.in_range",
        OrderBy::LastSeen => "report.last_seen",
        OrderBy::FirstSeen => "report.first_seen",
        OrderBy::Severity => "report.severity",
        OrderBy::Trend => "report.trend",
        OrderBy::DistinctUsers => "report.distinct_users",
    }
}

/// Colours of severities, and links from ids to what they name. For all frames with such columns.
pub(super) fn decorate(frame: &mut Frame, settings: &Settings) {
    for field in &mut frame.fields {
        if field.name == "severity" {
            field.config.extend(severity_config());
        }
        let links = links(&field.name, settings);
        if !links.is_empty() {
            field.config.insert("links".to_owned(), Value::Array(links));
        }
        if matches!(field.name.as_str(), "score" | "trend") {
            *field = Field { config: std::mem::take(&mut field.config), ..field.clone() }.set("decimals", 2);
        }
    }
}

/// Where a value of a column leads.
fn links(column: &str, settings: &Settings) -> Vec<Value> {
    let dashboard =
        |title: &str, url: &str| vec![json!({ "title": title, "url": url, "targetBlank": false })];
    match column {
        "pattern_id" => dashboard(
            "Pattern",
            "/d/errata-pattern?var-pattern=${__value.raw:percentencode}&${__url_time_range}",
        ),
        "session_id" | "parent_session_id" => dashboard(
            "Session",
            "/d/errata-session?var-session=${__value.raw:percentencode}&${__url_time_range}",
        ),
        "sample_trace" | "trace_id" => trace_links(settings),
        _ => Vec::new(),
    }
}

/// Links to Jaeger: Grafana's own data source where one is named, and its UI where its address is.
pub(super) fn trace_links(settings: &Settings) -> Vec<Value> {
    let mut links = Vec::new();
    if let Some(uid) = &settings.jaeger_datasource_uid {
        links.push(json!({
            "title": "Trace",
            "url": "",
            "internal": {
                "datasourceUid": uid,
                "datasourceName": "Jaeger",
                "query": { "refId": "trace", "query": "${__value.raw}" },
            },
        }));
    }
    if let Some(url) = &settings.jaeger_url {
        let url = format!("{url}/trace/${{__value.raw:percentencode}}");
        links.push(json!({ "title": "Trace in Jaeger", "url": url, "targetBlank": true }));
    }
    links
}
