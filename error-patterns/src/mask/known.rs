//! Other places of a user's name that a home directory gave away: `alice@host`, `/tmp/alice`, `user alice`.
//!
//! A name may be any word (`data`, `django`), so it is masked only where a user's name is expected, or where it is
//! no word: with a digit, a dot or an underscore inside, or in letters that are not ASCII.

use super::{MaskCounts, MaskKind};
use memchr::memmem;

/// Names remembered, and the shortest of them, in bytes.
pub(super) const NAMES_MAX: usize = 4;
const NAME_BYTES_MIN: usize = 3;
/// Shortest name that is no word.
const UNUSUAL_BYTES_MIN: usize = 6;

/// Folders at the root of a file system whose folders are named for users.
const ROOTS: &[&str] = &[
    "tmp",
    "var",
    "scratch",
    "data",
    "mnt",
    "media",
    "run",
    "nfs",
    "workspace",
    "workspaces",
    "work",
    "srv",
    "shared",
    "project",
    "projects",
    "dev",
    "cache",
    "fsx",
    "efs",
    "gpfs",
    "lustre",
    "nas",
    "storage",
    "private",
    "homes",
];

/// Words before a user's name.
const WORDS: &[&str] = &[
    "user", "username", "owner", "login", "logname", "chown", "su", "account", "author", "uid", "whoami",
    "usr", "ruser",
];

/// The text with the names masked where they name the user; none when they do so nowhere.
pub(super) fn pass(text: &str, names: &[String], counts: &mut MaskCounts) -> Option<String> {
    let mut masked: Option<String> = None;
    for name in names.iter().filter(|name| name.len() >= NAME_BYTES_MIN) {
        let source = masked.as_deref().unwrap_or(text);
        if let Some(again) = one(source, name, counts) {
            masked = Some(again);
        }
    }
    masked
}

fn one(text: &str, name: &str, counts: &mut MaskCounts) -> Option<String> {
    let mut masked: Option<String> = None;
    let mut copied = 0;
    for at in memmem::find_iter(text.as_bytes(), name) {
        if at < copied || !names_user(text.as_bytes(), at, name.as_bytes()) {
            continue;
        }
        let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..at]);
        out.push_str(MaskKind::User.placeholder());
        counts.count(MaskKind::User);
        copied = at + name.len();
    }
    masked.map(|mut out| {
        out.push_str(&text[copied..]);
        out
    })
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
}

fn names_user(bytes: &[u8], at: usize, name: &[u8]) -> bool {
    let (before, after) = (&bytes[..at], &bytes[at + name.len()..]);
    if is_word(before.last()) || is_word(after.first()) {
        return false;
    }
    // `alice@host`, `alice:alice`
    let host = after.first() == Some(&b'@') && is_word(after.get(1)) && before.last() != Some(&b'/');
    let twice = after.first() == Some(&b':') && after[1..].starts_with(name)
        || before.last() == Some(&b':') && before[..before.len() - 1].ends_with(name);
    host || twice
        || in_folder(before)
        || after_word(before)
        || is_unusual(name) && stands_alone(before, after)
}

/// In the path of a folder whose folders are named for users.
fn in_folder(before: &[u8]) -> bool {
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'<' | b'>');
    let length = before.iter().rev().take(128).take_while(|b| inside(b)).count();
    let path = &before[before.len() - length..];
    let mut folders = path.split(|b| *b == b'/');
    let rooted = folders.next() == Some(b"");
    let root = folders.next().unwrap_or_default();
    rooted && ROOTS.iter().any(|each| each.as_bytes() == root) && folders.count() <= 3 && path.contains(&b'/')
}

/// After `user`, `owner=`, `uid=1000(`.
fn after_word(before: &[u8]) -> bool {
    let mark = |b: &u8| matches!(b, b' ' | b'=' | b':' | b'"' | b'\'' | b'`' | b'(') || b.is_ascii_digit();
    let marks = before.iter().rev().take(8).take_while(|b| mark(b)).count();
    let before = &before[..before.len() - marks];
    let letters = before.iter().rev().take(16).take_while(|b| b.is_ascii_alphabetic()).count();
    let word = &before[before.len() - letters..];
    marks > 0 && WORDS.iter().any(|each| word.eq_ignore_ascii_case(each.as_bytes()))
}

fn is_unusual(name: &[u8]) -> bool {
    let inner = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'_');
    let ascii = name.len() >= UNUSUAL_BYTES_MIN
        && name[0].is_ascii_alphabetic()
        && name.iter().any(inner)
        && !name.starts_with(b"python");
    ascii || name.iter().any(|b| *b >= 0x80)
}

/// Not part of a path, a module or a call.
fn stands_alone(before: &[u8], after: &[u8]) -> bool {
    let part = |b: Option<&u8>| {
        b.is_some_and(|b| matches!(b, b'/' | b'\\' | b'.' | b'_' | b'-' | b'(' | b'[' | b'='))
    };
    let stop = matches!(after, [b'.'] | [b'.', b' ' | b'\n' | b'"' | b'\'', ..]);
    !part(before.last()) && (stop || !part(after.first()))
}
