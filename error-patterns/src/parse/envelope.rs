//! What a report was put into on its way: a string of JSON or of a program, HTML, a log's lines, colours that lost
//! their escape.
//!
//! Knows nothing of runtimes but how their stacks look from afar. A look at the first lines and the last tells of
//! nearly all texts that there is nothing to open.

use super::record;
use super::text::{self, Text};
use crate::bytes::has;
use crate::tokens::placeholder;
use memchr::{memchr, memchr_iter, memrchr};
use std::borrow::Cow;

/// Strings within strings that are opened.
const LAYERS_MAX: usize = 3;
/// Lines that are looked at for a string.
const LINES_MAX: usize = 64;
/// Quotes inside a string that are looked at for where it begins.
const QUOTES_MAX: usize = 64;
/// Ampersands that are looked at for an entity.
const AMPERSANDS_MAX: usize = 64;
/// Elements of a page that are looked at for a report.
const ELEMENTS_MAX: usize = 16;
/// Lines in which a quotation begins.
const OPENING_LINES: usize = 6;
/// Fewest lines of a report that is quoted.
const QUOTED_LINES_MIN: usize = 3;
/// Lines of stacks are shorter.
const LINE_BYTES_USUAL: usize = 240;
/// Most bytes of a file's name in a line that was joined with others.
const FILE_BYTES_MAX: usize = 400;
/// Most bytes that a log puts before a line.
const HEAD_BYTES_MAX: usize = 160;

/// Most lines of what logs in logfmt say at once.
const LOGFMT_LINES_USUAL: usize = 4;

/// What only reports of failures have.
const MARKS: [&str; 6] =
    ["Traceback (most recent call last)", "\n    at ", "\n\tat ", "\n  at ", "\n  File \"", "\nCaused by: "];

/// Whether a text has what only reports of failures have.
fn is_report(text: &str) -> bool {
    MARKS.iter().any(|mark| has(text.as_bytes(), mark.as_bytes()))
}

/// A report without what was around it.
pub(super) struct Opened {
    pub text: String,
    /// It was wrapped for certain; else only a stack that is found now tells so.
    pub sure: bool,
}

/// The report in a text, when it was wrapped.
pub(super) fn open(text: &Text<'_>) -> Option<Opened> {
    if !is_suspect(text) {
        return None;
    }
    let mut opened = Opened { text: String::new(), sure: false };
    let mut current = Cow::Borrowed(text.all());
    if let Some(inner) = without_colours(&current) {
        current = Cow::Owned(inner);
        opened.sure = true;
    }
    for _ in 0..LAYERS_MAX {
        let Some(inner) = record::report(&current).or_else(|| unescaped(&current)) else { break };
        current = Cow::Owned(text::plain(&inner).into_owned());
        opened.sure = true;
    }
    if let Some(inner) = quoted(&current) {
        current = Cow::Owned(inner);
        opened.sure = true;
    }
    if let Some(inner) = without_markup(&current) {
        current = Cow::Owned(inner);
        opened.sure = true;
    }
    if let Some(inner) = unfolded(&current) {
        current = Cow::Owned(inner);
    }
    // Heads that may be a program's own are left to what follows only where nothing else was around the report.
    if let Some((inner, sure)) = without_heads(&current).filter(|(_, sure)| *sure || !opened.sure) {
        current = Cow::Owned(inner);
        opened.sure |= sure;
    }
    if let Some(inner) = without_chatter(&current) {
        current = Cow::Owned(inner);
        opened.sure = true;
    }
    // Records in HTML, or behind the heads of another log.
    let again = matches!(current, Cow::Owned(_)) && current.trim_start().starts_with('{');
    let inner = again.then(|| record::report(&current)).flatten().or_else(|| record::line(&current));
    if let Some(text) = inner {
        return Some(Opened { text, sure: true });
    }
    match current {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(Opened { text, ..opened }),
    }
}

