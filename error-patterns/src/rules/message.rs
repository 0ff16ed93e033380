//! Users' placeholders in messages, put in before the built-in tokeniser looks.

use super::Applied;
use super::conditions::{ConditionSet, Conditions};
use super::fields::Fields;
use super::needles::Needles;
use super::replacement::{Beyond, Replacement};
use crate::model::{Parsed, ParsedException, RawException};
use crate::parse::floor;
use aho_corasick::BuildError;
use std::borrow::Cow;

/// Bytes of a message that are rewritten; the tokeniser looks at no more.
const MESSAGE_BYTES: usize = 4 * 1024;

/// One rule.
#[derive(Debug)]
pub(super) struct MessageRule {
    label: String,
    conditions: Conditions,
    replacement: Replacement,
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(super) struct MessageRules {
    labels: Vec<String>,
    replacements: Vec<Replacement>,
    conditions: ConditionSet,
    needles: Needles,
}

impl MessageRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let conditions = Conditions::read(fields);
        let replacement = Replacement::read(fields, false);
        fields.finish();
        Some(Self { label: fields.label(), conditions, replacement: replacement? })
    }

    /// The field that makes it slow.
    pub(super) fn slow(&self) -> Option<&'static str> {
        if self.conditions.is_slow() {
            return Some("message_matches");
        }
        self.replacement.pattern.required.is_none().then_some("matches")
    }
}

impl MessageRules {
    pub(super) fn new(rules: Vec<MessageRule>) -> Result<Self, BuildError> {
        let (mut labels, mut replacements, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for rule in rules {
            labels.push(rule.label);
            replacements.push(rule.replacement);
            conditions.push(rule.conditions);
        }
        let needles = Needles::new(replacements.iter().map(|each| each.pattern.required.clone()))?;
        Ok(Self { labels, replacements, conditions: ConditionSet::new(conditions)?, needles })
    }

    /// Rewrites every message of a chain.
    pub(super) fn rewrite(&self, raw: &RawException<'_>, parsed: &mut Parsed<'_>, applied: &mut Applied) {
        if self.labels.is_empty() {
            return;
        }
        let mut rewritten: Vec<Option<String>> = Vec::with_capacity(parsed.exceptions.len());
        for (number, exception) in parsed.exceptions.iter().enumerate() {
            rewritten.push(self.message(raw, parsed, number, exception, applied));
        }
        for (exception, message) in parsed.exceptions.iter_mut().zip(rewritten) {
            if let Some(message) = message {
                exception.message = Cow::Owned(message);
            }
        }
    }

    /// The message of one exception of the chain; `None` when no rule changes it.
    pub(super) fn message(
        &self,
        raw: &RawException<'_>,
        parsed: &Parsed<'_>,
        number: usize,
        exception: &ParsedException<'_>,
        applied: &mut Applied,
    ) -> Option<String> {
        let head = floor(&exception.message, MESSAGE_BYTES);
        let candidates = self.needles.candidates(head);
        if candidates.is_empty() {
            return None;
        }
        let case = self.conditions.case(raw, parsed);
        let mut changed: Option<String> = None;
        for rule in (0..self.labels.len()).filter(|rule| candidates.has(*rule)) {
            let whole =
                case.fits_chain(rule) && case.fits_exception(rule, number) && case.fits_frames(rule, number);
            if !whole {
                continue;
            }
            let text = changed.as_deref().unwrap_or(head);
            if let Some(next) = self.replacements[rule].apply(text, Beyond::Stays) {
                applied.note("message", &self.labels[rule], || {
                    format!("the message reads {:?}", floor(&next, 160))
                });
                changed = Some(next);
            }
        }
        changed.map(|head_changed| head_changed + &exception.message[head.len()..])
    }
}
