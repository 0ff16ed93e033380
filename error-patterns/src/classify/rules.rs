//! Reads and checks the rule files of `schemas/taxonomy/`.
//!
//! A rule that names an unknown cause, that has no condition, that repeats another, or that can never be reached
//! because an earlier rule takes everything it would take, is an error. At most 4,096 rules per file.

use crate::model::{Phase, Runtime, short_type};
use aho_corasick::AhoCorasick;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Severity where neither rule nor cause says one.
pub(super) const SEVERITY_DEFAULT: u8 = 3;
const RULES_MAX: usize = 4096;

const CAUSES: &str = include_str!("../../../schemas/taxonomy/causes.toml");
const NAMES: &str = include_str!("../../../schemas/taxonomy/names.toml");
const FILES: [(&str, Runtime, &str); 12] = [
    ("python", Runtime::Python, include_str!("../../../schemas/taxonomy/python.toml")),
    ("javascript", Runtime::JavaScript, include_str!("../../../schemas/taxonomy/javascript.toml")),
    ("java", Runtime::Java, include_str!("../../../schemas/taxonomy/java.toml")),
    ("shell", Runtime::Shell, include_str!("../../../schemas/taxonomy/shell.toml")),
    ("go", Runtime::Go, include_str!("../../../schemas/taxonomy/go.toml")),
    ("rust", Runtime::Rust, include_str!("../../../schemas/taxonomy/rust.toml")),
    ("dotnet", Runtime::DotNet, include_str!("../../../schemas/taxonomy/dotnet.toml")),
    ("ruby", Runtime::Ruby, include_str!("../../../schemas/taxonomy/ruby.toml")),
    ("php", Runtime::Php, include_str!("../../../schemas/taxonomy/php.toml")),
    ("native", Runtime::Native, include_str!("../../../schemas/taxonomy/native.toml")),
    ("r", Runtime::R, include_str!("../../../schemas/taxonomy/r.toml")),
    ("any", Runtime::Unknown, include_str!("../../../schemas/taxonomy/any.toml")),
];

/// Why a rule file is refused. `file` is its name without the extension, `rule` counts from 1.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Not TOML, or a key that does not exist.
    #[error("taxonomy file {file} is not valid")]
    Syntax {
        /// Name of the file.
        file: String,
        /// What the reader said.
        #[source]
        source: toml::de::Error,
    },
    /// The rule names a cause that the vocabulary lacks.
    #[error("taxonomy rule {rule} has the unknown cause {cause:?}")]
    UnknownCause {
        /// The rule, as `file:number`.
        rule: String,
        /// What it says.
        cause: String,
    },
    /// The rule names a list that `names.toml` lacks.
    #[error("taxonomy rule {rule} has the unknown list {list:?}")]
    UnknownList {
        /// The rule, as `file:number`.
        rule: String,
        /// What it says.
        list: String,
    },
    /// The rule has no condition and would end the list.
    #[error("taxonomy rule {0} has no condition")]
    Empty(String),
    /// The severity lies outside 1 to 5.
    #[error("taxonomy rule {rule} has severity {severity}, limits are 1 and 5")]
    Severity {
        /// The rule, as `file:number`.
        rule: String,
        /// What it says.
        severity: u8,
    },
    /// The rule can never be reached.
    #[error("taxonomy rule {rule} is never reached, {earlier} takes all of it")]
    Unreachable {
        /// The rule, as `file:number`.
        rule: String,
        /// The rule before it.
        earlier: String,
    },
    /// Several problems at once, one on each line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// Too many rules in one file.
    #[error("taxonomy file {file} has {rules} rules, limit is {RULES_MAX}")]
    TooMany {
        /// Name of the file.
        file: String,
        /// Number of rules.
        rules: usize,
    },
    /// The texts of a file's rules cannot be compiled: together they are too large.
    #[error("taxonomy rules cannot be compiled")]
    Build(#[from] aho_corasick::BuildError),
    /// The same cause twice in the vocabulary.
    #[error("cause {0:?} is defined twice")]
    DuplicateCause(String),
}

