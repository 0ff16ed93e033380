//! DataFusion's session: what functions, stores and settings a query may use, and the tables it sees.

use super::TableDescription;
use super::kept::{KeptViews, Rows, Versions};
use super::members::CountedMembers;
use super::partials::{self, KeepPartials};
use crate::catalog::Catalog;
use crate::config::QueryConfig;
use crate::error::{MemoryLimits, QueryError, classify};
use crate::functions::{self, Names, PATTERN_OF};
use crate::metrics::Metrics;
use crate::views::{self, VIEWS, View};
use crate::{readonly, suggest};
use datafusion::catalog::information_schema::InformationSchemaProvider;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::{ParamValues, ScalarValue, TableReference};
use datafusion::datasource::ViewTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, ScalarUDF, TableType};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use schemas::tables::Table;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) const CATALOG: &str = "errata";
const SCHEMA: &str = "public";
const INFORMATION_SCHEMA: &str = "information_schema";
/// The engine's own settings are nobody's business.
const SETTINGS: &str = "df_settings";

/// What SHOW TABLES answers: the tables a person came for, in order.
const SHOW_TABLES: &str = "SELECT table_name, table_type FROM information_schema.tables \
                           WHERE table_schema = 'public' ORDER BY table_name";

/// Table functions: they make rows as they are read, so they need no bound of their own.
const TABLE_FUNCTIONS: &[&str] = &["generate_series", "range"];

/// Rows in a batch: stack traces make rows wide, and batches in flight are not counted by the memory pool.
const BATCH_ROWS: usize = 4_096;

/// Values for the placeholders of one query.
#[derive(Clone, Debug)]
pub struct Params(Option<ParamValues>);

impl Params {
    /// No values.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Values for `$1`, `$2`, ...
    #[must_use]
    pub fn positional(values: Vec<ScalarValue>) -> Self {
        Self(Some(ParamValues::from(values)))
    }

    /// The placeholders of `count` values from `$first` on, with commas between them.
    pub(crate) fn places(first: usize, count: usize) -> String {
        let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
        places.join(", ")
    }

    /// Values for `$name`.
    #[must_use]
    pub fn named(values: Vec<(String, ScalarValue)>) -> Self {
        Self(Some(ParamValues::from(values)))
    }
}

/// Makes a session for each query.
#[derive(Debug)]
pub(super) struct Sessions {
    base: SessionState,
    memory: MemoryLimits,
    kept: KeptViews,
    partials: Arc<partials::Kept>,
}

impl Sessions {
    pub(super) fn new(catalog: &Catalog, config: &QueryConfig, metrics: &Metrics) -> Result<Self> {
        let mut aggregates = SessionStateDefaults::default_aggregate_functions();
        aggregates.extend(functions::aggregates());
        let mut scalars = allowed(SessionStateDefaults::default_scalar_functions());
        scalars.push(functions::pattern_of(Arc::default()));
        let state = SessionStateBuilder::new()
            .with_config(session_config(config))
            .with_runtime_env(runtime(catalog, config)?)
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(scalars)
            .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
            .with_aggregate_functions(aggregates)
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_table_function_list(SessionStateDefaults::default_table_functions())
            .build();
        let memory = MemoryLimits {
            memory_bytes_max: config.memory_bytes_max,
            spill_bytes_max: config.spill_dir.as_ref().map(|_| config.spill_bytes_max),
        };
        let partials = Arc::new(partials::Kept::new(
            config,
            catalog.lake().table_location(Table::Errors),
            metrics.clone(),
        ));
        Ok(Self { base: state, memory, kept: KeptViews::new(config.kept_view_bytes_max), partials })
    }

    /// Parses and plans `sql` over one snapshot of each table that it names. The plan is not optimised yet.
    pub(super) async fn plan(
        &self,
        catalog: &Catalog,
        config: &QueryConfig,
        sql: &str,
        params: Params,
    ) -> Result<(SessionState, LogicalPlan), QueryError> {
        let told = |error: DataFusionError| classify(error, &self.memory);
        let mut statement = self.parse(sql).map_err(told)?;
        readonly::check_statement(&statement, config)?;
        if readonly::is_plain_show_tables(&statement) {
            statement = self.parse(SHOW_TABLES).map_err(told)?;
        }
        let references = self.base.resolve_table_references(&statement).map_err(told)?;
        // SHOW stands for queries over information_schema of DataFusion's own making.
        if !readonly::is_show(&statement) {
            check_references(&references)?;
        }
        let calls_names = sql.to_ascii_lowercase().contains(PATTERN_OF);
        let state = self.with_tables(catalog, config, &references, calls_names).await?;
        let mut logical = state
            .statement_to_plan(statement)
            .await
            .map_err(|error| unknown_function(&state, &error).unwrap_or_else(|| told(error)))?;
        if let Params(Some(values)) = params {
            logical = logical.with_param_values(values).map_err(told)?;
        }
        readonly::check_plan(&logical, config).map_err(told)?;
        Ok((state, logical))
    }

