//! R: `Error in f(x) : message`, `Error: message`, the conditions of rlang (``Error in `f()`:``, `! message`, `Caused by
//! error`), and the lists of calls: `Calls: a -> b`, `traceback()`, `Backtrace:`, the notebook's `Traceback:`.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Lines that the call of `Error in f(...) :` may take.
const CALL_LINES_MAX: usize = 8;
/// Causes and calls that are read.
const CHAIN_MAX: usize = 32;
const CALLS_MAX: usize = 512;

/// R's last line, in English, German, French and Spanish.
const HALTED: &[&str] = &[
    "Execution halted",
    "Ausf\u{fc}hrung angehalten",
    "Ex\u{e9}cution arr\u{ea}t\u{e9}e",
    "Ejecuci\u{f3}n interrumpida",
];
/// What stands before the call, and before the message where there is no call, in these languages.
const IN_CALL: &[&str] = &["Error in ", "Fehler in ", "Erreur dans ", "Error en "];
const BARE: &[&str] = &["Error: ", "Fehler: ", "Erreur : "];

/// Parses an R report; `None` when no line is R's own.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("rror") && !text.has("rreur") && !text.has("ehler") {
        return None;
    }
    let halted = HALTED.iter().any(|line| text.has(line));
    text.lines_from(0).find_map(|(i, line)| {
        if !line.starts_with(['E', 'F']) {
            return None;
        }
        rlang(text, i).or_else(|| base(text, i, line, halted))
    })
}

fn base<'a>(text: &Text<'a>, at: usize, line: &'a str, halted: bool) -> Option<Outcome<'a>> {
    let (from, call, message) = match IN_CALL.iter().find_map(|head| line.strip_prefix(head)) {
        Some(rest) => in_call(text, at, rest)?,
        None => {
            let message = BARE
                .iter()
                .find_map(|head| line.strip_prefix(head))
                .filter(|message| halted || is_r_message(message))
                .or_else(|| {
                    line.strip_prefix("Fatal error: ").filter(|rest| rest.starts_with("cannot open file '"))
                })?;
            (at, "", message)
        }
    };
    let end = (from + 1..text.len()).find(|&i| ends_message(text.line(i))).unwrap_or(text.len());
    let message = text.span(from, message, end).trim();
    let mut frames = Vec::new();
    if !call.is_empty() {
        frames.push(located(function_of(call), "", None, None));
    }
    let mut outer = calls(text, end);
    // The innermost call is often the one that the message names already.
    if outer.first().zip(frames.first()).is_some_and(|(a, b)| a.function == b.function) {
        frames.clear();
    }
    frames.append(&mut outer);
    let exception = ParsedException {
        error_type: Cow::Borrowed("simpleError"),
        message: Cow::Borrowed(message),
        frames,
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// `f(x) : message`; the call may go on over lines, and notebooks print no space before the colon.
fn in_call<'a>(text: &Text<'a>, at: usize, rest: &'a str) -> Option<(usize, &'a str, &'a str)> {
    for i in at..text.len().min(at + CALL_LINES_MAX) {
        let line = if i == at { rest } else { text.line(i) };
        let split = line
            .split_once(" : ")
            .or_else(|| line.strip_suffix(" :").map(|call| (call, "")))
            .or_else(|| line.trim_end().strip_suffix(" :").map(|call| (call, "")))
            .or_else(|| line.find("): ").map(|end| (&line[..=end], &line[end + 3..])))
            // testthat: ``Error in `f(x)`: message``
            .or_else(|| line.strip_prefix('`')?.split_once("`: "));
        if let Some((call, message)) = split {
            return Some((i, if i == at { call } else { rest }, message));
        }
        if i > at && !line.starts_with(' ') {
            break;
        }
    }
    None
}

fn ends_message(line: &str) -> bool {
    line.trim().is_empty()
        || match line.as_bytes().first() {
            Some(b'C') => line.starts_with("Calls: "),
            Some(b'A') => line.starts_with("Appels") || line.starts_with("Aufrufe"),
            Some(b'E') => line.starts_with("Execution halted"),
            Some(b'I') => line.starts_with("In addition: "),
            Some(b'W') => line.starts_with("Warning message"),
            Some(b'T') => line.starts_with("Traceback:"),
            Some(b'B') => line.starts_with("Backtrace:"),
            Some(b'R') => line.starts_with("Run `rlang::"),
            Some(b'0'..=b'9') => listed(line).is_some(),
            _ => false,
        }
}

/// ``Error in `f()`:``, `Error:`, then `! message`, bullets, and `Caused by error in `g()`:` for the causes.
fn rlang<'a>(text: &Text<'a>, at: usize) -> Option<Outcome<'a>> {
    let is_head = |line: &str| {
        let line = line.trim_end();
        line == "Error:"
            || line.starts_with("Error in `") && line.ends_with("`:")
            || line.starts_with("Caused by error") && line.ends_with(':')
    };
    if !is_head(text.line(at)) || !text.line(at + 1).starts_with("! ") {
        return None;
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let mut i = at;
    while is_head(text.line(i)) && i < text.len() && exceptions.len() < CHAIN_MAX {
        let head = text.line(i);
        let end = (i + 1..text.len())
            .find(|&j| ends_message(text.line(j)) || is_head(text.line(j)))
            .unwrap_or(text.len());
        let message = if i + 1 < end { text.span(i + 1, text.line(i + 1), end) } else { "" };
        let call = head.split('`').nth(1);
        let parent = exceptions.len().checked_sub(1);
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed("rlang_error"),
            message: Cow::Borrowed(message.strip_prefix("! ").unwrap_or(message).trim()),
            frames: call.map(|call| located(function_of(call), "", None, None)).into_iter().collect(),
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        });
        i = end;
    }
    let outer = calls(text, i);
    if let Some(last) = exceptions.last_mut().filter(|_| !outer.is_empty()) {
        last.frames = outer;
    }
    Some(Outcome { exceptions, truncated: false })
}

