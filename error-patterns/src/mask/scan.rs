//! The pass over the text: calls detectors where [bits](super::bits) asks for it.

use super::bits::{self, Blocks, Triggers};
use super::fold::{self, Folded};
use super::{MaskCounts, MaskKind, Span, command, credential, email, home, known, network, numbers, secret};
use crate::bytes::BLOCK;
use std::cell::Cell;

/// Text under a pass, as detectors see it.
///
/// What lies before the floor is masked already. Detectors never look there: the byte before the floor is the
/// end of a placeholder, `>`, as it will be in the masked text. So what is decided does not depend on what was
/// masked before.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub bytes: &'a [u8],
    floor: usize,
    looked: Cell<usize>,
}

impl<'a> Text<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, floor: 0, looked: Cell::new(0) }
    }

    /// What is before a place, down to the floor.
    pub(super) fn before(&self, at: usize) -> &'a [u8] {
        &self.bytes[self.floor.min(at)..at]
    }

    /// The byte before a place; none at the start of the text.
    pub(super) fn last(&self, at: usize) -> Option<u8> {
        if at > self.floor { Some(self.bytes[at - 1]) } else { (self.floor > 0).then_some(b'>') }
    }

    /// The same, and none after a terminal colour (`ESC [ 32 m`, also where a log took the escape away) or an escaped
    /// blank (`\n`).
    pub(super) fn last_visible(&self, at: usize) -> Option<u8> {
        let last = self.last(at)?;
        let before = || &self.before(at)[..self.before(at).len() - 1];
        let hidden = match last {
            b'm' => {
                let colour = before();
                let digits =
                    colour.iter().rev().take(24).take_while(|b| b.is_ascii_digit() || **b == b';').count();
                let opening = &colour[..colour.len() - digits];
                opening.ends_with(b"[") && (digits > 0 || opening.ends_with(b"\x1b["))
            }
            b'n' | b'r' | b't' => before().ends_with(b"\\"),
            _ => false,
        };
        (!hidden).then_some(last)
    }

    /// Notes that a decision depends on the text up to here. If a mask changes that text after all, the
    /// decision is made again in another pass.
    pub(super) fn look(&self, end: usize) {
        self.looked.set(self.looked.get().max(end));
    }
}

/// What a pass found.
#[derive(Debug)]
pub(super) struct Pass {
    /// The masked text; none when there is nothing to mask.
    pub masked: Option<String>,
    /// A mask changed text that an earlier decision had depended on.
    pub again: bool,
    /// A byte that can hide something was met: a terminal colour, a percent or backslash escape, no ASCII.
    pub odd: bool,
    /// Users' names that were masked, each once.
    pub names: Vec<String>,
}

/// One pass.
pub(super) fn pass(text: &str, counts: &mut MaskCounts) -> Pass {
    pass_over(text, None, counts)
}

/// One pass over the text as it [reads](super::fold).
pub(super) fn pass_folded(text: &str, counts: &mut MaskCounts) -> Option<Pass> {
    let folded = fold::fold(text)?;
    Some(pass_over(&folded.text, Some((&folded, text)), counts))
}

fn pass_over(text: &str, folded: Option<(&Folded, &str)>, counts: &mut MaskCounts) -> Pass {
    let mut scan = Scan {
        text,
        folded,
        copied: 0,
        names: Vec::new(),
        view: Text::new(text.as_bytes()),
        masked: None,
        again: false,
        digits_end: 0,
    };
    let odd = scan.blocks(counts);
    let rest = &scan.written()[scan.copied..];
    let masked = scan.masked.map(|mut out| {
        out.push_str(rest);
        out
    });
    Pass { masked, again: scan.again, odd, names: scan.names }
}

struct Scan<'a> {
    text: &'a str,
    /// When `text` is folded: how, and what from.
    folded: Option<(&'a Folded, &'a str)>,
    /// What was written is copied up to here.
    copied: usize,
    names: Vec<String>,
    view: Text<'a>,
    masked: Option<String>,
    again: bool,
    /// Digits before this are decided.
    digits_end: usize,
}

