//! The taxonomy: runtime, phase, type and cause of an exception, by rules that are data.
//!
//! Rules are read in order and the first that fits decides: a user's rules for the reported exception, then for what
//! caused it; the runtime's own and those for any runtime in the same way; then the fall-backs. Where the program
//! raised the reported exception in place of another, the runtime's rules are asked about that root cause first. What
//! no rule knows has an empty cause. Knows nothing of patterns; level 5 (context) is not filled here.

mod built_in;
mod check;
mod matching;
mod problem;
mod rules;
mod spec;
mod table;

use crate::fingerprint::root_cause;
use crate::model::{Parsed, ParsedException, RawException, Relation, Runtime, Taxonomy};
use crate::parse::exit_status;
use matching::Subject;
use problem::closest;
pub use problem::{Problem, RulesError, Severity};
use rapidhash::RapidHashMap;
use rules::{Rule, Vocabulary};
use smallvec::SmallVec;
pub use spec::{Cause, OneOrMany, RuleFile, RuleSpec};
use spec::{Place, RULES_MAX, ReadFile};
use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};
use table::RuleTable;

/// Severity where no rule fits.
const SEVERITY_DEFAULT: u8 = 3;
/// Exceptions of one chain that are looked at.
const CHAIN_MAX: usize = 8;
/// Name of the file whose rules are for every runtime.
const ANY: &str = "any";
/// List of the types that only carry another exception.
const CARRIERS: &str = "carriers";
/// Rules of one runtime, users' and built-in ones together.
const TABLE_MAX: usize = 2 * RULES_MAX;

static BUILT_IN: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::built_in().expect("the built-in rules are read by a test"));

/// What the rules say of an exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classification {
    /// Levels 1 to 4; `context` is empty.
    pub taxonomy: Taxonomy,
    /// 1 (a remark) to 5 (an outage).
    pub severity: u8,
    /// The rule that decided, as `file/cause/first condition`, for an explanation; empty when none did. Stays the
    /// same when other rules are put before it.
    pub rule: String,
}

/// Classifies by the built-in rules.
#[must_use]
pub fn classify(raw: &RawException<'_>, parsed: &Parsed<'_>) -> Classification {
    BUILT_IN.classify(raw, parsed)
}

/// The texts of the built-in rule files.
pub(crate) fn built_in_texts() -> impl Iterator<Item = &'static str> {
    built_in::FILES.iter().map(|(_, text)| *text)
}

/// The built-in rules.
#[must_use]
pub fn built_in() -> &'static Classifier {
    &BUILT_IN
}

/// Rules of all runtimes, and the vocabulary they use. Cheap to share between threads.
#[derive(Debug)]
pub struct Classifier {
    vocabulary: Vocabulary,
    rules: Vec<Arc<Rule>>,
    fallbacks: Vec<Arc<Rule>>,
    tables: RapidHashMap<Runtime, RuleTable>,
}

impl Classifier {
    /// Reads the rules that are built in.
    ///
    /// # Errors
    /// When a built-in file is faulty; a test proves that none is.
    pub fn built_in() -> Result<Self, RulesError> {
        Self::of_files(&built_in::FILES)
    }

