//! Numbers: which of them mean something.

use super::Scanner;

/// What a word, in small letters, says of the number after it.
fn meaning_by(word: &[u8]) -> Option<&'static str> {
    Some(match word {
        b"code" => "code",
        b"errno" => "errno",
        b"exit" => "exit",
        b"http" | b"response" | b"returned" | b"status" | b"statuscode" => "status",
        b"signal" => "signal",
        b"sqlstate" => "sqlstate",
        _ => return None,
    })
}

/// Whether a word, in small letters, may give a number after it a meaning; also for steps that look at more numbers.
pub(crate) fn gives_meaning(word: &[u8]) -> bool {
    word == b"error" || word.starts_with(b"exit") || meaning_by(word).is_some()
}

/// Whether an exit status says more than that a command failed: timeouts, commands that are not there or may not run,
/// signals (<https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html>). 0 and 1 stay as they are.
fn is_exit_status_of_shells(digits: &str) -> bool {
    digits.parse::<u32>().is_ok_and(|status| status < 2 || (124..=165).contains(&status))
}

impl Scanner<'_> {
    /// Puts the number of `bytes` bytes that the input goes on with; `follows` is what comes after it.
    pub(super) fn number(&mut self, bytes: usize) {
        let digits = &self.rest()[..bytes];
        let follows = &self.rest()[bytes..];
        match self.meaning(digits, follows) {
            // A command's own.
            Some("exit" | "status" | "code")
                if self.after(&["exit"]) && !is_exit_status_of_shells(digits) =>
            {
                self.put("<num>", bytes);
            }
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
        let said = |word: &str| meaning_by(word.to_ascii_lowercase().as_bytes());
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
