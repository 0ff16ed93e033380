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
    /// Rows of a list, where the query says nothing.
    pub(crate) fn limit(&self, engine: &Engine) -> usize {
        self.query.limit.unwrap_or(model::LIMIT).min(engine.settings.rows_max)
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
