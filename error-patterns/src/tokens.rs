//! Parameterizes messages: one pass over the bytes puts placeholders where values vary, and keeps the
//! words and numbers that mean something.
//!
//! Placeholders: `<num>`, `<hex>`, `<id>`, `<path>`, `<url>`, `<time>`, `<str>`, `<name>`. What masking left
//! (`<email>`, ...) stays as it is. No regular expressions; output is bounded by [`TEXT_BYTES_MAX`].

use crate::bytes::{Letters, letters};
use chunk::Chunk;
use memchr::memchr;
pub(crate) use number::gives_meaning;
pub use vocabulary::is_known_name;

mod chunk;
mod number;
mod quoted;
mod vocabulary;

/// Longest parameterized message in bytes.
pub const TEXT_BYTES_MAX: usize = 512;
/// Longest placeholder in bytes.
pub(crate) const PLACEHOLDER_BYTES_MAX: usize = 34;
/// Bytes of the input that are looked at.
const INPUT_BYTES_MAX: usize = 4 * 1024;

/// What becomes of names (quoted words, identifiers, file names) in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Short quoted words and base names of files stay: the code is shared, and so are its names.
    Keep,
    /// Only names that many programs share stay: one user chose the others.
    Drop,
}

/// A message with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameterized {
    /// Readable; runs of white space are one space.
    pub text: String,
    /// Numbers that mean something, with the word that says so: `status 404`, `errno 98`.
    pub keys: Vec<String>,
}

/// The pass over one message.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    input: &'a str,
    at: usize,
    names: Names,
    out: Parameterized,
    /// The last words, the nearest last: they say what a number means.
    context: [&'a str; 2],
}

/// Puts placeholders into a message.
#[must_use]
pub fn parameterize(message: &str, names: Names) -> Parameterized {
    let input = &message[..message.floor_char_boundary(INPUT_BYTES_MAX)];
    let text = String::with_capacity(input.len().min(TEXT_BYTES_MAX) + PLACEHOLDER_BYTES_MAX);
    let out = Parameterized { text, keys: Vec::new() };
    let mut scanner = Scanner { input, at: 0, names, out, context: Default::default() };
    while scanner.at < scanner.input.len() && scanner.out.text.len() < TEXT_BYTES_MAX {
        scanner.step();
    }
    let mut out = scanner.out;
    let end = out.text.trim_end().len();
    out.text.truncate(out.text.floor_char_boundary(end.min(TEXT_BYTES_MAX)));
    out.keys.sort_unstable();
    out.keys.dedup();
    out
}

/// The tokens of a parameterized text: words, placeholders and kept numbers, without punctuation but what
/// stands in quotes (`';'`).
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[bytes_until(rest, |c| is_word(c) || matches!(c, '<' | '\''))..];
        if rest.is_empty() {
            return None;
        }
        let end = match placeholder(rest).or_else(|| syntax(rest)) {
            Some(found) => found.len(),
            // A quote around words is punctuation.
            None if rest.starts_with('\'') => 1,
            None => {
                let first = rest.ceil_char_boundary(1);
                first + bytes_until(&rest[first..], |c| !is_word(c))
            }
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
    .filter(|token| !matches!(*token, "<" | "'"))
}

/// Bytes before the first character that `ends` is true of.
#[inline]
fn bytes_until(text: &str, ends: impl Fn(char) -> bool) -> usize {
    let mut at = 0;
    for byte in text.bytes() {
        if !byte.is_ascii() {
            return at + text[at..].find(ends).unwrap_or(text.len() - at);
        }
        if ends(char::from(byte)) {
            break;
        }
        at += 1;
    }
    at
}

/// The quoted punctuation that a text begins with.
fn syntax(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'')?;
    let length = inner.bytes().take(5).take_while(|b| b.is_ascii_punctuation() && *b != b'\'').count();
    (length > 0 && inner.as_bytes().get(length) == Some(&b'\'')).then(|| &text[..length + 2])
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes of an object as Python shows it, and as long as they are looked for: `<_io.BytesIO object at 0x7f3a>`.
fn shown_object(text: &str) -> Option<usize> {
    const BYTES_MAX: usize = 160;
    let end = memchr(b'>', &text.as_bytes()[..text.len().min(BYTES_MAX)])?;
    let (_, address) = text[1..end].rsplit_once(" at 0x")?;
    address.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(end + 1)
}

