//! Exceptions as Python, Node and Java print them: 240 causes, the frequent ones far more often, whose stacks stay the
//! same while numbers and names in the messages change.

use super::Stream;
use std::fmt::Write as _;

const CAUSES: u64 = 240;
const VERBS: [&str; 8] = ["load", "render", "merge", "submit", "decode", "resolve", "schedule", "commit"];
const NOUNS: [&str; 8] = ["cell", "kernel", "dataset", "verdict", "snapshot", "quota", "artifact", "batch"];

/// Type, message and stack trace.
pub(super) fn exception(stream: &mut Stream) -> [String; 3] {
    let cause = stream.skewed(CAUSES);
    // What belongs to the cause is drawn from it alone.
    let mut own = Stream(cause << 32);
    let frames = 5 + own.below(32);
    let noun = own.pick(&NOUNS);
    match cause % 3 {
        0 => python(stream, &mut own, noun, frames),
        1 => node(stream, &mut own, noun, frames),
        _ => java(stream, &mut own, noun, frames),
    }
}

fn name(own: &mut Stream) -> (&'static str, &'static str) {
    (own.pick(&VERBS), own.pick(&NOUNS))
}

fn python(stream: &mut Stream, own: &mut Stream, noun: &str, frames: u64) -> [String; 3] {
    let kind = own.pick(&["KeyError", "ValueError", "TimeoutError", "lab.errors.QuotaExceeded"]);
    let message = format!("{noun} {} is not ready after {} ms", stream.below(100_000), stream.below(9_000));
    let mut stack = String::from("Traceback (most recent call last):\n");
    for _ in 0..frames {
        let ((verb, of), line) = (name(own), own.below(900));
        let _ = writeln!(
            stack,
            "  File \"/srv/lab/{of}s/{verb}.py\", line {line}, in {verb}_{of}\n    {of} = self.{verb}({of}, strict=True)"
        );
    }
    let _ = write!(stack, "{kind}: {message}");
    [kind.to_owned(), message, stack]
}

fn node(stream: &mut Stream, own: &mut Stream, noun: &str, frames: u64) -> [String; 3] {
    let kind = own.pick(&["TypeError", "RangeError", "Error", "AbortError"]);
    let message = format!("cannot {} {noun} #{}", own.pick(&VERBS), stream.below(1_000_000));
    let mut stack = format!("{kind}: {message}");
    for _ in 0..frames {
        let ((verb, of), line) = (name(own), own.below(900));
        let _ = write!(
            stack,
            "\n    at async {of}Store.{verb} (/srv/lab/dist/{of}/{verb}.js:{line}:{})",
            own.below(80)
        );
    }
    [kind.to_owned(), message, stack]
}

fn java(stream: &mut Stream, own: &mut Stream, noun: &str, frames: u64) -> [String; 3] {
    let kind = own.pick(&[
        "java.lang.IllegalStateException",
        "java.io.IOException",
        "org.lab.runner.JudgeException",
    ]);
    let message = format!("{noun} {:08x} was closed by worker {}", stream.next() as u32, stream.below(64));
    let mut stack = format!("{kind}: {message}");
    for _ in 0..frames {
        let ((verb, of), line) = (name(own), own.below(900));
        let _ = write!(
            stack,
            "\n\tat org.lab.{of}.{}Service.{verb}({}Service.java:{line})",
            of.to_uppercase(),
            of.to_uppercase()
        );
    }
    [kind.to_owned(), message, stack]
}
