//! Fingerprints under dated strategies. A strategy is never edited after a release; a new one is added
//! beside it, and events then carry the hashes of both.

use crate::canonical::Canonical;
use crate::ids::Fingerprint;
use crate::model::{Parsed, RawException};

mod strategies;

pub use strategies::STRATEGY;
pub(crate) use strategies::root_cause;

/// What a hash of an event is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashKind {
    /// The whole canonical form: the fingerprint.
    Canonical,
    /// Type and the path through libraries down to the raise.
    Library,
    /// Type and the frames of the deployed application.
    Application,
    /// Type and parameterized message.
    Message,
}

/// One hash of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHash {
    pub kind: HashKind,
    pub value: Fingerprint,
}

/// All that a strategy says of one exception.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) canonical: Canonical,
    /// Never empty: the fingerprint first.
    pub(crate) hashes: Vec<EventHash>,
    pub(crate) context: String,
    pub(crate) error_type: String,
    pub(crate) canonical_message: String,
    pub(crate) file_path: Option<String>,
    pub(crate) language: Option<String>,
}

/// Under the newest strategy.
pub(crate) fn of(raw: &RawException<'_>, parsed: &Parsed<'_>) -> Made {
    strategies::newest(raw, parsed)
}
