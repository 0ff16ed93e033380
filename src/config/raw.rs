//! The settings as users write them, with their defaults.

use super::access::{Auth, RateLimit, TlsFiles, Views};
use super::units::{Size, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::{Table, Value};

/// Everything that can be set. One field a section, except for the two that every command needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Local lake, write-ahead log and state at once.
    pub(crate) data_dir: PathBuf,
    /// The lake, where it is not `<data_dir>/lake`: a folder, or `s3://bucket/prefix`.
    pub(crate) lake: String,
    /// The state database, where it is not `<data_dir>/state.db`: a file, or `postgres://user@host/database`.
    pub(crate) state: String,
    pub(crate) otlp: Otlp,
    pub(crate) http: Http,
    pub(crate) grpc: Grpc,
    pub(crate) auth: Auth,
    pub(crate) rate_limit: RateLimit,
    pub(crate) tls: TlsFiles,
    pub(crate) session: Session,
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
    pub(crate) dedup: Dedup,
    pub(crate) unrecorded: Unrecorded,
    pub(crate) patterns: Patterns,
    pub(crate) grouping: Grouping,
    pub(crate) masking: Masking,
    pub(crate) wal: Wal,
    pub(crate) writer: Writer,
    pub(crate) maintenance: Maintenance,
    pub(crate) forward: Forward,
    pub(crate) s3: S3,
    pub(crate) query: Query,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) feed: Feed,
    pub(crate) views: Views,
    pub(crate) telemetry: Telemetry,
}

/// The OTLP receivers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Otlp {
    pub(crate) grpc_addr: SocketAddr,
    pub(crate) http_addr: SocketAddr,
    /// Largest request body, compressed and decompressed.
    pub(crate) body_size_max: Size,
    /// Connections to both receivers at once; beyond it the one that was silent for longest is closed.
    pub(crate) connections_max: usize,
    /// Requests under way at once, counted from when their bodies are there.
    pub(crate) requests_max: usize,
    /// Bodies under way at once.
    pub(crate) memory_max: Size,
    /// What a refused sender is told to wait.
    pub(crate) retry_after: Span,
    /// Longest time for a body to arrive.
    pub(crate) read_timeout: Span,
}

/// The engine's HTTP server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) addr: SocketAddr,
}

/// The engine's gRPC server: Flight SQL and Jaeger's storage.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Grpc {
    pub(crate) addr: SocketAddr,
    /// Largest message from a client.
    pub(crate) message_size_max: Size,
    /// Calls under way on one connection.
    pub(crate) streams_max: u32,
    /// How often a connection without traffic is asked whether its client is still there.
    pub(crate) keepalive_interval: Span,
    /// How long a client may take to answer that.
    pub(crate) keepalive_timeout: Span,
    /// Prepared statements at the same time, of all clients.
    pub(crate) prepared_max: usize,
    /// Memory of their texts and values together.
    pub(crate) prepared_size_max: Size,
    /// A prepared statement that was not used for as long is forgotten.
    pub(crate) prepared_idle_max: Span,
}

/// Sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Session {
    /// Name of the session header.
    pub(crate) header: String,
    /// Whether exceptions outside any session are left out of `errors`.
    pub(crate) required: bool,
}

/// Failures that nothing recorded as an exception.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Unrecorded {
    /// Attributes of spans and log records that hold what a program printed, such as "process.stderr". Other words than the
    /// report of a failure count in the first of them only.
    pub(crate) attributes: Vec<String>,
    /// Whether an exit code other than 0 is a failure where nothing else is said.
    pub(crate) exit_codes: bool,
    /// Whether bodies of log records are read that hold the report of a failure.
    pub(crate) log_bodies: bool,
    /// Whether messages of spans whose status is Error are read.
    pub(crate) status_messages: bool,
}

/// De-duplication of exceptions that are recorded more than once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dedup {
    pub(crate) window: Span,
    pub(crate) entries_max: usize,
}

