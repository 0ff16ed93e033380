//! Java, Kotlin, Scala and Android: stack traces of the JVM, launcher errors, and the compilers' diagnostics.
//!
//! Reads each line once. What it reads from a line is in `java/frame.rs`, compilers are in `java/diagnostics.rs`,
//! JShell in `java/jshell.rs`, JUnit's list of failures in `java/junit.rs`.

mod diagnostics;
mod frame;
mod jshell;
mod junit;

use super::text::{self, Text, indent};
use super::{Outcome, ParseLimits, usual};
use crate::model::{Frame, ParsedException, Relation};
use frame::{COROUTINE, JvmLine, frame};
use memchr::{memchr, memrchr};
use std::borrow::Cow;

/// Lines at the start of a text without frames where a header is searched.
const HEADER_LINES_MAX: usize = 64;
/// Lines between a header and its first frame, for a header that stands behind another stack.
const MESSAGE_LINES_MAX: usize = 32;
/// Words of a line of a log where a type is searched.
const WORDS_MAX: usize = 64;

/// Parses a JVM report; `None` when the text has no JVM frame, header or compiler diagnostic.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let found = stack(text);
    let framed = |found: &Outcome<'_>| found.exceptions.iter().any(|exception| !exception.frames.is_empty());
    if !found.as_ref().is_some_and(framed)
        && let Some(plain) = junit::plain(text)
    {
        return stack(&Text::new(&plain, &ParseLimits::default())).map(Outcome::into_owned);
    }
    found.or_else(|| jshell::parse(text)).or_else(|| diagnostics::parse(text)).or_else(|| launcher(text))
}

/// Reads a line as a frame.
#[inline(never)]
fn frame_line(line: &str) -> Option<Frame<'_>> {
    line[indent(line)..].strip_prefix("at ").and_then(frame)
}

/// What a line of a stack trace that is no frame is.
enum Line<'a> {
    /// `Caused by: ` and the like, with what follows.
    Marked(Mark, &'a str),
    /// `... 3 more`, `[CIRCULAR REFERENCE: ...]`, `- locked <0x1>`: ends a message, tells nothing itself.
    Gap,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Cause,
    Suppressed,
    /// Root cause first: this one wraps the one before.
    Wraps,
}

fn read(line: &str) -> Line<'_> {
    let rest = &line[indent(line)..];
    let mark =
        |mark: Mark, words: &str| rest.strip_prefix(words).map_or(Line::Other, |rest| marked(mark, rest));
    let is_gap = match rest.as_bytes().first() {
        Some(b'C') => return mark(Mark::Cause, "Caused by: "),
        Some(b'S') => return mark(Mark::Suppressed, "Suppressed: "),
        Some(b'W') => return mark(Mark::Wraps, "Wrapped by: "),
        Some(b'.') => rest.strip_prefix("... ").is_some_and(is_omission),
        Some(b'-') => rest.starts_with("- locked <") || rest.starts_with("- waiting "),
        Some(b'[') => rest.starts_with("[CIRCULAR REFERENCE"),
        _ => false,
    };
    if is_gap { Line::Gap } else { Line::Other }
}

fn marked(mark: Mark, rest: &str) -> Line<'_> {
    if rest.starts_with("[CIRCULAR REFERENCE") { Line::Gap } else { Line::Marked(mark, rest) }
}

/// `3 more`, `12 common frames omitted`, `suppressed 5 lines`, `4 frames truncated`.
fn is_omission(rest: &str) -> bool {
    let words = rest.trim_end();
    ["more", "omitted", "truncated", "excluded", "lines", "elided"].iter().any(|end| words.ends_with(end))
}

/// An exception whose header was read, with its place in the chain.
struct Open<'a> {
    exception: ParsedException<'a>,
    indent: usize,
    /// Line and part of the line where the message starts, until the first frame ends it.
    message: Option<(usize, &'a str)>,
    mark: Option<Mark>,
}

/// The exceptions of one report, while its lines are read.
#[derive(Default)]
struct Chain<'a> {
    found: Vec<Open<'a>>,
    /// Frames of an exception that libraries only add for people, see [`Aside`].
    aside: Option<(Aside, Vec<Frame<'a>>)>,
    /// The report is of an exception that nothing caught.
    uncaught: bool,
    /// Line behind the last one that told something.
    end: usize,
}

