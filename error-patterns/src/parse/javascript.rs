//! JavaScript and TypeScript: V8 stacks (Node, Chrome, Deno), Bun's, and the `f@url:1:2` form of Firefox and Safari.
//!
//! Node's report of an uncaught error has a banner (place, source line, caret) before the stack, and the error's own
//! properties after it: `code`, `[cause]` and `[errors]` are read from there.

mod frame;
mod inspect;
mod pointed;
mod runners;

use super::text::{self, Text, is_marker};
use super::{Outcome, ParseLimits, usual};
use crate::ast;
use crate::model::{Frame, ParsedException, Relation};
use frame::{V8Line, gecko_frame, v8_frame};
use std::borrow::Cow;

/// Words of a log's line where an error's name is searched.
const WORDS_MAX: usize = 64;

/// Frames that an exception has room for from the start.
const FRAMES_USUAL: usize = 32;

/// Parses a JavaScript report; `None` when the text has no stack line, banner or compiler line of JavaScript.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let first = (0..text.len()).find(|&i| v8_frame(text.line(i)).is_some());
    if first.is_none()
        && let Some(prefix) = log_prefix(text)
    {
        let bare = text.without_like(prefix);
        let first = (0..bare.len()).find(|&i| v8_frame(bare.line(i)).is_some());
        return report(&bare, first);
    }
    if first.is_none()
        && let Some(plain) = runners::plain(text)
    {
        let text = Text::new(&plain, &ParseLimits::default());
        let first = (0..text.len()).find(|&i| v8_frame(text.line(i)).is_some());
        return report(&text, first).map(Outcome::into_owned);
    }
    report(text, first)
}

/// What a log wrote before each line, when it stands before a stack line and the line above.
fn log_prefix<'a>(text: &Text<'a>) -> Option<&'a str> {
    if !text.has("    at ") {
        return None;
    }
    (1..text.len()).find_map(|i| {
        let line = text.line(i);
        let at = line.find("    at ").filter(|at| *at > 0)?;
        let prefix = &line[..at];
        v8_frame(&line[at..])?;
        text::skip_like(text.line(i - 1), prefix).map(|_| prefix)
    })
}

fn report<'a>(text: &Text<'a>, first: Option<usize>) -> Option<Outcome<'a>> {
    let banner = Banner::find(text);
    let inspected = first.is_none() && (0..text.len()).any(|i| inspect::is_bare(text::trim(text.line(i))));
    if banner.is_none()
        && let Some(outcome) = pointed::deno(text).or_else(|| pointed::bun(text))
    {
        return Some(finished(outcome));
    }
    if first.is_none() && banner.is_none() && !inspected {
        return gecko(text).or_else(|| typescript(text)).or_else(|| fatal(text));
    }
    let from = banner.as_ref().map_or(0, |banner| banner.end);
    let from = if first.is_some_and(|first| first < from) { 0 } else { from };
    let Header { at, error_type, code, message } = header(text, from, first)?;
    // ts-node throws what the compiler says.
    if error_type == "TSError"
        && let Some(outcome) = typescript(text)
    {
        return Some(outcome);
    }
    if let Some(outcome) = first.and_then(|first| child_process(text, at, first)) {
        return Some(finished(outcome));
    }
    let mut exceptions = vec![ParsedException { code: Cow::Borrowed(code), ..named(error_type, message) }];
    // An error that is printed without a stack opens its properties at once: the frames that follow are others'.
    let bare = inspect::is_bare(text::trim(text.line(at)));
    let mut end =
        first.filter(|&first| first >= at && !bare).unwrap_or_else(|| inspect::message_end(text, at));
    exceptions[0].frames = frames(text, &mut end);
    let last = text::trim_end(text.line(text.len() - 1));
    let truncated = end + 1 >= text.len() && cut_frame(text.line(end)) || last.ends_with(['{', '[']);
    inspect::properties(text, end, &mut exceptions, None);
    if let Some(banner) = banner {
        banner.apply(&mut exceptions[0]);
    }
    Some(finished(Outcome { exceptions, truncated }))
}

