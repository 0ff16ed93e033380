//! What of a message tells the cause, when a user's own program failed.

use super::bare::{head, spoken, unlabelled};
use super::syntax::{self, Mistake};
use super::template;
use crate::bytes::{first, is_capital_name};
use crate::canonical::token_hash;
use crate::messages::{self, words};
use crate::model::{Frame, ParsedException, Runtime};
use crate::parse::is_system_code;
use crate::tokens::{Names, is_known_name, parameterize, tokens};
use rapidhash::RapidHashMap;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Kept tokens.
const TOKENS_MAX: usize = 48;

/// The tokens that count of each text of the built-in lists, with their hashes.
static SAME: LazyLock<RapidHashMap<&'static str, (String, Vec<u64>)>> = LazyLock::new(|| {
    let tokens = |text: &str| {
        let tokens = kept(&text.replace("{}", " <value> "));
        let hashes = words_of(&tokens).map(token_hash).collect();
        (tokens, hashes)
    };
    messages::built_in().counted().map(|text| (text, tokens(text))).collect()
});

/// Tokens of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    /// With a blank between each two.
    pub(super) text: Cow<'static, str>,
    /// Their hashes, where they were made before.
    hashes: Option<&'static [u64]>,
}

impl Tokens {
    pub(super) fn of(text: String) -> Self {
        Self { text: Cow::Owned(text), hashes: None }
    }

    /// The hash of each.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        let text = if self.hashes.is_some() { "" } else { self.text.as_ref() };
        self.hashes.unwrap_or_default().iter().copied().chain(words_of(text).map(token_hash))
    }
}

/// The words of a text with one blank between each two.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        let (word, behind) = match first(text.as_bytes(), b' ') {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = behind;
        Some(word)
    })
}

/// The telling part of a message.
#[derive(Debug, Default)]
pub(super) struct Telling {
    pub(super) tokens: Tokens,
    pub(super) keys: Vec<String>,
    /// The type says everything.
    speaking_type: bool,
    /// A list knows the message.
    pub(super) known: bool,
    /// The message's first telling line with placeholders, where it was made.
    pub(super) readable: Option<String>,
    /// That line with `<str>` in place of what the program put into it, where the program's source tells.
    pub(super) template: Option<String>,
}

impl Telling {
    /// Whether the type says everything, or a word is left, and not only values.
    pub(super) fn says_something(&self) -> bool {
        let tokens = self.tokens.text.as_bytes();
        let begins = |at: usize| at == 0 || tokens[at - 1] == b' ';
        self.speaking_type || (0..tokens.len()).any(|at| begins(at) && tokens[at] != b'<')
    }
}

