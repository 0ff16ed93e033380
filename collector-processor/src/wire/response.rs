//! What a receiver answers: partial success and status, as JSON and as protobuf.
//!
//! OTLP/HTTP answers in the encoding of the request; errors carry a `google.rpc.Status`, with a
//! `RetryInfo` where the sender is to come again later.

use super::protobuf::{put_len, put_tag, put_varint};
use std::fmt::Write;
use std::time::Duration;

/// The signal of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
}

/// What an accepted request is answered with. The default: everything was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartialSuccess<'a> {
    /// Spans or log records that were not accepted.
    pub rejected: u64,
    /// Why; a warning where nothing was rejected.
    pub message: &'a str,
}

impl PartialSuccess<'_> {
    /// The `Export*ServiceResponse` in JSON; `{}` when there is nothing to tell.
    #[must_use]
    pub fn to_json(&self, signal: Signal) -> String {
        if *self == PartialSuccess::default() {
            return "{}".to_owned();
        }
        let name = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
        };
        let message = serde_json::Value::from(self.message);
        format!("{{\"partialSuccess\":{{\"{name}\":\"{}\",\"errorMessage\":{message}}}}}", self.rejected)
    }

    /// The `Export*ServiceResponse` in protobuf, which is the same for both signals.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if *self == PartialSuccess::default() {
            return out;
        }
        let mut inner = Vec::new();
        if self.rejected > 0 {
            put_tag(&mut inner, 1, 0);
            put_varint(&mut inner, self.rejected);
        }
        if !self.message.is_empty() {
            put_len(&mut inner, 2, self.message.as_bytes());
        }
        put_len(&mut out, 1, &inner);
        out
    }
}

/// A `google.rpc.Status`: the body of an OTLP/HTTP error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// gRPC code (3 invalid argument, 8 resource exhausted, 14 unavailable, 16 unauthenticated).
    pub code: i32,
    /// For people.
    pub message: &'a str,
    /// When to come again, for errors that pass.
    pub retry_after: Option<Duration>,
}

/// Type of the detail that carries [`Status::retry_after`].
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl Status<'_> {
    /// In JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out =
            format!("{{\"code\":{},\"message\":{}", self.code, serde_json::Value::from(self.message));
        if let Some(delay) = self.retry_after {
            let (seconds, nanos) = (delay.as_secs(), delay.subsec_nanos());
            write!(
                out,
                ",\"details\":[{{\"@type\":\"{RETRY_INFO}\",\"retryDelay\":\"{seconds}.{nanos:09}s\"}}]"
            )
            .expect("writing to a String cannot fail");
        }
        out.push('}');
        out
    }

    /// In protobuf; also what gRPC carries in `grpc-status-details-bin`.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_tag(&mut out, 1, 0);
        put_varint(&mut out, i64::from(self.code) as u64);
        put_len(&mut out, 2, self.message.as_bytes());
        if let Some(delay) = self.retry_after {
            let (mut duration, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
            put_tag(&mut duration, 1, 0);
            put_varint(&mut duration, delay.as_secs());
            put_tag(&mut duration, 2, 0);
            put_varint(&mut duration, u64::from(delay.subsec_nanos()));
            put_len(&mut info, 1, &duration);
            put_len(&mut any, 1, RETRY_INFO.as_bytes());
            put_len(&mut any, 2, &info);
            put_len(&mut out, 3, &any);
        }
        out
    }
}