fn finished(mut outcome: Outcome<'_>) -> Outcome<'_> {
    for exception in &mut outcome.exceptions {
        find_code(exception);
    }
    outcome
}

/// An error whose message ends in the whole report of another Node process: banner, `Type: message`, frames. The
/// other's error is the cause; the frames after it are the error's own.
fn child_process<'a>(text: &Text<'a>, at: usize, first: usize) -> Option<Outcome<'a>> {
    let inner = (at + 4..first).rev().find(|&i| {
        text::trim(text.line(i - 1)).is_empty()
            && is_marker(text.line(i - 2))
            && inspect::typed(text.line(i)).is_some()
    })?;
    let (error_type, code, message) = inspect::typed(text.line(at))?;
    let message = text.span(at, message, inner - 4);
    let mut exceptions = vec![ParsedException { code: Cow::Borrowed(code), ..named(error_type, message) }];
    let (error_type, code, message) = inspect::typed(text.line(inner))?;
    let message = text.span(inner, message, first);
    let mut end = first;
    let mut cause = ParsedException { code: Cow::Borrowed(code), ..named(error_type, message) };
    cause.frames = frames(text, &mut end);
    if let Some(frame) = cause.frames.first_mut() {
        frame.source = Some(Cow::Borrowed(text::trim(text.line(inner - 3))));
    }
    // A blank line, the version and another blank line may stand between.
    let own = (end..text.len().min(end + 5)).find(|&i| v8_frame(text.line(i)).is_some());
    end = own.unwrap_or(end);
    exceptions[0].frames = frames(text, &mut end);
    hang(&mut exceptions, 0, Relation::Cause, cause);
    inspect::properties(text, end, &mut exceptions, None);
    Some(Outcome { exceptions, truncated: false })
}

/// `FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory`: the engine gave up.
fn fatal<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let message = text.iter().find_map(|line| line.strip_prefix("FATAL ERROR: "))?;
    if !text.has("<--- Last few GCs --->") && !text.has("JavaScript") && !text.has("node::") {
        return None;
    }
    Some(Outcome { exceptions: vec![named("FATAL ERROR", message)], truncated: false })
}

fn named<'a>(error_type: &'a str, message: &'a str) -> ParsedException<'a> {
    ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message),
        ..ParsedException::default()
    }
}

/// Reads stack lines from `*at` on and leaves `*at` behind the last.
fn frames<'a>(text: &Text<'a>, at: &mut usize) -> Vec<Frame<'a>> {
    let mut frames = Vec::with_capacity((text.len() - (*at).min(text.len())).min(FRAMES_USUAL));
    loop {
        usual::take::<V8Line>(text, at, &mut frames);
        if *at >= text.len() {
            break;
        }
        let line = text.line(*at);
        match v8_frame(line) {
            Some(frame) => frames.push(frame),
            None if text::is_cut(line) || text::trim_start(line).starts_with("... ") => {}
            None => break,
        }
        *at += 1;
        if line.ends_with('{') {
            *at -= 1;
            break;
        }
    }
    frames
}

/// Whether the last line of a text is a stack line without its end.
fn cut_frame(line: &str) -> bool {
    line.starts_with("    at ") && v8_frame(line).is_none()
}

/// What stands before the frames.
struct Header<'a> {
    at: usize,
    error_type: &'a str,
    code: &'a str,
    message: &'a str,
}

/// Finds the line that names type and message, between line `from` and the first frame.
fn header<'a>(text: &Text<'a>, from: usize, first: Option<usize>) -> Option<Header<'a>> {
    let end = first.filter(|&first| first >= from).unwrap_or(text.len());
    let (mut weak, mut listed) = (None, false);
    let from = first.map_or(from, |_| begins(text, from, end));
    let mut last = None;
    for at in from..end {
        let line = text.line(at);
        let trimmed = unwrap(text::trim_start(line));
        if let Some((error_type, code, message)) = inspect::typed(trimmed) {
            let bare = inspect::is_bare(trimmed);
            if is_foreign(error_type) && *last.get_or_insert_with(|| last_error(text, from, end)) > Some(at) {
                continue;
            }
            // AVA shows an error's properties above the error.
            if trimmed.ends_with(" {")
                && let Some(above) = first.and_then(|first| first.checked_sub(1))
                && let last = text::trim_start(text.line(above))
                && inspect::typed(last).is_some_and(|(again, ..)| again == error_type && !last.ends_with('{'))
            {
                continue;
            }
            let to = if first.is_some() && !bare { end } else { inspect::message_end(text, at) };
            let message = inspect::trim_bare(trimmed, text.span(at, message, to), line);
            return Some(Header { at, error_type, code, message });
        }
        if trimmed.starts_with("\u{25cf} ") {
            // Jest's name of a test: what it says follows, then numbered source.
            (weak, listed) = (None, true);
            continue;
        }
        let noise = trimmed.is_empty()
            || is_marker(trimmed)
            || listed && weak.is_some()
            || trimmed.starts_with("Node.js v")
            || trimmed.starts_with("(Use `node --trace")
            || trimmed.starts_with("Thrown at:")
            || text::is_cut(trimmed);
        if !noise && (weak.is_none() || first.is_some() && from == 0) {
            weak = Some(at);
        }
    }
    let at = match weak {
        Some(at) => at,
        None if first.is_some() => {
            return Some(Header { at: end, error_type: "", code: "", message: "" });
        }
        None => return None,
    };
    let line = unwrap(text::trim(text.line(at)));
    let (error_type, code, message) = match text::split_type(line) {
        Some((word, message)) if word.starts_with(|c: char| c.is_uppercase()) => (word, "", message),
        _ => logged(line).unwrap_or(("", "", line)),
    };
    let message = if error_type.is_empty() { message } else { text.span(at, message, end.max(at + 1)) };
    Some(Header { at, error_type, code, message })
}