/// `raised`: where it was raised. `authored`: the program's own code raised it, so it may have written the message; its
/// template may stand in `sources`. `program`: all of it, where the client sent it. `names`: what becomes of names that
/// somebody chose.
pub(super) fn telling<'p>(
    runtime: Runtime,
    names: Names,
    deciding: &'p ParsedException<'_>,
    raised: Option<&Frame<'_>>,
    authored: bool,
    sources: impl Iterator<Item = &'p str>,
    program: Option<&str>,
) -> Telling {
    let sentence = (runtime == Runtime::Python).then(|| sentence_of_key(deciding)).flatten();
    let whole: &str = sentence.as_deref().unwrap_or(&deciding.message);
    if words().speaks(deciding.short_type()) && sentence.is_none() && !is_sentence(whole) {
        return Telling { speaking_type: true, ..Telling::default() };
    }
    if authored && is_assertion(deciding.short_type()) {
        // What a user's own assert says is his own.
        return Telling { speaking_type: true, ..Telling::default() };
    }
    let of_template = Some(whole).filter(|_| runtime == Runtime::JavaScript).and_then(behind_template);
    let plain = spoken(runtime, of_template.unwrap_or_else(|| head(whole)));
    let mut message = unlabelled(runtime, plain.as_ref());
    if runtime == Runtime::Python && deciding.short_type() == "SyntaxError" {
        let source = raised.and_then(|frame| frame.source.as_deref());
        match syntax::mistake(message, source, raised.and_then(|frame| frame.marked)) {
            Some(Mistake::Message(known)) => message = known,
            Some(Mistake::Shape(shape)) => {
                let tokens = Tokens::of(format!("invalid syntax {shape}"));
                let readable = Some(format!("invalid syntax: {shape}"));
                return Telling { tokens, readable, ..Telling::default() };
            }
            None => {}
        }
    }
    let is_nodes = runtime == Runtime::JavaScript;
    let told = is_nodes.then(|| told(message, whole)).flatten();
    let service = is_nodes.then(|| service(message)).flatten();
    let mut same = if told.is_some() { None } else { messages::built_in().same(runtime, message) };
    let mut fixed = None;
    if same.is_none() {
        let found = template::fixed(message, sources);
        if let Some(quoted) = found.quoted {
            message = unlabelled(runtime, quoted);
            same = messages::built_in().same(runtime, message);
        }
        fixed = Some(found).filter(|found| found.quoted.is_none());
    }
    if let Some(same) = same {
        return listed(same, message, service);
    }
    let (written, is_programs) =
        fixed.map_or((Cow::Borrowed(message), false), |fixed| (fixed.text, fixed.is_programs));
    // What a runtime or a library says repeats names and texts of the program as they are.
    let written = match program {
        Some(program) if !is_programs => template::unnamed(message, program),
        _ => written,
    };
    let message = written.as_ref();
    let shaped = match runtime {
        Runtime::Shell => shell(message, authored),
        Runtime::Python => python(deciding.short_type(), message, whole),
        Runtime::Java => java(deciding.short_type(), message),
        Runtime::JavaScript => told.map_or_else(|| Cow::Borrowed(javascript(unhinted(message))), Cow::Owned),
        Runtime::Native | Runtime::Rust => Cow::Borrowed(unhinted(message)),
        _ => Cow::Borrowed(message),
    };
    let found = parameterize(&shaped, names);
    let tokens = kept(&tail_dropped(&unlisted(&found.text), authored));
    // What a shell's message was cut down to says too little to people.
    let readable = (runtime != Runtime::Shell || shaped == message).then_some(found.text);
    let (tokens, mut keys) = (Tokens::of(tokens), found.keys);
    keys.extend(service);
    let template = match written {
        Cow::Owned(template) if is_programs => Some(template),
        _ => None,
    };
    Telling { tokens, keys, readable, template, ..Telling::default() }
}

/// Of a message that counts as a text of a list.
fn listed(same: &str, message: &str, service: Option<String>) -> Telling {
    let same = if same == CIRCLE && hides_stdlib(message) { HIDDEN } else { same };
    let found = parameterize(message, Names::Drop);
    Telling {
        tokens: SAME.get(same).map_or_else(Tokens::default, |(text, hashes)| Tokens {
            text: Cow::Borrowed(text.as_str()),
            hashes: Some(hashes.as_slice()),
        }),
        keys: found.keys.into_iter().chain(service).collect(),
        readable: Some(found.text),
        known: true,
        ..Telling::default()
    }
}

/// What `messages.toml` has for modules that import each other, and for a program's file that hides a module of the standard
/// library, as Python 3.13 and later say it.
const CIRCLE: &str = "module {} has no attribute {} (most likely due to a circular import)";
const HIDDEN: &str = "module {} has no attribute {} (consider renaming {} since it has the same name as the standard library \
                      module named";

/// Whether a message tells of a circle of imports where a file hides a module of the standard library: that module, as
/// the file knows it, is the file itself.
fn hides_stdlib(message: &str) -> bool {
    let module =
        message.split_once("partially initialized module '").and_then(|(_, rest)| rest.split_once('\''));
    module.is_some_and(|(module, _)| words().is_python_stdlib(module.split('.').next().unwrap_or(module)))
}

