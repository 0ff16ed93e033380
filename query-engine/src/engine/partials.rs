//! Aggregates over files that never change are computed once for each file.
//!
//! A dashboard asks the same every few seconds, and between two refreshes a file or two are added. DataFusion splits an
//! aggregate in two, a partial one for each part of the input and a final one over the states that those give. Here
//! the partial one over a table of the lake is replaced by [`exec::KeptPartials`]: for each file the states are taken from
//! memory or from a local folder, or computed and kept ([`kept`], [`disk`]).
//!
//! What the states of a file depend on is the plan's text, less what is settled by the file's bounds ([`settle`]): a
//! restriction like `timestamp >= now() - INTERVAL '7 days'`, in WHERE or in FILTER, is new for each refresh, but holds
//! for all rows of most files and for none of others. `pattern_of` in GROUP BY is applied to the states, so that a
//! merge of patterns leaves them valid ([`names`]).
//!
//! States of files of past dates, which seldom change, are merged into one beside the first query ([`sums`]).
//!
//! Left as they are: aggregates over anything but a scan, grouping sets, and expressions that are not the same each time.

mod disk;
mod exec;
mod kept;
mod names;
mod settle;
mod sums;
mod unit;
mod views;

pub(super) use kept::Kept;

use crate::functions::Names;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::ExecutionPlanProperties;
use datafusion::physical_plan::aggregates::{
    AggregateExec, AggregateInputMode, AggregateMode, AggregateOutputMode,
};
use exec::KeptPartials;
use std::sync::Arc;
use unit::Scan;

/// Has the aggregates over files use what is kept.
#[derive(Debug)]
pub(super) struct KeepPartials {
    kept: Arc<Kept>,
    names: Option<Arc<Names>>,
}

impl KeepPartials {
    /// A rule for one query. `names` are those that its `pattern_of` has.
    pub(super) fn new(kept: Arc<Kept>, names: Option<Arc<Names>>) -> Self {
        Self { kept, names }
    }
}

impl PhysicalOptimizerRule for KeepPartials {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !self.kept.keeps_any() {
            return Ok(plan);
        }
        let replaced = plan.transform_down(|node| {
            let Some(aggregate) = node.downcast_ref::<AggregateExec>() else {
                return Ok(Transformed::no(node));
            };
            match replaced(aggregate, &self.kept, self.names.as_ref())? {
                Some(instead) => Ok(Transformed::yes(instead)),
                None => Ok(Transformed::no(node)),
            }
        })?;
        Ok(replaced.data)
    }

    fn name(&self) -> &'static str {
        "keep_partials"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What stands for `aggregate`; `None` where it stays.
fn replaced(
    aggregate: &AggregateExec,
    kept: &Arc<Kept>,
    names: Option<&Arc<Names>>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let mode = aggregate.mode();
    let partitions = aggregate.input().output_partitioning().partition_count();
    let whole = mode.output_mode() == AggregateOutputMode::Final;
    if mode.input_mode() != AggregateInputMode::Raw
        || (whole && partitions > 1)
        || !aggregate.group_expr().is_single()
        || aggregate.limit_options().is_some()
    {
        return Ok(None);
    }
    let Some(scan) = Scan::below(aggregate)? else { return Ok(None) };
    let (scan, back) = names::with_stored_keys(scan, names)?;
    let Some(partials) = KeptPartials::new(scan, partitions, kept, names)? else { return Ok(None) };
    let states: Arc<dyn ExecutionPlan> = back.over(Arc::new(partials))?;
    if !whole {
        return Ok(Some(states));
    }
    let last = AggregateExec::try_new(
        AggregateMode::Final,
        aggregate.group_expr().as_final(),
        aggregate.aggr_expr().to_vec(),
        aggregate.filter_expr().to_vec(),
        states,
        aggregate.input_schema(),
    )?;
    Ok(Some(Arc::new(last)))
}
