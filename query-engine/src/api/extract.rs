//! Values of a request's path and query, with problem documents where they cannot be read.

use super::problem::ApiError;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Values of the path.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Named<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let values = Path::<T>::from_request_parts(parts, state).await;
        let Path(values) = values.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
        Ok(Self(values))
    }
}

/// Values of the query.
#[derive(Debug)]
pub(super) struct Parameters<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Parameters<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let values = Query::<T>::from_request_parts(parts, state).await;
        let Query(values) = values.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
        Ok(Self(values))
    }
}