/// The placeholder that a text begins with: `<` letters `>`. Those that users name may have underscores as well,
/// and are then longer.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let letters = inner
        .bytes()
        .take(PLACEHOLDER_BYTES_MAX - 2)
        .take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_')
        .count();
    let inside = &inner.as_bytes()[..letters];
    let named = letters > 1 && inside[0] != b'_' && inside[letters - 1] != b'_';
    (named && inner.as_bytes().get(letters) == Some(&b'>')).then(|| &text[..letters + 2])
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    fn step(&mut self) {
        let rest = self.rest();
        // What ends every chunk and opens no quotation stands for itself.
        if let [b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b'|' | b'=', ..] = rest.as_bytes() {
            self.copy(1);
            return;
        }
        // Python's bytes are data.
        if let [b'b', quote @ (b'\'' | b'"'), inner @ ..] = rest.as_bytes()
            && !self.input[..self.at].ends_with(is_word)
            && let Some(length) = memchr(*quote, inner)
        {
            self.put("<str>", 2 + length + 1);
            self.note("");
            return;
        }
        let Some(first) = rest.chars().next() else { return };
        if first.is_ascii_alphabetic() && self.plain_word() {
            return;
        }
        if first.is_whitespace() || first.is_control() {
            self.at += bytes_until(rest, |c| !c.is_whitespace() && !c.is_control());
            if !self.out.text.is_empty() && !self.out.text.ends_with(' ') {
                self.out.text.push(' ');
            }
            return;
        }
        if let Some(found) = placeholder(rest) {
            self.copy(found.len());
            return;
        }
        if first == '<'
            && let Some(length) = shown_object(rest)
        {
            self.put("<str>", length);
            self.note("");
            return;
        }
        if matches!(first, '\'' | '"' | '`' | '\u{2018}' | '\u{201c}') && self.quoted(first) {
            return;
        }
        if rest.starts_with("can't") {
            self.put("cannot", "can't".len());
            return;
        }
        let sign = matches!(first, '-' | '+') && self.input[..self.at].ends_with(is_word);
        match Chunk::at(rest).filter(|_| !sign) {
            Some(chunk) => self.chunk(chunk),
            None => self.copy(first.len_utf8()),
        }
    }

    /// Copies bytes of the input.
    fn copy(&mut self, bytes: usize) {
        let text = &self.rest()[..bytes];
        self.out.text.push_str(text);
        self.at += bytes;
    }

    /// Puts a placeholder, or any other text, in place of bytes of the input. Neighbouring equal
    /// placeholders in a list are one.
    fn put(&mut self, text: &str, bytes: usize) {
        self.at += bytes;
        let before = self.out.text.trim_end_matches([',', ' ', ';']);
        if text.starts_with('<') && before.ends_with(text) && before.len() < self.out.text.len() {
            let keep = before.len();
            self.out.text.truncate(keep);
            return;
        }
        self.out.text.push_str(text);
    }

    /// Remembers a word as context for what follows.
    fn note(&mut self, word: &'a str) {
        self.context = [self.context[1], word];
    }

    /// Takes a word of English letters that ends at a blank or a delimiter, as most do; what [`Chunk`] would make of
    /// it, without the questions that only other chunks raise.
    fn plain_word(&mut self) -> bool {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        if let Some(found) = self.short_word(rest) {
            return found;
        }
        let length = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let ends = match bytes.get(length) {
            None | Some(b' ' | b',' | b';' | b')' | b']' | b'\n') => true,
            Some(b'.' | b':') => matches!(bytes.get(length + 1), None | Some(b' ' | b'\n')),
            _ => false,
        };
        if length == 0 || !ends {
            return false;
        }
        if bytes[1..length].iter().all(u8::is_ascii_lowercase) {
            // No name in code has this shape.
            self.copy(length);
        } else {
            self.word(&rest[..length]);
        }
        self.note(&rest[..length]);
        true
    }

    /// The same for a word of fewer than 15 letters amid ASCII; a blank behind it is taken as well. `None` for others.
    #[inline]
    fn short_word(&mut self, rest: &'a str) -> Option<bool> {
        let next = rest.as_bytes().first_chunk::<16>()?;
        let Letters { all, small, is_ascii } = letters(next);
        let length = all.trailing_ones() as usize;
        if length > 14 || !is_ascii {
            return None;
        }
        let ends = match next[length] {
            b' ' | b',' | b';' | b')' | b']' | b'\n' => true,
            b'.' | b':' => matches!(next[length + 1], b' ' | b'\n'),
            _ => false,
        };
        if length == 0 || !ends {
            return Some(false);
        }
        if (small | 1).trailing_ones() as usize >= length {
            // No name in code has this shape. How long it is cannot be foretold, so more is copied and cut off.
            let bytes = length + usize::from(next[length] == b' ');
            let end = self.out.text.len() + bytes;
            self.out.text.push_str(&rest[..16]);
            self.out.text.truncate(end);
            self.at += bytes;
        } else {
            self.word(&rest[..length]);
        }
        self.note(&rest[..length]);
        Some(true)
    }

    /// Whether one of the words came last or last but one.
    fn after(&self, words: &[&str]) -> bool {
        self.context.iter().any(|said| words.iter().any(|word| word.eq_ignore_ascii_case(said)))
    }
}

#[cfg(test)]
mod tests;
