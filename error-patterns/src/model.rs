//! The types that parsing, grouping and classification share.

use crate::ast::AstTags;
use crate::bytes::{is_dotted_name, last_of};
use std::borrow::Cow;
use std::fmt;

/// One exception as a client sent it. Absent fields are `None`; texts may be cut, coloured, huge or empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawException<'a> {
    /// `exception.type`.
    pub error_type: Option<&'a str>,
    /// `exception.message`.
    pub message: Option<&'a str>,
    /// `exception.stacktrace`: free text in the runtime's own format.
    pub stacktrace: Option<&'a str>,
    /// `exec.language` or `process.runtime.name`: what the failed program was written in.
    pub language: Option<&'a str>,
    /// `telemetry.sdk.language`: the reporter's language, believed only when the text has no shape of its own.
    pub sdk_language: Option<&'a str>,
    /// `exec.code.snippet`.
    pub snippet: Option<&'a str>,
    /// `process.exit.code`.
    pub exit_code: Option<i64>,
}

/// The runtime (taxonomy level 1) whose format a text is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Runtime {
    Python,
    JavaScript,
    Java,
    Shell,
    Go,
    Rust,
    DotNet,
    Ruby,
    Php,
    /// C and C++: compilers and sanitizers.
    Native,
    R,
    Perl,
    Lua,
    /// Servers and shells of SQL.
    Sql,
    Haskell,
    Ocaml,
    /// Elixir too.
    Erlang,
    Pascal,
    Fortran,
    /// MATLAB too.
    Octave,
    /// Common Lisp.
    Lisp,
    #[default]
    Unknown,
}

/// A parsed report: one or more exceptions, the first of which is the one that was reported (the
/// outermost); the others are reached from it through `parent`.
#[derive(Clone, Debug, Default)]
pub struct Parsed<'a> {
    pub runtime: Runtime,
    /// Never empty: unknown text gives one exception with what the client said of it.
    pub exceptions: Vec<ParsedException<'a>>,
    /// The text ended in the middle of a frame, or a limit of the parser was reached.
    pub truncated: bool,
    /// The failing statement, where the client sent a snippet and it is found in it.
    pub ast: Option<AstTags>,
    /// Type of the exception that was reported, where another failure that it quotes stands in its place.
    pub quoted_by: Option<Cow<'a, str>>,
}

/// How an exception hangs on its parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// The reported exception itself.
    #[default]
    Reported,
    /// The parent was raised because of this one (`raise ... from`, `Caused by`, `cause`, `%w`).
    Cause,
    /// The parent was raised while this one was handled (Python's implicit context).
    Context,
    /// Java's `Suppressed`.
    Suppressed,
    /// A member of an exception group or AggregateError.
    Member,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default)]
pub struct ParsedException<'a> {
    /// As written, with its module or package; empty when unknown.
    pub error_type: Cow<'a, str>,
    /// Without the type prefix; may have several lines; empty when there is none.
    pub message: Cow<'a, str>,
    /// Code that the runtime gives beside the type (`ENOENT`, `ERR_REQUIRE_ESM`, `E0308`, `CS0103`); empty when
    /// there is none.
    pub code: Cow<'a, str>,
    /// Innermost (the raise site) first, whatever order the runtime prints.
    pub frames: Vec<Frame<'a>>,
    pub relation: Relation,
    /// Index into [`Parsed::exceptions`] of the exception this one hangs on; `None` for the first.
    pub parent: Option<usize>,
}

/// One call on the stack.
#[derive(Clone, Debug, Default)]
pub struct Frame<'a> {
    /// Function or method name without module or class (`read_csv`, `<module>`, `<anonymous>`); empty when unknown.
    pub function: Cow<'a, str>,
    /// Class, package or module that owns it (`java.util.ArrayList`, `runtime`, `Module`); empty when unknown.
    pub module: Cow<'a, str>,
    /// Path as printed, ANSI colours removed; empty when unknown.
    pub file: Cow<'a, str>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    /// The source line that the runtime printed under the frame, trimmed.
    pub source: Option<Cow<'a, str>>,
    /// Characters of `source` that the runtime underlined, from the first up to and without the last.
    pub marked: Option<(u32, u32)>,
    pub origin: Origin,
}

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// One user's own program: script, notebook cell, `<stdin>`, temporary file. Its names never split a pattern.
    Program,
    /// A deployed application's own code (shared by executions, not a published library).
    #[default]
    Application,
    /// A published library.
    Library,
    /// The language's standard library or runtime.
    Runtime,
    /// Thread pools, event loops, decorators, test and cell runners: carries calls, says nothing of the cause.
    Carrier,
}

impl Origin {
    /// Whether it is the user's or the application's own code.
    #[must_use]
    pub fn is_own(self) -> bool {
        matches!(self, Self::Program | Self::Application)
    }
}

impl Parsed<'_> {
    /// The same without borrows.
    #[must_use]
    pub fn into_owned(self) -> Parsed<'static> {
        Parsed {
            runtime: self.runtime,
            exceptions: self.exceptions.into_iter().map(ParsedException::into_owned).collect(),
            truncated: self.truncated,
            ast: self.ast,
            quoted_by: self.quoted_by.map(|name| Cow::Owned(name.into_owned())),
        }
    }
}

