//! What a plain runner knows of a failure: the exit code, standard error, and one line of it.
//!
//! Runners do not parse stack traces, so neither does this: it picks one line for `exception.type` and
//! `exception.message` and sends the whole text as the stack trace. Understanding it is Errata's work.

use super::programs::Language;
use super::sandbox::{Killed, Outcome};

/// The three attributes of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception {
    /// `None` where the language has no such thing as an exception type.
    pub(super) error_type: Option<String>,
    pub(super) message: String,
    pub(super) stacktrace: String,
}

impl Exception {
    /// Type and message on one line, as SDKs write it into a span's status.
    pub(super) fn headline(&self) -> String {
        match &self.error_type {
            Some(error_type) if self.message.is_empty() => error_type.clone(),
            Some(error_type) => format!("{error_type}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Reads the failure of a program; `None` where it ended well.
pub(super) fn read(language: Language, outcome: &Outcome) -> Option<Exception> {
    let stacktrace = outcome.stderr.clone();
    if let Some(killed) = outcome.killed {
        let message = match killed {
            Killed::Timeout => format!("execution stopped after {} s", outcome.duration.as_secs()),
            Killed::Output => "execution stopped, too much output".to_owned(),
            Killed::Cancelled => return None,
        };
        return Some(Exception {
            error_type: Some("ExecutionLimitExceeded".to_owned()),
            message,
            stacktrace,
        });
    }
    if outcome.exit_code == 0 {
        return None;
    }
    let (error_type, message) = match telling_line(language, &outcome.stderr) {
        Some(line) if language == Language::Bash => (None, line.to_owned()),
        Some(line) => split(line),
        None => (None, format!("process ended with exit code {}", outcome.exit_code)),
    };
    Some(Exception { error_type, message, stacktrace })
}

/// The line that says what happened: Python and shells say it last, Java first, Node after a blank line.
fn telling_line(language: Language, stderr: &str) -> Option<&str> {
    let mut lines = stderr.lines();
    match language {
        Language::Python | Language::Bash => lines.rfind(|line| !line.trim().is_empty()),
        Language::Java => lines.find(|line| !line.trim().is_empty()).map(|line| {
            let line = line.strip_prefix("Exception in thread \"main\" ").unwrap_or(line);
            line.split_once(": error: ").map_or(line, |(_, message)| message)
        }),
        Language::Node => {
            lines.find(|line| line.is_empty())?;
            lines.find(|line| !line.is_empty())
        }
    }
}

/// `Type: message` into its two parts; no type where the first part does not look like one.
fn split(line: &str) -> (Option<String>, String) {
    let (head, message) = line.split_once(": ").unwrap_or((line, ""));
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '$');
    if head.contains(is_name) && head.chars().all(is_name) {
        (Some(head.to_owned()), message.to_owned())
    } else {
        (None, line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(language: Language, stderr: &str, error_type: Option<&str>, message: &str) {
        let outcome = Outcome {
            exit_code: 1,
            stdout: String::new(),
            stderr: stderr.to_owned(),
            duration: Duration::from_secs(10),
            killed: None,
        };
        let exception = read(language, &outcome).unwrap();
        assert_eq!((exception.error_type.as_deref(), exception.message.as_str()), (error_type, message));
        assert_eq!(exception.stacktrace, stderr);
    }

    #[test]
    fn picks_the_line_that_tells() {
        check(Language::Python, "Traceback:\n  File\nKeyError: 'a: b'\n\n", Some("KeyError"), "'a: b'");
        check(Language::Python, "Traceback:\nAssertionError\n", Some("AssertionError"), "");
        check(
            Language::Python,
            "  +------------------------------------\n",
            None,
            "  +------------------------------------",
        );
        check(
            Language::Node,
            "/a.js:1\nx\n^\n\nTypeError: no\n    at a\n\nNode.js v20\n",
            Some("TypeError"),
            "no",
        );
        check(Language::Java, "Exception in thread \"main\" a.B$C: d\n\tat e\n", Some("a.B$C"), "d");
        check(Language::Java, "A.java:3: error: cannot find symbol\n", None, "cannot find symbol");
        check(
            Language::Bash,
            "a.sh: line 2: b: command not found\n",
            None,
            "a.sh: line 2: b: command not found",
        );
        check(Language::Node, "", None, "process ended with exit code 1");
    }

    #[test]
    fn limits_are_failures_and_cancelling_is_not() {
        let outcome = |killed| Outcome {
            exit_code: 137,
            stdout: String::new(),
            stderr: String::new(),
            duration: Duration::from_secs(10),
            killed,
        };
        let exception = read(Language::Bash, &outcome(Some(Killed::Timeout))).unwrap();
        assert_eq!(exception.headline(), "ExecutionLimitExceeded: execution stopped after 10 s");
        assert_eq!(read(Language::Bash, &outcome(Some(Killed::Cancelled))), None);
    }
}
