//! What the text formats share: times in UTC, unique column names.

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use std::collections::HashSet;
use std::sync::Arc;

/// ISO 8601 in UTC; as many digits of the fraction as there are.
pub(super) const TIMESTAMP_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.fZ";

/// Takes the zone off a column of times: all are instants in UTC, and the formats write them as such.
pub(super) fn in_utc(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, Some(_)) => {
            Arc::new(array.as_primitive::<TimestampSecondType>().clone().with_timezone_opt(None::<Arc<str>>))
        }
        DataType::Timestamp(TimeUnit::Millisecond, Some(_)) => Arc::new(
            array.as_primitive::<TimestampMillisecondType>().clone().with_timezone_opt(None::<Arc<str>>),
        ),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Arc::new(
            array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<Arc<str>>),
        ),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => Arc::new(
            array.as_primitive::<TimestampNanosecondType>().clone().with_timezone_opt(None::<Arc<str>>),
        ),
        _ => Arc::clone(array),
    }
}

/// The type that [`in_utc`] makes of `kind`.
pub(super) fn type_in_utc(kind: &DataType) -> DataType {
    match kind {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, None),
        other => other.clone(),
    }
}

/// The schema after [`in_utc`]; with `unique`, later columns of the same name get `_2`, `_3`, ... so that no value
/// is lost in an object.
pub(super) fn text_schema(schema: &Schema, unique: bool) -> SchemaRef {
    let mut taken: HashSet<String> = HashSet::new();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let mut name = field.name().clone();
            let mut copy = 2;
            while unique && taken.contains(&name) {
                name = format!("{}_{copy}", field.name());
                copy += 1;
            }
            taken.insert(name.clone());
            Field::new(name, type_in_utc(field.data_type()), true)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// Whether a value is a list, a map or another nested one.
pub(super) fn is_nested(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_nested(values),
        other => other.is_nested(),
    }
}
