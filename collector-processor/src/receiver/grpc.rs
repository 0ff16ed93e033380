//! OTLP/gRPC: `TraceService/Export` and `LogsService/Export`, whose messages stay bytes.

use super::{Admission, Consumer, Encoding, ExportRequest, Permit, ReceiverConfig, Refusal};
use crate::codec::BytesCodec;
use crate::wire::{PartialSuccess, Signal};
use access::{Access, Incoming, Principal, Role};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Serves OTLP/gRPC until `shutdown` resolves, then finishes what is under way.
///
/// # Errors
/// When the listener fails for good.
pub(crate) async fn serve_grpc<C: Consumer>(
    incoming: Incoming,
    consumer: C,
    access: Access,
    admission: Admission,
    config: ReceiverConfig,
    session_header: String,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), tonic::transport::Error> {
    let (body_bytes_max, read_timeout) = (config.body_bytes_max, config.read_timeout);
    let shared = Shared { consumer, access, admission, body_bytes_max, read_timeout, session_header };
    tonic::transport::Server::builder()
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .http2_keepalive_interval(Some(config.read_timeout))
        .add_service(TraceService(shared.clone()))
        .add_service(LogsService(shared))
        .serve_with_incoming_shutdown(incoming.into_stream(), shutdown)
        .await
}

#[derive(Clone)]
struct Shared<C> {
    consumer: C,
    access: Access,
    admission: Admission,
    body_bytes_max: usize,
    read_timeout: Duration,
    session_header: String,
}

impl<C: Consumer> Shared<C> {
    async fn export(
        self,
        signal: Signal,
        path: &str,
        request: http::Request<tonic::body::Body>,
    ) -> http::Response<tonic::body::Body> {
        if request.uri().path() != path {
            return Status::unimplemented(format!("no method {}", request.uri().path())).into_http();
        }
        // Before the body is read: a refused sender costs no memory.
        let (principal, permit) = match self.admit(request.headers()).await {
            Ok(admitted) => admitted,
            Err(refusal) => return status(&refusal).into_http(),
        };
        let mut grpc = tonic::server::Grpc::new(BytesCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(self.body_bytes_max);
        let limit = self.body_bytes_max;
        let permit = Arc::new(Mutex::new(permit));
        let request = request.map(|body| Charged {
            body,
            permit: Arc::clone(&permit),
            bytes: 0,
            read_timeout: self.read_timeout,
            late: Box::pin(tokio::time::sleep(self.read_timeout)),
        });
        corrected(grpc.unary(Export { shared: self, signal, principal, permit }, request).await, limit)
    }

    /// Who sends, and a permit to read what is sent.
    async fn admit(&self, headers: &http::HeaderMap) -> Result<(Principal, Permit), Refusal> {
        let principal = self.access.authorize(headers, Role::Ingest).await?;
        principal.check_pace()?;
        Ok((principal, self.admission.request()?))
    }
}

/// tonic answers an oversized message with a code that OTLP clients retry, and corrupt compressed data
/// as if the fault were ours; neither is cured by sending it again.
fn corrected(response: http::Response<tonic::body::Body>, limit: usize) -> http::Response<tonic::body::Body> {
    let code = response.headers().get(Status::GRPC_STATUS).map(|v| Code::from_bytes(v.as_bytes()));
    match code {
        Some(Code::OutOfRange) => status(&Refusal::TooLarge { limit }).into_http(),
        Some(Code::Internal) => {
            let told = Status::from_header_map(response.headers()).map(|s| s.message().to_owned());
            status(&Refusal::Malformed(told.unwrap_or_default())).into_http()
        }
        _ => response,
    }
}

/// A request body whose bytes are charged to its permit as they arrive, before a message is whole, and which has
/// to be there within a time.
struct Charged {
    body: tonic::body::Body,
    permit: Arc<Mutex<Permit>>,
    bytes: usize,
    read_timeout: Duration,
    late: Pin<Box<tokio::time::Sleep>>,
}

impl Body for Charged {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_pending() && this.late.as_mut().poll(cx).is_ready() {
            let reason = format!("the body did not arrive within {:?}", this.read_timeout);
            return Poll::Ready(Some(Err(status(&Refusal::Malformed(reason)))));
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            this.bytes += frame.data_ref().map_or(0, Bytes::len);
            if let Err(refusal) = this.permit.lock().resize(this.bytes) {
                return Poll::Ready(Some(Err(status(&refusal))));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Export<C> {
    shared: Shared<C>,
    signal: Signal,
    principal: Principal,
    permit: Arc<Mutex<Permit>>,
}

impl<C: Consumer> tonic::server::UnaryService<Bytes> for Export<C> {
    type Response = Bytes;
    type Future = Boxed<Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (shared, signal) = (self.shared.clone(), self.signal);
        let (principal, permit) = (self.principal.clone(), Arc::clone(&self.permit));
        Box::pin(async move {
            let session = request.metadata().get(&shared.session_header).and_then(|v| v.to_str().ok());
            let session = session.filter(|s| !s.is_empty()).map(str::to_owned);
            let body = request.into_inner();
            {
                let mut permit = permit.lock();
                permit.enter().and_then(|()| permit.resize(body.len())).map_err(|r| status(&r))?;
            }
            let request = ExportRequest { signal, encoding: Encoding::Protobuf, body, session, principal };
            let accepted = shared.consumer.consume(request).await.map_err(|r| status(&r))?;
            let success = PartialSuccess { rejected: accepted.rejected, message: &accepted.message };
            Ok(tonic::Response::new(success.to_protobuf().into()))
        })
    }
}

/// OTLP specification, section OTLP/gRPC: `RetryInfo` tells the sender that and when to send again.
fn status(refusal: &Refusal) -> Status {
    let message = refusal.to_string();
    match refusal {
        Refusal::Malformed(_) | Refusal::Unsupported(_) => Status::invalid_argument(message),
        Refusal::TooLarge { .. } => Status::resource_exhausted(message),
        Refusal::Access(refusal) => refusal.grpc_status(),
        Refusal::Busy { .. } | Refusal::Throttled(_) => {
            let details = ErrorDetails::with_retry_info(refusal.retry_after());
            Status::with_error_details(Code::Unavailable, message, details)
        }
    }
}

macro_rules! service {
    ($name:ident, $signal:expr, $service:literal) => {
        #[derive(Clone)]
        struct $name<C>(Shared<C>);

        impl<C: Consumer> tonic::server::NamedService for $name<C> {
            const NAME: &'static str = $service;
        }

        impl<C: Consumer> tonic::codegen::Service<http::Request<tonic::body::Body>> for $name<C> {
            type Response = http::Response<tonic::body::Body>;
            type Error = Infallible;
            type Future = Boxed<Result<Self::Response, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
                let shared = self.0.clone();
                Box::pin(async move {
                    Ok(shared.export($signal, concat!("/", $service, "/Export"), request).await)
                })
            }
        }
    };
}

service!(TraceService, Signal::Traces, "opentelemetry.proto.collector.trace.v1.TraceService");
service!(LogsService, Signal::Logs, "opentelemetry.proto.collector.logs.v1.LogsService");
