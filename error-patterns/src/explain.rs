//! Why an exception has its grouping, in plain words.

use crate::grouping::Grouping;
use crate::model::RawException;
use crate::store::Assignment;
use std::fmt;

/// What contributed to a grouping, and what did not. `Display` writes it as text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    lines: Vec<String>,
}

/// Explains a grouping, and what it was joined to where that is known.
#[must_use]
pub fn explain(_raw: &RawException<'_>, grouping: &Grouping, assignment: Option<&Assignment>) -> Explanation {
    let mut lines = vec![format!("fingerprint {}", grouping.fingerprint)];
    lines.extend(grouping.canonical.lines().map(str::to_owned));
    lines.extend(assignment.map(|assignment| format!("pattern {}", assignment.pattern_id)));
    Explanation { lines }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
