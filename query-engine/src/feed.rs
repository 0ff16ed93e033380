//! The feed: each new exception and each decision about a pattern, once, as soon as they are in the lake.
//!
//! One task reads the commits of two tables, each file once, for all who listen. A listener's [`Position`] says what
//! of which commit it has; so it goes on where it was, after a cut connection or in another engine, without a loss or
//! a repeat: compaction and retention add no rows in the log, only commits of new rows count. Knows nothing of HTTP.
//!
//! Bounds: `subscribers_max` listeners; `buffer_events_max` events are held for those that are behind, who is further
//! behind is cut off and reads the lake; one commit at a time in memory, of [`READS_MAX`] readers at most.

mod commit;
mod filter;
mod history;
mod listener;
mod members;
mod position;

pub(crate) use filter::Filter;
pub(crate) use history::History;
pub(crate) use listener::{Begin, Listener, Notice};
pub(crate) use members::Members;
pub(crate) use position::Position;

use crate::clock;
use crate::engine::Engine;
use crate::error::QueryError;
pub(crate) use commit::Source;
use commit::{Commit, Missing};
use lake::{Lake, LakeError};
use opentelemetry::metrics::{Counter, UpDownCounter};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, broadcast, watch};
use xxhash_rust::xxh3::xxh3_64;

/// Events in one message to the listeners.
const MESSAGE_EVENTS: usize = 100;
/// Listeners that read commits by themselves at the same time.
const READS_MAX: usize = 4;

/// Settings of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// Time between two looks for new commits, while anybody listens.
    pub interval: Duration,
    /// Listeners at the same time.
    pub subscribers_max: usize,
    /// Events held for listeners that are behind.
    pub buffer_events_max: usize,
    /// Time without an event after which a sign of life is sent.
    pub heartbeat: Duration,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(500),
            subscribers_max: 100,
            buffer_events_max: 10_000,
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// Tells listeners what is new. Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

struct Shared {
    lake: Lake,
    engine: Engine,
    config: FeedConfig,
    places: Arc<Semaphore>,
    reads: Semaphore,
    messages: broadcast::Sender<Message>,
    follower: Mutex<Follower>,
    closed: watch::Sender<bool>,
    subscribers: UpDownCounter<i64>,
    cut: Counter<u64>,
}

/// How far the messages got.
#[derive(Debug, Default)]
struct Follower {
    /// `None` while nobody listens.
    position: Option<Position>,
}

/// What listeners are told.
#[derive(Clone, Debug)]
enum Message {
    /// Events of one commit from one on.
    Events { commit: Arc<Commit>, first: usize, until: usize },
    /// A commit could not be read any more: listeners must begin anew.
    Gap,
}

/// Why nobody can listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    /// Too many do.
    #[error("{limit} listeners are connected, limit feed.subscribers_max: try again later")]
    Full {
        /// The limit.
        limit: usize,
    },
    /// The lake cannot be read.
    #[error(transparent)]
    Read(#[from] QueryError),
}

