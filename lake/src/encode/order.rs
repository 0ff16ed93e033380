//! Which rows go into which file, and in which order.

use super::coded::{CodedText, Place};
use super::is_date;
use super::plain::PlainText;
use crate::error::LakeError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{SortColumn, SortOptions, interleave, lexsort_to_indices};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
use schemas::layout::PARTITION_COLUMN;
use schemas::tables::Table;
use std::collections::{BTreeMap, HashMap};

/// A text column of all batches, however it comes.
enum Texts<'a> {
    Coded(CodedText<'a>),
    Plain(PlainText<'a>),
}

impl<'a> Texts<'a> {
    fn of(batches: &'a [RecordBatch], name: &str) -> Option<Self> {
        let columns: Vec<&'a ArrayRef> =
            batches.iter().map(|batch| batch.column_by_name(name)).collect::<Option<_>>()?;
        if let Some(coded) = CodedText::of(&columns) {
            return Some(Self::Coded(coded));
        }
        PlainText::of(&columns).map(Self::Plain)
    }

    fn text(&self, place: Place) -> Option<&'a str> {
        match self {
            Self::Coded(coded) => coded.code(place).map(|code| coded.text(code)),
            Self::Plain(plain) => plain.text(place),
        }
    }
}

/// Rows by date. A date becomes a folder's name, so nothing else passes.
pub(super) fn split_by_date(
    table: Table,
    batches: &[RecordBatch],
) -> Result<BTreeMap<&str, Vec<Place>>, LakeError> {
    let misfit = |reason: String| LakeError::Rows { table: table.name(), reason };
    let mut dates: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    if batches.is_empty() {
        return Ok(dates);
    }
    let texts = Texts::of(batches, PARTITION_COLUMN)
        .ok_or_else(|| misfit(format!("no text column {PARTITION_COLUMN}")))?;
    for (number, batch) in batches.iter().enumerate() {
        let mut row = 0;
        while row < batch.num_rows() {
            let date = texts.text((number, row)).unwrap_or_default();
            if !is_date(date) {
                return Err(misfit(format!("{date:?} is not a date")));
            }
            let end = (row + 1..batch.num_rows())
                .find(|next| texts.text((number, *next)) != Some(date))
                .unwrap_or(batch.num_rows());
            dates.entry(date).or_default().extend((row..end).map(|row| (number, row)));
            row = end;
        }
    }
    Ok(dates)
}

/// Sorts rows by the table's key.
pub(super) fn sort(table: Table, batches: &[RecordBatch], places: &mut Vec<Place>) -> Result<(), ArrowError> {
    let keys = match *table.sort_key() {
        [text, number] => fast_keys(batches, places, text, number),
        _ => None,
    };
    if let Some(mut keys) = keys {
        if !keys.is_sorted() {
            keys.sort_unstable();
            places.clear();
            places.extend(keys.iter().map(|(_, _, batch, row)| (*batch as usize, *row as usize)));
        }
        return Ok(());
    }
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let columns: Vec<SortColumn> = table
        .sort_key()
        .iter()
        .map(|name| {
            let arrays = batches.iter().filter_map(|batch| batch.column_by_name(name));
            let arrays: Vec<&dyn Array> = arrays.map(|array| &**array).collect();
            Ok(SortColumn { values: interleave(&arrays, places)?, options })
        })
        .collect::<Result<_, ArrowError>>()?;
    let order = lexsort_to_indices(&columns, None)?;
    *places = order.values().iter().map(|place| places[*place as usize]).collect();
    Ok(())
}

/// Keys of the common case, a text column (few distinct values) and an integer column: the text becomes
/// its rank, so that sorting compares integers. Nulls rank first.
fn fast_keys(
    batches: &[RecordBatch],
    places: &[Place],
    text: &str,
    number: &str,
) -> Option<Vec<(u32, i64, u32, u32)>> {
    let texts = Texts::of(batches, text)?;
    let numbers: Vec<_> = batches
        .iter()
        .map(|batch| {
            let column = batch.column_by_name(number)?;
            let column = column.as_primitive_opt::<Int64Type>()?;
            (column.null_count() == 0).then_some(column)
        })
        .collect::<Option<_>>()?;
    let mut ranks: HashMap<&str, u32> = HashMap::new();
    let mut previous = None;
    for place in places {
        let found = texts.text(*place);
        if found != previous {
            ranks.extend(found.map(|text| (text, 0)));
            previous = found;
        }
    }
    let mut distinct: Vec<&str> = ranks.keys().copied().collect();
    distinct.sort_unstable();
    for (place, text) in distinct.iter().enumerate() {
        ranks.insert(text, u32::try_from(place).ok()? + 1);
    }
    let mut previous = (None, 0);
    places
        .iter()
        .map(|place| {
            let found = texts.text(*place);
            if found != previous.0 {
                previous = (found, found.map_or(0, |text| ranks[text]));
            }
            let time = numbers[place.0].value(place.1);
            Some((previous.1, time, u32::try_from(place.0).ok()?, u32::try_from(place.1).ok()?))
        })
        .collect()
}
