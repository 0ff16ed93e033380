//! The exporter's one loop: takes records from the log, keeps `num_consumers` of them under way, moves the
//! cursor over what is done, gives up the oldest at the bound.
//!
//! Memory is bounded by three batches of the log and the requests under way.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::CONSUMER;
use super::cursor::Cursor;
use super::deliver::{Delivery, Sender};
use super::tracker::Tracker;
use crate::wal::{Record, Wal, WalReader};

const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
const BOUND_CHECK_INTERVAL: Duration = Duration::from_millis(100);
const CURSOR_SAVE_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Run {
    sender: Arc<Sender>,
    wal: Wal,
    tracker: Tracker,
    /// Read, not yet under way.
    waiting: VecDeque<Record>,
    tasks: JoinSet<(u64, Delivery)>,
    /// The same by position.
    under_way: BTreeMap<u64, AbortHandle>,
    cursor: Cursor,
    /// Position in the cursor file.
    saved: u64,
    saved_at: Instant,
    stopping: watch::Receiver<Option<Duration>>,
    drain: Option<Drain>,
    /// The log is closed and read to its end.
    ended: bool,
}

/// The last part of the exporter's life.
#[derive(Clone, Copy, Debug)]
struct Drain {
    until: Instant,
    /// The newest record when it began.
    target: u64,
    /// The next hop does not take what is left.
    given_up: bool,
}

impl Run {
    pub(super) fn new(
        sender: Sender,
        wal: Wal,
        cursor: Cursor,
        position: u64,
        stopping: watch::Receiver<Option<Duration>>,
    ) -> Self {
        Self {
            sender: Arc::new(sender),
            wal,
            tracker: Tracker::new(position),
            waiting: VecDeque::new(),
            tasks: JoinSet::new(),
            under_way: BTreeMap::new(),
            cursor,
            saved: position,
            saved_at: Instant::now(),
            stopping,
            drain: None,
            ended: false,
        }
    }

    pub(super) async fn run(mut self, reader: WalReader) {
        let (batches_in, mut batches) = mpsc::channel(1);
        let reading = tokio::spawn(read(reader, batches_in));
        let mut tick = interval(BOUND_CHECK_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.dispatch();
            if self.is_finished() {
                break;
            }
            let until = self.drain.map(|drain| drain.until);
            tokio::select! {
                Some(joined) = self.tasks.join_next() => self.joined(joined),
                batch = batches.recv(), if self.waiting.is_empty() && !self.ended => self.take(batch),
                _ = tick.tick() => {
                    self.keep_bound();
                    self.save(CURSOR_SAVE_INTERVAL).await;
                }
                changed = self.stopping.changed(), if self.drain.is_none() => self.begin_drain(changed.is_ok()),
                () = deadline(until) => break,
            }
        }
        reading.abort();
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        self.save(Duration::ZERO).await;
    }

    fn dispatch(&mut self) {
        if self.drain.is_some_and(|drain| drain.given_up) {
            return;
        }
        while self.tasks.len() < self.sender.config.num_consumers
            && let Some(record) = self.waiting.pop_front()
        {
            let (position, sender) = (record.position, Arc::clone(&self.sender));
            let handle = self.tasks.spawn(async move { (position, sender.deliver(record).await) });
            self.under_way.insert(position, handle);
        }
    }

    fn is_finished(&self) -> bool {
        if !self.tasks.is_empty() {
            return false;
        }
        let all_read = self.ended && self.waiting.is_empty();
        all_read || self.drain.is_some_and(|drain| drain.given_up || self.tracker.done() >= drain.target)
    }

    fn take(&mut self, batch: Option<Vec<Record>>) {
        match batch {
            Some(records) => {
                for record in records {
                    if self.tracker.begin(record.position) {
                        self.waiting.push_back(record);
                    }
                }
            }
            None => self.ended = true,
        }
    }

    fn joined(&mut self, joined: Result<(u64, Delivery), JoinError>) {
        match joined {
            Ok((position, Delivery::Done)) => {
                self.under_way.remove(&position);
                self.tracker.finish(position);
                self.wal.release(CONSUMER, self.tracker.done());
            }
            Ok((position, Delivery::Left)) => {
                self.under_way.remove(&position);
                if let Some(drain) = &mut self.drain {
                    drain.given_up = true;
                }
            }
            // Given up at the bound, and out of the books already.
            Err(error) if error.is_cancelled() => {}
            Err(error) => {
                tracing::error!(%error, "sending a record failed in a way that it should not; it is passed over");
                self.sender.stats.failed_requests.fetch_add(1, Ordering::Relaxed);
                let position = self.under_way.iter().find(|(_, handle)| handle.id() == error.id());
                if let Some(position) = position.map(|(position, _)| *position) {
                    self.under_way.remove(&position);
                    self.tracker.finish(position);
                    self.wal.release(CONSUMER, self.tracker.done());
                }
            }
        }
    }

    /// Gives up the oldest records where more than `sending_queue.bytes_max` waits.
    fn keep_bound(&mut self) {
        let stats = &self.sender.stats;
        let bytes_max = self.sender.config.sending_queue.bytes_max;
        if let Some((position, skipped)) = self.wal.skip_oldest(CONSUMER, bytes_max) {
            let later = self.under_way.split_off(&(position + 1));
            for handle in std::mem::replace(&mut self.under_way, later).into_values() {
                handle.abort();
            }
            self.waiting.retain(|record| record.position > position);
            let records = skipped.records.saturating_sub(self.tracker.skip(position));
            stats.dropped_records.fetch_add(records, Ordering::Relaxed);
            stats.dropped_bytes.fetch_add(skipped.bytes, Ordering::Relaxed);
            if let Some(suppressed) = self.sender.drop_log.allow() {
                tracing::warn!(
                    endpoint = self.sender.config.endpoint,
                    records,
                    bytes = skipped.bytes,
                    bytes_max,
                    suppressed,
                    "queue for the next hop is over its bound; the oldest requests are not forwarded (the lake has them)"
                );
            }
        }
        let backlog = self.wal.backlog(CONSUMER);
        stats.queue_bytes.store(backlog.bytes, Ordering::Relaxed);
        stats.queue_records.store(backlog.records, Ordering::Relaxed);
    }

    fn begin_drain(&mut self, asked: bool) {
        // A dropped exporter was not asked to drain.
        let grace =
            if asked { self.stopping.borrow_and_update().unwrap_or_default() } else { Duration::ZERO };
        let target = self.wal.stats().newest_position;
        self.drain = Some(Drain { until: Instant::now() + grace, target, given_up: false });
    }

    /// Writes the cursor file if the cursor moved and the last time is long enough ago.
    async fn save(&mut self, interval: Duration) {
        let position = self.tracker.done();
        if position == self.saved || self.saved_at.elapsed() < interval {
            return;
        }
        self.saved_at = Instant::now();
        let cursor = self.cursor.clone();
        match tokio::task::spawn_blocking(move || cursor.save(position)).await {
            Ok(Ok(())) => self.saved = position,
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot save the exporter's cursor; after a restart more is sent again");
            }
            Err(error) => tracing::warn!(%error, "cannot save the exporter's cursor"),
        }
    }
}

async fn read(mut reader: WalReader, batches: mpsc::Sender<Vec<Record>>) {
    loop {
        let batch = reader.next_batch(BATCH_BYTES_MAX).await;
        // An empty batch is the end of the log; a closed channel the end of the exporter.
        if batch.is_empty() || batches.send(batch).await.is_err() {
            return;
        }
    }
}

async fn deadline(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}