impl ParsedException<'_> {
    /// The same without borrows.
    #[must_use]
    pub fn into_owned(self) -> ParsedException<'static> {
        ParsedException {
            error_type: Cow::Owned(self.error_type.into_owned()),
            message: Cow::Owned(self.message.into_owned()),
            code: Cow::Owned(self.code.into_owned()),
            frames: self.frames.into_iter().map(Frame::into_owned).collect(),
            relation: self.relation,
            parent: self.parent,
        }
    }

    /// The type without module, package or namespace (`JSONDecodeError` of `json.decoder.JSONDecodeError`).
    #[must_use]
    pub fn short_type(&self) -> &str {
        short_type(&self.error_type)
    }

    /// Whether this was raised by the handler of another exception itself, and so may be that failure in other words. What
    /// a handler only called failed for a reason of its own.
    pub(crate) fn is_raised_in_handler_of(&self, handled: &Self) -> bool {
        match (self.frames.first(), handled.frames.last()) {
            (Some(raised), Some(handler)) => {
                raised.function == handler.function && raised.file == handler.file
            }
            _ => true,
        }
    }
}

/// A type's last segment: what remains after the last `.`, `$`, `::` or backslash. Type arguments are cut first.
#[must_use]
pub fn short_type(error_type: &str) -> &str {
    if is_dotted_name(error_type.as_bytes()) {
        let Some(at) = last_of(error_type.as_bytes(), *b".$") else { return error_type };
        let last = error_type[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
        return if last.is_empty() { error_type } else { last };
    }
    // Type arguments end the name; `<locals>` of a Python function stands inside it.
    let inner = error_type.rfind(">.").map_or(error_type, |at| &error_type[at + 2..]);
    let bare = inner.split(['<', '(', '{', '[']).next().unwrap_or(inner).trim_end();
    let bare = if bare.is_empty() { error_type } else { bare };
    if bare.contains(' ') {
        // Words for people (`fatal error`, `KASAN: use-after-free`), not a qualified name.
        return bare;
    }
    let Some(at) = bare.rfind(['.', '$', ':', '\\', '/']) else { return bare };
    // Java numbers the classes that stand inside a method: `Main$1StockException`.
    let last = bare[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
    if last.is_empty() { bare } else { last }
}

impl Frame<'_> {
    /// The same without borrows.
    #[must_use]
    pub fn into_owned(self) -> Frame<'static> {
        Frame {
            function: Cow::Owned(self.function.into_owned()),
            module: Cow::Owned(self.module.into_owned()),
            file: Cow::Owned(self.file.into_owned()),
            line: self.line,
            column: self.column,
            source: self.source.map(|s| Cow::Owned(s.into_owned())),
            marked: self.marked,
            origin: self.origin,
        }
    }
}

impl Runtime {
    /// Every runtime that is known.
    pub(crate) const ALL: [Self; 21] = [
        Self::Python,
        Self::JavaScript,
        Self::Java,
        Self::Shell,
        Self::Go,
        Self::Rust,
        Self::DotNet,
        Self::Ruby,
        Self::Php,
        Self::Native,
        Self::R,
        Self::Perl,
        Self::Lua,
        Self::Sql,
        Self::Haskell,
        Self::Ocaml,
        Self::Erlang,
        Self::Pascal,
        Self::Fortran,
        Self::Octave,
        Self::Lisp,
    ];

    /// The name written to `errata.taxonomy.runtime`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Java => "java",
            Self::Shell => "shell",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::DotNet => "dotnet",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Native => "native",
            Self::R => "r",
            Self::Perl => "perl",
            Self::Lua => "lua",
            Self::Sql => "sql",
            Self::Haskell => "haskell",
            Self::Ocaml => "ocaml",
            Self::Erlang => "erlang",
            Self::Pascal => "pascal",
            Self::Fortran => "fortran",
            Self::Octave => "octave",
            Self::Lisp => "lisp",
            Self::Unknown => "unknown",
        }
    }

    /// The runtime that [`Self::as_str`] gives this name; unknown names are [`Self::Unknown`].
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|runtime| runtime.as_str() == name).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When in an execution's life it failed (taxonomy level 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The program never started: syntax, compiler diagnostics, source encoding.
    Compile,
    /// The program started and failed in its own logic, data, resources or surroundings.
    #[default]
    Runtime,
    /// Environment or packaging: missing package, binary, driver, version mismatch, killed for memory.
    Deploy,
}

impl Phase {
    /// The name written to `errata.taxonomy.phase`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Runtime => "runtime",
            Self::Deploy => "deploy",
        }
    }

    /// The phase that [`Self::as_str`] gives this name; unknown names are [`Self::Runtime`].
    #[must_use]
    pub fn named(name: &str) -> Self {
        [Self::Compile, Self::Deploy]
            .into_iter()
            .find(|phase| phase.as_str() == name)
            .unwrap_or(Self::Runtime)
    }
}

/// The five taxonomy levels of one exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taxonomy {
    /// Level 1.
    pub runtime: Runtime,
    /// Level 2.
    pub phase: Phase,
    /// Level 3: exception type without module or package (`ModuleNotFoundError`, `NullPointerException`).
    pub error_type: String,
    /// Level 4: cause subtype (`PathIssue`, ...); empty when no rule knows it.
    pub cause: String,
    /// Level 5: hash of the context (stack, snippet), 16 hex digits.
    pub context: String,
}
