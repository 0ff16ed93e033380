//! Grafana's `Stream` service: live channels.

use super::{LIVE_MAX, Plugin};
use crate::error::Failure;
use crate::frame::json_frame;
use crate::live::{self, channel};
use crate::query::feed_frame;
use grafana_plugin_sdk::pluginv2::stream_server::Stream;
use grafana_plugin_sdk::pluginv2::{
    PublishStreamRequest, PublishStreamResponse, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
    SubscribeStreamResponse, publish_stream_response, subscribe_stream_response,
};
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl Stream for Plugin {
    /// Who may query the data source may listen: Grafana has checked that. The answer tells the columns.
    async fn subscribe_stream(
        &self,
        request: Request<SubscribeStreamRequest>,
    ) -> Result<Response<SubscribeStreamResponse>, Status> {
        let request = request.into_inner();
        let schema = || {
            channel::filters(&request.path)?;
            let engine = self.engine(request.plugin_context.as_ref())?;
            json_frame(&feed_frame(&[], &engine.settings), true, false)
                .map_err(|error| Failure::plugin("cannot write a frame", &error))
        };
        let answer = match schema() {
            Ok(schema) => SubscribeStreamResponse {
                status: subscribe_stream_response::Status::Ok.into(),
                data: schema.to_string().into_bytes(),
            },
            Err(_) => SubscribeStreamResponse {
                status: subscribe_stream_response::Status::NotFound.into(),
                data: Vec::new(),
            },
        };
        Ok(Response::new(answer))
    }

    type RunStreamStream = ReceiverStream<Result<StreamPacket, Status>>;

    async fn run_stream(
        &self,
        request: Request<RunStreamRequest>,
    ) -> Result<Response<Self::RunStreamStream>, Status> {
        let request = request.into_inner();
        let filters =
            channel::filters(&request.path).map_err(|failure| Status::not_found(failure.message))?;
        let engine = self
            .engine(request.plugin_context.as_ref())
            .map_err(|failure| Status::failed_precondition(failure.message))?;
        let place = Arc::clone(&self.live).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted(format!("there are {LIVE_MAX} live channels, which is the limit"))
        })?;
        let live = self.metrics.live(place);
        let packets = live::run(engine, filters, live, self.ending.clone());
        Ok(Response::new(ReceiverStream::new(packets)))
    }

    /// Nobody may write into a channel.
    async fn publish_stream(
        &self,
        _: Request<PublishStreamRequest>,
    ) -> Result<Response<PublishStreamResponse>, Status> {
        let status = publish_stream_response::Status::PermissionDenied;
        Ok(Response::new(PublishStreamResponse { status: status.into(), data: Vec::new() }))
    }
}
