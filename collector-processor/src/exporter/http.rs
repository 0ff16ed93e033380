//! OTLP over HTTP with binary protobuf.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::config::{Compression, ExporterConfig, Resolved};
use super::grpc::chain;
use super::transport::{Outcome, Route};
use super::{ExporterError, USER_AGENT, answer};

/// Most of an answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    traces: Url,
    logs: Url,
    compression: Compression,
}

impl Http {
    pub(super) fn new(config: &ExporterConfig, resolved: Resolved) -> Result<Self, ExporterError> {
        let mut headers: HeaderMap = resolved.headers.into_iter().collect();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        match config.compression {
            Compression::None => {}
            Compression::Gzip => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            Compression::Zstd => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            }
        }
        // A redirected POST would become a GET: an answer like any other refusal.
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(Policy::none())
            .connect_timeout(config.timeout)
            .timeout(config.timeout)
            .no_proxy()
            .build()
            .map_err(|source| ExporterError::Transport { source: Box::new(source) })?;
        let (traces, logs) = (at(&resolved.url, "v1/traces"), at(&resolved.url, "v1/logs"));
        Ok(Self { client, traces, logs, compression: config.compression })
    }

    pub(super) fn compression(&self) -> Compression {
        self.compression
    }

    pub(super) async fn send(&self, route: Route, body: Bytes) -> Outcome {
        let url = match route {
            Route::Traces => self.traces.clone(),
            Route::Logs => self.logs.clone(),
        };
        let response = match self.client.post(url).body(body).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Retry { after: None, reason: chain(&error) },
        };
        let status = response.status();
        let after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let body = match read(response).await {
            Ok(body) => body,
            // The status was read: a success without its body is a success.
            Err(_) if status.is_success() => Bytes::new(),
            Err(error) => return Outcome::Retry { after, reason: chain(&error) },
        };
        if status.is_success() {
            return Outcome::accepted(&body);
        }
        let reason = format!("{status}: {}", answer::status_message(&body));
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Outcome::Retry { after, reason },
            _ => Outcome::Refused { reason },
        }
    }
}

/// Adds a path to the endpoint's own.
fn at(endpoint: &Url, path: &str) -> Url {
    let mut url = endpoint.clone();
    url.set_path(&format!("{}/{path}", endpoint.path().trim_end_matches('/')));
    url
}

async fn read(mut response: Response) -> reqwest::Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(body.freeze())
}

/// `Retry-After`: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((date.to_utc() - chrono::Utc::now()).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(90)).to_rfc2822();
        let wait = retry_after(&soon).unwrap();
        assert!(wait > Duration::from_secs(80) && wait <= Duration::from_secs(90), "{wait:?}");
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn the_path_of_the_endpoint_stays() {
        let url = |text: &str| at(&Url::parse(text).unwrap(), "v1/traces").to_string();
        assert_eq!(url("http://a:4318"), "http://a:4318/v1/traces");
        assert_eq!(url("https://a/otlp/"), "https://a/otlp/v1/traces");
    }
}
