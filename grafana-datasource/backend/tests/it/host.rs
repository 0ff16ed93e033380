//! The plugin's process, and Grafana's side of its services.

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use grafana_plugin_sdk::pluginv2::data_client::DataClient;
use grafana_plugin_sdk::pluginv2::diagnostics_client::DiagnosticsClient;
use grafana_plugin_sdk::pluginv2::resource_client::ResourceClient;
use grafana_plugin_sdk::pluginv2::{
    CallResourceRequest, CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, DataQuery,
    DataResponse, DataSourceInstanceSettings, PluginContext, QueryDataRequest, StringList, TimeRange, User,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

/// A token that must never be seen in a log or an answer.
pub(crate) const TOKEN: &str = "errata_pat_secretsecret_never-to-be-seen";

/// A started plugin.
pub(crate) struct Host {
    pub(crate) child: Child,
    pub(crate) socket: PathBuf,
    pub(crate) channel: Channel,
    folder: TempDir,
    /// Of the data source that all calls are about.
    pub(crate) source: DataSourceInstanceSettings,
    pub(crate) user: Option<User>,
}

/// The environment that Grafana gives a plugin.
pub(crate) fn surround(command: &mut Command, folder: &TempDir) {
    command
        .env_clear()
        .env("grafana_plugin_type", "datasource")
        .env("PLUGIN_PROTOCOL_VERSIONS", "2")
        .env("PLUGIN_UNIX_SOCKET_DIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
}

/// A plugin, as Grafana starts it.
pub(crate) fn command(folder: &TempDir) -> Command {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpx_errata"));
    surround(&mut command, folder);
    command.stderr(log);
    command
}

impl Host {
    /// Starts a plugin with a data source for the engine at `url`.
    pub(crate) async fn start(url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = command(&folder).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            tokio::time::timeout(Duration::from_secs(10), lines.next_line()).await.unwrap().unwrap().unwrap();
        let parts: Vec<&str> = line.split('|').collect();
        let ["1", "2", "unix", socket, "grpc"] = parts.as_slice() else { panic!("handshake {line}") };
        let socket = PathBuf::from(socket);
        assert!(socket.starts_with(folder.path()));
        let channel = connect(socket.clone()).await;
        let source = DataSourceInstanceSettings {
            uid: "errata-uid".to_owned(),
            name: "Errata".to_owned(),
            url: url.to_owned(),
            json_data: b"{}".to_vec(),
            ..DataSourceInstanceSettings::default()
        };
        let user = Some(user("ada", "Editor"));
        Self { child, socket, channel, folder, source, user }
    }

    /// With a token in the data source's secrets.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.source.decrypted_secure_json_data.insert("token".to_owned(), token.to_owned());
        self
    }

    pub(crate) fn settings(mut self, settings: &Value) -> Self {
        self.source.json_data = settings.to_string().into_bytes();
        self
    }

    pub(crate) fn context(&self) -> Option<PluginContext> {
        Some(PluginContext {
            org_id: 1,
            plugin_id: "errata-patterns-datasource".to_owned(),
            user: self.user.clone(),
            data_source_instance_settings: Some(self.source.clone()),
            ..PluginContext::default()
        })
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub(crate) async fn health(&self) -> CheckHealthResponse {
        let request = CheckHealthRequest { plugin_context: self.context(), ..CheckHealthRequest::default() };
        DiagnosticsClient::new(self.channel.clone()).check_health(request).await.unwrap().into_inner()
    }

    pub(crate) async fn metrics(&self) -> String {
        let mut client = DiagnosticsClient::new(self.channel.clone());
        let answer = client.collect_metrics(CollectMetricsRequest::default()).await.unwrap().into_inner();
        String::from_utf8(answer.metrics.unwrap().prometheus).unwrap()
    }

    /// Answers of queries by their letters: A, B, ...
    pub(crate) async fn query_all(&self, queries: &[Value], headers: &[(&str, &str)]) -> Vec<DataResponse> {
        // Whole minutes long: as many points a minute wherever in a minute it begins.
        let to = now_ms() + 1_000;
        let query = |(nth, json): (usize, &Value)| DataQuery {
            ref_id: ref_id(nth),
            interval_ms: 60_000,
            max_data_points: 500,
            time_range: Some(TimeRange { from_epoch_ms: to - 6 * 3_600_000, to_epoch_ms: to }),
            json: json.to_string().into_bytes(),
            query_type: String::new(),
        };
        let request = QueryDataRequest {
            plugin_context: self.context(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            queries: queries.iter().enumerate().map(query).collect(),
        };
        let mut client = DataClient::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        let mut responses = client.query_data(request).await.unwrap().into_inner().responses;
        assert_eq!(responses.len(), queries.len());
        (0..queries.len()).map(|nth| responses.remove(&ref_id(nth)).unwrap()).collect()
    }

    pub(crate) async fn query(&self, query: &Value) -> DataResponse {
        self.query_all(std::slice::from_ref(query), &[]).await.remove(0)
    }

    /// Frames of a query that has an answer.
    pub(crate) async fn frames(&self, query: &Value) -> Vec<Decoded> {
        let response = self.query(query).await;
        assert_eq!((response.error.as_str(), response.status), ("", 200), "{query}");
        response.frames.iter().map(|bytes| Decoded::of(bytes)).collect()
    }

    /// The only frame of a query.
    pub(crate) async fn frame(&self, query: &Value) -> Decoded {
        let mut frames = self.frames(query).await;
        assert_eq!(frames.len(), 1, "{query}");
        frames.remove(0)
    }

    /// Status, headers and JSON of a resource call.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (i32, Value, Vec<(String, String)>) {
        self.call_with(method, path, body, &[]).await
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (i32, Value, Vec<(String, String)>) {
        let header = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), StringList { values: vec![(*value).to_owned()] })
        };
        let request = CallResourceRequest {
            plugin_context: self.context(),
            method: method.to_owned(),
            path: path.split('?').next().unwrap().to_owned(),
            url: path.to_owned(),
            headers: headers.iter().map(header).collect(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }.into(),
        };
        let mut client = ResourceClient::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        let mut answers = client.call_resource(request).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap();
        assert!(answers.message().await.unwrap().is_none());
        let json = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let headers = answer.headers.into_iter().map(|(name, list)| (name, list.values.join(",")));
        (answer.code, json, headers.collect())
    }
}

