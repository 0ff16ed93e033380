//! The rules of one runtime, laid out so that few of them are asked about an exception.
//!
//! Each rule is a bit; sets of rules are rows of bits. The rules that a type name allows, those that a code allows
//! and those whose text stands in the message are three such sets, and only the rules in all of them are
//! looked at, in order. One pass over the message finds the texts of all rules.

use super::rules::Rule;
use crate::grams::{GRAM, Grams};
use rapidhash::RapidHashMap;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Number of the first part that holds the runtime's own rules, and of the first that holds fall-backs.
pub(super) const OWN: usize = 1;
pub(super) const FALLBACKS: usize = 3;
const PARTS: usize = 5;

/// A set of rules, 64 to a word.
pub(super) type Bits = Box<[u64]>;

/// The same of one exception.
pub(super) type Candidates = SmallVec<[u64; 8]>;

/// Which text of a rule lets it be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// It has none, or only short ones: it is always asked.
    None,
    /// One of `message_contains`.
    Contains,
    /// The longest of `message_all`.
    All,
}

/// The rules of one runtime in the order in which they are asked.
#[derive(Debug)]
pub(super) struct RuleTable {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) triggers: Vec<Trigger>,
    /// Users' rules, the runtime's, those for any runtime, then both kinds of fall-backs.
    pub(super) parts: [Range<usize>; PARTS],
    /// Of each name of a type, the rules that name it or none; a name with its module is kept whole.
    by_type: RapidHashMap<Box<str>, Bits>,
    untyped: Bits,
    by_code: RapidHashMap<Box<str>, Bits>,
    codeless: Bits,
    /// All texts that let rules be asked.
    needles: Grams,
    of_needle: Vec<Vec<u16>>,
    always: Bits,
}

impl RuleTable {
    pub(super) fn new(parts: [Vec<Arc<Rule>>; PARTS]) -> Self {
        let mut ranges: [Range<usize>; PARTS] = Default::default();
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        for (range, part) in ranges.iter_mut().zip(parts) {
            let start = rules.len();
            rules.extend(part);
            *range = start..rules.len();
        }
        let of = |fits: &dyn Fn(&Rule) -> bool| bits(&rules, fits);
        let by = |words: &dyn Fn(&Rule) -> &[String], none: &dyn Fn(&Rule) -> bool| {
            let mut names: Vec<&String> = rules.iter().flat_map(|rule| words(rule)).collect();
            names.sort_unstable();
            names.dedup();
            let set = |name: &String| of(&|rule| none(rule) || words(rule).contains(name));
            names.into_iter().map(|name| (Box::from(name.as_str()), set(name))).collect()
        };
        let triggers: Vec<Trigger> = rules.iter().map(|rule| trigger(rule)).collect();
        let mut needles: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        for (i, (rule, trigger)) in rules.iter().zip(&triggers).enumerate() {
            for text in texts(rule, *trigger) {
                needles.entry(text.as_str()).or_default().push(u16::try_from(i).unwrap_or(u16::MAX));
            }
        }
        Self {
            by_type: by(&|rule| &rule.types, &|rule| rule.types.is_empty()),
            untyped: of(&|rule| rule.types.is_empty()),
            by_code: by(&|rule| &rule.codes, &|rule| rule.codes.is_empty()),
            codeless: of(&|rule| rule.codes.is_empty()),
            always: of(&|rule| trigger(rule) == Trigger::None),
            needles: Grams::new(needles.keys().copied()),
            of_needle: needles.into_values().collect(),
            parts: ranges,
            triggers,
            rules,
        }
    }

    /// The rules that an exception's type, code and message leave, in lower case the latter.
    pub(super) fn candidates(&self, short: &str, full: &str, code: &str, message: &str) -> Candidates {
        let mut found = Candidates::from_slice(&self.always);
        self.needles.each_in(message, |needle, _| {
            for &rule in &self.of_needle[needle] {
                found[usize::from(rule) / 64] |= 1 << (rule % 64);
            }
        });
        let codes =
            if code.is_empty() { &self.codeless } else { self.by_code.get(code).unwrap_or(&self.codeless) };
        let types = self.by_type.get(short).unwrap_or(&self.untyped);
        let whole = if short.len() == full.len() { types } else { self.by_type.get(full).unwrap_or(types) };
        for (i, word) in found.iter_mut().enumerate() {
            *word &= codes[i] & (types[i] | whole[i]);
        }
        found
    }
}

fn bits(rules: &[Arc<Rule>], fits: &dyn Fn(&Rule) -> bool) -> Bits {
    let mut bits = vec![0_u64; rules.len().div_ceil(64)];
    for (i, _) in rules.iter().enumerate().filter(|(_, rule)| fits(rule)) {
        bits[i / 64] |= 1 << (i % 64);
    }
    bits.into_boxed_slice()
}

fn trigger(rule: &Rule) -> Trigger {
    let long = |text: &String| text.len() >= GRAM;
    if !rule.contains.is_empty() && rule.contains.iter().all(long) {
        Trigger::Contains
    } else if rule.all.iter().any(long) {
        Trigger::All
    } else {
        Trigger::None
    }
}

fn texts(rule: &Rule, trigger: Trigger) -> &[String] {
    match trigger {
        Trigger::None => &[],
        Trigger::Contains => &rule.contains,
        // The longest is the rarest; the others are looked for when it is there.
        Trigger::All => rule.all.iter().max_by_key(|text| text.len()).map_or(&[], std::slice::from_ref),
    }
}
