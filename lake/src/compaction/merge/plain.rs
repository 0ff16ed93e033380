//! Columns that are merged through Arrow: read, put in order and written by the `parquet` crate.
//!
//! Texts are read as views of the files' pages: their bytes are copied once, into the new file.

use super::Encoded;
use super::input::{Part, viewed_field};
use super::order::Order;
use crate::encode::{CompactedFormat, PlainWriter};
use crate::stats::ColumnStats;
use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::FieldRef;
use parquet::errors::{ParquetError, Result};
use std::collections::VecDeque;

/// Bytes of a column that are decoded at once, of an input and for the new file, about; and bounds of the rows.
const PIECE_BYTES: usize = 1024 * 1024;
const PIECE_ROWS_MIN: usize = 64;
const PIECE_ROWS_MAX: usize = 8192;

pub(super) fn encode(
    format: &CompactedFormat,
    field: &FieldRef,
    parts: &[Part],
    order: &Order,
) -> Result<Encoded> {
    let viewed = viewed_field(field);
    let mut writer = format.plain_writer(&viewed)?;
    let mut columns: Vec<Column<'_>> =
        parts.iter().map(|part| Column { part, rows: None, held: VecDeque::new(), read: 0 }).collect();
    let piece_rows = parts.iter().map(piece_rows).min().unwrap_or(PIECE_ROWS_MAX);
    let mut stats = ColumnStats::default();
    let mut groups = Vec::with_capacity(order.groups.len());
    let mut piece: Vec<ArrayRef> = Vec::new();
    let mut write = |writer: &mut PlainWriter, piece: &mut Vec<ArrayRef>| -> Result<()> {
        let rows = match piece.as_slice() {
            [] => return Ok(()),
            [array] => ArrayRef::clone(array),
            arrays => concat(&arrays.iter().map(|array| &**array).collect::<Vec<_>>())?,
        };
        piece.clear();
        stats.observe(&rows);
        writer.write(&rows)
    };
    for group in &order.groups {
        let mut room = piece_rows;
        for run in group {
            let (mut row, end) = (run.row, run.row + run.count);
            while row < end {
                let slice = columns[run.input].slice(&viewed, row, room.min(end - row), order.in_sequence)?;
                row += slice.len();
                room -= slice.len();
                piece.push(slice);
                if room == 0 {
                    write(&mut writer, &mut piece)?;
                    room = piece_rows;
                }
            }
        }
        write(&mut writer, &mut piece)?;
        groups.push(writer.finish()?);
    }
    Ok((groups, stats))
}

/// A column of an input, being read.
struct Column<'a> {
    part: &'a Part,
    rows: Option<Arrays<'a>>,
    /// First row and rows.
    held: VecDeque<(usize, ArrayRef)>,
    read: usize,
}

impl<'a> Column<'a> {
    /// Rows from `row` on: at least one, at most `count`. Where they are read `in_sequence`, what is before is let go.
    fn slice(&mut self, field: &FieldRef, row: usize, count: usize, in_sequence: bool) -> Result<ArrayRef> {
        let ends =
            |part: &Part| ParquetError::EOF(format!("a row group has less than its {} rows", part.rows));
        while self.read <= row {
            let rows = match &mut self.rows {
                Some(rows) => rows,
                rows => rows.insert(arrays(self.part, field)?),
            };
            let array = rows.next().ok_or_else(|| ends(self.part))??;
            if in_sequence {
                self.held.clear();
            }
            let start = self.read;
            self.read += array.len();
            self.held.push_back((start, array));
        }
        let place = self.held.partition_point(|(start, _)| *start <= row).checked_sub(1);
        let (start, array) = place.and_then(|place| self.held.get(place)).ok_or_else(|| ends(self.part))?;
        let at = row - start;
        Ok(array.slice(at, count.min(array.len() - at)))
    }
}

/// Arrays of a column, one after another.
type Arrays<'a> = Box<dyn Iterator<Item = Result<ArrayRef>> + 'a>;

/// A column of an input as it is in the table, texts as views; null where the file lacks it.
pub(super) fn arrays<'a>(part: &'a Part, field: &FieldRef) -> Result<Arrays<'a>> {
    let kind = viewed_field(field).data_type().clone();
    let batch_rows = piece_rows(part);
    if part.is_absent() {
        let starts = (0..part.rows).step_by(batch_rows);
        return Ok(Box::new(
            starts.map(move |start| Ok(new_null_array(&kind, batch_rows.min(part.rows - start)))),
        ));
    }
    let reader = part.read(batch_rows)?;
    Ok(Box::new(reader.map(move |batch| {
        let batch = batch?;
        let column = batch.columns().first().ok_or_else(|| ParquetError::General("no column".into()))?;
        Ok(if *column.data_type() == kind { ArrayRef::clone(column) } else { cast(column, &kind)? })
    })))
}

fn piece_rows(part: &Part) -> usize {
    let bytes: i64 = part.columns().iter().map(|column| column.uncompressed_size()).sum();
    let bytes_a_row = usize::try_from(bytes).unwrap_or(0).div_ceil(part.rows.max(1)).max(1);
    (PIECE_BYTES / bytes_a_row).clamp(PIECE_ROWS_MIN, PIECE_ROWS_MAX)
}
