//! A next hop that does as it is told: a real tonic or axum server on a port of its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::Read as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::server::UnaryService;
use tonic::{Code, Status};

use super::super::{Compression, Protocol};
use crate::codec::BytesCodec;

/// What the server does with one request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Accept,
    Unavailable,
    /// Too much, with a wait.
    Busy(Duration),
    Invalid,
    /// Takes it but for some items.
    Partial(i64),
    /// Never answers.
    Hang,
}

/// A request that was taken.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) body: Bytes,
    pub(super) is_logs: bool,
    pub(super) tenant: Option<String>,
    pub(super) compression: Compression,
}

#[derive(Debug, Default)]
struct Shared {
    script: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Received>>,
    hanging: Mutex<usize>,
}

#[derive(Debug)]
pub(super) struct NextHop {
    protocol: Protocol,
    addr: SocketAddr,
    shared: Arc<Shared>,
    /// The server's own runtime: ending it cuts its connections too.
    server: Option<Runtime>,
}

impl NextHop {
    pub(super) fn start(protocol: Protocol) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut hop = Self { protocol, addr, shared: Arc::default(), server: None };
        hop.serve(listener);
        hop
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Answers to come; afterwards everything is accepted.
    pub(super) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().extend(answers);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    pub(super) fn hanging(&self) -> usize {
        *self.shared.hanging.lock()
    }

    /// Ends the server with all its connections, in the middle of whatever they do.
    pub(super) fn kill(&mut self) {
        self.server.take().unwrap().shutdown_background();
    }

    /// Serves again at the same address.
    pub(super) async fn restart(&mut self) {
        let listener = loop {
            match std::net::TcpListener::bind(self.addr) {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        self.serve(listener);
    }

    fn serve(&mut self, listener: std::net::TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (shared, protocol) = (Arc::clone(&self.shared), self.protocol);
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            match protocol {
                Protocol::Grpc => {
                    let router = Router::new()
                        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(grpc))
                        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(grpc))
                        .with_state(shared);
                    let routes = tonic::service::Routes::from(router);
                    let server = tonic::transport::Server::builder().add_routes(routes);
                    server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
                }
                Protocol::HttpProtobuf => {
                    let router = Router::new().route("/v1/traces", post(http)).route("/v1/logs", post(http));
                    axum::serve(listener, router.with_state(shared)).await.unwrap();
                }
            }
        });
        self.server = Some(runtime);
    }
}

impl Drop for NextHop {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

impl Shared {
    /// The next answer; a request that is accepted is kept.
    async fn next(&self, received: Received) -> Answer {
        let answer = self.script.lock().pop_front().unwrap_or(Answer::Accept);
        match answer {
            Answer::Accept | Answer::Partial(_) => self.received.lock().push(received),
            Answer::Hang => {
                *self.hanging.lock() += 1;
                pending::<()>().await;
            }
            Answer::Unavailable | Answer::Busy(_) | Answer::Invalid => {}
        }
        answer
    }
}

fn compression_of(headers: &HeaderMap, name: &str) -> Compression {
    match headers.get(name).map(|value| value.to_str().unwrap()) {
        None | Some("identity") => Compression::None,
        Some(name) => name.parse().unwrap(),
    }
}

fn tenant_of(headers: &HeaderMap) -> Option<String> {
    headers.get("x-tenant").map(|value| value.to_str().unwrap().to_owned())
}

fn partial_success(rejected: i64) -> Bytes {
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message: "too old".to_owned() };
    ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec().into()
}

struct Export {
    shared: Arc<Shared>,
    is_logs: bool,
    compression: Compression,
}

impl UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let (is_logs, compression) = (self.is_logs, self.compression);
        Box::pin(async move {
            let tenant = request.metadata().get("x-tenant").map(|value| value.to_str().unwrap().to_owned());
            let received = Received { body: request.into_inner(), is_logs, tenant, compression };
            match shared.next(received).await {
                Answer::Accept => Ok(tonic::Response::new(Bytes::new())),
                Answer::Partial(rejected) => Ok(tonic::Response::new(partial_success(rejected))),
                Answer::Unavailable => Err(Status::unavailable("starting")),
                Answer::Invalid => Err(Status::invalid_argument("what is this")),
                Answer::Busy(wait) => Err(busy(wait)),
                Answer::Hang => unreachable!("it hangs"),
            }
        })
    }
}

/// `google.rpc.Status` with a `RetryInfo`, field by field.
fn busy(wait: Duration) -> Status {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }
    let delay = [&[1 << 3, u8::try_from(wait.as_secs()).unwrap()], &[][..]].concat();
    let info = field(1, &delay);
    let any = [field(1, b"type.googleapis.com/google.rpc.RetryInfo"), field(2, &info)].concat();
    let details = [vec![1 << 3, 8], field(3, &any)].concat();
    Status::with_details(Code::ResourceExhausted, "later", details.into())
}

async fn grpc(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Infallible> {
    let is_logs = request.uri().path().contains("LogsService");
    let compression = compression_of(request.headers(), "grpc-encoding");
    let mut server = tonic::server::Grpc::new(BytesCodec)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    Ok(server.unary(Export { shared, is_logs, compression }, request).await.map(Body::new))
}

async fn http(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let headers = request.headers().clone();
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let is_logs = request.uri().path() == "/v1/logs";
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let compression = compression_of(&headers, "content-encoding");
    let body = match compression {
        Compression::None => body,
        Compression::Gzip => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
            plain.into()
        }
        Compression::Zstd => zstd::decode_all(&*body).unwrap().into(),
    };
    let received = Received { body, is_logs, tenant: tenant_of(&headers), compression };
    match shared.next(received).await {
        Answer::Accept => StatusCode::OK.into_response(),
        Answer::Partial(rejected) => partial_success(rejected).into_response(),
        Answer::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Answer::Invalid => (StatusCode::BAD_REQUEST, "what is this").into_response(),
        Answer::Busy(wait) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", wait.as_secs().to_string())]).into_response()
        }
        Answer::Hang => unreachable!("it hangs"),
    }
}
