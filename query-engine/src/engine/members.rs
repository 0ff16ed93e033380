//! `pattern_of(pattern_id, fingerprint) = 'x'` says which stored ids can count for `x`: with that said too, files, row groups
//! and pages without them are not read.

use crate::functions::{Names, PATTERN_OF};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// Adds the condition on stored ids.
#[derive(Debug)]
pub(super) struct CountedMembers {
    names: Arc<Names>,
}

impl CountedMembers {
    /// A rule for a query whose `pattern_of` has these names.
    pub(super) fn new(names: Arc<Names>) -> Self {
        Self { names }
    }

    /// What else holds where `condition` does; `None` where `predicate` restricts the stored ids already.
    fn implied(&self, condition: &Expr, predicate: &Expr) -> Option<Expr> {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return None };
        let (call, pattern) = match (&**left, &**right) {
            (Expr::ScalarFunction(call), Expr::Literal(ScalarValue::Utf8(Some(pattern)), _))
            | (Expr::Literal(ScalarValue::Utf8(Some(pattern)), _), Expr::ScalarFunction(call)) => {
                (call, pattern)
            }
            _ => return None,
        };
        let [stored, fingerprint] = &call.args[..] else { return None };
        if call.func.name() != PATTERN_OF
            || !matches!(stored, Expr::Column(_))
            || restricts(predicate, stored)
        {
            return None;
        }
        let members = self.names.members(pattern);
        let mut patterns = vec![lit(pattern.clone())];
        patterns.extend(members.patterns.into_iter().map(lit));
        let by_pattern = stored.clone().in_list(patterns, false);
        if members.fingerprints.is_empty() {
            return Some(by_pattern);
        }
        let split_off = members.fingerprints.into_iter().map(lit).collect();
        Some(by_pattern.or(fingerprint.clone().in_list(split_off, false)))
    }
}

impl OptimizerRule for CountedMembers {
    fn name(&self) -> &'static str {
        "counted_members"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(Transformed::no(plan)) };
        let conditions = split_conjunction_owned(filter.predicate.clone());
        let missing: Vec<Expr> =
            conditions.iter().filter_map(|condition| self.implied(condition, &filter.predicate)).collect();
        let Some(predicate) =
            conjunction(missing.iter().cloned().chain(conditions)).filter(|_| !missing.is_empty())
        else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?)))
    }
}

/// Whether `predicate` compares `stored` with values.
fn restricts(predicate: &Expr, stored: &Expr) -> bool {
    let compares = |part: &Expr| match part {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            **left == *stored || **right == *stored
        }
        Expr::InList(list) => *list.expr == *stored,
        _ => false,
    };
    predicate.exists(|part| Ok(compares(part))).unwrap_or(true)
}
