//! The three services by the paths of their methods. Written by hand: seven methods need no generator.

use super::super::config::GrpcConfig;
use super::Storage;
use super::messages::{GetCapabilitiesRequest, GetCapabilitiesResponse, SearchCapabilities};
use futures::Stream;
use futures::future::BoxFuture;
use prost::Message;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// One of the services. All know the methods of all: they differ in the name under which requests reach them.
#[derive(Debug)]
pub(in crate::grpc) struct Methods<Name> {
    storage: Storage,
    message_bytes_max: usize,
    name: PhantomData<fn() -> Name>,
}

/// Reads traces.
#[derive(Debug)]
pub(in crate::grpc) struct TraceReader;

/// Reads which service calls which.
#[derive(Debug)]
pub(in crate::grpc) struct DependencyReader;

/// Tells what a search can do.
#[derive(Debug)]
pub(in crate::grpc) struct Capabilities;

impl NamedService for Methods<TraceReader> {
    const NAME: &'static str = "jaeger.storage.v2.TraceReader";
}

impl NamedService for Methods<DependencyReader> {
    const NAME: &'static str = "jaeger.storage.v2.DependencyReader";
}

impl NamedService for Methods<Capabilities> {
    const NAME: &'static str = "jaeger.storage.v2.Capabilities";
}

impl<Name> Methods<Name> {
    pub(in crate::grpc) fn new(storage: &Storage, config: &GrpcConfig) -> Self {
        let storage = storage.clone();
        Self { storage, message_bytes_max: config.message_bytes_max, name: PhantomData }
    }
}

impl<Name> Clone for Methods<Name> {
    fn clone(&self) -> Self {
        Self { storage: self.storage.clone(), message_bytes_max: self.message_bytes_max, name: PhantomData }
    }
}

impl<Name> Service<http::Request<Body>> for Methods<Name> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (storage, limit) = (self.storage.clone(), self.message_bytes_max);
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            Ok(match path.strip_prefix("/jaeger.storage.v2.").unwrap_or_default() {
                "TraceReader/GetTraces" => {
                    streaming(limit, request, move |wanted| storage.clone().traces(wanted)).await
                }
                "TraceReader/FindTraces" => {
                    streaming(limit, request, move |wanted| storage.clone().search(wanted)).await
                }
                "TraceReader/FindTraceIDs" => {
                    unary(limit, request, move |wanted| storage.clone().search_ids(wanted)).await
                }
                "TraceReader/GetServices" => {
                    unary(limit, request, move |wanted| storage.clone().services(wanted)).await
                }
                "TraceReader/GetOperations" => {
                    unary(limit, request, move |wanted| storage.clone().operations(wanted)).await
                }
                "DependencyReader/GetDependencies" => {
                    unary(limit, request, move |wanted| storage.clone().dependencies(wanted)).await
                }
                "Capabilities/GetCapabilities" => unary(limit, request, capabilities).await,
                _ => Status::unimplemented(format!("{path} is not served")).into_http(),
            })
        })
    }
}

async fn capabilities(
    _: Request<GetCapabilitiesRequest>,
) -> Result<Response<GetCapabilitiesResponse>, Status> {
    let search = SearchCapabilities { without_service_name: true, same_span_conjunction: true };
    Ok(Response::new(GetCapabilitiesResponse { search: Some(search) }))
}

async fn unary<Q, A, F>(
    message_bytes_max: usize,
    request: http::Request<Body>,
    call: impl FnMut(Request<Q>) -> F,
) -> http::Response<Body>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    F: Future<Output = Result<Response<A>, Status>>,
{
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).max_decoding_message_size(message_bytes_max);
    grpc.unary(service_fn(call), request).await
}

async fn streaming<Q, A, F, S>(
    message_bytes_max: usize,
    request: http::Request<Body>,
    call: impl FnMut(Request<Q>) -> F,
) -> http::Response<Body>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    S: Stream<Item = Result<A, Status>> + Send + 'static,
    F: Future<Output = Result<Response<S>, Status>>,
{
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).max_decoding_message_size(message_bytes_max);
    grpc.server_streaming(service_fn(call), request).await
}
