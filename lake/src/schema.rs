//! Between the Arrow schemas of this version and the schema stored in a table's log.
//!
//! A stored schema only gains nullable columns. Columns that a newer version added and this one does
//! not know are kept: files written here lack them, which reads as null.

use crate::error::LakeError;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::sync::Arc;

/// JSON text of a schema for the log.
pub(crate) fn to_delta(table: Table, schema: &Schema) -> Result<String, LakeError> {
    let failed = |reason: String| LakeError::Schema { table: table.name(), reason };
    let kernel: StructType = schema.try_into_kernel().map_err(|error| failed(format!("{error}")))?;
    serde_json::to_string(&kernel).map_err(|error| failed(error.to_string()))
}

/// Arrow schema of the log's JSON text.
pub(crate) fn from_delta(table: Table, text: &str) -> Result<SchemaRef, LakeError> {
    let failed = |reason: String| LakeError::Schema { table: table.name(), reason };
    let kernel: StructType = serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
    let arrow: Schema = (&kernel).try_into_arrow().map_err(|error| failed(format!("{error}")))?;
    Ok(Arc::new(arrow))
}

/// The stored schema with the columns of `ours` that it lacks, before the partition column; `None`
/// where it lacks none.
///
/// # Errors
/// A column of both has another type, or a column that is lacking may not be null.
pub(crate) fn evolve(table: Table, stored: &Schema, ours: &Schema) -> Result<Option<Schema>, LakeError> {
    let failed = |reason: String| LakeError::Schema { table: table.name(), reason };
    let mut added = Vec::new();
    for field in ours.fields() {
        match stored.field_with_name(field.name()) {
            Ok(found) if same_type(found.data_type(), field.data_type()) => {}
            Ok(found) => {
                let (have, want) = (found.data_type(), field.data_type());
                return Err(failed(format!(
                    "column {} is stored as {have}, written as {want}",
                    field.name()
                )));
            }
            Err(_) if field.is_nullable() => added.push(Arc::clone(field)),
            Err(_) => return Err(failed(format!("column {} is missing and must not be null", field.name()))),
        }
    }
    if added.is_empty() {
        return Ok(None);
    }
    let (partition, rest): (Vec<_>, Vec<_>) =
        stored.fields().iter().cloned().partition(|field| field.name() == PARTITION_COLUMN);
    let fields: Fields = rest.into_iter().chain(added).chain(partition).collect();
    Ok(Some(Schema::new(fields)))
}

/// Types are the same but for the names of inner fields and metadata.
fn same_type(a: &DataType, b: &DataType) -> bool {
    let inner = |a: &Field, b: &Field| same_type(a.data_type(), b.data_type());
    match (a, b) {
        (DataType::List(a), DataType::List(b)) | (DataType::Map(a, _), DataType::Map(b, _)) => inner(a, b),
        (DataType::Struct(a), DataType::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| inner(a, b))
        }
        _ => a == b,
    }
}
