//! Arrow schemas of the lake's tables. SQL names and types are Errata's public API.
//!
//! Text is UTF-8, ids are lower-case hex, times are UTC. `attributes`-like columns are maps of text to
//! text. Column order here is the order in the files; `date` is the partition column and comes last.

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::sync::{Arc, LazyLock};

use DataType::{Boolean, Int32, Int64, Utf8};

/// One of the four tables of the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// One row per span received.
    Spans,
    /// One row per exception.
    Errors,
    /// Pattern facts by processors, append-only: made, linked, aliased.
    Patterns,
    /// Decisions by people, append-only.
    PatternEvents,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 4] = [Self::Spans, Self::Errors, Self::Patterns, Self::PatternEvents];

    /// Folder under the lake root and SQL name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Errors => "errors",
            Self::Patterns => "patterns",
            Self::PatternEvents => "pattern_events",
        }
    }

    /// Schema of the table, partition column included.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        static SPANS: LazyLock<SchemaRef> = LazyLock::new(spans);
        static ERRORS: LazyLock<SchemaRef> = LazyLock::new(errors);
        static PATTERNS: LazyLock<SchemaRef> = LazyLock::new(patterns);
        static EVENTS: LazyLock<SchemaRef> = LazyLock::new(pattern_events);
        Arc::clone(match self {
            Self::Spans => &SPANS,
            Self::Errors => &ERRORS,
            Self::Patterns => &PATTERNS,
            Self::PatternEvents => &EVENTS,
        })
    }

    /// Columns that files are sorted by, ascending, nulls first.
    #[must_use]
    pub fn sort_key(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &["service_name", "time_unix_nano"],
            Self::Errors => &["pattern_id", "time_unix_nano"],
            Self::Patterns | Self::PatternEvents => &["pattern_id", "time_unix_nano"],
        }
    }

    /// Columns with a bloom filter in compacted files: ids that queries look up by equality.
    #[must_use]
    pub fn bloom_columns(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &["trace_id", "session_id", "execution_id"],
            Self::Errors => &["trace_id", "session_id", "execution_id", "event_id", "fingerprint", "user_id"],
            Self::Patterns => &["fingerprint"],
            Self::PatternEvents => &[],
        }
    }

    /// Columns of which the table's log keeps least value, greatest value and null count of each file:
    /// what queries restrict, and short. Others are not worth the bytes in every log entry.
    #[must_use]
    pub fn stats_columns(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &[
                "timestamp",
                "time_unix_nano",
                "duration_ns",
                "trace_id",
                "span_id",
                "session_id",
                "parent_session_id",
                "execution_id",
                "user_id",
                "service_name",
                "name",
                "exec_kind",
                "status_code",
                "fingerprint",
                "pattern_id",
                "severity",
            ],
            Self::Errors => &[
                "timestamp",
                "time_unix_nano",
                "event_id",
                "trace_id",
                "span_id",
                "session_id",
                "parent_session_id",
                "execution_id",
                "user_id",
                "service_name",
                "language",
                "error_type",
                "code_hash",
                "fingerprint",
                "pattern_id",
                "taxonomy_runtime",
                "taxonomy_phase",
                "taxonomy_cause",
                "severity",
            ],
            Self::Patterns => {
                &["timestamp", "time_unix_nano", "fact", "pattern_id", "fingerprint", "error_type", "writer"]
            }
            Self::PatternEvents => &["timestamp", "time_unix_nano", "event_id", "pattern_id", "action"],
        }
    }

    /// Columns of fresh files without a dictionary: nearly every value differs.
    #[must_use]
    pub fn plain_columns(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &[
                "timestamp",
                "time_unix_nano",
                "duration_ns",
                "trace_id",
                "span_id",
                "parent_span_id",
                "events",
                "links",
            ],
            Self::Errors => {
                &["timestamp", "time_unix_nano", "event_id", "trace_id", "span_id", "stack_trace", "snippet"]
            }
            Self::Patterns | Self::PatternEvents => &["timestamp", "time_unix_nano"],
        }
    }

    /// Columns of compacted files without a dictionary: values differ among neighbours too, texts in them are as long as
    /// each other. Fewer than [`Self::plain_columns`]: more rows repeat more. `BENCHMARKS.md` has what it gained.
    #[must_use]
    pub fn distinct_columns(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &["timestamp", "time_unix_nano", "duration_ns", "span_id", "parent_span_id"],
            Self::Errors => &["timestamp", "time_unix_nano", "event_id", "span_id"],
            Self::Patterns | Self::PatternEvents => &["timestamp", "time_unix_nano"],
        }
    }

    /// Columns of texts of kilobytes, which resemble each other but are seldom the same: compacted files have them in
    /// larger pages instead of a dictionary.
    #[must_use]
    pub fn long_columns(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &["events", "links"],
            Self::Errors => &["stack_trace", "snippet"],
            Self::Patterns | Self::PatternEvents => &[],
        }
    }
}

/// Type of the `timestamp` columns: microseconds, UTC (Delta stores no nanoseconds).
#[must_use]
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Type of the map columns: text to text.
#[must_use]
pub fn map_type() -> DataType {
    let entries = Fields::from(vec![Field::new("key", Utf8, false), Field::new("value", Utf8, true)]);
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false)
}