/// The tokens that count of a parameterized text, a blank between each two. Neighbouring values are one.
fn kept(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 16);
    let is_ascii = text.is_ascii();
    let local = !is_ascii && text.bytes().filter(|byte| byte.is_ascii_alphabetic()).count() * 2 > text.len();
    let (mut behind_value, mut behind_variable) = (false, false);
    for token in tokens(text).take(TOKENS_MAX) {
        // Requests fail alike whatever they ask for.
        if matches!(token, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") {
            continue;
        }
        // A word in another script amid an English sentence is a user's.
        let is_value =
            is_value(token) || local && !token.is_ascii() || behind_variable && token.contains('_');
        behind_variable = matches!(token, "variable" | "setting");
        if is_value && behind_value {
            continue;
        }
        behind_value = is_value;
        if !kept.is_empty() {
            kept.push(' ');
        }
        if is_value {
            kept.push_str("<value>");
            continue;
        }
        let start = kept.len();
        if is_ascii || token.is_ascii() {
            kept.push_str(token);
            kept[start..].make_ascii_lowercase();
        } else {
            kept.push_str(&token.to_lowercase());
        }
        if kept.ends_with(['s', 'e']) && !is_known_name(token) {
            make_singular(&mut kept, start);
        }
    }
    kept
}

/// Takes the ending of the plural off the word from `start` on: how many there were is chance.
fn make_singular(text: &mut String, start: usize) {
    let word = &text[start..];
    let other = match word {
        "were" => "was",
        "are" => "is",
        _ => {
            let stem =
                word.strip_suffix('s').filter(|stem| stem.len() > 3 && !stem.ends_with(['s', 'u', 'i']));
            let Some(stem) = stem.map(str::len) else { return };
            if word.ends_with("ies") {
                text.truncate(start + stem - 2);
                text.push('y');
            } else {
                text.truncate(start + stem);
            }
            return;
        }
    };
    text.truncate(start);
    text.push_str(other);
}

/// Types of failed assertions.
fn is_assertion(error_type: &str) -> bool {
    matches!(error_type, "AssertionError" | "AssertionFailed" | "AssertionFailedError" | "AssertionFailure")
}

/// What a `KeyError` says in place of a key: Python shows it as a text in quotes (`'Cannot set a value without a key'`).
fn sentence_of_key(deciding: &ParsedException<'_>) -> Option<String> {
    const SAYING: &[&str] = &[
        "already",
        "are",
        "cannot",
        "do",
        "does",
        "duplicate",
        "has",
        "have",
        "invalid",
        "is",
        "missing",
        "must",
        "no",
        "none",
        "not",
        "only",
        "unexpected",
        "unknown",
        "unsupported",
        "was",
        "without",
    ];
    let text = Some(deciding).filter(|e| e.short_type() == "KeyError")?.message.trim();
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let said = text[1..].strip_suffix(quote)?;
    let mut said_words = said.split_whitespace();
    let is_sentence = said_words.clone().count() >= 3
        && said_words.any(|word| SAYING.contains(&word.to_ascii_lowercase().as_str()));
    (is_sentence && !words().lacks_labels(said)).then(|| said.replace("\\'", "'"))
}

/// Whether the interpreter wrote a sentence where a speaking type's message is otherwise a value: `'popitem():
/// dictionary is empty'`, `'pop from an empty set'`.
fn is_sentence(message: &str) -> bool {
    ["(): ", " is empty", " from an empty ", " from empty "].iter().any(|part| message.contains(part))
        && !message.contains('[')
}

/// Placeholders of values: which kind of value it was is chance.
fn is_value(token: &str) -> bool {
    token.starts_with('<') && !matches!(token, "<path>" | "<url>" | "<type>" | "<removed>")
}

/// The message before a hint.
fn unhinted(message: &str) -> &str {
    let end = words().hint(message).unwrap_or(message.len());
    message[..end].trim_end_matches([' ', '.', ';', '(', ','])
}

/// `name 'pd' is not defined`: an import that was forgotten, not a name that was misspelt.
fn forgotten_import(message: &str) -> bool {
    let name = message.strip_prefix("name '").and_then(|rest| rest.strip_suffix("' is not defined"));
    name.is_some_and(|name| words().imported.iter().any(|each| each == name))
}

