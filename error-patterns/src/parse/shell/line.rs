//! One line that a shell, or a command below it, printed.

use super::super::{located, text};
use crate::model::Frame;
use memchr::{memchr, memmem::Finder};
use std::sync::LazyLock;

const SHELLS: [&str; 12] =
    ["bash", "sh", "zsh", "dash", "ksh", "-bash", "-zsh", "-sh", "/bin/sh", "/bin/bash", "fish", "ash"];
/// What a shell says of a command that a signal ended, longest first.
pub(in crate::parse) const SIGNALS: [(&str, &str); 17] = [
    ("Segmentation fault", "SIGSEGV"),
    ("Floating point exception", "SIGFPE"),
    ("Illegal instruction", "SIGILL"),
    ("Trace/breakpoint trap", "SIGTRAP"),
    ("CPU time limit exceeded", "SIGXCPU"),
    ("File size limit exceeded", "SIGXFSZ"),
    ("User defined signal 1", "SIGUSR1"),
    ("User defined signal 2", "SIGUSR2"),
    ("Bad system call", "SIGSYS"),
    ("Alarm clock", "SIGALRM"),
    ("Broken pipe", "SIGPIPE"),
    ("Terminated", "SIGTERM"),
    ("Bus error", "SIGBUS"),
    ("Aborted", "SIGABRT"),
    ("Killed", "SIGKILL"),
    ("Hangup", "SIGHUP"),
    ("Interrupt", "SIGINT"),
];
static LINE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(": line "));

/// A source line that bash repeats: `` `}' ``.
pub(super) fn is_echo(message: &str) -> bool {
    message.len() > 1 && message.starts_with('`') && message.ends_with('\'')
}

/// Signs of a carriage return: escaped, as it is, and as zsh shows it.
pub(super) const RETURNS: [&str; 3] = ["\\r'", "\r: ", "^M"];

/// Whether a complaint shows a carriage return of the script's: `$'\r': command not found`, `exit: 3\r: numeric ...`,
/// zsh's `command not found: ^M`.
pub(super) fn shows_return(message: &str) -> bool {
    let [escaped, plain, shown] = RETURNS;
    message.contains(escaped) || message.contains(plain) || message.ends_with(shown)
}

/// A line of `set -x`: `+ cp a b`, `++ date`, zsh's `+a.sh:3> cp a b`.
pub(super) fn is_trace(line: &str) -> bool {
    let rest = line.trim_start_matches('+');
    rest.len() < line.len()
        && (rest.starts_with(' ')
            || rest.split_once("> ").is_some_and(|(place, _)| text::split_number(place, b':').is_some()))
}

/// Whether a line tells of something else than a failure: how far a program got, a warning, a logger's lower levels, a
/// judge's title.
pub(super) fn is_progress(line: &str) -> bool {
    const LEVELS: [&str; 7] = ["INFO", "DEBUG", "WARN", "WARNING", "NOTICE", "TRACE", "info"];
    let line = line.trim();
    let levels = line.split([' ', '[', ']', ':', '|']).filter(|word| !word.is_empty()).take(4);
    line.is_empty()
        || line.ends_with("...")
        || line.contains("%|")
        || line.starts_with("Runtime Error (NZEC")
        || line.starts_with("tar: Removing leading")
        || GIT_STATUS.iter().any(|start| line.starts_with(start))
        || line.split_once(": ").is_some_and(|(word, _)| word.ends_with("Warning"))
        || ["connecting to ", "Connecting to ", "Downloading "].iter().any(|start| line.starts_with(start))
        || levels.into_iter().any(|word| LEVELS.contains(&word))
}

/// What git tells before it says that there is nothing to commit.
const GIT_STATUS: [&str; 7] = [
    "On branch ",
    "HEAD detached at ",
    "Your branch is ",
    "Untracked files:",
    "Changes not staged for commit:",
    "(use \"git ",
    "Initial commit",
];
const GIT_NOTHING: [&str; 3] = ["nothing to commit", "nothing added to commit", "no changes added to commit"];

