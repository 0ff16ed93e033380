//! Shells: `script.sh: line 3: message` (bash), `script.sh: 3: message` (dash), `script.sh:3: message` (zsh),
//! `script.sh[3]: message` (ksh), PowerShell's records, and what commands print on their own. A shell names no types;
//! a client's wrapper (`Command failed with exit code 1: ...`) and a last line `[exit status 1]` are no part of the
//! message.

mod line;
mod powershell;

use super::Outcome;
use super::text::{self, Text};
use crate::model::{ParsedException, RawException};
pub(super) use line::SIGNALS;
use line::{is_echo, shell_line, signal};
use std::borrow::Cow;

const STATUS_WORDS: [&str; 10] = [
    "exit status ",
    "exit code ",
    "exit code: ",
    "exit status: ",
    "exited with code ",
    "exited with status ",
    "exited with ",
    "returned exit code ",
    "status code ",
    "exit_code=",
];

/// Parses a shell's report; `None` when no line has a shell's form.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if let Some(outcome) = powershell::parse(text) {
        return Some(outcome);
    }
    let shaped = text.iter().any(|line| {
        let line = unwrap(line);
        shell_line(line).is_some() || line.ends_with("command not found") || line.starts_with("zsh: ")
    });
    // What a command says with which all ended; before other lines it may have been another program's.
    let last = || text.iter().rev().find(|line| !is_closing(line));
    (shaped || last().is_some_and(line::is_command)).then(|| any(text))
}

/// Parses any text as a shell's: for clients that name a shell.
pub(super) fn any<'a>(text: &Text<'a>) -> Outcome<'a> {
    let mut exception = ParsedException::default();
    let first = (0..text.len()).find(|&i| !text.line(i).trim().is_empty()).unwrap_or(0);
    let mut last = text.len();
    while last > first && is_closing(text.line(last - 1)) {
        last -= 1;
    }
    // The last line of the shell's own is nearest to the end; after a syntax error it only repeats the source.
    let complaint = |i: usize| {
        let (frame, message) = shell_line(unwrap(text.line(i)))?;
        (!is_echo(message) && !message.is_empty()).then_some((i, frame, message))
    };
    let decisive = (first..last).rev().find_map(complaint);
    // A script with the line ends of Windows fails at each of its lines: the first tells as much as the last.
    let windows = (decisive.is_some() && line::RETURNS.iter().any(|sign| text.has(sign)))
        .then(|| (first..last).filter_map(complaint).find(|found| line::shows_return(found.2)));
    match windows.flatten().or(decisive) {
        Some((at, mut frame, message)) => {
            if let Some((_, echo)) = shell_line(text.line(at + 1)).filter(|(_, echo)| is_echo(echo)) {
                frame.source = Some(Cow::Borrowed(echo.trim_matches(['`', '\''])));
            }
            exception.message = Cow::Borrowed(message.trim());
            if let Some((name, words, command)) = signal(message) {
                (exception.code, exception.message) = (Cow::Borrowed(name), Cow::Borrowed(words));
                frame.source = Some(command).filter(|command| !command.is_empty()).map(Cow::Borrowed);
            }
            exception.frames.push(frame);
        }
        None if last > first => exception.message = output(text, first, last),
        None => {}
    }
    Outcome { exceptions: vec![exception], truncated: false }
}

/// What commands printed, without the lines of `set -x`, from the first line on that has a command's form.
fn output<'a>(text: &Text<'a>, first: usize, last: usize) -> Cow<'a, str> {
    let says = |line: &str| !line::is_progress(line);
    let find = |wanted: &dyn Fn(&str) -> bool| (first..last).find(|&i| wanted(unwrap(text.line(i))));
    let tool = find(&|line| line::is_tool(line) && says(line));
    let from = tool.or_else(|| find(&says)).unwrap_or(first);
    let whole = text.span(from, unwrap(text.line(from)), last).trim();
    if !(from..last).any(|i| line::is_trace(text.line(i))) {
        return Cow::Borrowed(whole);
    }
    let mut kept = String::new();
    for line in whole.lines().filter(|line| !line::is_trace(line)) {
        kept.push_str(line);
        kept.push('\n');
    }
    kept.truncate(kept.trim_end().len());
    if kept.is_empty() { Cow::Borrowed(whole) } else { Cow::Owned(kept) }
}

/// A line without the words that a client put before it.
fn unwrap(line: &str) -> &str {
    const WRAPPERS: [&str; 4] = [
        "Command failed with exit code ",
        "Command failed with exit status ",
        "Command exited with code ",
        "Process exited with code ",
    ];
    if !line.starts_with(['C', 'P']) {
        return line;
    }
    for wrapper in WRAPPERS {
        let Some(rest) = line.strip_prefix(wrapper) else { continue };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        return rest.strip_prefix(':').map_or(rest, str::trim_start);
    }
    line
}

fn is_closing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || line.starts_with("[exit ")
        || line.starts_with("-- time: ")
        || line.starts_with("exit status ") && text::number(&line[12..]).is_some()
}

/// The exit status of a shell's command: the attribute, else the number that the text gives.
pub(crate) fn exit_status(raw: &RawException<'_>) -> Option<i64> {
    if raw.exit_code.is_some() {
        return raw.exit_code;
    }
    [raw.stacktrace, raw.message].into_iter().flatten().find_map(|text| {
        let tail = &text[text.len() - text::floor_back(text, 512)..];
        let head = text::floor(text, 512);
        // All of the words hold one of these two, and most texts hold neither.
        if ![head, tail].iter().any(|part| part.contains("exit") || part.contains("status ")) {
            return None;
        }
        STATUS_WORDS.iter().find_map(|words| status_after(tail, words).or_else(|| status_after(head, words)))
    })
}

fn status_after(text: &str, words: &str) -> Option<i64> {
    let at = text.find(words)? + words.len();
    let digits = &text[at..];
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |rest| (true, rest));
    let (number, _) = text::leading_number(digits)?;
    Some(if negative { -i64::from(number) } else { i64::from(number) })
}
