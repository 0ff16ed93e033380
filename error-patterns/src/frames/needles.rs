//! Which of many short texts a value is, starts with, ends with or contains, as the bits of a mask.
//!
//! Knows nothing of frames. Starts and ends are looked up in a tree of shared beginnings, one walk from either end of
//! the value. What a value may contain is looked for only where one of the needle's rarer bytes stands, so that a
//! path costs one walk per folder. Work is linear in the value for any fixed set of needles.

use crate::bytes::each;

/// No node.
const NONE: u32 = u32::MAX;

/// Needles of which several share their beginning: a node stands for the bytes on the way to it.
#[derive(Debug)]
struct Node {
    /// The first eight of the bytes between the parent and this node, with a mask of those that there are.
    word: u64,
    mask: u64,
    /// The bytes after these eight, as a range of `Tree::labels`.
    label: (u32, u32),
    /// Number of all bytes between the parent and this node; never 0.
    len: u32,
    /// Bits of the needles that end here.
    within: u64,
    /// Bits of the needles that end here and must be the whole value.
    whole: u64,
    /// The nodes below.
    below: Below,
    /// Needles that end here and are found only behind other bytes, as a range of `Tree::behind`.
    behind: (u32, u32),
}

/// How the node below another is found by its first byte.
#[derive(Debug)]
enum Below {
    /// A range of `Tree::few`.
    Few(u32, u32),
    /// Place in `Tree::many`.
    Many(u32),
}

/// Nodes below another that are looked through one by one.
const FEW: usize = 4;

/// A needle and what it says: its bytes in the order of the walk.
#[derive(Clone, Debug)]
struct Needle {
    bytes: Vec<u8>,
    bits: u64,
    whole: bool,
    /// What must stand before the place where the walk began; empty for no condition.
    behind: Vec<u8>,
}

/// A tree of needles that is walked from the first byte of a value, or from its last.
#[derive(Debug)]
struct Tree<const BACKWARD: bool> {
    first: Box<[u32; 256]>,
    nodes: Vec<Node>,
    labels: Vec<u8>,
    /// First byte and number of nodes that have few neighbours.
    few: Vec<(u8, u32)>,
    /// Numbers of nodes that have many neighbours, by first byte.
    many: Vec<[u32; 256]>,
    /// Bytes that must stand before the walk, with the bits that then hold.
    behind: Vec<(Box<[u8]>, u64)>,
}

impl<const BACKWARD: bool> Tree<BACKWARD> {
    fn new(mut needles: Vec<Needle>) -> Self {
        needles.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        let mut tree = Self {
            first: Box::new([NONE; 256]),
            nodes: vec![],
            labels: vec![],
            few: vec![],
            many: vec![],
            behind: vec![],
        };
        let needles: Vec<Needle> = needles.into_iter().filter(|needle| !needle.bytes.is_empty()).collect();
        for group in needles.chunk_by(|a, b| a.bytes[0] == b.bytes[0]) {
            tree.first[usize::from(group[0].bytes[0])] = tree.add(group, 0);
        }
        tree
    }

    /// Adds the node of sorted needles that share the bytes up to and with `from`; returns its number.
    fn add(&mut self, needles: &[Needle], from: usize) -> u32 {
        let (shortest, last) = (&needles[0].bytes, &needles[needles.len() - 1].bytes);
        let shared = shortest.iter().zip(last).take_while(|(a, b)| a == b).count();
        let here = needles.partition_point(|needle| needle.bytes.len() == shared);
        let whole_label = &shortest[from..shared];
        let (head, tail) = whole_label.split_at(whole_label.len().min(8));
        let mut label = tail.to_vec();
        if BACKWARD {
            label.reverse();
        }
        let label = extend(&mut self.labels, label);
        let len = u32::try_from(whole_label.len()).unwrap_or(NONE);
        let (word, mask) = (word_of(head), word_of(&[0xff; 8][..head.len()]));
        let bits = |whole: bool| {
            let fits = needles[..here].iter().filter(|n| n.behind.is_empty() && n.whole == whole);
            fits.fold(0, |bits, needle| bits | needle.bits)
        };
        let (within, whole) = (bits(false), bits(true));
        let behind = needles[..here].iter().filter(|needle| !needle.behind.is_empty());
        let behind = behind.map(|needle| (needle.behind.clone().into_boxed_slice(), needle.bits)).collect();
        let behind = extend(&mut self.behind, behind);
        let number = self.nodes.len();
        self.nodes.push(Node { word, mask, label, len, within, whole, below: Below::Few(0, 0), behind });
        let below: Vec<(u8, u32)> = needles[here..]
            .chunk_by(|a, b| a.bytes[shared] == b.bytes[shared])
            .map(|group| (group[0].bytes[shared], self.add(group, shared)))
            .collect();
        self.nodes[number].below = if below.len() <= FEW {
            let (start, end) = extend(&mut self.few, below);
            Below::Few(start, end)
        } else {
            let mut table = [NONE; 256];
            for (byte, node) in below {
                table[usize::from(byte)] = node;
            }
            Below::Many(extend(&mut self.many, vec![table]).0)
        };
        u32::try_from(number).unwrap_or(NONE)
    }

