//! Who may call: one check of a call's metadata, given by whoever starts the server.
//!
//! Clients of Flight SQL may send a user and a password (`authorization: Basic ...`): the password is the token, and
//! the check sees it as `authorization: Bearer ...` like any other.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fmt;
use std::sync::Arc;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Says whether a call with this metadata is let in; the status is what a refused client is told.
pub type Check = Arc<dyn Fn(&MetadataMap) -> Result<(), Status> + Send + Sync>;

const AUTHORIZATION: &str = "authorization";

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
}

impl Interceptor for Access {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        basic_as_bearer(request.metadata_mut())?;
        if let Some(check) = &self.0 {
            check(request.metadata())?;
        }
        Ok(request)
    }
}

/// The token of a call, as `Bearer ...`.
pub(super) fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let value = metadata.get(AUTHORIZATION)?.to_str().ok()?;
    scheme(value, "Bearer")
}

fn scheme<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}

fn basic_as_bearer(metadata: &mut MetadataMap) -> Result<(), Status> {
    let basic = metadata.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(encoded) = basic.and_then(|value| scheme(value, "Basic")) else { return Ok(()) };
    let wrong = || Status::unauthenticated("the authorization header is no Basic one: base64 of user:token");
    let decoded = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded));
    let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
    let (_user, token) = text.split_once(':').ok_or_else(wrong)?;
    let value = MetadataValue::try_from(format!("Bearer {token}")).map_err(|_| wrong())?;
    metadata.insert(AUTHORIZATION, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(access: &Access, authorization: &str) -> Result<Option<String>, Status> {
        let mut request = Request::new(());
        if !authorization.is_empty() {
            request.metadata_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        }
        let passed = access.clone().call(request)?;
        Ok(bearer(passed.metadata()).map(str::to_owned))
    }

    #[test]
    fn a_password_is_a_token() {
        let check: Check = Arc::new(|metadata| {
            let known = bearer(metadata) == Some("s:ecret");
            if known { Ok(()) } else { Err(Status::unauthenticated("unknown token")) }
        });
        let access = Access::checked(check);
        let basic = format!("Basic {}", STANDARD.encode("ada:s:ecret"));
        for authorization in [basic.as_str(), "Bearer s:ecret", "bearer s:ecret"] {
            assert_eq!(call(&access, authorization).unwrap().as_deref(), Some("s:ecret"));
        }
        for authorization in ["", "Bearer", "Bearer other", "Basic !", "Basic YQ=="] {
            assert_eq!(call(&access, authorization).unwrap_err().code(), tonic::Code::Unauthenticated);
        }
        assert_eq!(call(&Access::open(), "").unwrap(), None);
    }
}