impl<'a> Scan<'a> {
    /// Looks at all that [bits](super::bits) asks for. Whether a byte can hide something.
    fn blocks(&mut self, counts: &mut MaskCounts) -> bool {
        let bytes = self.view.bytes;
        if bytes.len() <= BLOCK {
            let (triggers, odd) = bits::of_short(bytes);
            if triggers.all != 0 {
                self.block(0, triggers, counts);
            }
            return odd;
        }
        let mut blocks = Blocks::of(bytes);
        for (start, triggers) in &mut blocks {
            self.block(start, triggers, counts);
        }
        blocks.odd
    }

    #[inline(never)]
    fn block(&mut self, start: usize, triggers: Triggers, counts: &mut MaskCounts) {
        let mut bits = triggers.all;
        while bits != 0 {
            let bit = bits.trailing_zeros();
            bits &= bits - 1;
            let at = start + bit as usize;
            if at < self.view.floor {
                continue;
            }
            let is = |bits: u64| bits >> bit & 1 == 1;
            if let Some(span) =
                self.detect(at, is(triggers.long_digits), is(triggers.keys), is(triggers.names))
            {
                self.mask(span, counts);
            }
        }
    }

    /// Writes a placeholder; nothing when the span does not fall on characters or begins in what is masked already.
    fn mask(&mut self, span: Span, counts: &mut MaskCounts) {
        let falls = self.text.is_char_boundary(span.start) && self.text.is_char_boundary(span.end);
        if span.start < self.view.floor || span.end <= span.start || !falls {
            return;
        }
        let written = self.written();
        let (start, end) = match self.folded {
            Some((folded, _)) => folded.original(span.start, span.end),
            None => (span.start, span.end),
        };
        let out = self.masked.get_or_insert_with(|| String::with_capacity(written.len() + 64));
        out.push_str(&written[self.copied..start]);
        out.push_str(span.kind.placeholder());
        self.copied = end;
        counts.count(span.kind);
        if span.kind == MaskKind::User && self.names.len() < known::NAMES_MAX {
            let name = &self.text[span.start..span.end];
            if !self.names.iter().any(|known| known == name) {
                self.names.push(name.to_owned());
            }
        }
        self.again |= self.view.looked.get() > span.start
            || span.kind == MaskKind::Token && command::opens_element(self.view.bytes, span.end);
        self.view.floor = span.end;
    }

    /// What the spans are cut from.
    fn written(&self) -> &'a str {
        self.folded.map_or(self.text, |(_, original)| original)
    }

    /// What is found at a byte.
    #[inline]
    fn detect(&mut self, at: usize, long_digits: bool, key: bool, name: bool) -> Option<Span> {
        if long_digits {
            return self.long_digits(at);
        }
        if key && let Some(span) = credential::find(&self.view, at) {
            return Some(span);
        }
        let text = &self.view;
        let found = match text.bytes[at] {
            b':' if text.bytes.get(at + 1) == Some(&b'/') => credential::userinfo(text, at),
            b':' => network::ipv6(text, at),
            b'/' | b'\\' => home::find(text, at),
            b'.' | b'-' | b' ' => self.digits(at),
            b'@' => email::find(text, at),
            b'~' => home::tilde(text, at),
            b'+' => numbers::international_phone(text, at),
            b'(' => numbers::area_phone(text, at),
            b'>' => command::element(text, at),
            _ => None,
        };
        match found {
            None if name && self.view.bytes[at] != b'>' => secret::find(&self.view, at),
            found => found,
        }
    }

    /// Digits before and after a separator.
    fn digits(&mut self, separator: usize) -> Option<Span> {
        let run = numbers::run_before(&self.view, separator);
        let start = separator - run;
        if start < self.digits_end || !numbers::may_be_personal(&self.view, start, run) {
            return None;
        }
        self.digits_end = separator;
        network::ipv4(&self.view, start)
            .or_else(|| numbers::card(&self.view, start))
            .or_else(|| numbers::national_phone(&self.view, start))
    }

    /// Many digits in a row.
    fn long_digits(&mut self, at: usize) -> Option<Span> {
        let start = at + 1 - numbers::run_before(&self.view, at + 1);
        if start < self.digits_end {
            return None;
        }
        if self.view.before(start).ends_with(b"/api/webhooks/") {
            return credential::hook(&self.view, start);
        }
        let run = numbers::run(self.view.bytes, start);
        self.digits_end = start + run;
        if !numbers::may_be_personal(&self.view, start, run) {
            return None;
        }
        numbers::card(&self.view, start).or_else(|| numbers::national_phone(&self.view, start))
    }
}
