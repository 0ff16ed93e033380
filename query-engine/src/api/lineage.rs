//! `GET /api/v1/sessions/{id}/lineage`: the sessions that a session comes from and that came of it or beside it, and
//! which restarted which.
//!
//! Rings, several parents and parents that nobody saw are normal. Bounds: `LINKS_MAX` restarts are looked at, and of
//! the sessions the `SESSIONS_MAX` nearest are told; `truncated` says so.

use super::extract::Named;
use super::patterns::{json, objects};
use super::problem::ApiError;
use super::{freshness, sessions};
use crate::engine::{Engine, Params};
use crate::format::Format;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use datafusion::common::ScalarValue;
use serde_json::{Value, json as object};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Sessions of one lineage.
const SESSIONS_MAX: usize = 1_000;
/// Restarts of one lineage.
const LINKS_MAX: usize = 20_000;

/// Every session that restarts lead to from one, in either direction; `docs/sessions.md` shows the same.
const LINKS: &str = "WITH RECURSIVE neighbours AS (
  SELECT session_id, parent_session_id AS other FROM session_links
  UNION ALL
  SELECT parent_session_id AS session_id, session_id AS other FROM session_links
),
lineage (session_id) AS (
  SELECT CAST($1 AS VARCHAR)
  UNION
  SELECT neighbours.other FROM lineage JOIN neighbours ON neighbours.session_id = lineage.session_id
)
SELECT session_id, parent_session_id
FROM session_links
WHERE session_id IN (SELECT session_id FROM lineage)
ORDER BY session_id, parent_session_id";

/// Parents by session.
type Parents = BTreeMap<String, BTreeSet<String>>;

/// A lineage by its sessions' ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lineage {
    /// Those nearest to the one asked for, itself first.
    pub(super) ids: Vec<String>,
    parents: Parents,
    /// There are more.
    pub(super) truncated: bool,
}

impl Lineage {
    /// The lineage of a session, which need not be known.
    pub(super) async fn of(engine: &Engine, id: &str) -> Result<Self, ApiError> {
        let sql = format!("{LINKS} LIMIT {}", LINKS_MAX + 1);
        let rows = objects(engine, &sql, vec![ScalarValue::Utf8(Some(id.to_owned()))]).await?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let links: Vec<(String, String)> =
            rows.iter().map(|row| (text(row, "session_id"), text(row, "parent_session_id"))).collect();
        Ok(Self::nearest(id, &links, SESSIONS_MAX, links.len() > LINKS_MAX))
    }

    fn nearest(id: &str, links: &[(String, String)], sessions_max: usize, truncated: bool) -> Self {
        let mut lineage = Self { truncated, ..Self::default() };
        let mut beside: HashMap<&str, Vec<&str>> = HashMap::new();
        for (session, parent) in links {
            lineage.parents.entry(session.clone()).or_default().insert(parent.clone());
            beside.entry(session).or_default().push(parent);
            beside.entry(parent).or_default().push(session);
        }
        let mut seen: BTreeSet<&str> = BTreeSet::from([id]);
        let mut waiting = VecDeque::from([id]);
        while let Some(next) = waiting.pop_front() {
            lineage.ids.push(next.to_owned());
            for &other in beside.get(next).into_iter().flatten() {
                if seen.len() == sessions_max {
                    lineage.truncated |= !seen.contains(other);
                } else if seen.insert(other) {
                    waiting.push_back(other);
                }
            }
        }
        lineage
    }

    fn parents(&self, id: &str) -> impl Iterator<Item = &str> {
        self.parents.get(id).into_iter().flatten().map(String::as_str)
    }

    /// The sessions that restarted none of the others, with how far each session is from the nearest of them. Where
    /// all of a ring did, the one that `earliest` says.
    fn depths<'a>(
        &'a self,
        earliest: impl Fn(&str) -> Option<&'a str>,
    ) -> (Vec<&'a str>, BTreeMap<&'a str, u32>) {
        let told: BTreeSet<&str> = self.ids.iter().map(String::as_str).collect();
        let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
        for id in &told {
            for parent in self.parents(id).filter(|parent| told.contains(parent)) {
                children.entry(parent).or_default().push(id);
            }
        }
        let is_root = |id: &&str| !self.parents(id).any(|parent| told.contains(parent));
        let mut roots: Vec<&str> = told.iter().copied().filter(is_root).collect();
        let mut depths: BTreeMap<&str, u32> = BTreeMap::new();
        let mut begun = 0;
        loop {
            let mut waiting: VecDeque<(&str, u32)> = roots[begun..].iter().map(|root| (*root, 0)).collect();
            begun = roots.len();
            while let Some((id, depth)) = waiting.pop_front() {
                if depths.contains_key(id) {
                    continue;
                }
                depths.insert(id, depth);
                waiting.extend(children.get(id).into_iter().flatten().map(|child| (*child, depth + 1)));
            }
            let left = told.iter().copied().filter(|id| !depths.contains_key(id));
            match left.min_by_key(|id| (earliest(id).is_none(), earliest(id), *id)) {
                Some(next) => roots.push(next),
                None => return (roots, depths),
            }
        }
    }

    /// Whether sessions restarted each other in a ring.
    fn is_cyclic(&self) -> bool {
        let mut left: Parents = self.parents.clone();
        loop {
            let before = left.len();
            let ends: BTreeSet<String> = left.keys().cloned().collect();
            left.retain(|_, parents| parents.iter().any(|parent| ends.contains(parent)));
            if left.len() == before {
                return !left.is_empty();
            }
        }
    }
}

