//! What is known of fields that came before, by their bytes.
//!
//! Spans have most attributes in common, to the byte: of those of one request two in three, of those of all requests
//! nearly all but ids and amounts. What was found out about one (well-formed, no personal data, which code it has) holds
//! for all.
//!
//! Bounds: [`SLOTS`] fields and [`BYTES_MAX`] of their bytes, which is what stays in the processor's second cache. Each
//! field has the one slot that its bytes lead to. A field that came again since another wanted its slot keeps it once:
//! so what never comes again (ids) does not drive out what does. When the bytes are full, all is forgotten.

/// Fields remembered at most.
const SLOTS: usize = 4096;
/// Bytes of fields remembered at most, and of one.
const BYTES_MAX: usize = 256 * 1024;
const FIELD_BYTES_MAX: usize = u8::MAX as usize;

/// Fields met before, each with what is known of it. Takes no memory until it remembers one.
#[derive(Debug, Default)]
pub(crate) struct Met<V> {
    slots: Box<[Entry<V>]>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry<V> {
    start: u32,
    /// 0 where there is none.
    len: u8,
    /// It came again since another wanted its slot.
    came_again: bool,
    value: V,
}

/// A field's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl<V: Copy + Default> Met<V> {
    /// The slot of a field, and what is known of it.
    #[inline(always)]
    pub(crate) fn find(&mut self, field: &[u8]) -> (Slot, Option<V>) {
        let place = spread(field) as usize % SLOTS;
        let slot = Slot(place as u16);
        match self.slots.get_mut(place) {
            Some(entry) if entry.holds(&self.bytes, field) => {
                entry.came_again = true;
                (slot, Some(entry.value))
            }
            _ => (slot, None),
        }
    }

    /// Remembers what is known of a field, unless it is long or its slot is worth more to another.
    #[inline]
    pub(crate) fn put(&mut self, slot: Slot, field: &[u8], value: V) {
        if field.is_empty() || field.len() > FIELD_BYTES_MAX {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Entry::default(); SLOTS].into();
        }
        if self.bytes.len() + field.len() > BYTES_MAX {
            self.forget();
        }
        let Some(entry) = self.slots.get_mut(usize::from(slot.0)) else { return };
        if std::mem::take(&mut entry.came_again) {
            return;
        }
        let (start, len) = (self.bytes.len() as u32, field.len() as u8);
        *entry = Entry { start, len, came_again: false, value };
        self.bytes.extend_from_slice(field);
    }

    /// Changes what is known of a field, if it is still in its slot.
    #[inline]
    pub(crate) fn update(&mut self, slot: Slot, field: &[u8], change: impl FnOnce(&mut V)) {
        if let Some(entry) = self.slots.get_mut(usize::from(slot.0))
            && entry.holds(&self.bytes, field)
        {
            change(&mut entry.value);
        }
    }

    /// Forgets all.
    pub(crate) fn forget(&mut self) {
        self.slots.fill(Entry::default());
        self.bytes.clear();
    }
}

impl<V> Entry<V> {
    #[inline(always)]
    fn holds(&self, bytes: &[u8], field: &[u8]) -> bool {
        let start = self.start as usize;
        usize::from(self.len) == field.len()
            && !field.is_empty()
            && bytes.get(start..start + field.len()) == Some(field)
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
    // What differs in a field's last bytes differs in the highest bits of all only.
    let mixed = (mixed ^ mixed >> 32 ^ field.len() as u64).wrapping_mul(FIRST);
    mixed >> 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_their_bytes() {
        let mut met: Met<u32> = Met::default();
        let (slot, known) = met.find(b"route=/run");
        assert_eq!(known, None);
        met.put(slot, b"route=/run", 7);
        assert_eq!(met.find(b"route=/run"), (slot, Some(7)));
        met.update(slot, b"route=/run", |value| *value += 1);
        assert_eq!(met.find(b"route=/run").1, Some(8));
        assert_eq!(met.find(b"route=/rum").1, None);
        met.update(slot, b"route=/rum", |value| *value = 0);
        assert_eq!(met.find(b"route=/run").1, Some(8), "another field's news");
        met.forget();
        assert_eq!(met.find(b"route=/run").1, None);
    }

    #[test]
    fn long_and_empty_fields_are_not_remembered() {
        let mut met: Met<u32> = Met::default();
        for field in [&[b'x'; 300][..], &[]] {
            let (slot, _) = met.find(field);
            met.put(slot, field, 1);
            assert_eq!(met.find(field).1, None);
        }
    }

    #[test]
    fn fields_that_differ_at_their_end_have_different_slots() {
        let kinds: [fn(u8) -> String; 4] = [
            |n| format!("\n\tthread.id\u{12}\u{2}\u{18}{}", char::from(n)),
            |n| format!("app.tenant=tenant-{n:02}"),
            |n| format!("k={n}"),
            |n| format!("{n:02}/orders/checkout"),
        ];
        for kind in kinds {
            let slots: std::collections::HashSet<u64> =
                (0..100).map(|n| spread(kind(n).as_bytes()) % SLOTS as u64).collect();
            assert!(slots.len() > 90, "{} slots for 100 like {:?}", slots.len(), kind(7));
        }
    }

    #[test]
    fn what_comes_again_keeps_its_slot_once() {
        let mut met: Met<u32> = Met::default();
        let (slot, _) = met.find(b"kept");
        met.put(slot, b"kept", 1);
        assert_eq!(met.find(b"kept").1, Some(1));
        met.put(slot, b"once", 2);
        assert_eq!(met.find(b"kept").1, Some(1));
        met.put(slot, b"once", 2);
        met.put(slot, b"twice", 3);
        assert_eq!(met.find(b"kept").1, None);
    }

    #[test]
    fn any_number_of_fields_stays_within_the_bounds_and_none_is_mistaken() {
        let mut met: Met<u32> = Met::default();
        for number in 0..200_000u32 {
            let field = format!("app.request.id=req-{}", number % 150_000);
            let (slot, known) = met.find(field.as_bytes());
            assert!(known.is_none_or(|known| known == number % 150_000));
            met.put(slot, field.as_bytes(), number % 150_000);
            assert!(met.bytes.len() <= BYTES_MAX && met.slots.len() == SLOTS);
        }
    }
}
