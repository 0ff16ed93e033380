//! What the appenders, the writer thread and the readers share: the queue, the segments, the ring of recent
//! records and the consumers.
//!
//! Locks are held for bookkeeping only, never across I/O. Bounds: the queue by its permits, the ring by
//! `ring_bytes_max`, the segments by `log_bytes_max`, the consumers by the code that names them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::record::{NewRecord, Record};
use super::segment::{Mark, Segment};
use super::{WalConfig, WalError};

/// Unit of the queue's permits.
pub(super) const PERMIT_BYTES: u64 = 1024;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: WalConfig,
    pub(super) dir: PathBuf,
    pub(super) queue: Mutex<Queue>,
    /// Told when the queue, the condemned segments or `closed` change.
    pub(super) wake: Condvar,
    /// Room in the queue, in units of `PERMIT_BYTES`.
    pub(super) room: Arc<Semaphore>,
    pub(super) log: Mutex<Log>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) counters: Counters,
}

/// How far readers may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Position of the last record that was written (and synced, by default).
    pub(super) position: u64,
    /// No record will follow.
    pub(super) closed: bool,
}

/// Records on their way to the disk.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) pending: Vec<Pending>,
    /// Bytes of `pending` and of the group that is being written.
    pub(super) bytes: u64,
    /// Position of the next record.
    pub(super) next: u64,
    pub(super) closed: bool,
    /// Segments that every consumer has released, to be deleted by the writer.
    pub(super) condemned: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) position: u64,
    pub(super) record: NewRecord,
    pub(super) body_crc: u32,
    /// `None` where the append was acknowledged when queued.
    pub(super) done: Option<oneshot::Sender<Result<u64, WalError>>>,
    pub(super) _room: OwnedSemaphorePermit,
}

/// What is on disk and in memory, as of the last commit.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Oldest first; the last one may be being written.
    pub(super) segments: VecDeque<Segment>,
    pub(super) ring: VecDeque<Record>,
    pub(super) ring_bytes: u64,
    /// Every record after this position is in the ring.
    pub(super) ring_after: u64,
    /// By name.
    pub(super) consumers: BTreeMap<String, Consumer>,
}

/// How far a consumer is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Consumer {
    /// Nothing up to here is needed any more, not on disk either.
    pub(super) released: u64,
    /// Nothing up to here will be read again.
    pub(super) read: u64,
}

/// Counters since the log was opened; times in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) disk_bytes: AtomicU64,
    pub(super) appended_records: AtomicU64,
    pub(super) appended_bytes: AtomicU64,
    pub(super) fsyncs: AtomicU64,
    pub(super) fsync_nanos: AtomicU64,
    pub(super) fsync_nanos_max: AtomicU64,
    pub(super) write_errors: AtomicU64,
    pub(super) refused_full: AtomicU64,
    pub(super) damaged_reads: AtomicU64,
}

/// What one consumer has not released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Exact to about 256 KiB of log.
    pub records: u64,
    /// Exact to about 256 KiB.
    pub bytes: u64,
}

/// Where a reader finds its next records.
#[derive(Debug)]
pub(super) enum Source {
    /// In memory.
    Ring(Vec<Record>),
    /// In this segment, from the mark on.
    Disk { segment: Box<Segment>, mark: Mark },
    /// Nowhere: the records up to this position are gone.
    Gone { through: u64 },
}

impl Shared {
    /// Whether `bytes` more would pass the bound of the log.
    pub(super) fn check_room(&self, queue: &Queue, bytes: u64) -> Result<(), WalError> {
        let held = self.counters.disk_bytes.load(Ordering::Relaxed) + queue.bytes;
        if held + bytes > self.config.log_bytes_max {
            self.counters.refused_full.fetch_add(1, Ordering::Relaxed);
            return Err(WalError::Full { bytes: held, limit: self.config.log_bytes_max });
        }
        Ok(())
    }

    /// Deletes nothing itself: the writer thread does.
    pub(super) fn condemn(&self, paths: Vec<PathBuf>, bytes: u64) {
        if paths.is_empty() {
            return;
        }
        self.counters.disk_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.queue.lock().condemned.extend(paths);
        self.wake.notify_one();
    }

