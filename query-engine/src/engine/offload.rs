//! Work other than SQL on the computing threads, under the same admission and time limit as queries.

use super::{Engine, stream};
use crate::error::QueryError;
use lake::{Lake, Snapshot};
use schemas::tables::Table;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

impl Engine {
    /// Runs `work` in line with the queries, until the time limit. Safe to cancel: the work is stopped.
    pub(crate) async fn offload<T, F>(&self, work: F) -> Result<T, QueryError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
    {
        let limit_ms = self.shared.config.timeout_ms;
        let deadline = Instant::now() + Duration::from_millis(limit_ms);
        let permit = self.shared.admission.enter(deadline).await?;
        let (done, result) = oneshot::channel();
        let task = self.shared.threads.runtime().spawn(async move {
            // Whoever asked may be gone; then nobody needs the answer.
            let _gone = done.send(work.await);
            drop(permit);
        });
        let _stopped_when_dropped = stream::AbortOnDrop(task);
        let result = match tokio::time::timeout_at(deadline, result).await {
            Err(_) => Err(QueryError::Timeout { limit_ms }),
            Ok(Err(_)) => Err(QueryError::internal("a task ended without a result")),
            Ok(Ok(result)) => result,
        };
        if let Err(error) = &result {
            self.shared.report(error);
        }
        result
    }

    /// The newest snapshot of a table, and the lake that its files are read from.
    pub(crate) async fn snapshot(&self, table: Table) -> Result<(Arc<Snapshot>, Lake), QueryError> {
        let catalog = &self.shared.catalog;
        Ok((catalog.snapshot(table).await?, catalog.lake().clone()))
    }
}
