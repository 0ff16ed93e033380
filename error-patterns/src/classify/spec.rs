//! The form of rule files, and what can be wrong with one.
//!
//! A text is read rule by rule, so that all problems are told at once, each with its place and a hint.

use super::problem::{Problem, Severity, closest};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::{Table, Value};

/// Rules of one file or list.
pub(super) const RULES_MAX: usize = 4096;

/// One word of the cause vocabulary, a `[[cause]]` table.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Name written to `errata.taxonomy.cause`.
    pub name: String,
    /// What it means, in one sentence.
    pub means: String,
    /// A failure that has it, in few words.
    #[serde(default)]
    pub example: String,
    /// The first thing to look at or to do.
    #[serde(default)]
    pub first_step: String,
    /// Severity where a rule says none, 1 (a remark) to 5 (an outage).
    pub severity: u8,
}

/// One `[[rule]]` or `[[fallback]]` table as written. `schemas/taxonomy/README.md` explains the fields.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSpec {
    /// Names of runtimes; none means all. Only in users' rules: a built-in file is of one runtime.
    pub runtime: OneOrMany,
    /// `compile`, `runtime` or `deploy`; absent means `runtime`.
    pub phase: Option<String>,
    /// A name of the cause vocabulary.
    pub cause: String,
    /// 1 (a remark) to 5 (an outage); absent means the cause's.
    pub severity: Option<i64>,
    /// Level 3, when the type as written says little; `{exit_code}` is replaced, `{exit_code:2}` also says what
    /// stands there when the exit code is not known.
    pub type_as: Option<String>,
    /// Exceptions that this very rule must decide, as `Type: message`.
    pub example: OneOrMany,
    /// Type without module or package; with it where it has one in the rule.
    #[serde(rename = "type")]
    pub types: OneOrMany,
    /// End of the type's name.
    pub type_ends: OneOrMany,
    /// Code that the runtime gives beside the type.
    pub code: OneOrMany,
    /// Exit codes; a signal as its negative number.
    pub exit_code: Vec<i64>,
    /// Start of the message, as all texts of messages without regard to ASCII case.
    pub message_starts: OneOrMany,
    /// End of the message.
    pub message_ends: OneOrMany,
    /// A text inside the message.
    pub message_contains: OneOrMany,
    /// Texts that are all inside the message.
    pub message_all: OneOrMany,
    /// One of the first words in quotation marks, or its part before `.` or `/`.
    pub quoted: OneOrMany,
    /// The same with a list of `names.toml`.
    pub quoted_list: OneOrMany,
    /// Start of such a word.
    pub quoted_starts: OneOrMany,
    /// Part of the file or module, or the whole function, of a library frame inside the user's innermost frame.
    pub raised_in: OneOrMany,
    /// Who raised it: `program` when the innermost frame is of the user's or the application's own code, `callee`
    /// when it is not.
    pub raised_by: Option<String>,
    /// Type of another exception of the chain.
    pub chain_type: OneOrMany,
    /// Kind of the failing statement, a name of [`crate::ast::Statement`].
    pub statement: OneOrMany,
    /// What the statement calls or is applied to, or its first names; its last name where the value starts with `.`.
    pub call: OneOrMany,
    /// Module that the statement imports or that the called name comes from, or its first names.
    pub import: OneOrMany,
}

/// `"text"` or `["text", "text"]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(from = "OneOrList")]
pub struct OneOrMany(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum OneOrList {
    One(String),
    List(Vec<String>),
}

impl From<OneOrList> for OneOrMany {
    fn from(read: OneOrList) -> Self {
        match read {
            OneOrList::One(one) => Self(vec![one]),
            OneOrList::List(list) => Self(list),
        }
    }
}

/// What one file says, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFile {
    /// New words for causes.
    pub causes: Vec<Cause>,
    /// The `[[rule]]`s.
    pub rules: Vec<RuleSpec>,
    /// The `[[fallback]]`s: asked when nothing else knows the cause.
    pub fallbacks: Vec<RuleSpec>,
}

/// A file that was read, with the lines of its tables.
#[derive(Debug, Default)]
pub(super) struct ReadFile {
    pub(super) causes: Vec<(Place, Cause)>,
    pub(super) rules: Vec<(Place, RuleSpec)>,
    pub(super) fallbacks: Vec<(Place, RuleSpec)>,
}

