//! Users' taxonomy rules: the form of `schemas/taxonomy/*.toml`, with the runtime named in the rule.

use super::Problem;
use super::fields::Fields;
use crate::classify::{self, Classifier};
use toml::{Table, Value};

/// Marks a user's rule among those that a classification can name.
const PREFIX: &str = "user/";

/// One rule, as far as it can be checked here.
#[derive(Debug)]
pub(super) struct TaxonomyRule {
    place: Problem,
    label: String,
    text: String,
}

impl TaxonomyRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let runtimes = fields.runtimes();
        let mut rule = fields.rest();
        if !runtimes.is_empty() {
            let names = runtimes.iter().map(|runtime| Value::String(runtime.as_str().to_owned()));
            rule.insert("runtime".to_owned(), Value::Array(names.collect()));
        }
        let mut file = Table::new();
        file.insert("rule".to_owned(), Value::Array(vec![Value::Table(rule)]));
        let text = toml::to_string(&file);
        Some(Self { place: fields.place().clone(), label: fields.label(), text: text.ok()? })
    }
}

/// The built-in taxonomy with a user's rules before it.
#[derive(Debug)]
pub(super) struct UserTaxonomy {
    pub(super) classifier: Classifier,
    labels: Vec<String>,
}

impl UserTaxonomy {
    /// The label of the user's rule that decided a classification, if one did.
    pub(super) fn label_of(&self, rule: &str) -> Option<&str> {
        // `user/3/label/Cause/condition`
        let (number, _) = rule.strip_prefix(PREFIX)?.split_once('/')?;
        let number: usize = number.parse().ok()?;
        self.labels.get(number.checked_sub(1)?).map(String::as_str)
    }
}

/// Puts rules before the built-in ones; `None` when there are no rules.
pub(super) fn taxonomy(rules: &[TaxonomyRule]) -> Result<Option<UserTaxonomy>, Vec<Problem>> {
    if rules.is_empty() {
        return Ok(None);
    }
    // The place makes names unique.
    let names: Vec<String> =
        rules.iter().map(|rule| format!("{PREFIX}{}/{}", rule.place.number, rule.label)).collect();
    let files: Vec<(&str, &str)> =
        rules.iter().zip(&names).map(|(rule, name)| (name.as_str(), rule.text.as_str())).collect();
    let labels = rules.iter().map(|rule| rule.label.clone()).collect();
    let classifier = classify::built_in().with_files_before(&files);
    classifier
        .map(|classifier| Some(UserTaxonomy { classifier, labels }))
        .map_err(|refused| refused.problems.iter().map(|problem| told(problem, rules, &names)).collect())
}

fn told(problem: &classify::Problem, rules: &[TaxonomyRule], names: &[String]) -> Problem {
    let rule = names.iter().position(|name| *name == problem.file);
    let place = rule
        .map(|rule| rules[rule].place.clone())
        .unwrap_or_else(|| Problem { section: "taxonomy".to_owned(), ..Problem::default() });
    let hint = if problem.hint.is_empty() { String::new() } else { format!(" ({})", problem.hint) };
    Problem { field: problem.field.clone(), what: format!("{}{hint}", problem.text), ..place }
}
