//! Python: tracebacks of CPython 3 with markers, chains and exception groups, and IPython's two forms.
//!
//! CPython prints the cause first and the reported exception last, frames outermost first. IPython prints
//! `Type   Traceback (most recent call last)` as a header, then cells and files with numbered source lines.

mod ipython;

use super::text::{self, Text, is_marker};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

const HEADER: &str = "Traceback (most recent call last)";
const CAUSE: &str = "The above exception was the direct cause of the following exception";
const CONTEXT: &str = "During handling of the above exception, another exception occurred";

/// Most frames that a block has room for from the start.
const FRAMES_USUAL: usize = 8;

/// One printed exception, before chains are tied.
#[derive(Debug, Default)]
struct Block<'a> {
    error_type: &'a str,
    message: &'a str,
    /// Outermost first, as printed.
    frames: Vec<Frame<'a>>,
    /// Nesting in an exception group, 0 outside.
    depth: usize,
    /// How the next block of the same depth relates to this one.
    next: Option<Relation>,
    /// Text ended before the line with the type.
    open: bool,
}

/// Parses a Python report; `None` when the text has neither a traceback nor a Python source location.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let mut reader = Reader { text, at: 0, depth: 0, grouped: false, blocks: vec![] };
    reader.read();
    let blocks = reader.blocks;
    if blocks.is_empty() {
        return None;
    }
    let truncated = blocks.last().is_some_and(|block| block.open);
    Some(Outcome { exceptions: tie(blocks), truncated })
}

/// Where a line has the words that open a traceback.
fn header_at(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'(', bytes).find_map(|open| {
        let at = open.checked_sub("Traceback ".len())?;
        bytes[at..].starts_with(HEADER.as_bytes()).then_some(at)
    })
}

/// Whether a line opens a traceback and says no more.
fn ends_with_header(line: &str) -> bool {
    let line = text::trim_end(line);
    line.as_bytes().last() == Some(&b')') && line.ends_with(HEADER)
}

struct Reader<'t, 'a> {
    text: &'t Text<'a>,
    at: usize,
    depth: usize,
    /// Lines may carry the rails of an exception group.
    grouped: bool,
    blocks: Vec<Block<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn read(&mut self) {
        while self.at < self.text.len() {
            let header = header_at(self.text.line(self.at));
            if header.is_some_and(|at| self.text.line(self.at)[..at].ends_with("Exception Group ")) {
                self.grouped = true;
            }
            let line = self.inner();
            let trimmed = text::trim_start(line);
            if header.is_some()
                && let Some(header) = header_at(trimmed)
            {
                self.traceback(text::trim(&trimmed[..header]));
            } else if let Some(relation) = separator(trimmed) {
                if let Some(last) = self.last_at_depth() {
                    last.next = Some(relation);
                }
                self.at += 1;
            } else if starts_syntax_error(trimmed) {
                self.plain_block();
            } else if self.grouped && self.depth > 0 && !line.is_empty() && text::split_type(line).is_some() {
                // A group member that was never raised has no traceback.
                self.type_line(Block { depth: self.depth, ..Block::default() });
            } else {
                self.at += 1;
            }
        }
    }

