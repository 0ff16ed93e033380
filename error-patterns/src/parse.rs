//! From a report's text to exceptions and frames.
//!
//! Each runtime's format is one file under `parse/`. A parser takes plain text and says what it understood, or
//! `None` when the text has no shape of its runtime. This module picks the parser, completes its result with what
//! the client said, and marks whose code each frame is. It must not know about masking or grouping.
//! Never fails, never panics; work and memory are bounded by [`ParseLimits`].

mod dotnet;
mod ended;
mod envelope;
mod erlang;
mod fortran;
mod go;
mod haskell;
mod java;
mod javascript;
mod lisp;
mod lua;
mod native;
mod ocaml;
mod octave;
mod pascal;
mod perl;
mod php;
mod python;
mod r;
mod record;
mod ruby;
mod rust;
mod shell;
#[cfg(test)]
mod shown;
mod sql;
mod text;
pub(crate) mod tools;
mod usual;
mod wrapped;

use crate::ast;
use crate::bytes::is_capital_name;
use crate::frames;
use crate::messages;
use crate::model::{Frame, Origin, Parsed, ParsedException, RawException, Relation, Runtime, short_type};
use aho_corasick::AhoCorasick;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

pub(crate) use javascript::is_system_code;
pub(crate) use shell::exit_status;
use text::Text;
pub(crate) use text::{floor, trim};

/// Bounds of a parse. What lies past one of them is left out and [`Parsed::truncated`] is set.
#[derive(Clone, Copy, Debug)]
pub struct ParseLimits {
    /// Bytes of the text that are read.
    pub bytes: usize,
    /// Lines that are read; of longer texts the first and the last half of that many.
    pub lines: usize,
    /// Exceptions of a chain that are kept.
    pub exceptions: usize,
    /// Frames nearest to the raise site that are kept.
    pub frames_inner: usize,
    /// Frames nearest to the entry point that are kept.
    pub frames_outer: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { bytes: 1024 * 1024, lines: 8192, exceptions: 32, frames_inner: 192, frames_outer: 64 }
    }
}

/// What a runtime's parser understood.
#[derive(Debug, Default)]
struct Outcome<'a> {
    exceptions: Vec<ParsedException<'a>>,
    /// The text ended in the middle of a frame.
    truncated: bool,
}

impl Outcome<'_> {
    fn into_owned(self) -> Outcome<'static> {
        let exceptions = self.exceptions.into_iter().map(ParsedException::into_owned).collect();
        Outcome { exceptions, truncated: self.truncated }
    }
}

type Parser = for<'a> fn(&Text<'a>) -> Option<Outcome<'a>>;

/// Every runtime's parser, the ones with the plainest marks first: where no hint helps, the first that
/// understands the text wins.
const PARSERS: [(Runtime, Parser); 21] = [
    (Runtime::Python, python::parse),
    (Runtime::Rust, rust::parse),
    (Runtime::Go, go::parse),
    (Runtime::Php, php::parse),
    (Runtime::DotNet, dotnet::parse),
    (Runtime::Java, java::parse),
    (Runtime::JavaScript, javascript::parse),
    (Runtime::Ruby, ruby::parse),
    (Runtime::R, r::parse),
    (Runtime::Erlang, erlang::parse),
    (Runtime::Ocaml, ocaml::parse),
    (Runtime::Haskell, haskell::parse),
    (Runtime::Fortran, fortran::parse),
    (Runtime::Pascal, pascal::parse),
    (Runtime::Lisp, lisp::parse),
    (Runtime::Lua, lua::parse),
    (Runtime::Octave, octave::parse),
    (Runtime::Sql, sql::parse),
    (Runtime::Perl, perl::parse),
    (Runtime::Native, native::parse),
    (Runtime::Shell, shell::parse),
];

