//! Two messages word by word: what both say, what differs, and which of it varies from one occurrence to the next
//! anyway.

use super::oriented;
use crate::align::{Step, align};
use crate::tokens::{Names, parameterize};

/// Words of a message that are compared; the rest of it is one word.
const WORDS_MAX: usize = 256;

/// A stretch of two messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of the left message; empty where only the right one has it.
    pub left: String,
    /// Of the right message.
    pub right: String,
    /// Whether what differs is a value that grouping replaces by a placeholder on either side.
    pub parameter: bool,
}

impl Piece {
    /// Whether both say the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.left == self.right
    }
}

/// Two messages as stretches in which they agree, and between them those in which they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces(pub Vec<Piece>);

impl Pieces {
    /// Compares two messages.
    #[must_use]
    pub fn of(left: &str, right: &str) -> Self {
        let (a, b) = (words(left), words(right));
        let steps = oriented(
            &a,
            &b,
            |word| *word,
            |a, b| {
                // A word weighs more than the blanks and marks around it.
                align(a.len(), b.len(), |l, r| (a[l] == b[r]).then(|| if is_word(a[l]) { 4 } else { 1 }))
            },
        );
        let mut pieces = Self::default();
        for step in steps {
            let (left, right) = match step {
                Step::Pair(l, r) => (a[l], b[r]),
                Step::Left(l) => (a[l], ""),
                Step::Right(r) => ("", b[r]),
            };
            pieces.add(left, right);
        }
        for piece in &mut pieces.0 {
            piece.parameter = !piece.is_same() && (varies(&piece.left) || varies(&piece.right));
        }
        pieces
    }

    /// The same with the sides changed.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let turned = |piece: &Piece| Piece {
            left: piece.right.clone(),
            right: piece.left.clone(),
            parameter: piece.parameter,
        };
        Self(self.0.iter().map(turned).collect())
    }

    fn add(&mut self, left: &str, right: &str) {
        let same = left == right;
        match self.0.last_mut() {
            Some(last) if last.is_same() == same => {
                last.left.push_str(left);
                last.right.push_str(right);
            }
            _ => self.0.push(Piece { left: left.to_owned(), right: right.to_owned(), parameter: false }),
        }
    }
}

/// A message cut into words, blanks and marks; nothing is lost.
fn words(message: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        if words.len() + 1 >= WORDS_MAX {
            words.push(rest);
            break;
        }
        let end =
            if is_part(first) { rest.find(|c| !is_part(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '\\' | '-' | ':' | '@')
}

fn is_word(text: &str) -> bool {
    text.starts_with(is_part)
}

/// Whether grouping puts a placeholder for a text, or for it in quotes.
fn varies(text: &str) -> bool {
    let text = text.trim();
    let bare = parameterize(text, Names::Drop).text;
    !text.is_empty()
        && (bare.contains('<') || parameterize(&format!("'{text}'"), Names::Drop).text == "<str>")
}
