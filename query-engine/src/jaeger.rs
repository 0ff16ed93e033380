//! Traces as Jaeger's query API knows them, over table `spans`: services, operations, search, traces, dependencies.
//!
//! `operations` knows the (service, operation, kind) of every file, each read once; `search` finds trace ids; `fetch`
//! reads the spans of traces; `ui` and `otlp` are the two JSON forms. Must not know HTTP.
//!
//! Bounds: `trace_bytes_max` for the spans of an answer, `operations_known_max` for the lists, and those of queries.

mod dependencies;
mod fetch;
mod operations;
pub(crate) mod otlp;
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

/// How far spans of a trace may lie outside the time range that found the trace.
const TRACE_NANOS_MAX: i64 = 86_400 * 1_000_000_000;
