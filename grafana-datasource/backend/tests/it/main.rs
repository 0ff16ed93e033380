//! Plays Grafana: starts the plugin by go-plugin's handshake, calls its services, and has it ask a real engine
//! (`ERRATA_TEST_BIN`, an `errata` binary) or ones that misbehave.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod engine;
mod faults;
mod health;
mod host;
mod lifetime;
mod live;
mod queries;
mod resources;
mod tls;
