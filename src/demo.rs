//! `errata demo`: runs real failing programs with the interpreters on this machine and sends what
//! happened over OTLP, so that a newcomer has something true to look at.
//!
//! Owns the order of things: find interpreters, connect, plan, run, report. Knows the server only as an
//! OTLP endpoint. Bounded by [`DemoOptions`]: executions at a time, time and output of each.

mod exception;
mod interpreter;
mod plan;
mod programs;
mod random;
mod sandbox;
mod screen;
mod telemetry;

use anyhow::{Context as _, anyhow, bail};
use interpreter::{Interpreter, Search};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use plan::{Execution, Lineage, Session};
pub(crate) use programs::Language;
use programs::{PROGRAMS, Program, fault_count};
use sandbox::Limits;
use screen::{Progress, Screen, Totals};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use telemetry::{ConnectError, Credentials, Runner, Sent, Uplink};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Progress reports that may wait for the screen.
const PROGRESS_QUEUE_LENGTH: usize = 64;

/// Run real failing programs and send what happened to a server
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoOptions {
    /// OTLP server to send to, over gRPC
    #[arg(long, default_value = "http://127.0.0.1:4317", value_name = "URL")]
    pub(crate) endpoint: String,
    /// Token with role ingest, for a server that asks for one
    #[arg(long, env = "ERRATA_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Certificate of the authority that signed the server's, in PEM, beside those of this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Query engine that the closing advice points to [default: the endpoint's host, port 9680]
    #[arg(long, value_name = "URL")]
    pub(crate) query_url: Option<String>,
    /// How many times every failing program runs
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Decides who runs what, in which order and session
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Programs that run at a time [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) parallel: Option<u16>,
    /// Seconds after which a program is stopped
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) timeout_s: u64,
    /// Only programs in these languages
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Language>,
}