    /// Reads rule files in place of the built-in ones: pairs of a name and a text. `causes` holds the vocabulary,
    /// `names` the lists, `any` the rules for every runtime, and each other file is named after its runtime.
    ///
    /// # Errors
    /// When a file is faulty: all that is wrong, each with its place.
    pub fn of_files(files: &[(&str, &str)]) -> Result<Self, RulesError> {
        let mut problems = Vec::new();
        let mut vocabulary = Vocabulary::default();
        let text =
            |wanted: &str| files.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| *text);
        vocabulary.add(spec::read("causes", text("causes"), &mut problems).causes, &mut problems);
        match toml::from_str(text("names")) {
            Ok(lists) => vocabulary.lists = lists,
            Err(error) => {
                let place = Place { file: "names".to_owned(), ..Place::default() };
                problems.push(Problem::error(&place, "", error.message().to_owned()));
            }
        }
        let (mut rules, mut fallbacks) = (Vec::new(), Vec::new());
        for (file, text) in files.iter().filter(|(name, _)| !["causes", "names"].contains(name)) {
            let runtime = Runtime::named(file);
            if runtime == Runtime::Unknown && *file != ANY {
                let place = Place { file: (*file).to_owned(), ..Place::default() };
                let hint = closest(file, Runtime::ALL.iter().map(|runtime| runtime.as_str()).chain([ANY]));
                problems.push(Problem::error(&place, "", "no runtime has this name".to_owned()).hint(hint));
            }
            let read = spec::read(file, text, &mut problems);
            let (own, last) = compile(&mut vocabulary, read, Some(runtime), &mut problems);
            rules.extend(own);
            fallbacks.extend(last);
        }
        RulesError::check(problems)?;
        Self::new(vocabulary, rules, fallbacks)
    }

    /// The same with a user's rules before its own. `file` names the text in messages and in
    /// [`Classification::rule`]; the text has the form that `schemas/taxonomy/README.md` explains: `[[rule]]`,
    /// `[[fallback]]`, and `[[cause]]` for new words.
    ///
    /// # Errors
    /// When the text is faulty: all that is wrong, each with its place.
    pub fn with_rules_before(&self, file: &str, text: &str) -> Result<Self, RulesError> {
        self.with_files_before(&[(file, text)])
    }

    /// As [`Self::with_rules_before`], for several texts with their names, in their order.
    ///
    /// # Errors
    /// When one is faulty: all that is wrong with all of them, each with its place.
    pub fn with_files_before(&self, files: &[(&str, &str)]) -> Result<Self, RulesError> {
        let mut problems = Vec::new();
        let mut all = ReadFile::default();
        for (file, text) in files {
            let read = spec::read(file, text, &mut problems);
            all.causes.extend(read.causes);
            all.rules.extend(read.rules);
            all.fallbacks.extend(read.fallbacks);
        }
        self.with_read(all, problems)
    }

    /// As [`Self::with_rules_before`], for rules that the caller has read from its own configuration.
    ///
    /// # Errors
    /// When a rule is faulty: all that is wrong, each with its place.
    pub fn with_specs_before(&self, file: &str, specs: &RuleFile) -> Result<Self, RulesError> {
        self.with_read(specs.placed(file), Vec::new())
    }

    fn with_read(&self, read: ReadFile, mut problems: Vec<Problem>) -> Result<Self, RulesError> {
        let mut vocabulary = self.vocabulary.clone();
        let (mut rules, mut fallbacks) = compile(&mut vocabulary, read, None, &mut problems);
        RulesError::check(problems)?;
        rules.extend(self.rules.iter().cloned());
        fallbacks.extend(self.fallbacks.iter().cloned());
        Self::new(vocabulary, rules, fallbacks)
    }

    fn new(
        vocabulary: Vocabulary,
        rules: Vec<Arc<Rule>>,
        fallbacks: Vec<Arc<Rule>>,
    ) -> Result<Self, RulesError> {
        let mut tables = RapidHashMap::default();
        for runtime in Runtime::ALL.into_iter().chain([Runtime::Unknown]) {
            // A user's fall-back for all runtimes stands with the runtime's own, those of the file `any` after them.
            let of = |rules: &[Arc<Rule>], wanted: &dyn Fn(&Rule) -> bool| {
                rules.iter().filter(|rule| rule.is_of(runtime) && wanted(rule)).cloned().collect::<Vec<_>>()
            };
            let any = |rule: &Rule| rule.place.file == ANY;
            let parts = [
                of(&rules, &|rule| rule.of_user),
                of(&rules, &|rule| !rule.of_user && !any(rule)),
                of(&rules, &|rule| !rule.of_user && any(rule)),
                of(&fallbacks, &|rule| !any(rule)),
                of(&fallbacks, &any),
            ];
            let count: usize = parts.iter().map(Vec::len).sum();
            if count > TABLE_MAX {
                let place = Place { file: runtime.as_str().to_owned(), ..Place::default() };
                let text = format!("the runtime has {count} rules, limit is {TABLE_MAX}");
                return Err(RulesError { problems: vec![Problem::error(&place, "", text)] });
            }
            tables.insert(runtime, RuleTable::new(parts));
        }
        Ok(Self { vocabulary, rules, fallbacks, tables })
    }

    /// The cause vocabulary.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.vocabulary.causes
    }

    /// Labels of all rules, as in [`Classification::rule`], in the order of their files.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().chain(&self.fallbacks).map(|rule| rule.label.as_str())
    }

    /// Classifies an exception.
    #[must_use]
    pub fn classify(&self, raw: &RawException<'_>, parsed: &Parsed<'_>) -> Classification {
        let status = OnceCell::new();
        let exit_code = || *status.get_or_init(|| exit_status(raw));
        let reported = self.reported(&parsed.exceptions);
        let Some((rule, direct)) = self.decide(parsed, reported, &exit_code) else {
            return Classification {
                taxonomy: Taxonomy {
                    runtime: parsed.runtime,
                    error_type: type_name(parsed, reported, &exit_code),
                    ..Taxonomy::default()
                },
                severity: SEVERITY_DEFAULT,
                rule: String::new(),
            };
        };
        let named =
            rule.type_as.as_deref().filter(|_| direct).and_then(|template| fill(template, &exit_code));
        Classification {
            taxonomy: Taxonomy {
                runtime: parsed.runtime,
                phase: rule.phase,
                error_type: named.unwrap_or_else(|| type_name(parsed, reported, &exit_code)),
                cause: rule.cause.clone(),
                context: String::new(),
            },
            severity: rule.severity,
            rule: rule.label.clone(),
        }
    }

    /// The rule that decides, and whether the reported exception itself fits it. `reported` is its number.
    fn decide(
        &self,
        parsed: &Parsed<'_>,
        reported: usize,
        exit_code: &dyn Fn() -> Option<i64>,
    ) -> Option<(&Rule, bool)> {
        let table = self.table(parsed.runtime);
        let all = &parsed.exceptions;
        let wrapped = wrapped(parsed, reported).map(|root| Subject::new(table, root, parsed));
        let mut subjects: SmallVec<[Subject<'_>; 1]> = SmallVec::new();
        let mut chain = chain(all, reported).take(CHAIN_MAX);
        for (part, range) in table.parts.iter().enumerate() {
            if part == table::OWN
                && let Some(root) = &wrapped
                && let Some(rule) = table.parts[table::OWN..table::FALLBACKS]
                    .iter()
                    .find_map(|range| root.first(table, range.clone(), exit_code))
            {
                return Some((rule, false));
            }
            // Fall-backs are asked about the reported exception only.
            let depth = if part < table::FALLBACKS { CHAIN_MAX } else { 1 };
            for i in 0..depth {
                if i == subjects.len() {
                    let Some(exception) = chain.next() else { break };
                    subjects.push(Subject::new(table, exception, parsed));
                }
                if let Some(rule) = subjects[i].first(table, range.clone(), exit_code) {
                    return Some((rule, i == 0));
                }
            }
        }
        None
    }

    /// The number of the exception that was reported, once what only carries another (a future's result, a reflected
    /// call) is taken off.
    fn reported(&self, all: &[ParsedException<'_>]) -> usize {
        let Some(carriers) = self.vocabulary.lists.get(CARRIERS) else { return 0 };
        let mut reported = 0;
        while all.len() > reported + 1 && carriers.iter().any(|name| name == all[reported].short_type()) {
            let inner = all.iter().enumerate().skip(reported + 1).find(|(_, other)| {
                other.parent == Some(reported) && matches!(other.relation, Relation::Cause | Relation::Member)
            });
            let Some((inner, _)) = inner else { break };
            reported = inner;
        }
        reported
    }

    fn table(&self, runtime: Runtime) -> &RuleTable {
        self.tables.get(&runtime).expect("every runtime has a table")
    }
}

/// The rules of a file; what is faulty is told.
fn compile(
    vocabulary: &mut Vocabulary,
    read: ReadFile,
    runtime: Option<Runtime>,
    problems: &mut Vec<Problem>,
) -> (Vec<Arc<Rule>>, Vec<Arc<Rule>>) {
    vocabulary.add(read.causes, problems);
    let mut list = |specs: Vec<(Place, RuleSpec)>| {
        specs
            .into_iter()
            .filter_map(|(place, spec)| vocabulary.rule(place, spec, runtime, problems))
            .map(Arc::new)
            .collect::<Vec<_>>()
    };
    (list(read.rules), list(read.fallbacks))
}

/// The reported exception, then what caused it, nearest first. Suppressed exceptions explain nothing.
fn chain<'p, 'a>(
    all: &'p [ParsedException<'a>],
    reported: usize,
) -> impl Iterator<Item = &'p ParsedException<'a>> {
    let of = move |relation: Relation| all.iter().skip(reported + 1).filter(move |e| e.relation == relation);
    all.iter()
        .skip(reported)
        .take(1)
        .chain(of(Relation::Cause))
        .chain(of(Relation::Member))
        .chain(of(Relation::Context).filter(move |handled| all[reported].is_raised_in_handler_of(handled)))
}

