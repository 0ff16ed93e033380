//! The JSON of a query, version 1. It comes from users and is checked here: unknown fields are left alone, wrong types
//! and values too long or too many are refused by name.

use crate::error::{Failure, shown};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

/// The version that this plugin writes and reads.
pub(crate) const VERSION: u32 = 1;
/// Rows of a list, where the query says nothing.
pub(crate) const ROWS: usize = 50;
/// Bytes of a query's JSON.
const JSON_BYTES_MAX: usize = 256 << 10;
/// Characters of a filter's value.
const VALUE_CHARS_MAX: usize = 2_000;
/// Ad-hoc filters of one query.
const ADHOC_MAX: usize = 50;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QueryType {
    Sql,
    Report,
    Series,
    Sessions,
    Timeline,
    Lineage,
    Heatmap,
    Feed,
    Logs,
    Annotations,
}

impl QueryType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Report => "report",
            Self::Series => "series",
            Self::Sessions => "sessions",
            Self::Timeline => "timeline",
            Self::Lineage => "lineage",
            Self::Heatmap => "heatmap",
            Self::Feed => "feed",
            Self::Logs => "logs",
            Self::Annotations => "annotations",
        }
    }
}

/// How the rows of a statement become frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Table,
    Timeseries,
    Logs,
}

/// What a report is ordered by, most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderBy {
    #[default]
    Score,
    Occurrences,
    LastSeen,
    FirstSeen,
    Severity,
    Trend,
    DistinctUsers,
}

/// What counts are split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GroupBy {
    Pattern,
    Type,
    Service,
    User,
    Language,
    Cause,
    Severity,
    None,
}

/// Which annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnnotationKind {
    Status,
    New,
}

/// Which exceptions; what is `None` restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Filters {
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) execution: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "integer", skip_serializing_if = "Option::is_none")]
    pub(crate) severity_min: Option<i64>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) module: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
}

/// One of Grafana's ad-hoc filters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Adhoc {
    pub(crate) key: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

/// A query.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    version: Option<u32>,
    query_type: Option<QueryType>,
    raw_sql: Option<String>,
    format: Option<Format>,
    filters: Option<Filters>,
    adhoc: Option<Vec<Adhoc>>,
    #[serde(default, deserialize_with = "integer")]
    limit: Option<i64>,
    order_by: Option<OrderBy>,
    group_by: Option<GroupBy>,
    #[serde(default, deserialize_with = "filled")]
    interval: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    session: Option<String>,
    kinds: Option<Vec<AnnotationKind>>,
}

/// A query, checked and with defaults.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) query_type: QueryType,
    pub(crate) raw_sql: String,
    pub(crate) format: Format,
    pub(crate) filters: Filters,
    pub(crate) adhoc: Vec<Adhoc>,
    pub(crate) limit: Option<usize>,
    pub(crate) order_by: OrderBy,
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) interval: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) kinds: Vec<AnnotationKind>,
}

impl Query {
    /// Reads the JSON of a query.
    pub(crate) fn read(json: &[u8]) -> Result<Self, Failure> {
        if json.len() > JSON_BYTES_MAX {
            let limit = format!("the limit is {JSON_BYTES_MAX}");
            return Err(Failure::bad_request(format!("the query has {} bytes, {limit}", json.len())));
        }
        let mut reader = serde_json::Deserializer::from_slice(json);
        let raw: Raw = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let why = shown(&error.inner().to_string());
            Failure::bad_request(if path == "." {
                format!("the query cannot be read: {why}")
            } else {
                format!("field {path} of the query cannot be used: {why}")
            })
        })?;
        raw.checked()
    }
}

impl Raw {
    fn checked(self) -> Result<Query, Failure> {
        if let Some(version) = self.version.filter(|version| *version > VERSION) {
            let advice = "update the Errata plugin";
            return Err(Failure::bad_request(format!(
                "the query is of version {version}, this plugin knows {VERSION}: {advice}"
            )));
        }
        let raw_sql = self.raw_sql.unwrap_or_default();
        let filters = self.filters.unwrap_or_default();
        filters.check()?;
        let mut adhoc = self.adhoc.unwrap_or_default();
        // Grafana adds a filter before its user has chosen the column.
        adhoc.retain(|filter| !filter.key.is_empty());
        if adhoc.len() > ADHOC_MAX {
            let count = adhoc.len();
            return Err(Failure::bad_request(format!(
                "adhoc holds {count} filters, the limit is {ADHOC_MAX}"
            )));
        }
        for filter in &adhoc {
            check_length("a value of adhoc", &filter.value)?;
        }
        let limit = self.limit.map(|limit| match usize::try_from(limit) {
            Ok(limit) if limit > 0 => Ok(limit),
            _ => Err(Failure::bad_request(format!("limit is {limit}, it must be 1 or more"))),
        });
        let session = self.session.or_else(|| filters.session.clone());
        if let Some(session) = &session {
            check_length("session", session)?;
        }
        let kinds = self.kinds.filter(|kinds| !kinds.is_empty());
        let by_sql = if raw_sql.trim().is_empty() { QueryType::Report } else { QueryType::Sql };
        Ok(Query {
            query_type: self.query_type.unwrap_or(by_sql),
            raw_sql,
            format: self.format.unwrap_or_default(),
            filters,
            adhoc,
            limit: limit.transpose()?,
            order_by: self.order_by.unwrap_or_default(),
            group_by: self.group_by,
            interval: self.interval,
            session,
            kinds: kinds.unwrap_or_else(|| vec![AnnotationKind::Status, AnnotationKind::New]),
        })
    }
}

