//! Which texts are masked, and how: ids stay usable, everything else goes through the masker.

use super::names::{Names, Role};
use crate::wire::{Attribute, Edits, Met, Text, Value, put_text_key_value};
use arc_swap::ArcSwap;
use error_patterns::mask::{MaskConfig, Masker};
use error_patterns::rules::Rules;
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

/// Masks texts of spans and log records.
#[derive(Debug)]
pub(crate) struct Masking {
    config: MaskConfig,
    masker: ArcSwap<Masker>,
    names: Arc<Names>,
}

impl Masking {
    /// With the built-in masks.
    #[must_use]
    pub(crate) fn new(config: MaskConfig, names: Arc<Names>) -> Self {
        Self { config, masker: ArcSwap::from_pointee(Masker::new(config)), names }
    }

    /// Uses the masks of these rules from now on, after the built-in ones.
    pub(super) fn set_rules(&self, rules: &Rules) {
        self.masker.store(Arc::new(Masker::with_rules(self.config, rules)));
    }

    /// A text: message, stack trace, snippet, span name, status message, log body.
    #[must_use]
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masker.load().mask(text)
    }

    /// The value of an attribute. Session and execution ids stay; a user id that is personal becomes a
    /// pseudonym, so that users can still be counted.
    #[must_use]
    pub(crate) fn attribute<'a>(&self, key: &str, value: &'a str) -> Cow<'a, str> {
        attribute(&self.masker.load(), &self.names, key, value)
    }

    /// A user id, or a pseudonym for it where it holds personal data.
    #[must_use]
    pub(crate) fn pseudonym<'a>(&self, user_id: &'a str) -> Cow<'a, str> {
        self.masker.load().pseudonym(user_id)
    }

    /// The masks as they are now.
    pub(crate) fn now(&self) -> Masks {
        Masks {
            masker: self.masker.load_full(),
            names: Arc::clone(&self.names),
            harmless: RefCell::default(),
        }
    }

    /// Whether these are the masks as they are now.
    pub(crate) fn is_current(&self, masks: &Masks) -> bool {
        Arc::ptr_eq(&self.masker.load(), &masks.masker)
    }
}

/// The masks of a request, which may outlive a change of the rules.
#[derive(Debug)]
pub(crate) struct Masks {
    masker: Arc<Masker>,
    names: Arc<Names>,
    /// Keys that tell nothing of their values.
    harmless: RefCell<Met<()>>,
}

impl Masks {
    /// As [`Masking::text`].
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masker.mask(text)
    }

    /// As [`Masking::attribute`].
    pub(super) fn attribute<'a>(&self, key: &str, value: &'a str) -> Cow<'a, str> {
        attribute(&self.masker, &self.names, key, value)
    }

    /// Whether nothing is masked in this key, and its values by what they hold alone.
    pub(super) fn is_harmless(&self, key: Text<'_>) -> bool {
        let mut known = self.harmless.borrow_mut();
        let (slot, harmless) = known.find(key.bytes());
        if harmless.is_some() {
            return true;
        }
        let harmless = kept(&self.names, key.bytes()).is_none()
            && Masker::is_harmless(key.bytes())
            && self.masker.mask(&key) == *key
            && !self.masker.has_rule_of(&key);
        if harmless {
            known.put(slot, key.bytes(), ());
        }
        harmless
    }

    /// Edits every text in an attribute of `request`; returns how many changed.
    pub(super) fn edit_attribute(&self, attribute: &Attribute<'_>, request: &[u8], edits: &mut Edits) -> u64 {
        let Attribute { key, value, .. } = attribute;
        if self.is_harmless(*key) {
            return self.edit_value(*key, true, value, request, edits);
        }
        let number = match value {
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(value) => Some(value.to_string()),
            Value::Double(value) => Some(value.to_string()),
            _ => None,
        };
        // A number gives way to a text only where its name or a user's rule says so.
        if let Some(number) = number
            && let Some(masked) = self.masker.mask_number(key, &number)
            && let Some(content) = attribute.content(request)
        {
            let mut replaced = Vec::new();
            put_text_key_value(&mut replaced, &self.masker.mask(key), &masked);
            edits.replace(content, replaced);
            return 1;
        }
        let of_key = if kept(&self.names, key.bytes()).is_some() { 0 } else { self.edit_text(*key, edits) };
        of_key + self.edit_value(*key, false, value, request, edits)
    }

    /// Edits every text in a log record's body; returns how many changed.
    pub(super) fn edit_body(&self, body: &Value<'_>, request: &[u8], edits: &mut Edits) -> u64 {
        self.edit_value(Text::default(), true, body, request, edits)
    }

    fn edit_value(
        &self,
        key: Text<'_>,
        harmless: bool,
        value: &Value<'_>,
        request: &[u8],
        edits: &mut Edits,
    ) -> u64 {
        match value {
            // Bytes are as often a text; others stay as they are.
            Value::Bytes(text) if std::str::from_utf8(text.bytes()).is_err() => 0,
            Value::Str(text) | Value::Bytes(text) if harmless => {
                if self.masker.leaves(text.bytes()) {
                    return 0;
                }
                edit(edits, *text, &self.masker.mask_harmless(&key, text.as_str()))
            }
            Value::Str(text) | Value::Bytes(text) => {
                edit(edits, *text, &attribute(&self.masker, &self.names, &key, text.as_str()))
            }
            Value::Array(values) => values.map(|v| self.edit_value(key, harmless, &v, request, edits)).sum(),
            Value::KvList(entries) => entries.map(|e| self.edit_attribute(&e, request, edits)).sum(),
            _ => 0,
        }
    }

    /// Edits a text; returns 1 if it changed.
    pub(super) fn edit_text(&self, text: Text<'_>, edits: &mut Edits) -> u64 {
        edit(edits, text, &self.text(text.as_str()))
    }

    /// Edits a text attribute; returns 1 if it changed, and what it reads then.
    pub(super) fn edit_kept<'a>(
        &self,
        key: Text<'_>,
        text: Text<'a>,
        edits: &mut Edits,
    ) -> (u64, Cow<'a, str>) {
        let masked = attribute(&self.masker, &self.names, &key, text.as_str());
        (edit(edits, text, &masked), masked)
    }
}

fn attribute<'a>(masker: &Masker, names: &Names, key: &str, value: &'a str) -> Cow<'a, str> {
    match kept(names, key.as_bytes()) {
        Some(Kept::Id) => Cow::Borrowed(value),
        Some(Kept::Person) => masker.pseudonym(value),
        None => masker.mask_attribute(key, value),
    }
}

/// What must stay usable.
enum Kept {
    /// Of a session or an execution.
    Id,
    Person,
}

fn kept(names: &Names, key: &[u8]) -> Option<Kept> {
    match names.role(key)?.0 {
        Role::Session | Role::ParentSession | Role::Execution => Some(Kept::Id),
        Role::User => Some(Kept::Person),
        _ => None,
    }
}

fn edit(edits: &mut Edits, text: Text<'_>, masked: &str) -> u64 {
    // A whole value that is masked is borrowed too, from elsewhere.
    if std::ptr::eq(masked.as_bytes(), text.bytes()) || text == *masked {
        return 0;
    }
    edits.replace(text.range(), masked);
    1
}