/// The name that the interpreter tells of an application's own code: `'NoneType' object has no attribute 'price'`, `name
/// 'total' is not defined`, `charge() missing 1 required positional argument: 'card'`. Two of them in one function are two
/// mistakes.
pub(super) fn told_name<'e>(exception: &'e ParsedException<'_>) -> Option<&'e str> {
    let message = unhinted(&exception.message);
    let name = match exception.short_type() {
        "AttributeError" => message.split_once(" has no attribute '")?.1.split('\'').next()?,
        "NameError" | "UnboundLocalError" => message.split('\'').nth(1)?,
        // Newer releases tell the class as well.
        "TypeError" => message.split_once("() ")?.0.rsplit('.').next()?,
        _ => return None,
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

/// The published package that lacks a name, known or by its file, which newer releases of Python tell: `cannot import name
/// 'triu' from 'scipy.linalg' (/opt/venv/lib/python3.11/site-packages/scipy/linalg/__init__.py)`.
pub(super) fn lacking_package(message: &str) -> Option<&str> {
    let (_, from) = message.strip_prefix("cannot import name ")?.split_once(" from '")?;
    let (module, place) = from.split_once('\'')?;
    let root = module.split('.').next().filter(|root| !root.is_empty())?;
    let is_published = ["site-packages", "dist-packages"].iter().any(|folder| place.contains(folder));
    (is_published || is_known_name(root)).then_some(root)
}

fn python<'m>(error_type: &str, message: &'m str, whole: &str) -> Cow<'m, str> {
    let message = unhinted(message);
    if error_type == "ValidationError"
        && message.contains(" validation error")
        && let Some(kind) = pydantic_kind(whole)
    {
        return Cow::Owned(format!("validation error {kind}"));
    }
    if let Some((_, told)) = unreachable(error_type, message) {
        return Cow::Borrowed(told);
    }
    if error_type.starts_with("HTTP")
        && let Some(status) = http_status(message)
    {
        return Cow::Owned(format!("HTTP Error {status}"));
    }
    // `AttributeError: HIGH`: what an enumeration lacks, as older releases say it.
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // Whatever of it stands in the program.
    let name = whole.trim();
    if error_type == "AttributeError" && is_name(name) && !name.starts_with("__") && !name.is_empty() {
        return Cow::Borrowed("type object <str> has no attribute <str>");
    }
    if error_type == "AttributeError"
        && let Some(known) = foreign_attribute(message)
    {
        return Cow::Borrowed(known);
    }
    if error_type == "TypeError" && is_without_order(message) {
        return Cow::Borrowed("not supported between values of one type");
    }
    if forgotten_import(message) {
        return Cow::Borrowed("imported name is not defined");
    }
    // `invalid syntax (main.py, line 8)`
    let place = message.strip_suffix(')').and_then(|inner| {
        let mut brackets = memchr::memrchr_iter(b'(', inner.as_bytes());
        let at = brackets.find_map(|open| open.checked_sub(1).filter(|at| inner.as_bytes()[*at] == b' '))?;
        Some((at, &inner[at..]))
    });
    match place {
        Some((at, place)) if place.contains(", line ") => Cow::Borrowed(&message[..at]),
        _ => Cow::Borrowed(message),
    }
}

/// What pydantic found first: `[type=missing, input_value=...]`, before its second release `(type=value_error.missing)`.
/// A value that cannot be read as its type and one of another type are one, and so are all that are none of a few.
fn pydantic_kind(whole: &str) -> Option<&str> {
    let (_, rest) = whole.split_once("[type=").or_else(|| whole.split_once("(type="))?;
    let kind = rest.split([',', ';', ')', ']']).next()?;
    let is_type = kind.starts_with("type_error") || kind.ends_with("_type") || kind.ends_with("_parsing");
    Some(match kind.rsplit('.').next()? {
        "literal_error" | "const" | "enum" => "choice",
        _ if is_type => "type",
        last => last,
    })
}

/// Types that HTTP clients of Python have for a server that they could not reach, whatever the reason.
const UNREACHABLE: &[&str] = &[
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ConnectError",
    "ConnectionError",
    "ConnectionRefusedError",
    "MaxRetryError",
    "NameResolutionError",
    "NewConnectionError",
    "SSLCertVerificationError",
    "SSLError",
    "URLError",
    "gaierror",
];

/// Why a server's certificate is refused, as OpenSSL says it.
const CERTIFICATES: &[(&str, &str)] = &[
    ("certificate has expired", "certificate has expired"),
    ("self-signed certificate", "self-signed certificate"),
    ("self signed certificate", "self-signed certificate"),
    ("unable to get local issuer certificate", "unable to get local issuer certificate"),
    ("Hostname mismatch", "certificate of another host"),
    ("IP address mismatch", "certificate of another host"),
];

