//! Which events a listener wants.

use super::commit::{Item, Source};
use super::members::Members;

/// A listener's choice. What is said of exceptions does not choose among decisions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Kinds of events; `None` for all.
    pub(crate) sources: Option<Vec<Source>>,
    /// Of this pattern, decisions too.
    pub(crate) members: Option<Members>,
    /// Severity of exceptions.
    pub(crate) severity_min: Option<i32>,
    /// See `severity_min`.
    pub(crate) severity_max: Option<i32>,
    /// Exceptions of this service.
    pub(crate) service: Option<String>,
    /// Exceptions of this session.
    pub(crate) session: Option<String>,
    /// Exceptions of this user.
    pub(crate) user: Option<String>,
    /// Exceptions that made a pattern.
    pub(crate) new: bool,
}

impl Filter {
    /// Whether events of a table are wanted at all.
    pub(crate) fn wants_of(&self, source: Source) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(&source))
    }

    /// Whether an event is wanted.
    pub(crate) fn wants(&self, item: &Item) -> bool {
        if !self.wants_of(item.source) {
            return false;
        }
        if self.members.as_ref().is_some_and(|members| !members.hold(&item.pattern_id, &item.fingerprint)) {
            return false;
        }
        let is = |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        item.source == Source::PatternEvents
            || (self.severity_min.is_none_or(|least| item.severity >= least)
                && self.severity_max.is_none_or(|most| item.severity <= most)
                && is(&self.service, &item.service_name)
                && is(&self.session, &item.session_id)
                && is(&self.user, &item.user_id)
                && (!self.new || item.pattern_new))
    }
}
