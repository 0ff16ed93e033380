//! A lake table over one snapshot, as a DataFusion table provider.

use super::{TableFiles, bloom, lake_url, prune};
use crate::error::QueryError;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use schemas::tables::Table;
use std::sync::Arc;

/// One snapshot of one table.
#[derive(Debug)]
pub(crate) struct LakeTable {
    table: Table,
    files: Arc<TableFiles>,
    files_max: usize,
}

impl LakeTable {
    pub(crate) fn new(table: Table, files: Arc<TableFiles>, files_max: usize) -> Self {
        Self { table, files, files_max }
    }

    /// Version of the snapshot; `None` where there is no table yet.
    pub(crate) fn version(&self) -> Option<u64> {
        self.files.version()
    }

    /// Files that may hold rows that all `filters` keep.
    fn matching(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let all = self.files.files();
        let kept = match conjunction(filters.to_vec()) {
            Some(filter) => {
                let schema = self.schema();
                let df_schema = DFSchema::try_from(Arc::clone(&schema))?;
                let predicate = state.create_physical_expr(filter, &df_schema)?;
                prune::keep(all, &schema, predicate)
            }
            None => all.to_vec(),
        };
        if kept.len() > self.files_max {
            let error = QueryError::TooManyFiles {
                files: kept.len(),
                table: self.table.name(),
                limit: self.files_max,
            };
            return Err(DataFusionError::External(Box::new(error)));
        }
        Ok(kept)
    }

    fn source(&self, state: &dyn Session) -> Result<ParquetSource> {
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let runtime = state.runtime_env();
        let store = runtime.object_store(lake_url())?;
        let reader =
            CachedParquetFileReaderFactory::new(store, runtime.cache_manager.get_file_metadata_cache());
        Ok(ParquetSource::new(self.files.schema().clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(reader)))
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.files.schema().table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters prune files here and rows in the Parquet reader; the reader takes them over in the physical plan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.matching(state, filters)?;
        let look_ups = bloom::look_ups(filters, self.table.bloom_columns());
        let runtime = state.runtime_env();
        let metadata = runtime.cache_manager.get_file_metadata_cache();
        let files = bloom::keep(files, &look_ups, &runtime.object_store(lake_url())?, &metadata).await?;
        let schema = self.schema();
        let statistics = if files.len() == self.files.files().len() {
            self.files.statistics().clone()
        } else {
            Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), &schema)?
        };
        let scan = FileScanConfigBuilder::new(lake_url(), Arc::new(self.source(state)?))
            .with_file_groups(deal(files, state.config().target_partitions()))
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// Deals files to at most `groups` groups, the newest first in each: queries for the latest rows stop early.
fn deal(files: Vec<PartitionedFile>, groups: usize) -> Vec<FileGroup> {
    let count = groups.clamp(1, files.len().max(1));
    let mut dealt: Vec<Vec<PartitionedFile>> = vec![Vec::new(); count];
    for (position, file) in files.into_iter().enumerate() {
        dealt[position % count].push(file);
    }
    dealt.into_iter().map(FileGroup::new).collect()
}
