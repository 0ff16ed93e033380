//! The log in numbers, for metrics.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::state::{Backlog, Consumer, Shared};

/// A snapshot of the log. Counters run from the time the log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalStats {
    /// Bytes of all segments on disk; healthy is well below `log_bytes_max`.
    pub disk_bytes: u64,
    /// Segment files.
    pub segments: u64,
    /// Records on disk.
    pub records: u64,
    /// Position of the oldest record still on disk, 0 when there is none.
    pub oldest_position: u64,
    /// Position of the newest record that readers may see, 0 when there is none.
    pub newest_position: u64,
    /// Bytes and records held in memory for readers that keep up.
    pub ring_bytes: u64,
    /// See `ring_bytes`.
    pub ring_records: u64,
    /// Bytes that wait for the disk or are being written.
    pub queue_bytes: u64,
    /// Records written.
    pub appended_records: u64,
    /// Bytes written.
    pub appended_bytes: u64,
    /// `fdatasync` calls.
    pub fsyncs: u64,
    /// Time spent in them.
    pub fsync_time: Duration,
    /// The longest of them.
    pub fsync_time_max: Duration,
    /// Failed writes and syncs; healthy is 0.
    pub write_errors: u64,
    /// Appends refused at the bound; healthy is 0.
    pub refused_full: u64,
    /// Segments found damaged while reading; healthy is 0.
    pub damaged_reads: u64,
    /// Every consumer, by name.
    pub consumers: Vec<ConsumerStats>,
}

/// How far one consumer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerStats {
    /// Name given to [`Wal::reader`](super::Wal::reader).
    pub name: String,
    /// It needs nothing at or below this position any more.
    pub released_position: u64,
    /// What it has not released.
    pub backlog: Backlog,
}

pub(super) fn snapshot(shared: &Shared) -> WalStats {
    let queue_bytes = shared.queue.lock().bytes;
    let log = shared.log.lock();
    let counters = &shared.counters;
    let consumer = |(name, consumer): (&String, &Consumer)| ConsumerStats {
        name: name.clone(),
        released_position: consumer.released,
        backlog: log.backlog(consumer.released),
    };
    WalStats {
        disk_bytes: counters.disk_bytes.load(Ordering::Relaxed),
        segments: log.segments.len() as u64,
        records: log.segments.iter().map(|segment| segment.records).sum(),
        oldest_position: log.oldest_position(),
        newest_position: shared.progress.borrow().position,
        ring_bytes: log.ring_bytes,
        ring_records: log.ring.len() as u64,
        queue_bytes,
        appended_records: counters.appended_records.load(Ordering::Relaxed),
        appended_bytes: counters.appended_bytes.load(Ordering::Relaxed),
        fsyncs: counters.fsyncs.load(Ordering::Relaxed),
        fsync_time: Duration::from_nanos(counters.fsync_nanos.load(Ordering::Relaxed)),
        fsync_time_max: Duration::from_nanos(counters.fsync_nanos_max.load(Ordering::Relaxed)),
        write_errors: counters.write_errors.load(Ordering::Relaxed),
        refused_full: counters.refused_full.load(Ordering::Relaxed),
        damaged_reads: counters.damaged_reads.load(Ordering::Relaxed),
        consumers: log.consumers.iter().map(consumer).collect(),
    }
}
