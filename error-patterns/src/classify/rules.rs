//! Rules as the classifier uses them: checked, in lower case where messages are, and comparable with one another.

use super::problem::{Problem, closest};
use super::spec::{Cause, OneOrMany, Place, RuleSpec};
use crate::ast::Statement;
use crate::model::{Phase, Runtime};
use std::collections::BTreeMap;

/// A checked rule. Text for messages is lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) place: Place,
    /// Not built in.
    pub(super) of_user: bool,
    /// `file/cause/first condition`: what a person needs to find the rule; the same when others are put before it.
    pub(super) label: String,
    /// Runtimes it is for; none means all.
    pub(super) runtimes: Vec<Runtime>,
    pub(super) phase: Phase,
    pub(super) cause: String,
    pub(super) severity: u8,
    pub(super) type_as: Option<String>,
    pub(super) examples: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) type_ends: Vec<String>,
    pub(super) codes: Vec<String>,
    pub(super) exit_codes: Vec<i64>,
    pub(super) starts: Vec<String>,
    pub(super) ends: Vec<String>,
    pub(super) contains: Vec<String>,
    pub(super) all: Vec<String>,
    /// Sorted.
    pub(super) quoted: Vec<String>,
    pub(super) quoted_starts: Vec<String>,
    pub(super) raised_in: Vec<String>,
    /// Whether the program itself must have raised it, or must not.
    pub(super) raised_by_program: Option<bool>,
    pub(super) chain_types: Vec<String>,
    pub(super) statements: Vec<String>,
    pub(super) calls: Vec<String>,
    pub(super) imports: Vec<String>,
}

/// What rules may name.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) causes: Vec<Cause>,
    pub(super) lists: BTreeMap<String, Vec<String>>,
}

impl Vocabulary {
    /// Adds causes that are not there yet and sound.
    pub(super) fn add(&mut self, causes: Vec<(Place, Cause)>, problems: &mut Vec<Problem>) {
        for (place, cause) in causes {
            if self.causes.iter().any(|other| other.name == cause.name) {
                let text = format!("cause {:?} is defined already", cause.name);
                problems.push(Problem::error(&place, "name", text));
            } else if let Some(problem) = severity_problem(&place, i64::from(cause.severity)) {
                problems.push(problem);
            } else if cause.name.is_empty() {
                problems.push(Problem::error(&place, "name", "the cause has no name".to_owned()));
            } else {
                self.causes.push(cause);
            }
        }
    }

    /// The rule that a table describes; `None` when it is faulty, which is told.
    pub(super) fn rule(
        &self,
        place: Place,
        spec: RuleSpec,
        runtime: Option<Runtime>,
        problems: &mut Vec<Problem>,
    ) -> Option<Rule> {
        let before = problems.len();
        let cause = self.causes.iter().find(|cause| cause.name == spec.cause);
        if cause.is_none() {
            let hint = closest(&spec.cause, self.causes.iter().map(|cause| cause.name.as_str()));
            let text = format!("unknown cause {:?}", spec.cause);
            problems.push(Problem::error(&place, "cause", text).hint(hint));
        }
        let phase = phase(&place, &spec, problems);
        let runtimes = runtimes(&place, &spec, runtime, problems);
        let quoted = self.quoted(&place, &spec, problems);
        let raised_by_program = raised_by(&place, &spec, problems);
        statements(&place, &spec, problems);
        let severity = spec.severity.unwrap_or_else(|| cause.map_or(3, |cause| i64::from(cause.severity)));
        problems.extend(severity_problem(&place, severity));
        let mut rule = Rule {
            of_user: runtime.is_none(),
            runtimes,
            phase,
            severity: u8::try_from(severity).unwrap_or(3),
            quoted,
            starts: lower(&spec.message_starts),
            ends: lower(&spec.message_ends),
            contains: lower(&spec.message_contains),
            all: lower(&spec.message_all),
            quoted_starts: lower(&spec.quoted_starts),
            cause: spec.cause,
            type_as: spec.type_as,
            examples: spec.example.0,
            types: spec.types.0,
            type_ends: spec.type_ends.0,
            codes: spec.code.0,
            exit_codes: spec.exit_code,
            raised_in: spec.raised_in.0,
            raised_by_program,
            chain_types: spec.chain_type.0,
            statements: spec.statement.0,
            calls: spec.call.0,
            imports: spec.import.0,
            place,
            ..Rule::default()
        };
        rule.label = rule.make_label();
        let told = rule.raised_by_program.is_some() || !rule.exit_codes.is_empty();
        if !told && rule.lists().iter().all(|(_, list)| list.is_empty()) {
            let text = "the rule has no condition, so it would decide everything".to_owned();
            problems
                .push(Problem::error(&rule.place, "", text).hint("give at least a type or a message text"));
        }
        if let Some((field, _)) = rule.lists().iter().find(|(_, list)| list.iter().any(String::is_empty)) {
            let text = "an empty text would fit everything".to_owned();
            problems.push(Problem::error(&rule.place, field, text).hint("leave it out"));
        }
        (problems.len() == before).then_some(rule)
    }

