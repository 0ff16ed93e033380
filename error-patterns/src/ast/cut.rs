//! Cuts the one statement that holds a place out of a program's text, by a linear pass over strings, comments and
//! brackets. What is cut is small and stands alone, so the parser never sees the rest.
//!
//! A statement ends at a line's end or semicolon outside brackets, at the `{` that opens its body, and at the end
//! of the block it stands in. Bodies of functions inside it are left out: other frames name their lines.

use super::STATEMENT_BYTES_MAX;
use super::grammar::Grammar;
use super::statement::Statement;
use std::ops::Range;

/// Brackets inside brackets that are followed.
const NESTING_MAX: usize = 64;

/// A statement's text, ready to parse.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) text: String,
    /// Bytes of `text` that the target became.
    pub(super) target: Range<usize>,
    /// What the statement is, where its first words tell and they are left out.
    pub(super) header: Option<Statement>,
}

/// What the pass tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Blank,
    Comment,
    Newline,
    Semicolon,
    Open(u8),
    Close(u8),
    /// Strings, words, operators.
    Code,
}

#[derive(Debug)]
struct Level {
    open: u8,
    /// Statements follow each other in here.
    block: bool,
    /// Where the current statement starts; `None` before its first word.
    start: Option<usize>,
}

struct Scanner<'t> {
    grammar: Grammar,
    text: &'t str,
    bytes: &'t [u8],
    levels: Vec<Level>,
    /// Last byte of code, and where the last word started.
    before: u8,
    word: Range<usize>,
    /// Heredoc words whose text follows the line.
    heredocs: Vec<&'t str>,
}

impl Cut {
    /// The statement that holds the start of `target`; `None` where that is a comment or nested too deep.
    pub(super) fn of(grammar: Grammar, text: &str, target: Range<usize>) -> Option<Self> {
        let mut scanner = Scanner {
            grammar,
            text,
            bytes: text.as_bytes(),
            levels: vec![Level { open: 0, block: true, start: None }],
            before: b'\n',
            word: 0..0,
            heredocs: Vec::new(),
        };
        let (start, level, at) = scanner.find(target.start)?;
        let (parts, header) = scanner.finish(start, level, at);
        let word = text[start..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if grammar == Grammar::Bash && matches!(word, "fi" | "done" | "esac") {
            // A shell counts the line of a compound command's end.
            return None;
        }
        Some(build(grammar, text, &target, &parts, header))
    }
}

impl<'t> Scanner<'t> {
    /// Scans up to the piece that holds `target`: where its statement starts, at which level, where to go on.
    fn find(&mut self, target: usize) -> Option<(usize, usize, usize)> {
        let mut at = 0;
        while at < self.bytes.len() {
            let (piece, end) = self.piece(at);
            if end > target {
                if matches!(piece, Piece::Blank | Piece::Comment | Piece::Newline) {
                    return None;
                }
                let level = self.levels.iter().rposition(|level| level.block).unwrap_or(0);
                let start = self.levels[level].start.unwrap_or(at);
                // A brace that closes a block is no statement.
                return (!matches!(piece, Piece::Close(b'}')) || self.grammar == Grammar::Python)
                    .then_some((start, level, at));
            }
            self.step(piece, at, end)?;
            at = end;
        }
        None
    }

    /// Scans to the end of the statement: the parts of the text that make it, and whether a body follows.
    fn finish(&mut self, start: usize, level: usize, mut at: usize) -> (Vec<Range<usize>>, bool) {
        let mut parts = Vec::new();
        let mut from = start;
        let mut bytes = 0;
        while at < self.bytes.len() && bytes + (at - from) < STATEMENT_BYTES_MAX {
            let (piece, end) = self.piece(at);
            let depth = self.levels.len() - 1;
            let braced = self.grammar.has_braces() && self.grammar != Grammar::Bash;
            match piece {
                Piece::Newline if depth == level && self.ends_line(at, end) => break,
                Piece::Semicolon if depth == level => {
                    at = if braced { end } else { at };
                    break;
                }
                Piece::Close(_) if depth == level && level > 0 => break,
                Piece::Open(b'{') if self.opens_block(b'{', at) && self.grammar.has_braces() => {
                    if depth == level {
                        parts.push(from..at);
                        return (parts, true);
                    }
                    // The body of a function inside the statement.
                    parts.push(from..end);
                    bytes += end - from;
                    let Some(close) = self.skip_block(at, end) else { return (parts, false) };
                    (at, from) = (close, close);
                    continue;
                }
                _ => {}
            }
            if self.step(piece, at, end).is_none() {
                break;
            }
            at = end;
        }
        parts.push(from..at.min(self.bytes.len()).max(from));
        (parts, false)
    }

