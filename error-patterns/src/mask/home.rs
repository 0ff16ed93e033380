//! User names in home directories: `/home/X`, `/Users/X`, `C:\Users\X`, with slashes of either kind, doubled
//! or not.

use super::scan::Text;
use super::{MaskKind, Span};

/// Longest user name.
const NAME_BYTES_MAX: usize = 128;

/// Accounts that name no person: system users, images, hosted runners and judges.
const SYSTEM_ACCOUNTS: &[&str] = &[
    "Administrator",
    "All Users",
    "Default",
    "Default User",
    "Public",
    "Shared",
    "admin",
    "airflow",
    "app",
    "appuser",
    "azureuser",
    "bot",
    "build",
    "builder",
    "buildkite",
    "centos",
    "circleci",
    "code",
    "codespace",
    "coder",
    "conda",
    "container",
    "containeruser",
    "debian",
    "default",
    "deploy",
    "developer",
    "docker",
    "ec2-user",
    "fedora",
    "git",
    "gitlab-runner",
    "gitpod",
    "guest",
    "hadoop",
    "jenkins",
    "jovyan",
    "judge",
    "jupyter",
    "kubernetes",
    "linuxbrew",
    "mambauser",
    "monty",
    "node",
    "nobody",
    "nonroot",
    "notebook",
    "opc",
    "postgres",
    "pwuser",
    "pyodide",
    "rocky",
    "root",
    "rstudio",
    "runner",
    "runneradmin",
    "sandbox",
    "sandboxuser",
    "service",
    "spark",
    "student",
    "submission",
    "system",
    "test",
    "tomcat",
    "travis",
    "ubuntu",
    "user",
    "vagrant",
    "vcap",
    "vscode",
    "vsts",
    "web",
    "webapp",
    "work",
    "worker",
    "workspace",
    "www",
    "www-data",
];

/// Folders at the root of a file system that home directories may lie under, with at most so many folders between.
const ROOTS: &[(&str, usize)] = &[
    ("var", 0),
    ("usr", 0),
    ("export", 1),
    ("mnt", 3),
    ("media", 3),
    ("cygdrive", 1),
    ("Volumes", 2),
    ("host_mnt", 1),
    ("host", 0),
    ("hostfs", 0),
    ("rootfs", 0),
    ("private", 1),
    ("System", 2),
    ("data", 1),
    ("net", 2),
    ("nfs", 2),
    ("efs", 1),
    ("gpfs", 1),
    ("lustre", 1),
    ("srv", 1),
    ("backup", 2),
];
/// Folders in `/home` that hold the homes of a group.
const GROUPS: &[&str] = &["users", "local", "staff", "students", "faculty", "people"];

/// Bytes of the separator at the start: a slash, a backslash or a doubled backslash; 0 for none.
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b'\\', b'\\', b'\\', b'\\', ..] => 4,
        [b'\\', b'\\', ..] => 2,
        [b'/' | b'\\', ..] => 1,
        _ => 0,
    }
}

pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let first = separator(&bytes[at..]);
    let folder = &bytes[at + first..];
    let parent = [&b"home"[..], b"Users", b"users", b"USERS", b"Documents and Settings"]
        .into_iter()
        .find(|name| folder.starts_with(name))?;
    let second = separator(&folder[parent.len()..]);
    if second == 0 {
        return None;
    }
    let mut start = at + first + parent.len() + second;
    // Masked already.
    if bytes.get(start) == Some(&b'<') {
        return None;
    }
    let anchor = anchor(text, at, parent)?;
    // `/home/staff/x`, `/home/local/CORP/x`
    for _ in 0..2 {
        let group = bytes[start..].iter().take(16).take_while(|b| b.is_ascii_alphanumeric()).count();
        let name = &bytes[start..start + group];
        let domain = bytes[..start].ends_with(b"/local/") && name.iter().all(u8::is_ascii_uppercase);
        if bytes.get(start + group) == Some(&b'/') && (GROUPS.iter().any(|g| g.as_bytes() == name) || domain)
        {
            start += group + 1;
        }
    }
    name(text, start, anchor)
}

/// The user's name that begins here.
fn name(text: &Text<'_>, start: usize, anchor: Anchor) -> Option<Span> {
    let bytes = text.bytes;
    let length = name_bytes(&bytes[start..], anchor, bytes[start - 1] == b'\\');
    let end = start + length;
    text.look(end + 1);
    let name = &bytes[start..end];
    let template = match name {
        [] | [b'<' | b'$' | b'{' | b'.' | b'*' | b'~', ..] => true,
        [b'%', one, two, ..] => !(one.is_ascii_hexdigit() && two.is_ascii_hexdigit()),
        [b'%', ..] => true,
        _ => false,
    };
    (!template && !is_system_account(name)).then_some(Span { start, end, kind: MaskKind::User })
}

/// A user's name in a folder's name: `/tmp/pytest-of-alice`.
pub(super) fn folder_of(text: &Text<'_>, start: usize) -> Option<Span> {
    name(text, start, Anchor::Root)
}

