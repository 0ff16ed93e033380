//! What is wrong with a rule, told so that a person finds the place.

use std::fmt;

/// One problem of a rules text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// Section that the rule stands in; empty where the text as a whole is meant.
    pub section: String,
    /// Place of the rule in its section, from 1; 0 where the section as a whole is meant.
    pub number: usize,
    /// The rule's name, empty when it has none.
    pub name: String,
    /// Line of the text where the rule begins, from 1; 0 when unknown.
    pub line: usize,
    /// The field; empty where the rule as a whole is meant.
    pub field: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if self.number > 0 {
            write!(f, "{} rule {}", self.section, self.number)?;
            if !self.name.is_empty() {
                write!(f, " ({})", self.name)?;
            }
            f.write_str(": ")?;
        } else if !self.section.is_empty() {
            write!(f, "{}: ", self.section)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.what)
    }
}

/// Everything that is wrong with a rules text, one problem a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct RulesProblems(pub Vec<Problem>);
