//! Which of many short texts a value is, starts with, ends with or contains, as the bits of a mask.
//!
//! Knows nothing of frames. Needles are sorted into looks, each of which finds some of the bits; who has no use for
//! more bits looks no further. Texts that begin or end alike share a tree, which is walked from either end of the
//! value. What a value may contain is looked for only behind one of the needle's rarer bytes, the anchor, and so is an
//! end that has an anchor in it: a path costs one walk per folder. Work is linear in the value for any fixed set of
//! needles.

use crate::bytes::{BLOCK, has_any, places, places_of_two};
use std::ops::Range;

/// No node.
const NONE: u32 = u32::MAX;

/// Needles of which several share their beginning: a node stands for the bytes on the way to it.
#[derive(Debug)]
struct Node {
    /// The bytes between the parent and this node, with a mask of those that there are.
    word: u64,
    mask: u64,
    /// Their number, 1 to 8.
    len: usize,
    /// Bits of the needles that end here.
    within: u64,
    /// Bits of the needles that end here, and so must the value.
    whole: u64,
    /// Needles that end here and are found only behind other bytes, as a range of `Tree::behind`.
    behind: (u32, u32),
    /// The nodes below, a range of `Tree::nodes`; they differ in their first bytes.
    below: (u32, u32),
    /// Place in `Tree::many` when there are many of them.
    many: u32,
    /// Neither of the two is there.
    is_lone: bool,
}

/// Nodes below another that are looked through one by one.
const FEW: usize = 4;

/// A needle and what it says: its bytes in the order of the walk.
#[derive(Clone, Debug)]
struct Needle {
    bytes: Vec<u8>,
    bits: u64,
    /// The value must end with it.
    whole: bool,
    /// What must stand before the place where the walk began; empty for no condition.
    behind: Vec<u8>,
}

/// What must stand before a place, whether the value must end there, and the bits that then hold.
#[derive(Debug)]
struct Behind {
    /// The last of the bytes, which tells most places apart.
    last: Option<u8>,
    bytes: Box<[u8]>,
    whole: bool,
    bits: u64,
}

impl Behind {
    fn of(needle: &Needle) -> Self {
        let bytes: Box<[u8]> = needle.behind.as_slice().into();
        Self { last: bytes.last().copied(), bytes, whole: needle.whole, bits: needle.bits }
    }

    #[inline]
    fn found(&self, before: &[u8], ended: bool) -> u64 {
        let may = self.last.is_none() || self.last == before.last().copied();
        let held = may && before.ends_with(&self.bytes);
        if held && (ended || !self.whole) { self.bits } else { 0 }
    }
}

/// A tree of needles that is walked from one byte of a value on, or back from the value's end.
#[derive(Debug)]
struct Tree<const BACKWARD: bool> {
    /// By the hash of the bytes that all needles are long enough for, as bits the bytes that may follow.
    next: Box<[u32; ROOTS]>,
    /// The same for the first nodes, as ranges of `nodes`.
    roots: Box<[(u32, u32); ROOTS]>,
    /// The number of these bytes in bits, and a mask of them.
    key: (u32, u64),
    nodes: Vec<Node>,
    /// Numbers of nodes that have many neighbours, by first byte.
    many: Vec<[u32; 256]>,
    behind: Vec<Behind>,
}

impl<const BACKWARD: bool> Tree<BACKWARD> {
    fn new(mut needles: Vec<Needle>) -> Self {
        let shortest = needles.iter().map(|needle| needle.bytes.len()).min().unwrap_or(0).min(7);
        let key = (8 * shortest as u32, word_of(&[0xff; 8][..shortest]));
        let root = |needle: &Needle| root(word_of(&needle.bytes[..shortest]));
        needles.sort_by(|a, b| root(a).cmp(&root(b)).then_with(|| a.bytes.cmp(&b.bytes)));
        let mut tree = Self {
            next: Box::new([0; ROOTS]),
            roots: Box::new([(0, 0); ROOTS]),
            key,
            nodes: vec![],
            many: vec![],
            behind: vec![],
        };
        for group in needles.chunk_by(|a, b| root(a) == root(b)) {
            let place = root(&group[0]);
            tree.roots[place] = tree.add(group, 0, shortest);
            let next = |needle: &Needle| needle.bytes.get(shortest).map_or(u32::MAX, |byte| 1 << (byte & 31));
            tree.next[place] = group.iter().fold(0, |bits, needle| bits | next(needle));
        }
        tree
    }

