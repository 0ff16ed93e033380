//! Where in a snippet a frame stands.
//!
//! A snippet may be one file, a part of one, or several files one after the other, each under a comment that holds
//! its name (`# --- geo.py`). Lines are counted from the file's first; where a platform put lines of its own before
//! the program, the source text that the runtime printed finds the line.

use super::grammar::Grammar;
use crate::model::{Frame, Origin};
use std::ops::Range;

/// Files told apart in one snippet.
const SECTIONS_MAX: usize = 32;
const EXTENSIONS: [&str; 14] =
    ["py", "ipynb", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "java", "sh", "bash", "kt"];

/// A line of a section, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    section: usize,
    line: usize,
}

/// A snippet, split into files and lines.
#[derive(Debug)]
pub(super) struct Snippet<'s> {
    pub(super) text: &'s str,
    sections: Vec<Section<'s>>,
}

/// One file of a snippet.
#[derive(Debug)]
pub(super) struct Section<'s> {
    /// Base name that the snippet gives; empty for what stands before any.
    name: &'s str,
    text: &'s str,
    /// Where each line starts, and the line.
    lines: Vec<(usize, &'s str)>,
}

impl<'s> Snippet<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let mut heads: Vec<(usize, usize, &str)> = vec![(0, 0, "")];
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let next = start + line.len();
            if let Some(name) = file_name(line.trim())
                && heads.len() < SECTIONS_MAX
            {
                heads.push((start, next, name));
            }
            start = next;
        }
        let ends = heads.iter().skip(1).map(|head| head.0).chain([text.len()]);
        let sections = heads.iter().zip(ends).map(|(&(_, from, name), to)| {
            let text = &text[from..to];
            let mut start = 0;
            let lines = text.split_inclusive('\n').map(|line| {
                start += line.len();
                (start - line.len(), line.trim_end())
            });
            Section { name, text, lines: lines.collect() }
        });
        Self { text, sections: sections.collect() }
    }

    pub(super) fn section(&self, line: Line) -> &Section<'s> {
        &self.sections[line.section]
    }

    /// Whether the snippet holds a file of this name, in any language's way to name a module.
    pub(super) fn has_module(&self, module: &str) -> bool {
        let stem = module.rsplit(['.', '/']).next().unwrap_or(module);
        self.sections.iter().any(|section| {
            section.name.split_once('.').is_some_and(|(name, _)| name == stem || section.name == stem)
        })
    }

    /// The line that a frame names; `None` where the frame is not in the snippet.
    pub(super) fn locate(&self, grammar: Grammar, frame: &Frame<'_>) -> Option<Line> {
        let base = frame.file.rsplit(['/', '\\']).next().unwrap_or_default();
        let named = self.sections.iter().position(|section| !section.name.is_empty() && section.name == base);
        let number =
            frame.line.and_then(|line| usize::try_from(line).ok()).and_then(|line| line.checked_sub(1));
        if let Some(source) = frame.source.as_deref().map(str::trim).filter(|source| !source.is_empty()) {
            let within = named.map_or(0..self.sections.len(), |at| at..at + 1);
            return self.find_source(within, source, number);
        }
        let section = named.unwrap_or(0);
        let line = Line { section, line: number? };
        let own = match grammar {
            Grammar::Java => declares(self.sections[section].text, class_of(&frame.module)),
            _ => named.is_some() || frame.origin == Origin::Program || grammar == Grammar::Bash,
        };
        let (_, text) = self.sections[section].lines.get(line.line)?;
        // Of a deployed application's file it is the snippet where the column is a word's start there.
        let fits = || frame.column.is_some() && marked(text, frame).is_some();
        (!text.trim().is_empty() && (own || grammar == Grammar::JavaScript && fits())).then_some(line)
    }

    /// The line with this text that is nearest to the one with the number.
    fn find_source(&self, within: Range<usize>, source: &str, number: Option<usize>) -> Option<Line> {
        let same = |line: &str| {
            let line = line.trim();
            line == source
                || source.len() > 8
                    && (line.starts_with(source) || source.starts_with(line) && line.len() > 8)
        };
        let sections = self.sections.iter().enumerate().take(within.end).skip(within.start);
        let mut best: Option<(usize, Line)> = None;
        for (index, section) in sections {
            for (line, (_, text)) in section.lines.iter().enumerate() {
                if same(text) {
                    let distance = number.map_or(line, |number| number.abs_diff(line));
                    if best.is_none_or(|(known, _)| distance < known) {
                        best = Some((distance, Line { section: index, line }));
                    }
                }
            }
        }
        best.map(|(_, line)| line)
    }

    /// The only line that starts with this command, or has it after `|`, `&&`, `||`, `;` or a keyword.
    pub(super) fn line_of_command(&self, command: &str) -> Option<Line> {
        let mut found = None;
        for (index, section) in self.sections.iter().enumerate() {
            for (line, (_, text)) in section.lines.iter().enumerate() {
                if runs(text, command) {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(Line { section: index, line });
                }
            }
        }
        found
    }
}

