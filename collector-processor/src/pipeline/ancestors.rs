//! What a span has from those above it: SDKs that nest set an execution's attributes on its root span only.
//!
//! Looked for among the spans of one request, within one trace, by a span of a session within that. Whatever the span
//! itself or its resource says comes first (the contract's order), then the nearest ancestor.

use super::names::{Names, Role, Roles, Scoped};
use crate::wire::RawAttributes;
use rapidhash::RapidHashMap;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Roles that a span has from its ancestors. Those of one group come from one span: a hash tells nothing of another's
/// snippet.
const INHERITED: [&[Role]; 8] = [
    &[Role::Execution],
    &[Role::User],
    &[Role::Commit, Role::Branch],
    &[Role::Virtualenv],
    &[Role::PkgVersions],
    &[Role::Snippet, Role::CodeHash],
    &[Role::Language],
    &[Role::Tags],
];

/// The same, a bit each as in [`Roles::set`].
const INHERITED_SET: u32 = set_of(&INHERITED);

const EXECUTION_SET: u32 = set_of(&[&[Role::Execution]]);

const fn set_of(groups: &[&[Role]]) -> u32 {
    let (mut set, mut group) = (0, 0);
    while group < groups.len() {
        let mut place = 0;
        while place < groups[group].len() {
            set |= 1 << groups[group][place] as u32;
            place += 1;
        }
        group += 1;
    }
    set
}

/// Ancestors looked at for one span.
const ANCESTORS_MAX: usize = 64;

const NO_SPAN: [u8; 8] = [0; 8];

/// Trace id and span id.
pub(crate) type SpanKey = ([u8; 16], [u8; 8]);

/// Trace id and span id, where they are of their lengths and not all zero.
pub(crate) fn ids(trace_id: &[u8], span_id: &[u8]) -> Option<SpanKey> {
    let trace_id: [u8; 16] = trace_id.try_into().ok().filter(|id| *id != [0; 16])?;
    let span_id: [u8; 8] = span_id.try_into().ok().filter(|id| *id != [0; 8])?;
    Some((trace_id, span_id))
}

/// The spans of one request, for finding ancestors.
#[derive(Debug, Default)]
pub(crate) struct Ancestors<'a> {
    spans: Vec<(SpanKey, [u8; 8])>,
    telling: Vec<(SpanKey, Telling<'a>)>,
    parents: RapidHashMap<SpanKey, [u8; 8]>,
    told: RapidHashMap<SpanKey, Telling<'a>>,
    /// Inherited roles, a bit each, that some span has, and that each has.
    some: u32,
    each: Option<u32>,
}

/// A span that says what its descendants may have from it.
#[derive(Debug)]
struct Telling<'a> {
    item: u32,
    session: Option<Cow<'a, str>>,
    attributes: RawAttributes<'a>,
    roles: OnceCell<Roles<'a>>,
}

impl<'a> Ancestors<'a> {
    /// Takes a span.
    pub(crate) fn note(&mut self, key: SpanKey, parent_span_id: [u8; 8]) {
        self.spans.push((key, parent_span_id));
    }

    /// Takes what the `item`th span, which was noted, says of itself: attributes of the roles `set`.
    pub(crate) fn tell(
        &mut self,
        key: SpanKey,
        item: u32,
        session: Option<&Cow<'a, str>>,
        attributes: RawAttributes<'a>,
        set: u32,
    ) {
        let says = set & INHERITED_SET;
        self.some |= says;
        self.each = Some(self.each.unwrap_or(says) & says);
        if says != 0 {
            let roles = OnceCell::new();
            self.telling.push((key, Telling { item, session: session.cloned(), attributes, roles }));
        }
    }

    /// Makes all that was taken findable.
    pub(crate) fn index(&mut self) {
        self.parents.extend(self.spans.drain(..));
        self.told.extend(self.telling.drain(..));
    }

    /// Whether some spans name their execution and others do not, who may have it from them.
    pub(crate) fn name_executions_unevenly(&self) -> bool {
        (self.some ^ self.each.unwrap_or_default()) & EXECUTION_SET != 0
    }

    /// Whether some spans say what others do not.
    pub(crate) fn are_uneven(&self) -> bool {
        self.some != self.each.unwrap_or_default()
    }

    /// The items that say anything, in any order.
    pub(crate) fn items(&self) -> Vec<u32> {
        let all = self.telling.iter().map(|(_, telling)| telling).chain(self.told.values());
        all.map(|telling| telling.item).collect()
    }

    /// The parent of a span of this request.
    pub(crate) fn parent_of(&self, (trace_id, span_id): SpanKey) -> Option<[u8; 8]> {
        self.parents.get(&(trace_id, span_id)).copied().filter(|parent| *parent != NO_SPAN)
    }

    /// The span and its known ancestors, nearest first. `parent_span_id` is all zero where the span itself does not say.
    pub(crate) fn ancestry(&self, (trace_id, span_id): SpanKey, parent_span_id: [u8; 8]) -> Vec<[u8; 8]> {
        let mut chain = vec![span_id];
        let mut next = if parent_span_id == NO_SPAN {
            self.parent_of((trace_id, span_id)).unwrap_or(NO_SPAN)
        } else {
            parent_span_id
        };
        while next != NO_SPAN && chain.len() < ANCESTORS_MAX && !chain.contains(&next) {
            chain.push(next);
            next = self.parent_of((trace_id, next)).unwrap_or(NO_SPAN);
        }
        chain
    }

    /// The ancestors of a span of `session` that say anything, nearest first: those of other sessions are none of its
    /// business.
    fn telling_above(&self, key: SpanKey, session: Option<&str>) -> impl Iterator<Item = &Telling<'a>> {
        let chain = if self.told.is_empty() { Vec::new() } else { self.ancestry(key, NO_SPAN) };
        let known = chain.into_iter().skip(1).filter_map(move |ancestor| self.told.get(&(key.0, ancestor)));
        // What has no session is masked where rows are made, whatever it has from whom.
        known.filter(move |telling| session.is_none() || telling.session.as_deref() == session)
    }

    /// The items that a span of `session` may have anything from.
    pub(crate) fn items_above(&self, key: SpanKey, session: Option<&str>) -> impl Iterator<Item = u32> {
        self.telling_above(key, session).map(|telling| telling.item)
    }

    /// What a span of `session` has from its ancestors, the nearest that say it; nothing for what `has` tells already.
    pub(crate) fn inherited(
        &self,
        key: SpanKey,
        session: Option<&str>,
        has: Scoped<'_, 'a>,
        names: &Names,
    ) -> Roles<'a> {
        let mut inherited = Roles::empty();
        let mut missing = INHERITED.map(|group| group.iter().all(|role| has.value(*role).is_none()));
        for telling in self.telling_above(key, session) {
            let roles = telling.roles.get_or_init(|| {
                let mut roles = Roles::empty();
                telling.attributes.for_each(|raw| _ = roles.note(names, &raw.read()));
                roles
            });
            for (group, missing) in INHERITED.iter().zip(&mut missing).filter(|(_, missing)| **missing) {
                for role in *group {
                    if let Some(value) = roles.value(*role) {
                        inherited.note_as(*role, 0, value);
                        *missing = false;
                    }
                }
            }
        }
        inherited
    }
}