    /// The bits of all needles that `value` starts with (ends with, when walked backward). `before` is what stands
    /// before the value.
    #[inline]
    fn walk(&self, value: &[u8], before: &[u8]) -> u64 {
        let first = if BACKWARD { value.last() } else { value.first() };
        match first.map(|first| self.first[usize::from(*first)]) {
            None | Some(NONE) => 0,
            Some(number) => self.walk_from(number, value, before),
        }
    }

    fn walk_from(&self, mut number: u32, value: &[u8], before: &[u8]) -> u64 {
        let mut rest = value;
        let mut found = 0;
        while let Some(node) = self.nodes.get(number as usize) {
            let Some(stripped) = self.strip(rest, node) else { break };
            rest = stripped;
            found |= node.within;
            if node.behind.0 < node.behind.1 {
                let behind = &self.behind[node.behind.0 as usize..node.behind.1 as usize];
                let held = behind.iter().filter(|(needed, _)| before.ends_with(needed));
                found |= held.fold(0, |bits, (_, more)| bits | more);
            }
            let Some(next) = (if BACKWARD { rest.last() } else { rest.first() }) else {
                return found | node.whole;
            };
            number = match node.below {
                Below::Few(start, end) => {
                    let below = &self.few[start as usize..end as usize];
                    below.iter().find(|(byte, _)| byte == next).map_or(NONE, |(_, number)| *number)
                }
                Below::Many(table) => self.many[table as usize][usize::from(*next)],
            };
        }
        found
    }

    /// What remains of a value behind a node's bytes. Most are at most eight, which one comparison tells.
    #[inline]
    fn strip<'v>(&self, rest: &'v [u8], node: &Node) -> Option<&'v [u8]> {
        if (Self::head(rest) ^ node.word) & node.mask != 0 {
            return None;
        }
        let at = rest.len().checked_sub(node.len as usize)?;
        let kept = if BACKWARD { &rest[..at] } else { &rest[node.len as usize..] };
        if node.len > 8 {
            let label = &self.labels[node.label.0 as usize..node.label.1 as usize];
            let tail = if BACKWARD { &rest[at..rest.len() - 8] } else { &rest[8..node.len as usize] };
            return (tail == label).then_some(kept);
        }
        Some(kept)
    }

    /// The first eight bytes of a walk; what is missing is 0.
    #[inline]
    fn head(rest: &[u8]) -> u64 {
        if BACKWARD {
            match rest.last_chunk::<8>() {
                Some(chunk) => u64::from_be_bytes(*chunk),
                None => rest.iter().rev().rfold(0, |word, byte| word << 8 | u64::from(*byte)),
            }
        } else {
            match rest.first_chunk::<8>() {
                Some(chunk) => u64::from_le_bytes(*chunk),
                None => word_of(rest),
            }
        }
    }
}

/// Up to eight bytes as a number, the first lowest.
fn word_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Appends `more` and returns the range where it stands.
fn extend<T>(to: &mut Vec<T>, more: Vec<T>) -> (u32, u32) {
    let start = to.len();
    to.extend(more);
    let place = |at: usize| u32::try_from(at).unwrap_or(NONE);
    (place(start), place(to.len()))
}

/// Needles that are found anywhere, told by one of their bytes, the anchor.
#[derive(Debug)]
struct Anchored {
    anchor: u8,
    /// What stands behind the anchor.
    tree: Tree<false>,
    /// Needles that end with their anchor: what stands before it.
    ends: Vec<(Box<[u8]>, u64)>,
}

