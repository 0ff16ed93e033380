//! Filters of lists: conditions with their values, which are bound and never part of the SQL text.

use super::problem::ApiError;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use datafusion::common::ScalarValue;
use serde::Deserialize;

/// Conditions that all must hold, and the values of their placeholders.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    all: Vec<String>,
    values: Vec<ScalarValue>,
}

impl Conditions {
    /// The placeholder of a further value.
    pub(super) fn place(&mut self, value: ScalarValue) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// The placeholder of a further text.
    pub(super) fn text(&mut self, value: impl Into<String>) -> String {
        self.place(ScalarValue::Utf8(Some(value.into())))
    }

    /// The placeholders of further texts, with commas between them.
    pub(super) fn texts(&mut self, values: impl IntoIterator<Item = String>) -> String {
        let places: Vec<String> = values.into_iter().map(|value| self.text(value)).collect();
        places.join(", ")
    }

    /// One more condition.
    pub(super) fn add(&mut self, condition: impl Into<String>) {
        self.all.push(condition.into());
    }

    /// `column` has this value, if one is given.
    pub(super) fn equal(&mut self, column: &str, value: Option<String>) {
        if let Some(value) = value {
            let place = self.text(value);
            self.add(format!("{column} = {place}"));
        }
    }

    /// `column`, a time, stands in this relation to one, if one is given.
    pub(super) fn time(&mut self, column: &str, relation: &str, time: Option<Time>) {
        if let Some(Time(time)) = time {
            let zone = Some("UTC".into());
            let place = self.place(ScalarValue::TimestampMicrosecond(Some(time.timestamp_micros()), zone));
            self.add(format!("{column} {relation} {place}"));
        }
    }

    /// `column` is between two severities, those that are given.
    pub(super) fn severity(
        &mut self,
        column: &str,
        least: Option<Severity>,
        most: Option<Severity>,
    ) -> Result<(), ApiError> {
        if let (Some(least), Some(most)) = (least, most)
            && least.0 > most.0
        {
            return Err(ApiError::BadRequest("severity_min is more than severity_max".to_owned()));
        }
        for (relation, bound) in [(">=", least), ("<=", most)] {
            if let Some(Severity(bound)) = bound {
                let place = self.place(ScalarValue::Int32(Some(bound.into())));
                self.add(format!("{column} {relation} {place}"));
            }
        }
        Ok(())
    }

    /// `WHERE` with all conditions; nothing where there are none.
    pub(super) fn where_clause(&self) -> String {
        if self.all.is_empty() { String::new() } else { format!("WHERE {}", self.all.join(" AND ")) }
    }

    /// The values of the placeholders.
    pub(super) fn into_values(self) -> Vec<ScalarValue> {
        self.values
    }
}

/// A time in a query: RFC 3339, or a date for its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Time(pub(super) DateTime<Utc>);

impl Time {
    /// Nanoseconds since the epoch.
    pub(super) fn unix_nano(self) -> i64 {
        let least = if self.0.timestamp() < 0 { i64::MIN } else { i64::MAX };
        self.0.timestamp_nanos_opt().unwrap_or(least)
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // A plus that was not encoded arrives as a blank.
        let fits = text.len() == "2026-11-23T10:00:00 01:00".len() || text.contains('.');
        let zoned =
            if fits && text.matches(' ').count() == 1 { text.replace(' ', "+") } else { text.clone() };
        let time = DateTime::parse_from_rfc3339(&zoned).map(|time| time.with_timezone(&Utc));
        let date = || text.parse::<NaiveDate>().map(|date| date.and_time(NaiveTime::MIN).and_utc());
        time.or_else(|_| date()).map(Self).map_err(|_| {
            let text: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
            format!("'{text}' is no time, write it as 2026-11-23T10:00:00Z or 2026-11-23")
        })
    }
}

/// A severity in a query, 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u8")]
pub(super) struct Severity(pub(super) u8);

impl TryFrom<u8> for Severity {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        if !(1..=5).contains(&value) {
            return Err(format!("severity is {value}, it may be 1 to 5"));
        }
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let read = |text: &str| Time::try_from(text.to_owned()).ok().map(|time| time.0.to_rfc3339());
        assert_eq!(read("2026-11-23T10:00:00Z").unwrap(), "2026-11-23T10:00:00+00:00");
        assert_eq!(read("2026-11-23T10:00:00+01:00").unwrap(), "2026-11-23T09:00:00+00:00");
        assert_eq!(read("2026-11-23T10:00:00 01:00").unwrap(), "2026-11-23T09:00:00+00:00");
        assert_eq!(read("2026-11-23").unwrap(), "2026-11-23T00:00:00+00:00");
        for wrong in ["", "now", "2026-11-23T10:00", "2026-13-01", "1795428000"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn values_are_never_part_of_the_text() {
        let mut conditions = Conditions::default();
        conditions.equal("status", Some("'; DROP".to_owned()));
        conditions.equal("stage", None);
        conditions.severity("severity", Some(Severity(2)), Some(Severity(4))).unwrap();
        assert_eq!(conditions.where_clause(), "WHERE status = $1 AND severity >= $2 AND severity <= $3");
        assert_eq!(conditions.into_values().len(), 3);
        assert!(Conditions::default().severity("x", Some(Severity(3)), Some(Severity(2))).is_err());
    }
}
