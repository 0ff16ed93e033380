//! The template of a message that a program wrote itself, read from the program's own source.
//!
//! `raise PaymentError(f"Payment {number} for {item} already booked")` tells which words of `Payment 12 for copper
//! already booked` are the program's and which are its data. What logs' parsers have to guess from many messages
//! stands in the failing frame's source line, or in the snippet. No grammar is needed: a chain of string literals whose
//! fixed parts stand in the message, in order and from its start to its end, is its template.
//!
//! Known of literals: quotes of one and of three signs and back-quotes; `{x}`, `${x}`, `#{x}`, `$x`, `%s` and their
//! kind; chains by `+`, `.` or nothing between two literals. Linear in the source but for the message's own length.

use crate::messages::{self, MESSAGE_BYTES_MAX};
use memchr::{memchr, memchr3, memmem};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes of a source that are looked at.
const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// Fixed parts of one template.
const PIECES_MAX: usize = 32;
/// Letters that a template's fixed parts have together at least: fewer would fit messages by chance.
const LETTERS_MIN: usize = 6;
/// Words of a value at most; more are a sentence, which may be another failure's message.
const VALUE_WORDS_MAX: usize = 6;
/// Words of another failure's message at least.
const QUOTED_WORDS_MIN: usize = 2;
/// Bytes of an expression between two literals, and behind the last.
const EXPRESSION_BYTES_MAX: usize = 120;

/// A message, as far as a program's source tells.
pub(super) struct Fixed<'m> {
    /// With `<str>` in place of the words that the program put into it.
    pub(super) text: Cow<'m, str>,
    /// Whether a source has its template.
    pub(super) is_programs: bool,
    /// What another failure said, where the message ends with that: `"run failed: " + e.message`.
    pub(super) quoted: Option<&'m str>,
}

/// The message with its template, if a source has it.
pub(super) fn fixed<'m, 's>(message: &'m str, sources: impl Iterator<Item = &'s str>) -> Fixed<'m> {
    let unknown = Fixed { text: Cow::Borrowed(message), is_programs: false, quoted: None };
    if message.len() > MESSAGE_BYTES_MAX {
        return unknown;
    }
    let mut best: Option<Match> = None;
    for source in sources {
        let source = &source[..source.floor_char_boundary(SOURCE_BYTES_MAX)];
        let mut at = 0;
        while let Some(chain) = Chain::next(source, &mut at) {
            let found = chain.fit(message);
            if found.as_ref().map(|found| found.letters) > best.as_ref().map(|best| best.letters) {
                best = found;
            }
        }
        if best.is_some() {
            break;
        }
    }
    match best {
        Some(found) => {
            Fixed { text: replaced(message, &found), is_programs: true, quoted: found.quoted(message) }
        }
        None => unknown,
    }
}

/// Letters of a word that is looked for in a program.
const NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=64;
/// Words of a message that are looked for.
const NAMES_MAX: usize = 24;

