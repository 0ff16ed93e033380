//! Limits of the gRPC port. Values only: reading files and variables is the command's business.

use std::time::Duration;

/// Limits and sizes of the gRPC port. Each limit has an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcConfig {
    /// Bytes of one message from a client: a statement, the values of its placeholders.
    pub message_bytes_max: usize,
    /// Calls under way on one connection.
    pub streams_max: u32,
    /// How often a connection without traffic is asked whether its client is still there.
    pub keepalive_interval: Duration,
    /// How long a client may take to answer that.
    pub keepalive_timeout: Duration,
    /// Prepared statements at the same time, of all clients.
    pub prepared_max: usize,
    /// Bytes of their texts and values together.
    pub prepared_bytes_max: usize,
    /// A statement that was not used for as long is forgotten.
    pub prepared_idle_max: Duration,
}

impl Default for GrpcConfig {
    fn default() -> Self {
        Self {
            message_bytes_max: 4 << 20,
            streams_max: 128,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            prepared_max: 1_000,
            prepared_bytes_max: 64 << 20,
            prepared_idle_max: Duration::from_secs(600),
        }
    }
}