/// What a client of Python's found when it could not reach a server: the type that sockets have for it, and its text.
/// `HTTPConnectionPool(host='127.0.0.1', port=8080): Max retries exceeded with url: / (Caused by NewConnectionError(...
/// [Errno 111] Connection refused'))` is the same as `<urlopen error [Errno 111] Connection refused>`.
pub(super) fn unreachable(error_type: &str, message: &str) -> Option<(&'static str, &'static str)> {
    if !UNREACHABLE.contains(&error_type) {
        return None;
    }
    let says = |text: &str| memchr::memmem::find(message.as_bytes(), text.as_bytes()).is_some();
    let unknown = [
        "Name or service not known",
        "Temporary failure in name resolution",
        "No address associated with hostname",
        "nodename nor servname provided",
        "getaddrinfo failed",
        "Name does not resolve",
    ];
    let refused = ["[Errno 111]", "[Errno 61]", "[WinError 10061]", "Connect call failed"];
    if unknown.iter().any(|text| says(text)) {
        Some(("gaierror", "name or service not known"))
    } else if refused.iter().any(|text| says(text)) {
        Some(("ConnectionRefusedError", "[Errno 111] Connection refused"))
    } else if says("CERTIFICATE_VERIFY_FAILED") {
        let (_, reason) = CERTIFICATES.iter().find(|(text, _)| says(text))?;
        Some(("SSLCertVerificationError", reason))
    } else {
        None
    }
}

/// The status that urllib, requests and httpx tell in words of their own: `HTTP Error 404: Not Found`,
/// `404 Client Error: Not Found for url: ...`, `Client error '404 Not Found' for url ...`.
fn http_status(message: &str) -> Option<&str> {
    let status = message.strip_prefix("HTTP Error ").or_else(|| {
        let (first, rest) = message.split_once(' ')?;
        if rest.starts_with("Client Error") || rest.starts_with("Server Error") {
            return Some(first);
        }
        let (_, quoted) = message.split_once(" error '")?;
        Some(quoted)
    })?;
    let digits = status.bytes().take_while(u8::is_ascii_digit).count();
    (digits == 3).then(|| &status[..3])
}

/// `'<' not supported between instances of 'Task' and 'Task'`: the type has no order, whatever the values.
fn is_without_order(message: &str) -> bool {
    let types = message.split_once("' not supported between instances of '");
    types
        .and_then(|(_, types)| types.strip_suffix('\'')?.split_once("' and '"))
        .is_some_and(|(left, right)| left == right)
}

/// What a value of a built-in type was asked for: what values of other types have, or, of a `dict`, a key with a dot.
fn foreign_attribute(message: &str) -> Option<&'static str> {
    let (kind, rest) = message.strip_prefix('\'')?.split_once("' object has no attribute '")?;
    let (name, _) = rest.split_once('\'')?;
    if !matches!(kind, "dict" | "list" | "str" | "int" | "float" | "tuple" | "set" | "bytes" | "bool") {
        return None;
    }
    if words().is_builtin_method(name) {
        // A list, a dict, a file or bytes was meant; else a text.
        return Some(match (name, kind) {
            ("append" | "extend" | "insert" | "sort", _) => "value has no method of lists",
            ("get" | "items" | "keys" | "values" | "update" | "setdefault", _) => {
                "value has no method of dicts"
            }
            ("read" | "readline" | "readlines" | "write" | "close" | "seek", _) => {
                "value has no method of files"
            }
            ("decode", _) => "value has no method of bytes",
            (_, "int" | "float" | "bool") => "number has no such method",
            (_, "str" | "bytes") => "text has no such method",
            _ => "collection has no such method",
        });
    }
    (kind == "dict").then_some("dict has no attribute")
}

