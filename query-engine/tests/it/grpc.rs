//! The gRPC port over real connections: Flight SQL with its own client, who is let in, and what limits say.

use crate::support::{Place, config, error};
use access::{Access, AccessConfig, PaceConfig, token};
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    CommandGetDbSchemas, CommandGetPrimaryKeys, CommandGetTables, CommandGetXdbcTypeInfo,
    CommandStatementQuery, ProstMessageExt, SqlInfo,
};
use arrow_flight::{Action, Empty, FlightDescriptor, FlightInfo, Ticket};
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Int64Type, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use query_engine::grpc::{GrpcConfig, serve};
use query_engine::{Engine, QueryConfig};
use schemas::tables::Table;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::client::Grpc;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

/// The port of an engine over an own lake.
struct Port {
    place: Place,
    engine: Engine,
    channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Port {
    async fn start(query: QueryConfig, access: Access) -> Self {
        Self::with(query, GrpcConfig::default(), access).await
    }

    async fn with(query: QueryConfig, grpc: GrpcConfig, access: Access) -> Self {
        let place = Place::new().await;
        let engine = place.engine(query);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = engine.clone();
        let serving = tokio::spawn(async move {
            let until = async move { _ = stopped.await };
            serve(&served, &grpc, access, TcpIncoming::from(listener), until).await.unwrap();
        });
        let channel = Endpoint::new(address).unwrap().connect().await.unwrap();
        Self { place, engine, channel, stop: Some(stop), serving }
    }

    fn client(&self) -> FlightSqlServiceClient<Channel> {
        FlightSqlServiceClient::new(self.channel.clone())
    }

    /// One call of a method with an empty message, and an empty answer.
    async fn call(&self, path: &'static str, token: Option<&str>) -> Result<(), Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let mut request = Request::new(());
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let path = http::uri::PathAndQuery::from_static(path);
        grpc.unary(request, path, ProstCodec::<(), ()>::default()).await.map(|_| ())
    }
}

async fn rows(
    client: &mut FlightSqlServiceClient<Channel>,
    info: FlightInfo,
) -> Result<Vec<RecordBatch>, Status> {
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let told = info.clone().try_decode_schema().unwrap();
    let stream = client.do_get(ticket).await.map_err(Status::from)?;
    let batches: Vec<RecordBatch> = stream.try_collect().await.map_err(Status::from)?;
    for batch in &batches {
        assert_eq!(*batch.schema(), told, "the schema that was told is the one that comes");
    }
    Ok(batches)
}

async fn ask(client: &mut FlightSqlServiceClient<Channel>, sql: &str) -> Result<Vec<RecordBatch>, Status> {
    let info = client.execute(sql.to_owned(), None).await.map_err(Status::from)?;
    rows(client, info).await
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<String> {
    let values = batches.iter().flat_map(|batch| {
        batch.column_by_name(column).unwrap().as_string::<i32>().iter().map(|text| text.unwrap().to_owned())
    });
    values.collect()
}

/// What the engine itself says of a failing statement's call.
async fn failure(port: &Port, sql: &str) -> Status {
    let command = CommandStatementQuery { query: sql.to_owned(), transaction_id: None };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    FlightServiceClient::new(port.channel.clone()).get_flight_info(descriptor).await.unwrap_err()
}

#[tokio::test]
async fn statements_are_answered() {
    let port = Port::start(config(), Access::open_to_all()).await;
    port.place
        .append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({"message": "boom"}))])
        .await;
    let mut client = port.client();
    let answer = ask(&mut client, "SELECT user_id, message FROM errors").await.unwrap();
    assert_eq!(
        (texts(&answer, "user_id"), texts(&answer, "message")),
        (vec!["u".into()], vec!["boom".into()])
    );
    assert!(ask(&mut client, "SELECT user_id FROM errors WHERE user_id = 'none'").await.unwrap().is_empty());
    let explained = ask(&mut client, "EXPLAIN SELECT 1").await.unwrap();
    assert!(texts(&explained, "plan_type").contains(&"physical_plan".to_owned()));
    assert!(
        texts(&ask(&mut client, "SHOW TABLES").await.unwrap(), "table_name").contains(&"errors".to_owned())
    );

    let command = CommandStatementQuery { query: "SELECT 1 AS one".to_owned(), transaction_id: None };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let mut flight = FlightServiceClient::new(port.channel.clone());
    let schema = flight.get_schema(descriptor.clone()).await.unwrap().into_inner();
    assert_eq!(Schema::try_from(&schema).unwrap().field(0).name(), "one");
    let polled = flight.poll_flight_info(descriptor).await.unwrap().into_inner();
    assert_eq!((polled.progress, polled.flight_descriptor), (Some(1.0), None));
    assert_eq!(polled.info.unwrap().endpoint.len(), 1);
}

