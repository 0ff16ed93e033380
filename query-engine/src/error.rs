//! What can go wrong with a query, in words for the person who wrote it.
//!
//! Knows neither HTTP (see `api::problem`) nor paths of the host: faults of the lake are logged in full and
//! told in general terms.

use crate::suggest;
use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

/// Kind of a failure; what a client branches on. The texts are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The text is not SQL.
    Syntax,
    /// The statement is SQL but means nothing here: unknown names, wrong types, failing casts.
    InvalidQuery,
    /// The statement is no query.
    NotReadOnly,
    /// `query_bytes_max`, `operators_max` or `tables_max`.
    QueryTooLarge,
    /// `files_max`.
    TooManyFiles,
    /// `rows_max` or `trace_bytes_max`.
    TooManyRows,
    /// `timeout_ms`.
    Timeout,
    /// `memory_bytes_max`, `spill_bytes_max` or `kept_view_bytes_max`.
    OutOfMemory,
    /// `concurrent_max` and `waiting_max`, or `wait_ms_max`.
    Busy,
    /// The lake cannot be read.
    Lake,
    /// A fault of the engine.
    Internal,
}

impl ErrorCode {
    /// The name in problem documents and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::InvalidQuery => "invalid-query",
            Self::NotReadOnly => "not-read-only",
            Self::QueryTooLarge => "query-too-large",
            Self::TooManyFiles => "too-many-files",
            Self::TooManyRows => "too-many-rows",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Busy => "busy",
            Self::Lake => "lake",
            Self::Internal => "internal",
        }
    }
}

/// A query that got no (whole) answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The text is not SQL; correct it.
    #[error("{message}")]
    Syntax {
        /// The parser's words, with line and column.
        message: String,
    },
    /// Unknown names, wrong types, values that cannot be computed; correct the query.
    #[error("{message}")]
    Invalid {
        /// What is wrong, with near names where a name is unknown.
        message: String,
    },
    /// Anything but a query.
    #[error(
        "{what} is refused: only queries are answered (SELECT, WITH, EXPLAIN, SHOW TABLES, SHOW COLUMNS, DESCRIBE)"
    )]
    NotReadOnly {
        /// The statement or function that was refused.
        what: String,
    },
    /// The text is longer than the limit.
    #[error("query text has {bytes} bytes, limit query.text_size_max is {limit}")]
    QueryTooLong {
        /// Length of the text.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The text makes too deep a plan.
    #[error(
        "query has {operators} operators, limit operators_max is {limit}: use IN (...) for long lists of alternatives"
    )]
    QueryTooDeep {
        /// Operators counted.
        operators: usize,
        /// The limit.
        limit: usize,
    },
    /// Too many joins for one plan.
    #[error(
        "query names {tables} tables (those of WITH as often as they are used), limit tables_max is {limit}: ask in parts"
    )]
    TooManyTables {
        /// Names counted.
        tables: usize,
        /// The limit.
        limit: usize,
    },
    /// After pruning too many files are left.
    #[error(
        "query reads {files} files of table {table}, limit query.files_max is {limit}: narrow it with a condition on date or timestamp"
    )]
    TooManyFiles {
        /// Files after pruning.
        files: usize,
        /// The table.
        table: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The answer has more rows than the limit.
    #[error(
        "answer has more than {limit} rows, limit query.rows_max: aggregate, add LIMIT or narrow the time range"
    )]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// The spans of one answer of the Jaeger API take more memory than the limit.
    #[error(
        "the spans of this answer take more than {limit} bytes, limit query.trace_size_max: ask for fewer traces"
    )]
    TracesTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The time is over.
    #[error(
        "query ran longer than {limit_ms} ms, limit query.timeout: narrow the time range or aggregate less"
    )]
    Timeout {
        /// The limit.
        limit_ms: u64,
    },
    /// Memory or spill space is used up.
    #[error(
        "query needs more memory than is left of {limit} bytes, limit query.memory_max (spilling is {spilling}): narrow the time range, select fewer columns or group by fewer values"
    )]
    OutOfMemory {
        /// The limit.
        limit: usize,
        /// `off`, or the bytes that may be spilled.
        spilling: String,
    },
    /// What patterns are called takes more memory than the limit.
    #[error(
        "the names of merged and split patterns take more than {limit} bytes, limit query.names_size_max: raise the limit"
    )]
    NamesTooLarge {
        /// The limit.
        limit: usize,
    },
    /// Too many queries at once; try again.
    #[error("{running} queries run and {waiting} wait, limit query.concurrent_max: try again in a moment")]
    Busy {
        /// The limit of running queries.
        running: usize,
        /// Queries that wait.
        waiting: usize,
    },
    /// No place became free in time; try again.
    #[error("no place became free in {limit_ms} ms, limit wait_ms_max: try again in a moment")]
    WaitedTooLong {
        /// The limit.
        limit_ms: u64,
    },
    /// The lake cannot be read; not the query's fault.
    #[error("the lake could not be read")]
    Lake {
        /// The cause, for the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A fault of the engine; not the query's fault.
    #[error("the query engine failed; its log says why")]
    Internal {
        /// The cause, for the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl QueryError {
    /// The kind of this failure.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Syntax { .. } => ErrorCode::Syntax,
            Self::Invalid { .. } => ErrorCode::InvalidQuery,
            Self::NotReadOnly { .. } => ErrorCode::NotReadOnly,
            Self::QueryTooLong { .. } | Self::QueryTooDeep { .. } | Self::TooManyTables { .. } => {
                ErrorCode::QueryTooLarge
            }
            Self::TooManyFiles { .. } => ErrorCode::TooManyFiles,
            Self::TooManyRows { .. } | Self::TracesTooLarge { .. } => ErrorCode::TooManyRows,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::OutOfMemory { .. } | Self::NamesTooLarge { .. } => ErrorCode::OutOfMemory,
            Self::Busy { .. } | Self::WaitedTooLong { .. } => ErrorCode::Busy,
            Self::Lake { .. } => ErrorCode::Lake,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Whether the same may be answered later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.code(), ErrorCode::Busy | ErrorCode::Timeout | ErrorCode::Lake)
    }

    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { source: source.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into() }
    }
}

