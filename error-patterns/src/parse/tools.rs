//! What tools say that have no stack of a known runtime: Lua, Perl, SQL's servers and clients, make, CMake; and what runners
//! write before it.
//!
//! Knows lines and nothing else: the line that tells why, without its place and without what a runner put before it.

use super::text::trim;

/// Lines that are looked at for the one that tells.
const LINES_MAX: usize = 256;
/// Places that stand before a message of Lua's, one for each chunk that it passed.
const PLACES_MAX: usize = 8;

/// What a tool said went wrong, in the first line that has the shape of one.
pub(super) fn told(text: &str) -> Option<&str> {
    let lines = || text.lines().take(LINES_MAX);
    let mut pairs = lines().zip(lines().skip(1).chain([""]));
    let told = pairs.find_map(|(line, next)| {
        let line = trim(line);
        lua(line)
            .or_else(|| perl(line))
            .or_else(|| sql(line))
            .or_else(|| make(line))
            .or_else(|| cmake(line, next))
    })?;
    Some(trim(told)).filter(|told| !told.is_empty())
}

/// `lua: main.lua:3: attempt to index a nil value (local 'row')`, without the name.
fn lua(line: &str) -> Option<&str> {
    let (first, rest) = line.split_once(": ").unwrap_or((line, ""));
    let interpreter = first.strip_prefix("lua").is_some_and(|version| {
        version == "jit" || version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let mut message = if interpreter { rest } else { line };
    let mut placed = interpreter;
    for _ in 0..PLACES_MAX {
        let Some(behind) = behind_place(message) else { break };
        (message, placed) = (behind, true);
    }
    if !placed {
        return None;
    }
    let named = ["local", "global", "field", "method", "upvalue", "constant"];
    let name = message.rfind(" (").filter(|at| {
        named
            .iter()
            .any(|kind| message[at + 2..].strip_prefix(kind).is_some_and(|rest| rest.starts_with(" '")))
    });
    Some(&message[..name.unwrap_or(message.len())])
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

/// `Can't locate Moose.pm in @INC (...) at main.pl line 3.`, without the place and without the folders.
fn perl(line: &str) -> Option<&str> {
    let message = line.match_indices(" line ").find_map(|(at, _)| {
        let behind = &line[at + " line ".len()..];
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let ends = matches!(&behind[digits..], "" | "." | ":")
            || [", <", ", near "].iter().any(|more| behind[digits..].starts_with(more));
        // Back to the blank before the file and no further: a line may have many of these.
        let file = line[..at].rfind(' ')? + 1;
        let message = line[..file].strip_suffix(" at ")?;
        (digits > 0 && ends && file < at).then_some(message)
    })?;
    let end = message.find(" (@INC ").unwrap_or(message.len());
    Some(&message[..end])
}

/// What SQLite's shell writes before a message.
const SQLITE: &[&str] = &["Error: near line ", "Parse error near line ", "Runtime error near line "];

/// `psql:query.sql:2: ERROR:  syntax error at or near "SELCT"`, and the same in the server's log and in SQLite's shell.
fn sql(line: &str) -> Option<&str> {
    let postgres =
        ["ERROR:  ", "FATAL:  ", "PANIC:  "].iter().find_map(|level| Some(line.split_once(level)?.1));
    if let Some(message) = postgres {
        return Some(message.rfind(" at character ").map_or(message, |at| &message[..at]));
    }
    let sqlite =
        SQLITE.iter().find_map(|head| Some(line.strip_prefix(head)?.split_once(": ")?.1)).or_else(|| {
            ["Error: in prepare, ", "in prepare, ", "Error: stepping, ", "stepping, ", "Parse error: "]
                .iter()
                .find_map(|head| line.strip_prefix(head))
        });
    // `UNIQUE constraint failed: users.email (19)`
    let uncoded = |message: &'_ str| {
        let code =
            message.strip_suffix(')').and_then(|rest| rest.rfind(" (").map(|at| (at, &rest[at + 2..])));
        code.filter(|(_, code)| code.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(message.len(), |(at, _)| at)
    };
    if let Some(message) = sqlite {
        return Some(&message[..uncoded(message)]);
    }
    // `ERROR 1064 (42000) at line 1: You have an error in your SQL syntax`
    let (head, message) = line.strip_prefix("ERROR ")?.split_once(": ")?;
    (head.starts_with(|first: char| first.is_ascii_digit()) && head.contains(" (")).then_some(message)
}

/// `Makefile:3: *** missing separator.  Stop.`
fn make(line: &str) -> Option<&str> {
    let (head, message) = line.split_once(": *** ")?;
    let message =
        message.strip_suffix(".  Stop.").or_else(|| message.strip_suffix(" Stop.")).unwrap_or(message);
    let known = head.starts_with("make")
        || head.starts_with("gmake")
        || head.contains("akefile")
        || head.contains(".mk:");
    // What a command of a recipe returned; the command said why.
    (known && !message.starts_with('[')).then_some(message)
}

/// `CMake Error at CMakeLists.txt:3 (find_package):`, and the message below it.
fn cmake<'a>(line: &'a str, next: &'a str) -> Option<&'a str> {
    let rest = line.strip_prefix("CMake Error")?;
    if let Some(message) = rest.strip_prefix(": ") {
        return Some(message);
    }
    (rest.starts_with(" at ") && rest.ends_with(':')).then_some(next)
}

/// What runners write before what a program said: `Process exited with code 1`, and the message below or behind it.
const STATUSES: &[&str] = &[
    "process exited with code ",
    "process completed with exit code ",
    "command failed with exit code ",
    "command exited with code ",
    "command exited with status ",
    "program exited with code ",
    "exited with error status ",
    "exit status ",
    "exit code ",
    "process terminated by signal ",
];
const TITLES: &[&str] = &[
    "tool returned an error",
    "tool call failed",
    "code execution failed",
    "execution failed",
    "your submission failed",
    "runtime error (nzec)",
];

/// What a program's own last handler writes, behind a logger's words: `Unhandled exception: `.
const HANDLERS: &[&[u8]] = &[b"nhandled", b"ncaught"];
const HANDLED: &[u8] = b" exception: ";
/// Bytes in which it begins.
const HEAD_MAX: usize = 160;

/// A message without what a runner wrote before it; empty where that is all.
pub(crate) fn unwrapped(message: &str) -> &str {
    let message = trim(message);
    let head = &message.as_bytes()[..message.len().min(HEAD_MAX)];
    if let Some(at) = memchr::memmem::find(head, HANDLED)
        && HANDLERS.iter().any(|word| head[..at].ends_with(word))
    {
        return trim(&message[at + HANDLED.len()..]);
    }
    // None of the others begins otherwise.
    if !matches!(head.first().map(u8::to_ascii_lowercase), Some(b'c' | b'e' | b'p' | b'r' | b't' | b'y')) {
        return message;
    }
    let begins =
        |start: &&&str| message.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let end = match STATUSES.iter().find(begins) {
        Some(status) => {
            let rest = &message[status.len()..];
            let number = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
            // `11 (SIGSEGV)`
            let name =
                rest[number..].strip_prefix(" (").and_then(|name| name.find(')')).map_or(0, |end| end + 3);
            Some(status.len() + number + name)
        }
        None => TITLES.iter().find(begins).map(|title| title.len()),
    };
    let Some(rest) = end.and_then(|end| message.get(end..)) else { return message };
    match rest.as_bytes().first() {
        None => "",
        Some(b':' | b'\n' | b'.') => trim(&rest[1..]),
        Some(_) => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_tool_said() {
        for (text, expected) in [
            (
                "lua: C:\\a b\\main.lua:3: attempt to index a nil value (field 'row')\nstack traceback:",
                "attempt to index a nil value",
            ),
            (
                "start\nlua5.4: game.lua:6: game.lua:4: attempt to compare number with string",
                "attempt to compare number with string",
            ),
            ("[string \"return 1 +\"]:1: unexpected symbol near <eof>", "unexpected symbol near <eof>"),
            (
                "Can't locate Moose.pm in @INC (you may need to install the Moose module) (@INC contains: /a) at job.pl line 3.",
                "Can't locate Moose.pm in @INC (you may need to install the Moose module)",
            ),
            ("Illegal division by zero at /box/a.pl line 12, <STDIN> line 4.", "Illegal division by zero"),
            (
                "psql:/tmp/q.sql:2: ERROR:  relation \"users\" does not exist\nLINE 1: SELECT",
                "relation \"users\" does not exist",
            ),
            (
                "2026-11-28 09:09:51.875 UTC [7037] postgres@a psql ERROR:  syntax error at or near \")\" at character 35",
                "syntax error at or near \")\"",
            ),
            (
                "Runtime error near line 3: UNIQUE constraint failed: users.email (19)",
                "UNIQUE constraint failed: users.email",
            ),
            ("Error: in prepare, near \"c\": syntax error", "near \"c\": syntax error"),
            (
                "ERROR 1146 (42S02) at line 1: Table 'shop.users' doesn't exist",
                "Table 'shop.users' doesn't exist",
            ),
            ("make: *** No rule to make target 'all'.  Stop.", "No rule to make target 'all'"),
            (
                "CMake Error at CMakeLists.txt:3 (find_package):\n  By not providing \"FindQt6.cmake\"",
                "By not providing \"FindQt6.cmake\"",
            ),
        ] {
            assert_eq!(told(text), Some(expected), "{text}");
            // Whatever letters stand where, and wherever it is cut.
            for (at, _) in text.char_indices() {
                let torn = format!("{}\u{e9}\u{2026}{}", &text[..at], &text[at..]);
                for text in [&text[..at], &text[at..], &torn] {
                    assert!(told(text).is_none_or(|told| text.contains(told)));
                }
            }
        }
        for text in [
            "",
            "lua",
            "made at home",
            "look at line 3",
            "make: *** [Makefile:2: all] Error 1",
            "see line 4 at main",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    /// Going back to the start of the line from each place took minutes.
    #[test]
    fn a_line_of_many_places_costs_linear_time() {
        for unit in [" line 1", " line 1, near ", "a.lua:1: ", " (local '"] {
            let text = unit.repeat(1024 * 1024 / unit.len());
            let start = std::time::Instant::now();
            told(&text);
            assert!(start.elapsed() < std::time::Duration::from_secs(5), "{unit:?}");
        }
    }

    #[test]
    fn takes_off_what_a_runner_wrote() {
        for (message, expected) in [
            ("Process exited with code 1\nlua: a.lua:1: x", "lua: a.lua:1: x"),
            ("exit status 2: no rule", "no rule"),
            ("tool returned an error: stack overflow", "stack overflow"),
            ("Process terminated by signal 11 (SIGSEGV)", ""),
            ("Runtime Error (NZEC)", ""),
            ("Code execution failed", ""),
            ("exit status of the pump is bad", "exit status of the pump is bad"),
            ("Execution failed\u{e9}", "Execution failed\u{e9}"),
            ("", ""),
        ] {
            assert_eq!(unwrapped(message), expected, "{message}");
            for (at, _) in message.char_indices() {
                let torn = format!("{}\u{e9}\u{2026}{}", &message[..at], &message[at..]);
                assert!(torn.contains(unwrapped(&torn)) && message.contains(unwrapped(&message[at..])));
            }
        }
    }
}