#[tokio::test]
async fn large_answers_come_in_messages_that_clients_take() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let sql = "SELECT value, lpad('x', 10000, 'y') AS text FROM generate_series(1, 3000)";
    let command = CommandStatementQuery { query: sql.to_owned(), transaction_id: None };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let mut flight = FlightServiceClient::new(port.channel.clone()).max_decoding_message_size(2 << 20);
    let info = flight.get_flight_info(descriptor).await.unwrap().into_inner();
    let mut messages = flight.do_get(info.endpoint[0].ticket.clone().unwrap()).await.unwrap().into_inner();
    let mut bytes = 0;
    while let Some(message) = messages.message().await.unwrap() {
        bytes += message.data_body.len();
    }
    assert!(bytes > 30_000_000, "{bytes}");
}

#[tokio::test]
async fn what_there_is_has_the_names_of_sql() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let mut client = port.client();
    let sql = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables \
               WHERE table_name <> 'df_settings' ORDER BY name";
    let known = texts(&ask(&mut client, sql).await.unwrap(), "name");

    let wanted = CommandGetTables { include_schema: true, ..CommandGetTables::default() };
    let info = client.get_tables(wanted).await.unwrap();
    let tables = rows(&mut client, info).await.unwrap();
    let names = texts(&tables, "db_schema_name").into_iter().zip(texts(&tables, "table_name"));
    let mut names: Vec<String> = names.map(|(schema, name)| format!("{schema}.{name}")).collect();
    names.sort_unstable();
    assert_eq!(names, known);
    let schemas = tables[0].column_by_name("table_schema").unwrap();
    let schemas: &BinaryArray = schemas.as_binary::<i32>();
    let place = texts(&tables, "table_name").iter().position(|name| name == "errors").unwrap();
    let message = arrow_flight::IpcMessage(schemas.value(place).to_vec().into());
    let columns = Schema::try_from(message).unwrap();
    assert_eq!(columns.field_with_name("severity").unwrap().data_type(), &DataType::Int32);

    for (pattern, schema, kinds, expected) in [
        (Some("pattern\\_e%"), Some("public"), vec![], vec!["pattern_events"]),
        (Some("error_"), None, vec!["TABLE".to_owned()], vec!["errors"]),
        (Some("pattern_report"), Some("pub%"), vec!["VIEW".to_owned()], vec!["pattern_report"]),
        (Some("pattern_report"), None, vec!["TABLE".to_owned()], vec![]),
        (Some("errors"), Some("information%"), vec![], vec![]),
    ] {
        let wanted = CommandGetTables {
            db_schema_filter_pattern: schema.map(str::to_owned),
            table_name_filter_pattern: pattern.map(str::to_owned),
            table_types: kinds,
            ..CommandGetTables::default()
        };
        let info = client.get_tables(wanted).await.unwrap();
        assert_eq!(texts(&rows(&mut client, info).await.unwrap(), "table_name"), expected, "{pattern:?}");
    }
    let info = client.get_catalogs().await.unwrap();
    assert_eq!(texts(&rows(&mut client, info).await.unwrap(), "catalog_name"), ["errata"]);
    let info = client.get_db_schemas(CommandGetDbSchemas::default()).await.unwrap();
    assert_eq!(
        texts(&rows(&mut client, info).await.unwrap(), "db_schema_name"),
        ["information_schema", "public"]
    );
    let info = client.get_table_types().await.unwrap();
    assert_eq!(texts(&rows(&mut client, info).await.unwrap(), "table_type"), ["TABLE", "VIEW"]);
}

