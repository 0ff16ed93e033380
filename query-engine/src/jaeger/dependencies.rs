//! Which service calls which: spans joined with their parents.

use super::SERVICE_MISSING;
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use futures::TryStreamExt;

/// Calls from one service to another, or within one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) parent: String,
    pub(crate) child: String,
    pub(crate) calls: i64,
}

impl Dependency {
    /// Calls of which both spans start within the time range (nanoseconds, both ends included); of one service only
    /// where `service` is given.
    ///
    /// # Errors
    /// Those of queries.
    pub(crate) async fn between(
        engine: &Engine,
        from: i64,
        to: i64,
        service: Option<&str>,
    ) -> Result<Vec<Self>, QueryError> {
        let spans = format!(
            "SELECT trace_id, span_id, parent_span_id, coalesce(nullif(service_name, ''), '{SERVICE_MISSING}') AS service \
             FROM spans WHERE time_unix_nano BETWEEN {from} AND {to}"
        );
        let sql = format!(
            "SELECT p.service, c.service, count(*) FROM ({spans}) p JOIN ({spans} AND parent_span_id IS NOT NULL) c \
             ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id \
             GROUP BY p.service, c.service ORDER BY p.service, c.service"
        );
        let mut rows = engine.query_with(&sql, Params::none()).await?;
        let mut found = Vec::new();
        while let Some(batch) = rows.try_next().await? {
            let (parents, children) =
                (batch.column(0).as_string_opt::<i32>(), batch.column(1).as_string_opt::<i32>());
            let calls = batch.column(2).as_primitive_opt::<Int64Type>();
            let (Some(parents), Some(children), Some(calls)) = (parents, children, calls) else {
                return Err(QueryError::internal("dependencies are not of their types"));
            };
            for ((parent, child), calls) in parents.iter().zip(children).zip(calls) {
                let (Some(parent), Some(child), Some(calls)) = (parent, child, calls) else { continue };
                if service.is_none_or(|service| service == parent || service == child) {
                    found.push(Self { parent: parent.to_owned(), child: child.to_owned(), calls });
                }
            }
        }
        Ok(found)
    }
}
