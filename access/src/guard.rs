//! A layer over HTTP routes: who asks is known before a handler runs.

use crate::keys::Access;
use crate::role::Role;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::Method;

/// The role that a route needs, by its method and its path as it was declared (`/api/v1/patterns/{id}`); empty for a
/// path that no route has.
pub type RoleOf = fn(&Method, &str) -> Role;

/// The routes behind their roles. Handlers find the [`Principal`](crate::Principal) in the request's extensions.
/// Without tokens all are let in, and there is none.
pub fn guard(routes: Router, access: &Access, role_of: RoleOf) -> Router {
    if !access.is_on() {
        return routes;
    }
    routes.layer(from_fn_with_state((access.clone(), role_of), check))
}

async fn check(
    State((access, role_of)): State<(Access, RoleOf)>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let role = role_of(request.method(), path);
    match access.authorize(request.headers(), role).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}