/// Dates without files on disk: nothing of the lake's files is opened for questions about what there is.
#[tokio::test]
async fn questions_read_no_files() {
    let port = Port::start(config(), Access::open_to_all()).await;
    port.place.append(Table::Errors, &[error("2026-11-23T10:00:00Z", "p", "u", json!({}))]).await;
    std::fs::remove_dir_all(port.place.folder.path().join("lake/errors/date=2026-11-23")).unwrap();
    let mut client = port.client();
    assert!(ask(&mut client, "SELECT message FROM errors").await.is_err());
    let wanted = CommandGetTables { include_schema: true, ..CommandGetTables::default() };
    let info = client.get_tables(wanted).await.unwrap();
    assert!(texts(&rows(&mut client, info).await.unwrap(), "table_name").len() > 10);
}

#[tokio::test]
async fn what_kind_of_server_this_is() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let mut client = port.client();
    let wanted =
        vec![SqlInfo::FlightSqlServerName, SqlInfo::FlightSqlServerReadOnly, SqlInfo::SqlIdentifierQuoteChar];
    let info = client.get_sql_info(wanted).await.unwrap();
    let told = rows(&mut client, info).await.unwrap();
    insta::assert_snapshot!(pretty_format_batches(&told).unwrap(), @r#"
    +-----------+-----------------------+
    | info_name | value                 |
    +-----------+-----------------------+
    | 0         | {string_value=Errata} |
    | 3         | {bool_value=true}     |
    | 504       | {string_value="}      |
    +-----------+-----------------------+
    "#);
    let info = client.get_sql_info(vec![SqlInfo::SqlDatetimeFunctions]).await.unwrap();
    let functions = pretty_format_batches(&rows(&mut client, info).await.unwrap()).unwrap().to_string();
    assert!(functions.contains("date_trunc"), "{functions}");
    let info = client.get_sql_info(vec![]).await.unwrap();
    assert!(rows(&mut client, info).await.unwrap()[0].num_rows() > 50);

    let info = client.get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: Some(12) }).await.unwrap();
    assert_eq!(texts(&rows(&mut client, info).await.unwrap(), "type_name"), ["VARCHAR"]);
    let info = client.get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: None }).await.unwrap();
    assert_eq!(rows(&mut client, info).await.unwrap()[0].num_rows(), 13);
    let keys = CommandGetPrimaryKeys { table: "errors".to_owned(), ..CommandGetPrimaryKeys::default() };
    let info = client.get_primary_keys(keys).await.unwrap();
    assert_eq!(info.clone().try_decode_schema().unwrap().fields().len(), 6);
    assert_eq!(rows(&mut client, info).await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
}

