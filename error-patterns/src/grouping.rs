//! One call from a masked exception to its grouping: parse, classify, canonical form, fingerprint,
//! signature; a bounded cache answers repeats from the third on, also those that differ in numbers that nothing looks at.
//!
//! Knows nothing of known patterns (that is [`crate::store`]) nor of masking (the caller's first step).

use crate::ast::AstTags;
use crate::canonical::Basis;
use crate::classify::{Classification, built_in_texts};
use crate::fingerprint;
use crate::ids::{Fingerprint, Signature};
use crate::likeness::Likeness;
use crate::messages;
use crate::model::{Parsed, RawException, Taxonomy};
use crate::parse::{parse, parse_for_grouping};
use crate::rules::{Applied, Rules};
use cache::Cache;
use door::{Door, Way};
use repeat::{Kept, Place};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

mod cache;
mod door;
mod repeat;

/// The numbers that the built-in rules name; read once, however many groupers there are.
static KEPT: LazyLock<Kept> = LazyLock::new(|| Kept::of(built_in_texts().chain([messages::BUILT_IN])));

/// Bounds of a [`Grouper`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupingConfig {
    /// Groupings of repeats kept in memory. 8 bytes each come on top, for prints of what was seen once.
    pub cache_entries_max: usize,
    /// Bytes of them, about.
    pub cache_bytes_max: usize,
    /// Bytes of a text that are looked at, of a longer stack trace half of them at each end; the rest counts for nothing.
    pub text_bytes_max: usize,
}

impl Default for GroupingConfig {
    fn default() -> Self {
        Self { cache_entries_max: 16_384, cache_bytes_max: 64 * 1024 * 1024, text_bytes_max: 256 * 1024 }
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
    /// Language of the failed program.
    pub language: Option<String>,
    /// The failing statement, where it was found in the snippet.
    pub ast: Option<AstTags>,
    /// What the fingerprint is the hash of.
    pub canonical: String,
    pub basis: Basis,
    /// The user's rules that acted, as `section name`; masks act before and are not among them.
    pub rules_applied: Vec<String>,
    pub strategy: &'static str,
}

/// A grouping, and what differs between the exceptions that share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    pub grouping: Arc<Grouping>,
    /// File of the innermost frame of the user's or the application's own code.
    pub file_path: Option<String>,
}

impl Deref for Grouped {
    type Target = Grouping;

    fn deref(&self) -> &Grouping {
        &self.grouping
    }
}

/// What is known of a repeat.
#[derive(Clone, Debug)]
struct Known {
    grouping: Arc<Grouping>,
    place: Option<Arc<Place>>,
}

