//! Rows of table `pattern_events`.

use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use schemas::tables::Table;
use std::sync::Arc;

/// What a row of `pattern_events` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open, resolved or ignored.
    Status,
    /// 1 to 5 instead of what the exceptions say.
    Severity,
    /// Who looks after it.
    Assign,
    /// One label, on or off.
    Label,
    /// That the pattern is another name of one.
    Merge,
    /// That exceptions of one fingerprint are of a pattern of their own.
    Split,
    /// That the pattern and another one must not become one by themselves.
    Apart,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 7] =
        [Self::Status, Self::Severity, Self::Assign, Self::Label, Self::Merge, Self::Split, Self::Apart];

    /// The value of the column `action`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Severity => "severity",
            Self::Assign => "assign",
            Self::Label => "label",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Apart => "apart",
        }
    }

    /// The action that a value of the column names; `None` for one that this version does not know.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// One decision, as it is stored: who, when, what, why, from which to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternEvent {
    /// When, in nanoseconds since the epoch; later than all that was decided about the pattern before.
    pub time_unix_nano: i64,
    /// Unique in the table.
    pub event_id: String,
    /// The pattern, by the name that it had then.
    pub pattern_id: String,
    /// What.
    pub action: Action,
    /// What was.
    pub from_value: Option<String>,
    /// What is from now on.
    pub to_value: Option<String>,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
}

impl PatternEvent {
    /// The place in the order in which decisions count.
    #[must_use]
    pub fn order(&self) -> (i64, &str) {
        (self.time_unix_nano, &self.event_id)
    }
}

/// The rows as the table stores them.
pub(super) fn batch(events: &[PatternEvent]) -> Result<RecordBatch, ArrowError> {
    let schema = Table::PatternEvents.schema();
    let text = |pick: fn(&PatternEvent) -> Option<&str>| -> ArrayRef {
        Arc::new(events.iter().map(pick).collect::<StringArray>())
    };
    let times = events.iter().map(|event| event.time_unix_nano);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(match field.name().as_str() {
            "timestamp" => Arc::new(
                TimestampMicrosecondArray::from_iter_values(times.clone().map(|time| time.div_euclid(1000)))
                    .with_timezone("UTC"),
            ),
            "time_unix_nano" => Arc::new(Int64Array::from_iter_values(times.clone())),
            "event_id" => text(|event| Some(&event.event_id)),
            "pattern_id" => text(|event| Some(&event.pattern_id)),
            "action" => text(|event| Some(event.action.as_str())),
            "from_value" => text(|event| event.from_value.as_deref()),
            "to_value" => text(|event| event.to_value.as_deref()),
            "actor" => text(|event| Some(&event.actor)),
            "reason" => text(|event| event.reason.as_deref()),
            "date" => Arc::new(StringArray::from_iter_values(times.clone().map(date))),
            other => return Err(ArrowError::SchemaError(format!("column {other} is not known here"))),
        });
    }
    RecordBatch::try_new(schema, columns)
}

/// The day of a time, in UTC.
fn date(time_unix_nano: i64) -> String {
    chrono::DateTime::from_timestamp_nanos(time_unix_nano).format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_the_table() {
        let event = PatternEvent {
            time_unix_nano: 1_795_428_000_123_456_789,
            event_id: "e".to_owned(),
            pattern_id: "p".to_owned(),
            action: Action::Status,
            from_value: None,
            to_value: Some("resolved".to_owned()),
            actor: "ada".to_owned(),
            reason: None,
        };
        let batch = batch(&[event]).unwrap();
        assert_eq!(batch.schema(), Table::PatternEvents.schema());
        let dates = batch.column_by_name("date").unwrap();
        assert_eq!(dates.as_any().downcast_ref::<StringArray>().unwrap().value(0), "2026-11-23");
    }

    #[test]
    fn actions_are_named_both_ways() {
        for action in Action::ALL {
            assert_eq!(Action::of(action.as_str()), Some(action));
        }
        assert_eq!(Action::of("dance"), None);
    }
}
