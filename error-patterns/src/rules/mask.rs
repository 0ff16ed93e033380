//! Users' masks. They act after the built-in ones, so that no rule can break those.

use super::Applied;
use super::fields::Fields;
use super::needles::{Needles, RuleBits};
use super::pattern::{Glob, Pattern};
use super::replacement::{Beyond, Replacement, with};
use aho_corasick::BuildError;

/// Bytes from which on a text's attribute key is not compared.
const KEY_BYTES: usize = 256;

/// One rule.
#[derive(Debug)]
pub(super) struct MaskRule {
    label: String,
    act: Act,
}

#[derive(Clone, Debug)]
enum Act {
    /// Masks finds, in the named attributes only where there are names.
    Finds { replacement: Replacement, attributes: Vec<Pattern> },
    /// Masks the whole value of the named attributes.
    Values { with: String, attributes: Vec<Pattern> },
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(crate) struct MaskRules {
    labels: Vec<String>,
    acts: Vec<Act>,
    /// What texts must hold; rules for attributes alone have no candidates here.
    needles: Needles,
    /// Rules that name attributes.
    of_attributes: Vec<usize>,
}

impl MaskRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let attributes = fields.globs("attribute", Glob::Name);
        let act = if fields.has("matches") || attributes.is_empty() {
            if !fields.has("matches") {
                fields.problem("matches", "is missing; give it, or attribute, or both".to_owned());
            }
            Replacement::read(fields, true).map(|replacement| Act::Finds { replacement, attributes })
        } else {
            with(fields, true).map(|with| Act::Values { with, attributes })
        };
        fields.finish();
        Some(Self { label: fields.label(), act: act? })
    }

    /// The field that makes it slow: where attributes are named, few texts are looked at.
    pub(super) fn slow(&self) -> Option<&'static str> {
        match &self.act {
            Act::Finds { replacement, attributes } => {
                (attributes.is_empty() && replacement.pattern.required.is_none()).then_some("matches")
            }
            Act::Values { .. } => None,
        }
    }
}

impl MaskRules {
    pub(super) fn new(rules: Vec<MaskRule>) -> Result<Self, BuildError> {
        let (labels, acts): (Vec<String>, Vec<Act>) =
            rules.into_iter().map(|rule| (rule.label, rule.act)).unzip();
        let needles = Needles::new(acts.iter().map(|act| match act {
            Act::Finds { replacement, .. } => replacement.pattern.required.clone(),
            Act::Values { .. } => Some(Vec::new()),
        }))?;
        let names = |act: &Act| match act {
            Act::Finds { attributes, .. } => !attributes.is_empty(),
            Act::Values { .. } => true,
        };
        let of_attributes = (0..acts.len()).filter(|&rule| names(&acts[rule])).collect();
        Ok(Self { labels, acts, needles, of_attributes })
    }

    /// Whether there is no rule.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// One pass of all rules over a text, which is the value of the attribute `key` where there is one; `None` when
    /// nothing was found. Notes the rules that acted.
    pub(crate) fn pass(&self, key: Option<&str>, text: &str, applied: &mut Applied) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let named = key.map_or(RuleBits::default(), |key| self.named(key));
        let candidates = self.needles.candidates(text);
        if candidates.is_empty() && named.is_empty() {
            return None;
        }
        let mut masked: Option<String> = None;
        for (rule, act) in self.acts.iter().enumerate() {
            let current = masked.as_deref().unwrap_or(text);
            let next = match act {
                Act::Values { with, .. } if named.has(rule) && current != with && !current.is_empty() => {
                    Some(with.clone())
                }
                Act::Values { .. } => None,
                Act::Finds { replacement, attributes } => {
                    let meant = attributes.is_empty() || named.has(rule);
                    (meant && candidates.has(rule))
                        .then(|| replacement.apply(current, Beyond::Replaced))
                        .flatten()
                }
            };
            if next.is_some() {
                applied.note("mask", &self.labels[rule], || format!("a text has {}", self.with(rule)));
                masked = next;
            }
        }
        masked
    }

    /// The placeholder of a rule.
    fn with(&self, rule: usize) -> &str {
        match &self.acts[rule] {
            Act::Finds { replacement, .. } => &replacement.with,
            Act::Values { with, .. } => with,
        }
    }

    /// Whether a rule names the attribute.
    pub(crate) fn names(&self, key: &str) -> bool {
        !self.named(key).is_empty()
    }

    /// The rules that name an attribute.
    fn named(&self, key: &str) -> RuleBits {
        let mut bits = RuleBits::default();
        if key.len() > KEY_BYTES {
            return bits;
        }
        for &rule in &self.of_attributes {
            let (Act::Finds { attributes, .. } | Act::Values { attributes, .. }) = &self.acts[rule];
            if attributes.iter().any(|glob| glob.regex.is_match(key)) {
                bits.add(rule);
            }
        }
        bits
    }
}
