//! Strategy `2026-12-01`, the first.
//!
//! - The deciding exception is the root cause: `cause` links are followed, and into a group to its first member;
//!   cancellations are not.
//! - Where frames of a deployed application tell something, they decide, with the type and the numbers
//!   that mean something; the message does not count.
//! - Else the program is one user's own: its names do not count. The parameterized message decides, with
//!   the type and, where the program had called a library, that library's name. Where the message says
//!   nothing, the library function that raised stands in for it.
//!
//! The canonical form's hash is the only one that joins. A hash of the library path without the message was
//! measured and left out: it joined little more (pairwise F1 .977 for .975 on labelled executions), and one path
//! leads to several causes (`execute` to a missing table, and to a locked database).
//!
//! Not to be edited after the first release: stored fingerprints depend on every line of it, of
//! [`crate::tokens`] and of [`crate::canonical`].

use crate::ast;
use crate::bytes::{first_digit, is_capital_name};
use crate::canonical::{Basis, Parts, plain};
use crate::fingerprint::Made;
use crate::ids::Fingerprint;
use crate::likeness::Likeness;
use crate::messages;
use crate::model::{
    Frame, Origin, Parsed, ParsedException, Phase, RawException, Relation, Runtime, Taxonomy,
};
use crate::parse::{is_system_code, trim};
use crate::tokens::{Names, parameterize};
use bare::head;
use frames::{Whose, library, library_call, makes_file, mapping_site, own_frames, site};
use message::Tokens;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

mod bare;
mod frames;
mod message;
mod syntax;
mod template;

/// The strategy's name.
pub const NAME: &str = "2026-12-01";

/// Causes followed.
const CAUSES_MAX: usize = 16;
/// Frames that count for the context.
const CONTEXT_FRAMES_MAX: usize = 30;

pub(in crate::fingerprint) fn make(raw: &RawException<'_>, parsed: &Parsed<'_>, taxonomy: &Taxonomy) -> Made {
    let fallback = ParsedException::default();
    let (reported, deciding, frames) = counted(parsed, &fallback);
    let Form { basis, typeless, keys, frames: kept, tokens, readable, template: _ } =
        form(parsed.runtime, reported, deciding, frames, raw, taxonomy);
    let names = if basis == Basis::Application { Names::Keep } else { Names::Drop };
    let canonical_message = readable
        .filter(|_| std::ptr::eq(reported, deciding))
        .unwrap_or_else(|| parameterize(head(&reported.message), names).text);
    let error_type = [reported.error_type.as_ref(), raw.error_type.unwrap_or_default()]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or("Error")
        .to_owned();
    let parts = Parts {
        strategy: NAME,
        runtime: parsed.runtime.as_str(),
        rule: "",
        types: &[&plain(if typeless { "" } else { type_name(parsed.runtime, deciding) })],
        basis,
        keys: &keys,
        frames: &kept,
    };
    let text = parts.text(Some(tokens.text.as_ref()).filter(|text| !text.is_empty()).into_iter());
    Made {
        fingerprint: Fingerprint(xxh3_128(text.as_bytes())),
        text,
        basis,
        likeness: Likeness::of_parts(&parts, parsed.runtime, tokens.hashes()),
        joining: Vec::new(),
        context: context(raw, parsed, reported, frames, basis),
        canonical_message,
        error_type,
        language: language(raw, parsed.runtime),
    }
}

/// Whether what the environment lacks counts (a package, a driver, a version, a free port), and not at which of its places
/// an application needed it. What Java says of packages and versions is no more than the name of a class, so there the place
/// tells which way it is wrong.
pub(crate) fn is_environment(runtime: Runtime, taxonomy: &Taxonomy) -> bool {
    taxonomy.phase == Phase::Deploy && runtime != Runtime::Java || taxonomy.cause == "AddressInUse"
}

