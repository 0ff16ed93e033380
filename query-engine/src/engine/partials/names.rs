//! `pattern_of` in GROUP BY: the states are kept under what is stored, and get the names in force afterwards.

use super::unit::{Scan, reads};
use crate::functions::{Names, PATTERN_OF, stored_key};
use datafusion::arrow::datatypes::Schema;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::{ProjectionExpr, ProjectionExprs};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::PhysicalGroupBy;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// What makes of stored keys the names in force.
pub(super) struct Back {
    /// Places in GROUP BY.
    keys: Vec<usize>,
    function: Option<ScalarUDF>,
}

impl Back {
    /// The states with the names in force.
    ///
    /// # Errors
    /// Those of making a plan.
    pub(super) fn over(self, states: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(function) = self.function.filter(|_| !self.keys.is_empty()) else { return Ok(states) };
        let function = Arc::new(function);
        let schema = states.schema();
        let columns = schema.fields().iter().enumerate().map(|(place, field)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
            let expr = if self.keys.contains(&place) {
                Arc::new(ScalarFunctionExpr::new(
                    function.name(),
                    Arc::clone(&function),
                    vec![column],
                    Arc::clone(field),
                    Arc::new(ConfigOptions::default()),
                ))
            } else {
                column
            };
            ProjectionExpr::new(expr, field.name())
        });
        Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), states)?))
    }
}

/// `scan` grouped by what is stored, where it is grouped by what patterns are called now.
///
/// # Errors
/// Those of making a plan.
pub(super) fn with_stored_keys(scan: Scan, names: Option<&Arc<Names>>) -> Result<(Scan, Back)> {
    let none = Back { keys: Vec::new(), function: None };
    let Some(names) = names else { return Ok((scan, none)) };
    let (to_key, of_key) = stored_key(names);
    let swap = |expr: &Arc<dyn PhysicalExpr>| swapped(expr, to_key.as_ref());
    // Places of the swapped columns, from the source up.
    let columns: Vec<_> =
        scan.columns.iter().map(|column| (swap(&column.expr), column.alias.clone())).collect();
    let mut places: Vec<usize> = places(columns.iter().map(|(expr, _)| expr.is_some()));
    let mut changed = scan.clone();
    changed.columns =
        ProjectionExprs::new(scan.columns.iter().zip(columns).map(|(before, (expr, alias))| {
            ProjectionExpr::new(expr.unwrap_or_else(|| Arc::clone(&before.expr)), alias)
        }));
    for projection in changed.projections.iter_mut().rev() {
        let mut above = Vec::new();
        let mut exprs = Vec::new();
        for (place, expr) in projection.expr().iter().enumerate() {
            let passed =
                expr.expr.downcast_ref::<Column>().is_some_and(|column| places.contains(&column.index()));
            let instead = swap(&expr.expr);
            if passed || instead.is_some() {
                above.push(place);
            } else if reads(&expr.expr, &places) {
                return Ok((scan, none));
            }
            exprs.push(ProjectionExpr::new(
                instead.unwrap_or_else(|| Arc::clone(&expr.expr)),
                expr.alias.clone(),
            ));
        }
        *projection = ProjectionExec::try_new(exprs, Arc::clone(projection.input()))?;
        places = above;
    }
    if scan.uses_outside_groups(&places) {
        return Ok((scan, none));
    }
    let (mut keys, mut group_by) = (Vec::new(), Vec::new());
    for (place, (expr, alias)) in scan.group_by.expr().iter().enumerate() {
        let passed = expr.downcast_ref::<Column>().is_some_and(|column| places.contains(&column.index()));
        let instead = swap(expr);
        if passed || instead.is_some() {
            keys.push(place);
        } else if reads(expr, &places) {
            return Ok((scan, none));
        }
        group_by.push((instead.unwrap_or_else(|| Arc::clone(expr)), alias.clone()));
    }
    if keys.is_empty() {
        return Ok((scan, none));
    }
    changed.group_by = Arc::new(PhysicalGroupBy::new_single(group_by));
    Ok((changed, Back { keys, function: Some(of_key) }))
}

/// What stands for a call of `pattern_of`; `None` where it is no such call.
fn swapped(expr: &Arc<dyn PhysicalExpr>, to_key: Option<&ScalarUDF>) -> Option<Arc<dyn PhysicalExpr>> {
    let call = expr.downcast_ref::<ScalarFunctionExpr>().filter(|call| call.fun().name() == PATTERN_OF)?;
    let pattern = call.args().first()?;
    let Some(to_key) = to_key else { return Some(Arc::clone(pattern)) };
    // The function's own text says which fingerprints were split off.
    let name = format!("{:?}", to_key.inner());
    let field = call.return_field(&Schema::empty()).ok()?;
    let options = Arc::new(ConfigOptions::default());
    Some(Arc::new(ScalarFunctionExpr::new(
        &name,
        Arc::new(to_key.clone()),
        call.args().to_vec(),
        field,
        options,
    )))
}

fn places(swapped: impl Iterator<Item = bool>) -> Vec<usize> {
    swapped.enumerate().filter_map(|(place, swapped)| swapped.then_some(place)).collect()
}
