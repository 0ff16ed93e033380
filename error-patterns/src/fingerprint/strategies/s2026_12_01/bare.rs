//! A message without what runners, loggers and displays put around it.

use crate::bytes::first;
use crate::model::Runtime;
use crate::parse::tools;
use std::borrow::Cow;

/// Titles behind which the message itself follows, further down: frameworks that run a user's code for him.
const TITLES: &[&str] = &["in user code:", "Exception encountered when calling", "Graph execution error:"];

/// The message behind a framework's title: the last line that a blank line or an exception's type sets apart.
fn untitled(message: &str) -> &str {
    if !TITLES.iter().any(|title| message.starts_with(title)) {
        return message;
    }
    let lines = message.lines().skip(1).take(200);
    let telling = lines.map(str::trim).filter(|line| !line.is_empty()).filter(|line| {
        let word = line.split([':', ' ']).next().unwrap_or_default();
        let typed = line.len() > word.len() && (word.ends_with("Error") || word.ends_with("Exception"));
        typed || line.contains(" is incompatible with ")
    });
    let Some(last) = telling.last() else { return message };
    let behind = last.split_once("Error: ").or_else(|| last.split_once("Exception: "));
    behind.map_or(last, |(_, behind)| behind)
}

/// A message without what a runner wrote before it, where anything is left.
fn unwrapped(message: &str) -> &str {
    let told = tools::unwrapped(message);
    if told.is_empty() { message } else { told }
}

/// Levels of log lines that report no failure.
const LEVELS: &[&str] = &["DEBUG", "INFO", "TRACE", "NOTICE", "WARN", "WARNING"];

/// The message behind the log lines that a program wrote before it.
fn unlogged(message: &str) -> &str {
    let mut rest = message;
    if memchr::memchr(b'\n', message.as_bytes()).is_none() {
        return message;
    }
    for _ in 0..LOG_LINES_MAX {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut words = line.split([' ', '\t', '[', ']', ':', '|']).filter(|word| !word.is_empty()).take(8);
        let tagged = line.starts_with('[')
            && line[1..].split_once(']').is_some_and(|(level, _)| {
                LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level.trim()))
            });
        let logged = tagged || words.any(|word| LEVELS.contains(&word));
        if !logged || behind.trim().is_empty() {
            break;
        }
        rest = behind.trim_start();
    }
    rest
}

/// Log lines looked behind.
const LOG_LINES_MAX: usize = 64;

/// The first telling line.
pub(super) fn head(message: &str) -> &str {
    let trimmed = untitled(unlogged(unwrapped(message.trim())));
    let Some(end) = first(trimmed.as_bytes(), b'\n') else { return trimmed };
    // Words, not bytes: how long a number is must not count.
    if trimmed[..end].split_whitespace().nth(2).is_some() {
        return &trimmed[..end];
    }
    // A first line of one or two words is a title: the two lines after it belong to it.
    let end = trimmed.match_indices('\n').nth(2).map_or(trimmed.len(), |(at, _)| at);
    &trimmed[..end]
}

/// A message in one form where the language has several: with straight quotes, where compilers print others, and with the kind
/// of an error of Rust's in place of its fields.
pub(super) fn spoken(runtime: Runtime, message: &str) -> Cow<'_, str> {
    match runtime {
        Runtime::Native | Runtime::Haskell | Runtime::Fortran
            if message.contains(['\u{2018}', '\u{2019}']) =>
        {
            Cow::Owned(message.replace(['\u{2018}', '\u{2019}'], "'"))
        }
        Runtime::Rust => rust(message),
        _ => Cow::Borrowed(message),
    }
}

/// A message without what a logger or a display put around it: `E, [2026-01-01T00:00:00 #7] ERROR -- : x (LoadError)` of
/// Ruby's, `PHP Parse error:  x in a.php on line 3`, `Error in f(x) : x` of R's.
pub(super) fn unlabelled(runtime: Runtime, message: &str) -> &str {
    match runtime {
        Runtime::Ruby if message.starts_with(['E', 'F']) && message.contains(" -- ") => {
            let said = message
                .split_once(": ")
                .and_then(|(_, rest)| Some(rest.split_once(" -- ")?.1.split_once(": ")?.1));
            let said =
                said.or_else(|| Some(message.split_once(" -- ")?.1.split_once(": ")?.1)).unwrap_or(message);
            let end = said
                .strip_suffix(')')
                .and_then(|rest| rest.rfind(" ("))
                .filter(|at| is_type_word(&said[at + 2..said.len() - 1]));
            let said = &said[..end.unwrap_or(said.len())];
            // `job failed: LoadError: cannot load such file -- x`
            let typed = said.match_indices(": ").take(4).find_map(|(at, _)| {
                let (word, rest) = said[at + 2..].split_once(": ")?;
                (is_type_word(word) && word.ends_with("Error")).then_some(rest)
            });
            typed.unwrap_or(said)
        }
        Runtime::Php => {
            // Behind the time in a log.
            let said = ["Parse error:", "Fatal error:", "Warning:", "Notice:"].iter().find_map(|kind| {
                let at = message.find(kind).filter(|at| *at < 64)?;
                Some(&message[at + kind.len()..])
            });
            let said = said.unwrap_or(message).trim_start();
            let thrown = said.strip_prefix("Uncaught ").unwrap_or(said);
            // `Uncaught DivisionByZeroError: Division by zero in /a.php:3`
            let typed =
                thrown.split_once(": ").filter(|(word, _)| is_type_word(word) && word.ends_with("Error"));
            let said = typed.map_or(said, |(_, rest)| rest);
            let line = said.rfind(" on line ").map_or(said, |end| &said[..end]);
            let place =
                line.rfind(" in ").filter(|at| line.len() < said.len() || is_php_place(&line[at + 4..]));
            &said[..place.unwrap_or(said.len())]
        }
        Runtime::R => {
            let heads =
                ["Error in ", "Fehler in ", "Erreur dans ", "Error en ", "Error: ", "Fehler: ", "Erreur : "];
            let rest = heads.iter().find_map(|head| {
                let at = message.find(head).filter(|at| *at < 64)?;
                Some(&message[at + head.len()..])
            });
            let said = rest.and_then(|rest| {
                [" : ", "`: ", "): ", "]: "].iter().find_map(|end| Some(rest.split_once(end)?.1))
            });
            said.or(rest).unwrap_or(message).trim_end_matches('>')
        }
        // `E0402 10:11:12.130760  4411 main.cpp:41] St9bad_alloc: std::bad_alloc`, `Error: std::bad_alloc`
        Runtime::Native => {
            let logged =
                message.starts_with(['E', 'F']) && message[1..].starts_with(|c: char| c.is_ascii_digit());
            let said = logged.then(|| message.split_once("] ")).flatten().map_or(message, |(_, said)| said);
            let said = said.strip_prefix("Error: ").or_else(|| said.strip_prefix("error: ")).unwrap_or(said);
            let mangled =
                said.strip_prefix("St").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            mangled.and_then(|rest| rest.split_once(": ")).map_or(said, |(_, said)| said)
        }
        // `2026/11/28 09:18:59 open a.txt: no such file or directory`
        Runtime::Go => undated(message).unwrap_or(message),
        _ => message,
    }
}

