//! What of a message tells the cause, when a user's own program failed.

use crate::model::{ParsedException, Runtime};
use crate::tokens::{Names, is_known_name, parameterize, tokens};
use std::borrow::Cow;

/// Kept tokens.
const TOKENS_MAX: usize = 48;

/// The telling part of a message.
#[derive(Debug, Default)]
pub(super) struct Telling {
    pub(super) tokens: Vec<String>,
    pub(super) keys: Vec<String>,
    /// The type says everything.
    speaking_type: bool,
}

impl Telling {
    /// Whether the type says everything, or a word is left, and not only values.
    pub(super) fn says_something(&self) -> bool {
        self.speaking_type || self.tokens.iter().any(|token| !token.starts_with('<'))
    }
}

/// Types that say everything; their messages differ by version, operator or the value met.
const SPEAKING_TYPES: &[&str] = &[
    "ArrayIndexOutOfBoundsException",
    "ArrayStoreException",
    "ClassCastException",
    "IndexOutOfBoundsException",
    "KeyError",
    "KeyboardInterrupt",
    "NegativeArraySizeException",
    "RecursionError",
    "StackOverflowError",
    "StopIteration",
    "StringIndexOutOfBoundsException",
    "UnboundLocalError",
    "ZeroDivisionError",
];

/// `authored`: the program's own code raised it, so it may have written the message.
pub(super) fn telling(runtime: Runtime, deciding: &ParsedException<'_>, authored: bool) -> Telling {
    if SPEAKING_TYPES.contains(&deciding.short_type()) {
        return Telling { speaking_type: true, ..Telling::default() };
    }
    let shaped = match runtime {
        Runtime::JavaScript => javascript(head(&deciding.message)),
        Runtime::Shell => shell(head(&deciding.message)),
        Runtime::Python => python(head(&deciding.message)),
        _ => Cow::Borrowed(head(&deciding.message)),
    };
    let found = parameterize(&shaped, Names::Drop);
    let mut kept: Vec<String> = Vec::new();
    for token in tokens(&tail_dropped(&found.text, authored)).take(TOKENS_MAX) {
        let token = if is_value(token) { "<value>".to_owned() } else { token.to_lowercase() };
        if token != "<value>" || kept.last() != Some(&token) {
            kept.push(token);
        }
    }
    Telling { tokens: kept, keys: found.keys, speaking_type: false }
}

/// Placeholders of values: which kind of value it was is chance.
fn is_value(token: &str) -> bool {
    token.starts_with('<') && !matches!(token, "<path>" | "<url>" | "<type>")
}

/// The first telling line.
pub(super) fn head(message: &str) -> &str {
    let trimmed = message.trim();
    let first = trimmed.find('\n').unwrap_or(trimmed.len());
    if first >= 15 || first == trimmed.len() {
        return &trimmed[..first];
    }
    // A short first line is a title: the two lines after it belong to it.
    let end = trimmed.match_indices('\n').nth(2).map_or(trimmed.len(), |(at, _)| at);
    &trimmed[..end]
}

/// Hints that newer interpreters add to the same message.
const HINTS: &[&str] = &[
    "Did you mean",
    "Maybe you meant",
    "Perhaps you forgot",
    "Did you forget",
    "did you mean",
    " here. Maybe",
];

fn python(message: &str) -> Cow<'_, str> {
    let end = HINTS.iter().filter_map(|hint| message.find(hint)).min().unwrap_or(message.len());
    let message = message[..end].trim_end_matches([' ', '.', ';', '(']);
    // `invalid syntax (main.py, line 8)`
    let place = message.strip_suffix(')').and_then(|inner| inner.rfind(" (").map(|at| (at, &inner[at..])));
    match place {
        Some((at, place)) if place.contains(", line ") => Cow::Borrowed(&message[..at]),
        _ => Cow::Borrowed(message),
    }
}

/// What V8 says of an expression of the program.
const VERDICTS: &[&str] = &[
    " is not a function",
    " is not iterable",
    " is not defined",
    " is not a constructor",
    " is not async iterable",
];

fn javascript(message: &str) -> Cow<'_, str> {
    match VERDICTS.iter().find(|verdict| message.contains(**verdict)) {
        Some(verdict) => Cow::Owned(format!("<name>{verdict}")),
        None => Cow::Borrowed(message),
    }
}

/// What a shell says of a piece of the script, which stands before it.
const COMPLAINTS: &[&str] = &[
    "unbound variable",
    "parameter null or not set",
    "parameter not set",
    "bad substitution",
    "division by 0",
    "division by zero",
    "readonly variable",
    "not a valid identifier",
    "bad array subscript",
    "invalid arithmetic operator",
    "ambiguous redirect",
    "value too great for base",
    "arithmetic syntax error",
    "syntax error: operand expected",
    "syntax error in expression",
    "integer expression expected",
    "unary operator expected",
];

/// What a shell reports of a command that a signal ended; the command follows.
const ENDINGS: &[&str] = &[
    " Killed ",
    " Terminated ",
    " Aborted ",
    " Segmentation fault ",
    " Bus error ",
    " Illegal instruction ",
    " Floating point exception ",
];

fn shell(message: &str) -> Cow<'_, str> {
    if let Some(complaint) = COMPLAINTS.iter().find(|complaint| message.contains(**complaint)) {
        return Cow::Owned(format!("<name>: {complaint}"));
    }
    if let Some(ending) = ENDINGS.iter().find(|ending| message.contains(**ending)) {
        return Cow::Owned(ending.trim().to_owned());
    }
    // `jq: command not found`: published tools are told apart, misspelt ones are not.
    for missing in [": command not found", ": not found"] {
        if let Some(before) = message.strip_suffix(missing) {
            let name = before.rsplit(": ").next().unwrap_or_default();
            let name = if is_known_name(name) { name } else { "<name>" };
            return Cow::Owned(format!("{name}: command not found"));
        }
    }
    Cow::Borrowed(message)
}

/// Lines of a report that nothing was understood of.
const LINES_MAX: usize = 4;

/// The words at the start of a report, where neither message nor frames tell anything.
pub(super) fn opening(text: &str) -> Vec<String> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES_MAX).collect();
    let found = parameterize(&lines.join("\n"), Names::Drop);
    tokens(&found.text)
        .take(TOKENS_MAX)
        .map(|token| if is_value(token) { "<value>".to_owned() } else { token.to_lowercase() })
        .collect()
}

/// Nouns after which a name of the user's own stands: `no such table: orders`.
const NOUNS: &[&str] = &[
    "table", "column", "relation", "failed", "field", "variable", "function", "key", "index", "database",
    "schema",
];

/// Drops the single word after the last colon where it is a value.
fn tail_dropped(text: &str, authored: bool) -> Cow<'_, str> {
    let Some((before, tail)) = text.rsplit_once(": ") else { return Cow::Borrowed(text) };
    let (word, rest) = tail.split_at(tail.find(" (").unwrap_or(tail.len()));
    let single = !word.is_empty() && !word.contains(' ');
    let noun = NOUNS.iter().any(|noun| before.ends_with(noun));
    if single && (authored || noun) {
        Cow::Owned(format!("{before}: <name>{rest}"))
    } else {
        Cow::Borrowed(text)
    }
}
