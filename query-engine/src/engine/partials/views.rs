//! Text columns are read as views (`Utf8View`) where an aggregate hands them on without looking into them: the bytes
//! stay where Parquet's pages have them, instead of being copied for each row. States are plain text again.

use super::unit::Scan;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{CastExpr, Column, IsNotNullExpr, IsNullExpr};
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// Aggregates that take views, and whose states are of the type of what they take or of none.
const TAKE_VIEWS: [&str; 6] = ["count", "min", "max", "first_value", "last_value", "distinct_estimate"];

/// `table` with the columns as views that `scan` only hands on; `None` where there are none.
pub(super) fn table_with_views(scan: &Scan, table: &TableSchema) -> Option<TableSchema> {
    let columns = table.table_schema().fields().len();
    let mut uses = Uses { looked_into: vec![false; columns], origins: (0..columns).map(Some).collect() };
    scan.predicate.iter().for_each(|predicate| uses.look_into(predicate));
    uses.pass(scan.columns.expr_iter());
    for projection in scan.projections.iter().rev() {
        uses.pass(projection.expr().iter().map(|column| Arc::clone(&column.expr)));
    }
    for expr in scan.group_by.input_exprs() {
        uses.hand_on(&expr);
    }
    for aggregate in &scan.aggregates {
        let takes_views = TAKE_VIEWS.contains(&aggregate.fun().name()) && !aggregate.is_distinct();
        for argument in aggregate.expressions() {
            if takes_views { uses.hand_on(&argument) } else { uses.look_into(&argument) }
        }
        aggregate.order_bys().iter().for_each(|by| uses.look_into(&by.expr));
    }
    scan.filters.iter().flatten().for_each(|filter| uses.look_into(filter));
    let mut any = false;
    let of_file = table.file_schema().fields().iter().enumerate().map(|(place, field)| {
        if field.data_type() != &DataType::Utf8 || uses.looked_into[place] {
            return Arc::clone(field);
        }
        any = true;
        Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View))
    });
    let schema =
        Schema::new_with_metadata(of_file.collect::<Vec<_>>(), table.file_schema().metadata().clone());
    let partitions = table.table_partition_cols().clone();
    any.then(|| TableSchema::builder(Arc::new(schema)).with_table_partition_cols(partitions.to_vec()).build())
}

/// `aggregate` over columns of other types.
///
/// # Errors
/// Those of making an aggregate.
pub(super) fn over(
    aggregate: &AggregateFunctionExpr,
    schema: &SchemaRef,
) -> Result<Arc<AggregateFunctionExpr>> {
    let built = AggregateExprBuilder::new(Arc::new(aggregate.fun().clone()), aggregate.expressions())
        .schema(Arc::clone(schema))
        .alias(aggregate.name())
        .order_by(aggregate.order_bys().to_vec())
        .with_ignore_nulls(aggregate.ignore_nulls())
        .with_distinct(aggregate.is_distinct())
        .with_reversed(aggregate.is_reversed())
        .build()?;
    Ok(Arc::new(built))
}

/// `states` with text instead of views.
///
/// # Errors
/// Those of making a plan.
pub(super) fn as_text(states: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = states.schema();
    let columns = schema.fields().iter().enumerate().map(|(place, field)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
        let expr = match field.data_type() {
            DataType::Utf8View => Arc::new(CastExpr::new(column, DataType::Utf8, None)),
            _ => column,
        };
        ProjectionExpr::new(expr, field.name())
    });
    Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), states)?))
}

/// What happens to the table's columns, from the source up.
struct Uses {
    looked_into: Vec<bool>,
    /// For each column of the layer that is looked at, the table's column that it is.
    origins: Vec<Option<usize>>,
}

impl Uses {
    /// Goes through a projection.
    fn pass(&mut self, exprs: impl Iterator<Item = Arc<dyn PhysicalExpr>>) {
        let above = exprs
            .map(|expr| {
                self.hand_on(&expr);
                let column = expr.downcast_ref::<Column>()?;
                self.origins.get(column.index()).copied().flatten()
            })
            .collect();
        self.origins = above;
    }

    fn hand_on(&mut self, expr: &Arc<dyn PhysicalExpr>) {
        if !expr.is::<Column>() {
            self.look_into(expr);
        }
    }

    fn look_into(&mut self, expr: &Arc<dyn PhysicalExpr>) {
        if let Some(column) = expr.downcast_ref::<Column>() {
            if let Some(origin) = self.origins.get(column.index()).copied().flatten() {
                self.looked_into[origin] = true;
            }
            return;
        }
        let asks_for_null = expr.is::<IsNullExpr>() || expr.is::<IsNotNullExpr>();
        for child in expr.children() {
            if asks_for_null { self.hand_on(child) } else { self.look_into(child) }
        }
    }
}
