//! Tests of the wire module with prost and opentelemetry-proto as the oracle.

mod edits;
mod generate;
mod json;
mod oracle;
mod raw;
mod text;
mod tree;
mod unchecked;
mod walk;
