//! `/api/v1/views`: saved views, what people keep of a screen. They lie in the state database.
//!
//! Everybody who may read sees all views; only who saved one changes it, or an admin. Bounds: [`ViewsConfig`].

use super::access::Asker;
use super::changes::{actor, check_line, if_match};
use super::problem::ApiError;
use super::{body, problem};
use crate::clock::now_unix_nano;
use access::{Principal, Role};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::{Value, json};
use state::{SavedView, Updated};

/// Characters of a name.
const NAME_CHARS_MAX: usize = 200;
/// Characters of a kind.
const KIND_CHARS_MAX: usize = 50;
/// Bytes that a request may have beside the view itself.
const ENVELOPE_BYTES: usize = 4 << 10;
const SHAPE: &str = r#"{"name": "...", "kind": "...", "body": {...}}"#;

/// Bounds of saved views.
#[derive(Clone, Debug)]
pub struct ViewsConfig {
    /// Views in the database.
    pub views_max: usize,
    /// Bytes of the body of one, as JSON.
    pub body_bytes_max: usize,
}

#[derive(Clone, Debug)]
struct Views {
    state: state::State,
    config: ViewsConfig,
}

/// The routes, open to all: [`guarded`](super::guarded) puts them behind their roles.
pub fn views_router(state: state::State, config: ViewsConfig) -> Router {
    let refused = problem::method_not_allowed;
    let bytes_max = config.body_bytes_max.saturating_mul(2).saturating_add(ENVELOPE_BYTES);
    Router::new()
        .route("/api/v1/views", get(list).post(add).fallback(refused))
        .route("/api/v1/views/{id}", get(one).put(change).delete(remove).fallback(refused))
        .layer(DefaultBodyLimit::max(bytes_max))
        .with_state(Views { state, config })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParameters {
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewBody {
    name: String,
    kind: String,
    body: Value,
}

async fn list(
    State(views): State<Views>,
    parameters: Result<Query<ListParameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(parameters) = parameters.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let found = views.state.views(parameters.kind.as_deref(), views.config.views_max).await?;
    let found: Vec<Value> = found.iter().map(shown).collect();
    Ok(([(CONTENT_TYPE, "application/json")], Value::Array(found).to_string()).into_response())
}

async fn one(State(views): State<Views>, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(answer(StatusCode::OK, &views.known(&id).await?))
}

async fn add(
    State(views): State<Views>,
    asker: Asker,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let wanted = views.read(&asker, body)?;
    let now = now_unix_nano() / 1_000_000;
    let view = SavedView {
        id: uuid::Uuid::now_v7().simple().to_string(),
        owner: actor(&asker, None)?,
        kind: wanted.kind,
        name: wanted.name,
        body: wanted.body.to_string(),
        version: 1,
        created_ms: now,
        updated_ms: now,
    };
    let most = views.config.views_max;
    if !views.state.add_view(&view, most).await? {
        return Err(ApiError::TooMany(format!(
            "there are {most} views, limit is views.views_max; delete some"
        )));
    }
    let mut response = answer(StatusCode::CREATED, &view);
    if let Ok(location) = format!("/api/v1/views/{}", view.id).parse() {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn change(
    State(views): State<Views>,
    Path(id): Path<String>,
    asker: Asker,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let wanted = views.read(&asker, body)?;
    let known = views.own(&id, &asker).await?;
    let changed = SavedView {
        kind: wanted.kind,
        name: wanted.name,
        body: wanted.body.to_string(),
        version: known.version + 1,
        updated_ms: now_unix_nano() / 1_000_000,
        ..known
    };
    match views.state.update_view(&changed).await? {
        Updated::Done => Ok(answer(StatusCode::OK, &changed)),
        Updated::Overtaken => Err(overtaken(&id)),
    }
}

async fn remove(
    State(views): State<Views>,
    Path(id): Path<String>,
    asker: Asker,
) -> Result<Response, ApiError> {
    let known = views.own(&id, &asker).await?;
    match views.state.delete_view(&id, known.version).await? {
        Updated::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Updated::Overtaken => Err(overtaken(&id)),
    }
}

impl Views {
    /// The view of a request, within the bounds.
    fn read(&self, asker: &Asker, body: Result<Bytes, BytesRejection>) -> Result<ViewBody, ApiError> {
        let view: ViewBody = body::read(&asker.headers, body, SHAPE)?;
        check_line("name", &view.name, NAME_CHARS_MAX)?;
        check_line("kind", &view.kind, KIND_CHARS_MAX)?;
        let (bytes, limit) = (view.body.to_string().len(), self.config.body_bytes_max);
        if bytes > limit {
            return Err(ApiError::BadRequest(format!(
                "body has {bytes} bytes, limit is {limit} (views.size_max)"
            )));
        }
        Ok(view)
    }

    async fn known(&self, id: &str) -> Result<SavedView, ApiError> {
        let found = self.state.view(id).await?;
        found.ok_or_else(|| ApiError::NotFound("there is no such view".to_owned()))
    }

    /// A view that who asks may change, in a version that they know.
    async fn own(&self, id: &str, asker: &Asker) -> Result<SavedView, ApiError> {
        let view = self.known(id).await?;
        let who = actor(asker, None)?;
        let admits = |principal: &Principal| view.owner == who || principal.may(Role::Admin);
        if !asker.principal.as_ref().is_none_or(admits) {
            let owner = &view.owner;
            return Err(ApiError::NotYours(format!(
                "the view is {owner}'s, only they or an admin change it"
            )));
        }
        match if_match(&asker.headers)? {
            Some(tags) if !tags.contains(&tag(&view)) => Err(overtaken(id)),
            _ => Ok(view),
        }
    }
}

fn overtaken(id: &str) -> ApiError {
    ApiError::Changed(format!("view {id} was changed meanwhile; read it again"))
}

fn tag(view: &SavedView) -> String {
    format!("\"{}\"", view.version)
}

fn shown(view: &SavedView) -> Value {
    let time = |ms| {
        let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    };
    json!({
        "view_id": view.id,
        "name": view.name,
        "kind": view.kind,
        "owner": view.owner,
        "body": serde_json::from_str::<Value>(&view.body).unwrap_or_default(),
        "version": view.version,
        "created_at": time(view.created_ms),
        "updated_at": time(view.updated_ms),
    })
}

fn answer(status: StatusCode, view: &SavedView) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (ETAG, tag(view)),
    ];
    (status, headers, shown(view).to_string()).into_response()
}
