//! Grafana's `Data` service: queries.
//!
//! Bounds: `QUERIES_MAX` queries of a request, `PARALLEL_MAX` of them at the same time. A request that Grafana gives up
//! is dropped with all its calls to the engine.

use super::{Plugin, unary};
use crate::clock;
use crate::error::{Failure, Source};
use crate::frame::Frame;
use crate::log;
use crate::query::{self, Asked, Query, Range};
use futures::StreamExt;
use grafana_plugin_sdk::pluginv2::{DataQuery, QueryDataRequest};
use std::collections::HashMap;
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::Status;
use tonic::body::BoxBody;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::NamedService;

/// Queries of one request.
const QUERIES_MAX: usize = 200;
/// Queries of one request that are asked at the same time.
const PARALLEL_MAX: usize = 8;
/// Bytes of the frames of one query.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// What Grafana sets where an alert rule asks.
const FROM_ALERT: &str = "FromAlert";
/// Milliseconds between points, where Grafana does not say.
const INTERVAL_MS: i64 = 60_000;

/// `pluginv2.QueryDataResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct QueryDataResponse {
    #[prost(map = "string, message", tag = "1")]
    responses: HashMap<String, DataResponse>,
}

/// `pluginv2.DataResponse`, with the field that the SDK's does not have.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DataResponse {
    #[prost(bytes = "vec", repeated, tag = "1")]
    frames: Vec<Vec<u8>>,
    #[prost(string, tag = "2")]
    error: String,
    #[prost(int32, tag = "4")]
    status: i32,
    #[prost(string, tag = "5")]
    error_source: String,
}

impl From<Failure> for DataResponse {
    fn from(failure: Failure) -> Self {
        Self {
            frames: Vec::new(),
            status: failure.status.into(),
            error_source: failure.source.as_str().to_owned(),
            error: failure.message,
        }
    }
}

/// The service.
#[derive(Clone, Debug)]
pub(super) struct DataServer {
    plugin: Plugin,
}

impl DataServer {
    pub(super) fn new(plugin: Plugin) -> Self {
        Self { plugin }
    }
}

impl NamedService for DataServer {
    const NAME: &'static str = "pluginv2.Data";
}

impl<B> Service<http::Request<B>> for DataServer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path() != "/pluginv2.Data/QueryData" {
            return unary::unknown();
        }
        let plugin = self.plugin.clone();
        unary::answer(request, move |request: QueryDataRequest| query_data(plugin.clone(), request))
    }
}

/// Answers each query by itself: one that fails spoils no other.
async fn query_data(plugin: Plugin, request: QueryDataRequest) -> Result<QueryDataResponse, Status> {
    let count = request.queries.len();
    if count > QUERIES_MAX {
        let text = format!("the request holds {count} queries, the limit is {QUERIES_MAX}");
        return Err(Status::invalid_argument(text));
    }
    let is_alert = request.headers.get(FROM_ALERT).is_some_and(|value| value == "true");
    let context = request.plugin_context.as_ref();
    let answers = request.queries.into_iter().map(|query| {
        let plugin = &plugin;
        async move {
            let ref_id = query.ref_id.clone();
            let frames = answer(plugin, context, query, is_alert).await;
            let encoded = frames.and_then(|frames| encode(&frames, &ref_id));
            (ref_id, encoded.unwrap_or_else(DataResponse::from))
        }
    });
    let answers = futures::stream::iter(answers).buffer_unordered(PARALLEL_MAX);
    Ok(QueryDataResponse { responses: answers.collect().await })
}

async fn answer(
    plugin: &Plugin,
    context: Option<&grafana_plugin_sdk::pluginv2::PluginContext>,
    query: DataQuery,
    is_alert: bool,
) -> Result<Vec<Frame>, Failure> {
    let began = Instant::now();
    let engine = plugin.engine(context)?;
    let asked = Asked {
        query: Query::read(&query.json)?,
        range: Range::of(query.time_range),
        interval_ms: if query.interval_ms > 0 { query.interval_ms } else { INTERVAL_MS },
        now_ms: clock::now_ms(),
        is_alert,
    };
    let answer = query::answer(&engine, &asked).await;
    let kind = asked.query.query_type.as_str();
    plugin.metrics.query(kind, answer.as_ref().err().map(|failure| failure.source), began.elapsed());
    if let Err(failure) = &answer
        && failure.source == Source::Plugin
    {
        log::error("a query failed", &[("type", kind), ("error", &failure.message)]);
    }
    answer
}

fn encode(frames: &[Frame], ref_id: &str) -> Result<DataResponse, Failure> {
    let encoded: Result<Vec<_>, _> = frames.iter().map(|frame| frame.encode(ref_id)).collect();
    let frames = encoded.map_err(|error| Failure::plugin("cannot write a frame", &error))?;
    let bytes: usize = frames.iter().map(Vec::len).sum();
    if bytes > ANSWER_BYTES_MAX {
        let (mib, limit) = (bytes >> 20, ANSWER_BYTES_MAX >> 20);
        let advice = "ask for fewer rows or columns";
        return Err(Failure::downstream(
            422,
            format!("the answer has {mib} MiB, the limit is {limit}: {advice}"),
        ));
    }
    Ok(DataResponse { frames, status: 200, ..DataResponse::default() })
}
