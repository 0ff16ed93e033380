//! One call from a masked exception to its grouping: parse, classify, canonical form, fingerprint,
//! signature; a bounded cache answers exact repeats.
//!
//! Knows nothing of known patterns (that is [`crate::store`]) nor of masking (the caller's first step).

use crate::canonical::{Basis, Comparable};
use crate::classify::Classification;
use crate::fingerprint;
use crate::ids::{Fingerprint, Signature};
use crate::likeness::Likeness;
use crate::model::{Parsed, RawException, Taxonomy};
use crate::parse::parse;
use crate::rules::{Applied, Rules};
use cache::Cache;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

mod cache;

/// Bounds of a [`Grouper`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupingConfig {
    /// Groupings of exact repeats kept in memory.
    pub cache_entries_max: usize,
    /// Bytes of a stack trace or message that are looked at; the rest counts for nothing.
    pub text_bytes_max: usize,
}

impl Default for GroupingConfig {
    fn default() -> Self {
        Self { cache_entries_max: 16_384, text_bytes_max: 256 * 1024 }
    }
}

/// What is known of one exception before known patterns are asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouping {
    pub fingerprint: Fingerprint,
    /// Hashes any of which joins a pattern, the fingerprint's first. They depend on the taxonomy's phase as
    /// well, so no pattern mixes phases; in phase `runtime`, the most common, the first is the fingerprint.
    pub hashes: Vec<Fingerprint>,
    pub signature: Signature,
    /// What near neighbours of the canonical form are found by.
    pub likeness: Likeness,
    pub taxonomy: Taxonomy,
    /// 1 (lowest) to 5.
    pub severity: u8,
    /// The taxonomy rule that decided, empty when none did.
    pub rule: String,
    /// Type of the reported exception as written; `Error` where the client and the text name none.
    pub error_type: String,
    /// Message with placeholders, readable.
    pub canonical_message: String,
    /// File of the innermost frame of the user's or the application's own code.
    pub file_path: Option<String>,
    /// Language of the failed program.
    pub language: Option<String>,
    /// What the fingerprint is the hash of.
    pub canonical: String,
    pub basis: Basis,
    /// The user's rules that acted, as `section name`; masks act before and are not among them.
    pub rules_applied: Vec<String>,
    pub strategy: &'static str,
}

/// Makes groupings. Cheap to share between threads. Its rules are fixed: new rules need a new grouper, whose cache
/// knows nothing that was grouped by the old ones.
#[derive(Debug)]
pub struct Grouper {
    config: GroupingConfig,
    cache: Cache,
    rules: Arc<Rules>,
}

impl Grouper {
    /// A grouper with an empty cache.
    #[must_use]
    pub fn new(config: GroupingConfig) -> Self {
        Self::with_rules(config, Arc::default())
    }

    /// The same, with a user's rules.
    #[must_use]
    pub fn with_rules(config: GroupingConfig, rules: Arc<Rules>) -> Self {
        Self { config, cache: Cache::new(config.cache_entries_max), rules }
    }

    /// The grouping of one exception, whose texts are already masked. Never fails: unknown text still
    /// has a sound grouping.
    #[must_use]
    pub fn group(&self, raw: &RawException<'_>) -> Arc<Grouping> {
        let raw = self.cut(raw);
        let key = repeat_key(&raw);
        if let Some(known) = self.cache.find(key) {
            return known;
        }
        let mut parsed = parse(&raw);
        let grouping = Arc::new(group_by_rules(&raw, &mut parsed, &self.rules));
        self.cache.keep(key, &grouping);
        grouping
    }

    fn cut<'a>(&self, raw: &RawException<'a>) -> RawException<'a> {
        let cut = |text: &'a str| &text[..text.floor_char_boundary(self.config.text_bytes_max)];
        RawException {
            error_type: raw.error_type.map(cut),
            message: raw.message.map(cut),
            stacktrace: raw.stacktrace.map(cut),
            snippet: raw.snippet.map(cut),
            ..*raw
        }
    }
}

/// The grouping of an exception that is already parsed, by a user's rules and the built-in ones. The messages are
/// parameterized on the way, the frames marked.
pub(crate) fn group_by_rules(raw: &RawException<'_>, parsed: &mut Parsed<'_>, rules: &Rules) -> Grouping {
    let mut applied = Applied::default();
    rules.mark_frames(raw, parsed, &mut applied);
    let class = rules.classify(raw, parsed, &mut applied);
    let own = rules.fingerprint(raw, parsed, &mut applied);
    rules.parameterize(raw, parsed, &mut applied);
    let mut grouping = group_parsed(raw, parsed, class);
    if let Some(own) = own {
        own.apply(&mut grouping);
    }
    grouping.rules_applied = applied.labels;
    grouping
}

/// The grouping of an exception that is already parsed and classified. Pure: no cache, no rules of users.
#[must_use]
pub fn group_parsed(raw: &RawException<'_>, parsed: &Parsed<'_>, class: Classification) -> Grouping {
    let made = fingerprint::of(raw, parsed);
    let taxonomy = Taxonomy { context: made.context, ..class.taxonomy };
    let comparable = Comparable::of(&made.canonical);
    Grouping {
        fingerprint: made.fingerprint,
        hashes: std::iter::once(made.fingerprint)
            .chain(made.joining)
            .map(|hash| hash.in_phase(taxonomy.phase))
            .collect(),
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        taxonomy,
        severity: class.severity.clamp(1, 5),
        rule: class.rule,
        error_type: made.error_type,
        canonical_message: made.canonical_message,
        file_path: made.file_path,
        language: made.language,
        basis: made.canonical.basis,
        canonical: made.canonical.text(),
        rules_applied: Vec::new(),
        strategy: fingerprint::STRATEGY,
    }
}

/// 128-bit hash of everything that a grouping depends on.
fn repeat_key(raw: &RawException<'_>) -> u128 {
    let mut hasher = Xxh3::new();
    let texts = [raw.error_type, raw.message, raw.stacktrace, raw.language, raw.sdk_language, raw.snippet];
    for text in texts {
        // Lengths keep neighbouring texts apart; absent differs from empty.
        hasher.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hasher.update(text.unwrap_or_default().as_bytes());
    }
    hasher.update(&raw.exit_code.map_or(i128::MAX, i128::from).to_le_bytes());
    hasher.digest128()
}
