//! The rows of one answer: counted, timed, cancelled when dropped.

use super::Shared;
use crate::error::QueryError;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use futures::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep_until};

/// Stops the task when dropped.
pub(super) struct AbortOnDrop(pub(super) JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Batches of one answer, in order. After an error there are no more. Dropping it cancels the query.
pub struct QueryStream {
    shared: Arc<Shared>,
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch, QueryError>>,
    task: AbortOnDrop,
    deadline: Pin<Box<Sleep>>,
    started: Instant,
    rows: u64,
    ended: bool,
}

impl fmt::Debug for QueryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryStream")
            .field("rows", &self.rows)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl QueryStream {
    pub(super) fn new(
        shared: Arc<Shared>,
        schema: SchemaRef,
        batches: mpsc::Receiver<Result<RecordBatch, QueryError>>,
        task: AbortOnDrop,
        started: Instant,
        deadline: Instant,
    ) -> Self {
        let deadline = Box::pin(sleep_until(deadline));
        Self { shared, schema, batches, task, deadline, started, rows: 0, ended: false }
    }

    /// Columns of the answer, known before any row.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn end(&mut self, failure: Option<&QueryError>) {
        self.ended = true;
        self.task.0.abort();
        self.shared.metrics.finished(self.started.elapsed(), self.rows);
        if let Some(error) = failure {
            self.shared.report(error);
        }
    }

    fn fail(&mut self, error: QueryError) -> Poll<Option<Result<RecordBatch, QueryError>>> {
        self.end(Some(&error));
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.deadline.as_mut().poll(cx).is_ready() {
            let limit_ms = self.shared.config.timeout_ms;
            return self.fail(QueryError::Timeout { limit_ms });
        }
        match self.batches.poll_recv(cx) {
            Poll::Pending => Poll::Pending,
            // The channel closes when the task ends: whether it ended well is the task's to say.
            Poll::Ready(None) => match Pin::new(&mut self.task.0).poll(cx) {
                Poll::Pending => Poll::Pending,
                // The task stops at the deadline too, by a clock of its own.
                Poll::Ready(Ok(())) if self.deadline.deadline() <= Instant::now() => {
                    let limit_ms = self.shared.config.timeout_ms;
                    self.fail(QueryError::Timeout { limit_ms })
                }
                Poll::Ready(Ok(())) => {
                    self.end(None);
                    Poll::Ready(None)
                }
                Poll::Ready(Err(crashed)) => self.fail(QueryError::internal(crashed)),
            },
            Poll::Ready(Some(Err(error))) => self.fail(error),
            Poll::Ready(Some(Ok(batch))) => {
                self.rows += batch.num_rows() as u64;
                let limit = self.shared.config.rows_max;
                if self.rows > limit {
                    return self.fail(QueryError::TooManyRows { limit });
                }
                Poll::Ready(Some(Ok(batch)))
            }
        }
    }
}
