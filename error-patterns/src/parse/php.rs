//! PHP: `PHP Fatal error:  Uncaught Type: message in /a.php:12`, `#0 /a.php(7): f()`, `Next Type: ...` for chains; the
//! same in HTML; logs of Monolog (`[object] (Type(code: 0): message at /a.php:12)`).
//!
//! The exception that was caught first is printed first; the last one is the reported.

use super::text::{self, Text};
use super::{Outcome, ParseLimits, located};
use crate::model::{Frame, ParsedException, Relation};
use std::borrow::Cow;

/// What PHP calls its errors, the worst first: of several lines the worst decides.
const KINDS: [(&str, &str); 7] = [
    ("Parse error: ", "ParseError"),
    ("Fatal error: ", "FatalError"),
    ("Recoverable fatal error: ", "FatalError"),
    ("Catchable fatal error: ", "FatalError"),
    ("Warning: ", "Warning"),
    ("Notice: ", "Notice"),
    ("Deprecated: ", "Deprecated"),
];

/// Parses a PHP report; `None` when there is neither a PHP error line nor a numbered PHP frame.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has(".php") && !text.has("PHP ") && !text.has("{main}") {
        return None;
    }
    if text.has("PHPUnit ")
        && let Some(outcome) = phpunit(text)
    {
        return Some(outcome);
    }
    if text.has("<b>") && text.has("</b>") {
        return html(text);
    }
    monolog(text).or_else(|| uncaught(text)).or_else(|| plain(text))
}

/// PHPUnit's first failure: `1) CartTest::testTotal`, the message below it, and places behind a blank line.
fn phpunit<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let at = text.iter().position(|line| line.starts_with("1) ") && line.contains("::"))? + 1;
    let end = (at..text.len()).find(|&i| text.line(i).trim().is_empty()).unwrap_or(text.len());
    let whole = text.span(at, text.line(at), end);
    let (error_type, message) = match text::split_type(text.line(at)) {
        Some((word, message)) => {
            (word, if message.is_empty() { "" } else { &whole[whole.len().min(word.len() + 2)..] })
        }
        None => ("PHPUnit\\Framework\\ExpectationFailedException", whole),
    };
    let frames = (end + 1..text.len())
        .map(|i| text.line(i))
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| {
            let (file, number) = text::split_number(line.trim(), b':')?;
            file.ends_with(".php").then(|| located("", file, Some(number), None))
        });
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        frames: frames.take(64).collect(),
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

/// `<b>Fatal error</b>:  Uncaught ... in <b>/a.php</b> on line <b>3</b><br />`, as a web server's PHP prints it.
fn html<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let whole = text.span(0, text.line(0), text.len());
    let mut bare = String::with_capacity(whole.len());
    let mut rest = whole;
    while let Some(at) = rest.find('<') {
        bare.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag =
            ["<b>", "</b>", "<br />", "<br>", "<pre>", "</pre>"].iter().find(|tag| rest.starts_with(**tag));
        match tag {
            Some(tag) => rest = &rest[tag.len()..],
            None => {
                bare.push('<');
                rest = &rest[1..];
            }
        }
    }
    bare.push_str(rest);
    let bare = bare.replace("&#039;", "'").replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<");
    let text = Text::new(&bare, &ParseLimits::default());
    let outcome = uncaught(&text).or_else(|| plain(&text))?;
    Some(Outcome {
        exceptions: outcome.exceptions.into_iter().map(ParsedException::into_owned).collect(),
        truncated: outcome.truncated,
    })
}

