//! The one task that appends to `pattern_events`: reads, decides, commits, answers, a batch of changes at a time.
//!
//! A batch is decided from what the table held at one version and is committed as the next version or not at all;
//! where another engine (or a compaction) was first, all is read and decided again. So what a change says it changed
//! from is true, `If-Match` holds, and an event id is stored once, whichever engines decide at once. An answer goes out
//! after the commit is on disk. Where a store fails, whether the commit came through is unknown; then the next read
//! tells, because events keep their ids.
//!
//! Bounds: `queue_max` changes wait, [`BATCH_MAX`] are decided at once, [`GIVE_UP_AFTER`] bounds the attempts.

use super::decide::{Change, Decision, change_of, decide, is_repeat};
use super::event::{Action, PatternEvent, batch};
use super::ledger::{Entries, Ledger};
use super::state::{PatternState, pair};
use super::{ChangeError, OWN_ACTOR, Refusal};
use crate::clock;
use crate::metrics::LifecycleMetrics;
use lake::{Appended, Lake, LakeError, WriterId};
use schemas::tables::Table;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Changes in one commit.
const BATCH_MAX: usize = 256;
/// How long a batch is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);
/// Wait after a failure, longer each time.
const BACKOFF: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// A change that was made, now or before under the same event id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The pattern, by the name that counts.
    pub pattern_id: String,
    /// Where it stands now.
    pub state: PatternState,
    /// The events of the change; none where nothing was to be changed.
    pub events: Vec<PatternEvent>,
}

type Answer = Result<Changed, ChangeError>;

/// A change on its way.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) change: Change,
    /// Given or made up, the same in every attempt.
    pub(super) event_id: String,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The task's own.
#[derive(Debug)]
pub(super) struct Writer {
    lake: Lake,
    id: WriterId,
    ledger: Ledger,
    /// Next position; positions are never used twice, so no file is ever written over.
    position: Option<u64>,
    metrics: LifecycleMetrics,
}

impl Writer {
    pub(super) fn new(lake: Lake, id: WriterId, ledger: Ledger) -> Self {
        Self { lake, id, ledger, position: None, metrics: LifecycleMetrics::new() }
    }

    /// Works until nobody can ask any more.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while requests.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            let answers = self.make(&waiting).await;
            for answer in &answers {
                match answer {
                    Ok(_) => {}
                    Err(ChangeError::Refused(_)) => self.metrics.refused(),
                    Err(_) => self.metrics.failed(),
                }
            }
            for (request, answer) in waiting.drain(..).zip(answers) {
                // Who does not wait any more will see the event.
                let _gone = request.answer.send(answer);
            }
        }
    }

    /// The answers to a batch, all of them durable.
    async fn make(&mut self, requests: &[Request]) -> Vec<Answer> {
        let give_up = Instant::now() + GIVE_UP_AFTER;
        let mut wait = BACKOFF;
        loop {
            let failure = match self.attempt(requests).await {
                Ok(answers) => return answers,
                Err(Failure::Moved) if Instant::now() < give_up => {
                    self.metrics.tried_again();
                    continue;
                }
                Err(Failure::Moved) => ChangeError::Contended,
                Err(Failure::Failed(error)) => error,
            };
            if !failure.is_retryable() || Instant::now() + wait >= give_up {
                return requests.iter().map(|_| Err(failure.clone())).collect();
            }
            tracing::warn!(error = %failure, cause = failure.cause(), "changes of patterns are tried again");
            self.metrics.tried_again();
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACKOFF_MAX);
        }
    }

    async fn attempt(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Failure> {
        let version = self.lake.snapshot(Table::PatternEvents).await?.version;
        let named = requests.iter().flat_map(|request| {
            let other = match &request.change.decision {
                Decision::Merge { into: other } | Decision::KeepApart { from: other } => Some(other.clone()),
                _ => None,
            };
            other.into_iter().chain([request.change.pattern_id.clone()])
        });
        let names: Vec<String> = named.collect();
        // A made-up id is in the table only where an attempt of ours came through unseen, among the pattern's events.
        let given = requests.iter().filter_map(|request| request.change.event_id.clone());
        let given: Vec<String> = given.collect();
        let mut entries = self.ledger.read(&names, &given).await.map_err(ChangeError::from)?;
        let now = clock::now_unix_nano();
        let mut added = Vec::new();
        let mut answers: Vec<Answer> =
            requests.iter().map(|request| answer(&mut entries, request, now, &mut added)).collect();
        self.commit(added, version).await?;
        self.look_again(&mut answers).await;
        Ok(answers)
    }

    /// What is left of a pattern that another one was taken out of again only the tables tell: both have names of theirs.
    async fn look_again(&mut self, answers: &mut [Answer]) {
        let parted = |event: &PatternEvent| event.action == Action::Merge && event.to_value.is_none();
        for changed in answers.iter_mut().flatten().filter(|changed| changed.events.iter().any(parted)) {
            let names = [changed.pattern_id.clone()];
            // The change is made, whether or not its outcome can be read.
            if let Ok(entries) = self.ledger.read(&names, &[]).await {
                changed.state = PatternState::of(entries.history(&changed.pattern_id));
            }
        }
    }

    async fn commit(&mut self, events: Vec<PatternEvent>, version: u64) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let position = match self.position {
            Some(position) => position,
            None => self
                .lake
                .committed_position(Table::PatternEvents, &self.id)
                .await?
                .map_or(1, |position| position.saturating_add(1)),
        };
        self.position = Some(position + 1);
        let rows = batch(&events).map_err(ChangeError::internal)?;
        let appending =
            self.lake.append_at(Table::PatternEvents, &self.id, position..=position, vec![rows], version);
        if appending.await? == Appended::AlreadyCommitted {
            // Not by this writer, which uses no position twice: by another that has its name, in a copied folder.
            self.position = None;
            return Err(Failure::Moved);
        }
        for event in &events {
            let by = if event.actor == OWN_ACTOR { OWN_ACTOR } else { "person" };
            self.metrics.changed(event.action.as_str(), by);
        }
        Ok(())
    }
}