impl Filters {
    /// Those that are texts, with their names.
    fn texts(&self) -> [(&'static str, &Option<String>); 14] {
        [
            ("pattern", &self.pattern),
            ("service", &self.service),
            ("user", &self.user),
            ("session", &self.session),
            ("execution", &self.execution),
            ("language", &self.language),
            ("errorType", &self.error_type),
            ("cause", &self.cause),
            ("phase", &self.phase),
            ("status", &self.status),
            ("action", &self.action),
            ("module", &self.module),
            ("text", &self.text),
            ("stage", &self.stage),
        ]
    }

    pub(crate) fn check(&self) -> Result<(), Failure> {
        for (name, value) in self.texts() {
            if let Some(value) = value {
                check_length(&format!("filters.{name}"), value)?;
            }
        }
        for (name, value, known) in [
            ("status", &self.status, ["open", "resolved", "ignored"]),
            ("stage", &self.stage, ["candidate", "active", "expired"]),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !known.contains(value)) {
                let (value, known) = (shown(value), known.join(", "));
                return Err(Failure::bad_request(format!("filters.{name} is '{value}', it may be {known}")));
            }
        }
        match self.severity_min {
            Some(severity) if !(1..=5).contains(&severity) => {
                Err(Failure::bad_request(format!("filters.severityMin is {severity}, it may be 1 to 5")))
            }
            _ => Ok(()),
        }
    }
}

fn check_length(name: &str, value: &str) -> Result<(), Failure> {
    let count = value.chars().count();
    if count > VALUE_CHARS_MAX {
        let limit = format!("the limit is {VALUE_CHARS_MAX}");
        return Err(Failure::bad_request(format!("{name} has {count} characters, {limit}")));
    }
    Ok(())
}

/// A text; nothing where it is empty, as a variable without a value is.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A whole number, also where a variable made it a text.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(i64),
        Text(String),
        Other(serde_json::Value),
    }
    let wrong = |unexpected: Unexpected<'_>| D::Error::invalid_value(unexpected, &"a whole number");
    match Option::<Given>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Given::Number(number)) => Ok(Some(number)),
        Some(Given::Text(text)) if text.trim().is_empty() => Ok(None),
        Some(Given::Text(text)) => text.trim().parse().map(Some).map_err(|_| wrong(Unexpected::Str(&text))),
        Some(Given::Other(other)) => Err(wrong(Unexpected::Other(&other.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

    /// Any JSON, with the names of fields that a query has among its names.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        use proptest::prelude::{any, prop_oneof};
        const NAMES: [&str; 10] = [
            "queryType",
            "rawSql",
            "filters",
            "adhoc",
            "limit",
            "kinds",
            "severityMin",
            "user",
            "key",
            "value",
        ];
        let name = prop_oneof![proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), "[a-z]{0,3}"];
        let leaf = prop_oneof![
            proptest::strategy::Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            prop_oneof!["\\PC{0,8}", "feed|sql|report|4|new"].prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::btree_map(name.clone(), inner, 0..8)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn no_query_panics(json in json()) {
            if let Err(failure) = Query::read(json.to_string().as_bytes()) {
                proptest::prop_assert_eq!(failure.status, 400);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            _ = Query::read(&bytes);
        }
    }

    fn refused(json: &str) -> String {
        Query::read(json.as_bytes()).unwrap_err().message
    }

    #[test]
    fn defaults_are_filled_in() {
        let query = Query::read(br#"{"refId": "A", "datasource": {"uid": "x"}, "newField": [1]}"#).unwrap();
        assert_eq!((query.query_type, query.limit), (QueryType::Report, None));
        assert_eq!(query.kinds, [AnnotationKind::Status, AnnotationKind::New]);
        let query = Query::read(br#"{"rawSql": "SELECT 1", "filters": {"user": " "}}"#).unwrap();
        assert_eq!((query.query_type, query.filters.user), (QueryType::Sql, None));
        let query = Query::read(br#"{"adhoc": [{"key": "", "operator": "=", "value": ""}]}"#).unwrap();
        assert_eq!(query.adhoc, []);
        let query =
            Query::read(br#"{"queryType": "timeline", "filters": {"session": "s"}, "limit": "7"}"#).unwrap();
        assert_eq!((query.session.as_deref(), query.limit), (Some("s"), Some(7)));
    }

    #[test]
    fn wrong_fields_are_named() {
        assert!(refused("").contains("cannot be read"));
        assert!(refused(r#"{"filters": {"user": 7}}"#).contains("field filters.user"));
        assert!(refused(r#"{"filters": {"severityMin": "many"}}"#).contains("field filters.severityMin"));
        assert!(refused(r#"{"filters": {"severityMin": 6}}"#).contains("severityMin is 6"));
        assert!(refused(r#"{"queryType": "drop"}"#).contains("field queryType"));
        assert!(refused(r#"{"limit": {}}"#).contains("field limit"));
        assert!(refused(r#"{"limit": -1}"#).contains("limit is -1"));
        assert!(refused(r#"{"version": 2}"#).contains("version 2"));
        assert!(refused(r#"{"adhoc": [{"key": "a"}]}"#).contains("field adhoc[0]"));
        assert!(refused(r#"{"filters": {"status": "gone"}}"#).contains("open, resolved, ignored"));
        let long = format!(r#"{{"filters": {{"text": "{}"}}}}"#, "x".repeat(2_001));
        assert!(refused(&long).contains("filters.text has 2001 characters"));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(refused(&format!(r#"{{"filters": {deep}}}"#)).contains("query"));
    }
}
