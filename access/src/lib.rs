//! Who may do what, at every port of both halves: tokens and roles, rates at ingest, TLS.
//!
//! [`Access::authorize`] answers for a request's headers (gRPC metadata are headers too); [`guard`] is the same as a
//! layer over HTTP routes, [`GrpcGuard`] over gRPC services; [`Incoming`] is a listener with or without TLS that axum and tonic both take. Tokens lie in
//! the state database and are read into memory every [`AccessConfig::refresh_interval`], so no request waits for the
//! database.
//!
//! Must not know what is behind a port: telemetry, queries, the lake. Bounds: [`AccessConfig`], [`TlsConfig`].

mod clock;
mod credential;
mod grpc;
mod guard;
mod keys;
mod listen;
mod metrics;
mod pace;
mod places;
mod refusal;
mod role;
mod tls;
pub mod token;

pub use grpc::{GrpcGuard, Guarded, RoleOfMethod};
pub use guard::{RoleOf, guard};
pub use keys::{Access, AccessConfig, Principal};
pub use listen::{Connection, Incoming};
pub use pace::{Pace, PaceConfig, Throttled};
pub use places::Places;
pub use refusal::Refusal;
pub use role::{Role, Roles};
pub use tls::{Tls, TlsConfig, TlsError};
