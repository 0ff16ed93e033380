//! The processor: receives OTLP, finds sessions and exceptions, masks, groups, tags, makes it durable,
//! writes the lake and forwards.
//!
//! Knows nothing of queries or the HTTP API.

pub mod exporter;
pub mod wal;
pub mod wire;
