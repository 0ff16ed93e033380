//! Ruby: `a.rb:3:in 'f': message (Type)`, then `from b.rb:7:in 'g'` behind a tab; causes follow in the same form.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// Parses a Ruby report; `None` when there is no line of a Ruby file.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(":in ") && !text.has(".rb:") && !text.has("-e:") {
        return None;
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let mut at = 0;
    while at < text.len() && exceptions.len() < 64 {
        let Some((frame, rest)) = place(text.line(at)) else {
            if let (Some(frame), Some(last)) = (from_line(text.line(at)), exceptions.last_mut()) {
                last.frames.push(frame);
            }
            at += 1;
            continue;
        };
        let from = at;
        at += 1;
        while at < text.len() && from_line(text.line(at)).is_none() && place(text.line(at)).is_none() {
            at += 1;
        }
        let (error_type, message) = split_message(text.span(from, rest, at));
        let parent = exceptions.len().checked_sub(1);
        exceptions.push(ParsedException {
            error_type: Cow::Borrowed(error_type),
            message,
            frames: vec![frame],
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        });
    }
    if exceptions.is_empty() {
        let frames: Vec<Frame<'a>> = text.iter().filter_map(from_line).collect();
        if frames.is_empty() {
            return None;
        }
        exceptions.push(ParsedException { frames, ..ParsedException::default() });
    }
    Some(Outcome { exceptions, truncated: false })
}

/// `a.rb:3:in 'f': rest`, `-e:1:in '<main>': rest`, `a.rb:3: syntax error, ...`.
fn place(line: &str) -> Option<(Frame<'_>, &str)> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let start = line.find(".rb:").map(|at| at + 3).or_else(|| {
        ["-e:", "(irb):", "(eval):"]
            .iter()
            .find(|start| line.starts_with(**start))
            .map(|start| start.len() - 1)
    })?;
    let file = &line[..start];
    let (number, rest) = text::leading_number(&line[start + 1..])?;
    let (function, rest) = match rest.strip_prefix(":in ") {
        Some(rest) => {
            let end = rest.find("': ").or_else(|| rest.find("`: "))?;
            (&rest[..end], &rest[end + 3..])
        }
        None => ("", rest.strip_prefix(": ")?),
    };
    Some((at(function, file, number), rest))
}

/// `from a.rb:3:in 'g'`, with or without a number before it, or the bare `a.rb:3:in 'g'` of a backtrace.
fn from_line(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim();
    let rest = match text::leading_number(rest) {
        Some((_, rest)) => rest.strip_prefix(": ")?,
        None => rest,
    };
    let rest = rest.strip_prefix("from ").unwrap_or(rest);
    let (place, function) = rest.split_once(":in ")?;
    let (file, number) = text::split_number(place, ':')?;
    let ruby = file.ends_with(".rb")
        || file.starts_with('<')
        || file.starts_with('(')
        || file == "-e"
        || file.contains("/bin/");
    if !ruby || !function.starts_with(['\'', '`']) {
        return None;
    }
    Some(at(function, file, number))
}

/// `'Integer#/'`, `` `block in each' ``: the owner and the function.
fn at<'a>(function: &'a str, file: &'a str, number: u32) -> Frame<'a> {
    let name = function.trim_matches(['\'', '`']);
    let name = name.rsplit_once(" in ").map_or(name, |(_, name)| name);
    let (module, name) = match name.rfind(['#', '.']) {
        Some(at) if at > 0 => (&name[..at], &name[at + 1..]),
        _ => ("", name),
    };
    Frame { module: Cow::Borrowed(module), ..located(name, file, Some(number), None) }
}

/// `message (Type)`, where the type ends the first line and more message may follow.
fn split_message(text: &str) -> (&str, Cow<'_, str>) {
    let (head, tail) = text.split_once('\n').map_or((text, ""), |(head, tail)| (head, tail));
    let typed = head
        .trim_end()
        .strip_suffix(')')
        .and_then(|h| h.rsplit_once('('))
        .filter(|(_, word)| text::is_type(word));
    match typed {
        // What follows is the source line that error_highlight shows.
        Some((message, error_type)) if tail.trim().is_empty() || tail.lines().any(text::is_marker) => {
            (error_type, Cow::Borrowed(message.trim()))
        }
        Some((message, error_type)) => {
            (error_type, Cow::Owned(format!("{}\n{}", message.trim(), tail.trim_end())))
        }
        None if head.contains("syntax error") => ("SyntaxError", Cow::Borrowed(text)),
        None => ("", Cow::Borrowed(text)),
    }
}
