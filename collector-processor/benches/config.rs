//! Settings of a processor that is measured: those of `errata`, without maintenance and a next hop.

use collector_processor::wal::WalConfig;
use collector_processor::{Acknowledge, PipelineConfig, ProcessorConfig, ReceiverConfig, WriterConfig};
use error_patterns::mask::MaskConfig;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// OTLP over HTTP is received on any port of this machine.
pub(crate) fn config(data_dir: &Path, grpc_addr: SocketAddr) -> ProcessorConfig {
    ProcessorConfig {
        data_dir: data_dir.to_owned(),
        receiver: ReceiverConfig {
            grpc_addr,
            http_addr: ([127, 0, 0, 1], 0).into(),
            ..ReceiverConfig::default()
        },
        session_header: "X-EXEC-SESSION".to_owned(),
        attributes: Vec::new(),
        pipeline: PipelineConfig { mask_without_session: true, ..PipelineConfig::default() },
        rules: None,
        masking: MaskConfig::default(),
        wal: WalConfig::default(),
        acknowledge: Acknowledge::default(),
        writer: WriterConfig::default(),
        future_max: DAY,
        past_max: 400 * DAY,
        follow_interval: Duration::from_secs(2),
        cold_bytes_max: 8 << 30,
        maintenance: None,
        exporter: None,
    }
}
