//! Queries: what Grafana asks, as frames. One file for each type; `model` is what the JSON says, `filters` and
//! `macros` become SQL, `range` is the time asked for.

mod annotations;
mod columns;
mod feed;
mod filters;
mod heatmap;
mod lineage;
mod logs;
mod macros;
mod model;
mod range;
mod report;
mod series;
mod sessions;
mod shape;
mod sql;
mod timeline;

pub(crate) use columns::{Column, ERRORS as ERROR_COLUMNS};
pub(crate) use feed::{Event, frame as feed_frame};
pub(crate) use filters::literal;
pub(crate) use model::{Filters, Query, QueryType};
pub(crate) use range::Range;

use crate::engine::{Engine, Rows};
use crate::error::Failure;
use crate::frame::Frame;

/// One query with what Grafana says beside its JSON.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    pub(crate) range: Range,
    /// Milliseconds between two points, as Grafana would like it.
    pub(crate) interval_ms: i64,
    pub(crate) now_ms: i64,
    /// An alert rule asks: nobody looks, nothing goes on by itself.
    pub(crate) is_alert: bool,
}

impl Asked {
    /// What macros stand for.
    fn macro_values<'a>(&self, engine: &'a Engine) -> macros::Values<'a> {
        let jaeger_url = engine.settings.jaeger_url.as_deref();
        macros::Values { range: self.range, interval_ms: self.interval_ms, jaeger_url }
    }

    /// Rows of a list: what the query says, else `default`; one more than a frame may have tells that there are more.
    fn limit(&self, engine: &Engine, default: usize) -> usize {
        self.query.limit.unwrap_or(default).min(engine.settings.rows_max + 1)
    }
}

/// Answers a query.
pub(crate) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    match asked.query.query_type {
        QueryType::Sql => sql::answer(engine, asked).await,
        QueryType::Report => report::answer(engine, asked).await,
        QueryType::Series => series::answer(engine, asked).await,
        QueryType::Sessions => sessions::answer(engine, asked).await,
        QueryType::Timeline => timeline::answer(engine, asked).await,
        QueryType::Lineage => lineage::answer(engine, asked).await,
        QueryType::Heatmap => heatmap::answer(engine, asked).await,
        QueryType::Feed => feed::answer(engine, asked).await,
        QueryType::Logs => logs::answer(engine, asked).await,
        QueryType::Annotations => annotations::answer(engine, asked).await,
    }
}

/// A frame of rows, with the SQL for the inspector, and a notice where rows were left out.
fn framed(name: &str, rows: &Rows, sql: &str) -> Result<Frame, Failure> {
    let mut frame = Frame::of(name, &rows.batch)?.meta("executedQueryString", sql);
    if rows.is_cut {
        let count = frame.rows();
        let advice = "ask for less, or raise the limit of rows in the data source's settings";
        frame.notice("warning", format!("only the first {count} rows are shown: {advice}"));
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::GroupBy;

    fn asked(json: &str) -> Asked {
        Asked {
            query: Query::read(json.as_bytes()).unwrap(),
            range: Range { from_ms: 1_795_428_000_000, to_ms: 1_795_431_600_000 },
            interval_ms: 60_000,
            now_ms: 1_795_431_600_000,
            is_alert: false,
        }
    }

    /// Golden SQL: a change of it is read by a person.
    #[test]
    fn queries_become_these_statements() {
        let filters =
            r#""filters": {"service": "checkout", "status": "open", "severityMin": 4, "pattern": "0af3"}"#;
        let adhoc = r#""adhoc": [{"key": "branch", "operator": "=~", "value": "release/.*"}]"#;
        let list = asked(&format!(r#"{{"orderBy": "occurrences", {filters}, {adhoc}}}"#));
        let of_patterns = annotations::of_patterns(&list).unwrap();
        let one = asked(r#"{"filters": {"pattern": "0af3"}}"#);
        let statements = [
            ("report", report::sql(&list, 50).unwrap()),
            ("series", series::sql(&asked("{}"), GroupBy::None, 60_000, 10).unwrap()),
            ("series by pattern", series::sql(&list, GroupBy::Pattern, 60_000, 10).unwrap()),
            ("series by service", series::sql(&asked("{}"), GroupBy::Service, 60_000, 10).unwrap()),
            ("sessions", sessions::ids_sql(&list, 50).unwrap()),
            ("sessions by list", sessions::list_path(&asked(r#"{"filters": {"user": "a&b=c/d"}}"#), 50)),
            ("feed", feed::sql(&list, 50).unwrap()),
            ("logs", logs::sql(&list, 1_000).unwrap()),
            ("annotations of status", annotations::status_sql(&list, &of_patterns, 500)),
            (
                "annotations of one pattern",
                annotations::new_sql(&one, &annotations::of_patterns(&one).unwrap(), 500),
            ),
        ];
        let text: Vec<String> = statements.iter().map(|(name, sql)| format!("-- {name}\n{sql}\n")).collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