fn values(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

#[tokio::test]
async fn prepared_statements_take_values() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let rows_in: Vec<_> = (0..3)
        .map(|n| error("2026-11-23T10:00:00Z", "p", &format!("u{n}"), json!({"severity": n + 1})))
        .collect();
    port.place.append(Table::Errors, &rows_in).await;
    let mut client = port.client();
    for sql in [
        "SELECT user_id, '?' AS mark FROM errors WHERE severity >= ? AND user_id <> ? ORDER BY user_id",
        "SELECT user_id, '?' AS mark FROM errors WHERE severity >= $1 AND user_id <> $2 ORDER BY user_id",
    ] {
        let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
        assert_eq!(statement.dataset_schema().unwrap().field(0).name(), "user_id");
        let types: Vec<DataType> = statement
            .parameter_schema()
            .unwrap()
            .fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        assert_eq!(types, [DataType::Int32, DataType::Utf8]);
        assert!(statement.execute().await.is_err(), "values are missing");
        for (least, expected) in [(1, vec!["u0", "u1"]), (2, vec!["u1"]), (9, vec![])] {
            let row = values(vec![
                ("0", Arc::new(Int64Array::from(vec![least]))),
                ("1", Arc::new(StringArray::from(vec!["u2"]))),
            ]);
            statement.set_parameters(row).unwrap();
            let info = statement.execute().await.unwrap();
            assert_eq!(texts(&rows(&mut client, info).await.unwrap(), "user_id"), expected);
        }
        let two = values(vec![
            ("0", Arc::new(Int64Array::from(vec![1, 2]))),
            ("1", Arc::new(StringArray::from(vec!["a", "b"]))),
        ]);
        statement.set_parameters(two).unwrap();
        assert!(Status::from(statement.execute().await.unwrap_err()).message().contains("one row of values"));
        let one = values(vec![("0", Arc::new(Int64Array::from(vec![1])))]);
        statement.set_parameters(one).unwrap();
        assert!(
            Status::from(statement.execute().await.unwrap_err())
                .message()
                .contains("2 placeholders, 1 values")
        );
        statement.close().await.unwrap();
    }
    let mut named = client.prepare("SELECT $word AS word, $n + 1 AS next".to_owned(), None).await.unwrap();
    let row = values(vec![
        ("word", Arc::new(StringArray::from(vec!["w"]))),
        ("$n", Arc::new(Int64Array::from(vec![41]))),
    ]);
    named.set_parameters(row).unwrap();
    let info = named.execute().await.unwrap();
    let answer = rows(&mut client, info).await.unwrap();
    assert_eq!(answer[0].column(1).as_primitive::<Int64Type>().value(0), 42);
    for sql in ["SELECT ?", "SELECT $1"] {
        assert!(failure(&port, sql).await.message().contains("prepare it"), "{sql}");
    }
    for (sql, word) in [
        ("SELECT ?, $1", "not both"),
        ("SELECT $1001", "above $1000"),
        ("SELECT $4000000000", "above $1000"),
        ("SELECT FROM", "Expected"),
        ("DELETE FROM errors WHERE user_id = ?", "only queries are answered"),
    ] {
        let refused = Status::from(client.prepare(sql.to_owned(), None).await.err().unwrap());
        assert!(refused.message().contains(word), "{sql}: {refused}");
    }
}

/// Plans over no file, over one and over two differ in what may be null; what a client was told holds for all.
#[tokio::test]
async fn a_prepared_statement_outlives_new_rows() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let mut client = port.client();
    let sql = "SELECT max(severity) AS most, count(*) AS n, count(*) + max(severity) AS sum FROM errors";
    let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
    for count in 0..3 {
        let info = statement.execute().await.unwrap();
        let answer = rows(&mut client, info).await.unwrap();
        assert_eq!(answer[0].column(1).as_primitive::<Int64Type>().value(0), count);
        let row = error("2026-11-23T10:00:00Z", "p", &format!("u{count}"), json!({"severity": 2}));
        port.place.append(Table::Errors, &[row]).await;
    }
}

#[tokio::test]
async fn nothing_can_be_written() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let mut client = port.client();
    for sql in
        ["DROP TABLE errors", "INSERT INTO errors VALUES (1)", "SET datafusion.execution.batch_size = 1"]
    {
        let refused = failure(&port, sql).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{sql}");
        assert!(refused.message().contains("only queries are answered"), "{refused}");
        let update = client.execute_update(sql.to_owned(), None).await.unwrap_err();
        assert!(Status::from(update).message().contains("CommandStatementUpdate is refused"));
    }
    let refused = client.begin_transaction().await.unwrap_err();
    assert!(Status::from(refused).message().contains("no transactions"));
}