/// The store of known patterns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Patterns {
    /// Patterns in memory.
    pub(crate) patterns_max: usize,
    /// Distinct exception texts whose grouping is remembered.
    pub(crate) repeats_max: usize,
    /// Memory of them.
    pub(crate) repeats_size_max: Size,
    /// How often other processors' pattern facts are read from the lake.
    pub(crate) follow_interval: Span,
    /// Disk for patterns that left memory, in `<data_dir>/patterns`; 0 keeps none.
    pub(crate) cold_size_max: Size,
    /// Occurrences within `candidate_window` that make a candidate an active pattern.
    pub(crate) candidate_occurrences: u32,
    /// How long a candidate may take for that; without another occurrence for as long it is expired.
    pub(crate) candidate_window: Span,
}

/// Grouping.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Grouping {
    /// File with rules of one's own (docs/rules.md), read again when it changes; empty for none.
    pub(crate) rules: PathBuf,
    /// How often the rules file is looked at.
    pub(crate) rules_interval: Span,
}

/// What is masked before anything is stored or forwarded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Masking {
    /// Whether national ids are masked too (SSN, RRN, CPF and others); some other numbers look the same.
    pub(crate) national_ids: bool,
    /// Seed of the pseudonyms of users. Keep one secret, and outsiders cannot find a pseudonym by trying addresses.
    /// All processors of one lake need the same.
    pub(crate) pseudonym_seed: u64,
}

/// The write-ahead log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wal {
    /// When a request is acknowledged: `wal` (on disk), `lake` (committed), `memory` (queued).
    pub(crate) durability: String,
    pub(crate) segment_size: Size,
    /// The log's bound on disk; at the bound senders are told to retry.
    pub(crate) size_max: Size,
    /// Recent records kept in memory for the lake writer and the exporter.
    pub(crate) memory_max: Size,
    /// How long a request may wait for others to share its disk flush.
    pub(crate) group_commit_delay: Span,
}

/// The lake writer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Writer {
    /// Which spans get rows: `all`, or `session`, those of a session. The others are forwarded all the same, and their
    /// exceptions are stored.
    pub(crate) spans: String,
    /// Longest time between two commits while there is something to write.
    pub(crate) flush_interval: Span,
    /// Rows of one table at which a commit happens earlier.
    pub(crate) rows_max: usize,
    /// Request bytes at which a commit happens earlier.
    pub(crate) batch_size_max: Size,
    /// What the resources of one request may add to its rows (each span repeats its resource); beyond it
    /// the rest of its rows go without them.
    pub(crate) repeated_size_max: Size,
    /// Timestamps further ahead than this are stored under the date of their receipt.
    pub(crate) future_max: Span,
    /// Timestamps older than this are stored under the date of their receipt.
    pub(crate) past_max: Span,
}

/// Compaction, retention, clean-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Maintenance {
    pub(crate) enabled: bool,
    pub(crate) interval: Span,
    /// Days kept; 0 keeps all. Patterns and what people decided are always kept.
    pub(crate) retention_days: u32,
    /// Files that no query can need any more are deleted after this time.
    pub(crate) vacuum_after: Span,
}

/// The next hop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Forward {
    /// `http://host:4317` (gRPC) or `http://host:4318` (HTTP); empty forwards nothing.
    pub(crate) endpoint: String,
    /// `grpc`, `http/protobuf`, or empty to tell from the endpoint.
    pub(crate) protocol: String,
    /// `none`, `gzip` or `zstd`.
    pub(crate) compression: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) timeout: Span,
    /// Requests under way at once.
    pub(crate) num_consumers: usize,
    pub(crate) retry_on_failure: RetryOnFailure,
    pub(crate) sending_queue: SendingQueue,
}

/// Waiting between attempts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetryOnFailure {
    pub(crate) initial_interval: Span,
    pub(crate) max_interval: Span,
    pub(crate) multiplier: f64,
}

/// What may wait for the next hop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SendingQueue {
    /// Bytes on disk; beyond it the oldest are skipped (they are still in the lake) and counted.
    pub(crate) size_max: Size,
}

/// The object store of an `s3://` lake; empty values are taken from the `AWS_` variables.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct S3 {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) allow_http: bool,
}