    fn quoted(&self, place: &Place, spec: &RuleSpec, problems: &mut Vec<Problem>) -> Vec<String> {
        let mut quoted = lower(&spec.quoted);
        for list in &spec.quoted_list.0 {
            if let Some(words) = self.lists.get(list) {
                quoted.extend(words.iter().map(|word| word.to_ascii_lowercase()));
                continue;
            }
            let hint = closest(list, self.lists.keys().map(String::as_str));
            let text = format!("unknown list {list:?}");
            problems.push(Problem::error(place, "quoted_list", text).hint(hint));
        }
        quoted.sort_unstable();
        quoted.dedup();
        quoted
    }
}

fn statements(place: &Place, spec: &RuleSpec, problems: &mut Vec<Problem>) {
    for name in spec.statement.0.iter().filter(|name| Statement::named(name).is_none()) {
        let hint = closest(name, Statement::ALL.iter().map(|kind| kind.as_str()));
        problems.push(Problem::error(place, "statement", format!("unknown statement {name:?}")).hint(hint));
    }
}

fn phase(place: &Place, spec: &RuleSpec, problems: &mut Vec<Problem>) -> Phase {
    let name = spec.phase.as_deref().unwrap_or("runtime");
    let phase = Phase::named(name);
    if phase.as_str() != name {
        let hint = closest(name, ["compile", "runtime", "deploy"].into_iter());
        problems.push(Problem::error(place, "phase", format!("unknown phase {name:?}")).hint(hint));
    }
    phase
}

/// Whether the program itself must have raised the exception; `None` when that does not count.
fn raised_by(place: &Place, spec: &RuleSpec, problems: &mut Vec<Problem>) -> Option<bool> {
    match spec.raised_by.as_deref()? {
        "program" => Some(true),
        "callee" => Some(false),
        other => {
            let hint = closest(other, ["program", "callee"].into_iter());
            let text = format!("unknown raiser {other:?}");
            problems.push(Problem::error(place, "raised_by", text).hint(hint));
            None
        }
    }
}

/// The runtimes that a rule is for: its file's, or those that a user's rule names.
fn runtimes(
    place: &Place,
    spec: &RuleSpec,
    of_file: Option<Runtime>,
    problems: &mut Vec<Problem>,
) -> Vec<Runtime> {
    if of_file.is_some() && !spec.runtime.0.is_empty() {
        let problem = Problem::error(place, "runtime", "the file is of one runtime already".to_owned());
        problems.push(problem.hint("leave it out"));
    }
    let mut runtimes: Vec<Runtime> =
        of_file.into_iter().filter(|runtime| *runtime != Runtime::Unknown).collect();
    for name in &spec.runtime.0 {
        let runtime = Runtime::named(name);
        if runtime.as_str() != name {
            let hint = closest(name, Runtime::ALL.iter().map(|runtime| runtime.as_str()));
            let text = format!("unknown runtime {name:?}");
            problems.push(Problem::error(place, "runtime", text).hint(hint));
        } else {
            runtimes.push(runtime);
        }
    }
    runtimes
}

fn severity_problem(place: &Place, severity: i64) -> Option<Problem> {
    if (1..=5).contains(&severity) {
        return None;
    }
    let text = format!("severity is {severity}, limits are 1 and 5");
    Some(Problem::error(place, "severity", text).hint("1 a remark, 2 low, 3 medium, 4 high, 5 an outage"))
}

fn lower(words: &OneOrMany) -> Vec<String> {
    words.0.iter().map(|word| word.to_ascii_lowercase()).collect()
}