    /// Scans over a block from its `{` on: where its `}` stands.
    fn skip_block(&mut self, open: usize, after: usize) -> Option<usize> {
        let depth = self.levels.len();
        self.step(Piece::Open(b'{'), open, after)?;
        let mut at = after;
        while at < self.bytes.len() {
            let (piece, end) = self.piece(at);
            if matches!(piece, Piece::Close(_)) && self.levels.len() == depth + 1 {
                return Some(at);
            }
            self.step(piece, at, end)?;
            at = end;
        }
        None
    }

    /// Takes a piece into account. `None` when brackets nest too deep.
    fn step(&mut self, piece: Piece, at: usize, end: usize) -> Option<()> {
        let top = self.levels.last_mut()?;
        match piece {
            Piece::Blank | Piece::Comment => return Some(()),
            Piece::Newline => {
                if top.block
                    && self.ends_line(at, end)
                    && let Some(top) = self.levels.last_mut()
                {
                    top.start = None;
                    self.before = b'\n';
                }
                return Some(());
            }
            Piece::Semicolon if top.block => top.start = None,
            Piece::Open(open) => {
                top.start.get_or_insert(at);
                if self.levels.len() >= NESTING_MAX {
                    return None;
                }
                let block = self.opens_block(open, at);
                self.levels.push(Level { open, block, start: None });
            }
            Piece::Close(close) => self.close(close),
            _ => _ = top.start.get_or_insert(at),
        }
        self.before = self.bytes[end - 1];
        let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$' || *b >= 0x80;
        if piece == Piece::Code && self.bytes[at..end].iter().all(word) {
            self.word = at..end;
        }
        Some(())
    }

