//! Credentials that are known by their own shape: bearer and basic, JWT, keys with fixed prefixes, private
//! key blocks, user and password in a URL.

use super::scan::Text;
use super::{MaskKind, Span};
use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::sync::LazyLock;

fn token(start: usize, end: usize) -> Span {
    Span { start, end, kind: MaskKind::Token }
}

fn is_key(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Length of the run of bytes at the start that fulfil a condition.
fn run(bytes: &[u8], inside: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|b| inside(b)).count()
}

/// What follows the fixed part of a credential.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// At least so many letters, digits, `_` and `-`, a digit among them.
    Key(usize),
    /// The same, with dots.
    Dotted(usize),
    /// 16 capitals and digits.
    AccessKey,
    /// A header and a payload with a dot between them.
    Jwt,
    /// `Bearer` and `Basic`: what follows, when it is no word. The number is how far before the needle the word
    /// begins.
    Scheme(usize),
    /// `-----BEGIN ... PRIVATE KEY-----` up to its end line, or to the end of a text that was cut.
    PrivateKey,
}

/// Fixed parts of credentials.
const NEEDLES: &[(&str, Shape)] = &[
    ("ghp_", Shape::Key(20)),
    ("gho_", Shape::Key(20)),
    ("ghu_", Shape::Key(20)),
    ("ghs_", Shape::Key(20)),
    ("ghr_", Shape::Key(20)),
    ("github_pat_", Shape::Key(20)),
    ("glpat-", Shape::Key(16)),
    ("sk-", Shape::Key(20)),
    ("sk_live_", Shape::Key(16)),
    ("sk_test_", Shape::Key(16)),
    ("rk_live_", Shape::Key(16)),
    ("rk_test_", Shape::Key(16)),
    ("whsec_", Shape::Key(16)),
    ("npm_", Shape::Key(30)),
    ("pypi-", Shape::Key(30)),
    ("hf_", Shape::Key(24)),
    ("dop_v1_", Shape::Key(32)),
    ("glsa_", Shape::Key(24)),
    ("shpat_", Shape::Key(24)),
    ("xoxb-", Shape::Key(10)),
    ("xoxp-", Shape::Key(10)),
    ("xoxa-", Shape::Key(10)),
    ("xoxr-", Shape::Key(10)),
    ("xoxs-", Shape::Key(10)),
    ("xapp-", Shape::Key(10)),
    ("AIza", Shape::Dotted(30)),
    ("ya29.", Shape::Dotted(20)),
    ("SG.", Shape::Dotted(40)),
    ("AKIA", Shape::AccessKey),
    ("ASIA", Shape::AccessKey),
    ("eyJ", Shape::Jwt),
    ("earer ", Shape::Scheme(1)),
    ("EARER ", Shape::Scheme(1)),
    ("asic ", Shape::Scheme(1)),
    ("ASIC ", Shape::Scheme(1)),
    ("-----BEGIN ", Shape::PrivateKey),
];

static SEARCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(NEEDLES.iter().map(|(needle, _)| needle))
        .expect("a few dozen short needles make a small automaton")
});

/// A needle's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needle {
    pub at: usize,
    index: usize,
}

/// The next place, from `start` on, where a credential may begin.
pub(super) fn next_needle(bytes: &[u8], start: usize) -> Option<Needle> {
    let found = SEARCHER.find(Input::new(bytes).range(start..))?;
    Some(Needle { at: found.start(), index: found.pattern().as_usize() })
}

