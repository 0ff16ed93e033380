//! Java, Kotlin, Scala and Android: stack traces of the JVM, launcher errors, and the compilers' diagnostics.

use super::text::{self, Text, indent, is_marker};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation, short_type};
use std::borrow::Cow;

/// Parses a JVM report; `None` when the text has no JVM frame, header or compiler diagnostic.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    stack(text).or_else(|| diagnostics(text)).or_else(|| launcher(text))
}

/// The last word that a log wrote before a frame (`W System.err: \tat a.b(C.java:1)`).
fn log_prefix<'a>(text: &Text<'a>) -> Option<&'a str> {
    let line = text.iter().find(|line| line.contains("\tat ") && line.ends_with(')'))?;
    let (before, _) = line.split_once("\tat ")?;
    before.split_whitespace().last().filter(|word| word.ends_with([':', '|', ']']))
}

/// An exception whose header was read, with its place in the chain.
struct Open<'a> {
    exception: ParsedException<'a>,
    indent: usize,
    /// Line and part of the line where the message starts, until the first frame ends it.
    message: Option<(usize, &'a str)>,
}

fn stack<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let prefix = log_prefix(text);
    let text = &prefix.map_or_else(|| text.same(), |prefix| text.without_prefix(prefix));
    let first = (0..text.len()).find(|&i| frame(text.line(i)).is_some());
    let has_header = || (0..text.len().min(64)).any(|i| header(text.line(i)).is_some_and(|h| h.sure));
    if first.is_none() && !has_header() {
        return None;
    }
    let mut found: Vec<Open<'a>> = Vec::new();
    let mut last = 0;
    for (i, line) in text.lines_from(0) {
        if let Some(frame) = frame(line) {
            if found.is_empty() {
                found.push(Open { exception: ParsedException::default(), indent: 0, message: None });
            }
            if let Some(open) = found.last_mut() {
                close(text, open, i);
                open.exception.frames.push(frame);
            }
        } else if ends_frames(line) {
            if let Some(open) = found.last_mut() {
                close(text, open, i);
            }
        } else if let Some(header) = header(line).filter(|h| accepts(h, &found, i, first)) {
            if let Some(open) = found.last_mut() {
                close(text, open, i);
            }
            let parent = parent(&found, &header, indent(line));
            found.push(Open {
                exception: ParsedException {
                    error_type: Cow::Borrowed(header.error_type),
                    relation: header.relation,
                    parent,
                    ..ParsedException::default()
                },
                indent: indent(line),
                message: Some((i, header.message)),
            });
        } else if found.last().is_some_and(|open| open.message.is_none()) && !line.trim().is_empty() {
            // Output after the stack.
            continue;
        }
        last = i;
    }
    if let Some(open) = found.last_mut() {
        close(text, open, last + 1);
    }
    let cut = text.line(text.len().saturating_sub(1));
    let truncated = cut.trim_start().starts_with("at ") && frame(cut).is_none();
    Some(Outcome { exceptions: found.into_iter().map(|open| open.exception).collect(), truncated })
}

fn close<'a>(text: &Text<'a>, open: &mut Open<'a>, end: usize) {
    if let Some((from, part)) = open.message.take() {
        open.exception.message = Cow::Borrowed(text.span(from, part, end).trim());
    }
}

/// Whether a header starts an exception here: inside a message only a marked one does; an unmarked one must stand
/// before the first frame, and only the first of these counts.
fn accepts(header: &Header<'_>, found: &[Open<'_>], at: usize, first: Option<usize>) -> bool {
    if header.relation != Relation::Reported {
        return !found.is_empty() || header.sure;
    }
    match first {
        Some(first) => at < first && (found.is_empty() || header.thread),
        None => found.is_empty() && header.sure,
    }
}

fn parent(found: &[Open<'_>], header: &Header<'_>, indent: usize) -> Option<usize> {
    if found.is_empty() {
        return None;
    }
    let by_indent = match header.relation {
        // A suppressed exception is printed one step inside its owner.
        Relation::Suppressed => found.iter().rposition(|open| open.indent < indent),
        _ => found.iter().rposition(|open| open.indent <= indent),
    };
    Some(by_indent.unwrap_or(0))
}

#[derive(Debug)]
struct Header<'a> {
    error_type: &'a str,
    message: &'a str,
    relation: Relation,
    /// The type alone tells that this is a JVM exception.
    sure: bool,
    /// Follows `Exception in thread`.
    thread: bool,
}

fn header(line: &str) -> Option<Header<'_>> {
    let mut rest = line.trim_start();
    let mut relation = Relation::Reported;
    let mut thread = false;
    for (mark, marked) in [
        ("Caused by: ", Relation::Cause),
        ("Suppressed: ", Relation::Suppressed),
        ("Wrapped by: ", Relation::Cause),
    ] {
        if let Some(after) = rest.strip_prefix(mark) {
            (rest, relation) = (after, marked);
        }
    }
    if let Some(after) = rest.strip_prefix("Exception in thread ") {
        let after =
            after.strip_prefix('"').and_then(|a| a.split_once("\" ")).map_or(after, |(_, after)| after);
        (rest, thread) = (after, true);
    } else if let Some(after) = rest.strip_prefix("Exception: ") {
        rest = after.split_once(" thrown from ").map_or(after, |(word, _)| word);
    }
    let (error_type, message) = text::split_type(rest)?;
    let error_type = strip_module(error_type);
    let dotted = error_type.contains('.') && !error_type.contains("..") && !error_type.contains(':');
    let named = text::is_error_name(short_type(error_type));
    if !(dotted || named || relation != Relation::Reported || thread) || error_type.contains('\\') {
        return None;
    }
    Some(Header { error_type, message, relation, sure: dotted && named || thread, thread })
}