/// Sorts DataFusion's errors into ours; `memory` says the limits that an exhausted pool stands for.
pub(crate) fn classify(error: DataFusionError, memory: &MemoryLimits) -> QueryError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            classify(*inner, memory)
        }
        DataFusionError::Collection(mut errors) if !errors.is_empty() => {
            classify(errors.swap_remove(0), memory)
        }
        DataFusionError::Shared(shared) => classify_shared(&shared, memory),
        DataFusionError::External(source) => match source.downcast::<QueryError>() {
            Ok(own) => *own,
            Err(source) => match source.downcast::<DataFusionError>() {
                Ok(inner) => classify(*inner, memory),
                Err(source) => QueryError::internal(source),
            },
        },
        DataFusionError::ArrowError(arrow, _) => classify_arrow(*arrow, memory),
        DataFusionError::SQL(parser, _) => QueryError::Syntax { message: parser.to_string() },
        DataFusionError::SchemaError(schema, _) => QueryError::invalid(schema_message(&schema)),
        DataFusionError::ResourcesExhausted(_) => memory.error(),
        DataFusionError::Plan(message)
        | DataFusionError::NotImplemented(message)
        | DataFusionError::Configuration(message)
        | DataFusionError::Execution(message) => QueryError::invalid(short(&message)),
        DataFusionError::ParquetError(parquet) => match condition_fault(&parquet) {
            Some(message) => QueryError::invalid(message),
            None => QueryError::Lake { source: parquet },
        },
        source @ (DataFusionError::ObjectStore(_) | DataFusionError::IoError(_)) => {
            QueryError::Lake { source: Box::new(source) }
        }
        source => QueryError::internal(source),
    }
}

/// What is wrong with a condition that the Parquet reader evaluated: the query's fault, told as the reader's.
fn condition_fault(error: &ParquetError) -> Option<String> {
    let ParquetError::External(source) = error else { return None };
    let Some(ArrowError::ComputeError(message)) = source.downcast_ref() else { return None };
    let fault = message.strip_prefix("Error evaluating filter predicate: ")?;
    let quoted = fault.split_once("Error(\"").and_then(|(_, rest)| rest.split_once("\")"));
    Some(quoted.map_or_else(|| short(fault), |(words, _)| words.replace('\\', "")))
}

/// The configured limits, for the words of an error.
#[derive(Clone, Debug)]
pub(crate) struct MemoryLimits {
    pub(crate) memory_bytes_max: usize,
    pub(crate) spill_bytes_max: Option<u64>,
}

impl MemoryLimits {
    fn error(&self) -> QueryError {
        let spilling = self
            .spill_bytes_max
            .map_or_else(|| "off".to_owned(), |bytes| format!("limited to {bytes} bytes"));
        QueryError::OutOfMemory { limit: self.memory_bytes_max, spilling }
    }
}