/// Tells at little cost that a text is as it was printed: most are.
fn is_suspect(text: &Text<'_>) -> bool {
    let count = text.len();
    let (first, second, last) = (text.line(0), text.line(1), text.line(count.saturating_sub(1)));
    let shows = |line: &str| {
        line.starts_with(['<', '>'])
            || ["[0m", "[39m", "<br>", "<br/>", "<br />"].iter().any(|sign| line.ends_with(sign))
    };
    let escaped = |line: &str| has(line.as_bytes(), b"\\n") || has(line.as_bytes(), b"#012");
    let is_long = |line: &&str| line.len() > LINE_BYTES_USUAL;
    let begins_alike = |line: &str| {
        let (one, other) = (first.as_bytes().first(), line.as_bytes().first());
        let digits = [one, other].into_iter().flatten().all(u8::is_ascii_digit);
        (one == other || digits) && alike(first, line).0 > 1
    };
    let is_record = |line: &str| line.ends_with('}') && has(line.as_bytes(), b"{\"");
    let is_logfmt = |line: &str| {
        ["msg=", "err=", "error=", "message="].iter().any(|key| has(line.as_bytes(), key.as_bytes()))
    };
    [first, second, last].into_iter().any(shows)
        || (2..count.min(OPENING_LINES)).any(|i| text.line(i).starts_with('>'))
        || ["{", "[\"", "['"].iter().any(|sign| first.starts_with(sign))
        || [first, last].into_iter().any(is_record)
        || count <= LOGFMT_LINES_USUAL && text.iter().any(is_logfmt)
        || ["level=", "##["].iter().any(|sign| has(first.as_bytes(), sign.as_bytes()))
        || count == 1 && [" at ", " File \""].iter().any(|sign| has(first.as_bytes(), sign.as_bytes()))
        || has_entity(text.all())
        || (count < 3 || first.starts_with('[')) && text.iter().take(LINES_MAX).any(escaped)
        || text.iter().filter(is_long).take(LINES_MAX).any(escaped)
        || count > 1 && [second, last].into_iter().all(|line| line.is_empty() || begins_alike(line))
}

/// The string in which line ends are written as `\n`, as it was before; rsyslog's `#012` counts as well.
fn unescaped(text: &str) -> Option<String> {
    if has(text.as_bytes(), b"#012") && memchr(b'\n', text.trim_end().as_bytes()).is_none() {
        // `#012abc`
        let is_colour = |rest: &str| {
            let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
            digits == 3 && matches!(rest.as_bytes().get(3), None | Some(b'\'' | b'"' | b',' | b';' | b')'))
        };
        let colours = text.split("#012").skip(1).any(is_colour);
        return (!colours).then(|| text.replace("#012", "\n").replace("#011", "\t"));
    }
    memchr(b'\\', text.as_bytes())?;
    let lines = text.trim_end().lines();
    let line = lines.take(LINES_MAX).max_by_key(|line| ends(line).take(LINES_MAX).count())?;
    let first = ends(line).next()?;
    let alone = line.len() == text.trim_end().len();
    // Source lines, too, have strings with line ends in them.
    if !alone && line.len() <= LINE_BYTES_USUAL && !text.starts_with(['{', '[']) {
        return None;
    }
    let literal = literal(line, first);
    let inner = unescape(literal.unwrap_or(line));
    let telling = is_report(&inner)
        // Another layer.
        || memchr(b'\n', inner.as_bytes()).is_none();
    // A message, too, may quote a string with a line's end in it.
    let most = literal.is_some_and(|literal| 2 * literal.len() > line.len());
    let whole = alone && (most || inner.ends_with('\n'));
    (whole || telling && (alone || literal.is_some())).then_some(inner)
}

/// Where line ends are written as `\n`: the place of the first backslash of each.
fn ends(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    memchr_iter(b'n', bytes).filter_map(|at| {
        let slashes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        (slashes > 0).then_some(at - slashes)
    })
}

/// What stands between the quotes around a place: `{"stderr": "..."}`, `b'...'`.
fn literal(line: &str, at: usize) -> Option<&str> {
    let bytes = line.as_bytes();
    let is_escaped = |at: usize| {
        // Each layer doubles backslashes, so of a quote inside there is an odd number.
        bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
    };
    let opening = |quote: u8| {
        let open = (0..QUOTES_MAX).try_fold(at, |end, _| {
            let open = memrchr(quote, &bytes[..end]).ok_or(None)?;
            if is_escaped(open) { Ok(open) } else { Err(Some(open)) }
        });
        let open = open.err().flatten()?;
        let before = line[..open].trim_end_matches(['b', 'r', 'u', 'f']).trim_end();
        let opens = before.is_empty() || before.ends_with([':', '=', ',', '(', '[', '{']);
        opens.then_some((open, quote))
    };
    let closing = |(open, quote): (usize, u8)| {
        let close =
            memchr_iter(quote, &bytes[at..]).map(|offset| at + offset).find(|close| !is_escaped(*close));
        (close.is_none(), open, close.unwrap_or(line.len()))
    };
    // One that ends before one that was cut off, the outer before the inner.
    let (_, open, close) = [opening(b'"'), opening(b'\'')].into_iter().flatten().map(closing).min()?;
    Some(&line[open + 1..close])
}

