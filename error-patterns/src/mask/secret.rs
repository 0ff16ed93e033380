//! Values of names that mean a secret: `password=...`, `"api_key": "..."`, `?token=...`, `('pwd', '...')`.
//!
//! In source lines and messages a name is followed by other things as well: a call, a variable, prose. Whether a
//! value is a secret is decided by its form, in [`value`](super::value).

use super::scan::Text;
use super::value::{Context, Value};
use super::{MaskKind, Span, credential, numbers};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Endings of names, letters and digits only, whose value is a secret.
const STRONG: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "accesstoken",
    "accountkey",
    "amzcredential",
    "amzsecuritytoken",
    "amzsignature",
    "apikey",
    "apitoken",
    "appkey",
    "authkey",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientkeydata",
    "clientsecret",
    "connectionstring",
    "contrasena",
    "cookie",
    "cookies",
    "csrftoken",
    "deploykey",
    "encryptionkey",
    "hmackey",
    "idtoken",
    "jsessionid",
    "kennwort",
    "masterkey",
    "motdepasse",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "phpsessid",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "senha",
    "sessiontoken",
    "sharedaccesskey",
    "sharedaccesssignature",
    "signingkey",
    "storagekey",
    "subscriptionkey",
    "userpass",
    "dbpass",
    "webhooksecret",
    "xauth",
    "xsrftoken",
];
/// Words whose value may be a secret, as the last word of a name.
const WEAK: &[&str] =
    &["token", "auth", "passe", "credential", "credentials", "sig", "signature", "pass", "pw", "otp", "pin"];
/// Names whose value is a secret in a query only: `?key=...`.
const IN_QUERY: &[&str] = &["key"];
/// Words in names of payment cards.
const CARDS: [&[u8]; 3] = [b"card", b"payment", b".pan"];

/// Digits of a secret that is a number, at least.
const NUMBER_SECRET_MIN: usize = 4;

/// Digits of a phone number, E.164.
const PHONE_DIGITS: RangeInclusive<usize> = 7..=15;

/// Last words of names whose value is a phone number, when it is a number.
const PHONES: &[&str] = &["phone", "tel", "telephone"];
/// Names of a value whose own name stands beside it.
const PAIRED: &[&str] = &["value", "Value"];
/// Names of that name.
const NAMES_BESIDE: &[&[u8]] = &[b"name", b"key"];
/// Bytes between a name and its value's: marks, blanks and a line's end.
const BETWEEN_MAX: usize = 48;
/// Variables that hold a user's name in the environment.
const USERS: &[&str] = &["USER", "SUDO_USER"];

/// Blanks between a name and its separator.
const BLANKS_MAX: usize = 32;
/// Bytes of a type between a name and its value: `token: Optional[str] = "..."`.
const TYPE_BYTES_MAX: usize = 40;
/// Longest name looked at.
const NAME_BYTES_MAX: usize = 64;

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// A secret.
    Strong,
    /// A secret when it looks like one.
    Weak,
    /// A secret in a query.
    InQuery,
    Phone,
    User,
    /// What the name beside it says: `name: DB_PASSWORD` and `value: x`.
    Paired,
}

/// Whether a whole attribute or header of this name is a secret.
pub(super) fn names_secret(key: &[u8]) -> bool {
    match strength(key) {
        Some(Strength::Strong) => true,
        Some(Strength::Weak) => !key.ends_with(b"signature"),
        _ => false,
    }
}

/// What an attribute of this name holds where its value is the whole number `digits`: elsewhere too many numbers look like a
/// card's or a phone's, and a count of tokens is none of them.
pub(super) fn names_number(key: &[u8], digits: &[u8]) -> Option<MaskKind> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match strength(key) {
        Some(Strength::Strong) if digits.len() >= NUMBER_SECRET_MIN => Some(MaskKind::Token),
        Some(Strength::Phone) if PHONE_DIGITS.contains(&digits.len()) => Some(MaskKind::Phone),
        _ if names_card(key) && numbers::is_card(digits) => Some(MaskKind::Card),
        _ => None,
    }
}

/// Whether an attribute of this name may hold a [number that is masked](names_number).
pub(super) fn may_name_number(key: &[u8]) -> bool {
    names_card(key) || matches!(strength(key), Some(Strength::Strong | Strength::Phone))
}

fn names_card(key: &[u8]) -> bool {
    CARDS.iter().any(|word| key.windows(word.len()).any(|at| at.eq_ignore_ascii_case(word)))
}

