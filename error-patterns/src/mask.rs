//! Masks personal data and secrets in text, before anything is hashed, stored or forwarded.
//!
//! One pass over the bytes, 64 at a time: the few that can be part of something personal (`@`, the slash of a
//! home directory, a dash between digits, the fixed start of a key, ...) call their detectors, everything else is
//! skipped. No regular expressions, no state. Text without a find is borrowed. A second pass is made only when a
//! mask changed what an earlier decision had looked at.
//!
//! Text that hides something (terminal colours, escapes, full-width digits) is scanned as it reads, too, and a user's
//! name that a home directory gave away is masked in other places where it names the user.
//!
//! What stays, by decision:
//! - system accounts in home directories (`/home/runner`, `/home/jovyan`, `/root`): they name no person;
//! - loopback, unspecified, broadcast and netmask addresses, and four-part versions;
//! - commit hashes, UUIDs, timestamps, ports, line numbers, floats;
//! - `name = value` where the value is code (`password = read()`), a literal such as `None`, or prose.
//!
//! Masking masked text changes nothing.

use crate::bytes::BLOCK;
use crate::rules::{Applied, MaskRules, Rules};
use scan::Text;
use std::borrow::Cow;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

mod bits;
mod command;
mod credential;
mod email;
mod fold;
mod home;
mod known;
mod national;
mod network;
mod numbers;
mod scan;
mod secret;
mod users;
mod value;

/// What a mask stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaskKind {
    /// `<email>`
    Email,
    /// `<user>`: the name in a home directory.
    User,
    /// `<ip>`: IPv4 and IPv6.
    Ip,
    /// `<token>`: passwords, keys, credentials.
    Token,
    /// `<phone>`
    Phone,
    /// `<card>`: payment cards.
    Card,
    /// `<national_id>`: only with [`MaskConfig::national_ids`].
    NationalId,
}

impl MaskKind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Email, Self::User, Self::Ip, Self::Token, Self::Phone, Self::Card, Self::NationalId];

    /// The text that stands in the masked place.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "<email>",
            Self::User => "<user>",
            Self::Ip => "<ip>",
            Self::Token => "<token>",
            Self::Phone => "<phone>",
            Self::Card => "<card>",
            Self::NationalId => "<national_id>",
        }
    }
}

/// Masks by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaskCounts([u64; MaskKind::ALL.len()]);

impl MaskCounts {
    /// Masks of one kind.
    #[must_use]
    pub fn of(&self, kind: MaskKind) -> u64 {
        self.0[kind as usize]
    }

    /// Masks of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        for (sum, each) in self.0.iter_mut().zip(other.0) {
            *sum += each;
        }
    }

    fn count(&mut self, kind: MaskKind) {
        self.0[kind as usize] += 1;
    }
}

/// A place to mask, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    kind: MaskKind,
}

/// Whether what follows a number makes it part of a longer word: hex digits, or a version's suffix. Other
/// letters are text that runs on.
fn continues_number(text: &Text<'_>, end: usize) -> bool {
    let after = &text.bytes[end..];
    let word = after.iter().take(16).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    text.look(end + word + 1);
    let word = &after[..word];
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let suffix =
        [&b"a"[..], b"b", b"c", b"rc", b"dev", b"post", b"beta", b"alpha", b"final", b"ga", b"p", b"r", b"v"]
            .iter()
            .any(|suffix| word[..letters].eq_ignore_ascii_case(suffix));
    !word.is_empty() && (suffix || word.iter().all(|b| b.is_ascii_hexdigit() || *b == b'_'))
}

fn names_person(key: &[u8]) -> bool {
    IDENTIFIER_KEYS.iter().any(|name| name.as_bytes() == key)
}

/// Whether a value is a UUID (RFC 9562, section 4) and nothing else: its longest run of digits is shorter than a card's,
/// and no number begins behind a dash.
fn is_uuid(value: &[u8]) -> bool {
    let Ok(value) = <&[u8; 36]>::try_from(value) else { return false };
    let dashes = [8, 13, 18, 23].iter().all(|at| value[*at] == b'-');
    dashes && value.iter().fold(0, |digits, byte| digits + u32::from(byte.is_ascii_hexdigit())) == 32
}

/// Options of a [`Masker`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaskConfig {
    /// Seed of the pseudonyms. Keep one secret and all processors on it, and outsiders cannot find a person's
    /// pseudonym by trying e-mail addresses.
    pub pseudonym_seed: u64,
    /// Masks national ids too: US SSN, Korean RRN, UK NINO, Spanish DNI and NIE, French NIR, German tax id,
    /// Brazilian CPF, Indian Aadhaar, Italian codice fiscale, Dutch BSN, Chinese resident id, Japanese My Number.
    /// Some other numbers of as many digits look the same.
    pub national_ids: bool,
}

/// Masks text. Clones are cheap.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    config: MaskConfig,
    /// A user's masks, which act after the built-in ones.
    rules: Arc<MaskRules>,
}

/// Bytes of a value that is looked at in one step.
const SHORT_BYTES: usize = BLOCK;

/// Passes over one text: each further one sees what the masks of the one before brought together, such as the command of one
/// more flag; of those no more than 28 that are masked stand within its reach.
const PASSES_MAX: usize = 32;

/// Attributes that name a person and must stay countable.
const IDENTIFIER_KEYS: &[&str] = &["enduser.id", "user.id", "exec.user.id", "user.hash", "enduser.pseudo.id"];

impl Masker {
    /// A masker with these options.
    #[must_use]
    pub fn new(config: MaskConfig) -> Self {
        Self { config, rules: Arc::default() }
    }