    /// The current line without the rails of an exception group, which set the depth.
    #[inline]
    fn inner(&mut self) -> &'a str {
        let line = self.text.line(self.at);
        if self.grouped { self.without_rails(line) } else { line }
    }

    fn without_rails(&mut self, line: &'a str) -> &'a str {
        let rail = line.trim_start_matches(' ');
        let column = line.len() - rail.len();
        if let Some(rest) = rail.strip_prefix('|') {
            self.depth = depth_at(column);
            return rest.strip_prefix(' ').unwrap_or(rest);
        }
        if rail.starts_with("+-") {
            // `+-+---- 1 ----` opens members one level deeper, `+---- 2 ----` is the next of them.
            self.depth = depth_at(column) + usize::from(rail.starts_with("+-+"));
            return "";
        }
        match rail.strip_prefix("+ ") {
            Some(rest) => {
                self.depth = depth_at(column);
                rest
            }
            None => {
                if line.starts_with(HEADER) || separator(line).is_some() {
                    self.depth = 0;
                }
                line
            }
        }
    }

    fn last_at_depth(&mut self) -> Option<&mut Block<'a>> {
        let depth = self.depth;
        self.blocks.iter_mut().rev().find(|block| block.depth == depth)
    }

    /// A traceback whose header is the current line; `named` is what stands before the header.
    fn traceback(&mut self, named: &'a str) {
        self.at += 1;
        let named = named.trim_start_matches('+').trim();
        let next = text::trim_start(self.text.line(self.at));
        if named.is_empty()
            || named == "Exception Group"
            || next.starts_with("File \"") && next.contains("\", line ")
        {
            self.plain_block();
        } else {
            let depth = self.depth;
            let (block, at) = ipython::block(self.text, self.at, named);
            self.at = at;
            self.blocks.push(Block { depth, ..block });
        }
    }

    /// Frames of CPython's form, up to and with the line that names the type.
    fn plain_block(&mut self) {
        let lines_left = self.text.len() - self.at.min(self.text.len());
        let mut block = Block {
            depth: self.depth,
            frames: Vec::with_capacity((lines_left / 2).clamp(1, FRAMES_USUAL)),
            ..Block::default()
        };
        while self.at < self.text.len() {
            let line = self.inner();
            let trimmed = text::trim(line);
            let frame = match trimmed.as_bytes().first() {
                Some(b'F') => file_line(trimmed),
                Some(b'C' | b'I') => ipython::syntax_line(trimmed),
                _ => None,
            };
            if let Some(frame) = frame {
                block.frames.push(frame);
            } else if separator(trimmed).is_some() || trimmed.ends_with("(most recent call last):") {
                break;
            } else if !line.starts_with([' ', '\t']) && !trimmed.is_empty() && !is_marker(trimmed) {
                self.type_line(block);
                return;
            } else {
                source_line(block.frames.last_mut(), trimmed);
            }
            self.at += 1;
        }
        block.open = true;
        self.blocks.push(block);
    }

    /// The current line names type and message; takes what follows it as the rest of the message.
    fn type_line(&mut self, mut block: Block<'a>) {
        let line = self.inner();
        let (error_type, message) = text::split_type(line).unwrap_or(("", line));
        if error_type.ends_with("RemoteTraceback") {
            // A worker's traceback as text; the exception in it is read as the cause.
            self.at += 1;
            return;
        }
        let from = self.at;
        self.at += 1;
        while self.at < self.text.len() && !self.ends_message() {
            self.at += 1;
        }
        block.error_type = error_type;
        block.message = self.text.span(from, message, self.at);
        if message.is_empty() {
            block.message = block.message.trim_start();
        }
        self.blocks.push(block);
    }

    /// Whether the current line is no longer part of a message.
    fn ends_message(&mut self) -> bool {
        let raw = self.text.line(self.at);
        if self.grouped && matches!(raw.trim_start().as_bytes().first(), Some(b'|' | b'+')) {
            let depth = self.depth;
            let line = self.inner();
            let ends =
                depth != self.depth || line.is_empty() || separator(line).is_some() || line.contains(HEADER);
            self.depth = depth;
            return ends;
        }
        let trimmed = text::trim_end(raw);
        match trimmed.as_bytes().first() {
            Some(b'-') if raw.starts_with("----------------") => true,
            Some(b's') if raw.starts_with("sys:1: ") => true,
            Some(b'"') if raw == "\"\"\"" => true,
            Some(b'T') if raw.starts_with(HEADER) => true,
            Some(_) => ends_with_header(trimmed) || separator(text::trim_start(trimmed)).is_some(),
            None => false,
        }
    }
}

/// Whether a syntax error without a traceback starts with this line.
fn starts_syntax_error(trimmed: &str) -> bool {
    match trimmed.as_bytes().first() {
        Some(b'F') => file_line(trimmed).is_some_and(|frame| frame.function.is_empty()),
        Some(b'C') => trimmed.starts_with("Cell In[") && ipython::cell_line(trimmed).is_some(),
        _ => false,
    }
}

/// Depth of a rail: the outermost stands in column 2.
fn depth_at(column: usize) -> usize {
    (column / 2).saturating_sub(1)
}

fn separator(line: &str) -> Option<Relation> {
    match line.as_bytes().first() {
        Some(b'T') if line.starts_with(CAUSE) => Some(Relation::Cause),
        Some(b'D') if line.starts_with(CONTEXT) => Some(Relation::Context),
        _ => None,
    }
}

