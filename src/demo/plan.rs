//! Who runs what, in which session: decided from a seed alone, so that one seed always gives one plan.
//!
//! Programs are dealt to sessions of one language; a session that was restarted is followed by its
//! successor, which names it as its parent. Knows nothing of processes or telemetry.

use super::programs::{Language, Program};
use super::random::Random;
use sha1::{Digest as _, Sha1};

/// Executions in one session, least and most.
const SESSION_EXECUTIONS: (usize, usize) = (3, 6);

/// People and agents, named as platforms name them: some by mail address, which must come out masked.
pub(super) const USERS: [&str; 12] = [
    "lena.hofmann@example.org",
    "s.okafor@example.com",
    "m.tanaka@example.net",
    "eva.lindqvist@example.com",
    "u-1041",
    "u-1077",
    "u-2210",
    "priya",
    "jruiz",
    "student-07",
    "student-19",
    "agent-billing",
];
const HOSTS: [&str; 3] = ["runner-1", "runner-2", "runner-3"];
const TAGS: [&[&str]; 4] = [&["homework", "week-3"], &["agent", "tool-call"], &["nightly"], &["notebook"]];

/// What the users of one language work on.
#[derive(Debug)]
pub(super) struct Project {
    language: Language,
    pub(super) branch: &'static str,
    pub(super) virtualenv: &'static str,
    /// Name and version.
    pub(super) packages: &'static [(&'static str, &'static str)],
}

const PROJECTS: &[Project] = &[
    Project {
        language: Language::Python,
        branch: "main",
        virtualenv: "pricing-3.11",
        packages: &[("requests", "2.32.3"), ("pydantic", "2.9.2")],
    },
    Project {
        language: Language::Python,
        branch: "feature/forecast",
        virtualenv: "forecast",
        packages: &[("numpy", "2.1.3"), ("pandas", "2.2.3")],
    },
    Project {
        language: Language::Node,
        branch: "main",
        virtualenv: "storefront",
        packages: &[("express", "4.21.1"), ("undici", "6.21.0")],
    },
    Project {
        language: Language::Java,
        branch: "release/4.2",
        virtualenv: "ledger",
        packages: &[("com.fasterxml.jackson.core:jackson-databind", "2.18.1")],
    },
    Project {
        language: Language::Bash,
        branch: "main",
        virtualenv: "ops-tools",
        packages: &[("jq", "1.7.1")],
    },
];

/// How a failure is told: SDKs differ, and each way must count one exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// An event on the failed span, and again on its parent.
    SpanEvents,
    /// A log record, and an event on the parent span.
    LogAndParentEvent,
    /// A log record only.
    Log,
}

/// One execution of a program.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) program: &'static Program,
    pub(super) telling: Telling,
}

/// One session: a user in a container.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: &'static str,
    pub(super) host: &'static str,
    /// 64 hexadecimal digits.
    pub(super) container_id: String,
    pub(super) project: &'static Project,
    /// 40 hexadecimal digits.
    pub(super) commit: String,
    pub(super) tags: &'static [&'static str],
    pub(super) executions: Vec<Execution>,
}

