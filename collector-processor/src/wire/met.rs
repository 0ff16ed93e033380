//! What is known of fields that came before in the same request, by their bytes.
//!
//! Spans of one request have most attributes in common, to the byte: two in three come again. What was found out about
//! one (well-formed, no personal data, which code it has) holds for all.

use super::protobuf::ByteRange;

/// Slots at least and at most, and how many bytes of a request have one. A thousand stay in the processor's nearest
/// cache and find nine in ten of what any number would find.
const SLOTS_MIN: usize = 64;
const SLOTS_MAX: usize = 1024;
const BYTES_A_SLOT: usize = 256;

/// Fields met in one request, each in the one slot that its bytes lead to: who comes later takes it over.
#[derive(Debug)]
pub(crate) struct Met<'a, V> {
    request: &'a [u8],
    slots: Box<[Entry<V>]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<V> {
    start: u32,
    /// 0 where there is none.
    bytes: u8,
    value: V,
}

/// A field's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl<'a, V: Copy + Default> Met<'a, V> {
    /// For the fields of one request.
    pub(crate) fn new(request: &'a [u8]) -> Self {
        let slots = (request.len() / BYTES_A_SLOT).next_power_of_two().clamp(SLOTS_MIN, SLOTS_MAX);
        let empty = Entry { start: 0, bytes: 0, value: V::default() };
        Self { request, slots: vec![empty; slots].into() }
    }

    /// The slot of a field, which begins at `start`, and what is known of it.
    #[inline(always)]
    pub(crate) fn find(&mut self, start: u32, field: &[u8]) -> (Slot, Option<V>) {
        let place = spread(field) as usize & (self.slots.len() - 1);
        let entry = &mut self.slots[place];
        let slot = Slot(place as u16);
        if !entry.holds(self.request, field) {
            return (slot, None);
        }
        // The next one is compared with this one, whose bytes are at hand.
        entry.start = start;
        (slot, Some(entry.value))
    }

    /// Remembers what is known of the field at `range`, unless it is long.
    #[inline]
    pub(crate) fn put(&mut self, slot: Slot, range: ByteRange, value: V) {
        if let (Some(entry), Ok(bytes)) = (self.slots.get_mut(usize::from(slot.0)), u8::try_from(range.len()))
        {
            *entry = Entry { start: range.start, bytes, value };
        }
    }

    /// Changes what is known of a field, if it is still in its slot.
    #[inline]
    pub(crate) fn update(&mut self, slot: Slot, field: &[u8], change: impl FnOnce(&mut V)) {
        if let Some(entry) = self.slots.get_mut(usize::from(slot.0))
            && entry.holds(self.request, field)
        {
            change(&mut entry.value);
        }
    }
}

impl<V> Entry<V> {
    #[inline(always)]
    fn holds(&self, request: &[u8], field: &[u8]) -> bool {
        let start = self.start as usize;
        usize::from(self.bytes) == field.len()
            && !field.is_empty()
            && request.get(start..start + field.len()) == Some(field)
    }
}

/// Bits of a field's length, its first, middle and last bytes. Whoever makes fields meet on purpose gains nothing: they
/// are compared, and a slot is one comparison.
#[inline(always)]
fn spread(field: &[u8]) -> u64 {
    const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
    const MIDDLE: u64 = 0xbf58_476d_1ce4_e5b9;
    const LAST: u64 = 0x94d0_49bb_1331_11eb;
    let word =
        |at: usize| field.get(at..).and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b));
    let mixed = match field.len().checked_sub(8) {
        Some(last) => {
            word(0).wrapping_mul(FIRST) ^ word(last / 2).wrapping_mul(MIDDLE) ^ word(last).wrapping_mul(LAST)
        }
        None => field.iter().fold(0, |mixed: u64, byte| (mixed ^ u64::from(*byte)).wrapping_mul(FIRST)),
    };
    let mixed = (mixed ^ field.len() as u64).wrapping_mul(FIRST);
    mixed >> 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_their_bytes() {
        let request = b"route=/run route=/run route=/rum".to_vec();
        let at = |start: u32, end: u32| ByteRange { start, end };
        let mut met: Met<'_, u32> = Met::new(&request);
        let (slot, known) = met.find(0, &request[..10]);
        assert_eq!(known, None);
        met.put(slot, at(0, 10), 7);
        assert_eq!(met.find(11, &request[11..21]), (slot, Some(7)));
        met.update(slot, &request[..10], |value| *value += 1);
        assert_eq!(met.find(0, &request[..10]).1, Some(8));
        assert_eq!(met.find(22, &request[22..]).1, None);
        met.update(slot, &request[22..], |value| *value = 0);
        assert_eq!(met.find(0, &request[..10]).1, Some(8), "another field's news");
    }

    #[test]
    fn long_and_empty_fields_are_not_remembered() {
        let request = vec![b'x'; 300];
        let mut met: Met<'_, u32> = Met::new(&request);
        for field in [0..300, 5..5] {
            let range = ByteRange { start: field.start as u32, end: field.end as u32 };
            let (slot, _) = met.find(range.start, &request[field.clone()]);
            met.put(slot, range, 1);
            assert_eq!(met.find(range.start, &request[field]).1, None);
        }
    }
}
