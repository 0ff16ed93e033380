//! Prepared statements: their texts, and the values that were bound last.
//!
//! Bounds: `prepared_max` statements, `prepared_bytes_max` for all of them together, and `prepared_idle_max`, after
//! which one that was not used is forgotten; so clients that vanish leave nothing.

use super::super::config::GrpcConfig;
use crate::engine::{Params, Placeholders};
use datafusion::arrow::datatypes::SchemaRef;
use parking_lot::Mutex;
use prost::bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;
use uuid::Uuid;

/// Memory of a statement beside its text and values: columns, types, the map itself.
const STATEMENT_BYTES: usize = 8 << 10;

/// What was prepared.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its placeholders are `$1`, ... or `$name`.
    pub(super) sql: String,
    pub(super) placeholders: Placeholders,
    /// Columns of the answer; they may be others where placeholders have values.
    pub(super) columns: SchemaRef,
}

/// The prepared statements of all clients. Handles cannot be guessed.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    known: Arc<Mutex<Known>>,
    count_max: usize,
    bytes_max: usize,
    idle_max: Duration,
}

#[derive(Debug, Default)]
struct Known {
    by_handle: HashMap<Bytes, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    statement: Arc<Statement>,
    values: Option<Params>,
    bytes: usize,
    values_bytes: usize,
    used: Instant,
}

impl Prepared {
    pub(super) fn new(config: &GrpcConfig) -> Self {
        Self {
            known: Arc::default(),
            count_max: config.prepared_max,
            bytes_max: config.prepared_bytes_max,
            idle_max: config.prepared_idle_max,
        }
    }

    /// How long a statement is kept that is not used.
    pub(super) fn idle_max(&self) -> Duration {
        self.idle_max
    }

    /// Keeps a statement and gives its handle.
    pub(super) fn add(&self, statement: Statement) -> Result<Bytes, Status> {
        let mut known = self.known.lock();
        known.forget_idle(self.idle_max);
        let count = known.by_handle.len();
        if count >= self.count_max {
            return Err(Status::resource_exhausted(format!(
                "{count} prepared statements are open, limit grpc.prepared_max: close some, or wait until they expire"
            )));
        }
        let bytes = STATEMENT_BYTES + statement.sql.len();
        self.fits(&known, bytes)?;
        let handle = Bytes::from(Uuid::new_v4().to_string());
        let statement = Arc::new(statement);
        let entry = Entry { statement, values: None, bytes, values_bytes: 0, used: Instant::now() };
        known.bytes += bytes;
        known.by_handle.insert(handle.clone(), entry);
        Ok(handle)
    }

    pub(super) fn statement(&self, handle: &Bytes) -> Result<Arc<Statement>, Status> {
        let mut known = self.known.lock();
        self.entry(&mut known, handle).map(|entry| Arc::clone(&entry.statement))
    }

    /// A statement with the values of its placeholders.
    pub(super) fn with_values(&self, handle: &Bytes) -> Result<(Arc<Statement>, Params), Status> {
        let mut known = self.known.lock();
        let entry = self.entry(&mut known, handle)?;
        let values = match &entry.values {
            Some(values) => values.clone(),
            None if entry.statement.placeholders.is_empty() => Params::none(),
            None => {
                let count = entry.statement.placeholders.len();
                let message =
                    format!("the statement has {count} placeholders and no values: bind them first");
                return Err(Status::invalid_argument(message));
            }
        };
        Ok((Arc::clone(&entry.statement), values))
    }

    /// Keeps the values of a statement, instead of those before.
    pub(super) fn bind(&self, handle: &Bytes, values: Params, bytes: usize) -> Result<(), Status> {
        let mut known = self.known.lock();
        let before = self.entry(&mut known, handle)?.values_bytes;
        known.bytes -= before;
        let fits = self.fits(&known, bytes);
        let entry = self.entry(&mut known, handle)?;
        entry.values = fits.is_ok().then_some(values);
        entry.values_bytes = if fits.is_ok() { bytes } else { 0 };
        known.bytes += if fits.is_ok() { bytes } else { 0 };
        fits
    }

    pub(super) fn close(&self, handle: &Bytes) {
        self.known.lock().remove(handle);
    }

    fn fits(&self, known: &Known, bytes: usize) -> Result<(), Status> {
        if known.bytes + bytes > self.bytes_max {
            let limit = self.bytes_max;
            return Err(Status::resource_exhausted(format!(
                "prepared statements take more than {limit} bytes, limit grpc.prepared_size_max: close some, or wait until they expire"
            )));
        }
        Ok(())
    }

    fn entry<'a>(&self, known: &'a mut Known, handle: &Bytes) -> Result<&'a mut Entry, Status> {
        let idle = |entry: &Entry| entry.used.elapsed() > self.idle_max;
        if known.by_handle.get(handle).is_some_and(idle) {
            known.remove(handle);
        }
        let seconds = self.idle_max.as_secs();
        let entry = known.by_handle.get_mut(handle).ok_or_else(|| {
            Status::not_found(format!(
                "there is no such prepared statement: it was closed, or not used for {seconds} s (limit grpc.prepared_idle_max); prepare it again"
            ))
        })?;
        entry.used = Instant::now();
        Ok(entry)
    }
}

impl Known {
    fn remove(&mut self, handle: &Bytes) {
        if let Some(entry) = self.by_handle.remove(handle) {
            self.bytes -= entry.bytes + entry.values_bytes;
        }
    }

    fn forget_idle(&mut self, idle_max: Duration) {
        let idle =
            |(handle, entry): (&Bytes, &Entry)| (entry.used.elapsed() > idle_max).then(|| handle.clone());
        for handle in self.by_handle.iter().filter_map(idle).collect::<Vec<_>>() {
            self.remove(&handle);
        }
    }
}

#[cfg(test)]
mod tests;
