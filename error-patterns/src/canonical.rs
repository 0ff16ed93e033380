//! The canonical form: the text that a fingerprint is the hash of, and that near neighbours are compared by.
//!
//! One item per line, `name value`; unknown names are ignored by readers. It holds no time, no place
//! and no phase, so it depends on the exception and the strategy alone.

use crate::bytes::is_printable;
use crate::model::Runtime;
use crate::signature::{Minima, jaccard};
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
        let mut text = String::with_capacity(256 + 64 * self.frames.len());
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push(' ');
            text.push_str(&plain(value));
            text.push('\n');
        };
        line("strategy", &self.strategy);
        line("runtime", &self.runtime);
        if !self.rule.is_empty() {
            line("rule", &self.rule);
        }
        for each in &self.types {
            line("type", each);
        }
        line("basis", self.basis.as_str());
        for each in &self.keys {
            line("key", each);
        }
        for each in &self.frames {
            line("frame", each);
        }
        if !self.tokens.is_empty() {
            text.push_str("text");
            for token in &self.tokens {
                text.push(' ');
                text.push_str(&plain(token));
            }
            text.push('\n');
        }
        text
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
    /// Where application frames decide these are the frames (counted twice) and pairs of neighbours;
    /// else the 3-grams of the message's tokens and each kept frame.
    #[must_use]
    pub fn shingles(&self) -> Vec<u64> {
        let mut shingles = Vec::with_capacity(3 * self.frames.len() + self.tokens.len());
        let frames: Vec<u64> = self.frames.iter().map(|frame| xxh3_64(frame.as_bytes())).collect();
        for (index, &frame) in frames.iter().enumerate() {
            shingles.push(frame);
            shingles.push(mix(frame, 1));
            if let Some(&next) = frames.get(index + 1) {
                shingles.push(mix(frame, next));
            }
        }
        if self.basis != Basis::Application || self.frames.is_empty() {
            let tokens: Vec<u64> =
                self.tokens.iter().map(|token| xxh3_64_with_seed(token.as_bytes(), 3)).collect();
            match tokens.as_slice() {
                [] => {}
                [one] => shingles.push(mix(*one, 5)),
                [one, two] => shingles.push(mix(mix(*one, 5), *two)),
                more => shingles.extend(more.windows(3).map(|gram| mix(mix(gram[0], gram[1]), gram[2]))),
            }
        }
        if shingles.is_empty() {
            shingles.extend(self.types.iter().map(|each| xxh3_64_with_seed(each.as_bytes(), 7)));
        }
        shingles.sort_unstable();
        shingles.dedup();
        shingles
    }

    /// Hash of what two near neighbours must share exactly: strategy, runtime, types, basis, keys.
    #[must_use]
    pub fn class(&self) -> u64 {
        let parts = [self.strategy.as_str(), &self.runtime, self.basis.as_str()].into_iter();
        let parts = parts.chain(self.types.iter().chain(&self.keys).map(String::as_str));
        let mut text = String::with_capacity(128);
        for part in parts {
            text.push_str(part);
            text.push('\n');
        }
        xxh3_64(text.as_bytes())
    }
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
