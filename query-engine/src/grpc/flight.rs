//! Arrow Flight SQL over the engine: statements, prepared statements with values, and what there is to ask.
//!
//! A ticket is the command that it answers, so nothing is kept between `GetFlightInfo` and `DoGet`; only prepared
//! statements are ([`prepared`]). Anything that would write is refused by name.

mod information;
mod metadata;
mod placeholders;
mod prepared;
mod types;
mod values;

use super::config::GrpcConfig;
use super::{access, status};
use crate::engine::{Engine, Params, QueryStream};
use crate::error::QueryError;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, Any, Command, DoPutPreparedStatementResult, ProstMessageExt,
    TicketStatementQuery,
};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, IpcMessage, PollInfo, PutResult, Result as ActionResult,
    SchemaAsIpc, SchemaResult, Ticket,
};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::IpcWriteOptions;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use prepared::{Prepared, Statement};
use prost::Message;
use prost::bytes::Bytes;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};

/// Size at which rows are cut into messages: clients in Go take 4 MiB unless told otherwise, and rows differ.
const MESSAGE_BYTES: usize = 1 << 20;

const CREATE_PREPARED: &str = "CreatePreparedStatement";
const CLOSE_PREPARED: &str = "ClosePreparedStatement";

type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// The Flight SQL service.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    engine: Engine,
    prepared: Prepared,
}

impl Flight {
    pub(super) fn new(engine: &Engine, config: &GrpcConfig) -> Self {
        Self { engine: engine.clone(), prepared: Prepared::new(config) }
    }

    /// Columns of the answer to a command, and the ticket that gets it.
    async fn describe(&self, descriptor: &FlightDescriptor) -> Result<(SchemaRef, Any), Status> {
        match command(&descriptor.cmd)? {
            Command::CommandStatementQuery(wanted) => {
                if wanted.transaction_id.is_some() {
                    return Err(no_transactions());
                }
                let sql = placeholders::numbered(&wanted.query).map_err(|error| status::of_query(&error))?;
                let told = self.engine.describe(&sql, Params::none()).await;
                let told = told.map_err(|error| status::of_query(&error))?;
                if !told.placeholders.is_empty() {
                    return Err(Status::invalid_argument(
                        "the statement has placeholders: prepare it and bind a value to each",
                    ));
                }
                let ticket = TicketStatementQuery { statement_handle: wanted.query.into() };
                Ok((nullable(&told.schema), ticket.as_any()))
            }
            Command::CommandPreparedStatementQuery(wanted) => {
                let (statement, values) = self.prepared.with_values(&wanted.prepared_statement_handle)?;
                if statement.placeholders.is_empty() {
                    return Ok((SchemaRef::clone(&statement.columns), wanted.as_any()));
                }
                let told = self.engine.describe(&statement.sql, values).await;
                let told = told.map_err(|error| status::of_query(&error))?;
                Ok((nullable(&told.schema), wanted.as_any()))
            }
            other => match metadata::schema(&other)? {
                Some(schema) => Ok((schema, other.into_any())),
                None => Err(refused(&other)),
            },
        }
    }

