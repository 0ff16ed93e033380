//! Filters as SQL over `errors`. Values only ever become escaped literals, names are looked up, never copied.

use super::columns::{Column, Holds, PATTERN};
use super::model::{Adhoc, Filters};
use super::range::Range;
use crate::error::{Failure, shown};

/// Attributes of spans that name a module, as the engine's list of sessions has them.
const MODULE_ATTRIBUTES: [&str; 4] = ["exec.module", "code.namespace", "code.module", "module"];
/// What is done where a module is imported.
const IMPORT: &str = "import_module";

/// How long before its exception a span of an execution is looked for.
const EXECUTION_MS: i64 = 86_400_000;

/// A text in SQL.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Conditions that all must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions(Vec<String>);

impl Conditions {
    /// What exceptions must meet: the time, the filters, Grafana's ad-hoc filters.
    pub(crate) fn of_errors(range: Range, filters: &Filters, adhoc: &[Adhoc]) -> Result<Self, Failure> {
        let mut conditions = Self::default();
        conditions.add(range.condition("timestamp"));
        conditions.add_filters(range, filters);
        conditions.add_adhoc(adhoc)?;
        Ok(conditions)
    }

    pub(crate) fn add(&mut self, condition: impl Into<String>) {
        self.0.push(condition.into());
    }

    /// `WHERE` with all of them; nothing where there are none.
    pub(crate) fn where_clause(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!("WHERE {}", self.0.join(" AND ")) }
    }

    fn equal(&mut self, expression: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.add(format!("{expression} = {}", literal(value)));
        }
    }

    fn add_filters(&mut self, range: Range, filters: &Filters) {
        self.equal(PATTERN, filters.pattern.as_ref());
        self.equal("service_name", filters.service.as_ref());
        self.equal("user_id", filters.user.as_ref());
        self.equal("session_id", filters.session.as_ref());
        self.equal("execution_id", filters.execution.as_ref());
        self.equal("error_type", filters.error_type.as_ref());
        self.equal("taxonomy_cause", filters.cause.as_ref());
        self.equal("taxonomy_phase", filters.phase.as_ref());
        if let Some(language) = filters.language.as_deref().map(literal) {
            self.add(format!("(language = {language} OR taxonomy_runtime = {language})"));
        }
        if let Some(severity) = filters.severity_min {
            self.add(format!("severity >= {severity}"));
        }
        if let Some(text) = filters.text.as_deref().map(literal) {
            let holds = |column: &str| format!("strpos(lower({column}), lower({text})) > 0");
            self.add(format!("({} OR {})", holds("message"), holds("error_type")));
        }
        self.add_patterns(filters);
        self.add_done(range, filters);
    }

    /// What people decided about the pattern.
    fn add_patterns(&mut self, filters: &Filters) {
        let mut report = Self::default();
        report.equal("status", filters.status.as_ref());
        report.equal("stage", filters.stage.as_ref());
        if !report.0.is_empty() {
            self.add(format!(
                "{PATTERN} IN (SELECT pattern_id FROM pattern_report {})",
                report.where_clause()
            ));
        }
    }

    /// What the execution did, and to which module.
    fn add_done(&mut self, range: Range, filters: &Filters) {
        let mut spans = Self::default();
        spans.equal("exec_kind", filters.action.as_ref());
        let mut failed_import = None;
        if let Some(module) = filters.module.as_deref().map(literal) {
            let is_it = |name: &str| format!("{name} = {module} OR starts_with({name}, {module} || '.')");
            let attributes = MODULE_ATTRIBUTES.iter().map(|name| is_it(&format!("attributes['{name}']")));
            let names = ["import ", "import_module "].map(|verb| format!("name = '{verb}' || {module}"));
            let ways: Vec<String> = attributes.chain(names).collect();
            spans.add(format!("({})", ways.join(" OR ")));
            let is_import = filters.action.as_ref().is_none_or(|action| action == IMPORT);
            failed_import = is_import.then(|| is_it("ast_import"));
        }
        if spans.0.is_empty() {
            return;
        }
        // An execution began before its exception, but not for ever before.
        let earlier = Range { from_ms: range.from_ms.saturating_sub(EXECUTION_MS), ..range };
        spans.add(earlier.condition("timestamp"));
        let done = format!("execution_id IN (SELECT execution_id FROM spans {})", spans.where_clause());
        self.add(match failed_import {
            Some(failed) => format!("({done} OR {failed})"),
            None => done,
        });
    }

    fn add_adhoc(&mut self, adhoc: &[Adhoc]) -> Result<(), Failure> {
        for filter in adhoc {
            self.add(condition(filter)?);
        }
        Ok(())
    }
}

