//! Whether a rule's conditions hold for one exception. Text is compared without regard to ASCII case, over the
//! first 4 KB of a message.

use super::rules::{Rule, RuleSet};
use crate::model::{Origin, ParsedException};
use crate::parse::floor;
use std::cell::OnceCell;

const MESSAGE_BYTES: usize = 4096;
const QUOTED_WORDS: usize = 4;
const FRAMES: usize = 12;

/// One exception as rules see it; what is costly is made when the first rule asks.
pub(super) struct Subject<'p> {
    exception: &'p ParsedException<'p>,
    others: &'p [ParsedException<'p>],
    exit_code: Option<i64>,
    message: OnceCell<String>,
    quoted: OnceCell<Vec<String>>,
}

impl<'p> Subject<'p> {
    pub(super) fn new(
        exception: &'p ParsedException<'p>,
        others: &'p [ParsedException<'p>],
        exit_code: Option<i64>,
    ) -> Self {
        Self { exception, others, exit_code, message: OnceCell::new(), quoted: OnceCell::new() }
    }

    fn message(&self) -> &str {
        self.message.get_or_init(|| floor(&self.exception.message, MESSAGE_BYTES).to_ascii_lowercase())
    }

    /// The first words in quotation marks, and of dotted ones or paths also the first segment.
    fn quoted(&self) -> &[String] {
        self.quoted.get_or_init(|| quoted_words(self.message()))
    }

    fn is_type(&self, rule: &Rule) -> bool {
        let short = self.exception.short_type();
        (rule.types.is_empty()
            || rule.types.iter().any(|name| name == short || name == self.exception.error_type.as_ref()))
            && (rule.type_ends.is_empty() || rule.type_ends.iter().any(|end| short.ends_with(end.as_str())))
    }

    /// Which texts of a set's rules the message has.
    fn found(&self, set: &RuleSet) -> Vec<bool> {
        let mut found = vec![false; set.needles.patterns_len()];
        for hit in set.needles.find_overlapping_iter(self.message()) {
            found[hit.pattern().as_usize()] = true;
        }
        found
    }

    fn is_message(&self, rule: &Rule) -> bool {
        let any =
            |list: &[String], fits: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|s| fits(s));
        any(&rule.message_starts, &|s| self.message().starts_with(s))
            && any(&rule.message_ends, &|s| self.message().trim_end().ends_with(s))
            && any(&rule.quoted, &|s| self.quoted().iter().any(|word| word == s))
            && any(&rule.quoted_starts, &|s| self.quoted().iter().any(|word| word.starts_with(s)))
    }

    fn is_raised_in(&self, rule: &Rule) -> bool {
        if rule.raised_in.is_empty() {
            return true;
        }
        // Down to the first frame of the user's own: what lies between is the callee.
        let callee = self
            .exception
            .frames
            .iter()
            .take(FRAMES)
            .take_while(|frame| !matches!(frame.origin, Origin::Program | Origin::Application));
        callee.into_iter().any(|frame| {
            rule.raised_in
                .iter()
                .any(|needle| frame.file.contains(needle.as_str()) || frame.module.contains(needle.as_str()))
        })
    }

    fn has_code(&self, rule: &Rule) -> bool {
        (rule.codes.is_empty() || rule.codes.iter().any(|code| code == self.exception.code.as_ref()))
            && (rule.exit_codes.is_empty()
                || self.exit_code.is_some_and(|code| rule.exit_codes.contains(&code)))
    }

    fn has_chain(&self, rule: &Rule) -> bool {
        rule.chain_types.is_empty()
            || self.others.iter().any(|other| rule.chain_types.iter().any(|name| name == other.short_type()))
    }
}

impl RuleSet {
    /// The first rule whose conditions all hold.
    pub(super) fn first(&self, subject: &Subject<'_>) -> Option<&Rule> {
        let exception = subject.exception;
        let candidates = self.candidates(exception.short_type());
        let found: OnceCell<Vec<bool>> = OnceCell::new();
        let contains = |i: usize| {
            let (any, all) = &self.contains[i];
            if any.is_empty() && all.is_empty() {
                return true;
            }
            let found = found.get_or_init(|| subject.found(self));
            let has = |number: &usize| found.get(*number).copied().unwrap_or(false);
            (any.is_empty() || any.iter().any(has)) && all.iter().all(has)
        };
        let fits = |i: usize| {
            let rule = &self.rules[i];
            subject.is_type(rule)
                && subject.has_code(rule)
                && contains(i)
                && subject.is_message(rule)
                && subject.is_raised_in(rule)
                && subject.has_chain(rule)
        };
        candidates.iter().copied().find(|&i| fits(i)).map(|i| &self.rules[i])
    }
}

fn quoted_words(message: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = message;
    while words.len() < 2 * QUOTED_WORDS {
        let Some(open) = rest.find(['\'', '"', '`', '\u{2018}', '\u{201c}']) else { break };
        let Some(mark) = rest[open..].chars().next() else { break };
        let close = match mark {
            '\u{2018}' => '\u{2019}',
            '\u{201c}' => '\u{201d}',
            other => other,
        };
        let inside = &rest[open + mark.len_utf8()..];
        let Some(end) = inside.find(close) else { break };
        let word = &inside[..end];
        if !word.is_empty() && word.len() <= 128 {
            words.push(word.to_owned());
            let head = word.split(['.', '/']).next().unwrap_or_default();
            if !head.is_empty() && head.len() < word.len() {
                words.push(head.to_owned());
            }
        }
        rest = &inside[end + close.len_utf8()..];
    }
    words
}
