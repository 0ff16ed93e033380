//! Patterns that left memory, on the local disk (`<data_dir>/patterns/`): a cache of the lake's table `patterns`
//! that may be deleted at any time and is then made anew.
//!
//! ```text
//! put --> memory table --(full, or checkpoint)--> records-*.log   what was put, in order
//!                                                 run-*.idx       sorted (key, address) pairs, 8 bytes each
//!                                                 manifest        what of both counts
//! ```
//!
//! A pattern is found under some 23 keys, nearly all of them at random places. Sorted runs that are merged now
//! and then cost 8 bytes and a few sequential passes a key; a general store that keeps a row or rewrites a page
//! for each was estimated to write several times as much, not measured. Nothing is ever changed in place, and only what the manifest names
//! counts, so a crash leaves either the old state or the new one. A file that is not as the manifest says makes
//! the whole cache start anew; a record that is not as its checksum says is as good as forgotten.
//!
//! Bounds: [`ColdConfig::bytes_max`] on disk (the oldest records go first); in memory two tables of
//! [`ColdConfig::table_patterns_max`] patterns, 12 bits a key of the filter, 4 bytes for each 512 keys of a run.

mod filter;
mod log;
mod manifest;
mod run;
mod table;

use error_patterns::ids::PatternId;
use error_patterns::store::{ColdKey, ColdPatterns, Frozen};
use filter::Filter;
use log::Log;
use manifest::Manifest;
use parking_lot::{Condvar, Mutex, RwLock};
use run::{Posting, Run};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use table::Table;

/// Where cold patterns are kept, and the bounds.
#[derive(Clone, Debug)]
pub struct ColdConfig {
    /// A folder of its own.
    pub folder: PathBuf,
    /// What the patterns come from: cold patterns of another source are not used.
    pub source: String,
    /// Bytes on disk.
    pub bytes_max: u64,
    /// Patterns in memory before they are written.
    pub table_patterns_max: usize,
}

impl ColdConfig {
    /// The usual bounds.
    #[must_use]
    pub fn new(folder: PathBuf, source: String, bytes_max: u64) -> Self {
        Self { folder, source, bytes_max, table_patterns_max: 32_768 }
    }
}

/// Records read for one look-up.
const RECORDS_MAX: usize = 256;
/// Runs of like size that become one.
const MERGED_AT: usize = 4;

/// The cold patterns of one processor.
#[derive(Debug)]
pub struct ColdStore {
    inner: Arc<Inner>,
    writing: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner {
    config: ColdConfig,
    tables: RwLock<Tables>,
    filter: RwLock<Filter>,
    /// What the writing thread is asked for, and tells.
    work: Mutex<Work>,
    changed: Condvar,
    /// Held while files are written: one writer at a time.
    files: Mutex<Manifest>,
    forgotten: AtomicU64,
}

/// All that a look-up reads.
#[derive(Debug)]
struct Tables {
    young: Table,
    /// The table that is being written.
    leaving: Option<Arc<Table>>,
    stored: Arc<Stored>,
}

#[derive(Debug)]
struct Stored {
    log: Log,
    runs: Vec<Arc<Run>>,
}

#[derive(Debug, Default)]
struct Work {
    asked: bool,
    stop: bool,
}

impl ColdStore {
    /// Opens the folder, making it if need be. What cannot be used of it is deleted.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(config: ColdConfig) -> io::Result<Self> {
        std::fs::create_dir_all(&config.folder)?;
        let (manifest, stored) = match Self::load(&config) {
            Ok(Some(found)) => found,
            Ok(None) => Self::fresh(&config)?,
            Err(error) => {
                let folder = config.folder.display();
                tracing::warn!(%error, %folder, "cold patterns are read anew from the lake");
                Self::fresh(&config)?
            }
        };
        manifest.remove_others(&config.folder)?;
        let filter = Filter::of_runs(&stored.runs)?;
        let inner = Arc::new(Inner {
            config,
            tables: RwLock::new(Tables { young: Table::default(), leaving: None, stored: Arc::new(stored) }),
            filter: RwLock::new(filter),
            work: Mutex::default(),
            changed: Condvar::new(),
            files: Mutex::new(manifest),
            forgotten: AtomicU64::new(0),
        });
        let for_thread = Arc::clone(&inner);
        let writing =
            std::thread::Builder::new().name("cold-patterns".into()).spawn(move || for_thread.run())?;
        Ok(Self { inner, writing: Some(writing) })
    }

    fn load(config: &ColdConfig) -> io::Result<Option<(Manifest, Stored)>> {
        let folder = &config.folder;
        let Some(manifest) = Manifest::load(folder)?.filter(|found| found.source == config.source) else {
            return Ok(None);
        };
        let log = Log::open(folder, &manifest)?;
        let open = |named| Run::open(folder, named).map(Arc::new);
        let runs = manifest.runs.iter().map(open).collect::<io::Result<_>>()?;
        Ok(Some((manifest, Stored { log, runs })))
    }

