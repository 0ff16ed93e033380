//! Secrets on command lines and in elements: `--password x`, `mysql -px`, `curl -u user:x`,
//! `<password>x</password>`.

use super::scan::Text;
use super::secret::is_secret_name;
use super::value::is_literal;
use super::{MaskKind, Span};

/// Longest value, and how far back the command of a flag is looked for, in bytes.
const VALUE_BYTES_MAX: usize = 512;
const COMMAND_BYTES_MAX: usize = 256;

/// Commands whose `-p` is a password.
const PASSWORD_COMMANDS: &[&str] = &[
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mariadb",
    "sshpass",
    "mongo",
    "mongosh",
    "mongodump",
    "login",
    "twine",
];
/// The same of other letters.
const OTHER_COMMANDS: &[(u8, &[&str])] = &[
    (b'P', &["unzip", "zip", "sqlcmd", "bcp", "ldapmodify"]),
    (b'a', &["redis-cli", "valkey-cli"]),
    (b'w', &["ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami", "ldappasswd"]),
];
/// Commands whose `-u` is a user and a password.
const USER_COMMANDS: &[&str] = &["curl", "http", "https", "wget", "xh"];

/// The value of a long flag that names a secret; `at` is the flag.
pub(super) fn flag(text: &Text<'_>, at: usize) -> Option<Span> {
    let name = text.bytes[at + 2..]
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        .count();
    let end = at + 2 + name;
    if name == 0 {
        return None;
    }
    text.look(end + 2);
    let flag = &text.bytes[at + 2..end];
    let user = matches!(flag, b"user" | b"proxy-user") && command(text, at, USER_COMMANDS);
    if !user && !is_secret_name(flag) {
        return None;
    }
    let (start, listed) = argument(text, end)?;
    let value = value(text, start, listed);
    let digit = value.iter().any(u8::is_ascii_digit);
    let symbol =
        value.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'.' | b'_' | b'-' | b',' | b':'));
    let upper = value.iter().skip(1).any(u8::is_ascii_uppercase);
    let known = if user { value.contains(&b':') } else { listed || digit || symbol || upper };
    secret(value, start, known)
}

/// The value of a short flag, when its command says that it is a secret; `at` is the flag.
pub(super) fn short_flag(text: &Text<'_>, at: usize) -> Option<Span> {
    let letter = text.bytes[at + 1];
    let user = letter == b'u';
    let other = OTHER_COMMANDS.iter().find(|(known, _)| *known == letter).map(|(_, commands)| *commands);
    let commands = if user { USER_COMMANDS } else { other.unwrap_or(PASSWORD_COMMANDS) };
    if !command(text, at, commands) {
        return None;
    }
    let end = at + 2;
    let joined =
        text.bytes.get(end).is_some_and(|b| !matches!(b, b' ' | b'"' | b'\'' | b'\\' | b',' | b'\n'));
    // `-port`, `-password` are no `-p`.
    let word = text.bytes[end..].starts_with(b"ort") || text.bytes[end..].starts_with(b"rotocol");
    if word {
        return None;
    }
    let mysql = command(text, at, &["mysql", "mysqldump", "mysqladmin", "mariadb"]);
    // `-all` is no `-a`.
    if joined && other.is_some() {
        return None;
    }
    let (start, listed) = if joined { (end, false) } else { argument(text, end)? };
    if mysql && !user && !joined {
        return None;
    }
    let value = value(text, start, listed);
    let numbers = value.iter().all(|b| b.is_ascii_digit() || *b == b':');
    secret(value, start, if user { value.contains(&b':') && !numbers } else { true })
}

/// Whether a `<token>` that ends at `end` could be read as the start of an element, once it is written.
pub(super) fn opens_element(bytes: &[u8], end: usize) -> bool {
    let rest = &bytes[end..bytes.len().min(end + VALUE_BYTES_MAX + 8)];
    memchr::memmem::find(rest, b"</token>").is_some()
}

