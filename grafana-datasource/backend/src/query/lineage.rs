//! `lineage`: which session restarted which, as a node graph; and what the timeline needs of it.

use super::Asked;
use crate::clock;
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame};
use crate::resource::segment;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::json;

/// `GET /sessions/{id}/lineage`.
#[derive(Debug, Deserialize)]
pub(super) struct Lineage {
    pub(super) sessions: Vec<Session>,
    #[serde(default)]
    pub(super) truncated: bool,
}

/// One session of it; what nobody saw has an id only.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) session_id: String,
    #[serde(default)]
    pub(super) parent_session_ids: Vec<String>,
    #[serde(default)]
    pub(super) depth: u32,
    pub(super) status: String,
    pub(super) user_id: Option<String>,
    pub(super) service_name: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
    #[serde(default)]
    pub(super) executions: Option<i64>,
    #[serde(default)]
    pub(super) failed_executions: Option<i64>,
    #[serde(default)]
    pub(super) errors: Option<i64>,
    pub(super) severity: Option<i64>,
}

impl Session {
    /// Beginning and end in milliseconds.
    pub(super) fn times_ms(&self) -> Option<(f64, f64)> {
        let ms = |text: &Option<String>| {
            let time = DateTime::parse_from_rfc3339(text.as_deref()?).ok()?;
            Some(time.timestamp_micros() as f64 / 1e3)
        };
        Some((ms(&self.started_at)?, ms(&self.ended_at)?))
    }

    /// The part of an id that tells people which session it is.
    pub(super) fn short_id(&self) -> String {
        self.session_id.chars().take(12).collect()
    }
}

impl Lineage {
    /// The lineage of the session that the query names.
    pub(super) async fn of(engine: &Engine, asked: &Asked) -> Result<Self, Failure> {
        let session = asked.query.session.as_deref().ok_or_else(|| {
            Failure::bad_request(
                "the query names no session: set session, or the dashboard's variable of this name",
            )
        })?;
        let answer = engine.json(&format!("/api/v1/sessions/{}/lineage", segment(session)?)).await?;
        serde_json::from_value(answer).map_err(|error| {
            Failure::downstream(502, format!("the engine's lineage cannot be read: {error}"))
        })
    }
}

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let lineage = Lineage::of(engine, asked).await?;
    let mut nodes = nodes(&lineage);
    if lineage.truncated {
        let count = lineage.sessions.len();
        nodes.notice("warning", format!("only the nearest {count} sessions are shown"));
    }
    Ok(vec![nodes, edges(&lineage)])
}

fn nodes(lineage: &Lineage) -> Frame {
    let sessions = &lineage.sessions;
    let texts = |name: &str, text: &dyn Fn(&Session) -> Option<String>| {
        Field::texts(name, sessions.iter().map(text).collect())
    };
    let share = |part: fn(i64, i64) -> i64| {
        let shares = sessions.iter().map(|session| {
            let all = session.executions.unwrap_or_default();
            let failed = session.failed_executions.unwrap_or_default().min(all);
            Some(if all > 0 { part(all, failed) as f64 / all as f64 } else { 0.0 })
        });
        shares.collect::<Vec<_>>()
    };
    let color = |color: &str| json!({ "mode": "fixed", "fixedColor": color });
    let link = json!([{
        "title": "Session",
        "url": "/d/errata-session?var-session=${__data.fields.id:percentencode}&${__url_time_range}",
    }]);
    let fields = vec![
        texts("id", &|session| Some(session.session_id.clone())).set("links", link),
        texts("title", &|session| Some(session.short_id())),
        texts("subTitle", &|session| session.user_id.clone()),
        texts("mainStat", &|session| {
            Some(session.errors.map_or_else(|| "not seen".to_owned(), |errors| format!("{errors} errors")))
        }),
        texts("secondaryStat", &|session| session.executions.map(|count| format!("{count} runs"))),
        Field::floats("arc__failed", share(|_, failed| failed)).set("color", color("#C4162A")),
        Field::floats("arc__ok", share(|all, failed| all - failed)).set("color", color("#73BF69")),
        texts("detail__service", &|session| session.service_name.clone()).set("displayName", "Service"),
        texts("detail__started", &|session| {
            session.times_ms().map(|(from_ms, _)| clock::rfc3339(from_ms as i64))
        })
        .set("displayName", "Started"),
        texts("detail__status", &|session| Some(session.status.clone())).set("displayName", "Status"),
    ];
    Frame::new("nodes", fields).shown_as("nodeGraph")
}

/// From the session that was restarted to the one that came of it.
fn edges(lineage: &Lineage) -> Frame {
    let known = |id: &String| lineage.sessions.iter().any(|session| session.session_id == *id);
    let pairs: Vec<(&str, &str)> = lineage
        .sessions
        .iter()
        .flat_map(|session| {
            let parents = session.parent_session_ids.iter().filter(|parent| known(parent));
            parents.map(|parent| (parent.as_str(), session.session_id.as_str()))
        })
        .collect();
    let texts = |name: &str, text: &dyn Fn(&str, &str) -> String| {
        Field::texts(name, pairs.iter().map(|(parent, child)| Some(text(parent, child))).collect())
    };
    let fields = vec![
        texts("id", &|parent, child| format!("{parent}--{child}")),
        texts("source", &|parent, _| parent.to_owned()),
        texts("target", &|_, child| child.to_owned()),
        texts("mainStat", &|_, _| "restarted as".to_owned()),
    ];
    Frame::new("edges", fields).shown_as("nodeGraph")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::json_frame;

    #[test]
    fn sessions_become_nodes_and_restarts_edges() {
        let lineage: Lineage = serde_json::from_value(json!({ "truncated": true, "sessions": [
            { "session_id": "nobody saw", "status": "unknown", "parent_session_ids": ["far away"] },
            {
                "session_id": "9c5e0b4c8a9c5e0b4c8a", "depth": 1, "status": "failed", "parent_session_ids": ["nobody saw"],
                "started_at": "2026-11-23T10:00:00Z", "ended_at": "2026-11-23T10:00:02.5Z", "executions": 4,
                "failed_executions": 1, "errors": 2, "severity": 4, "user_id": "ada", "service_name": "notebooks",
            },
        ] }))
        .unwrap();
        let text = |frame: &Frame| json_frame(frame, false, true).unwrap().to_string();
        insta::assert_snapshot!([text(&nodes(&lineage)), text(&edges(&lineage))].join("\n"));
    }
}