/// Limits of one query and of all together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Query {
    pub(crate) memory_max: Size,
    pub(crate) timeout: Span,
    pub(crate) rows_max: usize,
    pub(crate) concurrent_max: usize,
    pub(crate) text_size_max: Size,
    pub(crate) files_max: usize,
    /// Memory of the spans in one answer of the Jaeger API.
    pub(crate) trace_size_max: Size,
    /// Operations (service, name, kind) that the lists of the Jaeger API know.
    pub(crate) operations_known_max: usize,
    /// Disk for what is kept of aggregates over a restart, in `<data_dir>/partials`; 0 keeps nothing there.
    pub(crate) partials_disk_size_max: Size,
    /// Memory of what is kept of aggregates over files; 0 keeps nothing.
    pub(crate) partials_size_max: Size,
    /// Memory of what patterns are called and of what was decided about them, each.
    pub(crate) names_size_max: Size,
}

/// What people decide about patterns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Lifecycle {
    /// Changes that wait to be written; beyond it clients are told to retry.
    pub(crate) queue_max: usize,
    /// How often is looked whether resolved patterns occurred again; 0 never reopens any.
    pub(crate) reopen_interval: Span,
    /// Resolved patterns that are looked for, those resolved last, other names of theirs included.
    pub(crate) resolved_max: usize,
}

/// The feed of what is new (`GET /api/v1/feed`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Feed {
    /// How often the lake is looked at for new commits, while anybody listens.
    pub(crate) interval: Span,
    /// Listeners at the same time; beyond it clients are told to retry.
    pub(crate) subscribers_max: usize,
    /// Events held for listeners that are behind; who is further behind is cut off and goes on from the lake.
    pub(crate) buffer_events_max: usize,
    /// Time without an event after which a sign of life is sent.
    pub(crate) heartbeat: Span,
}

/// Errata's own telemetry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// A `tracing` filter: `info`, `debug`, `info,collector_processor=debug`.
    pub(crate) log: String,
    /// `text` or `json`.
    pub(crate) log_format: String,
    /// Where Errata's own traces and metrics go over OTLP/gRPC; empty sends none. Never Errata itself.
    pub(crate) otlp_endpoint: String,
    pub(crate) otlp_interval: Span,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./errata-data"),
            lake: String::new(),
            state: String::new(),
            otlp: Otlp::default(),
            http: Http::default(),
            grpc: Grpc::default(),
            auth: Auth::default(),
            rate_limit: RateLimit::default(),
            tls: TlsFiles::default(),
            session: Session::default(),
            attributes: ATTRIBUTE_ROLES.iter().map(|role| ((*role).to_owned(), Vec::new())).collect(),
            dedup: Dedup::default(),
            unrecorded: Unrecorded::default(),
            patterns: Patterns::default(),
            grouping: Grouping::default(),
            masking: Masking::default(),
            wal: Wal::default(),
            writer: Writer::default(),
            maintenance: Maintenance::default(),
            forward: Forward::default(),
            s3: S3::default(),
            query: Query::default(),
            lifecycle: Lifecycle::default(),
            feed: Feed::default(),
            views: Views::default(),
            telemetry: Telemetry::default(),
        }
    }
}

/// Attributes of `[unrecorded]`.
const UNRECORDED_ATTRIBUTES_MAX: usize = 64;

/// Roles for which `[attributes]` may name more attributes.
pub(crate) const ATTRIBUTE_ROLES: &[&str] = &[
    "session",
    "parent_session",
    "execution",
    "user",
    "exec_kind",
    "commit_hash",
    "branch",
    "virtualenv",
    "pkg_versions",
    "snippet",
    "code_hash",
    "file_path",
    "language",
    "tags",
    "exit_code",
];

impl Settings {
    /// The defaults as a table, every key present.
    pub(crate) fn default_table() -> Table {
        Self::default().to_table()
    }

    /// These settings as a table, every key present.
    pub(crate) fn to_table(&self) -> Table {
        match Value::try_from(self) {
            Ok(Value::Table(table)) => table,
            _ => Table::new(),
        }
    }

    pub(crate) fn deserialize_table(table: Table) -> Result<Self, toml::de::Error> {
        Self::deserialize(Value::Table(table))
    }

