//! The tokens in memory, and who may come in.
//!
//! All usable tokens are read every `refresh_interval`, and earlier where somebody comes with one that is not known
//! yet (so a new token works at once), but never more often than four times in an interval. So unknown tokens cost the
//! database nothing, however many are tried.

use crate::clock::now_ms;
use crate::credential;
use crate::metrics::Metrics;
use crate::pace::{Pace, PaceConfig, Throttled};
use crate::refusal::Refusal;
use crate::role::{Role, Roles};
use crate::token;
use arc_swap::ArcSwap;
use http::HeaderMap;
use opentelemetry::metrics::Meter;
use parking_lot::Mutex;
use state::{State, StateError, Token};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, watch};

/// How long an expired token is told so, before it is merely unknown.
const EXPIRED_KNOWN_MS: i64 = 30 * 86_400_000;
/// How exactly is kept when a token was last used.
const USED_STEP_MS: i64 = 600_000;
/// Tokens of which the last use is written in one round.
const USED_WRITTEN_MAX: usize = 100;
/// Requests that may wait at once for tokens to be read again.
const WAITING_MAX: usize = 256;
/// What a client is told to wait when tokens cannot be checked.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Bounds, and what holds for tokens that have no limits of their own.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// How often tokens are read: how soon a revoked one stops.
    pub refresh_interval: Duration,
    /// How long known tokens work on when they cannot be read.
    pub stale_max: Duration,
    /// Tokens in memory.
    pub tokens_max: usize,
    /// Limits at ingest for each token.
    pub pace: PaceConfig,
}

/// Decides who comes in. Clones share what is known.
#[derive(Clone, Debug)]
pub struct Access {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    config: AccessConfig,
    state: State,
    known: ArcSwap<HashMap<String, Arc<Key>>>,
    /// When the tokens were last read.
    read_at: Mutex<Instant>,
    /// Whether the last attempt to read them failed.
    failing: AtomicBool,
    /// Counts attempts, for those who wait for one.
    attempts: watch::Sender<u64>,
    wanted: Notify,
    waiting: Semaphore,
    metrics: Metrics,
    /// Second in which a refusal was last logged, and how many were not logged since.
    told: AtomicU64,
    untold: AtomicU64,
}

/// One usable token.
#[derive(Debug)]
struct Key {
    token: Token,
    secret_sha256: Vec<u8>,
    roles: Roles,
    pace: Arc<Pace>,
    used_ms: Arc<AtomicI64>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Principal {
    entered: Option<(Arc<Key>, Arc<Inner>)>,
}

impl Access {
    /// Lets everybody do everything: for a machine of one's own.
    #[must_use]
    pub fn open_to_all() -> Self {
        Self { inner: None }
    }

    /// Reads the tokens and keeps reading them until the last clone is dropped.
    ///
    /// # Errors
    /// When they cannot be read now: a server without tokens would turn everybody away.
    pub async fn start(state: State, config: AccessConfig, meter: &Meter) -> Result<Self, StateError> {
        let inner = Arc::new(Inner {
            config,
            state,
            known: ArcSwap::default(),
            read_at: Mutex::new(Instant::now()),
            failing: AtomicBool::new(false),
            attempts: watch::Sender::new(0),
            wanted: Notify::new(),
            waiting: Semaphore::new(WAITING_MAX),
            metrics: Metrics::new(meter),
            told: AtomicU64::new(0),
            untold: AtomicU64::new(0),
        });
        inner.read().await?;
        tokio::spawn(keep_reading(Arc::downgrade(&inner)));
        Ok(Self { inner: Some(inner) })
    }

    /// Whether tokens are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// Tokens that are known.
    #[must_use]
    pub fn tokens_known(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.known.load().len())
    }

    /// Who sends these headers, if they may do what needs `role`. gRPC metadata are headers (`metadata.as_ref()`).
    /// Safe to cancel.
    ///
    /// # Errors
    /// [`Refusal`]; it has been counted and logged.
    pub async fn authorize(&self, headers: &HeaderMap, role: Role) -> Result<Principal, Refusal> {
        let Some(inner) = &self.inner else { return Ok(Principal { entered: None }) };
        let outcome = match credential::token(headers) {
            Ok(text) => inner.enter(&text, role).await,
            Err(refusal) => Err(refusal),
        };
        outcome.map_err(|refusal| inner.refused(refusal))
    }