    async fn info(&self, descriptor: FlightDescriptor) -> Result<FlightInfo, Status> {
        let (schema, ticket) = self.describe(&descriptor).await?;
        let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket.encode_to_vec()));
        let info = FlightInfo::new().try_with_schema(&sent(schema)).map_err(status::internal)?;
        Ok(info.with_endpoint(endpoint).with_descriptor(descriptor))
    }

    /// Runs a statement; `columns` are those that the client was told before.
    async fn run(
        &self,
        sql: &str,
        values: Params,
        columns: Option<&SchemaRef>,
    ) -> Result<Response<Answers<FlightData>>, Status> {
        let rows = self.engine.query_with(sql, values).await;
        let rows: QueryStream = rows.map_err(|error| status::of_query(&error))?;
        let schema = nullable(&rows.schema());
        if columns.is_some_and(|columns| *columns != schema) {
            return Err(Status::aborted(
                "a table has other columns than when the statement was prepared: prepare it again",
            ));
        }
        let told = SchemaRef::clone(&schema);
        let rows = rows.map(move |batch| {
            let batch = batch.map_err(|error: QueryError| FlightError::from(status::of_query(&error)))?;
            let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            Ok(RecordBatch::try_new_with_options(SchemaRef::clone(&told), columns, &rows)?)
        });
        Ok(encoded(schema, rows.boxed()))
    }

    async fn prepare(&self, wanted: ActionCreatePreparedStatementRequest) -> Result<ActionResult, Status> {
        if wanted.transaction_id.is_some() {
            return Err(no_transactions());
        }
        let sql = placeholders::numbered(&wanted.query).map_err(|error| status::of_query(&error))?;
        let told = self.engine.describe(&sql, Params::none()).await;
        let told = told.map_err(|error| status::of_query(&error))?;
        let parameters = values::schema(&told.placeholders);
        let (placeholders, columns) = (told.placeholders, nullable(&told.schema));
        let dataset_schema = ipc(&sent(SchemaRef::clone(&columns)))?;
        let handle = self.prepared.add(Statement { sql, placeholders, columns })?;
        let answer = ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle,
            dataset_schema,
            parameter_schema: ipc(&parameters)?,
        };
        Ok(ActionResult::new(answer.as_any().encode_to_vec()))
    }

    /// Reads the values of a prepared statement's placeholders.
    async fn bind(&self, handle: &Bytes, messages: Answers<FlightData>) -> Result<PutResult, Status> {
        let statement = self.prepared.statement(handle)?;
        let (values, bytes) = values::read(messages, &statement.placeholders).await?;
        self.prepared.bind(handle, values, bytes)?;
        let answer = DoPutPreparedStatementResult { prepared_statement_handle: Some(handle.clone()) };
        Ok(PutResult { app_metadata: answer.encode_to_vec().into() })
    }
}

#[tonic::async_trait]
impl FlightService for Flight {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoExchangeStream = Answers<FlightData>;
    type DoActionStream = Answers<ActionResult>;
    type ListActionsStream = Answers<ActionType>;

    /// Gives the token back that the call came with, for clients that send what they were given here.
    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        let token = access::bearer(request.metadata().as_ref()).map(str::to_owned);
        let payload = token.clone().unwrap_or_default().into();
        let mut response = once(HandshakeResponse { protocol_version: 0, payload });
        if let Some(token) = token {
            let value = MetadataValue::try_from(format!("Bearer {token}"));
            let value = value.map_err(|_| Status::unauthenticated("the token is no text of a header"))?;
            response.metadata_mut().insert("authorization", value);
        }
        Ok(response)
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(Status::unimplemented("there are no lists of flights: ask with GetFlightInfo"))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Ok(Response::new(self.info(request.into_inner()).await?))
    }

    /// An answer is never waited for here: the rows come as they are computed.
    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        let info = self.info(request.into_inner()).await?;
        Ok(Response::new(PollInfo { info: Some(info), progress: Some(1.0), ..PollInfo::default() }))
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        let (schema, _ticket) = self.describe(request.get_ref()).await?;
        Ok(Response::new(SchemaResult { schema: ipc(&sent(schema))? }))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        match command(&request.get_ref().ticket)? {
            Command::TicketStatementQuery(ticket) => {
                let sql = std::str::from_utf8(&ticket.statement_handle);
                let sql = sql.map_err(|_| Status::invalid_argument("the ticket is none of this server"))?;
                self.run(sql, Params::none(), None).await
            }
            Command::CommandPreparedStatementQuery(wanted) => {
                let (statement, values) = self.prepared.with_values(&wanted.prepared_statement_handle)?;
                let columns = statement.placeholders.is_empty().then_some(&statement.columns);
                self.run(&statement.sql, values, columns).await
            }
            other => match metadata::rows(&other, &self.engine, &self.prepared).await? {
                Some(batch) => Ok(encoded(batch.schema(), stream::once(async { Ok(batch) }).boxed())),
                None => Err(refused(&other)),
            },
        }
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let mut messages = request.into_inner();
        let first = messages.try_next().await?;
        let first = first.ok_or_else(|| Status::invalid_argument("DoPut without a message"))?;
        let descriptor = first.flight_descriptor.as_ref();
        let descriptor = descriptor.ok_or_else(|| Status::invalid_argument("DoPut without a descriptor"))?;
        match command(&descriptor.cmd)? {
            Command::CommandPreparedStatementQuery(wanted) => {
                let messages = stream::once(async { Ok(first) }).chain(messages).boxed();
                Ok(once(self.bind(&wanted.prepared_statement_handle, messages).await?))
            }
            other => Err(refused(&other)),
        }
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(Status::unimplemented("DoExchange is not served: ask with GetFlightInfo and DoGet"))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let action = request.into_inner();
        match action.r#type.as_str() {
            CREATE_PREPARED => {
                let wanted: ActionCreatePreparedStatementRequest = unpacked(&action)?;
                Ok(once(self.prepare(wanted).await?))
            }
            CLOSE_PREPARED => {
                let wanted: ActionClosePreparedStatementRequest = unpacked(&action)?;
                self.prepared.close(&wanted.prepared_statement_handle);
                Ok(Response::new(stream::empty().boxed()))
            }
            "BeginTransaction" | "EndTransaction" | "BeginSavepoint" | "EndSavepoint" => {
                Err(no_transactions())
            }
            other => {
                let message =
                    format!("action {other} is not served, only {CREATE_PREPARED} and {CLOSE_PREPARED} are");
                Err(Status::unimplemented(message))
            }
        }
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        let actions = [
            (CREATE_PREPARED, "Plans a statement whose placeholders get values later"),
            (CLOSE_PREPARED, "Forgets a prepared statement"),
        ];
        let actions = actions.map(|(name, description)| {
            Ok(ActionType { r#type: name.to_owned(), description: description.to_owned() })
        });
        Ok(Response::new(stream::iter(actions).boxed()))
    }
}

