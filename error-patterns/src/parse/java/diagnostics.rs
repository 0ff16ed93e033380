//! Diagnostics of the JVM's compilers: javac, Eclipse, Maven, kotlinc, scalac, sbt, Groovy.

use super::super::text::{self, Text, is_marker};
use super::super::{Outcome, located};
use crate::model::{Frame, ParsedException};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

const EXTENSIONS: [&str; 6] = [".java", ".kt", ".kts", ".scala", ".groovy", ".sc"];
/// Lines of details below the first diagnostic.
const DETAILS_MAX: usize = 24;
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(": error: "));

/// Where a diagnostic points to, and what it says.
struct Diagnostic<'a> {
    frame: Frame<'a>,
    message: &'a str,
    /// The message stands on the lines below, behind the source.
    below: bool,
}

/// The first diagnostic of a compiler; the others follow from it or would be found after it is mended.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    if !text.opens(b"e[-0123456789") && !text.has(": error: ") && !text.has(".groovy: ") {
        return None;
    }
    let (at, mut found) = text.lines_from(0).find_map(|(i, line)| Some((i, diagnostic(text, i, line)?)))?;
    // Details (`symbol:`, `location:`, `required:`) belong to the message; source and caret do not.
    let mut details = vec![found.message];
    for i in at + 1..text.len() {
        let line = unlabelled(text.line(i));
        if details.len() > DETAILS_MAX || diagnostic(text, i, text.line(i)).is_some() {
            break;
        }
        let trimmed = line.trim();
        let trimmed = if found.below { trimmed.trim_start_matches('|').trim_start() } else { trimmed };
        if found.frame.source.is_none() && is_marker(unlabelled(text.line(i + 1))) {
            found.frame.source = Some(Cow::Borrowed(numbered(trimmed).unwrap_or(trimmed)));
        } else if is_detail(trimmed) && !details[0].is_empty() {
            details.push(if found.below { trimmed } else { line });
        } else if found.below && found.message.is_empty() {
            found.below_message(&mut details, line.trim());
        }
    }
    let message = match details.as_slice() {
        [one] => Cow::Borrowed(*one),
        more => Cow::Owned(more.join("\n")),
    };
    let exception = ParsedException {
        error_type: Cow::Borrowed("CompilationError"),
        message,
        frames: if found.frame.file.is_empty() { vec![] } else { vec![found.frame] },
        ..ParsedException::default()
    };
    Some(Outcome { exceptions: vec![exception], truncated: false })
}

