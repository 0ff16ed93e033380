//! Where a pattern stands, folded from its events.

use super::event::{Action, PatternEvent};
use std::collections::{BTreeMap, BTreeSet};

/// Status of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Someone should look; what every pattern begins with.
    #[default]
    Open,
    /// Done, until it occurs again.
    Resolved,
    /// Nobody wants to hear of it, also when it occurs again.
    Ignored,
}

impl Status {
    /// The value in tables and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }

    /// The status that a text names.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::Open, Self::Resolved, Self::Ignored].into_iter().find(|status| status.as_str() == text)
    }
}

/// Where a pattern stands by what was decided about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternState {
    /// Its status.
    pub status: Status,
    /// Severity that a person set, 1 to 5.
    pub severity: Option<u8>,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// Names that a person made names of this pattern, with what each was merged into.
    pub merged: BTreeMap<String, String>,
    /// Fingerprints that a person split off, with their patterns.
    pub split: BTreeMap<String, String>,
    /// Pairs of names that must not become one by themselves, the lesser first.
    pub apart: BTreeSet<(String, String)>,
    /// The event that gave it its status.
    pub status_event: Option<String>,
    /// Events counted.
    events: usize,
    /// The last of them, and its time.
    last: Option<(i64, String)>,
}

impl PatternState {
    /// Folds events, in any order, without copies.
    #[must_use]
    pub fn of(events: &[PatternEvent]) -> Self {
        let mut ordered: Vec<&PatternEvent> = events.iter().collect();
        ordered.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut state = Self::default();
        ordered.into_iter().for_each(|event| state.apply(event));
        state
    }

    fn apply(&mut self, event: &PatternEvent) {
        let to = event.to_value.as_deref();
        match event.action {
            Action::Status => {
                self.status = to.and_then(Status::of).unwrap_or_default();
                self.status_event = Some(event.event_id.clone());
            }
            Action::Severity => self.severity = to.and_then(severity),
            Action::Assign => self.assignee = to.map(str::to_owned),
            Action::Label => match (to, event.from_value.as_deref()) {
                (Some(label), _) => _ = self.labels.insert(label.to_owned()),
                (None, Some(label)) => _ = self.labels.remove(label),
                (None, None) => {}
            },
            Action::Merge => match to {
                Some(into) => _ = self.merged.insert(event.pattern_id.clone(), into.to_owned()),
                None => _ = self.merged.remove(&event.pattern_id),
            },
            Action::Split => match (split_fingerprint(event), to.filter(|to| !is_fingerprint(to))) {
                (Some(fingerprint), Some(own)) => {
                    self.split.insert(fingerprint.to_owned(), own.to_owned());
                }
                (Some(fingerprint), None) => _ = self.split.remove(fingerprint),
                (None, _) => {}
            },
            Action::Apart => match pair_of(event) {
                Some(pair) if to.is_some() => _ = self.apart.insert(pair),
                Some(pair) => _ = self.apart.remove(&pair),
                None => {}
            },
        }
        self.events += 1;
        self.last = Some((event.time_unix_nano, event.event_id.clone()));
    }

    /// What an action says now, of those that have one value a pattern.
    pub(super) fn value(&self, action: Action) -> Option<String> {
        match action {
            Action::Status => Some(self.status.as_str().to_owned()),
            Action::Severity => self.severity.map(|severity| severity.to_string()),
            Action::Assign => self.assignee.clone(),
            Action::Label | Action::Merge | Action::Split | Action::Apart => None,
        }
    }

    /// Whether what an event made of a value is what it is now.
    pub(super) fn stands(&self, event: &PatternEvent) -> bool {
        let value = match event.action {
            Action::Label => {
                let label = event.to_value.as_ref().or(event.from_value.as_ref());
                label.filter(|label| self.labels.contains(*label)).cloned()
            }
            Action::Merge => self.merged.get(&event.pattern_id).cloned(),
            Action::Split => {
                let fingerprint = split_fingerprint(event).unwrap_or_default();
                Some(self.split.get(fingerprint).map_or(fingerprint, String::as_str).to_owned())
            }
            Action::Apart => {
                let other = event.to_value.as_ref().or(event.from_value.as_ref());
                other.filter(|_| pair_of(event).is_some_and(|pair| self.apart.contains(&pair))).cloned()
            }
            action => self.value(action),
        };
        value == event.to_value
    }

    /// A time for the next event: now, and later than the last one whichever clock that was of.
    #[must_use]
    pub fn next_time(&self, now_unix_nano: i64) -> i64 {
        self.last.as_ref().map_or(now_unix_nano, |(last, _)| now_unix_nano.max(last.saturating_add(1)))
    }

    /// Names this state: changes with every event. An HTTP entity tag with its quotes.
    #[must_use]
    pub fn etag(&self) -> String {
        let last = self.last.as_ref().map_or("", |(_, event_id)| event_id);
        format!("\"{}-{last}\"", self.events)
    }
}

/// Whether a text has the length of a fingerprint; pattern ids are half as long.
pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == 32
}

/// The fingerprint that a split, or one taken back, is about.
fn split_fingerprint(event: &PatternEvent) -> Option<&str> {
    let values = [event.from_value.as_deref(), event.to_value.as_deref()];
    values.into_iter().flatten().find(|value| is_fingerprint(value))
}

fn pair_of(event: &PatternEvent) -> Option<(String, String)> {
    let other = event.to_value.as_ref().or(event.from_value.as_ref())?;
    Some(pair(&event.pattern_id, other))
}

/// Two names, the lesser first.
pub(super) fn pair(left: &str, right: &str) -> (String, String) {
    (left.min(right).to_owned(), left.max(right).to_owned())
}

/// 1 to 5.
#[must_use]
pub(super) fn severity(text: &str) -> Option<u8> {
    text.parse().ok().filter(|severity| (1..=5).contains(severity))
}