/// The root cause, where the program itself raised the reported exception in place of it.
fn wrapped<'p>(parsed: &'p Parsed<'p>, reported: usize) -> Option<&'p ParsedException<'p>> {
    let by_program =
        |wrapper: &ParsedException<'_>| wrapper.frames.first().is_some_and(|frame| frame.origin.is_own());
    if parsed.exceptions.len() < 2 || !by_program(parsed.exceptions.get(reported)?) {
        return None;
    }
    let root = root_cause(parsed);
    parsed.exceptions.get(root).filter(|_| root > reported)
}

/// The conventional name of the reported exception's type: a code of the operating system or the loader where the
/// type itself only says "error", one of Node.js or of a compiler, else the type without its module.
fn type_name(parsed: &Parsed<'_>, reported: usize, exit_code: &dyn Fn() -> Option<i64>) -> String {
    let Some(reported) = parsed.exceptions.get(reported) else { return String::new() };
    let short = reported.short_type();
    let code: &str = &reported.code;
    let errno = code.len() > 3 && code.starts_with('E') && code.bytes().all(|b| b.is_ascii_uppercase());
    let vague =
        matches!(short, "Error" | "" | "SystemError" | "NonZeroExitError" | "ShellError" | "CommandError")
            || is_placeholder(short);
    let named_by_node = vague || errno || code.starts_with("ERR_");
    if !code.is_empty()
        && (parsed.runtime == Runtime::JavaScript && named_by_node || short == "CompilationError")
    {
        return code.to_owned();
    }
    if parsed.runtime == Runtime::Shell && vague {
        // A shell that says nothing else failed with the code that nearly all commands fail with.
        return format!("ExitCode{}", exit_code().filter(|status| *status != 0).unwrap_or(1));
    }
    let type_name = if short.is_empty() { code } else { short };
    type_name.to_owned()
}

