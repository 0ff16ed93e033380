//! `errata serve`, `errata process`, `errata query`: the servers, from start to orderly end.

use crate::cli::ServeOptions;
use crate::config::Settings;
use crate::output;
use crate::telemetry::Telemetry;
use access::{Access, Incoming, Role, Tls, guard};
use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::get;
use collector_processor::Processor;
use futures::future::OptionFuture;
use lake::Lake;
use query_engine::grpc::GrpcConfig;
use query_engine::{Engine, Feed, Identity, Lifecycle};
use serde_json::json;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long senders, the next hop and readers get to finish at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Where the bound addresses are told, in the data folder.
const ADDRESSES_FILE: &str = "addresses.json";

/// What a server consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    processor: bool,
    engine: bool,
}

impl Parts {
    pub(crate) const BOTH: Self = Self { processor: true, engine: true };
    pub(crate) const PROCESSOR: Self = Self { processor: true, engine: false };
    pub(crate) const ENGINE: Self = Self { processor: false, engine: true };
}

/// Runs until SIGTERM or SIGINT, then drains.
pub(crate) fn run(settings: &Settings, options: &ServeOptions, parts: Parts) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("errata").build()?;
    let outcome = runtime.block_on(serve(settings, options, parts));
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

async fn serve(settings: &Settings, options: &ServeOptions, parts: Parts) -> anyhow::Result<()> {
    settings.refuse_open_ports(&ports(settings, parts))?;
    let stopped = stop_signal()?;
    let telemetry = Telemetry::start(&settings.telemetry)?;
    let tls = settings.tls(&telemetry.meter()).await?;
    let listener = listen("--http-addr", settings.http.addr, tls.as_ref()).await?;
    let http_addr = listener.addr();
    let grpc_listener = match parts.engine {
        true => Some(listen("--grpc-addr", settings.grpc.addr, tls.as_ref()).await?),
        false => None,
    };
    let grpc_addr = grpc_listener.as_ref().map(Incoming::addr);
    let access = settings.access(&telemetry.meter()).await?;
    let lake = settings.open_lake().await?;
    let ready = Arc::new(AtomicBool::new(false));
    let guarding = if settings.auth.open_metrics { Access::open_to_all() } else { access.clone() };
    let mut routes = own_routes(telemetry.clone(), Arc::clone(&ready), &guarding);
    let mut feed = None;
    let (stop, stopping) = watch::channel(false);
    let mut serving = JoinSet::new();
    if let Some(listener) = grpc_listener {
        let engine = Engine::new(lake.clone(), settings.query_config())?;
        let identity = Identity::open(&settings.data_dir).context("cannot keep the engine's id")?;
        let lifecycle = Lifecycle::start(lake.clone(), &engine, identity, settings.lifecycle_config()?);
        let feed = feed.insert(Feed::new(lake.clone(), engine.clone(), settings.feed_config()));
        let state = settings.open_state().await?;
        let views = query_engine::api::views_router(state, settings.views_config());
        let config = settings.grpc_config();
        serving.spawn(grpc(engine.clone(), config, access.clone(), listener, stopping.clone()));
        let api = query_engine::api::router(engine, lifecycle, feed.clone()).merge(views);
        routes = routes.merge(query_engine::api::guarded(api, &access));
    }
    serving.spawn(async move {
        if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(told(stopping)).await {
            tracing::error!(%error, "the HTTP server ended");
        }
    });
    let processor = match parts.processor {
        true => Some(start_processor(settings, &lake, &access, tls.as_ref(), &telemetry).await?),
        false => None,
    };
    let asking =
        processor.as_ref().filter(|_| settings.rules_file().is_some()).map(reload_on_hangup).transpose()?;
    ready.store(true, Ordering::Release);
    announce(settings, options, &lake, (http_addr, grpc_addr), processor.as_ref(), &access)?;
    let fenced = tokio::select! {
        () = stopped => false,
        Some(()) = OptionFuture::from(processor.as_ref().map(Processor::fenced)) => true,
    };
    tracing::info!("stopping: no new requests; what was acknowledged is being committed");
    ready.store(false, Ordering::Release);
    if let Some(asking) = asking {
        asking.abort();
    }
    if let Some(processor) = processor {
        processor.shutdown(GRACE).await;
    }
    if let Some(feed) = feed {
        feed.close();
    }
    stop.send_replace(true);
    if tokio::time::timeout(GRACE, serving.join_all()).await.is_err() {
        tracing::warn!("a query was still running at the end of the grace period");
    }
    telemetry.shutdown();
    tracing::info!("stopped");
    anyhow::ensure!(!fenced, "another process has the writer id of {}", settings.data_dir.display());
    Ok(())
}

