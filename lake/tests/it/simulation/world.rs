//! The world that simulated processes share: the objects, the store's clock, the calls that wait for their
//! turn, and what must be true of the tables at every write.
//!
//! A call has no effect before it is granted, one at a time, so a seed decides every interleaving. Where it
//! is granted it may fail before its effect, lose its answer after it, or take effect only later.

use super::chance::Chance;
use bytes::Bytes;
use chrono::DateTime;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, Result};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use tokio::sync::{Notify, oneshot};

/// What a process asks of the store.
#[derive(Clone)]
pub(super) enum Call {
    Put { path: Path, bytes: Bytes, create: bool },
    Get { path: Path },
    Delete { path: Path },
    List { prefix: Path },
}

/// What the store answers.
pub(super) enum Reply {
    Done,
    Object(ObjectMeta, Bytes),
    Listing(Vec<ObjectMeta>),
}

type Answer = oneshot::Sender<Result<Reply>>;

struct Waiting {
    process: usize,
    call: Call,
    answer: Answer,
}

/// What the log of one table says.
#[derive(Default)]
struct Table {
    head: Option<u64>,
    live: HashSet<String>,
}

/// How likely each fault is, of 1000 calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// Refused, without effect: 500, 503, SlowDown, a connection that cannot be made.
    pub(super) refused: u64,
    /// Done, but the answer is lost: a timeout, a connection that was cut.
    pub(super) unanswered: u64,
    /// As lost, but done only later, behind calls that were made after it.
    pub(super) late: u64,
    /// A create-only write that is told of an object which is not there, or is its own.
    pub(super) conflict: u64,
}

pub(super) struct State {
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    /// The store's clock, which never jumps.
    pub(super) now_ms: i64,
    /// Which processes do something.
    pub(super) busy: Vec<bool>,
    /// How often each process was killed.
    pub(super) lives: Vec<u32>,
    objects: BTreeMap<Path, (Bytes, i64)>,
    waiting: Vec<Waiting>,
    late: Vec<Call>,
    tables: HashMap<String, Table>,
    violation: Option<String>,
    trace: VecDeque<String>,
    pub(super) calls: u64,
    pub(super) faulted: u64,
}

/// See the module.
pub(super) struct World {
    state: Mutex<State>,
    moved: Notify,
}

const TRACE_MAX: usize = 10_000;

impl World {
    pub(super) fn new(chance: Chance, processes: usize, now_ms: i64) -> Self {
        let state = State {
            chance,
            faults: Faults::default(),
            now_ms,
            busy: vec![false; processes],
            lives: vec![0; processes],
            objects: BTreeMap::new(),
            waiting: Vec::new(),
            late: Vec::new(),
            tables: HashMap::new(),
            violation: None,
            trace: VecDeque::new(),
            calls: 0,
            faulted: 0,
        };
        Self { state: Mutex::new(state), moved: Notify::new() }
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock())
    }

    /// Puts a call among those that wait. A process that is gone gets no answer.
    pub(super) fn submit(&self, process: usize, life: u32, call: Call) -> oneshot::Receiver<Result<Reply>> {
        let (answer, answered) = oneshot::channel();
        self.with(|state| {
            if state.lives[process] == life {
                state.waiting.push(Waiting { process, call, answer });
            }
        });
        self.moved.notify_one();
        answered
    }

    /// Says that a step of a process ended.
    pub(super) fn step_ended(&self, process: usize, life: u32) {
        self.with(|state| {
            if state.lives[process] == life {
                state.busy[process] = false;
            }
        });
        self.moved.notify_one();
    }

    /// Waits until every process either asks for something or has nothing under way.
    pub(super) async fn settle(&self) {
        loop {
            if self.with(|state| state.thinking().is_empty()) {
                return;
            }
            self.moved.notified().await;
        }
    }

    /// Notes the first thing that must not happen.
    pub(super) fn violate(&self, what: String) {
        self.with(|state| state.violate(what));
    }

    pub(super) fn note(&self, what: impl fmt::Display) {
        self.with(|state| state.note(what));
    }

    /// The first violation.
    pub(super) fn violation(&self) -> Option<String> {
        self.with(|state| state.violation.clone())
    }

    /// Takes what happened before it, or until now; the last of it.
    pub(super) fn trace(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.trace).into())
    }
}

impl State {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a process waits for an answer.
    pub(super) fn asks(&self, process: usize) -> bool {
        self.waiting.iter().any(|waiting| waiting.process == process)
    }

    /// Processes that do something and ask for nothing.
    pub(super) fn thinking(&self) -> Vec<usize> {
        (0..self.busy.len()).filter(|process| self.busy[*process] && !self.asks(*process)).collect()
    }

