//! Failures as pytest prints them: a titled section of source lines, `E   Type: message` and places
//! `a.py:3: in f` or `a.py:3: Type`, outermost first.

use super::super::located;
use super::super::text::{self, Text};
use super::Block;
use std::borrow::Cow;

/// Whether a line opens the list of failures.
pub(super) fn opens(line: &str) -> bool {
    line.starts_with("====") && (line.contains(" FAILURES =") || line.contains(" ERRORS ="))
}

/// Reads the first failure below line `at`; `None` when it is printed in another form.
pub(super) fn block<'a>(text: &Text<'a>, at: usize) -> Option<Block<'a>> {
    let start = (at + 1..text.len()).find(|&i| text.line(i).starts_with("____"))?;
    let ends = |&i: &usize| text.line(i).starts_with("____") || text.line(i).starts_with("====");
    let end = (start + 1..text.len()).find(ends).unwrap_or(text.len());
    let mut block = Block::default();
    let mut told: Vec<&'a str> = Vec::new();
    let title = text.line(start).trim_matches(['_', ' ']);
    // The test's own place, the first, names no function, and others may be defined inside it.
    let test = title.rsplit(['.', ':']).next().unwrap_or_default().split('[').next().unwrap_or_default();
    let (mut function, mut source) = ("", None);
    for i in start + 1..end {
        let line = text.line(i);
        if let Some(words) = line.strip_prefix("E   ") {
            if !text.line(i - 1).starts_with("E   ") {
                told.clear();
            }
            told.push(words);
        } else if let Some(code) = line.strip_prefix('>') {
            source = Some(code.trim());
        } else if let Some(rest) = line.trim_start().strip_prefix("def ") {
            function = rest.split('(').next().unwrap_or_default();
        } else if let Some((file, number, rest)) = place(line) {
            let outermost = block.frames.is_empty() && test.starts_with("test");
            let name = rest.strip_prefix("in ").unwrap_or(if outermost { test } else { function });
            let mut frame = located(name, file, Some(number), None);
            let below = || Some(text.line(i + 1)).filter(|line| line.starts_with("    ")).map(str::trim);
            frame.source = source.take().or_else(below).map(Cow::Borrowed);
            block.frames.push(frame);
            if !rest.is_empty() && !rest.starts_with("in ") && text::is_type(rest) {
                block.error_type = rest;
            }
        }
    }
    // With the source all of it is indented.
    let pad = text::indent(told.first()?);
    for line in &mut told {
        *line = &line[pad.min(text::indent(line))..];
    }
    let first = told[0];
    let message = match text::split_type(first) {
        Some((error_type, message)) if text::is_error_name(error_type) || error_type == block.error_type => {
            block.error_type = error_type;
            message
        }
        _ => first,
    };
    block.message = if told.len() == 1 {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(std::iter::once(&message).chain(&told[1..]).copied().collect::<Vec<_>>().join("\n"))
    };
    if block.error_type.is_empty() && message.starts_with("assert ") {
        block.error_type = "AssertionError";
    }
    Some(block)
}

/// `a.py:3: in f`, `a.py:3: KeyError`, `a.py:3: `.
fn place(line: &str) -> Option<(&str, u32, &str)> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let at = line.find(".py:")? + 3;
    let (number, rest) = text::leading_number(&line[at + 1..])?;
    Some((&line[..at], number, rest.strip_prefix(':')?.trim()))
}
