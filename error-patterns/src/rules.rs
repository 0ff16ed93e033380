//! Users' rules: fingerprint overrides, whose code a frame is, placeholders in messages, masks, and taxonomy
//! rules, read from one TOML text. `docs/rules.md` says what each field means.
//!
//! Pure: callers read the file and decide when to read it again. Reading tells every problem at once, each with the
//! rule and the field. Rules never see unmasked text, but for the masks themselves.
//!
//! Cost: regular expressions run in linear time and only on texts that hold a literal which every match needs; all
//! literals of a section are searched for in one pass. Bounds: [`TEXT_BYTES_MAX`] of text, [`RULES_MAX`] rules a
//! section, [`PATTERN_BYTES_MAX`] a pattern, a mebibyte of compiled expression each.

use crate::classify::{Classification, classify};
use crate::model::{Parsed, RawException};
use std::sync::Arc;

mod conditions;
mod fields;
mod fingerprint;
mod frames;
mod mask;
mod message;
mod needles;
mod pattern;
mod problem;
mod read;
mod replacement;
mod taxonomy;

use fingerprint::FingerprintRules;
pub(crate) use fingerprint::{Override, RULES_STRATEGY};
use frames::FrameMarks;
pub(crate) use mask::MaskRules;
use message::MessageRules;
pub use problem::{Problem, RulesProblems};
use taxonomy::UserTaxonomy;

/// Bytes of a rules text.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Rules in one section.
pub const RULES_MAX: usize = 256;
/// Bytes of a regular expression, a glob or a text in a condition.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// The sections, as they are named in the file.
pub const SECTIONS: [&str; 5] = ["fingerprint", "frame", "message", "mask", "taxonomy"];

/// A user's rules, checked and compiled. Empty by default.
#[derive(Debug, Default)]
pub struct Rules {
    fingerprints: FingerprintRules,
    frames: FrameMarks,
    messages: MessageRules,
    masks: Arc<MaskRules>,
    /// `None` when there are no taxonomy rules.
    taxonomy: Option<UserTaxonomy>,
    digest: u64,
    counts: [usize; SECTIONS.len()],
    warnings: Vec<Problem>,
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// Everything that is wrong with them; then none of them is usable.
    pub fn read(text: &str) -> Result<Self, RulesProblems> {
        read::read(text)
    }

    /// Number of rules of each of the [`SECTIONS`].
    #[must_use]
    pub fn counts(&self) -> [usize; SECTIONS.len()] {
        self.counts
    }

    /// Hash of the text: what tells whether two processors have the same rules.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// Rules that work but are slow, because a regular expression has no literal that every match needs.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    pub(crate) fn masks(&self) -> Arc<MaskRules> {
        Arc::clone(&self.masks)
    }

    /// Marks whose code the frames are, before the built-in rules for it.
    pub(crate) fn mark_frames(&self, raw: &RawException<'_>, parsed: &mut Parsed<'_>, applied: &mut Applied) {
        self.frames.mark(raw, parsed, applied);
    }

    /// Classifies by the user's taxonomy rules, then by the built-in ones.
    pub(crate) fn classify(
        &self,
        raw: &RawException<'_>,
        parsed: &Parsed<'_>,
        applied: &mut Applied,
    ) -> Classification {
        let Some(taxonomy) = &self.taxonomy else { return classify(raw, parsed) };
        let class = taxonomy.classifier.classify(raw, parsed);
        if let Some(label) = taxonomy.label_of(&class.rule) {
            applied.note("taxonomy", label, || {
                let taxonomy = &class.taxonomy;
                format!(
                    "phase {}, cause {}, severity {}",
                    taxonomy.phase.as_str(),
                    taxonomy.cause,
                    class.severity
                )
            });
        }
        class
    }

    /// The first fingerprint rule that fits, with its parts filled in. Messages still stand as they came.
    pub(crate) fn fingerprint(
        &self,
        raw: &RawException<'_>,
        parsed: &Parsed<'_>,
        applied: &mut Applied,
    ) -> Option<Override> {
        let found = self.fingerprints.first(raw, parsed, &self.messages)?;
        applied.note("fingerprint", &found.rule, || found.described());
        Some(found)
    }

    /// Puts the user's placeholders into the messages.
    pub(crate) fn parameterize(
        &self,
        raw: &RawException<'_>,
        parsed: &mut Parsed<'_>,
        applied: &mut Applied,
    ) {
        self.messages.rewrite(raw, parsed, applied);
    }

    /// What the rules do to an exception and where, one line each; frames are marked on the way.
    pub(crate) fn told(&self, raw: &RawException<'_>, parsed: &mut Parsed<'_>) -> Vec<String> {
        let mut applied = Applied::telling();
        self.mark_frames(raw, parsed, &mut applied);
        self.classify(raw, parsed, &mut applied);
        self.fingerprint(raw, parsed, &mut applied);
        let mut rewritten = parsed.clone();
        self.parameterize(raw, &mut rewritten, &mut applied);
        applied.told.unwrap_or_default()
    }
}

/// The rules that acted on one exception.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// As `section name`, each once.
    pub(crate) labels: Vec<String>,
    /// What each did and where; `None` when nobody asks.
    pub(crate) told: Option<Vec<String>>,
}

/// Lines on what rules did.
const TOLD_MAX: usize = 64;

impl Applied {
    /// One that keeps what each rule did.
    pub(crate) fn telling() -> Self {
        Self { told: Some(Vec::new()), ..Self::default() }
    }

    fn note(&mut self, section: &str, name: &str, what: impl FnOnce() -> String) {
        let label = format!("{section} {name}");
        if let Some(told) = self.told.as_mut().filter(|told| told.len() < TOLD_MAX) {
            told.push(format!("{section} rule {name}: {}", what()));
        }
        if !self.labels.contains(&label) {
            self.labels.push(label);
        }
    }
}

#[cfg(test)]
mod tests;
