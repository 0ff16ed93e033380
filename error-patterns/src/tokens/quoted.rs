//! Quoted text: short words that mean something stay, values go.

use super::chunk::{Kind, classify};
use super::vocabulary::is_removed_module;
use super::{Names, Scanner, is_known_name};

/// Longest quoted word that stays.
const WORD_BYTES_MAX: usize = 40;
/// Longest quotation looked for.
const QUOTED_BYTES_MAX: usize = 1024;

impl Scanner<'_> {
    /// Handles the quotation that the input goes on with; false when the quote does not open one.
    pub(super) fn quoted(&mut self, open: char) -> bool {
        if open == '\'' && self.input[..self.at].ends_with(|c: char| c.is_alphanumeric()) {
            return false;
        }
        let close = match open {
            '\u{2018}' => '\u{2019}',
            '\u{201c}' => '\u{201d}',
            other => other,
        };
        let body = &self.rest()[open.len_utf8()..];
        let body = &body[..body.floor_char_boundary(QUOTED_BYTES_MAX)];
        // GNU tools quote `like this'.
        let closes = |c: char| c == close || open == '`' && c == '\'';
        // A list in quotes, as Python prints commands: '['git', 'log']'.
        let list = body.starts_with('[') && body.contains("]'");
        let found = body.char_indices().filter(|(_, c)| closes(*c)).find(|(at, c)| {
            let after = body[at + c.len_utf8()..].chars().next();
            let inside = *c == '\'' && after.is_some_and(char::is_alphanumeric);
            !inside && (!list || body[..*at].ends_with(']'))
        });
        let Some((end, close)) = found else { return false };
        let inner = &body[..end];
        let bytes = open.len_utf8() + end + close.len_utf8();
        if inner.is_empty() {
            self.copy(bytes);
        } else if let Some(kept) = self.kept(inner) {
            self.out.text.push('\'');
            self.out.text.push_str(&kept);
            self.out.text.push('\'');
            self.at += bytes;
        } else {
            self.put("<str>", bytes);
        }
        self.note("");
        true
    }

    /// What stays of a quoted text, `None` for nothing.
    fn kept(&self, inner: &str) -> Option<String> {
        // Quoted punctuation is syntax: ';' expected.
        if self.names == Names::Drop && self.after(&["named"]) && is_removed_module(inner) {
            return Some("<removed>".to_owned());
        }
        if is_known_name(inner) || inner.len() <= 4 && inner.bytes().all(|b| b.is_ascii_punctuation()) {
            return Some(inner.to_owned());
        }
        if self.names == Names::Drop {
            if is_primitive(inner) {
                return Some("<type>".to_owned());
            }
            let bare = matches!(classify(inner), Kind::Word)
                && !inner.as_bytes().windows(2).any(|pair| pair == b"/.");
            return match (self.names_package(), bare) {
                (true, true) => Some(inner.to_owned()),
                (true, false) => Some("<path>".to_owned()),
                (false, _) => None,
            };
        }
        if super::placeholder(inner).is_some_and(|found| found.len() == inner.len()) {
            return Some(inner.to_owned());
        }
        match classify(inner) {
            Kind::Path => Some(format!("<path>/{}", base_name(inner))),
            Kind::Word
                if inner.len() <= WORD_BYTES_MAX && inner.bytes().filter(u8::is_ascii_digit).count() < 4 =>
            {
                Some(inner.to_owned())
            }
            Kind::Word
            | Kind::Name
            | Kind::Number
            | Kind::Hex
            | Kind::Id
            | Kind::Url
            | Kind::Time
            | Kind::Other => None,
        }
    }

    /// `Cannot find module 'x'`, `package 'x'`: in JavaScript a bare specifier names a published package.
    fn names_package(&self) -> bool {
        self.after(&["find"]) && self.after(&["module", "package"])
    }
}

/// Plain types of values: which of them a program mixed up is chance.
fn is_primitive(word: &str) -> bool {
    matches!(
        word,
        "int"
            | "str"
            | "float"
            | "list"
            | "dict"
            | "tuple"
            | "set"
            | "bool"
            | "bytes"
            | "complex"
            | "frozenset"
            | "bytearray"
    )
}

/// The last part of a path, digits folded.
pub(super) fn base_name(path: &str) -> String {
    let base = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    fold_digits(base)
}

/// Runs of digits become `#`.
pub(super) fn fold_digits(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_digit() {
            folded.push(c);
        } else if !folded.ends_with('#') {
            folded.push('#');
        }
    }
    folded
}
