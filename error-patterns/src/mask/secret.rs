//! Values of names that mean a secret: `password=...`, `"api_key": "..."`, `?token=...`.
//!
//! In source lines and messages a name is followed by other things as well: a call, a variable, prose. A
//! value counts as a secret when its form says so; the rules are in [`Value::is_secret`].

use super::scan::Text;
use super::{MaskKind, Span};
use std::sync::LazyLock;

/// Endings of names, letters and digits only, whose value is a secret.
const STRONG: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "accesstoken",
    "accountkey",
    "amzcredential",
    "amzsignature",
    "apikey",
    "apitoken",
    "authkey",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "connectionstring",
    "cookie",
    "cookies",
    "encryptionkey",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "sharedaccesskey",
    "signingkey",
    "xauth",
    "xsrftoken",
    "csrftoken",
];
/// Words whose value may be a secret, as the last word of a name.
const WEAK: &[&str] = &[
    "token",
    "auth",
    "credential",
    "credentials",
    "sig",
    "signature",
    "pass",
    "pw",
    "passcode",
    "otp",
    "pin",
];

/// Longest name and longest value looked at.
const NAME_BYTES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 4096;
/// Shortest value of a weak name.
const WEAK_VALUE_BYTES_MIN: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    Strong,
    Weak,
}

/// Whether a whole attribute or header of this name is a secret.
pub(super) fn names_secret(key: &str) -> bool {
    match strength(key.as_bytes()) {
        Some(Strength::Strong) => true,
        Some(Strength::Weak) => !key.ends_with("signature"),
        None => false,
    }
}

fn strength(name: &[u8]) -> Option<Strength> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let mut folded = [0_u8; NAME_BYTES_MAX];
    let mut length = 0;
    for byte in name.iter().filter(|b| b.is_ascii_alphanumeric()) {
        folded[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    let folded = &folded[..length];
    let last = usize::from(folded.last()?.wrapping_sub(b'a'));
    if STRONG_BY_LAST.get(last)?.iter().any(|ending| folded.ends_with(ending.as_bytes())) {
        return Some(Strength::Strong);
    }
    let last_word = |ending: &&str| {
        let Some(start) = name.len().checked_sub(ending.len()) else { return false };
        let (before, word) = name.split_at(start);
        let apart = !before.last().is_some_and(u8::is_ascii_alphabetic);
        let camel = word[0].is_ascii_uppercase() && before.last().is_some_and(u8::is_ascii_lowercase);
        word.eq_ignore_ascii_case(ending.as_bytes()) && (apart || camel)
    };
    WEAK.iter().any(last_word).then_some(Strength::Weak)
}

/// A secret value after the `:` or `=` at `at`.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let (name, quoted) = name_before(text.before(at))?;
    let strength = strength(name)?;
    text.look(at + 2);
    if matches!(bytes.get(at + 1), Some(b'=' | b':' | b'>'))
        || matches!(text.last(at), Some(b'=' | b'!' | b'<' | b'>' | b':'))
    {
        return None;
    }
    let value = Value::at(bytes, at, quoted)?;
    text.look(value.end + 1);
    value.is_secret(name, strength).then_some(Span {
        start: value.start,
        end: value.end,
        kind: MaskKind::Token,
    })
}

/// Strong names by their last letter.
static STRONG_BY_LAST: LazyLock<[Vec<&str>; 26]> = LazyLock::new(|| {
    let mut table = [const { Vec::new() }; 26];
    for name in STRONG {
        if let Some(last) = name.bytes().last() {
            table[usize::from(last - b'a')].push(*name);
        }
    }
    table
});

/// For each last letter of a name, as bits, the letters that may come before it.
static ENDINGS: LazyLock<[u32; 26]> = LazyLock::new(|| {
    let mut table = [0; 26];
    for name in STRONG.iter().chain(WEAK) {
        if let [.., one, two] = name.as_bytes() {
            table[usize::from(two - b'a')] |= 1 << (one - b'a');
        }
    }
    table
});

/// Whether the name of a secret may end with these letters.
#[inline]
fn may_end_name(one: u8, two: u8) -> bool {
    let (one, two) = ((one | 0x20).wrapping_sub(b'a'), (two | 0x20).wrapping_sub(b'a'));
    one < 26 && ENDINGS.get(usize::from(two)).is_some_and(|ones| ones >> one & 1 == 1)
}

