//! The users' rules file: read at the start, looked at every few seconds, and read again when it changed or when
//! asked. A file that cannot be used changes nothing: the rules before it stay, and one log line says why.
//!
//! Knows nothing of what rules mean (that is `error_patterns::rules`).

use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use arc_swap::ArcSwap;
use error_patterns::rules::{Rules, RulesProblems, SECTIONS, TEXT_BYTES_MAX};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// Where the rules are, and how often the file is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesConfig {
    /// The file.
    pub path: PathBuf,
    /// How often it is looked at.
    pub interval: Duration,
}

/// Why a rules file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesFileError {
    /// It cannot be read.
    #[error("cannot read the rules file")]
    Read(#[from] std::io::Error),
    /// It is not text.
    #[error("the rules file is not UTF-8 text")]
    Text,
    /// It holds rules that cannot work.
    #[error("{} has {} problem(s):\n  {}", path.display(), problems.0.len(), lines(problems, "\n  "))]
    Problems {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problems: RulesProblems,
    },
}

fn lines(problems: &RulesProblems, between: &str) -> String {
    problems.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// Reads a rules file.
///
/// # Errors
/// [`RulesFileError`], which tells every problem of the file.
pub fn read_rules(path: &Path) -> Result<Rules, RulesFileError> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there is more.
    File::open(path)?.take(TEXT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| RulesFileError::Text)?;
    Rules::read(&text).map_err(|problems| RulesFileError::Problems { path: path.to_owned(), problems })
}

/// How long a file must have been left alone before it is read again, where it is not looked at more often.
const SETTLE: Duration = Duration::from_secs(1);

/// What tells that a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

/// `None` when there is no such file.
fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: metadata.modified().ok(), bytes: metadata.len(), inode: metadata.ino() })
}

/// The rules in use, and what is known of their file.
#[derive(Debug)]
struct InUse {
    rules: ArcSwap<Rules>,
    /// The file as it is now cannot be used.
    outdated: AtomicBool,
}

/// A rules file that is kept an eye on.
#[derive(Debug)]
pub(crate) struct RulesFile {
    /// `None`: there is no file, and there are no rules.
    config: Option<RulesConfig>,
    /// The file as it was when it was last read.
    read: Option<Stamp>,
    in_use: Arc<InUse>,
    asked: Arc<Notify>,
}

impl RulesFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// When it cannot be used: a start with half the rules would hide the mistake.
    pub(crate) async fn open(config: Option<RulesConfig>) -> Result<Self, RulesFileError> {
        let (mut stamp, mut rules) = (None, Rules::default());
        if let Some(config) = &config {
            let found = read(config.path.clone()).await;
            (stamp, rules) = (found.stamp, found.rules?);
            tell(&config.path, &rules, "the rules are in use");
        }
        let in_use = InUse { rules: ArcSwap::from_pointee(rules), outdated: AtomicBool::new(false) };
        Ok(Self { config, read: stamp, in_use: Arc::new(in_use), asked: Arc::default() })
    }

    /// The rules in use.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.in_use.rules.load_full()
    }

    /// Wakes [`Self::watch`], which then reads the file whether it changed or not.
    pub(crate) fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// Shows how many rules are in use, and whether the file is.
    pub(crate) fn observe(&self, meter: &Meter) {
        let in_use = Arc::clone(&self.in_use);
        meter
            .u64_observable_gauge("errata.rules.loaded")
            .with_unit("{rule}")
            .with_description("Users' rules in use")
            .with_callback(move |observer| {
                let counts = in_use.rules.load().counts();
                for (section, count) in SECTIONS.into_iter().zip(counts) {
                    observer.observe(count as u64, &[KeyValue::new("section", section)]);
                }
            })
            .build();
        let in_use = Arc::clone(&self.in_use);
        meter
            .u64_observable_gauge("errata.rules.outdated")
            .with_unit("{file}")
            .with_description("Rules files that cannot be used as they are now")
            .with_callback(move |observer| {
                observer.observe(u64::from(in_use.outdated.load(Ordering::Relaxed)), &[]);
            })
            .build();
    }

    /// Looks at the file for ever and hands new rules to the pipeline. Safe to cancel.
    ///
    /// A file that changed is read once two looks have found it alike: one that somebody is writing may be empty, and
    /// an empty one has no masks.
    pub(crate) async fn watch(mut self, pipeline: Arc<Pipeline>, metrics: Arc<Metrics>) {
        let Some(RulesConfig { path: file, interval }) = self.config else { return };
        let mut last = self.read;
        loop {
            let until = if last == self.read { interval } else { interval.min(SETTLE) };
            let asked = tokio::select! {
                () = tokio::time::sleep(until) => false,
                () = self.asked.notified() => true,
            };
            let path = file.clone();
            let now = tokio::task::spawn_blocking(move || stamp(&path)).await.unwrap_or(last);
            let settled = now == std::mem::replace(&mut last, now);
            if !asked && (now == self.read || !settled) {
                continue;
            }
            let found = read(file.clone()).await;
            if !asked && (found.stamp != now || !found.settled) {
                continue;
            }
            (self.read, last) = (found.stamp, found.stamp);
            self.in_use.outdated.store(found.rules.is_err(), Ordering::Relaxed);
            metrics.rules_read(found.rules.is_ok());
            match found.rules {
                Ok(rules) => {
                    tell(&file, &rules, "the rules changed and are in use");
                    let rules = Arc::new(rules);
                    pipeline.set_rules(&rules);
                    self.in_use.rules.store(rules);
                }
                Err(error) => refuse(&file, &error),
            }
        }
    }
}

