//! The canonical form: the text that a fingerprint is the hash of, and that near neighbours are compared by.
//!
//! One item per line, `name value`; unknown names are ignored by readers. It holds no time, no place
//! and no phase; of the taxonomy it depends only where the environment is wrong, whose frames are left out.

use crate::bytes::{is_printable, unprintable};
use crate::messages::words;
use crate::model::Runtime;
use crate::signature::{Minima, jaccard};
use smallvec::SmallVec;
use std::borrow::Cow;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// What decided a fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The frames of a deployed application.
    Application,
    /// The message, and the library that the program called.
    Library,
    /// The message alone: only frames of one user's program, or none.
    #[default]
    Message,
}

impl Basis {
    /// The name in the canonical form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Library => "library",
            Self::Message => "message",
        }
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        [Self::Application, Self::Library, Self::Message].into_iter().find(|basis| basis.as_str() == text)
    }
}

/// The parts of a canonical form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canonical {
    pub strategy: String,
    pub runtime: String,
    /// The user's fingerprint rule that acted; empty when none did. No part of what is hashed.
    pub rule: String,
    /// Types that decide, the deciding exception's first.
    pub types: Vec<String>,
    pub basis: Basis,
    /// Things that must agree exactly, such as status codes.
    pub keys: Vec<String>,
    /// Kept frames, the raise site first.
    pub frames: Vec<String>,
    /// Tokens of the parameterized message that count.
    pub tokens: Vec<String>,
}

impl Canonical {
    /// The text form.
    #[must_use]
    pub fn text(&self) -> String {
        self.with_parts(|parts| parts.text(self.tokens.iter().map(String::as_str)))
    }

    fn with_parts<T>(&self, read: impl FnOnce(&Parts<'_>) -> T) -> T {
        let types: Vec<&str> = self.types.iter().map(String::as_str).collect();
        read(&Parts {
            strategy: &self.strategy,
            runtime: &self.runtime,
            rule: &self.rule,
            types: &types,
            basis: self.basis,
            keys: &self.keys,
            frames: &self.frames,
        })
    }

    /// Reads a text form; lines that it does not know are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut canonical = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match name {
                "strategy" => canonical.strategy = value.to_owned(),
                "runtime" => canonical.runtime = value.to_owned(),
                "rule" => canonical.rule = value.to_owned(),
                "type" => canonical.types.push(value.to_owned()),
                "basis" => canonical.basis = Basis::of(value).unwrap_or_default(),
                "key" => canonical.keys.push(value.to_owned()),
                "frame" => canonical.frames.push(value.to_owned()),
                "text" => canonical.tokens = value.split(' ').map(str::to_owned).collect(),
                _ => {}
            }
        }
        canonical
    }

    /// Hashes of the shingles, sorted and without repetition.
    ///
    /// Where application frames decide these are the frames (counted twice, the first ones more often) and pairs of
    /// neighbours; else the message's tokens and each kept frame (twice). Of messages that an interpreter composes it is
    /// the 3-grams of the tokens instead.
    #[must_use]
    pub fn shingles(&self) -> Vec<u64> {
        let tokens = self.tokens.iter().map(|token| token_hash(token));
        let mut shingles = self.with_parts(|parts| parts.shingles(tokens)).into_vec();
        shingles.sort_unstable();
        shingles.dedup();
        shingles
    }

    /// Hash of what two near neighbours must share exactly: strategy, runtime, types, basis, keys.
    #[must_use]
    pub fn class(&self) -> u64 {
        self.with_parts(|parts| parts.class())
    }
}

/// The parts of a canonical form but its tokens, where they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'c> {
    pub(crate) strategy: &'c str,
    pub(crate) runtime: &'c str,
    pub(crate) rule: &'c str,
    pub(crate) types: &'c [&'c str],
    pub(crate) basis: Basis,
    pub(crate) keys: &'c [String],
    pub(crate) frames: &'c [String],
}

/// How often a frame counts among the shingles.
const FRAME_WEIGHT: u64 = 2;
/// The same for an application's first frames: the nearer a frame is to the raise site, the more it tells of the bug, and
/// the outer ones tell by which way it was reached (position weights of ReBucket, Dang et al., ICSE 2012, and of TraceSim,
/// Vasiliev et al., 2020).
const LEADING_WEIGHTS: [u64; 3] = [5, 4, 3];

/// Hashes of shingles; those of most exceptions need no memory of their own.
pub(crate) type Shingles = SmallVec<[u64; 96]>;