/// Runtimes whose reports all have one of some texts: where there are none, their parsers are not asked. Most texts have none,
/// and one search for all of them costs less than a few.
const MARKED: [(Runtime, &[&str]); 10] = [
    (Runtime::Erlang, erlang::MARKS),
    (Runtime::Ocaml, ocaml::MARKS),
    (Runtime::Haskell, haskell::MARKS),
    (Runtime::Fortran, fortran::MARKS),
    (Runtime::Pascal, pascal::MARKS),
    (Runtime::Lisp, lisp::MARKS),
    (Runtime::Lua, lua::MARKS),
    (Runtime::Octave, octave::MARKS),
    (Runtime::Sql, sql::MARKS),
    (Runtime::Perl, perl::MARKS),
];

/// A search for all these texts, and for each of them its runtime.
static MARKS: LazyLock<(AhoCorasick, Vec<Runtime>)> = LazyLock::new(|| {
    let all = || MARKED.iter().flat_map(|(runtime, marks)| marks.iter().map(move |mark| (*mark, *runtime)));
    let search = AhoCorasick::new(all().map(|(mark, _)| mark)).expect("a few short texts");
    (search, all().map(|(_, runtime)| runtime).collect())
});

/// The runtimes that have a mark in a text, as bits.
fn marked(text: &str) -> u32 {
    let (search, runtimes) = &*MARKS;
    search.find_overlapping_iter(text).fold(0, |bits, found| bits | bit(runtimes[found.pattern().as_usize()]))
}

fn bit(runtime: Runtime) -> u32 {
    1 << runtime as u32
}

/// Parses an exception with the default limits.
#[must_use]
pub fn parse<'a>(raw: &RawException<'a>) -> Parsed<'a> {
    parse_within(raw, &ParseLimits::default())
}

/// Parses an exception.
///
/// The runtime is the one the client names when the text has its shape, else the one whose shape the text has,
/// else the named one, else the SDK's. The text is the stack trace, or the message when the stack trace tells
/// nothing. Type and message of the text win over the client's, which fill what the text lacks. Where a snippet came
/// with it, the failing statement is tagged.
#[must_use]
pub fn parse_within<'a>(raw: &RawException<'a>, limits: &ParseLimits) -> Parsed<'a> {
    let mut parsed = read(raw, limits);
    for exception in &mut parsed.exceptions {
        frames::assign_origins(parsed.runtime, &mut exception.frames);
    }
    parsed.ast = ast::tags(raw, &parsed);
    parsed
}

/// Parses an exception for grouping by the built-in rules, which of a user's program need no more than the frames
/// between the raise site and the first of its own code: whose code others are is not said.
pub(crate) fn parse_for_grouping<'a>(raw: &RawException<'a>) -> Parsed<'a> {
    if raw.snippet.is_some() {
        return parse(raw);
    }
    let mut parsed = read(raw, &ParseLimits::default());
    for exception in &mut parsed.exceptions {
        frames::assign_ends(parsed.runtime, &mut exception.frames);
    }
    parsed
}

/// Parses an exception, but for whose code its frames are and for its snippet.
fn read<'a>(raw: &RawException<'a>, limits: &ParseLimits) -> Parsed<'a> {
    let raw =
        &RawException { message: raw.message.map(|text| wrapped::untitled(text, raw.error_type)), ..*raw };
    let named = raw.language.map_or(Runtime::Unknown, runtime_named);
    let sdk = raw.sdk_language.map_or(Runtime::Unknown, runtime_named);
    let mut texts = [raw.stacktrace, raw.message].into_iter().flatten().filter(|text| !trim(text).is_empty());
    let found = texts.find_map(|text| {
        let parsed = parse_text(text, named, sdk, limits);
        let parsed = parsed.or_else(|| behind_head(text, named, sdk, limits))?;
        // A line of a shell's is another program's where the client names an exception of Python's, say.
        let is_other = parsed.runtime == Runtime::Shell
            && named != Runtime::Shell
            && raw.error_type.is_some_and(|client| {
                wrapped::runtime_of_client(trim(client), raw.message.unwrap_or_default()).is_some()
            });
        (!is_other).then_some((text, parsed))
    });
    let (text, mut parsed) = found.unwrap_or_else(|| ("", formless(raw, named, limits)));
    if let Some(reported) =
        parsed.exceptions.first_mut().filter(|reported| reported.message.contains("<Signals.SIG"))
    {
        reported.message = Cow::Owned(ended::plain(&reported.message));
    }
    let said = parsed.exceptions.first().map(|reported| reported.message.clone()).unwrap_or_default();
    complete(&mut parsed, raw, text);
    match wrapped::quoted(&parsed, raw, text, &said, [named, sdk], limits) {
        Some(inner) if may_quote(&inner, raiser(&mut parsed)) => {
            let by = parsed.exceptions.first().map(|reported| reported.error_type.clone());
            Parsed { quoted_by: by, ..inner.parsed }
        }
        _ => parsed,
    }
}