/// The text of an element that names a secret; `at` is the end of its start tag.
pub(super) fn element(text: &Text<'_>, at: usize) -> Option<Span> {
    let before = text.before(at);
    let name = before
        .iter()
        .rev()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'));
    let name = name.count();
    let (before, name) = before.split_at(before.len() - name);
    // `<property name="db.password">x</property>`
    let (name, named) = match text.before(at) {
        [before @ .., quote @ (b'"' | b'\'')] => attribute(before, *quote)?,
        _ => (name, name),
    };
    let opened = before.last() == Some(&b'<') || !std::ptr::eq(name, named);
    if !opened || !is_secret_name(named) {
        return None;
    }
    let start = at + 1;
    let length =
        text.bytes[start..].iter().take(VALUE_BYTES_MAX).take_while(|b| !matches!(b, b'<' | b'\n')).count();
    text.look(start + length + 2 + name.len());
    let closed = text.bytes[start + length..].strip_prefix(b"</").is_some_and(|rest| rest.starts_with(name));
    secret(&text.bytes[start..start + length], start, closed)
}

/// The name of an element whose start tag ends with the attribute `name`, and that attribute's value.
fn attribute(before: &[u8], quote: u8) -> Option<(&[u8], &[u8])> {
    let before = &before[before.len().saturating_sub(COMMAND_BYTES_MAX)..];
    let open = before.iter().rposition(|b| *b == quote)?;
    let named = &before[open + 1..];
    let tag = [&b"name="[..], b"key="].iter().find_map(|mark| before[..open].strip_suffix(*mark))?;
    let start = tag.iter().rposition(|b| *b == b'<')? + 1;
    let length = tag[start..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
        .count();
    (length > 0).then(|| (&tag[start..start + length], named))
}

fn secret(value: &[u8], start: usize, known: bool) -> Option<Span> {
    let template = matches!(value.first(), None | Some(b'-' | b'<' | b'$' | b'{' | b'['));
    let known = known && !template && !is_literal(value);
    known.then_some(Span { start, end: start + value.len(), kind: MaskKind::Token })
}

/// Where the argument behind a flag begins, and whether both stand in a list: `'--password', 'x'`.
fn argument(text: &Text<'_>, end: usize) -> Option<(usize, bool)> {
    let rest = &text.bytes[end..];
    if let [b' ', after @ ..] = rest {
        let quote = usize::from(matches!(after.first(), Some(b'"' | b'\'')));
        return Some((end + 1 + quote, false));
    }
    let mark = rest.iter().take(8).take_while(|b| matches!(b, b'"' | b'\'' | b'\\' | b',' | b' ')).count();
    let listed = rest[..mark].contains(&b',') && matches!(rest[..mark].last(), Some(b'"' | b'\''));
    listed.then_some((end + mark, true))
}

fn value<'a>(text: &Text<'a>, start: usize, listed: bool) -> &'a [u8] {
    let quote = text.last(start).filter(|b| matches!(b, b'"' | b'\''));
    let ends = |b: u8| match quote {
        Some(quote) => b == quote || b == b'\n' || b == b'\\' && listed,
        None => b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'|' | b';' | b'<' | b')'),
    };
    let length = text.bytes[start..].iter().take(VALUE_BYTES_MAX).take_while(|b| !ends(**b)).count();
    text.look(start + length + 1);
    &text.bytes[start..start + length]
}

/// Whether one of the commands stands before a flag, on its line.
fn command(text: &Text<'_>, at: usize, commands: &[&str]) -> bool {
    let before = text.before(at);
    let before = &before[before.len().saturating_sub(COMMAND_BYTES_MAX)..];
    let line = before.iter().rposition(|b| *b == b'\n').map_or(before, |end| &before[end + 1..]);
    line.split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')))
        .any(|word| commands.iter().any(|command| command.as_bytes() == word))
}
