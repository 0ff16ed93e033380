//! What the demo shows: progress while it runs (one line that changes on a terminal, a line per
//! execution elsewhere), and the summary at the end.
//!
//! Decides nothing; writes to any `Write`, so that tests read what a user would.

use super::interpreter::Search;
use super::programs::Language;
use super::telemetry::Sent;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

/// Characters of an exception shown in a progress line.
const HEADLINE_CHARS_MAX: usize = 48;

/// One execution that has ended.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) language: Language,
    pub(super) file_name: &'static str,
    pub(super) duration: Duration,
    /// Type and message of the exception, or `None` where the program ended well.
    pub(super) failure: Option<String>,
    /// The program ended in the other way than it is there to show.
    pub(super) unexpected: bool,
    pub(super) session_id: String,
    pub(super) restarted: bool,
    pub(super) user: &'static str,
}

/// Executions of one language.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    failed: u64,
    succeeded: u64,
}

/// Everything that the summary says.
#[derive(Debug, Default)]
pub(super) struct Totals {
    per_language: BTreeMap<Language, Tally>,
    sessions: BTreeSet<String>,
    restarted: BTreeSet<String>,
    users: BTreeSet<&'static str>,
    unexpected: Vec<&'static str>,
}

impl Totals {
    pub(super) fn add(&mut self, progress: &Progress) {
        let tally = self.per_language.entry(progress.language).or_default();
        *if progress.failure.is_some() { &mut tally.failed } else { &mut tally.succeeded } += 1;
        self.sessions.insert(progress.session_id.clone());
        if progress.restarted {
            self.restarted.insert(progress.session_id.clone());
        }
        self.users.insert(progress.user);
        if progress.unexpected && !self.unexpected.contains(&progress.file_name) {
            self.unexpected.push(progress.file_name);
        }
    }

    /// Executions that failed.
    pub(super) fn failed(&self) -> u64 {
        self.per_language.values().map(|tally| tally.failed).sum()
    }

    /// All executions.
    pub(super) fn executions(&self) -> u64 {
        self.failed() + self.per_language.values().map(|tally| tally.succeeded).sum::<u64>()
    }
}

/// Where progress and summary are written.
#[derive(Debug)]
pub(super) struct Screen<W> {
    out: W,
    /// The last line is rewritten instead of adding one.
    terminal: bool,
    expected: u64,
    done: u64,
}

impl<W: Write> Screen<W> {
    /// `expected` is the number of executions to come.
    pub(super) fn new(out: W, terminal: bool, expected: u64) -> Self {
        Self { out, terminal, expected, done: 0 }
    }

    /// What is about to run.
    ///
    /// # Errors
    /// As the writer.
    pub(super) fn start(&mut self, endpoint: &str, programs: usize, faults: usize) -> io::Result<()> {
        let expected = self.expected;
        writeln!(
            self.out,
            "Running {programs} small programs ({faults} faults in variants) in {expected} executions, \
             sending them to {endpoint}"
        )?;
        self.out.flush()
    }

    /// One execution has ended.
    ///
    /// # Errors
    /// As the writer.
    pub(super) fn progress(&mut self, progress: &Progress) -> io::Result<()> {
        self.done += 1;
        let (done, expected) = (self.done, self.expected);
        let failure: String = match &progress.failure {
            Some(text) => {
                text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(HEADLINE_CHARS_MAX).collect()
            }
            None => "ok".to_owned(),
        };
        let (file_name, ms) = (progress.file_name, progress.duration.as_millis());
        if self.terminal {
            let file_name: String = file_name.chars().take(20).collect();
            write!(self.out, "\r\x1b[2K[{done:>3}/{expected}] {file_name:<20} {failure}")?;
        } else {
            writeln!(self.out, "[{done:>3}/{expected}] {file_name:<22} {ms:>5} ms  {failure}")?;
        }
        self.out.flush()
    }

    /// Clears the changing line, so that what follows starts at the left.
    ///
    /// # Errors
    /// As the writer.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if self.terminal { write!(self.out, "\r\x1b[2K") } else { writeln!(self.out) }
    }

    /// What ran, what was sent, and what to look at.
    ///
    /// # Errors
    /// As the writer.
    pub(super) fn summary(
        &mut self,
        searches: &[(Language, Search)],
        totals: &Totals,
        sent: &Sent,
        elapsed: Duration,
        query_url: &str,
    ) -> io::Result<()> {
        let out = &mut self.out;
        writeln!(
            out,
            "{:<12} {:<14} {:>10} {:>8} {:>10}",
            "interpreter", "version", "executions", "failed", "succeeded"
        )?;
        for (language, search) in searches {
            let tally = totals.per_language.get(language).copied().unwrap_or_default();
            let Tally { failed, succeeded } = tally;
            match search {
                Search::Found(found) => {
                    let (command, version, all) = (found.command, &found.version, failed + succeeded);
                    writeln!(out, "{command:<12} {version:<14} {all:>10} {failed:>8} {succeeded:>10}")?;
                }
                Search::Missing { command } => {
                    writeln!(out, "{command:<12} not found on PATH, its programs were left out")?
                }
                Search::Unusable { command, reason } => writeln!(out, "{command:<12} left out: {reason}")?,
            }
        }
        let (executions, failed) = (totals.executions(), totals.failed());
        let (sessions, restarted, users) =
            (totals.sessions.len(), totals.restarted.len(), totals.users.len());
        writeln!(
            out,
            "\n{executions} executions by {users} users in {sessions} sessions ({restarted} of them restarts) \
             took {:.1} s; {failed} failed.",
            elapsed.as_secs_f64()
        )?;
        writeln!(out, "Acknowledged by the server: {} spans, {} log records.", sent.spans, sent.records)?;
        if sent.failed > 0 {
            let why = sent.first_failure.as_deref().unwrap_or("unknown reason");
            writeln!(out, "NOT acknowledged: {} spans and records ({why}).", sent.failed)?;
        }
        if !totals.unexpected.is_empty() {
            writeln!(out, "Ended in another way than meant: {}.", totals.unexpected.join(", "))?;
        }
        next_steps(out, failed, query_url)?;
        out.flush()
    }
}

