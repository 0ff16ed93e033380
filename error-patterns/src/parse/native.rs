//! C and C++: compilers and linkers, sanitizers, uncaught C++ exceptions, crashes, debuggers' and kernels' call traces.

mod kernel;

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException};
use std::borrow::Cow;

const SOURCES: [&str; 14] =
    [".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".hh", ".C", ".m", ".mm", ".cu", ".ino", ".S", ".inl"];

/// Parses a native report; `None` when no line has one of the known forms.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    sanitizer(text)
        .or_else(|| kernel::parse(text))
        .or_else(|| compiler(text))
        .or_else(|| linker(text))
        .or_else(|| crash(text))
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

/// `==1==ERROR: AddressSanitizer: heap-use-after-free on address ...`, `a.c:3:4: runtime error: ...`.
fn sanitizer<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    for (i, line) in text.lines_from(0) {
        let named = ["ERROR: ", "WARNING: "].iter().find_map(|mark| {
            let (_, rest) = line.split_once(mark)?;
            let (tool, message) = rest.split_once(": ")?;
            tool.ends_with("Sanitizer").then_some((tool, message))
        });
        if let Some((tool, message)) = named {
            let bug = message.split([' ', '(']).next().unwrap_or(tool);
            let error_type = if bug.is_empty() { tool } else { bug };
            return Some(one(error_type, message, numbered(text, i + 1)));
        }
        if let Some((place, message)) = line.split_once(": runtime error: ") {
            let (file, number, column) = text::split_location(place);
            let mut frames = numbered(text, i + 1);
            if frames.is_empty() {
                frames.push(located("", file, number, column));
            }
            return Some(one("undefined-behavior", message, frames));
        }
    }
    None
}

/// `#0 0x55 in main /a.c:5:3`, `#0  0x55 in f (x=1) at a.c:3`, `#1  f (x=1) at a.c:3`: the first block of them.
fn numbered<'a>(text: &Text<'a>, from: usize) -> Vec<Frame<'a>> {
    let mut frames = Vec::new();
    for (_, line) in text.lines_from(from) {
        match numbered_frame(line) {
            Some((0, _)) if !frames.is_empty() => break,
            Some((_, frame)) => frames.push(frame),
            None if !frames.is_empty() && line.trim().is_empty() => break,
            None => {}
        }
    }
    frames
}

fn numbered_frame(line: &str) -> Option<(u32, Frame<'_>)> {
    let (number, rest) = text::leading_number(line.trim_start().strip_prefix('#')?)?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix("0x") {
        Some(address) => address.trim_start_matches(|c: char| c.is_ascii_hexdigit()).trim_start(),
        None => rest,
    };
    let rest = rest.strip_prefix("in ").unwrap_or(rest);
    let (call, place) = match rest.rsplit_once(" at ") {
        Some(parts) => parts,
        None => match rest.rfind(" (").filter(|_| rest.ends_with(')')) {
            Some(at) => (&rest[..at], &rest[at + 2..rest.len() - 1]),
            None => rest.rsplit_once(' ').unwrap_or((rest, "")),
        },
    };
    let name = call.split(" (").next().unwrap_or(call);
    let (file, line, column) = text::split_location(place);
    Some((number, qualified(name, file, line, column)))
}

/// A C++ name as owner and function, arguments cut.
fn qualified<'a>(name: &'a str, file: &'a str, line: Option<u32>, column: Option<u32>) -> Frame<'a> {
    let bare = match name.find('(') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    };
    let (module, function) = match bare.rfind("::") {
        Some(at) if !bare.ends_with('>') => (&bare[..at], &bare[at + 2..]),
        _ => ("", bare),
    };
    Frame { module: Cow::Borrowed(module), ..located(function, file, line, column) }
}