/// A message that the program did not write, with `<str>` in place of the words that stand in the program, but for those
/// that messages consist of where they are no text of the program's at the message's end (`Invalid digest: page`). What the
/// program only calls of others (`hash.digest()`) is not its own. Linear in the program for each such word.
pub(super) fn unnamed<'m>(message: &'m str, program: &str) -> Cow<'m, str> {
    let message_head = &message.as_bytes()[..message.len().min(MESSAGE_BYTES_MAX)];
    let program = &program.as_bytes()[..program.len().min(SOURCE_BYTES_MAX)];
    let (mut out, mut copied, mut at, mut looked_for) = (String::new(), 0, 0, 0);
    while at < message_head.len() && looked_for < NAMES_MAX {
        if !is_word_byte(message_head[at]) {
            at += 1;
            continue;
        }
        let end = at + message_head[at..].iter().take_while(|byte| is_word_byte(**byte)).count();
        let (word, start) = (&message[at..end], at);
        at = end;
        let quoted =
            |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'\'' | b'"' | b'`' | b'.' | b'/'));
        if !NAME_BYTES.contains(&word.len())
            || !word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            || start > 0 && quoted(message_head.get(start - 1))
            || quoted(message_head.get(end).filter(|byte| **byte != b'.'))
        {
            continue;
        }
        let is_common = messages::is_common(word);
        let is_told = end == message.trim_end().len() && message[..start].ends_with(": ");
        if is_common && !is_told {
            continue;
        }
        looked_for += 1;
        if has_name(program, word.as_bytes(), is_common) {
            out.push_str(&message[copied..start]);
            out.push_str("<str>");
            copied = end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    out.push_str(&message[copied..]);
    Cow::Owned(out)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a word stands in a program with no more letters around it, not only as what is called of something else; or
/// else as the whole of a text.
fn has_name(program: &[u8], word: &[u8], in_quotes: bool) -> bool {
    memmem::find_iter(program, word).any(|at| {
        let free = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word_byte(*byte));
        let before = at.checked_sub(1).and_then(|before| program.get(before));
        let behind = program.get(at + word.len());
        if in_quotes {
            return before == behind && before.is_some_and(|byte| matches!(byte, b'\'' | b'"' | b'`'));
        }
        let is_call = before == Some(&b'.') && behind == Some(&b'(');
        free(before) && free(behind) && !is_call
    })
}

fn replaced<'m>(message: &'m str, found: &Match) -> Cow<'m, str> {
    let mut out = String::new();
    let mut copied = 0;
    for value in &found.values {
        // Behind a colon stands what happened, behind a number what it means: `409 Conflict`.
        let before = &message[..value.start];
        let words_max = if found.of_failure || before.ends_with(": ") { 1 } else { VALUE_WORDS_MAX };
        let told = before.trim_end().ends_with(|c: char| c.is_ascii_digit());
        if !told && is_value(&message[value.clone()], words_max) {
            out.push_str(&message[copied..value.start]);
            out.push_str("<str>");
            copied = value.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    out.push_str(&message[copied..]);
    Cow::Owned(out)
}

/// Whether words are data. Numbers are known anyway, and some of them mean something: `404 Not Found`.
fn is_value(words: &str, words_max: usize) -> bool {
    words.bytes().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
        && words.split_whitespace().nth(words_max).is_none()
        // `GET /prices`: what names a place is known.
        && !words.contains(" /")
        && !words
            .split([' ', ':', '('])
            .any(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
        && !words
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word.ends_with("Error") || word.ends_with("Exception"))
}

/// Where a template's values stand in a message.
struct Match {
    values: Vec<Range<usize>>,
    /// Letters of the fixed parts.
    letters: usize,
    /// A variable of the statement holds another failure.
    of_failure: bool,
    /// The last value is another failure's message.
    ends_with_failure: bool,
}

impl Match {
    fn quoted<'m>(&self, message: &'m str) -> Option<&'m str> {
        let last = self.values.last().filter(|last| self.ends_with_failure && last.end == message.len())?;
        let quoted = message[last.clone()].trim();
        // A code or a name alone tells less than the words around it.
        let words = quoted.split_whitespace().filter(|word| word.bytes().any(|b| b.is_ascii_alphabetic()));
        (words.count() >= QUOTED_WORDS_MIN).then_some(quoted)
    }
}

/// What may stand before a fixed part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    /// Digits that stand in the literal: repeats are known without them.
    Digits,
    Value,
}

/// String literals that one expression joins.
#[derive(Default)]
struct Chain<'s> {
    /// Fixed parts, in order, each with what stands before it.
    pieces: Vec<(Gap, &'s str)>,
    /// What may stand behind the last.
    end: Gap,
    /// What is put between them, and what follows.
    expressions: Vec<&'s str>,
    /// What is put behind the last fixed part.
    last: Option<&'s str>,
}

