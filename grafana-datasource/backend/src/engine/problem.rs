//! Problem documents of the engine as failures that say what to do.

use crate::error::{Failure, shown};
use crate::settings::Settings;
use http::StatusCode;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

/// Characters of the engine's words that are passed on.
const DETAIL_CHARS_MAX: usize = 2_000;

/// What a refusal means for who asked.
pub(crate) fn failure(status: StatusCode, body: &[u8], settings: &Settings) -> Failure {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let said = problem.detail.or(problem.title).map(|text| {
        text.chars().filter(|c| !c.is_control() || *c == '\n').take(DETAIL_CHARS_MAX).collect::<String>()
    });
    let url = &settings.url;
    let message = match (status, said) {
        (StatusCode::UNAUTHORIZED, _) if settings.token.is_none() => {
            "the engine wants a token: put one of role read into the data source's settings \
             (errata token create --role read --role triage --act-as --name grafana)"
                .to_owned()
        }
        (StatusCode::UNAUTHORIZED, said) => format!(
            "the engine does not accept the token{}: put a new one into the data source's settings",
            said.map(|said| format!(" ({said})")).unwrap_or_default()
        ),
        (StatusCode::FORBIDDEN, Some(said)) => {
            format!("the token of the data source may not do this: {said}")
        }
        (_, Some(said)) => said,
        (status, None) if status.is_redirection() => format!(
            "{url} answers with a redirection ({status}): set the URL of the data source to where it leads"
        ),
        (status, None) => {
            let text = shown(&String::from_utf8_lossy(body));
            format!("what answers at {url} says {status}: '{text}'; check the URL of the data source")
        }
    };
    let status = if status.is_client_error() || status.is_server_error() { status.as_u16() } else { 502 };
    Failure::downstream(status, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;

    #[test]
    fn refusals_say_what_to_do() {
        let told = |status: u16, body: &str| {
            let failure = failure(StatusCode::from_u16(status).unwrap(), body.as_bytes(), &settings("{}"));
            (failure.status, failure.message)
        };
        let detail = r#"{"detail": "table nothing is unknown", "code": "invalid-query"}"#;
        assert_eq!(told(400, detail), (400, "table nothing is unknown".to_owned()));
        assert!(told(401, "{}").1.contains("does not accept the token"));
        assert!(told(403, r#"{"detail": "role triage is missing"}"#).1.contains("role triage is missing"));
        assert_eq!(told(302, "").0, 502);
        assert!(told(500, "<html>nginx</html>").1.contains("check the URL"));
        let mut open = settings("{}");
        open.token = None;
        assert!(failure(StatusCode::UNAUTHORIZED, b"", &open).message.contains("errata token create"));
    }
}