/// Whether a line has the form in which commands complain: `ls: cannot ...`, `tar (child): ...`, `npm ERR! ...`.
pub(super) fn is_tool(line: &str) -> bool {
    let bytes = line.as_bytes();
    if !bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'.')) {
        return false;
    }
    let end = bytes
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'+' | b'-')))
        .unwrap_or(bytes.len());
    let rest = &line[end..];
    rest.starts_with(": ")
        || GIT_NOTHING.iter().any(|start| line.starts_with(start))
        || rest.starts_with(" ERR! ")
        || rest.starts_with(" error ")
        || rest.starts_with('[') && rest.contains("]: ")
        || rest
            .strip_prefix(" (")
            .is_some_and(|rest| rest.split_once("): ").is_some_and(|(word, _)| word.len() < 32))
}

/// Commands that every shell has beside it, and what the system says to them.
const COMMANDS: [&str; 24] = [
    "cat", "ls", "cp", "mv", "rm", "mkdir", "rmdir", "touch", "grep", "sed", "awk", "tar", "find", "chmod",
    "chown", "ln", "head", "tail", "sort", "wc", "cut", "tee", "gzip", "unzip",
];
const SYSTEM: [&str; 7] = [
    ": No such file or directory",
    ": Permission denied",
    ": Is a directory",
    ": Not a directory",
    ": File exists",
    ": Directory not empty",
    ": No space left on device",
];

/// Whether a line is a complaint of a shell's usual commands: `cat: x: No such file or directory`.
pub(super) fn is_command(line: &str) -> bool {
    line.ends_with(|c: char| c.is_ascii_lowercase())
        && SYSTEM.iter().any(|words| line.ends_with(words))
        && line.split_once(": ").is_some_and(|(name, _)| COMMANDS.contains(&name))
}

/// A command that a signal ended: the signal's name, the shell's words for it, and the command.
/// `15532 Killed                  python3 a.py`, `Segmentation fault (core dumped) ./a.out`.
pub(super) fn signal(message: &str) -> Option<(&'static str, &str, &str)> {
    let rest = match text::leading_number(message.trim_start()) {
        Some((_, rest)) => rest.trim_start(),
        None => message.trim_start(),
    };
    let (words, name) = SIGNALS.iter().find(|(words, _)| rest.starts_with(words))?;
    let after = rest[words.len()..].trim_start();
    let after = after.strip_prefix("(core dumped)").unwrap_or(after);
    // Some shells put the command right behind the words.
    if after.starts_with(|c: char| !matches!(c, '.' | '/')) && after.len() == rest.len() - words.len() {
        return None;
    }
    Some((name, &rest[..words.len()], after.trim()))
}

/// `script: line 3: message`, `script: 3: message`, `script:3: message`, `script[3]: message`, `bash: message`.
pub(super) fn shell_line(line: &str) -> Option<(Frame<'_>, &str)> {
    let colon = memchr(b':', line.as_bytes())?;
    bash(line).or_else(|| other(&line[..colon], &line[colon + 1..]))
}

fn bash(line: &str) -> Option<(Frame<'_>, &str)> {
    let at = LINE.find(line.as_bytes())?;
    let (number, rest) = text::leading_number(&line[at + ": line ".len()..])?;
    let message = rest.strip_prefix(": ")?;
    let script = &line[..at];
    // `bash: -c: line 1`, `a.sh: eval: line 3`
    let script = script.strip_suffix(": -c").or_else(|| script.strip_suffix(": eval")).unwrap_or(script);
    if is_script(script) {
        return Some((located("", script, Some(number), None), message));
    }
    // Behind a prompt, or what a runner wrote before the line.
    let script = script.rsplit([' ', ']', '>']).next().unwrap_or_default();
    let is_known =
        script.ends_with("sh") || SHELLS.contains(&script) || ["main", "environment"].contains(&script);
    (is_known && is_script(script)).then(|| (located("", script, Some(number), None), message))
}

