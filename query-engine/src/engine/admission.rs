//! Who may run: at most `concurrent_max` queries at once, at most `waiting_max` in line, for `wait_ms_max`.

use crate::config::QueryConfig;
use crate::error::QueryError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    concurrent_max: usize,
    waiting_max: usize,
    wait_ms_max: u64,
}

/// Counts one in line for as long as it lives.
struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(config: &QueryConfig) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.concurrent_max)),
            waiting: AtomicUsize::new(0),
            concurrent_max: config.concurrent_max,
            waiting_max: config.waiting_max,
            wait_ms_max: config.wait_ms_max,
        }
    }

    /// A place, at once or after a wait in line that ends at `deadline` at the latest. Safe to cancel.
    pub(super) async fn enter(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, QueryError> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(permit);
        }
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _in_line = InLine(&self.waiting);
        if waiting >= self.waiting_max {
            return Err(QueryError::Busy { running: self.concurrent_max, waiting });
        }
        let until = deadline.min(Instant::now() + Duration::from_millis(self.wait_ms_max));
        match tokio::time::timeout_at(until, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(QueryError::internal(closed)),
            Err(_) => Err(QueryError::WaitedTooLong { limit_ms: self.wait_ms_max }),
        }
    }
}
