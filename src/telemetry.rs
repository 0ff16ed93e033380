//! Errata's own telemetry: `tracing` logs on standard error, metrics for `/metrics`, and with an
//! endpoint configured traces and metrics over OTLP/gRPC.
//!
//! It never reports on itself: the configuration refuses its own receivers as the endpoint, and what
//! the exporter's own libraries log or trace is left out of what is exported.

use crate::config::TelemetrySettings;
use anyhow::Context;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Encoder, TextEncoder};
use std::io::IsTerminal;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

const NAME: &str = "errata";
/// Whose spans are exported: our own. What libraries trace is not ours to report, and exporting what the
/// exporter's own libraries trace would never end.
const OWN: [&str; 4] = ["errata", "collector_processor", "query_engine", "errata_lake"];

/// What libraries tell at the level of information is detail to us; a filter that names them wins.
const QUIET: &str =
    "deltalake_core=warn,buoyant_kernel=warn,buoyant_kernel_engine=warn,delta_kernel=warn,snap=warn";

/// The providers; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    registry: prometheus::Registry,
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Installs the logger and makes the providers.
    pub(crate) fn start(settings: &TelemetrySettings) -> anyhow::Result<Self> {
        let registry = prometheus::Registry::new();
        let resource = Resource::builder().with_service_name(NAME).build();
        let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build()?;
        let mut meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(reader);
        let mut tracers = None;
        let endpoint = settings.otlp_endpoint.as_str();
        if !endpoint.is_empty() {
            let refused = || format!("telemetry.otlp_endpoint '{endpoint}' cannot be used");
            let exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic().with_endpoint(endpoint);
            let exporter = exporter.build().with_context(refused)?;
            meters = meters.with_reader(
                PeriodicReader::builder(exporter).with_interval(settings.otlp_interval.0).build(),
            );
            let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint);
            let exporter = exporter.build().with_context(refused)?;
            tracers = Some(
                SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build(),
            );
        }
        let telemetry = Self { registry, meters: meters.build(), tracers };
        opentelemetry::global::set_meter_provider(telemetry.meters.clone());
        telemetry.install_logger(settings)?;
        Ok(telemetry)
    }

    fn install_logger(&self, settings: &TelemetrySettings) -> anyhow::Result<()> {
        let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log));
        let filter = filter.with_context(|| format!("telemetry.log: '{}' is not a filter", settings.log))?;
        let log: Box<dyn Layer<Registry> + Send + Sync> = match settings.log_format.as_str() {
            "json" => fmt::layer().json().with_writer(std::io::stderr).with_filter(filter).boxed(),
            _ => fmt::layer()
                .with_target(false)
                .with_ansi(std::io::stderr().is_terminal())
                .with_writer(std::io::stderr)
                .with_filter(filter)
                .boxed(),
        };
        let exported = self.tracers.as_ref().map(|provider| {
            let own = OWN.iter().fold(Targets::new(), |t, name| t.with_target(*name, tracing::Level::INFO));
            tracing_opentelemetry::layer().with_tracer(provider.tracer(NAME)).with_filter(own)
        });
        // A second server in one process, as in tests, keeps the first one's logger.
        let installed = tracing_subscriber::registry().with(log).with(exported).try_init();
        drop(installed);
        Ok(())
    }

    /// The meter of all parts.
    pub(crate) fn meter(&self) -> Meter {
        self.meters.meter(NAME)
    }

    /// All metrics in Prometheus' text form.
    pub(crate) fn prometheus(&self) -> anyhow::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8(text)?)
    }

    /// Sends what is left.
    pub(crate) fn shutdown(&self) {
        let ended = self.meters.shutdown();
        drop(ended);
        if let Some(tracers) = &self.tracers {
            let ended = tracers.shutdown();
            drop(ended);
        }
    }
}