    /// All that is wrong with the values, each with its path.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut require = |good: bool, problem: String| {
            if !good {
                problems.push(problem);
            }
        };
        let choices: [(&str, &str, &[&str]); 5] = [
            ("wal.durability", &self.wal.durability, &["wal", "lake", "memory"]),
            ("writer.spans", &self.writer.spans, &["all", "session"]),
            ("forward.protocol", &self.forward.protocol, &["grpc", "http/protobuf", ""]),
            ("forward.compression", &self.forward.compression, &["none", "gzip", "zstd"]),
            ("telemetry.log_format", &self.telemetry.log_format, &["text", "json"]),
        ];
        for (key, value, of) in choices {
            let named = of.iter().map(|choice| if choice.is_empty() { "empty" } else { choice });
            let named: Vec<&str> = named.collect();
            require(of.contains(&value), format!("{key}: is one of {}", named.join(", ")));
        }
        require(
            !self.grouping.rules_interval.0.is_zero(),
            "grouping.rules_interval: must be more than 0".into(),
        );
        for (path, value) in self.positive() {
            require(value > 0, format!("{path}: must be more than 0"));
        }
        require(
            self.otlp.memory_max.0 >= self.otlp.body_size_max.0,
            "otlp.memory_max: must not be less than otlp.body_size_max".into(),
        );
        require(
            self.patterns.cold_size_max.0 == 0 || self.patterns.cold_size_max.0 >= Size::mib(256).0,
            "patterns.cold_size_max: must be 0 or at least 256MiB".into(),
        );
        require(
            self.wal.size_max.0 / 4 >= self.wal.segment_size.0,
            "wal.size_max: must be at least four times wal.segment_size".into(),
        );
        require(
            self.forward.endpoint.is_empty() || self.forward.sending_queue.size_max.0 <= self.wal.size_max.0 / 4 * 3,
            "forward.sending_queue.size_max: must leave a quarter of wal.size_max, where the queue lies, to the lake".into(),
        );
        let header = self.session.header.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        require(
            header && !self.session.header.is_empty(),
            "session.header: is not the name of a header".into(),
        );
        self.require_names(&mut require);
        let own = [self.otlp.grpc_addr.to_string(), self.otlp.http_addr.to_string()];
        let itself = own.iter().any(|a| self.telemetry.otlp_endpoint.contains(a.as_str()));
        require(
            !itself,
            "telemetry.otlp_endpoint: is Errata's own receiver, which would report on itself for ever".into(),
        );
        let itself = own.iter().any(|a| self.forward.endpoint.contains(a.as_str()));
        require(
            !itself,
            "forward.endpoint: is Errata's own receiver, which would forward to itself for ever".into(),
        );
        problems.extend(self.place_problems());
        problems.extend(self.access_problems());
        problems
    }

    /// What is wrong with the places of the lake, the state and the next hop.
    fn place_problems(&self) -> Vec<String> {
        // A place without `://` is a folder or a file.
        let known = |place: &str, schemes: &[&str]| {
            schemes.contains(&place.split_once("://").map_or("", |(scheme, _)| scheme))
        };
        let mut problems = Vec::new();
        if !known(&self.lake, &["", "file", "s3"]) {
            problems.push("lake: is neither a folder nor s3://bucket/prefix".to_owned());
        }
        if !known(&self.state, &["", "postgres", "postgresql"]) {
            problems.push("state: is neither a file nor postgres://user@host/database".to_owned());
        }
        problems.extend(
            self.exporter_config().and_then(|next_hop| next_hop.validate().err()).map(|e| e.to_string()),
        );
        problems
    }

    /// What is wrong with names of attributes.
    fn require_names(&self, require: &mut impl FnMut(bool, String)) {
        require(
            self.unrecorded.attributes.len() <= UNRECORDED_ATTRIBUTES_MAX,
            format!("unrecorded.attributes: are at most {UNRECORDED_ATTRIBUTES_MAX}"),
        );
        for name in &self.unrecorded.attributes {
            require(!name.trim().is_empty(), "unrecorded.attributes: names one that is empty".into());
            let is_recorded = name.starts_with("exception.");
            require(!is_recorded, format!("unrecorded.attributes: `{name}` is read anyway"));
        }
        for role in self.attributes.keys() {
            let known = ATTRIBUTE_ROLES.contains(&role.as_str());
            require(known, format!("attributes.{role}: is none of {}", ATTRIBUTE_ROLES.join(", ")));
        }
    }

    fn positive(&self) -> [(&'static str, u64); 35] {
        let millis = |span: Span| u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX);
        [
            ("grpc.keepalive_interval", millis(self.grpc.keepalive_interval)),
            ("grpc.keepalive_timeout", millis(self.grpc.keepalive_timeout)),
            ("grpc.prepared_idle_max", millis(self.grpc.prepared_idle_max)),
            ("grpc.message_size_max", self.grpc.message_size_max.0),
            ("grpc.streams_max", u64::from(self.grpc.streams_max)),
            ("grpc.prepared_max", self.grpc.prepared_max as u64),
            ("grpc.prepared_size_max", self.grpc.prepared_size_max.0),
            ("otlp.body_size_max", self.otlp.body_size_max.0),
            ("otlp.connections_max", self.otlp.connections_max as u64),
            ("otlp.requests_max", self.otlp.requests_max as u64),
            ("dedup.entries_max", self.dedup.entries_max as u64),
            ("patterns.patterns_max", self.patterns.patterns_max as u64),
            ("patterns.repeats_max", self.patterns.repeats_max as u64),
            ("patterns.repeats_size_max", self.patterns.repeats_size_max.0),
            ("patterns.candidate_occurrences", u64::from(self.patterns.candidate_occurrences)),
            ("wal.segment_size", self.wal.segment_size.0),
            ("wal.memory_max", self.wal.memory_max.0),
            ("writer.rows_max", self.writer.rows_max as u64),
            ("writer.batch_size_max", self.writer.batch_size_max.0),
            ("forward.num_consumers", self.forward.num_consumers as u64),
            ("query.memory_max", self.query.memory_max.0),
            ("query.rows_max", self.query.rows_max as u64),
            ("query.concurrent_max", self.query.concurrent_max as u64),
            ("query.files_max", self.query.files_max as u64),
            ("lifecycle.queue_max", self.lifecycle.queue_max as u64),
            ("lifecycle.resolved_max", self.lifecycle.resolved_max as u64),
            ("feed.interval", self.feed.interval.0.as_millis() as u64),
            ("feed.subscribers_max", self.feed.subscribers_max as u64),
            ("feed.buffer_events_max", self.feed.buffer_events_max as u64),
            ("feed.heartbeat", self.feed.heartbeat.0.as_millis() as u64),
            ("query.trace_size_max", self.query.trace_size_max.0),
            ("query.operations_known_max", self.query.operations_known_max as u64),
            ("query.names_size_max", self.query.names_size_max.0),
            ("maintenance.interval", millis(self.maintenance.interval)),
            ("patterns.follow_interval", millis(self.patterns.follow_interval)),
        ]
    }
}