/// One layer of backslashes less. What is no escape stays.
pub(super) fn unescape(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = memchr(b'\\', &bytes[at..]) {
        out.extend_from_slice(&bytes[at..at + offset]);
        at += offset;
        let (byte, length) = match bytes.get(at + 1) {
            Some(b'n') => (b'\n', 2),
            Some(b't') => (b'\t', 2),
            Some(b'r') => (b'\r', 2),
            Some(b'b') => (0x08, 2),
            Some(quote @ (b'"' | b'\'' | b'\\' | b'/')) => (*quote, 2),
            Some(b'x') => match text.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) => (byte, 4),
                None => (b'\\', 1),
            },
            Some(b'u') => match unicode(text, at) {
                Some((char, length)) => {
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    at += length;
                    continue;
                }
                None => (b'\\', 1),
            },
            _ => (b'\\', 1),
        };
        out.push(byte);
        at += length;
    }
    out.extend_from_slice(&bytes[at..]);
    String::from_utf8_lossy(&out).into_owned()
}

/// `\u00e9`, and two of them for what is beyond: the character, and its length here.
fn unicode(text: &str, at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    let first = unit(at)?;
    if let Some(char) = char::from_u32(u32::from(first)) {
        return Some((char, 6));
    }
    let pair = [first, unit(at + 6)?];
    char::decode_utf16(pair).next()?.ok().map(|char| (char, 12))
}

/// Characters that HTML writes as words.
const ENTITIES: [(&str, &str); 11] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#x22;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#039;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
    // The last: what it leaves is no entity.
    ("&amp;", "&"),
];
/// Tags that a report is shown with.
const TAGS: [(&str, &str); 9] = [
    ("<br>", "\n"),
    ("<br/>", "\n"),
    ("<br />", "\n"),
    ("<pre>", ""),
    ("</pre>", ""),
    ("<code>", ""),
    ("</code>", ""),
    ("<p>", ""),
    ("</p>", "\n"),
];

fn has_entity(text: &str) -> bool {
    let is_entity = |at: usize| ENTITIES.iter().any(|(entity, _)| text[at..].starts_with(entity));
    memchr_iter(b'&', text.as_bytes()).take(AMPERSANDS_MAX).any(is_entity)
}

/// The text that HTML shows. Only where no angle bracket is left as it is, but those of tags and of placeholders.
fn without_markup(text: &str) -> Option<String> {
    let shown = preformatted(text);
    let text = shown.unwrap_or(text);
    let tagged =
        memchr(b'<', text.as_bytes()).is_some() && TAGS[..4].iter().any(|(tag, _)| text.contains(tag));
    if !tagged && !has_entity(text) {
        return shown.map(str::to_owned);
    }
    let mut out = text.to_owned();
    for (tag, shown) in TAGS {
        if has(out.as_bytes(), tag.as_bytes()) {
            // A line's end may stand behind as well.
            out = out
                .replace(&format!("{tag}\n"), if shown.is_empty() { tag } else { "\n" })
                .replace(tag, shown);
        }
    }
    if memchr_iter(b'<', out.as_bytes()).any(|at| placeholder(&out[at..]).is_none()) {
        return None;
    }
    for (entity, shown) in ENTITIES {
        if has(out.as_bytes(), entity.as_bytes()) {
            out = out.replace(entity, shown);
        }
    }
    Some(out)
}

/// Elements that show what was printed: of pages, and of JUnit's reports.
const SHOWN: [(&str, &str); 3] = [("<pre", "</pre>"), ("<failure", "</failure>"), ("<error ", "</error>")];