    /// Adds the nodes of sorted needles that share the bytes before `from` and have `more`, and those below; returns
    /// the range of the former, which each stand for needles that share `more` bytes.
    fn add(&mut self, needles: &[Needle], from: usize, more: usize) -> (u32, u32) {
        let next = from..from + more;
        let groups: Vec<&[Needle]> =
            needles.chunk_by(|a, b| a.bytes[next.clone()] == b.bytes[next.clone()]).collect();
        let nodes: Vec<Node> = groups.iter().map(|group| self.node(group, from)).collect();
        let lengths: Vec<usize> = nodes.iter().map(|node| from + node.len).collect();
        let range = extend(&mut self.nodes, nodes);
        for (number, (group, shared)) in (range.0..).zip(groups.into_iter().zip(lengths)) {
            let longer = &group[group.partition_point(|needle| needle.bytes.len() == shared)..];
            let below = self.add(longer, shared, 1);
            self.nodes[number as usize].below = below;
            if (below.1 - below.0) as usize > FEW {
                let mut table = [NONE; 256];
                for below in below.0..below.1 {
                    table[(self.nodes[below as usize].word & 0xff) as usize] = below;
                }
                self.nodes[number as usize].many = extend(&mut self.many, vec![table]).0;
            }
        }
        range
    }

    /// The node of sorted needles that share the bytes up to and with `from`.
    fn node(&mut self, needles: &[Needle], from: usize) -> Node {
        let (shortest, last) = (&needles[0].bytes, &needles[needles.len() - 1].bytes);
        let shared = shortest.iter().zip(last).take(from + 8).take_while(|(a, b)| a == b).count();
        let here = &needles[..needles.partition_point(|needle| needle.bytes.len() == shared)];
        let label = &shortest[from..shared];
        let (word, mask) = (word_of(label), word_of(&[0xff; 8][..label.len()]));
        let (free, bound): (Vec<&Needle>, Vec<&Needle>) = here.iter().partition(|n| n.behind.is_empty());
        let bits = |whole: bool| {
            free.iter().filter(|needle| needle.whole == whole).fold(0, |bits, needle| bits | needle.bits)
        };
        let (within, whole) = (bits(false), bits(true));
        let behind = extend(&mut self.behind, bound.into_iter().map(Behind::of).collect());
        let is_lone = here.len() == needles.len() && behind.0 == behind.1;
        Node { word, mask, len: label.len(), within, whole, behind, below: (0, 0), many: NONE, is_lone }
    }

    /// The bits of the needles that stand in `value` from `at` on, or that end at `at` when walked backward. `before`
    /// is what stands before the walk.
    #[inline(always)]
    fn walk(&self, value: &[u8], at: usize, before: &[u8]) -> u64 {
        let word = Self::word(value, at);
        if self.may_begin(word) { self.walk_word(word, value, at, before) } else { 0 }
    }

    /// The same from the first bytes on, with which needles may begin.
    #[inline(always)]
    fn walk_word(&self, word: u64, value: &[u8], at: usize, before: &[u8]) -> u64 {
        let (start, end) = self.roots[root(word & self.key.1)];
        match self.node_of(start as usize..end as usize, word) {
            // Most needles share no beginning with others.
            Some(node) if node.is_lone => {
                let left = if BACKWARD { at } else { value.len() - at };
                let whole = if left == node.len { node.whole } else { 0 };
                if left < node.len { 0 } else { node.within | whole }
            }
            Some(node) => self.walk_from(node, value, at, before),
            None => 0,
        }
    }

    /// Whether needles may begin with the first bytes of a word.
    #[inline(always)]
    fn may_begin(&self, word: u64) -> bool {
        self.next[root(word & self.key.1)] & 1 << (word >> (self.key.0 & 63) & 31) != 0
    }

    #[inline(always)]
    fn node_of(&self, range: Range<usize>, word: u64) -> Option<&Node> {
        self.nodes.get(range)?.iter().find(|node| (word ^ node.word) & node.mask == 0)
    }

