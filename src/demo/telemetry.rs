//! Sends executions over OTLP through the OpenTelemetry SDK, as a runner that uses it would.
//!
//! Owns the connection, the exporters and the shape of the telemetry; counts what the server
//! acknowledged. Each runner has a resource of its own (its container), all share one connection. The
//! SDK's queues (2048 spans, 2048 records) bound what waits; a session is far smaller and is flushed
//! at its end. Must not know how programs are run.

use super::exception::Exception;
use super::plan::Telling;
use super::sandbox::Outcome;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::trace::{
    SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData};
use schemas::attributes::{EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tonic::Code;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// Variables by which the exporters send headers.
const HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"];
/// How long connecting, and each export, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server cannot be sent to.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The text is not a URL with scheme and host. Correct it.
    #[error("endpoint {endpoint} is not a URL like http://127.0.0.1:4317")]
    Url { endpoint: String, source: Option<tonic::transport::Error> },
    /// Nobody listens there, or a proxy or TLS stands between. Start the server, or name another.
    #[error("no server answers at {endpoint}")]
    Connect { endpoint: String, source: tonic::transport::Error },
    /// The server asks for a token, or for one with another role.
    #[error("the server at {endpoint} takes nothing from us")]
    Refused { endpoint: String, source: Box<tonic::Status> },
    /// The authority's certificate or the token cannot be used.
    #[error("{0}")]
    Credential(String),
    /// Somebody listens, but it did not take an empty OTLP request over gRPC. Name the gRPC port.
    #[error("the server at {endpoint} does not take OTLP traces over gRPC")]
    NotOtlp { endpoint: String, source: Box<tonic::Status> },
}

/// What the server acknowledged and what it did not.
#[derive(Debug, Default)]
pub(super) struct Counts {
    spans_sent: AtomicU64,
    spans_failed: AtomicU64,
    records_sent: AtomicU64,
    records_failed: AtomicU64,
    first_failure: std::sync::OnceLock<String>,
}

/// A reading of [`Counts`].
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) spans: u64,
    pub(super) records: u64,
    /// Spans and records that the server did not acknowledge.
    pub(super) failed: u64,
    /// What the exporter said of the first of them.
    pub(super) first_failure: Option<String>,
}