/// The name before a separator, and whether it stands in quotes.
fn name_before(before: &[u8]) -> Option<(&[u8], bool)> {
    let trim = |bytes: &[u8], drop: &dyn Fn(u8) -> bool, max: usize| {
        bytes.iter().rev().take(max).take_while(|b| drop(**b)).count()
    };
    let mut end = before.len() - trim(before, &|b| b == b' ', 2);
    let quotes = trim(&before[..end], &|b| matches!(b, b'"' | b'\'' | b'\\' | b']'), 4);
    end -= quotes;
    let [.., one, two] = before[..end] else { return None };
    if !may_end_name(one, two) {
        return None;
    }
    let length = trim(
        &before[..end],
        &|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
        NAME_BYTES_MAX + 1,
    );
    Some((&before[end - length..end], quotes > 0))
}

struct Value<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
    /// In quotes.
    quoted: bool,
    /// The name was in quotes, or `=` followed it at once.
    tight: bool,
    after: Option<u8>,
}

impl<'a> Value<'a> {
    fn at(bytes: &'a [u8], separator: usize, name_quoted: bool) -> Option<Self> {
        let blanks = bytes[separator + 1..].iter().take(2).take_while(|b| **b == b' ').count();
        let mut start = separator + 1 + blanks;
        let escaped = bytes[start..].iter().take(3).take_while(|b| **b == b'\\').count();
        let quote = bytes.get(start + escaped).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let within = &bytes[start..bytes.len().min(start + VALUE_BYTES_MAX)];
        let end = match quote {
            Some(quote) => {
                start += escaped + 1;
                let body = &bytes[start..bytes.len().min(start + VALUE_BYTES_MAX)];
                let length = body.iter().position(|b| *b == quote || *b == b'\n').unwrap_or(body.len());
                // The backslash of an escaped closing quote is not the value's.
                start + length - body[..length].iter().rev().take_while(|b| **b == b'\\').count()
            }
            None => start + within.iter().take_while(|b| !ends_value(**b)).count(),
        };
        let tight = name_quoted || bytes[separator] == b'=' && blanks == 0;
        let text = &bytes[start..end];
        (!text.is_empty()).then(|| Self {
            text,
            start,
            end,
            quoted: quote.is_some(),
            tight,
            after: bytes.get(end).copied(),
        })
    }

    fn is_secret(&self, name: &[u8], strength: Strength) -> bool {
        let digit = self.text.iter().any(u8::is_ascii_digit);
        let masked = self.text.starts_with(b"<") || self.text.ends_with(b">") && self.text.contains(&b'<');
        if masked || is_literal(self.text) {
            return false;
        }
        if strength == Strength::Weak
            && (self.text.len() < WEAK_VALUE_BYTES_MIN || !digit || self.text.contains(&b' '))
        {
            return false;
        }
        if self.quoted {
            return !is_prose(self.text);
        }
        let call = matches!(self.after, Some(b'(' | b'['));
        let template = matches!(self.text[0], b'$' | b'{' | b'%' | b'(' | b'[');
        if call || template || is_expression(self.text) || names_itself(self.text, name) {
            return false;
        }
        // `password: hunter2` is a setting, `password: required` prose.
        let symbol = self.text.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'.' | b'_' | b'-'));
        self.tight || (digit || symbol) && self.text.len() >= 4
    }
}

fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'&' | b';'
                | b','
                | b'"'
                | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'}'
                | b'|'
                | b'\\'
        )
}

/// Literals and stand-ins.
fn is_literal(text: &[u8]) -> bool {
    let stars = text.iter().all(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'-' | b'_' | b'?'));
    stars
        || [
            &b"none"[..],
            b"null",
            b"nil",
            b"undefined",
            b"true",
            b"false",
            b"empty",
            b"missing",
            b"required",
            b"str",
            b"string",
            b"int",
            b"redacted",
        ]
        .iter()
        .any(|literal| text.eq_ignore_ascii_case(literal))
}

/// Words of small letters with blanks between them.
fn is_prose(text: &[u8]) -> bool {
    text.contains(&b' ')
        && text
            .iter()
            .filter(|b| **b != b' ')
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b',' | b'\'' | b'!'))
}

/// `self.password`, `os.environ`: names with dots, none of which holds a digit.
fn is_expression(text: &[u8]) -> bool {
    text.contains(&b'.') && text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_'))
}

/// `password=db_password`, `token=token`: a variable named for what it holds.
fn names_itself(text: &[u8], name: &[u8]) -> bool {
    if !text.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_') {
        return false;
    }
    let own =
        name.rsplit(|b| matches!(b, b'.' | b'_' | b'-')).next().unwrap_or_default().to_ascii_lowercase();
    let lower = text.to_ascii_lowercase();
    strength(text).is_some() || !own.is_empty() && memchr::memmem::find(&lower, &own).is_some()
}
