//! Traces as Jaeger knows them, over table `spans`: services, operations, search, traces, dependencies.
//!
//! `operations` knows the (service, operation, kind) of every file, each read once; `search` finds trace ids; `fetch`
//! reads the spans of traces; `ui` and `otlp` are the two JSON forms, `proto` is OTLP's own. Must not know HTTP or gRPC.
//!
//! Bounds: `trace_bytes_max` for the spans of an answer, `operations_known_max` for the lists, and those of queries.

mod dependencies;
mod fetch;
mod groups;
mod operations;
pub(crate) mod otlp;
pub(crate) mod proto;
mod row;
mod search;
pub(crate) mod ui;

pub(crate) use dependencies::Dependency;
pub(crate) use fetch::Around;
pub(crate) use operations::{Operation, Operations};
pub(crate) use row::Trace;
pub(crate) use search::Search;

/// The service of spans whose resource names none, as Jaeger calls it.
pub(crate) const SERVICE_MISSING: &str = "missing-service-name";

/// Traces in one answer, unless asked for another number; as Jaeger has it.
pub(crate) const TRACES_DEFAULT: u32 = 100;
/// Traces in one answer at most; the greatest that Jaeger's UI asks for.
pub(crate) const TRACES_MAX: u32 = 1_500;
/// Tags in one search: each is a condition of its own.
pub(crate) const TAGS_MAX: usize = 20;
/// How far back a search goes that names no start.
pub(crate) const SEARCH_LOOKBACK_NANOS: i64 = 2 * 86_400 * 1_000_000_000;

/// How far spans of a trace may lie outside the time range that found the trace.
const TRACE_NANOS_MAX: i64 = 86_400 * 1_000_000_000;
