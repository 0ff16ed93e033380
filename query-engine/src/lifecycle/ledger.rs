//! What is known of some patterns: whether they exist, which pattern a name stands for, what was decided.
//!
//! Reads with the engine's own queries, a batch of names at a time, so that nothing of the lake has to be kept in
//! memory. Bounds: [`NAMES_MAX`] names a query, [`KNOWN_MAX`] names remembered as existing.

use super::decide::change_of;
use super::event::{Action, PatternEvent};
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Names in one query.
const NAMES_MAX: usize = 500;
/// Patterns remembered as existing; forgotten all at once beyond it.
const KNOWN_MAX: usize = 100_000;

/// Reads patterns by name. Clones share what they remember.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    engine: Engine,
    known: Arc<Mutex<HashSet<String>>>,
}

/// What was read of some patterns.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The pattern that a name stands for, where it is not the name itself.
    names: HashMap<String, String>,
    /// Patterns that exist.
    existing: HashSet<String>,
    /// Events by pattern, each once.
    histories: HashMap<String, Vec<PatternEvent>>,
    /// The pattern that a change was about, by its event id.
    changes: HashMap<String, String>,
}

impl Entries {
    /// The pattern that a name stands for, if there is one.
    pub(super) fn pattern(&self, name: &str) -> Option<&str> {
        let pattern = self.names.get(name).map_or(name, String::as_str);
        self.existing.get(pattern).map(String::as_str)
    }

    /// All that was decided about a pattern.
    pub(super) fn history(&self, pattern: &str) -> &[PatternEvent] {
        self.histories.get(pattern).map_or(&[], Vec::as_slice)
    }

    /// Notes that a pattern is another name of one from now on.
    fn merge(&mut self, pattern: &str, into: &str) {
        let moved = self.histories.remove(pattern).unwrap_or_default();
        for event in &moved {
            self.changes.insert(change_of(&event.event_id).to_owned(), into.to_owned());
        }
        self.histories.entry(into.to_owned()).or_default().extend(moved);
        self.names.values_mut().filter(|name| *name == pattern).for_each(|name| into.clone_into(name));
        self.names.insert(pattern.to_owned(), into.to_owned());
    }

    /// The pattern that the change of an event id was about, if it was made.
    pub(super) fn changed(&self, event_id: &str) -> Option<&str> {
        self.changes.get(event_id).map(String::as_str)
    }

    /// Takes in an event that is stored.
    pub(super) fn add(&mut self, pattern: &str, event: PatternEvent) {
        self.changes.insert(change_of(&event.event_id).to_owned(), pattern.to_owned());
        self.histories.entry(pattern.to_owned()).or_default().push(event);
    }

    /// Takes in an event that was decided just now: what it says of names counts from now on.
    pub(super) fn decided(&mut self, pattern: &str, event: PatternEvent) {
        if let (Action::Merge, Some(into)) = (event.action, event.to_value.clone())
            && into != pattern
            && event.pattern_id == pattern
        {
            self.merge(pattern, &into);
            return self.add(&into, event);
        }
        self.add(pattern, event);
    }
}