pub(crate) async fn connect(socket: PathBuf) -> Channel {
    let connector = service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://plugin").connect_with_connector(connector).await.unwrap()
}

pub(crate) fn user(login: &str, role: &str) -> User {
    User { login: login.to_owned(), name: login.to_owned(), email: String::new(), role: role.to_owned() }
}

fn ref_id(nth: usize) -> String {
    char::from(b'A' + u8::try_from(nth).unwrap()).to_string()
}

pub(crate) fn now_ms() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap()
}

/// A frame, read by another reader of Arrow files than Grafana's (which the Go test is).
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) meta: Value,
    pub(crate) batch: RecordBatch,
}

impl Decoded {
    fn of(bytes: &[u8]) -> Self {
        let mut reader = FileReader::try_new(Cursor::new(bytes), None).unwrap();
        let schema = reader.schema();
        let text = |name: &str| schema.metadata().get(name).cloned().unwrap_or_default();
        let meta = serde_json::from_str(&text("meta")).unwrap_or(Value::Null);
        let empty = std::sync::Arc::clone(&schema);
        let batch = reader.next().map_or_else(|| RecordBatch::new_empty(empty), Result::unwrap);
        Self { meta, batch }
    }

    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.batch.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column as JSON values; times are text.
    pub(crate) fn column(&self, name: &str) -> Vec<Value> {
        let index =
            self.batch.schema().index_of(name).unwrap_or_else(|_| panic!("{name} in {:?}", self.names()));
        let options = arrow_cast::display::FormatOptions::default();
        let values = self.batch.column(index);
        let formatter = arrow_cast::display::ArrayFormatter::try_new(values.as_ref(), &options).unwrap();
        let is_binary = values.data_type() == &arrow_schema::DataType::Binary;
        (0..values.len())
            .map(|row| {
                if values.is_null(row) {
                    return Value::Null;
                }
                if is_binary {
                    use arrow_array::cast::AsArray;
                    return serde_json::from_slice(values.as_binary::<i32>().value(row)).unwrap();
                }
                let text = formatter.value(row).to_string();
                let is_text = values.data_type() == &arrow_schema::DataType::Utf8;
                if is_text {
                    json!(text)
                } else {
                    serde_json::from_str(&text).unwrap_or_else(|_| json!(text))
                }
            })
            .collect()
    }

    /// What a field says of itself: `labels` or `config`.
    pub(crate) fn of_field(&self, name: &str, what: &str) -> Value {
        let schema = self.batch.schema();
        let field = schema.field_with_name(name).unwrap();
        field.metadata().get(what).map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }
}
