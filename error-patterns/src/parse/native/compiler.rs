//! Compilers and what is called by them: gcc, clang, MSVC, linkers, CMake.

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use super::one;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

const SOURCES: [&str; 20] = [
    ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".hh", ".C", ".m", ".mm", ".cu", ".cuh", ".ino", ".S", ".s",
    ".inl", ".ipp", ".tcc", ".hxx", ".c++",
];
const DRIVERS: [&str; 10] =
    ["cc1", "cc1plus", "gcc", "g++", "clang", "clang++", "cc", "c++", "nvcc", "clang-cl"];
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("rror"));

/// `a.c:3:5: error: message`, `undefined reference to 'f'`, `cc1: fatal error: ...`, `CMake Error at ...`.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    source(text).or_else(|| linker(text)).or_else(|| driver(text)).or_else(|| cmake(text))
}

/// Place and message of a line that reports an error.
fn split(line: &str) -> Option<(&str, &str)> {
    ERROR.find(line.as_bytes())?;
    line.split_once(": error: ")
        .or_else(|| line.split_once(": fatal error: "))
        .or_else(|| line.split_once(": Error: "))
}

fn source<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    for (i, line) in text.lines_from(0) {
        if let Some((place, message)) = split(line) {
            // NVIDIA's compiler: `a.cu(3): error: message`
            let (file, number, column) =
                match place.strip_suffix(')').and_then(|place| place.rsplit_once('(')) {
                    Some((file, number)) => (file, text::number(number), None),
                    None => text::split_location(place),
                };
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
        if let Some(found) = msvc(line) {
            return Some(found);
        }
    }
    None
}

/// `a.cpp(3): error C2065: 'x': undeclared identifier`, `a.cpp(3,5): fatal error C1083: ...`.
fn msvc(line: &str) -> Option<Outcome<'_>> {
    ERROR.find(line.as_bytes())?;
    let (place, rest) = line
        .split_once(": error ")
        .or_else(|| line.split_once(": fatal error "))
        .map(|(a, b)| (a.trim_end(), b))?;
    let (code, message) = rest.split_once(": ")?;
    let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
    if digits.len() == code.len() || text::number(digits).is_none() {
        return None;
    }
    let located_at = place.strip_suffix(')').and_then(|place| place.rsplit_once('('));
    let (kind, frames) = match located_at {
        Some((file, at)) if SOURCES.iter().any(|end| file.ends_with(end)) => {
            let (number, column) = at.split_once(',').unwrap_or((at, ""));
            ("CompilationError", vec![located("", file, text::number(number), text::number(column))])
        }
        None if code.starts_with("LNK") => ("LinkError", vec![]),
        _ => return None,
    };
    let mut outcome = one(kind, message, frames);
    outcome.exceptions[0].code = Cow::Borrowed(code);
    Some(outcome)
}

/// `undefined reference to 'f'`, `cannot find -lfoo`.
fn linker<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    const WORDS: [&str; 8] = [
        "undefined reference to ",
        "multiple definition of ",
        "ld: cannot find ",
        "ld: library not found",
        "Undefined symbols for architecture",
        "error: undefined symbol: ",
        "error: duplicate symbol: ",
        "error: unable to find library ",
    ];
    let word = WORDS.iter().find(|word| text.has(word))?;
    let line = text.iter().find(|line| line.contains(word))?;
    let start = line.find(word).unwrap_or(0);
    let message = &line[start..];
    let message = message.strip_prefix("ld: ").or_else(|| message.strip_prefix("error: ")).unwrap_or(message);
    Some(one("LinkError", message, vec![]))
}

/// `cc1: fatal error: nofile.c: No such file or directory`, `clang: error: no such file or directory: 'x.c'`.
fn driver<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let message = text.iter().find_map(|line| {
        let (place, message) = split(line)?;
        let name = place.rsplit('/').next().unwrap_or(place);
        DRIVERS.contains(&name).then_some(message)
    })?;
    Some(one("CompilationError", message, vec![]))
}

/// `CMake Error at CMakeLists.txt:3 (find_package):`, then the message, indented.
fn cmake<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, rest) = text.lines_from(0).find_map(|(i, line)| Some((i, line.strip_prefix("CMake Error")?)))?;
    let end = (at + 1..text.len())
        .find(|&i| {
            let line = text.line(i);
            !line.trim().is_empty() && !line.starts_with(' ') || line.trim().is_empty() && i > at + 1
        })
        .unwrap_or(text.len());
    let Some((place, _)) = rest.strip_prefix(" at ").and_then(|rest| rest.split_once(" (")) else {
        let message = rest.strip_prefix(": ")?;
        return Some(one("CMakeError", text.span(at, message, end), vec![]));
    };
    let (file, number, _) = text::split_location(place);
    let message = if at + 1 < end { text.span(at + 1, text.line(at + 1), end) } else { "" };
    Some(one("CMakeError", message, vec![located("", file, number, None)]))
}
