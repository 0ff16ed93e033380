//! The gRPC port: Arrow Flight SQL for ADBC, JDBC and Grafana, `jaeger.storage.v2` for Jaeger, and
//! `grpc.health.v1`. Decides nothing about queries; speaks protocols.
//!
//! Bounds: those of queries, and [`GrpcConfig`]'s for messages, streams and prepared statements.

mod access;
mod config;
mod flight;
mod jaeger;
mod status;

pub use access::{Access, Check};
pub use config::GrpcConfig;

use crate::engine::Engine;
use arrow_flight::flight_service_server::FlightServiceServer;
use flight::Flight;
use futures::Stream;
use jaeger::{Capabilities, DependencyReader, Methods, Storage, TraceReader};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic_health::ServingStatus;

/// Serves connections until `stop` resolves, then ends when the calls under way have.
///
/// `incoming` gives accepted connections: plain ones, or with TLS already on them. Every call but those of the health
/// service passes `access` first.
///
/// # Errors
/// Where connections cannot be accepted any more.
pub async fn serve<Incoming, Connection, Failure>(
    engine: &Engine,
    config: &GrpcConfig,
    access: &Access,
    incoming: Incoming,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error>
where
    Incoming: Stream<Item = Result<Connection, Failure>>,
    Connection: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    Failure: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (health, health_service) = tonic_health::server::health_reporter();
    let flight = FlightServiceServer::new(Flight::new(engine, config))
        .max_decoding_message_size(config.message_bytes_max);
    let storage = Storage::new(engine);
    let traces = Methods::<TraceReader>::new(&storage, config);
    let dependencies = Methods::<DependencyReader>::new(&storage, config);
    let capabilities = Methods::<Capabilities>::new(&storage, config);
    let stop = async move {
        stop.await;
        health.set_service_status("", ServingStatus::NotServing).await;
    };
    Server::builder()
        .max_concurrent_streams(config.streams_max)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .add_service(health_service)
        .add_service(access.before(flight))
        .add_service(access.before(traces))
        .add_service(access.before(dependencies))
        .add_service(access.before(capabilities))
        .serve_with_incoming_shutdown(incoming, stop)
        .await
}
