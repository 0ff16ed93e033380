//! The spans of traces by their ids: bloom filters and statistics rule out files, no time range is needed.

use super::row::{COLUMNS, SpanRow, Trace};
use super::{TRACE_NANOS_MAX, row};
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;
use std::collections::HashMap;

/// When the spans of a trace are known to be, in nanoseconds, both ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Around {
    /// A condition that keeps whole traces: spans may lie outside, by as much as a trace may last.
    fn condition(self) -> String {
        let (from, to) = (self.from.saturating_sub(TRACE_NANOS_MAX), self.to.saturating_add(TRACE_NANOS_MAX));
        format!(" AND time_unix_nano BETWEEN {from} AND {to}")
    }
}

impl Trace {
    /// The traces with these ids (32 hex digits), in the order of `ids`; those without spans are left out.
    ///
    /// # Errors
    /// [`QueryError::TracesTooLarge`], and those of queries.
    pub(crate) async fn by_ids(
        engine: &Engine,
        ids: &[String],
        around: Option<Around>,
    ) -> Result<Vec<Self>, QueryError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let values: Vec<ScalarValue> = ids.iter().map(|id| ScalarValue::Utf8(Some(id.clone()))).collect();
        let (places, within) =
            (Params::places(1, ids.len()), around.map(Around::condition).unwrap_or_default());
        let sql = format!("SELECT {COLUMNS} FROM spans WHERE trace_id IN ({places}){within}");
        let limit = engine.config().trace_bytes_max;
        let mut rows = engine.query_with(&sql, Params::positional(values)).await?;
        let (mut spans, mut bytes) = (Vec::new(), 0_usize);
        while let Some(batch) = rows.try_next().await? {
            bytes += row::decode(&batch, &mut spans)?;
            if bytes > limit {
                return Err(QueryError::TracesTooLarge { limit });
            }
        }
        Ok(grouped(spans, ids))
    }
}

/// Spans by trace, in the order of `ids`. A span that was stored twice is there once.
fn grouped(spans: Vec<SpanRow>, ids: &[String]) -> Vec<Trace> {
    let mut traces: HashMap<String, Vec<SpanRow>> = HashMap::new();
    for span in spans {
        match traces.get_mut(&span.trace_id) {
            Some(spans) => spans.push(span),
            None => _ = traces.insert(span.trace_id.clone(), vec![span]),
        }
    }
    ids.iter()
        .filter_map(|id| {
            let mut spans = traces.remove(id)?;
            spans.sort_unstable();
            spans.dedup();
            Some(Trace { id: id.clone(), spans })
        })
        .collect()
}