/// One word of the cause vocabulary.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Name written to `errata.taxonomy.cause`.
    pub name: String,
    /// What it means, in one sentence.
    pub means: String,
    /// Severity where a rule says none, 1 (a remark) to 5 (an outage).
    pub severity: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseFile {
    cause: Vec<Cause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<RawRule>,
    #[serde(default)]
    fallback: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default = "runtime_phase")]
    phase: RawPhase,
    cause: String,
    severity: Option<u8>,
    type_as: Option<String>,
    #[serde(default, rename = "type")]
    types: Vec<String>,
    #[serde(default)]
    type_ends: Vec<String>,
    #[serde(default)]
    code: Vec<String>,
    #[serde(default)]
    exit_code: Vec<i64>,
    #[serde(default)]
    message_starts: Vec<String>,
    #[serde(default)]
    message_ends: Vec<String>,
    #[serde(default)]
    message_contains: Vec<String>,
    #[serde(default)]
    message_all: Vec<String>,
    #[serde(default)]
    quoted: Vec<String>,
    #[serde(default)]
    quoted_list: Vec<String>,
    #[serde(default)]
    quoted_starts: Vec<String>,
    #[serde(default)]
    raised_in: Vec<String>,
    #[serde(default)]
    chain_type: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawPhase {
    Compile,
    Runtime,
    Deploy,
}

fn runtime_phase() -> RawPhase {
    RawPhase::Runtime
}

/// A checked rule. Text for messages is lower case.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) phase: Phase,
    pub(super) cause: String,
    pub(super) severity: u8,
    pub(super) type_as: Option<String>,
    pub(super) types: Vec<String>,
    pub(super) type_ends: Vec<String>,
    pub(super) codes: Vec<String>,
    pub(super) exit_codes: Vec<i64>,
    pub(super) message_starts: Vec<String>,
    pub(super) message_ends: Vec<String>,
    pub(super) message_contains: Vec<String>,
    pub(super) message_all: Vec<String>,
    pub(super) quoted: Vec<String>,
    pub(super) quoted_starts: Vec<String>,
    pub(super) raised_in: Vec<String>,
    pub(super) chain_types: Vec<String>,
}

/// Rules in order, with the ones that can fit a type found by its name.
#[derive(Debug)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<Rule>,
    by_type: HashMap<String, Vec<usize>>,
    untyped: Vec<usize>,
    /// All texts that rules look for inside messages: one pass finds every one that is there.
    pub(super) needles: AhoCorasick,
    /// Of each rule, the numbers of its `message_contains` and `message_all`.
    pub(super) contains: Vec<(Vec<usize>, Vec<usize>)>,
}

/// Both lists of one runtime.
#[derive(Debug)]
pub(super) struct RuntimeRules {
    pub(super) rules: RuleSet,
    /// Asked only when nothing else knows the cause.
    pub(super) fallbacks: RuleSet,
}

/// Rules of all runtimes, and the vocabulary they use.
#[derive(Debug)]
pub struct Classifier {
    causes: Vec<Cause>,
    by_runtime: HashMap<Runtime, RuntimeRules>,
}

/// A user's rules for one runtime, in the form of `schemas/taxonomy/*.toml`.
#[derive(Clone, Copy, Debug)]
pub struct UserRule<'t> {
    /// The runtime; [`Runtime::Unknown`] for the rules that hold for any.
    pub runtime: Runtime,
    /// What stands in place of a file's name in labels and problems.
    pub name: &'t str,
    /// The rules.
    pub text: &'t str,
}

impl Classifier {
    /// Reads the rules that are built in.
    ///
    /// # Errors
    /// When a built-in file is faulty; a test proves that none is.
    pub fn built_in() -> Result<Self, RulesError> {
        Self::with_rules(&[])
    }