/// Runs the demo and prints progress and summary to standard output.
///
/// Needs a multi-threaded runtime. Cancelling it stops the programs that run.
///
/// # Errors
/// When no interpreter is found, the server cannot be reached or leaves spans unacknowledged, or a
/// program cannot be started.
pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let out = io::stdout();
    let terminal = out.is_terminal();
    let result = run_on(options, out, terminal).await;
    // `errata demo | head`: the reader has seen what it wanted.
    let broken_pipe = |error: &anyhow::Error| {
        error.downcast_ref().is_some_and(|e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe)
    };
    match result {
        Err(error) if broken_pipe(&error) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// As [`run`], on any screen. Returns what ran and what was sent.
async fn run_on<W: Write>(options: DemoOptions, out: W, terminal: bool) -> anyhow::Result<(Totals, Sent)> {
    let uplink = Uplink::connect(&options.endpoint, &credentials(&options)?).await.map_err(advise)?;
    let wanted = if options.only.is_empty() { Language::ALL.to_vec() } else { options.only.clone() };
    let searches = tokio::task::spawn_blocking(move || search(&wanted)).await?;
    let found: BTreeMap<_, _> =
        searches.iter().filter_map(|(language, search)| Some((*language, search.found()?.clone()))).collect();
    let programs: Vec<&'static Program> =
        PROGRAMS.iter().filter(|program| found.contains_key(&program.language)).collect();
    if programs.is_empty() {
        bail!("no interpreter to run programs with: put python3, node, java (11 or later) or bash on PATH");
    }

    let started = Instant::now();
    let lineages = plan::plan(&programs, options.rounds, options.seed);
    let expected = lineages.iter().flatten().map(|session| session.executions.len() as u64).sum();
    let mut screen = Screen::new(out, terminal, expected);
    screen.start(&options.endpoint, programs.len(), fault_count(programs))?;
    let folder = tempfile::Builder::new().prefix("errata-demo-").tempdir().context("no temporary folder")?;
    let limits = Limits { timeout: Duration::from_secs(options.timeout_s), ..Limits::default() };
    let stage = Arc::new(Stage { uplink, found, limits, folder, cancelled: AtomicBool::new(false) });
    let totals = play(&stage, lineages, options.parallel, &mut screen).await?;

    let sent = stage.uplink.sent();
    let query_url = options.query_url.unwrap_or_else(|| query_url(&options.endpoint));
    screen.clear()?;
    screen.summary(&searches, &totals, &sent, started.elapsed(), &query_url)?;
    if sent.failed > 0 {
        bail!("{} spans and log records were not acknowledged by {}", sent.failed, options.endpoint);
    }
    Ok((totals, sent))
}

fn credentials(options: &DemoOptions) -> anyhow::Result<Credentials> {
    let read =
        |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let authority = options.ca.as_ref().map(read).transpose()?;
    Ok(Credentials { token: options.token.clone(), authority })
}

fn search(languages: &[Language]) -> Vec<(Language, Search)> {
    let path = std::env::var_os("PATH");
    languages.iter().map(|language| (*language, interpreter::search(*language, path.as_ref()))).collect()
}

/// Adds what to do about it to a failed connection.
fn advise(error: ConnectError) -> anyhow::Error {
    let advice = match &error {
        ConnectError::Url { .. } => "name it like this: errata demo --endpoint http://127.0.0.1:4317",
        ConnectError::Connect { .. } => {
            "start a server in another terminal with `errata serve`, \
             or name a running one: errata demo --endpoint http://HOST:4317"
        }
        ConnectError::Refused { .. } => {
            "give a token with role ingest, as `errata token create --role ingest --name demo` makes them, \
             with --token or in ERRATA_TOKEN"
        }
        ConnectError::Credential(_) => "give a token as `errata token create` printed it",
        ConnectError::NotOtlp { .. } => "use the gRPC port, 4317 by default; 4318 speaks OTLP over HTTP",
    };
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    // The layers between say nothing that the first and the last do not.
    let reason = if error.source().is_some() { format!(": {cause}") } else { String::new() };
    anyhow!("{error}{reason}\n  {advice}")
}

/// Where the query engine listens when nothing else is said: port 9680 of the endpoint's host.
fn query_url(endpoint: &str) -> String {
    let uri: Option<tonic::codegen::http::Uri> = endpoint.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or("127.0.0.1");
    format!("http://{host}:9680")
}

/// What all sessions share.
#[derive(Debug)]
struct Stage {
    uplink: Uplink,
    found: BTreeMap<Language, Interpreter>,
    limits: Limits,
    folder: tempfile::TempDir,
    cancelled: AtomicBool,
}

/// Sets the flag when dropped, so that programs stop when the demo is cancelled or fails.
struct CancelOnDrop<'a>(&'a AtomicBool);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs all lineages, a few at a time, and shows progress.
async fn play<W: Write>(
    stage: &Arc<Stage>,
    lineages: Vec<Lineage>,
    parallel: Option<u16>,
    screen: &mut Screen<W>,
) -> anyhow::Result<Totals> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let slots = Arc::new(Semaphore::new(parallel.map_or(cores, usize::from)));
    let (sender, mut receiver) = mpsc::channel(PROGRESS_QUEUE_LENGTH);
    let _cancel = CancelOnDrop(&stage.cancelled);
    let mut tasks = JoinSet::new();
    for lineage in lineages {
        let (stage, slots, sender) = (Arc::clone(stage), Arc::clone(&slots), sender.clone());
        tasks.spawn(async move {
            let _slot = slots.acquire_owned().await?;
            tokio::task::spawn_blocking(move || run_lineage(&stage, &lineage, &sender)).await?
        });
    }
    drop(sender);
    let mut totals = Totals::default();
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            progress = receiver.recv() => match progress {
                Some(progress) => {
                    totals.add(&progress);
                    screen.progress(&progress)?;
                }
                None => break,
            },
            _ = &mut interrupted => {
                screen.clear()?;
                bail!("stopped after {} executions", totals.executions());
            }
        }
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(totals)
}

/// Runs the sessions of a lineage one after another; blocks.
fn run_lineage(stage: &Stage, lineage: &[Session], progress: &mpsc::Sender<Progress>) -> anyhow::Result<()> {
    let mut parent: Option<String> = None;
    for session in lineage {
        let start_unix_ms = chrono::Utc::now().timestamp_millis();
        let id = session.id(start_unix_ms);
        let runner = stage.uplink.runner(session.host, &session.container_id)?;
        let place = Place { stage, session, id: &id, parent: parent.as_deref(), start_unix_ms };
        let result =
            session.executions.iter().try_for_each(|execution| run_one(&place, &runner, execution, progress));
        runner.finish();
        result?;
        parent = Some(id);
    }
    Ok(())
}

/// A session that has started.
struct Place<'a> {
    stage: &'a Stage,
    session: &'a Session,
    id: &'a str,
    parent: Option<&'a str>,
    start_unix_ms: i64,
}

