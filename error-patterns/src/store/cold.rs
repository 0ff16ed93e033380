//! Patterns that left memory: how they are written, found again and brought back.
//!
//! This side decides under which keys a pattern is found and what its bytes mean; where the bytes are kept is
//! the business of who implements [`ColdPatterns`]. Keys are 31 bits of hashes, so a look-up may answer
//! patterns that have nothing to do with it: what is found is checked here against the whole hashes.

use super::near::Probe;
use super::{Claim, Claimants};
use crate::canonical::Basis;
use crate::ids::{Fingerprint, PatternId};
use crate::likeness::Likeness;
use crate::model::{Phase, Runtime};
use crate::signature::BANDS;
use std::fmt;
use std::sync::Arc;

/// A key under which frozen patterns are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColdKey(u32);

impl ColdKey {
    const BAND: u32 = 1 << 31;

    fn of_pattern(id: PatternId) -> Self {
        Self((id.0 >> 32) as u32 & !Self::BAND)
    }

    /// A pattern's own first hash has the key of its id.
    fn of_hash(hash: Fingerprint) -> Self {
        Self::of_pattern(PatternId::of(hash))
    }

    fn of_class(class: u64, phase: Phase) -> Self {
        Self(in_phase(class, phase) & !Self::BAND)
    }

    /// Only patterns of one class and phase can join, so both are part of a band's key.
    fn of_band(class: u64, phase: Phase, band: u32) -> Self {
        Self(in_phase(class, phase).rotate_left(7) ^ band | Self::BAND)
    }

    /// The bits: keys of ids, hashes and classes are below 2^31, those of bands are not.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether near neighbours have it in common, not the pattern alone.
    #[must_use]
    pub fn is_band(self) -> bool {
        self.0 & Self::BAND != 0
    }
}

fn in_phase(class: u64, phase: Phase) -> u32 {
    let salt = match phase {
        Phase::Runtime => 0,
        Phase::Compile => 0x9e37_79b9,
        Phase::Deploy => 0x85eb_ca6b,
    };
    (class >> 32) as u32 ^ salt
}

/// A pattern as it leaves memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub pattern_id: PatternId,
    /// What it shall be found under.
    pub keys: Vec<ColdKey>,
    /// What [`ColdPatterns::may_hold`] shall know of; nothing is looked up under it.
    pub class: Option<ColdKey>,
    pub bytes: Vec<u8>,
}

/// Keeps patterns outside memory. Losing some is sound: their exact repeats get the same ids again.
pub trait ColdPatterns: fmt::Debug + Send + Sync {
    /// Keeps a pattern, instead of any earlier version of it. Called with the store locked: no waiting.
    fn put(&self, pattern: Frozen);

    /// Whether something with this key may be here; `false` is certain. No waiting.
    fn may_hold(&self, key: ColdKey) -> bool;

    /// The newest version of each pattern found under one of the keys, and at most a few hundred: where keys lead to
    /// more, those of keys that lead to few. May wait for a disk.
    fn find(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)>;

    /// Of [`Self::find`] what is known without waiting: at least all patterns of the last moments.
    fn find_recent(&self, keys: &[ColdKey]) -> Vec<(PatternId, Vec<u8>)>;
}

/// A pattern that was found again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thawed {
    pub(super) pattern_id: PatternId,
    pub(super) alias_of: Option<PatternId>,
    pub(super) made_unix_nano: Option<i64>,
    pub(super) fingerprint: Fingerprint,
    pub(super) claims: Vec<(Fingerprint, Claimants)>,
    pub(super) likeness: Option<(Likeness, Phase)>,
}

/// Cold patterns that bear on one event or fact, fetched before the store is locked for it.
#[derive(Debug, Default)]
pub struct Found(pub(super) Vec<Thawed>);

/// What is looked for among the cold patterns, for one event or fact. Holds nothing of the store.
#[derive(Debug)]
pub struct Wanted {
    pub(super) cold: Arc<dyn ColdPatterns>,
    pub(super) patterns: Vec<PatternId>,
    pub(super) hashes: Vec<Fingerprint>,
    pub(super) near: Option<(Likeness, Phase)>,
    /// All near neighbours that join, not only the nearest.
    pub(super) all_near: bool,
}