    fn close(&mut self, close: u8) {
        let open = match close {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        // A bracket that closes nothing (`a)` of a shell's `case`) is left out; what is open inside closes with it.
        if let Some(at) = self.levels.iter().skip(1).rposition(|level| level.open == open) {
            let ended = self.levels[at + 1].block && close == b'}';
            self.levels.truncate(at + 1);
            if let Some(top) = self.levels.last_mut()
                && ended
                && top.block
            {
                top.start = None;
            }
        }
    }

    /// Whether statements follow each other behind this bracket.
    fn opens_block(&self, open: u8, at: usize) -> bool {
        let inside = self.levels.last().is_some_and(|level| level.block);
        let last_word = &self.text[self.word.clone()];
        match (self.grammar, open) {
            (Grammar::Bash, b'(') => self.before != b'=',
            (_, b'{') if self.grammar == Grammar::Python => false,
            (_, b'{') => match self.before {
                b')' | b'{' | b'}' | b';' | b'\n' => true,
                b'>' => {
                    at >= 2 && self.text[..at].trim_end().ends_with("=>")
                        || self.grammar != Grammar::JavaScript
                }
                b':' => inside,
                b if b.is_ascii_alphanumeric() || b == b'_' => {
                    !matches!(last_word, "return" | "default" | "in" | "of" | "typeof" | "await" | "yield")
                }
                b if b >= 0x80 => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a statement ends with this line.
    fn ends_line(&self, at: usize, end: usize) -> bool {
        let last = self.before;
        match self.grammar {
            Grammar::Java => false,
            Grammar::Python => !self.bytes[..at].ends_with(b"\\"),
            Grammar::Bash => {
                !self.bytes[..at].ends_with(b"\\")
                    && last != b'|'
                    && !self.text[..at].trim_end().ends_with("&&")
            }
            Grammar::JavaScript | Grammar::TypeScript => {
                let next = self.text[end..].trim_start();
                let next = next.as_bytes();
                let continued = b",+-*/%&|^=<>?:.!~".contains(&last)
                    && !self.text[..at].trim_end().ends_with("++")
                    && !self.text[..at].trim_end().ends_with("--");
                let goes_on = next.first().is_some_and(|b| b".?:)],;*%&|^=<>".contains(b))
                    || matches!(next, [b'+' | b'-', second, ..] if second.is_ascii_whitespace());
                !continued && !goes_on
            }
        }
    }

    /// The piece at a place, and where it ends.
    fn piece(&mut self, at: usize) -> (Piece, usize) {
        let rest = &self.bytes[at..];
        match rest[0] {
            b'\n' => (Piece::Newline, self.after_heredocs(at + 1)),
            b' ' | b'\t' | b'\r' | 0x0c => (Piece::Blank, at + 1),
            b';' => (Piece::Semicolon, at + 1),
            b'#' if self.is_hash_comment(at) => (Piece::Comment, self.line_end(at)),
            b'/' if self.grammar.has_slash_comments() && rest.starts_with(b"//") => {
                (Piece::Comment, self.line_end(at))
            }
            b'/' if self.grammar.has_slash_comments() && rest.starts_with(b"/*") => {
                let end = self.text[at + 2..].find("*/").map_or(self.bytes.len(), |to| at + 4 + to);
                (Piece::Comment, end)
            }
            b'/' if self.starts_regex() => (Piece::Code, self.regex_end(at)),
            quote @ (b'"' | b'\'' | b'`') => (Piece::Code, self.string_end(at, quote)),
            b'\\' => (Piece::Code, self.next_char(at + 1)),
            b'$' if self.grammar == Grammar::Bash && rest.starts_with(b"${") => {
                (Piece::Code, self.expansion_end(at))
            }
            b'<' if self.grammar == Grammar::Bash && rest.starts_with(b"<<") => {
                (Piece::Code, self.heredoc(at))
            }
            b'[' | b']' if self.grammar == Grammar::Bash => (Piece::Code, at + 1),
            b'{' | b'}' if self.grammar == Grammar::Bash && !self.is_group(at) => (Piece::Code, at + 1),
            open @ (b'(' | b'[' | b'{') => (Piece::Open(open), at + 1),
            close @ (b')' | b']' | b'}') => (Piece::Close(close), at + 1),
            b if b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 => {
                let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
                (Piece::Code, at + rest.iter().position(|b| !word(b)).unwrap_or(rest.len()))
            }
            _ => (Piece::Code, at + 1),
        }
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |to| at + to)
    }

    fn next_char(&self, at: usize) -> usize {
        self.text.ceil_char_boundary((at + 1).min(self.bytes.len()))
    }

    fn is_hash_comment(&self, at: usize) -> bool {
        match self.grammar {
            Grammar::Python => true,
            Grammar::Bash => {
                at == 0 || self.bytes[at - 1].is_ascii_whitespace() || self.bytes[at - 1] == b';'
            }
            Grammar::JavaScript | Grammar::TypeScript => at == 0 && self.bytes.get(1) == Some(&b'!'),
            Grammar::Java => false,
        }
    }

    /// Whether a brace is a word of its own, as a shell's group.
    fn is_group(&self, at: usize) -> bool {
        let blank = |b: Option<&u8>| b.is_none_or(|b| b.is_ascii_whitespace() || b";()".contains(b));
        blank(at.checked_sub(1).and_then(|before| self.bytes.get(before))) && blank(self.bytes.get(at + 1))
    }

    fn starts_regex(&self) -> bool {
        if !matches!(self.grammar, Grammar::JavaScript | Grammar::TypeScript) {
            return false;
        }
        let after_word = matches!(&self.text[self.word.clone()], "return" | "typeof" | "case" | "in" | "of")
            && self.before.is_ascii_alphabetic();
        b"\n;{}(,=:[!&|?+-*%<>~^".contains(&self.before) || after_word
    }

    fn regex_end(&self, at: usize) -> usize {
        let mut class = false;
        let mut i = at + 1;
        while i < self.bytes.len() {
            match self.bytes[i] {
                b'\n' => return at + 1,
                b'\\' => i += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return i + 1,
                _ => {}
            }
            i += 1;
        }
        at + 1
    }

    fn string_end(&self, at: usize, quote: u8) -> usize {
        let triple: [u8; 3] = [quote; 3];
        let long = match self.grammar {
            Grammar::Python => quote != b'`',
            Grammar::Java => quote == b'"',
            _ => false,
        };
        if long && self.bytes[at..].starts_with(&triple) {
            return self.closing(at + 3, &triple, true, true);
        }
        let lines = self.grammar == Grammar::Bash || quote == b'`';
        let escapes = !(self.grammar == Grammar::Bash && quote == b'\'');
        if quote == b'`' && matches!(self.grammar, Grammar::Python | Grammar::Java) {
            return at + 1;
        }
        self.closing(at + 1, &[quote], lines, escapes)
    }

    /// Where a string ends that is open at `at`; a string of one line that does not close ends with the line.
    fn closing(&self, mut at: usize, quote: &[u8], lines: bool, escapes: bool) -> usize {
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\\' if escapes => at = self.next_char(at + 1),
                b'\n' if !lines => return at,
                _ if self.bytes[at..].starts_with(quote) => return at + quote.len(),
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    fn expansion_end(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (i, &b) in self.bytes[at..].iter().enumerate() {
            match b {
                b'{' => depth += 1,
                b'}' if depth <= 1 => return at + i + 1,
                b'}' => depth -= 1,
                b'\n' => return at + i,
                _ => {}
            }
        }
        self.bytes.len()
    }

    /// Notes the word that ends a heredoc's text.
    fn heredoc(&mut self, at: usize) -> usize {
        let rest = &self.text[at + 2..];
        let skipped = rest.len() - rest.trim_start_matches(['-', ' ', '"', '\'', '\\']).len();
        let rest = &rest[skipped..];
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if length > 0 && !self.bytes[at..].starts_with(b"<<<") && self.heredocs.len() < 8 {
            self.heredocs.push(&rest[..length]);
        }
        at + 2
    }

    /// Where the line after the texts of this line's heredocs starts.
    fn after_heredocs(&mut self, mut at: usize) -> usize {
        for word in std::mem::take(&mut self.heredocs) {
            while at < self.bytes.len() {
                let end = self.line_end(at);
                let line = self.text[at..end].trim();
                at = (end + 1).min(self.bytes.len());
                if line == word {
                    break;
                }
            }
        }
        at
    }
}

/// Words at a statement's start that are left out, and what they say of it.
const PYTHON_WORDS: [(&str, &str, &str, Option<Statement>); 8] = [
    ("elif ", "if ", "", None),
    ("except", "try: pass\nexcept", "", Some(Statement::Try)),
    ("else:", "", "pass", Some(Statement::If)),
    ("finally:", "", "pass", Some(Statement::Try)),
    ("try:", "", "pass", Some(Statement::Try)),
    ("case ", "", "pass", Some(Statement::If)),
    ("@", "", "", Some(Statement::Declaration)),
    ("!", "", "pass", Some(Statement::Command)),
];
const SHELL_WORDS: [&str; 9] = ["then ", "do ", "else ", "elif ", "if ", "while ", "until ", "! ", "{ "];

/// Joins the parts, and makes a statement of them that stands alone.
fn build(grammar: Grammar, text: &str, target: &Range<usize>, parts: &[Range<usize>], header: bool) -> Cut {
    let mut cut = Cut { text: String::new(), target: 0..0, header: None };
    let (mut from, mut to) = (None, 0);
    for part in parts {
        let offset = cut.text.len();
        if part.end > target.start && part.start <= target.start {
            from = Some(offset + target.start - part.start);
        }
        if part.end > target.start {
            to = offset + target.end.clamp(part.start, part.end) - part.start;
        }
        cut.text.push_str(&text[part.clone()]);
    }
    let end = cut.text.floor_char_boundary(STATEMENT_BYTES_MAX);
    cut.text.truncate(end);
    let trimmed = cut.text.trim_end().len();
    cut.text.truncate(trimmed);
    // Other control characters mean nothing in a program, and scanners are slow on them.
    if cut.text.bytes().any(|b| b.is_ascii_control() && b != b'\n' && b != b'\t') {
        cut.text = cut.text.replace(|c: char| c.is_ascii_control() && c != '\n' && c != '\t', " ");
    }
    cut.target = from.unwrap_or(0).min(trimmed)..to.min(trimmed);
    cut.stand_alone(grammar, header);
    cut
}

impl Cut {
    fn stand_alone(&mut self, grammar: Grammar, header: bool) {
        match grammar {
            Grammar::Python => {
                for (word, instead, after, kind) in PYTHON_WORDS {
                    if !self.text.starts_with(word) {
                        continue;
                    }
                    self.header = kind;
                    if after.is_empty() {
                        self.replace_start(word.len(), instead);
                    } else {
                        self.replace_start(self.text.len(), after);
                    }
                    break;
                }
                if self.text.ends_with(':') {
                    self.text.push_str(" pass");
                }
            }
            Grammar::Bash => {
                while let Some(word) = SHELL_WORDS.iter().find(|word| self.text.starts_with(**word)) {
                    if matches!(*word, "if " | "elif ") {
                        self.header = Some(Statement::If);
                    }
                    self.replace_start(word.len(), "");
                    let blank = self.text.len() - self.text.trim_start().len();
                    self.replace_start(blank, "");
                }
                if self.text.starts_with("for ") || self.text.starts_with("select ") {
                    self.header = Some(Statement::For);
                    self.text.push_str("; do :; done");
                }
            }
            _ => {
                if self.text.starts_with("else ") {
                    self.replace_start("else ".len(), "");
                }
                for (word, kind) in
                    [("try", Statement::Try), ("else", Statement::If), ("do", Statement::While)]
                {
                    if self.text == word {
                        self.header = Some(kind);
                    }
                }
                if header {
                    self.text.push_str("{}");
                }
            }
        }
    }

    /// Puts other text in place of the first bytes.
    fn replace_start(&mut self, length: usize, instead: &str) {
        self.text.replace_range(..length, instead);
        let moved = |at: usize| (at + instead.len()).saturating_sub(length).min(self.text.len());
        self.target = moved(self.target.start)..moved(self.target.end);
    }
}
