//! Views that most queries need and that change seldom, as rows in memory: made once for each set of versions of the
//! tables that they read, so that a query neither plans nor reads them anew.
//!
//! Bounds: one result a view, of at most [`BYTES_MAX`]; a larger one stays a view.

use super::cooperation;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement;
use futures::TryStreamExt;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of one view's rows.
const BYTES_MAX: usize = 64 << 20;

/// Versions of the tables that a view reads, in their order.
type Versions = Vec<Option<u64>>;

/// What is kept of each view.
#[derive(Debug, Default)]
pub(super) struct KeptViews(Mutex<HashMap<&'static str, Kept>>);

#[derive(Debug)]
struct Kept {
    versions: Versions,
    /// `None` where the rows are too many.
    table: Option<Arc<MemTable>>,
}

impl KeptViews {
    /// The rows of a view over the tables of `state`, which have these versions; `None` where they are too many to keep.
    pub(super) async fn table(
        &self,
        state: &SessionState,
        name: &'static str,
        versions: Versions,
        statement: Statement,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        let as_provider = |table: &Arc<MemTable>| Arc::clone(table) as Arc<dyn TableProvider>;
        if let Some(kept) = self.0.lock().get(name).filter(|kept| kept.versions == versions) {
            return Ok(kept.table.as_ref().map(as_provider));
        }
        let table = rows(state, statement).await?.map(Arc::new);
        let provider = table.as_ref().map(as_provider);
        self.0.lock().insert(name, Kept { versions, table });
        Ok(provider)
    }
}

async fn rows(state: &SessionState, statement: Statement) -> Result<Option<MemTable>> {
    let logical = state.statement_to_plan(statement).await?;
    let physical = cooperation::yielding(state.create_physical_plan(&logical).await?)?;
    let mut stream = execute_stream(physical, state.task_ctx())?;
    let (mut batches, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = stream.try_next().await? {
        bytes += batch.get_array_memory_size();
        if bytes > BYTES_MAX {
            return Ok(None);
        }
        batches.push(batch);
    }
    MemTable::try_new(stream.schema(), vec![batches]).map(Some)
}