async fn start_processor(
    settings: &Settings,
    lake: &Lake,
    access: &Access,
    tls: Option<&Tls>,
    telemetry: &Telemetry,
) -> anyhow::Result<Processor> {
    let mut config = settings.processor_config()?;
    limit_connections(&mut config.receiver.connections_max, raise_open_files());
    let started = Processor::start(config, lake.clone(), access.clone(), tls, telemetry.meter()).await;
    started.context("cannot start the processor")
}

/// Connections and the lake's files are open files alike: as many as the system lets this process have.
/// Answers how many, as far as is known.
fn raise_open_files() -> Option<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
        .inspect_err(|error| tracing::warn!(%error, "cannot raise the limit of open files"))
        .ok()
}

/// Connections leave half of the open files to the lake, the log, and the other ports.
fn limit_connections(connections_max: &mut usize, files: Option<u64>) {
    let most = files.map_or(usize::MAX, |files| usize::try_from(files / 2).unwrap_or(usize::MAX)).max(1);
    if *connections_max > most {
        tracing::warn!(
            connections_max = most,
            "the limit of open files allows fewer connections than otlp.connections_max; raise it (ulimit -n)"
        );
        *connections_max = most;
    }
}

/// The addresses that will be bound, with the flags that set them.
fn ports(settings: &Settings, parts: Parts) -> Vec<(&'static str, SocketAddr)> {
    let mut ports = vec![("--http-addr", settings.http.addr)];
    if parts.engine {
        ports.push(("--grpc-addr", settings.grpc.addr));
    }
    if parts.processor {
        ports.push(("--otlp-grpc-addr", settings.otlp.grpc_addr));
        ports.push(("--otlp-http-addr", settings.otlp.http_addr));
    }
    ports
}

async fn listen(flag: &str, addr: SocketAddr, tls: Option<&Tls>) -> anyhow::Result<Incoming> {
    Incoming::bind(addr, tls).await.with_context(|| {
        format!("cannot listen on {addr} for queries; stop what uses it, or set another with {flag}")
    })
}

/// Serves the engine's gRPC port until told to stop.
async fn grpc(
    engine: Engine,
    config: GrpcConfig,
    access: Access,
    listener: Incoming,
    stopping: watch::Receiver<bool>,
) {
    let incoming = listener.into_stream();
    if let Err(error) = query_engine::grpc::serve(&engine, &config, access, incoming, told(stopping)).await {
        tracing::error!(%error, "the gRPC server ended");
    }
}

/// Resolves when servers are told to stop.
async fn told(mut stopping: watch::Receiver<bool>) {
    _ = stopping.wait_for(|stop| *stop).await;
}

/// Resolves at SIGTERM or SIGINT; listens from now on.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Has the rules read again at each SIGHUP.
fn reload_on_hangup(processor: &Processor) -> anyhow::Result<JoinHandle<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let reload = processor.reload_rules();
    Ok(tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload();
        }
    }))
}

/// Health is open to all: what asks for it has no token.
fn own_routes(telemetry: Telemetry, ready: Arc<AtomicBool>, guarding: &Access) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics).with_state(telemetry));
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz).with_state(ready))
        .merge(guard(metrics, guarding, |_, _| Role::Read))
        .method_not_allowed_fallback(not_allowed)
        .fallback(not_found)
}

/// The routes of health and metrics have one method.
async fn not_allowed(method: Method, uri: Uri) -> impl IntoResponse {
    let detail = format!("method {method} is not allowed for {}", uri.path());
    problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", &detail)
}

/// No such page.
async fn not_found(uri: Uri) -> impl IntoResponse {
    let detail = format!("there is nothing at {}", uri.path());
    problem(StatusCode::NOT_FOUND, "not-found", "Not found", &detail)
}

/// An RFC 9457 problem, like all errors of this server.
fn problem(status: StatusCode, code: &str, title: &str, detail: &str) -> impl IntoResponse + use<> {
    let problem = json!({
        "type": format!("urn:errata:problem:{code}"),
        "title": title,
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string())
}

async fn readyz(State(ready): State<Arc<AtomicBool>>) -> impl IntoResponse {
    if ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n")
    }
}