/// `[object] (Type(code: 0): message at /a.php:12)`, then `[stacktrace]`; `[previous exception] [object] (...` for causes.
fn monolog<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.has("[object] (") {
        return None;
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    for (i, line) in text.lines_from(0) {
        if let Some((_, rest)) = line.split_once("[object] (").filter(|_| exceptions.len() < 64) {
            let end = (i + 1..text.len())
                .find(|&j| {
                    let line = text.line(j);
                    line.starts_with("[stacktrace]")
                        || line.starts_with("[previous")
                        || numbered(line).is_some()
                })
                .unwrap_or(text.len());
            let whole = text.span(i, rest, end);
            let (error_type, rest) = whole.split_once("(code: ")?;
            let (_, rest) = rest.split_once("): ")?;
            let (message, place) = rest.rsplit_once(" at ").unwrap_or((rest, ""));
            let place = place.split(')').next().unwrap_or(place);
            let (file, number) =
                text::split_number(place, b':').map_or((place, None), |(file, number)| (file, Some(number)));
            let parent = exceptions.len().checked_sub(1);
            exceptions.push(ParsedException {
                error_type: Cow::Borrowed(error_type),
                message: Cow::Borrowed(message.trim()),
                frames: if file.is_empty() { vec![] } else { vec![located("", file, number, None)] },
                relation: if parent.is_some() { Relation::Cause } else { Relation::Reported },
                parent,
                ..ParsedException::default()
            });
        } else if let (Some(Some(frame)), Some(last)) = (numbered(line), exceptions.last_mut()) {
            last.frames.push(frame);
        }
    }
    exceptions.iter_mut().for_each(|exception| shift_functions(&mut exception.frames));
    (!exceptions.is_empty()).then_some(Outcome { exceptions, truncated: false })
}

fn uncaught<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let is_uncaught = text.has("Uncaught ");
    if !is_uncaught && !text.iter().any(|line| numbered(line).is_some()) {
        return None;
    }
    let mut exceptions: Vec<ParsedException<'a>> = Vec::new();
    let mut at = 0;
    while at < text.len() && exceptions.len() < 64 {
        let line = text.line(at);
        if let Some(header) = header(line, is_uncaught) {
            let end = (at + 1..text.len())
                .find(|&i| {
                    text.line(i).starts_with("Stack trace:")
                        || numbered(text.line(i)).is_some()
                        || text.line(i).starts_with("  thrown in")
                })
                .unwrap_or(text.len());
            exceptions.push(exception(text.span(at, header, end)));
            at = end;
            continue;
        }
        if let (Some(frame), Some(last)) = (numbered(line).flatten(), exceptions.last_mut()) {
            last.frames.push(frame);
        } else if let (Some(Some(frame)), true) = (numbered(line), exceptions.is_empty()) {
            exceptions.push(ParsedException { frames: vec![frame], ..ParsedException::default() });
        }
        at += 1;
    }
    if exceptions.is_empty() {
        return None;
    }
    exceptions.iter_mut().for_each(|exception| shift_functions(&mut exception.frames));
    exceptions.reverse();
    for (i, exception) in exceptions.iter_mut().enumerate().skip(1) {
        (exception.relation, exception.parent) = (Relation::Cause, Some(i - 1));
    }
    Some(Outcome { exceptions, truncated: false })
}

/// What follows `Uncaught ` or `Next `, or a bare `Type: message in /a.php:3`.
fn header(line: &str, is_uncaught: bool) -> Option<&str> {
    if let Some(at) = line.find("Uncaught ") {
        return Some(&line[at + "Uncaught ".len()..]);
    }
    if let Some(rest) = line.strip_prefix("Next ") {
        return text::split_type(rest).map(|_| rest);
    }
    let (word, _) = text::split_type(line).filter(|_| !is_uncaught)?;
    (text::is_error_name(word) && line.contains(" in ") && line.contains(".php")).then_some(line)
}

/// `Type: message in /a.php:12`: the place is the innermost frame.
fn exception(whole: &str) -> ParsedException<'_> {
    let (error_type, rest) = match whole.split_once(':') {
        Some((word, rest)) if text::is_type(word) => (word, rest.trim_start()),
        _ => ("", whole),
    };
    let (message, place) =
        rest.rsplit_once(" in ").map_or((rest, ""), |(message, place)| (message, place.trim()));
    let (file, number) =
        text::split_number(place, b':').map_or((place, None), |(file, number)| (file, Some(number)));
    // A wrong argument's message names the place of the call, too.
    let message = message.split(", called in ").next().unwrap_or(message);
    let mut exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        ..ParsedException::default()
    };
    if file.is_empty() {
        exception.message = Cow::Borrowed(rest.trim());
    } else {
        exception.frames.push(located("", file, number, None));
    }
    exception
}

