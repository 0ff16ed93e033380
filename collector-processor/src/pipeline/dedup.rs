//! One exception, however often SDKs record it: on each parent span it passes, twice on one span, and
//! as a span event and a log record.
//!
//! Two records are the same exception when type and message agree within one trace and one was recorded
//! on the other's span or on an ancestor of it, within [`DedupConfig::window`]. What is
//! known of ancestry comes from the exceptions themselves (each names its span's parent) and from the
//! spans of the same request; a log record names no parent, its span comes later. Bounds: entries, and
//! occurrences of one entry.

use smallvec::SmallVec;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Bounds of the de-duplication.
#[derive(Clone, Debug)]
pub struct DedupConfig {
    /// How long a record of the same exception is expected after the first.
    pub window: Duration,
    /// Distinct (trace, type, message) remembered at once; beyond it the older half is forgotten.
    pub entries_max: usize,
}

impl Default for DedupConfig {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), entries_max: 200_000 }
    }
}

/// Occurrences kept of one (trace, type, message); more are each counted anew.
const OCCURRENCES_MAX: usize = 32;
/// Span ids kept along which one exception is known to have travelled.
const PATH_MAX: usize = 64;

/// What makes two records candidates for being one exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExceptionKey {
    /// Trace id.
    pub trace_id: [u8; 16],
    /// Hash of type and message.
    pub text: u64,
}

/// Most exceptions occur once.
type Generation<T> = HashMap<ExceptionKey, SmallVec<[Occurrence<T>; 1]>>;

/// Remembers recent exceptions, each with `T` (what was decided for it).
#[derive(Debug)]
pub(crate) struct Dedup<T> {
    config: DedupConfig,
    current: Generation<T>,
    previous: Generation<T>,
    turned_unix_nano: u64,
}

#[derive(Clone, Debug)]
struct Occurrence<T> {
    serial: u64,
    unix_nano: u64,
    /// Spans it was recorded on, and the parents it may still reach.
    path: Vec<[u8; 8]>,
    decided: T,
}

impl<T: Clone> Dedup<T> {
    /// Empty.
    #[must_use]
    pub(crate) fn new(config: DedupConfig) -> Self {
        Self { config, current: HashMap::new(), previous: HashMap::new(), turned_unix_nano: 0 }
    }

    /// The decision for the exception of which this is another record, if it is one. `ancestry` is the
    /// record's span and what is known of its ancestors, nearest first.
    pub(crate) fn seen(&mut self, key: ExceptionKey, ancestry: &[[u8; 8]], now_unix_nano: u64) -> Option<T> {
        self.turn(now_unix_nano);
        let window = u64::try_from(self.config.window.as_nanos()).unwrap_or(u64::MAX);
        let own = ancestry.first()?;
        for generation in [&mut self.current, &mut self.previous] {
            let Some(occurrences) = generation.get_mut(&key) else { continue };
            for occurrence in occurrences {
                let recent = now_unix_nano.saturating_sub(occurrence.unix_nano) <= window;
                // Either this record is further up the path of a known exception, or, sent out of order,
                // below a span on which the exception was recorded.
                let upward = occurrence.path.contains(own);
                let downward = || occurrence.path.first().is_some_and(|first| ancestry.contains(first));
                if recent && (upward || downward()) {
                    let room = PATH_MAX.saturating_sub(occurrence.path.len());
                    let known = occurrence.path.clone();
                    occurrence.path.extend(ancestry.iter().filter(|id| !known.contains(id)).take(room));
                    return Some(occurrence.decided.clone());
                }
            }
        }
        None
    }

    /// Tells what a later request knows of ancestry, so that an exception whose log record came before its
    /// span is found further up. `parent_of` gives the parent of a span.
    pub(super) fn learn(&mut self, key: ExceptionKey, parent_of: impl Fn([u8; 8]) -> Option<[u8; 8]>) {
        let generations = [&mut self.current, &mut self.previous];
        for occurrence in generations.into_iter().filter_map(|generation| generation.get_mut(&key)).flatten()
        {
            while let Some(parent) = occurrence.path.last().and_then(|last| parent_of(*last)) {
                if occurrence.path.len() >= PATH_MAX || occurrence.path.contains(&parent) {
                    break;
                }
                occurrence.path.push(parent);
            }
        }
    }

    /// Remembers a new exception under `serial`.
    pub(crate) fn remember(
        &mut self,
        key: ExceptionKey,
        ancestry: &[[u8; 8]],
        now_unix_nano: u64,
        serial: u64,
        decided: T,
    ) {
        let occurrences = self.current.entry(key).or_default();
        if occurrences.len() < OCCURRENCES_MAX {
            let path = ancestry.iter().copied().take(PATH_MAX).collect();
            occurrences.push(Occurrence { serial, unix_nano: now_unix_nano, path, decided });
        }
    }

