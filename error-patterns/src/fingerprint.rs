//! Fingerprints under dated strategies. A strategy is never edited after a release; a new one is added
//! beside it, and events then carry the hashes of both.

use crate::canonical::Basis;
use crate::ids::Fingerprint;
use crate::likeness::Likeness;
use crate::model::{Parsed, RawException, Taxonomy};

mod strategies;

pub use strategies::STRATEGY;
pub(crate) use strategies::{is_environment, place, root_cause, template};

/// All that a strategy says of one exception.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The text of the canonical form.
    pub(crate) text: String,
    pub(crate) basis: Basis,
    pub(crate) likeness: Likeness,
    pub(crate) fingerprint: Fingerprint,
    /// Further hashes that join a pattern.
    pub(crate) joining: Vec<Fingerprint>,
    pub(crate) context: String,
    pub(crate) error_type: String,
    pub(crate) canonical_message: String,
    pub(crate) language: Option<String>,
}

/// Under the newest strategy.
pub(crate) fn of(raw: &RawException<'_>, parsed: &Parsed<'_>, taxonomy: &Taxonomy) -> Made {
    strategies::newest(raw, parsed, taxonomy)
}
