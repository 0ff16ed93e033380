//! Placeholder until the next commit of this branch.

use super::Outcome;
use super::text::Text;
use crate::model::RawException;

/// No shape.
pub(super) fn parse<'a>(_text: &Text<'a>) -> Option<Outcome<'a>> {
    None
}

/// The exit status.
pub(crate) fn exit_status(raw: &RawException<'_>) -> Option<i64> {
    raw.exit_code
}
