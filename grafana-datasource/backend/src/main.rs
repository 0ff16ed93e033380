//! `gpx_errata`: the backend of Grafana's data source for Errata.
//!
//! Grafana starts it and asks it over gRPC on a Unix socket; it asks the engine over HTTP. It keeps nothing and writes
//! nothing but its log. Environment variables are read here only, and only those of go-plugin's handshake: Grafana
//! passes no others on.

mod clock;
mod engine;
mod error;
mod frame;
mod handshake;
mod health;
mod lifetime;
mod live;
mod log;
mod metrics;
mod query;
mod resource;
mod service;
mod settings;

use lifetime::Ending;
use std::process::ExitCode;

fn main() -> ExitCode {
    log::panics();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::error("cannot start", &[("error", &error.to_string())]);
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run());
    // Calls that are not done in time go with the process.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            log::error(&error.to_string(), &[("cause", &cause)]);
            ExitCode::FAILURE
        }
    }
}

async fn start() -> Result<(), Box<dyn std::error::Error>> {
    let (listener, socket) = handshake::listen(|name| std::env::var(name))?;
    let ending = Ending::new();
    let watched = tokio::spawn(ending.clone().watch()?);
    handshake::announce(&socket)?;
    log::info("the plugin listens", &[("version", env!("CARGO_PKG_VERSION"))]);
    let served = tokio::spawn(service::Plugin::new(ending.clone()).serve(listener));
    let late = async {
        ending.wait().await;
        tokio::time::sleep(lifetime::GRACE).await;
    };
    tokio::select! {
        served = served => served??,
        () = late => log::warn("calls under way are cut off", &[]),
    }
    watched.abort();
    drop(socket);
    Ok(())
}