impl<'a> Chain<'a> {
    fn open(&mut self, text: &Text<'a>, at: usize, header: &Header<'a>, mark: Option<Mark>) {
        self.close(text, at);
        let indent = indent(text.line(at));
        let parent = match mark {
            _ if self.found.is_empty() => None,
            // A suppressed exception is printed one step inside its owner.
            Some(Mark::Suppressed) => self.found.iter().rposition(|open| open.indent < indent),
            _ => self.found.iter().rposition(|open| open.indent <= indent),
        };
        self.found.push(Open {
            exception: ParsedException {
                error_type: Cow::Borrowed(header.error_type),
                relation: match mark {
                    None => Relation::Reported,
                    Some(Mark::Suppressed) => Relation::Suppressed,
                    Some(_) => Relation::Cause,
                },
                parent: (!self.found.is_empty()).then(|| parent.unwrap_or(0)),
                ..ParsedException::default()
            },
            indent,
            message: Some((at, header.message)),
            mark,
        });
    }

    /// Ends the message of the last exception before line `end`, and what stands aside.
    fn close(&mut self, text: &Text<'a>, end: usize) {
        self.end_message(text, end);
        let Some((Aside::Owners, frames)) = self.aside.take() else { return };
        let Some(owner) = self.found.last_mut() else { return };
        if owner.exception.frames.len() < frames.len() {
            owner.exception.frames = frames;
        }
    }

    fn end_message(&mut self, text: &Text<'a>, end: usize) {
        let Some(open) = self.found.last_mut() else { return };
        if let Some((from, part)) = open.message.take() {
            open.exception.message = Cow::Borrowed(text.span(from, part, end).trim());
        }
    }

    /// The frames of the exception whose stack is being read.
    fn goes_on(&mut self) -> Option<&mut Vec<Frame<'a>>> {
        let open = self.found.last_mut().filter(|open| open.message.is_none() && self.aside.is_none())?;
        Some(&mut open.exception.frames)
    }

    fn push(&mut self, text: &Text<'a>, at: usize, frame: Frame<'a>) {
        if let Some((_, frames)) = &mut self.aside {
            frames.push(frame);
            return;
        }
        if self.found.is_empty() {
            match embedded(text, at) {
                Some((line, header)) => self.open(text, line, &header, None),
                None => self.found.push(Open {
                    exception: ParsedException::default(),
                    indent: 0,
                    message: None,
                    mark: None,
                }),
            }
        }
        self.end_message(text, at);
        if let Some(open) = self.found.last_mut() {
            let frames = &mut open.exception.frames;
            if frames.capacity() == 0 {
                frames.reserve((text.len() - at).min(32));
            }
            if !frame.module.starts_with(COROUTINE) {
                frames.push(frame);
            }
        }
    }

    /// Reads a line, of a text that has a stack or not; whether it told something.
    fn take(&mut self, text: &Text<'a>, at: usize, has_stack: bool) -> bool {
        let line = text.line(at);
        if let Some(frame) = frame_line(line) {
            self.push(text, at, frame);
            return true;
        }
        match read(line) {
            Line::Gap => self.close(text, at),
            Line::Marked(Mark::Suppressed, rest) if aside(rest).is_some() => {
                self.close(text, at);
                self.aside = aside(rest).map(|aside| (aside, vec![]));
            }
            Line::Marked(mark, rest) => match type_and_message(rest, true) {
                Some(header) if !self.found.is_empty() || header.sure => {
                    self.open(text, at, &header, Some(mark));
                }
                _ => return false,
            },
            Line::Other if self.is_in_message() => {
                if line.starts_with("Exception in thread ") {
                    restart(text, at, self);
                }
            }
            // Output behind the stack, unless another stack follows.
            Line::Other => return has_stack && restart(text, at, self),
        }
        true
    }

    fn is_in_message(&self) -> bool {
        self.aside.is_some() || self.found.last().is_some_and(|open| open.message.is_some())
    }
}

/// Suppressed exceptions that libraries add for people, to say where a call was assembled or awaited. They are no
/// part of the failure.
#[derive(Clone, Copy)]
enum Aside {
    /// The frames below are the owner's, in full.
    Owners,
    /// The frames below tell who waited.
    Waiters,
}