    #[inline(never)]
    fn walk_from<'t>(&'t self, mut node: &'t Node, value: &[u8], mut at: usize, before: &[u8]) -> u64 {
        let mut found = 0;
        loop {
            let left = if BACKWARD { at } else { value.len() - at };
            if left < node.len {
                return found;
            }
            found |= node.within;
            if node.behind.0 < node.behind.1 {
                for behind in &self.behind[node.behind.0 as usize..node.behind.1 as usize] {
                    found |= behind.found(before, left == node.len);
                }
            }
            if left == node.len {
                return found | node.whole;
            }
            if node.below.0 == node.below.1 {
                return found;
            }
            at = if BACKWARD { at - node.len } else { at + node.len };
            let word = Self::word(value, at);
            let next = match self.many.get(node.many as usize) {
                None => self.node_of(node.below.0 as usize..node.below.1 as usize, word),
                Some(table) => {
                    let next = table[(word & 0xff) as usize] as usize;
                    self.node_of(next..next.saturating_add(1), word)
                }
            };
            let Some(next) = next else { return found };
            node = next;
        }
    }

    /// The next eight bytes of a walk, the first lowest; what is missing is 0.
    #[inline]
    fn word(value: &[u8], at: usize) -> u64 {
        if BACKWARD { word_before(value, at) } else { word_at(value, at) }
    }
}

/// Places for first nodes.
const ROOTS: usize = 256;

