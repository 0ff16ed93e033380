//! Runs one command in a folder of its own and returns what it printed and how it ended.
//!
//! Bounded by [`Limits`]: a command that runs longer or prints more is killed. It gets an empty standard
//! input and only the environment variables that interpreters need to start. This is no security
//! boundary: the demo's programs are harmless by themselves. Must not know of languages or telemetry.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a running command is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Variables that are passed on: where commands, their libraries and their version switches live.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "JAVA_HOME",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "ASDF_DIR",
    "NVM_DIR",
];

/// What a command may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Wall-clock time.
    pub(super) timeout: Duration,
    /// Bytes kept of each output; a command that has written four times as much is killed.
    pub(super) output_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), output_bytes_max: 64 * 1024 }
    }
}

/// How a command ended.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Exit code; 128 and the signal's number where a signal ended the command, as shells say it.
    pub(super) exit_code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) duration: Duration,
    /// The limit that was reached, if one was.
    pub(super) killed: Option<Killed>,
}

/// Why a command was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Killed {
    /// It ran longer than the timeout.
    Timeout,
    /// It printed more than the limit.
    Output,
    /// The user stopped the demo.
    Cancelled,
}

/// Runs `path` with `arguments` in `folder`, with `variables` added to its environment; blocks until it
/// has ended, reached a limit, or `cancelled` is set.
///
/// # Errors
/// When the command cannot be started or its output cannot be read back.
pub(super) fn run(
    path: &Path,
    arguments: &[OsString],
    folder: &Path,
    variables: &[(&str, String)],
    limits: Limits,
    cancelled: &AtomicBool,
) -> io::Result<Outcome> {
    // Output goes to unnamed files, not pipes: nothing has to be drained, and a grandchild that outlives the
    // command cannot keep us waiting for the end of a pipe.
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let started = Instant::now();
    let mut child = Command::new(path)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(passed_on)
        .envs([
            ("LANG", "C.UTF-8"),
            ("PYTHONNOUSERSITE", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("NO_COLOR", "1"),
        ])
        .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0)
        .spawn()?;
    let (status, killed) = wait(&mut child, started, limits, cancelled, &[&stdout, &stderr])?;
    Ok(Outcome {
        exit_code: exit_code(status),
        stdout: read_back(&mut stdout, limits.output_bytes_max)?,
        stderr: read_back(&mut stderr, limits.output_bytes_max)?,
        duration: started.elapsed(),
        killed,
    })
}

fn wait(
    child: &mut Child,
    started: Instant,
    limits: Limits,
    cancelled: &AtomicBool,
    outputs: &[&File],
) -> io::Result<(ExitStatus, Option<Killed>)> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, None));
        }
        let printed_bytes: u64 =
            outputs.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        let killed = if cancelled.load(Ordering::Relaxed) {
            Some(Killed::Cancelled)
        } else if started.elapsed() >= limits.timeout {
            Some(Killed::Timeout)
        } else if printed_bytes > limits.output_bytes_max.saturating_mul(4) {
            Some(Killed::Output)
        } else {
            None
        };
        if killed.is_some() {
            child.kill()?;
            return Ok((child.wait()?, killed));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

fn read_back(file: &mut File, bytes_max: u64) -> io::Result<String> {
    use std::io::Seek as _;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limits: Limits, cancelled: bool) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-c".into(), script.into()];
        run(
            Path::new("/bin/sh"),
            &arguments,
            folder.path(),
            &[("EXTRA", "7".into())],
            limits,
            &AtomicBool::new(cancelled),
        )
        .unwrap()
    }

    #[test]
    fn returns_both_outputs_and_the_code() {
        let outcome = shell("echo out $EXTRA; echo err >&2; exit 5", Limits::default(), false);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("out 7\n", "err\n"));
        assert_eq!((outcome.exit_code, outcome.killed), (5, None));
    }

    #[test]
    fn signals_count_from_128() {
        assert_eq!(shell("kill -TERM $$", Limits::default(), false).exit_code, 143);
    }

    #[test]
    fn kills_what_runs_too_long_or_prints_too_much() {
        let limits = Limits { timeout: Duration::from_millis(60), output_bytes_max: 1_000 };
        let slow = shell("exec sleep 30", limits, false);
        assert_eq!((slow.killed, slow.exit_code), (Some(Killed::Timeout), 137));

        let limits = Limits { timeout: Duration::from_secs(20), ..limits };
        let loud = shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", limits, false);
        assert_eq!((loud.killed, loud.stdout.len()), (Some(Killed::Output), 1_000));
        assert_eq!(shell("exec sleep 30", limits, true).killed, Some(Killed::Cancelled));
    }

    #[test]
    fn passes_no_other_variable_on() {
        let seen = shell("env | cut -d= -f1", Limits::default(), false).stdout;
        let allowed: Vec<_> = seen.lines().filter(|name| name.starts_with("CARGO")).collect();
        assert!(allowed.is_empty(), "{allowed:?}");
    }
}