/// What a name says about its value.
pub(super) fn strength(name: &[u8]) -> Option<Strength> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let name = &name[..name.len() - name.iter().rev().take(2).take_while(|b| b.is_ascii_digit()).count()];
    let mut last_two = name.iter().rev().filter(|b| b.is_ascii_alphanumeric());
    if let (Some(two), Some(one)) = (last_two.next(), last_two.next())
        && !may_end_name(*one, *two)
    {
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
    let endings = ENDINGS.get(last)?;
    let last_word = |ending: &str| {
        let Some(start) = name.len().checked_sub(ending.len()) else { return false };
        let (before, word) = name.split_at(start);
        let apart = !before.last().is_some_and(u8::is_ascii_alphabetic);
        let camel = word[0].is_ascii_uppercase() && before.last().is_some_and(u8::is_ascii_lowercase);
        word.eq_ignore_ascii_case(ending.as_bytes()) && (apart || camel)
    };
    let found = endings.iter().find(|(ending, strength)| match strength {
        Strength::Strong => folded.ends_with(ending.as_bytes()),
        Strength::User | Strength::Paired => name == ending.as_bytes(),
        _ => last_word(ending),
    });
    found.map(|(_, strength)| *strength)
}

/// Names by their last letter.
static ENDINGS: LazyLock<[Vec<(&str, Strength)>; 26]> = LazyLock::new(|| {
    let mut table = [const { Vec::new() }; 26];
    for (name, strength) in endings() {
        if let Some(last) = name.bytes().last() {
            table[usize::from(last.to_ascii_lowercase() - b'a')].push((name, strength));
        }
    }
    table
});

fn endings() -> impl Iterator<Item = (&'static str, Strength)> {
    let all = |names: &'static [&'static str], strength| names.iter().map(move |name| (*name, strength));
    all(STRONG, Strength::Strong)
        .chain(all(WEAK, Strength::Weak))
        .chain(all(PHONES, Strength::Phone))
        .chain(all(USERS, Strength::User))
        .chain(all(PAIRED, Strength::Paired))
        .chain(all(IN_QUERY, Strength::InQuery))
}

/// For each last letter of a name, as bits, the letters that may come before it.
static PAIRS: LazyLock<[u32; 26]> = LazyLock::new(|| {
    let mut table = [0; 26];
    for (name, _) in endings() {
        if let [.., one, two] = *name.to_ascii_lowercase().as_bytes() {
            table[usize::from(two - b'a')] |= 1 << (one - b'a');
        }
    }
    table
});

/// Whether the name of a secret may end with these letters.
fn may_end_name(one: u8, two: u8) -> bool {
    let (one, two) = ((one | 0x20).wrapping_sub(b'a'), (two | 0x20).wrapping_sub(b'a'));
    one < 26 && PAIRS.get(usize::from(two)).is_some_and(|ones| ones >> one & 1 == 1)
}

/// A secret value after the `:`, `=` or `,` at `at`.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    if text.bytes[at..].starts_with(b"://") {
        return None;
    }
    if text.before(at).ends_with(b":thin") {
        return credential::oracle(text, at + 1);
    }
    let (name, behind) = name_before(text.before(at))?;
    let strength = strength(name)?;
    // `PublicKeyToken=b77a5c561934e089` of an assembly is public.
    if name.eq_ignore_ascii_case(b"publickeytoken") {
        return None;
    }
    let strength = match strength {
        Strength::Paired => named_beside(text, at, name, behind)?,
        strength => strength,
    };
    text.look(at + 4);
    let quoted = behind.iter().any(|b| *b != b' ');
    let start = typed(text, at).or_else(|| separator(text, at, quoted))?;
    let context = Context::of(text, &Named { name, behind, separator: &text.bytes[at..start], at })?;
    let (value, kind) = match strength {
        Strength::Phone => (Value::phone(text, start)?, MaskKind::Phone),
        Strength::User => (Value::user(text, start, &context)?, MaskKind::User),
        strength => (Value::secret(text, start, strength, &context)?, MaskKind::Token),
    };
    Some(Span { start: value.start, end: value.end, kind })
}

/// What the name says that stands beside `value`: `- name: DB_PASSWORD`, `"name": "DB_PASSWORD",`, `key="DB_PASSWORD"`.
fn named_beside(text: &Text<'_>, at: usize, name: &[u8], behind: &[u8]) -> Option<Strength> {
    let before = text.before(at - behind.len() - name.len());
    let back = |bytes: &[u8], max: usize, inside: &dyn Fn(u8) -> bool| {
        bytes.len() - bytes.iter().rev().take(max).take_while(|b| inside(**b)).count()
    };
    let marks = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'\\' | b',' | b';');
    let end = back(before, BETWEEN_MAX, &marks);
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let start = back(&before[..end], NAME_BYTES_MAX, &inside);
    let named = &before[start..end];
    let marks = |b: u8| matches!(b, b' ' | b'"' | b'\'' | b'\\' | b':' | b'=');
    let end = back(&before[..start], 8, &marks);
    let told = &before[back(&before[..end], 8, &|b| b.is_ascii_alphabetic())..end];
    let beside = end < start && NAMES_BESIDE.iter().any(|known| told.eq_ignore_ascii_case(known));
    strength(named).filter(|strength| beside && matches!(strength, Strength::Strong | Strength::Weak))
}