/// `/a.php:3`
fn is_php_place(place: &str) -> bool {
    place.rsplit_once(':').is_some_and(|(file, line)| {
        !file.is_empty() && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What stands behind `2026/11/28 09:18:59 `, with or without parts of a second.
fn undated(message: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = message;
    for end in ['/', '/', ' ', ':', ':'] {
        rest = rest.get(digits(rest)..).filter(|_| digits(rest) > 0)?.strip_prefix(end)?;
    }
    let rest = &rest[digits(rest)..];
    let rest = rest.strip_prefix('.').map_or(rest, |parts| &parts[digits(parts)..]);
    rest.strip_prefix(' ')
}

/// A word that may be the name of a type.
fn is_type_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'))
}

/// What a panic of Rust's says of the error that it met: `called `Result::unwrap()` on an `Err` value: Os { code: 2, kind:
/// NotFound, message: "..." }`, `bad number: ParseIntError { kind: InvalidDigit }`.
fn rust(message: &str) -> Cow<'_, str> {
    let message = match message.split_once("panicked at ") {
        // A logger's line: the place stands before the message.
        Some((_, rest)) => rest.split_once(": ").map_or(rest, |(_, said)| said),
        None => message,
    };
    let Some(open) = message.find(" { ") else { return Cow::Borrowed(message) };
    let (head, fields) = (&message[..open], &message[open + 3..]);
    let name = head.rsplit([' ', ':', '(', '`']).next().unwrap_or(head);
    if !is_type_word(name) {
        return Cow::Borrowed(message);
    }
    let kind =
        fields.split_once("kind: ").map(|(_, rest)| rest.split([',', ' ', '}']).next().unwrap_or_default());
    match kind {
        Some(kind) if name != "Os" => Cow::Owned(format!("{name} {kind}")),
        Some(kind) => Cow::Owned(format!("system error {kind}")),
        None => Cow::Borrowed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_off_what_stands_around_a_message() {
        for (runtime, message, expected) in [
            (
                Runtime::Ruby,
                "E, [2026-11-28T09:17:04.8 #20721] ERROR -- : cannot load such file -- a (LoadError)",
                "cannot load such file -- a",
            ),
            (
                Runtime::Ruby,
                "F, [2026-11-28T09:17:04 #7] FATAL -- worker: job failed: KeyError: key not found: :a",
                "key not found: :a",
            ),
            (
                Runtime::Php,
                "PHP Parse error:  syntax error, unexpected end of file in /a.php on line 3",
                "syntax error, unexpected end of file",
            ),
            (
                Runtime::Php,
                "PHP Fatal error:  Uncaught DivisionByZeroError: Division by zero in /a.php:3",
                "Division by zero",
            ),
            (
                Runtime::Php,
                "Uncaught Error: Call to undefined function f()",
                "Call to undefined function f()",
            ),
            (
                Runtime::R,
                "ERROR [2026-03-13 08:43:21] Error in Sum(64, 79): could not find function \"Sum\"",
                "could not find function \"Sum\"",
            ),
            (Runtime::R, "Fehler in x$total : $ operator is invalid", "$ operator is invalid"),
            (
                Runtime::Native,
                "E0402 10:11:12.130760  4411 main.cpp:41] St9bad_alloc: std::bad_alloc",
                "std::bad_alloc",
            ),
            (Runtime::Go, "2026/11/28 09:18:59.123 open a.txt: no such file", "open a.txt: no such file"),
            (
                Runtime::Rust,
                "thread 'main' panicked at a.rs:3:4: x: ParseIntError { kind: InvalidDigit }",
                "ParseIntError InvalidDigit",
            ),
            (
                Runtime::Rust,
                "Error: Os { code: 2, kind: NotFound, message: \"No such file\" }",
                "system error NotFound",
            ),
        ] {
            assert_eq!(unlabelled(runtime, &spoken(runtime, message)), expected);
            // Whatever letters stand where, and wherever it is cut.
            for (at, _) in message.char_indices() {
                let torn = format!("{}\u{e9}\u{2026}{}", &message[..at], &message[at..]);
                for text in [&message[..at], &message[at..], &torn] {
                    unlabelled(runtime, &spoken(runtime, text));
                }
            }
        }
    }
}
