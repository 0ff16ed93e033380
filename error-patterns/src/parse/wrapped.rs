//! The failure inside a failure: what a platform's own exception quotes of the program that it ran.
//!
//! A platform raises an exception of its own, often in another language, and puts into its message what the program said: its
//! whole report, or no more than `Type: message`. The program's failure is what people look for; the platform's frames are the
//! same for all. Names of types are known as far as `runtime_of` knows them.

use super::text::{self, trim};
use super::{ParseLimits, is_system_code, parse_text};
use crate::ast::is_python_builtin;
use crate::messages;
use crate::model::{Parsed, ParsedException, RawException, Relation, Runtime, short_type};
use std::borrow::Cow;

/// Bytes of a line in which a type is looked for.
const LINE_BYTES_MAX: usize = 2048;
/// Colons and brackets of a line that are looked at.
const SIGNS_MAX: usize = 16;
/// Bytes of the words before a report.
const HEAD_BYTES_MAX: usize = 400;
/// Last lines in which a type is looked for.
const LINES_MAX: usize = 64;

/// Exceptions of Python that programs raise to say what something else said.
const CARRIERS: [&str; 9] = [
    "BaseException",
    "Exception",
    "RuntimeError",
    "ValueError",
    "SystemError",
    "SystemExit",
    "OSError",
    "Error",
    "ConnectionError",
];

/// Types of JavaScript that no other runtime has.
const SCRIPT_TYPES: [&str; 5] = ["ReferenceError", "RangeError", "URIError", "EvalError", "AggregateError"];
/// Types that Python and JavaScript both have, and what only the one and the other says with them.
const SHARED_TYPES: [&str; 3] = ["TypeError", "SyntaxError", "Error"];
const SCRIPT_WORDS: [&str; 16] = [
    "outside a module",
    "in ES module scope",
    "Cannot find module",
    "Cannot find package",
    "ENOENT: ",
    "connect ECONNREFUSED",
    "is not a function",
    "Cannot read propert",
    "Cannot set propert",
    "Cannot destructure",
    "is not a constructor",
    "Unexpected token",
    "Unexpected end of JSON",
    "in JSON at position",
    "Assignment to constant",
    "has already been declared",
];
const PYTHON_WORDS: [&str; 13] = [
    "can only concatenate",
    "must be integers or slices",
    "object is not ",
    "unsupported operand",
    "'NoneType'",
    "positional argument",
    "keyword argument",
    "not subscriptable",
    "invalid syntax",
    "was never closed",
    "unterminated string",
    "must be str",
    "expected ':'",
];
/// What Python's own functions say with a type that platforms use as well.
const PYTHON_VALUES: [&str; 7] = [
    "invalid literal for int()",
    "could not convert string to float",
    "values to unpack",
    "operands could not be broadcast",
    "substring not found",
    "math domain error",
    "not in list",
];
/// Packages of Java's own types, and types that other runtimes do not name so.
const JAVA_PACKAGES: [&str; 7] = ["java.", "javax.", "jakarta.", "kotlin.", "scala.", "groovy.", "sun."];
const JAVA_TYPES: [&str; 9] = [
    "NullPointerException",
    "ArrayIndexOutOfBoundsException",
    "StringIndexOutOfBoundsException",
    "ClassCastException",
    "NumberFormatException",
    "ClassNotFoundException",
    "NoSuchElementException",
    "ConcurrentModificationException",
    "NoClassDefFoundError",
];

/// The runtime whose exceptions alone have this name, as far as that is known; `message` tells those apart that two have.
pub(super) fn runtime_of(error_type: &str, message: &str) -> Option<Runtime> {
    let has_any = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if JAVA_PACKAGES.iter().any(|package| error_type.starts_with(package)) || JAVA_TYPES.contains(&error_type)
    {
        return text::is_error_name(error_type).then_some(Runtime::Java);
    }
    if error_type.starts_with("System.") {
        return error_type.ends_with("Exception").then_some(Runtime::DotNet);
    }
    if SCRIPT_TYPES.contains(&error_type) {
        return Some(Runtime::JavaScript);
    }
    if is_system_code(error_type) || error_type.starts_with("ERR_") || error_type == "MODULE_NOT_FOUND" {
        return has_any(&SCRIPT_WORDS).then_some(Runtime::JavaScript);
    }
    if SHARED_TYPES.contains(&error_type) {
        return match (has_any(&SCRIPT_WORDS), has_any(&PYTHON_WORDS)) {
            (true, false) => Some(Runtime::JavaScript),
            (false, true) if error_type != "Error" => Some(Runtime::Python),
            _ => None,
        };
    }
    let of_python = is_python_builtin(error_type)
        || error_type.split_once('.').is_some_and(|(root, _)| messages::words().is_python_stdlib(root));
    (of_python && text::is_error_name(error_type)).then_some(Runtime::Python)
}

