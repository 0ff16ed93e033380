//! Lakes with known rows, and short ways to ask and to read.

use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use lake::{Lake, LakeConfig, WriterId};
use query_engine::format::{Encoder, Format};
use query_engine::{
    Engine, Feed, FeedConfig, Identity, Lifecycle, LifecycleConfig, QueryConfig, QueryError, api,
};
use reqwest::{Client, Response};
use schemas::tables::Table;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A lake in a folder of its own.
pub(crate) struct Place {
    pub(crate) lake: Lake,
    pub(crate) folder: Arc<tempfile::TempDir>,
    position: AtomicU64,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::of(folder).await
    }

    /// The same lake by a handle of its own, as another process has it. It is not for appending.
    pub(crate) async fn reopened(&self) -> Self {
        Self::of(Arc::clone(&self.folder)).await
    }

    async fn of(folder: Arc<tempfile::TempDir>) -> Self {
        let config = LakeConfig::new(folder.path().join("lake").display().to_string());
        let lake = Lake::open(config).await.unwrap();
        Self { lake, folder, position: AtomicU64::new(0) }
    }

    /// Appends rows in one commit: one file per date. Columns that are not given get defaults.
    pub(crate) async fn append(&self, table: Table, rows: &[Value]) {
        self.append_batches(table, vec![batch(table, rows)]).await;
    }

    pub(crate) async fn append_batches(&self, table: Table, batches: Vec<RecordBatch>) {
        let position = self.position.fetch_add(1, Ordering::Relaxed);
        let writer = WriterId::new("test").unwrap();
        self.lake.append(table, &writer, position..=position, batches).await.unwrap();
    }

    pub(crate) fn engine(&self, config: QueryConfig) -> Engine {
        Engine::new(self.lake.clone(), config).unwrap()
    }

    /// The life cycle as one more engine has it.
    pub(crate) fn lifecycle(&self, engine: &Engine) -> Lifecycle {
        let identity = Identity::unkept().unwrap();
        let config =
            LifecycleConfig { reopen_interval: Duration::from_millis(50), ..LifecycleConfig::default() };
        Lifecycle::start(self.lake.clone(), engine, identity, config)
    }
}

/// The API of an engine over an own lake, at an address of its own.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) place: Place,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(config: QueryConfig) -> Self {
        Self::serve(Place::new().await, config, FeedConfig::default()).await
    }

    /// The API over a lake that is there.
    pub(crate) async fn serve(place: Place, config: QueryConfig, feed_config: FeedConfig) -> Self {
        let engine = place.engine(config);
        let state = place.folder.path().join("state.db").display().to_string();
        let views = api::ViewsConfig { views_max: 3, body_bytes_max: 1_000 };
        let views = api::views_router(state::State::open(&state).await.unwrap(), views);
        let feed = Feed::new(place.lake.clone(), engine.clone(), feed_config);
        let router = api::router(engine.clone(), place.lifecycle(&engine), feed).merge(views);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, client: Client::new(), place, task }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }
}

/// Small limits of threads, else the defaults.
pub(crate) fn config() -> QueryConfig {
    QueryConfig { threads: 2, ..QueryConfig::default() }
}

/// Rows of a table from what matters of each.
pub(crate) fn batch(table: Table, rows: &[Value]) -> RecordBatch {
    let schema = table.schema();
    let mut decoder =
        ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(rows.len()).build_decoder().unwrap();
    let rows: Vec<Value> = rows.iter().map(|row| whole(table, row)).collect();
    decoder.serialize(&rows).unwrap();
    decoder.flush().unwrap().unwrap()
}

/// `row` with defaults; its `at` (`2026-11-23T10:00:00Z`) gives all columns of time.
fn whole(table: Table, row: &Value) -> Value {
    let mut row = row.as_object().unwrap().clone();
    let at = row.remove("at").and_then(|at| at.as_str().map(str::to_owned));
    let at = at.unwrap_or_else(|| "2026-11-23T10:00:00Z".to_owned());
    let time = chrono::DateTime::parse_from_rfc3339(&at).unwrap();
    let mut defaults = Map::new();
    defaults.insert("timestamp".to_owned(), json!(at));
    defaults.insert("time_unix_nano".to_owned(), json!(time.timestamp_nanos_opt().unwrap()));
    defaults.insert("date".to_owned(), json!(time.format("%Y-%m-%d").to_string()));
    for field in table.schema().fields().iter().filter(|field| !field.is_nullable()) {
        let value = match field.name().as_str() {
            name if defaults.contains_key(name) => continue,
            "duration_ns" => json!(1_000_000),
            "severity" => json!(3),
            "pattern_new" => json!(false),
            "signal" => json!("trace"),
            "status_code" => json!("UNSET"),
            "kind" => json!("internal"),
            "strategy" => json!("2026-12-01"),
            name => json!(format!("{name}-x")),
        };
        defaults.insert(field.name().clone(), value);
    }
    defaults.extend(row);
    Value::Object(defaults)
}

/// The answer as CSV.
pub(crate) async fn csv(engine: &Engine, sql: &str) -> Result<String, QueryError> {
    text(engine, sql, Format::Csv).await
}

/// The answer as JSON rows.
pub(crate) async fn rows(engine: &Engine, sql: &str) -> Vec<Value> {
    serde_json::from_str(&text(engine, sql, Format::Json).await.unwrap()).unwrap()
}

async fn text(engine: &Engine, sql: &str, format: Format) -> Result<String, QueryError> {
    let mut stream = engine.query(sql).await?;
    let mut encoder = Encoder::new(format, &stream.schema())?;
    let mut out = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        encoder.encode(&batch, &mut out)?;
    }
    encoder.finish(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// One error row: when, pattern, user, and what else.
pub(crate) fn error(at: &str, pattern: &str, user: &str, more: Value) -> Value {
    let mut row = json!({ "at": at, "pattern_id": pattern, "user_id": user, "event_id": format!("{at}{pattern}{user}") });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}
