//! One listener: first the past, or what it missed, then what is new.

use super::commit::{Commit, Item, Missing, Source};
use super::filter::Filter;
use super::history::History;
use super::position::Position;
use super::{Feed, FeedError, Message, Shared, Subscription};
use crate::error::QueryError;
use opentelemetry::metrics::UpDownCounter;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// How long before a commit its exceptions may have occurred: those of the commit that a listener had last are told, and
/// those of the next may be older than it.
const UNDER_WAY_SECONDS: i64 = 60;

/// Where a listener begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// With what is committed from now on.
    Now,
    /// With some of the past.
    Past(History),
    /// Behind what it has.
    Behind(Position),
}

/// What a listener is told next.
#[derive(Debug)]
pub(crate) enum Notice {
    /// Wanted events, each with the position behind it if one can go on there.
    Events(Vec<(Item, Option<Position>)>),
    /// It has all that was before it came.
    Stand(Position),
    /// What was asked for cannot be told from the commits any more: events since that time follow, in seconds since
    /// the epoch. Some may be repeats; some that were committed late may be missing.
    Reset { since_seconds: i64 },
    /// It is too far behind what is held for it: it must come again with its position.
    Lagged,
}

/// One who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    shared: SharedFeed,
    subscription: Subscription,
    filter: Filter,
    position: Position,
    todo: Todo,
    /// Ids of events that were told and may come again.
    told: HashSet<String>,
    follow: bool,
    _counted: Counted,
}

/// What a listener has to do before it waits for messages.
#[derive(Clone, Copy, Debug)]
enum Todo {
    Past(History),
    /// Read commits up to where the messages begin.
    Missed,
    /// Say where it stands.
    Stand,
    Nothing,
    End,
}

struct SharedFeed(Arc<Shared>);

impl std::fmt::Debug for SharedFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

/// Counts a listener for as long as it lives.
#[derive(Debug)]
struct Counted(UpDownCounter<i64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(-1, &[]);
    }
}

impl Feed {
    /// Begins to listen; without `follow` for what is there already.
    pub(crate) async fn listen(
        &self,
        filter: Filter,
        begin: Begin,
        follow: bool,
    ) -> Result<Listener, FeedError> {
        let subscription = self.subscribe().await?;
        let from = subscription.from;
        let (position, todo) = match begin {
            Begin::Now => (from, Todo::Stand),
            Begin::Past(history) => (from, Todo::Past(history)),
            Begin::Behind(position) => (position, Todo::Missed),
        };
        self.shared.subscribers.add(1, &[]);
        let counted = Counted(self.shared.subscribers.clone());
        Ok(Listener {
            shared: SharedFeed(Arc::clone(&self.shared)),
            subscription,
            filter,
            position,
            todo,
            told: HashSet::new(),
            follow,
            _counted: counted,
        })
    }
}

impl Listener {
    /// What it has.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// What is new, as soon as there is something; `None` at the end. Safe to cancel: nothing is told twice or lost.
    ///
    /// # Errors
    /// The lake cannot be read; the listener must come again.
    pub(crate) async fn next(&mut self) -> Result<Option<Notice>, QueryError> {
        loop {
            match self.todo {
                Todo::Past(history) => {
                    let notice = self.past(history).await?;
                    self.todo = Todo::Stand;
                    return Ok(Some(notice));
                }
                Todo::Missed => match self.missed().await? {
                    Some(notice) => return Ok(Some(notice)),
                    None => self.todo = Todo::Stand,
                },
                Todo::Stand => {
                    self.todo = if self.follow { Todo::Nothing } else { Todo::End };
                    return Ok(Some(Notice::Stand(self.position)));
                }
                Todo::End => return Ok(None),
                Todo::Nothing => {}
            }
            if let Todo::Nothing = self.todo {
                match self.message().await {
                    None => return Ok(None),
                    Some(Ok(notice)) => return Ok(Some(notice)),
                    Some(Err(())) => {
                        self.shared.0.cut.add(1, &[]);
                        self.todo = Todo::End;
                        return Ok(Some(Notice::Lagged));
                    }
                }
            }
        }
    }

    async fn past(&mut self, history: History) -> Result<Notice, QueryError> {
        let past = self.shared.0.past(&self.filter, history).await?;
        if past.is_blurred {
            self.told = past.items.iter().map(|item| item.event_id.clone()).collect();
        }
        self.position = past.position;
        Ok(Notice::Events(past.items.into_iter().map(|item| (item, None)).collect()))
    }

    /// The next commit between what it has and where the messages begin that has something for it.
    async fn missed(&mut self) -> Result<Option<Notice>, QueryError> {
        let until = self.subscription.from;
        if !self.position.is_of(until) {
            return Ok(Some(self.reset()));
        }
        for source in Source::ALL {
            loop {
                let version = self.position.place(source).next_version();
                if version > until.place(source).version {
                    break;
                }
                let read = {
                    let _turn = self.shared.0.reads.acquire().await.map_err(QueryError::internal)?;
                    Commit::read(&self.shared.0.lake, source, version).await
                };
                let commit = match read {
                    Ok(commit) => commit,
                    Err(Missing::Gone) => return Ok(Some(self.reset())),
                    Err(Missing::Unread(error)) => return Err(error),
                };
                let events = self.take(&commit, 0, commit.items.len());
                if !events.is_empty() {
                    return Ok(Some(Notice::Events(events)));
                }
            }
        }
        self.position.seconds = self.position.seconds.max(until.seconds);
        Ok(None)
    }

    fn reset(&mut self) -> Notice {
        let since_seconds = (self.position.seconds - UNDER_WAY_SECONDS).max(0);
        self.todo = Todo::Past(History::Since(since_seconds.saturating_mul(1_000_000_000)));
        Notice::Reset { since_seconds }
    }

    /// The next message that has something for it, or that moves it on; `None` at the end.
    async fn message(&mut self) -> Option<Result<Notice, ()>> {
        let received = tokio::select! {
            received = self.subscription.messages.recv() => received,
            _ = self.subscription.closed.wait_for(|closed| *closed) => return None,
        };
        Some(match received {
            Ok(Message::Events { commit, first, until }) => {
                Ok(Notice::Events(self.take(&commit, first, until)))
            }
            Ok(Message::Gap) | Err(RecvError::Lagged(_)) => Err(()),
            Err(RecvError::Closed) => return None,
        })
    }

    /// Takes in events of a commit, but those that it has.
    fn take(&mut self, commit: &Commit, first: usize, until: usize) -> Vec<(Item, Option<Position>)> {
        let (source, version, of) = (commit.source, commit.version, commit.items.len());
        self.position.seconds = self.position.seconds.max(commit.seconds);
        let mut events = Vec::new();
        for (row, item) in commit.items.iter().enumerate().take(until).skip(first) {
            if self.position.place(source).has(version, row) {
                continue;
            }
            self.position.at(source, version, row + 1, of);
            if self.filter.wants(item) && !self.told.contains(&item.event_id) {
                events.push((item.clone(), Some(self.position)));
            }
        }
        if !self.position.place(source).has(version, 0) {
            self.position.at(source, version, until, of);
        }
        events
    }
}
