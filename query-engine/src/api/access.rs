//! Which role each route needs, and in whose name a change is made.
//!
//! Routes that only read need role read, all others triage, so a new route is never open by oversight. What differs is
//! listed here, and the API's description says the role of each route; a test compares the two.

use super::patterns::json;
use super::problem::ApiError;
use access::{Access, Principal, Refusal, Role, guard};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::json as object;
use std::convert::Infallible;

/// Routes that read although their method could change something: a query is too long for a URL.
const READING: &[&str] = &["/api/v1/sql"];

/// The role that a route needs.
#[must_use]
pub fn role_of(method: &Method, path: &str) -> Role {
    if method.is_safe() || READING.contains(&path) { Role::Read } else { Role::Triage }
}

/// The routes behind their roles.
pub fn guarded(routes: Router, access: &Access) -> Router {
    guard(routes, access, role_of)
}

/// Who asks, with what their request says.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) headers: HeaderMap,
    /// `None` where no tokens are asked for.
    pub(super) principal: Option<Principal>,
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let principal = parts.extensions.get::<Principal>().cloned();
        Ok(Self { headers: parts.headers.clone(), principal })
    }
}

impl Asker {
    /// In whose name a change is made: who a token belongs to, else whom the request claims, else `anonymous`.
    ///
    /// # Errors
    /// [`Refusal::OwnNameOnly`] where a request claims another name than its token may.
    pub(super) fn actor(&self, claimed: Option<String>, anonymous: &str) -> Result<String, ApiError> {
        let Some(name) = self.principal.as_ref().and_then(Principal::name) else {
            return Ok(claimed.unwrap_or_else(|| anonymous.to_owned()));
        };
        let may_claim = self.principal.as_ref().is_some_and(Principal::acts_for_others);
        match claimed {
            Some(claimed) if may_claim || claimed == name => Ok(claimed),
            Some(_) => Err(ApiError::Access(Refusal::OwnNameOnly { name: name.to_owned() })),
            None => Ok(name.to_owned()),
        }
    }
}

/// `GET /api/v1/access`: what who asks may do.
pub(super) async fn told(asker: Asker) -> Response {
    let principal = asker.principal.as_ref();
    let roles = Role::ALL.into_iter().filter(|role| principal.is_none_or(|principal| principal.may(*role)));
    let roles: Vec<&str> = roles.map(Role::as_str).collect();
    json(&object!({
        "mode": if principal.is_some() { "token" } else { "off" },
        "name": principal.and_then(Principal::name),
        "roles": roles,
        "act_as": principal.is_none_or(Principal::acts_for_others),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_description_names_the_role_of_every_route() {
        let document: Value = serde_json::from_str(super::super::OPENAPI_DOCUMENT).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let role = role_of(&method.to_uppercase().parse().unwrap(), path);
                let expected =
                    serde_json::json!([{ "bearer": [role.as_str()] }, { "basic": [role.as_str()] }]);
                assert_eq!(operation["security"], expected, "{method} {path}");
                for status in ["401", "403"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path}: no {status}");
                }
            }
        }
    }
}