    /// Forgets what was remembered under `serial`, because its request was not acknowledged and will come again.
    pub(crate) fn forget(&mut self, key: ExceptionKey, serial: u64) {
        for generation in [&mut self.current, &mut self.previous] {
            if let Some(occurrences) = generation.get_mut(&key) {
                occurrences.retain(|o| o.serial != serial);
            }
        }
    }

    fn turn(&mut self, now_unix_nano: u64) {
        let window = u64::try_from(self.config.window.as_nanos()).unwrap_or(u64::MAX);
        let aged = now_unix_nano.saturating_sub(self.turned_unix_nano) > window;
        if aged || self.current.len() >= self.config.entries_max / 2 {
            self.previous = std::mem::take(&mut self.current);
            self.turned_unix_nano = now_unix_nano;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ExceptionKey = ExceptionKey { trace_id: [1; 16], text: 7 };
    const SECOND: u64 = 1_000_000_000;

    fn id(n: u8) -> [u8; 8] {
        [n; 8]
    }

    #[test]
    fn parents_of_a_recorded_span_are_the_same_exception() {
        let mut d = Dedup::new(DedupConfig::default());
        assert_eq!(d.seen(KEY, &[id(3), id(2)], 1), None);
        d.remember(KEY, &[id(3), id(2)], 1, 0, "deepest");
        assert_eq!(d.seen(KEY, &[id(2), id(1)], 2), Some("deepest"), "parent");
        assert_eq!(d.seen(KEY, &[id(1)], 3), Some("deepest"), "grandparent, through the parent");
        assert_eq!(d.seen(KEY, &[id(3)], 3), Some("deepest"), "the same span again, as a log record");
        assert_eq!(d.seen(KEY, &[id(9), id(1)], 4), None, "a sibling failed by itself");
        assert_eq!(d.seen(ExceptionKey { text: 8, ..KEY }, &[id(2)], 4), None);
    }

    #[test]
    fn a_child_that_arrives_after_its_parent_is_the_same_exception() {
        let mut d = Dedup::new(DedupConfig::default());
        d.remember(KEY, &[id(2), id(1)], 1, 0, 5);
        assert_eq!(d.seen(KEY, &[id(3), id(2)], 2), Some(5));
    }

    #[test]
    fn a_log_record_that_arrives_before_its_span_is_the_same_exception() {
        let parents = [(id(4), id(3)), (id(3), id(2)), (id(9), id(2))];
        let mut d = Dedup::new(DedupConfig::default());
        d.remember(KEY, &[id(4)], 1, 0, "log");
        assert_eq!(d.seen(KEY, &[id(2)], 2), None, "nothing says that one is the other's ancestor");
        d.learn(KEY, |span| parents.iter().find(|(child, _)| *child == span).map(|(_, parent)| *parent));
        assert_eq!(d.seen(KEY, &[id(9), id(2)], 2), None, "a sibling of its parent failed by itself");
        assert_eq!(d.seen(KEY, &[id(2)], 2), Some("log"), "its grandparent");
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let mut d = Dedup::new(DedupConfig::default());
        d.remember(KEY, &[id(4)], 1, 0, ());
        d.learn(KEY, |span| Some(if span == id(4) { id(5) } else { id(4) }));
        assert!(d.seen(KEY, &[id(2)], 2).is_none());
        assert!(d.seen(KEY, &[id(5)], 2).is_some());
    }

    #[test]
    fn the_window_ends_and_a_failed_request_is_forgotten() {
        let mut d = Dedup::new(DedupConfig { window: Duration::from_secs(5), ..DedupConfig::default() });
        d.remember(KEY, &[id(3)], SECOND, 11, ());
        assert!(d.seen(KEY, &[id(3)], 6 * SECOND).is_some());
        assert!(d.seen(KEY, &[id(3)], 7 * SECOND).is_none());
        d.remember(KEY, &[id(3)], 7 * SECOND, 12, ());
        d.forget(KEY, 12);
        assert!(d.seen(KEY, &[id(3)], 7 * SECOND).is_none());
    }

    #[test]
    fn the_number_of_entries_is_bounded() {
        let mut d = Dedup::new(DedupConfig { entries_max: 100, ..DedupConfig::default() });
        for n in 0..10_000u64 {
            let key = ExceptionKey { trace_id: [0; 16], text: n };
            assert_eq!(d.seen(key, &[id(1)], n), None);
            d.remember(key, &[id(1)], n, n, ());
            assert!(d.current.len() + d.previous.len() <= 101);
        }
    }
}