/// Where a table stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Name of the file as the caller gives it.
    pub(super) file: String,
    /// `rule`, `fallback` or `cause`.
    pub(super) list: &'static str,
    /// Its number in that list, from 1.
    pub(super) number: usize,
    /// Line of its header; `None` when the text is not at hand.
    pub(super) line: Option<usize>,
}

impl RuleFile {
    pub(super) fn placed(&self, file: &str) -> ReadFile {
        let place =
            |list: &'static str, i: usize| Place { file: file.to_owned(), list, number: i + 1, line: None };
        let rules = |list: &'static str, specs: &[RuleSpec]| {
            specs.iter().enumerate().map(|(i, spec)| (place(list, i), spec.clone())).collect()
        };
        ReadFile {
            causes: self.causes.iter().enumerate().map(|(i, c)| (place("cause", i), c.clone())).collect(),
            rules: rules("rule", &self.rules),
            fallbacks: rules("fallback", &self.fallbacks),
        }
    }
}

/// Reads a text; what is faulty is left out and told.
pub(super) fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> ReadFile {
    let tables: Table = match toml::from_str(text) {
        Ok(tables) => tables,
        Err(error) => {
            let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            let place = Place { file: file.to_owned(), line, ..Place::default() };
            problems.push(Problem::error(&place, "", format!("is not TOML: {}", error.message())));
            return ReadFile::default();
        }
    };
    for name in tables.keys().filter(|name| !["cause", "rule", "fallback"].contains(&name.as_str())) {
        let place = Place { file: file.to_owned(), ..Place::default() };
        let problem = Problem::error(&place, "", format!("unknown table {name:?}"));
        problems.push(problem.hint(closest(name, ["rule", "fallback", "cause"].into_iter())));
    }
    let mut reader = Reader { file, text, tables: &tables, problems };
    ReadFile { causes: reader.list("cause"), rules: reader.list("rule"), fallbacks: reader.list("fallback") }
}

struct Reader<'r> {
    file: &'r str,
    text: &'r str,
    tables: &'r Table,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn list<T: for<'de> Deserialize<'de>>(&mut self, list: &'static str) -> Vec<(Place, T)> {
        let place =
            |number: usize, line: Option<usize>| Place { file: self.file.to_owned(), list, number, line };
        let found = match self.tables.get(list) {
            None => return Vec::new(),
            Some(Value::Array(found)) => found,
            Some(_) => {
                let problem = Problem::error(&place(1, None), "", "is not a list of tables".to_owned());
                self.problems.push(problem.hint(format!("write [[{list}]]")));
                return Vec::new();
            }
        };
        if found.len() > RULES_MAX {
            let text = format!("the file has {} tables {list}, limit is {RULES_MAX}", found.len());
            self.problems.push(Problem::error(&place(found.len(), None), "", text));
            return Vec::new();
        }
        let header = format!("[[{list}]]");
        let lines: Vec<usize> = (1..)
            .zip(self.text.lines())
            .filter(|(_, line)| line.trim_start().starts_with(&header))
            .map(|(number, _)| number)
            .collect();
        let mut read = Vec::with_capacity(found.len());
        for (i, value) in found.iter().enumerate() {
            let place = place(i + 1, lines.get(i).copied().filter(|_| lines.len() == found.len()));
            match T::deserialize(value.clone().into_deserializer()) {
                Ok(table) => read.push((place, table)),
                Err(error) => self.problems.push(refused(&place, value, &error)),
            }
        }
        read
    }
}

/// A table that does not have the form of its list.
fn refused(place: &Place, value: &Value, error: &toml::de::Error) -> Problem {
    let told = error.message();
    let Some(key) = told.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return Problem::error(place, "", told.trim().to_owned());
    };
    let known = told.split('`').skip(3).step_by(2);
    let hint = closest(key, known);
    let shown = value.get(key).map(ToString::to_string).unwrap_or_default();
    let shown: String = shown.chars().take(60).collect();
    Problem {
        severity: Severity::Error,
        ..Problem::error(place, "", format!("unknown key {key:?} (= {shown})"))
    }
    .hint(hint)
}
