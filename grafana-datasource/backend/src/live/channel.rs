//! Names of live channels: `ds/<uid>/feed/<filters>`, the filters as JSON in base64url. So any Grafana, and this plugin
//! after a restart, knows from the name alone what a channel tells.

use crate::error::Failure;
use crate::query::{Event, Filters, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Characters of a channel's name in Grafana.
const NAME_CHARS_MAX: usize = 160;
/// What comes before the filters in the plugin's part of the name.
const FEED: &str = "feed/";

/// The channel of a feed; why there is none, where it cannot be told in a channel.
pub(crate) fn of(uid: &str, query: &Query) -> Result<String, &'static str> {
    let filters = &query.filters;
    if !query.adhoc.is_empty() || !is_live(filters) {
        return Err("filters of status, stage, action and module and ad-hoc filters have no live updates");
    }
    let json = serde_json::to_vec(filters).unwrap_or_default();
    let name = format!("ds/{uid}/{FEED}{}", URL_SAFE_NO_PAD.encode(json));
    if name.len() > NAME_CHARS_MAX {
        return Err("filters as long as these have no live updates");
    }
    Ok(name)
}

/// The filters of a channel, by the part of its name behind the data source.
pub(crate) fn filters(path: &str) -> Result<Filters, Failure> {
    let unknown = || Failure::downstream(404, "there is no such live channel");
    let encoded = path.strip_prefix(FEED).filter(|text| text.len() <= NAME_CHARS_MAX).ok_or_else(unknown)?;
    let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| unknown())?;
    let filters: Filters = serde_json::from_slice(&json).map_err(|_| unknown())?;
    filters.check()?;
    if is_live(&filters) { Ok(filters) } else { Err(unknown()) }
}

/// Whether one exception alone tells if it meets the filters.
fn is_live(filters: &Filters) -> bool {
    [&filters.status, &filters.stage, &filters.action, &filters.module].into_iter().all(Option::is_none)
}

/// Whether an exception meets those filters that the engine's feed does not know.
pub(crate) fn meets(filters: &Filters, event: &Event) -> bool {
    let same = |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let (language, runtime) = (event.language.as_ref(), event.taxonomy_runtime.as_ref());
    same(&filters.error_type, Some(&event.error_type))
        && same(&filters.execution, event.execution_id.as_ref())
        && same(&filters.cause, event.taxonomy_cause.as_ref())
        && same(&filters.phase, event.taxonomy_phase.as_ref())
        && (same(&filters.language, language) || same(&filters.language, runtime))
        && filters.text.as_deref().is_none_or(|text| {
            holds(&event.error_type, text)
                || event.message.as_deref().is_some_and(|message| holds(message, text))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(json: &str) -> Query {
        Query::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_name_tells_the_filters() {
        let query = query(
            r#"{"queryType": "feed", "filters": {"service": "a/b\u00e4", "severityMin": 4, "user": ""}}"#,
        );
        let name = of("errata-uid", &query).unwrap();
        let path = name.strip_prefix("ds/errata-uid/").unwrap();
        assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-=.".contains(&byte)), "{path}");
        assert_eq!(filters(path).unwrap(), query.filters);
    }

    #[test]
    fn not_every_feed_is_live() {
        let of = |json: &str| of("errata-uid", &query(json));
        assert!(of(r#"{"filters": {"status": "open"}}"#).is_err());
        assert!(of(r#"{"adhoc": [{"key": "branch", "operator": "=", "value": "main"}]}"#).is_err());
        assert!(of(&format!(r#"{{"filters": {{"user": "{}"}}}}"#, "u".repeat(100))).is_err());
        for wrong in ["", "feed", "feed/", "feed/%", "feed/e30x", "other/e30", "feed/eyJzdGF0dXMiOiJvcGVuIn0"]
        {
            assert_eq!(filters(wrong).unwrap_err().status, 404, "{wrong}");
        }
        assert_eq!(filters("feed/e30").unwrap(), Filters::default());
    }

    #[test]
    fn exceptions_are_chosen() {
        let event: Event = serde_json::from_str(
            r#"{"timestamp": "2026-11-23T10:00:00Z", "event_id": "e", "error_type": "KeyError", "severity": 3,
                "pattern_id": "p", "message": "No Price", "language": "python", "taxonomy_runtime": "cpython"}"#,
        )
        .unwrap();
        let meets = |json: &str| meets(&serde_json::from_str(json).unwrap(), &event);
        assert!(meets("{}") && meets(r#"{"text": "price"}"#) && meets(r#"{"language": "cpython"}"#));
        assert!(meets(r#"{"language": "python", "errorType": "KeyError"}"#));
        assert!(!meets(r#"{"text": "cost"}"#) && !meets(r#"{"errorType": "TypeError"}"#));
        assert!(!meets(r#"{"cause": "x"}"#) && !meets(r#"{"language": "java"}"#));
    }
}
