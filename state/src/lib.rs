//! The state database: what is no fact about a pattern, so has no place in the lake. Tokens and saved views today.
//!
//! SQLite in the data folder, or PostgreSQL by URL; the same statements run on both, and one conformance suite
//! (`tests/it`) holds for both. Owns tables and migrations; must not know what a role means, HTTP, or the clock: times
//! are passed in, in milliseconds since the epoch.
//!
//! Bounds: [`CONNECTIONS_MAX`] connections, [`WAIT_MAX`] for one answer.

mod database;
mod error;
mod migrate;
mod tokens;
mod views;

pub use database::{CONNECTIONS_MAX, State, WAIT_MAX};
pub use error::StateError;
pub use tokens::{Added, Token};
pub use views::{SavedView, Updated};
