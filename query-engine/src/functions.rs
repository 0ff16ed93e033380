//! SQL functions of our own: what patterns need and SQL has no word for. All are immutable, so what they make of a file
//! can be kept (`engine/partials.rs`).

mod distinct_estimate;
mod occurs_within;
mod pattern_of;
mod states;

pub(crate) use pattern_of::{NAME as PATTERN_OF, Names, stored_key};

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use std::sync::Arc;

/// The aggregate functions.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    vec![Arc::new(distinct_estimate::function()), Arc::new(occurs_within::function())]
}

/// `pattern_of` with the names in force.
pub(crate) fn pattern_of(names: Arc<Names>) -> Arc<ScalarUDF> {
    Arc::new(pattern_of::function(names))
}
