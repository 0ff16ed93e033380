//! A connection that sends encoded trace requests over OTLP/gRPC.

#[path = "../src/codec.rs"]
mod codec;

use bytes::Bytes;
use codec::BytesCodec;
use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Error};
use tonic::{Request, Status};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// One HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Connection(Grpc<Channel>);

impl Connection {
    /// Connects to `host:port`.
    pub(crate) async fn open(addr: &str) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(format!("http://{addr}"))?
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20);
        Ok(Self(Grpc::new(endpoint.connect().await?)))
    }

    /// Sends a request; answers how many spans the server rejected.
    pub(crate) async fn export(&mut self, body: Bytes) -> Result<u64, Status> {
        self.0.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = self.0.unary(Request::new(body), PathAndQuery::from_static(EXPORT), BytesCodec).await?;
        let answer = ExportTraceServiceResponse::decode(answer.into_inner())
            .map_err(|error| Status::internal(error.to_string()))?;
        Ok(answer.partial_success.map_or(0, |success| success.rejected_spans.unsigned_abs()))
    }
}
