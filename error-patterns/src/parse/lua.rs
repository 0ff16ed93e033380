//! Lua: `lua: main.lua:3: attempt to index a nil value (local 'row')`, and the same as programs that embed it print it.
//!
//! Its `stack traceback:` names functions by where they were found (`in upvalue 'f'`); the message says more, and is read
//! alone.

use super::text::Text;
use super::{Outcome, frameless};

/// Places that stand before a message, one for each chunk that it passed.
const PLACES_MAX: usize = 8;

/// What one of is in each of its reports.
pub(super) const MARKS: &[&str] = &["lua", "[string \""];

/// Parses a report of Lua's; `None` when no line has a place of one.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    text.iter().find_map(told).map(|message| frameless("Error", message))
}

/// What stands behind the interpreter's name and the places.
fn told(line: &str) -> Option<&str> {
    let (first, rest) = line.split_once(": ").unwrap_or((line, ""));
    let interpreter = first.strip_prefix("lua").is_some_and(|version| {
        matches!(version, "jit" | "c") || version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let mut message = if interpreter { rest } else { line };
    let mut placed = interpreter;
    for _ in 0..PLACES_MAX {
        let Some(behind) = behind_place(message) else { break };
        (message, placed) = (behind, true);
    }
    // A line of the traceback.
    let called = ["in function ", "in local ", "in upvalue ", "in method ", "in field ", "in main chunk"];
    (placed && !message.is_empty() && !called.iter().any(|start| message.starts_with(start)))
        .then_some(message)
}

/// What stands behind `main.lua:3: ` or `[string "..."]:3: `.
fn behind_place(text: &str) -> Option<&str> {
    let file = text.find(".lua:").map(|at| at + ".lua:".len());
    let chunk =
        || text.strip_prefix("[string \"").and_then(|rest| Some(rest.find("\"]:")? + "[string \"\"]:".len()));
    let rest = text.get(file.or_else(chunk)?..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[digits..].strip_prefix(": ").filter(|_| digits > 0)
}
