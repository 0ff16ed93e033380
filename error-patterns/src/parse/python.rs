//! Python: tracebacks of CPython 2 and 3 with markers, chains and exception groups, IPython's two forms, pytest's
//! failures, crashes of the interpreter, and what rich, loguru and stackprinter make of a traceback.
//!
//! CPython prints the cause first and the reported exception last, frames outermost first. IPython prints
//! `Type   Traceback (most recent call last)` as a header, then cells and files with numbered source lines. A message
//! may end in another program's whole report: that is its cause.

mod chain;
mod drawn;
mod fault;
mod ipython;
mod pytest;
mod usage;
mod usual;

use super::text::{self, Text, indent, is_marker};
use super::{Outcome, ParseLimits, located};
use crate::bytes;
use crate::model::{Frame, Relation};
use std::borrow::Cow;

const HEADER: &str = "Traceback (most recent call last)";
const CAUSE: &str = "The above exception was the direct cause of the following exception";
const CONTEXT: &str = "During handling of the above exception, another exception occurred";

/// Most frames that a block has room for from the start.
const FRAMES_USUAL: usize = 32;

/// One printed exception, before chains are tied.
#[derive(Debug, Default)]
struct Block<'a> {
    error_type: &'a str,
    message: Cow<'a, str>,
    /// Outermost first, as printed.
    frames: Vec<Frame<'a>>,
    /// Nesting in an exception group, 0 outside.
    depth: usize,
    /// How the next block of the same depth relates to this one.
    next: Option<Relation>,
    /// Text ended before the line with the type.
    open: bool,
    /// The message ends in the report of what caused this exception.
    holds_cause: bool,
    /// Of an exception that ended nothing: it was only printed, as one in a finalizer is.
    aside: bool,
}

/// Blocks that are kept of one report. Of more the last count, of a group the first.
const BLOCKS_MAX: usize = 256;

/// Parses a Python report; `None` when the text has neither a traceback nor a Python source location.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    // A crash, a syntax error, pytest's list; a traceback may stand behind a log's words.
    let has_header = text.has(HEADER);
    if !has_header
        && text.opens(b"uU")
        && let Some(block) = usage::block(text)
    {
        return outcome(vec![block]);
    }
    if !has_header && !text.opens(b"FWC=") {
        return None;
    }
    let mut reader = Reader::new(text);
    reader.read();
    if reader.is_drawn {
        let plain = drawn::undrawn(text);
        let text = Text::new(&plain, &ParseLimits::default());
        let mut reader = Reader::new(&text);
        reader.read();
        return outcome(reader.blocks).map(Outcome::into_owned);
    }
    let mut blocks = reader.blocks;
    if let Some(prefix) = reader.prefix {
        let bare = text.without_like(prefix);
        let mut reader = Reader::new(&bare);
        reader.bare = true;
        reader.read();
        blocks = reader.blocks;
    }
    outcome(blocks)
}

fn outcome(blocks: Vec<Block<'_>>) -> Option<Outcome<'_>> {
    let truncated = blocks.last()?.open;
    Some(Outcome { exceptions: chain::tie(blocks), truncated })
}

/// Where a line has the words that open a traceback.
fn header_at(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'(', bytes).find_map(|open| {
        let at = open.checked_sub("Traceback ".len())?;
        bytes[at..].starts_with(HEADER.as_bytes()).then_some(at)
    })
}

/// Whether a line opens a traceback, also one that IPython prints, or pytest's list of failures.
pub(super) fn opens_report(line: &str) -> bool {
    header_at(line).is_some() || pytest::opens(line)
}

/// Whether a line opens a traceback and says no more.
fn ends_with_header(line: &str) -> bool {
    let line = text::trim_end(line);
    line.as_bytes().last() == Some(&b')') && line.ends_with(HEADER)
}

/// Whether a line is a frame. Above all headers it is of a traceback whose beginning was cut off.
fn goes_on(line: &str) -> bool {
    line.starts_with("File \"") && file_line(line).is_some_and(|frame| !frame.function.is_empty())
}

/// Whether a line begins with what is surely a type's name.
fn names_error(line: &str) -> bool {
    text::split_type(line).is_some_and(|(word, _)| text::is_error_name(word))
}

/// What runners write behind a report.
const STATUSES: [&str; 4] = [
    "Process exited with code ",
    "Process finished with exit code ",
    "Command exited with ",
    "Command failed with ",
];

/// Types whose messages the interpreter writes in one line.
const ONE_LINE: [&str; 9] = [
    "ModuleNotFoundError",
    "NameError",
    "UnboundLocalError",
    "ZeroDivisionError",
    "RecursionError",
    "IndexError",
    "IndentationError",
    "TabError",
    "MemoryError",
];

