//! Health of a data source: is the engine there, does it take the token, what may the token do, is there any data. The
//! message says what to do next.

use crate::engine::Engine;
use crate::error::Failure;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// What a health check found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) is_well: bool,
    pub(crate) message: String,
    pub(crate) details: Value,
}

impl Report {
    pub(crate) fn failed(failure: &Failure) -> Self {
        let details = json!({ "status": failure.status, "errorSource": failure.source.as_str() });
        Self { is_well: false, message: failure.message.clone(), details }
    }
}

/// A pattern that cannot be: ids are hex.
const NO_PATTERN: &str = "health-check";

pub(crate) async fn check(engine: &Engine) -> Report {
    match checked(engine).await {
        Ok(report) => report,
        Err(failure) => Report::failed(&failure),
    }
}

async fn checked(engine: &Engine) -> Result<Report, Failure> {
    let api = version(engine).await?;
    let recent = rows(engine, "WHERE timestamp >= now() - INTERVAL '24 hours'").await?;
    let any = if recent > 0 { true } else { rows(engine, "").await? > 0 };
    let may_triage = may_triage(engine).await?;
    let data = match (recent, any) {
        (0, false) => "There are no exceptions yet: send OTLP to it, or try `errata demo`.".to_owned(),
        (0, true) => "No exception came in the last 24 hours: choose a longer time range.".to_owned(),
        (count, _) => format!("{count} exceptions in the last 24 hours."),
    };
    let role = match (engine.settings.token.is_some(), may_triage) {
        (false, _) => "No token is set and none is asked for.",
        (true, true) => "The token may read and triage.",
        (true, false) => {
            "The token may read, not triage: for the panel's buttons make one with \
             `errata token create --role read --role triage --act-as --name grafana`."
        }
    };
    let details = json!({ "apiVersion": api, "recentErrors": recent, "canTriage": may_triage });
    Ok(Report { is_well: true, message: format!("Errata answers (API {api}). {data} {role}"), details })
}

/// The version of the API.
pub(crate) async fn version(engine: &Engine) -> Result<String, Failure> {
    let document = engine.json("/api/v1/openapi.json").await?;
    let (title, version) = (document["info"]["title"].as_str(), document["info"]["version"].as_str());
    match (title, version) {
        (Some("Errata"), Some(version)) => Ok(version.to_owned()),
        _ => {
            let url = &engine.settings.url;
            let advice = "check the URL of the data source";
            Err(Failure::downstream(502, format!("what answers at {url} is no Errata engine: {advice}")))
        }
    }
}

async fn rows(engine: &Engine, condition: &str) -> Result<i64, Failure> {
    let rows = engine.sql(&format!("SELECT count(*) AS n FROM errors {condition}")).await?;
    let counts = rows.batch.column_by_name("n").map(|column| {
        use arrow_array::cast::AsArray;
        column
            .as_primitive_opt::<arrow_array::types::Int64Type>()
            .and_then(|counts| counts.iter().next().flatten())
    });
    Ok(counts.flatten().unwrap_or_default())
}

/// Whether the token has role triage: the engine checks that before it reads what is to be changed, and there is no
/// such pattern.
async fn may_triage(engine: &Engine) -> Result<bool, Failure> {
    let path = format!("/api/v1/patterns/{NO_PATTERN}/status");
    let request = engine.request(Method::POST, &path).header(http::header::CONTENT_TYPE, "application/json");
    let answer = engine.pass(request.body("{}")).await?;
    Ok(!matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED))
}
