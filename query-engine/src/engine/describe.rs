//! What a statement would answer and what tables there are, for clients that ask before they read. Runs nothing.

use super::{Engine, Params};
use crate::error::{QueryError, classify};
use crate::readonly;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use std::collections::HashMap;
use std::sync::Arc;

/// Placeholders of one statement at most: `$4000000000` would stand for as many.
const PLACEHOLDERS_MAX: usize = 1_000;

/// A statement that was planned and not run.
#[derive(Clone, Debug)]
pub struct Description {
    /// Columns of the answer. Where placeholders have no values yet, their types are those that the text tells.
    pub schema: SchemaRef,
    /// The placeholders without a value, in the order in which values are given.
    pub placeholders: Placeholders,
}

/// The placeholders of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholders {
    /// `$1`, `$2`, ...: the type of each, where the text tells it.
    Positional(Vec<Option<DataType>>),
    /// `$name`, by name: the same.
    Named(Vec<(String, Option<DataType>)>),
}

impl Placeholders {
    /// How many values are wanted.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Positional(types) => types.len(),
            Self::Named(types) => types.len(),
        }
    }

    /// Whether no value is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A table or a view that SQL knows.
#[derive(Clone, Debug)]
pub struct TableDescription {
    /// Name of its schema.
    pub schema_name: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it is computed when asked.
    pub is_view: bool,
    /// Its columns.
    pub columns: SchemaRef,
}

impl Engine {
    /// Name of the one catalog.
    pub const CATALOG: &'static str = super::session::CATALOG;

    /// Plans a statement as [`Self::query_with`] does, without running it. Safe to cancel.
    ///
    /// # Errors
    /// Those of queries that are known before the first row; placeholders without a value are none.
    pub async fn describe(&self, sql: &str, params: Params) -> Result<Description, QueryError> {
        let (shared, sql) = (Arc::clone(&self.shared), sql.to_owned());
        self.offload(async move {
            readonly::check_text(&sql, &shared.config)?;
            let planned = shared.sessions.plan(&shared.catalog, &shared.config, &sql, params).await;
            let (state, logical) = planned?;
            let told = |error: DataFusionError| classify(error, &shared.memory);
            let placeholders = placeholders(&logical).map_err(told)??;
            let schema = if placeholders.is_empty() {
                state.create_physical_plan(&logical).await.map_err(told)?.schema()
            } else {
                Arc::clone(logical.schema().inner())
            };
            Ok(Description { schema, placeholders })
        })
        .await
    }

    /// The scalar functions, each with what it is about in DataFusion's words (`Math Functions`).
    pub(crate) fn functions(&self) -> Vec<(&'static str, String)> {
        self.shared.sessions.functions()
    }

    /// Every table and view, those of `information_schema` included, without a look at any row. Safe to cancel.
    ///
    /// # Errors
    /// Those of queries.
    pub async fn tables(&self) -> Result<Vec<TableDescription>, QueryError> {
        let shared = Arc::clone(&self.shared);
        self.offload(async move { shared.sessions.tables(&shared.catalog, &shared.config).await }).await
    }
}

/// The placeholders of a plan. Numbers that nobody uses below the greatest want a value too.
fn placeholders(plan: &LogicalPlan) -> Result<Result<Placeholders, QueryError>, DataFusionError> {
    let types = plan.get_parameter_types()?;
    let number = |name: &str| name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
    let Some(numbered) = types.keys().map(|name| number(name)).collect::<Option<Vec<_>>>() else {
        return Ok(Ok(Placeholders::Named(named(types))));
    };
    let count = numbered.into_iter().max().unwrap_or_default();
    if count > PLACEHOLDERS_MAX {
        let message = format!("placeholder ${count} is above ${PLACEHOLDERS_MAX}, the greatest there may be");
        return Ok(Err(QueryError::invalid(message)));
    }
    let of = |place: usize| types.get(&format!("${place}")).cloned().flatten();
    Ok(Ok(Placeholders::Positional((1..=count).map(of).collect())))
}

fn named(types: HashMap<String, Option<DataType>>) -> Vec<(String, Option<DataType>)> {
    let plain = |name: String| name.strip_prefix('$').map(str::to_owned).unwrap_or(name);
    let mut named: Vec<_> = types.into_iter().map(|(name, kind)| (plain(name), kind)).collect();
    named.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    named
}