impl Session {
    /// The session's id: SHA-1 over user, container and start time (milliseconds of the Unix epoch).
    pub(super) fn id(&self, start_unix_ms: i64) -> String {
        let mut hash = Sha1::new();
        hash.update(self.user);
        hash.update(&self.container_id);
        hash.update(start_unix_ms.to_string());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A session and the restarts that followed it, oldest first: each is the parent of the next.
pub(super) type Lineage = Vec<Session>;

/// Plans `rounds` rounds, in each of which every failing program of `languages` runs once and half as
/// many executions end well.
pub(super) fn plan(programs: &[&'static Program], rounds: u32, seed: u64) -> Vec<Lineage> {
    let mut random = Random::new(seed);
    let mut users = USERS;
    random.shuffle(&mut users);
    let mut lineages: Vec<Lineage> = Vec::new();
    let mut failures = 0;
    for _ in 0..rounds {
        let mut round: Vec<Lineage> = Vec::new();
        for language in Language::ALL {
            let mut runs = runs(programs, language);
            random.shuffle(&mut runs);
            deal(&runs, language, &mut random, &mut failures, &mut round);
        }
        random.shuffle(&mut round);
        lineages.append(&mut round);
    }
    for (index, lineage) in lineages.iter_mut().enumerate() {
        for session in lineage {
            session.user = users[index % users.len()];
        }
    }
    lineages
}

/// All failing programs of `language` once, and half as many runs of those that end well.
fn runs(programs: &[&'static Program], language: Language) -> Vec<&'static Program> {
    let of_language = programs.iter().copied().filter(|program| program.language == language);
    let (mut runs, good): (Vec<_>, Vec<_>) = of_language.partition(|program| program.fault.is_some());
    let good_runs = runs.len().div_ceil(2);
    runs.extend(good.into_iter().cycle().take(good_runs));
    runs
}

/// Deals `runs` to sessions; about one in three sessions is restarted.
fn deal(
    mut runs: &[&'static Program],
    language: Language,
    random: &mut Random,
    failures: &mut usize,
    lineages: &mut Vec<Lineage>,
) {
    let projects: Vec<&'static Project> =
        PROJECTS.iter().filter(|project| project.language == language).collect();
    let (least, most) = SESSION_EXECUTIONS;
    let mut restarted = false;
    while !runs.is_empty() {
        let count = (least + random.below(most - least + 1)).min(runs.len());
        let (now, later) = runs.split_at(count);
        runs = later;
        let executions = now.iter().map(|program| execution(program, random, failures)).collect();
        let mut session = Session {
            user: USERS[0],
            host: random.pick(&HOSTS),
            container_id: random.hex(64),
            project: random.pick(&projects),
            commit: random.hex(40),
            tags: random.pick(&TAGS),
            executions,
        };
        match lineages.last_mut() {
            Some(lineage) if restarted => {
                let parent = lineage.last().expect("a lineage starts with a session");
                session.project = parent.project;
                session.commit.clone_from(&parent.commit);
                session.tags = parent.tags;
                lineage.push(session);
            }
            _ => lineages.push(vec![session]),
        }
        restarted = random.below(3) == 0;
    }
}

fn execution(program: &'static Program, random: &mut Random, failures: &mut usize) -> Execution {
    const TELLINGS: [Telling; 5] = [
        Telling::SpanEvents,
        Telling::LogAndParentEvent,
        Telling::SpanEvents,
        Telling::Log,
        Telling::SpanEvents,
    ];
    let telling = TELLINGS[*failures % TELLINGS.len()];
    *failures += usize::from(program.fault.is_some());
    Execution { id: format!("exec-{}", random.hex(16)), program, telling }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::programs::PROGRAMS;
    use std::collections::BTreeSet;

    fn all() -> Vec<&'static Program> {
        PROGRAMS.iter().collect()
    }

    #[test]
    fn a_seed_decides_the_plan() {
        let shown = |seed| format!("{:?}", plan(&all(), 2, seed));
        assert_eq!(shown(7), shown(7));
        assert_ne!(shown(7), shown(8));
    }

    #[test]
    fn a_third_ends_well_in_every_round() {
        let lineages = plan(&all(), 3, 1);
        let executions: Vec<_> = lineages.iter().flatten().flat_map(|session| &session.executions).collect();
        let failing = executions.iter().filter(|execution| execution.program.fault.is_some()).count();
        let programs = PROGRAMS.iter().filter(|program| program.fault.is_some()).count();
        assert_eq!(failing, 3 * programs);
        let good = executions.len() - failing;
        assert!((0.30..0.37).contains(&(good as f64 / executions.len() as f64)), "{good}");
        let ids: BTreeSet<_> = executions.iter().map(|execution| &execution.id).collect();
        assert_eq!(ids.len(), executions.len());
    }

    #[test]
    fn users_lineages_and_tellings_all_occur() {
        for seed in 0..20 {
            let lineages = plan(&all(), 1, seed);
            let users: BTreeSet<_> = lineages.iter().flatten().map(|session| session.user).collect();
            assert!(users.len() >= 8, "seed {seed}: {users:?}");
            assert!(lineages.iter().any(|lineage| lineage.len() > 1), "seed {seed}");
            assert!(
                lineages.iter().flatten().all(|session| session.executions.len() <= SESSION_EXECUTIONS.1)
            );
            for telling in [Telling::SpanEvents, Telling::LogAndParentEvent, Telling::Log] {
                let told =
                    |execution: &Execution| execution.program.fault.is_some() && execution.telling == telling;
                assert!(
                    lineages.iter().flatten().flat_map(|session| &session.executions).any(told),
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn session_ids_are_sha1() {
        let mut session = plan(&all(), 1, 1).remove(0).remove(0);
        (session.user, session.container_id) = ("ab", "c".to_owned());
        // printf abc123 | sha1sum
        assert_eq!(session.id(123), "6367c48dd193d56ea7b0baad25b19455e529f5ee");
    }
}
