//! The lake: Delta tables of Parquet files in a local folder or on S3.
//!
//! Owns: opening and making the tables, appending rows exactly once, snapshots for readers, compaction,
//! retention, and deleting what nobody reads any more. Several processes may do all of it on one lake
//! at once. Must not know OTLP, SQL or HTTP; the tables' schemas and layout come from `schemas`.
//!
//! # Invariants
//! - A version of a table is one create-only write of a log entry; who comes second decides anew.
//! - A file is written whole, once, before the commit that names it; a crash leaves no half-visible data.
//! - When [`Lake::append`] returns, its rows survive a power cut.
//! - Tables stay at Delta reader version 1 and writer version 2: every engine can read them.
//!
//! # Bounds
//! In memory: one entry per live file and per file removed lately. Appends hold the rows handed in
//! and their encoded form; compaction holds what [`CompactionConfig`] says.

mod added;
mod append;
mod clock;
pub mod compaction;
mod config;
mod encode;
mod error;
mod lake;
mod lease;
mod log;
mod maintenance;
mod retention;
mod schema;
mod snapshot;
mod stats;
mod storage;
mod stored;
mod vacuum;

pub use append::{Appended, WriterId};
#[doc(hidden)]
pub use clock::SIMULATED_MS;
pub use compaction::CompactionReport;
pub use config::{CompactionConfig, LakeConfig, MaintenanceConfig, S3Options};
pub use error::LakeError;
pub use lake::Lake;
pub use lease::Lease;
pub use maintenance::{MaintenanceReport, TableReport};
pub use schemas::tables::Table;
pub use snapshot::{DataFile, FileStatistics, Snapshot};
pub use stats::{Bound, ColumnStats, FileStats};
pub use stored::StoredFile;
pub use vacuum::VacuumReport;