fn other<'a>(script: &'a str, rest: &'a str) -> Option<(Frame<'a>, &'a str)> {
    if !is_script(script) {
        return None;
    }
    let numbered = |number| located("", script, Some(number), None);
    let is_known = script.ends_with("sh") || SHELLS.contains(&script);
    if let Some((number, rest)) = text::leading_number(rest.trim_start()) {
        return is_known.then_some((numbered(number), rest.strip_prefix(": ")?));
    }
    // ksh: `a.sh[2]: f[1]: message`
    if let Some((script, number)) = bracketed(script) {
        let mut rest = rest.strip_prefix(' ')?;
        while let Some((_, inner)) = rest.split_once(": ").filter(|(name, _)| bracketed(name).is_some()) {
            rest = inner;
        }
        let is_known = script.ends_with("sh") || SHELLS.contains(&script);
        return is_known.then(|| (located("", script, Some(number), None), rest));
    }
    if is_known && !rest.starts_with(' ') {
        // zsh: `a.sh:cd:1: message`, `a.sh:f:1: message`
        let (_, rest) = rest.split_once(':').filter(|(name, _)| !name.contains([' ', '/']))?;
        let (number, rest) = text::leading_number(rest)?;
        return Some((numbered(number), rest.strip_prefix(": ")?));
    }
    // zsh, inside a function: `f: command not found: x`
    if rest.starts_with(" command not found: ") && !script.contains(' ') {
        return Some((located("", script, None, None), rest.trim_start()));
    }
    // ksh: `a.sh: syntax error at line 4: message`
    if is_known
        && let Some((number, _)) = rest.strip_prefix(" syntax error at line ").and_then(text::leading_number)
    {
        return Some((numbered(number), rest.trim_start()));
    }
    SHELLS.contains(&script).then(|| (located("", script, None, None), rest.trim_start()))
}

/// `a.sh[3]` as name and number.
fn bracketed(script: &str) -> Option<(&str, u32)> {
    let (name, number) = script.strip_suffix(']')?.rsplit_once('[')?;
    Some((name, text::number(number)?))
}

fn is_script(script: &str) -> bool {
    !script.is_empty()
        && script.len() <= 4096
        && !script.contains(": ")
        && !script.starts_with(['"', '\'', '[', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, script: &str, number: u32, message: &str) {
        let (frame, text) = shell_line(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((&*frame.file, frame.line.unwrap_or(0), text), (script, number, message));
    }

    #[test]
    fn reads_every_shells_lines() {
        check("a.sh: line 3: nosuch: command not found", "a.sh", 3, "nosuch: command not found");
        check("bash: -c: line 1: unexpected EOF", "bash", 1, "unexpected EOF");
        check(
            "a.sh: eval: line 22: syntax error: unexpected end of file",
            "a.sh",
            22,
            "syntax error: unexpected end of file",
        );
        check(
            "environment: line 1: nosuch: command not found",
            "environment",
            1,
            "nosuch: command not found",
        );
        check("bash: nosuch: command not found", "bash", 0, "nosuch: command not found");
        check("a.sh: 3: nosuch: not found", "a.sh", 3, "nosuch: not found");
        check(
            "dash: 1: Syntax error: Unterminated quoted string",
            "dash",
            1,
            "Syntax error: Unterminated quoted string",
        );
        check("a.sh:4: UNSET: must be set", "a.sh", 4, "UNSET: must be set");
        check("a.sh:cd:1: no such file or directory: /nope", "a.sh", 1, "no such file or directory: /nope");
        check("f: command not found: nosuch", "f", 0, "command not found: nosuch");
        check("zsh: command not found: nosuch", "zsh", 0, "command not found: nosuch");
        check("a.sh[2]: f[1]: nosuch: not found", "a.sh", 2, "nosuch: not found");
        check(
            "a.sh[1]: cd: /nope: [No such file or directory]",
            "a.sh",
            1,
            "cd: /nope: [No such file or directory]",
        );
        check(
            "a.sh: syntax error at line 4: `then' unmatched",
            "a.sh",
            4,
            "syntax error at line 4: `then' unmatched",
        );
        check("ksh: f[1]: nosuch: not found", "ksh", 0, "f[1]: nosuch: not found");
    }

    #[test]
    fn leaves_other_lines() {
        for line in [
            "ls: cannot access '/x': No such file",
            "a.py:3: note",
            "12:30:01 info: x",
            "",
            ":",
            "https://a/b",
        ] {
            assert!(shell_line(line).is_none(), "{line}");
        }
    }

    #[test]
    fn knows_signals() {
        assert_eq!(
            signal("155 Killed                  bash -c 'x'"),
            Some(("SIGKILL", "Killed", "bash -c 'x'"))
        );
        assert_eq!(
            signal("9 Segmentation fault      (core dumped) ./a"),
            Some(("SIGSEGV", "Segmentation fault", "./a"))
        );
        assert_eq!(signal("Aborted"), Some(("SIGABRT", "Aborted", "")));
        assert_eq!(signal("Killedby: x"), None);
        assert_eq!(signal("nosuch: command not found"), None);
    }
}
