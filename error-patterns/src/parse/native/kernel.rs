//! Kernels: Linux oopses, sanitizer reports and warnings with their call trace, and the panics of others.

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use super::one;
use crate::model::Frame;

const MARKS: [&str; 16] = [
    "rcu: INFO: ",
    "BUG: ",
    "WARNING: ",
    "INFO: ",
    "KASAN: ",
    "UBSAN: ",
    "kernel BUG at ",
    "Kernel panic - not syncing: ",
    "general protection fault",
    "Unable to handle kernel ",
    "divide error: ",
    "unregister_netdevice: ",
    "panic: ",
    "Fatal trap ",
    "stack segment",
    "invalid opcode: ",
];

/// Lines without a symbol that a call trace may hold.
const GAP_LINES_MAX: usize = 24;

/// Parses a kernel's report; `None` when no line starts with one of its marks behind the time stamp, or no call
/// trace follows.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let stamped = text.iter().take(64).any(|line| stamp(line).is_some());
    let (at, line) = text.lines_from(0).find_map(|(i, line)| {
        let line = stamp(line).unwrap_or(line);
        MARKS.iter().any(|mark| line.starts_with(mark)).then_some((i, line))
    })?;
    let trace = (at..text.len()).find(|&i| {
        let line = stamp(text.line(i)).unwrap_or(text.line(i)).trim();
        line.eq_ignore_ascii_case("call trace:")
            || line.eq_ignore_ascii_case("backtrace:")
            || line == "<TASK>"
    });
    if !stamped && trace.is_none() {
        return None;
    }
    let mut frames: Vec<Frame<'a>> = Vec::new();
    let mut gap = 0;
    for (_, line) in text.lines_from(trace.map_or(at + 1, |at| at + 1)) {
        let line = stamp(line).unwrap_or(line);
        match symbol(line) {
            Some(frame) => frames.push(frame),
            None if frames.is_empty() || line.trim().starts_with('<') || line.trim().starts_with("? ") => {}
            // Registers and the like stand between the parts of one trace.
            None if gap < GAP_LINES_MAX => gap += 1,
            None => break,
        }
    }
    let (kind, message) = split(line);
    let named = message.rsplit_once(" in ").or_else(|| message.rsplit_once(' ')).map(|(_, name)| name);
    let faulting = named.and_then(symbol);
    if let Some(frame) =
        faulting.filter(|frame| frames.first().is_none_or(|first| first.function != frame.function))
    {
        let known = frames.iter().position(|other| other.function == frame.function);
        frames.drain(..known.unwrap_or(0));
        if known.is_none() {
            frames.insert(0, frame);
        }
    }
    Some(one(kind, message, frames))
}

/// `BUG: KASAN: use-after-free in f+0x1/0x2` as kind `KASAN: use-after-free` and message.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    let rest = line.strip_prefix("BUG: ").unwrap_or(line);
    if let Some((kind, _)) =
        rest.split_once(" in ").filter(|(kind, _)| kind.len() < 64 && kind.contains("SAN: "))
    {
        return (kind, rest);
    }
    let end = line.find(": ").unwrap_or(0);
    (&line[..end], if end == 0 { line } else { &line[end + 2..] })
}

/// A line without `[  863.200911][    T7] `; `None` without a stamp.
fn stamp(line: &str) -> Option<&str> {
    // A login prompt, or other output without a line's end, may stand before it.
    let start = line.bytes().take(32).position(|b| b == b'[')?;
    let (time, rest) = line[start + 1..].split_once(']')?;
    let time = time.trim();
    let (seconds, micros) = time.split_once('.')?;
    text::number(seconds)?;
    text::number(micros)?;
    let rest = rest.trim_start_matches(' ');
    let rest = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((thread, after)) if thread.trim_start().starts_with(['T', 'C']) => after.trim_start(),
        _ => rest,
    };
    Some(rest)
}

/// `f+0x57e/0x1940 mm/slab.c:12`, `[<ffff>] f+0x1/0x2`; a frame that the unwinder doubts (`? f+..`) is left out.
fn symbol(line: &str) -> Option<Frame<'_>> {
    let line = line.trim();
    let line = match line.strip_prefix("[<").and_then(|rest| rest.split_once(">]")) {
        Some((_, rest)) => rest.trim_start(),
        None => line,
    };
    let (name, rest) = line.split_once("+0x")?;
    if name.is_empty() || name.contains([' ', ':']) {
        return None;
    }
    let place = rest.split(' ').nth(1).unwrap_or_default();
    let (file, number, _) = text::split_location(place);
    let file = if number.is_some() { file } else { "" };
    // Clones that the compiler made (`f.isra.0`, `f.constprop.3`, `f.cold`) are the same function.
    let name = name.split(".isra.").next().unwrap_or(name).split(".constprop.").next().unwrap_or(name);
    let name = name.split(".part.").next().unwrap_or(name).trim_end_matches(".cold");
    Some(located(name, file, number, None))
}