// === defaults ===

impl Default for Otlp {
    fn default() -> Self {
        Self {
            grpc_addr: SocketAddr::from(([127, 0, 0, 1], 4317)),
            http_addr: SocketAddr::from(([127, 0, 0, 1], 4318)),
            body_size_max: Size::mib(64),
            connections_max: 10_000,
            requests_max: 256,
            memory_max: Size::mib(128),
            retry_after: Span::seconds(1),
            read_timeout: Span::seconds(30),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { addr: SocketAddr::from(([127, 0, 0, 1], 9680)) }
    }
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 9681)),
            message_size_max: Size::mib(4),
            streams_max: 128,
            keepalive_interval: Span::seconds(30),
            keepalive_timeout: Span::seconds(20),
            prepared_max: 1_000,
            prepared_size_max: Size::mib(64),
            prepared_idle_max: Span::seconds(600),
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self { header: schemas::attributes::SESSION_HEADER.to_owned(), required: false }
    }
}

impl Default for Dedup {
    fn default() -> Self {
        Self { window: Span::seconds(60), entries_max: 200_000 }
    }
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            patterns_max: 200_000,
            repeats_max: 50_000,
            repeats_size_max: Size::mib(64),
            follow_interval: Span::seconds(2),
            cold_size_max: Size::gib(8),
            candidate_occurrences: 3,
            candidate_window: Span::seconds(7 * 86_400),
        }
    }
}