fn aside(rest: &str) -> Option<Aside> {
    let word = rest.split([':', ' ']).next().unwrap_or(rest);
    if word.ends_with("OnAssemblyException")
        || rest.starts_with("The stacktrace has been enhanced by Reactor")
    {
        return Some(Aside::Owners);
    }
    let waits = word.ends_with("DiagnosticCoroutineContextException")
        || rest.contains("Exception: #block terminated with an error");
    waits.then_some(Aside::Waiters)
}

fn stack<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let is_frame = |line: &str| frame_line(line).is_some();
    let mut prefixed = None;
    let mut first = text.iter().position(is_frame);
    if first.is_none()
        && let Some(prefix) = log_prefix(text)
    {
        let text = text.without_prefix(prefix);
        first = text.iter().position(is_frame);
        prefixed = Some(text);
    }
    let text = prefixed.as_ref().unwrap_or(text);
    let mut chain = Chain::default();
    let start = match first {
        Some(first) => start(text, first, &mut chain),
        None => start_without_frames(text, &mut chain)?,
    };
    let mut at = start;
    while at < text.len() {
        if let Some(frames) = chain.goes_on() {
            let from = at;
            usual::take::<JvmLine>(text, &mut at, frames);
            if at > from {
                chain.end = at;
                continue;
            }
        }
        if chain.take(text, at, first.is_some()) {
            chain.end = at + 1;
        }
        at += 1;
    }
    let end = chain.end.max(start);
    chain.close(text, end);
    let cut = text.line(text.len().saturating_sub(1)).trim_start();
    let truncated = cut.starts_with("at ") && !is_frame(cut);
    let mut exceptions = in_order(chain.found);
    if let Some(cause) = exceptions.iter().enumerate().find_map(|(i, each)| initializer(i, each)) {
        exceptions.push(cause);
    }
    Some(Outcome { exceptions, truncated })
}

/// The cause that a JVM prints as the message where a class could not be initialized before:
/// `ExceptionInInitializerError: Exception a.B: message [in thread "main"]`.
fn initializer<'a>(index: usize, exception: &ParsedException<'a>) -> Option<ParsedException<'a>> {
    if !exception.error_type.ends_with("ExceptionInInitializerError") {
        return None;
    }
    let Cow::Borrowed(message) = exception.message else { return None };
    let rest = message.strip_prefix("Exception ")?;
    let header = type_and_message(rest, true)?;
    let message = header.message.trim();
    let end = message.rfind(" [in thread ").unwrap_or(message.len());
    Some(ParsedException {
        error_type: Cow::Borrowed(header.error_type),
        message: Cow::Borrowed(&message[..end]),
        relation: Relation::Cause,
        parent: Some(index),
        ..ParsedException::default()
    })
}

/// Opens the header that belongs to the first frame: the first that is surely one, the first of a thread before all;
/// else the first that may be one. Gives the line to go on from.
fn start<'a>(text: &Text<'a>, first: usize, chain: &mut Chain<'a>) -> usize {
    let mut best: Option<(usize, Header<'a>)> = None;
    for (i, header) in text.lines_from(0).take(first).filter_map(|(i, line)| Some((i, header(line)?))) {
        let rank = |header: &Header<'_>| (header.thread, header.sure);
        if best.as_ref().is_none_or(|(_, known)| rank(known) < rank(&header)) {
            best = Some((i, header));
        }
    }
    let Some((at, header)) = best else { return first };
    chain.uncaught = header.thread;
    chain.open(text, at, &header, None);
    at + 1
}

/// The same where there is no frame: opens the first header that is surely a JVM's.
fn start_without_frames<'a>(text: &Text<'a>, chain: &mut Chain<'a>) -> Option<usize> {
    let (at, header) = text.lines_from(0).take(HEADER_LINES_MAX).find_map(|(i, line)| {
        let header = match read(line) {
            Line::Marked(_, rest) => type_and_message(rest, true),
            _ => header(line),
        }?;
        // Groovy's compiler throws what it has to say.
        let compiles = header.error_type.ends_with("CompilationErrorsException");
        (!compiles && (header.thread || header.sure && is_jvm_package(header.error_type)))
            .then_some((i, header))
    })?;
    chain.open(text, at, &header, None);
    Some(at + 1)
}