/// `package com.google.gson does not exist`, and the name of a class that was not found: a published library, which
/// somebody can install, or a user's own name.
fn java<'m>(error_type: &str, message: &'m str) -> Cow<'m, str> {
    let package = message.strip_prefix("package ").and_then(|rest| rest.strip_suffix(" does not exist"));
    let class = matches!(error_type, "ClassNotFoundException" | "NoClassDefFoundError");
    if error_type == "FileNotFoundException" && message.starts_with("http") {
        return Cow::Borrowed("<url> not found");
    }
    if error_type == "FileNotFoundException"
        && let Some((_, reason)) = message.rsplit_once(" (")
        && reason.ends_with(')')
    {
        return Cow::Owned(format!("<path> ({reason}"));
    }
    if error_type == "NoSuchFileException" {
        return Cow::Borrowed("<path> (No such file or directory)");
    }
    let name = package.or_else(|| class.then(|| message.split_whitespace().last().unwrap_or_default()));
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Cow::Borrowed(message) };
    let dotted = name.replace('/', ".");
    let known = crate::frames::is_published(Runtime::Java, &format!("{dotted}."));
    Cow::Borrowed(if known { "published class not found" } else { "<name> not found" })
}

/// Node's errors of the system without the call that met them: `EBADF: bad file descriptor, read`.
fn javascript(message: &str) -> &str {
    let described = message.split_once(": ").filter(|(code, _)| is_system_code(code));
    let call = described.and_then(|_| message.find(", "));
    call.map_or(message, |call| &message[..call])
}

/// What failed in a template, behind the lines of it that EJS and Pug show: ` >> 3| <%= price %>`.
fn behind_template(message: &str) -> Option<&str> {
    let (_, shown) = message.split_once("\n").filter(|(_, rest)| rest.contains("| "))?;
    let is_marked = |line: &str| {
        let place = line.trim_start().strip_prefix('>').map(|rest| rest.trim_start_matches('>').trim_start());
        place
            .and_then(|place| place.split_once('|'))
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (_, said) = shown.rsplit_once("\n\n").filter(|(lines, _)| lines.lines().any(is_marked))?;
    said.lines().map(str::trim).find(|line| !line.is_empty())
}

/// What a command that Node ran said, where it failed.
fn told(message: &str, whole: &str) -> Option<String> {
    if !message.starts_with("Command failed: ") {
        return None;
    }
    let said = whole.lines().skip(1).map(str::trim).find(|line| !line.is_empty())?;
    let said = shell(said, false);
    // The shell could not start it: the same as `spawn pandoc ENOENT`.
    let absent = said.ends_with(": command not found");
    Some(if absent { "spawn <str> ENOENT".to_owned() } else { format!("command failed: {said}") })
}

/// The server that usually listens at the port where nothing answered: `connect ECONNREFUSED 127.0.0.1:5432`.
fn service(message: &str) -> Option<String> {
    let place = message.strip_prefix("connect ECONNREFUSED ")?;
    let port = place.rsplit(':').next()?.split([' ', ',', ')']).next()?;
    Some(format!("service {}", words().service_at(port)?))
}

/// `placed`: a shell said which line of a script failed.
fn shell(message: &str, placed: bool) -> Cow<'_, str> {
    let message = unhinted(message);
    match words().of_shell(message) {
        // What dash says of `set -u`.
        [Some("parameter not set"), _] => return Cow::Borrowed("<name>: unbound variable"),
        [Some(complaint), _] => return Cow::Owned(format!("<name>: {complaint}")),
        [None, Some(ending)] => return Cow::Owned(ending.trim().to_owned()),
        [None, None] => {}
    }
    let lower = message.to_ascii_lowercase();
    if let Some(name) = missing(message, &lower) {
        return Cow::Owned(format!("{name}: command not found"));
    }
    if placed && requires_parameter(message) {
        return Cow::Borrowed("<name>: parameter null or not set");
    }
    match words().of_system(&lower) {
        (_, true) => Cow::Borrowed("must be root"),
        (Some(error), false) => Cow::Borrowed(error),
        (None, false) => Cow::Borrowed(message),
    }
}

/// `API_URL: ask the admin for it`, said of a script's line: what a program says where `${API_URL:?}` is not set. Shells
/// say nothing else about a variable by its name alone, but for complaints that were looked for before.
fn requires_parameter(message: &str) -> bool {
    message.split_once(": ").is_some_and(|(name, _)| name.len() > 1 && is_capital_name(name.as_bytes()))
}

