//! OTLP receivers over gRPC and HTTP: framing, limits, answers.
//!
//! Owns how a request arrives and how its sender is answered; must not know what is in a request.
//! Bounds: [`ReceiverConfig`]. Over a bound that waiting cures the sender gets a retryable status with
//! `RetryInfo` or `Retry-After`; over one that it does not cure (a body too large) a permanent one.

mod admission;
mod body;
mod grpc;
mod http;

pub(crate) use admission::{Admission, Permit};
pub(crate) use grpc::serve_grpc;
pub(crate) use http::serve_http;

use crate::wire::Signal;
use access::{Principal, Throttled};
use bytes::Bytes;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

/// How a request body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Binary protobuf.
    Protobuf,
    /// OTLP/JSON.
    Json,
}

/// One export request, decompressed.
#[derive(Debug)]
pub(crate) struct ExportRequest {
    /// Traces or logs.
    pub signal: Signal,
    /// How `body` is written.
    pub encoding: Encoding,
    /// The request message.
    pub body: Bytes,
    /// The session header of the export request itself (HTTP header or gRPC metadata).
    pub session: Option<String>,
    /// Who sends it.
    pub principal: Principal,
}

/// What became of an accepted request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Spans or log records that were rejected; their sender must not send them again.
    pub rejected: u64,
    /// Why, in words; empty when nothing was rejected.
    pub message: String,
}

/// Why a request was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The bytes are not what they claim to be; sending them again does not help.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The body is larger than the limit; sending it again does not help, smaller batches do.
    #[error(
        "request body is over the limit of {limit} bytes; send smaller batches or raise otlp.body_size_max"
    )]
    TooLarge {
        /// `otlp.body_size_max`.
        limit: usize,
    },
    /// The media type or content coding is not supported.
    #[error("{0}")]
    Unsupported(String),
    /// Too much is under way; the sender should wait and try again.
    #[error("{reason}")]
    Busy {
        /// What is full and its limit.
        reason: String,
        /// How long the sender should wait.
        retry_after: Duration,
    },
    /// The sender may not come in, or cannot be checked now.
    #[error(transparent)]
    Access(#[from] access::Refusal),
    /// The sender is over the rate of its token and should wait.
    #[error(transparent)]
    Throttled(#[from] Throttled),
}

impl Refusal {
    /// How long the sender should wait, where waiting helps.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => Some(*retry_after),
            Self::Throttled(throttled) => Some(throttled.retry_after),
            Self::Access(refusal) => refusal.retry_after(),
            Self::Malformed(_) | Self::TooLarge { .. } | Self::Unsupported(_) => None,
        }
    }
}

/// Takes requests: the processor behind the receivers.
pub(crate) trait Consumer: Clone + Send + Sync + 'static {
    /// Returns once the request is as durable as the configuration promises. Dropping the future may
    /// leave the request written but not acknowledged, which a sender sees as a failed send.
    fn consume(&self, request: ExportRequest) -> impl Future<Output = Result<Accepted, Refusal>> + Send;
}

/// Addresses and limits of the receivers.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// gRPC listen address; port 0 takes any.
    pub grpc_addr: SocketAddr,
    /// HTTP listen address; port 0 takes any.
    pub http_addr: SocketAddr,
    /// Largest body, compressed and decompressed, in bytes.
    pub body_bytes_max: usize,
    /// Requests under way at once, both receivers together.
    pub requests_max: usize,
    /// Connections at once, both receivers together; beyond it the one that was silent for longest is closed.
    pub connections_max: usize,
    /// Bytes of bodies under way at once, both receivers together.
    pub memory_bytes_max: usize,
    /// What a refused sender is told to wait.
    pub retry_after: Duration,
    /// Longest time for a body to arrive.
    pub read_timeout: Duration,
}

impl Default for ReceiverConfig {
    fn default() -> Self {
        Self {
            grpc_addr: SocketAddr::from(([127, 0, 0, 1], 4317)),
            http_addr: SocketAddr::from(([127, 0, 0, 1], 4318)),
            body_bytes_max: 64 << 20,
            requests_max: 256,
            connections_max: 10_000,
            memory_bytes_max: 128 << 20,
            retry_after: Duration::from_secs(1),
            read_timeout: Duration::from_secs(30),
        }
    }
}
