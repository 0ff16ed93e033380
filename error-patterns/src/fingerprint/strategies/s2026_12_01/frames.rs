//! Which frames count, and under what name.

use crate::model::{Frame, Origin, ParsedException, Runtime};

/// Kept application frames, the raise site first.
const FRAMES_MAX: usize = 30;

/// Whose code failed.
pub(super) enum Whose {
    /// A deployed application's: its frames, which tell something.
    Application(Vec<String>),
    /// One user's program, or nobody knows.
    Program,
}

/// Decides whose code failed, and names the application's frames.
pub(super) fn own_frames(runtime: Runtime, reported: &ParsedException<'_>, frames: &[Frame<'_>]) -> Whose {
    // A cause's stack is cut where it meets its parent's, so the parent's entry point tells for both.
    let entered = |frames: &[Frame<'_>]| {
        frames.iter().any(|frame| frame.origin == Origin::Program || is_entry(runtime, frame))
    };
    let application = reported.frames.iter().any(|frame| frame.origin == Origin::Application);
    let program = outermost(frames).is_some_and(|frame| is_entry(runtime, frame))
        || outermost(&reported.frames).is_some_and(|frame| is_entry(runtime, frame))
        || !application && entered(&reported.frames);
    if program {
        return Whose::Program;
    }
    let mut kept: Vec<String> = Vec::new();
    let mut bland = true;
    for frame in frames.iter().filter(|frame| frame.origin == Origin::Application) {
        bland &= is_bland(&frame.function);
        let name = frame_name(frame);
        // Recursion of any depth is one frame.
        if kept.last() != Some(&name) {
            kept.push(name);
        }
        if kept.len() >= FRAMES_MAX {
            break;
        }
    }
    if bland { Whose::Program } else { Whose::Application(kept) }
}

/// The frame of own code that was entered first.
fn outermost<'f, 'a>(frames: &'f [Frame<'a>]) -> Option<&'f Frame<'a>> {
    frames.iter().rev().find(|frame| matches!(frame.origin, Origin::Program | Origin::Application))
}

/// The top level of a program that was started by itself.
fn is_entry(runtime: Runtime, frame: &Frame<'_>) -> bool {
    if frame.origin != Origin::Application {
        return false;
    }
    match runtime {
        Runtime::Python => frame.function == "<module>",
        Runtime::Java => frame.function == "main" || frame.function.starts_with("lambda$main$"),
        Runtime::JavaScript => frame.module == "Object" && frame.function == "<anonymous>",
        _ => false,
    }
}

/// Function names that every program has.
fn is_bland(function: &str) -> bool {
    matches!(function, "" | "<module>" | "<anonymous>" | "<lambda>" | "<unknown>" | "?" | "??")
        || function.starts_with("<cell line")
}

/// The library that the program had called when it failed: `pandas`.
pub(super) fn library(frames: &[Frame<'_>], deciding: &ParsedException<'_>) -> Option<String> {
    let called = frames
        .iter()
        .take_while(|frame| !matches!(frame.origin, Origin::Program | Origin::Application))
        .find(|frame| frame.origin == Origin::Library)
        .map(package);
    called.or_else(|| {
        // `numpy.core._exceptions._ArrayMemoryError` raised by code that leaves no frames.
        let (root, rest) = deciding.error_type.split_once('.')?;
        let deep = rest.contains('.') && !matches!(root, "asyncio" | "sqlite3" | "tkinter");
        let published = deep && crate::tokens::is_known_name(root);
        published.then(|| root.to_owned())
    })
}

/// The published package that a library frame belongs to.
fn package(frame: &Frame<'_>) -> String {
    let file = frame.file.replace('\\', "/");
    for folder in ["/site-packages/", "/dist-packages/", "/node_modules/", "/gems/", "/vendor/"] {
        if let Some(at) = file.rfind(folder) {
            let mut parts = file[at + folder.len()..].split('/');
            let first = parts.next().unwrap_or_default();
            let name = match parts.next() {
                Some(second) if first.starts_with('@') => format!("{first}/{second}"),
                _ => first.to_owned(),
            };
            return name.trim_end_matches(".py").to_owned();
        }
    }
    if frame.module.contains('.') {
        // `org.springframework.web.X` is Spring's: vendor and product.
        let parts: Vec<&str> = frame.module.split('.').take(2).collect();
        return parts.join(".");
    }
    file.split('/').find(|part| !part.is_empty() && !part.contains(':')).unwrap_or_default().to_owned()
}

/// Where it was raised, when the message does not tell why: the library's or the runtime's function, or the
/// program itself.
pub(super) fn site(frames: &[Frame<'_>]) -> Option<String> {
    let first = frames.first()?;
    Some(match first.origin {
        Origin::Library => format!("site {}", frame_name(first)),
        Origin::Runtime => "site runtime".to_owned(),
        Origin::Program | Origin::Application | Origin::Carrier => "site program".to_owned(),
    })
}

/// `function@file`, or `class.function` where the runtime names classes; digits folded, folders dropped.
pub(super) fn frame_name(frame: &Frame<'_>) -> String {
    let base = frame.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let by_class = frame.module.contains('.') || frame.module.contains("::") || base.is_empty();
    let name = if by_class && !frame.module.is_empty() {
        format!("{}.{}", frame.module, frame.function)
    } else {
        format!("{}@{base}", frame.function)
    };
    let mut folded = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '0'..='9' if folded.ends_with('#') => {}
            '0'..='9' => folded.push('#'),
            // A line of the canonical form holds one frame.
            c if c.is_control() => folded.push(' '),
            c => folded.push(c),
        }
    }
    folded
}
