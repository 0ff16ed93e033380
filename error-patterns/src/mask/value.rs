//! What stands behind the name of a secret: a value, or code, a variable, a literal, prose?

use super::fold::separates;
use super::home::is_system_account;
use super::scan::Text;
use super::secret::{Named, Strength, strength};

/// Longest value looked at.
const VALUE_BYTES_MAX: usize = 4096;
/// Shortest value of a weak name, and in a query or an environment.
const WEAK_BYTES_MIN: usize = 8;
const WEAK_QUERY_BYTES_MIN: usize = 4;
/// Shortest value of a name that is a secret in a query only.
const QUERY_BYTES_MIN: usize = 16;

/// Where a name stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// `?name=`, `&name=`.
    query: bool,
    /// `;name=` in a connection string.
    connection: bool,
    /// `NAME=` in an environment; at the start of a line.
    environment: bool,
    line: bool,
    /// `Cookie: `: the rest of the line is the value.
    header: bool,
    /// `Authorization: `: a scheme may come first.
    authorization: bool,
    /// A folder, not a password: `PWD=`.
    folder: bool,
    /// The name stands in quotes.
    quoted: bool,
    /// `name == `, `'name', `: only a value that looks like a secret is one.
    doubtful: bool,
    /// `name=` without a blank.
    tight: bool,
}

impl Context {
    /// None when the name has no value: `['password', 'name']`.
    pub(super) fn of(text: &Text<'_>, named: &Named<'_>) -> Option<Self> {
        let Named { name, behind, separator, at } = *named;
        let start = at - behind.len() - name.len();
        let before = text.last_visible(start);
        let word = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
        let upper = word.iter().any(u8::is_ascii_uppercase) && !word.iter().any(u8::is_ascii_lowercase);
        let ends = |ending: &[u8]| {
            name.len() >= ending.len() && name[name.len() - ending.len()..].eq_ignore_ascii_case(ending)
        };
        let equals = separator == b"=";
        let pair = separator == b",";
        let opened = || {
            let before = text.before(start);
            let quotes =
                before.iter().rev().take(3).take_while(|b| matches!(b, b'"' | b'\'' | b'\\' | b'b')).count();
            before[..before.len() - quotes].last() == Some(&b'(')
        };
        if pair && !opened() {
            return None;
        }
        let authorization = ends(b"authorization") && !pair;
        Some(Self {
            query: equals && matches!(before, Some(b'?' | b'&')),
            connection: equals && before == Some(b';'),
            environment: upper && equals && behind.is_empty() && name == word,
            line: matches!(before, None | Some(b'\n')),
            header: authorization || separator == b":" && (ends(b"cookie") || ends(b"cookies")),
            authorization,
            folder: ends(b"pwd"),
            quoted: behind.iter().any(|b| *b != b' '),
            doubtful: separator == b"==" || pair || separator == b"=>" && behind.iter().all(|b| *b == b' '),
            tight: equals && behind.is_empty(),
        })
    }
}

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    text: &'a [u8],
    pub start: usize,
    pub end: usize,
    quoted: bool,
    /// `=` followed its name at once, and it followed `=` at once; or its name was in quotes.
    tight: bool,
    after: Option<u8>,
}

impl<'a> Value<'a> {
    /// The secret behind a name, from `start` on.
    pub(super) fn secret(
        text: &Text<'a>,
        start: usize,
        strength: Strength,
        context: &Context,
    ) -> Option<Self> {
        let value = Self::at(text, start, context)?;
        text.look(value.end + 1);
        value.is_secret(strength, context).then_some(value)
    }