/// The calls below line `from`, innermost first.
fn calls<'a>(text: &Text<'a>, from: usize) -> Vec<Frame<'a>> {
    let mut frames: Vec<Frame<'a>> = Vec::new();
    let mut numbers = (0, 0);
    for (_, line) in text.lines_from(from) {
        if let Some(calls) = line.strip_prefix("Calls: ") {
            let outer = calls.split(" -> ").map(str::trim).filter(|name| !name.is_empty() && *name != "...");
            frames = outer.take(CALLS_MAX).map(|name| located(function_of(name), "", None, None)).collect();
            frames.reverse();
            // A list of `traceback()` may follow, which says more.
            numbers = (0, 0);
        } else if let Some((number, call)) = listed(line) {
            if numbers == (0, 0) {
                frames.clear();
                numbers = (number, number);
            }
            numbers.1 = number;
            let frame = listed_frame(call);
            if frame.function == "stop" {
                // What was called inside `stop` handles the error.
                frames.retain(|_| number > numbers.0);
            } else if frames.len() < CALLS_MAX {
                frames.push(frame);
            }
        }
    }
    if numbers.1 > numbers.0 {
        // Numbered from the outermost call on.
        frames.reverse();
    }
    frames
}

/// `3: f(x) at a.R#3`, ` 1. +-dplyr::filter(...)`, `2. g(x)   # at line 2 of file <text>`.
fn listed(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = text::leading_number(line.trim_start())?;
    let rest = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(". "))?;
    let is_drawn =
        |c: char| matches!(c, ' ' | '+' | '-' | '\\' | '|') || ('\u{2500}'..='\u{257f}').contains(&c);
    let call = rest.trim_start_matches(is_drawn);
    (!call.is_empty()).then_some((number, call))
}

fn listed_frame(call: &str) -> Frame<'_> {
    let call = call.strip_prefix("global ").unwrap_or(call);
    let (call, file, number) = if let Some((call, place)) =
        call.rsplit_once(" at ").filter(|(_, place)| place.contains('#'))
    {
        let (file, number) = place.trim_end().rsplit_once('#').unwrap_or((place, ""));
        (call, file, text::number(number))
    } else if let Some((call, place)) = call.split_once("# at line ") {
        let (number, rest) = text::leading_number(place).map_or((None, place), |(n, rest)| (Some(n), rest));
        (call, rest.strip_prefix(" of file ").unwrap_or("").trim(), number)
    } else {
        (call, "", None)
    };
    located(function_of(call.trim()), file, number, None)
}

/// Messages that only R prints after a bare `Error: `.
fn is_r_message(message: &str) -> bool {
    message.starts_with("object '") && message.ends_with("not found")
        || message.starts_with("unexpected ") && message.contains(" in ")
        || message.starts_with("could not find function")
        || message.starts_with("cannot allocate vector of size")
        || message.starts_with("C stack usage ")
        || message.starts_with("evaluation nested too deeply")
        || message.starts_with("(converted from warning) ")
        || message.starts_with("package or namespace load failed")
}

fn function_of(call: &str) -> &str {
    let name = call.split('(').next().unwrap_or(call).trim();
    if name.is_empty() { call.trim() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shown;

    fn read(text: &str) -> String {
        shown::exceptions(parse, text)
    }

    #[test]
    fn reads_conditions_of_rlang() {
        let text = "Error in `load_all()`:\n! cannot load `x`\ni In argument: `a`.\nCaused by error in `check()`:\n! bad value\n\
                    Backtrace:\n     x\n  1. +-base::print(load_all(3))\n  2. \\-global load_all(3)\n  3.   \\-global check(3) at job.R:4:2\nExecution halted\n";
        assert_eq!(
            read(text),
            "rlang_error: cannot load `x`\ni In argument: `a`. <- load_all@:0 | rlang_error: bad value <- check@:0 load_all@:0 base::print@:0"
        );
    }

    #[test]
    fn reads_a_notebooks_traceback() {
        let text = "Error in g(x): x is too big\nTraceback:\n\n1. f(5)\n2. g(x)   # at line 2 of file <text>\n3. stop(\"x is too big\")   # at line 3 of file <text>\n";
        assert_eq!(read(text), "simpleError: x is too big <- g@<text>:2 f@:0");
    }

    #[test]
    fn reads_a_call_over_several_lines() {
        let text = "Error in merge(a,  : \n  no column\nExecution halted\n";
        assert_eq!(read(text), "simpleError: no column <- merge@:0");
        let text = "Error in merge(a, b, by = \"x\", \n    all = TRUE) : no column\nExecution halted\n";
        assert_eq!(read(text), "simpleError: no column <- merge@:0");
    }
}