/// The place of the first node of needles that begin so.
#[inline]
fn root(beginning: u64) -> usize {
    (beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

/// Up to eight bytes as a number, the first lowest.
fn word_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The eight bytes from `at` on, the first lowest; what is missing is 0.
#[inline]
fn word_at(value: &[u8], at: usize) -> u64 {
    match (value[at..].first_chunk(), value.last_chunk()) {
        (Some(all), _) => u64::from_le_bytes(*all),
        (None, Some(end)) => u64::from_le_bytes(*end).unbounded_shr(8 * (at + 8 - value.len()) as u32),
        (None, None) => word_of(&value[at..]),
    }
}

/// The eight bytes before `at`, the last lowest; what is missing is 0.
#[inline]
fn word_before(value: &[u8], at: usize) -> u64 {
    match (value[..at].last_chunk(), value.first_chunk()) {
        (Some(all), _) => u64::from_be_bytes(*all),
        (None, Some(start)) => u64::from_be_bytes(*start).unbounded_shr(8 * (8 - at) as u32),
        (None, None) => value[..at].iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Appends `more` and returns the range where it stands.
fn extend<T>(to: &mut Vec<T>, more: Vec<T>) -> (u32, u32) {
    let start = to.len();
    to.extend(more);
    let place = |at: usize| u32::try_from(at).unwrap_or(NONE);
    (place(start), place(to.len()))
}

/// Needles that are told by one of their bytes, the anchor.
#[derive(Debug)]
struct Anchored {
    anchor: u8,
    /// What stands behind the anchor.
    tree: Tree<false>,
    /// Needles that end with their anchor: what stands before it.
    ends: Vec<Behind>,
    /// The bits of the last of these bytes.
    before: u64,
}

impl Anchored {
    fn new(anchor: u8, needles: Vec<Needle>) -> Self {
        let cut = |needle: Needle| {
            let at = needle.bytes.iter().position(|byte| *byte == anchor).unwrap_or(0);
            Needle { bytes: needle.bytes[at + 1..].to_vec(), behind: needle.bytes[..at].to_vec(), ..needle }
        };
        let (ends, goes_on): (Vec<Needle>, Vec<Needle>) =
            needles.into_iter().map(cut).partition(|needle| needle.bytes.is_empty());
        let before = ends.iter().fold(0, |bits, needle| bits | before_bit(needle.behind.last().copied()));
        Self { anchor, tree: Tree::new(goes_on), ends: ends.iter().map(Behind::of).collect(), before }
    }

    /// The bits of the needles that have their anchor somewhere in a value.
    fn find(&self, value: &[u8]) -> u64 {
        let (mut found, mut start) = (0, 0);
        while let Some(rest) = value.get(start..).filter(|rest| !rest.is_empty()) {
            found |= self.find_at(value, start, places(&rest[..rest.len().min(BLOCK)], self.anchor));
            start += BLOCK;
        }
        found
    }

    /// The same where the anchor stands at some places behind `start`.
    #[inline(always)]
    fn find_at(&self, value: &[u8], start: usize, mut places: u64) -> u64 {
        let mut found = 0;
        while places != 0 {
            let at = start + places.trailing_zeros() as usize;
            places &= places - 1;
            let word = word_at(value, at + 1);
            if self.tree.may_begin(word) {
                found |= self.tree.walk_word(word, value, at + 1, &value[..at]);
            }
            if self.before != 0 && self.before & before_bit(value[..at].last().copied()) != 0 {
                found |= self.find_end(value, at);
            }
        }
        found
    }

    /// The bits of those that end with the anchor at a place.
    #[inline(never)]
    fn find_end(&self, value: &[u8], at: usize) -> u64 {
        self.ends.iter().fold(0, |found, end| found | end.found(&value[..at], at + 1 == value.len()))
    }
}

/// The bits of the needles of several anchors.
#[inline(never)]
fn find_anchored(anchored: &[Anchored], value: &[u8]) -> u64 {
    if let [first, second] = anchored
        && value.len() <= BLOCK
    {
        let [of_first, of_second] = places_of_two(value, [first.anchor, second.anchor]);
        let found = if of_first == 0 { 0 } else { first.find(value) };
        return found | second.find_at(value, 0, of_second);
    }
    anchored.iter().fold(0, |found, anchored| found | anchored.find(value))
}

/// The bit of a byte before an anchor, which it shares with few others; no byte is all bits for a needle that is its
/// anchor.
#[inline(always)]
fn before_bit(byte: Option<u8>) -> u64 {
    byte.map_or(u64::MAX, |byte| 1 << (byte & 63))
}

/// The byte to look for: a separator when the needles have one, since values have few of them, and of these `_` last.
fn best_anchor(needles: &[Needle]) -> Option<u8> {
    let first = needles.first()?;
    let had = |byte: &u8| needles.iter().any(|needle| needle.bytes.contains(byte));
    b":/$+ -._".iter().copied().find(had).or_else(|| first.bytes.first().copied())
}

/// How a needle must stand in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Is,
    Starts,
    Ends,
    Contains,
}

#[derive(Debug)]
enum Place {
    Starts(Tree<false>),
    Ends(Tree<true>),
    Anchored(Vec<Anchored>),
    /// Neither of two bytes.
    Without([u8; 2]),
}

/// Some of the needles.
#[derive(Debug)]
pub(super) struct Look {
    place: Place,
    /// All bits that it may find.
    pub(super) bits: u64,
    /// All bits that looks after it may find.
    pub(super) later: u64,
    /// The bytes that what it finds starts with, or ends with; all where it may begin anywhere.
    edges: [u64; 4],
}

impl Look {
    /// Whether it may find anything, as far as a value's ends tell.
    #[inline(always)]
    pub(super) fn may_find(&self, value: &str) -> bool {
        let edge = match self.place {
            Place::Ends(_) => value.as_bytes().last(),
            _ => value.as_bytes().first(),
        };
        edge.is_some_and(|edge| self.edges[usize::from(edge >> 6)] & 1 << (edge & 63) != 0)
    }

    /// Whether it looks behind anchors.
    pub(super) fn is_anchored(&self) -> bool {
        matches!(self.place, Place::Anchored(_))
    }

    /// The bits of the needles found.
    #[inline]
    pub(super) fn find(&self, value: &str) -> u64 {
        let value = value.as_bytes();
        match &self.place {
            Place::Starts(tree) => tree.walk(value, 0, b""),
            Place::Ends(tree) => tree.walk(value, value.len(), b""),
            Place::Anchored(anchored) => find_anchored(anchored, value),
            Place::Without(either) => {
                if has_any(value, *either) {
                    0
                } else {
                    self.bits
                }
            }
        }
    }
}

/// Compiles needles, each with its bits, and bits for values that have neither of two bytes. Empty needles fit nothing.
pub(super) fn looks(needles: &[(&str, Fit, u64)], without: ([u8; 2], u64)) -> Vec<Look> {
    let of = |fits: &[Fit]| -> Vec<Needle> {
        let wanted = needles.iter().filter(|(word, fit, _)| !word.is_empty() && fits.contains(fit));
        let needle = |&(word, fit, bits): &(&str, Fit, u64)| {
            let whole = matches!(fit, Fit::Is | Fit::Ends);
            Needle { bytes: word.as_bytes().to_vec(), bits, whole, behind: vec![] }
        };
        wanted.map(needle).collect()
    };
    let (starts, mut ends, mut contained) =
        (of(&[Fit::Is, Fit::Starts]), of(&[Fit::Ends]), of(&[Fit::Contains]));
    // Values have few separators, so these are looked for at once; letters and `_` only where a rule asks for them.
    let (mut separators, mut others) = (Vec::new(), Vec::new());
    while let Some(anchor) = best_anchor(&contained) {
        let has = |needle: &mut Needle| needle.bytes.contains(&anchor);
        let told: Vec<Needle> = contained.extract_if(.., has).chain(ends.extract_if(.., has)).collect();
        let needles = if b":/$+".contains(&anchor) { &mut separators } else { &mut others };
        needles.push((anchor, told));
    }
    let anchored = |needles: Vec<(u8, Vec<Needle>)>| {
        let bits = needles.iter().flat_map(|(_, needles)| needles).fold(0, |bits, needle| bits | needle.bits);
        let anchored = needles.into_iter().map(|(anchor, needles)| Anchored::new(anchor, needles)).collect();
        Look { place: Place::Anchored(anchored), bits, later: 0, edges: ANY }
    };
    let (separators, others) = (anchored(separators), anchored(others));
    for needle in &mut ends {
        needle.bytes.reverse();
        needle.whole = false;
    }
    let starts = look(starts, |starts| Place::Starts(Tree::new(starts)));
    let ends = look(ends, |ends| Place::Ends(Tree::new(ends)));
    let without = Look { place: Place::Without(without.0), bits: without.1, later: 0, edges: ANY };
    // Cheaper looks go first.
    let mut looks = match separators.bits | others.bits {
        0 => vec![starts, without, ends],
        _ => vec![starts, ends, separators, others, without],
    };
    looks.retain(|look| look.bits != 0);
    let mut later = 0;
    for look in looks.iter_mut().rev() {
        look.later = later;
        later |= look.bits;
    }
    looks
}

/// All bytes.
const ANY: [u64; 4] = [u64::MAX; 4];

/// A look for needles in the order of the walk.
fn look(needles: Vec<Needle>, place: impl FnOnce(Vec<Needle>) -> Place) -> Look {
    let (mut bits, mut edges) = (0, [0; 4]);
    for needle in &needles {
        bits |= needle.bits;
        edges[usize::from(needle.bytes[0] >> 6)] |= 1 << (needle.bytes[0] & 63);
    }
    Look { place: place(needles), bits, later: 0, edges }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(needles: &[(&str, Fit, u64)], value: &str) -> u64 {
        let without = if value.contains(['/', '.']) { 0 } else { 1 << 60 };
        let fits = |word: &str, fit: Fit| match fit {
            _ if word.is_empty() => false,
            Fit::Is => value == word,
            Fit::Starts => value.starts_with(word),
            Fit::Ends => value.ends_with(word),
            Fit::Contains => value.contains(word),
        };
        needles.iter().filter(|(word, fit, _)| fits(word, *fit)).fold(without, |bits, (_, _, bit)| bits | bit)
    }

    /// The bits of all looks, each of which finds no others than it says.
    fn found(looks: &[Look], value: &str) -> u64 {
        looks.iter().fold(0, |bits, look| {
            let found = look.find(value);
            assert_eq!(found & !look.bits, 0, "{value}");
            bits | found
        })
    }

    #[test]
    fn needles_that_share_their_beginning_are_told_apart() {
        let needles = [
            ("java.", Fit::Starts, 1),
            ("java.util.", Fit::Starts, 2),
            ("java.util", Fit::Is, 4),
            ("javax.", Fit::Starts, 8),
            (".Main", Fit::Ends, 16),
            ("://cdn.", Fit::Contains, 32),
            ("marimo_", Fit::Contains, 64),
            (".egg/", Fit::Contains, 128),
        ];
        let looks = looks(&needles, (*b"/.", 1 << 60));
        for value in [
            "java.util",
            "java.util.Main",
            "javax.x",
            "http://cdn.x/y",
            "/a_marimo_b",
            "/x.egg/y",
            "/.eg/",
            "",
        ] {
            assert_eq!(found(&looks, value), naive(&needles, value), "{value}");
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            words in prop::collection::vec(("[ab/._:]{0,5}", 0..4_usize), 0..24),
            values in prop::collection::vec("[ab/._:]{0,40}", 1..8),
        ) {
            check(&words, &values)?;
        }

        #[test]
        fn finds_long_needles(
            words in prop::collection::vec(("[ab]{0,9}[/._:]?[ab]{1,9}[/_]?", 0..4_usize), 1..24),
            values in prop::collection::vec(prop::collection::vec(0..48_usize, 0..12), 1..8),
        ) {
            let word = |at: &usize| words.get(*at).map_or("/", |(word, _)| word);
            let values: Vec<String> = values.iter().map(|words| words.iter().map(word).collect()).collect();
            check(&words, &values)?;
        }
    }

    fn check(words: &[(String, usize)], values: &[String]) -> Result<(), TestCaseError> {
        let kinds = [Fit::Is, Fit::Starts, Fit::Ends, Fit::Contains];
        let needles: Vec<(&str, Fit, u64)> =
            words.iter().enumerate().map(|(i, (word, fit))| (word.as_str(), kinds[*fit], 1 << i)).collect();
        let looks = looks(&needles, (*b"/.", 1 << 60));
        for value in values {
            prop_assert_eq!(found(&looks, value), naive(&needles, value), "{}", value);
        }
        Ok(())
    }
}