fn ends_frames(line: &str) -> bool {
    let line = line.trim();
    (line.starts_with("... ") && (line.ends_with(" more") || line.contains(" common frames omitted")))
        || line.starts_with("[CIRCULAR REFERENCE")
}

/// `at java.base/java.util.ArrayList.get(ArrayList.java:427) ~[lib.jar:1.0]`.
fn frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim_start().strip_prefix("at ")?.trim_start();
    let open = rest.find('(')?;
    let (name, place) = rest.split_at(open);
    if name.contains(' ') || !name.contains('.') && !place.contains(".java") {
        return None;
    }
    let (place, after) = place[1..].split_once(')')?;
    if !after.is_empty() && !after.starts_with(' ') {
        return None;
    }
    let (file, number) = match text::split_number(place, ':') {
        Some((file, number)) => (file, Some(number)),
        None => (place, None),
    };
    let known = matches!(
        file,
        "Native Method" | "Unknown Source" | "SourceFile" | "Source" | "<generated>" | "Unknown"
    ) || file.starts_with("NO_SOURCE")
        || file.rsplit_once('.').is_some_and(|(_, extension)| {
            matches!(extension, "java" | "kt" | "kts" | "scala" | "groovy" | "clj" | "php" | "sc")
        });
    if !known {
        return None;
    }
    let (module, function) = text::split_owner(strip_module(name));
    let file = if matches!(file, "Native Method" | "Unknown Source" | "Unknown") { "" } else { file };
    Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) })
}

/// A name without the loader and the module that the JVM prints before it (`app//`, `java.base@17.0.1/`).
fn strip_module(name: &str) -> &str {
    match name.rfind('/') {
        Some(at) if at + 1 < name.len() && !name[at..].contains("$$Lambda") => &name[at + 1..],
        Some(at) => match name[..at].rfind('/') {
            Some(before) => &name[before + 1..],
            None => name,
        },
        None => name,
    }
}

/// `Foo.java:3: error: ';' expected`, `Foo.kt:3:5: error: ...`, `e: Foo.kt: (3, 5): ...`.
fn diagnostics<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, frame, message) = text
        .lines_from(0)
        .find_map(|(i, line)| Some((i, diagnostic(line)?)))
        .map(|(i, (frame, message))| (i, frame, message))?;
    let mut frame = frame;
    let mut end = at + 1;
    // Details (`symbol:`, `location:`, `required:`) belong to the message; source and caret do not.
    let mut details = vec![message];
    while end < text.len() && diagnostic(text.line(end)).is_none() {
        let line = text.line(end);
        let trimmed = line.trim();
        if is_marker(text.line(end + 1)) && frame.source.is_none() {
            frame.source = Some(Cow::Borrowed(trimmed));
        } else if is_detail(trimmed) {
            details.push(line);
        }
        end += 1;
    }
    let message = if details.len() > 1 { Cow::Owned(details.join("\n")) } else { Cow::Borrowed(message) };
    let exception = ParsedException {
        error_type: Cow::Borrowed("CompilationError"),
        message,
        frames: vec![frame],
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

fn is_detail(line: &str) -> bool {
    ["symbol:", "location:", "required:", "found:", "reason:", "where "]
        .iter()
        .any(|word| line.starts_with(word))
}

fn diagnostic(line: &str) -> Option<(Frame<'_>, &str)> {
    let (place, message) = match line.split_once(": error: ") {
        Some(parts) => parts,
        None => {
            let rest = line.strip_prefix("e: ")?;
            let (place, message) = rest.split_once(' ')?;
            (place.trim_end_matches(':'), message)
        }
    };
    let (file, number, column) = text::split_location(place);
    let source =
        [".java", ".kt", ".kts", ".scala", ".groovy"].iter().any(|extension| file.ends_with(extension));
    source.then(|| (located("", file.trim_start_matches("file://"), number, column), message))
}

/// `Error: Could not find or load main class X`, `Error: Unable to access jarfile x.jar`.
fn launcher<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    const STARTS: [&str; 5] = [
        "Error: Could not find or load main class",
        "Error: Unable to access jarfile",
        "Error: Main method not found in class",
        "Error: LinkageError occurred while loading main class",
        "Error occurred during initialization of VM",
    ];
    let (at, line) =
        text.lines_from(0).find(|(_, line)| STARTS.iter().any(|start| line.starts_with(start)))?;
    let message = line.strip_prefix("Error: ").unwrap_or(line);
    let exception = ParsedException {
        error_type: Cow::Borrowed("LauncherError"),
        message: Cow::Borrowed(text.span(at, message, text.len())),
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}
