//! IPython and Jupyter: `Type   Traceback (most recent call last)`, then one paragraph per frame.
//!
//! A paragraph starts with `Cell In[3], line 7, in f(x)`, `Input In [3], in f()`, `File ~/a.py:12, in f(x)`,
//! `<ipython-input-3-..> in f(x)` or `~/a.py in f(x)`; an arrow marks the line that runs.

use super::super::located;
use super::super::text::{self, Text, split_number};
use super::{Block, function_name, separator};
use crate::model::Frame;
use std::borrow::Cow;

/// Reads frames from line `at` on, and the line that repeats `named` with the message. Returns the line after it.
pub(super) fn block<'a>(text: &Text<'a>, mut at: usize, named: &'a str) -> (Block<'a>, usize) {
    let mut block = Block { error_type: named, ..Block::default() };
    while at < text.len() {
        let line = text.line(at);
        if let Some(message) = message_of(line, named) {
            let from = at;
            at += 1;
            while at < text.len() && !ends_message(text.line(at)) {
                at += 1;
            }
            block.message = text.message(from, message, at);
            let (error_type, _) = text::split_type(line).unwrap_or((named, ""));
            block.error_type = error_type;
            return (block, at);
        }
        if ends_message(line) {
            break;
        }
        if let Some(frame) = frame_line(line) {
            block.frames.push(frame);
        } else if let Some(frame) = block.frames.last_mut() {
            numbered_line(frame, line);
        }
        at += 1;
    }
    block.open = true;
    (block, at)
}

/// The message, when the line is `Type: message` with the type of the header.
fn message_of<'a>(line: &'a str, named: &str) -> Option<&'a str> {
    let end = line.bytes().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
    if !line[..end].trim_end_matches(':').ends_with(named) {
        return None;
    }
    let (word, message) = text::split_type(line)?;
    let same = word == named || word.ends_with(named) && word[..word.len() - named.len()].ends_with('.');
    same.then_some(message)
}

fn ends_message(line: &str) -> bool {
    line.starts_with("----------------")
        || super::ends_with_header(line.trim_end_matches(':'))
        || separator(text::trim(line)).is_some()
}

fn placed<'a>(function: &'a str, file: &'a str, line: Option<u32>) -> Frame<'a> {
    let module = Cow::Borrowed(super::cython_package(function, file));
    Frame { module, ..located(name_or_module(function), file, line, None) }
}

/// The first line of a paragraph.
fn frame_line(line: &str) -> Option<Frame<'_>> {
    if line.is_empty() || line.starts_with([' ', '\t', '-']) || line.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    if let Some(frame) = cell_line(line) {
        return Some(frame);
    }
    if let Some(rest) = line.strip_prefix("File ") {
        let (place, function) = rest.split_once(", in ").unwrap_or((rest, ""));
        let (file, number) =
            split_number(text::trim_end(place), b':').map_or((place, None), |(f, n)| (f, Some(n)));
        return Some(placed(function, file, number));
    }
    let (file, function) = split_in(line)?;
    let plausible = file.starts_with('<') || file.contains(['/', '\\', '.']) || function.starts_with('<');
    let called = function.ends_with(')') || function.ends_with('>') || function.ends_with(':');
    (plausible && called && file.len() < 1024).then(|| placed(function, text::trim(file), None))
}

/// Splits at the first ` in `.
fn split_in(line: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr_iter(b' ', line.as_bytes()).find(|at| line[*at..].starts_with(" in "))?;
    Some((&line[..at], &line[at + " in ".len()..]))
}

/// `Cell In[3], line 7, in f(x)`, `Cell In [3], line 7`, `Input In [3], in f()`.
pub(super) fn cell_line(line: &str) -> Option<Frame<'_>> {
    let line = text::trim_start(line);
    if !line.starts_with("Cell In") && !line.starts_with("Input In") {
        return None;
    }
    let end = line.find(']')? + 1;
    let (cell, mut rest) = line.split_at(end);
    let mut number = None;
    if let Some(after) = rest.strip_prefix(", line ") {
        let (line, after) = text::leading_number(after)?;
        (number, rest) = (Some(line), after);
    }
    let function = rest.strip_prefix(", in ").or_else(|| rest.strip_prefix(" in ")).unwrap_or_default();
    Some(located(name_or_module(function), cell, number, None))
}

/// The place of a syntax error in a cell: no function was entered.
pub(super) fn syntax_line(line: &str) -> Option<Frame<'_>> {
    cell_line(line).map(|frame| Frame { function: Cow::Borrowed(""), ..frame })
}

/// A frame without a function, or in a `<cell line: 5>`, is at module level.
fn name_or_module(function: &str) -> &str {
    match function_name(text::trim(function)) {
        "" | "<cell line" => "<module>",
        name => name,
    }
}

/// `----> 3     code` sets the place and the source of a frame.
fn numbered_line<'a>(frame: &mut Frame<'a>, line: &'a str) {
    let arrow = text::trim_start(line);
    if !arrow.starts_with('-') {
        return;
    }
    let Some(rest) = arrow.trim_start_matches('-').strip_prefix('>') else { return };
    if let Some((number, code)) = text::leading_number(text::trim_start(rest)) {
        frame.line = frame.line.or(Some(number));
        if frame.source.is_none() && !code.trim().is_empty() && !code.contains("'Could not get source") {
            frame.source = Some(Cow::Borrowed(code.trim()));
        }
    }
}