/// Whose code raised the exception, and under which name.
fn raiser<'p>(parsed: &'p mut Parsed<'_>) -> Option<(Origin, &'p str)> {
    let reported = parsed.exceptions.first_mut()?;
    frames::assign_origins(parsed.runtime, &mut reported.frames);
    Some((reported.frames.first()?.origin, short_type(&reported.error_type)))
}

/// Whether what an exception quotes is a failure that something else had: what a user's own program quotes are its data, and a
/// library that does not like a value says what it made of it.
fn may_quote(inner: &wrapped::Quoted, raiser: Option<(Origin, &str)>) -> bool {
    let is_shown = inner.parsed.exceptions.iter().any(|each| !each.frames.is_empty());
    match raiser {
        Some((Origin::Program, _)) => inner.is_told,
        Some((Origin::Library, "ValueError")) => is_shown,
        _ => true,
    }
}

/// The runtime a client means by `exec.language`, `process.runtime.name` or `telemetry.sdk.language`.
#[must_use]
pub fn runtime_named(name: &str) -> Runtime {
    // Clients mostly send one of these few names as they are.
    match name {
        "python" => return Runtime::Python,
        "nodejs" | "node" | "javascript" | "typescript" => return Runtime::JavaScript,
        "java" => return Runtime::Java,
        "bash" | "sh" | "shell" => return Runtime::Shell,
        _ => {}
    }
    let lower = name.trim().to_ascii_lowercase();
    let word = lower
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '#' | '.'))
        .next()
        .unwrap_or("");
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match bare {
        "python" | "cpython" | "pypy" | "ipython" | "jupyter" | "py" | "micropython" | "sage" => {
            Runtime::Python
        }
        "nodejs" | "node" | "node.js" | "javascript" | "typescript" | "js" | "ts" | "webjs" | "deno"
        | "bun" | "browser" | "ecmascript" => Runtime::JavaScript,
        "java" | "kotlin" | "scala" | "groovy" | "clojure" | "openjdk" | "jvm" | "android" | "graalvm"
        | "hotspot" => Runtime::Java,
        "bash" | "sh" | "zsh" | "dash" | "ksh" | "shell" | "fish" | "console" => Runtime::Shell,
        "go" | "golang" => Runtime::Go,
        "rust" | "rustc" | "rs" => Runtime::Rust,
        "dotnet" | ".net" | "csharp" | "c#" | "fsharp" | "f#" | "vb" | "mono" => Runtime::DotNet,
        "ruby" | "jruby" | "truffleruby" | "rb" => Runtime::Ruby,
        "php" => Runtime::Php,
        "c" | "c++" | "cpp" | "cxx" | "native" | "objc" | "gcc" | "clang" | "g++" | "cc" | "kernel"
        | "linux" | "cocoa" => Runtime::Native,
        "r" | "rscript" => Runtime::R,
        "perl" => Runtime::Perl,
        "lua" | "luajit" | "luau" => Runtime::Lua,
        "sql" | "sqlite" | "postgresql" | "postgres" | "psql" | "mysql" | "mariadb" | "oracle" | "plsql"
        | "tsql" | "mssql" | "duckdb" => Runtime::Sql,
        "haskell" | "ghc" | "runghc" | "hs" => Runtime::Haskell,
        "ocaml" => Runtime::Ocaml,
        "erlang" | "elixir" | "beam" | "escript" => Runtime::Erlang,
        "pascal" | "fpc" | "freepascal" | "delphi" => Runtime::Pascal,
        "fortran" | "gfortran" => Runtime::Fortran,
        "octave" | "matlab" => Runtime::Octave,
        "lisp" | "commonlisp" | "sbcl" | "clisp" => Runtime::Lisp,
        _ if lower.starts_with("common lisp") => Runtime::Lisp,
        _ if lower.contains("openjdk") || lower.contains("java hotspot") => Runtime::Java,
        _ => Runtime::Unknown,
    }
}

