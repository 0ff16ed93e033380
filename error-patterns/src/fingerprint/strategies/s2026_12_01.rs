//! Strategy `2026-12-01`, the first.
//!
//! - The deciding exception is the root cause: `cause` links are followed, cancellations are not.
//! - Where frames of a deployed application tell something, they decide, with the type and the numbers
//!   that mean something; the message does not count.
//! - Else the program is one user's own: its names do not count. The parameterized message decides, with
//!   the type and, where the program had called a library, the library frame that raised.
//!
//! Not to be edited after the first release: stored fingerprints depend on every line of it, of
//! [`crate::tokens`] and of [`crate::canonical`].

use crate::canonical::{Basis, Canonical};
use crate::fingerprint::{EventHash, HashKind, Made};
use crate::ids::Fingerprint;
use crate::model::{Frame, Origin, Parsed, ParsedException, RawException, Relation, Runtime};
use crate::tokens::{Names, Parameterized, parameterize, tokens};
use std::hash::Hasher as _;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The strategy's name.
pub const NAME: &str = "2026-12-01";

/// Kept application frames, the raise site first.
const FRAMES_MAX: usize = 30;
/// Kept tokens of the message.
const TOKENS_MAX: usize = 48;
/// Causes followed.
const CAUSES_MAX: usize = 16;

pub(in crate::fingerprint) fn make(raw: &RawException<'_>, parsed: &Parsed<'_>) -> Made {
    let fallback = ParsedException::default();
    let reported = parsed.exceptions.first().unwrap_or(&fallback);
    let deciding = root_cause(parsed).unwrap_or(reported);
    let frames = if deciding.frames.is_empty() { &reported.frames } else { &deciding.frames };
    let canonical = canonical(parsed.runtime, deciding, frames);
    let hashes = hashes(&canonical, frames);
    let error_type = [reported.error_type.as_ref(), raw.error_type.unwrap_or_default()]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or("Error")
        .to_owned();
    let own = |frame: &&Frame<'_>| {
        matches!(frame.origin, Origin::Program | Origin::Application) && !frame.file.is_empty()
    };
    let place = reported.frames.iter().find(own).or_else(|| frames.iter().find(own));
    Made {
        hashes,
        context: context(raw, reported, frames),
        canonical_message: parameterize(head(&reported.message), Names::Drop).text,
        error_type,
        file_path: place.map(|frame| frame.file.to_string()),
        language: language(raw, parsed.runtime),
        canonical,
    }
}

/// The exception at the end of the chain of causes.
fn root_cause<'p, 'a>(parsed: &'p Parsed<'a>) -> Option<&'p ParsedException<'a>> {
    let mut current = 0;
    for _ in 0..CAUSES_MAX {
        let next = parsed.exceptions.iter().enumerate().find(|(index, exception)| {
            *index > current
                && exception.parent == Some(current)
                && exception.relation == Relation::Cause
                && !says_nothing(exception)
        });
        match next {
            Some((index, _)) => current = index,
            None => break,
        }
    }
    parsed.exceptions.get(current)
}

/// Cancellations and interrupts tell that something else ended, not why; nor does an exception without a name.
fn says_nothing(exception: &ParsedException<'_>) -> bool {
    matches!(
        simple_name(&exception.error_type),
        "" | "CancelledError" | "InterruptedException" | "CancellationException"
    )
}

fn canonical(runtime: Runtime, deciding: &ParsedException<'_>, frames: &[Frame<'_>]) -> Canonical {
    let mut canonical = Canonical {
        strategy: NAME.to_owned(),
        runtime: runtime.as_str().to_owned(),
        types: vec![type_name(runtime, &deciding.error_type)],
        ..Canonical::default()
    };
    let message = head(&deciding.message);
    let application = application_frames(frames);
    if application.is_empty() {
        let program = frames.iter().any(|frame| frame.origin == Origin::Program);
        let names = if program || frames.is_empty() { Names::Drop } else { Names::Keep };
        let library = callee_library(frames);
        canonical.basis = if library.is_some() { Basis::Library } else { Basis::Message };
        canonical.frames.extend(library.map(frame_name));
        let Parameterized { text, keys } = parameterize(message, names);
        canonical.tokens = tokens(&text).take(TOKENS_MAX).map(str::to_lowercase).collect();
        canonical.keys = keys;
    } else {
        canonical.basis = Basis::Application;
        canonical.frames = application;
        canonical.keys = parameterize(message, Names::Keep).keys;
    }
    canonical
}