impl Counts {
    fn note(&self, items: usize, result: &OTelSdkResult, sent: &AtomicU64, failed: &AtomicU64) {
        let counter = match result {
            Ok(()) => sent,
            Err(error) => {
                // Only the first failure is kept; a later one loses the race on purpose.
                self.first_failure.get_or_init(|| error.to_string());
                failed
            }
        };
        counter.fetch_add(items as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Sent {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Sent {
            spans: get(&self.spans_sent),
            records: get(&self.records_sent),
            failed: get(&self.spans_failed) + get(&self.records_failed),
            first_failure: self.first_failure.get().cloned(),
        }
    }
}

/// A real exporter whose results are counted.
#[derive(Debug)]
struct Counted<E> {
    exporter: E,
    counts: Arc<Counts>,
}

impl opentelemetry_sdk::trace::SpanExporter for Counted<SpanExporter> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let items = batch.len();
        let result = self.exporter.export(batch).await;
        self.counts.note(items, &result, &self.counts.spans_sent, &self.counts.spans_failed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl opentelemetry_sdk::logs::LogExporter for Counted<LogExporter> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let items = batch.iter().count();
        let result = self.exporter.export(batch).await;
        self.counts.note(items, &result, &self.counts.records_sent, &self.counts.records_failed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A connection to an OTLP server.
#[derive(Clone, Debug)]
pub(super) struct Uplink {
    endpoint: String,
    channel: Channel,
    metadata: MetadataMap,
    counts: Arc<Counts>,
}

/// What a protected server asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Credentials {
    /// A token with role ingest.
    pub(super) token: Option<String>,
    /// Certificate of an authority that signed the server's, in PEM.
    pub(super) authority: Option<Vec<u8>>,
}

impl Credentials {
    fn metadata(&self) -> Result<MetadataMap, ConnectError> {
        let mut metadata = MetadataMap::new();
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse();
            let wrong = |_| ConnectError::Credential("the token has characters that no token has".to_owned());
            metadata.insert("authorization", value.map_err(wrong)?);
        }
        Ok(metadata)
    }

    fn tls(&self) -> ClientTlsConfig {
        let tls = ClientTlsConfig::new().with_native_roots();
        match &self.authority {
            Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
            None => tls,
        }
    }
}

impl Uplink {
    /// Connects and sends one empty request, so that a wrong address is told before anything runs.
    /// Safe to cancel.
    ///
    /// # Errors
    /// [`ConnectError`] says what stands in the way.
    pub(super) async fn connect(endpoint: &str, credentials: &Credentials) -> Result<Self, ConnectError> {
        let url = |source| ConnectError::Url { endpoint: endpoint.to_owned(), source };
        let mut address = Endpoint::from_shared(endpoint.to_owned()).map_err(|error| url(Some(error)))?;
        match address.uri().scheme_str() {
            Some("http") => {}
            Some("https") => {
                address = address.tls_config(credentials.tls()).map_err(|error| url(Some(error)))?;
            }
            _ => return Err(url(None)),
        }
        let channel = address.connect_timeout(TIMEOUT).timeout(TIMEOUT).connect().await;
        let channel =
            channel.map_err(|source| ConnectError::Connect { endpoint: endpoint.to_owned(), source })?;
        let endpoint = endpoint.to_owned();
        let metadata = credentials.metadata()?;
        let mut probe = tonic::Request::new(ExportTraceServiceRequest::default());
        *probe.metadata_mut() = metadata.clone();
        // The exporters also send what this variable holds, which may be the credential.
        let other = HEADERS.iter().any(|name| std::env::var_os(name).is_some());
        match TraceServiceClient::new(channel.clone()).export(probe).await {
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                if !other {
                    return Err(ConnectError::Refused { endpoint, source: Box::new(status) });
                }
            }
            Err(status) => return Err(ConnectError::NotOtlp { endpoint, source: Box::new(status) }),
            Ok(_) => {}
        }
        Ok(Self { endpoint, channel, metadata, counts: Arc::default() })
    }

    /// What was acknowledged so far.
    pub(super) fn sent(&self) -> Sent {
        self.counts.read()
    }

    /// A runner's own tracer and logger.
    ///
    /// # Errors
    /// When the exporters cannot be built, which an `OTEL_EXPORTER_OTLP_*` variable may cause.
    pub(super) fn runner(&self, host: &str, container_id: &str) -> anyhow::Result<Runner> {
        let resource = Resource::builder()
            .with_service_name("demo-runner")
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("host.name", host.to_owned()),
                KeyValue::new("container.id", container_id.to_owned()),
                KeyValue::new("deployment.environment.name", "demo"),
            ])
            .build();
        let spans = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&self.endpoint)
            .with_timeout(TIMEOUT)
            .with_channel(self.channel.clone())
            .with_metadata(self.metadata.clone())
            .build()?;
        let logs = LogExporter::builder()
            .with_tonic()
            .with_endpoint(&self.endpoint)
            .with_timeout(TIMEOUT)
            .with_channel(self.channel.clone())
            .with_metadata(self.metadata.clone())
            .build()?;
        let tracers = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource.clone())
            .with_batch_exporter(Counted { exporter: spans, counts: Arc::clone(&self.counts) })
            .build();
        let loggers = SdkLoggerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(Counted { exporter: logs, counts: Arc::clone(&self.counts) })
            .build();
        let scope =
            InstrumentationScope::builder("errata.demo").with_version(env!("CARGO_PKG_VERSION")).build();
        let (tracer, logger) = (tracers.tracer_with_scope(scope.clone()), loggers.logger_with_scope(scope));
        Ok(Runner { tracers, loggers, tracer, logger })
    }
}

/// One runner: a container that executes programs one after another and reports on them.
#[derive(Debug)]
pub(super) struct Runner {
    tracers: SdkTracerProvider,
    loggers: SdkLoggerProvider,
    tracer: SdkTracer,
    logger: SdkLogger,
}

