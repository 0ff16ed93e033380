//! The plugin's gRPC server: Grafana's four services, the health service that go-plugin asks, and its controller.
//!
//! The SDK's generated server traits are implemented here, but for `Data`: its generated answer has no field for whose
//! fault an error is, so that message is our own. Bounds: `MESSAGE_BYTES_MAX`, `LIVE_MAX`.

mod controller;
mod data;
mod diagnostics;
mod resource;
mod stream;
mod unary;

use crate::engine::{Engine, Engines};
use crate::error::Failure;
use crate::lifetime::Ending;
use crate::metrics::Metrics;
use crate::resource::Resources;
use crate::settings::Settings;
use grafana_plugin_sdk::pluginv2::PluginContext;
use grafana_plugin_sdk::pluginv2::diagnostics_server::DiagnosticsServer;
use grafana_plugin_sdk::pluginv2::resource_server::ResourceServer;
use grafana_plugin_sdk::pluginv2::stream_server::StreamServer;
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

/// Bytes of one message of Grafana's. The library's own limit, 4 MiB, is less than some dashboards' queries have.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// Live channels at the same time: the engine has places for 100 listeners.
const LIVE_MAX: usize = 50;
/// The name that go-plugin asks the health service for.
const HEALTH_NAME: &str = "plugin";

/// What all services share. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    engines: Engines,
    resources: Arc<Resources>,
    metrics: Metrics,
    live: Arc<Semaphore>,
    ending: Ending,
}

impl Plugin {
    pub(crate) fn new(ending: Ending) -> Self {
        Self {
            engines: Engines::default(),
            resources: Arc::default(),
            metrics: Metrics::default(),
            live: Arc::new(Semaphore::new(LIVE_MAX)),
            ending,
        }
    }

    /// The engine that a request is about.
    fn engine(&self, context: Option<&PluginContext>) -> Result<Engine, Failure> {
        self.engines.engine(Settings::of(context)?)
    }

    /// Answers Grafana until it is over.
    pub(crate) async fn serve(self, listener: UnixListener) -> Result<(), tonic::transport::Error> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter_serving(reporter).await;
        let ending = self.ending.clone();
        Server::builder()
            .add_service(health)
            .add_service(controller::ControllerServer::new(self.ending.clone()))
            .add_service(data::DataServer::new(self.clone()))
            .add_service(DiagnosticsServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX))
            .add_service(ResourceServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX))
            .add_service(StreamServer::new(self).max_decoding_message_size(MESSAGE_BYTES_MAX))
            .serve_with_incoming_shutdown(
                UnixListenerStream::new(listener),
                async move { ending.wait().await },
            )
            .await
    }
}

async fn reporter_serving(mut reporter: tonic_health::server::HealthReporter) {
    reporter.set_service_status(HEALTH_NAME, tonic_health::ServingStatus::Serving).await;
}