fn next_steps(out: &mut impl Write, failed: u64, query_url: &str) -> io::Result<()> {
    writeln!(
        out,
        "\nWithin five seconds, the {failed} failures of this run are rows of `errors`, grouped into patterns:\n"
    )?;
    for query in NEXT_QUERIES {
        writeln!(out, "  errata sql \"{query}\"")?;
    }
    writeln!(out, "\nOr over HTTP: {query_url}/api/v1/patterns, and POST {query_url}/api/v1/sql")
}

/// What to look at first: patterns, masking and lineage, causes, failure rates.
const NEXT_QUERIES: [&str; 4] = [
    "SELECT error_type, canonical_msg, occurrences, distinct_users, severity FROM pattern_report \
     ORDER BY occurrences DESC LIMIT 15",
    "SELECT user_id, language, error_type, message FROM errors \
     WHERE message LIKE '%<email>%' OR message LIKE '%<user>%'",
    "SELECT parent_session_id, session_id, user_id, executions, failed_executions FROM sessions \
     WHERE parent_session_id IS NOT NULL",
    "SELECT exec_kind, count(*) AS executions, count(*) FILTER (WHERE status_code = 'ERROR') AS failed FROM spans \
     WHERE parent_span_id IS NULL GROUP BY exec_kind ORDER BY executions DESC",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::interpreter::Interpreter;

    fn progress(failure: Option<&str>) -> Progress {
        Progress {
            language: Language::Python,
            file_name: "load_orders.py",
            duration: Duration::from_millis(41),
            failure: failure.map(str::to_owned),
            unexpected: failure.is_none(),
            session_id: "5e55".to_owned(),
            restarted: true,
            user: "priya",
        }
    }

    #[test]
    fn lines_change_on_a_terminal_and_add_up_elsewhere() {
        let shown = |terminal| {
            let mut screen = Screen::new(Vec::new(), terminal, 2);
            screen.progress(&progress(Some("KeyError: 'a'\n\x1b[31m"))).unwrap();
            screen.progress(&progress(None)).unwrap();
            String::from_utf8(screen.out).unwrap()
        };
        assert_eq!(
            shown(false),
            "[  1/2] load_orders.py            41 ms  KeyError: 'a'  [31m\n[  2/2] load_orders.py            41 ms  ok\n"
        );
        assert!(!shown(true).contains('\n'));
        assert_eq!(shown(true).matches("\r\x1b[2K").count(), 2);
    }

    #[test]
    fn the_summary_tells_what_was_left_out() {
        let mut totals = Totals::default();
        totals.add(&progress(Some("KeyError: 'a'")));
        totals.add(&progress(None));
        let found = Interpreter {
            path: "/usr/bin/python3".into(),
            command: "python3",
            version: "3.11.7".to_owned(),
            arguments: &[],
        };
        let searches = [
            (Language::Python, Search::Found(found)),
            (Language::Node, Search::Missing { command: "node" }),
            (
                Language::Java,
                Search::Unusable { command: "java", reason: "version 1.8 is too old".to_owned() },
            ),
        ];
        let sent = Sent { spans: 3, records: 1, failed: 2, first_failure: Some("timeout".to_owned()) };
        let mut screen = Screen::new(Vec::new(), false, 2);
        screen.summary(&searches, &totals, &sent, Duration::from_millis(1_500), "http://h:9680").unwrap();
        let text = String::from_utf8(screen.out).unwrap();
        for line in [
            "python3      3.11.7                  2        1          1\n",
            "node         not found on PATH, its programs were left out\n",
            "java         left out: version 1.8 is too old\n",
            "2 executions by 1 users in 1 sessions (1 of them restarts) took 1.5 s; 1 failed.\n",
            "Acknowledged by the server: 3 spans, 1 log records.\n",
            "NOT acknowledged: 2 spans and records (timeout).\n",
            "Ended in another way than meant: load_orders.py.\n",
            "Or over HTTP: http://h:9680/api/v1/patterns, and POST http://h:9680/api/v1/sql\n",
        ] {
            assert!(text.contains(line), "{line}\nnot in\n{text}");
        }
        assert_eq!(text.matches("  errata sql \"SELECT ").count(), 4);
    }
}
