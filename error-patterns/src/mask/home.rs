//! User names in home directories: `/home/X`, `/Users/X`, `C:\Users\X`, with slashes of either kind, doubled
//! or not.

use super::scan::Text;
use super::{MaskKind, Span};

/// Longest user name.
const NAME_BYTES_MAX: usize = 64;

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

/// Folders that a home directory may lie under.
const ROOTS: &[&str] = &[
    "/var",
    "/usr",
    "/export",
    "/mnt/c",
    "/mnt/d",
    "/c",
    "/d",
    "/host_mnt",
    "/host_mnt/c",
    "/host",
    "/private/var",
    "/System/Volumes/Data",
    "/data",
    "/nfs",
    "/efs",
];

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
    let parent = [&b"home"[..], b"Users", b"users", b"Documents and Settings"]
        .into_iter()
        .find(|name| folder.starts_with(name))?;
    let second = separator(&folder[parent.len()..]);
    if second == 0 || !is_anchored(text, at, parent) {
        return None;
    }
    let start = at + first + parent.len() + second;
    text.look(start + NAME_BYTES_MAX + 2);
    let end = start + name_bytes(&bytes[start..], bytes[start - 1] == b'\\');
    let name = &bytes[start..end];
    let template = matches!(name.first(), None | Some(b'<' | b'$' | b'{' | b'%' | b'.' | b'*' | b'~'));
    let system = SYSTEM_ACCOUNTS.iter().any(|account| account.as_bytes() == name);
    (!template && !system).then_some(Span { start, end, kind: MaskKind::User })
}

/// Whether the folder is at the root of a path: `https://host/home/news` and `src/home/page.js` are none.
fn is_anchored(text: &Text<'_>, at: usize, parent: &[u8]) -> bool {
    if text.last_visible(at).is_none() {
        return parent != b"users";
    }
    let inside = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'/' | b'\\' | b'.' | b'_' | b'-' | b'~' | b':' | b'%' | b'@')
            || *b >= 0x80
    };
    let before = text.before(at);
    let length = before.iter().rev().take(256).take_while(|b| inside(b)).count();
    let before = &before[before.len() - length..];
    let drive = matches!(before, [.., letter, b':'] if letter.is_ascii_alphabetic() && !before[..before.len() - 2].last().is_some_and(u8::is_ascii_alphanumeric));
    if drive || parent == b"users" {
        return drive;
    }
    // `file:///home/x`, `webpack:///home/x`, `PYTHONPATH=/home/x`, `x.py:/home/x`
    let path = before.rsplit(|b| *b == b':').next().unwrap_or_default();
    if path.iter().all(|b| matches!(b, b'/' | b'\\')) {
        let scheme = &before[..before.len() - path.len()];
        return path.len() != 1 || !scheme.ends_with(b"http:") && !scheme.ends_with(b"https:");
    }
    ROOTS.iter().any(|root| root.as_bytes() == path)
}

/// Length of a user name. Windows names may hold blanks when another folder follows.
fn name_bytes(rest: &[u8], windows: bool) -> usize {
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
    let with_blanks = rest.iter().take(NAME_BYTES_MAX + 1).take_while(|b| !ends(b)).count();
    if windows && rest.get(with_blanks) == Some(&b'\\') {
        return limit(with_blanks);
    }
    limit(rest.iter().take(NAME_BYTES_MAX + 1).take_while(|b| !ends(b) && **b != b' ').count())
}
