//! Which sessions were active last: the newest rows tell, so rows are looked at from the newest on, in steps of time,
//! until enough sessions are found. Only these are then counted.
//!
//! Bounds: `FOUND_MAX` sessions.

use super::super::conditions::Conditions;
use super::super::cursor;
use super::super::patterns::objects;
use super::super::problem::ApiError;
use super::KEYS;
use crate::clock;
use crate::engine::Engine;
use datafusion::common::ScalarValue;
use serde_json::{Value, json};

/// Sessions on one page at most.
pub(super) const FOUND_MAX: usize = 1_000;
/// How far back is looked, step by step, in nanoseconds; after that at everything.
const STEPS: [i64; 3] = [3_600_000_000_000, 86_400_000_000_000, 7 * 86_400_000_000_000];

/// Sessions with the time of their last row, in nanoseconds; the last active first.
#[derive(Debug)]
pub(super) struct Found {
    sessions: Vec<(String, i64)>,
    /// There are further ones.
    is_cut: bool,
}

/// The last active sessions of which a row meets `rows`, behind a place in their order; `wanted` of them.
pub(super) async fn last(
    engine: &Engine,
    mut rows: Conditions,
    behind: Option<Vec<ScalarValue>>,
    wanted: usize,
) -> Result<Found, ApiError> {
    let until = match behind.as_ref().and_then(|values| values.first()) {
        Some(ScalarValue::Int64(Some(nano))) => *nano,
        _ => clock::now_unix_nano(),
    };
    rows.add("session_id IS NOT NULL");
    let since = rows.place(ScalarValue::Int64(Some(i64::MIN)));
    rows.add(format!("time_unix_nano >= {since}"));
    let columns = "session_id, parent_session_id, user_id, service_name, timestamp, time_unix_nano";
    let select = format!(
        "SELECT session_id, max(time_unix_nano) AS last_active_nano FROM (\
         SELECT {columns} FROM spans UNION ALL SELECT {columns} FROM errors) AS seen {} GROUP BY session_id",
        rows.where_clause()
    );
    let mut values = rows.into_values();
    let last_bound = values.len();
    let mut condition = "true".to_owned();
    if let Some(place) = behind {
        let places: Vec<String> = (1..=place.len()).map(|nth| format!("${}", last_bound + nth)).collect();
        values.extend(place);
        condition = cursor::behind(&KEYS, &places, &select);
    }
    let sql = format!(
        "SELECT * FROM ({select}) AS active WHERE {condition} ORDER BY {} LIMIT {}",
        cursor::order_by(&KEYS),
        wanted + 1
    );
    for step in STEPS.map(Some).into_iter().chain([None]) {
        let bound = step.map_or(i64::MIN, |step| until.saturating_sub(step));
        values[last_bound - 1] = ScalarValue::Int64(Some(bound));
        let found = objects(engine, &sql, values.clone()).await?;
        if found.len() > wanted || step.is_none() {
            return Ok(Found::of(&found, wanted));
        }
    }
    Ok(Found::of(&[], wanted))
}

impl Found {
    fn of(rows: &[Value], wanted: usize) -> Self {
        let session =
            |row: &Value| Some((row["session_id"].as_str()?.to_owned(), row["last_active_nano"].as_i64()?));
        let sessions = rows.iter().take(wanted).filter_map(session).collect();
        Self { sessions, is_cut: rows.len() > wanted }
    }

    /// A query of these sessions, with all that is known of them.
    pub(super) fn select(&self, conditions: &mut Conditions) -> String {
        if self.sessions.is_empty() {
            return "SELECT *, CAST(NULL AS BIGINT) AS last_active_nano FROM sessions WHERE session_id IS NULL".to_owned();
        }
        let (mut ids, mut pairs) = (Vec::new(), Vec::new());
        for (id, nano) in &self.sessions {
            let place = conditions.text(id.clone());
            pairs.push(format!("(CAST({place} AS VARCHAR), {nano})"));
            ids.push(place);
        }
        format!(
            "SELECT sessions.*, found.last_active_nano FROM sessions \
             JOIN (VALUES {}) AS found (id, last_active_nano) ON found.id = sessions.session_id \
             WHERE sessions.session_id IN ({})",
            pairs.join(", "),
            ids.join(", ")
        )
    }

    /// Where the list goes on behind these.
    pub(super) fn more(&self) -> Option<Vec<Value>> {
        let (id, nano) = self.sessions.last().filter(|_| self.is_cut)?;
        Some(vec![json!(nano), json!(id)])
    }
}