/// The credential at a needle.
pub(super) fn find(text: &Text<'_>, needle: Needle) -> Option<Span> {
    let (fixed, shape) = NEEDLES[needle.index];
    let start = needle.at;
    let body = start + fixed.len();
    match shape {
        Shape::Key(length_min) => {
            let length = run(&text.bytes[body..], is_key);
            text.look(body + length + 1);
            let digit = text.bytes[body..body + length].iter().any(u8::is_ascii_digit);
            (starts_word(text, start) && length >= length_min && digit).then(|| token(start, body + length))
        }
        Shape::Dotted(length_min) => {
            let length = run(&text.bytes[body..], |b| is_key(b) || *b == b'.');
            text.look(body + length + 1);
            (starts_word(text, start) && length >= length_min).then(|| token(start, body + length))
        }
        Shape::AccessKey => access_key(text, start),
        Shape::Jwt => jwt(text, start),
        Shape::Scheme(before) => scheme(text, start.checked_sub(before)?, body),
        Shape::PrivateKey => private_key(text.bytes, start),
    }
}

fn starts_word(text: &Text<'_>, start: usize) -> bool {
    !text.last(start).is_some_and(|b| is_key(&b))
}

fn access_key(text: &Text<'_>, start: usize) -> Option<Span> {
    let length = run(&text.bytes[start..], |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.look(start + length + 1);
    let follows = text.bytes.get(start + length).is_some_and(is_key);
    (length == 20 && !follows && starts_word(text, start)).then(|| token(start, start + length))
}

fn jwt(text: &Text<'_>, start: usize) -> Option<Span> {
    if !starts_word(text, start) {
        return None;
    }
    let bytes = text.bytes;
    let header = run(&bytes[start..], is_key);
    let dot = start + header;
    text.look(dot + 1);
    if header < 10 || bytes.get(dot) != Some(&b'.') {
        return None;
    }
    let payload = run(&bytes[dot + 1..], is_key);
    let mut end = dot + 1 + payload;
    text.look(end + 1);
    if bytes.get(end) == Some(&b'.') {
        let signature = run(&bytes[end + 1..], is_key);
        end += if signature > 0 { 1 + signature } else { 0 };
    }
    (payload >= 10).then(|| token(start, end))
}

fn scheme(text: &Text<'_>, word: usize, body: usize) -> Option<Span> {
    if !matches!(text.bytes[word], b'B' | b'b') || !starts_word(text, word) {
        return None;
    }
    let start = body + run(&text.bytes[body..], |b| *b == b' ');
    let body = &text.bytes[start..];
    let credential = run(body, |b| is_key(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'='));
    text.look(start + credential + 1);
    let body = &body[..credential];
    let upper = body.iter().skip(1).any(u8::is_ascii_uppercase);
    let telling = upper || body.iter().any(|b| b.is_ascii_digit() || *b == b'=');
    (credential >= 8 && telling).then(|| token(start, start + credential))
}

fn private_key(bytes: &[u8], at: usize) -> Option<Span> {
    let head = bytes[at..].strip_prefix(b"-----BEGIN ")?;
    let label = run(head, |b| b.is_ascii_uppercase() || *b == b' ' || b.is_ascii_digit());
    if !head[..label].ends_with(b"PRIVATE KEY") && !head[..label].ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let end = memchr::memmem::find(head, b"-----END ").map_or(bytes.len(), |offset| {
        let close = bytes.len() - head.len() + offset + b"-----END ".len();
        let name = run(&bytes[close..], |b| b.is_ascii_uppercase() || *b == b' ' || b.is_ascii_digit());
        close + name + run(&bytes[close + name..], |b| *b == b'-')
    });
    Some(token(at, end))
}

/// Longest user and password looked for in a URL.
const AUTHORITY_BYTES_MAX: usize = 512;

/// `user:password@` of a URL whose `://` begins at `at`.
pub(super) fn userinfo(text: &Text<'_>, at: usize) -> Option<Span> {
    let rest = text.bytes[at..].strip_prefix(b"://")?;
    let start = at + 3;
    let authority = rest
        .iter()
        .take(AUTHORITY_BYTES_MAX)
        .take_while(|b| {
            !(b.is_ascii_whitespace()
                || matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b',' | b')'))
        })
        .count();
    text.look(start + authority + 1);
    let length = memchr::memrchr(b'@', &rest[..authority])?;
    let user = &rest[..length];
    (length > 0 && user != b"git").then(|| token(start, start + length))
}