    /// Reads the built-in rules and puts a user's before them.
    ///
    /// # Errors
    /// What is wrong with the texts, all at once. A built-in rule that a user's rule overrides is left out, not
    /// refused.
    pub fn with_rules(users: &[UserRule<'_>]) -> Result<Self, RulesError> {
        let causes = read_causes()?;
        let lists: BTreeMap<String, Vec<String>> = parse_toml("names", NAMES)?;
        let reader = Reader { causes: &causes, lists: &lists };
        let mut by_runtime = HashMap::new();
        let mut problems = Vec::new();
        for (file, runtime, text) in FILES {
            let built_in = reader.file(file, text)?;
            let mut own = (Vec::new(), Vec::new());
            for user in users.iter().filter(|user| user.runtime == runtime) {
                match reader.file(user.name, user.text) {
                    Ok((rules, fallbacks)) => {
                        own.0.extend(rules);
                        own.1.extend(fallbacks);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
            let before = |mut own: Vec<Rule>, built_in: Vec<Rule>| {
                let kept: Vec<Rule> =
                    built_in.into_iter().filter(|b| !own.iter().any(|o| o.covers(b))).collect();
                own.extend(kept);
                own
            };
            let rules = RuleSet::new(before(own.0, built_in.0))?;
            let fallbacks = RuleSet::new(before(own.1, built_in.1))?;
            by_runtime.insert(runtime, RuntimeRules { rules, fallbacks });
        }
        match problems.len() {
            0 => Ok(Self { causes, by_runtime }),
            1 => Err(problems.remove(0)),
            _ => Err(RulesError::Several(problems)),
        }
    }

    /// The cause vocabulary.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// Rules of one runtime.
    pub(super) fn of(&self, runtime: Runtime) -> &RuntimeRules {
        self.by_runtime.get(&runtime).expect("every runtime has a file")
    }
}

fn read_causes() -> Result<Vec<Cause>, RulesError> {
    let file: CauseFile = parse_toml("causes", CAUSES)?;
    for (i, cause) in file.cause.iter().enumerate() {
        if file.cause[..i].iter().any(|other| other.name == cause.name) {
            return Err(RulesError::DuplicateCause(cause.name.clone()));
        }
        check_severity(&cause.name, cause.severity)?;
    }
    Ok(file.cause)
}

fn parse_toml<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, RulesError> {
    toml::from_str(text).map_err(|source| RulesError::Syntax { file: file.to_owned(), source })
}

fn check_severity(rule: &str, severity: u8) -> Result<(), RulesError> {
    if (1..=5).contains(&severity) {
        return Ok(());
    }
    Err(RulesError::Severity { rule: rule.to_owned(), severity })
}

struct Reader<'c> {
    causes: &'c [Cause],
    lists: &'c BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn file(&self, file: &str, text: &str) -> Result<(Vec<Rule>, Vec<Rule>), RulesError> {
        let raw: RuleFile = parse_toml(file, text)?;
        let count = raw.rule.len() + raw.fallback.len();
        if count > RULES_MAX {
            return Err(RulesError::TooMany { file: file.to_owned(), rules: count });
        }
        Ok((self.rules(file, raw.rule)?, self.rules(&format!("{file}/fallback"), raw.fallback)?))
    }

    fn rules(&self, file: &str, raw: Vec<RawRule>) -> Result<Vec<Rule>, RulesError> {
        let mut rules: Vec<Rule> = Vec::with_capacity(raw.len());
        let mut problems = Vec::new();
        for (i, raw) in raw.into_iter().enumerate() {
            match self.rule(format!("{file}:{}", i + 1), raw) {
                Ok(rule) => {
                    if let Some(earlier) = rules.iter().find(|earlier| earlier.covers(&rule)) {
                        let earlier = earlier.name.clone();
                        problems.push(RulesError::Unreachable { rule: rule.name.clone(), earlier });
                    }
                    rules.push(rule);
                }
                Err(problem) => problems.push(problem),
            }
        }
        match problems.len() {
            0 => Ok(rules),
            1 => Err(problems.remove(0)),
            _ => Err(RulesError::Several(problems)),
        }
    }

    fn rule(&self, name: String, raw: RawRule) -> Result<Rule, RulesError> {
        let Some(cause) = self.causes.iter().find(|cause| cause.name == raw.cause) else {
            return Err(RulesError::UnknownCause { rule: name, cause: raw.cause });
        };
        let severity = raw.severity.unwrap_or(cause.severity);
        check_severity(&name, severity)?;
        let mut quoted = lower(raw.quoted);
        for list in &raw.quoted_list {
            let Some(words) = self.lists.get(list) else {
                return Err(RulesError::UnknownList { rule: name, list: list.clone() });
            };
            quoted.extend(lower(words.clone()));
        }
        let rule = Rule {
            name,
            phase: match raw.phase {
                RawPhase::Compile => Phase::Compile,
                RawPhase::Runtime => Phase::Runtime,
                RawPhase::Deploy => Phase::Deploy,
            },
            cause: raw.cause,
            severity,
            type_as: raw.type_as,
            types: raw.types,
            type_ends: raw.type_ends,
            codes: raw.code,
            exit_codes: raw.exit_code,
            message_starts: lower(raw.message_starts),
            message_ends: lower(raw.message_ends),
            message_contains: lower(raw.message_contains),
            message_all: lower(raw.message_all),
            quoted,
            quoted_starts: lower(raw.quoted_starts),
            raised_in: raw.raised_in,
            chain_types: raw.chain_type,
        };
        if rule.is_empty() {
            return Err(RulesError::Empty(rule.name));
        }
        Ok(rule)
    }
}

fn lower(words: Vec<String>) -> Vec<String> {
    words.into_iter().map(|word| word.to_ascii_lowercase()).collect()
}

impl Rule {
    fn is_empty(&self) -> bool {
        self.exit_codes.is_empty() && self.lists().iter().all(|list| list.is_empty())
    }

    /// File, cause and first condition: what a person needs to find the rule.
    pub(super) fn label(&self) -> String {
        let file = self.name.rsplit_once(':').map_or(self.name.as_str(), |(file, _)| file);
        let condition = self.lists().into_iter().find_map(|list| list.first()).map(String::as_str);
        match (condition, self.exit_codes.first()) {
            (Some(condition), _) => format!("{file}/{}/{condition}", self.cause),
            (None, Some(code)) => format!("{file}/{}/exit code {code}", self.cause),
            (None, None) => format!("{file}/{}", self.cause),
        }
    }

    fn lists(&self) -> [&[String]; 11] {
        [
            &self.types,
            &self.type_ends,
            &self.codes,
            &self.message_starts,
            &self.message_ends,
            &self.message_contains,
            &self.message_all,
            &self.quoted,
            &self.quoted_starts,
            &self.raised_in,
            &self.chain_types,
        ]
    }

    /// Whether this rule fits whatever `later` fits, as far as the words of both tell.
    fn covers(&self, later: &Self) -> bool {
        let within = |ours: &[String], theirs: &[String]| {
            ours.is_empty() || !theirs.is_empty() && theirs.iter().all(|word| ours.contains(word))
        };
        let types = within(&self.types, &later.types);
        let type_ends = self.type_ends.is_empty()
            || within(&self.type_ends, &later.type_ends)
            || !later.types.is_empty()
                && later
                    .types
                    .iter()
                    .all(|name| self.type_ends.iter().any(|end| name.ends_with(end.as_str())));
        let exits = self.exit_codes.is_empty()
            || !later.exit_codes.is_empty()
                && later.exit_codes.iter().all(|code| self.exit_codes.contains(code));
        types
            && type_ends
            && exits
            && within(&self.codes, &later.codes)
            && self.message_starts.iter().all(|_| within(&self.message_starts, &later.message_starts))
            && within(&self.message_ends, &later.message_ends)
            && self.covers_contains(later)
            && self
                .message_all
                .iter()
                .all(|word| later.message_all.iter().any(|other| other.contains(word.as_str())))
            && within(&self.quoted, &later.quoted)
            && within(&self.quoted_starts, &later.quoted_starts)
            && within(&self.raised_in, &later.raised_in)
            && within(&self.chain_types, &later.chain_types)
    }

    fn covers_contains(&self, later: &Self) -> bool {
        if self.message_contains.is_empty() {
            return true;
        }
        let has = |text: &String| self.message_contains.iter().any(|word| text.contains(word.as_str()));
        let each = |list: &[String]| !list.is_empty() && list.iter().all(has);
        each(&later.message_contains)
            || each(&later.message_starts)
            || each(&later.message_ends)
            || later.message_all.iter().any(has)
    }
}

impl RuleSet {
    fn new(rules: Vec<Rule>) -> Result<Self, RulesError> {
        let short = |name: &String| short_type(name).to_owned();
        let mut names: Vec<String> = rules.iter().flat_map(|rule| rule.types.iter().map(short)).collect();
        names.sort_unstable();
        names.dedup();
        let numbers =
            |fits: &dyn Fn(&Rule) -> bool| (0..rules.len()).filter(|&i| fits(&rules[i])).collect::<Vec<_>>();
        let untyped = numbers(&|rule| rule.types.is_empty());
        let by_type = names
            .into_iter()
            .map(|name| {
                let of_name = numbers(&|rule| {
                    rule.types.is_empty() || rule.types.iter().any(|t| short_type(t) == name)
                });
                (name, of_name)
            })
            .collect();
        let mut words: Vec<&str> = rules
            .iter()
            .flat_map(|rule| rule.message_contains.iter().chain(&rule.message_all).map(String::as_str))
            .collect();
        words.sort_unstable();
        words.dedup();
        let number = |word: &String| words.binary_search(&word.as_str()).unwrap_or(usize::MAX);
        let contains = rules
            .iter()
            .map(|rule| {
                (
                    rule.message_contains.iter().map(number).collect(),
                    rule.message_all.iter().map(number).collect(),
                )
            })
            .collect();
        let needles = AhoCorasick::new(&words)?;
        Ok(Self { needles, contains, rules, by_type, untyped })
    }

    /// Numbers of the rules that can fit a type, in order.
    pub(super) fn candidates(&self, short: &str) -> &[usize] {
        self.by_type.get(short).unwrap_or(&self.untyped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_are_valid() {
        let causes = read_causes().unwrap();
        let lists: BTreeMap<String, Vec<String>> = parse_toml("names", NAMES).unwrap();
        let reader = Reader { causes: &causes, lists: &lists };
        let problems: Vec<String> = FILES
            .iter()
            .filter_map(|(file, _, text)| reader.file(file, text).err())
            .map(|problem| {
                format!("{problem} {:?}", std::error::Error::source(&problem).map(ToString::to_string))
            })
            .collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