/// The frames of the deployed application that tell something; none when all of them are bland.
fn application_frames(frames: &[Frame<'_>]) -> Vec<String> {
    let own = frames.iter().filter(|frame| frame.origin == Origin::Application);
    let mut kept: Vec<String> = Vec::new();
    let mut bland = true;
    for frame in own {
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
    if bland {
        kept.clear();
    }
    kept
}

/// Function names that every program has.
fn is_bland(function: &str) -> bool {
    matches!(function, "" | "<module>" | "<anonymous>" | "<lambda>" | "<unknown>" | "?" | "??")
        || function.starts_with("<cell line")
}

/// The library frame that raised, when a library was called by the program: the innermost library frame
/// above the program's own.
fn callee_library<'f, 'a>(frames: &'f [Frame<'a>]) -> Option<&'f Frame<'a>> {
    frames
        .iter()
        .take_while(|frame| !matches!(frame.origin, Origin::Program | Origin::Application))
        .find(|frame| frame.origin == Origin::Library)
}

/// `function@file`, or `class.function` where the runtime names classes; digits folded, folders dropped.
fn frame_name(frame: &Frame<'_>) -> String {
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

/// The part of a message that speaks of the cause: its first telling line.
fn head(message: &str) -> &str {
    let trimmed = message.trim();
    let first = trimmed.find('\n').unwrap_or(trimmed.len());
    if first >= 15 || first == trimmed.len() {
        return &trimmed[..first];
    }
    // A short first line is a title: the two lines after it belong to it.
    let end = trimmed.match_indices('\n').nth(2).map_or(trimmed.len(), |(at, _)| at);
    &trimmed[..end]
}

/// A type without module, package or enclosing class.
fn simple_name(name: &str) -> &str {
    name.rsplit(['.', '$', ':', '\\', '/']).find(|part| !part.is_empty()).unwrap_or_default()
}

/// The type as it counts: Node clients send the code, or the class, of one and the same error; a shell
/// has no types.
fn type_name(runtime: Runtime, name: &str) -> String {
    let simple = simple_name(name);
    let code =
        simple.len() > 3 && simple.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    match runtime {
        Runtime::Shell => "shell".to_owned(),
        Runtime::JavaScript if code || simple.is_empty() => "Error".to_owned(),
        _ => simple.to_owned(),
    }
}

fn hashes(canonical: &Canonical, _frames: &[Frame<'_>]) -> Vec<EventHash> {
    vec![EventHash { kind: HashKind::Canonical, value: Fingerprint(xxh3_128(canonical.text().as_bytes())) }]
}

/// Level 5 of the taxonomy: stack and snippet, with their own names, 16 hex digits.
fn context(raw: &RawException<'_>, reported: &ParsedException<'_>, frames: &[Frame<'_>]) -> String {
    let mut hasher = Xxh3::new();
    hasher.update(reported.error_type.as_bytes());
    for frame in frames.iter().filter(|frame| frame.origin != Origin::Carrier).take(FRAMES_MAX) {
        hasher.update(b"\nframe ");
        hasher.update(frame_name(frame).as_bytes());
        hasher.update(b"\nsource ");
        hasher.update(frame.source.as_deref().unwrap_or_default().trim().as_bytes());
    }
    for word in raw.snippet.unwrap_or_default().split_whitespace() {
        hasher.update(b" ");
        hasher.update(word.as_bytes());
    }
    format!("{:016x}", hasher.finish())
}

/// The failed program's language: what the client says of it, else the text's own shape, else the SDK's.
fn language(raw: &RawException<'_>, runtime: Runtime) -> Option<String> {
    let shape = (runtime != Runtime::Unknown).then_some(runtime.as_str());
    raw.language.filter(|said| !said.is_empty()).or(shape).or(raw.sdk_language).map(str::to_lowercase)
}
