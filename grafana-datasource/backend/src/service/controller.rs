//! go-plugin's controller: how Grafana asks a plugin to end by itself.

use super::unary;
use crate::lifetime::Ending;
use crate::log;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tonic::body::BoxBody;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::NamedService;

/// Nothing, either way.
#[derive(Clone, PartialEq, prost::Message)]
struct Empty {}

/// The service.
#[derive(Clone, Debug)]
pub(super) struct ControllerServer {
    ending: Ending,
}

impl ControllerServer {
    pub(super) fn new(ending: Ending) -> Self {
        Self { ending }
    }
}

impl NamedService for ControllerServer {
    const NAME: &'static str = "plugin.GRPCController";
}

impl<B> Service<http::Request<B>> for ControllerServer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path() != "/plugin.GRPCController/Shutdown" {
            return unary::unknown();
        }
        let ending = self.ending.clone();
        unary::answer(request, move |_: Empty| {
            log::info("the plugin ends", &[("why", "Grafana says so")]);
            ending.begin();
            async { Ok(Empty {}) }
        })
    }
}
