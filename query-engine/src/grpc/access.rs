//! Who may call: all methods read, and those of the health service are open to all.
//!
//! Clients of Flight SQL may send a user and a password (`authorization: Basic ...`): the password is the token, and
//! the services see it as `authorization: Bearer ...` like any other.

use access::{Access, GrpcGuard, Role};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Status};

const AUTHORIZATION: &str = "authorization";

/// Services that say whether the server is up: what asks for it has no token.
const OPEN: &str = "/grpc.health.v1.";

/// The layer that asks who calls.
pub(super) fn guard(access: Access) -> GrpcGuard {
    GrpcGuard::new(access, |path| (!path.starts_with(OPEN)).then_some(Role::Read))
}

/// A call whose token, if it has one, is a bearer's.
pub(super) fn with_bearer(mut request: Request<()>) -> Result<Request<()>, Status> {
    basic_as_bearer(request.metadata_mut())?;
    Ok(request)
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

    fn call(authorization: &str) -> Result<Option<String>, Status> {
        let mut request = Request::new(());
        if !authorization.is_empty() {
            request.metadata_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        }
        Ok(bearer(with_bearer(request)?.metadata()).map(str::to_owned))
    }

    #[test]
    fn a_password_is_a_token() {
        let basic = format!("Basic {}", STANDARD.encode("ada:s:ecret"));
        for authorization in [basic.as_str(), "Bearer s:ecret", "bearer s:ecret"] {
            assert_eq!(call(authorization).unwrap().as_deref(), Some("s:ecret"));
        }
        for authorization in ["", "Bearer"] {
            assert_eq!(call(authorization).unwrap(), None);
        }
        for authorization in ["Basic !", "Basic YQ=="] {
            assert_eq!(call(authorization).unwrap_err().code(), tonic::Code::Unauthenticated);
        }
    }
}
