//! What a file's bounds say of a condition: that it holds for all rows, for none, or neither.
//!
//! Conditions are those of WHERE and FILTER, where null counts as false. Bounds from the table's log are never narrower
//! than the rows, so what they settle is settled.

use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, IsNotNullExpr, Literal};
use std::cmp::Ordering;
use std::sync::Arc;

/// A condition as one file leaves it.
#[derive(Debug)]
pub(super) enum Settled {
    Always,
    Never,
    /// For some rows, perhaps: what is left to look at.
    Left(Arc<dyn PhysicalExpr>),
}

/// Bounds of the columns of one file, found by the place in the table's schema.
pub(super) struct Bounds<'f>(Option<&'f Statistics>);

impl<'f> Bounds<'f> {
    pub(super) fn of(file: &'f PartitionedFile) -> Self {
        Self(file.statistics.as_deref())
    }

    /// Least and greatest value, and whether no row is null.
    fn column(&self, place: usize) -> Option<(&ScalarValue, &ScalarValue, bool)> {
        let column = self.0?.column_statistics.get(place)?;
        let (least, greatest) = (column.min_value.get_value()?, column.max_value.get_value()?);
        Some((least, greatest, column.null_count == Precision::Exact(0)))
    }

    fn of_expression(&self, expression: &Arc<dyn PhysicalExpr>) -> Option<(ScalarValue, ScalarValue, bool)> {
        if let Some(column) = expression.downcast_ref::<Column>() {
            let (least, greatest, no_null) = self.column(column.index())?;
            return Some((least.clone(), greatest.clone(), no_null));
        }
        let cast = expression.downcast_ref::<CastExpr>()?;
        let column = cast.expr().downcast_ref::<Column>()?;
        let (least, greatest, no_null) = self.column(column.index())?;
        // To a finer unit of time, which keeps the order.
        let kind = cast.cast_type();
        if !(least.data_type().is_temporal() && kind.is_temporal()) {
            return None;
        }
        Some((least.cast_to(kind).ok()?, greatest.cast_to(kind).ok()?, no_null))
    }
}

/// `condition`, whose columns are those of the table, for one file.
pub(super) fn settle(condition: &Arc<dyn PhysicalExpr>, bounds: &Bounds<'_>) -> Settled {
    if let Some(literal) = condition.downcast_ref::<Literal>() {
        return match literal.value() {
            ScalarValue::Boolean(Some(true)) => Settled::Always,
            ScalarValue::Boolean(_) => Settled::Never,
            _ => Settled::Left(Arc::clone(condition)),
        };
    }
    if let Some(present) = condition.downcast_ref::<IsNotNullExpr>() {
        let known = present.arg().downcast_ref::<Column>().and_then(|column| bounds.column(column.index()));
        return match known {
            Some((_, _, true)) => Settled::Always,
            _ => Settled::Left(Arc::clone(condition)),
        };
    }
    let Some(binary) = condition.downcast_ref::<BinaryExpr>() else {
        return Settled::Left(Arc::clone(condition));
    };
    match binary.op() {
        Operator::And => both(condition, binary, bounds),
        Operator::Or => either(condition, binary, bounds),
        operator => {
            compared(binary, *operator, bounds).unwrap_or_else(|| Settled::Left(Arc::clone(condition)))
        }
    }
}

fn both(condition: &Arc<dyn PhysicalExpr>, binary: &BinaryExpr, bounds: &Bounds<'_>) -> Settled {
    match (settle(binary.left(), bounds), settle(binary.right(), bounds)) {
        (Settled::Never, _) | (_, Settled::Never) => Settled::Never,
        (Settled::Always, other) | (other, Settled::Always) => other,
        (Settled::Left(left), Settled::Left(right)) => joined(condition, binary, left, right),
    }
}

fn either(condition: &Arc<dyn PhysicalExpr>, binary: &BinaryExpr, bounds: &Bounds<'_>) -> Settled {
    match (settle(binary.left(), bounds), settle(binary.right(), bounds)) {
        (Settled::Always, _) | (_, Settled::Always) => Settled::Always,
        (Settled::Never, other) | (other, Settled::Never) => other,
        (Settled::Left(left), Settled::Left(right)) => joined(condition, binary, left, right),
    }
}

