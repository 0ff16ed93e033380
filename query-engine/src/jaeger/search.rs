//! Which traces have a span that a search describes, the newest first.

use super::fetch::Around;
use super::{SERVICE_MISSING, Trace};
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use datafusion::arrow::array::AsArray;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;

/// What one span of each trace found must be like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) service: Option<String>,
    pub(crate) operation: Option<String>,
    /// Attributes of the span, its resource or one of its events, or what Jaeger shows as tags.
    pub(crate) tags: Vec<(String, String)>,
    /// Start of the span, nanoseconds, both ends included.
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) duration_min_ns: Option<i64>,
    pub(crate) duration_max_ns: Option<i64>,
    /// Traces at most.
    pub(crate) limit: u32,
}

impl Search {
    /// Whole traces, those with the newest match first.
    ///
    /// # Errors
    /// Those of queries, and [`QueryError::TracesTooLarge`].
    pub(crate) async fn run(&self, engine: &Engine) -> Result<Vec<Trace>, QueryError> {
        let ids = self.ids(engine).await?;
        Trace::by_ids(engine, &ids, Some(Around { from: self.from, to: self.to })).await
    }

    /// The ids of the traces, those with the newest match first.
    ///
    /// # Errors
    /// Those of queries.
    pub(crate) async fn ids(&self, engine: &Engine) -> Result<Vec<String>, QueryError> {
        let (sql, values) = self.sql();
        let mut rows = engine.query_with(&sql, Params::positional(values)).await?;
        let mut ids: Vec<String> = Vec::new();
        while let Some(batch) = rows.try_next().await? {
            let found = batch.column(0).as_string_opt::<i32>();
            let found = found.ok_or_else(|| QueryError::internal("trace_id is no text"))?;
            ids.extend(found.iter().flatten().map(str::to_owned));
        }
        Ok(ids)
    }

    fn sql(&self) -> (String, Vec<ScalarValue>) {
        let mut conditions = Conditions::default();
        conditions.add(&format!("time_unix_nano BETWEEN {} AND {}", self.from, self.to), &[]);
        match self.service.as_deref() {
            None => {}
            Some(SERVICE_MISSING) => {
                conditions.add("coalesce(nullif(service_name, ''), $a) = $a", &[SERVICE_MISSING])
            }
            Some(service) => conditions.add("service_name = $a", &[service]),
        }
        if let Some(operation) = &self.operation {
            conditions.add("name = $a", &[operation]);
        }
        if let Some(least) = self.duration_min_ns {
            conditions.add(&format!("duration_ns >= {least}"), &[]);
        }
        if let Some(most) = self.duration_max_ns {
            conditions.add(&format!("duration_ns <= {most}"), &[]);
        }
        for (key, value) in &self.tags {
            conditions.tag(key, value);
        }
        let sql = format!(
            "SELECT trace_id, max(time_unix_nano) AS newest FROM spans WHERE {} \
             GROUP BY trace_id ORDER BY newest DESC, trace_id LIMIT {}",
            conditions.text, self.limit
        );
        (sql, conditions.values)
    }
}

/// Conditions joined by AND, with the values of their placeholders.
#[derive(Default)]
struct Conditions {
    text: String,
    values: Vec<ScalarValue>,
}

impl Conditions {
    /// `condition` names the texts `$a`, `$b`, ... by their place in `texts`.
    fn add(&mut self, condition: &str, texts: &[&str]) {
        let mut condition = condition.to_owned();
        for (letter, text) in ('a'..='z').zip(texts) {
            self.values.push(ScalarValue::Utf8(Some((*text).to_owned())));
            condition = condition.replace(&format!("${letter}"), &format!("${}", self.values.len()));
        }
        if !self.text.is_empty() {
            self.text.push_str(" AND ");
        }
        self.text.push('(');
        self.text.push_str(&condition);
        self.text.push(')');
    }

    fn tag(&mut self, key: &str, value: &str) {
        let attribute = "map_extract(attributes, $a)[1] = $b OR map_extract(resource_attributes, $a)[1] = $b";
        // What Jaeger shows as a tag, though it is a field of its own.
        let field = match key {
            "error" if value == "true" => "status_code = 'ERROR'",
            "error" if value == "false" => return self.add("status_code <> 'ERROR'", &[]),
            "span.kind" => "kind = $b",
            "otel.status_code" => "status_code = $b",
            "otel.status_description" => "status_message = $b",
            "otel.scope.name" => "scope_name = $b",
            "otel.scope.version" => "scope_version = $b",
            _ => return self.attribute(attribute, key, value),
        };
        self.add(&format!("{field} OR {attribute}"), &[key, value]);
    }

    /// Events are JSON: a pair stands there as `"key":"value"`, and nothing inside a text can look like it, because
    /// quotation marks are escaped there. Numbers and truths stand without the marks.
    fn attribute(&mut self, attribute: &str, key: &str, value: &str) {
        // An event's name is the field `event` of the log that Jaeger makes of it.
        let key_json = json_text(if key == "event" { "name" } else { key });
        let pair = format!("{key_json}:{}", json_text(value));
        let condition = format!("{attribute} OR strpos(events, $c) > 0");
        let bare = value.parse::<f64>().is_ok() || matches!(value, "true" | "false");
        if bare {
            let (inner, last) = (format!("{key_json}:{value},"), format!("{key_json}:{value}}}"));
            let condition = format!("{condition} OR strpos(events, $d) > 0 OR strpos(events, $e) > 0");
            self.add(&condition, &[key, value, &pair, &inner, &last]);
        } else {
            self.add(&condition, &[key, value, &pair]);
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
