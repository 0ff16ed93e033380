//! The languages that can be parsed, and one parser per thread for them, within a budget.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::ControlFlow;
use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser};

/// A language that snippets are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Python,
    JavaScript,
    TypeScript,
    Java,
    /// Also read for `sh`, `dash` and `zsh`.
    Bash,
}

/// Steps of a hundred parser operations that any statement may take, and one more for so many bytes. A statement
/// of a program takes one in about 80 bytes.
const STEPS_MIN: usize = 8;
const BYTES_PER_STEP: usize = 32;

struct Pooled {
    parser: Parser,
    grammar: Option<Grammar>,
}

thread_local! {
    static POOL: RefCell<Pooled> = RefCell::new(Pooled { parser: Parser::new(), grammar: None });
}

impl Grammar {
    fn language(self) -> Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
            Self::Bash => tree_sitter_bash::LANGUAGE.into(),
        }
    }

    /// What the parser is given of a text, byte for byte. The scanner of Bash's grammar calls C's `isdigit` with any
    /// character, and that reads far outside its table for what stands high in Unicode: letters stand for these.
    fn readable(self, text: &str) -> Cow<'_, [u8]> {
        if self != Self::Bash || text.is_ascii() {
            return Cow::Borrowed(text.as_bytes());
        }
        Cow::Owned(text.bytes().map(|byte| if byte.is_ascii() { byte } else { b'x' }).collect())
    }

    pub(super) fn has_slash_comments(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Java)
    }

    /// Whether blocks stand in braces.
    pub(super) fn has_braces(self) -> bool {
        self != Self::Python
    }
}

/// Parses a text and hands the tree's root on; `None` where the budget ran out.
pub(super) fn with_tree<R>(grammar: Grammar, text: &str, read: impl FnOnce(Node<'_>) -> R) -> Option<R> {
    POOL.with_borrow_mut(|pool| {
        if pool.grammar != Some(grammar) {
            pool.parser.set_language(&grammar.language()).ok()?;
            pool.grammar = Some(grammar);
        }
        let mut steps = STEPS_MIN + text.len() / BYTES_PER_STEP;
        let mut progress = |_: &ParseState| {
            steps = steps.saturating_sub(1);
            if steps == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let bytes = grammar.readable(text);
        let tree = pool.parser.parse_with_options(
            &mut |at, _| bytes.get(at..).unwrap_or_default(),
            None,
            Some(options),
        );
        let Some(tree) = tree else {
            pool.parser.reset();
            return None;
        };
        Some(read(tree.root_node()))
    })
}
