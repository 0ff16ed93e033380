//! Finds the interpreters that the programs run with, on `PATH` only.
//!
//! A command counts as found when it says its version within [`VERSION_TIMEOUT`] and can launch a source
//! file. Knows nothing of programs or telemetry.

use super::programs::Language;
use super::sandbox::{self, Limits};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long a command may take to say its version: a cold Java on a busy machine takes seconds.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// The first Java that launches a source file without compiling it to a class file first (JEP 330).
const JAVA_MAJOR_MIN: u32 = 11;

/// A command that runs programs of one language.
#[derive(Clone, Debug)]
pub(super) struct Interpreter {
    /// Absolute path.
    pub(super) path: PathBuf,
    /// Name of the command, as the user would type it.
    pub(super) command: &'static str,
    /// Digits and dots.
    pub(super) version: String,
    /// Arguments before the program's file.
    pub(super) arguments: &'static [&'static str],
}

/// What the search for one language's interpreter came to.
#[derive(Clone, Debug)]
pub(super) enum Search {
    Found(Interpreter),
    /// No command of this name is on `PATH`.
    Missing {
        command: &'static str,
    },
    /// The command is there but cannot be used.
    Unusable {
        command: &'static str,
        reason: String,
    },
}

impl Search {
    pub(super) fn found(&self) -> Option<&Interpreter> {
        match self {
            Self::Found(interpreter) => Some(interpreter),
            Self::Missing { .. } | Self::Unusable { .. } => None,
        }
    }
}

/// Command, its version argument, and the arguments before a program's file.
fn command(language: Language) -> (&'static str, &'static str, &'static [&'static str]) {
    match language {
        Language::Python => ("python3", "--version", &[]),
        Language::Node => ("node", "--version", &[]),
        // The first tier and the serial collector start soonest and burn the fewest threads.
        Language::Java => ("java", "-version", &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]),
        Language::Bash => ("bash", "--version", &["--norc", "--noprofile"]),
    }
}

/// Searches `path` (the value of `PATH`) for the interpreter of `language` and asks it for its version.
/// Blocks for [`VERSION_TIMEOUT`] at most.
pub(super) fn search(language: Language, path: Option<&OsString>) -> Search {
    let (command, version_argument, arguments) = command(language);
    let folders = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let candidates = folders.iter().map(|folder| folder.join(command));
    let Some(path) = candidates.into_iter().find(|candidate| is_executable(candidate)) else {
        return Search::Missing { command };
    };
    match version(&path, version_argument) {
        Ok(version) if language == Language::Java && major(&version) < JAVA_MAJOR_MIN => {
            let reason =
                format!("version {version} cannot launch a source file, {JAVA_MAJOR_MIN} or later can");
            Search::Unusable { command, reason }
        }
        Ok(version) => Search::Found(Interpreter { path, command, version, arguments }),
        Err(reason) => Search::Unusable { command, reason },
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn version(path: &Path, argument: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let limits = Limits { timeout: VERSION_TIMEOUT, ..Limits::default() };
    let outcome = sandbox::run(path, &[argument.into()], folder.path(), &[], limits, &AtomicBool::new(false))
        .map_err(|error| error.to_string())?;
    let said = [outcome.stdout.as_str(), outcome.stderr.as_str()];
    match said.into_iter().find_map(version_number) {
        Some(version) if outcome.exit_code == 0 => Ok(version.to_owned()),
        _ => Err(format!("`{argument}` ended with exit code {}", outcome.exit_code)),
    }
}

/// The first number with its dots: `3.11.7` of `Python 3.11.7`.
fn version_number(text: &str) -> Option<&str> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let rest = &text[start..];
    let end = rest.find(|letter: char| letter != '.' && !letter.is_ascii_digit()).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches('.'))
}

fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        let check = |text, expected| assert_eq!(version_number(text), expected, "{text}");
        check("Python 3.11.7\n", Some("3.11.7"));
        check("v20.20.2\n", Some("20.20.2"));
        check("openjdk version \"21\" 2023-09-19\n", Some("21"));
        check("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n", Some("5.2.15"));
        check("command not found\n", None);
        assert_eq!(major("1.8.0"), 1);
        assert_eq!(major("21"), 21);
    }

    #[test]
    fn tells_missing_from_unusable() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = OsString::from(folder.path());
        assert!(matches!(search(Language::Node, Some(&path)), Search::Missing { command: "node" }));
        assert!(matches!(search(Language::Node, None), Search::Missing { command: "node" }));

        let node = folder.path().join("node");
        std::fs::write(&node, "#!/bin/sh\nexit 3\n").unwrap();
        assert!(matches!(search(Language::Node, Some(&path)), Search::Missing { .. }), "not executable");
        std::fs::set_permissions(&node, std::fs::Permissions::from_mode(0o755)).unwrap();
        let Search::Unusable { reason, .. } = search(Language::Node, Some(&path)) else {
            panic!("a command that fails is not usable");
        };
        assert_eq!(reason, "`--version` ended with exit code 3");
    }
}
