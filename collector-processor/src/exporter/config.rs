//! Settings of the exporter, with the Collector's own names. Knows nothing of configuration files.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use reqwest::Url;

use super::ExporterError;

const NUM_CONSUMERS_LIMIT: usize = 1024;

/// How the next hop is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP over gRPC, usually port 4317.
    Grpc,
    /// OTLP over HTTP with binary protobuf, usually port 4318; `/v1/traces` and `/v1/logs` are added to the path.
    HttpProtobuf,
}

/// Compression of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// The default: the next hop is mostly on the same host or cluster, where compression would cost more
    /// processor time than everything else the exporter does.
    #[default]
    None,
    /// Understood by every OTLP receiver.
    Gzip,
    /// Less work and smaller; understood by the Collector, not by all others.
    Zstd,
}

/// Waiting between attempts; there is no last attempt, the queue's bound ends them.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryConfig {
    /// Wait after the first failure.
    pub initial_interval: Duration,
    /// Longest wait, also for what the next hop asks for.
    pub max_interval: Duration,
    /// Growth of the wait, at least 1.
    pub multiplier: f64,
    /// Each wait is spread by this part of it, 0 to 1, so that many exporters do not come back at once.
    pub randomization_factor: f64,
}

/// What may wait for the next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Bytes of the log kept for the next hop; beyond it the oldest are given up. It must lie well under the
    /// log's own bound, or the log is full before.
    pub bytes_max: u64,
}

/// Where and how to forward.
#[derive(Clone, Debug, PartialEq)]
pub struct ExporterConfig {
    /// `http://host:4317`, `https://host:4318/prefix`.
    pub endpoint: String,
    /// `None` tells it from the endpoint: port 4318 or a path means HTTP, anything else gRPC.
    pub protocol: Option<Protocol>,
    /// Compression of requests.
    pub compression: Compression,
    /// Sent with each request (gRPC metadata or HTTP headers).
    pub headers: BTreeMap<String, String>,
    /// Longest time of one attempt.
    pub timeout: Duration,
    /// Requests under way at once. Only 1 keeps the order of the log at the next hop.
    pub num_consumers: usize,
    /// Waiting between attempts.
    pub retry_on_failure: RetryConfig,
    /// What may wait.
    pub sending_queue: QueueConfig,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            initial_interval: Duration::from_millis(500),
            max_interval: Duration::from_secs(30),
            multiplier: 1.5,
            randomization_factor: 0.5,
        }
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self { bytes_max: 1 << 30 }
    }
}

impl ExporterConfig {
    /// The defaults for a next hop.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            protocol: None,
            compression: Compression::default(),
            headers: BTreeMap::new(),
            timeout: Duration::from_secs(10),
            num_consumers: 4,
            retry_on_failure: RetryConfig::default(),
            sending_queue: QueueConfig::default(),
        }
    }

    /// Checks the values and resolves the endpoint.
    ///
    /// # Errors
    /// [`ExporterError::Config`] with every problem found.
    pub fn validate(&self) -> Result<(), ExporterError> {
        self.resolve().map(|_| ())
    }

    pub(super) fn resolve(&self) -> Result<Resolved, ExporterError> {
        let mut problems = Vec::new();
        let url = match Url::parse(&self.endpoint) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Some(url),
            Ok(_) => {
                problems
                    .push(format!("endpoint {} is not http://host:port or https://host:port", self.endpoint));
                None
            }
            Err(error) => {
                problems.push(format!("endpoint {:?}: {error}", self.endpoint));
                None
            }
        };
        let headers = headers(&self.headers, &mut problems);
        if self.timeout.is_zero() {
            problems.push("timeout is 0".to_owned());
        }
        if !(1..=NUM_CONSUMERS_LIMIT).contains(&self.num_consumers) {
            problems
                .push(format!("num_consumers is {}, must be 1 to {NUM_CONSUMERS_LIMIT}", self.num_consumers));
        }
        if self.sending_queue.bytes_max == 0 {
            problems.push("sending_queue.bytes_max is 0".to_owned());
        }
        self.retry_on_failure.check(&mut problems);
        match url {
            Some(url) if problems.is_empty() => {
                let protocol = self.protocol.unwrap_or_else(|| protocol_of(&url));
                Ok(Resolved { url, protocol, headers })
            }
            _ => Err(ExporterError::Config { problems: problems.join("; ") }),
        }
    }
}

impl RetryConfig {
    fn check(&self, problems: &mut Vec<String>) {
        if self.initial_interval.is_zero() || self.initial_interval > self.max_interval {
            problems.push(format!(
                "retry_on_failure.initial_interval is {:?}, must be over 0 and at most max_interval {:?}",
                self.initial_interval, self.max_interval
            ));
        }
        if !(1.0..=100.0).contains(&self.multiplier) {
            problems.push(format!("retry_on_failure.multiplier is {}, must be 1 to 100", self.multiplier));
        }
        if !(0.0..=1.0).contains(&self.randomization_factor) {
            problems.push(format!(
                "retry_on_failure.randomization_factor is {}, must be 0 to 1",
                self.randomization_factor
            ));
        }
    }
}

/// The settings in the form that the transports take.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) url: Url,
    pub(super) protocol: Protocol,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

fn protocol_of(url: &Url) -> Protocol {
    if url.port() == Some(4318) || !matches!(url.path(), "" | "/") {
        Protocol::HttpProtobuf
    } else {
        Protocol::Grpc
    }
}

fn headers(pairs: &BTreeMap<String, String>, problems: &mut Vec<String>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value) in pairs {
        match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(name), Ok(mut value)) if !name.as_str().ends_with("-bin") => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
            // The value may be a secret: it is not told.
            _ => problems.push(format!("headers: {name:?} or its value is not a text header")),
        }
    }
    headers
}

impl Protocol {
    /// The name in configuration files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = ExporterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "grpc" => Ok(Self::Grpc),
            "http/protobuf" => Ok(Self::HttpProtobuf),
            _ => Err(ExporterError::Config {
                problems: format!("protocol {text:?} is not grpc or http/protobuf"),
            }),
        }
    }
}

impl FromStr for Compression {
    type Err = ExporterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(ExporterError::Config {
                problems: format!("compression {text:?} is not none, gzip or zstd"),
            }),
        }
    }
}
