//! Ruby: `a.rb:3:in 'f': message (Type)`, then `from b.rb:7:in 'g'` behind a tab; causes follow in the same form.
//!
//! Also the reversed order of terminals (frames first), and logs of Rails: `Type (message):`, then bare frames.

use super::text::{self, Text};
use super::{Outcome, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

const CHAIN_MAX: usize = 64;

/// Parses a Ruby report; `None` when there is no line of a Ruby file.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(":in ") && !text.has(".rb:") && !text.has("-e:") {
        return interpreter(text);
    }
    if let Some(outcome) = rspec(text) {
        return Some(outcome);
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    // Frames that stand above their exception, outermost first.
    let mut above: Vec<Frame<'a>> = Vec::new();
    let mut first_frame = None;
    let mut at = 0;
    while at < text.len() && exceptions.len() < CHAIN_MAX {
        let Some((frame, rest)) = place(text.line(at)) else {
            if let Some(frame) = from_line(text.line(at)) {
                first_frame.get_or_insert(at);
                exceptions.last_mut().map_or(&mut above, |last| &mut last.frames).push(frame);
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
        let mut exception = ParsedException {
            error_type: Cow::Borrowed(error_type),
            message,
            frames: vec![frame],
            relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
            parent,
            ..ParsedException::default()
        };
        // A thread that ends by an exception says so before the program does.
        let repeats = exceptions.last().is_some_and(|last| {
            last.error_type == exception.error_type
                && last.message == exception.message
                && last.frames.first().map(|f| (&f.file, f.line))
                    == exception.frames.first().map(|f| (&f.file, f.line))
        });
        if !repeats {
            exception.frames.extend(above.drain(..).rev());
            exceptions.push(exception);
        }
    }
    if exceptions.is_empty() {
        exceptions.push(bare(text, first_frame?, above));
    }
    Some(Outcome { exceptions, truncated: false })
}

/// RSpec: `Failure/Error: the line`, then the type by itself, the message below it, and frames behind `# `.
fn rspec<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("Failure/Error:") {
        return None;
    }
    let start = text.iter().position(|line| line.trim_start().starts_with("Failure/Error:"))?;
    let is_frame = |i: &usize| text.line(*i).trim_start().starts_with("# ");
    let end = (start + 1..text.len()).find(is_frame).unwrap_or(text.len());
    let typed = (start + 1..end).find_map(|i| {
        let word = text.line(i).trim().strip_suffix(':')?;
        text::is_type(word).then_some((i, word))
    });
    // Without a type an expectation failed, whose words stand behind a blank line.
    let (error_type, from) = match typed {
        Some((at, word)) => (word, at + 1),
        None => {
            let blank = (start + 1..end).find(|&i| text.line(i).trim().is_empty())?;
            ("RSpec::Expectations::ExpectationNotMetError", blank + 1)
        }
    };
    let from = (from..end).find(|&i| !text.line(i).trim().is_empty())?;
    let frames = (end..text.len())
        .take_while(is_frame)
        .filter_map(|i| from_line(text.line(i).trim_start().strip_prefix("# ")?));
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(text.span(from, text.line(from), end).trim()),
        frames: frames.collect(),
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// Frames without a header of Ruby's own: Rails' `Type (message):`, or a client's `Type: message`, stands before them.
fn bare<'a>(text: &Text<'a>, first: usize, frames: Vec<Frame<'a>>) -> ParsedException<'a> {
    let mut exception = ParsedException { frames, ..ParsedException::default() };
    let head = (first.saturating_sub(4)..first).find_map(|i| {
        let line = text.line(i).trim();
        if let Some((error_type, message)) = line.strip_suffix("):").and_then(|line| line.split_once(" (")) {
            return text::is_type(error_type).then_some((error_type, message));
        }
        text::split_type(line).filter(|(word, _)| text::is_error_name(word))
    });
    if let Some((error_type, message)) = head {
        (exception.error_type, exception.message) = (Cow::Borrowed(error_type), Cow::Borrowed(message));
    }
    exception
}

/// `ruby: No such file or directory -- a.rb (LoadError)`.
fn interpreter<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let rest = text.iter().find_map(|line| line.strip_prefix("ruby: "))?;
    let (message, error_type) = rest.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message),
        ..ParsedException::default()
    };
    text::is_error_name(error_type).then_some(Outcome { exceptions: vec![exception], truncated: false })
}