/// The exception that is reported, the one that decides, and the frames that count.
fn counted<'p, 't>(
    parsed: &'p Parsed<'t>,
    fallback: &'p ParsedException<'t>,
) -> (&'p ParsedException<'t>, &'p ParsedException<'t>, &'p [Frame<'t>]) {
    let reported = parsed.exceptions.first().unwrap_or(fallback);
    let deciding = parsed.exceptions.get(root_cause(parsed)).unwrap_or(reported);
    let frames = if deciding.frames.is_empty() { &reported.frames } else { &deciding.frames };
    (reported, deciding, frames)
}

/// The deciding message with `<str>` in place of what the program put into it, where the program's own source tells and
/// the message counts.
pub(crate) fn template(raw: &RawException<'_>, parsed: &Parsed<'_>) -> Option<String> {
    let fallback = ParsedException::default();
    let (reported, deciding, frames) = counted(parsed, &fallback);
    form(parsed.runtime, reported, deciding, frames, raw, &Taxonomy::default()).template
}

/// File of the innermost frame of the user's or the application's own code, as printed.
pub(crate) fn place<'p>(parsed: &'p Parsed<'_>) -> Option<&'p str> {
    let own = |frame: &&Frame<'_>| frame.origin.is_own() && !frame.file.is_empty();
    let reported = parsed.exceptions.first()?;
    let deciding = parsed.exceptions.get(root_cause(parsed)).filter(|each| !each.frames.is_empty());
    let frames = &deciding.unwrap_or(reported).frames;
    reported.frames.iter().find(own).or_else(|| frames.iter().find(own)).map(|frame| frame.file.as_ref())
}

/// Index of the exception at the end of the chain of causes; of a group of Python's the first member counts as one, and
/// what a handler raised anew under a name of the user's own stands for what was handled. What V8 calls an aggregate says
/// itself what was asked for.
pub(crate) fn root_cause(parsed: &Parsed<'_>) -> usize {
    let mut current = 0;
    let python = parsed.runtime == Runtime::Python;
    for _ in 0..CAUSES_MAX {
        let renamed = python && parsed.exceptions.get(current).is_some_and(renames);
        let follows = |exception: &ParsedException<'_>| match exception.relation {
            Relation::Cause => !python || !is_explained(&parsed.exceptions[current], exception),
            Relation::Member => python,
            Relation::Context => {
                let raised = &parsed.exceptions[current];
                renamed && raised.is_raised_in_handler_of(exception) || python && repeats(raised, exception)
            }
            _ => false,
        };
        let next = parsed.exceptions.iter().enumerate().find(|(index, exception)| {
            *index > current
                && exception.parent == Some(current)
                && follows(exception)
                && !says_nothing(exception)
        });
        match next {
            Some((index, _)) => current = index,
            None => break,
        }
    }
    current
}

/// Whether a library says in words of its own what a key means that it did not find among its own: `ValueError: Invalid frequency: weekly`.
fn is_explained(raised: &ParsedException<'_>, handled: &ParsedException<'_>) -> bool {
    handled.short_type() == "KeyError"
        && raised.short_type() != "KeyError"
        && !raised.message.is_empty()
        && raised.frames.first().is_some_and(|frame| frame.origin == Origin::Library)
        && !handled.frames.is_empty()
        && !handled.frames.iter().any(|frame| frame.origin.is_own())
}

/// Whether the user's own code raised an exception of its own kind by a statement of its own: a mistake in a handler is
/// the interpreter's to name.
fn renames(exception: &ParsedException<'_>) -> bool {
    let Some(raised) = exception.frames.first().filter(|frame| frame.origin.is_own()) else { return false };
    match raised.source.as_deref() {
        Some(source) => {
            trim(source).starts_with("raise ")
                && (!ast::is_python_builtin(exception.short_type()) || says_no_kind(exception))
        }
        None => says_no_kind(exception),
    }
}