/// `File "x.py", line 3, in f`; a syntax error's place has no function.
fn file_line(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("File \"")?;
    let (file, rest) = quoted_file(rest)?;
    let (number, rest) = text::leading_number(rest)?;
    let function = rest.strip_prefix(", in ").unwrap_or_default();
    Some(located(function_name(text::trim(function)), file, Some(number), None))
}

/// Splits at the last `", line `, or the last `" line ` when there is none.
fn quoted_file(rest: &str) -> Option<(&str, &str)> {
    let split = |mark: &str| {
        let mut end = rest.len();
        while let Some(quote) = memchr::memrchr(b'"', &rest.as_bytes()[..end]) {
            if let Some(after) = rest[quote + 1..].strip_prefix(mark) {
                return Some((&rest[..quote], after));
            }
            end = quote;
        }
        None
    };
    split(", line ").or_else(|| split(" line "))
}

/// A name without the owner that Cython prints (`pandas._libs.index.IndexEngine.get_loc`) and without arguments.
fn function_name(name: &str) -> &str {
    if text::is_word(name) || name == "<module>" {
        return name;
    }
    let open = name.bytes().position(|byte| byte == b'(').filter(|at| *at > 0);
    let bare = &name[..open.unwrap_or(name.len())];
    if bare.starts_with("<cell line") {
        return "<module>";
    }
    match bare.bytes().rposition(|byte| byte == b'.') {
        Some(at) if at + 1 < bare.len() && !bare.ends_with('>') => &bare[at + 1..],
        Some(at) if bare.ends_with('>') && bare[..at].contains("<locals>") => &bare[at + 1..],
        _ => bare,
    }
}

/// Takes the first line under a frame as its source; markers and repeats are not source.
fn source_line<'a>(frame: Option<&mut Frame<'a>>, line: &'a str) {
    let Some(frame) = frame else { return };
    if frame.source.is_none()
        && !line.is_empty()
        && !is_marker(line)
        && !line.starts_with("[Previous line repeated")
    {
        frame.source = Some(Cow::Borrowed(line));
    }
}

/// Ties blocks to chains: the last block that nothing follows is the reported exception and comes first.
fn tie(mut blocks: Vec<Block<'_>>) -> Vec<ParsedException<'_>> {
    if blocks.len() == 1 {
        return blocks.pop().map(|block| exception(block, None)).into_iter().collect();
    }
    let mut parents: Vec<Option<(usize, Relation)>> = Vec::with_capacity(blocks.len());
    for (i, block) in blocks.iter().enumerate() {
        let after = || blocks.iter().enumerate().skip(i + 1).take_while(|(_, b)| b.depth >= block.depth);
        let chained = block.next.and_then(|relation| {
            after().find(|(_, b)| b.depth == block.depth).map(|(next, _)| (next, relation))
        });
        let group = || {
            let owner = blocks[..i].iter().rposition(|b| b.depth < block.depth)?;
            Some((owner, Relation::Member))
        };
        parents.push(chained.or_else(group));
    }
    let Some(reported) = parents.iter().rposition(Option::is_none) else { return vec![] };
    // Breadth first from the reported exception; what it does not reach was handled before and is not its chain.
    let mut order = vec![reported];
    let mut done = 0;
    while let Some(&owner) = order.get(done) {
        let hangs = |i: &usize| parents[*i].is_some_and(|(parent, _)| parent == owner) && *i != owner;
        let of_owner: Vec<usize> = (0..blocks.len()).filter(hangs).collect();
        order.extend(of_owner);
        done += 1;
    }
    let mut place = vec![0; blocks.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new;
    }
    let mut blocks: Vec<Option<Block<'_>>> = blocks.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|&old| Some(exception(blocks[old].take()?, parents[old].map(|(p, r)| (place[p], r)))))
        .collect()
}

fn exception<'a>(block: Block<'a>, parent: Option<(usize, Relation)>) -> ParsedException<'a> {
    let mut frames = block.frames;
    frames.reverse();
    ParsedException {
        error_type: Cow::Borrowed(block.error_type),
        message: Cow::Borrowed(block.message),
        frames,
        relation: parent.map_or(Relation::Reported, |(_, relation)| relation),
        parent: parent.map(|(parent, _)| parent),
        ..ParsedException::default()
    }
}