    /// A phone number behind a name: 7 to 15 digits.
    pub(super) fn phone(text: &Text<'a>, start: usize) -> Option<Self> {
        let bytes = text.bytes;
        let start = start + run(&bytes[start..], 4, |b| matches!(b, b' ' | b'"' | b'\'' | b'\\'));
        let number = |b: u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'(' | b')' | b'+');
        let length = run(&bytes[start..], 24, number);
        text.look(start + length + 1);
        let digits = |bytes: &[u8]| bytes.iter().filter(|b| b.is_ascii_digit()).count();
        let length = bytes[start..start + length].iter().rposition(u8::is_ascii_digit)? + 1;
        let end = start + length;
        let follows = bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let value = &bytes[start..end];
        let first = value.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'('));
        let known = (7..=15).contains(&digits(value)) && first && !follows;
        known.then_some(Self { text: value, start, end, quoted: false, tight: true, after: None })
    }

    /// A user's name in the environment: `USER=alice`.
    pub(super) fn user(text: &Text<'a>, start: usize, context: &Context) -> Option<Self> {
        if !context.environment {
            return None;
        }
        let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-') || b >= 0x80;
        let length = run(&text.bytes[start..], 64, name);
        let end = start + length;
        text.look(end + 1);
        let value = &text.bytes[start..end];
        let letter = value.first().is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80);
        let ends = !text.bytes.get(end).is_some_and(|b| matches!(b, b'(' | b'[' | b'<' | b'@' | b'='));
        (letter && ends && !is_system_account(value) && !is_literal(value)).then_some(Self {
            text: value,
            start,
            end,
            quoted: false,
            tight: true,
            after: None,
        })
    }

    fn at(text: &Text<'a>, separator: usize, context: &Context) -> Option<Self> {
        let bytes = text.bytes;
        let mut start = separator + run(&bytes[separator..], 3, |b| matches!(b, b' ' | b'\t'));
        let tight = context.quoted || context.tight && start == separator;
        // `b'...'` of Python, `string(3) "..."` of PHP
        let sized = &bytes[start..];
        if sized.starts_with(b"string(") {
            let digits = run(&sized[7..], 6, |b| b.is_ascii_digit());
            start += if sized[7 + digits..].starts_with(b") \"") { 7 + digits + 2 } else { 0 };
        }
        let prefix = run(&bytes[start..], 2, |b| matches!(b | 0x20, b'b' | b'u' | b'r'));
        if matches!(bytes.get(start + prefix), Some(b'"' | b'\'')) {
            start += prefix;
        }
        let escaped = run(&bytes[start..], 7, |b| b == b'\\');
        let quote = bytes.get(start + escaped).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let limit = |start: usize| &bytes[start..bytes.len().min(start + VALUE_BYTES_MAX)];
        let end = if let Some(quote) = quote {
            start += escaped + 1;
            if bytes[start..].starts_with(&[quote, quote]) {
                start += 2;
            }
            start + quoted_bytes(limit(start), quote, escaped)
        } else {
            if context.authorization {
                let word = run(&bytes[start..], 32, |b| b.is_ascii_alphanumeric() || b == b'-');
                let blanks = run(&bytes[start + word..], 2, |b| b == b' ');
                start += if blanks > 0 { word + blanks } else { 0 };
            }
            start + plain_bytes(limit(start), context)
        };
        let value = &bytes[start..end];
        let quoted = quote.is_some();
        (!value.is_empty()).then(|| Self {
            text: value,
            start,
            end,
            quoted,
            tight,
            after: bytes.get(end).copied(),
        })
    }

    fn is_secret(&self, name: Strength, context: &Context) -> bool {
        let text = self.text;
        let digit = text.iter().any(u8::is_ascii_digit);
        let symbol = text.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'.' | b'_' | b'-'));
        let masked = text.starts_with(b"<") || text.ends_with(b">") && text.contains(&b'<');
        // The quote of `input('Password: ')` closes.
        let closed = self.quoted && !context.quoted && b"),]};.+ ".contains(&text[0]);
        if masked
            || closed
            || is_literal(text)
            || is_template(text) && !(context.connection && text[0] == b'{')
        {
            return false;
        }
        if context.folder && (matches!(text[0], b'/' | b'~' | b'.') || text.get(1) == Some(&b':')) {
            return false;
        }
        let enough = match name {
            Strength::InQuery => context.query && text.len() >= QUERY_BYTES_MIN && digit,
            Strength::Weak if context.query => text.len() >= WEAK_QUERY_BYTES_MIN,
            Strength::Weak => {
                let mixed = context.environment && mixes_cases(text);
                text.len() >= WEAK_BYTES_MIN && (digit || mixed) && !text.contains(&b' ')
            }
            _ => true,
        };
        let certain = match name {
            Strength::Strong => digit || symbol,
            _ => digit && text.len() >= QUERY_BYTES_MIN,
        };
        // `sig=sig@entry=6`: a debugger's argument.
        let entered = memchr::memmem::find(text, b"@entry=").is_some();
        if !enough || entered || context.doubtful && !(self.quoted && certain) {
            return false;
        }
        if self.quoted || context.header {
            let words = text.iter().all(|b| b.is_ascii_lowercase() || *b == b' ');
            let plain =
                context.authorization && words || context.header && matches!(text[0], b'[' | b'{' | b'(');
            let cookie = self.quoted || context.authorization || text.contains(&b'=');
            return cookie && !plain && !is_prose(text);
        }
        let call = matches!(self.after, Some(b'(' | b'[')) && is_name(text);
        let braced = context.connection && text.ends_with(b"}");
        let code = matches!(text[0], b'{' | b'(' | b'[') && !braced || call;
        if context.environment && self.tight {
            return !code;
        }
        if code || is_expression(text) || names_a_secret(text) {
            return false;
        }
        // `password: hunter2` is a setting, `password: required` prose.
        self.tight || (digit || symbol) && text.len() >= 4
    }
}