/// DataFusion tells a full spill folder as an I/O error with these words.
fn is_spill_limit(error: &dyn std::error::Error) -> bool {
    error.to_string().contains("used disk space during the spilling process")
}

fn classify_arrow(error: ArrowError, memory: &MemoryLimits) -> QueryError {
    match error {
        ArrowError::ExternalError(source) => classify(DataFusionError::External(source), memory),
        ArrowError::MemoryError(_) => memory.error(),
        error if is_spill_limit(&error) => memory.error(),
        ArrowError::IoError(..) | ArrowError::ParquetError(_) => QueryError::Lake { source: Box::new(error) },
        ArrowError::SchemaError(_) | ArrowError::IpcError(_) | ArrowError::CDataInterface(_) => {
            QueryError::internal(error)
        }
        value => QueryError::invalid(short(&value.to_string())),
    }
}

/// A shared error cannot be taken apart; its kind and words are enough for the client.
fn classify_shared(error: &DataFusionError, memory: &MemoryLimits) -> QueryError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => memory.error(),
        DataFusionError::Plan(message) | DataFusionError::Execution(message) => {
            QueryError::invalid(short(message))
        }
        DataFusionError::ArrowError(arrow, _)
            if matches!(
                **arrow,
                ArrowError::DivideByZero | ArrowError::CastError(_) | ArrowError::ParseError(_)
            ) =>
        {
            QueryError::invalid(short(&arrow.to_string()))
        }
        DataFusionError::ParquetError(parquet) => match condition_fault(parquet) {
            Some(message) => QueryError::invalid(message),
            None => QueryError::Lake { source: parquet.to_string().into() },
        },
        root @ (DataFusionError::ObjectStore(_) | DataFusionError::IoError(_)) => {
            QueryError::Lake { source: root.to_string().into() }
        }
        root => QueryError::internal(root.to_string()),
    }
}

/// DataFusion appends back traces and hints for its own developers; people need the first part.
fn short(message: &str) -> String {
    let cut = message.split("\n\nbacktrace:").next().unwrap_or(message).trim();
    let cut = cut.strip_prefix("Error during planning: ").unwrap_or(cut);
    if cut.starts_with("The context currently only supports a single SQL statement") {
        return "one statement at a time is answered".to_owned();
    }
    cut.replace('\n', " ")
}

fn schema_message(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let names: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
            suggest::unknown("column", &field.name, &names)
        }
        SchemaError::AmbiguousReference { field } => {
            format!("column '{}' is in more than one table: write table.{}", field.name, field.name)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: MemoryLimits = MemoryLimits { memory_bytes_max: 7, spill_bytes_max: None };

    #[test]
    fn wrapped_errors_keep_their_kind() {
        let own = QueryError::TooManyFiles { files: 3, table: "errors", limit: 2 };
        let wrapped = DataFusionError::External(Box::new(own)).context("while planning");
        assert_eq!(classify(wrapped, &MEMORY).code(), ErrorCode::TooManyFiles);

        let exhausted = DataFusionError::ResourcesExhausted("x".to_owned());
        let in_arrow =
            DataFusionError::ArrowError(Box::new(ArrowError::ExternalError(Box::new(exhausted))), None);
        let error = classify(in_arrow, &MEMORY);
        assert_eq!(error.code(), ErrorCode::OutOfMemory);
        assert!(error.to_string().contains("query.memory_max (spilling is off)"), "{error}");
    }

    #[test]
    fn conditions_that_cannot_be_evaluated_are_the_querys_fault() {
        let words = "Error evaluating filter predicate: ArrowError(CastError(\"Cannot cast string 'a' to value\"), Some(\"\"))";
        let inner = ArrowError::ComputeError(words.to_owned());
        let error = DataFusionError::ParquetError(Box::new(ParquetError::External(Box::new(inner))));
        let error = classify(error, &MEMORY);
        assert_eq!(error.code(), ErrorCode::InvalidQuery);
        assert_eq!(error.to_string(), "Cannot cast string 'a' to value");
    }

    #[test]
    fn faults_of_the_host_are_not_told_to_clients() {
        let io = DataFusionError::IoError(std::io::Error::other("/home/secret/lake is gone"));
        let error = classify(io, &MEMORY);
        assert_eq!(error.code(), ErrorCode::Lake);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