impl Rule {
    fn make_label(&self) -> String {
        let list = if self.place.list == "fallback" { "/fallback" } else { "" };
        let head = format!("{}{list}/{}", self.place.file, self.cause);
        let condition = self.lists().into_iter().find_map(|(_, list)| list.first().cloned());
        match (condition, self.exit_codes.first()) {
            (Some(condition), _) => format!("{head}/{condition}"),
            (None, Some(code)) => format!("{head}/exit code {code}"),
            (None, None) => head,
        }
    }

    /// The conditions that are lists of texts, with their names in a file.
    pub(super) fn lists(&self) -> [(&'static str, &[String]); 14] {
        [
            ("type", &self.types),
            ("type_ends", &self.type_ends),
            ("code", &self.codes),
            ("message_starts", &self.starts),
            ("message_ends", &self.ends),
            ("message_contains", &self.contains),
            ("message_all", &self.all),
            ("quoted", &self.quoted),
            ("quoted_starts", &self.quoted_starts),
            ("raised_in", &self.raised_in),
            ("chain_type", &self.chain_types),
            ("statement", &self.statements),
            ("call", &self.calls),
            ("import", &self.imports),
        ]
    }

    /// Whether it may decide exceptions of a runtime.
    pub(super) fn is_of(&self, runtime: Runtime) -> bool {
        self.runtimes.is_empty() || self.runtimes.contains(&runtime)
    }

    /// Whether this rule fits whatever `later` fits, as far as the words of both tell.
    pub(super) fn covers(&self, later: &Self) -> bool {
        let within = |ours: &[String], theirs: &[String]| {
            ours.is_empty() || !theirs.is_empty() && theirs.iter().all(|word| ours.contains(word))
        };
        let type_ends = within(&self.type_ends, &later.type_ends)
            || !later.types.is_empty()
                && later.types.iter().all(|name| self.type_ends.iter().any(|end| name.ends_with(&**end)));
        let exits = self.exit_codes.is_empty()
            || !later.exit_codes.is_empty()
                && later.exit_codes.iter().all(|code| self.exit_codes.contains(code));
        let runtimes = self.runtimes.is_empty()
            || !later.runtimes.is_empty() && later.runtimes.iter().all(|runtime| self.is_of(*runtime));
        runtimes
            && within(&self.types, &later.types)
            && type_ends
            && exits
            && within(&self.codes, &later.codes)
            && self.covers_starts(later)
            && within(&self.ends, &later.ends)
            && self.covers_contains(later)
            && self.all.iter().all(|word| later.all.iter().any(|other| other.contains(word.as_str())))
            && within(&self.quoted, &later.quoted)
            && within(&self.quoted_starts, &later.quoted_starts)
            && within(&self.raised_in, &later.raised_in)
            && (self.raised_by_program.is_none() || self.raised_by_program == later.raised_by_program)
            && within(&self.chain_types, &later.chain_types)
            && within(&self.statements, &later.statements)
            && within(&self.calls, &later.calls)
            && within(&self.imports, &later.imports)
    }

    fn covers_starts(&self, later: &Self) -> bool {
        self.starts.is_empty()
            || !later.starts.is_empty()
                && later.starts.iter().all(|text| self.starts.iter().any(|start| text.starts_with(&**start)))
    }

    fn covers_contains(&self, later: &Self) -> bool {
        if self.contains.is_empty() {
            return true;
        }
        let has = |text: &String| self.contains.iter().any(|word| text.contains(word.as_str()));
        let each = |list: &[String]| !list.is_empty() && list.iter().all(has);
        each(&later.contains) || each(&later.starts) || each(&later.ends) || later.all.iter().any(has)
    }

    /// The same rule with one word only of one of its lists that are alternatives, for each such word.
    pub(super) fn alternatives(&self) -> Vec<(&'static str, String, Self)> {
        let mut each = Vec::new();
        let mut single = |field: &'static str, list: &[String], set: &dyn Fn(&mut Self, Vec<String>)| {
            for word in list.iter().filter(|_| list.len() > 1) {
                let mut one = self.clone();
                set(&mut one, vec![word.clone()]);
                each.push((field, word.clone(), one));
            }
        };
        single("type", &self.types, &|rule, words| rule.types = words);
        single("type_ends", &self.type_ends, &|rule, words| rule.type_ends = words);
        single("code", &self.codes, &|rule, words| rule.codes = words);
        single("message_starts", &self.starts, &|rule, words| rule.starts = words);
        single("message_ends", &self.ends, &|rule, words| rule.ends = words);
        single("message_contains", &self.contains, &|rule, words| rule.contains = words);
        each
    }
}