/// What a page shows as it was printed, where that is a report: a framework's page of an error. On a whole page the first
/// of it is one.
fn preformatted(text: &str) -> Option<&str> {
    let begins = |start: &str| {
        text.trim_start().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if !begins("<") {
        return None;
    }
    let page = begins("<!doctype html") || begins("<html");
    let mut rest = text;
    for _ in 0..ELEMENTS_MAX {
        let (open, close) = SHOWN.iter().find_map(|(open, close)| Some((rest.find(open)?, *close)))?;
        let start = open + rest[open..].find('>')? + 1;
        let end = rest[start..].find(close).map_or(rest.len(), |length| start + length);
        let shown = &rest[start..end];
        if page || close != "</pre>" || shown.trim_start().starts_with("Traceback") || is_report(shown) {
            return Some(shown);
        }
        rest = &rest[end..];
    }
    None
}

/// The lines that a message to other people quotes, where they are a report.
fn quoted(text: &str) -> Option<String> {
    let lines =
        || text.lines().filter_map(|line| if line == ">" { Some("") } else { line.strip_prefix("> ") });
    if lines().take(QUOTED_LINES_MIN).count() < QUOTED_LINES_MIN {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for line in lines() {
        out.push_str(line);
        out.push('\n');
    }
    // npm, too, puts such a mark before lines; words come first.
    let mut told = text.lines().filter(|line| !line.trim().is_empty());
    let words = told.next().is_some_and(|line| !line.starts_with('>'));
    let most = words && 2 * lines().count() > told.count() + 1;
    (most || is_report(&out)).then_some(out)
}

/// Without `[31m` and the like: colours whose escape a log took away.
fn without_colours(text: &str) -> Option<String> {
    if !has(text.as_bytes(), b"[0m") && !has(text.as_bytes(), b"[39m") {
        return None;
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for open in memchr_iter(b'[', bytes) {
        let codes =
            bytes[open + 1..].iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
        let end = open + 1 + codes;
        // The escape may be there after all, as `\u001b`, `\x1b` or `\033`.
        let escaped = bytes[..open].ends_with(b"1b") || bytes[..open].ends_with(b"033");
        if open >= kept && codes > 0 && bytes.get(end) == Some(&b'm') && !escaped {
            out.push_str(&text[kept..open]);
            kept = end + 1;
        }
    }
    out.push_str(&text[kept..]);
    Some(out)
}

/// The lines of a stack that was joined to one, by bars or by blanks.
fn unfolded(text: &str) -> Option<String> {
    let text = text.trim_end();
    if memchr(b'\n', text.as_bytes()).is_some() {
        return None;
    }
    let barred = ["| File \"", "| at "].iter().any(|sign| has(text.as_bytes(), sign.as_bytes()));
    if barred {
        return Some(text.replace(" | ", "\n"));
    }
    let mut out = String::with_capacity(text.len() + 64);
    let (mut copied, mut frames) = (0, 0);
    for blank in memchr_iter(b' ', text.as_bytes()) {
        let rest = &text[blank + 1..];
        let place = rest.strip_prefix("File \"").and_then(|rest| {
            let name = rest[..rest.floor_char_boundary(FILE_BYTES_MAX)].find("\", line ")?;
            Some(&rest[name + "\", line ".len()..])
        });
        let is_frame = place.is_some() || is_call(rest);
        let begins = is_frame || OPENINGS.iter().any(|opening| rest.starts_with(opening));
        if blank < copied || !begins {
            continue;
        }
        frames += usize::from(is_frame);
        out.push_str(&text[copied..blank]);
        out.push('\n');
        copied = blank + 1;
        // What Python calls the function ends at a blank; its source follows.
        if let Some(behind) = place
            && let Some(named) = behind[..behind.floor_char_boundary(16)].find(", in ")
            && let Some(end) = memchr(b' ', &behind.as_bytes()[named + 5..])
        {
            let end = text.len() - behind.len() + named + 5 + end;
            out.push_str(&text[copied..end]);
            out.push('\n');
            copied = end + 1;
        }
    }
    let last = &text[copied..];
    // The exception stands behind the last frame's source.
    let raised = memchr_iter(b' ', last.as_bytes()).map(|blank| &last[blank + 1..]).find(|rest| {
        let word = rest.split(' ').next().unwrap_or_default();
        let named = text::is_error_name(word.trim_end_matches(':'));
        named && (word.ends_with(':') || word.len() == rest.len())
    });
    match raised.filter(|_| has(text.as_bytes(), b"(most recent call last)")) {
        Some(raised) => {
            out.push_str(last[..last.len() - raised.len()].trim_end());
            out.push('\n');
            out.push_str(raised);
        }
        None => out.push_str(last),
    }
    (frames > 0).then_some(out)
}

/// What begins a line of a report, beside its frames.
const OPENINGS: [&str; 5] = [
    "Caused by: ",
    "Suppressed: ",
    "Traceback (most recent",
    "During handling of the above",
    "The above exception was",
];

/// Whether a text goes on with a call of Java or V8: `at f (a.js:1:2)`, `at a.B.f(B.java:3)`, `at file:///a.mjs:1:2`.
fn is_call(rest: &str) -> bool {
    let Some(call) = rest.strip_prefix("at ") else { return false };
    let call = &call[..call.floor_char_boundary(FILE_BYTES_MAX)];
    let end = call.find(')').or_else(|| call.find(' ')).unwrap_or(call.len());
    let place = call[..end].rsplit('(').next().unwrap_or_default();
    let behind = call[end..].trim_start_matches(')');
    let numbered = place
        .rsplit(':')
        .next()
        .is_some_and(|line| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()));
    (behind.is_empty() || behind.starts_with(' '))
        && (numbered && place.contains(':')
            || matches!(place, "Native Method" | "Unknown Source" | "<anonymous>"))
}

/// The lines without what a log put before each: the same for all but for numbers; and whether nothing else begins so.
fn without_heads(text: &str) -> Option<(String, bool)> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let reach = &first[..first.floor_char_boundary(HEAD_BYTES_MAX)];
    let common = lines.try_fold((reach.len(), 1), |(common, count), line| {
        let alike = alike(reach, line).0.min(common);
        // A line that is no more than its head has lost the blank at its end.
        let alike = if alike < common && alike >= line.trim_end().len() { common } else { alike };
        (alike > 1).then_some((alike, count + 1))
    });
    let (common, count) = common?;
    let head = &reach[..reach.floor_char_boundary(common)];
    // Lines of a report may begin alike themselves.
    let blank = ["| ", "]: "].iter().find_map(|mark| Some(head.find(mark)? + mark.len() - 1));
    let blank = blank.or_else(|| head.rfind([' ', '\t'])).filter(|_| count > 1)?;
    let head = &head[..=blank];
    let telling = head
        .trim_end()
        .ends_with(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c.is_uppercase());
    // The rails of jshell and of groups of exceptions.
    if !telling || head.trim_start().starts_with('|') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let (matched, length) = alike(head, line);
        out.push_str(if matched == head.len() { &line[length..] } else { "" });
        out.push('\n');
    }
    let is_time =
        |word: &str| word.split(':').count() > 2 && word.bytes().filter(u8::is_ascii_digit).count() > 4;
    let named = head.len() > 3 && head.ends_with("| ") && !head.starts_with(' ');
    Some((out, named || head == "> " || head.split(' ').any(is_time)))
}

