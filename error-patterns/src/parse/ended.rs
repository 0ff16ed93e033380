//! How a program ended, in the words of who ran it: by a signal, a number that stands for one, or a limit.
//!
//! Shells, judges, container runtimes and process libraries each have words of their own for it; here they become those of a
//! shell, so that one way to end is one. Only where nothing else is said.

use super::shell::SIGNALS;
use super::text::trim;

/// Bytes of a text that says no more than that.
const TEXT_BYTES_MAX: usize = 200;

/// Numbers of signals on Linux, as far as programs are ended by them.
const NUMBERS: [(i64, &str); 15] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (31, "SIGSYS"),
];

/// What runners say of a limit, and the signal that they send when it is reached.
const MEMORY: [&str; 5] =
    ["oomkilled", "oom killed", "oom-killed", "memory limit exceeded", "out of memory: killed"];

const TIME: [&str; 4] =
    ["time limit exceeded", "exceeded time limit", "execution timed out after ", "exceeded the time limit"];
const TIME_WORDS: &str = "Time limit exceeded";
/// What Windows has in place of SIGSEGV, without and with a sign.
const ACCESS_VIOLATION: [i64; 2] = [0xc000_0005, 0xc000_0005 - (1 << 32)];
/// The status of coreutils' `timeout`.
const TIMED_OUT: i64 = 124;

/// The signal's name, empty for a limit of time, and a shell's words for it, of a text that tells of an end and of nothing else.
pub(super) fn by_signal(text: &str) -> Option<(&'static str, &'static str)> {
    let text = trim(text).trim_end_matches('.');
    // `[exit status 143]`
    let text = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    if text.is_empty() || text.len() > TEXT_BYTES_MAX || text.contains('\n') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if MEMORY.iter().any(|word| lower.contains(word)) {
        return named("SIGKILL");
    }
    if TIME
        .iter()
        .any(|word| lower.starts_with(word) || lower.starts_with("execution ") && lower.contains(word))
    {
        return Some(("", TIME_WORDS));
    }
    let words = lower.strip_prefix("signal: ").unwrap_or(&lower);
    let alone = SIGNALS
        .iter()
        .find(|(known, _)| words.trim_end_matches(" (core dumped)").eq_ignore_ascii_case(known));
    if let Some((_, name)) = alone {
        return named(name);
    }
    if let Some(at) = text.find("SIG").filter(|at| !text[..*at].ends_with(|c: char| c.is_alphanumeric())) {
        let end = text[at..].find(|c: char| !c.is_ascii_uppercase()).map_or(text.len(), |end| at + end);
        return tells_of_end(&lower).then(|| named(&text[at..end])).flatten();
    }
    let number = status(&lower)?;
    if number == TIMED_OUT {
        return Some(("", TIME_WORDS));
    }
    if ACCESS_VIOLATION.contains(&number) {
        return named("SIGSEGV");
    }
    let number = if number < 0 { -number } else { number.checked_sub(128)? };
    named(NUMBERS.iter().find(|(known, _)| *known == number)?.1)
}

/// A message with `signal 9` in place of what Python shows of it, `<Signals.SIGKILL: 9>`.
pub(super) fn plain(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, behind)) = rest.split_once("<Signals.SIG") {
        out.push_str(before);
        let shown =
            behind.split_once('>').and_then(|(shown, behind)| Some((shown.split_once(": ")?.1, behind)));
        let Some((number, behind)) = shown else { return message.to_owned() };
        out.push_str("signal ");
        out.push_str(number);
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn named(name: &str) -> Option<(&'static str, &'static str)> {
    SIGNALS.iter().find(|(_, known)| *known == name).map(|(words, name)| (*name, *words))
}

fn tells_of_end(lower: &str) -> bool {
    ["signal", "killed", "terminated", "died with", "exited", "runtime error", "crash"]
        .iter()
        .any(|word| lower.contains(word))
}

/// The exit status, where the text is no more than words around it.
fn status(lower: &str) -> Option<i64> {
    const WORDS: [&str; 5] =
        ["exit code ", "exit code: ", "exit status ", "exited with code ", "exited with status "];
    let (before, rest) = WORDS.iter().find_map(|words| lower.split_once(words))?;
    let (negative, digits) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let (number, behind) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let number: i64 = number.parse().ok()?;
    let alone = behind.trim().is_empty() && before.split_whitespace().count() <= 6 && !before.contains(':');
    alone.then_some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_words_of_those_who_run_programs() {
        for (text, name) in [
            ("Killed", "SIGKILL"),
            ("signal: killed", "SIGKILL"),
            ("OOMKilled", "SIGKILL"),
            ("Process exited with code 137", "SIGKILL"),
            ("exit status -9", "SIGKILL"),
            ("container exited with code 137 (OOMKilled)", "SIGKILL"),
            ("Process was terminated by signal 9 (SIGKILL)", "SIGKILL"),
            ("Command '['./a.out']' died with <Signals.SIGSEGV: 11>.", "SIGSEGV"),
            ("Memory Limit Exceeded", "SIGKILL"),
            ("signal: segmentation fault (core dumped)", "SIGSEGV"),
            ("Runtime Error (SIGSEGV)", "SIGSEGV"),
            ("process exited with code 139", "SIGSEGV"),
            ("Time Limit Exceeded", ""),
            ("exit status 124", ""),
            ("execution exceeded time limit of 10s", ""),
            ("exited with code -2", "SIGINT"),
            ("exited with code 130", "SIGINT"),
            ("[exit status 143]", "SIGTERM"),
            ("exited with code -1073741819", "SIGSEGV"),
        ] {
            assert_eq!(by_signal(text).map(|found| found.0), Some(name), "{text}");
        }
        for text in [
            "",
            "exit status 1",
            "exit code 255",
            "exit status 137: no such table",
            "cannot set a handler for SIGKILL",
            "killed by the moderator",
            "the job was killed\nKilled",
        ] {
            assert_eq!(by_signal(text), None, "{text}");
        }
    }
}