impl Parts<'_> {
    /// [`Canonical::text`]; several tokens may come as one, with blanks between them.
    pub(crate) fn text<'t>(&self, tokens: impl Iterator<Item = &'t str> + Clone) -> String {
        let mut text = String::with_capacity(256 + 64 * self.frames.len());
        let lines = self.write(&mut text, tokens.clone(), |text, value| text.push_str(value));
        if unprintable(text.as_bytes()) != lines {
            // More than the lines' ends: some value needs a look of its own.
            text.clear();
            self.write(&mut text, tokens, |text, value| text.push_str(&plain(value)));
        }
        text
    }

    /// Writes the lines of the text form; their number.
    #[inline]
    fn write<'t>(
        &self,
        text: &mut String,
        tokens: impl Iterator<Item = &'t str>,
        put: impl Fn(&mut String, &str),
    ) -> usize {
        let mut lines = 0;
        let mut line = |text: &mut String, name: &str, value: &str| {
            text.push_str(name);
            put(text, value);
            text.push('\n');
            lines += 1;
        };
        line(text, "strategy ", self.strategy);
        line(text, "runtime ", self.runtime);
        if !self.rule.is_empty() {
            line(text, "rule ", self.rule);
        }
        for each in self.types {
            line(text, "type ", each);
        }
        line(text, "basis ", self.basis.as_str());
        for each in self.keys {
            line(text, "key ", each);
        }
        for each in self.frames {
            line(text, "frame ", each);
        }
        let mut has_tokens = false;
        for token in tokens {
            text.push_str(if has_tokens { " " } else { "text " });
            put(text, token);
            has_tokens = true;
        }
        if has_tokens {
            text.push('\n');
            lines += 1;
        }
        lines
    }

    /// [`Canonical::shingles`] in no order, some repeated; of the tokens it needs the [hashes](token_hash).
    pub(crate) fn shingles(&self, tokens: impl Iterator<Item = u64>) -> Shingles {
        let mut shingles = Shingles::new();
        let mut frames = self.frames.iter().map(|frame| xxh3_64(frame.as_bytes()));
        let mut next = frames.next();
        let leads = self.basis == Basis::Application;
        let mut weights = LEADING_WEIGHTS.into_iter().filter(|_| leads);
        while let Some(frame) = next {
            next = frames.next();
            shingles.push(frame);
            shingles.extend((1..weights.next().unwrap_or(FRAME_WEIGHT)).map(|copy| mix(frame, copy)));
            shingles.extend(next.map(|next| mix(frame, next)));
        }
        if self.basis != Basis::Application || self.frames.is_empty() {
            let tokens: Shingles = tokens.collect();
            match tokens.as_slice() {
                [] => {}
                [one] => shingles.push(mix(*one, 5)),
                [one, two] => shingles.push(mix(mix(*one, 5), *two)),
                more if !self.is_composed() => shingles.extend_from_slice(more),
                more => shingles.extend(more.windows(3).map(|gram| mix(mix(gram[0], gram[1]), gram[2]))),
            }
        }
        if shingles.is_empty() {
            shingles.extend(self.types.iter().map(|each| xxh3_64_with_seed(each.as_bytes(), 7)));
        }
        shingles
    }

    /// Whether an interpreter composed the message.
    fn is_composed(&self) -> bool {
        self.types.first().is_some_and(|first| words().composes(first))
    }

    /// [`Canonical::class`].
    pub(crate) fn class(&self) -> u64 {
        let parts = [self.strategy, self.runtime, self.basis.as_str()].into_iter();
        let parts = parts.chain(self.types.iter().copied()).chain(self.keys.iter().map(String::as_str));
        let mut text: SmallVec<[u8; 128]> = SmallVec::new();
        for part in parts {
            text.extend_from_slice(part.as_bytes());
            text.push(b'\n');
        }
        xxh3_64(&text)
    }
}

/// What a token is in shingles.
pub(crate) fn token_hash(token: &str) -> u64 {
    xxh3_64_with_seed(token.as_bytes(), 3)
}

/// A value without control characters: one that holds a line's end must not make a line of its own.
pub(crate) fn plain(value: &str) -> Cow<'_, str> {
    if is_printable(value.as_bytes()) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.replace(char::is_control, " "))
}

fn mix(left: u64, right: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&left.to_le_bytes());
    bytes[8..].copy_from_slice(&right.to_le_bytes());
    xxh3_64(&bytes)
}

/// A canonical form made ready for comparison.
#[derive(Clone, Debug)]
pub struct Comparable {
    pub class: u64,
    pub basis: Basis,
    pub runtime: Runtime,
    pub shingles: Vec<u64>,
    pub minima: Minima,
}

impl Comparable {
    /// From a canonical form.
    #[must_use]
    pub fn of(canonical: &Canonical) -> Self {
        let shingles = canonical.shingles();
        let minima = Minima::of(&shingles);
        Self {
            class: canonical.class(),
            basis: canonical.basis,
            runtime: Runtime::named(&canonical.runtime),
            shingles,
            minima,
        }
    }

    /// Exact Jaccard similarity of the shingles.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        jaccard(&self.shingles, &other.shingles)
    }
}
