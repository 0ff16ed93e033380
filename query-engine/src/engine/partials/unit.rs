//! An aggregate over a scan of the lake, and the same over one file of it.

use super::settle::{Bounds, Settled, settle};
use super::views;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::projection::{ProjectionExpr, ProjectionExprs};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::scalar::ScalarValue;
use schemas::layout::PARTITION_COLUMN;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Columns by which a range of time is asked for.
const TIMES: [&str; 3] = ["timestamp", "time_unix_nano", PARTITION_COLUMN];

/// An aggregate whose input is a scan of one table, with projections between at most.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) group_by: Arc<PhysicalGroupBy>,
    pub(super) aggregates: Vec<Arc<AggregateFunctionExpr>>,
    pub(super) filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    input_schema: SchemaRef,
    /// From the aggregate down.
    pub(super) projections: Vec<ProjectionExec>,
    /// What the source makes of the table's columns.
    pub(super) columns: ProjectionExprs,
    config: FileScanConfig,
    pub(super) predicate: Option<Arc<dyn PhysicalExpr>>,
}

/// The aggregate over one file.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Names the file and all that its states depend on.
    pub(super) key: u128,
    /// `YYYY-MM-DD`.
    pub(super) date: String,
    /// Whether no condition of time is left, which the next refresh may put differently.
    pub(super) lasts: bool,
    pub(super) file: PartitionedFile,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
}

impl Scan {
    /// What `aggregate` reads; `None` where that is no plain scan, or not the same each time.
    pub(super) fn below(aggregate: &AggregateExec) -> Result<Option<Self>> {
        let mut projections = Vec::new();
        let mut node = aggregate.input();
        let source = loop {
            if let Some(source) = node.downcast_ref::<DataSourceExec>() {
                break source;
            }
            if let Some(projection) = node.downcast_ref::<ProjectionExec>() {
                projections.push(projection.clone());
            } else if !node.is::<RepartitionExec>() && !node.is::<CooperativeExec>() {
                return Ok(None);
            }
            let [input] = node.children()[..] else { return Ok(None) };
            node = input;
        };
        let Some((config, parquet)) = source.downcast_to_file_source::<ParquetSource>() else {
            return Ok(None);
        };
        let Some(columns) = parquet.projection().cloned() else { return Ok(None) };
        let scan = Self {
            group_by: Arc::new(aggregate.group_expr().clone()),
            aggregates: aggregate.aggr_expr().to_vec(),
            filters: aggregate.filter_expr().to_vec(),
            input_schema: aggregate.input_schema(),
            projections,
            columns,
            predicate: parquet.filter(),
            config: config.clone(),
        };
        let same_each_time = scan.expressions().all(|expr| {
            !is_volatile(&expr) && !contains(&expr, |part| part.is::<DynamicFilterPhysicalExpr>())
        });
        Ok((same_each_time && scan.config.limit.is_none()).then_some(scan))
    }

