//! From the text of a rules file to compiled rules, or to everything that is wrong with it.

use super::fields::Fields;
use super::fingerprint::{FingerprintRule, FingerprintRules};
use super::frames::{FrameMarks, FrameRule};
use super::mask::{MaskRule, MaskRules};
use super::message::{MessageRule, MessageRules};
use super::taxonomy::{TaxonomyRule, taxonomy};
use super::{Problem, RULES_MAX, Rules, RulesProblems, SECTIONS, TEXT_BYTES_MAX};
use std::sync::Arc;
use toml::{Table, Value};
use xxhash_rust::xxh3::xxh3_64;

/// Reads all sections; goes on after a problem, so that all are told.
pub(super) fn read(text: &str) -> Result<Rules, RulesProblems> {
    let table = parse(text).map_err(|problem| RulesProblems(vec![problem]))?;
    let mut reader = Reader { text, table, problems: Vec::new(), warnings: Vec::new() };
    let fingerprints = reader.section(0, FingerprintRule::read, FingerprintRule::slow);
    let frames = reader.section(1, FrameRule::read, FrameRule::slow);
    let messages = reader.section(2, MessageRule::read, MessageRule::slow);
    let masks = reader.section(3, MaskRule::read, MaskRule::slow);
    let taxonomies = reader.section(4, TaxonomyRule::read, |_| None);
    for section in std::mem::take(&mut reader.table).keys() {
        let what = format!("is no section; there are [[{}]]", SECTIONS.join("]], [["));
        reader.problems.push(Problem { section: section.clone(), what, ..Problem::default() });
    }
    let counts = [fingerprints.len(), frames.len(), messages.len(), masks.len(), taxonomies.len()];
    let taxonomy = taxonomy(&taxonomies).unwrap_or_else(|problems| {
        reader.problems.extend(problems);
        None
    });
    let mut failed = |problem: aho_corasick::BuildError| {
        reader
            .problems
            .push(Problem { what: format!("cannot be compiled: {problem}"), ..Problem::default() });
    };
    let rules = Rules {
        fingerprints: FingerprintRules::new(fingerprints).map_err(&mut failed).unwrap_or_default(),
        frames: FrameMarks::new(frames).map_err(&mut failed).unwrap_or_default(),
        messages: MessageRules::new(messages).map_err(&mut failed).unwrap_or_default(),
        masks: Arc::new(MaskRules::new(masks).map_err(&mut failed).unwrap_or_default()),
        taxonomy,
        digest: xxh3_64(text.as_bytes()),
        counts,
        warnings: reader.warnings,
    };
    let mut problems = reader.problems;
    // In the order of the file, as far as lines are known.
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() { Ok(rules) } else { Err(RulesProblems(problems)) }
}

fn parse(text: &str) -> Result<Table, Problem> {
    if text.len() > TEXT_BYTES_MAX {
        let what = format!("the file has {} bytes, limit is {TEXT_BYTES_MAX}", text.len());
        return Err(Problem { what, ..Problem::default() });
    }
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| {
            text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
        });
        Problem {
            line,
            what: format!("is not TOML: {}", error.message().replace('\n', " ")),
            ..Problem::default()
        }
    })
}

struct Reader<'t> {
    text: &'t str,
    table: Table,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Reader<'_> {
    /// Reads the rules of one of the [`SECTIONS`].
    fn section<R>(
        &mut self,
        section: usize,
        read: impl Fn(&mut Fields) -> Option<R>,
        slow: impl Fn(&R) -> Option<&'static str>,
    ) -> Vec<R> {
        let section = SECTIONS[section];
        let values = match self.table.remove(section) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                let what = format!("is not a list of rules; write [[{section}]]");
                self.problems.push(Problem { section: section.to_owned(), what, ..Problem::default() });
                return Vec::new();
            }
        };
        if values.len() > RULES_MAX {
            let what = format!("has {} rules, limit is {RULES_MAX}", values.len());
            self.problems.push(Problem { section: section.to_owned(), what, ..Problem::default() });
            return Vec::new();
        }
        let mut lines = self.lines(section);
        if lines.len() != values.len() {
            // The rules are written as a list in one value.
            lines.clear();
        }
        let mut rules = Vec::with_capacity(values.len());
        let mut names: Vec<String> = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            let line = lines.get(at).copied().unwrap_or(0);
            let mut fields = Fields::new(section, at + 1, line, value);
            let name = fields.place().name.clone();
            if !name.is_empty() && names.contains(&name) {
                fields.problem("name", "is another rule's of this section".to_owned());
            }
            names.push(name);
            let rule = read(&mut fields);
            if let Some(rule) = rule {
                if let Some(field) = slow(&rule) {
                    let what = "has no literal that every match needs, so it runs on every text";
                    let what = what.to_owned();
                    self.warnings.push(Problem { field: field.to_owned(), what, ..fields.place().clone() });
                }
                rules.push(rule);
            }
            self.problems.append(&mut fields.problems);
        }
        rules
    }

    /// The lines on which a section's rules begin.
    fn lines(&self, section: &str) -> Vec<usize> {
        let begins = |line: &str| {
            let inside = line.trim_start().strip_prefix("[[").and_then(|rest| rest.split_once("]]"));
            inside.is_some_and(|(name, _)| name.trim() == section)
        };
        self.text.lines().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at + 1).collect()
    }
}
