//! The domain of Errata, pure: parse a stack trace, mask personal data, parameterize, fingerprint,
//! sign, classify, match against known patterns, and explain the result.
//!
//! Knows nothing of I/O, clocks, tokio, Arrow or OTLP. Parsing never fails and never panics: it
//! returns what it understood. Every store in here has a bound that its caller sets.

mod align;
pub mod ast;
mod bytes;
pub mod canonical;
pub mod classify;
pub mod diff;
mod digits;
pub mod explain;
pub mod fingerprint;
pub mod frames;
mod grams;
pub mod grouping;
pub mod ids;
pub mod likeness;
pub mod mask;
pub mod messages;
pub mod model;
mod parse;
pub mod resemblance;
pub mod rules;
pub mod signature;
pub mod store;
pub mod tokens;

pub use classify::{Classification, Classifier, classify};
pub use parse::{ParseLimits, parse, parse_within, runtime_named};
