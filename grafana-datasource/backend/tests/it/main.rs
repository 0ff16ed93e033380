//! Plays Grafana: starts the plugin by go-plugin's handshake, calls its services, and has it ask a real engine
//! (`ERRATA_TEST_BIN`, an `errata` binary) or ones that misbehave.

mod engine;
mod health;
mod host;
mod queries;
mod resources;