    fn fresh(config: &ColdConfig) -> io::Result<(Manifest, Stored)> {
        let manifest = Manifest::of(&config.source);
        manifest.save(&config.folder)?;
        let log = Log::open(&config.folder, &manifest)?;
        Ok((manifest, Stored { log, runs: Vec::new() }))
    }

    /// Names that were given to the last [`Self::checkpoint`]: the lake's files whose facts are all in here.
    #[must_use]
    pub fn applied(&self) -> Vec<String> {
        self.inner.files.lock().applied.clone()
    }

    /// Writes everything that was put, and remembers these names with it. Waits for the disk.
    ///
    /// # Errors
    /// When the disk refuses; what was put stays in memory.
    pub fn checkpoint(&self, applied: Vec<String>) -> io::Result<()> {
        self.inner.write(Some(applied))
    }

    /// Writes everything that was put. Waits for the disk.
    ///
    /// # Errors
    /// When the disk refuses; what was put stays in memory.
    pub fn flush(&self) -> io::Result<()> {
        self.inner.write(None)
    }

    /// Versions of patterns on disk.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.inner.files.lock().records
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let tables = self.inner.tables.read();
        tables.stored.log.bytes() + tables.stored.runs.iter().map(|run| run.bytes()).sum::<u64>()
    }

    /// Patterns that were let go because the disk did not keep up.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.inner.forgotten.load(Ordering::Relaxed)
    }
}

impl Drop for ColdStore {
    fn drop(&mut self) {
        self.inner.work.lock().stop = true;
        self.inner.changed.notify_all();
        if let Some(writing) = self.writing.take() {
            // A panic of the thread was already told by the panic hook.
            let _ = writing.join();
        }
    }
}

impl ColdPatterns for ColdStore {
    fn put(&self, pattern: Frozen) {
        let inner = &self.inner;
        let exact = pattern.keys.iter().filter(|key| !key.is_band()).chain(&pattern.class);
        let exact: Vec<u32> = exact.map(|key| key.bits()).collect();
        let full = {
            let mut tables = inner.tables.write();
            let most = inner.config.table_patterns_max;
            if tables.young.len() >= 2 * most {
                inner.forgotten.fetch_add(1, Ordering::Relaxed);
                return;
            }
            tables.young.insert(pattern);
            tables.young.len() >= most
        };
        // After the table: a filter that is made anew meanwhile takes from there what the old one misses.
        let filter = inner.filter.read();
        exact.into_iter().for_each(|key| filter.insert(key));
        drop(filter);
        if full {
            let mut work = inner.work.lock();
            if !std::mem::replace(&mut work.asked, true) {
                inner.changed.notify_all();
            }
        }
    }

    fn may_hold(&self, key: ColdKey) -> bool {
        self.inner.filter.read().may_hold(key.bits())
    }

    fn find(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)> {
        let keys: Vec<u32> = {
            let filter = self.inner.filter.read();
            let there = keys.iter().filter(|key| key.is_band() || filter.may_hold(key.bits()));
            there.map(|key| key.bits()).collect()
        };
        if keys.is_empty() {
            return Vec::new();
        }
        let mut found = HashMap::new();
        let stored = {
            let tables = self.inner.tables.read();
            tables.recent(&keys, &mut found);
            Arc::clone(&tables.stored)
        };
        match stored.find(&keys) {
            Ok(older) => older.into_iter().for_each(|(id, bytes)| {
                found.entry(id).or_insert(bytes);
            }),
            Err(error) => tracing::warn!(%error, "cold patterns cannot be read"),
        }
        found.into_iter().collect()
    }

    fn find_recent(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)> {
        let keys: Vec<u32> = keys.iter().map(|key| key.bits()).collect();
        let mut found = HashMap::new();
        self.inner.tables.read().recent(&keys, &mut found);
        found.into_iter().collect()
    }
}

impl Tables {
    /// The newest version first: what is found already stays.
    fn recent(&self, keys: &[u32], found: &mut HashMap<PatternId, Vec<u8>>) {
        for table in std::iter::once(&self.young).chain(self.leaving.as_deref()) {
            for pattern in table.find(keys, RECORDS_MAX) {
                found.entry(pattern.pattern_id).or_insert_with(|| pattern.bytes.clone());
            }
        }
    }
}

