//! Chunks: what lies between blanks, quotes, brackets and commas, and what kind of value it is.

use super::quoted::{base_name, fold_digits};
use super::{Names, Scanner, bytes_until, is_known_name};

/// What a text without blanks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Words with dots between them, or a word with a number behind a dash: `db.internal`, `north-17`.
    Name,
    Number,
    Hex,
    Id,
    Path,
    Url,
    Time,
    /// Several words or other text.
    Other,
}

/// A chunk at the start of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    text: &'a str,
    kind: Kind,
}

fn ends_chunk(c: char) -> bool {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => CLASSES[usize::from(byte)] & STOP != 0,
        _ => c.is_whitespace(),
    }
}

impl<'a> Chunk<'a> {
    /// The chunk that a text begins with; `None` when it begins with a delimiter or punctuation.
    pub(super) fn at(text: &'a str) -> Option<Self> {
        let whole = text[..chunk_bytes(text)].trim_end_matches(['.', ':', '!', '?']);
        if whole.is_empty() {
            return None;
        }
        let kind = classify(whole);
        if kind == Kind::Url {
            // Queries hold `=`, `;` and the like.
            let end =
                text.find(|c: char| ends_chunk(c) && !matches!(c, '=' | ';' | '[' | ']' | '{' | '}' | '|'));
            let whole =
                text[..end.unwrap_or(text.len())].trim_end_matches(['.', ':', '!', '?', ';', ']', '}']);
            return Some(Self { text: whole, kind });
        }
        if matches!(kind, Kind::Path | Kind::Time | Kind::Id) {
            return Some(Self { text: whole, kind });
        }
        if is_joined(whole) {
            return Some(Self { text: whole, kind: Kind::Name });
        }
        // Not one value: take the word or number at its start.
        let first = whole.chars().next()?;
        if first.is_ascii_digit()
            || matches!(first, '-' | '+') && whole[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let number = number_bytes(whole);
            if number > 0 {
                return Some(Self { text: &whole[..number], kind: Kind::Number });
            }
        }
        let word = bytes_until(whole, |c| !super::is_word(c) && c != '$');
        if word == 0 {
            return None;
        }
        let text = &whole[..word];
        Some(Self { text, kind: if word == whole.len() { kind } else { classify(text) } })
    }
}

/// Length of the chunk at the start; a masked part of a path (`/home/<user>/x`) belongs to it.
fn chunk_bytes(text: &str) -> usize {
    let mut end = 0;
    loop {
        end += plain_bytes(&text[end..]);
        match super::placeholder(&text[end..]) {
            Some(masked) if text[..end].ends_with(['/', '\\']) => end += masked.len(),
            _ => return end,
        }
    }
}

/// Bytes before the first character that ends a chunk.
fn plain_bytes(text: &str) -> usize {
    let stop = text.bytes().position(|byte| CLASSES[usize::from(byte)] & STOP != 0).unwrap_or(text.len());
    match text.as_bytes().get(stop) {
        Some(byte) if !byte.is_ascii() => stop + bytes_until(&text[stop..], ends_chunk),
        _ => stop,
    }
}

/// Units that are part of a number, small.
const NUMBER_UNITS: &[&[u8]] = &[
    b"ms", b"s", b"us", b"ns", b"m", b"h", b"b", b"k", b"kb", b"mb", b"gb", b"tb", b"kib", b"mib", b"gib",
    b"tib", b"px", b"x", b"st", b"nd", b"rd", b"th", b"l", b"f", b"d", b"j",
];
/// The longest of them.
const UNIT_BYTES_MAX: usize = 3;