/// An ad-hoc filter. A value that is absent is unlike every value.
fn condition(filter: &Adhoc) -> Result<String, Failure> {
    let column = Column::named(&filter.key).ok_or_else(|| {
        let key = shown(&filter.key);
        Failure::bad_request(format!("ad-hoc filter '{key}': there is no such column of errors to filter by"))
    })?;
    let (name, value) = (column.sql(), filter.value.as_str());
    let typed = || {
        let wrong = |wanted: &str| {
            let value = shown(value);
            Failure::bad_request(format!("ad-hoc filter {}: '{value}' is no {wanted}", column.name))
        };
        match column.holds {
            Holds::Text => Ok(literal(value)),
            Holds::Integer => value
                .trim()
                .parse::<i64>()
                .map(|number| number.to_string())
                .map_err(|_| wrong("whole number")),
            Holds::Boolean => value
                .trim()
                .parse::<bool>()
                .map(|boolean| boolean.to_string())
                .map_err(|_| wrong("boolean, write true or false")),
        }
    };
    let text =
        || if column.holds == Holds::Text { name.to_owned() } else { format!("CAST({name} AS VARCHAR)") };
    Ok(match filter.operator.as_str() {
        "=" => format!("{name} = {}", typed()?),
        // In parentheses: the engine reads IS DISTINCT FROM as less binding than AND.
        "!=" => format!("({name} IS DISTINCT FROM {})", typed()?),
        "<" => format!("{name} < {}", typed()?),
        ">" => format!("{name} > {}", typed()?),
        "=~" => format!("{} ~ {}", text(), literal(value)),
        "!~" => format!("coalesce({} !~ {}, true)", text(), literal(value)),
        other => {
            let other = shown(other);
            let known = "it may be =, !=, <, >, =~ or !~";
            return Err(Failure::bad_request(format!(
                "ad-hoc filter {}: operator '{other}', {known}",
                column.name
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Range = Range { from_ms: 1_000, to_ms: 2_000 };

    fn sql(filters: &Filters, adhoc: &[Adhoc]) -> String {
        Conditions::of_errors(RANGE, filters, adhoc).unwrap().where_clause()
    }

    fn adhoc(key: &str, operator: &str, value: &str) -> Adhoc {
        Adhoc { key: key.to_owned(), operator: operator.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn every_filter_is_a_condition() {
        let filters: Filters = serde_json::from_value(serde_json::json!({
            "pattern": "p", "service": "s", "user": "u", "session": "x", "execution": "e", "language": "python",
            "errorType": "KeyError", "cause": "c", "phase": "run", "status": "open", "severityMin": 4,
            "action": "import_module", "module": "pandas", "text": "it's", "stage": "active",
        }))
        .unwrap();
        insta::assert_snapshot!(sql(&filters, &[]).replace(" AND ", "\nAND "));
    }

    #[test]
    fn values_cannot_leave_their_literals() {
        let hostile = "x' OR '1'='1'; DROP TABLE errors; --\\";
        let filters = Filters { user: Some(hostile.to_owned()), ..Filters::default() };
        let sql = sql(&filters, &[adhoc("error_type", "=~", hostile)]);
        let escaped = "'x'' OR ''1''=''1''; DROP TABLE errors; --\\'";
        assert!(sql.ends_with(&format!("user_id = {escaped} AND error_type ~ {escaped}")), "{sql}");
    }

    #[test]
    fn adhoc_filters_keep_to_columns_and_types() {
        let all: Vec<String> = ["=", "!=", "<", ">", "=~", "!~"]
            .into_iter()
            .flat_map(|operator| [adhoc("severity", operator, "4"), adhoc("pattern_id", operator, "a")])
            .map(|filter| condition(&filter).unwrap())
            .collect();
        insta::assert_snapshot!(all.join("\n"));
        let refused = |key: &str, operator: &str, value: &str| {
            condition(&adhoc(key, operator, value)).unwrap_err().message
        };
        assert!(refused("1=1 OR x", "=", "1").contains("no such column"));
        assert!(refused("severity", "=", "4 OR 1=1").contains("no whole number"));
        assert!(refused("pattern_new", "=", "yes").contains("true or false"));
        assert!(refused("user_id", "IN", "x").contains("operator 'IN'"));
    }
}
