//! Edits of a request, spliced into its bytes.
//!
//! An edit names its place by the [`ByteRange`] that a view gave: the payload of a text or bytes field
//! (replace), the payload of a message (append fields at its end), or a whole field (remove). It need not
//! name the messages around it: [`Edits::apply`] finds them by stepping down from the top, only into
//! messages that hold an edit, and writes each of their lengths anew. All other bytes are copied in long
//! stretches; without edits the copy is byte for byte the same.
//!
//! The edits are as large as the caller makes them; the result must stay below 4 GiB.

use super::protobuf::{
    ByteRange, Field, NESTING_MAX, Reader, Wire, put_len, put_tag, put_varint, range, varint_len,
};
use thiserror::Error;

/// Why edits cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The range of an edit is not that of a field of this request: it was taken from other bytes.
    #[error("edit at byte {offset} does not address a field of the request")]
    Unaddressed {
        /// Beginning of the edit's range.
        offset: u32,
    },
    /// The edited request would be longer than offsets can say.
    #[error("edited request is longer than 4294967295 bytes")]
    Length,
}

/// Where attributes are appended: a message and the number of its `attributes` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributesAt {
    pub(super) message: ByteRange,
    pub(super) number: u32,
}

/// Ordered so that at one offset edits of the message that begins there come before the removal of its
/// first field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Change,
    Append,
    Remove,
}

#[derive(Clone, Copy, Debug)]
struct Edit {
    target: ByteRange,
    action: Action,
    /// What to write, as a range of [`Edits::data`].
    data: (usize, usize),
}

/// Bytes `start..end` of the request give way to something else.
#[derive(Clone, Copy, Debug)]
struct Splice {
    start: usize,
    end: usize,
    with: With,
}

#[derive(Clone, Copy, Debug)]
enum With {
    Data(usize, usize),
    Length(u64),
}

/// Edits of one request. Keeps its memory when cleared, so one value serves many requests.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    edits: Vec<Edit>,
    data: Vec<u8>,
    splices: Vec<Splice>,
}

impl Edits {
    /// Forgets all edits.
    pub fn clear(&mut self) {
        self.edits.clear();
        self.data.clear();
    }

    /// Whether there is no edit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces the content of a text or bytes field. Of two replacements of one field the last counts.
    pub fn replace(&mut self, content: ByteRange, with: impl AsRef<[u8]>) {
        let from = self.data.len();
        self.data.extend_from_slice(with.as_ref());
        self.push(content, Action::Change, from);
    }

    /// Removes a whole field, such as an attribute. Edits inside it are dropped.
    pub fn remove(&mut self, field: ByteRange) {
        self.push(field, Action::Remove, self.data.len());
    }

    /// Appends encoded fields at the end of a message, after what was appended before.
    pub fn append(&mut self, message: ByteRange, fields: &[u8]) {
        let from = self.data.len();
        self.data.extend_from_slice(fields);
        self.push(message, Action::Append, from);
    }

    /// Appends a text field at the end of a message: how a text that is absent is set.
    pub fn append_text(&mut self, message: ByteRange, number: u32, text: &str) {
        let from = self.data.len();
        put_len(&mut self.data, number, text.as_bytes());
        self.push(message, Action::Append, from);
    }

