//! What an exception says of the construct that failed: by the frame called from it, else by type and message.

use super::grammar::Grammar;
use super::statement::Statement::{self, *};
use crate::model::{Frame, ParsedException};

/// Bytes of a message that are looked at.
const MESSAGE_BYTES_MAX: usize = 1024;
const WORDS_MAX: usize = 4;
/// Lines of a command's own messages that are looked at.
const REPORT_LINES_MAX: usize = 8;

/// What to look for in a statement.
#[derive(Debug, Default)]
pub(super) struct Hint<'e> {
    /// Function that the statement had called.
    pub(super) callee: Option<&'e str>,
    /// Kinds that may have failed so, the likeliest first.
    pub(super) kinds: &'static [Statement],
    /// Names in the message's quotes.
    pub(super) words: Vec<&'e str>,
    /// A function without a name inside the statement failed, not the statement itself.
    pub(super) in_lambda: bool,
}

/// Types (any where empty), words of the message (any where empty), and what fails so.
type Rule = (&'static [&'static str], &'static [&'static str], &'static [Statement]);

const RULES: &[Rule] = &[
    (&[], &["not subscriptable", "indices must be", "does not support item"], &[Subscript]),
    (&[], &["not callable", "is not a function", "is not a constructor", "Cannot invoke"], &[Call]),
    (&[], &["to unpack"], &[For, Assignment]),
    (&[], &["during iteration"], &[For]),
    (
        &[],
        &["unsupported operand", "can only concatenate", "must be str, not", "not supported between"],
        &[BinaryOperation],
    ),
    (&[], &["bad operand type for unary"], &[UnaryOperation]),
    (&[], &["positional argument", "keyword argument", "required argument"], &[Call]),
    (&[], &["not iterable"], &[For, Assignment, Call]),
    (
        &[],
        &["Cannot read propert", "Cannot set propert", "Cannot destructure"],
        &[Attribute, Subscript, Assignment],
    ),
    (&[], &["Cannot read field", "Cannot assign field"], &[Attribute]),
    (&[], &["Cannot load from", "Cannot store to"], &[Subscript]),
    (&[], &["Cannot throw exception"], &[Raise]),
    (
        &[],
        &["Cannot enter synchronized", "Cannot assign to read only", "Assignment to constant"],
        &[Assignment, BinaryOperation],
    ),
    (&["KeyError", "IndexError"], &[], &[Subscript, Call, Delete]),
    (&["ArrayIndexOutOfBoundsException", "ArrayStoreException"], &[], &[Subscript]),
    (&["AttributeError"], &[], &[Attribute]),
    (&["NameError", "UnboundLocalError"], &[], &[Name]),
    (&["ReferenceError"], &["is not defined", "before initialization"], &[Name]),
    (&["ZeroDivisionError", "ArithmeticException"], &[], &[BinaryOperation]),
    (&["ImportError", "ModuleNotFoundError", "ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"], &[], &[Import]),
    (&["ClassCastException"], &[], &[Cast, Call]),
    (&["NegativeArraySizeException"], &[], &[Call]),
    (&["AssertionError"], &[], &[Assert, Raise]),
];

/// The same for shells, which name no types.
const SHELL_RULES: &[Rule] = &[
    (&[], &["command not found", "Permission denied", "Is a directory", "cannot execute"], &[Command]),
    (
        &[],
        &["No such file or directory", "ambiguous redirect", "cannot overwrite", "Bad file descriptor"],
        &[Redirect, Command],
    ),
    (&[], &["unbound variable", "bad substitution", "parameter null", "parameter not set"], &[Expansion]),
    (&[], &["division by 0", "arithmetic", "expression expected", "operand expected"], &[BinaryOperation]),
    (
        &[],
        &["unary operator expected", "integer expression", "too many arguments", "binary operator"],
        &[Test, Command],
    ),
    (&[], &["readonly variable", "not a valid identifier"], &[Assignment, Declaration, Delete]),
];

/// Python's methods behind operations.
const PROTOCOLS: &[(&[&str], &[Statement])] = &[
    (&["__getitem__", "__setitem__", "__delitem__", "__missing__"], &[Subscript]),
    (&["__getattr__", "__getattribute__", "__setattr__", "__get__", "__set__"], &[Attribute]),
    (&["__enter__", "__exit__", "__aenter__", "__aexit__"], &[With]),
    (&["__iter__", "__next__", "__anext__", "__aiter__"], &[For, Call]),
    (&["__init__", "__new__", "__call__", "<init>", "constructor"], &[Call]),
    (&["<module>", "<clinit>", "_find_and_load", "require", "executeUserEntryPoint"], &[Import, Call]),
    (
        &[
            "__add__",
            "__sub__",
            "__mul__",
            "__truediv__",
            "__floordiv__",
            "__mod__",
            "__pow__",
            "__matmul__",
            "__radd__",
            "__rsub__",
            "__rmul__",
            "__rtruediv__",
            "__eq__",
            "__lt__",
            "__gt__",
            "__le__",
            "__ge__",
            "__contains__",
            "__and__",
            "__or__",
            "__iadd__",
            "__array_ufunc__",
        ],
        &[BinaryOperation],
    ),
    (&["__bool__", "__nonzero__"], &[If, UnaryOperation, Assert, While]),
    (&["__neg__", "__invert__"], &[UnaryOperation]),
];