/// Bytes of the number that a text begins with, units and exponents included; 0 when its letters make it a word.
fn number_bytes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes[0], b'-' | b'+'));
    while let Some(byte) = bytes.get(at) {
        let inside = matches!(byte, b'.' | b'_' | b':') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !inside {
            break;
        }
        at += 1;
    }
    let letters = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let mut small = [0; UNIT_BYTES_MAX];
    let is_unit = letters <= UNIT_BYTES_MAX && {
        small[..letters].copy_from_slice(&bytes[at..at + letters]);
        small.make_ascii_lowercase();
        letters == 0 || NUMBER_UNITS.contains(&&small[..letters])
    };
    let exponent = matches!(bytes.get(at), Some(b'e' | b'E'))
        && bytes[at + 1..at + letters].iter().all(u8::is_ascii_digit);
    if is_unit {
        at + letters
    } else if exponent {
        let sign = usize::from(letters == 1 && matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let more = bytes[at + letters + sign..].iter().take_while(|b| b.is_ascii_digit()).count();
        at + letters + if more > 0 { sign + more } else { 0 }
    } else {
        0
    }
}

/// What a byte may be part of, as bits.
static CLASSES: [u8; 256] = {
    let mut table = [STOP; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_';
        let joins = matches!(byte, b'.' | b'-' | b'$' | b'/' | b'@' | b':' | b'(' | b')' | b'#');
        let mut classes = if is_word { WORD | ID | JOINED } else { 0 };
        if byte.is_ascii_hexdigit() {
            classes |= HEX;
        }
        if byte == b'-' {
            classes |= ID;
        }
        if joins {
            classes |= JOINED;
        }
        if matches!(
            byte,
            b'\t'..=b'\r' | b' ' | b'\'' | b'"' | b'`' | b'<' | b'>' | b'(' | b')' | b'[' | b']'
        ) || matches!(byte, b'{' | b'}' | b',' | b';' | b'|' | b'=')
        {
            classes |= STOP;
        }
        table[byte as usize] = classes;
        byte += 1;
    }
    table
};
const WORD: u8 = 1;
const HEX: u8 = 2;
const ID: u8 = 4;
const JOINED: u8 = 8;
/// It ends a chunk, or is part of a character that may.
const STOP: u8 = 16;

/// The kind of a text as a whole.
pub(super) fn classify(text: &str) -> Kind {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return Kind::Other };
    // All bytes are looked at once, without asking in between: how long a text is cannot be foretold.
    let (mut classes, mut digits, mut stops) = (u8::MAX, 0, 0);
    for byte in bytes {
        let class = CLASSES[usize::from(*byte)];
        (classes, stops) = (classes & class, stops | class);
        digits += usize::from(byte.is_ascii_digit());
    }
    // Most are words without a mark, which can be neither of these.
    if classes & WORD == 0 {
        let scheme = memchr::memchr(b':', bytes).filter(|at| bytes[*at..].starts_with(b"://"));
        if let Some(scheme) = scheme.map(|at| &bytes[..at])
            && !scheme.is_empty()
            && scheme.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'+')
        {
            return if scheme == b"file" { Kind::Path } else { Kind::Url };
        }
        if is_path(text) {
            return Kind::Path;
        }
        if stops & STOP != 0 && text.chars().any(char::is_whitespace) {
            return Kind::Other;
        }
        if is_uuid(bytes) {
            return Kind::Id;
        }
        if first.is_ascii_digit() && is_time(bytes) {
            return Kind::Time;
        }
    } else if digits == 0 {
        return Kind::Word;
    }
    if bytes.len() > 2
        && (text.starts_with("0x") || text.starts_with("0X"))
        && bytes[2..].iter().all(u8::is_ascii_hexdigit)
    {
        return Kind::Hex;
    }
    if (first.is_ascii_digit()
        || matches!(first, b'-' | b'+') && bytes.len() > 1 && bytes[1].is_ascii_digit())
        && number_bytes(text) == text.len()
    {
        return Kind::Number;
    }
    if classes & HEX != 0 && digits > 0 && digits < bytes.len() && bytes.len() >= 7 {
        return Kind::Hex;
    }
    if bytes.len() >= 16 && digits >= 3 && classes & ID != 0 {
        return Kind::Id;
    }
    let joined = |c: char| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => CLASSES[usize::from(byte)] & JOINED != 0,
        _ => super::is_word(c),
    };
    // What has neither is ASCII, and one byte of it joins nothing.
    let all = classes & JOINED != 0 || stops & STOP != 0 && text.chars().all(joined);
    if all { Kind::Word } else { Kind::Other }
}