/// Where a line's file ends: the colon before its number.
fn file_end(line: &str) -> Option<usize> {
    match line.as_bytes().first()? {
        // `(eval at a.rb:11):1:`, `(irb):3:`, `<internal:kernel>:85:`
        b'(' => line.find("):").map(|at| at + 1),
        b'<' => line.find(">:").map(|at| at + 1),
        b'-' if line.starts_with("-e:") => Some(2),
        _ => line.find(".rb:").map(|at| at + 3).or_else(|| {
            // A script without an extension: `bin/rails:4:in 'f'`
            let at = line.find(":in ")?;
            text::split_number(&line[..at], b':').map(|(file, _)| file.len())
        }),
    }
}

/// `a.rb:3:in 'f': rest`, `-e:1:in '<main>': rest`, `a.rb:3: syntax error, ...`.
fn place(line: &str) -> Option<(Frame<'_>, &str)> {
    if line.starts_with([' ', '\t', '#']) {
        return None;
    }
    let end = file_end(line)?;
    let file = &line[..end];
    let (number, rest) = text::leading_number(line.get(end + 1..)?)?;
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
    let is_from = rest.starts_with("from ");
    let rest = rest.strip_prefix("from ").unwrap_or(rest);
    let (place, function) = rest.split_once(":in ")?;
    let (file, number) = text::split_number(place, b':')?;
    let ruby = is_from
        || file.ends_with(".rb")
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
    // Where an `eval` stands is no part of its name: `(eval at a.rb:11)`
    let file = if file.starts_with("(eval") { "(eval)" } else { file };
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
        Some((message, "SyntaxError")) => ("SyntaxError", syntax(message.trim(), tail)),
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

/// Prism writes what is wrong behind the marker below the source: `    |     ^ unexpected 'end'; ...`.
fn syntax<'a>(message: &'a str, tail: &'a str) -> Cow<'a, str> {
    let wrong = tail.lines().find_map(|line| {
        let (_, rest) = line.split_once('|')?;
        let words = rest.trim_start().strip_prefix('^')?.trim_start_matches(['~', '^']).trim();
        (!words.is_empty()).then_some(words)
    });
    match wrong {
        Some(words) => Cow::Owned(format!("{message}: {words}")),
        None => Cow::Borrowed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shown;

    fn read(text: &str) -> String {
        shown::exceptions(parse, text)
    }

    #[test]
    fn reads_what_newer_rubies_print() {
        let text = "a.rb:3:in 'Hash#fetch': key not found: :nope (KeyError)\n\tfrom a.rb:3:in 'Store#load'\n\tfrom a.rb:8:in 'block in <main>'\n";
        assert_eq!(read(text), "KeyError: key not found: :nope <- fetch@a.rb:3 load@a.rb:3 <main>@a.rb:8");
        let text =
            "(eval at a.rb:11):1:in '<main>': in eval (RuntimeError)\n\tfrom a.rb:11:in 'Kernel#eval'\n";
        assert_eq!(read(text), "RuntimeError: in eval <- <main>@(eval):1 eval@a.rb:11");
        let text = "a.rb:3: syntax errors found (SyntaxError)\n  1 | def f\n  2 |   1 +\n> 3 | end\n    | ^~~ unexpected 'end'; expected an expression\n";
        assert_eq!(
            read(text),
            "SyntaxError: syntax errors found: unexpected 'end'; expected an expression <- @a.rb:3"
        );
    }

    #[test]
    fn reads_frames_above_and_logs_of_rails() {
        let text = "Traceback (most recent call last):\n\t1: from a.rb:9:in `<main>'\na.rb:3:in `load': no order (KeyError)\n";
        assert_eq!(read(text), "KeyError: no order <- load@a.rb:3 <main>@a.rb:9");
        let text = "ActiveRecord::RecordNotFound (no order with id 7):\n  \napp/models/order.rb:3:in `load'\napp/controllers/o.rb:9:in `show'\n";
        assert_eq!(
            read(text),
            "ActiveRecord::RecordNotFound: no order with id 7 <- load@app/models/order.rb:3 show@app/controllers/o.rb:9"
        );
    }
}
