//! One search for the literals of all rules of a section: which of them can fit a text at all.

use super::RULES_MAX;
use aho_corasick::AhoCorasick;

/// A set of rules, by their place in the section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleBits([u64; RULES_MAX / 64]);

impl RuleBits {
    pub(super) fn has(self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    pub(super) fn add(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    /// Leaves out what another set lacks.
    pub(super) fn keep(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// The literals of a section's rules.
#[derive(Debug, Default)]
pub(super) struct Needles {
    /// `None` when there is no literal to search for.
    search: Option<AhoCorasick>,
    /// The rule of each literal.
    rules: Vec<usize>,
    /// Rules that any text can fit.
    free: RuleBits,
}

impl Needles {
    /// From each rule's literals, of which a text must hold one; `None` where any text can fit.
    pub(super) fn new(
        literals: impl Iterator<Item = Option<Vec<String>>>,
    ) -> Result<Self, aho_corasick::BuildError> {
        let (mut words, mut rules, mut free) = (Vec::new(), Vec::new(), RuleBits::default());
        for (rule, list) in literals.enumerate() {
            match list {
                None => free.add(rule),
                Some(list) => {
                    rules.extend(std::iter::repeat_n(rule, list.len()));
                    words.extend(list);
                }
            }
        }
        let search = if words.is_empty() {
            None
        } else {
            Some(AhoCorasick::builder().ascii_case_insensitive(true).build(&words)?)
        };
        Ok(Self { search, rules, free })
    }

    /// The rules that can fit a text.
    pub(super) fn candidates(&self, text: &str) -> RuleBits {
        let mut bits = self.free;
        if let Some(search) = &self.search {
            for found in search.find_overlapping_iter(text) {
                bits.add(self.rules[found.pattern().as_usize()]);
            }
        }
        bits
    }
}
