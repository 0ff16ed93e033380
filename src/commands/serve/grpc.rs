//! The engine's gRPC port: its listener and its server.

use anyhow::Context;
use query_engine::Engine;
use query_engine::grpc::{Access, GrpcConfig};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::transport::server::TcpIncoming;

/// Takes the address.
pub(super) async fn listen(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| {
        format!(
            "cannot listen on {addr} for gRPC queries; stop what uses it, or set another with --grpc-addr"
        )
    })
}

/// Serves until told to stop.
pub(super) async fn serve(
    engine: Engine,
    config: GrpcConfig,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let access = Access::open();
    let served = query_engine::grpc::serve(&engine, &config, &access, incoming, super::told(stopping));
    if let Err(error) = served.await {
        tracing::error!(%error, "the gRPC server ended");
    }
}
