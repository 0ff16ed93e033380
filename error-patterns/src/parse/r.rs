//! R: `Error in f(x) : message`, `Error: message`, the list `Calls: a -> b`, and `traceback()`.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException};
use std::borrow::Cow;

/// Parses an R report; `None` when no line is R's own.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let halted = text.has("Execution halted");
    let (at, call, message) = text.lines_from(0).find_map(|(i, line)| {
        if let Some(rest) = line.strip_prefix("Error in ") {
            let (call, message) =
                rest.split_once(" : ").or_else(|| rest.strip_suffix(" :").map(|call| (call, "")))?;
            return Some((i, call, message));
        }
        let message = line.strip_prefix("Error: ").filter(|message| halted || is_r_message(message))?;
        Some((i, "", message))
    })?;
    let ends = |i: &usize| {
        let line = text.line(*i);
        line.starts_with("Calls: ")
            || line.starts_with("Execution halted")
            || line.starts_with("In addition: ")
            || line.trim().is_empty()
    };
    let end = (at + 1..text.len()).find(ends).unwrap_or(text.len());
    let message = text.span(at, message, end).trim();
    let mut frames = Vec::new();
    if !call.is_empty() {
        frames.push(located(function_of(call), "", None, None));
    }
    if let Some(calls) = text.iter().find_map(|line| line.strip_prefix("Calls: ")) {
        let outer = calls.split(" -> ").map(str::trim).filter(|name| !name.is_empty() && *name != "...");
        let mut outer: Vec<Frame<'a>> =
            outer.take(256).map(|name| located(function_of(name), "", None, None)).collect();
        outer.reverse();
        // The innermost call is often the one that the message names already.
        let same = outer.first().zip(frames.first()).is_some_and(|(a, b)| a.function == b.function);
        frames.extend(outer.into_iter().skip(usize::from(same)));
    }
    let exception = ParsedException {
        error_type: Cow::Borrowed("simpleError"),
        message: Cow::Borrowed(message),
        frames,
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// Messages that only R prints after a bare `Error: `.
fn is_r_message(message: &str) -> bool {
    message.starts_with("object '") && message.ends_with("not found")
        || message.starts_with("unexpected ") && message.contains(" in ")
        || message.starts_with("could not find function")
        || message.starts_with("cannot allocate vector of size")
}

fn function_of(call: &str) -> &str {
    let name = call.split('(').next().unwrap_or(call).trim();
    if text::is_type(name) || name.contains("::") { name } else { call.trim() }
}
