//! The attributes of the span at hand: which have a role, which may hold personal data.
//!
//! Each is looked at once; what was found out holds for all that are the same to the byte, in later requests too.

use super::masking::Masks;
use super::names::{Names, Role, Roles};
use crate::wire::{Attribute, Edits, Met, RawAttribute, Slot, SpanView};
use schemas::attributes::written;

/// What is known of an attribute, whichever span has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    role: Option<(Role, u8)>,
    /// Its name is one that only this program writes.
    reserved: bool,
    /// Masking leaves it as it is.
    clear: bool,
}

/// The attributes of one span after another.
#[derive(Debug)]
pub(super) struct Own<'a, 'm> {
    met: &'m mut Met<Known>,
    masks: &'m Masks,
    /// Values by role.
    pub(super) roles: Roles<'a>,
    /// Those that have a role or a reserved name, in order.
    pub(super) marked: Vec<Attribute<'a>>,
    /// Those that masking may change, in order, where they are kept.
    suspects: Vec<(RawAttribute<'a>, Option<Slot>)>,
    keep_suspects: bool,
}

impl<'a, 'm> Own<'a, 'm> {
    /// For the spans of one request. `met` is what is known from earlier ones under `masks`.
    pub(super) fn new(met: &'m mut Met<Known>, masks: &'m Masks) -> Self {
        Self {
            met,
            masks,
            roles: Roles::empty(),
            marked: Vec::new(),
            suspects: Vec::new(),
            keep_suspects: true,
        }
    }

    /// Forgets the last span's attributes. `will_mask` is whether the next one's will be masked, as far as is known before
    /// they are read.
    pub(super) fn begin(&mut self, will_mask: bool) {
        self.keep_suspects = will_mask;
        self.roles = Roles::empty();
        self.marked.clear();
        self.suspects.clear();
    }

    /// Takes one attribute. `false` where it is not well-formed, unless that was `checked` before.
    #[inline]
    pub(super) fn take(&mut self, names: &Names, raw: RawAttribute<'a>, checked: bool) -> bool {
        let (slot, known) = self.met.find(raw.bytes());
        match known {
            Some(Known { clear: true, reserved: false, role: None }) => {}
            Some(known) => self.note(known, raw, Some(slot)),
            None if raw.is_plain() => {
                let known = known_of(names, self.masks, &raw.read());
                self.met.put(slot, raw.bytes(), known);
                self.note(known, raw, Some(slot));
            }
            None => {
                if !checked && !raw.is_sound() {
                    return false;
                }
                self.note(known_of(names, self.masks, &raw.read()), raw, None);
            }
        }
        true
    }

    #[inline]
    fn note(&mut self, known: Known, raw: RawAttribute<'a>, slot: Option<Slot>) {
        if known.role.is_some() || known.reserved {
            let attribute = raw.read();
            if let Some((role, rank)) = known.role {
                self.roles.note_as(role, rank, attribute.value);
            }
            self.marked.push(attribute);
        }
        if self.keep_suspects && !known.clear {
            self.suspects.push((raw, slot));
        }
    }

    /// Masks the attributes of `span` of `request`, which are those at hand; returns how many texts changed.
    pub(super) fn mask(&mut self, span: &SpanView<'a>, request: &[u8], edits: &mut Edits) -> u64 {
        let mut masked = 0;
        if !self.keep_suspects {
            for raw in span.raw_attributes() {
                let (slot, known) = self.met.find(raw.bytes());
                if !known.is_some_and(|known| known.clear) {
                    self.suspects.push((raw, known.map(|_| slot)));
                }
            }
        }
        for (raw, slot) in self.suspects.drain(..) {
            let attribute = raw.read();
            let changed = self.masks.edit_attribute(&attribute, request, edits);
            masked += changed;
            if let (0, Some(slot)) = (changed, slot) {
                self.met.update(slot, raw.bytes(), |known| known.clear = true);
            }
        }
        masked
    }
}

fn known_of(names: &Names, masks: &Masks, attribute: &Attribute<'_>) -> Known {
    let key = attribute.key.bytes();
    let reserved = key.starts_with(written::PREFIX.as_bytes())
        || [written::SESSION_ID, written::PARENT_SESSION_ID].iter().any(|name| name.as_bytes() == key);
    Known {
        role: names.role(key),
        reserved,
        clear: !attribute.value.has_text() && masks.is_harmless(attribute.key),
    }
}
