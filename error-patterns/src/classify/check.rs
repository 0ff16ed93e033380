//! The validator: everything that is wrong with a rule file, at once.
//!
//! Beside what a file is refused for, it finds rules that can never decide because an earlier one takes all they
//! would take, single values of which that is true, and examples that another rule decides.

use super::problem::Problem;
use super::rules::Rule;
use super::{Classifier, compile, spec};
use crate::ast::{AstTags, Statement};
use crate::model::{Frame, Origin, Parsed, ParsedException, RawException, Relation, Runtime};
use std::borrow::Cow;
use std::sync::Arc;

impl Classifier {
    /// All problems of these rules themselves: warnings only, for faulty rules are refused.
    #[must_use]
    pub fn check_all(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for list in [&self.rules, &self.fallbacks] {
            for rules in list.chunk_by(|a, b| a.place.file == b.place.file) {
                unreached(rules, &mut problems);
                self.examples(rules, &mut problems);
            }
        }
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        problems
    }

    /// All problems, warnings too, of a text that would be put before these rules.
    #[must_use]
    pub fn check(&self, file: &str, text: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut vocabulary = self.vocabulary.clone();
        let read = spec::read(file, text, &mut problems);
        let (rules, fallbacks) = compile(&mut vocabulary, read, None, &mut problems);
        unreached(&rules, &mut problems);
        unreached(&fallbacks, &mut problems);
        let (mut all, mut last) = (rules.clone(), fallbacks.clone());
        all.extend(self.rules.iter().cloned());
        last.extend(self.fallbacks.iter().cloned());
        match Self::new(vocabulary, all, last) {
            Ok(with) => {
                with.examples(&rules, &mut problems);
                with.examples(&fallbacks, &mut problems);
            }
            Err(refused) => problems.extend(refused.problems),
        }
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    fn examples(&self, rules: &[Arc<Rule>], problems: &mut Vec<Problem>) {
        for rule in rules {
            let runtimes = if rule.runtimes.is_empty() { &[Runtime::Unknown] } else { &*rule.runtimes };
            for (example, runtime) in
                rule.examples.iter().flat_map(|each| runtimes.iter().map(move |runtime| (each, *runtime)))
            {
                let (exception, exit_code) = exception(example, runtime, rule);
                let raw = RawException { exit_code, ..RawException::default() };
                let cause = rule.chain_types.first().map(|name| ParsedException {
                    error_type: Cow::Borrowed(name.as_str()),
                    relation: Relation::Cause,
                    parent: Some(0),
                    ..ParsedException::default()
                });
                let exceptions = std::iter::once(exception).chain(cause).collect();
                let parsed = Parsed { runtime, exceptions, ast: tags(rule), ..Parsed::default() };
                let decided = self.decide(&parsed, 0, &|| raw.exit_code);
                let text = match decided {
                    Some((by, _)) if by.place == rule.place => continue,
                    Some((by, _)) => {
                        let at = by.place.line.map(|line| format!(" (line {line})")).unwrap_or_default();
                        format!("the example {example:?} is decided by {} of {}{at}", nth(by), by.place.file)
                    }
                    None => format!("no rule fits the example {example:?}"),
                };
                let hint = "put the rule before that one, or make the conditions fit the example";
                problems.push(Problem::warning(&rule.place, "example", text).hint(hint));
            }
        }
    }
}

/// The failing statement that a rule asks for.
fn tags(rule: &Rule) -> Option<AstTags> {
    let named = rule.statements.first().and_then(|name| Statement::named(name));
    let asked = named.is_some() || !rule.calls.is_empty() || !rule.imports.is_empty();
    asked.then(|| AstTags {
        statement: named.unwrap_or(Statement::Call),
        call: rule.calls.first().cloned(),
        import: rule.imports.first().cloned(),
    })
}

fn nth(rule: &Rule) -> String {
    format!("{} {}", rule.place.list, rule.place.number)
}

/// The exception that an example shows: `Type: message`, `Type [CODE]: message`, and at the end perhaps
/// `(exit code 137)`. A shell names no types. Where it was raised and what it hangs on are taken from the rule.
fn exception(example: &str, runtime: Runtime, rule: &Rule) -> (ParsedException<'static>, Option<i64>) {
    let exit_code =
        example.rsplit_once("(exit code ").and_then(|(_, code)| code.strip_suffix(')')?.parse().ok());
    let text =
        example.rsplit_once("(exit code ").filter(|_| exit_code.is_some()).map_or(example, |(rest, _)| rest);
    let text = text.trim();
    let is_type = |head: &str| {
        runtime != Runtime::Shell
            && !head.is_empty()
            && (!head.contains(' ') || rule.types.iter().any(|name| name == head))
    };
    let (head, message) =
        text.split_once(": ").unwrap_or_else(|| if is_type(text) { (text, "") } else { ("", text) });
    let (head, code) = head.strip_suffix(']').and_then(|head| head.split_once(" [")).unwrap_or((head, ""));
    let (error_type, message) = if is_type(head) { (head, message) } else { ("", text) };
    let owned = |text: &str| Cow::Owned(text.to_owned());
    let library = rule.raised_in.first().map(|file| Frame {
        file: owned(file),
        origin: Origin::Runtime,
        ..Frame::default()
    });
    let program = rule
        .raised_by_program
        .filter(|by_program| *by_program)
        .map(|_| Frame { origin: Origin::Program, ..Frame::default() });
    let frame = library.or(program);
    let exception = ParsedException {
        error_type: owned(error_type),
        message: owned(message),
        code: owned(code),
        frames: frame.into_iter().collect(),
        ..ParsedException::default()
    };
    (exception, exit_code)
}

/// Rules, and single values of rules, that an earlier rule leaves nothing to.
fn unreached(rules: &[Arc<Rule>], problems: &mut Vec<Problem>) {
    for (i, rule) in rules.iter().enumerate() {
        let earlier = &rules[..i];
        if let Some(first) = earlier.iter().find(|first| first.covers(rule)) {
            let text = format!("is never reached, {} takes all of it", at(first));
            let hint = "put it before that one, or take it out";
            problems.push(Problem::warning(&rule.place, "", text).hint(hint));
            continue;
        }
        for (field, value, alone) in rule.alternatives() {
            if let Some(first) = earlier.iter().find(|first| first.covers(&alone)) {
                let text = format!("{value:?} is never reached, {} takes it", at(first));
                problems.push(Problem::warning(&rule.place, field, text).hint("take it out"));
            }
        }
        for (field, list) in rule.lists() {
            let twice = list.iter().enumerate().find(|(i, value)| list[..*i].contains(value));
            if let Some((_, value)) = twice {
                problems.push(Problem::warning(&rule.place, field, format!("{value:?} stands there twice")));
            }
        }
        // A text that holds another of the same list adds nothing.
        let longer = rule.contains.iter().find_map(|text| {
            let inside =
                rule.contains.iter().find(|other| *other != text && text.contains(other.as_str()))?;
            Some((text, inside))
        });
        if let Some((text, inside)) = longer {
            let told = format!("{text:?} adds nothing to {inside:?}");
            problems.push(
                Problem::warning(&rule.place, "message_contains", told).hint("take the longer one out"),
            );
        }
    }
}

fn at(rule: &Rule) -> String {
    let line = rule.place.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{}{line}", nth(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_have_no_problem() {
        let problems = Classifier::built_in().unwrap().check_all();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }

    #[test]
    fn every_cause_is_documented() {
        let readme = include_str!("../../../schemas/taxonomy/README.md");
        for cause in crate::classify::built_in().causes() {
            let row = format!("| {} | {} | {} |", cause.name, cause.means, cause.severity);
            assert!(readme.contains(&row), "schemas/taxonomy/README.md lacks the row {row}");
            assert!(!cause.example.is_empty() && !cause.first_step.is_empty(), "{} lacks help", cause.name);
        }
    }

    #[test]
    fn all_problems_of_a_text_are_told_at_once() {
        let text = "[[rule]]\ncause = \"PathIsue\"\ntype = [\"FileNotFoundError\"]\n\n\
                    [[rule]]\ncause = \"PathIssue\"\nphase = \"deployment\"\nmesage_contains = [\"x\"]\n\n\
                    [[rule]]\ncause = \"PathIssue\"\nseverity = 9\ntype = \"A\"\n\n\
                    [[rule]]\ncause = \"PathIssue\"\n\n\
                    [[rules]]\ncause = \"PathIssue\"\n\n\
                    [[rule]]\ncause = \"PathIssue\"\nruntime = \"pyton\"\ntype = \"B\"\n\n\
                    [[rule]]\ncause = \"PathIssue\"\nruntime = \"python\"\ntype = \"C\"\nexample = \"D: no\"\n\n\
                    [[rule]]\ncause = \"Timeout\"\nruntime = [\"python\"]\ntype = [\"C\"]\n";
        let problems = crate::classify::built_in().check("mine.toml", text);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        mine.toml: unknown table "rules" (did you mean "rule"?)
        mine.toml line 1, rule 1, cause: unknown cause "PathIsue" (did you mean "PathIssue"?)
        mine.toml line 5, rule 2: unknown key "mesage_contains" (= ["x"]) (did you mean "message_contains"?)
        mine.toml line 10, rule 3, severity: severity is 9, limits are 1 and 5 (1 a remark, 2 low, 3 medium, 4 high, 5 an outage)
        mine.toml line 15, rule 4: the rule has no condition, so it would decide everything (give at least a type or a message text)
        mine.toml line 21, rule 5, runtime: unknown runtime "pyton" (did you mean "python"?)
        mine.toml line 26, rule 6, example: no rule fits the example "D: no" (put the rule before that one, or make the conditions fit the example)
        mine.toml line 32, rule 7: is never reached, rule 6 (line 26) takes all of it (put it before that one, or take it out)
        "#);
    }

    #[test]
    fn a_users_rules_come_first_and_may_name_new_causes() {
        let text = "[[cause]]\nname = \"LicenceExpired\"\nmeans = \"The licence is over.\"\nseverity = 4\n\n\
                    [[rule]]\ncause = \"LicenceExpired\"\ntype = \"ValueError\"\nmessage_contains = \"LICENCE\"\n\n\
                    [[rule]]\nruntime = \"java\"\ncause = \"Timeout\"\ntype = \"ValueError\"\n";
        let classifier = crate::classify::built_in().with_rules_before("ours.toml", text).unwrap();
        let cause = |message: &str| {
            let raw = RawException {
                error_type: Some("ValueError"),
                message: Some(message),
                language: Some("python"),
                ..RawException::default()
            };
            let found = classifier.classify(&raw, &crate::parse(&raw));
            format!("{} {} {}", found.taxonomy.cause, found.severity, found.rule)
        };
        assert_eq!(
            cause("the licence of 2025 is over"),
            "LicenceExpired 4 ours.toml/LicenceExpired/ValueError"
        );
        assert!(cause("nothing special").starts_with("InvalidValue "));
        let refused = crate::classify::built_in()
            .with_rules_before("ours.toml", "[[rule]]\ncause = \"X\"")
            .unwrap_err();
        assert_eq!(refused.problems.len(), 2, "{refused}");
    }
}
