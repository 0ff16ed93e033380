//! A user's masks around the built-in ones: those act first, so that no rule can break them, and once more on what a
//! rule brought together.

use super::{MaskCounts, Masker, built_in};
use crate::rules::Applied;
use std::borrow::Cow;

/// Rounds of both over one text.
const ROUNDS_MAX: usize = 8;

impl Masker {
    /// The text with all masks. `key` is the attribute that it is the value of. The counts are of built-in masks.
    pub(super) fn mask_by_all<'a>(
        &self,
        key: Option<&str>,
        text: &'a str,
        counts: &mut MaskCounts,
        applied: &mut Applied,
    ) -> Cow<'a, str> {
        let mut masked = built_in(self.config, text, counts);
        for _ in 0..ROUNDS_MAX {
            let Some(by_rules) = self.rules.pass(key, &masked, applied) else { break };
            masked = Cow::Owned(built_in(self.config, &by_rules, counts).into_owned());
        }
        masked
    }

    /// The text with all masks, and what the user's rules did to it, one line each.
    #[must_use]
    pub fn mask_told<'a>(&self, text: &'a str) -> (Cow<'a, str>, Vec<String>) {
        let mut applied = Applied::telling();
        let masked = self.mask_by_all(None, text, &mut MaskCounts::default(), &mut applied);
        (masked, applied.told.unwrap_or_default())
    }
}
