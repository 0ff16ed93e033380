//! Grafana's `Stream` service: live channels.

use super::Plugin;
use futures::stream::BoxStream;
use grafana_plugin_sdk::pluginv2::stream_server::Stream;
use grafana_plugin_sdk::pluginv2::{
    PublishStreamRequest, PublishStreamResponse, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
    SubscribeStreamResponse, publish_stream_response, subscribe_stream_response,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl Stream for Plugin {
    async fn subscribe_stream(
        &self,
        _: Request<SubscribeStreamRequest>,
    ) -> Result<Response<SubscribeStreamResponse>, Status> {
        let status = subscribe_stream_response::Status::NotFound;
        Ok(Response::new(SubscribeStreamResponse { status: status.into(), data: Vec::new() }))
    }

    type RunStreamStream = BoxStream<'static, Result<StreamPacket, Status>>;

    async fn run_stream(
        &self,
        _: Request<RunStreamRequest>,
    ) -> Result<Response<Self::RunStreamStream>, Status> {
        Err(Status::not_found("no such channel"))
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