impl Runner {
    /// Starts the trace of one execution: its root span, a span for writing the program's file, and the
    /// span of the process, named `command`, which is left open. `attributes` go on every span and record.
    pub(super) fn start(
        &self,
        kind: &'static str,
        command: &'static str,
        attributes: Vec<KeyValue>,
    ) -> Trace<'_> {
        let span = |name: &'static str, span_kind, exec_kind: &'static str, parent: &Context| {
            let own = attributes.iter().cloned().chain([KeyValue::new("exec.kind", exec_kind)]);
            let builder = self.tracer.span_builder(name).with_kind(span_kind).with_attributes(own);
            parent.with_span(builder.start_with_context(&self.tracer, parent))
        };
        let root = span(kind, SpanKind::Server, kind, &Context::new());
        span("write_file", SpanKind::Internal, "write_file", &root).span().end();
        let process = span(command, SpanKind::Internal, kind, &root);
        Trace { runner: self, kind, attributes, root, process }
    }

    /// Sends what is still queued and closes the runner; blocks until the server has answered. Failures
    /// are counted, see [`Uplink::sent`].
    pub(super) fn finish(self) {
        // Logs first: a record and its span then reach the server close to each other.
        for result in [self.loggers.shutdown(), self.tracers.shutdown()] {
            if let Err(error) = result {
                tracing::debug!(%error, "a demo runner did not shut down cleanly");
            }
        }
    }
}

/// The trace of one execution that is under way.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    runner: &'a Runner,
    kind: &'static str,
    attributes: Vec<KeyValue>,
    root: Context,
    process: Context,
}

impl Trace<'_> {
    /// W3C trace context of the process span, for the process's environment.
    pub(super) fn traceparent(&self) -> String {
        let context = self.process.span().span_context().clone();
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    }

    /// Ends the trace with the outcome of the program and, where it failed, the exception.
    pub(super) fn end(self, outcome: &Outcome, exception: Option<&Exception>, telling: Telling) {
        let code = KeyValue::new("process.exit.code", i64::from(outcome.exit_code));
        let (root, process) = (self.root.span(), self.process.span());
        root.set_attribute(code.clone());
        process.set_attribute(code.clone());
        let Some(exception) = exception else {
            process.end();
            root.set_status(Status::Ok);
            root.end();
            return;
        };
        let event = exception_attributes(exception);
        if telling == Telling::SpanEvents {
            process.add_event(EXCEPTION_EVENT, event.clone());
        } else {
            self.log(exception, process.span_context(), code, telling);
        }
        if telling != Telling::Log {
            root.add_event(EXCEPTION_EVENT, event);
        }
        for span in [process, root] {
            span.set_status(Status::error(exception.headline()));
            span.end();
        }
    }

    fn log(&self, exception: &Exception, span: &SpanContext, code: KeyValue, telling: Telling) {
        let mut record = self.runner.logger.create_log_record();
        // Logging bridges name no event; the SDKs' own exception records do.
        if telling == Telling::Log {
            record.set_event_name(EXCEPTION_EVENT);
        }
        record.set_severity_number(Severity::Error);
        record.set_severity_text("ERROR");
        record.set_body(AnyValue::from(exception.headline()));
        record.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
        let own = [KeyValue::new("exec.kind", self.kind), code];
        for attribute in
            exception_attributes(exception).into_iter().chain(own).chain(self.attributes.iter().cloned())
        {
            record.add_attribute(attribute.key, any_value(attribute.value));
        }
        self.runner.logger.emit(record);
    }
}

fn exception_attributes(exception: &Exception) -> Vec<KeyValue> {
    let mut attributes = vec![KeyValue::new(EXCEPTION_MESSAGE, exception.message.clone())];
    if let Some(error_type) = &exception.error_type {
        attributes.push(KeyValue::new(EXCEPTION_TYPE, error_type.clone()));
    }
    if !exception.stacktrace.is_empty() {
        attributes.push(KeyValue::new(EXCEPTION_STACKTRACE, exception.stacktrace.clone()));
    }
    attributes
}

/// An attribute's value as a log record's; the demo sets texts, integers and arrays of text.
fn any_value(value: opentelemetry::Value) -> AnyValue {
    use opentelemetry::{Array, Value};
    match value {
        Value::I64(number) => AnyValue::Int(number),
        Value::Array(Array::String(texts)) => texts.into_iter().map(AnyValue::from).collect(),
        other => AnyValue::from(other.to_string()),
    }
}
