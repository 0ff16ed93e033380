//! The pass over the bytes: calls detectors where a byte's class asks for it.

use super::{MaskCounts, Span, credential, email, home, network, numbers, secret};

/// Why a byte is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    At,
    Slash,
    Digit,
    Colon,
    Equals,
    Plus,
    Parenthesis,
    /// Can be part of the fixed start of a key or token.
    TokenMark,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Plain; 256];
    table[b'@' as usize] = Class::At;
    table[b'/' as usize] = Class::Slash;
    table[b'\\' as usize] = Class::Slash;
    table[b':' as usize] = Class::Colon;
    table[b'=' as usize] = Class::Equals;
    table[b'+' as usize] = Class::Plus;
    table[b'(' as usize] = Class::Parenthesis;
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] = Class::Digit;
        digit += 1;
    }
    let marks = b"_-JKSzBby";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = Class::TokenMark;
        at += 1;
    }
    table
}

/// One pass; `None` when nothing was found.
pub(super) fn pass(text: &str, counts: &mut MaskCounts) -> Option<String> {
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let class = CLASSES[usize::from(bytes[at])];
        if class == Class::Plain {
            at += 1;
            continue;
        }
        // Most digits are line numbers, ports and versions: one look tells.
        let run = if class == Class::Digit { numbers::run(bytes, at) } else { 0 };
        if run > 0 && !numbers::may_be_personal(bytes, at, run) {
            at += run;
            continue;
        }
        let found = detect(bytes, class, at, copied).and_then(|span| {
            // Detectors stop at ASCII only; a find that does not fall on characters is no find.
            Some((text.get(copied..span.start)?, text.get(span.end..).map(|_| span)?))
        });
        if let Some((before, span)) = found {
            let out = masked.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(before);
            out.push_str(span.kind.placeholder());
            counts.count(span.kind);
            copied = span.end;
            at = span.end;
        } else {
            at += run.max(1);
        }
    }
    masked.map(|mut out| {
        out.push_str(&text[copied..]);
        out
    })
}

/// What is found at a byte; never begins before `floor`, which ends the find before.
fn detect(bytes: &[u8], class: Class, at: usize, floor: usize) -> Option<Span> {
    let span = match class {
        Class::Plain => None,
        Class::At => email::find(bytes, at, floor),
        Class::Slash => home::find(bytes, at),
        Class::Digit => network::ipv4(bytes, at)
            .or_else(|| numbers::card(bytes, at))
            .or_else(|| numbers::national_phone(bytes, at)),
        Class::Colon => credential::userinfo(bytes, at)
            .or_else(|| network::ipv6(bytes, at, floor))
            .or_else(|| secret::find(bytes, at, floor)),
        Class::Equals => secret::find(bytes, at, floor),
        Class::Plus => numbers::international_phone(bytes, at),
        Class::Parenthesis => numbers::area_phone(bytes, at),
        Class::TokenMark => credential::find(bytes, at, floor),
    };
    span.filter(|span| span.start >= floor && span.end > span.start)
}