#[tokio::test]
async fn limits_say_which_one_was_hit() {
    let limits = QueryConfig { rows_max: 10_000, timeout_ms: 1_500, query_bytes_max: 5_000, ..config() };
    let port = Port::start(limits, Access::open_to_all()).await;
    let mut client = port.client();
    // The rows before the limit come; then the failure, and never an end.
    let cut = ask(&mut client, "SELECT * FROM generate_series(1, 20000)").await.unwrap_err();
    assert_eq!(cut.code(), Code::ResourceExhausted);
    assert!(cut.message().contains("more than 10000 rows, limit query.rows_max"), "{cut}");
    let slow =
        "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b";
    let late = ask(&mut client, slow).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late}");
    assert!(late.message().contains("limit query.timeout"), "{late}");
    let long = failure(&port, &format!("SELECT '{}'", "x".repeat(6_000))).await;
    assert_eq!(long.code(), Code::ResourceExhausted);
    assert_eq!(long.get_error_details().error_info().unwrap().reason, "query-too-large");
    let huge = failure(&port, &format!("SELECT '{}'", "x".repeat(5 << 20))).await;
    assert_eq!(huge.code(), Code::OutOfRange, "{huge}");
    assert_eq!(failure(&port, "SELECT nothing FROM errors").await.code(), Code::InvalidArgument);
    assert!(ask(&mut client, "SELECT 1").await.is_ok());
}

#[tokio::test]
async fn a_client_that_goes_away_stops_its_query() {
    let port = Port::start(
        QueryConfig { concurrent_max: 1, wait_ms_max: 20_000, ..config() },
        Access::open_to_all(),
    )
    .await;
    let mut client = port.client();
    let endless =
        "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b";
    let info = client.execute(endless.to_owned(), None).await.unwrap();
    let mut running = client.do_get(info.endpoint[0].ticket.clone().unwrap()).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(500), running.try_next()).await;
    assert!(waited.is_err(), "the query must not end by itself");
    drop(running);
    assert!(ask(&mut client, "SELECT 1").await.is_ok());
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    let port = Port::start(config(), Access::open_to_all()).await;
    let mut flight = FlightServiceClient::new(port.channel.clone());
    for bytes in [b"".to_vec(), b"garbage".to_vec(), vec![0xff; 100], b"\x0a\x05hello".to_vec()] {
        let refused = flight.get_flight_info(FlightDescriptor::new_cmd(bytes.clone())).await.unwrap_err();
        assert!(matches!(refused.code(), Code::InvalidArgument | Code::Unimplemented), "{refused}");
        let refused = flight.do_get(Ticket::new(bytes.clone())).await.unwrap_err();
        assert!(matches!(refused.code(), Code::InvalidArgument | Code::Unimplemented), "{refused}");
        for name in ["CreatePreparedStatement", "ClosePreparedStatement", "CancelQuery", "other"] {
            let refused = flight.do_action(Action::new(name, bytes.clone())).await.unwrap_err();
            assert!(matches!(refused.code(), Code::InvalidArgument | Code::Unimplemented), "{refused}");
        }
    }
    let refused = flight.do_put(futures::stream::empty()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let actions: Vec<_> =
        flight.list_actions(Empty {}).await.unwrap().into_inner().try_collect().await.unwrap();
    assert_eq!(actions.len(), 2);
}

/// Whoever has the token may read.
async fn guarded(folder: &tempfile::TempDir) -> (Access, String) {
    let state = state::State::open(&folder.path().join("state.db").display().to_string()).await.unwrap();
    let issued = token::issue().unwrap();
    let stored = state::Token {
        id: issued.id,
        name: "grafana".to_owned(),
        secret_sha256: issued.secret_sha256,
        roles: "read".to_owned(),
        acts_for_others: false,
        items_per_second: None,
        bytes_per_second: None,
        created_ms: chrono::Utc::now().timestamp_millis(),
        expires_ms: None,
        revoked_ms: None,
        last_used_ms: None,
    };
    state.add_token(&stored, 10).await.unwrap();
    let config = AccessConfig {
        refresh_interval: Duration::from_secs(60),
        stale_max: Duration::from_secs(60),
        tokens_max: 10,
        pace: PaceConfig { items_per_second: 0, bytes_per_second: 0, burst: Duration::from_secs(1) },
    };
    let meter = opentelemetry::global::meter("test");
    (Access::start(state, config, &meter).await.unwrap(), issued.text)
}