    /// As [`Self::authorize`], for a protocol that brings the token's text by another way.
    ///
    /// # Errors
    /// As there.
    pub async fn authorize_token(&self, text: &str, role: Role) -> Result<Principal, Refusal> {
        let Some(inner) = &self.inner else { return Ok(Principal { entered: None }) };
        inner.enter(text, role).await.map_err(|refusal| inner.refused(refusal))
    }
}

impl Inner {
    async fn enter(self: &Arc<Self>, text: &str, role: Role) -> Result<Principal, Refusal> {
        let (id, secret) =
            token::parse(text).ok_or(Refusal::Malformed("the credential is no token of Errata"))?;
        let key = match self.find(id) {
            Some(key) => key,
            None => self.look_again(id).await?,
        };
        if !token::is_secret(secret, &key.secret_sha256) {
            return Err(Refusal::Unknown);
        }
        if self.read_at.lock().elapsed() > self.config.stale_max {
            return Err(Refusal::Unavailable { retry_after: RETRY_AFTER });
        }
        let now = now_ms();
        if key.token.expires_ms.is_some_and(|end| end <= now) {
            return Err(Refusal::Expired { id: id.to_owned() });
        }
        if !key.roles.include(role) {
            let (name, roles) = (key.token.name.clone(), key.roles.to_string());
            return Err(Refusal::Forbidden { name, roles, needed: role });
        }
        key.used_ms.store(now, Ordering::Relaxed);
        Ok(Principal { entered: Some((key, Arc::clone(self))) })
    }

    fn find(&self, id: &str) -> Option<Arc<Key>> {
        self.known.load().get(id).cloned()
    }

    /// Waits for the tokens to be read once more: this one may be new.
    async fn look_again(&self, id: &str) -> Result<Arc<Key>, Refusal> {
        let busy = Refusal::Unavailable { retry_after: RETRY_AFTER };
        let _place = self.waiting.try_acquire().map_err(|_| busy.clone())?;
        let mut attempts = self.attempts.subscribe();
        self.wanted.notify_one();
        // Whether it came in time or not: what is known then counts.
        let waited = tokio::time::timeout(self.config.refresh_interval, attempts.changed()).await;
        drop(waited);
        match self.find(id) {
            Some(key) => Ok(key),
            None if self.failing.load(Ordering::Acquire) => Err(busy),
            None => Err(Refusal::Unknown),
        }
    }

    /// Reads all usable tokens; what is known of each goes on.
    async fn read(&self) -> Result<(), StateError> {
        let began = Instant::now();
        let most = self.config.tokens_max;
        let since = now_ms() - EXPIRED_KNOWN_MS;
        let mut tokens = self.state.live_tokens(since, most.saturating_add(1)).await?;
        if tokens.len() > most {
            tokens.truncate(most);
            tracing::error!(limit = most, "more tokens than auth.tokens_max: the newest do not work");
        }
        let before = self.known.load_full();
        let keys = tokens.into_iter().map(|token| (token.id.clone(), self.key(token, &before)));
        self.known.store(Arc::new(keys.collect()));
        *self.read_at.lock() = began;
        Ok(())
    }

    fn key(&self, token: Token, before: &HashMap<String, Arc<Key>>) -> Arc<Key> {
        let limit = |own: Option<i64>, of_all: u64| own.map_or(of_all, |own| u64::try_from(own).unwrap_or(0));
        let config = PaceConfig {
            items_per_second: limit(token.items_per_second, self.config.pace.items_per_second),
            bytes_per_second: limit(token.bytes_per_second, self.config.pace.bytes_per_second),
            burst: self.config.pace.burst,
        };
        if let Some(known) = before.get(&token.id) {
            if known.token == token {
                return Arc::clone(known);
            }
            let (pace, used_ms) = (Arc::clone(&known.pace), Arc::clone(&known.used_ms));
            return Arc::new(Key::new(token, pace, used_ms));
        }
        Arc::new(Key::new(token, Arc::new(Pace::new(config)), Arc::default()))
    }

    /// Writes when tokens were last used, where that is news by more than some minutes.
    async fn write_uses(&self) -> Result<(), StateError> {
        let known = self.known.load_full();
        let news = known.values().filter_map(|key| {
            let used = key.used_ms.load(Ordering::Relaxed);
            (used > key.token.last_used_ms.unwrap_or(0).saturating_add(USED_STEP_MS)).then_some((key, used))
        });
        for (key, used) in news.take(USED_WRITTEN_MAX) {
            self.state.token_used(&key.token.id, used).await?;
        }
        Ok(())
    }