/// `a.c:3:5: error: message`, `a.c:3: fatal error: message`, then the source line.
fn compiler<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    for (i, line) in text.lines_from(0) {
        let Some((place, message)) =
            line.split_once(": error: ").or_else(|| line.split_once(": fatal error: "))
        else {
            continue;
        };
        let (file, number, column) = text::split_location(place);
        if !SOURCES.iter().any(|end| file.ends_with(end)) || number.is_none() {
            continue;
        }
        let source = text.line(i + 1);
        let source = source.split_once(" | ").map_or(source, |(_, source)| source).trim();
        let mut frame = located("", file, number, column);
        if !source.is_empty() && !source.contains(": error: ") {
            frame.source = Some(Cow::Borrowed(source));
        }
        return Some(one("CompilationError", message, vec![frame]));
    }
    None
}

/// `undefined reference to 'f'`, `cannot find -lfoo`.
fn linker<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let line = text.iter().find(|line| {
        line.contains("undefined reference to ")
            || line.contains("multiple definition of ")
            || line.contains("ld: cannot find ")
            || line.contains("ld: library not found")
            || line.starts_with("Undefined symbols for architecture")
    })?;
    let start = [
        "undefined reference",
        "multiple definition",
        "cannot find",
        "library not found",
        "Undefined symbols",
    ]
    .iter()
    .find_map(|word| line.find(word))
    .unwrap_or(0);
    Some(one("LinkError", &line[start..], vec![]))
}

/// `terminate called ...`, a failed assert, glibc's aborts, `Segmentation fault (core dumped)`.
fn crash<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    for (i, line) in text.lines_from(0) {
        if let Some(rest) =
            line.split_once("terminate called after throwing an instance of ").map(|(_, rest)| rest)
        {
            let what =
                (i + 1..(i + 4).min(text.len())).find_map(|j| text.line(j).trim().strip_prefix("what():"));
            return Some(one(rest.trim().trim_matches('\''), what.unwrap_or_default(), numbered(text, i)));
        }
        if line.ends_with("' failed.") && line.contains(": Assertion `") {
            let (place, message) = line.split_once(": Assertion `")?;
            let mut parts = place.splitn(4, ':').map(str::trim);
            let program_or_file = parts.next().unwrap_or_default();
            let (file, number) = match (parts.next(), parts.next()) {
                (Some(file), Some(number)) if text::number(number).is_some() => (file, text::number(number)),
                (Some(number), _) => (program_or_file, text::number(number)),
                _ => (program_or_file, None),
            };
            let function = parts.next().unwrap_or_default();
            let message = message.trim_end_matches("' failed.");
            return Some(one("AssertionFailed", message, vec![qualified(function, file, number, None)]));
        }
        const ABORTS: [&str; 9] = [
            "*** stack smashing detected ***",
            "free(): ",
            "malloc(): ",
            "double free or corruption",
            "munmap_chunk(): ",
            "corrupted size vs. prev_size",
            "realloc(): ",
            "malloc_consolidate(): ",
            "terminate called without an active exception",
        ];
        if ABORTS.iter().any(|abort| line.starts_with(abort) && line.len() < 200) {
            return Some(one("SIGABRT", line, numbered(text, i)));
        }
        const FAULTS: [(&str, &str); 6] = [
            ("Segmentation fault", "SIGSEGV"),
            ("Bus error", "SIGBUS"),
            ("Floating point exception", "SIGFPE"),
            ("Illegal instruction", "SIGILL"),
            ("Aborted (core dumped)", "SIGABRT"),
            ("Program received signal ", ""),
        ];
        if let Some((mark, signal)) = FAULTS.iter().find(|(mark, _)| line.starts_with(mark)) {
            let named = line[mark.len()..].split(',').next().unwrap_or_default();
            let signal = if signal.is_empty() { named } else { signal };
            return Some(one(signal, line, numbered(text, i)));
        }
    }
    None
}

/// A bare list of frames: gdb's, or `at f (file:12)`.
fn backtrace<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let addressed = text
        .iter()
        .take(64)
        .any(|line| line.trim_start().starts_with('#') && line.contains(" 0x") && line.contains(" in "));
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
