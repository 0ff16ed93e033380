//! What a change makes of a pattern's history. Pure: no clock, no table.

use super::event::{Action, PatternEvent};
use super::state::{PatternState, Status, pair};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_128;

/// Labels of one pattern.
pub const LABELS_MAX: usize = 100;
/// Who decides for Errata itself.
pub const OWN_ACTOR: &str = "errata";

/// A wish to change a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which, by any of its names.
    pub pattern_id: String,
    /// Names the change, so that it is made once however often it is asked for; made up where it is not given.
    pub event_id: Option<String>,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// States that it is meant for; `None` for any.
    pub if_match: Option<Vec<String>>,
    /// What.
    pub decision: Decision,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// To this status.
    Status(Status),
    /// To this severity, 1 to 5, or back to what the exceptions say.
    Severity(Option<u8>),
    /// To this person, or to nobody.
    Assignee(Option<String>),
    /// Labels on and off.
    Labels {
        /// On.
        add: Vec<String>,
        /// Off.
        remove: Vec<String>,
    },
    /// Back to what was before an event.
    Undo {
        /// The event.
        event_id: String,
    },
    /// Into another pattern, of which it is another name from then on.
    Merge {
        /// The other pattern.
        into: String,
    },
    /// Exceptions of these fingerprints into a pattern of their own.
    Split {
        /// The fingerprints.
        fingerprints: Vec<String>,
    },
    /// Never to become one with another pattern by itself.
    KeepApart {
        /// The other pattern.
        from: String,
    },
    /// Open again, if what resolved it is still this event.
    Reopen {
        /// The event that resolved it.
        resolving: String,
    },
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such pattern.
    #[error("pattern {0} is unknown")]
    UnknownPattern(String),
    /// There is no such event of the pattern.
    #[error("event {event_id} of pattern {pattern_id} is unknown")]
    UnknownEvent {
        /// The pattern.
        pattern_id: String,
        /// The event.
        event_id: String,
    },
    /// The pattern is not in a state that the change is meant for; read it again.
    #[error("the pattern was changed meanwhile, it is at {etag}")]
    Changed {
        /// Its state.
        etag: String,
    },
    /// The event id names another change already.
    #[error("event id {0} names another change already")]
    EventIdUsed(String),
    /// A later change stands on the one that is to be undone.
    #[error("event {0} cannot be undone: a later change stands on it, undo that first")]
    Superseded(String),
    /// Too many labels.
    #[error("the pattern would have {0} labels, limit is {LABELS_MAX}")]
    TooManyLabels(usize),
    /// Both are the same pattern already.
    #[error("pattern {0} is the same pattern already")]
    Same(String),
    /// They were to be kept apart.
    #[error("the patterns were to be kept apart: undo that first")]
    KeptApart,
    /// A person made one pattern of them.
    #[error("the patterns were merged by a person: undo that first")]
    Merged,
    /// It is not resolved by this event any more.
    #[error("the pattern is not resolved by event {0} any more")]
    NotResolved(String),
}

/// The events that a change adds to `history`, which holds each event once.
///
/// # Errors
/// [`Refusal`] where the change does not fit the history.
pub(super) fn decide(
    history: &[PatternEvent],
    change: &Change,
    event_id: &str,
    now_unix_nano: i64,
) -> Result<Vec<PatternEvent>, Refusal> {
    let state = PatternState::of(history);
    if let Some(tags) = &change.if_match
        && !tags.contains(&state.etag())
    {
        return Err(Refusal::Changed { etag: state.etag() });
    }
    let mut turns = Turns { state: &state, turns: Vec::new() };
    match &change.decision {
        Decision::Status(status) => turns.set(Action::Status, Some(status.as_str().to_owned())),
        Decision::Severity(severity) => turns.set(Action::Severity, severity.map(|value| value.to_string())),
        Decision::Assignee(assignee) => turns.set(Action::Assign, assignee.clone()),
        Decision::Labels { add, remove } => turns.labels(add, remove)?,
        Decision::Undo { event_id } => turns.undo(history, change, event_id)?,
        Decision::Merge { into } => turns.merge(&change.pattern_id, into)?,
        Decision::Split { fingerprints } => turns.split(&change.pattern_id, fingerprints)?,
        Decision::KeepApart { from } => turns.keep_apart(&change.pattern_id, from)?,
        Decision::Reopen { resolving } => turns.reopen(resolving)?,
    }
    let first = state.next_time(now_unix_nano);
    let events = turns.turns.into_iter().enumerate().map(|(index, turn)| PatternEvent {
        time_unix_nano: first.saturating_add(i64::try_from(index).unwrap_or(i64::MAX)),
        event_id: numbered(event_id, index),
        pattern_id: turn.of.unwrap_or_else(|| change.pattern_id.clone()),
        action: turn.action,
        from_value: turn.from,
        to_value: turn.to,
        actor: change.actor.clone(),
        reason: change.reason.clone(),
    });
    Ok(events.collect())
}

/// Id of the `index`th event of one change.
fn numbered(event_id: &str, index: usize) -> String {
    if index == 0 { event_id.to_owned() } else { format!("{event_id}.{index}") }
}

/// The id of the change that an event is of. Ids that clients give hold no full stop.
#[must_use]
pub(super) fn change_of(event_id: &str) -> &str {
    event_id.split_once('.').map_or(event_id, |(change, _)| change)
}

