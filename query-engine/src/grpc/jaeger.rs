//! `jaeger.storage.v2`: Jaeger reads traces and dependencies from the lake, as it would from a storage of its own.
//!
//! The same searches and traces as the HTTP API of Jaeger, in OTLP's messages. Only reading is served.

mod messages;
mod query;
mod service;

pub(super) use service::{Capabilities, DependencyReader, Methods, TraceReader};

use super::status;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::jaeger::proto::Chunks;
use crate::jaeger::{Dependency, Operation, TRACES_MAX, Trace};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use messages::{
    FindTraceIdsRequest, FindTraceIdsResponse, FindTracesRequest, FoundTraceId, GetDependenciesRequest,
    GetDependenciesResponse, GetOperationsRequest, GetOperationsResponse, GetServicesRequest,
    GetServicesResponse, GetTracesRequest,
};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Response, Status};

/// Size at which a trace is cut: Jaeger takes messages of 4 MiB, and those of the wire differ from those in memory.
const CHUNK_BYTES: usize = 1 << 20;

/// Where a list says that it is not whole: its message has no place for that.
const WARNING: &str = "errata-warning";

type Traces = BoxStream<'static, Result<TracesData, Status>>;

/// What the services read from.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    engine: Engine,
    /// Answers that hold traces in memory, until they are read: as many as queries run at the same time.
    answers: Arc<Semaphore>,
}

impl Storage {
    pub(super) fn new(engine: &Engine) -> Self {
        let answers = Arc::new(Semaphore::new(engine.config().concurrent_max));
        Self { engine: engine.clone(), answers }
    }

    /// A place for one answer with traces, after a wait that is as long as that of queries.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Status> {
        let limit_ms = self.engine.config().wait_ms_max;
        let place = Arc::clone(&self.answers).acquire_owned();
        match tokio::time::timeout(Duration::from_millis(limit_ms), place).await {
            Ok(place) => place.map_err(status::internal),
            Err(_) => Err(status::of_query(&QueryError::WaitedTooLong { limit_ms })),
        }
    }

    /// The traces in messages. They are dropped when as much time is over as a query may take: a client that stops
    /// reading would hold them for ever.
    fn streamed(&self, found: Vec<Trace>, place: OwnedSemaphorePermit) -> Response<Traces> {
        let limit_ms = self.engine.config().timeout_ms;
        let held = Arc::new(Mutex::new(Some((Chunks::new(found, CHUNK_BYTES), place))));
        let watched = Arc::downgrade(&held);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(limit_ms)).await;
            if let Some(held) = watched.upgrade() {
                held.lock().take();
            }
        });
        let mut late = false;
        let chunks = std::iter::from_fn(move || match held.lock().as_mut() {
            Some((chunks, _place)) => chunks.next().map(Ok),
            None if late => None,
            None => {
                late = true;
                Some(Err(status::of_query(&QueryError::Timeout { limit_ms })))
            }
        });
        Response::new(stream::iter(chunks).boxed())
    }

    async fn traces(self, request: Request<GetTracesRequest>) -> Result<Response<Traces>, Status> {
        let wanted = request.into_inner().query;
        if wanted.len() > TRACES_MAX as usize {
            let count = wanted.len();
            let message = format!("{count} traces are asked for, it may be at most {TRACES_MAX}");
            return Err(Status::invalid_argument(message));
        }
        let (ids, around) = query::ids(&wanted)?;
        let place = self.place().await?;
        let found = Trace::by_ids(&self.engine, &ids, around).await;
        Ok(self.streamed(found.map_err(|error| status::of_query(&error))?, place))
    }

    async fn services(self, _: Request<GetServicesRequest>) -> Result<Response<GetServicesResponse>, Status> {
        let found = self.engine.operations().services(&self.engine).await;
        let found = found.map_err(|error| status::of_query(&error))?;
        Ok(self.listed(GetServicesResponse { services: found.items }, found.left_out))
    }

    async fn operations(
        self,
        request: Request<GetOperationsRequest>,
    ) -> Result<Response<GetOperationsResponse>, Status> {
        let wanted = request.into_inner();
        let kind = Some(wanted.span_kind.as_str()).filter(|kind| !kind.is_empty());
        let found = self.engine.operations().of(&self.engine, &wanted.service, kind).await;
        let found = found.map_err(|error| status::of_query(&error))?;
        let told = |operation: Operation| messages::Operation {
            span_kind: operation.kind_told().to_owned(),
            name: operation.name,
        };
        let operations = found.items.into_iter().map(told).collect();
        Ok(self.listed(GetOperationsResponse { operations }, found.left_out))
    }

    async fn search(self, request: Request<FindTracesRequest>) -> Result<Response<Traces>, Status> {
        let search = query::search(request.into_inner().query)?;
        let place = self.place().await?;
        let found = search.run(&self.engine).await;
        Ok(self.streamed(found.map_err(|error| status::of_query(&error))?, place))
    }

    async fn search_ids(
        self,
        request: Request<FindTraceIdsRequest>,
    ) -> Result<Response<FindTraceIdsResponse>, Status> {
        let search = query::search(request.into_inner().query)?;
        let found = search.ids(&self.engine).await.map_err(|error| status::of_query(&error))?;
        let told = |id: String| hex::decode(id).ok().map(|trace_id| FoundTraceId { trace_id });
        Ok(Response::new(FindTraceIdsResponse { trace_ids: found.into_iter().filter_map(told).collect() }))
    }

    async fn dependencies(
        self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<GetDependenciesResponse>, Status> {
        let (from, to) = query::interval(request.get_ref());
        let found = Dependency::between(&self.engine, from, to, None).await;
        let found = found.map_err(|error| status::of_query(&error))?;
        let told = |link: Dependency| messages::Dependency {
            parent: link.parent,
            child: link.child,
            call_count: u64::try_from(link.calls).unwrap_or_default(),
            source: String::new(),
        };
        Ok(Response::new(GetDependenciesResponse { dependencies: found.into_iter().map(told).collect() }))
    }

    fn listed<T>(&self, answer: T, left_out: bool) -> Response<T> {
        let mut response = Response::new(answer);
        let limit = self.engine.config().operations_known_max;
        let warning =
            format!("more than {limit} operations, limit query.operations_known_max: some are left out");
        if left_out && let Ok(warning) = AsciiMetadataValue::try_from(warning) {
            response.metadata_mut().insert(WARNING, warning);
        }
        response
    }
}