/// Where the report of the failure begins that has the first frame: Jest and Mocha name the test above it.
fn begins(text: &Text<'_>, from: usize, end: usize) -> usize {
    let named = |line: &str| {
        let numbered = text::leading_number(line).is_some_and(|(_, rest)| rest.starts_with(") "));
        line.starts_with("\u{25cf} ") || numbered
    };
    (from..end).rev().find(|&i| named(text::trim_start(text.line(i)))).unwrap_or(from)
}

/// Whether a name is no error's of JavaScript: a warning, or what another program on the same output printed.
fn is_foreign(error_type: &str) -> bool {
    let package = error_type.starts_with(|c: char| c.is_ascii_lowercase()) && error_type.contains('.');
    let ours = ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];
    error_type.ends_with("Warning")
        || package
        || !ours.contains(&error_type) && ast::is_python_builtin(error_type)
}

/// The last line that names an error of JavaScript's.
fn last_error(text: &Text<'_>, from: usize, to: usize) -> Option<usize> {
    (from..to).rev().find(|&i| {
        inspect::typed(unwrap(text::trim_start(text.line(i)))).is_some_and(|(name, ..)| !is_foreign(name))
    })
}

/// An error behind words of a log: `request failed: TypeError: x`.
fn logged(line: &str) -> Option<(&str, &str, &str)> {
    let starts = memchr::memchr_iter(b' ', line.as_bytes()).map(|at| &line[at + 1..]);
    starts.take(WORDS_MAX).filter(|rest| rest.starts_with(char::is_uppercase)).find_map(inspect::typed)
}

/// Words of consoles and loggers before an error.
const CONSOLES: [&str; 3] = ["Uncaught ", "uncaughtException: ", "unhandledRejection: "];

/// A line without the words that consoles put before an error.
fn unwrap(line: &str) -> &str {
    let line = CONSOLES.iter().find_map(|words| line.strip_prefix(words)).unwrap_or(line);
    let line = line.strip_prefix("(in promise) ").unwrap_or(line);
    if !line.starts_with("(node:") {
        return line;
    }
    line.split_once("UnhandledPromiseRejectionWarning: ").map_or(line, |(_, error)| error)
}

/// Finds the code of an error whose properties were not printed: `ENOENT: ...`, `connect ECONNREFUSED 1.2.3.4:5`.
fn find_code(exception: &mut ParsedException<'_>) {
    if !exception.code.is_empty() {
        return;
    }
    let message: &str = &exception.message;
    let code = message.split([' ', ':', '\n']).take(3).find(|word| looks_like_code(word));
    if let Some(code) = code.filter(|code| is_system_code(code)) {
        exception.code = Cow::Owned(code.to_owned());
    }
}

fn looks_like_code(word: &str) -> bool {
    word.len() >= 4
        && word.starts_with('E')
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether a word is a code of the operating system (`ENOENT`), and none that programs shout.
pub(crate) fn is_system_code(word: &str) -> bool {
    looks_like_code(word) && !matches!(word, "ERROR" | "EMPTY" | "EXIT" | "EVENT" | "EXPECTED")
}

/// Node's first lines of an uncaught error.
struct Banner<'a> {
    file: &'a str,
    line: u32,
    source: &'a str,
    /// First line after the banner.
    end: usize,
}

impl<'a> Banner<'a> {
    /// A line `place:12`, a source line, and a line that underlines it, near the start.
    fn find(text: &Text<'a>) -> Option<Self> {
        if !text.opens(b"^~|") {
            return None;
        }
        let caret = (2..text.len().min(400)).find(|&i| is_marker(text.line(i)))?;
        let (file, line) = text::split_number(text::trim(text.line(caret - 2)), b':')?;
        let place =
            file.contains(['/', '\\', '.', '[', '<', ':']) || file == "undefined" || file.starts_with("REPL");
        if !place || file.contains(": ") {
            return None;
        }
        let end = (caret + 1..text.len()).find(|&i| !text.line(i).trim().is_empty()).unwrap_or(text.len());
        Some(Self { file, line, source: text.line(caret - 1).trim(), end })
    }