    /// Appends attributes to a span, an event or a log record, after what was appended before.
    pub fn attributes(&mut self, at: AttributesAt) -> AttributeAppender<'_> {
        let from = self.data.len();
        AttributeAppender { edits: self, at, from }
    }

    fn push(&mut self, target: ByteRange, action: Action, from: usize) {
        self.edits.push(Edit { target, action, data: (from, self.data.len()) });
    }

    /// Writes `request` with all edits made to `out`, which is cleared first.
    ///
    /// # Errors
    /// [`EditError`]; `out` is empty then.
    pub fn apply(&mut self, request: &[u8], out: &mut Vec<u8>) -> Result<(), EditError> {
        out.clear();
        // Stable: edits of one place stay in the order they were made.
        self.edits.sort_by_key(|edit| (edit.target.start, edit.action));
        self.splices.clear();
        let mut plan = Plan { edits: &self.edits, next: 0, splices: &mut self.splices };
        // The request itself has no length before it, but fields may be appended to it.
        let whole = ByteRange { start: 0, end: u32::try_from(request.len()).map_err(|_| EditError::Length)? };
        let grown = plan.message(Reader::new(request), whole, NESTING_MAX)?;
        if let Some(edit) = plan.edits.get(plan.next) {
            return Err(EditError::Unaddressed { offset: edit.target.start });
        }
        let len = request.len() as i64 + grown;
        if len > i64::from(u32::MAX) {
            return Err(EditError::Length);
        }
        out.reserve(usize::try_from(len).map_err(|_| EditError::Length)?);
        let mut copied = 0;
        for splice in &self.splices {
            out.extend_from_slice(request.get(copied..splice.start).unwrap_or_default());
            match splice.with {
                With::Data(from, to) => out.extend_from_slice(self.data.get(from..to).unwrap_or_default()),
                With::Length(len) => put_varint(out, len),
            }
            copied = splice.end;
        }
        out.extend_from_slice(request.get(copied..).unwrap_or_default());
        Ok(())
    }
}

/// Turns sorted edits into splices in the order of the bytes.
struct Plan<'e> {
    edits: &'e [Edit],
    next: usize,
    splices: &'e mut Vec<Splice>,
}

impl<'e> Plan<'e> {
    /// Plans the edits of one message, whose payload lies at `range`; returns by how much it grows.
    fn message(&mut self, mut fields: Reader<'_>, range: ByteRange, levels: u32) -> Result<i64, EditError> {
        let changes = self.take(range, Action::Change)?;
        let appends = self.take(range, Action::Append)?;
        let mut grown = 0;
        if let Some(change) = changes.last() {
            grown += self.splice(range.start as usize, range.end as usize, change.data);
            self.drop_within(range.end);
        } else {
            while let Some(edit) = self.pending(range.end) {
                let field = fields.field().ok().flatten().ok_or_else(|| unaddressed(edit))?;
                if let Wire::Group = field.value {
                    fields.skip_group(field.number, NESTING_MAX).map_err(|_| unaddressed(edit))?;
                }
                grown += self.field(&fields, field, levels)?;
            }
        }
        for append in appends {
            grown += self.splice(range.end as usize, range.end as usize, append.data);
        }
        Ok(grown)
    }

    /// Plans the edits of one field, which `fields` has just read.
    fn field(&mut self, fields: &Reader<'_>, field: Field, levels: u32) -> Result<i64, EditError> {
        let whole = range(field.start, fields.position());
        let Some(edit) = self.pending(whole.end) else { return Ok(0) };
        if edit.target == whole && edit.action == Action::Remove {
            self.drop_within(whole.end);
            return Ok(self.splice(field.start, fields.position(), (0, 0)));
        }
        let (Wire::Len { start, end }, Some(levels)) = (field.value, levels.checked_sub(1)) else {
            return Err(unaddressed(edit));
        };
        let prefix = self.splices.len();
        self.splice(field.value_at, field.value_at, (0, 0));
        let mut grown = self.message(fields.message(start, end), range(start, end), levels)?;
        if grown != 0 {
            let len = u64::try_from((end - start) as i64 + grown).map_err(|_| EditError::Length)?;
            if let Some(splice) = self.splices.get_mut(prefix) {
                *splice = Splice { start: field.value_at, end: start, with: With::Length(len) };
            }
            grown += varint_len(len) as i64 - (start - field.value_at) as i64;
        }
        Ok(grown)
    }