/// Parses one text with the named runtime's parser, then with the others; `None` when it has no shape at all.
fn parse_text<'a>(text: &'a str, named: Runtime, sdk: Runtime, limits: &ParseLimits) -> Option<Parsed<'a>> {
    match text::dedented(text::plain(text)) {
        Cow::Borrowed(text) => parse_plain(&Text::new(text, limits), named, sdk, limits),
        Cow::Owned(text) => {
            parse_plain(&Text::new(&text, limits), named, sdk, limits).map(Parsed::into_owned)
        }
    }
}

/// Words that only a report's line has, wherever it begins.
const IN_LINES: [&str; 6] = ["File \"", ": line ", "panic: ", ": error: ", "error[E", "\tat "];
/// Places in the first line where a report may begin.
const HEADS_MAX: usize = 6;

/// The same of a text without what was written before its first line: a prompt, a tool's words, a stream's name.
fn behind_head<'a>(text: &'a str, named: Runtime, sdk: Runtime, limits: &ParseLimits) -> Option<Parsed<'a>> {
    let line = &text[..text.find('\n').unwrap_or(text.len())];
    let line = &line[..line.floor_char_boundary(limits.bytes.min(LINE_BYTES_MAX))];
    if !IN_LINES.iter().any(|mark| line.contains(mark)) {
        return None;
    }
    let bytes = line.as_bytes();
    let places = memchr::memchr_iter(b' ', bytes)
        .filter(|at| matches!(bytes[at - usize::from(*at > 0)], b':' | b']' | b'>'));
    let mut starts = places.take(HEADS_MAX).map(|at| at + 1);
    starts.find_map(|start| parse_text(&text[start..], named, sdk, limits))
}

/// Bytes of a first line that may have a head.
const LINE_BYTES_MAX: usize = 1024;

/// The same of a text that may have been wrapped on its way.
fn parse_plain<'a>(
    text: &Text<'a>,
    named: Runtime,
    sdk: Runtime,
    limits: &ParseLimits,
) -> Option<Parsed<'a>> {
    let Some(opened) = envelope::open(text) else { return parse_lines(text, named, sdk, limits) };
    let inner = parse_lines(&Text::new(&opened.text, limits), named, sdk, limits).map(Parsed::into_owned);
    if opened.sure && inner.is_some() {
        return inner;
    }
    let outer = parse_lines(text, named, sdk, limits);
    let frames = |parsed: &Option<Parsed<'_>>| {
        parsed
            .iter()
            .flat_map(|parsed| &parsed.exceptions)
            .map(|exception| exception.frames.len())
            .sum::<usize>()
    };
    if frames(&inner) > frames(&outer) { inner } else { outer }
}