/// Decides one change of a batch; what it adds counts for those after it.
fn answer(entries: &mut Entries, request: &Request, now: i64, added: &mut Vec<PatternEvent>) -> Answer {
    let Request { change, event_id, .. } = request;
    let unknown = || Refusal::UnknownPattern(change.pattern_id.clone());
    let pattern_id = entries.pattern(&change.pattern_id).ok_or_else(unknown)?.to_owned();
    let mut change = change.clone();
    match &mut change.decision {
        // Names as they are: it is what they stand for that is decided.
        Decision::KeepApart { from } => {
            _ = entries.pattern(from).ok_or_else(|| Refusal::UnknownPattern(from.clone()))?;
        }
        Decision::Merge { into } => {
            *into = entries.pattern(into).ok_or_else(|| Refusal::UnknownPattern(into.clone()))?.to_owned();
            change.pattern_id.clone_from(&pattern_id);
            check_apart(entries, &pattern_id, into)?;
        }
        _ => change.pattern_id.clone_from(&pattern_id),
    }
    let made_for = entries.changed(event_id).map(str::to_owned);
    let events = match made_for {
        None => {
            let events = decide(entries.history(&pattern_id), &change, event_id, now)?;
            events.iter().for_each(|event| entries.decided(&pattern_id, event.clone()));
            added.extend(events.iter().cloned());
            events
        }
        Some(made_for) => {
            let events =
                entries.history(&made_for).iter().filter(|event| change_of(&event.event_id) == event_id);
            let mut events: Vec<PatternEvent> = events.cloned().collect();
            if made_for != pattern_id || !is_repeat(&events, &change) {
                return Err(Refusal::EventIdUsed(event_id.clone()).into());
            }
            events.sort_by(|a, b| a.order().cmp(&b.order()));
            events
        }
    };
    let pattern_id = entries.pattern(&pattern_id).unwrap_or(&pattern_id).to_owned();
    let state = PatternState::of(entries.history(&pattern_id));
    Ok(Changed { pattern_id, state, events })
}

/// Whether two patterns were to be kept apart, by any of the names that are known here.
fn check_apart(entries: &Entries, pattern_id: &str, into: &str) -> Result<(), Refusal> {
    let stands_for = |name: &str| entries.pattern(name).unwrap_or(name).to_owned();
    let wanted = pair(pattern_id, into);
    for history in [entries.history(pattern_id), entries.history(into)] {
        let apart = PatternState::of(history).apart;
        if apart.iter().any(|(one, other)| pair(&stands_for(one), &stands_for(other)) == wanted) {
            return Err(Refusal::KeptApart);
        }
    }
    Ok(())
}

/// Why an attempt came to nothing.
enum Failure {
    /// Another writer was first.
    Moved,
    Failed(ChangeError),
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Moved { .. } => Self::Moved,
            error => Self::Failed(error.into()),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        Self::Failed(error)
    }
}
