//! One query from text to a stream of batches, under the limits of [`QueryConfig`].
//!
//! Planning and execution run on threads of their own, so that a heavy query cannot hold up the network or the
//! receivers in the same process. Knows no formats and no HTTP.

mod admission;
mod cooperation;
mod describe;
mod kept;
mod members;
mod offload;
mod partials;
mod session;
mod stream;

pub use describe::{Description, Placeholders, TableDescription};
pub use session::Params;
pub use stream::QueryStream;

use crate::catalog::Catalog;
use crate::config::QueryConfig;
use crate::error::{MemoryLimits, QueryError, classify};
use crate::jaeger::Operations;
use crate::metrics::Metrics;
use crate::readonly;
use admission::Admission;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::{SendableRecordBatchStream, execute_stream};
use futures::StreamExt;
use lake::Lake;
use session::Sessions;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;

/// Batches between the threads that compute and the reader of a stream.
const BATCHES_AHEAD: usize = 2;

/// Stack of a computing thread: planning recurses as deep as `operators_max` allows.
const STACK_BYTES: usize = 16 << 20;

/// Answers SQL over one lake. Cheap to clone; the threads stop when the last clone is dropped.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    config: QueryConfig,
    catalog: Catalog,
    sessions: Sessions,
    admission: Admission,
    metrics: Metrics,
    memory: MemoryLimits,
    operations: Arc<Operations>,
    threads: Threads,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over `lake`.
    ///
    /// # Errors
    /// [`QueryError::Internal`] where threads or the spill folder cannot be made.
    pub fn new(lake: Lake, config: QueryConfig) -> Result<Self, QueryError> {
        let catalog = Catalog::new(lake, config.files_max);
        let metrics = Metrics::new();
        let sessions = Sessions::new(&catalog, &config, &metrics).map_err(QueryError::internal)?;
        let memory = MemoryLimits {
            memory_bytes_max: config.memory_bytes_max,
            spill_bytes_max: config.spill_dir.as_ref().map(|_| config.spill_bytes_max),
        };
        Ok(Self {
            shared: Arc::new(Shared {
                catalog,
                sessions,
                admission: Admission::new(&config),
                metrics,
                memory,
                operations: Arc::new(Operations::new(config.operations_known_max)),
                threads: Threads::new(config.threads_resolved()).map_err(QueryError::internal)?,
                config,
            }),
        })
    }

    /// The limits in force.
    #[must_use]
    pub fn config(&self) -> &QueryConfig {
        &self.shared.config
    }

    /// What is known of the operations of all spans; one for all that serve them.
    pub(crate) fn operations(&self) -> &Arc<Operations> {
        &self.shared.operations
    }

    /// Runs one query. Rows come as they are computed; dropping the stream cancels the rest. Safe to cancel.
    ///
    /// # Errors
    /// Everything that is known before the first row; later failures are items of the stream.
    pub async fn query(&self, sql: &str) -> Result<QueryStream, QueryError> {
        self.query_with(sql, Params::none()).await
    }

    /// Runs one query with values for its placeholders (`$1`, `$name`).
    ///
    /// # Errors
    /// As [`Self::query`]; also where a placeholder has no value.
    pub async fn query_with(&self, sql: &str, params: Params) -> Result<QueryStream, QueryError> {
        let started = Instant::now();
        let result = self.start(sql, params, started).await;
        if let Err(error) = &result {
            self.shared.report(error);
        }
        result
    }

    async fn start(&self, sql: &str, params: Params, started: Instant) -> Result<QueryStream, QueryError> {
        let shared = Arc::clone(&self.shared);
        readonly::check_text(sql, &shared.config)?;
        let deadline = started + Duration::from_millis(shared.config.timeout_ms);
        let permit = shared.admission.enter(deadline).await?;
        let (planned, plan) = oneshot::channel();
        let (batches, rows) = mpsc::channel(BATCHES_AHEAD);
        let work = run(Arc::clone(&shared), sql.to_owned(), params, planned, batches, permit, deadline);
        let task = stream::AbortOnDrop(shared.threads.runtime().spawn(work));
        let limit_ms = shared.config.timeout_ms;
        let schema = match tokio::time::timeout_at(deadline, plan).await {
            Err(_) => return Err(QueryError::Timeout { limit_ms }),
            Ok(Err(_)) => return Err(QueryError::internal("the planning task ended without a result")),
            Ok(Ok(result)) => result?,
        };
        Ok(QueryStream::new(shared, schema, rows, task, started, deadline))
    }
}

impl Shared {
    /// Counts a failure, and logs it where it is ours.
    fn report(&self, error: &QueryError) {
        self.metrics.failed(error.code());
        if let QueryError::Lake { source } | QueryError::Internal { source } = error {
            let mut causes = source.to_string();
            let mut next = source.source();
            while let Some(cause) = next {
                causes.push_str(": ");
                causes.push_str(&cause.to_string());
                next = cause.source();
            }
            tracing::error!(error = %causes, "query failed");
        }
    }
}

type Planned = oneshot::Sender<Result<SchemaRef, QueryError>>;

/// Plans and runs a query on the computing threads. The place is given back when the work really ends.
async fn run(
    shared: Arc<Shared>,
    sql: String,
    params: Params,
    planned: Planned,
    batches: mpsc::Sender<Result<RecordBatch, QueryError>>,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) {
    let stream = match plan(&shared, &sql, params).await {
        Ok(stream) => stream,
        Err(error) => {
            // The reader may be gone; then nobody needs the answer.
            let _gone = planned.send(Err(error));
            return;
        }
    };
    if planned.send(Ok(stream.schema())).is_ok() {
        // A reader that stops reading must not keep its place for ever. The stream tells it of the timeout.
        _ = tokio::time::timeout_at(deadline, forward(stream, &batches, &shared.memory)).await;
    }
    drop(permit);
}

async fn plan(shared: &Shared, sql: &str, params: Params) -> Result<SendableRecordBatchStream, QueryError> {
    let (state, logical) = shared.sessions.plan(&shared.catalog, &shared.config, sql, params).await?;
    let told = |error: DataFusionError| classify(error, &shared.memory);
    let physical = state.create_physical_plan(&logical).await.map_err(told)?;
    let physical = cooperation::yielding(physical).map_err(told)?;
    execute_stream(physical, state.task_ctx()).map_err(told)
}

async fn forward(
    mut stream: SendableRecordBatchStream,
    batches: &mpsc::Sender<Result<RecordBatch, QueryError>>,
    memory: &MemoryLimits,
) {
    while let Some(item) = stream.next().await {
        let failed = item.is_err();
        let sent = batches.send(item.map_err(|error| classify(error, memory))).await;
        if failed || sent.is_err() {
            return;
        }
    }
}

/// The computing threads.
struct Threads(Option<Runtime>);

impl Threads {
    fn new(count: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(count)
            .thread_name("errata-query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("the runtime is taken on drop only")
    }
}

impl Drop for Threads {
    /// A runtime must not be waited for inside another one, where engines usually are dropped.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
