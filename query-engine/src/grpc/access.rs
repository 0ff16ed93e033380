//! Who may call: one check of a call's headers, given by whoever starts the server.
//!
//! Clients of Flight SQL may send a user and a password (`authorization: Basic ...`): the password is the token, and
//! the check sees it as `authorization: Bearer ...` like any other.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// Says whether a call with these headers is let in; the status is what a refused client is told.
pub type Check = Arc<dyn Fn(HeaderMap) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

/// The check of all calls, if there is one.
#[derive(Clone, Default)]
pub struct Access(Option<Check>);

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.0.is_some()).finish()
    }
}

impl Access {
    /// Lets everybody in.
    #[must_use]
    pub fn open() -> Self {
        Self(None)
    }

    /// Lets in whom `check` does.
    #[must_use]
    pub fn checked(check: Check) -> Self {
        Self(Some(check))
    }

    /// `service`, with the check before every call.
    pub(super) fn before<S>(&self, service: S) -> Guarded<S> {
        Guarded { service, access: self.clone() }
    }

    async fn admit(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        basic_as_bearer(headers)?;
        match &self.0 {
            Some(check) => check(headers.clone()).await,
            None => Ok(()),
        }
    }
}

/// A service behind the check.
#[derive(Clone, Debug)]
pub(super) struct Guarded<S> {
    service: S,
    access: Access,
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Guarded<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        // The one that said it is ready is called, its copy stays.
        let copy = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, copy);
        let access = self.access.clone();
        Box::pin(async move {
            match access.admit(request.headers_mut()).await {
                Ok(()) => service.call(request).await,
                Err(refused) => Ok(refused.into_http()),
            }
        })
    }
}

/// The token of a call, as `Bearer ...`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    scheme(headers.get(AUTHORIZATION)?.to_str().ok()?, "Bearer")
}

fn scheme<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}

fn basic_as_bearer(headers: &mut HeaderMap) -> Result<(), Status> {
    let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(encoded) = basic.and_then(|value| scheme(value, "Basic")) else { return Ok(()) };
    let wrong = || Status::unauthenticated("the authorization header is no Basic one: base64 of user:token");
    let decoded = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded));
    let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
    let (_user, token) = text.split_once(':').ok_or_else(wrong)?;
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| wrong())?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    async fn call(access: &Access, authorization: &str) -> Result<Option<String>, Status> {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        }
        access.admit(&mut headers).await?;
        Ok(bearer(&headers).map(str::to_owned))
    }

    #[tokio::test]
    async fn a_password_is_a_token() {
        let check: Check = Arc::new(|headers| {
            let known = bearer(&headers) == Some("s:ecret");
            async move { if known { Ok(()) } else { Err(Status::unauthenticated("unknown token")) } }.boxed()
        });
        let access = Access::checked(check);
        let basic = format!("Basic {}", STANDARD.encode("ada:s:ecret"));
        for authorization in [basic.as_str(), "Bearer s:ecret", "bearer s:ecret"] {
            assert_eq!(call(&access, authorization).await.unwrap().as_deref(), Some("s:ecret"));
        }
        for authorization in ["", "Bearer", "Bearer other", "Basic !", "Basic YQ=="] {
            let refused = call(&access, authorization).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Unauthenticated);
        }
        assert_eq!(call(&Access::open(), "").await.unwrap(), None);
    }
}
