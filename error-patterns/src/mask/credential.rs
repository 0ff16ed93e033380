//! Credentials that are known by their own shape: bearer and basic, JWT, keys with fixed prefixes, private
//! key blocks, user and password in a URL.

use super::{MaskKind, Span};

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

/// Prefixes up to and with the mark that ends them, and the least length of what follows.
const PREFIXES: &[(&[u8], usize)] = &[
    (b"ghp_", 20),
    (b"gho_", 20),
    (b"ghu_", 20),
    (b"ghs_", 20),
    (b"ghr_", 20),
    (b"github_pat_", 20),
    (b"glpat-", 16),
    (b"sk-", 20),
    (b"sk_live_", 16),
    (b"sk_test_", 16),
    (b"rk_live_", 16),
    (b"rk_test_", 16),
    (b"whsec_", 16),
    (b"npm_", 30),
    (b"pypi-", 30),
    (b"hf_", 24),
    (b"dop_v1_", 32),
    (b"glsa_", 24),
    (b"shpat_", 24),
    (b"xoxb-", 10),
    (b"xoxp-", 10),
    (b"xoxa-", 10),
    (b"xoxr-", 10),
    (b"xoxs-", 10),
    (b"xapp-", 10),
];

pub(super) fn find(bytes: &[u8], at: usize, floor: usize) -> Option<Span> {
    match bytes[at] {
        b'_' | b'-' => private_key(bytes, at).or_else(|| prefixed(bytes, at, floor)),
        b'J' => jwt(bytes, at),
        b'K' | b'S' => access_key(bytes, at).or_else(|| sendgrid(bytes, at)),
        b'z' => fixed(bytes, at.checked_sub(2)?, b"AIza", 30),
        b'y' => fixed(bytes, at, b"ya29.", 20),
        b'B' | b'b' => scheme(bytes, at),
        _ => None,
    }
}

fn starts_word(bytes: &[u8], start: usize) -> bool {
    start == 0 || !is_key(&bytes[start - 1])
}

fn fixed(bytes: &[u8], start: usize, prefix: &[u8], length_min: usize) -> Option<Span> {
    let body = bytes.get(start..)?.strip_prefix(prefix)?;
    let length = run(body, |b| is_key(b) || *b == b'.');
    (starts_word(bytes, start) && length >= length_min).then(|| token(start, start + prefix.len() + length))
}

fn prefixed(bytes: &[u8], at: usize, floor: usize) -> Option<Span> {
    let head = &bytes[floor..=at];
    let (prefix, length_min) = PREFIXES.iter().find(|(prefix, _)| head.ends_with(prefix))?;
    let start = at + 1 - prefix.len();
    let length = run(&bytes[at + 1..], is_key);
    let digits = bytes[at + 1..at + 1 + length].iter().any(u8::is_ascii_digit);
    (starts_word(bytes, start) && length >= *length_min && digits).then(|| token(start, at + 1 + length))
}

/// `AKIA` or `ASIA` and 16 capitals and digits.
fn access_key(bytes: &[u8], at: usize) -> Option<Span> {
    let start = at.checked_sub(1)?;
    let four = bytes.get(start..start + 4)?;
    let length = run(&bytes[start..], |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let follows = bytes.get(start + length).is_some_and(is_key);
    (matches!(four, b"AKIA" | b"ASIA") && length == 20 && !follows && starts_word(bytes, start))
        .then(|| token(start, start + length))
}

fn sendgrid(bytes: &[u8], at: usize) -> Option<Span> {
    fixed(bytes, at, b"SG.", 40)
}

/// `eyJ` is base64 of `{"`: a header and a payload with a dot between them.
fn jwt(bytes: &[u8], at: usize) -> Option<Span> {
    let start = at.checked_sub(2)?;
    if !bytes[start..].starts_with(b"eyJ") || !starts_word(bytes, start) {
        return None;
    }
    let header = run(&bytes[start..], is_key);
    let dot = start + header;
    if header < 10 || bytes.get(dot) != Some(&b'.') {
        return None;
    }
    let payload = run(&bytes[dot + 1..], is_key);
    let mut end = dot + 1 + payload;
    if bytes.get(end) == Some(&b'.') {
        let signature = run(&bytes[end + 1..], is_key);
        end += if signature > 0 { 1 + signature } else { 0 };
    }
    (payload >= 10).then(|| token(start, end))
}

/// What follows `Bearer` or `Basic`, when it is no word.
fn scheme(bytes: &[u8], at: usize) -> Option<Span> {
    let named =
        |name: &[u8]| bytes.get(at..at + name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
    let length = if named(b"bearer ") {
        7
    } else if named(b"basic ") {
        6
    } else {
        return None;
    };
    if !starts_word(bytes, at) {
        return None;
    }
    let start = at + length + run(&bytes[at + length..], |b| *b == b' ');
    let body = &bytes[start..];
    let credential = run(body, |b| is_key(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'='));
    let body = &body[..credential];
    let upper = body.iter().skip(1).any(u8::is_ascii_uppercase);
    let telling = upper || body.iter().any(|b| b.is_ascii_digit() || *b == b'=');
    (credential >= 8 && telling).then(|| token(start, start + credential))
}

/// `-----BEGIN ... PRIVATE KEY-----` up to its end line, or to the end of a text that was cut.
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
pub(super) fn userinfo(bytes: &[u8], at: usize) -> Option<Span> {
    let rest = bytes[at..].strip_prefix(b"://")?;
    let start = at + 3;
    let authority = rest
        .iter()
        .take(AUTHORITY_BYTES_MAX)
        .take_while(|b| {
            !(b.is_ascii_whitespace()
                || matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b',' | b')'))
        })
        .count();
    let length = rest[..authority].iter().rposition(|b| *b == b'@')?;
    let user = &rest[..length];
    (length > 0 && user != b"git").then(|| token(start, start + length))
}