struct Reader<'t, 'a> {
    text: &'t Text<'a>,
    at: usize,
    depth: usize,
    /// Lines may carry the rails of an exception group.
    grouped: bool,
    /// The next traceback is of an exception that ended nothing.
    aside: bool,
    /// pytest's list was looked at and is in another form.
    listed: bool,
    /// What a log wrote before each line, when it was found: nothing is read on, the text is to be cut first.
    prefix: Option<&'a str>,
    /// The text was cut already.
    bare: bool,
    /// The traceback stands in a box: nothing is read on, what draws it is to be taken away first.
    is_drawn: bool,
    blocks: Vec<Block<'a>>,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn new(text: &'t Text<'a>) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            grouped: false,
            aside: false,
            listed: false,
            prefix: None,
            bare: false,
            is_drawn: false,
            blocks: vec![],
        }
    }

    fn read(&mut self) {
        while self.at < self.text.len() && self.prefix.is_none() && !self.is_drawn {
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
                self.plain_block(0);
            } else if self.blocks.is_empty() && goes_on(trimmed) {
                self.plain_block(0);
                // Something else that names places, not a traceback.
                if self.at < self.text.len() && self.blocks.last().is_some_and(|block| block.open) {
                    self.blocks.clear();
                }
            } else if self.other(line) {
                // Read, or noted.
            } else if self.grouped && self.depth > 0 && !line.is_empty() && text::split_type(line).is_some() {
                // A group member that was never raised has no traceback.
                self.type_line(Block { depth: self.depth, ..Block::default() });
            } else {
                self.at += 1;
            }
        }
    }

    /// Lines that are not a traceback's but tell of one, or of a failure in another form.
    fn other(&mut self, line: &str) -> bool {
        match line.as_bytes().first() {
            Some(b'F' | b'W') if fault::is_crash(line) => {
                let (block, at) = fault::block(self.text, self.at);
                self.at = at;
                self.push(block);
                true
            }
            Some(b'=') if !self.listed && pytest::opens(line) => {
                self.listed = true;
                // Errors of fixtures are listed before the failures.
                let last = (self.at..self.text.len()).rev().find(|&i| pytest::opens(self.text.line(i)));
                let Some(block) = pytest::block(self.text, last.unwrap_or(self.at)) else { return false };
                self.push(block);
                self.at = self.text.len();
                true
            }
            Some(b'E' | b'T')
                if line.starts_with("Exception ignored ")
                    || line.starts_with("Task exception was never retrieved") =>
            {
                self.aside = true;
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    fn push(&mut self, block: Block<'a>) {
        if self.blocks.len() >= BLOCKS_MAX {
            if block.depth > 0 {
                return;
            }
            self.blocks.drain(..BLOCKS_MAX / 2);
        }
        self.blocks.push(Block { aside: std::mem::take(&mut self.aside), ..block });
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
        let header = self.text.line(self.at);
        if drawn::is_top(named) {
            self.is_drawn = true;
            return;
        }
        if !named.is_empty() && !self.bare && !self.grouped && self.is_logged(header) {
            return;
        }
        let (named, indented) = (named.trim_start_matches('+').trim(), indent(header));
        self.hold(named);
        self.at += 1;
        let next = text::trim_start(self.text.line(self.at));
        if named.is_empty()
            || named == "Exception Group"
            || next.starts_with("File \"") && next.contains("\", line ")
        {
            let alone = named.is_empty() && !self.grouped;
            self.plain_block(if alone { indented } else { 0 });
        } else {
            let depth = self.depth;
            let (block, at) = ipython::block(self.text, self.at, named);
            self.at = at;
            self.push(Block { depth, ..block });
        }
    }

    /// Whether a log's words stand before the header and before the next line as well; they are kept.
    fn is_logged(&mut self, header: &'a str) -> bool {
        let Some(prefix) = header_at(header).map(|at| &header[..at]) else { return false };
        let next = self.text.line(self.at + 1);
        let rest = text::skip_like(next, prefix).map(|at| text::trim_start(&next[at..]));
        let logged = rest.is_some_and(|rest| rest.starts_with("File \""));
        if logged {
            self.prefix = Some(prefix);
        }
        logged
    }

    /// Marks the exception before a traceback when its message announces it: `child failed:`, or the traceback is
    /// called the original.
    fn hold(&mut self, named: &str) {
        let at = self.at;
        if self.depth > 0 || at == 0 {
            return;
        }
        let before = (at.saturating_sub(3)..at).rev().map(|i| text::trim(self.text.line(i)));
        let mut before = before.skip_while(|line| line.trim_matches(['"', '\'']).is_empty());
        let last = before.next().unwrap_or_default();
        let Some(block) = self.blocks.last_mut() else { return };
        let announced = last.ends_with(':') && block.message.ends_with(last.trim_matches(['"', '\'']));
        let announced = announced
            || last.ends_with(':')
                && last.len() > block.error_type.len()
                && last.starts_with(block.error_type);
        if !block.open && !block.error_type.is_empty() && (announced || named == "Original") {
            block.holds_cause = true;
        }
    }

    /// Frames of CPython's form, up to and with the line that names the type.
    /// The last line is indented by no more than `indented`.
    fn plain_block(&mut self, indented: usize) {
        let lines_left = self.text.len() - self.at.min(self.text.len());
        let mut block = Block {
            depth: self.depth,
            frames: Vec::with_capacity((lines_left / 2).clamp(1, FRAMES_USUAL)),
            ..Block::default()
        };
        // Where the source starts, on the line after it.
        let mut source_indent = None;
        // The line above is a frame without the blanks before it: something trims lines.
        let mut trimmed_frame = false;
        while self.at < self.text.len() {
            if !self.grouped
                && indented < usual::INDENT
                && let Some(has_source) = usual::take(self.text, &mut self.at, &mut block.frames)
            {
                source_indent = has_source.then_some(usual::INDENT);
                continue;
            }
            let line = self.inner();
            let trimmed = text::trim(line);
            let first = trimmed.as_bytes().first();
            let marks = matches!(first, Some(b'^' | b'~' | b'|')) && is_marker(trimmed);
            // Where lines were trimmed on their way, a mark stands under nothing.
            if let Some(from) = source_indent.take().filter(|from| marks && *from > 0)
                && let Some(frame) = block.frames.last_mut()
            {
                frame.marked = marked(line, trimmed, from);
            }
            let frame = match first {
                Some(b'F') => syntax_place(trimmed),
                // loguru points at the frame that logged.
                Some(b'>') => trimmed.strip_prefix("> ").and_then(file_line),
                Some(b'C' | b'I') => ipython::syntax_line(trimmed),
                _ => None,
            };
            let below_trimmed = std::mem::replace(&mut trimmed_frame, false);
            if let Some(frame) = frame {
                block.frames.push(frame);
                trimmed_frame = !self.grouped && indent(line) <= indented;
            } else if separator(trimmed).is_some()
                || trimmed.as_bytes().last() == Some(&b':') && trimmed.ends_with("(most recent call last):")
            {
                break;
            } else if let Some(source) = arrowed(trimmed)
                && let Some(frame) = block.frames.last_mut()
            {
                frame.source = Some(Cow::Borrowed(source));
            } else if trimmed == "---- (full traceback above) ----" {
                // stackprinter shows the same again, in short.
                block.frames.clear();
            } else if indent(line) <= indented && text::is_cut(trimmed) && self.at + 1 < self.text.len() {
                // A client left lines out; what follows belongs to frames that are not there.
                source_indent = None;
                trimmed_frame = true;
            } else {
                let column = indent(line);
                let is_source = below_trimmed && self.at + 1 < self.text.len() && !names_error(trimmed)
                    || trimmed.starts_with("[Previous line repeated ");
                if !trimmed.is_empty() && column <= indented && !marks && !is_source {
                    self.type_line(block);
                    return;
                }
                let source = if marks { "" } else { trimmed };
                source_indent = source_line(block.frames.last_mut(), source).then_some(column);
            }
            self.at += 1;
        }
        block.open = true;
        self.push(block);
    }

    /// The current line names type and message; takes what follows it as the rest of the message.
    fn type_line(&mut self, mut block: Block<'a>) {
        let line = text::trim_start(self.inner());
        let (error_type, message) = text::split_type(line).unwrap_or(("", line));
        if error_type.ends_with("RemoteTraceback") {
            // A worker's traceback as text; the exception in it is read as the cause.
            self.at += 1;
            return;
        }
        let from = self.at;
        self.at += 1;
        let mut railed: Vec<&'a str> = Vec::new();
        // Nothing follows a type that is alone, nor what the interpreter says in one line.
        let is_bare = !error_type.is_empty() && !line.contains(':');
        let is_whole = is_bare || ONE_LINE.contains(&error_type) && !message.is_empty();
        while self.at < self.text.len() && !is_whole && !self.ends_message() {
            if self.grouped {
                railed.push(self.inner());
            }
            self.at += 1;
        }
        block.error_type = error_type;
        block.message = if railed.is_empty() {
            self.text.message(from, message, self.at)
        } else {
            let lines: Vec<&str> = std::iter::once(message).chain(railed).collect();
            Cow::Owned(lines.join("\n").trim_end().to_owned())
        };
        if message.is_empty() {
            block.message = match block.message {
                Cow::Borrowed(message) => Cow::Borrowed(message.trim_start()),
                Cow::Owned(message) => Cow::Owned(message.trim_start().to_owned()),
            };
        }
        self.push(block);
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
            Some(b'=') if raw.starts_with("================") => true,
            Some(b'E') if raw.starts_with("Exception ignored ") => true,
            Some(b's') if raw.starts_with("sys:1: ") => true,
            Some(b'"') if raw == "\"\"\"" => true,
            Some(b'`') if raw.starts_with("```") => true,
            // The stack of a program in Java or .NET that ran this one.
            Some(b'\t' | b' ') if raw.starts_with("\tat ") || raw.starts_with("   at ") => true,
            Some(b'<') if trimmed == "</stderr>" || trimmed == "</output>" => true,
            Some(b'r') if raw.starts_with("real\t0m") => true,
            Some(b'P' | b'C') if STATUSES.iter().any(|status| raw.starts_with(status)) => true,
            Some(b'T') if raw.starts_with(HEADER) => true,
            Some(_) => ends_with_header(trimmed) || separator(text::trim_start(trimmed)).is_some(),
            None => false,
        }
    }
}

/// Whether a syntax error without a traceback starts with this line.
fn starts_syntax_error(trimmed: &str) -> bool {
    match trimmed.as_bytes().first() {
        Some(b'F') => syntax_place(trimmed).is_some_and(|frame| frame.function.is_empty()),
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
#[inline]
fn file_line(line: &str) -> Option<Frame<'_>> {
    let rest = line.strip_prefix("File \"")?;
    let (file, rest) = quoted_file(rest)?;
    let (number, rest) = text::leading_number(rest)?;
    let function = rest.strip_prefix(", in ").or_else(|| rest.strip_prefix(" in ")).unwrap_or_default();
    Some(frame(text::trim(function), file, number))
}

/// The same, or the place of a mistake in a file as IPython prints it: `File <tokenize>:7`.
fn syntax_place(line: &str) -> Option<Frame<'_>> {
    let bare = || {
        let (file, number) = text::split_number(line.strip_prefix("File <")?, b':')?;
        file.ends_with('>').then(|| located("", &line["File ".len()..][..file.len() + 1], Some(number), None))
    };
    file_line(line).or_else(bare)
}

/// A frame with the function's name as printed; Cython prints the name of the package before it, and no folder.
fn frame<'a>(printed: &'a str, file: &'a str, line: u32) -> Frame<'a> {
    Frame {
        module: Cow::Borrowed(cython_package(printed, file)),
        ..located(function_name(printed), file, Some(line), None)
    }
}

/// The package that Cython prints before a function's name.
fn cython_package<'a>(printed: &'a str, file: &str) -> &'a str {
    printed.split_once('.').filter(|_| file.ends_with(".pyx")).map_or("", |(package, _)| package)
}

