//! One attempt to hand a request to the next hop, and what its answer means. Decides nothing about
//! retrying.

use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::config::{Compression, ExporterConfig, Protocol, Resolved};
use super::grpc::Grpc;
use super::http::Http;
use super::{ExporterError, answer};

/// Which service takes a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Traces,
    Logs,
}

impl Route {
    /// Record kinds of the log: 1 traces, 2 logs.
    pub(super) fn of(kind: u8) -> Option<Self> {
        match kind {
            1 => Some(Self::Traces),
            2 => Some(Self::Logs),
            _ => None,
        }
    }
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Taken, except for these items.
    Accepted { rejected_items: u64, message: String },
    /// May work later; the next hop may say when.
    Retry { after: Option<Duration>, reason: String },
    /// Will never work.
    Refused { reason: String },
}

impl Outcome {
    /// Reads the answer of a successful export.
    pub(super) fn accepted(body: &[u8]) -> Self {
        let (rejected_items, message) = answer::partial_success(body);
        Self::Accepted { rejected_items, message }
    }
}

/// The connection to the next hop.
#[derive(Debug)]
pub(super) enum Transport {
    Grpc(Grpc),
    Http(Http),
}

impl Transport {
    pub(super) fn new(config: &ExporterConfig, resolved: Resolved) -> Result<Self, ExporterError> {
        match resolved.protocol {
            Protocol::Grpc => Grpc::new(config, resolved).map(Self::Grpc),
            Protocol::HttpProtobuf => Http::new(config, resolved).map(Self::Http),
        }
    }

    /// What is sent for a payload; made once, however many attempts there are.
    pub(super) async fn prepare(&self, payload: Bytes) -> io::Result<Bytes> {
        match self {
            // tonic compresses while it frames.
            Self::Grpc(_) => Ok(payload),
            Self::Http(http) => compress(http.compression(), payload).await,
        }
    }

    /// One attempt.
    pub(super) async fn send(&self, route: Route, body: Bytes) -> Outcome {
        match self {
            Self::Grpc(grpc) => grpc.send(route, body).await,
            Self::Http(http) => http.send(route, body).await,
        }
    }
}

async fn compress(compression: Compression, payload: Bytes) -> io::Result<Bytes> {
    const ZSTD_LEVEL: i32 = 1;
    let work = move || match compression {
        Compression::None => Ok(payload),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::Write::write_all(&mut encoder, &payload)?;
            encoder.finish().map(Bytes::from)
        }
        Compression::Zstd => zstd::encode_all(&*payload, ZSTD_LEVEL).map(Bytes::from),
    };
    if compression == Compression::None {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
