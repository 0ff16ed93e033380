//! Undoes what hides personal data from the detectors: terminal colours, characters without width, full-width
//! letters and digits, digits of other scripts, percent and backslash escapes; signs and scripts without blanks between
//! words, which stand where others have a blank; and what other languages call a password.
//!
//! The folded text is scanned like any other, and what is found is masked in the original, together with what hid
//! it. Text without any of this is not folded.

use wide::u8x16;

/// Longest terminal sequence that is taken out, in bytes.
const SEQUENCE_BYTES_MAX: usize = 256;

/// A piece of folded text.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins, in the folded text and in the original.
    folded: usize,
    original: usize,
    /// Length in the original of what became one character; 0 for text that was copied.
    hidden: usize,
}

/// Text as it reads, and where it came from.
#[derive(Debug)]
pub(super) struct Folded {
    pub text: String,
    pieces: Vec<Piece>,
}

/// What a piece of text reads as.
enum Reading {
    Char(char),
    Word(&'static str),
    Nothing,
}

/// The text as it reads; none when it reads as it is written.
pub(super) fn fold(text: &str) -> Option<Folded> {
    let bytes = text.as_bytes();
    let mut folded: Option<Folded> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(next) = next_odd(bytes, at) {
        let Some((reading, length)) = read(text, next) else {
            at = next + text[next..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let out = folded.get_or_insert_with(|| Folded {
            text: String::with_capacity(text.len()),
            pieces: Vec::with_capacity(32),
        });
        out.copy(text, copied, next);
        if !matches!(reading, Reading::Nothing) {
            out.pieces.push(Piece { folded: out.text.len(), original: next, hidden: length });
        }
        match reading {
            Reading::Char(char) => out.text.push(char),
            Reading::Word(word) => out.text.push_str(word),
            Reading::Nothing => {}
        }
        at = next + length;
        copied = at;
    }
    let mut folded = folded?;
    folded.copy(text, copied, text.len());
    Some(folded)
}

impl Folded {
    fn copy(&mut self, text: &str, start: usize, end: usize) {
        if start < end {
            self.pieces.push(Piece { folded: self.text.len(), original: start, hidden: 0 });
            self.text.push_str(&text[start..end]);
        }
    }

    /// The place in the original of a range of the folded text that is not empty.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let piece = |at: usize| {
            let index = self.pieces.partition_point(|piece| piece.folded <= at);
            self.pieces[index.saturating_sub(1)]
        };
        let place = |piece: Piece, at: usize| match piece.hidden {
            0 => (piece.original + at - piece.folded, piece.original + at - piece.folded + 1),
            hidden => (piece.original, piece.original + hidden),
        };
        (place(piece(start), start).0, place(piece(end - 1), end - 1).1)
    }
}

/// The next byte that may read as something else.
fn next_odd(bytes: &[u8], start: usize) -> Option<usize> {
    const SIGNS: [u8; 3] = [0x1b, b'%', b'\\'];
    let bytes = &bytes[start..];
    let (chunks, rest) = bytes.as_chunks();
    for (number, chunk) in chunks.iter().enumerate() {
        let chunk = u8x16::new(*chunk);
        // The highest bit of a byte is its bit of the mask.
        let odd = SIGNS.iter().fold(chunk, |odd, sign| odd | chunk.simd_eq(u8x16::splat(*sign))).to_bitmask();
        if odd != 0 {
            return Some(start + number * 16 + odd.trailing_zeros() as usize);
        }
    }
    let in_rest = rest.iter().position(|b| SIGNS.contains(b) || *b >= 0x80)?;
    Some(start + bytes.len() - rest.len() + in_rest)
}

/// What stands at an odd byte, and its length; none when it reads as written.
fn read(text: &str, at: usize) -> Option<(Reading, usize)> {
    let rest = &text.as_bytes()[at..];
    match rest[0] {
        0x1b => Some((Reading::Nothing, 1 + sequence(&rest[1..]))),
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        _ => {
            if let Some(word) = PASSWORDS.iter().find(|word| rest.starts_with(word.as_bytes())) {
                return Some((Reading::Word("password"), word.len()));
            }
            let char = text[at..].chars().next()?;
            Some((read_char(char)?, char.len_utf8()))
        }
    }
}

/// Length of a terminal sequence after its ESC.
fn sequence(rest: &[u8]) -> usize {
    let limit = &rest[..rest.len().min(SEQUENCE_BYTES_MAX)];
    match limit {
        [b'[', parameters @ ..] => {
            let length = parameters.iter().take_while(|b| (0x20..0x40).contains(*b)).count();
            let closed = parameters.get(length).is_some_and(|b| (0x40..0x7f).contains(b));
            1 + length + usize::from(closed)
        }
        [b']', words @ ..] => {
            let end = words.iter().position(|b| matches!(b, 0x07 | 0x1b | b'\n'));
            end.map_or(1, |end| 1 + end + usize::from(words[end] == 0x07))
        }
        _ => 0,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// `%40`, `%2540`.
fn percent(rest: &[u8]) -> Option<(Reading, usize)> {
    let mut start = 1;
    while start < 7 && rest[start..].starts_with(b"25") && hex(rest.get(start + 2..start + 4)?).is_some() {
        start += 2;
    }
    let code = hex(rest.get(start..start + 2)?)?;
    let char = char::from_u32(code).filter(|char| char.is_ascii_graphic() || *char == ' ')?;
    Some((Reading::Char(char), start + 2))
}

/// `\u0040`, `\x40`, `\/`, `\u001b[31m`.
fn backslash(rest: &[u8]) -> Option<(Reading, usize)> {
    let (code, length) = match rest.get(1)? {
        b'/' => return Some((Reading::Char('/'), 2)),
        b'u' => (hex(rest.get(2..6)?)?, 6),
        b'x' => (hex(rest.get(2..4)?)?, 4),
        b'0' if rest.starts_with(b"\\033[") => (0x1b, 4),
        _ => return None,
    };
    let char = char::from_u32(code)?;
    if char == '\u{1b}' {
        return Some((Reading::Nothing, length + sequence(&rest[length..])));
    }
    let reading = if char.is_ascii_graphic() || char == ' ' { Reading::Char(char) } else { read_char(char)? };
    Some((reading, length))
}

/// Password, in languages that write it with other letters: Russian, Chinese, Japanese, Korean, Arabic, Hebrew, Greek, Thai,
/// Hindi.
const PASSWORDS: &[&str] = &[
    "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
    "\u{41f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
    "\u{5bc6}\u{7801}",
    "\u{5bc6}\u{78bc}",
    "\u{53e3}\u{4ee4}",
    "\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}",
    "\u{be44}\u{bc00}\u{bc88}\u{d638}",
    "\u{c554}\u{d638}",
    "\u{643}\u{644}\u{645}\u{629} \u{627}\u{644}\u{645}\u{631}\u{648}\u{631}",
    "\u{643}\u{644}\u{645}\u{629} \u{627}\u{644}\u{633}\u{631}",
    "\u{5e1}\u{5d9}\u{5e1}\u{5de}\u{5d4}",
    "\u{3ba}\u{3c9}\u{3b4}\u{3b9}\u{3ba}\u{3cc}\u{3c2}",
    "\u{e23}\u{e2b}\u{e31}\u{e2a}\u{e1c}\u{e48}\u{e32}\u{e19}",
    "\u{92a}\u{93e}\u{938}\u{935}\u{930}\u{94d}\u{921}",
];

/// Whether a character separates words for those whose script is another: a sign, or a letter of a script that writes no
/// blanks.
pub(super) fn separates(char: char) -> bool {
    let unspaced = matches!(char,
        '\u{e00}'..='\u{eff}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}');
    unspaced || !char.is_alphanumeric() && !matches!(char, '\u{300}'..='\u{36f}')
}

/// First digits of scripts that have ten in a row.
const ZEROS: &[char] = &[
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
];

/// What a character that is no ASCII reads as, when that is ASCII or nothing.
fn read_char(char: char) -> Option<Reading> {
    let ascii = match char {
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {
            return Some(Reading::Nothing);
        }
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => {
            return Some(Reading::Nothing);
        }
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{3002}' | '\u{ff61}' | '\u{2024}' => '.',
        // `contrase\u{f1}a`
        '\u{f1}' => 'n',
        '\u{d1}' => 'N',
        '\u{fe6b}' => '@',
        '\u{2236}' => ':',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0)?,
        _ => {
            let digit = ZEROS.iter().find_map(|zero| {
                let value = u32::from(char).checked_sub(u32::from(*zero))?;
                char::from_digit(value, 10)
            });
            match digit {
                Some(digit) => digit,
                None if separates(char) => ' ',
                None => return None,
            }
        }
    };
    Some(Reading::Char(ascii))
}