fn joined(
    condition: &Arc<dyn PhysicalExpr>,
    binary: &BinaryExpr,
    left: Arc<dyn PhysicalExpr>,
    right: Arc<dyn PhysicalExpr>,
) -> Settled {
    if Arc::ptr_eq(&left, binary.left()) && Arc::ptr_eq(&right, binary.right()) {
        return Settled::Left(Arc::clone(condition));
    }
    Settled::Left(Arc::new(BinaryExpr::new(left, *binary.op(), right)))
}

fn compared(binary: &BinaryExpr, operator: Operator, bounds: &Bounds<'_>) -> Option<Settled> {
    let literal =
        |side: &Arc<dyn PhysicalExpr>| side.downcast_ref::<Literal>().map(|literal| literal.value().clone());
    let (expression, operator, value) = match (literal(binary.left()), literal(binary.right())) {
        (None, Some(value)) => (binary.left(), operator, value),
        (Some(value), None) => (binary.right(), operator.swap()?, value),
        _ => return None,
    };
    if value.is_null() {
        return Some(Settled::Never);
    }
    let (least, greatest, no_null) = bounds.of_expression(expression)?;
    let (least, greatest) = (least.partial_cmp(&value)?, greatest.partial_cmp(&value)?);
    use Ordering::{Equal, Greater, Less};
    let (always, never) = match operator {
        Operator::Lt => (greatest == Less, least != Less),
        Operator::LtEq => (greatest != Greater, least == Greater),
        Operator::Gt => (least == Greater, greatest != Greater),
        Operator::GtEq => (least != Less, greatest == Less),
        Operator::Eq => (least == Equal && greatest == Equal, least == Greater || greatest == Less),
        Operator::NotEq => (least == Greater || greatest == Less, least == Equal && greatest == Equal),
        _ => return None,
    };
    match (always && no_null, never) {
        (true, _) => Some(Settled::Always),
        (_, true) => Some(Settled::Never),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::common::ColumnStatistics;
    use datafusion::physical_expr::expressions::{binary, col, lit};

    fn statistics(nulls: usize) -> Statistics {
        let column = ColumnStatistics {
            null_count: Precision::Exact(nulls),
            min_value: Precision::Inexact(ScalarValue::Int64(Some(10))),
            max_value: Precision::Exact(ScalarValue::Int64(Some(20))),
            ..ColumnStatistics::new_unknown()
        };
        Statistics {
            num_rows: Precision::Absent,
            total_byte_size: Precision::Absent,
            column_statistics: vec![column],
        }
    }

    fn said(operator: Operator, value: i64, nulls: usize) -> char {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
        let condition = binary(col("n", &schema).unwrap(), operator, lit(value), &schema).unwrap();
        match settle(&condition, &Bounds(Some(&statistics(nulls)))) {
            Settled::Always => 'A',
            Settled::Never => 'N',
            Settled::Left(_) => '?',
        }
    }

    #[test]
    fn comparisons_are_settled_by_bounds() {
        let row =
            |operator| [5, 10, 15, 20, 25].map(|value| said(operator, value, 0)).iter().collect::<String>();
        assert_eq!(row(Operator::Lt), "NN??A");
        assert_eq!(row(Operator::LtEq), "N??AA");
        assert_eq!(row(Operator::Gt), "A??NN");
        assert_eq!(row(Operator::GtEq), "AA??N");
        assert_eq!(row(Operator::Eq), "N???N");
        assert_eq!(row(Operator::NotEq), "A???A");
    }

    #[test]
    fn rows_without_a_value_keep_a_condition_open() {
        assert_eq!(said(Operator::Lt, 25, 1), '?');
        assert_eq!(said(Operator::Lt, 5, 1), 'N');
    }

    #[test]
    fn unknown_bounds_settle_nothing() {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
        let condition = binary(col("n", &schema).unwrap(), Operator::Lt, lit(25_i64), &schema).unwrap();
        assert!(matches!(settle(&condition, &Bounds(None)), Settled::Left(_)));
    }
}