    fn expressions(&self) -> impl Iterator<Item = Arc<dyn PhysicalExpr>> + '_ {
        let aggregates = self.aggregates.iter().flat_map(|aggregate| {
            let all = aggregate.all_expressions();
            all.args.into_iter().chain(all.order_by_exprs)
        });
        let projected = self
            .projections
            .iter()
            .flat_map(|projection| projection.expr().iter().map(|expr| Arc::clone(&expr.expr)));
        self.group_by
            .input_exprs()
            .into_iter()
            .chain(aggregates)
            .chain(self.filters.iter().flatten().cloned())
            .chain(projected)
            .chain(self.columns.expr_iter())
            .chain(self.predicate.clone())
    }

    /// Whether an aggregate or its FILTER reads one of these columns of the aggregate's input.
    pub(super) fn uses_outside_groups(&self, places: &[usize]) -> bool {
        let aggregates = self.aggregates.iter().flat_map(|aggregate| {
            let all = aggregate.all_expressions();
            all.args.into_iter().chain(all.order_by_exprs)
        });
        aggregates.chain(self.filters.iter().flatten().cloned()).any(|expr| reads(&expr, places))
    }

    /// Whether a condition calls a function.
    pub(super) fn conditions_use(&self, function: &str) -> bool {
        self.predicate
            .iter()
            .chain(self.filters.iter().flatten())
            .any(|condition| format!("{condition:?}").contains(function))
    }

    /// Whether it has GROUP BY; else there is one row of states a file.
    pub(super) fn has_groups(&self) -> bool {
        !self.group_by.is_true_no_grouping()
    }

    /// What all states depend on, as text; files and conditions come on top. Names of columns are left out: that of a
    /// FILTER with `now()` is another one each time.
    pub(super) fn text(&self) -> String {
        let aggregates: Vec<_> = self
            .aggregates
            .iter()
            .map(|aggregate| {
                let order: Vec<_> = aggregate.order_bys().iter().map(|by| (&by.expr, by.options)).collect();
                let flags = (aggregate.is_distinct(), aggregate.ignore_nulls(), aggregate.is_reversed());
                format!("{:?} {:?} {order:?} {flags:?}", aggregate.fun().inner(), aggregate.expressions())
            })
            .collect();
        let projections: Vec<Vec<_>> = self.projections.iter().map(|node| exprs(node.expr())).collect();
        let columns: Vec<_> = self.columns.expr_iter().collect();
        format!("{:?}\n{aggregates:?}\n{projections:?}\n{columns:?}", self.group_by.input_exprs())
    }

    /// The files, each with what is left of the conditions.
    pub(super) fn units(&self, text: &str) -> Vec<Unit> {
        let base = xxh3_128(text.as_bytes());
        let mut files: Vec<&PartitionedFile> =
            self.config.file_groups.iter().flat_map(FileGroup::iter).collect();
        files.sort_by(|a, b| a.object_meta.location.cmp(&b.object_meta.location));
        // A large file may be dealt to several partitions.
        files.dedup_by(|a, b| a.object_meta.location == b.object_meta.location);
        files.into_iter().filter_map(|file| self.unit(base, file)).collect()
    }

    /// `None` where no row counts.
    fn unit(&self, base: u128, file: &PartitionedFile) -> Option<Unit> {
        let bounds = Bounds::of(file);
        let predicate = match self.predicate.as_ref().map(|predicate| settle(predicate, &bounds)) {
            None | Some(Settled::Always) => None,
            Some(Settled::Never) => return None,
            Some(Settled::Left(left)) => Some(left),
        };
        let filters: Vec<_> =
            self.filters.iter().map(|filter| self.settled_filter(filter.as_ref(), &bounds)).collect();
        let mut file = file.clone();
        file.range = None;
        let (path, size) = (&file.object_meta.location, file.object_meta.size);
        let written = file.object_meta.last_modified.timestamp_millis();
        let of_file = format!("{base:032x}\n{path} {size} {written}\n{predicate:?}\n{filters:?}");
        let key = xxh3_128(of_file.as_bytes());
        let date = match file.partition_values.first() {
            Some(ScalarValue::Utf8(Some(date))) => date.clone(),
            _ => String::new(),
        };
        let lasts = !predicate.iter().chain(filters.iter().flatten()).any(mentions_time);
        Some(Unit { key, date, lasts, file, predicate, filters })
    }

    /// A FILTER of an aggregate: its columns are those of the aggregate's input, so it is seen through the projections.
    fn settled_filter(
        &self,
        filter: Option<&Arc<dyn PhysicalExpr>>,
        bounds: &Bounds<'_>,
    ) -> Option<Arc<dyn PhysicalExpr>> {
        let filter = filter?;
        let Some(of_table) = self.of_table(filter) else { return Some(Arc::clone(filter)) };
        match settle(&of_table, bounds) {
            Settled::Always => None,
            Settled::Never => Some(Arc::new(Literal::new(ScalarValue::Boolean(Some(false))))),
            // In terms of the aggregate's input again; that a part of it is settled is not used.
            Settled::Left(_) => Some(Arc::clone(filter)),
        }
    }

    /// The same expression over the table's columns.
    fn of_table(&self, expression: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
        let mut expression = Arc::clone(expression);
        for projection in &self.projections {
            let exprs = projection.expr();
            expression = through(expression, |place| exprs.get(place).map(|expr| Arc::clone(&expr.expr)))?;
        }
        let columns: Vec<_> = self.columns.expr_iter().collect();
        through(expression, |place| columns.get(place).cloned())
    }

    /// `unit` in `count` parts, each with the row groups that begin in its share of the file.
    pub(super) fn parts(unit: &Unit, count: usize) -> Vec<Unit> {
        let size = i64::try_from(unit.file.object_meta.size).unwrap_or(i64::MAX);
        let share = size / i64::try_from(count.max(1)).unwrap_or(1) + 1;
        let starts = (0..count.max(1)).filter_map(|part| i64::try_from(part).ok()).map(|part| part * share);
        starts
            .map(|start| Unit {
                file: unit.file.clone().with_range(start, (start + share).min(size)),
                ..unit.clone()
            })
            .collect()
    }

    /// The plan that computes the states of one file.
    ///
    /// # Errors
    /// Those of making a plan.
    pub(super) fn plan(&self, unit: &Unit) -> Result<Arc<dyn ExecutionPlan>> {
        let with_views = views::table_with_views(self, self.parquet()?.table_schema());
        let scan = self.over(unit.file.clone(), unit.predicate.clone(), with_views.as_ref())?;
        let mut plan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(scan);
        for projection in self.projections.iter().rev() {
            plan = Arc::new(ProjectionExec::try_new(projection.expr().to_vec(), plan)?);
        }
        if with_views.is_none() {
            return self.aggregate(AggregateMode::Partial, &self.group_by, unit.filters.clone(), plan);
        }
        let schema = plan.schema();
        let aggregates = self.aggregates.iter().map(|aggregate| views::over(aggregate, &schema));
        let over_views =
            Self { aggregates: aggregates.collect::<Result<_>>()?, input_schema: schema, ..self.clone() };
        let filters = unit.filters.clone();
        views::as_text(over_views.aggregate(AggregateMode::Partial, &self.group_by, filters, plan)?)
    }

    /// The plan that merges states.
    ///
    /// # Errors
    /// Those of making a plan.
    pub(super) fn merging(&self, states: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let group_by = Arc::new(self.group_by.as_final());
        self.aggregate(AggregateMode::PartialReduce, &group_by, vec![None; self.filters.len()], states)
    }

    fn aggregate(
        &self,
        mode: AggregateMode,
        group_by: &Arc<PhysicalGroupBy>,
        filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
        input: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = Arc::clone(&self.input_schema);
        let aggregate = AggregateExec::try_new(
            mode,
            Arc::clone(group_by),
            self.aggregates.clone(),
            filters,
            input,
            schema,
        )?;
        Ok(Arc::new(aggregate))
    }

    fn parquet(&self) -> Result<&ParquetSource> {
        let source = self.config.file_source().downcast_ref::<ParquetSource>();
        source.ok_or_else(|| internal("the source of a scan is not Parquet any more"))
    }

    /// `table` is the schema to read it with, where that is another.
    fn over(
        &self,
        file: PartitionedFile,
        predicate: Option<Arc<dyn PhysicalExpr>>,
        table: Option<&TableSchema>,
    ) -> Result<FileScanConfig> {
        let known = self.parquet()?;
        let mut source = ParquetSource::new(table.unwrap_or(known.table_schema()).clone())
            .with_table_parquet_options(known.table_parquet_options().clone());
        if let Some(reader) = known.parquet_file_reader_factory() {
            source = source.with_parquet_file_reader_factory(Arc::clone(reader));
        }
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let source = source.try_pushdown_projection(&self.columns)?;
        let source = source.ok_or_else(|| internal("a Parquet source refuses a projection"))?;
        Ok(FileScanConfigBuilder::from(self.config.clone())
            .with_source(source)
            .with_file_groups(vec![FileGroup::new(vec![file])])
            .build())
    }
}

