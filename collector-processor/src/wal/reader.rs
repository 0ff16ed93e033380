//! One consumer's way through the log: from memory when it keeps up, else from the segment files.
//!
//! Bounds: one batch in memory, plus one chunk of a segment while reading from disk.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use super::record::Record;
use super::recovery::set_aside;
use super::segment::{Mark, Scan, Scanned, Segment};
use super::state::{Progress, Shared, Source};

/// Tries to read a segment before its records are given up.
const READ_TRIES: u32 = 5;
const READ_RETRY_DELAY: Duration = Duration::from_millis(200);

/// Reads the log in order for one named consumer; made by [`Wal::reader`](super::Wal::reader).
#[derive(Debug)]
pub struct WalReader {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    name: String,
    /// Position wanted next.
    next: u64,
    /// Where `next` lies in the segment that begins at the first number.
    place: Option<(u64, Mark)>,
}

/// What one visit to a segment gave.
struct Visit {
    records: Vec<Record>,
    /// Where to go on, `None` at the segment's end.
    place: Option<Mark>,
    damaged_bytes: u64,
}

impl WalReader {
    pub(super) fn new(shared: Arc<Shared>, name: String, next: u64) -> Self {
        let progress = shared.progress.subscribe();
        Self { shared, progress, name, next, place: None }
    }

    /// Name of the consumer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Position from which the next batch begins.
    #[must_use]
    pub fn next_position(&self) -> u64 {
        self.next
    }

    /// The next records in order, at most `bytes_max` bytes of them but at least one; waits while there is none.
    /// An empty answer means that the log is closed and everything was read. Records that this consumer
    /// released meanwhile are passed over.
    ///
    /// Cancel-safe: a dropped future takes nothing.
    pub async fn next_batch(&mut self, bytes_max: usize) -> Vec<Record> {
        let mut failures = 0;
        loop {
            let progress = *self.progress.borrow_and_update();
            self.next = self.next.max(self.shared.released(&self.name) + 1);
            if self.next > progress.position {
                // A closed log changes no more; a lost sender cannot be, the log state owns it.
                if progress.closed || self.progress.changed().await.is_err() {
                    return Vec::new();
                }
                continue;
            }
            let source = self.shared.log.lock().locate(self.next, bytes_max as u64);
            let records = match source {
                Source::Ring(records) => records,
                Source::Gone { through } => {
                    tracing::error!(
                        consumer = self.name,
                        from = self.next,
                        through,
                        "log records are missing"
                    );
                    self.next = self.next.max(through) + 1;
                    continue;
                }
                Source::Disk { segment, mark } => match self.visit(&segment, mark, bytes_max).await {
                    Ok(records) => records,
                    Err(error) => {
                        failures += 1;
                        self.failed(&segment, &error, failures).await;
                        continue;
                    }
                },
            };
            if let Some(last) = records.last() {
                self.next = last.position + 1;
                self.shared.log.lock().note_read(&self.name, last.position);
                return records;
            }
        }
    }

    /// Reads from a segment. Where it has nothing left for this reader, `next` moves past it.
    async fn visit(&mut self, segment: &Segment, mark: Mark, bytes_max: usize) -> io::Result<Vec<Record>> {
        let known =
            self.place.filter(|(first, place)| *first == segment.first && place.position == self.next);
        let from = known.map_or(mark, |(_, place)| place);
        let (wanted, source) = (segment.clone(), self.next);
        let reading = tokio::task::spawn_blocking(move || read(&wanted, from, source, bytes_max));
        let visit = reading.await.map_err(io::Error::other)??;
        if visit.damaged_bytes > 0 {
            self.shared.counters.damaged_reads.fetch_add(1, Ordering::Relaxed);
            tracing::error!(consumer = self.name, segment = %segment.path.display(), bytes = visit.damaged_bytes,
                "log segment was damaged while in use; records in the damaged bytes are lost");
        }
        self.place = visit.place.map(|mark| (segment.first, mark));
        if visit.records.is_empty() {
            self.next = segment.last + 1;
        }
        Ok(visit.records)
    }

    /// Waits, or gives up a segment that stays unreadable.
    async fn failed(&mut self, segment: &Segment, error: &io::Error, failures: u32) {
        if self.shared.released(&self.name) >= segment.last {
            return; // released and deleted meanwhile
        }
        if !failures.is_multiple_of(READ_TRIES) {
            tracing::warn!(consumer = self.name, segment = %segment.path.display(), %error, "cannot read the log, trying again");
            tokio::time::sleep(READ_RETRY_DELAY).await;
            return;
        }
        let kept = set_aside(&segment.path);
        self.shared.counters.damaged_reads.fetch_add(1, Ordering::Relaxed);
        tracing::error!(consumer = self.name, segment = %segment.path.display(), %error, kept = ?kept, from = self.next,
            through = segment.last, "cannot read the log segment; its records are passed over");
        self.next = segment.last + 1;
    }
}

/// Reads records at or after `next`, from `mark` on.
fn read(segment: &Segment, mark: Mark, next: u64, bytes_max: usize) -> io::Result<Visit> {
    let file = File::open(&segment.path)?;
    let after = mark.position.saturating_sub(1);
    let mut scan = Scan::new(file, segment.salt, mark.offset, segment.bytes, after, bytes_max.max(64 * 1024));
    let mut visit = Visit { records: Vec::new(), place: None, damaged_bytes: 0 };
    let mut bytes = 0;
    while let Some(scanned) = scan.next()? {
        match scanned {
            Scanned::Record { record, offset, .. } if record.position >= next => {
                bytes += record.disk_bytes();
                if bytes > bytes_max as u64 && !visit.records.is_empty() {
                    let position = record.position;
                    visit.place = Some(Mark { position, offset, records: 0 });
                    break;
                }
                visit.records.push(record);
            }
            Scanned::Record { .. } => {}
            Scanned::Damaged { offset, end } => visit.damaged_bytes += end - offset,
        }
    }
    Ok(visit)
}