impl Ledger {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, known: Arc::default() }
    }

    /// What is known of the patterns behind `names`, and where the events that `event_ids` name are.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) async fn read(&self, names: &[String], event_ids: &[String]) -> Result<Entries, QueryError> {
        let mut entries = Entries::default();
        for names in names.chunks(NAMES_MAX) {
            let sql = "SELECT alias, pattern_id FROM pattern_aliases WHERE alias";
            for batch in self.rows(sql, names).await? {
                let found = texts(&batch, "alias").zip(texts(&batch, "pattern_id"));
                entries.names.extend(found.filter_map(|(alias, id)| Some((alias?, id?))));
            }
        }
        let patterns: HashSet<String> =
            names.iter().map(|name| entries.names.get(name).unwrap_or(name).clone()).collect();
        let patterns: Vec<String> = patterns.into_iter().collect();
        self.find(&patterns, &mut entries).await?;
        let mut seen = HashSet::new();
        for (column, values) in [("pattern_id", patterns.as_slice()), ("event_id", event_ids)] {
            for values in values.chunks(NAMES_MAX) {
                let sql = format!("SELECT {HISTORY} FROM pattern_history WHERE {column}");
                for batch in self.rows(&sql, values).await? {
                    for (pattern, event) in history(&batch) {
                        if seen.insert(event.event_id.clone()) {
                            entries.add(&pattern, event);
                        }
                    }
                }
            }
        }
        Ok(entries)
    }

    /// Notes which patterns exist: those that processors made, that occurred, or about which was decided.
    async fn find(&self, patterns: &[String], entries: &mut Entries) -> Result<(), QueryError> {
        let (mut existing, mut missing): (Vec<String>, Vec<String>) = {
            let known = self.known.lock();
            patterns.iter().cloned().partition(|pattern| known.contains(pattern))
        };
        for (column, table) in [
            ("pattern_id", "patterns"),
            ("pattern_id", "errors"),
            ("pattern_id", "pattern_events"),
            ("to_value", "pattern_events WHERE action = 'split' AND to_value"),
        ] {
            let mut found = HashSet::new();
            for names in missing.chunks(NAMES_MAX) {
                let place = if table.contains(" WHERE ") { "" } else { " WHERE pattern_id" };
                let sql = format!("SELECT DISTINCT {column} AS pattern_id FROM {table}{place}");
                for batch in self.rows(&sql, names).await? {
                    found.extend(texts(&batch, "pattern_id").flatten());
                }
            }
            missing.retain(|pattern| !found.contains(pattern));
            existing.extend(found);
        }
        let mut known = self.known.lock();
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        known.extend(existing.iter().cloned());
        entries.existing.extend(existing);
        Ok(())
    }

    /// Rows of `sql` with `IN (...)` behind it.
    async fn rows(&self, sql: &str, values: &[String]) -> Result<Vec<RecordBatch>, QueryError> {
        rows_in(&self.engine, sql, values, "").await
    }
}

/// Columns of [`history`].
pub(super) const HISTORY: &str =
    "pattern_id, recorded_for, time_unix_nano, event_id, action, from_value, to_value, actor, reason";

/// Rows of `sql`, then `IN (values)`, then `rest`.
pub(super) async fn rows_in(
    engine: &Engine,
    sql: &str,
    values: &[String],
    rest: &str,
) -> Result<Vec<RecordBatch>, QueryError> {
    let places = Params::places(1, values.len());
    let values = values.iter().map(|value| ScalarValue::Utf8(Some(value.clone()))).collect();
    let sql = format!("{sql} IN ({places}) {rest}");
    engine.query_with(&sql, Params::positional(values)).await?.try_collect().await
}

/// Events with the pattern that they count for; those of actions that this version does not know are left out.
fn history(batch: &RecordBatch) -> Vec<(String, PatternEvent)> {
    let time =
        batch.column_by_name("time_unix_nano").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let columns =
        ["pattern_id", "recorded_for", "event_id", "action", "from_value", "to_value", "actor", "reason"]
            .map(|name| texts(batch, name).collect::<Vec<_>>());
    let event = |row: usize| {
        let [pattern, recorded_for, event_id, action, from_value, to_value, actor, reason] =
            columns.each_ref().map(|column| column.get(row).cloned().flatten());
        let event = PatternEvent {
            time_unix_nano: time.map_or(0, |time| time.value(row)),
            event_id: event_id?,
            pattern_id: recorded_for?,
            action: Action::of(&action?)?,
            from_value,
            to_value,
            actor: actor?,
            reason,
        };
        Some((pattern?, event))
    };
    (0..batch.num_rows()).filter_map(event).collect()
}

/// Values of a text column; nothing but nulls where there is no such column.
pub(crate) fn texts<'a>(batch: &'a RecordBatch, name: &str) -> impl Iterator<Item = Option<String>> + 'a {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    (0..batch.num_rows()).map(move |row| {
        column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
    })
}