/// Length of the run of bytes at the start that fulfil a condition, at most `max`.
fn run(bytes: &[u8], max: usize, inside: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take(max).take_while(|b| inside(**b)).count()
}

/// Bytes up to the closing quote, which has as many backslashes before it as the opening one, or up to the end of
/// the line.
fn quoted_bytes(text: &[u8], quote: u8, escaped: usize) -> usize {
    let mut backslashes = 0;
    for (at, byte) in text.iter().enumerate() {
        match *byte {
            b'\\' => backslashes += 1,
            b'\n' => return at,
            byte if byte == quote => {
                let more =
                    backslashes >= escaped && (backslashes - escaped).is_multiple_of(2 * (escaped + 1));
                if more {
                    return at - escaped;
                }
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
    }
    text.len()
}

/// Bytes before the first sign that is no ASCII: a bracket or a stop of another script.
fn before_sign(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|b| *b >= 0x80) {
        at += offset;
        // A character has four bytes at most.
        let next = &text[at..text.len().min(at + 4)];
        let Some(char) = next.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) else {
            return at;
        };
        if !char.is_alphanumeric() && separates(char) {
            return at;
        }
        at += char.len_utf8();
    }
    text.len()
}

/// Bytes of a value without quotes.
fn plain_bytes(text: &[u8], context: &Context) -> usize {
    before_sign(&text[..ascii_bytes(text, context)])
}

/// The same, where only ASCII ends a value.
fn ascii_bytes(text: &[u8], context: &Context) -> usize {
    let end = |ends: &dyn Fn(u8) -> bool| text.iter().position(|b| ends(*b)).unwrap_or(text.len());
    let line = |b: u8| matches!(b, b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'<' | b'\\');
    if context.header {
        let first = end(&|b| line(b) || matches!(b, b' ' | b'\t'));
        // `Digest username="x", response="y"`
        let fields = text[..first].contains(&b'=')
            && (text[..first].ends_with(b",") || text.get(first) == Some(&b'"'));
        return match context.authorization {
            true if fields => end(&|b| line(b) && b != b'"'),
            true => first,
            false => end(&line),
        };
    }
    if context.connection {
        // ODBC puts what has a semicolon into braces.
        if text.starts_with(b"{")
            && let Some(close) = text.iter().position(|b| matches!(b, b'}' | b'\n'))
        {
            return close + 1;
        }
        let length = end(&|b| line(b) || b == b';');
        return length - text[..length].iter().rev().take_while(|b| **b == b' ').count();
    }
    if context.environment && context.line {
        return end(&|b| line(b) || matches!(b, b' ' | b'\t'));
    }
    let mut length = 0;
    loop {
        length += text[length..].iter().position(|b| ends_value(*b)).unwrap_or(text.len() - length);
        // Code ends at brackets; a password may hold them.
        let next =
            text.get(length + 1).is_some_and(|b| b.is_ascii_graphic() && !b",;:.)]}'\"`<>&".contains(b));
        let inside = match text.get(length) {
            Some(b'(' | b'[' | b'|' | b')' | b']' | b'}' | b'\\') => next,
            _ => false,
        };
        let escape =
            text.get(length) == Some(&b'\\') && matches!(text.get(length + 1), Some(b'n' | b'r' | b't'));
        if !inside || escape || length == 0 || is_name(&text[..length]) {
            return length;
        }
        length += 1;
    }
}

fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'&' | b';'
                | b','
                | b'"'
                | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'}'
                | b'|'
                | b'\\'
        )
}

