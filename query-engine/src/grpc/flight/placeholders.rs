//! JDBC and ODBC write `?` where the engine's SQL has `$1`, `$2`, ...

use crate::error::QueryError;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::HashSet;
use std::fmt::Write;

/// The text with `?` outside of texts, names and comments numbered in order.
///
/// # Errors
/// [`QueryError::Invalid`] where both kinds of placeholders stand in it.
pub(super) fn numbered(sql: &str) -> Result<String, QueryError> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location();
    // What the tokenizer refuses the parser will refuse with a better message.
    let Ok(tokens) = tokens else { return Ok(sql.to_owned()) };
    let mut places = HashSet::new();
    let mut others = false;
    for token in &tokens {
        match &token.token {
            Token::Placeholder(text) if text == "?" => {
                places.insert((token.span.start.line, token.span.start.column));
            }
            Token::Placeholder(_) => others = true,
            _ => {}
        }
    }
    if others && !places.is_empty() {
        return Err(QueryError::invalid("placeholders are all ?, or all $1, $2, ... or $name, not both"));
    }
    Ok(replaced(sql, &places))
}

/// Replaces the characters at these lines and columns, both counted from 1.
fn replaced(sql: &str, places: &HashSet<(u64, u64)>) -> String {
    let mut text = String::with_capacity(sql.len() + 2 * places.len());
    let (mut line, mut column, mut number) = (1, 1, 0);
    for character in sql.chars() {
        if places.contains(&(line, column)) {
            number += 1;
            _ = write!(text, "${number}");
        } else {
            text.push(character);
        }
        (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn question_marks_are_numbered() {
        for (sql, expected) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT ?, ?", "SELECT $1, $2"),
            ("SELECT '?' || ? || \"a?\"", "SELECT '?' || $1 || \"a?\""),
            (
                "-- why?\nSELECT /* ? */\r\n  'it''s ?\n', ?\n, ?",
                "-- why?\nSELECT /* ? */\r\n  'it''s ?\n', $1\n, $2",
            ),
            ("SELECT '\u{e9}\u{1f600}', ?", "SELECT '\u{e9}\u{1f600}', $1"),
            ("SELECT a>?AND b=?", "SELECT a>$1AND b=$2"),
            ("SELECT $1, $name", "SELECT $1, $name"),
            ("SELECT 'open ?", "SELECT 'open ?"),
            ("", ""),
        ] {
            assert_eq!(numbered(sql).unwrap(), expected);
        }
        assert!(numbered("SELECT ?, $1").unwrap_err().to_string().contains("not both"));
    }
}