/// Compiles needles that are found anywhere. The fewer anchors the better: each takes the byte that most of the
/// remaining needles have.
fn anchored(needles: Vec<Needle>) -> Vec<Anchored> {
    let mut all = Vec::new();
    let mut left = needles;
    while let Some(anchor) = best_anchor(&left) {
        let (told, others) = left.into_iter().partition(|needle| needle.bytes.contains(&anchor));
        left = others;
        let told: Vec<Needle> = told;
        let cut = |needle: Needle| {
            let at = needle.bytes.iter().position(|byte| *byte == anchor).unwrap_or(0);
            Needle { bytes: needle.bytes[at + 1..].to_vec(), behind: needle.bytes[..at].to_vec(), ..needle }
        };
        let (ends, goes_on): (Vec<Needle>, Vec<Needle>) =
            told.into_iter().map(cut).partition(|needle| needle.bytes.is_empty());
        let ends = ends.into_iter().map(|needle| (needle.behind.into_boxed_slice(), needle.bits)).collect();
        all.push(Anchored { anchor, tree: Tree::new(goes_on), ends });
    }
    all
}

impl Anchored {
    fn find(&self, value: &[u8]) -> u64 {
        let mut found = 0;
        each(value, self.anchor, |at| {
            found |= self.tree.walk(&value[at + 1..], &value[..at]);
            for (needed, bits) in &self.ends {
                if value[..at].ends_with(needed) {
                    found |= bits;
                }
            }
        });
        found
    }
}

/// The byte to look for: a separator when the needles have one, since values have few of them.
fn best_anchor(needles: &[Needle]) -> Option<u8> {
    needles.first()?;
    let having = |byte: u8| needles.iter().filter(|needle| needle.bytes.contains(&byte)).count();
    let separators = [b'/', b':', b'.', b'_', b'$', b'+', b'-', b' '];
    let separator = separators.into_iter().filter(|byte| having(*byte) > 0).max_by_key(|byte| having(*byte));
    separator.or_else(|| needles[0].bytes.first().copied())
}

/// How a needle must stand in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Is,
    Starts,
    Ends,
    Contains,
}

/// A compiled set of needles.
#[derive(Debug)]
pub(super) struct Needles {
    starts: Tree<false>,
    ends: Tree<true>,
    contained: Vec<Anchored>,
}

impl Needles {
    /// Compiles needles, each with its bits. Empty needles fit nothing.
    pub(super) fn new(needles: &[(&str, Fit, u64)]) -> Self {
        let of = |fits: &[Fit]| -> Vec<Needle> {
            let wanted = needles.iter().filter(|(word, fit, _)| !word.is_empty() && fits.contains(fit));
            wanted
                .map(|&(word, fit, bits)| {
                    let mut bytes = word.as_bytes().to_vec();
                    if fit == Fit::Ends {
                        bytes.reverse();
                    }
                    Needle { bytes, bits, whole: fit == Fit::Is, behind: vec![] }
                })
                .collect()
        };
        Self {
            starts: Tree::new(of(&[Fit::Is, Fit::Starts])),
            ends: Tree::new(of(&[Fit::Ends])),
            contained: anchored(of(&[Fit::Contains])),
        }
    }

    /// The bits of all needles that `value` is, starts with or ends with.
    #[inline]
    pub(super) fn at_edges(&self, value: &str) -> u64 {
        self.starts.walk(value.as_bytes(), b"") | self.ends.walk(value.as_bytes(), b"")
    }

    /// The bits of all needles that `value` contains.
    pub(super) fn inside(&self, value: &str) -> u64 {
        self.contained.iter().fold(0, |found, anchored| found | anchored.find(value.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(needles: &[(&str, Fit, u64)], value: &str) -> u64 {
        let fits = |word: &str, fit: Fit| match fit {
            _ if word.is_empty() => false,
            Fit::Is => value == word,
            Fit::Starts => value.starts_with(word),
            Fit::Ends => value.ends_with(word),
            Fit::Contains => value.contains(word),
        };
        needles.iter().filter(|(word, fit, _)| fits(word, *fit)).fold(0, |bits, (_, _, bit)| bits | bit)
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
        let compiled = Needles::new(&needles);
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
            assert_eq!(
                (compiled.at_edges(value) | compiled.inside(value)),
                naive(&needles, value),
                "{value}"
            );
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            words in prop::collection::vec(("[ab/._:]{0,5}", 0..4_usize), 0..24),
            values in prop::collection::vec("[ab/._:]{0,40}", 1..8),
        ) {
            let kinds = [Fit::Is, Fit::Starts, Fit::Ends, Fit::Contains];
            let needles: Vec<(&str, Fit, u64)> =
                words.iter().enumerate().map(|(i, (word, fit))| (word.as_str(), kinds[*fit], 1 << i)).collect();
            let compiled = Needles::new(&needles);
            for value in &values {
                prop_assert_eq!(compiled.at_edges(value) | compiled.inside(value), naive(&needles, value), "{}", value);
            }
        }
    }
}
