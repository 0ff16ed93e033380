//! Grafana's `Resource` service: calls of the panel and the editors.

use super::Plugin;
use crate::resource::{Call, User};
use grafana_plugin_sdk::pluginv2::resource_server::Resource;
use grafana_plugin_sdk::pluginv2::{CallResourceRequest, CallResourceResponse, StringList};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl Resource for Plugin {
    type CallResourceStream = futures::stream::Iter<std::vec::IntoIter<Result<CallResourceResponse, Status>>>;

    async fn call_resource(
        &self,
        request: Request<CallResourceRequest>,
    ) -> Result<Response<Self::CallResourceStream>, Status> {
        let request = request.into_inner();
        let engine = self.engine(request.plugin_context.as_ref());
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.and_then(|(_, values)| values.values.first().cloned())
        };
        let user = request.plugin_context.as_ref().and_then(|context| context.user.as_ref());
        let call = Call {
            method: request.method,
            path: request.path,
            url: request.url,
            if_match: header("If-Match"),
            if_none_match: header("If-None-Match"),
            body: request.body,
            user: user.map(|user| User { login: user.login.clone(), role: user.role.clone() }),
        };
        let answer = match engine {
            Ok(engine) => self.resources.answer(&engine, &call).await,
            Err(failure) => failure.into(),
        };
        let headers =
            answer.headers.into_iter().map(|(name, value)| (name, StringList { values: vec![value] }));
        let response = CallResourceResponse {
            code: answer.status.into(),
            headers: headers.collect(),
            body: answer.body,
        };
        Ok(Response::new(futures::stream::iter(vec![Ok(response)])))
    }
}