/// Steps from alias to pattern that are followed.
const ALIASES_MAX: usize = 16;

impl Wanted {
    /// Looks for it. May read a disk.
    #[must_use]
    pub fn fetch(&self) -> Found {
        self.fetch_by(|keys| self.cold.find(keys))
    }

    /// Looks for what came in the last moments, without waiting.
    pub(super) fn fetch_recent(&self) -> Found {
        self.fetch_by(|keys| self.cold.find_recent(keys))
    }

    fn keys(&self) -> Vec<ColdKey> {
        let ids = self.patterns.iter().map(|id| ColdKey::of_pattern(*id));
        let mut keys: Vec<ColdKey> =
            ids.chain(self.hashes.iter().map(|hash| ColdKey::of_hash(*hash))).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn carries(&self, thawed: &Thawed) -> bool {
        self.patterns.contains(&thawed.pattern_id)
            || thawed.claims.iter().any(|(hash, _)| self.hashes.contains(hash))
    }

    fn fetch_by(&self, find: impl Fn(&[ColdKey]) -> Vec<(PatternId, Vec<u8>)>) -> Found {
        let thaw = |keys: &[ColdKey]| -> Vec<Thawed> {
            find(keys).into_iter().filter_map(|(id, bytes)| Thawed::read(id, &bytes)).collect()
        };
        let mut found = thaw(&self.keys());
        found.retain(|thawed| self.carries(thawed));
        let by_hash = found.iter().any(|thawed| self.hashes.iter().any(|hash| thawed.claims_hash(*hash)));
        if let Some((likeness, phase)) = &self.near
            && (self.all_near || !by_hash)
            && self.cold.may_hold(ColdKey::of_class(likeness.class, *phase))
        {
            let key = |band: &u32| ColdKey::of_band(likeness.class, *phase, *band);
            let keys: Vec<ColdKey> = likeness.bands.iter().map(key).collect();
            self.keep_near(Probe { likeness, phase: *phase }, thaw(&keys), &mut found);
        }
        for _ in 0..ALIASES_MAX {
            let known = |id: PatternId| found.iter().any(|thawed| thawed.pattern_id == id);
            let targets: Vec<PatternId> =
                found.iter().filter_map(|thawed| thawed.alias_of).filter(|id| !known(*id)).collect();
            let keys: Vec<ColdKey> = targets.iter().map(|id| ColdKey::of_pattern(*id)).collect();
            let mut more = if keys.is_empty() { Vec::new() } else { thaw(&keys) };
            more.retain(|thawed| targets.contains(&thawed.pattern_id));
            if more.is_empty() {
                break;
            }
            found.append(&mut more);
        }
        Found(found)
    }

    fn keep_near(&self, probe: Probe<'_>, candidates: Vec<Thawed>, found: &mut Vec<Thawed>) {
        let mut near: Vec<(f64, Thawed)> = candidates
            .into_iter()
            .filter_map(|thawed| {
                let (likeness, phase) = thawed.likeness.as_ref()?;
                let similar = probe.judge(thawed.pattern_id, likeness, *phase)?;
                similar.joins.then_some((similar.similarity, thawed))
            })
            .filter(|(_, thawed)| !found.iter().any(|each| each.pattern_id == thawed.pattern_id))
            .collect();
        near.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(left.pattern_id.cmp(&right.pattern_id)));
        near.truncate(if self.all_near { usize::MAX } else { 1 });
        found.extend(near.into_iter().map(|(_, thawed)| thawed));
    }
}

/// The bytes start with it, and change with it.
const FORMAT: u8 = 1;

impl Thawed {
    fn claims_hash(&self, hash: Fingerprint) -> bool {
        self.claims.iter().any(|(claimed, _)| *claimed == hash)
    }

    /// Keys and bytes of a pattern.
    pub(super) fn freeze(&self) -> Frozen {
        let mut keys = Vec::with_capacity(1 + self.claims.len() + BANDS);
        keys.push(ColdKey::of_pattern(self.pattern_id));
        keys.extend(self.claims.iter().map(|(hash, _)| ColdKey::of_hash(*hash)));
        let mut class = None;
        if let Some((likeness, phase)) = &self.likeness {
            class = Some(ColdKey::of_class(likeness.class, *phase));
            keys.extend(likeness.bands.iter().map(|band| ColdKey::of_band(likeness.class, *phase, *band)));
        }
        keys.sort_unstable();
        keys.dedup();
        Frozen { pattern_id: self.pattern_id, keys, class, bytes: self.bytes() }
    }

