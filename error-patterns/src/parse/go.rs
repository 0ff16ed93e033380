//! Go: panics and fatal errors with goroutines, failed tests, and the compiler's diagnostics.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Details below a compiler's line (`have (number)`).
const DETAILS_MAX: usize = 4;

/// Parses a Go report; `None` when there is neither a goroutine nor a panic nor a failed test nor a compiler line.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let goroutine = text.opens(b"g").then(|| text.iter().position(is_goroutine)).flatten();
    let end = goroutine.unwrap_or(text.len());
    // Before a goroutine the words of a panic may stand behind a prompt.
    let panic = (goroutine.is_some() || text.opens(b"pf"))
        .then(|| text.iter().take(end).position(|line| panic_line(line).is_some()))
        .flatten();
    if goroutine.is_none() && !panic.is_some_and(|at| is_whole_panic(text, at)) {
        return failed_test(text).or_else(|| compiler(text)).or_else(|| logged(text));
    }
    let mut exceptions = Vec::new();
    if let Some(at) = panic {
        panics(text, at, end, &mut exceptions);
    }
    if exceptions.is_empty() {
        exceptions.push(ParsedException::default());
    }
    let (frames, truncated) = goroutine.map_or((vec![], false), |at| frames(text, at + 1));
    exceptions[0].frames = frames;
    Some(Outcome { exceptions, truncated })
}

/// An error with the stack that `github.com/pkg/errors` and zap print: no goroutine, functions without arguments.
fn logged<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(".go:") {
        return None;
    }
    let is_frame = |i: usize| {
        let (name, place) = (text.line(i), text.line(i + 1));
        let place = place.strip_prefix('\t').map(|place| place.split(' ').next().unwrap_or(place));
        !name.is_empty()
            && !name.contains([' ', '\t'])
            && place.is_some_and(|place| {
                text::split_number(place, b':').is_some_and(|(file, _)| file.ends_with(".go"))
            })
    };
    let first = (1..text.len()).find(|&i| is_frame(i))?;
    let frames = (first..text.len()).step_by(2).take_while(|&i| is_frame(i));
    let exception = ParsedException {
        message: Cow::Borrowed(text.span(0, text.line(0), first).trim()),
        frames: frames.map(|i| frame(text.line(i), text.line(i + 1).trim())).collect(),
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// `goroutine 1 [running]:`, `goroutine 7 gp=0xc0 m=3 mp=0xc1 [chan receive, 2 minutes]:`.
fn is_goroutine(line: &str) -> bool {
    line.starts_with("goroutine ") && line.trim_end().ends_with("]:")
}

/// A panic without a goroutine counts when its text is Go's own, not just the word.
fn is_whole_panic(text: &Text<'_>, at: usize) -> bool {
    let line = text.line(at);
    line.starts_with("panic: runtime error: ")
        || line.starts_with("fatal error: ") && text.len() <= 3
        || text.line(at + 1).starts_with("[signal ")
}

/// `panic: message`, `fatal error: message`: type and message.
fn panic_line(line: &str) -> Option<(&str, &str)> {
    let line = &line[text::indent(line)..];
    let line = match line.find("panic: ") {
        Some(at)
            if at > 0 && line[..at].ends_with([' ', ']', '>']) && line[..at].contains([':', ']', '>']) =>
        {
            &line[at..]
        }
        _ => line,
    };
    match line.as_bytes().first()? {
        b'p' => {
            let rest = line.strip_prefix("panic: ")?;
            Some(match rest.strip_prefix("runtime error: ") {
                Some(message) => ("runtime.Error", message),
                None => ("panic", rest),
            })
        }
        b'f' => line.strip_prefix("fatal error: ").map(|message| ("fatal error", message)),
        _ => None,
    }
}

/// Reads the lines `panic: a [recovered]`, `panic: b`: the last is the reported one, the others were before it.
fn panics<'a>(text: &Text<'a>, from: usize, to: usize, exceptions: &mut Vec<ParsedException<'a>>) {
    let mut starts: Vec<(usize, &'a str, &'a str)> = Vec::new();
    for i in from..to {
        if let Some((kind, message)) = panic_line(text.line(i)) {
            starts.push((i, kind, message));
        }
    }
    let code = signal(text, from + 1, to);
    for (n, &(at, kind, message)) in starts.iter().enumerate().rev().take(64) {
        let end = starts.get(n + 1).map_or(to, |next| next.0);
        let end = (at + 1..end)
            .find(|&i| text.line(i).trim().is_empty() || text.line(i).starts_with("[signal "))
            .unwrap_or(end);
        let message = text.span(at, message, end);
        let message = [" [recovered]", " [recovered, repanicked]"]
            .iter()
            .find_map(|mark| message.strip_suffix(mark))
            .unwrap_or(message);
        let first = exceptions.is_empty();
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed(kind),
            message: Cow::Borrowed(message),
            code: code.clone(),
            relation: if first { Relation::Reported } else { Relation::Context },
            parent: (!first).then(|| exceptions.len() - 1),
            ..ParsedException::default()
        });
    }
}

fn signal<'a>(text: &Text<'a>, from: usize, to: usize) -> Cow<'a, str> {
    let line = (from..to).map(|i| text.line(i)).find_map(|line| line.strip_prefix("[signal "));
    Cow::Borrowed(line.and_then(|rest| rest.split(':').next()).unwrap_or_default())
}

