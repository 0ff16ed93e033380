//! The vocabulary of statement kinds, one for all languages.

use std::fmt;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What kind of construct failed. The names are stored and used by rules: they stay.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Statement { $($(#[$doc])* $name,)+ }

        impl Statement {
            /// Every kind, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name that is stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

statements! {
    /// `import x`, `from x import y`, `require("x")`, Java's `import`, a shell's `source x`.
    Import = "import",
    /// A function, method or constructor is called.
    Call = "call",
    /// A shell runs a command.
    Command = "command",
    /// Commands joined by `|`.
    Pipeline = "pipeline",
    /// A shell opens a file for a command: `> x`, `< x`.
    Redirect = "redirect",
    /// A shell expands a variable: `$x`, `${x:?}`.
    Expansion = "expansion",
    /// A shell's `[ ... ]` or `[[ ... ]]`.
    Test = "test",
    /// A value is bound to names, unpacking included.
    Assignment = "assignment",
    /// `x[y]`.
    Subscript = "subscript",
    /// `x.y`, read or written.
    Attribute = "attribute",
    /// A name on its own.
    Name = "name",
    /// Arithmetic, comparison, concatenation, also `+=`.
    BinaryOperation = "binary_operation",
    /// `-x`, `not x`, `typeof x`, `x++`.
    UnaryOperation = "unary_operation",
    /// Java's `(String) x`, TypeScript's `x as string`.
    Cast = "cast",
    /// `await x`.
    Await = "await",
    /// `yield x`.
    Yield = "yield",
    /// `return x`.
    Return = "return",
    /// `raise`, `throw`.
    Raise = "raise",
    /// `assert x`.
    Assert = "assert",
    /// `with x`, Java's `try (x)`.
    With = "with",
    /// Any loop over values, comprehensions included.
    For = "for",
    /// `while x`, `do ... while (x)`.
    While = "while",
    /// `if`, `switch`, `match`, `case`, the conditional expression.
    If = "if",
    /// `try`, `except`, `catch`.
    Try = "try",
    /// `del x`, `delete x`, `unset x`.
    Delete = "delete",
    /// A function, class, type, variable or package is declared.
    Declaration = "declaration",
    /// The text could not be compiled.
    SyntaxError = "syntax_error",
}

impl Statement {
    /// The kind that [`Self::as_str`] gives this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether it is an operation inside a statement: the innermost one is what failed.
    pub(super) fn is_operation(self) -> bool {
        matches!(
            self,
            Self::Import
                | Self::Call
                | Self::Command
                | Self::Subscript
                | Self::Attribute
                | Self::BinaryOperation
                | Self::UnaryOperation
                | Self::Cast
                | Self::Expansion
                | Self::Test
        )
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
