//! Programs that end by a signal, an uncaught C++ exception, a failed assert or an abort of the C library.

use super::super::Outcome;
use super::super::ended;
use super::super::text::{self, Text};
use super::frame::{numbered, qualified};
use super::one;
use std::borrow::Cow;

const ABORTS: [&str; 12] = [
    "*** stack smashing detected ***",
    "*** buffer overflow detected ***",
    "*** Error in `",
    "free(): ",
    "malloc(): ",
    "double free or corruption",
    "munmap_chunk(): ",
    "corrupted size vs. prev_size",
    "realloc(): ",
    "malloc_consolidate(): ",
    "terminate called without an active exception",
    "pure virtual method called",
];
const FAULTS: [(&str, &str); 6] = [
    ("Segmentation fault", "SIGSEGV"),
    ("Bus error", "SIGBUS"),
    ("Floating point exception", "SIGFPE"),
    ("Illegal instruction", "SIGILL"),
    ("Aborted (core dumped)", "SIGABRT"),
    ("Program received signal ", ""),
];

/// `terminate called ...`, a failed assert, glibc's aborts, `Segmentation fault (core dumped)`, Android's tombstones.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let throws = text.has(" after throwing an instance of ") || text.has(" uncaught exception of type ");
    let asserts = text.has(": Assertion `");
    let signals = text.has("signal ");
    for (i, line) in text.lines_from(0) {
        if throws && let Some(found) = thrown(text, i, line) {
            return Some(found);
        }
        if asserts
            && line.ends_with("' failed.")
            && let Some(found) = assertion(line)
        {
            return Some(found);
        }
        if line.len() < 400 && ABORTS.iter().any(|abort| line.starts_with(abort)) {
            return Some(one("SIGABRT", abort_words(line), numbered(text, i)));
        }
        if let Some((mark, signal)) = FAULTS.iter().find(|(mark, _)| line.starts_with(mark)) {
            // Whoever says so and no more: every program that is ended so says the same.
            if is_alone(text, i) && ended::by_signal(line).is_some() {
                return None;
            }
            let named = line[mark.len()..].split(',').next().unwrap_or_default();
            let signal = if signal.is_empty() { named } else { signal };
            return Some(one(signal, line, numbered(text, i)));
        }
        if signals && let Some(found) = signalled(text, i, line) {
            return Some(found);
        }
    }
    None
}

fn is_alone(text: &Text<'_>, at: usize) -> bool {
    text.lines_from(0).all(|(i, line)| i == at || line.trim().is_empty())
}

/// `*** Error in `./a': double free or corruption (fasttop): 0x1 ***` without program and address.
fn abort_words(line: &str) -> &str {
    let Some((_, rest)) = line.strip_prefix("*** Error in `").and_then(|rest| rest.split_once("': ")) else {
        return line;
    };
    rest.split(": 0x").next().unwrap_or(rest)
}

fn thrown<'a>(text: &Text<'a>, at: usize, line: &'a str) -> Option<Outcome<'a>> {
    if let Some((_, rest)) = line.split_once("terminate called after throwing an instance of ") {
        let what = (at + 1..(at + 4).min(text.len()))
            .find_map(|j| Some((j, text.line(j).trim_start().strip_prefix("what():")?)));
        let message = what.map_or("", |(j, rest)| {
            // The message may go on; the shell's or gdb's words behind it are no part of it.
            let ends = |&i: &usize| {
                let line = text.line(i);
                line.trim().is_empty()
                    || line.contains(" Aborted ")
                    || ["Aborted", "Program received", "#0", "Thread "]
                        .iter()
                        .any(|start| line.starts_with(start))
            };
            text.span(j, rest, (j + 1..text.len()).find(ends).unwrap_or(text.len()))
        });
        return Some(one(rest.trim().trim_matches('\''), message, numbered(text, at)));
    }
    // libc++: `libc++abi: terminating due to uncaught exception of type std::out_of_range: vector`
    let (_, rest) = line.split_once(" uncaught exception of type ")?;
    let (error_type, message) = rest.split_once(": ").unwrap_or((rest, ""));
    Some(one(error_type.trim(), message, numbered(text, at)))
}

/// `a.out: a.c:3: int main(): Assertion `x' failed.`
fn assertion(line: &str) -> Option<Outcome<'_>> {
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
    Some(one("AssertionFailed", message, vec![qualified(function, file, number, None)]))
}

/// `signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0`, `Thread 2 "a" received signal SIGSEGV, ...`, `Process
/// terminating with default action of signal 11 (SIGSEGV)`, lldb's `stop reason = signal SIGSEGV: ...`.
fn signalled<'a>(text: &Text<'a>, at: usize, line: &'a str) -> Option<Outcome<'a>> {
    let (before, rest) = line.split_once("signal ")?;
    let name = match text::leading_number(rest) {
        Some((_, rest)) => rest.strip_prefix(" (")?.split(')').next()?,
        None => rest.split([',', ':', ' ']).next()?,
    };
    let told =
        ["received ", "stop reason = ", "Fatal ", "action of "].iter().any(|word| before.ends_with(word))
            || before.trim().is_empty();
    if !told || !name.starts_with("SIG") || name.len() > 12 {
        return None;
    }
    let abort = (at + 1..(at + 8).min(text.len()))
        .find_map(|i| text.line(i).trim_start().strip_prefix("Abort message: "))
        .map(|message| message.trim_matches('\''));
    let mut outcome = one(name, "", numbered(text, at + 1));
    let words = rest.split(", fault addr ").next().unwrap_or(rest);
    outcome.exceptions[0].message = Cow::Borrowed(abort.unwrap_or(words).trim());
    Some(outcome)
}
