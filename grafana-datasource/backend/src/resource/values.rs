//! `values`: what a column of exceptions holds, the most frequent first, for variables and ad-hoc filters.

use super::schema::texts;
use crate::engine::Engine;
use crate::error::{Failure, shown};
use crate::query::{Column, ERROR_COLUMNS, Range, literal};
use grafana_plugin_sdk::pluginv2::TimeRange;
use serde_json::{Value, json};

/// Values of one answer, where the call says nothing.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1_000;
/// Characters of the text that values shall hold.
const TEXT_CHARS_MAX: usize = 200;

/// Columns of other tables that variables want, as (name, table).
const OTHERS: [(&str, &str); 4] = [
    ("exec_kind", "spans"),
    ("status", "pattern_report"),
    ("stage", "pattern_report"),
    ("assignee", "pattern_report"),
];

pub(super) async fn answer(engine: &Engine, parameters: &[(String, String)]) -> Result<Value, Failure> {
    let rows = engine.sql(&sql(parameters)?).await?;
    let values: Vec<String> = texts(&rows)?.into_iter().filter_map(|mut row| row.remove("value")).collect();
    Ok(json!({ "values": values }))
}

fn sql(parameters: &[(String, String)]) -> Result<String, Failure> {
    let parameter = |name: &str| {
        let found = parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let wanted = parameter("column").ok_or_else(|| {
        Failure::bad_request(
            "parameter column is missing: name a column of errors, as in column=service_name",
        )
    })?;
    let (column, table) = match (Column::named(wanted), OTHERS.iter().find(|(name, _)| *name == wanted)) {
        (Some(column), _) => (column.sql(), "errors"),
        (None, Some((name, table))) => (*name, *table),
        (None, None) => {
            let known: Vec<&str> =
                ERROR_COLUMNS.iter().map(|column| column.name).chain(OTHERS.map(|(name, _)| name)).collect();
            let (wanted, known) = (shown(wanted), known.join(", "));
            return Err(Failure::bad_request(format!("column '{wanted}' is not one of {known}")));
        }
    };
    let mut conditions = vec![format!("{column} IS NOT NULL")];
    if let (Some(from), Some(to)) =
        (milliseconds("from", parameter("from"))?, milliseconds("to", parameter("to"))?)
        && table != "pattern_report"
    {
        let range = Range::of(Some(TimeRange { from_epoch_ms: from, to_epoch_ms: to }));
        conditions.push(range.condition("timestamp"));
    }
    if let Some(text) = parameter("text") {
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        conditions.push(format!("strpos(lower(CAST({column} AS VARCHAR)), lower({})) > 0", literal(&text)));
    }
    let limit = match parameter("limit") {
        Some(text) => {
            text.parse::<usize>().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
                Failure::bad_request(format!("limit is '{}', it may be 1 to {LIMIT_MAX}", shown(text)))
            })?
        }
        None => LIMIT,
    };
    Ok(format!(
        "SELECT CAST({column} AS VARCHAR) AS value, count(*) AS n FROM {table} WHERE {} \
         GROUP BY 1 ORDER BY n DESC, value LIMIT {limit}",
        conditions.join(" AND ")
    ))
}

/// A time in milliseconds since the epoch, as Grafana's `$__from` has it.
fn milliseconds(name: &str, value: Option<&str>) -> Result<Option<i64>, Failure> {
    let wrong = |text: &str| {
        let text = shown(text);
        Failure::bad_request(format!("{name} is '{text}', it is a time in milliseconds since the epoch"))
    };
    value.map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parameters: &[(&str, &str)]) -> Result<String, String> {
        let owned: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        sql(&owned).map_err(|failure| failure.message)
    }

    #[test]
    fn values_are_asked_for_by_checked_names() {
        let all =
            [("column", "service_name"), ("text", "it's"), ("from", "1000"), ("to", "2000"), ("limit", "5")];
        insta::assert_snapshot!(check(&all).unwrap());
        insta::assert_snapshot!(check(&[("column", "pattern_id")]).unwrap());
        assert!(check(&[("column", "exec_kind")]).unwrap().contains("FROM spans"));
        assert!(check(&[]).unwrap_err().contains("parameter column is missing"));
        assert!(check(&[("column", "x FROM y")]).unwrap_err().contains("column 'x FROM y' is not one of"));
        assert!(check(&[("column", "user_id"), ("limit", "0")]).unwrap_err().contains("limit"));
        assert!(
            check(&[("column", "user_id"), ("from", "now"), ("to", "1")])
                .unwrap_err()
                .contains("from is 'now'")
        );
    }
}