    /// A process that waits for a commit.
    pub(super) fn creating(&self) -> Option<usize> {
        let creates = |waiting: &&Waiting| matches!(waiting.call, Call::Put { create: true, .. });
        self.waiting.iter().find(creates).map(|waiting| waiting.process)
    }

    pub(super) fn late(&self) -> usize {
        self.late.len()
    }

    pub(super) fn note(&mut self, what: impl fmt::Display) {
        if self.violation.is_none() {
            if self.trace.len() == TRACE_MAX {
                self.trace.pop_front();
            }
            self.trace.push_back(format!("{:>9} {what}", self.now_ms % 1_000_000_000));
        }
    }

    pub(super) fn violate(&mut self, what: String) {
        self.note(format!("VIOLATION {what}"));
        self.violation.get_or_insert(what);
    }

    /// The bytes of an object, past all faults.
    pub(super) fn object(&self, path: &Path) -> Option<Bytes> {
        self.objects.get(path).map(|(bytes, _)| bytes.clone())
    }

    /// Paths of all data files of a table.
    pub(super) fn data_files(&self, table: &str) -> Vec<String> {
        let is_data = |path: &&Path| {
            path.as_ref().starts_with(&format!("{table}/date=")) && path.extension() == Some("parquet")
        };
        self.objects.keys().filter(is_data).map(ToString::to_string).collect()
    }

    /// Version and live files of a table.
    pub(super) fn table(&self, table: &str) -> (u64, Vec<String>) {
        let table = self.tables.get(table);
        table.map_or((0, Vec::new()), |t| (t.head.unwrap_or(0), t.live.iter().cloned().collect()))
    }

    /// Grants one of the calls that wait.
    pub(super) fn grant(&mut self) {
        let number = self.chance.below(self.waiting.len() as u64) as usize;
        let Waiting { process, call, answer } = self.waiting.swap_remove(number);
        self.calls += 1;
        self.now_ms += self.chance.below(40) as i64;
        let failed = |why: &'static str| Error::Generic { store: "simulated", source: why.into() };
        let Faults { refused, unanswered, late, conflict } = self.faults;
        let draw = self.chance.below(1000);
        let creates = matches!(call, Call::Put { create: true, .. });
        let result = if draw < refused {
            self.fault(process, &call, "refused");
            Err(failed("503 Slow Down"))
        } else if draw < refused + unanswered {
            self.fault(process, &call, "unanswered");
            self.apply(&call).and(Err(failed("connection reset after the request")))
        } else if draw < refused + unanswered + late && matches!(call, Call::Put { .. }) {
            self.fault(process, &call, "late");
            self.late.push(call);
            Err(failed("timed out"))
        } else if creates && draw < refused + unanswered + late + conflict {
            self.fault(process, &call, "conflict");
            if self.chance.below(2) == 0 {
                let _retried = self.apply(&call);
            }
            let path = call.path().to_string();
            Err(Error::AlreadyExists { path, source: "412 Precondition Failed".into() })
        } else {
            self.note(format!("{process} {call:?}"));
            self.apply(&call)
        };
        // Who asked may be gone.
        let _gone = answer.send(result);
    }

    /// The process is gone: what it asked for and was not granted happens now, later, or never.
    pub(super) fn kill(&mut self, process: usize) {
        self.lives[process] += 1;
        self.busy[process] = false;
        let (gone, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|w| w.process == process);
        self.waiting = waiting;
        self.note(format!("{process} killed"));
        for Waiting { call, .. } in gone {
            match self.chance.below(3) {
                0 if call.writes() => self.late.push(call),
                1 => {
                    self.note(format!("{process} {call:?} unseen"));
                    let _unseen = self.apply(&call);
                }
                _ => {}
            }
        }
    }

    /// What a process has asked for is on its way, for as long as it takes.
    pub(super) fn delay(&mut self, process: usize) {
        let (delayed, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|w| w.process == process);
        self.waiting = waiting;
        let delayed: Vec<Waiting> = delayed;
        self.late.extend(delayed.into_iter().map(|waiting| waiting.call));
    }

    /// One of the late calls takes effect.
    pub(super) fn land(&mut self) {
        if !self.late.is_empty() {
            let number = self.chance.below(self.late.len() as u64) as usize;
            let call = self.late.swap_remove(number);
            self.note(format!("late {call:?}"));
            let _nobody_waits = self.apply(&call);
        }
    }

    fn fault(&mut self, process: usize, call: &Call, kind: &str) {
        self.faulted += 1;
        self.note(format!("{process} {call:?} {kind}"));
    }