impl<'s> Chain<'s> {
    /// The next chain from a place on, which is moved behind it.
    fn next(source: &'s str, at: &mut usize) -> Option<Self> {
        let mut last = literal(source, *at)?;
        let mut chain = Self::default();
        if unprefixed(&source[*at..last.start]).ends_with('+') {
            chain.end = Gap::Value;
        }
        loop {
            *at = last.end;
            let ended = !chain.add(last.inner);
            let rest = &source[last.end..];
            let next = literal(source, last.end).filter(|_| !ended);
            let joined = next.and_then(|next| Some((next, joins(&source[last.end..next.start])?)));
            let Some((next, between)) = joined else {
                let rest = &rest[..rest.floor_char_boundary(EXPRESSION_BYTES_MAX)];
                let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
                if !ended && rest.trim_start().starts_with('+') {
                    chain.end = Gap::Value;
                    chain.last = line.split([',', ';']).next();
                } else if chain.last.is_some_and(|last| last.starts_with('%')) {
                    chain.last = Some(line);
                }
                chain.expressions.push(line);
                return Some(chain);
            };
            chain.end = chain.end.max(between);
            if between == Gap::Value {
                chain.expressions.push(&source[last.end..next.start]);
            }
            last = next;
        }
    }

    /// Adds the fixed parts of a literal; `false` where a line of the message ends in it.
    fn add(&mut self, inner: &'s str) -> bool {
        let bytes = inner.as_bytes();
        let (mut at, mut start) = (0, 0);
        while at < bytes.len() {
            let (length, gap) = match bytes[at] {
                b'\n' => (1, None),
                b'\\' => (2, (bytes.get(at + 1) != Some(&b'n')).then_some(Gap::Value)),
                b'{' => (braced(&inner[at..]), Some(Gap::Value)),
                b'$' | b'#' if bytes.get(at + 1) == Some(&b'{') => {
                    (1 + braced(&inner[at + 1..]), Some(Gap::Value))
                }
                b'$' => (1 + name_length(&bytes[at + 1..]), Some(Gap::Value)),
                b'%' => match conversion(&bytes[at + 1..]) {
                    Some(length) => (1 + length, (bytes[at + length] != b'n').then_some(Gap::Value)),
                    None => (0, None),
                },
                byte if byte.is_ascii_digit() => (1, Some(Gap::Digits)),
                _ => (0, None),
            };
            if length == 0 {
                at += 1;
                continue;
            }
            self.put(&inner[start..at]);
            let Some(gap) = gap else { return false };
            self.end = self.end.max(gap);
            let end = inner.ceil_char_boundary((at + length).min(inner.len()));
            if length > 2 {
                self.expressions.push(&inner[at..end]);
            }
            self.last = Some(&inner[at..end]).filter(|_| gap == Gap::Value);
            at = end;
            start = at;
        }
        self.put(&inner[start..]);
        true
    }

    fn put(&mut self, piece: &'s str) {
        if !piece.is_empty() && self.pieces.len() < PIECES_MAX {
            self.pieces.push((std::mem::take(&mut self.end), piece));
            self.last = None;
        }
    }

    /// The values of a message that has this template.
    fn fit(&self, message: &str) -> Option<Match> {
        let mut values = Vec::new();
        let mut at = 0;
        for (number, (gap, piece)) in self.pieces.iter().enumerate() {
            let rest = &message[at..];
            let is_last = number + 1 == self.pieces.len() && self.end == Gap::None;
            let found = match gap {
                Gap::None => 0,
                Gap::Digits => digits(rest),
                Gap::Value if is_last => rest.len().checked_sub(piece.len())?,
                Gap::Value => memmem::find(rest.as_bytes(), piece.as_bytes())?,
            };
            if !rest.get(found..)?.starts_with(piece) {
                return None;
            }
            if *gap == Gap::Value {
                values.push(at..at + found);
            }
            at += found + piece.len();
        }
        let rest = &message[at..];
        let fits = match self.end {
            Gap::None => rest.is_empty(),
            Gap::Digits => digits(rest) == rest.len(),
            Gap::Value => true,
        };
        if self.end == Gap::Value {
            values.push(at..message.len());
        }
        let letters =
            self.pieces.iter().flat_map(|(_, piece)| piece.chars()).filter(|c| c.is_alphabetic()).count();
        (fits && letters >= LETTERS_MIN).then(|| Match {
            values,
            letters,
            of_failure: self.expressions.iter().any(|expression| names_failure(expression)),
            ends_with_failure: self.end == Gap::Value && self.last.is_some_and(is_failure),
        })
    }
}

