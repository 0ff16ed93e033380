//! E-mail addresses.

use super::scan::Text;
use super::{MaskKind, Span};

/// Longest local part and longest domain, RFC 5321.
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;

/// Endings of file names that are no top-level domain: `render@app.js` is a stack frame.
const FILES: &[&str] = &[
    "js", "mjs", "cjs", "ts", "tsx", "jsx", "java", "kt", "go", "rb", "php", "html", "css", "json", "txt",
    "xml", "dll", "exe", "jar",
];
/// Endings that are both: a name with one dot, or with a line number after it, is a file.
const FILES_OR_DOMAINS: &[&str] = &["py", "so", "sh", "rs", "cc", "md", "pl", "zip", "app"];

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-') || byte >= 0x80
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || byte >= 0x80
}

pub(super) fn find(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let local = text.before(at).iter().rev().take(LOCAL_BYTES_MAX).take_while(|b| is_local(**b)).count();
    let mut start = at - local;
    while start < at && matches!(bytes[start], b'.' | b'-' | b'+' | b'%') {
        start += 1;
    }
    let name = &bytes[start..at];
    if !name.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80) || name == b"git" {
        return None;
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
    let lettered = (2..=24).contains(&top.len()) && top.iter().all(u8::is_ascii_alphabetic);
    if !labels || !lettered || is_file(domain, top, &bytes[end..]) {
        return None;
    }
    Some(Span { start, end, kind: MaskKind::Email })
}

fn is_file(domain: &[u8], top: &[u8], after: &[u8]) -> bool {
    let lower = top.to_ascii_lowercase();
    let listed = |list: &[&str]| list.iter().any(|each| each.as_bytes() == lower);
    let one_dot = domain.iter().filter(|b| **b == b'.').count() == 1;
    let position = after.first() == Some(&b':') && after.get(1).is_some_and(u8::is_ascii_digit);
    listed(FILES) || listed(FILES_OR_DOMAINS) && (one_dot || position)
}