/// The same of a text as it was printed.
fn parse_lines<'a>(
    text: &Text<'a>,
    named: Runtime,
    sdk: Runtime,
    limits: &ParseLimits,
) -> Option<Parsed<'a>> {
    let first = if named == Runtime::Unknown && has_stack_of(sdk, text) { sdk } else { named };
    // A shell's own lines are short and plain: where another runtime's stack stands among them, it is the failure.
    let hinted = PARSERS.iter().filter(|(runtime, _)| *runtime == first && first != Runtime::Shell);
    let marks = OnceCell::new();
    let may_be = |runtime: Runtime| {
        let needs_mark = MARKED.iter().any(|(marked, _)| *marked == runtime);
        !needs_mark || marks.get_or_init(|| marked(text.all())) & bit(runtime) != 0
    };
    let others = PARSERS
        .iter()
        .filter(|(runtime, _)| (*runtime != first || first == Runtime::Shell) && may_be(*runtime));
    let mut read = hinted.chain(others).filter_map(|(runtime, parser)| Some((*runtime, parser(text)?)));
    let framed = |outcome: &Outcome<'_>| outcome.exceptions.iter().any(|each| !each.frames.is_empty());
    // One line is no stack: another program on the same output may have printed it.
    let aside = |runtime: Runtime, outcome: &Outcome<'_>| {
        runtime != first && matches!(runtime, Runtime::Java | Runtime::JavaScript) && !framed(outcome)
    };
    let found = match read.next() {
        Some((runtime, outcome)) if aside(runtime, &outcome) => match first {
            Runtime::Shell => read.find(|(runtime, outcome)| !aside(*runtime, outcome)),
            _ => Some(read.find(|(_, outcome)| framed(outcome)).unwrap_or((runtime, outcome))),
        },
        found => found,
    };
    let (runtime, outcome) =
        found.or_else(|| (named == Runtime::Shell).then(|| (Runtime::Shell, shell::any(text))))?;
    Some(bounded(runtime, outcome, text, limits))
}

/// Whether a text has the lines of a runtime's own stack, and none of what a Python program printed to it: then the
/// SDK's runtime is the text's, and no other parser need look.
fn has_stack_of(sdk: Runtime, text: &Text<'_>) -> bool {
    let python = || text.has("Traceback (most recent call last)");
    match sdk {
        Runtime::Python => python(),
        Runtime::Java => text.has("\n\tat ") && !python(),
        Runtime::JavaScript => text.has("\n    at ") && !python(),
        _ => false,
    }
}

/// Applies the limits on exceptions and frames, and puts the reported exception first.
fn bounded<'a>(runtime: Runtime, outcome: Outcome<'a>, text: &Text<'_>, limits: &ParseLimits) -> Parsed<'a> {
    let mut truncated = outcome.truncated || text.cut;
    let mut exceptions = outcome.exceptions;
    if exceptions.len() > limits.exceptions {
        exceptions.truncate(limits.exceptions);
        truncated = true;
    }
    if let Some(reported) = exceptions.first_mut() {
        (reported.relation, reported.parent) = (Relation::Reported, None);
    }
    let kept = exceptions.len();
    for exception in &mut exceptions {
        if exception.parent.is_some_and(|parent| parent >= kept) {
            exception.parent = Some(0);
        }
        let frames = &mut exception.frames;
        if frames.len() > limits.frames_inner + limits.frames_outer {
            frames.drain(limits.frames_inner..frames.len() - limits.frames_outer);
            truncated = true;
        }
    }
    Parsed { runtime, exceptions, truncated, ..Parsed::default() }
}

