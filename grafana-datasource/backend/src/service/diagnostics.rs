//! Grafana's `Diagnostics` service: health of a data source, figures of the plugin.

use super::Plugin;
use crate::health;
use grafana_plugin_sdk::pluginv2::check_health_response::HealthStatus;
use grafana_plugin_sdk::pluginv2::collect_metrics_response::Payload;
use grafana_plugin_sdk::pluginv2::diagnostics_server::Diagnostics;
use grafana_plugin_sdk::pluginv2::{
    CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl Diagnostics for Plugin {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let report = match self.engine(request.into_inner().plugin_context.as_ref()) {
            Ok(engine) => health::check(&engine).await,
            Err(failure) => health::Report::failed(&failure),
        };
        let status = if report.is_well { HealthStatus::Ok } else { HealthStatus::Error };
        Ok(Response::new(CheckHealthResponse {
            status: status.into(),
            message: report.message,
            json_details: report.details.to_string().into_bytes(),
        }))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        let prometheus = self.metrics.text().into_bytes();
        Ok(Response::new(CollectMetricsResponse { metrics: Some(Payload { prometheus }) }))
    }
}