/// Splits at the last `", line `, or the last `" line ` when there is none.
fn quoted_file(rest: &str) -> Option<(&str, &str)> {
    let last = bytes::last(rest.as_bytes(), b'"')?;
    if let Some(after) = rest[last + 1..].strip_prefix(", line ") {
        return Some((&rest[..last], after));
    }
    let split = |mark: &str| {
        let mut end = rest.len();
        while let Some(quote) = bytes::last(&rest.as_bytes()[..end], b'"') {
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
    if !bytes::has_any(name.as_bytes(), [b'(', b'.', b'<']) {
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

/// The source behind stackprinter's arrow: `--> 6       return total(orders)`.
fn arrowed(line: &str) -> Option<&str> {
    let (_, source) = text::leading_number(line.strip_prefix("--> ")?.trim_start())?;
    Some(source.trim())
}

/// Takes the first line under a frame as its source; an empty line and repeats are not source. Says whether it did.
fn source_line<'a>(frame: Option<&mut Frame<'a>>, line: &'a str) -> bool {
    let Some(frame) = frame else { return false };
    let source = frame.source.is_none() && !line.is_empty() && !line.starts_with("[Previous line repeated");
    if source {
        frame.source = Some(Cow::Borrowed(line));
    }
    source
}

/// The characters of a source line that the markers under it mark; the source starts in column `from`.
fn marked(line: &str, markers: &str, from: usize) -> Option<(u32, u32)> {
    let start = u32::try_from(indent(line).checked_sub(from)?).ok()?;
    Some((start, start + u32::try_from(markers.len()).ok()?))
}