fn run_one(
    place: &Place<'_>,
    runner: &Runner,
    execution: &Execution,
    progress: &mpsc::Sender<Progress>,
) -> anyhow::Result<()> {
    let Place { stage, session, .. } = place;
    if stage.cancelled.load(Ordering::Relaxed) {
        bail!("cancelled");
    }
    let program = execution.program;
    let interpreter = stage
        .found
        .get(&program.language)
        .with_context(|| format!("no interpreter for {}", program.language))?;
    let folder = stage.folder.path().join(&execution.id);
    let trace = runner.start(program.kind, interpreter.command, attributes(place, execution, interpreter));
    let variables = [("TRACEPARENT", trace.traceparent()), ("X_EXEC_SESSION", place.id.to_owned())];
    let outcome = launch(interpreter, program, &folder, &variables, stage.limits, &stage.cancelled)?;
    let exception = exception::read(program.language, &outcome);
    trace.end(&outcome, exception.as_ref(), execution.telling);
    let shown_folder = format!("{}/", folder.display());
    // The receiver is gone only when the demo is being cancelled.
    let _ = progress.blocking_send(Progress {
        language: program.language,
        file_name: program.file_name(),
        duration: outcome.duration,
        unexpected: exception.is_some() != program.fault.is_some(),
        failure: exception.map(|exception| exception.headline().replace(&shown_folder, "")),
        session_id: place.id.to_owned(),
        restarted: place.parent.is_some(),
        user: session.user,
    });
    Ok(())
}

/// Writes a program into a new folder, runs it there, and removes the folder.
fn launch(
    interpreter: &Interpreter,
    program: &Program,
    folder: &Path,
    variables: &[(&str, String)],
    limits: Limits,
    cancelled: &AtomicBool,
) -> anyhow::Result<sandbox::Outcome> {
    let file = folder.join(program.file_name());
    std::fs::create_dir(folder).with_context(|| format!("cannot make folder {}", folder.display()))?;
    std::fs::write(&file, program.source).with_context(|| format!("cannot write {}", file.display()))?;
    let arguments: Vec<_> =
        interpreter.arguments.iter().map(Into::into).chain([file.into_os_string()]).collect();
    let outcome = sandbox::run(&interpreter.path, &arguments, folder, variables, limits, cancelled)
        .with_context(|| format!("cannot run {} {}", interpreter.path.display(), program.file_name()))?;
    std::fs::remove_dir_all(folder).with_context(|| format!("cannot remove folder {}", folder.display()))?;
    Ok(outcome)
}

/// The attributes of an execution's spans and log records.
fn attributes(place: &Place<'_>, execution: &Execution, interpreter: &Interpreter) -> Vec<KeyValue> {
    let Place { session, id, parent, start_unix_ms, .. } = place;
    let texts = |texts: Vec<StringValue>| Value::Array(Array::String(texts));
    let packages: serde_json::Map<_, _> = session
        .project
        .packages
        .iter()
        .map(|(name, version)| ((*name).to_owned(), (*version).into()))
        .collect();
    let program = execution.program;
    let mut attributes = vec![
        // As the HTTP conventions have it: an array, for a header may be sent twice.
        KeyValue::new("http.request.header.x-exec-session", texts(vec![(*id).to_owned().into()])),
        KeyValue::new("exec.session.start_time", start_unix_ms.to_string()),
        KeyValue::new("enduser.id", session.user),
        KeyValue::new("exec.id", execution.id.clone()),
        KeyValue::new("exec.language", program.language.name()),
        KeyValue::new("exec.code.snippet", program.source),
        KeyValue::new("exec.tags", texts(session.tags.iter().map(|tag| (*tag).into()).collect())),
        KeyValue::new("commit_hash", session.commit.clone()),
        KeyValue::new("branch", session.project.branch),
        KeyValue::new("virtualenv", session.project.virtualenv),
        KeyValue::new("pkg_versions", serde_json::Value::Object(packages).to_string()),
        KeyValue::new("process.runtime.name", interpreter.command),
        KeyValue::new("process.runtime.version", interpreter.version.clone()),
    ];
    if let Some(parent) = parent {
        attributes.push(KeyValue::new("exec.session.parent_id", (*parent).to_owned()));
    }
    attributes
}

#[cfg(test)]
mod tests;