    fn parse(&self, sql: &str) -> Result<Statement> {
        let dialect = self.base.config().options().sql_parser.dialect;
        self.base.sql_to_statement(sql, &dialect)
    }

    /// A session whose tables are those that the query needs, each at its newest snapshot, and the shapes of the rest;
    /// and what patterns are called, where the query or one of its views calls `pattern_of`.
    async fn with_tables(
        &self,
        catalog: &Catalog,
        config: &QueryConfig,
        references: &[TableReference],
        calls_names: bool,
    ) -> Result<SessionState, QueryError> {
        let told = |error: DataFusionError| classify(error, &self.memory);
        let mut wanted: Vec<&str> = references.iter().map(TableReference::table).collect();
        if calls_names {
            wanted.extend(views::NAMES);
        }
        let (tables, mut views) = views::needed(&wanted);
        let lists_all = references.iter().any(|name| name.schema() == Some(INFORMATION_SCHEMA));
        if lists_all {
            // SHOW and information_schema list everything.
            views = VIEWS.iter().collect();
        }
        let snapshots =
            futures::future::try_join_all(tables.iter().map(|&table| catalog.table(table))).await?;
        let schema = Arc::new(MemorySchemaProvider::new());
        let mut versions = HashMap::new();
        for (&table, snapshot) in tables.iter().zip(snapshots) {
            versions.insert(table, snapshot.version());
            register(&schema, table.name(), Arc::new(snapshot)).map_err(told)?;
        }
        for table in Table::ALL.into_iter().filter(|table| !tables.contains(table)) {
            register(&schema, table.name(), Arc::new(catalog.shape(table))).map_err(told)?;
        }
        let mut state = self.session(&schema).map_err(told)?;
        let mut named = Vec::new();
        let mut names = None;
        for view in views {
            let kept = if view.kept && !lists_all {
                let of = versions_of(view, &versions);
                let statement = self.parse(&view.text(config)).map_err(told)?;
                let rows = self.kept.rows(&state, view.name, of.clone(), statement).await.map_err(told)?;
                if views::NAMES.contains(&view.name) {
                    let limit = config.kept_view_bytes_max;
                    named.push((of, rows.clone().ok_or(QueryError::NamesTooLarge { limit })?));
                }
                rows
            } else {
                None
            };
            if let ([aliases, splits], None) = (&named[..], &names) {
                let known = self.names(aliases, splits);
                state.register_udf(functions::pattern_of(Arc::clone(&known))).map_err(told)?;
                names = Some(known);
            }
            let provider = match kept {
                Some(rows) => rows.table().map_err(told)?,
                None => Arc::new(self.view(&state, view.text(config)).await.map_err(told)?)
                    as Arc<dyn TableProvider>,
            };
            register(&schema, view.name, provider).map_err(told)?;
        }
        let keep = Arc::new(KeepPartials::new(Arc::clone(&self.partials), names.clone()));
        let mut with_rules = SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rule(keep);
        if let Some(names) = names {
            with_rules = with_rules.with_optimizer_rule(Arc::new(CountedMembers::new(names)));
        }
        Ok(with_rules.build())
    }

    fn names(&self, aliases: &(Versions, Rows), splits: &(Versions, Rows)) -> Arc<Names> {
        self.kept.names([aliases.0.clone(), splits.0.clone()], &aliases.1, &splits.1)
    }

    /// The scalar functions that are documented: what each is about, and its name.
    pub(super) fn functions(&self) -> Vec<(&'static str, String)> {
        let documented =
            self.base.scalar_functions().iter().filter_map(|(name, function)| {
                Some((function.documentation()?.doc_section.label, name.clone()))
            });
        let mut functions: Vec<_> = documented.collect();
        functions.sort_unstable();
        functions
    }

