//! What was decided about a request, kept beside its bytes in the log so that a replay decides nothing anew.
//!
//! Written as protobuf, so that a newer version reads what an older one left in its log.

use prost::Message;

/// Decisions about one request.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Facts {
    /// One per exception found, in walk order.
    #[prost(message, repeated, tag = "1")]
    pub exceptions: Vec<ExceptionFact>,
    /// Pattern facts that the request led to.
    #[prost(message, repeated, tag = "2")]
    pub patterns: Vec<PatternRow>,
    /// Session of the export request itself.
    #[prost(string, optional, tag = "3")]
    pub session: Option<String>,
    /// Spans or records without a session are in the payload as they came, unmasked, because the next hop
    /// gets them byte for byte; they are masked on their way into the lake.
    #[prost(bool, tag = "4")]
    pub raw_without_session: bool,
    /// None of its spans or records has a session. Not said in logs of older versions.
    #[prost(bool, tag = "5")]
    pub without_session: bool,
    /// Spans, by their index in walk order, that say what others below them have from them; ascending.
    #[prost(uint32, repeated, tag = "6")]
    pub telling: Vec<u32>,
    /// Whether all spans have something from those above them: some name their execution and others do not. Where it
    /// does not hold, only those with exceptions have.
    #[prost(bool, tag = "7")]
    pub all_inherit: bool,
}

/// One exception and its grouping.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExceptionFact {
    /// Index of the span or log record in walk order.
    #[prost(uint32, tag = "1")]
    pub item: u32,
    /// Index of the span event; absent for a log record, and for a span where nothing recorded the exception.
    #[prost(uint32, optional, tag = "2")]
    pub event: Option<u32>,
    /// Whether it makes a row in `errors`: false for another record of an exception already counted.
    #[prost(bool, tag = "3")]
    pub counted: bool,
    /// Row id.
    #[prost(bytes = "vec", tag = "4")]
    pub event_id: Vec<u8>,
    /// 32 hex digits.
    #[prost(string, tag = "5")]
    pub fingerprint: String,
    /// 32 hex digits.
    #[prost(string, tag = "6")]
    pub signature: String,
    /// Pattern id.
    #[prost(string, tag = "7")]
    pub pattern_id: String,
    /// Whether the pattern was made by this exception.
    #[prost(bool, tag = "8")]
    pub pattern_new: bool,
    /// Taxonomy level 1.
    #[prost(string, tag = "9")]
    pub taxonomy_runtime: String,
    /// Taxonomy level 2.
    #[prost(string, tag = "10")]
    pub taxonomy_phase: String,
    /// Taxonomy level 3.
    #[prost(string, tag = "11")]
    pub taxonomy_type: String,
    /// Taxonomy level 4; empty when unknown.
    #[prost(string, tag = "12")]
    pub taxonomy_cause: String,
    /// Taxonomy level 5.
    #[prost(string, tag = "13")]
    pub taxonomy_context: String,
    /// 1 to 5.
    #[prost(int32, tag = "14")]
    pub severity: i32,
    /// Strategy name.
    #[prost(string, tag = "15")]
    pub strategy: String,
    /// Exception type for the `errors` row.
    #[prost(string, tag = "16")]
    pub error_type: String,
    /// Language of the failed program.
    #[prost(string, tag = "17")]
    pub language: String,
    /// File from the stack; empty when unknown.
    #[prost(string, tag = "18")]
    pub file_path: String,
    /// Message from the stack trace or from what was printed, where the client sent none.
    #[prost(string, tag = "19")]
    pub message: String,
    /// Kind of the failing statement; empty when unknown.
    #[prost(string, tag = "20")]
    pub ast_statement: String,
    /// What it calls; empty when unknown.
    #[prost(string, tag = "21")]
    pub ast_call: String,
    /// What it imports; empty when unknown.
    #[prost(string, tag = "22")]
    pub ast_import: String,
    /// Session of another record of it in the request, where its own span has none.
    #[prost(string, optional, tag = "23")]
    pub session: Option<String>,
    /// The attribute that holds what a program printed, where nothing recorded the exception and it was read there.
    #[prost(string, optional, tag = "24")]
    pub output_attribute: Option<String>,
    /// Whether the body of the log record holds it instead.
    #[prost(bool, tag = "25")]
    pub output_in_body: bool,
}

/// One row of table `patterns`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PatternRow {
    /// Time of the exception that led to the fact.
    #[prost(uint64, tag = "1")]
    pub time_unix_nano: u64,
    /// `pattern`, `link` or `alias`.
    #[prost(string, tag = "2")]
    pub fact: String,
    /// Pattern id.
    #[prost(string, tag = "3")]
    pub pattern_id: String,
    /// 32 hex digits.
    #[prost(string, tag = "4")]
    pub fingerprint: String,
    /// All hashes that join the pattern.
    #[prost(string, repeated, tag = "5")]
    pub hashes: Vec<String>,
    /// The pattern that `pattern_id` is another name of.
    #[prost(string, optional, tag = "6")]
    pub alias_of: Option<String>,
    /// 32 hex digits.
    #[prost(string, tag = "7")]
    pub signature: String,
    /// Canonical form.
    #[prost(string, tag = "8")]
    pub canonical: String,
    /// Exception type.
    #[prost(string, tag = "9")]
    pub error_type: String,
    /// Canonical message.
    #[prost(string, tag = "10")]
    pub canonical_msg: String,
    /// Language.
    #[prost(string, tag = "11")]
    pub language: String,
    /// Taxonomy level 1.
    #[prost(string, tag = "12")]
    pub taxonomy_runtime: String,
    /// Taxonomy level 2.
    #[prost(string, tag = "13")]
    pub taxonomy_phase: String,
    /// Taxonomy level 3.
    #[prost(string, tag = "14")]
    pub taxonomy_type: String,
    /// Taxonomy level 4.
    #[prost(string, tag = "15")]
    pub taxonomy_cause: String,
    /// 1 to 5.
    #[prost(int32, tag = "16")]
    pub severity: i32,
    /// Why, in words.
    #[prost(string, tag = "17")]
    pub reason: String,
    /// Strategy name.
    #[prost(string, tag = "18")]
    pub strategy: String,
    /// Trace id of the exception.
    #[prost(string, tag = "19")]
    pub sample_trace: String,
    /// Service of the exception.
    #[prost(string, tag = "20")]
    pub service_name: String,
}
