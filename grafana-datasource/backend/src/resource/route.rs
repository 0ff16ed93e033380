//! Which calls there are. Ids are checked before they become part of the engine's URL.

use crate::engine::percent;
use crate::error::{Failure, shown};

/// Characters of an id.
const ID_CHARS_MAX: usize = 500;

/// What a call leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// This path of the engine, to read.
    Read(String),
    /// This path of the engine, to change something.
    Change(String),
    /// Tables, columns and functions.
    Schema,
    /// Values of a column.
    Values,
    /// What the front end wants to know.
    Settings,
}

/// What may be read of a pattern.
const PATTERN_PARTS: [&str; 5] = ["occurrences", "series", "similar", "events", "solutions"];
/// What may be changed of a pattern.
const PATTERN_CHANGES: [&str; 7] =
    ["status", "severity", "assignee", "labels", "merge", "split", "keep-apart"];

impl Route {
    pub(super) fn of(method: &str, path: &str) -> Result<Self, Failure> {
        let path = path.trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        let route = match method {
            "GET" => Self::read(path, &parts)?,
            "POST" => Self::change(&parts)?,
            _ => None,
        };
        route.ok_or_else(|| {
            let (method, path) = (shown(method), shown(path));
            Failure::downstream(404, format!("the data source has no resource {method} {path}"))
        })
    }

    fn read(path: &str, parts: &[&str]) -> Result<Option<Self>, Failure> {
        let read = |path: String| Ok(Some(Self::Read(format!("/api/v1/{path}"))));
        match parts {
            ["schema"] => Ok(Some(Self::Schema)),
            ["values"] => Ok(Some(Self::Values)),
            ["settings"] => Ok(Some(Self::Settings)),
            ["patterns" | "diff" | "sessions"] => read(path.to_owned()),
            ["patterns", id] => read(format!("patterns/{}", hex("pattern", id)?)),
            ["patterns", id, part] if PATTERN_PARTS.contains(part) => {
                read(format!("patterns/{}/{part}", hex("pattern", id)?))
            }
            ["errors", id] => read(format!("errors/{}", hex("event", id)?)),
            // A session's id is whatever its header said: it may hold slashes.
            ["sessions", .., last] => {
                let rest = path.strip_prefix("sessions/").unwrap_or_default();
                let part = ["timeline", "lineage"].into_iter().find(|part| part == last);
                match part.and_then(|part| Some((rest.strip_suffix(part)?.strip_suffix('/')?, part))) {
                    Some((id, part)) => read(format!("sessions/{}/{part}", segment(id)?)),
                    None => read(format!("sessions/{}", segment(rest)?)),
                }
            }
            _ => Ok(None),
        }
    }

    fn change(parts: &[&str]) -> Result<Option<Self>, Failure> {
        let path = match parts {
            ["patterns", id, what] if PATTERN_CHANGES.contains(what) => {
                format!("patterns/{}/{what}", hex("pattern", id)?)
            }
            ["patterns", id, "events", event, "undo"] => {
                format!("patterns/{}/events/{}/undo", hex("pattern", id)?, word("event", event)?)
            }
            ["patterns", id, "solutions", solution, "feedback"] => {
                format!("patterns/{}/solutions/{}/feedback", hex("pattern", id)?, word("solution", solution)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self::Change(format!("/api/v1/{path}"))))
    }
}

/// An id of hexadecimal digits.
fn hex<'a>(what: &str, id: &'a str) -> Result<&'a str, Failure> {
    let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(id) } else { Err(wrong(what, id)) }
}

/// An id that a client chose: `a-z A-Z 0-9 - _ :`.
fn word<'a>(what: &str, id: &'a str) -> Result<&'a str, Failure> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
    if (1..=100).contains(&id.len()) && id.bytes().all(is_word) { Ok(id) } else { Err(wrong(what, id)) }
}

/// Any text as one segment of a path.
pub(crate) fn segment(text: &str) -> Result<String, Failure> {
    let is_path = matches!(text, "." | "..");
    if text.is_empty() || is_path || text.chars().count() > ID_CHARS_MAX || text.contains(char::is_control) {
        return Err(wrong("session", text));
    }
    Ok(percent(text))
}

fn wrong(what: &str, id: &str) -> Failure {
    Failure::bad_request(format!("'{}' is no id of a {what}", shown(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(method: &str, path: &str) -> String {
        match Route::of(method, path) {
            Ok(Route::Read(path)) => format!("read {path}"),
            Ok(Route::Change(path)) => format!("change {path}"),
            Ok(other) => format!("{other:?}"),
            Err(failure) => failure.status.to_string(),
        }
    }

    #[test]
    fn calls_lead_to_the_engine() {
        assert_eq!(to("GET", "patterns"), "read /api/v1/patterns");
        assert_eq!(to("GET", "/patterns/0af3/similar"), "read /api/v1/patterns/0af3/similar");
        assert_eq!(to("GET", "errors/0af3"), "read /api/v1/errors/0af3");
        assert_eq!(to("GET", "sessions/a/b c/timeline"), "read /api/v1/sessions/a%2Fb%20c/timeline");
        assert_eq!(to("GET", "sessions/timeline"), "read /api/v1/sessions/timeline");
        assert_eq!(to("GET", "schema"), "Schema");
        assert_eq!(to("POST", "patterns/0af3/keep-apart"), "change /api/v1/patterns/0af3/keep-apart");
        assert_eq!(
            to("POST", "patterns/0af3/events/x:1/undo"),
            "change /api/v1/patterns/0af3/events/x:1/undo"
        );
    }

    #[test]
    fn nothing_else_is_reached() {
        for (method, path, status) in [
            ("GET", "", "404"),
            ("GET", "sql", "404"),
            ("POST", "sql", "404"),
            ("DELETE", "patterns", "404"),
            ("POST", "patterns/0af3/delete", "404"),
            ("GET", "views", "404"),
            ("GET", "openapi.json", "404"),
            ("GET", "patterns/..", "400"),
            ("GET", "patterns/../views", "404"),
            ("GET", "patterns/%2e%2e/similar", "400"),
            ("GET", "errors/..%2fviews", "400"),
            ("GET", "sessions/..", "400"),
            ("GET", "sessions/../timeline", "400"),
            ("POST", "patterns/0af3/events/../undo", "400"),
        ] {
            assert_eq!(to(method, path), status, "{method} {path}");
        }
        // A path within an id is an id, nothing above it.
        assert_eq!(to("GET", "sessions/../../views"), "read /api/v1/sessions/%2E%2E%2F%2E%2E%2Fviews");
    }
}