    /// The next edit, if it lies before `end`. What is at `end` belongs to a payload that is empty and
    /// ends there, unless it removes the field that begins there.
    fn pending(&self, end: u32) -> Option<&'e Edit> {
        self.edits.get(self.next).filter(|edit| {
            edit.target.start < end || (edit.target.start == end && edit.action != Action::Remove)
        })
    }

    /// The next edits, as far as they do `action` to the payload at `range`.
    fn take(&mut self, range: ByteRange, action: Action) -> Result<&'e [Edit], EditError> {
        let rest = self.edits.get(self.next..).unwrap_or_default();
        let count =
            rest.iter().take_while(|edit| edit.target.start == range.start && edit.action == action).count();
        let taken = rest.get(..count).unwrap_or_default();
        if let Some(stray) = taken.iter().find(|edit| edit.target != range) {
            return Err(unaddressed(stray));
        }
        self.next += count;
        Ok(taken)
    }

    fn drop_within(&mut self, end: u32) {
        while self.pending(end).is_some() {
            self.next += 1;
        }
    }

    fn splice(&mut self, start: usize, end: usize, (from, to): (usize, usize)) -> i64 {
        self.splices.push(Splice { start, end, with: With::Data(from, to) });
        (to - from) as i64 - (end - start) as i64
    }
}

fn unaddressed(edit: &Edit) -> EditError {
    EditError::Unaddressed { offset: edit.target.start }
}

/// Appends attributes at one place; the edit is made when it goes out of scope.
#[derive(Debug)]
pub struct AttributeAppender<'e> {
    edits: &'e mut Edits,
    at: AttributesAt,
    from: usize,
}

impl AttributeAppender<'_> {
    /// Appends a text attribute.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        put_text_attribute(&mut self.edits.data, self.at.number, key, value);
        self
    }

    /// Appends an integer attribute.
    pub fn int(&mut self, key: &str, value: i64) -> &mut Self {
        put_int_attribute(&mut self.edits.data, self.at.number, key, value);
        self
    }

    /// Appends a boolean attribute.
    pub fn bool(&mut self, key: &str, value: bool) -> &mut Self {
        put_bool_attribute(&mut self.edits.data, self.at.number, key, value);
        self
    }
}

impl Drop for AttributeAppender<'_> {
    fn drop(&mut self) {
        if self.edits.data.len() > self.from {
            self.edits.push(self.at.message, Action::Append, self.from);
        }
    }
}

/// Encodes a text attribute as field `number`.
pub fn put_text_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    put_key(out, number, key, 1 + varint_len(value.len() as u64) + value.len());
    put_len(out, 1, value.as_bytes());
}

/// Encodes a text attribute's content, the message `KeyValue`.
pub fn put_text_key_value(out: &mut Vec<u8>, key: &str, value: &str) {
    put_key_value(out, key, 1 + varint_len(value.len() as u64) + value.len());
    put_len(out, 1, value.as_bytes());
}

/// Encodes an integer attribute as field `number`.
pub fn put_int_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: i64) {
    put_key(out, number, key, 1 + varint_len(value as u64));
    put_tag(out, 3, 0);
    put_varint(out, value as u64);
}

/// Encodes a boolean attribute as field `number`.
pub fn put_bool_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: bool) {
    put_key(out, number, key, 2);
    put_tag(out, 2, 0);
    out.push(u8::from(value));
}

/// The attribute up to its `AnyValue`, which has `value_bytes` bytes.
fn put_key(out: &mut Vec<u8>, number: u32, key: &str, value_bytes: usize) {
    let key_bytes = 1 + varint_len(key.len() as u64) + key.len();
    put_tag(out, number, 2);
    put_varint(out, (key_bytes + 1 + varint_len(value_bytes as u64) + value_bytes) as u64);
    put_key_value(out, key, value_bytes);
}

/// The message `KeyValue` up to its `AnyValue`, which has `value_bytes` bytes.
fn put_key_value(out: &mut Vec<u8>, key: &str, value_bytes: usize) {
    put_len(out, 1, key.as_bytes());
    put_tag(out, 2, 2);
    put_varint(out, value_bytes as u64);
}