/// A place among those who listen.
#[derive(Debug)]
struct Subscription {
    messages: broadcast::Receiver<Message>,
    /// What the messages begin behind.
    from: Position,
    closed: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

fn unreadable(source: LakeError) -> QueryError {
    QueryError::Lake { source: Box::new(source) }
}

impl Feed {
    /// A feed of a lake. `engine` reads the same lake.
    #[must_use]
    pub fn new(lake: Lake, engine: Engine, config: FeedConfig) -> Self {
        let capacity = (config.buffer_events_max / MESSAGE_EVENTS).max(16);
        let meter = opentelemetry::global::meter("errata");
        let shared = Shared {
            lake,
            engine,
            config,
            places: Arc::new(Semaphore::new(config.subscribers_max)),
            reads: Semaphore::new(READS_MAX),
            messages: broadcast::channel(capacity).0,
            follower: Mutex::new(Follower::default()),
            closed: watch::channel(false).0,
            subscribers: meter
                .i64_up_down_counter("errata.feed.subscribers")
                .with_unit("{listener}")
                .with_description("Listeners of the feed")
                .build(),
            cut: meter
                .u64_counter("errata.feed.cut")
                .with_unit("{listener}")
                .with_description(
                    "Listeners of the feed cut off because they were too far behind; healthy: 0",
                )
                .build(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Ends all connections, now and from now on: the server stops.
    pub fn close(&self) {
        self.shared.closed.send_replace(true);
    }

    /// Time without an event after which a sign of life is due.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.shared.config.heartbeat
    }

    /// Begins to listen. What is committed from now on arrives.
    async fn subscribe(&self) -> Result<Subscription, FeedError> {
        let shared = &self.shared;
        let full = || FeedError::Full { limit: shared.config.subscribers_max };
        let place = Arc::clone(&shared.places).try_acquire_owned().map_err(|_| full())?;
        let mut follower = shared.follower.lock().await;
        let from = match follower.position {
            Some(position) => position,
            None => {
                let position = shared.newest().await?;
                follower.position = Some(position);
                tokio::spawn(follow(Arc::clone(shared)));
                position
            }
        };
        let messages = shared.messages.subscribe();
        Ok(Subscription { messages, from, closed: shared.closed.subscribe(), _place: place })
    }
}

impl Shared {
    /// Behind everything that is in the lake.
    async fn newest(&self) -> Result<Position, QueryError> {
        let id = self.lake.table_id(Source::Errors.table()).await.map_err(unreadable)?;
        let mut position = Position::begin(xxh3_64(id.as_bytes()) as u32);
        for source in Source::ALL {
            position.whole(source, self.version(source).await?);
        }
        position.seconds = seconds_now();
        Ok(position)
    }

    async fn version(&self, source: Source) -> Result<u64, QueryError> {
        Ok(self.lake.snapshot(source.table()).await.map_err(unreadable)?.version)
    }

    /// Tells of all commits since the last look.
    async fn advance(&self, mut position: Position) -> Result<(), QueryError> {
        for source in Source::ALL {
            let newest = self.version(source).await?;
            for version in position.place(source).version + 1..=newest {
                let read = Commit::read(&self.lake, source, version).await;
                let mut follower = self.follower.lock().await;
                position.whole(source, version);
                position.seconds = seconds_now();
                match read {
                    Ok(commit) => self.tell(&Arc::new(commit)),
                    Err(Missing::Gone) => _ = self.messages.send(Message::Gap),
                    Err(Missing::Unread(error)) => return Err(error),
                }
                follower.position = Some(position);
            }
        }
        Ok(())
    }

    /// One without events is told too: it moves positions on.
    fn tell(&self, commit: &Arc<Commit>) {
        let count = commit.items.len();
        for first in (0..count.max(1)).step_by(MESSAGE_EVENTS) {
            let until = count.min(first + MESSAGE_EVENTS);
            // Nobody may listen by now.
            _ = self.messages.send(Message::Events { commit: Arc::clone(commit), first, until });
        }
    }
}

/// Follows the lake for as long as anybody listens.
async fn follow(shared: Arc<Shared>) {
    let mut closed = shared.closed.subscribe();
    loop {
        tokio::select! {
            () = tokio::time::sleep(shared.config.interval) => {}
            _ = closed.wait_for(|closed| *closed) => return,
        }
        let position = {
            let mut follower = shared.follower.lock().await;
            if shared.messages.receiver_count() == 0 {
                follower.position = None;
                return;
            }
            follower.position
        };
        let Some(position) = position else { return };
        if let Err(error) = shared.advance(position).await {
            tracing::warn!(%error, "the feed cannot read the lake; tried again later");
        }
    }
}

fn seconds_now() -> i64 {
    clock::now_unix_nano() / 1_000_000_000
}