/// A later stack replaces an earlier one, which the program survived; but only an uncaught one replaces an uncaught.
fn restart<'a>(text: &Text<'a>, at: usize, chain: &mut Chain<'a>) -> bool {
    let Some(header) = header(text.line(at)).filter(|header| header.sure) else { return false };
    if chain.uncaught && !header.thread {
        return false;
    }
    let frames_follow = text
        .lines_from(at + 1)
        .take(MESSAGE_LINES_MAX)
        .any(|(_, line)| frame_line(line).is_some() || matches!(read(line), Line::Marked(Mark::Cause, _)));
    if frames_follow {
        *chain = Chain { uncaught: header.thread, ..Chain::default() };
        chain.open(text, at, &header, None);
    }
    frames_follow
}

/// The chain with the reported exception first, also where the root cause was printed first.
fn in_order(mut found: Vec<Open<'_>>) -> Vec<ParsedException<'_>> {
    if found.iter().any(|open| open.mark == Some(Mark::Wraps)) {
        found.retain(|open| open.mark != Some(Mark::Suppressed));
        found.reverse();
        for (i, open) in found.iter_mut().enumerate() {
            (open.exception.parent, open.exception.relation) = match i {
                0 => (None, Relation::Reported),
                _ => (Some(i - 1), Relation::Cause),
            };
        }
    }
    found.into_iter().map(|open| open.exception).collect()
}

/// The last word that a log wrote before a frame (`W System.err: \tat a.b(C.java:1)`).
fn log_prefix<'a>(text: &Text<'a>) -> Option<&'a str> {
    text.iter().find_map(|line| {
        let rest = &line[indent(line)..];
        let starts =
            rest.len() < line.len() && rest.starts_with("at ") && memchr(b'\t', rest.as_bytes()).is_none();
        // A line that starts with its frame has no word before it.
        if starts || memchr(b'.', line.as_bytes()).is_none() || memchr(b')', line.as_bytes()).is_none() {
            return None;
        }
        let at = line.find("\tat ").or_else(|| line.find(" at "))?;
        frame(&line[at + 4..])?;
        line[..at].split_whitespace().last().filter(|word| word.ends_with([':', '|', ']', '>', 'F']))
    })
}

/// The first line of an exception.
#[derive(Debug)]
struct Header<'a> {
    error_type: &'a str,
    message: &'a str,
    /// The type alone tells that this is an exception.
    sure: bool,
    /// Follows `Exception in thread`.
    thread: bool,
}

/// `Exception in thread "main" a.b.CException: message`, `a.b.CException: message`.
fn header(line: &str) -> Option<Header<'_>> {
    let rest = text::trim_start(line);
    let rest = rest.strip_prefix("Uncaught exception: ").unwrap_or(rest);
    if let Some(after) = rest.strip_prefix("Exception") {
        if let Some(after) = after.strip_prefix(" in thread ") {
            let after =
                after.strip_prefix('"').and_then(|a| a.split_once("\" ")).map_or(after, |(_, after)| after);
            let header = type_and_message(after, true)?;
            return Some(Header { sure: true, thread: true, ..header });
        }
        if let Some(after) = after.strip_prefix(": ") {
            let (word, _) = after.split_once(" thrown from ")?;
            return type_and_message(word, false);
        }
    }
    type_and_message(rest, false)
}

/// `a.b.CException: message`; behind a mark any type will do.
fn type_and_message(rest: &str, is_marked: bool) -> Option<Header<'_>> {
    let rest = text::trim_start(rest);
    let first = rest.as_bytes().first()?;
    if !(first.is_ascii_alphabetic() || *first >= 0x80 || *first == b'_') {
        return None;
    }
    let end = memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
    let (word, message) = rest.split_at(end);
    let word = match word.strip_suffix(':') {
        Some(word) => word,
        None if text::trim(message).is_empty() => word,
        None => return None,
    };
    let error_type = frame::without_module(word);
    let is_dotted = memchr(b'.', error_type.as_bytes()).is_some_and(|at| !error_type[at..].starts_with(".."))
        && memchr(b':', error_type.as_bytes()).is_none();
    let short = memrchr(b'.', error_type.as_bytes()).map_or(error_type, |at| &error_type[at + 1..]);
    let is_named = text::is_error_name(short);
    if !(is_dotted || is_named || is_marked) || error_type.contains('\\') || !text::is_type(word) {
        return None;
    }
    Some(Header { error_type, message: message.trim_start(), sure: is_dotted && is_named, thread: false })
}

