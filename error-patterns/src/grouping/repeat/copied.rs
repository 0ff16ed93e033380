//! Parts of texts copied one behind the other.
//!
//! How long a part is cannot be foretold, so parts are copied by whole steps: what was too much is written over by what
//! follows.

use std::cell::RefCell;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of the buffer that are kept from one copy to the next.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Makes a copy of at most so many bytes, in memory that the next uses again.
pub(super) fn with_room<T>(bytes: usize, make: impl FnOnce(&mut Copied<'_>) -> T) -> T {
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < bytes + STEP {
            buffer.resize(bytes + STEP, 0);
        }
        let made = make(&mut Copied { buffer, len: 0 });
        // One huge text must not keep its memory for ever.
        if buffer.len() > BUFFER_BYTES_MAX {
            *buffer = Vec::new();
        }
        made
    })
}

/// A copy under way.
#[derive(Debug)]
pub(super) struct Copied<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

/// Bytes that are copied at once.
const STEP: usize = 64;

impl Copied<'_> {
    /// What was copied so far.
    pub(super) fn written(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.buffer[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    pub(super) fn take(&mut self, text: &[u8]) {
        self.take_part(text, 0, text.len());
    }

    /// Copies a part of a text, most parts with a few moves: what is copied too much is written over.
    #[inline(always)]
    pub(super) fn take_part(&mut self, text: &[u8], start: usize, end: usize) {
        let (mut from, mut to) = (start, self.len);
        self.len += end - start;
        while from < end {
            let (Some(step), Some(room)) =
                (text[from..].first_chunk::<STEP>(), self.buffer[to..].first_chunk_mut())
            else {
                self.buffer[to..self.len].copy_from_slice(&text[from..end]);
                return;
            };
            *room = *step;
            (from, to) = (from + STEP, to + STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn copies_what_it_is_given(
            whole in "[a-z]{0,300}",
            parts in prop::collection::vec((0..300_usize, 0..300_usize), 0..12),
        ) {
            let place = |&(start, end): &(usize, usize)| {
                let start = start.min(whole.len());
                (start, end.clamp(start, whole.len()))
            };
            let places: Vec<(usize, usize)> = parts.iter().map(place).collect();
            let expected: String = places.iter().map(|(start, end)| &whole[*start..*end]).collect();
            let copied = with_room(expected.len(), |out| {
                places.iter().for_each(|(start, end)| out.take_part(whole.as_bytes(), *start, *end));
                out.written().to_vec()
            });
            prop_assert_eq!(copied, expected.into_bytes());
        }
    }
}
