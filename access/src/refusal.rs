//! Why a request was turned away, and how it is told over HTTP and gRPC.

use crate::role::Role;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use std::time::Duration;
use tonic_types::{ErrorDetails, StatusExt};

/// A request that may not come in. No message holds any part of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no credential.
    #[error(
        "this server needs a token: send 'Authorization: Bearer <token>'; `errata token create` makes one"
    )]
    Missing,
    /// There is something that is no token.
    #[error("{0}")]
    Malformed(&'static str),
    /// No such token, a wrong secret, or one that was revoked.
    #[error("the token is unknown, or was revoked")]
    Unknown,
    /// Its time is over.
    #[error("token {id} has expired; `errata token create` makes another")]
    Expired {
        /// The token's public part.
        id: String,
    },
    /// It lacks the role.
    #[error("this needs role {needed}; token '{name}' has {roles}")]
    Forbidden {
        /// Name of the token.
        name: String,
        /// What it has.
        roles: String,
        /// What it would need.
        needed: Role,
    },
    /// It may not say on whose behalf it acts.
    #[error(
        "token '{name}' acts in its own name only: leave the actor out, or make a token with `--act-as` for tools that \
         act for people"
    )]
    OwnNameOnly {
        /// Name of the token.
        name: String,
    },
    /// Tokens cannot be checked now.
    #[error("tokens cannot be checked: the state database does not answer; try again")]
    Unavailable {
        /// How long to wait.
        retry_after: Duration,
    },
}

impl Refusal {
    /// Its code: the last part of the problem's type, and the attribute of the metric.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "token-missing",
            Self::Malformed(_) => "token-malformed",
            Self::Unknown => "token-unknown",
            Self::Expired { .. } => "token-expired",
            Self::Forbidden { .. } => "role-missing",
            Self::OwnNameOnly { .. } => "own-name-only",
            Self::Unavailable { .. } => "tokens-unavailable",
        }
    }

    /// Its HTTP status.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Malformed(_) | Self::Unknown | Self::Expired { .. } => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden { .. } | Self::OwnNameOnly { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How long to wait, where waiting helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// The same over gRPC.
    #[must_use]
    pub fn grpc_status(&self) -> tonic::Status {
        let message = self.to_string();
        match self.http_status() {
            StatusCode::UNAUTHORIZED => tonic::Status::unauthenticated(message),
            StatusCode::FORBIDDEN => tonic::Status::permission_denied(message),
            _ => {
                let details = ErrorDetails::with_retry_info(self.retry_after());
                tonic::Status::with_error_details(tonic::Code::Unavailable, message, details)
            }
        }
    }

    /// What a client is asked for, by RFC 6750 and RFC 7617.
    #[must_use]
    pub fn challenges(&self) -> Vec<HeaderValue> {
        let bearer = match self {
            Self::Missing => "Bearer realm=\"errata\"".to_owned(),
            Self::Forbidden { needed, .. } => {
                return vec![challenge(&format!(
                    "Bearer realm=\"errata\", error=\"insufficient_scope\", scope=\"{needed}\""
                ))];
            }
            Self::OwnNameOnly { .. } | Self::Unavailable { .. } => return Vec::new(),
            _ => "Bearer realm=\"errata\", error=\"invalid_token\"".to_owned(),
        };
        vec![challenge(&bearer), challenge("Basic realm=\"errata\"")]
    }
}

fn challenge(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}

/// An RFC 9457 problem document.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = (self.http_status(), self.code());
        let title = match status {
            StatusCode::UNAUTHORIZED => "Not authenticated",
            StatusCode::FORBIDDEN => "Not allowed",
            _ => "Tokens cannot be checked",
        };
        let body = json!({
            "type": format!("urn:errata:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
            "code": code,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        for challenge in self.challenges() {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}