    /// Gives the source to the frame at the banner's place. Of a syntax error the place is the error's own: it
    /// becomes the innermost frame, since the stack only shows the loader.
    fn apply(self, exception: &mut ParsedException<'a>) {
        let same = |frame: &Frame<'_>| {
            frame.line == Some(self.line)
                && frame.file.strip_prefix("file://").unwrap_or(&frame.file)
                    == self.file.strip_prefix("file://").unwrap_or(self.file)
        };
        if let Some(frame) = exception.frames.iter_mut().find(|frame| same(frame)) {
            frame.source.get_or_insert(Cow::Borrowed(self.source));
        } else if exception.error_type == "SyntaxError" && !self.file.starts_with("node:") {
            let frame = super::located("", self.file, Some(self.line), None);
            exception.frames.insert(0, Frame { source: Some(Cow::Borrowed(self.source)), ..frame });
        }
    }
}

/// `f@https://host/a.js:1:2`, one line per frame; the browser sends type and message apart.
fn gecko<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("@") {
        return None;
    }
    let first = (0..text.len()).find(|&i| gecko_frame(text.line(i)).is_some())?;
    let mut exception =
        match (0..first).find_map(|i| inspect::typed(unwrap(text.line(i).trim())).map(|t| (i, t))) {
            Some((at, (error_type, code, message))) => {
                let message = text.span(at, message, first);
                ParsedException { code: Cow::Borrowed(code), ..named(error_type, message) }
            }
            None => ParsedException::default(),
        };
    exception.frames = (first..text.len()).map_while(|i| gecko_frame(text.line(i))).collect();
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// The TypeScript compiler: `a.ts(3,5): error TS2322: ...`, `a.ts:3:5 - error TS2322: ...`.
fn typescript<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("error TS") {
        return bundled(text);
    }
    for (i, line) in text.lines_from(0) {
        let Some((place, rest)) = line.split_once("error TS") else { continue };
        let Some((digits, message)) = rest.split_once(": ") else { continue };
        if text::number(digits).is_none() {
            continue;
        }
        let place = place.trim_end_matches([' ', '-', ':']);
        let (file, number, column) = match place.strip_suffix(')').and_then(|p| p.rsplit_once('(')) {
            Some((file, at)) => {
                let (line, column) = at.split_once(',').unwrap_or((at, ""));
                (file, text::number(line), text::number(column))
            }
            None => text::split_location(place),
        };
        let code = &line[line.len() - rest.len() - 2..line.len() - rest.len() + digits.len()];
        let mut frame = super::located("", file, number, column);
        let source = text.line(i + 1).trim();
        if !source.is_empty() && !source.contains("error TS") {
            frame.source = Some(Cow::Borrowed(source));
        }
        let exception = ParsedException {
            code: Cow::Borrowed(code),
            frames: vec![frame],
            ..named("CompilationError", message)
        };
        return Some(Outcome { exceptions: vec![exception], truncated: false });
    }
    None
}

/// The same as bundlers print it: `ERROR in a.ts:3:5`, then `TS2322: ...`; `ERROR(TypeScript)  ...`, then ` FILE  a.ts:3:5`.
fn bundled<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("ERROR") {
        return None;
    }
    let (at, code, message, place) = text.lines_from(0).find_map(|(i, line)| {
        let next = || text.line(i + 1).trim();
        if let Some(message) = line.strip_prefix("ERROR(TypeScript)") {
            return Some((i, "", message.trim(), next().strip_prefix("FILE").unwrap_or_default()));
        }
        let place = line.strip_prefix("ERROR in ")?;
        let (code, message) = next().split_once(": ")?;
        let digits = code.strip_prefix("TS")?;
        text::number(digits).map(|_| (i + 1, code, message, place))
    })?;
    let (file, line, column) = text::split_location(place.trim());
    let exception = ParsedException {
        code: Cow::Borrowed(code),
        frames: vec![super::located("", file, line, column)],
        ..named("CompilationError", text.span(at, message, at + 1))
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// Adds an exception that hangs on `parent`.
fn hang<'a>(
    exceptions: &mut Vec<ParsedException<'a>>,
    parent: usize,
    relation: Relation,
    exception: ParsedException<'a>,
) {
    exceptions.push(ParsedException { parent: Some(parent), relation, ..exception });
}
