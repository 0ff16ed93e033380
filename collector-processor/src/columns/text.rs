//! Attribute values, events and links as the text that columns hold, masked where still needed.

use super::builders::LongTextColumn;
use super::coded::{EntryCodes, MapColumn};
use crate::pipeline::Masking;
use crate::wire::{Attribute, Event, Link, Text, Value, write_json_str};
use std::borrow::Cow;

/// The text, masked where `masking` is set.
pub(super) fn clear<'a>(masking: Option<&Masking>, text: &'a str) -> Cow<'a, str> {
    masking.map_or(Cow::Borrowed(text), |m| m.text(text))
}

/// The bytes of a text, masked where `masking` is set.
pub(super) fn clear_bytes<'a>(masking: Option<&Masking>, text: Text<'a>) -> Cow<'a, [u8]> {
    match masking.map(|masking| masking.text(text.as_str())) {
        Some(Cow::Owned(masked)) => Cow::Owned(masked.into_bytes()),
        Some(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        None => Cow::Borrowed(text.bytes()),
    }
}

/// A value as a column holds it: text as it is, everything else as JSON; `None` where there is none.
pub(super) fn value_text<'a>(value: Option<Value<'a>>, masking: Option<&Masking>) -> Option<Cow<'a, str>> {
    let text = match value? {
        Value::Empty => return None,
        Value::Str(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_text()),
    };
    Some(match masking {
        Some(masking) => Cow::Owned(masking.text(&text).into_owned()),
        None => text,
    })
}

/// Adds one row of attributes.
pub(super) fn push_attributes<'a>(
    entries: &mut MapColumn,
    attributes: impl Iterator<Item = Attribute<'a>>,
    masking: Option<&Masking>,
) {
    attributes.for_each(|attribute| _ = push_attribute(entries, &attribute, masking));
    entries.row();
}

/// Adds one attribute to the row at hand. Answers its codes, if the key is the first of its kind there and masking left
/// the value as it is: then they hold for the attribute wherever it stands.
#[inline]
pub(super) fn push_attribute(
    entries: &mut MapColumn,
    attribute: &Attribute<'_>,
    masking: Option<&Masking>,
) -> Option<EntryCodes> {
    let key = attribute.key.bytes();
    match (attribute.value, masking) {
        (Value::Str(text), None) => entries.entry(key, text.bytes()),
        (Value::Str(text), Some(masking)) => {
            let masked = masking.attribute(&attribute.key, &text);
            entries.entry(key, masked.as_bytes()).filter(|_| text == *masked)
        }
        (Value::Bool(truth), _) => entries.entry(key, if truth { b"true" } else { b"false" }),
        (other, None) => entries.entry_written(key, |text| other.write_text(text)),
        (other, Some(masking)) => {
            let text = other.to_text();
            let masked = masking.text(&text);
            entries.entry(key, masked.as_bytes()).filter(|_| text == *masked)
        }
    }
}

/// Adds a JSON array of the events.
pub(super) fn events_json(column: &mut LongTextColumn, events: &[Event<'_>], masking: Option<&Masking>) {
    push_json(column, masking, |out| {
        for (n, event) in events.iter().enumerate() {
            out.push(if n == 0 { b'[' } else { b',' });
            out.extend_from_slice(b"{\"name\":");
            write_json_str(event.name.bytes(), out);
            out.extend_from_slice(b",\"time_unix_nano\":");
            out.extend_from_slice(itoa::Buffer::new().format(event.time_unix_nano).as_bytes());
            out.extend_from_slice(b",\"attributes\":");
            event.attributes().write_json(out);
            out.push(b'}');
        }
        out.push(b']');
    });
}

/// Adds a JSON array of the links.
pub(super) fn links_json(column: &mut LongTextColumn, links: &[Link<'_>], masking: Option<&Masking>) {
    push_json(column, masking, |out| {
        for (n, link) in links.iter().enumerate() {
            out.push(if n == 0 { b'[' } else { b',' });
            out.extend_from_slice(b"{\"trace_id\":\"");
            out.extend_from_slice(hex::encode(link.trace_id).as_bytes());
            out.extend_from_slice(b"\",\"span_id\":\"");
            out.extend_from_slice(hex::encode(link.span_id).as_bytes());
            out.extend_from_slice(b"\",\"attributes\":");
            link.attributes().write_json(out);
            out.push(b'}');
        }
        out.push(b']');
    });
}

/// Adds what `write` appends, masked where `masking` is set.
fn push_json(column: &mut LongTextColumn, masking: Option<&Masking>, write: impl FnOnce(&mut Vec<u8>)) {
    match masking {
        None => column.push_written(write),
        Some(masking) => {
            let mut json = Vec::with_capacity(256);
            write(&mut json);
            column.push(&masking.text(std::str::from_utf8(&json).unwrap_or_default()));
        }
    }
}
