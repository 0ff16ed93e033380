//! C and C++: compilers and linkers, sanitizers, uncaught C++ exceptions, crashes, debuggers' and kernels' call traces.

mod compiler;
mod crash;
mod frame;
mod kernel;
mod sanitizer;

use super::Outcome;
use super::text::{self, Text};
use crate::model::{Frame, ParsedException};
use frame::{numbered, qualified};
use std::borrow::Cow;

/// Parses a native report; `None` when no line has one of the known forms.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    sanitizer::parse(text)
        .or_else(|| kernel::parse(text))
        .or_else(|| compiler::parse(text))
        .or_else(|| crash::parse(text))
        .or_else(|| backtrace(text))
}

fn one<'a>(error_type: &'a str, message: &'a str, frames: Vec<Frame<'a>>) -> Outcome<'a> {
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        frames,
        ..ParsedException::default()
    };
    Outcome { exceptions: vec![exception], truncated: false }
}

/// A bare list of frames: gdb's, or `at f (file:12)`, which some clients make of a minidump.
fn backtrace<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let addressed = text.iter().take(64).any(|line| {
        let line = line.trim_start();
        line.starts_with('#') && line.contains(" 0x") && (line.contains(" in ") || line.contains(" at "))
            || line.starts_with("#00 pc ")
            || line.starts_with("frame #0: 0x")
            || line.starts_with("* frame #0: 0x")
    });
    if addressed {
        return Some(one("", "", numbered(text, 0)));
    }
    let mut frames = Vec::new();
    for line in text.iter() {
        let Some(rest) = line.trim_start().strip_prefix("at ") else { continue };
        let Some((name, place)) = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) else {
            continue;
        };
        let (file, number, _) = text::split_location(place);
        let file = if file == "?" { "" } else { file };
        frames.push(qualified(name, file, number.filter(|n| *n > 0), None));
    }
    (frames.len() >= 2).then(|| one("", "", frames))
}
