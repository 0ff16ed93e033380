//! Facts about patterns: what processors tell one another through the lake table `patterns`.
//!
//! The writer adds the columns that only it knows: writer name, service, sample trace, date.

use crate::ids::{Fingerprint, PatternId, Signature};

/// What a fact says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// A pattern was made.
    Pattern,
    /// More hashes join a pattern.
    Link,
    /// `pattern_id` is another name of `alias_of`.
    Alias,
}

impl FactKind {
    /// The value of the column `fact`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Link => "link",
            Self::Alias => "alias",
        }
    }

    /// The kind that a value of the column `fact` names; `None` for one that this version does not know.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::Pattern, Self::Link, Self::Alias].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One row of the lake table `patterns`, as far as grouping makes it. Names and meanings are the columns'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternFact {
    pub kind: FactKind,
    pub pattern_id: PatternId,
    /// Nanoseconds since 1970 of the exception that led to the fact.
    pub time_unix_nano: i64,
    /// Of the event that led to the fact; of an alias, the one that made the aliased pattern.
    pub fingerprint: Fingerprint,
    /// All hashes that join the pattern with this fact; the first one gave a made pattern its id.
    pub hashes: Vec<Fingerprint>,
    /// For [`FactKind::Alias`] only.
    pub alias_of: Option<PatternId>,
    /// Of a made pattern.
    pub signature: Option<Signature>,
    /// Canonical form that near neighbours are compared with; of a made pattern.
    pub canonical: Option<String>,
    pub error_type: Option<String>,
    pub canonical_msg: Option<String>,
    pub language: Option<String>,
    pub taxonomy_runtime: Option<String>,
    pub taxonomy_phase: Option<String>,
    pub taxonomy_type: Option<String>,
    pub taxonomy_cause: Option<String>,
    /// 1 to 5.
    pub severity: Option<u8>,
    /// Why, in words.
    pub reason: Option<String>,
    pub strategy: String,
}

impl PatternFact {
    /// A fact that says nothing yet but which pattern it is about.
    pub(super) fn bare(
        kind: FactKind,
        pattern_id: PatternId,
        fingerprint: Fingerprint,
        time_unix_nano: i64,
    ) -> Self {
        Self {
            kind,
            pattern_id,
            time_unix_nano,
            fingerprint,
            hashes: Vec::new(),
            alias_of: None,
            signature: None,
            canonical: None,
            error_type: None,
            canonical_msg: None,
            language: None,
            taxonomy_runtime: None,
            taxonomy_phase: None,
            taxonomy_type: None,
            taxonomy_cause: None,
            severity: None,
            reason: None,
            strategy: String::new(),
        }
    }
}
