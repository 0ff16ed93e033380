//! Replaces what a rule's expression finds, and leaves placeholders alone.

use super::fields::Fields;
use super::pattern::Pattern;
use crate::tokens::{PLACEHOLDER_BYTES_MAX, placeholder};

/// Finds of one rule in one text.
const FINDS_MAX: usize = 1000;
/// Bytes of the text that is put in.
const WITH_BYTES_MAX: usize = 64;

/// An expression and what stands for its finds.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    pub(super) pattern: Pattern,
    /// Group of the expression that is replaced; 0 is the whole find.
    group: usize,
    pub(super) with: String,
}

/// What becomes of a text in which a rule finds more than [`FINDS_MAX`] places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// The rest stays as it is.
    Stays,
    /// The rest is replaced as a whole: a mask must not leak.
    Replaced,
}

impl Replacement {
    /// Takes `matches`, `group` and `replace` out of a rule's fields. `strict`: only a placeholder may be put in.
    pub(super) fn read(fields: &mut Fields, strict: bool) -> Option<Self> {
        let pattern = fields.regex("matches");
        let group = fields.number("group", 0, 64);
        let with = with(fields, strict);
        let pattern = pattern?;
        if pattern.regex.is_match("") {
            fields.problem("matches", "fits the empty text, and so every place".to_owned());
            return None;
        }
        let group = usize::try_from(group.unwrap_or(0)).unwrap_or(0);
        let groups = pattern.regex.captures_len() - 1;
        if group > groups {
            fields.problem("group", format!("is {group}, but the expression has {groups} groups"));
            return None;
        }
        Some(Self { pattern, group, with: with? })
    }

    /// The text with its finds replaced; `None` when there are none. Takes time linear in the text for each find,
    /// of which there are at most [`FINDS_MAX`].
    pub(super) fn apply(&self, text: &str, beyond: Beyond) -> Option<String> {
        let mut out: Option<String> = None;
        let (mut copied, mut finds) = (0, 0);
        let mut put = |out: &mut Option<String>, start: usize, end: usize| {
            let Some(place) = outside_placeholders(text, start, end) else { return };
            // A find that begins inside the one before, because that was widened to a placeholder.
            let (start, end) = (place.0.max(copied), place.1);
            if start >= end {
                return;
            }
            let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[copied..start]);
            out.push_str(&self.with);
            copied = end;
        };
        let places: Box<dyn Iterator<Item = (usize, usize)>> = if self.group == 0 {
            Box::new(self.pattern.regex.find_iter(text).map(|found| (found.start(), found.end())))
        } else {
            let of_group = |found: regex::Captures<'_>| {
                found.get(self.group).map_or((0, 0), |place| (place.start(), place.end()))
            };
            Box::new(self.pattern.regex.captures_iter(text).map(of_group))
        };
        for (start, end) in places {
            finds += 1;
            if finds > FINDS_MAX {
                if beyond == Beyond::Replaced && end > start {
                    put(&mut out, start, text.len());
                }
                break;
            }
            if end > start {
                put(&mut out, start, end);
            }
        }
        out.map(|mut out| {
            out.push_str(&text[copied..]);
            out
        })
    }
}

/// Takes `replace` out of a rule's fields.
pub(super) fn with(fields: &mut Fields, strict: bool) -> Option<String> {
    let Some(with) = fields.text("replace") else {
        if !fields.problems.iter().any(|problem| problem.field == "replace") {
            fields.problem(
                "replace",
                "is missing; it is what stands for the find, such as \"<order_id>\"".to_owned(),
            );
        }
        return None;
    };
    let whole = placeholder(&with).is_some_and(|found| found.len() == with.len());
    if strict && !whole {
        fields.problem(
            "replace",
            format!(
                "is no placeholder: `<`, 2 to {} lower-case letters or underscores, `>`, such as \"<employee>\"",
                PLACEHOLDER_BYTES_MAX - 2
            ),
        );
        return None;
    }
    if with.len() > WITH_BYTES_MAX || with.contains(char::is_control) {
        fields.problem("replace", format!("has more than {WITH_BYTES_MAX} bytes, or a line's end"));
        return None;
    }
    Some(with)
}

/// A place widened to the placeholders that it cuts; `None` when it lies within one.
fn outside_placeholders(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let around = |at: usize| {
        // A placeholder that begins before a byte and ends behind it.
        let from = text.floor_char_boundary(at.saturating_sub(PLACEHOLDER_BYTES_MAX));
        let open = text[from..at].rfind('<')? + from;
        let close = open + placeholder(&text[open..])?.len();
        (close > at).then_some((open, close))
    };
    let (before, after) = (around(start), around(end));
    let place = (before.map_or(start, |found| found.0), after.map_or(end, |found| found.1));
    let within = placeholder(&text[place.0..]).is_some_and(|found| place.0 + found.len() >= place.1);
    (!within).then_some(place)
}