impl Stored {
    /// The newest version of each pattern found under one of the keys.
    fn find(&self, keys: &[u32]) -> io::Result<HashMap<PatternId, Vec<u8>>> {
        let mut addresses = Vec::new();
        for run in &self.runs {
            for key in keys {
                run.find(*key, &mut addresses)?;
            }
        }
        // Newer records have higher addresses.
        addresses.sort_unstable_by(|a, b| b.cmp(a));
        addresses.dedup();
        let mut found = HashMap::new();
        for address in addresses.into_iter().take(RECORDS_MAX) {
            if let Some((id, bytes)) = self.log.read(address)? {
                found.entry(id).or_insert(bytes);
            }
        }
        Ok(found)
    }
}

impl Inner {
    /// The writing thread.
    fn run(&self) {
        loop {
            let mut work = self.work.lock();
            while !work.asked && !work.stop {
                self.changed.wait(&mut work);
            }
            if work.stop {
                return;
            }
            work.asked = false;
            drop(work);
            if let Err(error) = self.write(None) {
                tracing::warn!(%error, "cold patterns cannot be written");
            }
        }
    }

    /// Moves everything that was put to disk: a table that could not be written last time, then the young one.
    fn write(&self, applied: Option<Vec<String>>) -> io::Result<()> {
        let mut manifest = self.files.lock();
        let left_over = self.tables.read().leaving.is_some();
        if left_over {
            self.write_table(&mut manifest, None)?;
        }
        self.write_table(&mut manifest, applied)
    }

    fn write_table(&self, manifest: &mut Manifest, applied: Option<Vec<String>>) -> io::Result<()> {
        let (leaving, stored) = {
            let mut tables = self.tables.write();
            let left = tables.leaving.take();
            let leaving = left.unwrap_or_else(|| Arc::new(std::mem::take(&mut tables.young)));
            tables.leaving = Some(Arc::clone(&leaving));
            (leaving, Arc::clone(&tables.stored))
        };
        let mut next = manifest.clone();
        let folder = &self.config.folder;
        let (mut log, mut runs) = (stored.log.clone(), stored.runs.clone());
        if !leaving.is_empty() {
            let mut postings = Vec::new();
            for pattern in leaving.patterns() {
                let address = log.append(pattern.pattern_id, &pattern.bytes)?;
                postings.extend(pattern.keys.iter().map(|key| Posting::new(key.bits(), address)));
            }
            log.sync()?;
            postings.extend(leaving.classes().map(|class| Posting::new(class, log.end())));
            postings.sort_unstable();
            next.records += leaving.len() as u64;
            runs.push(Arc::new(Run::write(folder, next.take_number(), postings.into_iter().map(Ok))?));
        }
        self.bound(&mut log, &mut runs, &mut next)?;
        if let Some(applied) = applied {
            next.applied = applied;
        }
        next.log = log.extent();
        next.runs = runs.iter().map(|run| run.named()).collect();
        next.save(folder)?;
        *manifest = next;
        {
            let mut tables = self.tables.write();
            tables.stored = Arc::new(Stored { log, runs });
            tables.leaving = None;
        }
        manifest.remove_others(folder)?;
        self.widen()
    }

    /// Merges runs of like size, and keeps to the bound.
    fn bound(&self, log: &mut Log, runs: &mut Vec<Arc<Run>>, next: &mut Manifest) -> io::Result<()> {
        let bytes = |runs: &[Arc<Run>]| runs.iter().map(|run| run.bytes()).sum::<u64>();
        let mut purge = false;
        while log.bytes() + bytes(runs) > self.config.bytes_max && log.drop_oldest() {
            purge = bytes(runs) > self.config.bytes_max / 2;
        }
        let size = |run: &Arc<Run>| run.postings().max(1).ilog2() / MERGED_AT.ilog2();
        loop {
            let like = |run: &Arc<Run>| runs.iter().filter(|other| size(other) == size(run)).count();
            let Some(crowded) = runs.iter().find(|run| purge || like(run) >= MERGED_AT).map(size) else {
                return Ok(());
            };
            let (merged, kept): (Vec<_>, Vec<_>) =
                runs.drain(..).partition(|run| purge || size(run) == crowded);
            *runs = kept;
            runs.push(Arc::new(Run::merge(&self.config.folder, next.take_number(), &merged, log.start())?));
            purge = false;
        }
    }

    /// Gives the filter more room when it is full.
    fn widen(&self) -> io::Result<()> {
        if !self.filter.read().is_full() {
            return Ok(());
        }
        let stored = Arc::clone(&self.tables.read().stored);
        let wider = Filter::of_runs(&stored.runs)?;
        // What was put since is in the tables; no put comes between while the filter is locked.
        let mut filter = self.filter.write();
        let tables = self.tables.read();
        for table in std::iter::once(&tables.young).chain(tables.leaving.as_deref()) {
            table.exact_keys().for_each(|key| wider.insert(key));
        }
        *filter = wider;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
