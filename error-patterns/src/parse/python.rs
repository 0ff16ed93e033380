//! Python: tracebacks of CPython 3 with markers, chains and exception groups, and IPython's two forms.
//!
//! CPython prints the cause first and the reported exception last, frames outermost first. IPython prints
//! `Type   Traceback (most recent call last)` as a header, then cells and files with numbered source lines.

mod ipython;

use super::text::{self, Text, indent, is_marker};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

const HEADER: &str = "Traceback (most recent call last)";
const CAUSE: &str = "The above exception was the direct cause of the following exception";
const CONTEXT: &str = "During handling of the above exception, another exception occurred";

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
    if !text.has(HEADER) && !text.has("File \"") && !text.has("Cell In[") && !text.has("Group Traceback") {
        return None;
    }
    let mut reader =
        Reader { text, at: 0, depth: 0, grouped: text.has("Exception Group Traceback"), blocks: vec![] };
    reader.read();
    let blocks = reader.blocks;
    if blocks.is_empty() {
        return None;
    }
    let truncated = blocks.last().is_some_and(|block| block.open);
    Some(Outcome { exceptions: tie(blocks), truncated })
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
            let line = self.inner();
            let trimmed = line.trim_start();
            if let Some(relation) = separator(trimmed) {
                if let Some(last) = self.last_at_depth() {
                    last.next = Some(relation);
                }
                self.at += 1;
            } else if let Some(header) = trimmed.find(HEADER) {
                self.traceback(trimmed[..header].trim());
            } else if self.starts_syntax_error(trimmed) {
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
    fn inner(&mut self) -> &'a str {
        let line = self.text.line(self.at);
        if !self.grouped {
            return line;
        }
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
        let next = self.text.line(self.at).trim_start();
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

    /// Whether a syntax error without a traceback starts here.
    fn starts_syntax_error(&self, trimmed: &str) -> bool {
        (trimmed.starts_with("File \"") && file_line(trimmed).is_some_and(|frame| frame.function.is_empty()))
            || (trimmed.starts_with("Cell In[") && ipython::cell_line(trimmed).is_some())
    }

    /// Frames of CPython's form, up to and with the line that names the type.
    fn plain_block(&mut self) {
        let mut block = Block { depth: self.depth, ..Block::default() };
        while self.at < self.text.len() {
            let line = self.inner();
            let trimmed = line.trim();
            if let Some(frame) = file_line(trimmed).or_else(|| ipython::syntax_line(trimmed)) {
                block.frames.push(frame);
            } else if separator(trimmed).is_some() || trimmed.ends_with("(most recent call last):") {
                break;
            } else if indent(line) == 0 && !trimmed.is_empty() && !is_marker(trimmed) {
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
        raw.starts_with(HEADER)
            || raw.starts_with("sys:1: ")
            || raw == "\"\"\""
            || raw.starts_with("----------------")
            || raw.trim_end().ends_with(HEADER)
            || separator(raw.trim()).is_some()
    }
}

/// Depth of a rail: the outermost stands in column 2.
fn depth_at(column: usize) -> usize {
    (column / 2).saturating_sub(1)
}

fn separator(line: &str) -> Option<Relation> {
    if line.starts_with(CAUSE) {
        Some(Relation::Cause)
    } else if line.starts_with(CONTEXT) {
        Some(Relation::Context)
    } else {
        None
    }
}

/// `File "x.py", line 3, in f`; a syntax error's place has no function.
fn file_line(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("File \"")?;
    let (file, rest) = rest.rsplit_once("\", line ").or_else(|| rest.rsplit_once("\" line "))?;
    let (number, rest) = text::leading_number(rest)?;
    let function = rest.strip_prefix(", in ").unwrap_or_default().trim();
    Some(located(function_name(function), file, Some(number), None))
}

/// A name without the owner that Cython prints (`pandas._libs.index.IndexEngine.get_loc`) and without arguments.
fn function_name(name: &str) -> &str {
    let bare = match name.find('(') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    };
    if bare.starts_with("<cell line") {
        return "<module>";
    }
    match bare.rfind('.') {
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
fn tie(blocks: Vec<Block<'_>>) -> Vec<ParsedException<'_>> {
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
