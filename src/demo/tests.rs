//! The demo as a whole: every program against its listing, and a run against a real OTLP server.

use super::*;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue as ProtoKeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use tonic::{Request, Response, Status};

/// Interpreters of this machine; at least bash, or the tests would prove nothing.
fn interpreters() -> BTreeMap<Language, Interpreter> {
    let found: BTreeMap<_, _> = search(&Language::ALL)
        .into_iter()
        .filter_map(|(language, s)| Some((language, s.found()?.clone())))
        .collect();
    assert!(found.contains_key(&Language::Bash), "bash is needed here");
    found
}

/// Exit code and standard error of a run in a fresh folder whose name is taken out.
fn run_once(interpreter: &Interpreter, program: &Program) -> (i32, String, Option<exception::Exception>) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    let limits = Limits { timeout: Duration::from_secs(60), ..Limits::default() };
    let outcome = launch(interpreter, program, &folder, &[], limits, &AtomicBool::new(false)).unwrap();
    assert_eq!(outcome.killed, None, "{}", program.file_name());
    let exception = exception::read(program.language, &outcome);
    (outcome.exit_code, outcome.stderr.replace(folder.to_str().unwrap(), "."), exception)
}

/// Every program ends as it is listed. The first variant of each fault runs twice, with the same words; of
/// Java, which starts slowly, only the first program.
#[test]
fn programs_end_as_listed_every_time() {
    let found = interpreters();
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let check = |index: usize, program: &Program| {
        let Some(interpreter) = found.get(&program.language) else { return };
        let (code, stderr, exception) = run_once(interpreter, program);
        let name = program.file_name();
        assert_eq!(code != 0, program.fault.is_some(), "{name} ended with {code}: {stderr}");
        assert_eq!(exception.is_some(), program.fault.is_some(), "{name}");
        if let Some(exception) = exception {
            assert!(!stderr.is_empty(), "{name}");
            // Shells and compilers know no types; everything else names one.
            let typed = program.language != Language::Bash && program.kind != "compile";
            assert_eq!(exception.error_type.is_some(), typed, "{name}: {exception:?}");
        }
        let variant_before = index > 0 && PROGRAMS[index - 1].fault == program.fault;
        let slow_again = program.language == Language::Java && program.fault != Some("absent-value");
        if !variant_before && !slow_again {
            let again = run_once(interpreter, program);
            assert_eq!((again.0, again.1), (code, stderr), "{name} is not deterministic");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((index, program)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    PROGRAMS.get(index).map(|program| (index, program))
                } {
                    check(index, program);
                }
            });
        }
    });
}

/// An OTLP server that keeps what it gets.
#[derive(Clone, Default)]
struct Keeper {
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    logs: Arc<Mutex<Vec<ExportLogsServiceRequest>>>,
    /// Refuses everything but empty requests.
    refuses: bool,
}

#[tonic::async_trait]
impl TraceService for Keeper {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        if self.refuses && !request.resource_spans.is_empty() {
            return Err(Status::permission_denied("no token"));
        }
        self.traces.lock().unwrap().push(request);
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Keeper {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.logs.lock().unwrap().push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

async fn serve(keeper: &Keeper) -> (String, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(keeper.clone()))
        .add_service(LogsServiceServer::new(keeper.clone()));
    let mut task = JoinSet::new();
    task.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    (endpoint, task)
}

fn options(endpoint: String) -> DemoOptions {
    DemoOptions {
        endpoint,
        query_url: None,
        token: None,
        ca: None,
        rounds: 1,
        seed: 1,
        parallel: None,
        timeout_s: 60,
        only: vec![Language::Bash, Language::Node],
    }
}

fn text<'a>(attributes: &'a [ProtoKeyValue], key: &str) -> Option<&'a str> {
    fn inner(value: &AnyValue) -> Option<&str> {
        match value.value.as_ref()? {
            any_value::Value::StringValue(text) => Some(text),
            any_value::Value::ArrayValue(array) => inner(array.values.first()?),
            _ => None,
        }
    }
    inner(attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?)
}

