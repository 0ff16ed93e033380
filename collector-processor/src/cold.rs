//! Patterns that left memory, on the local disk (`<data_dir>/patterns/`): a cache of the lake's table `patterns`
//! that may be deleted at any time and is then made anew.
//!
//! ```text
//! put --> memory table --(full, or checkpoint)--> records-*.log   what was put, in order
//!                                                 run-*.idx       sorted (key, address) pairs, and their filter
//!                                                 manifest        what of both counts
//! ```
//!
//! A pattern is found under some 23 keys, nearly all of them at random places. Sorted runs that are merged now
//! and then cost 9 bytes and a few sequential passes a key; a general store that keeps a row or rewrites a page
//! for each was estimated to write several times as much, not measured. Nothing is ever changed in place, and only
//! what the manifest names counts, so a crash leaves either the old state or the new one. A file that is not as the
//! manifest says makes the whole cache start anew; a record that is not as its checksum says is as good as forgotten.
//!
//! Bounds: [`ColdConfig::bytes_max`] on disk (the oldest records go first); in memory four times
//! [`ColdConfig::table_patterns_max`] patterns, where the disk does not keep up; a byte a key for the runs' filters,
//! twice while runs are merged; 4 bytes for each 512 keys. A look-up reads at most `RECORDS_MAX` records, and a page
//! or two a run for each key that its filter lets through.
//!
//! Measured with `examples/cold_patterns.rs` (10 million patterns of 2,000 applications, 200,000 of them in memory,
//! two cores that other programs shared): 572 bytes a pattern on disk; 772 MiB of memory at the most, of which the
//! filters are 216; for each new pattern 26 us of a core with one million cold, 35 with two, 40 to 63 from three to
//! ten; 11 minutes in all. Look-ups at the median and at 99 %, files in the page cache: by hash 6 and 12 us, near 61
//! and 1,031 us, unknown 43 and 283 us. With the page cache emptied before, on a fast virtual disk: by hash 77 and
//! 270 us, near 619 and 4,379 us, unknown, by then with part of the files cached again, 170 and 3,677 us.

mod filter;
mod log;
mod manifest;
mod run;
mod table;

use error_patterns::ids::PatternId;
use error_patterns::store::{ColdKey, ColdPatterns, Frozen};
use log::{Address, Log};
use manifest::Manifest;
use parking_lot::{Condvar, Mutex, RwLock};
use run::{Posting, Run};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
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
        Self { folder, source, bytes_max, table_patterns_max: 16_384 }
    }
}

/// Records read for one look-up, and so random reads of the disk; as many come from each table at the most.
const RECORDS_MAX: usize = 64;
/// Runs of like size that become one.
const MERGED_AT: usize = 4;
/// Runs with fewer postings are of like size.
const POSTINGS_MIN: u64 = 1 << 16;
/// A look-up waits no longer for room for new patterns.
const WAIT_MAX: Duration = Duration::from_secs(1);

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
    /// Since it was asked, until all of it is done.
    writing: bool,
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
        let inner = Arc::new(Inner {
            config,
            tables: RwLock::new(Tables { young: Table::default(), leaving: None, stored: Arc::new(stored) }),
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
        if full {
            let mut work = inner.work.lock();
            if !std::mem::replace(&mut work.asked, true) {
                work.writing = true;
                inner.changed.notify_all();
            }
        }
    }

    fn may_hold(&self, key: ColdKey) -> bool {
        let (tables, key) = (self.inner.tables.read(), key.bits());
        tables.unwritten().any(|table| table.holds(key))
            || tables.stored.runs.iter().any(|run| run.may_hold(key))
    }

    fn find(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)> {
        self.inner.wait_for_room();
        let keys: Vec<u32> = keys.iter().map(|key| key.bits()).collect();
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
    /// The newest first.
    fn unwritten(&self) -> impl Iterator<Item = &Table> {
        std::iter::once(&self.young).chain(self.leaving.as_deref())
    }

    /// The newest version first: what is found already stays.
    fn recent(&self, keys: &[u32], found: &mut HashMap<PatternId, Vec<u8>>) {
        for pattern in self.unwritten().flat_map(|table| table.find(keys)) {
            found.entry(pattern.pattern_id).or_insert_with(|| pattern.bytes.clone());
        }
    }
}

impl Stored {
    /// The newest version of each pattern found under one of the keys.
    fn find(&self, keys: &[u32]) -> io::Result<HashMap<PatternId, Vec<u8>>> {
        let mut under = vec![Vec::new(); keys.len()];
        for run in &self.runs {
            // All at once: each waits for memory.
            let there: Vec<usize> = (0..keys.len()).filter(|key| run.may_hold(keys[*key])).collect();
            there.into_iter().try_for_each(|key| run.find(keys[key], &mut under[key]))?;
        }
        // Newer records have higher addresses.
        let newest_first = |addresses: &mut Vec<Address>| addresses.sort_unstable_by(|a, b| b.cmp(a));
        under.iter_mut().for_each(newest_first);
        let mut addresses = rarest_first(under);
        newest_first(&mut addresses);
        let mut found = HashMap::new();
        for address in addresses {
            if let Some((id, bytes)) = self.log.read(address)? {
                found.entry(id).or_insert(bytes);
            }
        }
        Ok(found)
    }
}

/// Of what is under each of several keys, the newest first, at most [`RECORDS_MAX`]: first what is under keys that
/// lead to few. A band that many alike patterns have says least of which of them is near.
fn rarest_first(mut under: Vec<Vec<u32>>) -> Vec<u32> {
    under.sort_by_key(Vec::len);
    let mut chosen = Vec::new();
    for each in under.into_iter().flat_map(|under| under.into_iter().take(RECORDS_MAX)) {
        if chosen.len() == RECORDS_MAX {
            break;
        }
        if !chosen.contains(&each) {
            chosen.push(each);
        }
    }
    chosen
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
            let mut work = self.work.lock();
            work.writing = work.asked;
            self.changed.notify_all();
        }
    }

    /// Who makes new patterns looks them up before: where the disk does not keep up, here is where he waits.
    fn wait_for_room(&self) {
        let most = self.config.table_patterns_max;
        if self.tables.read().young.len() < most + most / 2 {
            return;
        }
        let mut work = self.work.lock();
        if work.writing {
            self.changed.wait_for(&mut work, WAIT_MAX);
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
            let (number, most) = (next.take_number(), postings.len() as u64);
            runs.push(Arc::new(Run::write(folder, number, most, postings.into_iter().map(Ok))?));
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
        manifest.remove_others(folder)
    }

    /// Merges runs of like size, and keeps to the bound.
    fn bound(&self, log: &mut Log, runs: &mut Vec<Arc<Run>>, next: &mut Manifest) -> io::Result<()> {
        let bytes = |runs: &[Arc<Run>]| runs.iter().map(|run| run.bytes()).sum::<u64>();
        let mut purge = false;
        while log.bytes() + bytes(runs) > self.config.bytes_max && log.drop_oldest() {
            purge = bytes(runs) > self.config.bytes_max / 2;
        }
        let size = |run: &Arc<Run>| run.postings().max(POSTINGS_MIN).ilog2() / MERGED_AT.ilog2();
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
}

#[cfg(test)]
mod tests;
