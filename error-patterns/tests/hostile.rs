//! Texts made to be slow: pieces of the formats over and over, cut anywhere, for every runtime. What is asked is that
//! parsing stays linear and its result bounded, with slack enough for a busy machine.

use error_patterns::model::{Parsed, RawException};
use error_patterns::{ParseLimits, parse};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const LANGUAGES: [Option<&str>; 22] = [
    Some("python"),
    Some("node"),
    Some("java"),
    Some("bash"),
    Some("go"),
    Some("rust"),
    Some("dotnet"),
    Some("ruby"),
    Some("php"),
    Some("c++"),
    Some("r"),
    Some("perl"),
    Some("lua"),
    Some("sql"),
    Some("haskell"),
    Some("ocaml"),
    Some("erlang"),
    Some("pascal"),
    Some("fortran"),
    Some("octave"),
    Some("lisp"),
    None,
];

/// What a text starts with, so that a parser takes it.
const STARTS: [&str; 15] = [
    "{\"stderr\": \"Traceback (most recent call last):\\n",
    "Traceback (most recent call last): File \"a.py\", line 3, in f x ",
    "web | Error: x\nweb |     at f (a.js:1:2)\n",
    "",
    "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    x\n",
    "2026-11-26 07:08:57 | Traceback (most recent call last):\n2026-11-26 07:08:57 |   File \"a.py\", line 3, in f\n",
    "ValueError      Traceback (most recent call last)\n",
    "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 3, in f\n",
    "======= FAILURES =======\n_______ f _______\n",
    "Error: x\n    at f (a.js:1:2)\n",
    "a.js:3\n  x\n  ^\n\n",
    "error: Uncaught (in promise) TypeError: x\n",
    "1 | x\n    ^\nerror: x\n",
    "java.lang.IllegalStateException: x\n\tat a.B.c(B.java:3)\n",
    "AggregateError {\n  [errors]: [\n",
];

/// What then comes over and over.
const UNITS: [&str; 90] = [
    " at f (a",
    " at a:1 ",
    " File \"",
    "\\n",
    "\\\\",
    "\\\"",
    "&lt;",
    "&",
    "[0m",
    "web | x\n",
    "(",
    ")",
    "at ",
    "\n    at ",
    "\n\tat ",
    "\"",
    "'",
    "`",
    ":",
    ": ",
    ":1",
    "1 | ",
    "[",
    "{",
    "@",
    ".",
    "/",
    "\\",
    " in ",
    "-",
    "=",
    "^",
    "^\n",
    "|",
    "  | \n",
    "File \"",
    "  File \"a\", line 1, in f\n",
    "Caused by: ",
    "\nCaused by: a.B: x",
    "\n[cause]: Error: x {",
    "\n  [errors]: [",
    "Traceback (most recent call last):\n",
    "Traceback (most recent call last)",
    "  + Exception Group Traceback (most recent call last):\n",
    "  +-+---------------- 1 ----------------\n",
    "During handling of the above exception, another exception occurred:\n",
    "ValueError: x\n",
    "ValueError: x:\nTraceback (most recent call last):\n",
    "----> 3 x\n",
    "Cell In[3], line 7, in f(x)\n",
    "E   ValueError: x\na.py:3: in f\n",
    "======= FAILURES =======\n",
    "Fatal Python error: x\n",
    "    at f (a.js:1:2)\n",
    "    at f (eval at g (",
    "(eval at ",
    "f@http://a/b.js:1:2\n",
    "1 | x\n    ^\nError: y\n",
    "error: Uncaught x\n",
    "\na.ts(3,5): error TS2322: x",
    "FATAL ERROR: x\n",
    " line 1",
    " at a line 1, near ",
    "a.lua:1: ",
    " (local '",
    "make: *** ",
    "AWarning: x\n",
    "> x\n",
    "<pre>",
    "[4 lines omitted]\n",
    "Fatal error: exception A(",
    "** (A) x\n",
    "a.exs:1: ",
    "exception error: {",
    "a.hs:1:2: error: ",
    "CallStack (from HasCallStack):\n",
    "Runtime error 2 at $",
    "a.pas(1,2) Error: x",
    "a.f90:1:2:\n",
    "error: called from\n",
    "Unhandled A in thread #<",
    "a: b: ",
    "ERROR:  x at character ",
    "     Failure/Error: x\n",
    "1) A::b\n",
    "\u{1b}[31m",
    "\r",
    "\u{e9}",
    "\u{d55c}\u{3000}",
    "\0",
];

const BYTES: usize = 100_000;
/// A quadratic step over so many bytes takes minutes; a linear one a few milliseconds.
const TIME_MAX: Duration = Duration::from_secs(5);

fn parsed<'a>(text: &'a str, language: Option<&'a str>) -> Parsed<'a> {
    let raw = RawException { stacktrace: Some(text), language, ..RawException::default() };
    let start = Instant::now();
    let parsed = parse(&raw);
    let shown: String = text.chars().take(80).collect();
    assert!(start.elapsed() < TIME_MAX, "{language:?} took {:?} for {shown:?}", start.elapsed());
    parsed
}

fn assert_bounded(parsed: &Parsed<'_>, text: &str) {
    let limits = ParseLimits::default();
    assert!(!parsed.exceptions.is_empty() && parsed.exceptions.len() <= limits.exceptions);
    for (at, exception) in parsed.exceptions.iter().enumerate() {
        assert!(exception.frames.len() <= limits.frames_inner + limits.frames_outer);
        assert!(exception.message.len() <= text.len() + 16 && exception.error_type.len() <= text.len());
        assert!(exception.parent.is_none_or(|parent| parent < parsed.exceptions.len() && parent != at));
    }
}

#[test]
fn repetitions_cost_linear_time() {
    for start in STARTS {
        for unit in UNITS {
            let text = format!("{start}{}", unit.repeat(BYTES / unit.len()));
            for language in [Some("python"), Some("node"), None] {
                assert_bounded(&parsed(&text, language), &text);
            }
        }
    }
}

#[test]
fn a_long_message_costs_linear_time() {
    let line = "some words of a message, with (brackets), \"quotes\" and a place at f (x.js:1:2)\n";
    for (head, tail) in [
        ("Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    x\nValueError: ", "\n"),
        ("Error: ", "    at f (a.js:1:2)\n"),
        ("java.lang.IllegalStateException: ", "\tat a.B.c(B.java:3)\n"),
    ] {
        let text = format!("{head}{}{tail}", line.repeat(BYTES / line.len()));
        for language in LANGUAGES {
            assert_bounded(&parsed(&text, language), &text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Two units in turn, cut at any byte.
    #[test]
    fn mixed_repetitions_are_bounded(
        start in 0..STARTS.len(),
        first in 0..UNITS.len(),
        second in 0..UNITS.len(),
        times in 1..200_usize,
        cut in 0..64_usize,
        language in 0..LANGUAGES.len(),
    ) {
        let text = format!("{}{}", STARTS[start], format!("{}{}", UNITS[first], UNITS[second]).repeat(times));
        let mut end = text.len().saturating_sub(cut);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text.get(..end).unwrap();
        assert_bounded(&parsed(text, LANGUAGES[language]), text);
    }
}