    /// Every table and view, and those of `information_schema` that may be asked.
    pub(super) async fn tables(
        &self,
        catalog: &Catalog,
        config: &QueryConfig,
    ) -> Result<Vec<TableDescription>, QueryError> {
        let told = |error: DataFusionError| classify(error, &self.memory);
        let all = TableReference::partial(INFORMATION_SCHEMA, "tables");
        let state = self.with_tables(catalog, config, &[all], false).await?;
        let own = state.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
        let own = own.ok_or_else(|| QueryError::internal("the session has no schema"))?;
        let information = InformationSchemaProvider::new(Arc::clone(state.catalog_list()));
        let information = Arc::new(information) as Arc<dyn SchemaProvider>;
        let mut found = Vec::new();
        for (schema_name, provider) in [(SCHEMA, own), (INFORMATION_SCHEMA, information)] {
            for name in provider.table_names().into_iter().filter(|name| name != SETTINGS) {
                let Some(table) = provider.table(&name).await.map_err(told)? else { continue };
                let is_view = schema_name == INFORMATION_SCHEMA || table.table_type() == TableType::View;
                found.push(TableDescription { schema_name, name, is_view, columns: table.schema() });
            }
        }
        Ok(found)
    }

    fn session(&self, schema: &Arc<MemorySchemaProvider>) -> Result<SessionState> {
        let tables = Arc::new(MemoryCatalogProvider::new());
        tables.register_schema(SCHEMA, Arc::clone(schema) as Arc<dyn SchemaProvider>)?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), tables);
        let mut state = self.base.clone();
        state.register_catalog_list(Arc::new(catalogs));
        state.mark_start_execution();
        Ok(state)
    }

    async fn view(&self, state: &SessionState, text: String) -> Result<ViewTable> {
        let plan = state.statement_to_plan(self.parse(&text)?).await?;
        Ok(ViewTable::new(plan, Some(text)))
    }
}

/// Versions of the tables behind a view.
fn versions_of(view: &View, versions: &HashMap<Table, Option<u64>>) -> Versions {
    let (tables, _) = views::needed(&[view.name]);
    tables.iter().map(|table| versions.get(table).copied().flatten()).collect()
}

fn register(schema: &MemorySchemaProvider, name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
    schema.register_table(name.to_owned(), table).map(|_| ())
}

/// Only known names: the message can then list near ones, and nothing that looks like a path is ever resolved.
fn check_references(references: &[TableReference]) -> Result<(), QueryError> {
    let mut known: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
    known.extend(VIEWS.iter().map(|view| view.name));
    for reference in references {
        let unknown = || QueryError::invalid(suggest::unknown("table", &reference.to_string(), &known));
        if reference.catalog().is_some_and(|catalog| catalog != CATALOG) {
            return Err(unknown());
        }
        match reference.schema() {
            Some(INFORMATION_SCHEMA) if reference.table() != SETTINGS => {}
            None | Some(SCHEMA) if known.contains(&reference.table()) => {}
            // Calls look like names here; without a call planning fails.
            None if TABLE_FUNCTIONS.contains(&reference.table()) => {}
            _ => return Err(unknown()),
        }
    }
    Ok(())
}

/// DataFusion's suggestion for an unknown function differs from run to run; ours lists all that are near.
fn unknown_function(state: &SessionState, error: &DataFusionError) -> Option<QueryError> {
    let message = error.to_string();
    let (_, rest) = message.split_once("Invalid function '")?;
    let (name, _) = rest.split_once('\'')?;
    let scalar = state.scalar_functions().keys();
    let known = scalar.chain(state.aggregate_functions().keys()).chain(state.window_functions().keys());
    let mut known: Vec<&str> = known.map(String::as_str).collect();
    known.sort_unstable();
    Some(QueryError::invalid(suggest::unknown("function", name, &known)))
}

fn allowed(functions: Vec<Arc<ScalarUDF>>) -> Vec<Arc<ScalarUDF>> {
    functions.into_iter().filter(|function| !readonly::REFUSED_FUNCTIONS.contains(&function.name())).collect()
}

fn session_config(config: &QueryConfig) -> SessionConfig {
    let mut session = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(config.threads_resolved())
        .with_batch_size(BATCH_ROWS)
        .with_parquet_bloom_filter_pruning(true)
        .with_parquet_page_index_pruning(true);
    let options = session.options_mut();
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    // A filter that learns from the rows so far would make what is kept of a file depend on other files.
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    options.execution.time_zone = Some("+00:00".to_owned());
    options.sql_parser.map_string_types_to_utf8view = false;
    session
}

fn runtime(catalog: &Catalog, config: &QueryConfig) -> Result<Arc<RuntimeEnv>> {
    let mode = config
        .spill_dir
        .as_ref()
        .map_or(DiskManagerMode::Disabled, |folder| DiskManagerMode::Directories(vec![folder.clone()]));
    let disk =
        DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(config.spill_bytes_max);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(config.memory_bytes_max)))
        .with_disk_manager_builder(disk)
        .with_metadata_cache_limit(config.metadata_cache_bytes)
        .with_object_store_registry(catalog.stores())
        .build_arc()
}
