//! Users' taxonomy rules: the form of `schemas/taxonomy/*.toml`, with the runtime named in the rule.

use super::Problem;
use super::fields::Fields;
use crate::classify::{Classifier, RulesError, UserRule};
use crate::frames::RUNTIMES;
use crate::model::Runtime;
use toml::{Table, Value};

/// Marks a user's rule among those that a classification can name.
const PREFIX: &str = "user/";

/// One rule, as far as it can be checked here.
#[derive(Debug)]
pub(super) struct TaxonomyRule {
    place: Problem,
    label: String,
    runtimes: Vec<Runtime>,
    text: String,
}

impl TaxonomyRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let runtimes = fields.runtimes();
        let mut file = Table::new();
        file.insert("rule".to_owned(), Value::Array(vec![Value::Table(fields.rest())]));
        let text = toml::to_string(&file);
        let runtimes = if runtimes.is_empty() { RUNTIMES.to_vec() } else { runtimes };
        Some(Self { place: fields.place().clone(), label: fields.label(), runtimes, text: text.ok()? })
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
    let mut users = Vec::new();
    for (rule, name) in rules.iter().zip(&names) {
        users.extend(rule.runtimes.iter().map(|runtime| UserRule {
            runtime: *runtime,
            name,
            text: &rule.text,
        }));
    }
    let labels = rules.iter().map(|rule| rule.label.clone()).collect();
    let classifier = Classifier::with_rules(&users);
    classifier.map(|classifier| Some(UserTaxonomy { classifier, labels })).map_err(|error| {
        let several = match error {
            RulesError::Several(several) => several,
            single => vec![single],
        };
        let mut problems: Vec<Problem> = Vec::new();
        for error in several {
            let problem = told(&error, rules, &names);
            // A rule for several runtimes is refused once for each.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems
    })
}

fn told(error: &RulesError, rules: &[TaxonomyRule], names: &[String]) -> Problem {
    let place = |name: &str| {
        let name = name.strip_suffix(":1").unwrap_or(name);
        let rule = names.iter().position(|each| each == name);
        rule.map(|rule| rules[rule].place.clone())
            .unwrap_or_else(|| Problem { section: "taxonomy".to_owned(), ..Problem::default() })
    };
    let of = |name: &str, field: &str, what: String| Problem { field: field.to_owned(), what, ..place(name) };
    match error {
        RulesError::Syntax { file, source } => of(file, "", source.message().replace('\n', " ")),
        RulesError::UnknownCause { rule, cause } => of(
            rule,
            "cause",
            format!("{cause:?} is not in the vocabulary, which is schemas/taxonomy/causes.toml"),
        ),
        RulesError::UnknownList { rule, list } => {
            of(rule, "quoted_list", format!("{list:?} is no list of schemas/taxonomy/names.toml"))
        }
        RulesError::Empty(rule) => of(rule, "", "has no condition and would fit everything".to_owned()),
        RulesError::Severity { rule, severity } => {
            of(rule, "severity", format!("is {severity}, limits are 1 and 5"))
        }
        RulesError::Unreachable { rule, earlier } => {
            of(rule, "", format!("is never reached, {earlier} takes all of it"))
        }
        other => of("", "", other.to_string()),
    }
}
