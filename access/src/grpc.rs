//! A layer over gRPC services: who asks is known before a service runs.

use crate::keys::Access;
use crate::role::Role;
use http::{Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codegen::Service;
use tower_layer::Layer;

/// The role that a method needs, by its path (`/package.Service/Method`).
pub type RoleOfMethod = fn(&str) -> Role;

/// Puts tonic's services behind their roles: `Server::builder().layer(GrpcGuard::new(access, |_| Role::Read))`.
/// Services find the [`Principal`](crate::Principal) in the request's extensions.
#[derive(Clone, Debug)]
pub struct GrpcGuard {
    access: Access,
    role_of: RoleOfMethod,
}

/// A service behind its roles.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    guard: GrpcGuard,
}

impl GrpcGuard {
    /// Asks `access` for the role that `role_of` names.
    #[must_use]
    pub fn new(access: Access, role_of: RoleOfMethod) -> Self {
        Self { access, role_of }
    }
}

impl<S> Layer<S> for GrpcGuard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: self.clone() }
    }
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that said it is ready is called; its copy waits for the next call.
        let waiting = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, waiting);
        let GrpcGuard { access, role_of } = self.guard.clone();
        Box::pin(async move {
            let role = role_of(request.uri().path());
            match access.authorize(request.headers(), role).await {
                Ok(principal) => {
                    request.extensions_mut().insert(principal);
                    ready.call(request).await
                }
                Err(refusal) => Ok(refusal.grpc_status().into_http()),
            }
        })
    }
}