/// Whether a chunk is words with dots between them (no sentence's end, and none that starts with a digit), or words
/// and a number with dashes between them.
fn is_joined(chunk: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| super::is_word(c) || c == '-');
    if !chunk.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return false;
    }
    if chunk.contains('.') {
        // Which type of error was met tells something.
        return chunk.split('.').all(plain) && !is_error_type(chunk);
    }
    let number = chunk.rsplit_once('-').map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && chunk.split('-').all(plain)
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes
            .iter()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// `2026-11-23`, `2026/11/23T10:00:00Z`, `10:00:00.123`.
fn is_time(bytes: &[u8]) -> bool {
    let digits = |from: usize, count: usize| {
        bytes.len() >= from + count && bytes[from..from + count].iter().all(u8::is_ascii_digit)
    };
    let date = digits(0, 4)
        && digits(5, 2)
        && digits(8, 2)
        && matches!(bytes[4], b'-' | b'/')
        && bytes[7] == bytes[4];
    let clock = digits(0, 2) && digits(3, 2) && digits(6, 2) && bytes[2] == b':' && bytes[5] == b':';
    (date || clock)
        && bytes
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b':' | b'.' | b'T' | b'Z' | b'+'))
}

fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let marked = bytes.iter().any(|byte| matches!(byte, b'/' | b'\\' | b'.'));
    if !marked || bytes.len() < 2 || bytes.iter().any(|byte| matches!(byte, b'\n' | b'\t')) {
        return false;
    }
    let drive = bytes.len() > 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let rooted = bytes[0] == b'/'
        && bytes[1] != b'/'
        && text[1..].starts_with(|c: char| super::is_word(c) || c == '.' || c == '<');
    let relative =
        ["./", "../", "~/", ".\\", "..\\", "~\\", "file://"].iter().any(|start| text.starts_with(start));
    if drive || rooted || relative {
        return true;
    }
    if text.contains(' ') {
        return false;
    }
    let name = text.split(':').next().unwrap_or_default();
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let nested = base.len() < name.len();
    let extension =
        base.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension);
    let Some(extension) = extension else { return false };
    let plausible = (1..=5).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        && extension.bytes().any(|b| b.is_ascii_alphabetic());
    nested && plausible || FILE_EXTENSIONS.contains(&extension)
}

/// Extensions that make a bare word a file name.
const FILE_EXTENSIONS: &[&str] = &[
    "bat", "c", "cc", "cfg", "class", "cpp", "cs", "css", "csv", "db", "dll", "env", "exe", "go", "h", "hpp",
    "html", "ini", "ipynb", "jar", "java", "jpg", "js", "json", "jsonl", "jsx", "kt", "lock", "log", "md",
    "mjs", "parquet", "php", "pickle", "pkl", "png", "ps1", "py", "pyc", "rb", "rs", "scala", "sh", "so",
    "sql", "sqlite", "swift", "tar", "toml", "ts", "tsv", "tsx", "txt", "xls", "xlsx", "xml", "yaml", "yml",
    "zip",
];

