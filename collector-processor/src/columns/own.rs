//! The attributes of the span at hand, as roles and as codes of a map column.
//!
//! Each is read once in a commit; its codes hold for all that are the same to the byte.

use super::coded::{EntryCodes, MapColumn};
use super::text::push_attribute;
use crate::pipeline::{Masking, Names, Role, Roles};
use crate::wire::{Attribute, Met, RawAttribute, Slot};

/// What is known of an attribute, whichever span has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    role: Option<(Role, u8)>,
    /// Of the attribute as it came.
    codes: Option<EntryCodes>,
    /// Masking leaves it as it is.
    clear: bool,
}

/// The attributes of one span after another, of one request.
#[derive(Debug)]
pub(super) struct Own<'a, 'm> {
    /// Values by role.
    pub(super) roles: Roles<'a>,
    pub(super) entries: Entries<'a, 'm>,
}

/// The attributes of a span, in order.
#[derive(Debug)]
pub(super) struct Entries<'a, 'm> {
    met: &'m mut Met<Known>,
    all: Vec<(RawAttribute<'a>, Slot, Known)>,
}

impl<'a, 'm> Own<'a, 'm> {
    /// For the spans of one request. `met` is what is known from others of this commit.
    pub(super) fn new(met: &'m mut Met<Known>) -> Self {
        Self { roles: Roles::empty(), entries: Entries { met, all: Vec::new() } }
    }

    /// Forgets the last span's attributes.
    pub(super) fn begin(&mut self) {
        self.roles = Roles::empty();
        self.entries.all.clear();
    }

    /// Takes one attribute.
    #[inline]
    pub(super) fn take(&mut self, names: &Names, raw: RawAttribute<'a>) {
        let Entries { met, all } = &mut self.entries;
        let (slot, known) = met.find(raw.bytes());
        let known = known.unwrap_or_else(|| {
            let known = Known { role: names.role(raw.read().key.bytes()), ..Known::default() };
            met.put(slot, raw.bytes(), known);
            known
        });
        all.push((raw, slot, known));
        if let Some((role, rank)) = known.role {
            self.roles.note_as(role, rank, raw.read().value);
        }
    }
}

impl<'a> Entries<'a, '_> {
    /// Adds them as one row, masked where `masking` is set.
    pub(super) fn push(&mut self, column: &mut MapColumn, masking: Option<&Masking>) {
        for (raw, slot, known) in &self.all {
            match known.codes {
                Some(codes) if known.clear || masking.is_none() => column.entry_again(codes),
                _ => {
                    let codes = push_attribute(column, &raw.read(), masking);
                    if codes.is_some() {
                        let clear = masking.is_some();
                        let learned = |known: &mut Known| (known.codes, known.clear) = (codes, clear);
                        self.met.update(*slot, raw.bytes(), learned);
                    }
                }
            }
        }
        column.row();
    }

    /// All of them, read.
    pub(super) fn read(&self) -> impl Iterator<Item = Attribute<'a>> {
        self.all.iter().map(|(raw, ..)| raw.read())
    }
}