/// What remains for a text without a shape: what a tool said in it, else its words are the message, and a first line
/// `Type: message` its type.
fn formless<'a>(raw: &RawException<'a>, named: Runtime, limits: &ParseLimits) -> Parsed<'a> {
    let of_type = || wrapped::runtime_of_client(trim(raw.error_type?), raw.message.unwrap_or_default());
    let runtime = match named {
        Runtime::Unknown => {
            of_type().unwrap_or_else(|| raw.sdk_language.map_or(Runtime::Unknown, runtime_named))
        }
        // They have no types of exceptions.
        Runtime::Go | Runtime::Rust => of_type().unwrap_or(named),
        known => known,
    };
    let mut exception = ParsedException::default();
    let both = [raw.stacktrace, raw.message].into_iter().flatten().filter(|text| !text.trim().is_empty());
    if let Some((code, words)) = both.clone().find_map(ended::by_signal).filter(|_| both.clone().all(is_end))
    {
        (exception.code, exception.message) = (Cow::Borrowed(code), Cow::Borrowed(words));
        return Parsed { runtime: Runtime::Shell, exceptions: vec![exception], ..Parsed::default() };
    }
    let text = raw.stacktrace.filter(|text| !text.trim().is_empty()).or(raw.message).unwrap_or_default();
    let head = floor(text, limits.bytes);
    (exception.error_type, exception.message) = headed(said(head, limits), typed);
    // The message is the client's own where it is beside a type or a stack without a shape, which adds nothing.
    let client = raw.message.filter(|_| raw.error_type.is_some() || raw.stacktrace.is_some());
    let client = client.map(|message| said(message, limits));
    if let Some(message) = client.filter(|message| !tools::unwrapped(message).is_empty()) {
        let split = if raw.error_type.is_some() { untyped } else { typed };
        (exception.error_type, exception.message) = headed(message, split);
    }
    if exception.error_type.is_empty()
        && raw.error_type.is_none_or(|client| messages::words().is_vague(trim(client)))
        && let Some((error_type, message)) = wrapped::last_line(head)
    {
        // Of what was cut at its beginning the last line is whole.
        (exception.error_type, exception.message) = (Cow::Borrowed(error_type), Cow::Borrowed(message));
    }
    let runtime = match raw.error_type.filter(|client| !trim(client).is_empty()) {
        None if named == Runtime::Unknown => {
            wrapped::runtime_of(&exception.error_type, &exception.message).unwrap_or(runtime)
        }
        _ => runtime,
    };
    let vague = raw.error_type.is_none_or(|client| messages::words().is_vague(trim(client)));
    if let Some(told) = told(runtime, &exception.message).map(str::to_owned) {
        exception.message = Cow::Owned(told);
        // A runner's word for it says less than no type.
        exception.error_type = Cow::Borrowed(if vague { "Error" } else { "" });
    }
    if vague
        && exception.error_type.is_empty()
        && let Some(implied) = messages::built_in().implied_type(runtime, &exception.message)
    {
        exception.error_type = Cow::Owned(implied.to_owned());
    }
    let truncated = head.len() < text.len();
    Parsed { runtime, exceptions: vec![exception], truncated, ..Parsed::default() }
}

/// Whether a text says no more than how a program ended.
fn is_end(text: &str) -> bool {
    ended::by_signal(text).is_some() || tools::unwrapped(text).is_empty()
}

/// What a line says that may be a runtime's, but has not its shape for certain.
fn told(runtime: Runtime, message: &str) -> Option<&str> {
    let line = |said: fn(&str) -> Option<&str>| message.lines().take(TOLD_LINES_MAX).find_map(said);
    match runtime {
        Runtime::Unknown => tools::told(message)
            .or_else(|| tools::workflow(message))
            .or_else(|| line(|line| perl::said(line, false)))
            .or_else(|| line(sql::said)),
        Runtime::Python => tools::workflow(message),
        Runtime::Perl => line(|line| perl::said(line, false)),
        Runtime::Sql => line(sql::said),
        Runtime::Octave => line(octave::said),
        Runtime::Haskell => Some(haskell::said(message)).filter(|said| said.len() < message.len()),
        _ => None,
    }
}

/// Lines of a text without a shape that are looked at for the one that tells.
const TOLD_LINES_MAX: usize = 256;

/// A plain text without what it was put into for certain.
fn said<'a>(text: &'a str, limits: &ParseLimits) -> Cow<'a, str> {
    let text = text::plain(text);
    let opened = envelope::open(&Text::new(&text, limits)).filter(|opened| opened.sure);
    opened.map_or(text, |opened| Cow::Owned(opened.text))
}

/// A type and the message behind it.
type Head<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Splits a text, without what a runner wrote before it.
fn headed<'a>(text: Cow<'a, str>, split: fn(&str) -> Head<'_>) -> Head<'a> {
    match text {
        Cow::Borrowed(text) => split(tools::unwrapped(text)),
        Cow::Owned(text) => {
            let (error_type, message) = split(tools::unwrapped(&text));
            (Cow::Owned(error_type.into_owned()), Cow::Owned(message.into_owned()))
        }
    }
}

fn untyped(text: &str) -> Head<'_> {
    (Cow::Borrowed(""), Cow::Borrowed(text))
}

fn typed(text: &str) -> Head<'_> {
    match text::split_type(text) {
        Some((word, message)) if text::is_error_name(word) => (Cow::Borrowed(word), Cow::Borrowed(message)),
        _ => (Cow::Borrowed(""), Cow::Borrowed(text)),
    }
}