    fn bytes(&self) -> Vec<u8> {
        let shingles = self.likeness.as_ref().map_or(0, |(likeness, _)| likeness.shingles.len());
        let mut out = Output(Vec::with_capacity(128 + 64 * self.claims.len() + 4 * shingles));
        out.put(&[FORMAT]);
        out.put(&self.fingerprint.0.to_le_bytes());
        out.option(self.alias_of.map(|id| id.0.to_le_bytes()));
        out.option(self.made_unix_nano.map(i64::to_le_bytes));
        out.length(self.claims.len());
        for (hash, claimants) in &self.claims {
            out.put(&hash.0.to_le_bytes());
            out.put(&claimants.first.time_unix_nano.to_le_bytes());
            out.put(&claimants.first.pattern_id.0.to_le_bytes());
            out.option(claimants.made.map(|id| id.0.to_le_bytes()));
            out.length(claimants.others.len());
            claimants.others.iter().for_each(|id| out.put(&id.0.to_le_bytes()));
        }
        if let Some((likeness, phase)) = &self.likeness {
            for name in [phase.as_str(), likeness.basis.as_str(), likeness.runtime.as_str()] {
                out.length(name.len());
                out.put(name.as_bytes());
            }
            out.put(&likeness.class.to_le_bytes());
            out.length(likeness.shingles.len());
            likeness.shingles.iter().for_each(|shingle| out.put(&shingle.to_le_bytes()));
        }
        out.0
    }

    /// `None` for bytes of another format.
    fn read(pattern_id: PatternId, bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        if input.take::<1>()? != [FORMAT] {
            return None;
        }
        let fingerprint = Fingerprint(u128::from_le_bytes(input.take()?));
        let alias_of = input.option()?.map(u64::from_le_bytes).map(PatternId);
        let made_unix_nano = input.option()?.map(i64::from_le_bytes);
        let mut claims = Vec::new();
        for _ in 0..input.length()? {
            let hash = Fingerprint(u128::from_le_bytes(input.take()?));
            let first = Claim {
                time_unix_nano: i64::from_le_bytes(input.take()?),
                pattern_id: PatternId(u64::from_le_bytes(input.take()?)),
            };
            let made = input.option()?.map(u64::from_le_bytes).map(PatternId);
            let others = (0..input.length()?)
                .map(|_| Some(PatternId(u64::from_le_bytes(input.take()?))))
                .collect::<Option<_>>()?;
            claims.push((hash, Claimants { first, made, others }));
        }
        let likeness = if input.0.is_empty() { None } else { Some(input.likeness()?) };
        Some(Self { pattern_id, alias_of, made_unix_nano, fingerprint, claims, likeness })
    }
}

struct Output(Vec<u8>);

impl Output {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Lengths are bounded far below by the store's own bounds; a longer list would be cut, and so refused by
    /// the reader.
    fn length(&mut self, length: usize) {
        self.put(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    }

    fn option(&mut self, bytes: Option<[u8; 8]>) {
        self.put(&[u8::from(bytes.is_some())]);
        self.put(&bytes.unwrap_or_default());
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn length(&mut self) -> Option<usize> {
        self.take().map(u16::from_le_bytes).map(usize::from)
    }

    fn option(&mut self) -> Option<Option<[u8; 8]>> {
        let [there] = self.take()?;
        let value = self.take()?;
        Some((there == 1).then_some(value))
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(name).ok()
    }

    fn likeness(&mut self) -> Option<(Likeness, Phase)> {
        let phase = Phase::named(self.name()?);
        let basis = Basis::of(self.name()?)?;
        let runtime = Runtime::named(self.name()?);
        let class = u64::from_le_bytes(self.take()?);
        let shingles =
            (0..self.length()?).map(|_| self.take().map(u32::from_le_bytes)).collect::<Option<Vec<u32>>>()?;
        self.0.is_empty().then(|| (Likeness::of_shingles(class, basis, runtime, shingles.into()), phase))
    }
}
