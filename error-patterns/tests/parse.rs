//! Real reports of real programs, one file each under `tests/inputs/<runtime>/`, with what is read from them and
//! how they are classified as snapshots; and properties that hold for any text at all.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use error_patterns::model::{Parsed, RawException};
use error_patterns::{ParseLimits, classify, parse, parse_within};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const RUNTIMES: [&str; 21] = [
    "python",
    "javascript",
    "java",
    "shell",
    "go",
    "rust",
    "dotnet",
    "ruby",
    "php",
    "native",
    "r",
    "perl",
    "lua",
    "sql",
    "haskell",
    "ocaml",
    "erlang",
    "pascal",
    "fortran",
    "octave",
    "lisp",
];

struct Input {
    runtime: &'static str,
    name: String,
    text: String,
}

fn inputs() -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let mut inputs = Vec::new();
    for runtime in RUNTIMES {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.join(runtime)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            inputs.push(Input {
                runtime,
                name: file.file_stem().unwrap().to_string_lossy().into_owned(),
                text,
            });
        }
    }
    inputs
}

fn raw<'a>(text: &'a str, language: Option<&'a str>) -> RawException<'a> {
    RawException { stacktrace: Some(text), language, ..RawException::default() }
}

fn render(raw: &RawException<'_>, parsed: &Parsed<'_>) -> String {
    let found = classify(raw, parsed);
    let taxonomy = &found.taxonomy;
    let mut out = format!(
        "{} / {} / {} / {} (severity {})\n",
        taxonomy.runtime,
        taxonomy.phase.as_str(),
        taxonomy.error_type,
        if taxonomy.cause.is_empty() { "-" } else { &taxonomy.cause },
        found.severity
    );
    if parsed.truncated {
        out.push_str("truncated\n");
    }
    for (i, exception) in parsed.exceptions.iter().enumerate() {
        let code = if exception.code.is_empty() { String::new() } else { format!(" [{}]", exception.code) };
        let parent = exception.parent.map(|parent| format!(" of {parent}")).unwrap_or_default();
        writeln!(out, "\n{i} {:?}{parent}: {}{code}", exception.relation, exception.error_type).unwrap();
        writeln!(out, "  {:?}", exception.message).unwrap();
        for frame in &exception.frames {
            let owner = if frame.module.is_empty() { String::new() } else { format!(" of {}", frame.module) };
            write!(out, "  {:11} {}{owner} @ {}", format!("{:?}", frame.origin), frame.function, frame.file)
                .unwrap();
            for number in [frame.line, frame.column].into_iter().flatten() {
                write!(out, ":{number}").unwrap();
            }
            if let Some(source) = &frame.source {
                write!(out, " | {source}").unwrap();
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn reads_real_reports() {
    for input in inputs() {
        let raw = raw(&input.text, Some(input.runtime));
        let parsed = parse(&raw);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{}__{}", input.runtime, input.name), render(&raw, &parsed));
        });
    }
}

/// The reporter's language is not the failed program's: the text wins.
#[test]
fn the_text_tells_its_runtime() {
    for input in inputs() {
        let named = parse(&raw(&input.text, Some(input.runtime)));
        for wrong in ["python", "nodejs", "java", "ruby"] {
            let hinted = RawException { sdk_language: Some(wrong), ..raw(&input.text, None) };
            let found = parse(&hinted);
            let shaped = !named.exceptions[0].frames.is_empty();
            if shaped {
                assert_eq!(
                    found.runtime, named.runtime,
                    "{}/{} reported by {wrong}",
                    input.runtime, input.name
                );
                assert_eq!(found.exceptions[0].frames.len(), named.exceptions[0].frames.len());
            }
        }
    }
}

type Wrap = fn(&str) -> String;

/// Ways that a report may be wrapped on its way to a client.
const WRAPPINGS: [(&str, Wrap); 8] = [
    ("json", |text| serde_json::json!({ "level": "error", "stderr": text }).to_string()),
    ("json in json", |text| serde_json::json!({ "log": serde_json::json!([text]).to_string() }).to_string()),
    ("a literal of Python", |text| {
        let inner = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
        format!("{{'exit_code': 1, 'stderr': b'{}'}}", inner.replace('\u{1b}', "\\x1b"))
    }),
    ("rsyslog", |text| text.trim_end().replace('\n', "#012").replace('\t', "#011")),
    ("html", |text| {
        let inner =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        format!("<pre>{}</pre>", inner.replace('\'', "&#x27;"))
    }),
    ("lines of docker compose", |text| each_line(text, |_, line| format!("web-1  | {line}"))),
    ("lines of syslog", |text| {
        each_line(text, |n, line| {
            format!("Mar {:2} 10:15:{:02} host-3 runner[812]: {line}", 8 + n % 5, n % 60)
        })
    }),
    ("colours without their escape", |text| each_line(text, |_, line| format!("[31m{line}[0m"))),
];

fn each_line(text: &str, wrap: fn(usize, &str) -> String) -> String {
    text.lines().enumerate().map(|(n, line)| wrap(n, line) + "\n").collect()
}

#[test]
fn reads_what_was_wrapped() {
    for (wrapping, wrap) in WRAPPINGS {
        for Input { runtime, name, text } in inputs() {
            // What stands before a single line may be its own.
            let single = text.trim_end().lines().count() == 1;
            if wrapping.starts_with("lines") && single {
                continue;
            }
            let show = |text: &str| {
                let raw = raw(text, Some(runtime));
                render(&raw, &parse(&raw))
            };
            assert_eq!(show(&wrap(&text)), show(&text), "{runtime}/{name} in {wrapping}");
        }
    }
}

#[test]
fn leaves_what_only_looks_wrapped() {
    for message in [
        "jq: error: \"a\\nb\" cannot be parsed as a number",
        "convert: unrecognized color `#012abc' @ error/color.c/GetColorCompliance/1064",
        "cat: C:\\new\\notes.txt: No such file or directory",
    ] {
        assert_eq!(parse(&raw(message, Some("bash"))).exceptions[0].message, message);
    }
}

#[test]
fn reads_stacks_that_were_joined_to_one_line() {
    let python = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 9, in <module>\n    total(rows)\n  File \
                  \"/srv/b.py\", line 3, in total\n    raise ValueError(\"no rows\")\nValueError: no rows\n";
    let java = "Exception in thread \"main\" java.lang.IllegalStateException: at most (one)\n\tat a.B.f(B.java:3)\n\t\
                at a.B.main(B.java:9)\nCaused by: java.io.IOException: closed\n\tat a.C.g(C.java:7)\n\t... 1 more\n";
    let node = "TypeError: Look at this (not) is not a function\n    at f (/srv/a.js:1:2)\n    at new G (file:///srv/b.mjs:3:4)\n    \
                at node:internal/main/run_main_module:28:49\n";
    for (language, text) in [("python", python), ("java", java), ("node", node)] {
        let shown = |text: &str| {
            let parsed = parse(&raw(text, Some(language)));
            let frames = |frames: &[error_patterns::model::Frame<'_>]| {
                frames.iter().map(|frame| format!("{}@{}", frame.function, frame.file)).collect::<Vec<_>>()
            };
            let exceptions = parsed.exceptions.iter();
            exceptions
                .map(|each| format!("{}: {} {:?}", each.error_type, each.message, frames(&each.frames)))
                .collect::<Vec<_>>()
        };
        for between in [" | ", " "] {
            let joined = text.lines().map(str::trim).collect::<Vec<_>>().join(between);
            assert_eq!(shown(&joined), shown(text), "joined by {between:?}");
        }
    }
}

#[test]
fn completes_what_the_text_lacks() {
    let raw = RawException {
        error_type: Some("json.decoder.JSONDecodeError"),
        message: Some("Expecting value: line 1 column 1 (char 0)"),
        stacktrace: Some(
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x\nJSONDecodeError: Expecting value: line 1 column 1 (char 0)\nbye\n",
        ),
        ..RawException::default()
    };
    let parsed = parse(&raw);
    assert_eq!(parsed.exceptions[0].error_type, "json.decoder.JSONDecodeError");
    assert_eq!(parsed.exceptions[0].short_type(), "JSONDecodeError");
    assert_eq!(parsed.exceptions[0].message, "Expecting value: line 1 column 1 (char 0)");

    let cut =
        RawException { stacktrace: Some("Traceback (most recent call last):\n  File \"a.py\", li"), ..raw };
    assert_eq!(parse(&cut).exceptions[0].message, "Expecting value: line 1 column 1 (char 0)");

    let cut = RawException {
        stacktrace: Some("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x\nJSONDec"),
        ..raw
    };
    assert_eq!(parse(&cut).exceptions[0].short_type(), "JSONDecodeError");

    let beheaded = RawException {
        stacktrace: Some("ous> (/srv/a.js:1:2)\n    at f (/srv/a.js:2:3)\n    at g (/srv/a.js:4:5)"),
        ..raw
    };
    assert_eq!(parse(&beheaded).exceptions[0].message, "Expecting value: line 1 column 1 (char 0)");

    let beheaded = RawException {
        stacktrace: Some(
            "  File \"a.py\", line 1, in f\n    x()\n  File \"b.py\", line 2, in x\n    y\nKeyError: 'k'\n",
        ),
        ..RawException::default()
    };
    let parsed = parse(&beheaded);
    assert_eq!((parsed.exceptions[0].short_type(), parsed.exceptions[0].frames.len()), ("KeyError", 2));

    // A message that is the whole report is not the exception's, nor is what a runner says of its own.
    let report = "java.lang.NullPointerException\n\tat Main.main(Main.java:3)\n";
    let inside = RawException { message: Some(report), ..RawException::default() };
    let beside = RawException {
        error_type: Some("ExecutionError"),
        message: Some("exit code 1"),
        stacktrace: Some(report),
        ..RawException::default()
    };
    for raw in [inside, beside] {
        let parsed = parse(&raw);
        assert_eq!(
            (parsed.exceptions[0].short_type(), &*parsed.exceptions[0].message),
            ("NullPointerException", "")
        );
    }

    let trimmed = RawException {
        stacktrace: Some(
            "Traceback (most recent call last):\nFile \"a.py\", line 9, in <module>\nf()\n\
             [Previous line repeated 3 more times]\nFile \"a.py\", line 1, in f\nx: int = y\nNameError: name 'y'\n",
        ),
        ..RawException::default()
    };
    let parsed = parse(&trimmed);
    assert_eq!((parsed.exceptions[0].short_type(), parsed.exceptions[0].frames.len()), ("NameError", 2));

    let bare = RawException {
        error_type: Some("ENOENT"),
        message: Some("no such file"),
        language: Some("node"),
        ..RawException::default()
    };
    let parsed = parse(&bare);
    assert_eq!(classify(&bare, &parsed).taxonomy.error_type, "ENOENT");
    assert_eq!(classify(&bare, &parsed).taxonomy.cause, "PathIssue");
}

#[test]
fn keeps_to_its_limits() {
    let limits = ParseLimits { bytes: 40_000, lines: 500, exceptions: 3, frames_inner: 5, frames_outer: 2 };
    let deep: String = (0..400).map(|i| format!("\tat com.acme.A{i}.f(A.java:{i})\n")).collect();
    let chain: String = (0..9)
        .map(|i| format!("Caused by: com.acme.E{i}Exception: x\n\tat com.acme.B.g(B.java:1)\n"))
        .collect();
    let text = format!("com.acme.TopException: top\n{deep}{chain}");
    let parsed = parse_within(&raw(&text, None), &limits);
    assert!(parsed.truncated);
    assert_eq!(parsed.exceptions.len(), 3);
    assert_eq!(parsed.exceptions[0].frames.len(), 7);
    assert_eq!(parsed.exceptions[0].frames[0].line, Some(0));
    assert_eq!(parsed.exceptions[0].frames[6].line, Some(399));
}

#[test]
fn reads_a_huge_message_whole() {
    let message = "\u{d55c}\u{ad6d}\u{c5b4} x ".repeat(12_000);
    let text = format!(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: {message}end"
    );
    let parsed = parse(&raw(&text, Some("python")));
    assert_eq!(parsed.exceptions[0].message.len(), message.len() + 3);
    assert_eq!(parsed.exceptions[0].error_type, "ValueError");
}

/// What must hold for the result of any text.
fn check(text: &str, language: Option<&str>, client: Option<&str>) {
    let raw = RawException { error_type: client, message: client, ..raw(text, language) };
    let limits = ParseLimits::default();
    let parsed = parse_within(&raw, &limits);
    assert!(!parsed.exceptions.is_empty());
    assert!(parsed.exceptions.len() <= limits.exceptions);
    for (i, exception) in parsed.exceptions.iter().enumerate() {
        assert_eq!(exception.parent.is_none(), i == 0, "only the reported exception has no parent: {text:?}");
        assert!(exception.parent.is_none_or(|parent| parent < parsed.exceptions.len()));
        assert!(exception.frames.len() <= limits.frames_inner + limits.frames_outer);
        assert!(!exception.message.contains('\u{1b}') || client.is_some());
        // Nothing is made of a text that is longer than it: joined lines gain a line's end each.
        let bytes = 2 * (text.len() + client.map_or(0, str::len)) + 64;
        for part in [&exception.error_type, &exception.message, &exception.code] {
            assert!(part.len() <= bytes);
        }
        for frame in &exception.frames {
            let source = frame.source.as_deref().unwrap_or_default();
            for part in [&*frame.function, &*frame.module, &*frame.file, source] {
                assert!(part.len() <= bytes);
            }
        }
    }
    let found = classify(&raw, &parsed);
    assert!((1..=5).contains(&found.severity));
    assert_eq!(found, classify(&raw, &parsed.clone().into_owned()));
}

/// Every input cut at many places, with its own hint and without one.
#[test]
fn survives_cut_reports() {
    for input in inputs() {
        let step = (input.text.len() / 60).max(1);
        for at in (0..input.text.len()).step_by(step) {
            let (head, tail) = input.text.as_bytes().split_at(at);
            for part in [head, tail] {
                let part = String::from_utf8_lossy(part);
                check(&part, Some(input.runtime), None);
                check(&part, None, Some("Error: x"));
            }
        }
    }
}

/// Four times the text takes about four times as long, whatever is repeated. Clocks of busy machines are coarse, so only
/// what grows with the square of the text is seen.
#[test]
fn takes_time_in_proportion_to_the_text() {
    let took = |text: &str, runtime: &str| {
        let start = Instant::now();
        let parsed = parse(&raw(text, Some(runtime)));
        assert!(!parsed.exceptions.is_empty());
        start.elapsed()
    };
    for input in inputs() {
        let short = input.text.repeat(60_000 / input.text.len().max(1) + 1);
        let long = short.repeat(4);
        let least = |text: &str| (0..2).map(|_| took(text, input.runtime)).min().unwrap();
        let (short, long) = (least(&short), least(&long));
        assert!(long < 16 * short + Duration::from_millis(400), "{}: {short:?}, {long:?}", input.name);
    }
    for piece in PIECES {
        let short = piece.repeat(30_000 / piece.len() + 1);
        let long = short.repeat(4);
        for runtime in RUNTIMES {
            let (short, long) = (took(&short, runtime), took(&long, runtime));
            assert!(
                long < 16 * short + Duration::from_millis(400),
                "{piece:?} {runtime}: {short:?}, {long:?}"
            );
        }
    }
}

/// Two reports in one text, in both orders.
#[test]
fn survives_joined_reports() {
    let inputs = inputs();
    for (i, first) in inputs.iter().enumerate() {
        for second in inputs.iter().skip(i % 5).step_by(5) {
            check(&format!("{}{}", first.text, second.text), Some(first.runtime), None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), runtime in 0..RUNTIMES.len()) {
        let text = String::from_utf8_lossy(&bytes);
        check(&text, Some(RUNTIMES[runtime]), None);
        check(&text, None, Some(&text));
    }

    /// Pieces of the formats, put together at random: far more likely than bytes to get deep into a parser.
    #[test]
    fn survives_any_mix_of_pieces(picks in prop::collection::vec(0..PIECES.len(), 0..40), runtime in 0..RUNTIMES.len()) {
        let text: String = picks.iter().map(|i| PIECES[*i]).collect();
        check(&text, Some(RUNTIMES[runtime]), None);
        check(&text, None, None);
        for (_, wrap) in WRAPPINGS {
            check(&wrap(&text), Some(RUNTIMES[runtime]), None);
        }
        check(&text.replace('\n', " "), Some(RUNTIMES[runtime]), None);
    }
}

const PIECES: [&str; 112] = [
    "\\n",
    "\\\\n",
    "\\",
    "\\u00e9",
    "\\x1b[31m",
    "{\"stderr\": \"",
    "\"}",
    "b'",
    "&lt;",
    "&amp;quot;",
    "<br>",
    "[31m",
    "[0m",
    "web-1  | ",
    "\n",
    "\n\n",
    "    ",
    "  ",
    "\t",
    " ",
    ":",
    ": ",
    "(",
    ")",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "\u{1b}[31m",
    "\r\n",
    "\u{e9}",
    "\u{d55c}",
    "Traceback (most recent call last):\n",
    "  File \"a.py\", line 3, in f\n",
    "ValueError",
    "^^^~~",
    "+-+---------------- 1 ----------------\n",
    "  | ",
    "  + Exception Group Traceback (most recent call last):\n",
    "During handling of the above exception, another exception occurred:\n",
    "The above exception was the direct cause of the following exception:\n",
    "Cell In[3], line 7",
    ", in f(x)",
    "----> 3 x\n",
    "\"\"\"\n",
    "KeyError      Traceback (most recent call last)\n",
    "    at f (a.js:1:2)\n",
    "    at async a.js:1:2",
    " {\n",
    "  [cause]: Error: x\n",
    "  [errors]: [\n",
    "[Error: x]",
    "  code: 'ENOENT',\n",
    "\tat a.b.C.d(C.java:3)\n",
    "Caused by: a.b.CException: x\n",
    "\t... 3 more\n",
    "Suppressed: ",
    "Exception in thread \"main\" ",
    "goroutine 1 [running]:\n",
    "panic: x",
    " [recovered]\n",
    "main.f(0x1)\n",
    "thread 'main' panicked at ",
    "src/main.rs:1:2:\n",
    "   3: core::f\n",
    "error[E0308]: x\n --> a.rs:1:2\n",
    "   at A.B(String x) in a.cs:line 3\n",
    " ---> System.IO.IOException: x\n",
    "a.rb:3:in 'f': x (E)\n",
    "\tfrom a.rb:3:in 'g'\n",
    "PHP Fatal error:  Uncaught E: x in a.php:3\n",
    "#0 a.php(3): f()\n",
    "==1==ERROR: AddressSanitizer: x on y\n",
    "    #0 0x1 in f a.c:1:2\n",
    "a.sh: line 3: x: y\n",
    "Error in f(x) : y\nCalls: a -> b\n",
    "Wrapped by: a.b.CException: y\n",
    "Suppressed: reactor.core.publisher.FluxOnAssembly$OnAssemblyException: \n",
    "[CIRCULAR REFERENCE: a.b.CException]\n",
    "|  Exception a.b.CException: x\n",
    "|        at f (#1:1)\n",
    "A.java:3: error: x\n",
    "-- [E006] Not Found Error: A.scala:3:2 ---\n",
    "  |  ^\n",
    "1. ERROR in A.java (at line 3)\n",
    "[ERROR] A.java:[3,4] x\n",
    "# A fatal error has been detected by the Java Runtime Environment:\n",
    "==1== Invalid read of size 4\n==1==    at 0x1: f (a.c:1)\n",
    "[    1.000001][    T1] BUG: KASAN: x in f+0x1/0x2\n",
    "Call Trace:\n",
    " f+0x1/0x2 a.c:3\n",
    "panic: x\nStopped at f+0x1: y\n",
    "f(1) at f+0x1\n",
    "bt#00: 0x1 f a.cpp:1\n",
    "0x1 : 0x2 mach_kernel : _f + 0x3\n",
    "terminate called after throwing an instance of 'E'\n",
    "  what():  x\n",
    "#00 pc 0001  /a.so (f+1)\n",
    "CMake Error at a.txt:3 (f):\n  x\n",
    "At line:1 char:1\n+ x\n    + FullyQualifiedErrorId : E\n",
    "+ cp a b\n",
    "a.sh: line 3: 7 Killed  x\n",
    "a.sh[3]: f[1]: x: not found\n",
    "--- FAIL: T (0.00s)\n    a_test.go:3: x\n",
    "goroutine 7 [select]:\n",
    "---> (Inner Exception #1) System.IO.IOException: y<---\n",
    "  at A.B (String x) [0x1] in <a>:0 \n",
    "[object] (E(code: 0): x at a.php:3)\n[stacktrace]\n",
    "<b>Fatal error</b>:  x in <b>a.php</b> on line <b>3</b><br />\n",
    "Error in `f()`:\n! x\nCaused by error in `g()`:\n! y\nBacktrace:\n 1. f()\n 2. g()\n",
];