/// Words that stand for a value, tell its type or say what is wrong with it.
const LITERALS: &[&str] = &[
    "absent",
    "any",
    "boolean",
    "bool",
    "bytes",
    "changed",
    "denied",
    "disabled",
    "empty",
    "enabled",
    "eof",
    "expired",
    "false",
    "filtered",
    "forbidden",
    "hidden",
    "incorrect",
    "int",
    "integer",
    "invalid",
    "masked",
    "mismatch",
    "missing",
    "n/a",
    "never",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "off",
    "ok",
    "on",
    "optional",
    "present",
    "protected",
    "redacted",
    "required",
    "set",
    "str",
    "string",
    "text",
    "too",
    "true",
    "unauthorized",
    "undefined",
    "unknown",
    "unset",
    "void",
    "weak",
    "wrong",
    "yes",
];

/// Literals and stand-ins.
pub(super) fn is_literal(text: &[u8]) -> bool {
    let text = match text {
        [b'[' | b'(' | b'*', inner @ .., b']' | b')' | b'*'] => inner,
        text => text,
    };
    let trimmed = &text[..text.len() - text.iter().rev().take_while(|b| matches!(b, b'.' | b'!')).count()];
    text.iter().all(|b| matches!(b, b'*' | b'.' | b'x' | b'X' | b'-' | b'_' | b'?' | b'#'))
        || LITERALS.iter().any(|literal| trimmed.eq_ignore_ascii_case(literal.as_bytes()))
}

/// `${NAME}`, `$NAME`, `:name`, `{{ name }}`, `{name}`, `%s`, `%(name)s`, `%NAME%`.
pub(super) fn is_template(text: &[u8]) -> bool {
    match text {
        [b'$', b'{' | b'(', ..] | [b'%', b'(' | b'{', ..] | [b'{', b'{', ..] => true,
        [b'$' | b':', name @ ..] | [b'{', name @ .., b'}'] | [b'%', name @ .., b'%'] => is_name(name),
        [b'%', b's' | b'd' | b'r' | b'v' | b'q' | b'@'] => true,
        _ => false,
    }
}

/// Words without which nobody writes a sentence about a secret.
const SENTENCE_WORDS: &[&str] = &[
    "a",
    "an",
    "and",
    "are",
    "at",
    "be",
    "been",
    "blank",
    "can",
    "cannot",
    "could",
    "did",
    "do",
    "does",
    "field",
    "for",
    "from",
    "has",
    "have",
    "in",
    "incorrect",
    "invalid",
    "is",
    "it",
    "least",
    "match",
    "may",
    "missing",
    "must",
    "no",
    "not",
    "of",
    "or",
    "please",
    "provide",
    "required",
    "should",
    "than",
    "that",
    "the",
    "this",
    "to",
    "too",
    "use",
    "valid",
    "was",
    "with",
    "wrong",
    "you",
    "your",
];

/// A sentence: words of letters with blanks between them, some of which no passphrase would need.
fn is_prose(text: &[u8]) -> bool {
    let mut words = text.split(|b| *b == b' ').filter(|word| !word.is_empty());
    let mut sentence = false;
    let lettered = words.all(|word| {
        sentence |= SENTENCE_WORDS.iter().any(|each| word.eq_ignore_ascii_case(each.as_bytes()));
        is_placeholder(word)
            || word.iter().all(u8::is_ascii_digit)
            || word.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b',' | b'\'' | b'!' | b':'))
    });
    lettered && sentence && text.contains(&b' ')
}

fn is_placeholder(word: &[u8]) -> bool {
    matches!(word, [b'<', inner @ .., b'>'] if inner.iter().all(|b| b.is_ascii_lowercase() || *b == b'_'))
}

/// `self.password`, `os.environ`, `read`: names, with dots between them.
fn is_name(text: &[u8]) -> bool {
    text.split(|b| *b == b'.').flat_map(|word| word.split(|b| *b == b':')).all(|word| {
        word.is_empty() && text.len() > 2
            || word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
                && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    })
}

/// Small letters, then a capital, as keys have and few words.
pub(super) fn mixes_cases(text: &[u8]) -> bool {
    text.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count() >= 2
}

/// `self.password`, `os.environ`: names with dots, none of which holds a digit.
fn is_expression(text: &[u8]) -> bool {
    text.contains(&b'.') && text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_'))
}

/// `password=db_password`, `token=token`: a variable named for what it holds.
fn names_a_secret(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_') && strength(text).is_some()
}
