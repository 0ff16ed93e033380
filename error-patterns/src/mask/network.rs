//! IP addresses.

use super::scan::Text;
use super::{MaskKind, Span, continues_number};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Words before a number that make it a version.
const VERSION_WORDS: &[&[u8]] = &[
    b"version",
    b"versions",
    b"ver",
    b"v",
    b"release",
    b"build",
    b"driver",
    b"oid",
    b"section",
    b"chapter",
    b"cudnn",
    b"tensorrt",
    b"nccl",
    b"jdk",
    b"openjdk",
    b"chrome",
    b"chromedriver",
    b"sdk",
];

/// A dotted quad that begins at a digit.
pub(super) fn ipv4(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let before = text.last_visible(at);
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+')) {
        return None;
    }
    let mut octets = [0_u8; 4];
    let mut end = at;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            if bytes.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        let digits = bytes[end..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        text.look(end + digits + 1);
        let octets = std::str::from_utf8(&bytes[end..end + digits]).ok()?;
        if digits > 1 && octets.starts_with('0') {
            return None;
        }
        *octet = octets.parse().ok()?;
        end += digits;
    }
    let after = &bytes[end..];
    let continues = match after {
        [b'.', next, ..] => next.is_ascii_digit(),
        [b'-', next, ..] => next.is_ascii_alphabetic(),
        [b'+', next, ..] => next.is_ascii_alphanumeric(),
        _ => continues_number(text, end),
    };
    let address = Ipv4Addr::from(octets);
    let before = text.before(at);
    let version = match before {
        [before @ .., b'@'] => !is_host(before, address, after),
        // `host.example/10.0.0.1:443` of Java, `Chrome/120.0.0.0`
        [before @ .., b'/'] if is_java_host(before, address, after) => false,
        before => is_version(before),
    };
    if continues || version || is_public_knowledge(IpAddr::V4(address)) {
        return None;
    }
    Some(Span { start: at, end, kind: MaskKind::Ip })
}

/// Addresses that name no machine in particular.
fn is_public_knowledge(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.octets()[0] == 0 || v4.octets()[0] == 255,
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified(),
    }
}

/// Bytes looked back at for the scheme of a URL with a user in it.
const USER_INFO_MAX: usize = 128;

/// Whether an address behind `@` is a user's host (`ssh://git@1.2.3.4`, `root@1.2.3.4:/srv`) and no package's version
/// (`pkg@1.2.3.4`).
fn is_host(before: &[u8], address: Ipv4Addr, after: &[u8]) -> bool {
    let user = before.iter().rev().take(USER_INFO_MAX).take_while(|b| !b.is_ascii_whitespace()).count();
    address.is_private()
        || address.octets()[0] >= 100
        || matches!(after, [b':' | b'/', next, ..] if !next.is_ascii_whitespace())
        || memchr::memmem::find(&before[before.len() - user..], b"://").is_some()
}

/// Whether what stands before a slash is the name of the host that has the address behind it.
fn is_java_host(before: &[u8], address: Ipv4Addr, after: &[u8]) -> bool {
    let inside = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let length = before.iter().rev().take(USER_INFO_MAX).take_while(inside).count();
    let (others, host) = before.split_at(before.len() - length);
    let port = matches!(after, [b':', digit, ..] if digit.is_ascii_digit());
    let top = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let dotted = top.len() < host.len() && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    // `com.example.app/1.2.3.4` is a version.
    let small = !address.is_private() && address.octets()[0] < 20;
    length > 0 && !others.ends_with(b"/") && (port || dotted && !small)
}

/// `v1.2.3.4`, `version 1.2.3.4`, `pkg==1.2.3.4`, `Chrome/120.0.0.0`, `pkg-1.2.3.4`.
fn is_version(before: &[u8]) -> bool {
    if matches!(before, [.., b'=' | b'>' | b'<' | b'~' | b'^' | b'!', b'='] | [.., b'^' | b'~']) {
        return true;
    }
    if let [.., name, b'/'] = before {
        return name.is_ascii_alphanumeric() && !before.ends_with(b"//");
    }
    let blanks = before.iter().rev().take_while(|b| matches!(b, b' ' | b':' | b'=' | b'"' | b'\'')).count();
    let word_end = before.len() - blanks;
    let word = before[..word_end].iter().rev().take(12).take_while(|b| b.is_ascii_alphabetic()).count();
    let word = before[word_end - word..word_end].to_ascii_lowercase();
    // `FileVersion: 8.0.1.22`
    blanks > 0 && (VERSION_WORDS.contains(&word.as_slice()) || word.ends_with(b"version"))
}

/// An IPv6 address one of whose colons is at `at`.
///
/// Groups of hex digits with colons are common in code (`std::fd`, `12:30:45`), so an address must have
/// eight groups, or `::` with at least three groups, or `::` after a group of four that holds a digit.
pub(super) fn ipv6(text: &Text<'_>, at: usize) -> Option<Span> {
    let bytes = text.bytes;
    let near = |b: &u8| b.is_ascii_hexdigit() || *b == b':';
    if !bytes.get(at + 1).is_some_and(near)
        || text.last(at).is_some_and(|b| !near(&b)) && bytes[at + 1] != b':'
    {
        return None;
    }
    let part = |b: &u8| b.is_ascii_hexdigit() || *b == b':';
    let back = text.before(at).iter().rev().take(45).take_while(|b| part(b)).count();
    let start = at - back;
    if text
        .last_visible(start)
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'$' | b'@'))
    {
        return None;
    }
    let length = bytes[start..].iter().take(46).take_while(|b| part(b) || **b == b'.').count();
    let mut end = start + length;
    text.look(end + 1);
    while end > at + 1 && (bytes[end - 1] == b'.' || bytes[end - 1] == b':' && bytes[end - 2] != b':') {
        end -= 1;
    }
    if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'(' | b'<')) {
        return None;
    }
    let written = std::str::from_utf8(&bytes[start..end]).ok()?;
    let address: Ipv6Addr = written.parse().ok()?;
    let groups = written.split(':').filter(|group| !group.is_empty()).count();
    let digit = written.bytes().any(|b| b.is_ascii_digit());
    let first = written.split(':').next().unwrap_or_default();
    let plausible = groups >= 3
        || first.len() == 4 && first.bytes().any(|b| b.is_ascii_digit())
        || matches!(first, "fe80");
    (digit && plausible && !is_public_knowledge(IpAddr::V6(address))).then_some(Span {
        start,
        end,
        kind: MaskKind::Ip,
    })
}
