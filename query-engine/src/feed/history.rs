//! What was before a listener came: the newest events, or those since a time, as the lake has them at known versions.

use super::Shared;
use super::commit::{Item, Source, items};
use super::filter::Filter;
use super::position::Position;
use crate::engine::Params;
use crate::error::QueryError;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;

/// Events of one history.
pub(crate) const HISTORY_MAX: usize = 10_000;
/// Tries to read while nothing is committed.
const TRIES: usize = 5;

/// Which of the past a listener wants first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// The newest.
    Recent(usize),
    /// Those from this time on, in nanoseconds since the epoch; the newest [`HISTORY_MAX`] of them.
    Since(i64),
}

/// Events of the past, the oldest first.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) items: Vec<Item>,
    /// Behind everything that was looked at.
    pub(super) position: Position,
    /// Commits may have been looked at that are behind `position` too.
    pub(super) is_blurred: bool,
}

impl Shared {
    /// Reads a history. A query reads each table at its newest version, so one before which and after which the
    /// versions are the same has read just these.
    pub(super) async fn past(&self, filter: &Filter, history: History) -> Result<Past, QueryError> {
        let mut tries = 0;
        loop {
            let position = self.newest().await?;
            let items = self.read_past(filter, history).await?;
            let after = self.newest().await?;
            let same = Source::ALL.iter().all(|&source| position.place(source) == after.place(source));
            tries += 1;
            if same || tries == TRIES {
                return Ok(Past { items, position, is_blurred: !same });
            }
        }
    }

    async fn read_past(&self, filter: &Filter, history: History) -> Result<Vec<Item>, QueryError> {
        let limit = match history {
            History::Recent(count) => count.min(HISTORY_MAX),
            History::Since(_) => HISTORY_MAX,
        };
        let mut found = Vec::new();
        for source in Source::ALL.into_iter().filter(|&source| filter.wants_of(source)) {
            let (condition, values) = condition(source, filter, history);
            let (columns, table) = (source.columns().join(", "), source.table().name());
            let sql = format!(
                "SELECT {columns} FROM {table} WHERE {condition} \
                 ORDER BY time_unix_nano DESC, event_id DESC LIMIT {limit}"
            );
            let mut rows = self.engine.query_with(&sql, Params::positional(values)).await?;
            while let Some(batch) = rows.try_next().await? {
                found.extend(items(source, &batch)?);
            }
        }
        found.sort_by(|a, b| (a.time_unix_nano, &a.event_id).cmp(&(b.time_unix_nano, &b.event_id)));
        found.drain(..found.len().saturating_sub(limit));
        Ok(found)
    }
}

/// The rows of a table that a listener wants of the past.
fn condition(source: Source, filter: &Filter, history: History) -> (String, Vec<ScalarValue>) {
    let mut values = Vec::new();
    let mut all = Vec::new();
    if let History::Since(since) = history {
        values.push(ScalarValue::Int64(Some(since)));
        all.push(format!("time_unix_nano >= ${}", values.len()));
    }
    let mut texts = |texts: &[String]| {
        let first = values.len() + 1;
        values.extend(texts.iter().map(|text| ScalarValue::Utf8(Some(text.clone()))));
        Params::places(first, texts.len())
    };
    if let Some(members) = &filter.members {
        all.push(match source {
            Source::Errors => format!("pattern_of(pattern_id, fingerprint) = {}", texts(&members.ids()[..1])),
            Source::PatternEvents => format!("pattern_id IN ({})", texts(members.ids())),
        });
    }
    if source == Source::Errors {
        for (column, value) in
            [("service_name", &filter.service), ("session_id", &filter.session), ("user_id", &filter.user)]
        {
            if let Some(value) = value {
                all.push(format!("{column} = {}", texts(std::slice::from_ref(value))));
            }
        }
        all.extend(filter.severity_min.map(|least| format!("severity >= {least}")));
        all.extend(filter.severity_max.map(|most| format!("severity <= {most}")));
        all.extend(filter.new.then(|| "pattern_new".to_owned()));
    }
    let condition = if all.is_empty() { "true".to_owned() } else { all.join(" AND ") };
    (condition, values)
}
