//! Columns of `errors` that filters may name: those that hold one short value. A test of the harness compares them with
//! the engine's.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Integer,
    Boolean,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
}

const fn text(name: &'static str) -> Column {
    Column { name, holds: Holds::Text }
}

/// By which exceptions are chosen.
pub(crate) const ERRORS: &[Column] = &[
    text("pattern_id"),
    text("error_type"),
    text("message"),
    text("service_name"),
    text("user_id"),
    text("session_id"),
    text("parent_session_id"),
    text("execution_id"),
    text("host_name"),
    text("language"),
    text("signal"),
    text("span_name"),
    text("file_path"),
    text("code_hash"),
    text("commit_hash"),
    text("branch"),
    text("virtualenv"),
    text("trace_id"),
    text("span_id"),
    text("event_id"),
    text("fingerprint"),
    text("strategy"),
    text("taxonomy_runtime"),
    text("taxonomy_phase"),
    text("taxonomy_type"),
    text("taxonomy_cause"),
    text("taxonomy_context"),
    text("ast_statement"),
    text("ast_call"),
    text("ast_import"),
    text("date"),
    Column { name: "severity", holds: Holds::Integer },
    Column { name: "pattern_new", holds: Holds::Boolean },
];

/// The pattern that an exception counts for now.
pub(crate) const PATTERN: &str = "pattern_of(pattern_id, fingerprint)";

/// Where the id of a trace is.
pub(crate) const TRACE: &str = "trace_id";

impl Column {
    /// The column of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ERRORS.iter().copied().find(|column| column.name == name)
    }

    /// What stands for it in SQL.
    pub(crate) fn sql(self) -> &'static str {
        if self.name == "pattern_id" { PATTERN } else { self.name }
    }
}