/// Types of Python that tell only that something failed.
fn says_no_kind(exception: &ParsedException<'_>) -> bool {
    matches!(exception.short_type(), "Exception" | "BaseException" | "RuntimeError" | "SystemError")
}

/// Whether own code raised an exception that says word for word what the one did that was handled: `RuntimeError(f"run failed: {e}")`.
fn repeats(raised: &ParsedException<'_>, handled: &ParsedException<'_>) -> bool {
    let said = handled.message.lines().next().map_or("", trim);
    raised.frames.first().is_none_or(|frame| frame.origin.is_own())
        && said.len() >= REPEATED_BYTES_MIN
        && raised.message.len() > said.len()
        && raised.error_type != handled.error_type
        && raised.message.contains(said)
}

/// Bytes of a message that nobody says by chance.
const REPEATED_BYTES_MIN: usize = 6;

/// Cancellations and interrupts tell that something else ended, not why; nor does an exception without a name.
fn says_nothing(exception: &ParsedException<'_>) -> bool {
    matches!(exception.short_type(), "" | "CancelledError" | "InterruptedException" | "CancellationException")
}

/// The parts of a canonical form that have to be found.
#[derive(Default)]
struct Form {
    basis: Basis,
    /// The type does not count.
    typeless: bool,
    keys: Vec<String>,
    frames: Vec<String>,
    tokens: Tokens,
    /// The deciding message with placeholders, where that was made on the way.
    readable: Option<String>,
    /// See [`message::Telling`].
    template: Option<String>,
}