/// The same of a type that stands alone, which may be a platform's word for whatever failed.
pub(super) fn runtime_of_client(error_type: &str, message: &str) -> Option<Runtime> {
    let speaks = || PYTHON_WORDS.iter().chain(&PYTHON_VALUES).any(|word| message.contains(word));
    runtime_of(error_type, message).filter(|_| !CARRIERS.contains(&error_type) || speaks())
}

/// A failure that another one quotes.
pub(super) struct Quoted {
    pub parsed: Parsed<'static>,
    /// The words before it say that something was run and failed; else a program may have put there whatever it had.
    pub is_told: bool,
}

/// The failure that the reported exception quotes in its message. `said` is that message as the text has it.
pub(super) fn quoted(
    parsed: &Parsed<'_>,
    raw: &RawException<'_>,
    read: &str,
    said: &str,
    [named, sdk]: [Runtime; 2],
    limits: &ParseLimits,
) -> Option<Quoted> {
    let reported = parsed.exceptions.first()?;
    let read = trim(read);
    let client = raw.message.map(trim).filter(|message| *message != read);
    let (said, between) = (trim(said), between(parsed.runtime, read));
    let said = Some(said).filter(|said| client != Some(*said));
    let all = [client, said.filter(|said| said.len() < read.len()), between];
    for message in all.into_iter().flatten().filter(|message| may_be_report(message)) {
        if let Some(inner) = report(message, named, sdk, limits).filter(|inner| is_other(inner, parsed)) {
            let is_told = tells_of_a_run(message.lines().next().unwrap_or_default());
            return Some(Quoted { parsed: inner, is_told });
        }
    }
    let mut naming = [client, said].into_iter().flatten().filter(|message| may_name_type(message)).peekable();
    naming.peek()?;
    let has_cause =
        parsed.exceptions.iter().any(|each| matches!(each.relation, Relation::Cause | Relation::Member));
    if has_cause || !carries(parsed.runtime, reported) {
        return None;
    }
    naming.find_map(|message| within(message, reported))
}

/// Whether a message has more than one line, or one of a shell's.
fn may_be_report(message: &str) -> bool {
    memchr::memchr(b'\n', message.as_bytes()).is_some() || message.contains(": line ")
}

/// Whether a message has a word that names of exceptions end with.
fn may_name_type(message: &str) -> bool {
    memchr::memchr_iter(b'r', message.as_bytes()).any(|at| message.as_bytes()[..at].ends_with(b"Erro"))
        || message.contains("Exception")
}

/// What stands between the head of a stack and its own frames, which are the last lines.
fn between(runtime: Runtime, text: &str) -> Option<&str> {
    let frame = match runtime {
        Runtime::Java => "\tat ",
        Runtime::DotNet => "   at ",
        _ => return None,
    };
    let own = |line: &str| line.starts_with(frame) || line.starts_with("\t...");
    let start = text.find('\n')? + 1;
    if own(&text[start..]) {
        return None;
    }
    let mut end = text.len();
    while let Some(line) =
        text[start..end].trim_end_matches('\n').rsplit('\n').next().filter(|line| own(line))
    {
        end = start + text[start..end].trim_end_matches('\n').len() - line.len();
    }
    Some(trim(&text[start..end])).filter(|between| end < text.len() && !between.is_empty())
}

/// The report in a message, behind whatever words.
fn report(message: &str, named: Runtime, sdk: Runtime, limits: &ParseLimits) -> Option<Parsed<'static>> {
    let inner = parse_text(message, named, sdk, limits)
        .or_else(|| super::behind_head(message, named, sdk, limits))?;
    let shown = inner.exceptions.iter().any(|each| !each.frames.is_empty());
    (shown || inner.runtime == Runtime::Shell).then(|| inner.into_owned())
}