/// Frames of the first goroutine: a line `pkg.f(args)`, then a line with a tab and the place.
fn frames<'a>(text: &Text<'a>, from: usize) -> (Vec<Frame<'a>>, bool) {
    let mut frames = Vec::new();
    let mut open: Option<&'a str> = None;
    for (_, line) in text.lines_from(from) {
        if line.trim().is_empty() || is_goroutine(line) || line.starts_with("FAIL\t") {
            break;
        }
        if let Some(name) = open.take() {
            if line.starts_with(['\t', ' ']) {
                frames.push(frame(name, line.trim()));
                continue;
            }
            frames.push(frame(name, ""));
        }
        if !line.starts_with('\t') && !line.starts_with("...") && !line.starts_with("exit status") {
            open = Some(line);
        }
    }
    let truncated = open.is_some();
    // What stands above the panic machinery raised nothing.
    let skip = frames.iter().rposition(|f: &Frame<'_>| {
        f.function == "panic" || f.function == "gopanic" || f.function == "fatalpanic"
    });
    if let Some(at) = skip {
        frames.drain(..=at);
    }
    (frames, truncated)
}

/// `github.com/a/b.(*T).M(0x1, ...)` and `/x/b.go:12 +0x1d`.
fn frame<'a>(name: &'a str, place: &'a str) -> Frame<'a> {
    let name = name.strip_prefix("created by ").unwrap_or(name);
    let name = name.split(" in goroutine ").next().unwrap_or(name);
    let name = match name.rfind('(') {
        Some(at) if name.ends_with(')') && at > 0 => &name[..at],
        _ => name,
    };
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let (module, function) = match name[slash..].find('.') {
        Some(dot) => (&name[..slash + dot], &name[slash + dot + 1..]),
        None => ("", name),
    };
    // ` +0x1d` and, of fatal errors, ` fp=0x7f sp=0x7e pc=0x47`
    let place = place.split(" +0x").next().unwrap_or(place);
    let (file, line, _) = text::split_location(place);
    Frame { module: Cow::Borrowed(module), ..located(function, file, line, None) }
}

/// `--- FAIL: TestAdd (0.00s)`, then `    add_test.go:3: message`; a subtest's lines stand deeper.
fn failed_test<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.opens(b"-") {
        return None;
    }
    let name_of = |line: &'a str| line.trim_start().strip_prefix("--- FAIL: ")?.split(' ').next();
    let first = text.iter().position(|line| name_of(line).is_some())?;
    let (mut name, mut found) = ("", None);
    for (i, line) in text.lines_from(first) {
        if let Some(test) = name_of(line) {
            name = test;
        } else if let Some((file, number, _, message)) =
            go_line(line.trim_start()).filter(|_| line.starts_with(' '))
        {
            found = Some((i, file, number, message));
            break;
        }
    }
    let mut exception =
        ParsedException { error_type: Cow::Borrowed("TestFailed"), ..ParsedException::default() };
    match found {
        Some((at, file, number, message)) => {
            let indent = text::indent(text.line(at));
            let end =
                (at + 1..text.len()).find(|&i| text::indent(text.line(i)) <= indent).unwrap_or(text.len());
            exception.message = Cow::Borrowed(text.span(at, message, end).trim());
            exception.frames.push(located(name, file, Some(number), None));
        }
        None => exception.frames.push(located(name, "", None, None)),
    }
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// `./main.go:5:2: undefined: x` as file, line, column and message.
fn go_line(line: &str) -> Option<(&str, u32, Option<u32>, &str)> {
    let at = line.find(".go:")? + 3;
    let (number, rest) = text::leading_number(&line[at + 1..])?;
    let (column, rest) = match rest.strip_prefix(':').and_then(text::leading_number) {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    let file = line[..at].trim_start_matches("vet: ");
    (!file.contains(' ')).then_some((file, number, column, rest.strip_prefix(": ")?))
}

/// `./main.go:5:2: undefined: x`, `main.go:4:2: package foo is not in std`, `go: cannot find main module`.
fn compiler<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let mut exception =
        ParsedException { error_type: Cow::Borrowed("CompilationError"), ..ParsedException::default() };
    let placed = text
        .has(".go:")
        .then(|| text.lines_from(0).find_map(|(i, line)| Some((i, go_line(line)?))))
        .flatten();
    if let Some((at, (file, line, column, message))) = placed {
        let end = (at + 1..text.len())
            .take(DETAILS_MAX)
            .find(|&i| !["\thave ", "\twant "].iter().any(|detail| text.line(i).starts_with(detail)))
            .unwrap_or((at + 1 + DETAILS_MAX).min(text.len()));
        exception.message = Cow::Borrowed(text.span(at, message, end));
        exception.frames.push(located("", file, Some(line), column));
    } else {
        let message = text.iter().find_map(|line| line.strip_prefix("go: "))?;
        let is_progress = ["downloading ", "finding ", "added ", "upgraded ", "extracting "];
        if is_progress.iter().any(|word| message.starts_with(word)) {
            return None;
        }
        exception.message = Cow::Borrowed(message.trim_end());
    }
    Some(Outcome { exceptions: vec![exception], truncated: false })
}