/// `~alice/project`.
pub(super) fn tilde(text: &Text<'_>, at: usize) -> Option<Span> {
    let inside =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'~' | b'/' | b')' | b']');
    let letter = text.bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    if !letter || text.last_visible(at).is_some_and(inside) {
        return None;
    }
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let length = text.bytes[at + 1..].iter().take(NAME_BYTES_MAX).take_while(|b| inside(b)).count();
    text.look(at + 2 + length);
    let name = &text.bytes[at + 1..at + 1 + length];
    let folder = text.bytes.get(at + 1 + length) == Some(&b'/');
    (folder && !is_system_account(name)).then_some(Span {
        start: at + 1,
        end: at + 1 + length,
        kind: MaskKind::User,
    })
}

/// Whether a user's name is that of a system, an image, a hosted runner: of no person.
pub(super) fn is_system_account(name: &[u8]) -> bool {
    SYSTEM_ACCOUNTS.iter().any(|account| name.eq_ignore_ascii_case(account.as_bytes()))
}

/// What a path with a home directory begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// The root, or a folder below it.
    Root,
    /// A drive: `C:`. The quote before it, if any.
    Drive(Option<u8>),
    /// `\\\\server`
    Server,
}

/// The start of the path whose folder `parent` begins at `at`: `https://host/home/news` and `src/home/page.js` have
/// none.
fn anchor(text: &Text<'_>, at: usize, parent: &[u8]) -> Option<Anchor> {
    let lower = parent == b"users" || parent == b"USERS";
    if text.last_visible(at).is_none() {
        return (!lower).then_some(Anchor::Root);
    }
    let inside = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'/' | b'\\' | b'.' | b'_' | b'-' | b'~' | b':' | b'%' | b'@' | b'$' | b'+')
            || *b >= 0x80
    };
    let before = text.before(at);
    let length = before.iter().rev().take(256).take_while(|b| inside(b)).count();
    let (others, before) = before.split_at(before.len() - length);
    if let [inner @ .., letter, b':'] = before
        && letter.is_ascii_alphabetic()
        && !inner.last().is_some_and(u8::is_ascii_alphanumeric)
    {
        return Some(Anchor::Drive(if inner.is_empty() { others.last().copied() } else { None }));
    }
    let backslash = text.bytes[at] == b'\\';
    if backslash && before.starts_with(b"\\\\") {
        return Some(Anchor::Server);
    }
    if lower {
        return None;
    }
    // `file:///home/x`, `webpack:///home/x`, `PYTHONPATH=/home/x`, `x.py:/home/x`, `-I/home/x`, `@/home/x`
    let path = before.rsplit(|b| *b == b':').next().unwrap_or_default();
    let scheme = &before[..before.len() - path.len()];
    if path.iter().all(|b| matches!(b, b'/' | b'\\')) {
        let web = scheme.ends_with(b"http:") || scheme.ends_with(b"https:");
        return (path.len() != 1 || !web).then_some(Anchor::Root);
    }
    let flag =
        matches!(path, [b'-', letters @ ..] if letters.iter().all(u8::is_ascii_alphabetic)) || path == b"@";
    // zsh's `set -x`: `+/home/x/run.sh:2> cp a b`.
    let trace = path.iter().all(|b| *b == b'+');
    // An escaped line break before the path.
    let escape = matches!(path, [.., b'\\', b'n' | b'r' | b't']);
    // The only status for which bash leaves no blank: `29569 Floating point exception/home/x/prog`.
    let status = path == b"exception" && others.ends_with(b"Floating point ");
    if flag || trace || escape || status || is_below_root(path) {
        return Some(Anchor::Root);
    }
    None
}

/// `/mnt/disk`, `/export`: a folder that home directories lie under.
fn is_below_root(path: &[u8]) -> bool {
    let mut folders = path.split(|b| *b == b'/');
    if folders.next() != Some(b"") {
        return false;
    }
    let Some(root) = folders.next() else { return false };
    let between = folders.count();
    let letter = root.len() == 1 && root[0].is_ascii_alphabetic() && between == 0;
    letter || ROOTS.iter().any(|(name, max)| name.as_bytes() == root && between <= *max)
}

/// Length of a user name. On Windows it may hold blanks, when another folder or the path's quote follows.
fn name_bytes(rest: &[u8], anchor: Anchor, backslash: bool) -> usize {
    let ends = |b: &u8| {
        matches!(
            b,
            b'/' | b'\\'
                | b'"'
                | b'\''
                | b'`'
                | b':'
                | b'*'
                | b'?'
                | b'<'
                | b'>'
                | b'|'
                | b','
                | b';'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'&'
                | b'='
        ) || b.is_ascii_control()
    };
    let limit = |length: usize| if length > NAME_BYTES_MAX { 0 } else { length };
    let blank = rest.iter().take(NAME_BYTES_MAX + 1).take_while(|b| !ends(b)).count();
    let blanks = rest[..blank].iter().filter(|b| **b == b' ').count();
    let follows = match (anchor, rest.get(blank)) {
        (_, Some(b'\\')) => backslash,
        (Anchor::Drive(_), Some(b'/')) => blanks <= 2 && !rest[..blank].ends_with(b" "),
        (Anchor::Drive(quote), Some(end)) => quote == Some(*end) && matches!(end, b'"' | b'\'' | b'`'),
        _ => false,
    };
    if follows && blanks <= 4 {
        return limit(blank);
    }
    let length = rest[..blank].iter().take_while(|b| **b != b' ').count();
    // The full stop of a sentence.
    let stops = if rest.get(length).is_none_or(|b| b.is_ascii_whitespace()) {
        rest[..length].iter().rev().take_while(|b| **b == b'.').count()
    } else {
        0
    };
    limit(length - stops)
}