fn form(
    runtime: Runtime,
    reported: &ParsedException<'_>,
    deciding: &ParsedException<'_>,
    frames: &[Frame<'_>],
    raw: &RawException<'_>,
    taxonomy: &Taxonomy,
) -> Form {
    let environment = is_environment(runtime, taxonomy);
    let names = if let Whose::Application(kept) = own_frames(runtime, reported, frames, raw) {
        if !environment {
            let found = parameterize(head(&deciding.message), Names::Keep);
            let name = (runtime == Runtime::Python).then(|| message::told_name(deciding)).flatten();
            let mut keys = found.keys;
            keys.extend(name.map(|name| format!("name {name}")));
            return Form {
                basis: Basis::Application,
                frames: kept,
                keys,
                readable: Some(found.text),
                ..Form::default()
            };
        }
        Names::Keep
    } else {
        Names::Drop
    };
    let authored = frames.first().filter(|frame| frame.origin.is_own());
    let line = authored.and_then(|frame| frame.source.as_deref());
    let snippet = raw.snippet.filter(|_| authored.is_some() || frames.is_empty());
    let sources = line.into_iter().chain(snippet);
    let message =
        message::telling(runtime, names, deciding, frames.first(), authored.is_some(), sources, raw.snippet);
    let says_something = message.says_something();
    // Whose code needed what the environment lacks does not matter, where the message says what that is.
    let says_what = environment && !message.tokens.text.ends_with("<value>");
    let library = if says_something && (says_what || tells_library(runtime, deciding, &message.tokens.text)) {
        None
    } else {
        library(runtime, frames, deciding)
    };
    let mut form = Form {
        basis: if library.is_some() { Basis::Library } else { Basis::Message },
        typeless: says_something && is_typeless(runtime, deciding, message.known),
        frames: library.into_iter().collect(),
        tokens: message.tokens,
        readable: message.readable,
        template: message.template,
        keys: message.keys,
    };
    if !says_something && let Some(site) = site(frames) {
        form.keys.insert(0, site);
    }
    if runtime == Runtime::Python && deciding.short_type() == "KeyError" {
        form.keys.splice(0..0, mapping_site(frames));
        if form.basis == Basis::Library && form.tokens.text.is_empty() {
            form.keys.extend(library_call(frames).or_else(|| library_call(&reported.frames)));
        }
    }
    if runtime == Runtime::Python
        && !message.known
        && let Some(package) = message::lacking_package(&deciding.message)
    {
        form.keys.push(format!("from {package}"));
    }
    if makes_file(runtime, deciding, frames) {
        form.keys.push("access write".to_owned());
    }
    if !says_something
        && form.tokens.text.is_empty()
        && frames.iter().all(|frame| frame.origin == Origin::Carrier)
    {
        form.tokens = Tokens::of(message::opening(raw.stacktrace.or(raw.message).unwrap_or_default()));
    }
    form
}

/// Whether an exception's type is no part of its cause: where the language has no types of errors, or shows them in some
/// forms only, clients send words of their own. `known`: a list knows the message.
fn is_typeless(runtime: Runtime, exception: &ParsedException<'_>, known: bool) -> bool {
    let name = exception.short_type();
    match runtime {
        // What a failed assertion says is its condition.
        Runtime::Native => name != "AssertionFailed",
        Runtime::Go
        | Runtime::Rust
        | Runtime::R
        | Runtime::Perl
        | Runtime::Lua
        | Runtime::Sql
        | Runtime::Haskell
        | Runtime::Fortran
        | Runtime::Octave => true,
        // PHP's own words for what is no exception.
        Runtime::Php if matches!(name, "FatalError" | "Warning") => true,
        Runtime::Ruby | Runtime::Php | Runtime::DotNet => known,
        Runtime::Unknown if known => true,
        Runtime::Unknown => messages::words().is_vague(name) || name.starts_with("ExitCode"),
        _ => false,
    }
}

/// Whether an exception tells its library by itself, also where no frame does: in Python its type is not the language's own,
/// nor one that libraries share with the standard library; or it says so much that nobody else will say the same. What the
/// system says is the same whoever asked.
fn tells_library(runtime: Runtime, exception: &ParsedException<'_>, tokens: &str) -> bool {
    let (name, own) = (type_name(runtime, exception), exception.short_type());
    let words = || tokens.split(' ').filter(|token| !token.starts_with('<')).count();
    match runtime {
        Runtime::JavaScript => words() >= LIBRARY_WORDS_MIN || says_system(&exception.message),
        Runtime::Python if name == "JSONDecodeError" => false,
        Runtime::Python => {
            // What the interpreter says of imports is short.
            let composed = messages::words().composes(own) && own != "ImportError";
            !ast::is_python_builtin(name)
                || message::unreachable(own, &exception.message).is_some()
                || exception.message.starts_with("[Errno ")
                || own == "AttributeError" && exception.message.starts_with("module '")
                || !composed && words() >= LIBRARY_WORDS_MIN
        }
        _ => false,
    }
}

/// `listen EADDRINUSE: address already in use`: what Node's system calls say.
fn says_system(message: &str) -> bool {
    let mut words = message.split([' ', ':']).take(2);
    words.any(is_system_code)
}

/// Words of a message that no two libraries share by chance.
const LIBRARY_WORDS_MIN: usize = 7;

/// The type as it counts: Node clients send the code, or the class, of one and the same error; a shell
/// has no types; some types have several names.
fn type_name<'e>(runtime: Runtime, exception: &'e ParsedException<'_>) -> &'e str {
    let simple = exception.short_type();
    let code = simple.len() > 3 && is_capital_name(simple.as_bytes());
    match (runtime, simple) {
        (Runtime::Shell, _) => "shell",
        (Runtime::JavaScript, simple) if code || simple.is_empty() => "Error",
        // What a coroutine, or what is no context manager, was asked for.
        (Runtime::Python, "AttributeError")
            if ["__", "'coroutine' object "].iter().any(|start| exception.message.starts_with(start)) =>
        {
            "TypeError"
        }
        // Older releases of PyTorch have no type for it.
        (Runtime::Python, "RuntimeError") if exception.message.starts_with("CUDA out of memory") => {
            "OutOfMemoryError"
        }
        (Runtime::Python, simple) => message::unreachable(simple, &exception.message)
            .map_or_else(|| messages::built_in().type_name(runtime, simple), |(known, _)| known),
        (_, simple) => messages::built_in().type_name(runtime, simple),
    }
}

/// Level 5 of the taxonomy: the stack and the failing statement; where that is not known, the snippet and the
/// names of its author. 16 hex digits.
///
/// Down to the frame of own code that failed each frame counts with its file and its source line. What called it counts
/// by its functions in a user's program, whosever they are, and not at all where the statement is known.
fn context(
    raw: &RawException<'_>,
    parsed: &Parsed<'_>,
    reported: &ParsedException<'_>,
    frames: &[Frame<'_>],
    basis: Basis,
) -> String {
    let tags = parsed.ast.as_ref();
    // Node prints the source of an uncaught error only, so clients that report caught ones lack it.
    let printed = parsed.runtime != Runtime::JavaScript;
    let mut digest = Digest::default();
    digest.add(Part::Type, &reported.error_type);
    let mut name = String::with_capacity(64);
    let (mut calls, mut left) = (false, CONTEXT_FRAMES_MAX);
    for frame in frames {
        let own = frame.origin.is_own();
        let in_program = (own || calls) && basis != Basis::Application;
        if left == 0 || in_program && tags.is_some() {
            break;
        }
        // A script's or a cell's file is made anew for each execution.
        if in_program {
            digest.add(Part::Frame, &frame.function);
        } else if frame.origin == Origin::Carrier {
            continue;
        } else {
            name.clear();
            frames::push_frame(&mut name, frame);
            digest.add(Part::Frame, &name);
        }
        left -= 1;
        if !calls
            && printed
            && let Some(source) = &frame.source
        {
            add_without_numbers(&mut digest, trim(source));
        }
        calls |= own;
    }
    match tags {
        Some(tags) => {
            digest.add(Part::Statement, tags.statement.as_str());
            tags.call.iter().chain(&tags.import).for_each(|part| digest.add(Part::Statement, part));
        }
        None => {
            raw.snippet.unwrap_or_default().split_whitespace().for_each(|word| digest.add(Part::Word, word));
        }
    }
    hex(digest.0)
}

/// Numbers in source lines are a user's literals, and repeats are known without them.
fn add_without_numbers(digest: &mut Digest, mut source: &str) {
    while let Some(at) = first_digit(source.as_bytes()) {
        digest.add(Part::Source, &source[..at]);
        let digits = source.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        source = &source[at + digits..];
    }
    digest.add(Part::Source, source);
}

/// What a part of a context is.
#[derive(Clone, Copy, Debug)]
enum Part {
    Type = 1,
    Frame,
    Source,
    Statement,
    Word,
}

/// A hash of parts in order, each of which is hashed where it lies.
#[derive(Debug, Default)]
struct Digest(u64);

impl Digest {
    #[inline]
    fn add(&mut self, part: Part, text: &str) {
        let hash = xxh3_64(text.as_bytes()).wrapping_add(part as u64);
        // A bijection of the state and of the hash; odd, from the golden ratio.
        self.0 = (self.0.rotate_left(29) ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// 16 hex digits.
fn hex(number: u64) -> String {
    let mut hex = String::with_capacity(16);
    for place in (0..16).rev() {
        hex.push(char::from(b"0123456789abcdef"[(number >> (4 * place) & 15) as usize]));
    }
    hex
}

/// The failed program's language: what the client says of it, else the text's own shape, else the SDK's.
fn language(raw: &RawException<'_>, runtime: Runtime) -> Option<String> {
    let shape = (runtime != Runtime::Unknown).then_some(runtime.as_str());
    let said = raw.language.filter(|said| !said.is_empty()).or(shape).or(raw.sdk_language)?;
    let is_small = said.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    Some(if is_small { said.to_owned() } else { said.to_lowercase() })
}