/// Whether stored events are what a change would have made: it was made before.
#[must_use]
pub(super) fn is_repeat(events: &[PatternEvent], change: &Change) -> bool {
    let to = |action: Action, value: Option<&str>| {
        events.iter().all(|event| event.action == action && event.to_value.as_deref() == value)
    };
    match &change.decision {
        Decision::Status(status) => to(Action::Status, Some(status.as_str())),
        Decision::Severity(severity) => {
            to(Action::Severity, severity.map(|value| value.to_string()).as_deref())
        }
        Decision::Assignee(assignee) => to(Action::Assign, assignee.as_deref()),
        Decision::Labels { add, remove } => events.iter().all(|event| {
            event.action == Action::Label
                && match (&event.to_value, &event.from_value) {
                    (Some(label), _) => add.contains(label),
                    (None, Some(label)) => remove.contains(label),
                    (None, None) => false,
                }
        }),
        Decision::Merge { into } => to(Action::Merge, Some(into)),
        Decision::Split { fingerprints } => events.iter().all(|event| {
            event.action == Action::Split
                && event.from_value.as_ref().is_some_and(|from| fingerprints.contains(from))
        }),
        Decision::KeepApart { from } => to(Action::Apart, Some(from)),
        Decision::Undo { .. } => events.len() == 1,
        Decision::Reopen { .. } => to(Action::Status, Some(Status::Open.as_str())),
    }
}

/// One value that changes.
struct Turn {
    /// The name that it is recorded for, where it is not the pattern's.
    of: Option<String>,
    action: Action,
    from: Option<String>,
    to: Option<String>,
}

struct Turns<'a> {
    state: &'a PatternState,
    turns: Vec<Turn>,
}

impl Turns<'_> {
    /// Also where the value stays: that a person confirmed it is worth a row.
    fn set(&mut self, action: Action, to: Option<String>) {
        self.turns.push(Turn { of: None, action, from: self.state.value(action), to });
    }

    fn labels(&mut self, add: &[String], remove: &[String]) -> Result<(), Refusal> {
        let mut labels: BTreeSet<&str> = self.state.labels.iter().map(String::as_str).collect();
        for label in remove {
            if labels.remove(label.as_str()) {
                let from = Some(label.clone());
                self.turns.push(Turn { of: None, action: Action::Label, from, to: None });
            }
        }
        for label in add {
            if labels.insert(label) {
                let to = Some(label.clone());
                self.turns.push(Turn { of: None, action: Action::Label, from: None, to });
            }
        }
        if labels.len() > LABELS_MAX && !add.is_empty() {
            return Err(Refusal::TooManyLabels(labels.len()));
        }
        Ok(())
    }

    fn undo(&mut self, history: &[PatternEvent], change: &Change, event_id: &str) -> Result<(), Refusal> {
        let Some(event) = history.iter().find(|event| event.event_id == event_id) else {
            let (pattern_id, event_id) = (change.pattern_id.clone(), event_id.to_owned());
            return Err(Refusal::UnknownEvent { pattern_id, event_id });
        };
        if !self.state.stands(event) {
            return Err(Refusal::Superseded(event_id.to_owned()));
        }
        // What is about names is about the name then.
        let named = matches!(event.action, Action::Merge | Action::Split | Action::Apart);
        let of = named.then(|| event.pattern_id.clone());
        let (from, to) = (event.to_value.clone(), event.from_value.clone());
        self.turns.push(Turn { of, action: event.action, from, to });
        Ok(())
    }

    fn merge(&mut self, pattern_id: &str, into: &str) -> Result<(), Refusal> {
        if pattern_id == into {
            return Err(Refusal::Same(into.to_owned()));
        }
        if self.state.apart.contains(&pair(pattern_id, into)) {
            return Err(Refusal::KeptApart);
        }
        self.turns.push(Turn { of: None, action: Action::Merge, from: None, to: Some(into.to_owned()) });
        Ok(())
    }

    fn split(&mut self, pattern_id: &str, fingerprints: &[String]) -> Result<(), Refusal> {
        let own = split_id(fingerprints.first().map_or("", String::as_str));
        if own == pattern_id {
            return Err(Refusal::Same(own));
        }
        let once: BTreeSet<&String> = fingerprints.iter().collect();
        self.turns.extend(once.into_iter().map(|fingerprint| Turn {
            of: None,
            action: Action::Split,
            from: Some(fingerprint.clone()),
            to: Some(own.clone()),
        }));
        Ok(())
    }

    fn keep_apart(&mut self, name: &str, from: &str) -> Result<(), Refusal> {
        if name == from {
            return Err(Refusal::Same(from.to_owned()));
        }
        let into = |name: &str| self.state.merged.get(name).map(String::as_str);
        if into(name) == Some(from) || into(from) == Some(name) {
            return Err(Refusal::Merged);
        }
        let of = Some(name.to_owned());
        self.turns.push(Turn { of, action: Action::Apart, from: None, to: Some(from.to_owned()) });
        Ok(())
    }

    fn reopen(&mut self, resolving: &str) -> Result<(), Refusal> {
        if self.state.status != Status::Resolved || self.state.status_event.as_deref() != Some(resolving) {
            return Err(Refusal::NotResolved(resolving.to_owned()));
        }
        self.set(Action::Status, Some(Status::Open.as_str().to_owned()));
        Ok(())
    }
}

/// The pattern that a person makes of fingerprints, of which this is the first. No exception makes one of this id.
fn split_id(fingerprint: &str) -> String {
    // The upper half, as of the ids that exceptions make.
    format!("{:016x}", xxh3_128(format!("split {fingerprint}").as_bytes()) >> 64)
}

#[cfg(test)]
mod tests;
