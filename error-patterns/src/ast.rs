//! What the failing statement of a snippet looks like: its kind, the name it calls, the module it imports.
//!
//! The line is the one that the innermost frame of the user's own program names, found again in the snippet by the
//! source text that the runtime printed. Only the statement on that line is parsed, by tree-sitter: a few dozen
//! bytes instead of the whole program, so that it is fast, and so that mistakes elsewhere do not matter.
//!
//! Names that one user chose are dropped ([`OWN_NAME`]); what remains is shared between users: builtins, imported
//! names with their aliases resolved, methods that libraries are known for.
//!
//! Pure and total: hostile text gives `None` or a wrong tag, never a panic. Bounds: [`SNIPPET_BYTES_MAX`] of a
//! snippet are looked at, [`STATEMENT_BYTES_MAX`] are parsed, within a budget of steps and of nesting. It must not
//! know of fingerprints or rules.

mod bash;
mod cut;
mod grammar;
mod hints;
mod java;
mod javascript;
mod names;
mod node;
mod place;
mod python;
mod statement;
#[cfg(test)]
mod tests;

use crate::fingerprint::root_cause;
use crate::model::{Frame, Parsed, ParsedException, RawException, Runtime};
use crate::parse::exit_status;
use cut::Cut;
use grammar::Grammar;
use hints::Hint;
pub(crate) use names::is_python_builtin;
use place::Snippet;
pub use statement::Statement;

/// Bytes of a snippet that are looked at; a failing line after them has no tags.
pub const SNIPPET_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a statement that are parsed; the rest of a longer one counts for nothing.
pub const STATEMENT_BYTES_MAX: usize = 1024;
/// Bytes of a name that is kept.
pub const NAME_BYTES_MAX: usize = 160;
/// Stands for names that the snippet's author chose.
pub const OWN_NAME: &str = "<name>";
/// Stands for file names that the snippet's author chose.
pub const OWN_PATH: &str = "<path>";

/// Frames looked at for one that lies in the snippet.
const FRAMES_MAX: usize = 64;

/// Tags of a failing statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AstTags {
    /// What failed: the innermost construct that is known to have, else the statement as a whole.
    pub statement: Statement,
    /// Name of what is called; of a subscript or an attribute, of what it is applied to or read as
    /// (`pandas.read_csv`, `open`, `<name>.append`, `os.environ`). `None` where there is none.
    pub call: Option<String>,
    /// The module that the statement imports, or that the called name was imported from.
    pub import: Option<String>,
}

/// The tags of an exception that came with a snippet; `None` where the failing statement is not found in it.
#[must_use]
pub fn tags(raw: &RawException<'_>, parsed: &Parsed<'_>) -> Option<AstTags> {
    let text = raw.snippet.filter(|text| !text.trim().is_empty())?;
    let grammar = Grammar::of_runtime(parsed.runtime)?;
    let snippet = Snippet::new(&text[..text.floor_char_boundary(SNIPPET_BYTES_MAX)]);
    let deciding = root_cause(parsed);
    let exceptions = [deciding, 0].into_iter().take(if deciding == 0 { 1 } else { 2 });
    exceptions
        .filter_map(|index| parsed.exceptions.get(index))
        .find_map(|exception| of_exception(grammar, raw, &snippet, exception))
}

fn of_exception(
    grammar: Grammar,
    raw: &RawException<'_>,
    snippet: &Snippet<'_>,
    exception: &ParsedException<'_>,
) -> Option<AstTags> {
    let own = |frame: &Frame<'_>| frame.origin.is_own();
    let frames = exception.frames.iter().enumerate().take(FRAMES_MAX).filter(|(_, frame)| own(frame));
    for (index, frame) in frames {
        let Some(line) = snippet.locate(grammar, frame) else { continue };
        if hints::is_syntax_error(exception, index, frame) {
            return Some(AstTags { statement: Statement::SyntaxError, call: None, import: None });
        }
        let grammar = grammar.for_file(&frame.file, raw.language);
        let hint = hints::of(grammar, exception, &exception.frames[..index], frame);
        return of_line(grammar, snippet, line, frame, &hint);
    }
    // A shell's commands report failures themselves: `tar: ...` is about the one statement that runs `tar`.
    if grammar == Grammar::Bash && exception.frames.is_empty() {
        let mut commands = hints::reporting_commands(&exception.message, exit_status(raw));
        let (command, line) =
            commands.find_map(|command| Some((command, snippet.line_of_command(command)?)))?;
        return of_line(grammar, snippet, line, &Frame::default(), &Hint::callee(command));
    }
    None
}

fn of_line(
    grammar: Grammar,
    snippet: &Snippet<'_>,
    line: place::Line,
    frame: &Frame<'_>,
    hint: &Hint<'_>,
) -> Option<AstTags> {
    let section = snippet.section(line);
    let (target, marked) = section.target(line, frame)?;
    let cut = Cut::of(grammar, section.text(), target)?;
    let found =
        grammar::with_tree(grammar, &cut.text, |tree| node::failing(grammar, &cut, tree, marked, hint))?;
    let found = found.or_else(|| cut.header.map(node::Found::bare))?;
    Some(names::resolved(grammar, snippet, &found))
}

impl Grammar {
    fn of_runtime(runtime: Runtime) -> Option<Self> {
        match runtime {
            Runtime::Python => Some(Self::Python),
            Runtime::JavaScript => Some(Self::JavaScript),
            Runtime::Java => Some(Self::Java),
            Runtime::Shell => Some(Self::Bash),
            _ => None,
        }
    }

    /// JavaScript or TypeScript, by the file's name and what the client says.
    fn for_file(self, file: &str, language: Option<&str>) -> Self {
        const ENDS: [&str; 3] = [".ts", ".mts", ".cts"];
        let said =
            language.is_some_and(|l| l.eq_ignore_ascii_case("typescript") || l.eq_ignore_ascii_case("ts"));
        if self == Self::JavaScript && (said || ENDS.iter().any(|end| file.ends_with(end))) {
            return Self::TypeScript;
        }
        self
    }
}
