//! OTLP/HTTP: `POST /v1/traces` and `POST /v1/logs`, protobuf or JSON.
//!
//! Answers follow the OTLP specification, section OTLP/HTTP: the response has the request's own media
//! type, failures carry a `google.rpc.Status`.

use super::{Accepted, Admission, Consumer, Encoding, ExportRequest, Permit, ReceiverConfig, Refusal, body};
use crate::wire::{PartialSuccess, Signal, Status};
use access::{Access, Incoming, Role};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use axum::routing::post;
use bytes::Bytes;
use std::future::Future;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

#[derive(Clone)]
struct Receiver<C> {
    consumer: C,
    access: Access,
    admission: Admission,
    config: ReceiverConfig,
    session_header: String,
}

/// Serves OTLP/HTTP until `shutdown` resolves, then finishes what is under way.
///
/// # Errors
/// When the listener fails for good.
pub(crate) async fn serve_http<C: Consumer>(
    incoming: Incoming,
    consumer: C,
    access: Access,
    admission: Admission,
    config: ReceiverConfig,
    session_header: String,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let receiver = Receiver { consumer, access, admission, config, session_header };
    let routes = Router::new()
        .route("/v1/traces", post(export_traces::<C>))
        .route("/v1/logs", post(export_logs::<C>))
        .with_state(receiver);
    axum::serve(incoming, routes).with_graceful_shutdown(shutdown).await
}

async fn export_traces<C: Consumer>(
    State(receiver): State<Receiver<C>>,
    request: Request<Body>,
) -> Response<Body> {
    receiver.export(Signal::Traces, request).await
}

async fn export_logs<C: Consumer>(
    State(receiver): State<Receiver<C>>,
    request: Request<Body>,
) -> Response<Body> {
    receiver.export(Signal::Logs, request).await
}

impl<C: Consumer> Receiver<C> {
    async fn export(&self, signal: Signal, request: Request<Body>) -> Response<Body> {
        let (parts, mut body) = request.into_parts();
        let encoding = match encoding(&parts.headers) {
            Ok(encoding) => encoding,
            Err(refusal) => {
                self.drain(body).await;
                return refused(Encoding::Protobuf, &refusal);
            }
        };
        match self.receive(signal, encoding, &parts.headers, &mut body).await {
            Ok((accepted, _permit)) => answered(signal, encoding, &accepted),
            Err(refusal) => {
                self.drain(body).await;
                refused(encoding, &refusal)
            }
        }
    }

    async fn drain(&self, body: Body) {
        let drained = body::drain(body, self.config.body_bytes_max);
        let _slow = tokio::time::timeout(self.config.read_timeout, drained).await;
    }

    async fn receive(
        &self,
        signal: Signal,
        encoding: Encoding,
        headers: &HeaderMap,
        body: &mut Body,
    ) -> Result<(Accepted, Permit), Refusal> {
        let principal = self.access.authorize(headers, Role::Ingest).await?;
        principal.check_pace()?;
        let mut permit = self.admission.request()?;
        let limit = self.config.body_bytes_max;
        let read = tokio::time::timeout(self.config.read_timeout, body::read(body, limit, &mut permit));
        let bytes = read.await.map_err(|_| {
            Refusal::Malformed(format!("the body did not arrive within {:?}", self.config.read_timeout))
        })??;
        permit.enter()?;
        let coding = text(headers, header::CONTENT_ENCODING.as_str());
        let body = body::decompress(coding, bytes, limit, &mut permit)?;
        let session = Some(text(headers, &self.session_header)).filter(|s| !s.is_empty()).map(str::to_owned);
        let request = ExportRequest { signal, encoding, body, session, principal };
        let accepted = self.consumer.consume(request).await?;
        Ok((accepted, permit))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let media_type = text(headers, header::CONTENT_TYPE.as_str());
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        PROTOBUF | "application/protobuf" => Ok(Encoding::Protobuf),
        JSON => Ok(Encoding::Json),
        other => Err(Refusal::Unsupported(format!(
            "content-type '{other}' is not supported; use {PROTOBUF} or {JSON}"
        ))),
    }
}

fn answered(signal: Signal, encoding: Encoding, accepted: &Accepted) -> Response<Body> {
    let success = PartialSuccess { rejected: accepted.rejected, message: &accepted.message };
    let body = match encoding {
        Encoding::Json => success.to_json(signal).into(),
        Encoding::Protobuf => success.to_protobuf().into(),
    };
    response(StatusCode::OK, encoding, body)
}

fn refused(encoding: Encoding, refusal: &Refusal) -> Response<Body> {
    let (http, code) = match refusal {
        Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, tonic::Code::InvalidArgument),
        Refusal::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, tonic::Code::ResourceExhausted),
        Refusal::Unsupported(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, tonic::Code::InvalidArgument),
        Refusal::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, tonic::Code::Unavailable),
        Refusal::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, tonic::Code::Unavailable),
        Refusal::Access(refusal) => (refusal.http_status(), refusal.grpc_status().code()),
    };
    let retry_after = refusal.retry_after();
    let message = refusal.to_string();
    let status = Status { code: code as i32, message: &message, retry_after };
    let body = match encoding {
        Encoding::Json => status.to_json().into(),
        Encoding::Protobuf => status.to_protobuf().into(),
    };
    let mut response = response(http, encoding, body);
    if let Some(wait) = retry_after {
        // In whole seconds, upwards: who comes back earlier is refused again.
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
    }
    if let Refusal::Access(refusal) = refusal {
        for challenge in refusal.challenges() {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

fn response(status: StatusCode, encoding: Encoding, body: Bytes) -> Response<Body> {
    let media_type = match encoding {
        Encoding::Protobuf => PROTOBUF,
        Encoding::Json => JSON,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
