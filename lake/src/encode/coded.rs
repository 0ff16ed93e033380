//! Columns that come dictionary-coded: which array types count as such, and where a row's codes are.
//!
//! Text: `Dictionary(Int32, Utf8)`. Map: a `Map` whose keys and values are such dictionaries, or, where many rows share
//! one map, `Dictionary(Int32, Map)` of those. All batches of an append share each dictionary.

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, MapArray, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use std::ops::Range;
use std::sync::Arc;

/// Batch and row.
pub(super) type Place = (usize, usize);

/// A text column of all batches.
#[derive(Debug)]
pub(crate) struct CodedText<'a> {
    batches: Vec<&'a DictionaryArray<Int32Type>>,
    pub(super) texts: &'a StringArray,
}

/// A map column of all batches.
#[derive(Debug)]
pub(super) struct CodedMap<'a> {
    batches: Vec<MapRows<'a>>,
    pub(super) keys: &'a StringArray,
    pub(super) values: &'a StringArray,
}

#[derive(Debug)]
struct MapRows<'a> {
    /// Which map each row has, where maps are shared.
    shared: Option<&'a DictionaryArray<Int32Type>>,
    maps: &'a MapArray,
    keys: &'a [i32],
    values: &'a [i32],
}

/// Whether arrays of `actual` may stand in a column of `expected`, coded or not.
pub(super) fn is_coded_form(actual: &DataType, expected: &DataType) -> bool {
    match (actual, expected) {
        (DataType::Dictionary(code, inner), _) => **code == DataType::Int32 && is_coded_form(inner, expected),
        (DataType::Map(actual, _), DataType::Map(expected, _)) => {
            match (actual.data_type(), expected.data_type()) {
                (DataType::Struct(actual), DataType::Struct(expected)) => {
                    let each = || actual.iter().zip(expected);
                    actual.len() == expected.len()
                        && each().all(|(a, e)| is_coded_form(a.data_type(), e.data_type()))
                }
                _ => false,
            }
        }
        _ => actual == expected,
    }
}

impl<'a> CodedText<'a> {
    /// `None` where the column is not coded, or not by one dictionary.
    pub(crate) fn of(batches: &[&'a ArrayRef]) -> Option<Self> {
        let batches: Vec<_> =
            batches.iter().map(|b| b.as_dictionary_opt::<Int32Type>()).collect::<Option<_>>()?;
        let first = batches.first()?.values();
        let shared = batches.iter().all(|b| Arc::ptr_eq(b.values(), first));
        Some(Self { texts: first.as_string_opt::<i32>().filter(|_| shared)?, batches })
    }

    /// The text of a code.
    pub(super) fn text(&self, code: usize) -> &'a str {
        self.texts.value(code)
    }

    /// Code of a row; `None` where it is null.
    #[inline]
    pub(crate) fn code(&self, (batch, row): Place) -> Option<usize> {
        self.batches[batch].key(row)
    }
}

impl<'a> CodedMap<'a> {
    /// `None` where the column is no map, or its keys and values are not coded by one dictionary each.
    pub(super) fn of(batches: &[&'a ArrayRef]) -> Option<Self> {
        let rows: Vec<MapRows<'a>> = batches.iter().map(|batch| MapRows::of(batch)).collect::<Option<_>>()?;
        let texts = |column: usize| -> Option<&'a StringArray> {
            let dictionary =
                |rows: &MapRows<'a>| rows.maps.entries().column(column).as_dictionary_opt::<Int32Type>();
            let first = dictionary(rows.first()?)?.values();
            let shared = rows.iter().all(|r| dictionary(r).is_some_and(|d| Arc::ptr_eq(d.values(), first)));
            first.as_string_opt::<i32>().filter(|_| shared)
        };
        Some(Self { keys: texts(0)?, values: texts(1)?, batches: rows })
    }

    /// Codes of a row's keys and values; `None` where it is null.
    #[inline]
    pub(super) fn codes(&self, (batch, row): Place) -> Option<(&'a [i32], &'a [i32])> {
        let rows = &self.batches[batch];
        let row = match rows.shared {
            Some(shared) => shared.key(row)?,
            None => row,
        };
        if rows.maps.is_null(row) {
            return None;
        }
        let offsets = rows.maps.value_offsets();
        let entries: Range<usize> = offsets[row] as usize..offsets[row + 1] as usize;
        Some((rows.keys.get(entries.clone())?, rows.values.get(entries)?))
    }
}

impl<'a> MapRows<'a> {
    fn of(batch: &'a ArrayRef) -> Option<Self> {
        let shared = batch.as_dictionary_opt::<Int32Type>();
        let maps = match shared {
            Some(shared) => shared.values().as_map_opt()?,
            None => batch.as_map_opt()?,
        };
        // Entries are never null: keys are required, and a value that is absent makes no entry.
        let codes = |column: usize| {
            let dictionary = maps.entries().column(column).as_dictionary_opt::<Int32Type>()?;
            (dictionary.null_count() == 0).then(|| &dictionary.keys().values()[..])
        };
        Some(Self { shared, maps, keys: codes(0)?, values: codes(1)? })
    }
}
