//! Resource calls: what the panel and the editors ask beside queries. Reading is for everybody who may query, changes
//! are for editors and admins, and every change carries the name of who made it.
//!
//! Bounds: `BODY_BYTES_MAX`; what is kept of schemas.

mod route;
mod schema;
mod values;

pub(crate) use route::segment;

use crate::engine::{Engine, Passed};
use crate::error::{Failure, shown};
use crate::health;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;
use route::Route;
use schema::Schemas;
use serde_json::{Map, Value, json};

/// Bytes of the body of a change.
const BODY_BYTES_MAX: usize = 1 << 20;
/// In whose name a change is made.
const ACTOR: HeaderName = HeaderName::from_static("x-errata-actor");
/// Roles of Grafana that may change something.
const TRIAGE_ROLES: [&str; 2] = ["Editor", "Admin"];

/// Who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) login: String,
    pub(crate) role: String,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Without the part that names the data source.
    pub(crate) path: String,
    /// Whose query string holds the parameters.
    pub(crate) url: String,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) body: Bytes,
    /// Nobody where Grafana itself asks.
    pub(crate) user: Option<User>,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    fn json(value: &Value) -> Self {
        let headers = vec![(CONTENT_TYPE.to_string(), "application/json".to_owned())];
        Self { status: 200, headers, body: value.to_string().into() }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        // 401 is between the engine and this plugin: to Grafana's front end it would mean that the user is logged out.
        let status = if failure.status == 401 { 502 } else { failure.status };
        let problem = json!({
            "title": "No answer",
            "status": status,
            "detail": failure.message,
            "message": failure.message,
            "errorSource": failure.source.as_str(),
        });
        let headers = vec![(CONTENT_TYPE.to_string(), "application/problem+json".to_owned())];
        Self { status, headers, body: problem.to_string().into() }
    }
}

impl Call {
    /// A parameter of the query string.
    fn parameters(&self) -> Vec<(String, String)> {
        let base = "http://plugin/";
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        Url::parse(&format!("{base}?{query}"))
            .map(|url| url.query_pairs().into_owned().collect())
            .unwrap_or_default()
    }

    fn may_triage(&self) -> bool {
        self.user.as_ref().is_some_and(|user| TRIAGE_ROLES.contains(&user.role.as_str()))
    }

    /// The name that changes are made in.
    fn actor(&self) -> Result<HeaderValue, Failure> {
        let refused =
            |why: &str| Failure::downstream(403, format!("{why}; ask an editor or admin of Grafana"));
        let user = self.user.as_ref().ok_or_else(|| refused("nobody is logged in"))?;
        if !self.may_triage() {
            let role = if user.role.is_empty() { "None" } else { &user.role };
            return Err(refused(&format!("role {} may look, not change", shown(role))));
        }
        let login = user.login.trim();
        match HeaderValue::from_bytes(login.as_bytes()) {
            Ok(value) if !login.is_empty() => Ok(value),
            _ => Err(refused("Grafana names no user who can be put down as the author of the change")),
        }
    }

    /// The body of a change, as an object that names no actor: that is who is logged in.
    fn change(&self) -> Result<Value, Failure> {
        if self.body.len() > BODY_BYTES_MAX {
            let count = self.body.len();
            return Err(Failure::downstream(
                413,
                format!("the body has {count} bytes, the limit is {BODY_BYTES_MAX}"),
            ));
        }
        let mut change: Map<String, Value> = if self.body.is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(&self.body)
                .map_err(|error| Failure::bad_request(format!("the body is no JSON object: {error}")))?
        };
        change.remove("actor");
        Ok(Value::Object(change))
    }
}

/// Answers calls.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    schemas: Schemas,
}

impl Resources {
    pub(crate) async fn answer(&self, engine: &Engine, call: &Call) -> Answer {
        match self.answered(engine, call).await {
            Ok(answer) => answer,
            Err(failure) => failure.into(),
        }
    }

    async fn answered(&self, engine: &Engine, call: &Call) -> Result<Answer, Failure> {
        match Route::of(&call.method, &call.path)? {
            Route::Read(path) => read(engine, call, &path).await,
            Route::Change(path) => change(engine, call, &path).await,
            Route::Schema => Ok(Answer::json(self.schemas.of(engine).await?.as_ref())),
            Route::Values => values::answer(engine, &call.parameters()).await.map(|json| Answer::json(&json)),
            Route::Settings => settings(engine, call).await,
        }
    }
}

