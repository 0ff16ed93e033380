//! Glue for gRPC services that no code was generated for.

use super::MESSAGE_BYTES_MAX;
use std::convert::Infallible;
use std::future::Future;
use tonic::body::BoxBody;
use tonic::codegen::{Body, BoxFuture, StdError, http};
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

/// A function as tonic's kind of service.
struct Unary<F>(F);

impl<Q, A, F, R> UnaryService<Q> for Unary<F>
where
    F: FnMut(Q) -> R,
    R: Future<Output = Result<A, Status>> + Send + 'static,
{
    type Response = A;
    type Future = BoxFuture<Response<A>, Status>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.0)(request.into_inner());
        Box::pin(async move { answer.await.map(Response::new) })
    }
}

/// Answers one call with one message.
pub(super) fn answer<B, Q, A, F, R>(
    request: http::Request<B>,
    handle: F,
) -> BoxFuture<http::Response<BoxBody>, Infallible>
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
    Q: prost::Message + Default + 'static,
    A: prost::Message + 'static,
    F: FnMut(Q) -> R + Send + 'static,
    R: Future<Output = Result<A, Status>> + Send + 'static,
{
    Box::pin(async move {
        let codec = tonic::codec::ProstCodec::<A, Q>::default();
        let mut grpc = Grpc::new(codec).max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(grpc.unary(Unary(handle), request).await)
    })
}

/// The answer to a method that the service does not have.
pub(super) fn unknown() -> BoxFuture<http::Response<BoxBody>, Infallible> {
    Box::pin(async { Ok(Status::unimplemented("the plugin has no such method").into_http()) })
}