/// Whether a condition reads a column of time.
fn mentions_time(condition: &Arc<dyn PhysicalExpr>) -> bool {
    contains(condition, |part| {
        part.downcast_ref::<Column>().is_some_and(|column| TIMES.contains(&column.name()))
    })
}

/// Whether `expr` or a part of it is such.
pub(super) fn contains(
    expr: &Arc<dyn PhysicalExpr>,
    is_such: impl Fn(&Arc<dyn PhysicalExpr>) -> bool,
) -> bool {
    expr.exists(|part| Ok(is_such(part))).unwrap_or(true)
}

/// Whether `expr` reads one of the columns.
pub(super) fn reads(expr: &Arc<dyn PhysicalExpr>, places: &[usize]) -> bool {
    contains(expr, |part| {
        part.downcast_ref::<Column>().is_some_and(|column| places.contains(&column.index()))
    })
}

fn exprs(projection: &[ProjectionExpr]) -> Vec<&Arc<dyn PhysicalExpr>> {
    projection.iter().map(|column| &column.expr).collect()
}

fn internal(message: &str) -> datafusion::error::DataFusionError {
    datafusion::error::DataFusionError::Internal(message.to_owned())
}

/// `expression` with each column replaced by what `below` has at its place.
fn through(
    expression: Arc<dyn PhysicalExpr>,
    below: impl Fn(usize) -> Option<Arc<dyn PhysicalExpr>>,
) -> Option<Arc<dyn PhysicalExpr>> {
    let mut missing = false;
    let replaced = expression.transform_up(|node| {
        let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
        match below(column.index()) {
            Some(instead) => Ok(Transformed::new(instead, true, TreeNodeRecursion::Continue)),
            None => {
                missing = true;
                Ok(Transformed::no(node))
            }
        }
    });
    replaced.ok().filter(|_| !missing).map(|replaced| replaced.data)
}