/// A header inside a line of a log that ends just before the first frame: `ERROR [main] a.b.CException: message`.
fn embedded<'a>(text: &Text<'a>, first: usize) -> Option<(usize, Header<'a>)> {
    (first.saturating_sub(4)..first).rev().find_map(|i| {
        let line = text.line(i);
        let mut at = 0;
        for _ in 0..WORDS_MAX {
            at += memchr(b' ', &line.as_bytes()[at..])? + 1;
            if let Some(header) = type_and_message(&line[at..], false).filter(|header| header.sure) {
                return Some((i, header));
            }
        }
        None
    })
}

/// Whether a type's package is one of the JVM's world; without frames a dotted name may be Python's as well.
fn is_jvm_package(error_type: &str) -> bool {
    const ROOTS: [&str; 32] = [
        "java",
        "javax",
        "jakarta",
        "kotlin",
        "kotlinx",
        "scala",
        "groovy",
        "clojure",
        "org",
        "com",
        "io",
        "net",
        "sun",
        "jdk",
        "android",
        "androidx",
        "reactor",
        "akka",
        "cats",
        "zio",
        "edu",
        "gov",
        "de",
        "fr",
        "uk",
        "nl",
        "jp",
        "cn",
        "kr",
        "retrofit2",
        "okhttp3",
        "feign",
    ];
    error_type.split('.').next().is_some_and(|root| ROOTS.contains(&root))
}

/// `Error: Could not find or load main class X`, and what the virtual machine says before it ends.
fn launcher<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    const STARTS: [&str; 7] = [
        "Error: Could not find or load main class",
        "Error: Unable to access jarfile",
        "Error: Main method not found in class",
        "Error: LinkageError occurred while loading main class",
        "Error: Could not create the Java Virtual Machine",
        "Error occurred during initialization of VM",
        "Error: Could not find the main class",
    ];
    for (at, line) in text.lines_from(0) {
        let (error_type, message) = match line.as_bytes().first() {
            Some(b'E') if STARTS.iter().any(|start| line.starts_with(start)) => {
                let message = line.strip_prefix("Error: ").unwrap_or(line);
                ("LauncherError", text.span(at, message, text.len()))
            }
            Some(b'T') => match line.strip_prefix("Terminating due to java.lang.") {
                Some(rest) => type_and_message(rest, true).map(|h| (h.error_type, h.message))?,
                None => continue,
            },
            Some(b'#') => match fatal(text, at) {
                Some(fatal) => return Some(fatal),
                None => continue,
            },
            _ => continue,
        };
        let exception = ParsedException {
            error_type: Cow::Borrowed(error_type),
            message: Cow::Borrowed(message),
            ..ParsedException::default()
        };
        return Some(Outcome { exceptions: vec![exception], truncated: false });
    }
    None
}

/// `# A fatal error has been detected by the Java Runtime Environment:`, then the signal and the problematic frame.
fn fatal<'a>(text: &Text<'a>, at: usize) -> Option<Outcome<'a>> {
    let line = text.line(at).strip_prefix("# ")?;
    if line.starts_with("There is insufficient memory for the Java Runtime Environment") {
        let exception = ParsedException {
            error_type: Cow::Borrowed("OutOfMemoryError"),
            message: Cow::Borrowed(line.trim_end()),
            ..ParsedException::default()
        };
        return Some(Outcome { exceptions: vec![exception], truncated: false });
    }
    if !line.starts_with("A fatal error has been detected by the Java Runtime") {
        return None;
    }
    let near =
        |from: usize| (from..(from + 16).min(text.len())).map(|i| text.line(i).trim_start_matches('#'));
    let message = near(at + 1).map(str::trim).find(|line| !line.is_empty())?;
    let signal = message.split([' ', '(']).next().unwrap_or(message);
    let message = message.split(" at pc=").next().unwrap_or(message);
    let problematic =
        (at..(at + 32).min(text.len())).find(|&i| text.line(i).starts_with("# Problematic frame:"));
    let frame = problematic.and_then(|i| text.line(i + 1).strip_prefix("# ")).map(frame::native);
    let exception = ParsedException {
        error_type: Cow::Borrowed(signal),
        message: Cow::Borrowed(message),
        frames: frame.into_iter().collect(),
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}
