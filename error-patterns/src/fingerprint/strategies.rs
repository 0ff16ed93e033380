//! The strategies, each under the date from which it is used.

mod s2026_12_01;

pub use s2026_12_01::NAME as STRATEGY;
pub(super) use s2026_12_01::make as newest;
pub(crate) use s2026_12_01::{is_environment, place, root_cause, template};