/// The command that a shell misses: a published tool, which somebody can install, or another name. `lower` is the
/// message in lower case.
fn missing(message: &str, lower: &str) -> Option<&'static str> {
    let message = message.rsplit_once(": line ").map_or(message, |(_, rest)| rest);
    let lower = &lower[lower.len() - message.len()..];
    let name = words().around_missing.iter().find_map(|(before, behind)| {
        let rest = if before.is_empty() {
            message
        } else {
            message.get(lower.find(before.as_str())? + before.len()..)?
        };
        rest.strip_suffix(behind.as_str())
    })?;
    let name = name.rsplit(": ").next().unwrap_or_default().trim_matches(['\'', '"', '`', ' ']);
    Some(if is_known_name(name) { "published tool" } else { "<name>" })
}

/// Lines of a report that nothing was understood of.
const LINES_MAX: usize = 4;

/// The words at the start of a report, where neither message nor frames tell anything; a blank between each two.
pub(super) fn opening(text: &str) -> String {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_MAX).collect();
    let found = parameterize(&lines.join("\n"), Names::Drop);
    let tokens = tokens(&found.text).take(TOKENS_MAX);
    let words: Vec<String> = tokens
        .map(|token| if is_value(token) { "<value>".to_owned() } else { token.to_lowercase() })
        .collect();
    words.join(" ")
}

/// Items of a list that are looked at.
const ITEMS_MAX: usize = 64;

/// Without what `one of dev, prod, test` lists: what a program allows is its own.
fn unlisted(text: &str) -> Cow<'_, str> {
    let Some(start) = memchr::memmem::find(text.as_bytes(), b"one of ").map(|at| at + "one of ".len()) else {
        return Cow::Borrowed(text);
    };
    let list = &text[start..];
    let (mut end, mut items) = (0, 0);
    for item in list.split_inclusive([',', '|']).take(ITEMS_MAX) {
        let word = item.trim_start();
        let inner = word.trim_end_matches([',', '|', ' ']);
        // More than one word belongs to what follows the list.
        let length = inner.find([' ', ';', ')', ']']).unwrap_or(inner.len());
        let is_last = inner.len() == word.len() || length < inner.len();
        end += item.len() - word.len() + if is_last { length } else { word.len() };
        items += 1;
        if is_last {
            break;
        }
    }
    if items < 2 {
        return Cow::Borrowed(text);
    }
    let rest = &list[end..];
    let another = [" or ", " and "].iter().find_map(|word| rest.strip_prefix(word));
    let rest = another.map_or(rest, |another| &another[another.find(' ').unwrap_or(another.len())..]);
    Cow::Owned(format!("{}<name>{rest}", &text[..start]))
}

