//! Tests of the wire module with prost and opentelemetry-proto as the oracle.

mod edits;
mod generate;
mod tree;
mod walk;
