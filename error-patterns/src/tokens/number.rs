//! Numbers: which of them mean something.

use super::Scanner;

/// Words that give the number after them a meaning, and the name of that meaning.
const MEANINGS: &[(&str, &str)] = &[
    ("code", "code"),
    ("errno", "errno"),
    ("exit", "exit"),
    ("http", "status"),
    ("response", "status"),
    ("returned", "status"),
    ("signal", "signal"),
    ("sqlstate", "sqlstate"),
    ("status", "status"),
    ("statuscode", "status"),
];

/// Whether a word, in small letters, may give a number after it a meaning; also for steps that look at more numbers.
pub(crate) fn gives_meaning(word: &[u8]) -> bool {
    word.starts_with(b"exit") || word == b"error" || MEANINGS.iter().any(|(name, _)| name.as_bytes() == word)
}

impl Scanner<'_> {
    /// Puts the number of `bytes` bytes that the input goes on with; `follows` is what comes after it.
    pub(super) fn number(&mut self, bytes: usize) {
        let digits = &self.rest()[..bytes];
        let follows = &self.rest()[bytes..];
        match self.meaning(digits, follows) {
            Some(meaning) => {
                // 0 and 1 only say "it failed", or not.
                if digits != "0" && digits != "1" {
                    self.out.keys.push(format!("{meaning} {digits}"));
                }
                self.copy(bytes);
            }
            None => self.put("<num>", bytes),
        }
        self.note("");
    }

    fn meaning(&self, digits: &str, follows: &str) -> Option<&'static str> {
        if digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let [older, newer] = &self.context;
        let said = |word: &str| {
            MEANINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, meaning)| *meaning)
        };
        if let Some(meaning) = said(newer) {
            return Some(meaning);
        }
        if let Some(meaning) = said(older)
            && ["is", "was", "with", "of", "error"].iter().any(|small| small.eq_ignore_ascii_case(newer))
        {
            return Some(meaning);
        }
        // `404 Client Error`, `503 Service Unavailable`
        let status = digits.len() == 3 && matches!(digits.as_bytes()[0], b'4' | b'5');
        let named =
            follows.strip_prefix(' ').is_some_and(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        (status && (named || newer.eq_ignore_ascii_case("error"))).then_some("status")
    }
}