/// Type of `tags`: a list of text.
#[must_use]
pub fn tags_type() -> DataType {
    DataType::List(Arc::new(Field::new("element", Utf8, true)))
}

fn required(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, false)
}

fn optional(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, true)
}

fn spans() -> SchemaRef {
    Arc::new(Schema::new(vec![
        required("timestamp", timestamp_type()), // start of the span
        required("time_unix_nano", Int64),       // the same in nanoseconds
        required("duration_ns", Int64), // end less start; 0 where the end is absent or before the start
        required("trace_id", Utf8),
        required("span_id", Utf8),
        optional("parent_span_id", Utf8),
        optional("session_id", Utf8),
        optional("parent_session_id", Utf8),
        optional("execution_id", Utf8),
        optional("user_id", Utf8),
        optional("service_name", Utf8),
        optional("host_name", Utf8),
        required("name", Utf8),
        required("kind", Utf8), // unspecified, internal, server, client, producer, consumer
        optional("exec_kind", Utf8),
        required("status_code", Utf8), // UNSET, OK, ERROR
        optional("status_message", Utf8),
        optional("commit_hash", Utf8),
        optional("branch", Utf8),
        optional("virtualenv", Utf8),
        optional("pkg_versions", Utf8), // JSON
        optional("attributes", map_type()),
        optional("resource_attributes", map_type()),
        optional("events", Utf8), // JSON array of {name, time_unix_nano, attributes}
        optional("links", Utf8),  // JSON array of {trace_id, span_id, attributes}
        optional("scope_name", Utf8),
        optional("scope_version", Utf8),
        optional("fingerprint", Utf8), // of the span's first exception
        optional("pattern_id", Utf8),
        optional("severity", Int32),
        required("date", Utf8),
    ]))
}

fn errors() -> SchemaRef {
    Arc::new(Schema::new(vec![
        required("timestamp", timestamp_type()), // of the exception
        required("time_unix_nano", Int64),
        required("event_id", Utf8), // 32 hex, unique
        optional("trace_id", Utf8),
        optional("span_id", Utf8),
        optional("session_id", Utf8),
        optional("parent_session_id", Utf8),
        optional("execution_id", Utf8),
        optional("user_id", Utf8),
        optional("service_name", Utf8),
        optional("host_name", Utf8),
        required("signal", Utf8), // trace, log
        optional("span_name", Utf8),
        optional("language", Utf8),
        required("error_type", Utf8),
        optional("message", Utf8),     // masked
        optional("stack_trace", Utf8), // masked
        optional("snippet", Utf8),     // masked
        optional("file_path", Utf8),
        optional("code_hash", Utf8),
        optional("commit_hash", Utf8),
        optional("branch", Utf8),
        optional("virtualenv", Utf8),
        optional("pkg_versions", Utf8), // JSON
        optional("env", map_type()),
        optional("tags", tags_type()),
        optional("attributes", map_type()), // the span's or record's own
        required("fingerprint", Utf8),      // 32 hex
        required("signature", Utf8),        // 32 hex
        required("pattern_id", Utf8),
        required("pattern_new", Boolean),
        required("taxonomy_runtime", Utf8),
        required("taxonomy_phase", Utf8),
        required("taxonomy_type", Utf8),
        optional("taxonomy_cause", Utf8),
        optional("taxonomy_context", Utf8),
        required("severity", Int32), // 1 to 5
        required("strategy", Utf8),
        optional("ast_statement", Utf8), // kind of the failing statement of the snippet, null where it is not found
        optional("ast_call", Utf8),      // what it calls or is applied to, user's own names as <name>
        optional("ast_import", Utf8),    // module that it imports, or that the called name comes from
        required("date", Utf8),
    ]))
}

fn patterns() -> SchemaRef {
    Arc::new(Schema::new(vec![
        required("timestamp", timestamp_type()), // of the exception that led to the fact
        required("time_unix_nano", Int64),
        required("fact", Utf8), // pattern: made; link: one more hash joins; alias: pattern_id is another name of alias_of
        required("pattern_id", Utf8),
        required("fingerprint", Utf8),
        optional("hashes", tags_type()), // all hashes of the event that join the pattern with it
        optional("alias_of", Utf8),
        optional("signature", Utf8),
        optional("canonical", Utf8), // canonical form that near neighbours are compared with
        optional("error_type", Utf8),
        optional("canonical_msg", Utf8),
        optional("language", Utf8),
        optional("taxonomy_runtime", Utf8),
        optional("taxonomy_phase", Utf8),
        optional("taxonomy_type", Utf8),
        optional("taxonomy_cause", Utf8),
        optional("severity", Int32),
        optional("reason", Utf8), // why it was linked, in words
        required("strategy", Utf8),
        optional("sample_trace", Utf8),
        optional("service_name", Utf8),
        required("writer", Utf8),
        required("date", Utf8),
    ]))
}

fn pattern_events() -> SchemaRef {
    Arc::new(Schema::new(vec![
        required("timestamp", timestamp_type()),
        required("time_unix_nano", Int64),
        required("event_id", Utf8),
        required("pattern_id", Utf8),
        required("action", Utf8), // status, merge, split, apart, label, severity, assign
        optional("from_value", Utf8),
        optional("to_value", Utf8),
        required("actor", Utf8),
        optional("reason", Utf8),
        required("date", Utf8),
    ]))
}
