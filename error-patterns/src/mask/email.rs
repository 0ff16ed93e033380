//! E-mail addresses.

use super::scan::Text;
use super::{MaskKind, Span};

/// Longest local part and longest domain, RFC 5321.
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;

/// Endings of file names that are no top-level domain: `render@app.js` is a stack frame, `icon@2x.png` a file.
const FILES: &[&str] = &[
    "bat", "bmp", "bz2", "c", "cfg", "cjs", "class", "conf", "cpp", "cs", "css", "csv", "cxx", "dart", "dll",
    "dylib", "ejs", "erl", "ex", "exe", "exs", "gif", "go", "gz", "h", "hpp", "hs", "htm", "html", "ico",
    "ini", "ipynb", "jar", "java", "jpeg", "jpg", "js", "json", "jsx", "kt", "kts", "less", "lock", "log",
    "lua", "map", "mdx", "mjs", "pdf", "php", "png", "ps1", "pyc", "pyd", "pyx", "rb", "sass", "scala",
    "scss", "sql", "svelte", "svg", "swift", "tar", "tgz", "toml", "ts", "tsx", "ttf", "txt", "vue", "war",
    "service", "slice", "socket", "timer", "wasm", "webp", "whl", "woff", "woff2", "xml", "xz", "yaml",
    "yml",
];
/// Endings that are both: a name with a line number after it is a file.
const FILES_OR_DOMAINS: &[&str] = &["app", "cc", "md", "mov", "pl", "py", "rs", "sh", "zip"];

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'!' | b'#' | b'$' | b'^' | b'~')
        || byte >= 0x80
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || byte >= 0x80
}

/// An address whose `@` is at `at`.
pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let start = local_start(text.before(at), at)?;
    let mark = bytes[at + 1..].starts_with(b"tcp(") || bytes[at + 1..].starts_with(b"unix(");
    text.look(at + 6);
    if mark {
        return credentials(text, at);
    }
    let local = &bytes[start..at];
    // `x@[10.0.0.8]`, masked or not
    if let [b'[', inside @ ..] = &bytes[at + 1..] {
        let length = inside.iter().take(48).position(|b| *b == b']')?;
        text.look(at + 3 + length);
        let address = inside[..length].iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'));
        let dotted = inside[..length].contains(&b'.') || inside[..length].contains(&b':');
        let masked = &inside[..length] == b"<ip>";
        return (address && dotted || masked).then_some(Span {
            start,
            end: at + 3 + length,
            kind: MaskKind::Email,
        });
    }
    let length = bytes[at + 1..].iter().take(DOMAIN_BYTES_MAX).take_while(|b| is_domain(**b)).count();
    let mut end = at + 1 + length;
    text.look(end + 2);
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &bytes[at + 1..end];
    let dot = domain.iter().rposition(|b| *b == b'.')?;
    let top = &domain[dot + 1..];
    let labels = domain.split(|b| *b == b'.').all(|label| !label.is_empty() && label[0] != b'-');
    let after = &bytes[end..];
    let remote = local == b"git" && matches!(after, [b':' | b'/', ..]);
    if !labels
        || !is_top(top)
        || remote
        || is_version(domain)
        || is_object(local, domain)
        || is_file(domain, top, after)
        || is_product(local, top, after)
    {
        return None;
    }
    Some(Span { start, end, kind: MaskKind::Email })
}

/// Where the local part before `at` begins.
fn local_start(before: &[u8], at: usize) -> Option<usize> {
    // `"john doe"@example.com`
    if let [words @ .., b'"'] = before {
        let tail = &words[words.len() - words.len().min(LOCAL_BYTES_MAX)..];
        let tail = &tail[tail.iter().rposition(|b| *b == b'\n').map_or(0, |line| line + 1)..];
        let open = tail.iter().rposition(|b| *b == b'"')?;
        let name = &tail[open + 1..];
        let named = name.iter().all(|b| is_local(*b) || *b == b' ') && !name.is_empty();
        return named.then(|| at - 1 - name.len());
    }
    let length = before.iter().rev().take(LOCAL_BYTES_MAX).take_while(|b| is_local(**b)).count();
    // `ESC [ 31 m jane@example.com`: the colour is not part of the name.
    let (others, local) = before.split_at(before.len() - length);
    let colour = local.iter().take_while(|b| b.is_ascii_digit()).count();
    let coloured = others.ends_with(b"\x1b[") || others.ends_with(b";");
    let length = if coloured && local.get(colour) == Some(&b'm') { length - colour - 1 } else { length };
    let mut start = at - length;
    let local = &before[before.len() - length..];
    let skipped =
        local.iter().take_while(|b| !(b.is_ascii_alphanumeric() || **b == b'_' || **b >= 0x80)).count();
    if skipped == length {
        return None;
    }
    start += skipped;
    // `o'brien@example.com`
    if skipped == 0
        && let [others @ .., letter, b'\''] = &before[..before.len() - length]
        && letter.is_ascii_alphabetic()
        && !others.last().is_some_and(|b| is_local(*b) || *b == b'\\')
    {
        start -= 2;
    }
    Some(start)
}

/// `user:password@tcp(host)/db`: everything before the mark.
fn credentials(text: &Text<'_>, at: usize) -> Option<Span> {
    let before = text.before(at);
    let inside = |b: &u8| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'>' | b'=');
    let length = before.iter().rev().take(128).take_while(|b| inside(b)).count();
    let user = &before[before.len() - length..];
    (length > 0 && user.contains(&b':')).then_some(Span {
        start: at - length,
        end: at,
        kind: MaskKind::Token,
    })
}

/// A top-level domain: letters, or punycode.
fn is_top(top: &[u8]) -> bool {
    let letters = top.iter().all(u8::is_ascii_alphabetic) && (2..=24).contains(&top.len());
    let script = top.len() >= 2 && top.iter().all(|b| *b >= 0x80);
    letters || script || top.len() > 4 && top[..4].eq_ignore_ascii_case(b"xn--")
}

/// `pkg@1.2.3-beta.rc`.
fn is_version(domain: &[u8]) -> bool {
    let mut numbers = domain.split(|b| *b == b'.').take(2);
    numbers.all(|number| number.iter().all(u8::is_ascii_digit))
}

/// `com.acme.Cart@1a2b3c.items`: an object of a class.
fn is_object(local: &[u8], domain: &[u8]) -> bool {
    let class = local.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let hash = domain.split(|b| *b == b'.').next().unwrap_or_default();
    let hex = (4..=8).contains(&hash.len()) && hash.iter().all(u8::is_ascii_hexdigit);
    class.first().is_some_and(u8::is_ascii_uppercase) && hex && hash.iter().any(u8::is_ascii_digit)
}

/// `q@k.transpose(`: a product of matrices and a call.
fn is_product(local: &[u8], top: &[u8], after: &[u8]) -> bool {
    after.first() == Some(&b'(') && (local.len() <= 2 || top.len() > 4)
}

fn is_file(domain: &[u8], top: &[u8], after: &[u8]) -> bool {
    let listed = |list: &[&str]| list.iter().any(|each| top.eq_ignore_ascii_case(each.as_bytes()));
    let one_dot = domain.iter().filter(|b| **b == b'.').count() == 1;
    let position = matches!(after, [b':', digit, ..] if digit.is_ascii_digit());
    listed(FILES) || listed(FILES_OR_DOMAINS) && position || top.eq_ignore_ascii_case(b"so") && one_dot
}
