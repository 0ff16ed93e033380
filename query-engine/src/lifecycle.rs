//! The life cycle of patterns: what people decide about them, as rows of table `pattern_events`.
//!
//! Owns the one writer of the engine. A change is read, decided and committed by [`writer`]; [`decide`] is what it
//! means, [`state`] where a pattern stands after it, [`reopen`] what happens by itself. Knows nothing of HTTP.
//!
//! Invariants: rows are only added, and undone by further rows; a change that was answered is on disk; an event id
//! counts once; the time of a pattern's event is later than that of all its events before. Nothing but
//! `pattern_events` is ever written.

mod decide;
mod event;
mod identity;
mod ledger;
mod reopen;
mod state;
mod writer;

pub use decide::{Change, Decision, LABELS_MAX, OWN_ACTOR, Refusal};
pub use event::{Action, PatternEvent};
pub use identity::Identity;
pub(crate) use ledger::texts;
pub use state::{PatternState, Status};
pub use writer::Changed;

use crate::engine::Engine;
use crate::error::QueryError;
use error_patterns::mask::Masker;
use lake::{Lake, LakeError};
use ledger::Ledger;
use reopen::Reopener;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use writer::{Request, Writer};

/// Settings of the life cycle.
#[derive(Clone, Debug)]
pub struct LifecycleConfig {
    /// Changes that wait for the writer.
    pub queue_max: usize,
    /// Time between two looks for resolved patterns that occur again; zero for never.
    pub reopen_interval: Duration,
    /// Names of resolved patterns that are looked for.
    pub resolved_max: usize,
    /// Masks personal data in what people write.
    pub masker: Masker,
}

impl Default for LifecycleConfig {
    fn default() -> Self {
        Self {
            queue_max: 1_000,
            reopen_interval: Duration::from_secs(5),
            resolved_max: 100_000,
            masker: Masker::default(),
        }
    }
}

/// Changes patterns. Cheap to clone; the tasks end with the last clone.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    requests: mpsc::Sender<Request>,
    masker: Masker,
    ledger: Ledger,
    /// Locks the writer's name for as long as this lives.
    _identity: Identity,
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifecycle").finish_non_exhaustive()
    }
}

impl Lifecycle {
    /// Starts the writer and what looks for resolved patterns that occur again, on the runtime that this is called on. `engine` reads the same lake.
    #[must_use]
    pub fn start(lake: Lake, engine: &Engine, identity: Identity, config: LifecycleConfig) -> Self {
        let (requests, waiting) = mpsc::channel(config.queue_max.max(1));
        if !config.reopen_interval.is_zero() {
            tokio::spawn(Reopener::new(lake.clone(), engine.clone(), &requests, &config).run());
        }
        let ledger = Ledger::new(engine.clone());
        let writer = Writer::new(lake, identity.writer().clone(), ledger.clone());
        tokio::spawn(writer.run(waiting));
        let shared = Shared { requests, masker: config.masker, ledger, _identity: identity };
        Self { shared: Arc::new(shared) }
    }

    /// Makes a change; when this returns it survives a power cut. Cancelled, it may be made or not.
    ///
    /// # Errors
    /// [`ChangeError`]; after one that is retryable, ask again with the same event id.
    pub async fn change(&self, change: Change) -> Result<Changed, ChangeError> {
        let event_id = change.event_id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().simple().to_string());
        let (answer, answered) = oneshot::channel();
        let request = Request { change, event_id, answer };
        self.shared.requests.try_send(request).map_err(|_| ChangeError::Busy)?;
        answered.await.map_err(|_| ChangeError::Busy)?
    }

    /// The pattern that a name stands for, and where it stands; `None` where there is none.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub async fn state(&self, name: &str) -> Result<Option<(String, PatternState)>, QueryError> {
        let entries = self.shared.ledger.read(&[name.to_owned()], &[]).await?;
        let Some(pattern) = entries.pattern(name) else { return Ok(None) };
        Ok(Some((pattern.to_owned(), PatternState::of(entries.history(pattern)))))
    }

    /// A text of a person as it may be stored.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.shared.masker.mask(text).into_owned()
    }
}

/// Why a change is not made, or not known to be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError {
    /// It does not fit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many changes wait; try again.
    #[error("too many changes wait, limit queue_max: try again in a moment")]
    Busy,
    /// Other engines were first each time; try again.
    #[error("other writers were first each time: try again in a moment")]
    Contended,
    /// The lake cannot be read. Nothing was changed by this attempt.
    #[error(transparent)]
    Read(Arc<QueryError>),
    /// The lake cannot be written. The change may be made or not: ask again with the same event id.
    #[error("the lake could not be written; ask again with the same event_id")]
    Write(#[source] Arc<LakeError>),
}

impl ChangeError {
    fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        QueryError::internal(source).into()
    }

    /// Whether the same may come through later.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Busy | Self::Contended => true,
            Self::Read(error) => error.is_retryable(),
            Self::Write(error) => error.is_retryable(),
        }
    }

    /// What is behind it, for the log.
    fn cause(&self) -> Option<String> {
        let mut source = std::error::Error::source(self)?;
        while let Some(deeper) = source.source() {
            source = deeper;
        }
        Some(source.to_string())
    }
}

impl From<QueryError> for ChangeError {
    fn from(error: QueryError) -> Self {
        Self::Read(Arc::new(error))
    }
}

impl From<LakeError> for ChangeError {
    fn from(error: LakeError) -> Self {
        Self::Write(Arc::new(error))
    }
}
