//! The taxonomy: runtime, phase, type and cause of an exception, by rules that are data.
//!
//! Rules are read in order and the first that fits decides: the runtime's own rules for the reported exception,
//! then for what caused it, then the rules for any runtime, then the runtime's fall-backs. What no rule knows has
//! an empty cause. Knows nothing of patterns; level 5 (context) is not filled here.

mod matching;
mod rules;

use crate::model::{Parsed, ParsedException, RawException, Relation, Runtime, Taxonomy};
use crate::parse::exit_status;
use matching::Subject;
pub use rules::{Cause, Classifier, RulesError, UserRule};
use rules::{Rule, RuleSet};
use std::sync::LazyLock;

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

/// The built-in rules.
#[must_use]
pub fn built_in() -> &'static Classifier {
    &BUILT_IN
}

impl Classifier {
    /// Classifies an exception.
    #[must_use]
    pub fn classify(&self, raw: &RawException<'_>, parsed: &Parsed<'_>) -> Classification {
        let exit_code = exit_status(raw);
        let subjects: Vec<Subject<'_>> = chain(parsed)
            .into_iter()
            .map(|exception| Subject::new(exception, &parsed.exceptions, exit_code))
            .collect();
        let own = self.of(parsed.runtime);
        let any = self.of(Runtime::Unknown);
        let found = first(&own.rules, &subjects)
            .or_else(|| first(&any.rules, &subjects))
            .or_else(|| first(&own.fallbacks, &subjects[..1]))
            .or_else(|| first(&any.fallbacks, &subjects[..1]));
        let Some((rule, direct)) = found else {
            return Classification {
                taxonomy: Taxonomy {
                    runtime: parsed.runtime,
                    error_type: type_name(parsed, exit_code),
                    ..Taxonomy::default()
                },
                severity: rules::SEVERITY_DEFAULT,
                rule: String::new(),
            };
        };
        let named = rule.type_as.as_deref().filter(|_| direct).and_then(|template| fill(template, exit_code));
        Classification {
            taxonomy: Taxonomy {
                runtime: parsed.runtime,
                phase: rule.phase,
                error_type: named.unwrap_or_else(|| type_name(parsed, exit_code)),
                cause: rule.cause.clone(),
                context: String::new(),
            },
            severity: rule.severity,
            rule: rule.label(),
        }
    }
}

/// The reported exception, then what caused it, nearest first. Suppressed exceptions explain nothing.
fn chain<'p, 'a>(parsed: &'p Parsed<'a>) -> Vec<&'p ParsedException<'a>> {
    let reported = parsed.exceptions.iter().take(1);
    let of = |relation: Relation| parsed.exceptions.iter().skip(1).filter(move |e| e.relation == relation);
    reported
        .chain(of(Relation::Cause))
        .chain(of(Relation::Member))
        .chain(of(Relation::Context))
        .take(8)
        .collect()
}

/// The first rule that fits the first subject that any rule fits, and whether that is the reported exception.
fn first<'r>(set: &'r RuleSet, subjects: &[Subject<'_>]) -> Option<(&'r Rule, bool)> {
    subjects.iter().enumerate().find_map(|(i, subject)| Some((set.first(subject)?, i == 0)))
}

/// The conventional name of the reported exception's type: a code of the operating system or the loader where the
/// type itself only says "error", else the type without its module.
fn type_name(parsed: &Parsed<'_>, exit_code: Option<i64>) -> String {
    let Some(reported) = parsed.exceptions.first() else { return String::new() };
    let short = reported.short_type();
    let code: &str = &reported.code;
    let errno = code.len() > 3 && code.starts_with('E') && code.bytes().all(|b| b.is_ascii_uppercase());
    let vague = matches!(short, "Error" | "" | "SystemError" | "NonZeroExitError") || is_placeholder(short);
    if parsed.runtime == Runtime::JavaScript && !code.is_empty() && (vague || errno) {
        return code.to_owned();
    }
    if parsed.runtime == Runtime::Shell
        && vague
        && let Some(status) = exit_code.filter(|status| *status != 0)
    {
        return format!("ExitCode{status}");
    }
    let type_name = if short.is_empty() { code } else { short };
    type_name.to_owned()
}

/// Whether the "type" is a code that the client put in its place; the code field has it too.
fn is_placeholder(short: &str) -> bool {
    short.len() > 3 && short.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// A rule's type name, `{exit_code}` replaced; `None` when the exit code is unknown.
fn fill(template: &str, exit_code: Option<i64>) -> Option<String> {
    if !template.contains("{exit_code}") {
        return Some(template.to_owned());
    }
    Some(template.replace("{exit_code}", &exit_code?.to_string()))
}