/// What was read of the file.
struct Found {
    /// The file as it was before.
    stamp: Option<Stamp>,
    /// It was so afterwards as well.
    settled: bool,
    rules: Result<Rules, RulesFileError>,
}

async fn read(path: PathBuf) -> Found {
    let looked = tokio::task::spawn_blocking(move || {
        let before = stamp(&path);
        let rules = read_rules(&path);
        Found { stamp: before, settled: before == stamp(&path), rules }
    });
    looked.await.unwrap_or_else(|ended| Found {
        stamp: None,
        settled: true,
        rules: Err(std::io::Error::other(ended).into()),
    })
}

fn tell(path: &Path, rules: &Rules, what: &str) {
    let [fingerprint, frame, message, mask, taxonomy] = rules.counts();
    let path = path.display();
    let digest = format!("{:016x}", rules.digest());
    tracing::info!(%path, digest, fingerprint, frame, message, mask, taxonomy, "{what}");
    for warning in rules.warnings() {
        tracing::warn!(%path, "{warning}");
    }
}

fn refuse(path: &Path, error: &RulesFileError) {
    let path = path.display();
    let problems = match error {
        RulesFileError::Problems { problems, .. } => lines(problems, "; "),
        other => match std::error::Error::source(other) {
            Some(cause) => format!("{other}: {cause}"),
            None => other.to_string(),
        },
    };
    tracing::error!(%path, problems, "the rules file cannot be used; the rules before it stay");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_or_all_its_problems_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.toml");
        assert!(matches!(read_rules(&path), Err(RulesFileError::Read(_))));
        assert_eq!(stamp(&path), None);
        std::fs::write(&path, "[[mask]]\nmatches = 'ab'\nreplace = '<ab>'\n").unwrap();
        assert_eq!(read_rules(&path).unwrap().counts(), [0, 0, 0, 1, 0]);
        let before = stamp(&path);
        std::fs::write(&path, "[[mask]]\nmatches = 'a('\n[[frame]]\norigin = 'x'\n").unwrap();
        assert_ne!(stamp(&path), before);
        let problems = read_rules(&path).unwrap_err().to_string();
        assert!(problems.contains("rules.toml has 3 problem(s):\n  line 1: mask rule 1: "), "{problems}");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(read_rules(&path), Err(RulesFileError::Text)));
        std::fs::write(&path, "#".repeat(TEXT_BYTES_MAX + 1)).unwrap();
        assert!(read_rules(&path).unwrap_err().to_string().contains("limit is 1048576"));
    }
}