impl<'s> Section<'s> {
    pub(super) fn text(&self) -> &'s str {
        self.text
    }

    /// Bytes of the section from the place on the line that the frame marks, or from its first word, to the line's
    /// end; and how many of them are marked.
    pub(super) fn target(&self, line: Line, frame: &Frame<'_>) -> Option<(Range<usize>, Option<usize>)> {
        let &(start, text) = self.lines.get(line.line)?;
        let indent = text.len() - text.trim_start().len();
        let marked = marked(text, frame);
        let from = marked.as_ref().map_or(indent, |marked| marked.start);
        let length = marked.map(|marked| marked.len());
        (from < text.len()).then_some((start + from..start + text.len(), length))
    }
}

/// Bytes of a line that the frame marks; empty at a column. `None` where the marks do not fit the line.
fn marked(line: &str, frame: &Frame<'_>) -> Option<Range<usize>> {
    let code = line.trim_start();
    let indent = line.len() - code.len();
    if let Some((from, to)) = frame.marked {
        let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
        // Columns of wide characters are counted in several ways.
        let narrow = code.get(..to).is_some_and(str::is_ascii) && from < to;
        return narrow.then_some(indent + from..indent + to);
    }
    let column = usize::try_from(frame.column?).ok()?.checked_sub(1)?;
    let mut units = 0;
    let (at, _) = line.char_indices().find(|(_, c)| {
        let here = units >= column;
        units += c.len_utf16();
        here
    })?;
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let inside = word(line[..at].chars().next_back()) && word(line[at..].chars().next());
    let blank = line[at..].starts_with(char::is_whitespace);
    (!inside && !blank).then_some(at..at)
}

/// The file that a comment line names: `# --- geo.py`, `// file: src/a.js`, `%%writefile geo.py`.
fn file_name(line: &str) -> Option<&str> {
    if line.len() > 200 {
        return None;
    }
    let rest = line.strip_prefix("%%writefile ").or_else(|| {
        let rest = ["#", "//", "--", "/*", "=="].into_iter().find_map(|mark| line.strip_prefix(mark))?;
        Some(rest.trim_start_matches(['-', '=', '#', '*', '/', '>', ' ', '\t', '+']))
    })?;
    let rest = ["file:", "File:", "filename:", "file ", "File "]
        .into_iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let name = rest.trim().trim_end_matches(['-', '=', '#', '*', '/', '<', ' ', ':', '+']);
    if name.contains([' ', '\t', '(', '=', ',']) {
        return None;
    }
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let (stem, extension) = base.rsplit_once('.')?;
    (!stem.is_empty() && EXTENSIONS.contains(&extension)).then_some(base)
}

/// The outermost class of a frame: `Main` of `kr.co.Main$Inner`.
fn class_of(module: &str) -> &str {
    let module = module.rsplit('/').next().unwrap_or(module);
    let simple = module.split('$').next().unwrap_or(module);
    simple.rsplit('.').next().unwrap_or(simple)
}

/// Whether a text declares a type of this name. A program without a class of its own has one named as its file.
fn declares(text: &str, class: &str) -> bool {
    const WORDS: [&str; 4] = ["class", "record", "enum", "interface"];
    if class.is_empty() {
        return false;
    }
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut any = false;
    while let Some(word) = words.next() {
        if WORDS.contains(&word) {
            any = true;
            if words.next() == Some(class) {
                return true;
            }
        }
    }
    !any
}

fn runs(line: &str, command: &str) -> bool {
    const KEYWORDS: [&str; 10] = ["if", "then", "do", "else", "elif", "while", "until", "!", "sudo", "exec"];
    let code = line.trim_start();
    if code.starts_with('#') {
        return false;
    }
    let mut starts = true;
    for word in code.split_whitespace() {
        let bare = word.trim_start_matches(['(', '$', '`', '{']);
        let bare = bare.rsplit_once("$(").map_or(bare, |(_, inner)| inner);
        let named = bare.trim_end_matches([';', ')']);
        let named = if named.contains('/') { named.rsplit('/').next().unwrap_or(named) } else { named };
        let opens = word.len() != bare.len();
        if (starts || opens) && named == command {
            return true;
        }
        let assigns = starts && word.contains('=');
        starts = matches!(word, "|" | "&&" | "||" | ";")
            || word.ends_with(';')
            || KEYWORDS.contains(&word)
            || assigns;
    }
    false
}
