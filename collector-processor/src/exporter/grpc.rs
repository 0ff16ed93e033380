//! OTLP over gRPC: payload bytes go out as they are, without a message type.

use std::error::Error as _;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::codec::BytesCodec;

use super::config::{Compression, ExporterConfig, Resolved};
use super::transport::{Outcome, Route};
use super::{ExporterError, USER_AGENT, answer};

const TRACES: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
const LOGS: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.logs.v1.LogsService/Export");

#[derive(Debug)]
pub(super) struct Grpc {
    channel: Channel,
    metadata: MetadataMap,
    compression: Option<CompressionEncoding>,
    timeout: std::time::Duration,
}

impl Grpc {
    /// Connects when the first request is sent, and again whenever the connection was lost.
    pub(super) fn new(config: &ExporterConfig, resolved: Resolved) -> Result<Self, ExporterError> {
        let failed = |source: tonic::transport::Error| ExporterError::Transport { source: Box::new(source) };
        let mut endpoint = Endpoint::from_shared(resolved.url.to_string())
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(failed)?
            .connect_timeout(config.timeout)
            // A host that vanished without a word is found while a request waits, not after TCP's minutes.
            .http2_keep_alive_interval(config.timeout / 2)
            .keep_alive_timeout(config.timeout / 2)
            .http2_adaptive_window(true);
        if resolved.url.scheme() == "https" {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(failed)?;
        }
        let compression = match config.compression {
            Compression::None => None,
            Compression::Gzip => Some(CompressionEncoding::Gzip),
            Compression::Zstd => Some(CompressionEncoding::Zstd),
        };
        let metadata = MetadataMap::from_headers(resolved.headers.into_iter().collect());
        Ok(Self { channel: endpoint.connect_lazy(), metadata, compression, timeout: config.timeout })
    }

    pub(super) async fn send(&self, route: Route, body: Bytes) -> Outcome {
        let mut client = tonic::client::Grpc::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        if let Some(compression) = self.compression {
            client = client.send_compressed(compression);
        }
        if let Err(error) = client.ready().await {
            return Outcome::Retry { after: None, reason: chain(&error) };
        }
        let mut request = Request::new(body);
        *request.metadata_mut() = self.metadata.clone();
        request.set_timeout(self.timeout);
        let path = match route {
            Route::Traces => TRACES,
            Route::Logs => LOGS,
        };
        match client.unary(request, path, BytesCodec).await {
            Ok(response) => Outcome::accepted(response.get_ref()),
            Err(status) => judge(&status),
        }
    }
}

/// Retryable as the OTLP specification says, and whatever never was an answer of the next hop.
fn judge(status: &Status) -> Outcome {
    let after = answer::retry_delay(status.details());
    let retryable = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => after.is_some(),
        _ => false,
    };
    let mut reason = format!("{:?}: {}", status.code(), answer::shorten(status.message()));
    if let Some(source) = status.source() {
        reason.push_str(": ");
        reason.push_str(&chain(source));
    }
    // tonic gives a status of its own making a source: the connection broke.
    if retryable || status.source().is_some() {
        Outcome::Retry { after, reason }
    } else {
        Outcome::Refused { reason }
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    answer::shorten(&text)
}
