//! The wire module by path, and the checks against prost that its tests and the fuzz targets share.
//! `cargo test --no-default-features` here runs the module's tests without the rest of the crate.

#[path = "../../src"]
mod product {
    pub mod wire;
}

// When it is tested, the module has these as its own.
#[cfg(not(test))]
#[path = "../../src/wire/tests/oracle.rs"]
mod oracle;
#[cfg(not(test))]
#[path = "../../src/wire/tests/tree.rs"]
mod tree;

pub use product::wire;

/// Panics where prost and the wire module differ on these bytes as a trace request.
#[cfg(not(test))]
pub fn walk_traces(bytes: &[u8]) {
    oracle::check_traces(bytes);
}

/// Panics where prost and the wire module differ on these bytes as a log request.
#[cfg(not(test))]
pub fn walk_logs(bytes: &[u8]) {
    oracle::check_logs(bytes);
}

/// Panics where what the JSON reader accepts is no request, or another one than opentelemetry-proto's
/// serde support reads.
#[cfg(not(test))]
pub fn json(bytes: &[u8]) {
    oracle::check_json(bytes);
}
