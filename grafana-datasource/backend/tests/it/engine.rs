//! A real engine with a few failed executions in it.

use crate::host::now_ms;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// `errata serve` on ports of its own.
pub(crate) struct Engine {
    child: Child,
    folder: TempDir,
    scheme: &'static str,
    pub(crate) http: String,
    otlp: String,
    client: reqwest::Client,
    token: Option<String>,
}

fn binary() -> String {
    std::env::var("ERRATA_TEST_BIN").expect("ERRATA_TEST_BIN names an errata binary; tests/run sets it")
}

/// The process.
fn spawn(folder: &TempDir, http: &str, environment: &[(&str, &str)]) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut command = Command::new(binary());
    command.arg("serve").arg("--data-dir").arg(folder.path().join("data")).args(["--http-addr", http]);
    for flag in ["--otlp-grpc-addr", "--otlp-http-addr", "--grpc-addr"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    command.spawn().unwrap()
}

impl Engine {
    /// Starts one, with more of the environment if wanted.
    pub(crate) async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_at("http", environment).await
    }

    /// Starts one whose ports speak TLS.
    pub(crate) async fn start_with_tls(environment: &[(&str, &str)]) -> Self {
        Self::start_at("https", environment).await
    }

    async fn start_at(scheme: &'static str, environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let client = reqwest::Client::builder().no_proxy().danger_accept_invalid_certs(true).build().unwrap();
        let child = spawn(&folder, "127.0.0.1:0", environment);
        let mut engine =
            Self { child, folder, scheme, http: String::new(), otlp: String::new(), client, token: None };
        engine.await_ready().await;
        engine
    }

    async fn await_ready(&mut self) {
        let file = self.folder.path().join("data/addresses.json");
        let found =
            wait_until("addresses.json of errata serve", || std::fs::read_to_string(&file).ok()).await;
        let found: Value = serde_json::from_str(&found).unwrap();
        let at = |name: &str| {
            format!(
                "{}://{}",
                self.scheme,
                found[name].as_str().unwrap_or_else(|| panic!("{name} in {found}"))
            )
        };
        (self.http, self.otlp) = (at("http"), at("otlp_http"));
        let began = Instant::now();
        while self.client.get(format!("{}/readyz", self.http)).send().await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "errata serve does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills it and starts another one over the same data, at the same address.
    pub(crate) async fn restart(&mut self) {
        self.child.kill().await.unwrap();
        _ = std::fs::remove_file(self.folder.path().join("data/addresses.json"));
        self.child = spawn(&self.folder, self.http.trim_start_matches("http://"), &[]);
        self.await_ready().await;
    }

    /// One with `exceptions` in it.
    pub(crate) async fn with_exceptions() -> Self {
        let engine = Self::start(&[]).await;
        engine.send(&exceptions()).await;
        engine.await_errors(exceptions().len()).await;
        engine
    }

    /// A token of these roles, as the command line makes it.
    pub(crate) async fn create_token(&self, arguments: &[&str]) -> String {
        let done = Command::new(binary())
            .args(["token", "create", "--data-dir"])
            .arg(self.folder.path().join("data"))
            .args(arguments)
            .output()
            .await
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn ask_with(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// Sends failed executions over OTLP.
    pub(crate) async fn send(&self, executions: &[Execution]) {
        let now = now_ms();
        let spans: Vec<Value> = executions.iter().map(|execution| execution.resource_spans(now)).collect();
        let mut request = self.client.post(format!("{}/v1/traces", self.otlp));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let body = json!({ "resourceSpans": spans }).to_string();
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status} {}", answer.text().await.unwrap());
    }

    pub(crate) async fn sql(&self, query: &str) -> Vec<Value> {
        let mut request = self.client.post(format!("{}/api/v1/sql", self.http));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.json(&json!({ "query": query })).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Waits until so many exceptions can be read.
    pub(crate) async fn await_errors(&self, count: usize) {
        let began = Instant::now();
        loop {
            let rows = self.sql("SELECT count(*) AS n FROM errors").await;
            if rows[0]["n"].as_u64() >= Some(count as u64) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{rows:?} of {count} exceptions");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the engine's feed has so many listeners.
    pub(crate) async fn await_listeners(&self, count: usize) {
        let began = Instant::now();
        loop {
            let text =
                self.client.get(format!("{}/metrics", self.http)).send().await.unwrap().text().await.unwrap();
            let found = text.lines().find(|line| line.starts_with("errata_feed_subscribers"));
            if found.is_some_and(|line| line.ends_with(&format!(" {count}"))) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{found:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Waits for something, a minute at most.
pub(crate) async fn wait_until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A failed execution: a span with an exception, and one inside it that did something.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) nth: u64,
    pub(crate) session: &'static str,
    pub(crate) parent: Option<&'static str>,
    pub(crate) user: &'static str,
    pub(crate) service: &'static str,
    pub(crate) error: (&'static str, &'static str),
    pub(crate) function: &'static str,
    pub(crate) ago_ms: i64,
}

impl Execution {
    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", 0xabc0_0000_u64 + self.nth)
    }

    fn span_id(&self, inner: bool) -> String {
        format!("{:016x}", 0xdef0_0000_u64 + self.nth * 2 + u64::from(inner))
    }

    fn resource_spans(&self, now_ms: i64) -> Value {
        let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        let at = (now_ms - self.ago_ms) * 1_000_000;
        let (kind, message) = self.error;
        let stack = format!(
            "Traceback (most recent call last):\n  File \"/app/cell.py\", line 3, in <module>\n    {function}()\n  \
             File \"/usr/lib/python3/site-packages/lib/{function}.py\", line 9, in {function}\n    raise\n{kind}: {message}\n",
            function = self.function,
        );
        let mut session = vec![text("exec.session.id", self.session), text("enduser.id", self.user)];
        session.extend(self.parent.map(|parent| text("exec.session.parent_id", parent)));
        session.push(text("exec.id", &format!("exec-{}", self.nth)));
        let mut outer = session.clone();
        outer.extend([text("exec.kind", "run_code"), text("exec.language", "python")]);
        let mut inner = session;
        inner.extend([text("exec.kind", "import_module"), text("exec.module", "pandas")]);
        json!({
            "resource": { "attributes": [text("service.name", self.service), text("host.name", "h1")] },
            "scopeSpans": [{ "scope": { "name": "it" }, "spans": [
                {
                    "traceId": self.trace_id(), "spanId": self.span_id(false), "name": "run cell", "kind": 1,
                    "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 2_000_000_000).to_string(),
                    "attributes": outer, "status": { "code": 2, "message": message },
                    "events": [{
                        "timeUnixNano": (at + 1_500_000_000).to_string(), "name": "exception",
                        "attributes": [
                            text("exception.type", kind), text("exception.message", message),
                            text("exception.stacktrace", &stack),
                        ],
                    }],
                },
                {
                    "traceId": self.trace_id(), "spanId": self.span_id(true), "parentSpanId": self.span_id(false),
                    "name": "import pandas", "kind": 1, "startTimeUnixNano": (at + 100_000_000).to_string(),
                    "endTimeUnixNano": (at + 900_000_000).to_string(), "attributes": inner,
                },
            ] }],
        })
    }
}

const KEY: (&str, &str) = ("KeyError", "'price'");
const ZERO: (&str, &str) = ("ZeroDivisionError", "division by zero");
const MEMORY: (&str, &str) = ("MemoryError", "Unable to allocate 12.4 GiB for an array");

/// Seven exceptions of three kinds, in three sessions of which one restarted another.
pub(crate) fn exceptions() -> Vec<Execution> {
    let one = |nth, session, user, error, function, ago_min: i64| Execution {
        nth,
        session,
        parent: (session == "session-b").then_some("session-a"),
        user,
        service: if session == "session-c" { "checkout" } else { "notebooks" },
        error,
        function,
        ago_ms: ago_min * 60_000,
    };
    vec![
        one(1, "session-a", "ada", KEY, "prices", 200),
        one(2, "session-a", "ada", KEY, "prices", 150),
        one(3, "session-b", "ada", KEY, "prices", 90),
        one(4, "session-b", "ada", ZERO, "mean", 80),
        one(5, "session-c", "grace", ZERO, "mean", 20),
        one(6, "session-c", "grace", MEMORY, "load", 10),
        one(7, "session-c", "grace", KEY, "prices", 5),
    ]
}