/// Scenario: the demo against a server. Guarantees: every execution is one trace of three spans with its
/// session on each; every failure is told once at the failed span, by event or by record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_execution_arrives() {
    let keeper = Keeper::default();
    let (endpoint, _server) = serve(&keeper).await;
    let mut screen = Vec::new();
    let (totals, sent) = run_on(options(endpoint), &mut screen, false).await.unwrap();
    let shown = String::from_utf8(screen).unwrap();

    let requests = keeper.traces.lock().unwrap().clone();
    let resources: Vec<_> = requests.iter().flat_map(|request| &request.resource_spans).collect();
    let spans: Vec<&Span> =
        resources.iter().flat_map(|r| &r.scope_spans).flat_map(|scope| &scope.spans).collect();
    let requests = keeper.logs.lock().unwrap().clone();
    let scopes = requests.iter().flat_map(|request| &request.resource_logs).flat_map(|r| &r.scope_logs);
    let records: Vec<_> = scopes.flat_map(|scope| &scope.log_records).collect();

    let executions = totals.executions();
    assert_eq!(spans.len() as u64, 3 * executions);
    assert_eq!((sent.spans, sent.records), (spans.len() as u64, records.len() as u64));
    assert_eq!(sent.failed, 0);
    assert!(shown.contains(&format!("{executions} executions by ")), "{shown}");
    assert!(!shown.contains("Ended in another way"), "{shown}");

    // Told at the failed span, the one that runs the process: by event or by record, never both.
    let is_process = |span: &&&Span| !span.parent_span_id.is_empty() && span.name != "write_file";
    let by_event: BTreeSet<_> =
        spans.iter().filter(is_process).filter(|s| !s.events.is_empty()).map(|s| s.span_id.clone()).collect();
    let by_record: BTreeSet<_> = records.iter().map(|record| record.span_id.clone()).collect();
    assert!(by_event.is_disjoint(&by_record));
    assert!(!by_event.is_empty() && !by_record.is_empty());
    assert_eq!((by_event.len() + by_record.len()) as u64, totals.failed());
    let failed = spans.iter().filter(|span| span.parent_span_id.is_empty());
    let failed = failed.filter(|span| span.status.as_ref().is_some_and(|status| status.code == 2)).count();
    assert_eq!(failed as u64, totals.failed());

    let mut sessions_of_trace: HashMap<_, BTreeSet<_>> = HashMap::new();
    for span in &spans {
        let session = text(&span.attributes, "http.request.header.x-exec-session").expect("a session");
        assert_eq!(session.len(), 40);
        sessions_of_trace.entry(span.trace_id.clone()).or_default().insert(session);
        for key in
            ["enduser.id", "exec.id", "exec.language", "exec.code.snippet", "commit_hash", "pkg_versions"]
        {
            assert!(text(&span.attributes, key).is_some(), "{key}");
        }
        let parent = text(&span.attributes, "exec.session.parent_id");
        let known =
            |id| spans.iter().any(|s| text(&s.attributes, "http.request.header.x-exec-session") == Some(id));
        assert!(parent.is_none_or(known), "a parent session that was never seen");
    }
    assert_eq!(sessions_of_trace.len() as u64, executions);
    assert!(sessions_of_trace.values().all(|sessions| sessions.len() == 1));
    assert!(spans.iter().any(|span| text(&span.attributes, "exec.session.parent_id").is_some()));
    for resource in resources {
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        assert_eq!(text(attributes, "service.name"), Some("demo-runner"));
        assert_eq!(text(attributes, "container.id").map(str::len), Some(64));
    }
    for record in records {
        assert_eq!(record.severity_number, 17);
        assert!(text(&record.attributes, "exception.stacktrace").is_some_and(|stack| !stack.is_empty()));
        assert!(text(&record.attributes, "http.request.header.x-exec-session").is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unacknowledged_spans_are_an_error() {
    let (endpoint, _server) = serve(&Keeper { refuses: true, ..Keeper::default() }).await;
    let mut screen = Vec::new();
    let only = vec![Language::Bash];
    let error = run_on(DemoOptions { only, ..options(endpoint) }, &mut screen, false).await.unwrap_err();
    assert!(error.to_string().contains("were not acknowledged"), "{error}");
    let shown = String::from_utf8(screen).unwrap();
    assert!(shown.contains("NOT acknowledged: "), "{shown}");
}

#[tokio::test]
async fn a_wrong_endpoint_is_told_with_advice() {
    let check = async |endpoint: String, expected: &str, advice: &str| {
        let error = run_on(options(endpoint), io::sink(), false).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(expected) && text.contains(advice), "{text}");
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(format!("http://{closed}"), "no server answers at http://127.0.0.1:", "`errata serve`").await;
    for text in ["not a url", "127.0.0.1:4317", "ftp://127.0.0.1"] {
        check(text.to_owned(), "is not a URL", "--endpoint http://127.0.0.1:4317").await;
    }

    let app = axum::Router::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, app).await.unwrap() });
    check(format!("http://{http}"), "does not take OTLP traces over gRPC", "use the gRPC port").await;
}

#[test]
fn the_query_engine_is_sought_on_the_endpoint_host() {
    assert_eq!(query_url("http://10.0.0.7:4317"), "http://10.0.0.7:9680");
    assert_eq!(query_url("https://errata.example.org"), "http://errata.example.org:9680");
}
