//! The one thread that writes: takes all that waits, writes it with one write and one `fdatasync`, tells the
//! appenders. Also deletes segments that nobody needs.
//!
//! After a failed write or sync nothing of the group is acknowledged, the segment is cut back to its last
//! synced byte and never written again: what the kernel did with the lost pages cannot be known.

use std::fs::{self, File};
use std::io::{self, IoSlice, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::format::{RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES};
use super::record::Record;
use super::segment::{self, Segment};
use super::state::{Pending, Progress, Queue, Shared};
use super::{Durability, WalError};

const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The segment being written.
#[derive(Debug)]
struct Active {
    file: File,
    path: PathBuf,
    salt: u64,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    active: Option<Active>,
    /// When a failure was last logged.
    told: Option<Instant>,
    /// Released when the thread ends.
    _lock: File,
}

/// Whatever ends the thread, nobody waits for it afterwards.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let pending = {
            let mut queue = self.0.queue.lock();
            queue.closed = true;
            std::mem::take(&mut queue.pending)
        };
        drop(pending);
        self.0.progress.send_modify(|progress| progress.closed = true);
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, lock: File) -> Self {
        Self { shared, active: None, told: None, _lock: lock }
    }

    /// Runs until the log is closed and the queue written.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _ended = Ended(&shared);
        while let Some((pending, condemned)) = self.wait() {
            let mut pending = pending.into_iter().peekable();
            while pending.peek().is_some() {
                let group = self.next_group(&mut pending);
                self.commit(group);
            }
            for path in condemned {
                if let Err(error) = fs::remove_file(&path) {
                    tracing::warn!(segment = %path.display(), %error, "cannot delete a released log segment");
                }
            }
        }
        if let Some(active) = self.active.take()
            && let Err(error) = self.sync(&active)
        {
            tracing::error!(segment = %active.path.display(), %error, "cannot sync the log at its end");
        }
    }

    /// Waits for work; `None` when closed and nothing is left.
    fn wait(&self) -> Option<(Vec<Pending>, Vec<PathBuf>)> {
        let config = &self.shared.config;
        let mut queue = self.shared.queue.lock();
        while queue.pending.is_empty() && queue.condemned.is_empty() && !queue.closed {
            self.shared.wake.wait(&mut queue);
        }
        if !config.group_commit_delay.is_zero() && !queue.pending.is_empty() {
            let until = Instant::now() + config.group_commit_delay;
            let more = |queue: &mut Queue| queue.bytes < config.group_commit_bytes_max && !queue.closed;
            self.shared.wake.wait_while_until(&mut queue, more, until);
        }
        if queue.pending.is_empty() && queue.condemned.is_empty() {
            return None;
        }
        Some((std::mem::take(&mut queue.pending), std::mem::take(&mut queue.condemned)))
    }

    /// The records of one commit: they share a segment and one write.
    fn next_group(&self, pending: &mut std::iter::Peekable<std::vec::IntoIter<Pending>>) -> Vec<Pending> {
        let config = &self.shared.config;
        let header = SEGMENT_HEADER_BYTES as u64;
        let written = self.active.as_ref().map_or(header, |active| active.bytes);
        let first = pending.peek().map_or(0, |item| item.record.disk_bytes());
        // `write` begins a new segment where the first record does not fit.
        let base = if written + first > config.segment_bytes_max { header } else { written };
        let mut bytes = 0;
        let mut group = Vec::new();
        while let Some(item) = pending.next_if(|item| {
            let size = bytes + item.record.disk_bytes();
            let fits = size <= config.group_commit_bytes_max && base + size <= config.segment_bytes_max;
            group.is_empty() || fits
        }) {
            bytes += item.record.disk_bytes();
            group.push(item);
        }
        group
    }

    fn commit(&mut self, group: Vec<Pending>) {
        let bytes: u64 = group.iter().map(|item| item.record.disk_bytes()).sum();
        match self.write(&group, bytes) {
            Ok(()) => self.publish(group, bytes),
            Err(error) => {
                self.shared.counters.write_errors.fetch_add(1, Ordering::Relaxed);
                self.tell(&error, group.len());
                self.shared.queue.lock().bytes -= bytes;
                for item in group {
                    if let Some(done) = item.done {
                        // The appender may have gone; then nobody needs to know.
                        let _gone = done.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// A full disk fails every append: it is told now and then, and counted always.
    fn tell(&mut self, error: &WalError, records: usize) {
        if self.told.is_some_and(|told| told.elapsed() < LOG_INTERVAL) {
            return;
        }
        self.told = Some(Instant::now());
        let failures = self.shared.counters.write_errors.load(Ordering::Relaxed);
        tracing::error!(%error, source = ?std::error::Error::source(error), records, failures,
            "cannot write to the log; requests are refused until it can");
    }

    /// Writes a group to the active segment, a new one where it would grow too large, and syncs.
    fn write(&mut self, group: &[Pending], bytes: u64) -> Result<(), WalError> {
        let Some(first) = group.first() else { return Ok(()) };
        let full = self.active.as_ref().is_some_and(|active| {
            active.bytes > SEGMENT_HEADER_BYTES as u64
                && active.bytes + bytes > self.shared.config.segment_bytes_max
        });
        if full
            && let Some(active) = self.active.take()
            && self.shared.config.durability == Durability::Memory
        {
            self.sync(&active).map_err(|source| WalError::io("sync", &active.path, source))?;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin(first.position)?,
        };
        let result =
            write_records(&mut active.file, active.salt, group).map_err(|source| ("write to", source));
        let result = result.and_then(|()| match self.shared.config.durability {
            Durability::Wal => self.sync(&active).map_err(|source| ("sync", source)),
            Durability::Memory => Ok(()),
        });
        match result {
            Ok(()) => {
                active.bytes += bytes;
                self.active = Some(active);
                Ok(())
            }
            Err((action, source)) => {
                self.abandon(&active);
                Err(WalError::io(action, &active.path, source))
            }
        }
    }

    fn begin(&self, first: u64) -> Result<Active, WalError> {
        let created = segment::create(&self.shared.dir, first);
        let path = self.shared.dir.join(segment::file_name(first));
        let (file, segment) = created.map_err(|source| {
            // An unfinished file holds no record; a restart drops it where it cannot be removed now.
            let _left = fs::remove_file(&path);
            WalError::io("create", &path, source)
        })?;
        let active = Active { file, path, salt: segment.salt, bytes: segment.bytes };
        self.shared.counters.disk_bytes.fetch_add(segment.bytes, Ordering::Relaxed);
        let (paths, bytes) = {
            let mut log = self.shared.log.lock();
            log.segments.push_back(segment);
            log.drop_released()
        };
        self.shared.condemn(paths, bytes);
        Ok(active)
    }

    /// Cuts a segment that failed back to what was acknowledged, so that a restart does not find more.
    fn abandon(&self, active: &Active) {
        if active.bytes == SEGMENT_HEADER_BYTES as u64 && fs::remove_file(&active.path).is_ok() {
            self.shared.log.lock().segments.pop_back();
            self.shared.counters.disk_bytes.fetch_sub(active.bytes, Ordering::Relaxed);
            return;
        }
        if let Err(error) = active.file.set_len(active.bytes).and_then(|()| active.file.sync_all()) {
            tracing::warn!(segment = %active.path.display(), %error,
                "cannot cut a failed write off the log segment; a restart will report it as damage");
        }
    }

    fn sync(&self, active: &Active) -> io::Result<()> {
        let begun = Instant::now();
        let result = active.file.sync_data();
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let counters = &self.shared.counters;
        counters.fsyncs.fetch_add(1, Ordering::Relaxed);
        counters.fsync_nanos.fetch_add(nanos, Ordering::Relaxed);
        counters.fsync_nanos_max.fetch_max(nanos, Ordering::Relaxed);
        result
    }

    /// Makes a committed group visible to readers, then tells the appenders.
    fn publish(&self, group: Vec<Pending>, bytes: u64) {
        let shared = &self.shared;
        let counters = &shared.counters;
        counters.appended_records.fetch_add(group.len() as u64, Ordering::Relaxed);
        counters.appended_bytes.fetch_add(bytes, Ordering::Relaxed);
        {
            let mut log = shared.log.lock();
            if let Some(segment) = log.segments.back_mut() {
                note(segment, &group);
            }
            log.remember(group.iter().map(to_record), shared.config.ring_bytes_max);
        }
        {
            let mut queue = shared.queue.lock();
            queue.bytes -= bytes;
            counters.disk_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        if let Some(last) = group.last() {
            shared.progress.send_replace(Progress { position: last.position, closed: false });
        }
        for item in group {
            if let Some(done) = item.done {
                // The appender may have gone; the record stays.
                let _gone = done.send(Ok(item.position));
            }
        }
    }
}

fn note(segment: &mut Segment, group: &[Pending]) {
    let mut offset = segment.bytes;
    for item in group {
        let end = offset + item.record.disk_bytes();
        segment.note(item.position, offset, end);
        offset = end;
    }
}

fn to_record(item: &Pending) -> Record {
    Record {
        position: item.position,
        kind: item.record.kind,
        received_unix_nano: item.record.received_unix_nano,
        payload: item.record.payload.clone(),
        facts: item.record.facts.clone(),
    }
}

/// Writes whole records without copying their payloads.
fn write_records(file: &mut File, salt: u64, group: &[Pending]) -> io::Result<()> {
    let headers: Vec<[u8; RECORD_HEADER_BYTES]> =
        group.iter().map(|item| header(item).encode(salt)).collect();
    let mut slices = Vec::with_capacity(group.len() * 3);
    for (item, header) in group.iter().zip(&headers) {
        slices.push(IoSlice::new(header));
        slices.push(IoSlice::new(&item.record.payload));
        slices.push(IoSlice::new(&item.record.facts));
    }
    let mut rest = &mut slices[..];
    // Empty slices at the front would make a write of nothing look like a full disk.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn header(item: &Pending) -> RecordHeader {
    let length = |bytes: usize| u32::try_from(bytes).expect("append refuses records over record_bytes_max");
    RecordHeader {
        position: item.position,
        received_unix_nano: item.record.received_unix_nano,
        payload_bytes: length(item.record.payload.len()),
        facts_bytes: length(item.record.facts.len()),
        kind: item.record.kind,
        body_crc: item.body_crc,
    }
}