/// Drops the single word after the last colon where it is a value.
fn tail_dropped(text: &str, authored: bool) -> Cow<'_, str> {
    let mut colons = memchr::memrchr_iter(b':', text.as_bytes());
    let Some(colon) = colons.find(|at| text.as_bytes().get(at + 1) == Some(&b' ')) else {
        return Cow::Borrowed(text);
    };
    let (before, tail) = (&text[..colon], &text[colon + 2..]);
    let mut blanks = memchr::memchr_iter(b' ', tail.as_bytes());
    let bracket = blanks.find(|at| tail.as_bytes().get(at + 1) == Some(&b'('));
    let (word, rest) = tail.split_at(bracket.unwrap_or(tail.len()));
    let single = !word.is_empty() && !word.contains(' ');
    let noun = words().nouns.iter().any(|noun| before.ends_with(noun));
    if single && (authored || noun) {
        Cow::Owned(format!("{before}: <name>{rest}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_texts_that_stand_in_code() {
        assert!([CIRCLE, HIDDEN].iter().all(|text| SAME.contains_key(text)));
        assert!(hides_stdlib(
            "partially initialized module 'random' has no attribute 'choice' (most likely due to"
        ));
        assert!(!hides_stdlib(
            "partially initialized module 'my_plan' has no attribute 'run' (most likely due to"
        ));
        assert!(words().is_python_stdlib("shelve") && !words().is_python_stdlib("numpy"));
    }

    #[test]
    fn tells_sentences_from_keys() {
        let said = |message: &'static str| {
            let exception = ParsedException {
                error_type: "KeyError".into(),
                message: message.into(),
                ..Default::default()
            };
            sentence_of_key(&exception)
        };
        let sentence = "'There is no item named \\'a\\' in the archive'";
        assert_eq!(said(sentence).as_deref(), Some("There is no item named 'a' in the archive"));
        let keys = ["'price'", "7", "'first name'", "'is not'", "", "'", "'\u{e9}'"];
        let labels =
            [r#""['a'] not in index""#, r#""['a'] not found in axis""#, "'Column(s) [a] do not exist'"];
        let keys = keys.into_iter().chain(labels);
        for key in keys {
            assert_eq!(said(key), None, "{key}");
        }
    }

    #[test]
    fn tells_what_was_meant_by_a_method() {
        let meant =
            |kind: &str, name: &str| foreign_attribute(&format!("'{kind}' object has no attribute '{name}'"));
        assert_eq!(meant("tuple", "append"), meant("str", "append"));
        assert_eq!(meant("list", "split"), meant("list", "strip"));
        assert_ne!(meant("list", "split"), meant("int", "split"));
        assert_ne!(meant("str", "read"), meant("str", "decode"));
        assert_eq!(meant("Order", "split"), None);
    }

    #[test]
    fn finds_what_failed_in_a_template() {
        let shown = "ejs:3\n    1| Dear <%= user %>\n >> 3| Total <%= price %>\n\nprice is not defined";
        assert_eq!(behind_template(shown), Some("price is not defined"));
        let pug = "views/a.pug:2:5\n    1| h1 a\n  > 2| p= b.c\n\nCannot read properties of undefined (reading 'c')\n";
        assert_eq!(behind_template(pug), Some("Cannot read properties of undefined (reading 'c')"));
        for other in ["x is not a function", "a\n\nb", "a | b\n 3| c\n\nd"] {
            assert_eq!(behind_template(other), None, "{other}");
        }
    }

    #[test]
    fn drops_what_a_list_allows() {
        for (text, expected) in [
            ("must be one of dev, prod, test, got <str>", "must be one of <name> <str>"),
            ("must be one of dev, prod or test, got it", "must be one of <name> got it"),
            ("is not one of dev, prod", "is not one of <name>"),
            ("(one of dev | prod)", "(one of <name>)"),
            ("one of the dev, or prod", "one of the dev, or prod"),
            ("one of dev", "one of dev"),
            ("one of ", "one of "),
        ] {
            assert_eq!(unlisted(text), expected, "{text}");
        }
    }

    #[test]
    fn drops_what_differs_by_chance() {
        let tokens = |text: &str| kept(&parameterize(text, Names::Drop).text);
        assert_eq!(tokens("GET /prices failed"), tokens("POST /stock/7 failed"));
        assert_eq!(
            tokens("environment variable API_URL is empty"),
            tokens("environment variable JOB_MODE is empty")
        );
        let whole = "1 validation error for A\nb\n  Field required [type=missing, input_value={}]";
        assert_eq!(python("ValidationError", "1 validation error for A", whole), "validation error missing");
        let whole = "1 validation error for A\nb\n  no integer (type=type_error.integer)";
        assert_eq!(python("ValidationError", "1 validation error for A", whole), "validation error type");
        for message in [
            "HTTP Error 404: Not Found",
            "404 Client Error: Not Found for url: http://a/b",
            "Client error '404 Not Found' for url 'http://a/b'",
        ] {
            assert_eq!(python("HTTPError", message, ""), "HTTP Error 404");
        }
        assert_eq!(service("connect ECONNREFUSED ::1:5432").unwrap(), "service postgresql");
        assert_eq!(service("connect ECONNREFUSED ::1:8080"), None);
        let said = "Command failed: pandoc -v\n/bin/sh: 1: pandoc: not found\n";
        assert_eq!(told("Command failed: pandoc -v", said).unwrap(), "spawn <str> ENOENT");
        assert_eq!(javascript("EBADF: bad file descriptor, read"), "EBADF: bad file descriptor");
        assert_eq!(javascript("Expected: a, b"), "Expected: a, b");
        assert_eq!(javascript("ERROR: a, b"), "ERROR: a, b");
        assert!(
            requires_parameter("API_URL: ask the admins for it") && !requires_parameter("cd: no such place")
        );
    }
}