/// Without the lines that a logger or a runner of GitHub's workflows wrote for what went well; only where other lines are
/// left.
fn without_chatter(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut dropped = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if is_chatter(trimmed) {
            dropped = true;
            continue;
        }
        let kept = trimmed.strip_prefix("##[error]").unwrap_or(line);
        dropped |= kept.len() < trimmed.len();
        out.push_str(kept);
        out.push('\n');
    }
    (dropped && !out.trim().is_empty()).then_some(out)
}

fn is_chatter(line: &str) -> bool {
    if let Some(marked) = line.strip_prefix("##[") {
        return !marked.starts_with("error]")
            || marked.starts_with("error]Process completed with exit code ");
    }
    has(line.as_bytes(), b" msg=")
        && ["level=info", "level=debug", "level=trace", "level=warn"]
            .iter()
            .any(|level| has(line.as_bytes(), level.as_bytes()))
}

/// How far two beginnings are the same, but for digits of numbers and the blank that pads them: bytes of each.
fn alike(head: &str, line: &str) -> (usize, usize) {
    let (head, bytes) = (head.as_bytes(), line.as_bytes());
    let number = |bytes: &[u8], at: usize| {
        let pad = usize::from(at > 0 && bytes[at - 1] == b' ' && bytes.get(at) == Some(&b' '));
        let digits = bytes[(at + pad).min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 { pad + digits } else { 0 }
    };
    let (mut one, mut other) = (0, 0);
    while one < head.len() && other < bytes.len() {
        let (first, second) = (number(head, one), number(bytes, other));
        if first > 0 && second > 0 {
            (one, other) = (one + first, other + second);
        } else if head[one] == bytes[other] {
            (one, other) = (one + 1, other + 1);
        } else {
            break;
        }
    }
    while !line.is_char_boundary(other) {
        (one, other) = (one - 1, other - 1);
    }
    (one, other)
}