/// Words of those who run programs for others.
const RUN_WORDS: [&str; 12] = [
    "failed",
    "exit",
    "stderr",
    "standard error",
    "traceback",
    "raised",
    "crash",
    "due to",
    "unknown:",
    "exception",
    "error executing",
    "error in ",
];

fn tells_of_a_run(head: &str) -> bool {
    let head = head[..head.floor_char_boundary(HEAD_BYTES_MAX)].to_ascii_lowercase();
    let is_report = head.contains('/') || head.trim_start().starts_with("file \"");
    is_report || RUN_WORDS.iter().any(|word| head.contains(word))
}

/// Whether what is quoted is a failure of its own and not the same in part.
fn is_other(inner: &Parsed<'_>, parsed: &Parsed<'_>) -> bool {
    let [inner_name, name] =
        [inner, parsed].map(|each| each.exceptions.first().map_or("", |first| &*first.error_type));
    match inner.runtime {
        // A command that a program of Node.js called failed for the program's reasons.
        Runtime::Shell => matches!(
            parsed.runtime,
            Runtime::Java | Runtime::DotNet | Runtime::Go | Runtime::Rust | Runtime::Python
        ),
        Runtime::Native if inner_name.is_empty() => parsed.runtime != Runtime::Native,
        // A message may have a line that looks like a frame.
        Runtime::Python if !text::is_error_name(inner_name) && !is_python_builtin(short_type(inner_name)) => {
            false
        }
        _ => !inner_name.is_empty() && inner_name != name,
    }
}

/// Whether the exception may be one that only says what another one said.
fn carries(runtime: Runtime, reported: &ParsedException<'_>) -> bool {
    let name = reported.short_type();
    let carrying =
        [Runtime::Python, Runtime::JavaScript, Runtime::Java, Runtime::DotNet, Runtime::Go, Runtime::Rust];
    if runtime != Runtime::Unknown && !carrying.contains(&runtime) {
        return false;
    }
    match runtime_of(&reported.error_type, "") {
        Some(Runtime::Python) => CARRIERS.contains(&name),
        Some(Runtime::JavaScript) => false,
        _ => runtime != Runtime::Python || CARRIERS.contains(&name) || !is_python_builtin(name),
    }
}

/// `Type: message` in the first line of a message or in its last.
fn within(message: &str, reported: &ParsedException<'_>) -> Option<Quoted> {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let last = message.lines().rev().take(LINES_MAX).find(|line| !line.trim().is_empty());
    let last = last.filter(|_| message.contains("  File \""));
    let is_told = tells_of_a_run(first);
    let (runtime, error_type, message) =
        [Some(first), last].into_iter().flatten().find_map(|line| in_line(line, reported.short_type()))?;
    let exception = ParsedException {
        error_type: Cow::Owned(error_type.to_owned()),
        message: Cow::Owned(message.to_owned()),
        ..ParsedException::default()
    };
    let parsed = Parsed { runtime, exceptions: vec![exception], ..Parsed::default() };
    Some(Quoted { parsed, is_told })
}

/// The first `Type: message` or `Type('message')` of a line, of a type that is known.
fn in_line<'l>(line: &'l str, reported: &str) -> Option<(Runtime, &'l str, &'l str)> {
    let line = &line[..line.floor_char_boundary(LINE_BYTES_MAX)];
    let signs = line.bytes().enumerate().filter(|(_, byte)| matches!(byte, b':' | b'('));
    signs.take(SIGNS_MAX).find_map(|(at, sign)| {
        let start =
            line[..at].rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_')).map_or(0, |i| i + 1);
        let error_type = line.get(start..at).filter(|name| *name != reported && !name.is_empty())?;
        let before = line[..start].trim_end_matches(' ');
        let apart =
            before.is_empty() || before.ends_with([':', '(', '"', '\'', '[', ']', '-', '>', '|', ',']);
        let message = match sign {
            b':' => line[at + 1..].strip_prefix(' ').filter(|message| !message.trim().is_empty())?.trim(),
            _ => shown(&line[start..], error_type)?,
        };
        let quote = line[..start].chars().next_back().filter(|c| matches!(c, '"' | '\''));
        // What a program quotes of a text is no exception; `"KeyError('x')"` is one.
        let apart = apart && (quote.is_none() || sign == b'(');
        Some((runtime_of(error_type, message).filter(|_| apart)?, error_type, message))
    })
}

