//! What make, CMake, dbt and Snakemake say; and what runners write before what a program said.
//!
//! Knows lines and nothing else: the line that tells why, without its place and without what a runner put before it.

use super::text::trim;

/// Lines that are looked at for the one that tells.
const LINES_MAX: usize = 256;

/// What a tool said went wrong, in the first line that has the shape of one.
pub(super) fn told(text: &str) -> Option<&str> {
    let lines = || text.lines().take(LINES_MAX);
    let mut pairs = lines().zip(lines().skip(1).chain([""]));
    let told = pairs.find_map(|(line, next)| {
        let line = trim(line);
        make(line).or_else(|| cmake(line, next))
    })?;
    Some(trim(told)).filter(|told| !told.is_empty())
}

/// What dbt or Snakemake say of the step that failed: the line below the one that names it.
pub(super) fn workflow(text: &str) -> Option<&str> {
    let mut lines = text.lines().take(LINES_MAX).map(untimed);
    lines.by_ref().find(|line| is_failed_step(line))?;
    lines.next().filter(|told| !told.is_empty())
}

/// Without dbt's time of day: `09:16:09    Completed with 1 error`.
fn untimed(line: &str) -> &str {
    let line = trim(line);
    let time = |byte: u8| byte.is_ascii_digit() || byte == b':';
    match line.split_once(' ') {
        Some((clock, rest)) if clock.len() == 8 && clock.bytes().all(time) => trim(rest),
        _ => line,
    }
}

/// `Compilation Error in model orders (models/orders.sql)`, `Failure in test not_null_id (models/schema.yml)`;
/// `MissingInputException in rule fit in file "/srv/Snakefile", line 4:`.
fn is_failed_step(line: &str) -> bool {
    const KINDS: [&str; 6] = ["Compilation", "Database", "Dependency", "Parsing", "Runtime", "Validation"];
    let of_dbt = line.split_once(" Error").is_some_and(|(kind, rest)| {
        KINDS.contains(&kind) && (rest.is_empty() || rest.starts_with(" in ") && rest.ends_with(')'))
    });
    let of_snakemake = || {
        let (kind, rest) = line.split_once(' ')?;
        let is_kind = kind.ends_with("Exception") || kind.ends_with("Error");
        let is_place = rest.starts_with("in rule ") || rest.starts_with("in file \"");
        (is_kind && is_place && rest.contains(", line ")).then_some(rest.ends_with(':'))
    };
    of_dbt || line.starts_with("Failure in test ") && line.ends_with(')') || of_snakemake() == Some(true)
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

    #[test]
    fn finds_what_a_step_said() {
        let dbt = |failed: &str| {
            format!(
                "09:16:01  Running with dbt=1.8.7\n09:16:09  \n09:16:09  Completed with 1 error\n{failed}\n09:16:09  Done.\n"
            )
        };
        for (text, expected) in [
            (
                dbt("09:16:09    Runtime Error in model tx (models/tx.sql)\n  Catalog Error: no table\n  \n  LINE 5: x"),
                "Catalog Error: no table",
            ),
            (dbt("Compilation Error\n  Model 'm' depends on a node named 'n' which was not found"), "Model 'm' depends on a node named 'n' which was not found"),
            (dbt("09:17:26  Failure in test not_null_id (models/schema.yml)\n09:17:26    Got 1 result"), "Got 1 result"),
            (
                "Building DAG of jobs...\nMissingInputException in rule fit in file \"/srv/Snakefile\", line 4:\nMissing input files for rule fit:\n    output: a".to_owned(),
                "Missing input files for rule fit:",
            ),
        ] {
            assert_eq!(workflow(&text), Some(expected), "{text}");
            for (at, _) in text.char_indices() {
                assert!(workflow(&text[..at]).is_none_or(|told| text.contains(told)));
            }
        }
        for text in [
            "",
            "Runtime Error",
            "A Runtime Error in model x (y)\nno",
            "TypeError in rule\nno",
            "Runtime Errors\nno",
        ] {
            assert_eq!(workflow(text), None, "{text}");
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
