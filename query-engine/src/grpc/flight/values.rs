//! The values of a prepared statement's placeholders: what types are wanted, and one row of them as a client sends it.

use super::super::status;
use super::Answers;
use crate::engine::{Params, Placeholders};
use crate::error::QueryError;
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::ipc::root_as_message;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use futures::{FutureExt, TryStreamExt};
use std::panic::AssertUnwindSafe;
use tonic::Status;

/// The columns in which values are wanted. Where the statement tells no type, text is.
pub(super) fn schema(placeholders: &Placeholders) -> Schema {
    let field = |name: String, kind: &Option<DataType>| {
        let kind = kind.clone().filter(|kind| *kind != DataType::Null).unwrap_or(DataType::Utf8);
        Field::new(name, kind, true)
    };
    let fields: Vec<Field> = match placeholders {
        Placeholders::Positional(types) => {
            types.iter().enumerate().map(|(place, kind)| field(format!("${}", place + 1), kind)).collect()
        }
        Placeholders::Named(types) => {
            types.iter().map(|(name, kind)| field(format!("${name}"), kind)).collect()
        }
    };
    Schema::new(fields)
}

/// Reads one row of values, and says how many bytes it takes.
pub(super) async fn read(
    messages: Answers<FlightData>,
    placeholders: &Placeholders,
) -> Result<(Params, usize), Status> {
    // Arrow's reader asserts where a message contradicts itself.
    let read = AssertUnwindSafe(only_row(messages)).catch_unwind().await;
    let row = read.unwrap_or_else(|_| Err(Status::invalid_argument("the values cannot be read")))?;
    Ok((params(&row, placeholders)?, row.get_array_memory_size()))
}

async fn only_row(messages: Answers<FlightData>) -> Result<RecordBatch, Status> {
    let messages = messages.and_then(|message| std::future::ready(uncompressed(message)));
    let mut batches = FlightRecordBatchStream::new_from_flight_data(messages.map_err(FlightError::from));
    let row = batches.try_next().await.map_err(unreadable)?;
    let row = row.ok_or_else(|| Status::invalid_argument("no row of values was sent"))?;
    let more = batches.try_next().await.map_err(unreadable)?.is_some();
    if row.num_rows() != 1 || more {
        return Err(Status::invalid_argument(
            "a query is answered for one row of values at a time, and another number of rows was sent",
        ));
    }
    Ok(row)
}

/// The limit of messages is one of memory only where they do not grow when read.
fn uncompressed(message: FlightData) -> Result<FlightData, Status> {
    let Ok(header) = root_as_message(&message.data_header) else { return Ok(message) };
    let rows = header.header_as_record_batch();
    let rows = rows.or_else(|| header.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()));
    if rows.is_some_and(|rows| rows.compression().is_some()) {
        return Err(Status::invalid_argument("the values are compressed: send them as they are"));
    }
    Ok(message)
}

fn unreadable(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => Status::invalid_argument(format!("the values cannot be read: {other}")),
    }
}

fn params(row: &RecordBatch, placeholders: &Placeholders) -> Result<Params, Status> {
    let (wanted, given) = (placeholders.len(), row.num_columns());
    if wanted != given {
        return Err(Status::invalid_argument(format!(
            "the statement has {wanted} placeholders, {given} values were sent"
        )));
    }
    let value = |column: usize| {
        ScalarValue::try_from_array(row.column(column), 0)
            .map_err(|error| status::of_query(&QueryError::invalid(error.strip_backtrace())))
    };
    match placeholders {
        Placeholders::Positional(_) => {
            Ok(Params::positional((0..given).map(value).collect::<Result<_, _>>()?))
        }
        Placeholders::Named(types) => {
            let schema = row.schema();
            let named = types.iter().map(|(name, _)| {
                let plain = |field: &str| field.strip_prefix('$').unwrap_or(field) == name;
                let column = schema.fields().iter().position(|field| plain(field.name()));
                let column = column.ok_or_else(|| {
                    Status::invalid_argument(format!("no value was sent for placeholder ${name}"))
                })?;
                Ok((name.clone(), value(column)?))
            });
            Ok(Params::named(named.collect::<Result<_, Status>>()?))
        }
    }
}

#[cfg(test)]
mod tests;