impl<'e> Hint<'e> {
    pub(super) fn callee(name: &'e str) -> Self {
        Self { callee: Some(name), ..Self::default() }
    }
}

/// What to look for on the line of a frame; `inner` are the frames called from it, the raise site first.
pub(super) fn of<'e>(
    grammar: Grammar,
    exception: &'e ParsedException<'_>,
    inner: &'e [Frame<'_>],
    frame: &Frame<'_>,
) -> Hint<'e> {
    let in_lambda = matches!(&*frame.function, "<lambda>" | "<anonymous>" | "<genexpr>" | "<listcomp>")
        || frame.function.starts_with("lambda$");
    let Some(called) = inner.last() else {
        return Hint { in_lambda, ..by_message(grammar, exception) };
    };
    let name = called.function.trim_start_matches("new ").rsplit(['.', '/']).next().unwrap_or_default();
    let protocol = PROTOCOLS.iter().find(|(names, _)| names.contains(&name));
    if let Some((_, kinds)) = protocol {
        let class = called.module.rsplit(['.', '$', '/']).next().unwrap_or_default();
        let callee = Some(class).filter(|_| name == "<init>");
        return Hint { callee, kinds, words: words(head(exception)), in_lambda };
    }
    Hint {
        callee: Some(name).filter(|name| !name.is_empty()),
        kinds: &[Call, Command],
        words: Vec::new(),
        in_lambda,
    }
}

fn by_message<'e>(grammar: Grammar, exception: &'e ParsedException<'_>) -> Hint<'e> {
    let message = head(exception);
    let short = exception.short_type();
    let fits = |(types, words, _): &&Rule| {
        (types.is_empty() || types.contains(&short))
            && (words.is_empty() || words.iter().any(|w| message.contains(w)))
    };
    let rules = if grammar == Grammar::Bash { SHELL_RULES } else { RULES };
    let kinds = rules.iter().find(fits).map_or(&[][..], |(_, _, kinds)| *kinds);
    Hint { kinds, words: words(message), ..Hint::default() }
}

fn head<'e>(exception: &'e ParsedException<'_>) -> &'e str {
    &exception.message[..exception.message.floor_char_boundary(MESSAGE_BYTES_MAX)]
}

/// Names in quotes; of dotted ones and calls the last (`foo` of `"a.b.foo()"`). JavaScript names some without quotes.
fn words(message: &str) -> Vec<&str> {
    let mut found: Vec<&str> = message
        .split(['\'', '"', '`', '\u{2018}', '\u{2019}'])
        .skip(1)
        .step_by(2)
        .chain(
            [" is not", ": "].iter().filter_map(|after| message.split_once(after).map(|(before, _)| before)),
        )
        .map(|word| {
            let word = word.split('(').next().unwrap_or(word);
            word.rsplit(['.', ' ']).next().unwrap_or(word)
        })
        .filter(|word| !word.is_empty() && word.len() <= 64)
        .collect();
    found.truncate(WORDS_MAX);
    found
}

/// Whether the exception is the compiler's, about the text that a frame without a function shows.
pub(super) fn is_syntax_error(exception: &ParsedException<'_>, index: usize, frame: &Frame<'_>) -> bool {
    const SHELL: [&str; 3] = ["syntax error", "unexpected EOF", "unexpected end of file"];
    const COMPILER: [&str; 9] = [
        "' expected",
        "illegal start",
        "unclosed",
        "reached end of file",
        "not a statement",
        "class, interface",
        "illegal character",
        "<identifier> expected",
        "without 'if'",
    ];
    if index > 0 || !frame.function.is_empty() {
        return false;
    }
    let short = exception.short_type();
    matches!(short, "SyntaxError" | "IndentationError" | "TabError" | "ParseError")
        || short.is_empty() && SHELL.iter().any(|words| exception.message.contains(words))
        || COMPILER.iter().any(|words| exception.message.contains(words))
}

/// The commands whose own messages these are (`tar` of `tar: x: Cannot open`), and `timeout` by its exit code.
pub(super) fn reporting_commands(message: &str, exit_code: Option<i64>) -> impl Iterator<Item = &str> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let lines = message.lines().filter(|line| !line.trim().is_empty()).take(REPORT_LINES_MAX);
    let commands = lines.filter_map(move |line| {
        let command = line.trim_start().split_once(": ")?.0.rsplit('/').next()?;
        (!command.is_empty() && command.len() <= 64 && command.chars().all(named)).then_some(command)
    });
    commands.chain((exit_code == Some(124)).then_some("timeout"))
}
