//! OpenTelemetry attribute names that are read and written.
//!
//! Sources: OpenTelemetry semantic conventions 1.40 (`exception.*`, `http.request.header.<key>`,
//! `rpc.request.metadata.<key>`, `vcs.ref.head.*`, `process.*`, `enduser.id`), and Errata's own
//! `exec.*` (executions) and `errata.*` (results).

/// Name of the session header, in HTTP's own spelling.
pub const SESSION_HEADER: &str = "X-EXEC-SESSION";

/// Session id, most trusted first. The header keys are matched with dashes or underscores.
pub const SESSION: &[&str] = &[
    "http.request.header.x-exec-session",
    "rpc.request.metadata.x-exec-session",
    "rpc.grpc.request.metadata.x-exec-session",
    "exec.session.id",
    "session.id",
];
/// Parent session.
pub const PARENT_SESSION: &[&str] = &["exec.session.parent_id", "session.previous_id"];
/// Execution id; the trace id stands in where none is set.
pub const EXECUTION: &[&str] = &["exec.id"];
/// User.
pub const USER: &[&str] = &["enduser.id", "user.id", "user_id"];
/// Execution kind.
pub const EXEC_KIND: &[&str] = &["exec.kind"];
/// Span names that are taken as an execution kind where `exec.kind` is absent.
pub const KNOWN_EXEC_KINDS: &[&str] = &[
    "run_code",
    "run_cell",
    "run_command",
    "run_tests",
    "import_module",
    "install_package",
    "compile",
    "read_file",
    "write_file",
    "refactor",
    "execute_code",
];
/// Commit.
pub const COMMIT: &[&str] = &["commit_hash", "vcs.ref.head.revision"];
/// Branch.
pub const BRANCH: &[&str] = &["branch", "vcs.ref.head.name"];
/// Virtual environment.
pub const VIRTUALENV: &[&str] = &["virtualenv"];
/// Installed packages and their versions, as JSON text.
pub const PKG_VERSIONS: &[&str] = &["pkg_versions"];
/// The program, or the part of it that ran.
pub const SNIPPET: &[&str] = &["exec.code.snippet"];
/// Hash of the program.
pub const CODE_HASH: &[&str] = &["exec.code.hash"];
/// File of the program.
pub const FILE_PATH: &[&str] = &["code.file.path", "code.filepath"];
/// Language of the failed program.
pub const LANGUAGE: &[&str] = &["exec.language", "process.runtime.name"];
/// Language of the SDK that reported, the last resort.
pub const SDK_LANGUAGE: &str = "telemetry.sdk.language";
/// Host.
pub const HOST: &[&str] = &["host.name"];
/// Service.
pub const SERVICE: &[&str] = &["service.name"];
/// Container, one of the three parts a session id is made from.
pub const CONTAINER: &[&str] = &["container.id", "container_id"];
/// Start time of the session, the third part a session id is made from.
pub const SESSION_START: &[&str] = &[
    "exec.session.start_time",
    "exec.start_time",
    "session.start_time",
    "container.start_time",
    "start_time",
    "process.creation.time",
];
/// Exit code.
pub const EXIT_CODE: &[&str] = &["process.exit.code"];
/// Tags: an array, or text separated by commas.
pub const TAGS: &[&str] = &["exec.tags"];
/// Attributes that make the `env` column, where present on the span, the record or the resource.
pub const ENVIRONMENT: &[&str] = &[
    "container.id",
    "container.image.name",
    "container.image.tags",
    "deployment.environment.name",
    "host.arch",
    "os.type",
    "os.version",
    "process.exit.code",
    "process.runtime.name",
    "process.runtime.version",
    "service.version",
    "telemetry.sdk.language",
];

/// Name of an exception event on a span or of an exception log record.
pub const EXCEPTION_EVENT: &str = "exception";
/// Suffix of the names of other exception events (`http.client.request.exception`).
pub const EXCEPTION_EVENT_SUFFIX: &str = ".exception";
/// Exception type.
pub const EXCEPTION_TYPE: &str = "exception.type";
/// Exception message.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// Stack trace as text in the runtime's own format.
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
/// Grouping hints accepted from clients.
pub const FINGERPRINT_HINTS: &[&str] = &["error.fingerprint", "exception.group_id"];

/// Attributes written to tagged spans and log records.
pub mod written {
    /// Session id.
    pub const SESSION_ID: &str = "exec.session.id";
    /// Parent session id.
    pub const PARENT_SESSION_ID: &str = "exec.session.parent_id";
    /// Fingerprint, 32 hex digits.
    pub const FINGERPRINT: &str = "errata.fingerprint";
    /// Pattern id.
    pub const PATTERN_ID: &str = "errata.pattern.id";
    /// Whether this exception made the pattern.
    pub const PATTERN_NEW: &str = "errata.pattern.new";
    /// Severity 1 to 5, as an integer.
    pub const SEVERITY: &str = "errata.severity";
    /// Taxonomy level 1.
    pub const TAXONOMY_RUNTIME: &str = "errata.taxonomy.runtime";
    /// Taxonomy level 2.
    pub const TAXONOMY_PHASE: &str = "errata.taxonomy.phase";
    /// Taxonomy level 3.
    pub const TAXONOMY_TYPE: &str = "errata.taxonomy.type";
    /// Taxonomy level 4.
    pub const TAXONOMY_CAUSE: &str = "errata.taxonomy.cause";
    /// Taxonomy level 5.
    pub const TAXONOMY_CONTEXT: &str = "errata.taxonomy.context";
    /// Strategy of the fingerprint.
    pub const STRATEGY: &str = "errata.strategy";
    /// Prefix of all results; a client that sends these is not believed.
    pub const PREFIX: &str = "errata.";
}
