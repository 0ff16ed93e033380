//! Attribute values, events and links as the text that columns hold, masked where still needed.

use super::builders::LongTextColumn;
use super::coded::MapColumn;
use crate::pipeline::Masking;
use crate::wire::{Attribute, Event, Link, Text, Value, write_json_str};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

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

/// Attributes of a map column are scanned one against another up to this number, hashed beyond it.
const SCANNED_MAX: usize = 32;

/// Adds one row of attributes. A repeated key counts once, its first value: other engines refuse maps
/// with repeated keys.
pub(super) fn push_attributes<'a>(
    entries: &mut MapColumn,
    attributes: impl Iterator<Item = Attribute<'a>>,
    masking: Option<&Masking>,
) {
    let mut scanned: [&[u8]; SCANNED_MAX] = [b""; SCANNED_MAX];
    let mut hashed: HashSet<&[u8]> = HashSet::new();
    let mut marks = 0_u64;
    for (n, attribute) in attributes.enumerate() {
        let key = attribute.key.bytes();
        let mark = mark(key);
        if marks & mark != 0 {
            let seen = &scanned[..n.min(SCANNED_MAX)];
            if seen.contains(&key) || hashed.contains(key) {
                continue;
            }
        }
        marks |= mark;
        match scanned.get_mut(n) {
            Some(place) => *place = key,
            None => _ = hashed.insert(key),
        }
        match (attribute.value, masking) {
            (Value::Str(text), None) => entries.entry(key, text.bytes()),
            (Value::Str(text), Some(masking)) => {
                entries.entry(key, masking.attribute(&attribute.key, &text).as_bytes());
            }
            (Value::Bool(truth), _) => entries.entry(key, if truth { b"true" } else { b"false" }),
            (other, None) => entries.entry_written(key, |text| other.write_text(text)),
            (other, Some(masking)) => entries.entry(key, masking.text(&other.to_text()).as_bytes()),
        }
    }
    entries.row();
}

/// A bit that a key has with few others: most keys are seen to be new without a comparison.
fn mark(bytes: &[u8]) -> u64 {
    let (last, middle) =
        (bytes.last().copied().unwrap_or(0), bytes.get(bytes.len() / 2).copied().unwrap_or(0));
    1 << ((usize::from(last) * 7 + usize::from(middle) * 13 + bytes.len() * 3) % 64)
}

/// Adds a JSON array of the events.
pub(super) fn events_json(column: &mut LongTextColumn, events: &[Event<'_>], masking: Option<&Masking>) {
    let mut out = String::with_capacity(256);
    for (n, event) in events.iter().enumerate() {
        out.push(if n == 0 { '[' } else { ',' });
        out.push_str("{\"name\":");
        write_json_str(&event.name, &mut out);
        let written = write!(out, ",\"time_unix_nano\":{},\"attributes\":", event.time_unix_nano);
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        event.attributes().write_json(&mut out);
        out.push('}');
    }
    out.push(']');
    column.push(&clear(masking, &out));
}

/// Adds a JSON array of the links.
pub(super) fn links_json(column: &mut LongTextColumn, links: &[Link<'_>], masking: Option<&Masking>) {
    let mut out = String::with_capacity(128);
    for (n, link) in links.iter().enumerate() {
        out.push(if n == 0 { '[' } else { ',' });
        let (trace_id, span_id) = (hex::encode(link.trace_id), hex::encode(link.span_id));
        let written = write!(out, "{{\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\",\"attributes\":");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        link.attributes().write_json(&mut out);
        out.push('}');
    }
    out.push(']');
    column.push(&clear(masking, &out));
}
