//! From a request as it arrived to a request as it is logged, forwarded and stored: sessions found,
//! personal data masked, exceptions grouped, spans and records tagged.
//!
//! CPU only: no I/O, no waiting but for short locks. Bounds: the de-duplication's, the grouper's and the
//! pattern store's.

mod ancestors;
mod dedup;
mod exceptions;
mod facts;
mod masking;
mod names;
mod own;
mod seen;
mod session;
mod tag;
mod unrecorded;

pub(crate) use ancestors::{Ancestors, ids};
pub use dedup::DedupConfig;
pub(crate) use dedup::{Dedup, ExceptionKey};
pub(crate) use exceptions::pattern_fact;
pub(crate) use facts::{ExceptionFact, Facts, PatternRow};
pub(crate) use masking::{Masking, Masks};
pub(crate) use names::{Names, Role, Roles, Scoped};
pub(crate) use session::{parent_session, session};
pub use unrecorded::UnrecordedConfig;

use crate::wire::{Fault, Signal, WireError, mended_logs, mended_traces};
use arc_swap::ArcSwap;
use bytes::Bytes;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::rules::Rules;
use error_patterns::store::{ColdPatterns, Decision, Moment, PatternStore, StoreConfig};
use exceptions::Decided;
use parking_lot::{Mutex, RwLock};
use seen::AtRest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the pipeline does, and its bounds.
#[derive(Clone, Debug, Default)]
pub struct PipelineConfig {
    /// Bounds of the de-duplication.
    pub dedup: DedupConfig,
    /// Bounds of the grouping.
    pub grouping: GroupingConfig,
    /// Bounds of the pattern store.
    pub store: StoreConfig,
    /// Where patterns go that leave memory; `None` forgets them.
    pub cold: Option<Arc<dyn ColdPatterns>>,
    /// Whether spans and records without a session are masked too. Not so where there is a next hop,
    /// which gets them byte for byte; the lake's copy is then masked on its way.
    pub mask_without_session: bool,
    /// Whether exceptions outside any session are left out.
    pub session_required: bool,
    /// Where failures are read that nothing recorded as an exception.
    pub unrecorded: UnrecordedConfig,
}

/// Tags requests. Shared by all receivers.
#[derive(Debug)]
pub(crate) struct Pipeline {
    config: PipelineConfig,
    names: Arc<Names>,
    masking: Arc<Masking>,
    seen: AtRest,
    grouper: ArcSwap<Grouper>,
    patterns: RwLock<PatternStore>,
    dedup: Mutex<Dedup<Arc<Decided>>>,
    /// Pattern facts whose request was not logged; they go with the next one.
    unlogged: Mutex<Vec<PatternRow>>,
    serial: AtomicU64,
    /// Tells this process's event ids from those of others that count alike.
    instance: u64,
}

/// Counts of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Spans or log records in the request.
    pub items: u64,
    /// Of them, those with a session.
    pub with_session: u64,
    /// Exceptions that make rows.
    pub exceptions: u64,
    /// Further records of exceptions already counted.
    pub duplicates: u64,
    /// Of the exceptions, those that made a pattern.
    pub patterns_new: u64,
    /// Texts in which something was masked.
    pub masked: u64,
    /// Spans that were rejected.
    pub rejected: u64,
}

/// A request ready for the log.
#[derive(Debug)]
pub(crate) struct Tagged {
    /// The OTLP message, masked and tagged.
    pub payload: Bytes,
    /// What was decided.
    pub facts: Facts,
    /// What was found.
    pub counts: Counts,
    /// Why items were rejected; empty when none was.
    pub rejection: String,
    /// Remembered exceptions, to be forgotten if the log refuses the request.
    remembered: Vec<(ExceptionKey, u64)>,
}

impl Pipeline {
    /// A pipeline that knows no patterns yet. `instance` tells processes apart, at random.
    #[must_use]
    pub(crate) fn new(
        config: PipelineConfig,
        names: Arc<Names>,
        masking: Arc<Masking>,
        instance: u64,
    ) -> Self {
        Self {
            names,
            masking,
            seen: AtRest::default(),
            grouper: ArcSwap::from_pointee(Grouper::new(config.grouping)),
            patterns: RwLock::new(match &config.cold {
                Some(cold) => PatternStore::with_cold(config.store, Arc::clone(cold)),
                None => PatternStore::new(config.store),
            }),
            dedup: Mutex::new(Dedup::new(config.dedup.clone())),
            unlogged: Mutex::new(Vec::new()),
            serial: AtomicU64::new(0),
            instance,
            config,
        }
    }

    /// Uses other rules from now on, first for masks. The new grouper's cache is empty: nothing is left of the old
    /// rules but the patterns that they made.
    pub(crate) fn set_rules(&self, rules: &Arc<Rules>) {
        self.masking.set_rules(rules);
        self.grouper.store(Arc::new(Grouper::with_rules(self.config.grouping, Arc::clone(rules))));
    }

    /// Tags one request.
    ///
    /// # Errors
    /// When the bytes are not the message that they claim to be.
    pub(crate) fn tag(
        &self,
        signal: Signal,
        request: &Bytes,
        session: Option<&str>,
        now_unix_nano: u64,
    ) -> Result<Tagged, WireError> {
        let mut seen = self.seen.take(&self.masking);
        let mut tagged = self.tag_seen(signal, request, session, now_unix_nano, &mut seen);
        if let Err(WireError { fault: Fault::Utf8 | Fault::Nesting, .. }) = tagged {
            let mended = match signal {
                Signal::Traces => mended_traces(request),
                Signal::Logs => mended_logs(request),
            };
            if let Some(mended) = mended {
                tagged = self.tag_seen(signal, &mended.into(), session, now_unix_nano, &mut seen);
            }
        }
        self.seen.put(seen);
        tagged
    }

    /// Takes back what a request left in memory, because it was refused after all and will come again.
    pub(crate) fn undo(&self, tagged: Tagged) {
        let mut dedup = self.dedup.lock();
        for (key, serial) in tagged.remembered {
            dedup.forget(key, serial);
        }
        self.unlogged.lock().extend(tagged.facts.patterns);
    }

    /// Learns a pattern fact from the lake or the log. Facts that follow from it are logged with a later request.
    pub(crate) fn learn(&self, row: &PatternRow) {
        if let Some(fact) = pattern_fact(row) {
            // The disk is asked without the lock.
            let wanted = self.patterns.read().wanted_for(&fact);
            let found = wanted.map(|wanted| wanted.fetch()).unwrap_or_default();
            let applied = self.patterns.write().apply_found(&fact, found);
            let rows =
                applied.aliases.into_iter().map(|f| exceptions::pattern_row(f, String::new(), String::new()));
            self.unlogged.lock().extend(rows);
        }
    }

    /// Learns what a person decided about patterns; `false` where too many are known.
    pub(crate) fn obey(&self, decision: Decision, at: Moment) -> bool {
        self.patterns.write().decide(decision, at)
    }

    /// Puts up to `most` patterns that changed among the cold ones; answers how many are left.
    pub(crate) fn freeze_changed(&self, most: usize) -> usize {
        self.patterns.write().freeze_changed(most)
    }

    /// Patterns in memory.
    #[must_use]
    pub(crate) fn patterns_known(&self) -> usize {
        self.patterns.read().len()
    }

    fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