/// A name before its separator.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub name: &'a [u8],
    /// Quotes, backslashes and blanks behind it.
    pub behind: &'a [u8],
    pub separator: &'a [u8],
    /// Where the separator is.
    pub at: usize,
}

/// Where the value begins at the earliest: behind `:`, `=`, `:=`, `=>`, `==`, `,`.
fn separator(text: &Text<'_>, at: usize, name_quoted: bool) -> Option<usize> {
    let next = text.bytes.get(at + 1);
    let previous = text.last(at);
    match (text.bytes[at], next) {
        (b':', Some(b'=')) => Some(at + 2),
        (b':', Some(b':' | b'>')) => None,
        (b':', _) => (previous != Some(b':')).then_some(at + 1),
        // `'password' => 'x'`, `:password => "x"`, and without marks where the value has some.
        (b'=', Some(b'>')) => {
            let value = text.bytes[at + 2..].iter().take(3).find(|b| **b != b' ');
            (name_quoted || matches!(value, Some(b'"' | b'\''))).then_some(at + 2)
        }
        (b'=', Some(b'=')) => (text.bytes.get(at + 2) != Some(&b'=')).then_some(at + 2),
        (b'=', _) => (!matches!(previous, Some(b'=' | b'!' | b'<' | b'>' | b':'))).then_some(at + 1),
        // `('password', 'x')`
        (b',', _) => name_quoted.then_some(at + 1),
        _ => None,
    }
}

/// Where the value begins of a name that has a type: `token: str = "..."`, `let token: &str = "..."`.
fn typed(text: &Text<'_>, at: usize) -> Option<usize> {
    let rest = text.bytes[at..].strip_prefix(b":")?;
    let rest = &rest[..rest.len().min(TYPE_BYTES_MAX)];
    let inside = |b: &u8| b.is_ascii_alphanumeric() || b" _.[]<>|&?'".contains(b);
    let length = rest.iter().take_while(|b| inside(b)).count();
    let (name, rest) = rest.split_at(length);
    let named =
        name.iter().any(u8::is_ascii_alphabetic) && name.first() == Some(&b' ') && name.last() == Some(&b' ');
    let value = rest.strip_prefix(b"= ")?;
    text.look(at + TYPE_BYTES_MAX);
    (named && matches!(value.first(), Some(b'"' | b'\''))).then_some(at + 1 + length + 1)
}

/// The name before a separator, and the quotes, backslashes and blanks behind it.
fn name_before(before: &[u8]) -> Option<(&[u8], &[u8])> {
    let trim = |bytes: &[u8], drop: &dyn Fn(u8) -> bool, max: usize| {
        bytes.iter().rev().take(max).take_while(|b| drop(**b)).count()
    };
    // Assignments may be aligned.
    let blanks = before.len() - trim(before, &|b| b == b' ', BLANKS_MAX);
    let end = blanks - trim(&before[..blanks], &|b| matches!(b, b'"' | b'\'' | b'\\' | b']'), 4);
    let letters = end - trim(&before[..end], &|b| b.is_ascii_digit(), 2);
    let [.., one, two] = before[..letters] else { return None };
    if !may_end_name(one, two) {
        return None;
    }
    let length = trim(
        &before[..end],
        &|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
        NAME_BYTES_MAX + 1,
    );
    Some((&before[end - length..end], &before[end..]))
}

/// Whether a flag or an element of this name holds a secret: `--password x`, `<password>x</password>`.
pub(super) fn is_secret_name(name: &[u8]) -> bool {
    matches!(strength(name), Some(Strength::Strong | Strength::Weak))
}

#[cfg(test)]
mod tests {
    use super::super::bits::Blocks;
    use super::*;

    #[test]
    fn the_first_look_misses_no_name() {
        for (name, _) in endings() {
            let text = format!("{name}=");
            let (_, triggers) = Blocks::of(text.as_bytes()).next().expect("a name is looked at");
            assert_eq!(triggers.names, 1 << name.len(), "{name}");
        }
    }
}
