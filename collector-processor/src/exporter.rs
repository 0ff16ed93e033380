//! OTLP to the next hop: the log's payload bytes as they are, with retry and a bounded queue on disk.
//!
//! The queue is the write-ahead log itself, read as its consumer `exporter`. Owns: the connection, retrying,
//! how far the next hop has everything (a small file beside the log). Must not know: sessions, patterns, the
//! lake. A next hop that is down delays nothing here: records wait in the log up to
//! `sending_queue.bytes_max`, beyond it the oldest are given up and counted.
//!
//! Delivery is at least once: after a crash the requests of the last second or so are sent again.

mod answer;
mod config;
mod cursor;
mod deliver;
mod grpc;
mod http;
mod retry;
mod run;
mod stats;
mod tracker;
mod transport;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::Meter;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::wal::Wal;

pub use config::{Compression, ExporterConfig, Protocol, QueueConfig, RetryConfig};
pub use stats::ExporterStats;

/// Name of the exporter as a consumer of the log.
pub const CONSUMER: &str = "exporter";

const USER_AGENT: &str = concat!("errata/", env!("CARGO_PKG_VERSION"));
const CURSOR_FILE: &str = "exporter.cursor";

/// Why the exporter cannot start. Once started it does not fail: it retries, counts and logs.
#[derive(Debug, thiserror::Error)]
pub enum ExporterError {
    /// Settings are wrong; correct them.
    #[error("forwarding: {problems}")]
    Config {
        /// All problems, in words.
        problems: String,
    },
    /// The client cannot be built, such as without trusted certificates.
    #[error("cannot set up the connection to the next hop")]
    Transport {
        /// Cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file that says how far the next hop has everything cannot be read.
    #[error("cannot read {}", path.display())]
    Cursor {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

/// A running exporter.
#[derive(Debug)]
pub struct Exporter {
    stats: Arc<ExporterStats>,
    stop: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Registers as a consumer of the log and starts to forward, from where the cursor file in `data_dir` says.
    /// Call it in a tokio runtime, before the first append. Does not connect yet: a next hop that is down is
    /// not an error.
    ///
    /// # Errors
    /// [`ExporterError`].
    pub fn start(config: ExporterConfig, data_dir: &Path, wal: &Wal) -> Result<Self, ExporterError> {
        let resolved = config.resolve()?;
        let transport = transport::Transport::new(&config, resolved)?;
        let path = data_dir.join(CURSOR_FILE);
        let cursor = cursor::Cursor::new(path.clone());
        let position = cursor.load().map_err(|source| ExporterError::Cursor { path, source })?;
        let stats = Arc::new(ExporterStats::default());
        let (stop, stopped) = watch::channel(None);
        let sender = deliver::Sender::new(config, transport, Arc::clone(&stats), stopped.clone());
        let run = run::Run::new(sender, wal.clone(), cursor, position, stopped);
        let task = tokio::spawn(run.run(wal.reader(CONSUMER, position + 1)));
        Ok(Self { stats, stop, task })
    }

    /// The numbers, live.
    #[must_use]
    pub fn stats(&self) -> &Arc<ExporterStats> {
        &self.stats
    }

    /// Registers the numbers with a meter.
    pub fn observe(&self, meter: &Meter) {
        self.stats.observe(meter);
    }

    /// Sends what is in the log by now, for at most `grace`, and saves how far it came. Where the next hop is down it
    /// ends after one more attempt: the rest stays in the log for the next start.
    pub async fn shutdown(self, grace: Duration) {
        self.stop.send_replace(Some(grace));
        if let Err(error) = self.task.await {
            tracing::error!(%error, "exporter ended badly");
        }
    }
}
