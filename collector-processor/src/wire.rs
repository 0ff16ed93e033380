//! OTLP requests as bytes: one check, one walk with borrowed views, spliced edits.
//!
//! Owns the protobuf and JSON forms of `ExportTraceServiceRequest` and `ExportLogsServiceRequest`.
//! A request is admitted once ([`validate_traces`], [`validate_logs`]: what prost would refuse is
//! refused), walked as often as needed without building a tree, and changed by splices that leave
//! every other byte alone. Knows nothing of sessions, exceptions, transport or time; does no I/O.
//!
//! Bounds: a request is at most [`REQUEST_BYTES_MAX`] long, values nest at most [`VALUE_DEPTH_MAX`]
//! deep. Walking bytes that were never checked gives less than is there, but never panics.
//!
//! ```
//! use collector_processor::wire::{Edits, Request, SpanView, validate_traces};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // resource_spans { scope_spans { spans { name: "run" } } }
//! let request = [10, 9, 18, 7, 18, 5, 42, 3, b'r', b'u', b'n'];
//! assert_eq!(validate_traces(&request)?.items, 1);
//!
//! let mut edits = Edits::default();
//! let mut span = SpanView::default();
//! for resource in Request::new(&request).resources() {
//!     for scope in resource.scopes() {
//!         let mut spans = scope.spans();
//!         while spans.read(&mut span) {
//!             edits.attributes(span.attributes_at()).text("errata.severity", "3").bool("errata.pattern.new", true);
//!             edits.replace(span.name.range(), "walk");
//!         }
//!     }
//! }
//! let mut tagged = Vec::new();
//! edits.apply(&request, &mut tagged)?;
//! validate_traces(&tagged)?;
//! # Ok(())
//! # }
//! ```

mod common;
mod edit;
mod json;
mod logs;
mod met;
mod protobuf;
mod request;
mod response;
mod schema;
mod text;
mod trace;
mod validate;

#[cfg(test)]
mod tests;

pub(crate) use common::RawAttribute;
pub use common::{Attribute, Attributes, KeyValues, Text, Value, Values};
pub use edit::{
    AttributeAppender, AttributesAt, EditError, Edits, put_bool_attribute, put_int_attribute,
    put_text_attribute, put_text_key_value,
};
pub use json::{JsonError, logs_from_json, traces_from_json};
pub use logs::{LogCursor, LogView};
pub(crate) use met::{Met, Slot};
pub use protobuf::{ByteRange, Fault, WireError};
pub use request::{Request, Resource, Scope};
pub use response::{PartialSuccess, Signal, Status};
pub use text::write_json_str;
pub use trace::{Event, Link, SpanCursor, SpanView};
pub(crate) use trace::{Odd, RawAttributes};
pub(crate) use validate::validate_around_spans;
pub use validate::{
    Counts, REQUEST_BYTES_MAX, VALUE_DEPTH_MAX, mended_logs, mended_traces, merge_split_logs,
    merge_split_traces, validate_logs, validate_traces,
};