/// Digits that a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Where a string literal stands, with its quotes.
#[derive(Clone, Copy)]
pub(super) struct Literal<'s> {
    pub(super) start: usize,
    pub(super) end: usize,
    inner: &'s str,
}

/// The next literal from a place on. A quote that nothing closes is none: an apostrophe in a comment.
pub(super) fn literal(source: &str, from: usize) -> Option<Literal<'_>> {
    let bytes = source.as_bytes();
    let mut from = from;
    loop {
        let start = from + memchr3(b'"', b'\'', b'`', &bytes[from..])?;
        let quote = bytes[start];
        let many = bytes[start..].starts_with(&[quote; 3]);
        let open = start + if many { 3 } else { 1 };
        let mut at = open;
        loop {
            match bytes.get(at) {
                Some(b'\\') => at += 2,
                Some(byte) if *byte == quote && (!many || bytes[at..].starts_with(&[quote; 3])) => {
                    let end = at + open - start;
                    return Some(Literal { start, end, inner: &source[open..at] });
                }
                Some(b'\n') if !many && quote != b'`' => break,
                Some(_) => at += 1,
                None => break,
            }
        }
        // Such a quote comes no more up to here, but for escaped ones.
        let escaped = memchr(b'\\', &bytes[open..at.min(bytes.len())]).is_some();
        from = if escaped { at.min(bytes.len()) } else { open };
    }
}

/// What stands in a text where two literals are joined; `None` where they are not.
fn joins(between: &str) -> Option<Gap> {
    let between = unprefixed(between).trim_start();
    let is_sum = |sign: char| between.starts_with(sign) && between.ends_with(sign);
    match between {
        "" | "+" | "." => Some(Gap::None),
        _ if between.len() > EXPRESSION_BYTES_MAX || between.contains(';') => None,
        _ => (is_sum('+') || is_sum('.')).then_some(Gap::Value),
    }
}

/// What stands before a literal, without the letters that tell its kind.
fn unprefixed(before: &str) -> &str {
    before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end()
}