/// PHP prints the function that was called at a place; a frame's function is the one that the place is in, which
/// stands on the next line.
fn shift_functions(frames: &mut [Frame<'_>]) {
    for i in 1..frames.len() {
        let function = std::mem::take(&mut frames[i].function);
        let module = std::mem::take(&mut frames[i].module);
        (frames[i - 1].function, frames[i - 1].module) = (function, module);
    }
    if let Some(last) = frames.last_mut() {
        last.function = Cow::Borrowed("{main}");
    }
}

/// `#0 /a.php(12): A\B->f('x')`; `Some(None)` for `#1 {main}`.
fn numbered(line: &str) -> Option<Option<Frame<'_>>> {
    let (_, rest) = text::leading_number(line.trim_start().strip_prefix('#')?)?;
    let rest = rest.strip_prefix(' ')?;
    if rest.starts_with("{main}") {
        return Some(None);
    }
    let (place, call) = rest.split_once(": ")?;
    let (file, number) = match place.strip_suffix(')').and_then(|p| p.rsplit_once('(')) {
        Some((file, number)) => (file, text::number(number)),
        None if place == "[internal function]" => (place, None),
        None => return None,
    };
    // PHP 8.4 says where a closure stands: `{closure:A\\f():11}()`
    let name = match call.split_once("{closure:") {
        Some(_) => "{closure}",
        None => &call[..call.find('(').unwrap_or(call.len())],
    };
    let (module, function) = match name.rfind("->").or_else(|| name.rfind("::")) {
        Some(at) => (&name[..at], &name[at + 2..]),
        None => ("", name),
    };
    Some(Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) }))
}

/// `PHP Parse error:  syntax error, ... in /a.php on line 3`: the first line of the worst kind.
fn plain<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let kind_of = |line: &'a str| {
        let line = line.strip_prefix("PHP ").unwrap_or(line);
        if !line.starts_with(['P', 'F', 'R', 'C', 'W', 'N', 'D']) {
            return None;
        }
        KINDS
            .iter()
            .enumerate()
            .find_map(|(rank, (kind, name))| Some((rank, *name, line.strip_prefix(kind)?)))
    };
    let (_, error_type, rest) = text.iter().filter_map(kind_of).min_by_key(|(rank, ..)| *rank)?;
    let (message, place) = rest.rsplit_once(" in ")?;
    let (file, number) = place.rsplit_once(" on line ")?;
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message.trim()),
        frames: vec![located("", file, text::number(number.trim()), None)],
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shown;

    fn read(text: &str) -> String {
        shown::exceptions(parse, text)
    }

    #[test]
    fn reads_logs_of_monolog() {
        let text = "[2026-01-02 03:04:05] production.ERROR: no order 7 {\"exception\":\"[object] (App\\\\NotFound(code: 3): no order 7 at /app/Orders.php:12)\n\
                    [stacktrace]\n#0 /app/index.php(3): App\\\\Orders->load(7)\n#1 {main}\n[previous exception] [object] (PDOException(code: 0): gone at /app/Db.php:4)\n\
                    [stacktrace]\n#0 {main}\n\"}\n";
        assert_eq!(
            read(text),
            "App\\\\NotFound: no order 7 <- load@/app/Orders.php:12 {main}@/app/index.php:3 | PDOException: gone <- {main}@/app/Db.php:4"
        );
    }

    #[test]
    fn the_worst_line_decides() {
        let text = "PHP Warning:  Undefined variable $x in /app/a.php on line 3\nPHP Parse error:  syntax error, unexpected token in /app/b.php on line 9\n";
        assert_eq!(read(text), "ParseError: syntax error, unexpected token <- @/app/b.php:9");
    }
}
