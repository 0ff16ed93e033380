//! The write-ahead log: a record is on disk before its request is acknowledged.
//!
//! One log per data folder, held by one process. Appends are committed in groups: all that waits is written
//! with one write and one `fdatasync`. Named consumers (the lake writer, the exporter) each read in order at
//! their own pace; a segment file is deleted when every consumer has released it.
//!
//! Owns: the bytes on disk, their recovery, the order of records. Must not know: OTLP, the lake, the next
//! hop. Bounds: all in [`WalConfig`].
//!
//! Use: open, make every reader (which registers its consumer) before the first append or release, then
//! append. A consumer stores its own position; the log stores none.

mod config;
mod error;
mod format;
mod reader;
mod record;
mod recovery;
mod segment;
mod state;
mod stats;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use tokio::sync::{Semaphore, oneshot, watch};

pub use config::{Durability, WalConfig};
pub use error::WalError;
pub use reader::WalReader;
pub use record::{NewRecord, Record};
pub use recovery::Recovery;
pub use state::Backlog;
pub use stats::{ConsumerStats, WalStats};

use state::{Consumer, Counters, Log, PERMIT_BYTES, Pending, Progress, Queue, Shared};

const LOCK_FILE: &str = "wal.lock";

/// A write-ahead log. Clones share it; the last one dropped closes it.
#[derive(Clone, Debug)]
pub struct Wal {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    recovery: Recovery,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Opens the log in `dir` (created when absent), takes the folder's lock, and recovers what is there.
    /// Blocking: reads all segments once.
    ///
    /// # Errors
    /// [`WalError::Locked`] when another process has the folder, [`WalError::Version`] for a newer release's
    /// segments, [`WalError::Config`], [`WalError::Io`].
    pub fn open(dir: &Path, config: WalConfig) -> Result<Self, WalError> {
        config.validate()?;
        create_folder(dir).map_err(|source| WalError::io("create", dir, source))?;
        let lock = lock(dir)?;
        let recovered = recovery::recover(dir)?;
        let recovery = recovered.recovery;
        if let Some(newest) = recovered.segments.last() {
            // What a killed process wrote may still be in memory only; readers are about to act on it.
            let synced = File::open(&newest.path).and_then(|file| file.sync_all());
            synced.map_err(|source| WalError::io("sync", &newest.path, source))?;
        }
        let position = recovered.segments.last().map_or(0, |segment| segment.last);
        let counters = Counters::default();
        counters.disk_bytes.store(recovery.bytes, Ordering::Relaxed);
        let log = Log { segments: recovered.segments.into(), ring_after: position, ..Log::default() };
        let permits = usize::try_from(config.queue_bytes_max.div_ceil(PERMIT_BYTES)).unwrap_or(usize::MAX);
        let shared = Arc::new(Shared {
            room: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            config,
            dir: dir.to_owned(),
            queue: Mutex::new(Queue { next: recovered.next, ..Queue::default() }),
            wake: Condvar::new(),
            log: Mutex::new(log),
            progress: watch::Sender::new(Progress { position, closed: false }),
            counters,
        });
        let writer = writer::Writer::new(Arc::clone(&shared), lock);
        let thread = std::thread::Builder::new().name("wal".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|source| WalError::io("start a thread for", dir, source))?;
        Ok(Self { handle: Arc::new(Handle { shared, recovery, thread: Mutex::new(Some(thread)) }) })
    }