pub(super) async fn lineage(
    State(engine): State<Engine>,
    Named(id): Named<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let answer = async { Ok(json(&tell(&engine, &id).await?)) };
    freshness::tagged(&engine, &headers, Format::Json, sessions::TABLES, answer).await
}

async fn tell(engine: &Engine, id: &str) -> Result<Value, ApiError> {
    let lineage = Lineage::of(engine, id).await?;
    let sql = format!(
        "SELECT session_id, user_id, service_name, started_at, ended_at, spans, executions, failed_executions, \
         errors, patterns, severity FROM sessions WHERE session_id IN ({})",
        Params::places(1, lineage.ids.len())
    );
    let values = lineage.ids.iter().map(|id| ScalarValue::Utf8(Some(id.clone()))).collect();
    let rows = objects(engine, &sql, values).await?;
    let known: HashMap<&str, &Value> =
        rows.iter().filter_map(|row| Some((row["session_id"].as_str()?, row))).collect();
    if lineage.ids.len() == 1 && !known.contains_key(id) {
        return Err(ApiError::unknown("session", id));
    }
    let (roots, depths) = lineage.depths(|id| known.get(id)?["started_at"].as_str());
    let mut told: Vec<&str> = lineage.ids.iter().map(String::as_str).collect();
    told.sort_by_key(|id| (depths.get(id), known.get(id).and_then(|row| row["started_at"].as_str()), *id));
    let sessions: Vec<Value> = told
        .into_iter()
        .map(|id| {
            let mut session =
                known.get(id).map_or_else(|| object!({ "session_id": id }), |row| (*row).clone());
            let status = match session["errors"].as_i64() {
                None => "unknown",
                Some(0) => "ok",
                Some(_) => "failed",
            };
            session["status"] = object!(status);
            session["parent_session_ids"] = lineage.parents(id).collect();
            session["depth"] = object!(depths.get(id));
            session
        })
        .collect();
    Ok(object!({
        "session_id": id,
        "roots": roots,
        "sessions": sessions,
        "cyclic": lineage.is_cyclic(),
        "truncated": lineage.truncated,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(id: &str, links: &[(&str, &str)], most: usize) -> Lineage {
        let links: Vec<(String, String)> =
            links.iter().map(|(session, parent)| ((*session).to_owned(), (*parent).to_owned())).collect();
        Lineage::nearest(id, &links, most, false)
    }

    #[test]
    fn forks_and_missing_parents() {
        let found = lineage("c", &[("b", "a"), ("c", "b"), ("d", "b"), ("e", "d")], 10);
        assert_eq!(found.ids, ["c", "b", "a", "d", "e"]);
        let (roots, depths) = found.depths(|_| None);
        assert_eq!(roots, ["a"]);
        assert_eq!(
            depths.into_iter().collect::<Vec<_>>(),
            [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("e", 3)]
        );
        assert!(!found.is_cyclic() && !found.truncated);
    }

    #[test]
    fn rings_end() {
        let found = lineage("b", &[("a", "c"), ("b", "a"), ("c", "b"), ("d", "c")], 10);
        assert_eq!(found.ids.len(), 4);
        let (roots, depths) = found.depths(|id| (id == "b").then_some("2026"));
        assert_eq!((roots, depths["d"]), (vec!["b"], 2));
        assert!(found.is_cyclic());
        assert!(!lineage("x", &[], 10).is_cyclic());
    }

    #[test]
    fn the_nearest_are_told() {
        let chain: Vec<(String, String)> =
            (1..100).map(|n| (format!("{n:03}"), format!("{:03}", n - 1))).collect();
        let found = Lineage::nearest("050", &chain, 5, false);
        let mut ids = found.ids.clone();
        ids.sort();
        assert_eq!(ids, ["048", "049", "050", "051", "052"]);
        assert!(found.truncated);
    }
}
