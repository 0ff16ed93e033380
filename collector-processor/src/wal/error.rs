//! What can go wrong with the log, and what the caller does about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Errors of the log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WalError {
    /// The settings contradict each other; correct them.
    #[error("write-ahead log settings: {problems}")]
    Config {
        /// All problems, in words.
        problems: String,
    },
    /// Another process has the folder open; stop it or use another folder.
    #[error(
        "log folder {} is in use by another process; stop that process, or give this one a data folder of its own",
        dir.display()
    )]
    Locked {
        /// Folder of the log.
        dir: PathBuf,
    },
    /// A segment was written by a newer release; start that release, or move the file away.
    #[error("log segment {} has format version {version}, this release reads up to {supported}", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// Version in its header.
        version: u32,
        /// Newest version known here.
        supported: u32,
    },
    /// The disk refused. The records concerned are not acknowledged; later appends may succeed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// Verb.
        action: &'static str,
        /// File or folder.
        path: PathBuf,
        /// Cause.
        source: Arc<io::Error>,
    },
    /// The log has reached its bound because a consumer is behind; tell the sender to try again later.
    #[error("log holds {bytes} bytes, limit is {limit}")]
    Full {
        /// Bytes on disk and in the queue.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// The record can never fit; refuse it for good.
    #[error("record has {bytes} bytes, limit is {limit}")]
    RecordTooLarge {
        /// Size of the record on disk.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// The log was closed (shutdown); the record was not acknowledged.
    #[error("log is closed")]
    Closed,
}

impl WalError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }

    /// Whether the same append may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Full { .. } | Self::Closed)
    }
}
