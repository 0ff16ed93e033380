//! The few protobuf messages of an answer that matter here.

use std::time::Duration;

use prost::Message;

/// Longest text of the next hop's that is kept.
const TEXT_CHARS_MAX: usize = 300;

/// `ExportTraceServiceResponse` and `ExportLogsServiceResponse`, which have the same form.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Rejected items and the reason, from an export answer; an answer that is not one rejects nothing.
pub(super) fn partial_success(body: &[u8]) -> (u64, String) {
    let partial = ExportResponse::decode(body).ok().and_then(|response| response.partial_success);
    partial.map_or((0, String::new()), |partial| {
        (u64::try_from(partial.rejected).unwrap_or(0), shorten(&partial.error_message))
    })
}

/// The message of an encoded `google.rpc.Status`, or the text itself.
pub(super) fn status_message(body: &[u8]) -> String {
    match Status::decode(body) {
        Ok(status) if !status.message.is_empty() => shorten(&status.message),
        _ => shorten(&String::from_utf8_lossy(body)),
    }
}

/// The wait that an encoded `google.rpc.Status` asks for; `None` without a `RetryInfo`.
pub(super) fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = Status::decode(details).ok()?;
    let info = status.details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay.unwrap_or_default();
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
    Some(Duration::new(seconds, nanos))
}

/// Foreign text made fit for a log line.
pub(super) fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_info_is_read_and_absence_told() {
        let info = RetryInfo { retry_delay: Some(Delay { seconds: 2, nanos: 500_000_000 }) };
        let detail = Detail {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: info.encode_to_vec(),
        };
        let status = Status { code: 8, message: "later".to_owned(), details: vec![detail] };
        assert_eq!(retry_delay(&status.encode_to_vec()), Some(Duration::from_millis(2500)));
        let bare = Status { code: 8, ..Status::default() };
        assert_eq!(retry_delay(&bare.encode_to_vec()), None);
        assert_eq!(retry_delay(b"\xff\xff"), None);
        assert_eq!(status_message(&status.encode_to_vec()), "later");
        assert_eq!(status_message(b"no\nprotobuf"), "no protobuf");
    }

    #[test]
    fn partial_success_of_both_signals_has_one_form() {
        use opentelemetry_proto::tonic::collector::trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceResponse,
        };
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let response = ExportTraceServiceResponse { partial_success: Some(partial) };
        assert_eq!(partial_success(&response.encode_to_vec()), (3, "too old".to_owned()));
        assert_eq!(partial_success(b""), (0, String::new()));
        assert_eq!(partial_success(b"\xffgarbage"), (0, String::new()));
    }
}
