//! Which texts are masked, and how: ids stay usable, everything else goes through the masker.

use super::names::{Names, Role};
use crate::wire::{ByteRange, Edits, Text, Value};
use error_patterns::mask::Masker;
use std::borrow::Cow;
use std::sync::Arc;

/// Masks texts of spans and log records.
#[derive(Debug)]
pub(crate) struct Masking {
    masker: Masker,
    names: Arc<Names>,
}

impl Masking {
    /// With the given masks.
    #[must_use]
    pub(crate) fn new(masker: Masker, names: Arc<Names>) -> Self {
        Self { masker, names }
    }

    /// A text: message, stack trace, snippet, span name, status message, log body.
    #[must_use]
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masker.mask(text)
    }

    /// The value of an attribute. Session and execution ids stay; a user id that is personal becomes a
    /// pseudonym, so that users can still be counted.
    #[must_use]
    pub(crate) fn attribute<'a>(&self, key: &str, value: &'a str) -> Cow<'a, str> {
        match self.names.role(key) {
            Some((Role::Session | Role::ParentSession | Role::Execution, _)) => Cow::Borrowed(value),
            Some((Role::User, _)) => self.pseudonym(value),
            _ => self.masker.mask_attribute(key, value),
        }
    }

    /// A user id, or a pseudonym for it where it holds personal data.
    #[must_use]
    pub(crate) fn pseudonym<'a>(&self, user_id: &'a str) -> Cow<'a, str> {
        self.masker.pseudonym(user_id)
    }

    /// Edits every text in an attribute's value; returns how many changed.
    pub(super) fn edit_attribute(&self, key: &str, value: &Value<'_>, edits: &mut Edits) -> u64 {
        match value {
            Value::Str(text) => edit(edits, text.range(), self.attribute(key, text)),
            Value::Array(values) => values.map(|v| self.edit_attribute(key, &v, edits)).sum(),
            Value::KvList(entries) => entries.map(|e| self.edit_attribute(e.key, &e.value, edits)).sum(),
            _ => 0,
        }
    }

    /// Edits a text; returns 1 if it changed.
    pub(super) fn edit_text(&self, text: Text<'_>, edits: &mut Edits) -> u64 {
        edit(edits, text.range(), self.text(&text))
    }
}

fn edit(edits: &mut Edits, range: ByteRange, masked: Cow<'_, str>) -> u64 {
    match masked {
        Cow::Borrowed(_) => 0,
        Cow::Owned(masked) => {
            edits.replace(range, masked);
            1
        }
    }
}