/// Whether the "type" is a code that the client put in its place; the code field has it too.
fn is_placeholder(short: &str) -> bool {
    short.len() > 3 && short.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// A rule's type name, `{exit_code}` replaced; `None` when the exit code is unknown and the name says nothing for
/// that case.
fn fill(template: &str, exit_code: &dyn Fn() -> Option<i64>) -> Option<String> {
    let Some((head, rest)) = template.split_once("{exit_code") else { return Some(template.to_owned()) };
    let (unknown, tail) = rest.split_once('}')?;
    let unknown = unknown.strip_prefix(':').and_then(|number| number.parse().ok());
    let code = exit_code().filter(|code| *code != 0).or(unknown)?;
    Some(format!("{head}{code}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handled_explains_only_what_its_handler_raised() {
        let cause = |text: &str| {
            let raw = RawException { stacktrace: Some(text), ..RawException::default() };
            built_in().classify(&raw, &crate::parse(&raw)).taxonomy.cause
        };
        let handled = "Traceback (most recent call last):\n\
            \x20 File \"a.py\", line 12, in plan\n    return days[day]\nKeyError: 'monday'\n\n\
            During handling of the above exception, another exception occurred:\n\n\
            Traceback (most recent call last):\n\
            \x20 File \"a.py\", line 16, in <module>\n    plan('monday')\n";
        let told = format!(
            "{handled}  File \"a.py\", line 14, in plan\n    raise PlanError()\nPlanError: so it is\n"
        );
        assert_eq!(cause(&told), "KeyMissing");
        let called = format!(
            "{handled}  File \"a.py\", line 14, in plan\n    return other()\n  \
             File \"a.py\", line 4, in other\n    raise PlanError()\nPlanError: so it is\n"
        );
        assert_ne!(cause(&called), "KeyMissing");
    }
}