    /// What `open` found.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.handle.recovery
    }

    /// Appends a record; answers its position once it is on disk (or queued, with
    /// [`Durability::Memory`]). Waits while the queue is full.
    ///
    /// A dropped future leaves open whether the record was appended.
    ///
    /// # Errors
    /// [`WalError::Full`] at the bound of the log, [`WalError::RecordTooLarge`], [`WalError::Io`] when the
    /// disk refused, [`WalError::Closed`]. On an error the record was not acknowledged; after `Io` it may
    /// still turn up after a crash.
    pub async fn append(&self, record: NewRecord) -> Result<u64, WalError> {
        let shared = &self.handle.shared;
        let (bytes, limit) = (record.disk_bytes(), shared.config.record_bytes_max);
        if bytes > limit {
            return Err(WalError::RecordTooLarge { bytes, limit });
        }
        shared.check_room(&shared.queue.lock(), bytes)?;
        let body_crc = format::body_crc(&record.payload, &record.facts);
        let permits = bytes.div_ceil(PERMIT_BYTES).min(shared.config.queue_bytes_max.div_ceil(PERMIT_BYTES));
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let room =
            Arc::clone(&shared.room).acquire_many_owned(permits).await.map_err(|_| WalError::Closed)?;
        let acknowledged = {
            let mut queue = shared.queue.lock();
            if queue.closed {
                return Err(WalError::Closed);
            }
            shared.check_room(&queue, bytes)?;
            let position = queue.next;
            queue.next += 1;
            queue.bytes += bytes;
            let (done, acknowledged) = match shared.config.durability {
                Durability::Wal => {
                    let (done, acknowledged) = oneshot::channel();
                    (Some(done), Ok(acknowledged))
                }
                Durability::Memory => (None, Err(position)),
            };
            queue.pending.push(Pending { position, record, body_crc, done, _room: room });
            acknowledged
        };
        shared.wake.notify_one();
        match acknowledged {
            Ok(acknowledged) => acknowledged.await.map_err(|_| WalError::Closed)?,
            Err(position) => Ok(position),
        }
    }

    /// Registers a consumer and gives its reader, which begins at `from_position` (or the first record after
    /// it): one past the position that the consumer stored last, or 1. What lies before counts as released.
    ///
    /// The log never gives out a position below `from_position` again, even where the segments that held it
    /// are gone. Making a reader under a name in use replaces that consumer.
    #[must_use]
    pub fn reader(&self, name: &str, from_position: u64) -> WalReader {
        let shared = &self.handle.shared;
        let from = from_position.max(1);
        {
            let mut queue = shared.queue.lock();
            queue.next = queue.next.max(from);
        }
        let consumer = Consumer { released: from - 1, read: from - 1 };
        shared.log.lock().consumers.insert(name.to_owned(), consumer);
        WalReader::new(Arc::clone(shared), name.to_owned(), from)
    }

    /// Says that consumer `name` needs nothing at or below `position` any more; also what it has not read, which
    /// its reader then passes over. Never moves back. An unknown name does nothing.
    pub fn release(&self, name: &str, position: u64) {
        let (paths, bytes) = self.handle.shared.log.lock().release(name, position);
        self.handle.shared.condemn(paths, bytes);
    }

    /// Takes a consumer off: it holds nothing back any more.
    pub fn deregister(&self, name: &str) {
        let (paths, bytes) = {
            let mut log = self.handle.shared.log.lock();
            log.consumers.remove(name);
            log.drop_released()
        };
        self.handle.shared.condemn(paths, bytes);
    }

    /// What consumer `name` has not released; nothing for an unknown name.
    #[must_use]
    pub fn backlog(&self, name: &str) -> Backlog {
        let log = self.handle.shared.log.lock();
        log.consumers.get(name).map_or(Backlog::default(), |consumer| log.backlog(consumer.released))
    }

    /// Gives up the oldest records of a consumer whose backlog is over `bytes_max`; answers how far it was
    /// moved and what was given up, `None` when nothing was.
    pub fn skip_oldest(&self, name: &str, bytes_max: u64) -> Option<(u64, Backlog)> {
        let (position, skipped, condemned) = {
            let mut log = self.handle.shared.log.lock();
            let released = log.consumers.get(name)?.released;
            let before = log.backlog(released);
            if before.bytes <= bytes_max {
                return None;
            }
            let position = log.position_to_keep(bytes_max);
            if position <= released {
                return None;
            }
            let after = log.backlog(position);
            let skipped =
                Backlog { records: before.records - after.records, bytes: before.bytes - after.bytes };
            (position, skipped, log.release(name, position))
        };
        self.handle.shared.condemn(condemned.0, condemned.1);
        Some((position, skipped))
    }

    /// The log in numbers.
    #[must_use]
    pub fn stats(&self) -> WalStats {
        stats::snapshot(&self.handle.shared)
    }

    /// Refuses further appends, writes and syncs what is queued, gives the folder's lock back. Readers get
    /// what is left and then an empty batch. Cancel-safe: the closing goes on.
    pub async fn close(&self) {
        self.handle.shut();
        let mut progress = self.handle.shared.progress.subscribe();
        // The sender lives in `shared`, so this only ends when the writer thread does.
        let _closed = progress.wait_for(|progress| progress.closed).await;
        if let Some(thread) = self.handle.thread.lock().take() {
            // The thread has said its last word; a panic in it was reported by the panic hook.
            let _ended = thread.join();
        }
    }
}

impl Handle {
    fn shut(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.room.close();
        self.shared.wake.notify_one();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shut();
        if let Some(thread) = self.thread.lock().take() {
            // As in `close`.
            let _ended = thread.join();
        }
    }
}

/// Creates a folder so that it, and every folder made for it, survives a power cut.
fn create_folder(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(dir)?;
    for folder in missing {
        match folder.parent() {
            Some(parent) if parent != Path::new("") => segment::sync_dir(parent)?,
            _ => segment::sync_dir(Path::new("."))?,
        }
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, WalError> {
    let path = dir.join(LOCK_FILE);
    let options = File::options().create(true).truncate(false).write(true).open(&path);
    let file = options.map_err(|source| WalError::io("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WalError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(WalError::io("lock", &path, source)),
    }
}