    fn apply(&mut self, call: &Call) -> Result<Reply> {
        match call {
            Call::Put { path, create: true, .. } if self.objects.contains_key(path) => {
                Err(Error::AlreadyExists { path: path.to_string(), source: "412".into() })
            }
            Call::Put { path, bytes, .. } => {
                self.check_put(path, bytes);
                self.objects.insert(path.clone(), (bytes.clone(), self.now_ms));
                Ok(Reply::Done)
            }
            Call::Get { path } => match self.objects.get(path) {
                Some((bytes, _)) => Ok(Reply::Object(self.meta(path), bytes.clone())),
                None => Err(Error::NotFound { path: path.to_string(), source: "404".into() }),
            },
            Call::Delete { path } => {
                self.check_delete(path);
                self.objects.remove(path);
                Ok(Reply::Done)
            }
            Call::List { prefix } => {
                let found = self.objects.keys().filter(|path| path.prefix_matches(prefix));
                Ok(Reply::Listing(found.map(|path| self.meta(path)).collect()))
            }
        }
    }

    fn meta(&self, path: &Path) -> ObjectMeta {
        let (bytes, modified_ms) = &self.objects[path];
        ObjectMeta {
            location: path.clone(),
            last_modified: DateTime::from_timestamp_millis(*modified_ms).unwrap(),
            size: bytes.len() as u64,
            e_tag: None,
            version: None,
        }
    }

    /// A commit is the version after the newest, names files that are there, and takes out what is in.
    fn check_put(&mut self, path: &Path, bytes: &Bytes) {
        let Some((name, version)) = entry(path) else {
            let live = self.tables.values().any(|table| table.live.contains(path.as_ref()));
            if live && self.object(path).as_ref() != Some(bytes) {
                self.violate(format!("live file {path} is written over"));
            }
            return;
        };
        let table = self.tables.get(&name);
        let head = table.and_then(|table| table.head);
        if head.map_or(0, |head| head + 1) != version {
            return self.violate(format!("version {version} of {name} is committed after {head:?}"));
        }
        let mut live = table.map(|table| table.live.clone()).unwrap_or_default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            let file = |action: &str| line[action]["path"].as_str().map(|path| format!("{name}/{path}"));
            if let Some(file) = file("remove")
                && !live.remove(&file)
            {
                self.violate(format!("version {version} removes {file}, which is not live"));
            }
            if let Some(file) = file("add") {
                if !self.objects.contains_key(&Path::from(file.as_str())) {
                    self.violate(format!("version {version} adds {file}, which does not exist"));
                }
                if !live.insert(file.clone()) {
                    self.violate(format!("version {version} adds {file} a second time"));
                }
            }
        }
        self.tables.insert(name, Table { head: Some(version), live });
    }

    /// Live files stay, and so do log entries that no checkpoint covers.
    fn check_delete(&mut self, path: &Path) {
        if self.tables.values().any(|table| table.live.contains(path.as_ref())) {
            self.violate(format!("live file {path} is deleted"));
        }
        if let Some((name, version)) = entry(path) {
            let covers = |found: &Path| checkpoint(found).is_some_and(|(t, of)| t == name && of >= version);
            if !self.objects.keys().any(covers) {
                self.violate(format!("version {version} of {name} is deleted without a checkpoint"));
            }
        }
        if let Some((name, version)) = checkpoint(path) {
            let newer = |found: &Path| checkpoint(found).is_some_and(|(t, of)| t == name && of > version);
            if self.objects.contains_key(path) && !self.objects.keys().any(newer) {
                self.violate(format!("checkpoint {version} of {name} is deleted without a newer one"));
            }
        }
    }
}

impl Call {
    fn path(&self) -> &Path {
        match self {
            Self::Put { path, .. } | Self::Get { path } | Self::Delete { path } => path,
            Self::List { prefix } => prefix,
        }
    }

    fn writes(&self) -> bool {
        matches!(self, Self::Put { .. })
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Put { create: true, .. } => "create",
            Self::Put { .. } => "put",
            Self::Get { .. } => "get",
            Self::Delete { .. } => "delete",
            Self::List { .. } => "list",
        };
        write!(f, "{verb} {}", self.path())
    }
}

/// Table and version of a log entry.
fn entry(path: &Path) -> Option<(String, u64)> {
    in_log(path, ".json")
}

/// Table and version of a checkpoint.
fn checkpoint(path: &Path) -> Option<(String, u64)> {
    in_log(path, ".checkpoint.parquet")
}

fn in_log(path: &Path, suffix: &str) -> Option<(String, u64)> {
    let (table, name) = path.as_ref().split_once("/_delta_log/")?;
    let version = name.strip_suffix(suffix).filter(|digits| digits.len() == 20)?;
    Some((table.to_owned(), version.parse().ok()?))
}
