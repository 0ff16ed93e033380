//! The processor: receives OTLP, finds sessions and exceptions, masks, groups, tags, makes it durable,
//! writes the lake and forwards.
//!
//! Knows nothing of queries or the HTTP API. Where to start reading: [`ingest`] for a request's way,
//! [`pipeline`] for what is decided about it, [`writer`] for how it reaches the lake, [`processor`] for
//! how all is put together.

mod clock;
mod codec;
pub mod cold;
mod columns;
pub mod exporter;
mod files;
mod follow;
mod identity;
mod ingest;
mod metrics;
mod pipeline;
mod processor;
mod receiver;
mod rules;
pub mod wal;
pub mod wire;
mod writer;

pub use ingest::Acknowledge;
pub use pipeline::{DedupConfig, PipelineConfig, UnrecordedConfig};
pub use processor::{Processor, ProcessorConfig, StartError};
pub use receiver::ReceiverConfig;
pub use rules::{RulesConfig, RulesFileError, read_rules};
pub use writer::WriterConfig;
