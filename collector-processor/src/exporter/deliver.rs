//! One record to the next hop: attempt, wait, attempt again, until taken, refused or given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::config::ExporterConfig;
use super::retry::{Backoff, RateLimit, random};
use super::stats::ExporterStats;
use super::transport::{Outcome, Route, Transport};
use crate::wal::Record;

const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// How a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Taken or refused: done with.
    Done,
    /// The exporter is stopping and the next hop does not take it; it stays in the log.
    Left,
}

#[derive(Debug)]
pub(super) struct Sender {
    pub(super) config: ExporterConfig,
    pub(super) stats: Arc<ExporterStats>,
    transport: Transport,
    stopping: watch::Receiver<Option<Duration>>,
    retry_log: RateLimit,
    refusal_log: RateLimit,
    pub(super) drop_log: RateLimit,
}

/// Counts an attempt while it lives, also when it is aborted.
struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    fn new(gauge: &'a AtomicU64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sender {
    pub(super) fn new(
        config: ExporterConfig,
        transport: Transport,
        stats: Arc<ExporterStats>,
        stopping: watch::Receiver<Option<Duration>>,
    ) -> Self {
        let limit = || RateLimit::new(LOG_INTERVAL);
        Self {
            config,
            stats,
            transport,
            stopping,
            retry_log: limit(),
            refusal_log: limit(),
            drop_log: limit(),
        }
    }

    /// Ends when the record is done with, or when stopping and it cannot be.
    pub(super) async fn deliver(&self, record: Record) -> Delivery {
        let Some(route) = Route::of(record.kind) else {
            self.refused(&record, "no service takes this kind of record");
            return Delivery::Done;
        };
        let body = match self.transport.prepare(record.payload.clone()).await {
            Ok(body) => body,
            Err(error) => {
                self.refused(&record, &format!("cannot compress: {error}"));
                return Delivery::Done;
            }
        };
        let mut backoff = Backoff::new(&self.config.retry_on_failure);
        let mut stopping = self.stopping.clone();
        loop {
            match self.attempt(route, body.clone()).await {
                Outcome::Accepted { rejected_items, message } => {
                    self.accepted(&record, rejected_items, &message);
                    return Delivery::Done;
                }
                Outcome::Refused { reason } => {
                    self.refused(&record, &reason);
                    return Delivery::Done;
                }
                Outcome::Retry { after, reason } => {
                    self.stats.retried_attempts.fetch_add(1, Ordering::Relaxed);
                    if stopping.borrow_and_update().is_some() {
                        return Delivery::Left;
                    }
                    let wait = backoff.next(after, random());
                    self.tell_retry(&record, wait, &reason);
                    // Stopping ends the wait: there is one attempt more.
                    let _waited = tokio::time::timeout(wait, stopping.changed()).await;
                }
            }
        }
    }

    async fn attempt(&self, route: Route, body: bytes::Bytes) -> Outcome {
        let _in_flight = InFlight::new(&self.stats.in_flight);
        let timeout = self.config.timeout;
        let sent = tokio::time::timeout(timeout, self.transport.send(route, body)).await;
        sent.unwrap_or_else(|_| Outcome::Retry {
            after: None,
            reason: format!("no answer within {timeout:?}"),
        })
    }

    fn accepted(&self, record: &Record, rejected_items: u64, message: &str) {
        let stats = &self.stats;
        stats.sent_requests.fetch_add(1, Ordering::Relaxed);
        stats.sent_bytes.fetch_add(record.payload.len() as u64, Ordering::Relaxed);
        stats.rejected_items.fetch_add(rejected_items, Ordering::Relaxed);
        if rejected_items > 0
            && let Some(suppressed) = self.refusal_log.allow()
        {
            tracing::error!(
                endpoint = self.config.endpoint,
                position = record.position,
                rejected_items,
                message,
                suppressed,
                "next hop rejected part of a request; the rejected items are not sent again"
            );
        }
    }

    fn refused(&self, record: &Record, reason: &str) {
        self.stats.failed_requests.fetch_add(1, Ordering::Relaxed);
        if let Some(suppressed) = self.refusal_log.allow() {
            tracing::error!(
                endpoint = self.config.endpoint,
                position = record.position,
                reason,
                suppressed,
                "next hop refused a request for good; it is passed over"
            );
        }
    }

    fn tell_retry(&self, record: &Record, wait: Duration, reason: &str) {
        if let Some(suppressed) = self.retry_log.allow() {
            tracing::warn!(
                endpoint = self.config.endpoint,
                position = record.position,
                reason,
                ?wait,
                suppressed,
                "next hop did not take a request, trying again; nothing is lost"
            );
        }
    }
}