/// Fills what the text lacks with the client's type and message; not with a message that is the text itself.
fn complete<'a>(parsed: &mut Parsed<'a>, raw: &RawException<'a>, text: &str) {
    if parsed.exceptions.is_empty() {
        parsed.exceptions.push(ParsedException::default());
    }
    let truncated = parsed.truncated;
    let reported = &mut parsed.exceptions[0];
    let has_stack = !reported.frames.is_empty();
    // Words above a stack of V8 that name no type may be anything, the rest of a cut line as well.
    let unnamed = parsed.runtime == Runtime::JavaScript
        && has_stack
        && reported.error_type.is_empty()
        && raw.error_type.is_some();
    if let Some(client) = raw.error_type.map(trim).filter(|client| !client.is_empty()) {
        let longer =
            || client.len() > reported.error_type.len() && short_type(client) == reported.short_type();
        // Of `ValueErr` at the end of a text the rest was cut off.
        let cut = reported.message.is_empty()
            && short_type(client).starts_with(&*reported.error_type)
            && !text::is_error_name(&reported.error_type);
        if reported.error_type.is_empty() || cut || longer() {
            reported.error_type = text::plain(client);
        }
        let diagnostic = is_diagnostic(client);
        if reported.code.is_empty() && (diagnostic || is_code(client)) {
            reported.code = text::plain(client);
        }
        if reported.error_type == client && (diagnostic || messages::words().is_compilation(client)) {
            reported.error_type = Cow::Borrowed("CompilationError");
        }
    }
    let message = raw.message.filter(|message| !has_stack || *message != text);
    if let Some(client) = message.map(text::plain) {
        let client_trimmed = trim(&client);
        let ours: &str = &reported.message;
        // The text's message runs on into later output, or was cut: the client's is the exact one.
        let runs_on = !client_trimmed.is_empty()
            && ours.len() > client_trimmed.len()
            && ours.starts_with(client_trimmed);
        let was_cut = truncated && client_trimmed.starts_with(ours);
        let was_joined = || {
            let lines = client_trimmed.split_once('\n');
            lines.is_some_and(|(first, _)| ours.starts_with(first) && !ours.contains('\n'))
        };
        if ours.is_empty() && !(has_stack && says_other(reported, raw))
            || runs_on
            || was_cut
            || unnamed && !client_trimmed.is_empty()
            || was_joined()
        {
            reported.message = match client {
                Cow::Borrowed(message) => Cow::Borrowed(text::trim_end(message)),
                Cow::Owned(message) => Cow::Owned(message.trim_end().to_owned()),
            };
        }
    }
}

/// Whether a client's type is another than the text's: what a runner says of its own error is not the program's message.
fn says_other(reported: &ParsedException<'_>, raw: &RawException<'_>) -> bool {
    let client = short_type(raw.error_type.map_or("", trim));
    !client.is_empty() && client != reported.short_type() && client != reported.code
}

/// Whether a client's type is a code like `ENOENT` or `ERR_REQUIRE_ESM` rather than a type's name.
fn is_code(word: &str) -> bool {
    word.len() >= 3 && is_capital_name(word.as_bytes())
}

/// Whether a client's type is the number of a compiler's message: `TS2322`, `CS0103`, `E0308`.
fn is_diagnostic(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    matches!(&word[..word.len() - digits.len()], "TS" | "CS" | "FS" | "BC" | "E")
        && (3..=5).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// What a runtime said whose stack is not read.
fn frameless<'a>(error_type: &'a str, message: &'a str) -> Outcome<'a> {
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message),
        ..ParsedException::default()
    };
    Outcome { exceptions: vec![exception], truncated: false }
}

/// A frame with a file and a place in it.
#[inline(always)]
fn located<'a>(function: &'a str, file: &'a str, line: Option<u32>, column: Option<u32>) -> Frame<'a> {
    Frame { function: Cow::Borrowed(function), file: Cow::Borrowed(file), line, column, ..Frame::default() }
}

#[cfg(test)]
mod tests;