/// `Type: message` in the last line of several, of a type that is known.
pub(super) fn last_line(text: &str) -> Option<(&str, &str)> {
    let shows = |line: &&str| !line.trim().is_empty() && !line.starts_with(['<', '>', '`']);
    let line = text.lines().rev().take(LINES_MAX).find(shows)?;
    let (error_type, message) = text::split_type(line).filter(|(_, message)| !message.is_empty())?;
    let is_last = trim(text).len() > line.trim().len();
    (is_last && runtime_of(error_type, message).is_some()).then_some((error_type, message))
}

/// The message in what Python shows of an exception: `ValueError('bad')`. A key keeps its quotes, as its message does.
fn shown<'t>(text: &'t str, error_type: &str) -> Option<&'t str> {
    let inner = text.strip_prefix(error_type)?.strip_prefix('(')?;
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let end = inner[1..].rfind(quote)? + 1;
    let behind = inner[end + 1..].trim_start_matches(',');
    if !behind.starts_with(')') {
        return None;
    }
    Some(if short_type(error_type) == "KeyError" { &inner[..=end] } else { &inner[1..end] })
}

/// A client's message without the type that stands beside it: `ValueError: bad` and `ValueError('bad')` are `bad`.
pub(super) fn untitled<'m>(message: &'m str, error_type: Option<&str>) -> &'m str {
    let Some(error_type) = error_type.map(trim).filter(|name| !name.is_empty()) else { return message };
    let trimmed = trim(message);
    let titled = |name: &str| {
        let rest = trimmed.strip_prefix(name)?;
        let behind = rest.strip_prefix(": ").map(str::trim_start).filter(|rest| !rest.is_empty());
        behind.or_else(|| shown(trimmed, name).filter(|_| trimmed.ends_with(')')))
    };
    titled(error_type).or_else(|| titled(short_type(error_type))).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use proptest::prelude::*;

    const NODE: &str = "/tmp/a.js:1\nf()\n^\n\nReferenceError: f is not defined\n    at Object.<anonymous> (/tmp/a.js:1:1)\n    at node:internal/main/run_main_module:28:49\n";
    const SYNTAX: &str =
        "  File \"/tmp/a.py\", line 1\n    print('a'\n         ^\nSyntaxError: '(' was never closed\n";

    fn found(raw: &RawException<'_>) -> (Runtime, String, String) {
        let parsed = parse(raw);
        let first = &parsed.exceptions[0];
        (parsed.runtime, first.short_type().to_owned(), first.message.clone().into_owned())
    }

    #[test]
    fn the_failure_that_a_platform_quotes_decides() {
        let goroutine = "goroutine 34 [running]:\ngo.opentelemetry.io/otel/sdk/trace.recordStackTrace()\n\t/go/pkg/mod/sdk/trace/span.go:530 +0x1b\n";
        let java = |said: &str| {
            format!(
                "com.acme.RunException: Script exited with code 1. stderr:\n{said}\tat com.acme.Runner.await(Runner.java:9)\n\tat com.acme.Jobs.run(Jobs.java:7)\n"
            )
        };
        let python = "Traceback (most recent call last):\n  File \"/opt/platform/worker.py\", line 9, in handle\n    raise RunError(\"user code failed:\\n\" + stderr)\nplatform.RunError: user code failed:\n";
        for (error_type, message, stack, expected) in [
            (
                "RunException",
                "Script exited with code 1",
                java(NODE),
                (Runtime::JavaScript, "ReferenceError", "f is not defined"),
            ),
            (
                "RunException",
                "Script exited with code 1",
                java(SYNTAX),
                (Runtime::Python, "SyntaxError", "'(' was never closed"),
            ),
            (
                "RunException",
                "Script exited with code 127",
                java("bash: line 2: ffmpeg: command not found\n"),
                (Runtime::Shell, "RunException", "ffmpeg: command not found"),
            ),
            (
                "RunError",
                "user code failed",
                format!("{python}{NODE}"),
                (Runtime::JavaScript, "ReferenceError", "f is not defined"),
            ),
            (
                "*errors.errorString",
                &format!("run job 8: container exited with code 1: {SYNTAX}"),
                goroutine.to_owned(),
                (Runtime::Python, "SyntaxError", "'(' was never closed"),
            ),
            (
                "AgentExecutionError",
                "Code execution failed at line 'run()' due to: KeyError: 'price'",
                String::new(),
                (Runtime::Python, "KeyError", "'price'"),
            ),
            ("Exception", "KeyError('price')", String::new(), (Runtime::Python, "KeyError", "'price'")),
        ] {
            let raw = RawException {
                error_type: Some(error_type),
                message: Some(message),
                stacktrace: Some(&stack).filter(|stack| !stack.is_empty()).map(String::as_str),
                ..RawException::default()
            };
            let by = parse(&raw).quoted_by;
            // Python's reports are found in whatever stands around them.
            if expected.0 != Runtime::Python || stack.is_empty() {
                assert_eq!(by.as_deref().map(short_type), Some(short_type(error_type)), "{stack}");
            }
            let (runtime, error_type, message) = found(&raw);
            if runtime == Runtime::Shell {
                assert_eq!((runtime, &*message), (expected.0, expected.2), "{stack}");
            } else {
                assert_eq!((runtime, &*error_type, &*message), expected, "{stack}");
            }
        }
    }

    #[test]
    fn what_a_program_quotes_is_its_data() {
        let stack = "Traceback (most recent call last):\n  File \"/tmp/main.py\", line 2, in <module>\n    raise ValueError(f\"no subject, body was {body}\")\nValueError: no subject, body was TypeError: x is not a function\n";
        let raw = RawException { stacktrace: Some(stack), ..RawException::default() };
        assert_eq!((found(&raw).1.as_str(), parse(&raw).quoted_by), ("ValueError", None));
        let raw = RawException {
            error_type: Some("ValueError"),
            message: Some("cannot read 'KeyError: x'"),
            ..raw
        };
        assert_eq!(found(&raw).1, "ValueError");
    }

    #[test]
    fn a_type_that_only_one_runtime_has_tells_more_than_the_platforms_language() {
        for (error_type, message, runtime) in [
            ("ModuleNotFoundError", "No module named 'polars'", Runtime::Python),
            ("json.decoder.JSONDecodeError", "Expecting value", Runtime::Python),
            ("ValueError", "invalid literal for int() with base 10: 'x'", Runtime::Python),
            ("TypeError", "Cannot read properties of undefined (reading 'id')", Runtime::JavaScript),
            ("java.lang.NullPointerException", "", Runtime::Java),
            ("System.InvalidOperationException", "no elements", Runtime::DotNet),
            // Platforms have these as well.
            ("RuntimeError", "job 7 failed", Runtime::Go),
            ("TypeError", "bad", Runtime::Go),
        ] {
            let (error_type, message) = (Some(error_type), Some(message));
            let raw =
                RawException { error_type, message, sdk_language: Some("go"), ..RawException::default() };
            assert_eq!(found(&raw).0, runtime, "{error_type:?}");
        }
    }

    #[test]
    fn a_message_is_read_without_the_type_before_it() {
        for (message, error_type, expected) in [
            ("ValueError: bad", "ValueError", "bad"),
            ("ValueError('bad')", "ValueError", "bad"),
            ("KeyError('price')", "builtins.KeyError", "'price'"),
            ("ValueError: bad", "KeyError", "ValueError: bad"),
            ("ValueError", "ValueError", "ValueError"),
            ("ValueError: ", "ValueError", "ValueError: "),
            ("ValueErrors: bad", "ValueError", "ValueErrors: bad"),
        ] {
            assert_eq!(untitled(message, Some(error_type)), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(
            message in "(.{0,40}|[\u{e9}'\"(): \n]|KeyError\\(|TypeError: |java\\.lang\\.E|\tat a|   at b|: line 2: ){0,12}",
            stack in "(.{0,20}|\n|\tat a\\.B|Traceback \\(most recent call last\\):|  File \"a\", line 1|KeyError: 'x'){0,10}",
        ) {
            let raw = RawException { error_type: Some("E"), message: Some(&message), stacktrace: Some(&stack), ..RawException::default() };
            assert!(!parse(&raw).exceptions.is_empty());
        }
    }
}