async fn metrics(State(telemetry): State<Telemetry>) -> impl IntoResponse {
    match telemetry.prometheus() {
        Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], format!("{error}\n"))
        }
    }
}

/// Who is let in, in words.
fn doors(settings: &Settings, access: &Access) -> String {
    match (access.is_on(), access.tokens_known()) {
        (false, _) if settings.auth.allow_open => {
            "open to whoever reaches the ports: auth.mode is off".to_owned()
        }
        (false, _) => "open, since only this machine reaches the ports: auth.mode is off".to_owned(),
        (true, 0) => "by token, but there is none yet: `errata token create` makes one".to_owned(),
        (true, 1) => "by token; 1 is known".to_owned(),
        (true, known) => format!("by token; {known} are known"),
    }
}

/// Tells people on standard output, and programs in a file, where everything is.
fn announce(
    settings: &Settings,
    options: &ServeOptions,
    lake: &Lake,
    (http_addr, grpc_addr): (SocketAddr, Option<SocketAddr>),
    processor: Option<&Processor>,
    access: &Access,
) -> anyhow::Result<()> {
    let mut addresses = json!({ "http": http_addr.to_string() });
    let mut text = format!("Errata {}\n\n", env!("CARGO_PKG_VERSION"));
    let scheme = if settings.speaks_tls() { "https" } else { "http" };
    if let Some(processor) = processor {
        addresses["otlp_grpc"] = json!(processor.grpc_addr().to_string());
        addresses["otlp_http"] = json!(processor.http_addr().to_string());
        writeln!(text, "  send OTLP to  {scheme}://{} (gRPC)", processor.grpc_addr())?;
        writeln!(text, "                {scheme}://{} (HTTP)", processor.http_addr())?;
        if !settings.forward.endpoint.is_empty() {
            writeln!(text, "  forwards to   {}", settings.forward.endpoint)?;
        }
    }
    let folder = lake.table_location(lake::Table::Errors);
    let folder = folder.trim_end_matches("/errors");
    let (use_of, path) =
        if grpc_addr.is_some() { ("query at ", "/api/v1/sql") } else { ("health at", "/readyz") };
    writeln!(text, "  {use_of}     {scheme}://{http_addr}{path}")?;
    if let Some(grpc_addr) = grpc_addr {
        addresses["grpc"] = json!(grpc_addr.to_string());
        let grpc = if settings.speaks_tls() { "grpc+tls" } else { "grpc" };
        writeln!(text, "                {grpc}://{grpc_addr} (Flight SQL, Jaeger's storage)")?;
    }
    writeln!(text, "  lake          {folder} (Delta tables, Parquet files)")?;
    let doors = doors(settings, access);
    writeln!(text, "  access        {doors}")?;
    tracing::info!("access: {doors}");
    let command = std::env::args().next().filter(|a| a.contains('/')).unwrap_or_else(|| "errata".to_owned());
    let mut place = String::new();
    if settings.data_dir.as_os_str() != "./errata-data" {
        write!(place, " --data-dir {}", settings.data_dir.display())?;
    }
    if !settings.lake.is_empty() {
        write!(place, " --lake {}", settings.lake)?;
    }
    if let Some(processor) = processor {
        writeln!(
            text,
            "\n  In another terminal, run some real programs that fail, then ask for their patterns:\n"
        )?;
        let endpoint = match processor.grpc_addr() {
            addr if addr.port() == 4317 => String::new(),
            addr => format!(" --endpoint {scheme}://{addr}"),
        };
        writeln!(text, "    {command} demo{endpoint}")?;
        writeln!(
            text,
            "    {command} sql{place} \"SELECT pattern_id, error_type, canonical_msg, occurrences, distinct_users FROM pattern_report ORDER BY occurrences DESC\""
        )?;
    }
    writeln!(text, "\n  Ctrl-C stops; nothing that was acknowledged is lost.\n")?;
    if !options.quiet {
        output::print(&text);
    }
    std::fs::create_dir_all(&settings.data_dir)?;
    let path = settings.data_dir.join(ADDRESSES_FILE);
    let partial = path.with_extension("json.part");
    std::fs::write(&partial, serde_json::to_vec_pretty(&addresses)?)?;
    std::fs::rename(&partial, &path).with_context(|| format!("cannot write {}", path.display()))
}