    pub(super) fn released(&self, name: &str) -> u64 {
        self.log.lock().consumers.get(name).map_or(0, |consumer| consumer.released)
    }
}

impl Log {
    /// Adds committed records to the ring.
    pub(super) fn remember(&mut self, records: impl Iterator<Item = Record>, ring_bytes_max: u64) {
        for record in records {
            self.ring_bytes += record.disk_bytes();
            self.ring.push_back(record);
        }
        while self.ring_bytes > ring_bytes_max {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(record) = self.ring.pop_front() {
            self.ring_bytes -= record.disk_bytes();
            self.ring_after = record.position;
        }
    }

    /// Moves a consumer on; gives the segments that nobody needs any more and their bytes.
    pub(super) fn release(&mut self, name: &str, position: u64) -> (Vec<PathBuf>, u64) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.released = position.max(consumer.released);
        }
        self.drop_released()
    }

    /// Notes what a consumer has read. What all have read leaves the memory; the disk keeps it until it is released.
    pub(super) fn note_read(&mut self, name: &str, position: u64) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.read = position.max(consumer.read);
        }
        self.forget_read();
    }

    fn forget_read(&mut self) {
        let read = self.consumers.values().map(|consumer| consumer.read.max(consumer.released)).min();
        while self.ring.front().is_some_and(|record| Some(record.position) <= read) {
            self.forget_oldest();
        }
    }

    /// Takes out segments and ring records that every consumer has released.
    pub(super) fn drop_released(&mut self) -> (Vec<PathBuf>, u64) {
        let released = self.consumers.values().map(|consumer| consumer.released).min();
        let Some(needed_after) = released else { return (Vec::new(), 0) };
        self.forget_read();
        let (mut paths, mut bytes) = (Vec::new(), 0);
        while self.segments.len() > 1 && self.segments.front().is_some_and(|first| first.last <= needed_after)
        {
            if let Some(segment) = self.segments.pop_front() {
                bytes += segment.bytes;
                paths.push(segment.path);
            }
        }
        (paths, bytes)
    }

    /// Where the record at `next`, or the first one after it, is.
    pub(super) fn locate(&self, next: u64, bytes_max: u64) -> Source {
        if next > self.ring_after {
            let from = self.ring.partition_point(|record| record.position < next);
            let (mut records, mut bytes) = (Vec::new(), 0);
            for record in self.ring.range(from..) {
                bytes += record.disk_bytes();
                if bytes > bytes_max && !records.is_empty() {
                    break;
                }
                records.push(record.clone());
            }
            return Source::Ring(records);
        }
        match self.segments.iter().find(|segment| segment.records > 0 && segment.last >= next) {
            Some(segment) => {
                Source::Disk { segment: Box::new(segment.without_marks()), mark: segment.mark_before(next) }
            }
            None => Source::Gone { through: self.ring_after },
        }
    }

    /// Position of the oldest record on disk, 0 when there is none.
    pub(super) fn oldest_position(&self) -> u64 {
        let oldest = self.segments.iter().find_map(|segment| segment.marks.first());
        oldest.map_or(0, |mark| mark.position)
    }

    /// What lies after `position`.
    pub(super) fn backlog(&self, position: u64) -> Backlog {
        let mut backlog = Backlog::default();
        for segment in self.segments.iter().filter(|segment| segment.last > position) {
            let mark = segment.mark_before(position + 1);
            backlog.records += segment.records - mark.records;
            backlog.bytes += segment.bytes - mark.offset;
        }
        backlog
    }

    /// The lowest position whose release leaves a consumer at most `bytes_max` of backlog.
    pub(super) fn position_to_keep(&self, bytes_max: u64) -> u64 {
        let mut kept = 0;
        for segment in self.segments.iter().rev() {
            for mark in segment.marks.iter().rev() {
                if kept + segment.bytes - mark.offset > bytes_max {
                    return self.last_before(segment, mark);
                }
            }
            kept += segment.bytes;
        }
        0
    }

    /// Position of the record before the next mark: all of `mark`'s stretch is given up.
    fn last_before(&self, segment: &Segment, mark: &Mark) -> u64 {
        let next = segment.marks.iter().find(|other| other.offset > mark.offset);
        next.map_or(segment.last, |next| next.position - 1)
    }
}