/// Passes a reading call on.
async fn read(engine: &Engine, call: &Call, path: &str) -> Result<Answer, Failure> {
    let mut request = engine.request(Method::GET, path).query(&call.parameters());
    if let Some(tag) = &call.if_none_match {
        request = request.header(IF_NONE_MATCH, tag);
    }
    passed(engine, engine.pass(request).await?)
}

/// Passes a change on, in the name of who is logged in.
async fn change(engine: &Engine, call: &Call, path: &str) -> Result<Answer, Failure> {
    let actor = call.actor()?;
    let body = call.change()?.to_string();
    let mut request = engine
        .request(Method::POST, path)
        .header(ACTOR, actor)
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    if let Some(tag) = &call.if_match {
        request = request.header(IF_MATCH, tag);
    }
    passed(engine, engine.pass(request).await?)
}

/// The engine's answer; what is no JSON is never handed to a browser.
fn passed(engine: &Engine, passed: Passed) -> Result<Answer, Failure> {
    let text = |name: &HeaderName| passed.headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(&CONTENT_TYPE).unwrap_or_default();
    let is_json = kind.starts_with("application/json") || kind.starts_with("application/problem+json");
    let leads_elsewhere = passed.status.is_redirection() && passed.status != StatusCode::NOT_MODIFIED;
    let is_strange = !is_json && !passed.body.is_empty();
    if passed.status == StatusCode::UNAUTHORIZED || leads_elsewhere || is_strange {
        return Err(crate::engine::problem_failure(passed.status, &passed.body, &engine.settings));
    }
    let kept = [CONTENT_TYPE, ETAG, RETRY_AFTER];
    let headers = kept.iter().filter_map(|name| Some((name.to_string(), text(name)?.to_owned())));
    Ok(Answer { status: passed.status.as_u16(), headers: headers.collect(), body: passed.body })
}

/// What the front end wants to know of the data source.
async fn settings(engine: &Engine, call: &Call) -> Result<Answer, Failure> {
    let settings = &engine.settings;
    // The panel works without the engine's version, and should say what is wrong by its own calls.
    let api = health::version(engine).await.ok();
    Ok(Answer::json(&json!({
        "jaegerUrl": settings.jaeger_url,
        "jaegerDatasourceUid": settings.jaeger_datasource_uid,
        "version": env!("CARGO_PKG_VERSION"),
        "apiVersion": api,
        "canTriage": call.may_triage(),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(role: &str, login: &str, body: &str) -> Call {
        Call {
            method: "POST".to_owned(),
            path: String::new(),
            url: "/x?a=1&b=%26".to_owned(),
            if_match: None,
            if_none_match: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
            user: Some(User { login: login.to_owned(), role: role.to_owned() }),
        }
    }

    #[test]
    fn only_editors_and_admins_change_anything() {
        for role in ["Editor", "Admin"] {
            assert_eq!(call(role, "ada", "").actor().unwrap(), "ada");
        }
        for role in ["Viewer", "None", "", "admin", "Grafana Admin\n"] {
            assert_eq!(call(role, "ada", "").actor().unwrap_err().status, 403, "{role}");
        }
        assert!(call("Editor", " ", "").actor().is_err());
        assert!(call("Editor", "a\nb", "").actor().is_err());
        assert_eq!(call("Editor", "j\u{f6}rg", "").actor().unwrap().as_bytes(), "j\u{f6}rg".as_bytes());
        let mut nobody = call("Admin", "ada", "");
        nobody.user = None;
        assert_eq!(nobody.actor().unwrap_err().status, 403);
    }

    #[test]
    fn nobody_speaks_in_another_name() {
        let change = call("Editor", "ada", r#"{"status": "resolved", "actor": "grace"}"#).change().unwrap();
        assert_eq!(change, json!({ "status": "resolved" }));
        assert_eq!(call("Editor", "ada", "").change().unwrap(), json!({}));
        assert!(call("Editor", "ada", "[]").change().is_err());
        assert_eq!(call("Editor", "ada", &" ".repeat(BODY_BYTES_MAX + 1)).change().unwrap_err().status, 413);
    }

    #[test]
    fn parameters_are_read() {
        let expected = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "&".to_owned())];
        assert_eq!(call("", "", "").parameters(), expected);
    }
}
