//! The engine's columns in the few types that Grafana knows.

use crate::error::Failure;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, ArrayRef, BinaryArray, StringArray};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, FieldRef, TimeUnit};
use std::sync::Arc;

/// A column as Grafana reads it: numbers, texts, booleans, times in nanoseconds; lists, maps and structs as JSON, all
/// else as text.
pub(crate) fn grafana(field: &FieldRef, values: &ArrayRef) -> Result<ArrayRef, Failure> {
    converted(field, values)
        .map_err(|error| Failure::plugin(&format!("cannot convert column {}", field.name()), &error))
}

fn converted(field: &FieldRef, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match values.data_type() {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8 => Arc::clone(values),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => cast(values, &DataType::Utf8)?,
        DataType::Float16
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => cast(values, &DataType::Float64)?,
        DataType::Timestamp(_, zone) => times(values, zone.clone())?,
        DataType::Date32 | DataType::Date64 => times(values, None)?,
        DataType::Dictionary(_, kind) => converted(field, &cast(values, kind)?)?,
        DataType::RunEndEncoded(_, kind) => converted(field, &cast(values, kind.data_type())?)?,
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::Struct(_)
        | DataType::Map(..) => json(field, values)?,
        _ => texts(values)?,
    })
}

/// Nanoseconds since the epoch: a zone says only how to show them.
fn times(values: &ArrayRef, zone: Option<Arc<str>>) -> Result<ArrayRef, ArrowError> {
    let nanos = cast(values, &DataType::Timestamp(TimeUnit::Nanosecond, zone))?;
    let nanos = nanos.as_primitive::<TimestampNanosecondType>().clone();
    Ok(Arc::new(nanos.with_timezone_opt::<Arc<str>>(None)))
}

fn json(field: &FieldRef, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, values.as_ref(), &options)?;
    let rows = (0..values.len()).map(|row| {
        values.is_valid(row).then(|| {
            let mut text = Vec::new();
            encoder.encode(row, &mut text);
            text
        })
    });
    Ok(Arc::new(BinaryArray::from_iter(rows)))
}

fn texts(values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options)?;
    let rows = (0..values.len())
        .map(|row| values.is_valid(row).then(|| formatter.value(row).try_to_string()).transpose());
    Ok(Arc::new(rows.collect::<Result<StringArray, ArrowError>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{
        Date32Array, Decimal128Array, DictionaryArray, DurationSecondArray, NullArray,
        TimestampMicrosecondArray,
    };
    use arrow_schema::Field;

    fn convert(values: impl Array + 'static) -> ArrayRef {
        let values: ArrayRef = Arc::new(values);
        let field = Arc::new(Field::new("c", values.data_type().clone(), true));
        grafana(&field, &values).unwrap()
    }

    fn nanos(values: &ArrayRef) -> Vec<Option<i64>> {
        assert_eq!(values.data_type(), &DataType::Timestamp(TimeUnit::Nanosecond, None));
        values.as_primitive::<TimestampNanosecondType>().iter().collect()
    }

    #[test]
    fn times_stay_the_instants_they_are() {
        let micros = || TimestampMicrosecondArray::from(vec![Some(1_795_428_000_000_001), None]);
        let expected = vec![Some(1_795_428_000_000_001_000), None];
        assert_eq!(nanos(&convert(micros())), expected);
        assert_eq!(nanos(&convert(micros().with_timezone("UTC"))), expected);
        assert_eq!(nanos(&convert(micros().with_timezone("+02:00"))), expected);
        assert_eq!(nanos(&convert(Date32Array::from(vec![1]))), vec![Some(86_400_000_000_000)]);
        // Further away than nanoseconds reach: no value rather than a wrong one.
        assert_eq!(nanos(&convert(TimestampMicrosecondArray::from(vec![i64::MAX]))), vec![None]);
    }

    #[test]
    fn what_grafana_does_not_know_becomes_what_it_knows() {
        let dictionary: DictionaryArray<Int32Type> = [Some("a"), None, Some("a")].into_iter().collect();
        let texts = convert(dictionary);
        assert_eq!(texts.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None, Some("a")]);
        let decimal = Decimal128Array::from(vec![12_345]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(convert(decimal).data_type(), &DataType::Float64);
        assert_eq!(convert(NullArray::new(2)).null_count(), 2);
        assert_eq!(convert(DurationSecondArray::from(vec![90])).as_string::<i32>().value(0), "PT90S");
    }

    #[test]
    fn lists_and_maps_become_json() {
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("a\"b"), None]);
        list.append_null();
        let list = convert(list.finish());
        assert_eq!(list.as_binary::<i32>().value(0), br#"["a\"b",null]"#);
        assert!(list.is_null(1));
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("k");
        map.values().append_value("v");
        map.append(true).unwrap();
        assert_eq!(convert(map.finish()).as_binary::<i32>().value(0), br#"{"k":"v"}"#);
    }
}
