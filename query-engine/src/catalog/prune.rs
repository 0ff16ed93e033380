//! Which files can hold rows that a filter keeps, by what the table's log says of them.

use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use std::collections::HashSet;
use std::sync::Arc;

/// The files that `predicate` (over the table's schema) cannot rule out. Errors keep all files.
pub(crate) fn keep(
    files: &[PartitionedFile],
    schema: &SchemaRef,
    predicate: Arc<dyn PhysicalExpr>,
) -> Vec<PartitionedFile> {
    let Some(pruning) = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).build(predicate)
    else {
        return files.to_vec();
    };
    match pruning.prune(&FileBounds { files, schema }) {
        Ok(kept) => files.iter().zip(kept).filter(|(_, kept)| *kept).map(|(file, _)| file.clone()).collect(),
        Err(error) => {
            tracing::debug!(%error, "files are not pruned");
            files.to_vec()
        }
    }
}

/// Bounds of files. Unlike DataFusion's own adapter it also uses inexact ones: ours are always bounds, never guesses.
struct FileBounds<'a> {
    files: &'a [PartitionedFile],
    schema: &'a SchemaRef,
}

impl FileBounds<'_> {
    fn statistics(&self) -> impl Iterator<Item = Option<&Statistics>> {
        self.files.iter().map(|file| file.statistics.as_deref())
    }

    fn bounds(
        &self,
        column: &Column,
        pick: impl Fn(&ColumnStatistics) -> &Precision<ScalarValue>,
    ) -> Option<ArrayRef> {
        let index = self.schema.index_of(column.name()).ok()?;
        let unknown = ScalarValue::try_from(self.schema.field(index).data_type()).ok()?;
        let values = self.statistics().map(|statistics| {
            statistics
                .and_then(|statistics| statistics.column_statistics.get(index))
                .and_then(|column| pick(column).get_value())
                .cloned()
                .unwrap_or_else(|| unknown.clone())
        });
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for FileBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |statistics| &statistics.min_value)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |statistics| &statistics.max_value)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let index = self.schema.index_of(column.name()).ok()?;
        let counts: UInt64Array = self
            .statistics()
            .map(|statistics| exact(&statistics?.column_statistics.get(index)?.null_count))
            .collect();
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts: UInt64Array = self.statistics().map(|statistics| exact(&statistics?.num_rows)).collect();
        Some(Arc::new(counts))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

fn exact(count: &Precision<usize>) -> Option<u64> {
    match count {
        Precision::Exact(count) => u64::try_from(*count).ok(),
        _ => None,
    }
}