/// Makes groupings. Cheap to share between threads. Its rules are fixed: new rules need a new grouper, whose cache
/// knows nothing that was grouped by the old ones.
#[derive(Debug)]
pub struct Grouper {
    config: GroupingConfig,
    cache: Cache<Known>,
    door: Door,
    rules: Arc<Rules>,
    /// Numbers that make a repeat another text; `None` where a user's rules may look at any.
    kept: Option<&'static Kept>,
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
        let kept = rules.is_empty().then(|| &*KEPT);
        Self {
            config,
            cache: Cache::new(config.cache_entries_max, config.cache_bytes_max),
            door: Door::new(config.cache_entries_max),
            rules,
            kept,
        }
    }

    /// The grouping of one exception, whose texts are already masked. Never fails: unknown text still
    /// has a sound grouping.
    #[must_use]
    pub fn group(&self, raw: &RawException<'_>) -> Grouped {
        let stacktrace = raw.stacktrace.map(|text| both_ends(text, self.config.text_bytes_max));
        let raw = RawException { stacktrace: stacktrace.as_deref(), ..self.cut(raw) };
        let way = self.door.way(&raw);
        let key = (way != Way::Past).then(|| match self.kept {
            Some(kept) => repeat::folded(&raw, kept),
            None => repeat::exact(&raw),
        });
        if let Some(known) = key.and_then(|key| self.cache.find(key))
            && let Some(grouped) = known.of(&raw, self.kept)
        {
            self.door.found();
            return grouped;
        }
        let key = if self.door.missed(&raw, way) { key } else { None };
        let mut parsed = if self.rules.is_empty() { parse_for_grouping(&raw) } else { parse(&raw) };
        let grouping = Arc::new(group_by_rules(&raw, &mut parsed, &self.rules));
        let file_path = fingerprint::place(&parsed);
        if let Some(key) = key {
            self.keep(key, &raw, &grouping, file_path);
        }
        Grouped { grouping, file_path: file_path.map(str::to_owned) }
    }

    /// Keeps a grouping for repeats.
    #[inline(never)]
    fn keep(&self, key: u128, raw: &RawException<'_>, grouping: &Arc<Grouping>, file_path: Option<&str>) {
        let place = file_path.map(|path| Place::of(raw, path, self.kept));
        // A place that cannot be found again would be lost to the repeats.
        if place.as_ref().is_none_or(Option::is_some) {
            let known = Known { grouping: Arc::clone(grouping), place: place.flatten().map(Arc::new) };
            let bytes = known.bytes();
            self.cache.keep(key, known, bytes);
        }
    }

    fn cut<'a>(&self, raw: &RawException<'a>) -> RawException<'a> {
        let cut = |text: &'a str| &text[..text.floor_char_boundary(self.config.text_bytes_max)];
        RawException {
            error_type: raw.error_type.map(cut),
            message: raw.message.map(cut),
            stacktrace: None,
            snippet: raw.snippet.map(cut),
            ..*raw
        }
    }
}

/// The text, or whole lines at both ends of it that have about `bytes_max` bytes together: what decides stands at the end of
/// what a program printed, or at its beginning.
#[must_use]
pub fn both_ends(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let half = bytes_max / 2;
    let head = &text[..text.floor_char_boundary(half)];
    let head = head.rfind('\n').map_or(head, |end| &head[..end]);
    let tail = &text[text.ceil_char_boundary(text.len() - half)..];
    let tail = tail.find('\n').map_or(tail, |end| &tail[end + 1..]);
    Cow::Owned([head, tail].join("\n"))
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
    let made = fingerprint::of(raw, parsed, &class.taxonomy);
    let taxonomy = Taxonomy { context: made.context, ..class.taxonomy };
    Grouping {
        fingerprint: made.fingerprint,
        hashes: std::iter::once(made.fingerprint)
            .chain(made.joining)
            .map(|hash| hash.in_phase(taxonomy.phase))
            .collect(),
        signature: made.likeness.signature,
        likeness: made.likeness,
        taxonomy,
        severity: class.severity.clamp(1, 5),
        rule: class.rule,
        error_type: made.error_type,
        canonical_message: made.canonical_message,
        language: made.language,
        ast: parsed.ast.clone(),
        basis: made.basis,
        canonical: made.text,
        rules_applied: Vec::new(),
        strategy: fingerprint::STRATEGY,
    }
}

impl Known {
    /// Bytes in memory, about.
    fn bytes(&self) -> usize {
        let Grouping { hashes, likeness, taxonomy, rule, error_type, canonical_message, canonical, .. } =
            &*self.grouping;
        let texts = [
            &taxonomy.error_type,
            &taxonomy.cause,
            &taxonomy.context,
            rule,
            error_type,
            canonical_message,
            canonical,
        ];
        size_of::<Grouping>()
            + size_of_val(&**hashes)
            + size_of_val(&*likeness.shingles)
            + texts.iter().map(|text| text.capacity()).sum::<usize>()
            + self.place.as_ref().map_or(0, |place| place.bytes())
    }

    /// The grouping of a repeat; `None` when its place is not where the first one's was.
    fn of(self, raw: &RawException<'_>, kept: Option<&Kept>) -> Option<Grouped> {
        let file_path = match &self.place {
            Some(place) => Some(place.read(raw, kept)?.to_owned()),
            None => None,
        };
        Some(Grouped { grouping: self.grouping, file_path })
    }
}