#[tokio::test]
async fn every_service_asks_who_calls() {
    let folder = tempfile::tempdir().unwrap();
    let (access, secret) = guarded(&folder).await;
    let port = Port::start(config(), access).await;
    let flight = "/arrow.flight.protocol.FlightService/GetFlightInfo";
    for path in [
        flight,
        "/jaeger.storage.v2.TraceReader/GetServices",
        "/jaeger.storage.v2.DependencyReader/GetDependencies",
        "/jaeger.storage.v2.Capabilities/GetCapabilities",
    ] {
        for token in [None, Some("other")] {
            assert_eq!(port.call(path, token).await.unwrap_err().code(), Code::Unauthenticated, "{path}");
        }
        let known = port.call(path, Some(&secret)).await;
        assert!(known.is_ok() || path == flight, "{known:?}");
    }
    port.call("/grpc.health.v1.Health/Check", None).await.unwrap();
    let absent = port.call("/jaeger.storage.v2.TraceReader/FindTraceSummaries", Some(&secret)).await;
    assert_eq!(absent.unwrap_err().code(), Code::Unimplemented);

    let mut client = port.client();
    assert!(ask(&mut client, "SELECT 1").await.is_err());
    assert!(client.handshake("ada", "wrong").await.is_err());
    let token = client.handshake("ada", &secret).await.unwrap();
    assert_eq!(token, secret);
    assert!(ask(&mut client, "SELECT 1").await.is_ok());
}

/// A client of Jaeger's storage that stops reading holds neither memory nor a place for longer than a query may take.
#[tokio::test]
async fn traces_that_nobody_reads_are_dropped() {
    let limits = QueryConfig { concurrent_max: 1, timeout_ms: 2_000, wait_ms_max: 30_000, ..config() };
    let port = Port::start(limits, Access::open_to_all()).await;
    let now = chrono::Utc::now().to_rfc3339();
    let spans: Vec<_> = (0..300)
        .map(|n| {
            json!({"at": now, "trace_id": format!("{:032x}", 7), "span_id": format!("{n:016x}"),
            "attributes": {"text": "x".repeat(20_000)}})
        })
        .collect();
    port.place.append(Table::Spans, &spans).await;
    let find = async || {
        let mut grpc = Grpc::new(port.channel.clone());
        grpc.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/jaeger.storage.v2.TraceReader/FindTraces");
        let codec = ProstCodec::<(), TracesData>::default();
        grpc.server_streaming(Request::new(()), path, codec).await.map(tonic::Response::into_inner)
    };
    let mut idle = find().await.unwrap();
    assert!(idle.message().await.unwrap().is_some());
    let read: Vec<TracesData> = find().await.unwrap().try_collect().await.unwrap();
    assert!(read.len() > 4, "{} messages", read.len());
    let rest: Result<Vec<TracesData>, Status> = idle.try_collect().await;
    assert_eq!(rest.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn the_port_ends_when_told_and_calls_are_done() {
    let mut port = Port::start(config(), Access::open_to_all()).await;
    let mut client = port.client();
    let info = client.execute("SELECT * FROM generate_series(1, 900000)".to_owned(), None).await.unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let stream = client.do_get(ticket).await.unwrap();
    port.stop.take().unwrap().send(()).unwrap();
    let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 900_000);
    port.serving.await.unwrap();
    assert!(port.engine.query("SELECT 1").await.is_ok());
}
