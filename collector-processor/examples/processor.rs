//! The processor alone, without the query engine: builds in a fraction of the time of `errata`, for measuring.
//!
//! `cargo run --release -p collector-processor --example processor -- DATA_DIR GRPC_ADDR [all|session [NEXT_HOP]]`

#[path = "../benches/config.rs"]
mod config;

use access::Access;
use collector_processor::Processor;
use collector_processor::exporter::ExporterConfig;
use config::config;
use lake::{Lake, LakeConfig, MaintenanceConfig};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = PathBuf::from(arguments.next().ok_or("give a data folder")?);
    let grpc_addr = arguments.next().ok_or("give an address for OTLP/gRPC")?.parse()?;
    let session = arguments.next().is_some_and(|spans| spans == "session");
    let exporter = arguments.next().map(ExporterConfig::new);
    std::fs::create_dir_all(&data_dir)?;
    let lake = Lake::open(LakeConfig::new(data_dir.join("lake").to_string_lossy())).await?;
    let mut config = config(&data_dir, grpc_addr);
    config.pipeline.mask_without_session = exporter.is_none();
    config.writer.session_spans_only = session;
    config.maintenance = Some((MaintenanceConfig::default(), Duration::from_secs(30)));
    config.exporter = exporter;
    let meter = opentelemetry::global::meter("errata");
    let processor = Processor::start(config, lake, Access::open_to_all(), None, meter).await?;
    let mut end = signal(SignalKind::terminate())?;
    end.recv().await;
    processor.shutdown(Duration::from_secs(60)).await;
    Ok(())
}