impl Default for Grouping {
    fn default() -> Self {
        Self { rules: PathBuf::new(), rules_interval: Span::seconds(2) }
    }
}

impl Default for Wal {
    fn default() -> Self {
        Self {
            durability: "wal".to_owned(),
            segment_size: Size::mib(64),
            size_max: Size::gib(4),
            memory_max: Size::mib(64),
            group_commit_delay: Span::millis(0),
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            spans: "all".to_owned(),
            flush_interval: Span::seconds(2),
            rows_max: 131_072,
            batch_size_max: Size::mib(64),
            repeated_size_max: Size::mib(256),
            future_max: Span::seconds(24 * 3600),
            past_max: Span::seconds(400 * 24 * 3600),
        }
    }
}

impl Default for Maintenance {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Span::seconds(30),
            retention_days: 30,
            vacuum_after: Span::seconds(600),
        }
    }
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            protocol: String::new(),
            compression: "none".to_owned(),
            headers: BTreeMap::new(),
            timeout: Span::seconds(10),
            num_consumers: 4,
            retry_on_failure: RetryOnFailure::default(),
            sending_queue: SendingQueue::default(),
        }
    }
}

impl Default for RetryOnFailure {
    fn default() -> Self {
        Self { initial_interval: Span::millis(500), max_interval: Span::seconds(30), multiplier: 1.5 }
    }
}

impl Default for SendingQueue {
    fn default() -> Self {
        Self { size_max: Size::gib(2) }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            memory_max: Size::gib(2),
            timeout: Span::seconds(60),
            rows_max: 1_000_000,
            concurrent_max: 16,
            text_size_max: Size::kib(256),
            files_max: 20_000,
            trace_size_max: Size::mib(256),
            operations_known_max: 100_000,
            partials_disk_size_max: Size::mib(2_048),
            partials_size_max: Size::mib(512),
            names_size_max: Size::mib(256),
        }
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { queue_max: 1_000, reopen_interval: Span::seconds(5), resolved_max: 100_000 }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            interval: Span::millis(500),
            subscribers_max: 100,
            buffer_events_max: 10_000,
            heartbeat: Span::seconds(15),
        }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log: "info".to_owned(),
            log_format: "text".to_owned(),
            otlp_endpoint: String::new(),
            otlp_interval: Span::seconds(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_equals_the_defaults() {
        let example: Table = include_str!("../../errata.example.toml").parse().unwrap();
        assert_eq!(example, Settings::default_table());
        assert!(Settings::deserialize_table(example).unwrap().problems().is_empty());
    }

    #[test]
    fn unknown_keys_are_errors() {
        for text in ["nope = 1", "[otlp]\nport = 1", "[attributes]\nnope = []"] {
            let read = Settings::deserialize_table(text.parse().unwrap());
            assert!(read.map_or(true, |s| !s.problems().is_empty()), "{text}");
        }
    }

    #[test]
    fn all_that_cannot_be_read_is_told_at_once() {
        let text = "nope = 1\n[otlp]\nport = 1\nretry_after = 'soon'\nread_timeout = '3s'\n[forward.sending_queue]\nsize_max = true\n";
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        let error = crate::config::load(Some(file.path()), std::iter::empty()).unwrap_err().to_string();
        let told =
            ["4 problem(s)", "nope:", "otlp.port:", "otlp.retry_after:", "forward.sending_queue.size_max:"];
        assert!(told.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("read_timeout:"), "{error}");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = |text: &str| Settings::deserialize_table(text.parse().unwrap()).unwrap().problems();
        let three = problems(
            "[wal]\ndurability = 'never'\n[forward]\nendpoint = 'http://127.0.0.1:4317'\n[query]\nrows_max = 0",
        );
        assert_eq!(three.len(), 3, "{three:?}");
        // What would only be told by a start that fails, or by a busy loop.
        let more = problems(
            "lake = 'gs://b'\nstate = 'mysql://h/d'\n[forward]\nendpoint = 'localhost:4317'\n[maintenance]\ninterval = '0s'",
        );
        assert_eq!(more.len(), 4, "{more:?}");
    }
}
