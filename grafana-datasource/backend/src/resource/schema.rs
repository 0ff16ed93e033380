//! `schema`: tables, columns and functions, for completion.
//!
//! Kept for `FRESH` for each data source, `KEPT_MAX` at most.

use crate::engine::{Engine, Rows};
use crate::error::Failure;
use crate::frame::grafana;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const FRESH: Duration = Duration::from_secs(60);
const KEPT_MAX: usize = 32;

const COLUMNS: &str = "SELECT c.table_name, t.table_type, c.column_name, c.data_type \
    FROM information_schema.columns AS c \
    JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
    WHERE c.table_schema <> 'information_schema' ORDER BY c.table_name, c.ordinal_position";
const FUNCTIONS: &str = "SELECT routine_name, min(syntax_example) AS signature, min(description) AS description \
    FROM information_schema.routines GROUP BY routine_name ORDER BY routine_name";

/// A data source: what it is, where its engine is, with which rights.
type Key = (String, String, Option<crate::settings::Secret>);

/// Schemas that were asked for lately.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    kept: Mutex<HashMap<Key, (Instant, Arc<Value>)>>,
}

impl Schemas {
    pub(super) async fn of(&self, engine: &Engine) -> Result<Arc<Value>, Failure> {
        let settings = &engine.settings;
        let key = (settings.uid.clone(), settings.url.clone(), settings.token.clone());
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, schema)) = kept.get(&key)
                && since.elapsed() < FRESH
            {
                return Ok(Arc::clone(schema));
            }
        }
        let (columns, functions) = tokio::try_join!(engine.sql(COLUMNS), engine.sql(FUNCTIONS))?;
        let schema = Arc::new(json!({ "tables": tables(&columns)?, "functions": listed(&functions)? }));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (Instant::now(), Arc::clone(&schema)));
        Ok(schema)
    }
}

/// Rows as maps from column to text.
pub(super) fn texts(rows: &Rows) -> Result<Vec<BTreeMap<String, String>>, Failure> {
    let schema = rows.batch.schema();
    let mut texts = vec![BTreeMap::new(); rows.batch.num_rows()];
    for (field, values) in schema.fields().iter().zip(rows.batch.columns()) {
        let values = grafana(field, values)?;
        let Some(values) = values.as_string_opt::<i32>() else { continue };
        for (row, text) in texts.iter_mut().enumerate().filter(|(row, _)| values.is_valid(*row)) {
            text.insert(field.name().clone(), values.value(row).to_owned());
        }
    }
    Ok(texts)
}

fn tables(rows: &Rows) -> Result<Vec<Value>, Failure> {
    let mut tables: Vec<(String, &str, Vec<Value>)> = Vec::new();
    for mut row in texts(rows)? {
        let mut take = |name: &str| row.remove(name).unwrap_or_default();
        let table = take("table_name");
        if tables.last().is_none_or(|(last, ..)| *last != table) {
            let kind = if take("table_type") == "VIEW" { "view" } else { "table" };
            tables.push((table, kind, Vec::new()));
        }
        if let Some((.., columns)) = tables.last_mut() {
            columns.push(json!({ "name": take("column_name"), "type": take("data_type") }));
        }
    }
    let table = |(name, kind, columns)| json!({ "name": name, "kind": kind, "columns": columns });
    Ok(tables.into_iter().map(table).collect())
}

fn listed(rows: &Rows) -> Result<Vec<Value>, Failure> {
    let functions = texts(rows)?.into_iter().map(|mut row| {
        let mut function = Map::new();
        for (name, column) in
            [("name", "routine_name"), ("signature", "signature"), ("description", "description")]
        {
            if let Some(text) = row.remove(column).filter(|text| !text.is_empty()) {
                function.insert(name.to_owned(), text.into());
            }
        }
        Value::Object(function)
    });
    Ok(functions.collect())
}