impl<'a> Diagnostic<'a> {
    /// Takes a line below as the message: Eclipse prints it after source and caret, Scala 3 behind a bar.
    fn below_message(&mut self, details: &mut [&'a str], line: &'a str) {
        let behind_bar = line.strip_prefix('|').map(str::trim);
        let line = behind_bar.unwrap_or(line);
        if let Some(source) = numbered(line) {
            self.frame.source.get_or_insert(Cow::Borrowed(source));
        } else if !line.is_empty()
            && !is_marker(line)
            && (behind_bar.is_some() || self.frame.source.is_some())
        {
            self.message = line;
            details[0] = line;
        }
    }
}

/// `3 |  source`: the source.
fn numbered(line: &str) -> Option<&str> {
    let (_, rest) = text::leading_number(line)?;
    rest.trim_start().strip_prefix('|').map(str::trim)
}

fn is_detail(line: &str) -> bool {
    ["symbol:", "location:", "required:", "found:", "reason:", "where ", "found   :", "Required:"]
        .iter()
        .any(|word| line.starts_with(word))
}

/// A line without the `[ERROR] ` or `[error] ` that Maven and sbt put before it.
fn unlabelled(line: &str) -> &str {
    line.strip_prefix("[ERROR] ").or_else(|| line.strip_prefix("[error] ")).unwrap_or(line)
}

fn diagnostic<'a>(text: &Text<'a>, at: usize, line: &'a str) -> Option<Diagnostic<'a>> {
    let plain = |frame, message| Some(Diagnostic { frame, message, below: false });
    if let Some(colon) = ERROR.find(line.as_bytes()) {
        let (frame, message) = (place(&line[..colon])?, &line[colon + ": error: ".len()..]);
        return plain(frame, message);
    }
    match line.as_bytes().first()? {
        // kotlinc: `e: file:///a/Foo.kt:3:5 Message`, `e: /a/Foo.kt: (3, 5): Message`.
        b'e' => {
            if let Some(rest) = line.strip_prefix("e: ") {
                let (file, rest) = rest.split_once(' ')?;
                return match rest.strip_prefix('(').and_then(|rest| rest.split_once("): ")) {
                    Some((numbers, message)) => {
                        let (number, column) = numbers.split_once(", ").unwrap_or((numbers, ""));
                        let file = file.trim_end_matches(':');
                        is_source(file).then(|| Diagnostic {
                            frame: located("", file, text::number(number), text::number(column)),
                            message,
                            below: false,
                        })
                    }
                    None => plain(place(file.trim_end_matches(':'))?, rest),
                };
            }
            let message = line.strip_prefix("error: ")?;
            is_javac_option(message).then(|| Diagnostic { frame: Frame::default(), message, below: false })
        }
        // Maven: `[ERROR] /a/Foo.java:[12,34] cannot find symbol`; sbt: `[error] /a/Foo.scala:3:5: not found: value x`.
        b'[' => {
            let rest = unlabelled(line);
            if rest.len() == line.len() {
                return None;
            }
            if let Some((file, rest)) = rest.split_once(":[") {
                let (numbers, message) = rest.split_once("] ")?;
                let (number, column) = numbers.split_once(',').unwrap_or((numbers, ""));
                let message = message.strip_prefix("error: ").unwrap_or(message);
                return is_source(file).then(|| Diagnostic {
                    frame: located("", file, text::number(number), text::number(column)),
                    message,
                    below: false,
                });
            }
            match rest.split_once(": ") {
                Some((file, message)) => plain(place(file)?, message),
                // scala-cli: the message stands on the next line.
                None => plain(place(rest.trim_end())?, unlabelled(text.line(at + 1))),
            }
        }
        // Scala 3: `-- [E006] Not Found Error: Foo.scala:3:2 -----`.
        b'-' => {
            let rest = line.strip_prefix("-- ")?;
            let (_, file) = rest.split_once("Error: ")?;
            let frame = place(file.trim_end_matches('-').trim_end())?;
            Some(Diagnostic { frame, message: "", below: true })
        }
        // Eclipse: `1. ERROR in /a/Foo.java (at line 3)`.
        b'0'..=b'9' => {
            let (_, rest) = line.split_once(". ERROR in ")?;
            let (file, number) = rest.trim_end().strip_suffix(')')?.split_once(" (at line ")?;
            let frame = located("", file, text::number(number), None);
            is_source(file).then_some(Diagnostic { frame, message: "", below: true })
        }
        // Groovy: `Foo.groovy: 3: unexpected token: x @ line 3, column 5.`
        _ => {
            let (file, rest) = line.split_once(": ").filter(|(file, _)| file.ends_with(".groovy"))?;
            let (number, message) = rest.split_once(": ")?;
            let number = text::number(number)?;
            let message = message.split(" @ line ").next().unwrap_or(message);
            plain(located("", file, Some(number), None), message)
        }
    }
}

/// javac's complaints about its own arguments, which name no file.
fn is_javac_option(message: &str) -> bool {
    message.starts_with("release version ")
        || message.starts_with("invalid source release")
        || message.starts_with("invalid target release")
        || message.starts_with("file not found: ") && is_source(message)
        || message.starts_with("Class names, '")
}

fn is_source(file: &str) -> bool {
    EXTENSIONS.iter().any(|extension| file.ends_with(extension))
}

/// `/a/Foo.java:3`, `file:///a/Foo.kt:3:5`.
fn place(place: &str) -> Option<Frame<'_>> {
    let (file, number, column) = text::split_location(place);
    is_source(file).then(|| located("", file.trim_start_matches("file://"), number, column))
}
