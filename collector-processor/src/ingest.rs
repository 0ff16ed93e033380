//! One request's way from a receiver to the log: transcode, tag, append, acknowledge.

use crate::clock::now_unix_nano;
use crate::metrics::Metrics;
use crate::pipeline::{Pipeline, Tagged};
use crate::receiver::{Accepted, Consumer, Encoding, ExportRequest, Refusal};
use crate::wal::{NewRecord, Wal, WalError};
use crate::wire::{Request, Signal, logs_from_json, traces_from_json};
use bytes::Bytes;
use prost::Message;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tracing::Instrument;

/// What an acknowledgement stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// The request is in the log (how durable the log is says its own configuration).
    #[default]
    Logged,
    /// Its rows are committed to the lake.
    Committed,
}

/// The consumer behind the receivers.
#[derive(Clone, Debug)]
pub(crate) struct Ingest {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pipeline: Arc<Pipeline>,
    wal: Wal,
    metrics: Arc<Metrics>,
    acknowledge: Acknowledge,
    committed: watch::Receiver<u64>,
    retry_after: Duration,
    /// Second in which a refusal was last logged.
    told: AtomicU64,
}

/// The record kinds of the log.
pub(crate) const KIND_TRACES: u8 = 1;
pub(crate) const KIND_LOGS: u8 = 2;

/// The signal of a log record; `None` for a kind that a newer version wrote.
#[must_use]
pub(crate) fn signal_of(kind: u8) -> Option<Signal> {
    match kind {
        KIND_TRACES => Some(Signal::Traces),
        KIND_LOGS => Some(Signal::Logs),
        _ => None,
    }
}

impl Ingest {
    /// `committed` is the log position up to which the lake has everything.
    #[must_use]
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        wal: Wal,
        metrics: Arc<Metrics>,
        acknowledge: Acknowledge,
        committed: watch::Receiver<u64>,
        retry_after: Duration,
    ) -> Self {
        let told = AtomicU64::new(0);
        Self { inner: Arc::new(Inner { pipeline, wal, metrics, acknowledge, committed, retry_after, told }) }
    }

    async fn take(&self, request: ExportRequest) -> Result<Accepted, Refusal> {
        let began = Instant::now();
        let ExportRequest { signal, encoding, body, session, principal } = request;
        let body = match encoding {
            Encoding::Protobuf => body,
            Encoding::Json => transcode(signal, &body)?,
        };
        let items = if principal.counts_items() { Request::new(&body).items() } else { 0 };
        let bytes = body.len() as u64;
        principal.take(items, bytes)?;
        let taken = self.keep(signal, body, session.as_deref(), began).await;
        if matches!(taken, Err(Refusal::Busy { .. })) {
            principal.give_back(items, bytes);
        }
        taken
    }

    /// Tags a request and makes it durable.
    async fn keep(
        &self,
        signal: Signal,
        body: Bytes,
        session: Option<&str>,
        began: Instant,
    ) -> Result<Accepted, Refusal> {
        let inner = &self.inner;
        let now = now_unix_nano();
        let tagged = inner.pipeline.tag(signal, &body, session, now);
        let tagged = tagged.map_err(|e| Refusal::Malformed(e.to_string()))?;
        let bytes = body.len();
        // While the log is waited for, what it will have is kept, and not what came too.
        drop(body);
        let (counts, rejection) = (tagged.counts, tagged.rejection.clone());
        self.log(signal, tagged, now).await?;
        inner.metrics.accepted(signal, bytes, &counts, began.elapsed());
        Ok(Accepted { rejected: counts.rejected, message: rejection })
    }

    async fn log(&self, signal: Signal, tagged: Tagged, now: u64) -> Result<(), Refusal> {
        let inner = &self.inner;
        let kind = match signal {
            Signal::Traces => KIND_TRACES,
            Signal::Logs => KIND_LOGS,
        };
        let facts = Bytes::from(tagged.facts.encode_to_vec());
        let record = NewRecord { kind, received_unix_nano: now, payload: tagged.payload.clone(), facts };
        let position = match inner.wal.append(record).await {
            Ok(position) => position,
            Err(error) => {
                inner.pipeline.undo(tagged);
                return Err(self.refusal(error));
            }
        };
        if inner.acknowledge == Acknowledge::Committed {
            let mut committed = inner.committed.clone();
            let reached = committed.wait_for(|p| *p >= position).await;
            reached.map_err(|_| self.busy("shutting down before the lake had the request".to_owned()))?;
        }
        Ok(())
    }

    fn refusal(&self, error: WalError) -> Refusal {
        match error {
            WalError::RecordTooLarge { limit, .. } => {
                Refusal::TooLarge { limit: usize::try_from(limit).unwrap_or(usize::MAX) }
            }
            other => {
                let second = now_unix_nano() / 1_000_000_000;
                if self.inner.told.swap(second, Ordering::Relaxed) != second {
                    let cause = std::error::Error::source(&other).map(ToString::to_string);
                    tracing::warn!(error = %other, cause, "requests are refused");
                }
                self.busy(other.to_string())
            }
        }
    }

    fn busy(&self, reason: String) -> Refusal {
        Refusal::Busy { reason, retry_after: self.inner.retry_after }
    }
}

impl Consumer for Ingest {
    async fn consume(&self, request: ExportRequest) -> Result<Accepted, Refusal> {
        let signal = request.signal;
        // A task of its own: a sender that goes away must not leave a request half taken.
        let this = self.clone();
        let span = tracing::info_span!("export", signal = ?signal, bytes = request.body.len());
        let taken = tokio::spawn(async move { this.take(request).await }.instrument(span)).await;
        let outcome =
            taken.unwrap_or_else(|e| Err(self.busy(format!("the request could not be taken: {e}"))));
        if let Err(refusal) = &outcome {
            self.inner.metrics.refused(signal, refusal);
        }
        outcome
    }
}

fn transcode(signal: Signal, body: &Bytes) -> Result<Bytes, Refusal> {
    let protobuf = match signal {
        Signal::Traces => traces_from_json(body),
        Signal::Logs => logs_from_json(body),
    };
    protobuf.map(Bytes::from).map_err(|e| Refusal::Malformed(e.to_string()))
}