/// A message of a command's kind.
fn command(bytes: &[u8]) -> Result<Command, Status> {
    let any = Any::decode(bytes);
    let any = any.map_err(|_| Status::invalid_argument("this is no command of Flight SQL"))?;
    Command::try_from(any).map_err(|error| Status::invalid_argument(error.to_string()))
}

/// The body of an action.
fn unpacked<T: ProstMessageExt>(action: &Action) -> Result<T, Status> {
    let wrong =
        || Status::invalid_argument(format!("the body of action {} is not its request", action.r#type));
    let any = Any::decode(&*action.body).map_err(|_| wrong())?;
    any.unpack().ok().flatten().ok_or_else(wrong)
}

/// Why a command is not answered.
fn refused(command: &Command) -> Status {
    let name = command.type_url().rsplit(['.', '/']).next().unwrap_or_default().to_owned();
    let writes = matches!(
        command,
        Command::CommandStatementUpdate(_)
            | Command::CommandPreparedStatementUpdate(_)
            | Command::CommandStatementIngest(_)
    );
    if writes {
        return status::of_query(&QueryError::NotReadOnly { what: name });
    }
    Status::unimplemented(format!("{name} is not served: ask in SQL"))
}

fn no_transactions() -> Status {
    Status::unimplemented("there are no transactions: every query sees one snapshot of each table")
}

fn once<T: Send + 'static>(answer: T) -> Response<Answers<T>> {
    Response::new(stream::once(async { Ok(answer) }).boxed())
}

/// Rows as messages; the schema comes first, also where there are no rows.
fn encoded(
    schema: SchemaRef,
    rows: BoxStream<'static, Result<RecordBatch, FlightError>>,
) -> Response<Answers<FlightData>> {
    let messages = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_max_flight_data_size(MESSAGE_BYTES)
        .build(rows);
    Response::new(messages.map_err(Status::from).boxed())
}

/// The columns of an answer, any of which may be null: whether one can be is told from bounds in files where DataFusion
/// finds some, so it may change between two plans of one statement.
fn nullable(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    SchemaRef::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A schema as [`encoded`] sends it: clients compare.
fn sent(schema: SchemaRef) -> SchemaRef {
    let encoder =
        FlightDataEncoderBuilder::new().with_schema(SchemaRef::clone(&schema)).build(stream::empty());
    encoder.known_schema().unwrap_or(schema)
}

fn ipc(schema: &Schema) -> Result<Bytes, Status> {
    let written: Result<IpcMessage, ArrowError> =
        SchemaAsIpc::new(schema, &IpcWriteOptions::default()).try_into();
    written.map(|message| message.0).map_err(status::internal)
}