/// Bytes of a text in braces, both with it; all where they do not close.
fn braced(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn name_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Bytes of a conversion behind `%`, as C and its heirs write them; `None` where it is a per cent.
fn conversion(text: &[u8]) -> Option<usize> {
    let named = if text.first() == Some(&b'(') { memchr(b')', text)? + 1 } else { 0 };
    let flags = text[named..].iter().take_while(|b| b.is_ascii_digit() || b"-+#.,*$lhz".contains(b)).count();
    let letter = *text.get(named + flags)?;
    b"sdifeEgGxXoubcrvqtnw".contains(&letter).then_some(named + flags + 1)
}

/// Whether an expression is another failure, or what that says: `e`, `err.message`, `String(error)`.
fn is_failure(expression: &str) -> bool {
    // Text in braces: `{"error": 3}`.
    if expression.trim_start_matches(['{', ' ']).starts_with(['"', '\'']) {
        return false;
    }
    // `{error!r}`, `{error:>20}`
    let expression = expression.split(['!', ':']).next().unwrap_or_default();
    let mut names =
        expression.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
    let is_error = |name: &str| matches!(name, "e" | "ex" | "exc" | "exception" | "err" | "error" | "cause");
    let says =
        |name: &str| matches!(name, "message" | "msg" | "toString" | "getMessage" | "what" | "Message");
    let last = names.clone().next_back().unwrap_or_default();
    names.any(is_error) && (is_error(last) || says(last))
}

/// Whether an expression has a usual name of another failure, whose words tell the cause.
fn names_failure(expression: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|name| {
        matches!(
            name,
            "e" | "ex"
                | "exc"
                | "exception"
                | "err"
                | "error"
                | "errors"
                | "cause"
                | "reason"
                | "detail"
                | "details"
                | "stderr"
                | "output"
                | "getMessage"
                | "getLocalizedMessage"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_words_of_the_program_from_its_data() {
        for (source, message, fixed_message) in [
            (
                r#"raise PaymentError(f"Payment {number} for {item['name']} already booked")"#,
                "Payment 12 for copper pipe already booked",
                "Payment 12 for <str> already booked",
            ),
            (
                "throw new BookingError(`room ${room.name} is taken by ${who}`);",
                "room Lisbon is taken by OBrien",
                "room <str> is taken by <str>",
            ),
            (
                r#"throw new StockError("only " + left + " of " + name + " left");"#,
                "only 3 of copper left",
                "only 3 of <str> left",
            ),
            (
                r#"super(String.format("transfer %s of %.2f from %s closed", id, amount, from));"#,
                "transfer A-7 of 3.50 from savings account closed",
                "transfer <str> of 3.50 from <str> closed",
            ),
            (
                "raise ValueError('no seat in %(room)s for '\n    f'{guest}, try 100% later')",
                "no seat in Blue for Ann, try 100% later",
                "no seat in <str> for <str>, try 100% later",
            ),
            (
                r#"raise "stock of #{item} is used up""#,
                "stock of tea is used up",
                "stock of <str> is used up",
            ),
            (
                r#"throw new Exception('order of ' . $who . " for $item is late");"#,
                "order of Ann for tea is late",
                "order of <str> for <str> is late",
            ),
            (r#"fail("seat 12 of {name} is taken")"#, "seat 12 of Ann is taken", "seat 12 of <str> is taken"),
            // Of two that fit, the one with more fixed letters.
            (
                r#"f"order of {x}" f2("order of {x} is late")"#,
                "order of Ann is late",
                "order of <str> is late",
            ),
        ] {
            assert_eq!(fixed(message, [source].into_iter()).text, fixed_message, "{source}");
        }
    }

    #[test]
    fn leaves_what_tells_the_cause() {
        for (source, message) in [
            // Another failure, by its variable, by its place behind a colon, by its type, and by its length.
            (r#"f"worker {n} failed: {err}""#, "worker 3 failed: division by zero"),
            (r#"f"worker failed, {e}""#, "worker failed, division by zero"),
            (r#"f"worker failed: {why}""#, "worker failed: list index out of range"),
            (r#"f"worker failed with {name}""#, "worker failed with KeyError"),
            (r#"f"worker failed, as {why}""#, "worker failed, as the list that it was given was empty"),
            // Numbers, which `tokens` knows.
            (r#"f"server returned {status}""#, "server returned 404"),
            // Not this message's template.
            (r#"f"order of {x} is late""#, "order of Ann is late again"),
            (r#"f"order of {x} is late""#, "An order of Ann is late"),
            // Too little of it is fixed.
            (r#"f"{a}: {b}""#, "tea: gone"),
            (r#"# don't say "{x} is late"#, "tea is late"),
            ("", "tea is late"),
        ] {
            assert_eq!(fixed(message, [source].into_iter()).text, message, "{source}");
        }
    }

    #[test]
    fn finds_what_another_failure_said() {
        for (source, message, expected) in [
            (
                r#"throw new Error("dose failed: " + err.message, { cause: err });"#,
                "dose failed: Missing helper: x",
                Some("Missing helper: x"),
            ),
            ("throw new E(`run ${n} failed: ${e}`)", "run 3 failed: no such host", Some("no such host")),
            (
                r#"return fmt.Errorf("cannot load: %w", err)"#,
                "cannot load: invalid syntax",
                Some("invalid syntax"),
            ),
            (r#"raise E(f"lookup failed: {exc!s}") from exc"#, "lookup failed: not found", Some("not found")),
            ("fail('step failed: ' + String(error))", "step failed: it was closed", Some("it was closed")),
            // A code, a name, something else, and words behind it.
            ("throw new E('step failed: ' + e.code)", "step failed: no such file", None),
            (
                r#"throw new E('step failed: {"error": "it was closed"}')"#,
                r#"step failed: {"error": "it was closed"}"#,
                None,
            ),
            ("throw new E('step failed: ' + e.message)", "step failed: ENOENT", None),
            ("throw new E('step failed: ' + why)", "step failed: it was closed", None),
            ("throw new E(`step failed (${e.message}) again`)", "step failed (it was closed) again", None),
        ] {
            assert_eq!(fixed(message, [source].into_iter()).quoted, expected, "{source}");
        }
    }

    #[test]
    fn takes_the_programs_words_from_what_others_say() {
        for (program, message, expected) in [
            (
                "new Map(['kestrel', 1])",
                "Iterator value kestrel is not an entry object",
                "Iterator value <str> is not an entry object",
            ),
            (
                "class Parcel { run() {} }",
                "run in Parcel cannot implement run in Runnable",
                "run in <str> cannot implement run in Runnable",
            ),
            // What is called of a library; a common word as a value.
            (
                "createHmac('page', key).update(x).digest('base64')",
                "Invalid digest: page",
                "Invalid digest: <str>",
            ),
            ("page = f(load)", "Invalid digest: page", "Invalid digest: page"),
            // Part of a word, a quoted one, one that messages consist of, a short one.
            ("kestrels = 1", "value kestrel is wrong", "value kestrel is wrong"),
            ("kestrel = 1", "value 'kestrel' is wrong", "value 'kestrel' is wrong"),
            ("value = wrong(kes)", "value is wrong", "value is wrong"),
            ("ab = 1", "ab is not here", "ab is not here"),
            ("", "kestrel", "kestrel"),
        ] {
            assert_eq!(unnamed(message, program), expected, "{program}");
        }
    }

    #[test]
    fn is_linear_in_the_source() {
        for piece in ["'", "\\'", "\"\"\"", "`\\`", "'a' + ", "'order of ' + x + ", "f'{", "'%(", "'a' 'b' "]
        {
            let source = piece.repeat(SOURCE_BYTES_MAX / piece.len());
            let started = std::time::Instant::now();
            fixed("order of Ann is late", [source.as_str()].into_iter());
            unnamed(&"kestrel order_a ".repeat(100), &source);
            assert!(started.elapsed().as_millis() < 500, "{piece}: {:?}", started.elapsed());
        }
    }

    proptest! {
        #[test]
        fn finds_the_template_of_what_it_made(
            words in prop::collection::vec("[a-z]{3,8}", 2..6),
            values in prop::collection::vec("[A-Z]{1,6}( [A-Z]{1,6}){0,2}", 5),
        ) {
            let source = format!("raise E(f\"{}\")", words.join(" {x} "));
            let mut message = words[0].clone();
            for (word, value) in words[1..].iter().zip(&values) {
                message.extend([" ", value.as_str(), " ", word.as_str()]);
            }
            let made = fixed(&message, [source.as_str()].into_iter()).text.into_owned();
            prop_assert_eq!(made, words.join(" <str> "));
        }

        #[test]
        fn never_panics(source in r#"([a-z%${}#()\\'"`+. \n\u{e9}\u{1F600}0-9]|"""){0,80}"#, message in ".{0,40}") {
            fixed(&message, [source.as_str()].into_iter());
            unnamed(&message, &source);
        }
    }
}