impl<'a> Scanner<'a> {
    pub(super) fn chunk(&mut self, chunk: Chunk<'a>) {
        let bytes = chunk.text.len();
        match chunk.kind {
            Kind::Url => {
                let scheme = chunk.text.split("://").next().unwrap_or_default().to_owned();
                self.put(&format!("{scheme}://<url>"), bytes);
            }
            Kind::Path if self.names == Names::Keep => {
                let name = strip_position(chunk.text);
                self.put(&format!("<path>/{}", base_name(name)), bytes);
            }
            Kind::Path => self.put("<path>", bytes),
            Kind::Time => self.put("<time>", bytes),
            Kind::Id => self.put("<id>", bytes),
            Kind::Hex => self.put("<hex>", bytes),
            Kind::Number => {
                self.number(bytes);
                self.unit();
                return;
            }
            Kind::Name => {
                let first = chunk.text.find(|c: char| !super::is_word(c)).unwrap_or(bytes);
                let first = &chunk.text[..first];
                if self.names == Names::Drop && !is_known_name(first) && !is_known_name(chunk.text) {
                    self.put("<name>", bytes);
                } else {
                    self.word(first);
                }
                self.note("");
                return;
            }
            Kind::Word | Kind::Other => self.word(chunk.text),
        }
        self.note(if matches!(chunk.kind, Kind::Word | Kind::Other) { chunk.text } else { "" });
    }

    pub(super) fn word(&mut self, word: &str) {
        let bytes = word.len();
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let code = is_code(word);
        if digits == 0 || code || is_known_name(word) {
            let user_chosen =
                self.names == Names::Drop && !code && is_identifier(word) && !is_known_name(word);
            if user_chosen { self.put("<name>", bytes) } else { self.copy(bytes) }
        } else if self.names == Names::Drop || digits >= 4 {
            self.put("<name>", bytes);
        } else {
            let folded = fold_digits(word);
            self.put(&folded, bytes);
        }
    }
}

/// Units that follow a number after a blank.
const UNITS: &[&str] =
    &["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "bytes", "ms", "s", "seconds"];

impl Scanner<'_> {
    /// Drops the unit of a number that varies: how large it was chose the unit.
    fn unit(&mut self) {
        if !self.out.text.ends_with("<num>") {
            return;
        }
        let Some(rest) = self.rest().strip_prefix([' ']).or_else(|| self.rest().strip_prefix(". ")) else {
            return;
        };
        let word = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if UNITS.contains(&&rest[..word]) {
            self.at = self.input.len() - rest.len() + word;
        }
    }
}

/// A path without the line and column after it.
fn strip_position(path: &str) -> &str {
    path.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':')
}

/// `E0382`, `TS2304`, `CS0103`, `ENOENT` with digits: an error code that the language gives.
fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=5).contains(&letters)
        && (2..=6).contains(&(word.len() - letters))
        && word.bytes().skip(letters).all(|b| b.is_ascii_digit())
}

fn is_error_type(name: &str) -> bool {
    ["Error", "Exception", "Warning"].iter().any(|end| name.ends_with(end))
}

/// Shaped like a name in code rather than a word of prose: `user_id`, `totalPrice`, `a$b`. Types of errors and
/// names in capitals are mostly a library's own (`NewConnectionError`, `CERTIFICATE_VERIFY_FAILED`).
fn is_identifier(word: &str) -> bool {
    let camel =
        word.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    if word.starts_with(|c: char| c.is_uppercase()) {
        return camel && !is_error_type(word);
    }
    if !word.starts_with(|c: char| c.is_lowercase() || matches!(c, '_' | '$')) {
        return false;
    }
    camel || word.contains(['_', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_knows_what_ends_a_chunk() {
        for byte in 0..=255_u8 {
            let c = char::from(byte);
            let ends = c.is_whitespace() || "'\"`<>()[]{},;|=".contains(c);
            assert_eq!(ends_chunk(c), ends, "{byte:#x}");
            assert_eq!(CLASSES[usize::from(byte)] & STOP != 0, !byte.is_ascii() || ends, "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn chunks_end_where_their_characters_say(text in "[a-z.0-9]{0,12}([ -~]|\\PC|\u{2003}|\u{85}){0,6}") {
            prop_assert_eq!(plain_bytes(&text), text.find(ends_chunk).unwrap_or(text.len()));
        }
    }
}