    async fn refresh(&self) {
        let read = self.read().await;
        let failed = read.is_err();
        if let Err(error) = read {
            self.metrics.refresh_failed();
            if !self.failing.load(Ordering::Acquire) {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let seconds = self.config.stale_max.as_secs();
                tracing::error!(%error, cause, "tokens cannot be read; known ones work for {seconds} s more");
            }
        } else if self.failing.load(Ordering::Acquire) {
            tracing::info!("tokens can be read again");
        }
        self.failing.store(failed, Ordering::Release);
        self.attempts.send_modify(|count| *count += 1);
        if !failed && let Err(error) = self.write_uses().await {
            tracing::debug!(%error, "the last use of tokens was not written; it is tried again");
        }
    }

    /// Counts a refusal; logs it, but at most one each second.
    fn refused(&self, refusal: Refusal) -> Refusal {
        self.metrics.refused(refusal.code());
        let second = u64::try_from(now_ms() / 1_000).unwrap_or(0);
        if self.told.swap(second, Ordering::Relaxed) == second {
            self.untold.fetch_add(1, Ordering::Relaxed);
        } else {
            let more = self.untold.swap(0, Ordering::Relaxed);
            tracing::warn!(reason = %refusal, more_not_logged = more, "refused a request");
        }
        refusal
    }
}

/// Reads the tokens again and again, as long as anybody needs them.
async fn keep_reading(inner: Weak<Inner>) {
    loop {
        let Some(strong) = inner.upgrade() else { return };
        let interval = strong.config.refresh_interval;
        tokio::time::sleep(interval / 4).await;
        let wanted = tokio::time::timeout(interval - interval / 4, strong.wanted.notified()).await;
        drop(wanted);
        strong.refresh().await;
    }
}

impl Key {
    fn new(token: Token, pace: Arc<Pace>, used_ms: Arc<AtomicI64>) -> Self {
        // What is no hex matches no secret.
        let secret_sha256 = hex::decode(&token.secret_sha256).unwrap_or_default();
        let roles = Roles::stored(&token.roles);
        Self { token, secret_sha256, roles, pace, used_ms }
    }
}

impl Principal {
    /// Name of the token; `None` where none are asked for.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.entered.as_ref().map(|(key, _)| key.token.name.as_str())
    }

    /// Whether it may do what needs `role`.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.entered.as_ref().is_none_or(|(key, _)| key.roles.include(role))
    }

    /// Whether it would still be let in, as far as is known: a stream may be open for longer than a token lives.
    #[must_use]
    pub fn still_may(&self, role: Role) -> bool {
        let Some((key, inner)) = &self.entered else { return true };
        inner.find(&key.token.id).is_some_and(|known| {
            known.secret_sha256 == key.secret_sha256
                && known.roles.include(role)
                && known.token.expires_ms.is_none_or(|end| end > now_ms())
        })
    }

    /// Whether it may say on whose behalf it acts.
    #[must_use]
    pub fn acts_for_others(&self) -> bool {
        self.entered.as_ref().is_none_or(|(key, _)| key.token.acts_for_others)
    }

    /// Whether the items of a request must be counted before it is taken.
    #[must_use]
    pub fn counts_items(&self) -> bool {
        self.entered.as_ref().is_some_and(|(key, _)| key.pace.counts_items())
    }

    /// Whether a request of unknown size is worth reading.
    ///
    /// # Errors
    /// [`Throttled`] where not even the smallest would be let in; it has been counted.
    pub fn check_pace(&self) -> Result<(), Throttled> {
        self.paced(|pace| pace.check(Instant::now()))
    }

    /// Takes a request's items and bytes from what the token has left.
    ///
    /// # Errors
    /// [`Throttled`]; it has been counted.
    pub fn take(&self, items: u64, bytes: u64) -> Result<(), Throttled> {
        self.paced(|pace| pace.take(items, bytes, Instant::now()))
    }

    /// Gives back what a request took that was refused after all.
    pub fn give_back(&self, items: u64, bytes: u64) {
        if let Some((key, _)) = &self.entered {
            key.pace.give_back(items, bytes);
        }
    }

    fn paced(&self, ask: impl FnOnce(&Pace) -> Result<(), Throttled>) -> Result<(), Throttled> {
        let Some((key, inner)) = &self.entered else { return Ok(()) };
        ask(&key.pace).inspect_err(|throttled| inner.metrics.throttled(throttled.what))
    }
}

#[cfg(test)]
mod tests;
