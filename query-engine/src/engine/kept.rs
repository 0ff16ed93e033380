//! Views that most queries need and that change seldom, as rows in memory: made once for each set of versions of the
//! tables that they read, so that a query neither plans nor reads them anew. And what patterns are called, made of them.
//!
//! Bounds: one result a view, of at most `kept_view_bytes_max`; a larger one stays a view.

use super::cooperation;
use crate::functions::Names;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
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

/// Versions of the tables that a view reads, in their order.
pub(super) type Versions = Vec<Option<u64>>;

/// What is kept of each view.
#[derive(Debug)]
pub(super) struct KeptViews {
    bytes_max: usize,
    views: Mutex<HashMap<&'static str, Kept>>,
    names: Mutex<Option<([Versions; 2], Arc<Names>)>>,
}

#[derive(Debug)]
struct Kept {
    versions: Versions,
    /// `None` where the rows are too many.
    rows: Option<Rows>,
}

/// The rows of a view.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    schema: SchemaRef,
    batches: Arc<Vec<RecordBatch>>,
}

impl Rows {
    /// As a table.
    pub(super) fn table(&self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(MemTable::try_new(Arc::clone(&self.schema), vec![self.batches.to_vec()])?))
    }

    /// The first two columns, both text.
    fn pairs(&self) -> HashMap<String, String> {
        let mut pairs = HashMap::new();
        for batch in self.batches.iter() {
            let columns = [0, 1]
                .map(|place| batch.columns().get(place).and_then(|column| column.as_string_opt::<i32>()));
            let [Some(from), Some(to)] = columns else { continue };
            let rows = from.iter().zip(to).filter_map(|(from, to)| Some((from?.to_owned(), to?.to_owned())));
            pairs.extend(rows);
        }
        pairs
    }
}

impl KeptViews {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, views: Mutex::default(), names: Mutex::default() }
    }

    /// The rows of a view over the tables of `state`, which have these versions; `None` where they are too many to keep.
    pub(super) async fn rows(
        &self,
        state: &SessionState,
        name: &'static str,
        versions: Versions,
        statement: Statement,
    ) -> Result<Option<Rows>> {
        if let Some(kept) = self.views.lock().get(name).filter(|kept| kept.versions == versions) {
            return Ok(kept.rows.clone());
        }
        let rows = self.read(state, statement).await?;
        self.views.lock().insert(name, Kept { versions, rows: rows.clone() });
        Ok(rows)
    }

    async fn read(&self, state: &SessionState, statement: Statement) -> Result<Option<Rows>> {
        let logical = state.statement_to_plan(statement).await?;
        let physical = cooperation::yielding(state.create_physical_plan(&logical).await?)?;
        let mut stream = execute_stream(physical, state.task_ctx())?;
        let (mut batches, mut bytes) = (Vec::new(), 0);
        while let Some(batch) = stream.try_next().await? {
            bytes += batch.get_array_memory_size();
            if bytes > self.bytes_max {
                return Ok(None);
            }
            batches.push(batch);
        }
        Ok(Some(Rows { schema: stream.schema(), batches: Arc::new(batches) }))
    }

    /// What patterns are called, by the rows of `pattern_aliases` and `pattern_splits` at these versions.
    pub(super) fn names(&self, versions: [Versions; 2], aliases: &Rows, splits: &Rows) -> Arc<Names> {
        let mut known = self.names.lock();
        if let Some((of, names)) = known.as_ref()
            && *of == versions
        {
            return Arc::clone(names);
        }
        let names = Arc::new(Names::new(aliases.pairs(), splits.pairs()));
        *known = Some((versions, Arc::clone(&names)));
        names
    }
}
