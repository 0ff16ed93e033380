//! SQL over the lake with DataFusion, and the HTTP API on top of it.
//!
//! [`Engine`] answers one read-only statement at a time under the limits of [`QueryConfig`]; [`api::router`]
//! serves it over HTTP and [`format`] writes its answers as JSON, CSV, Arrow or a table for a terminal.
//!
//! [`Lifecycle`] changes patterns: it appends to table `pattern_events`.
//!
//! Invariants: SQL only reads, and nothing but [`Lifecycle`] writes to the lake, to `pattern_events` alone; every query
//! sees one snapshot of each table; every limit has an error that names it; nothing outside `api` knows HTTP.

pub mod api;
mod catalog;
mod clock;
mod config;
mod engine;
mod error;
mod feed;
pub mod format;
mod functions;
mod jaeger;
pub mod lifecycle;
mod metrics;
mod readonly;
mod suggest;
mod views;

pub use config::QueryConfig;
pub use engine::{Engine, Params, QueryStream};
pub use error::{ErrorCode, QueryError};
pub use feed::{Feed, FeedConfig};
pub use lifecycle::{Identity, Lifecycle, LifecycleConfig};
