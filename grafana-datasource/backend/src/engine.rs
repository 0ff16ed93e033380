//! The engine's HTTP API as this plugin asks it. Nothing else of Errata is known here.
//!
//! Bounds: `CLIENTS_MAX` connection pools; bytes and rows of an answer; the time limit of the settings. A call that is
//! dropped closes its connection, which ends the query in the engine.

mod answer;
mod problem;

pub(crate) use answer::Rows;
pub(crate) use problem::failure as problem_failure;

use crate::error::Failure;
use crate::settings::Settings;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Certificate, Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Connection pools that are kept: one for each way of checking certificates.
const CLIENTS_MAX: usize = 32;
/// Time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer that is not streamed into a frame.
const BODY_MAX: usize = 32 << 20;
/// Arrow's streaming format.
const ARROW: &str = "application/vnd.apache.arrow.stream";

/// How certificates are checked.
type Trust = (Option<String>, bool);

/// Connections to engines. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engines {
    clients: Arc<Mutex<HashMap<Trust, Client>>>,
}

/// One engine, with the settings of one data source.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    client: Client,
    pub(crate) settings: Arc<Settings>,
}

/// An answer that is passed on: its status, some headers, its body.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Engines {
    /// The engine of these settings.
    pub(crate) fn engine(&self, settings: Settings) -> Result<Engine, Failure> {
        let trust = (settings.ca_cert.clone(), settings.tls_skip_verify);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match clients.get(&trust) {
            Some(client) => client.clone(),
            None => {
                let client = client(&trust)?;
                if clients.len() == CLIENTS_MAX {
                    clients.clear();
                }
                clients.insert(trust, client.clone());
                client
            }
        };
        Ok(Engine { client, settings: Arc::new(settings) })
    }
}

/// A client that follows no redirects, so that a token goes nowhere else, and asks no proxy.
fn client((ca_cert, tls_skip_verify): &Trust) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("errata-grafana/", env!("CARGO_PKG_VERSION")))
        .danger_accept_invalid_certs(*tls_skip_verify);
    if let Some(pem) = ca_cert {
        let wrong = |_| Failure::bad_request("tlsCaCert is no certificate: paste its PEM text");
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
        if certificates.is_empty() {
            return Err(Failure::bad_request("tlsCaCert holds no certificate: paste its PEM text"));
        }
        builder = certificates.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
    }
    builder.build().map_err(|error| Failure::plugin("cannot make an HTTP client", &error))
}

impl Engine {
    /// Answers a statement with rows, `rows_max` of the settings at most.
    pub(crate) async fn sql(&self, query: &str) -> Result<Rows, Failure> {
        self.sql_rows(query, self.settings.rows_max).await
    }

    /// Answers a statement with `rows_max` rows at most.
    pub(crate) async fn sql_rows(&self, query: &str, rows_max: usize) -> Result<Rows, Failure> {
        let body = json!({ "query": query }).to_string();
        let request = self
            .request(Method::POST, "/api/v1/sql")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, ARROW)
            .body(body);
        self.rows(request, rows_max).await
    }

    /// Rows of a list of the API, by its path with parameters.
    pub(crate) async fn list(&self, path: &str, rows_max: usize) -> Result<Rows, Failure> {
        self.rows(self.request(Method::GET, path).header(ACCEPT, ARROW), rows_max).await
    }

    async fn rows(&self, request: RequestBuilder, rows_max: usize) -> Result<Rows, Failure> {
        let read = async {
            let response = self.send(request).await?;
            if !response.status().is_success() {
                return Err(self.refusal(response).await);
            }
            let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if kind.is_none_or(|kind| !kind.starts_with(ARROW)) {
                return Err(self.not_an_engine());
            }
            answer::read(response, rows_max).await.map_err(|error| self.broken(error))
        };
        self.within_time(read).await
    }

    /// JSON of a route, by its path with parameters.
    pub(crate) async fn json(&self, path: &str) -> Result<Value, Failure> {
        let passed = self.pass(self.request(Method::GET, path)).await?;
        if !passed.status.is_success() {
            return Err(problem::failure(passed.status, &passed.body, &self.settings));
        }
        serde_json::from_slice(&passed.body).map_err(|_| self.not_an_engine())
    }

    /// Asks and reads the answer, whatever its status.
    pub(crate) async fn pass(&self, request: RequestBuilder) -> Result<Passed, Failure> {
        let read = async {
            let response = self.send(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = answer::body(response, BODY_MAX).await.map_err(|error| self.broken(error))?;
            Ok(Passed { status, headers, body })
        };
        self.within_time(read).await
    }

    /// A request to a path of the API, with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.settings.url));
        let bearer = |token: &str| HeaderValue::from_str(&format!("Bearer {token}"));
        match self.settings.token.as_ref().map(|token| bearer(token.expose())) {
            Some(Ok(mut value)) => {
                value.set_sensitive(true);
                request.header(AUTHORIZATION, value)
            }
            // A token with line breaks inside is none: the engine says that one is missing.
            Some(Err(_)) | None => request,
        }
    }

    /// Sends a request; the body of the answer is still to come.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().await.map_err(|error| self.unreachable(error))
    }

    /// Why the engine refused, from its problem document.
    pub(crate) async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        match answer::body(response, BODY_MAX).await {
            Ok(body) => problem::failure(status, &body, &self.settings),
            Err(error) => self.broken(error),
        }
    }

    async fn within_time<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let timeout = self.settings.timeout;
        tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            let advice = "ask for a shorter time range, or raise the timeout in the data source's settings";
            let seconds = timeout.as_secs();
            Err(Failure::downstream(504, format!("the engine did not answer within {seconds} s: {advice}")))
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let advice = "check that `errata serve` runs there and that Grafana's server reaches it";
        let why = chain(&error.without_url());
        Failure::downstream(502, format!("cannot reach the engine at {}: {why}; {advice}", self.settings.url))
    }

    fn not_an_engine(&self) -> Failure {
        let advice = "check the URL of the data source";
        Failure::downstream(
            502,
            format!("what answers at {} is no Errata engine: {advice}", self.settings.url),
        )
    }

    fn broken(&self, error: answer::Broken) -> Failure {
        match error {
            answer::Broken::Cut(error) => {
                let why = chain(&error.without_url());
                Failure::downstream(502, format!("the engine's answer ended early: {why}; try again"))
            }
            answer::Broken::TooLong { bytes_max } => {
                let mib = bytes_max >> 20;
                Failure::downstream(
                    502,
                    format!("the answer is longer than {mib} MiB: ask for fewer rows or columns"),
                )
            }
            answer::Broken::Rubbish(error) => {
                let url = &self.settings.url;
                Failure::downstream(502, format!("what {url} answered is no Arrow stream: {error}"))
            }
        }
    }
}

/// A text as part of a URL.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
