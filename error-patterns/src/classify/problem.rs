//! What is wrong with a rule file, told so that its author finds the place and the remedy.

use super::spec::Place;
use std::fmt;

/// Whether a problem keeps a file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The rule cannot be understood: the file is refused.
    Error,
    /// The rule is understood but does nothing, or not what its example says: the file is used.
    Warning,
}

/// One problem of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// Name of the file as the caller gave it.
    pub file: String,
    /// `rule 12`, `fallback 1`, `cause 3`; empty when it is the file's.
    pub table: String,
    /// Line of that table's header, or of the fault; `None` when unknown.
    pub line: Option<usize>,
    /// The key that is wrong; empty when it is the whole table.
    pub field: String,
    /// What is wrong.
    pub text: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl Problem {
    pub(super) fn error(place: &Place, field: &str, text: String) -> Self {
        let table =
            if place.number == 0 { String::new() } else { format!("{} {}", place.list, place.number) };
        Self {
            severity: Severity::Error,
            file: place.file.clone(),
            table,
            line: place.line,
            field: field.to_owned(),
            text,
            hint: String::new(),
        }
    }

    pub(super) fn warning(place: &Place, field: &str, text: String) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, field, text) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        for part in [&self.table, &self.field] {
            if !part.is_empty() {
                write!(f, ", {part}")?;
            }
        }
        write!(f, ": {}", self.text)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// Why rules are refused: all errors at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct RulesError {
    /// At least one; errors only, no warnings.
    pub problems: Vec<Problem>,
}

impl RulesError {
    /// Refuses when there is an error among the problems.
    pub(super) fn check(problems: Vec<Problem>) -> Result<(), Self> {
        let problems: Vec<Problem> =
            problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

/// A hint towards the known name that is spelt most alike, or the list of them when none is near.
pub(super) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known.iter().map(|other| (distance(name, other), *other)).min();
    match near {
        Some((distance, other)) if distance <= 1 + name.len() / 4 => format!("did you mean {other:?}?"),
        _ if known.is_empty() => String::new(),
        _ => format!("known are {}", known.join(", ")),
    }
}

/// Levenshtein's distance without regard to case, over at most 40 letters of each.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().take(40).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (a, b) = (letters(a), letters(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest() {
        assert_eq!(closest("PathIsue", ["Timeout", "PathIssue"].into_iter()), "did you mean \"PathIssue\"?");
        assert_eq!(closest("Zebra", ["Timeout", "PathIssue"].into_iter()), "known are Timeout, PathIssue");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