    /// The same, with a user's masks after the built-in ones.
    #[must_use]
    pub fn with_rules(config: MaskConfig, rules: &Rules) -> Self {
        Self { config, rules: rules.masks() }
    }

    /// The text with masks; borrowed when there is nothing to mask.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask_counted(text, &mut MaskCounts::default())
    }

    /// The same, and adds what was masked to the counts.
    #[must_use]
    pub fn mask_counted<'a>(&self, text: &'a str, counts: &mut MaskCounts) -> Cow<'a, str> {
        self.mask_value(None, text, counts)
    }

    /// The value of an attribute or header. A key that names a secret (`authorization`, `cookie`, `password`,
    /// `x-api-key`, ...) masks the whole value; a key that names a person gives a [pseudonym](Self::pseudonym).
    #[must_use]
    pub fn mask_attribute<'a>(&self, key: &str, value: &'a str) -> Cow<'a, str> {
        self.mask_attribute_counted(key, value, &mut MaskCounts::default())
    }

    /// The same, and adds what was masked to the counts.
    #[must_use]
    pub fn mask_attribute_counted<'a>(
        &self,
        key: &str,
        value: &'a str,
        counts: &mut MaskCounts,
    ) -> Cow<'a, str> {
        if names_person(key.as_bytes()) {
            return self.pseudonym(value);
        }
        if secret::names_secret(key.as_bytes()) && !value.is_empty() {
            if value != MaskKind::Token.placeholder() {
                counts.count(MaskKind::Token);
            }
            return Cow::Borrowed(MaskKind::Token.placeholder());
        }
        self.mask_value(Some(key), value, counts)
    }

    /// Whether [`Self::mask`] is seen to leave a value as it is, by one look at its bytes, which need not be text. Of long
    /// values nothing is said, nor of any where a user's masks may act. An attribute's value is left by
    /// [`Self::mask_attribute`] too, if its [key is harmless](Self::is_harmless).
    #[must_use]
    pub fn leaves(&self, value: &[u8]) -> bool {
        if value.len() > SHORT_BYTES || self.config.national_ids || !self.rules.is_empty() {
            return false;
        }
        if is_uuid(value) {
            return true;
        }
        let (triggers, odd) = bits::of_short(value);
        triggers.all == 0 && !odd
    }

    /// Whether this key tells nothing of its values: it names neither a secret nor a person.
    #[must_use]
    pub fn is_harmless(key: &[u8]) -> bool {
        !names_person(key) && !secret::names_secret(key) && !secret::may_name_number(key)
    }

    /// As [`Self::mask_attribute`], of a key that [is harmless](Self::is_harmless).
    #[must_use]
    pub fn mask_harmless<'a>(&self, key: &str, value: &'a str) -> Cow<'a, str> {
        self.mask_value(Some(key), value, &mut MaskCounts::default())
    }

    /// Whether a user's rule names the attribute with this key.
    #[must_use]
    pub fn has_rule_of(&self, key: &str) -> bool {
        self.rules.names(key)
    }

    /// The value of an attribute that is a number or a boolean, where its name says that it is a secret, a phone or a payment
    /// card, and by the users' rules that name it; `None` where none acts.
    #[must_use]
    pub fn mask_number(&self, key: &str, value: &str) -> Option<String> {
        if let Some(kind) = secret::names_number(key.as_bytes(), value.as_bytes()) {
            return Some(kind.placeholder().to_owned());
        }
        if !self.has_rule_of(key) {
            return None;
        }
        self.rules.pass(Some(key), value, &mut Applied::default())
    }

    #[inline]
    fn mask_value<'a>(&self, key: Option<&str>, value: &'a str, counts: &mut MaskCounts) -> Cow<'a, str> {
        if self.rules.is_empty() {
            return built_in(self.config, value, counts);
        }
        self.mask_by_all(key, value, counts, &mut Applied::default())
    }

    /// An identifier that may be stored and still tells people apart.
    ///
    /// Unchanged when it holds nothing personal (`u-4711`, a hash). Else `user-` and 12 hex digits of its xxh3:
    /// one placeholder for all would make "how many users met this pattern" unanswerable. Without a
    /// [secret seed](MaskConfig::pseudonym_seed) whoever guesses the address can compute the pseudonym.
    #[must_use]
    pub fn pseudonym<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if matches!(self.mask(value), Cow::Borrowed(_)) {
            return Cow::Borrowed(value);
        }
        let hash = xxh3_64_with_seed(value.as_bytes(), self.config.pseudonym_seed);
        // The letters keep the digits from reading as a number, so a pseudonym is never masked again.
        Cow::Owned(format!("user-{:012x}", hash >> 16))
    }
}

/// The text with the built-in masks.
fn built_in<'a>(config: MaskConfig, text: &'a str, counts: &mut MaskCounts) -> Cow<'a, str> {
    let mut masked = Cow::Borrowed(text);
    for _ in 0..PASSES_MAX {
        let plain = scan::pass(&masked, counts);
        let mut again = plain.again;
        let mut names = plain.names;
        if let Some(text) = plain.masked {
            masked = Cow::Owned(text);
        }
        if let Some(folded) = plain.odd.then(|| scan::pass_folded(&masked, counts)).flatten() {
            again |= folded.masked.is_some();
            names.extend(folded.names);
            masked = folded.masked.map_or(masked, Cow::Owned);
        }
        if !names.is_empty()
            && let Some(text) = known::pass(&masked, &names, counts)
        {
            masked = Cow::Owned(text);
            again = true;
        }
        if config.national_ids
            && let Some(text) = national::pass(&masked, counts)
        {
            masked = Cow::Owned(text);
            again = true;
        }
        if !again {
            break;
        }
    }
    masked
}

#[cfg(test)]
mod tests;
