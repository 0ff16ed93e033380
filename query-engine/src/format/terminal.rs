//! Tables for people: columns fit the width, long text is cut, control characters are shown, not sent.
//!
//! Rows too wide for columns are printed one field a line. Whole answers only: widths need all rows.

use super::value::{TIMESTAMP_FORMAT, in_utc, is_nested};
use super::{Encoder, Format, json};
use crate::error::QueryError;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions as ArrowOptions};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Narrowest column that text is cut to; with less for each, rows are printed one field a line.
const COLUMN_CHARS_MIN: usize = 8;
/// Between two columns.
const SEPARATOR: &str = " | ";
/// Characters of one value looked at, with `wide` too: a terminal is no place for megabytes.
const VALUE_CHARS_MAX: usize = 1 << 20;
const ELLIPSIS: char = '\u{2026}';
const NULL: &str = "NULL";
const DIM: &str = "\u{1b}[2m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// How an answer is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Columns for a person.
    #[default]
    Table,
    /// As [`Format::Csv`].
    Csv,
    /// As [`Format::Json`].
    Json,
}

/// Options of [`print`].
#[derive(Clone, Debug, Default)]
pub struct FormatOptions {
    /// Table, CSV or JSON.
    pub layout: Layout,
    /// Columns of the terminal; `None`, as when the output is no terminal, cuts nothing.
    pub width: Option<usize>,
    /// Cut nothing.
    pub wide: bool,
    /// Bold headings, dim nulls.
    pub color: bool,
    /// Told under a table.
    pub elapsed: Option<Duration>,
}

/// Prints an answer. CSV and JSON are the bytes that the HTTP API gives.
///
/// # Errors
/// Those of `out`; `InvalidData` where a column cannot be written in the format.
pub fn print(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    options: &FormatOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    let format = match options.layout {
        Layout::Table => return print_table(schema, batches, options, out),
        Layout::Csv => Format::Csv,
        Layout::Json => Format::Json,
    };
    let mut encoder = Encoder::new(format, schema).map_err(invalid)?;
    let mut bytes = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut bytes).map_err(invalid)?;
        out.write_all(&bytes)?;
        bytes.clear();
    }
    encoder.finish(&mut bytes).map_err(invalid)?;
    out.write_all(&bytes)
}

fn invalid(error: QueryError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// One column as text; `None` is null.
struct Column {
    name: String,
    numeric: bool,
    cells: Vec<Option<String>>,
    width: usize,
}

fn print_table(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    options: &FormatOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    let null = if options.color { NULL } else { "" };
    let columns = columns(schema, batches, null)?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let natural: Vec<usize> = columns.iter().map(|column| column.width).collect();
    let room = if options.wide { None } else { options.width };
    let widths = match room {
        Some(width) => fit(&natural, width),
        None => Some(natural),
    };
    match widths {
        Some(widths) => print_columns(&columns, &widths, rows, options.color, out)?,
        None => print_records(&columns, rows, room, options.color, out)?,
    }
    let noun = if rows == 1 { "row" } else { "rows" };
    match options.elapsed {
        Some(elapsed) => writeln!(out, "({rows} {noun}, {})", time_text(elapsed)),
        None => writeln!(out, "({rows} {noun})"),
    }
}

fn time_text(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0..10_000 => format!("{} ms", elapsed.as_millis()),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

fn columns(schema: &SchemaRef, batches: &[RecordBatch], null: &str) -> io::Result<Vec<Column>> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (position, field) in schema.fields().iter().enumerate() {
        let mut cells = Vec::new();
        for batch in batches {
            cells.extend(texts(field, batch.column(position)).map_err(io::Error::other)?);
        }
        let name = shown(field.name());
        let widest = cells.iter().map(|cell| cell.as_deref().unwrap_or(null).width()).max().unwrap_or(0);
        let width = widest.max(name.width()).max(1);
        columns.push(Column { name, numeric: field.data_type().is_numeric(), cells, width });
    }
    Ok(columns)
}

fn texts(field: &FieldRef, array: &ArrayRef) -> Result<Vec<Option<String>>, ArrowError> {
    if is_nested(array.data_type()) {
        let texts = json::texts(field, array)?;
        return Ok(texts.into_iter().map(|text| text.map(|text| shown(&text))).collect());
    }
    let array = in_utc(array);
    let options = ArrowOptions::new().with_display_error(true).with_timestamp_format(Some(TIMESTAMP_FORMAT));
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    Ok((0..array.len())
        .map(|row| array.is_valid(row).then(|| shown(&formatter.value(row).to_string())))
        .collect())
}

/// Text with control characters (line ends, escapes that drive a terminal) written out.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(VALUE_CHARS_MAX));
    for c in text.chars().take(VALUE_CHARS_MAX) {
        let direction_mark = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || direction_mark {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Widths that fit into `room`: the widest columns give first. `None` where each would get too little.
fn fit(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    let separators = SEPARATOR.len() * natural.len().saturating_sub(1);
    let room = room.saturating_sub(separators);
    let total = |cap: usize| natural.iter().map(|&width| width.min(cap)).sum::<usize>();
    let widest = natural.iter().copied().max().unwrap_or(0);
    if total(widest) <= room {
        return Some(natural.to_vec());
    }
    // The largest cap that fits; `low` always fits.
    let (mut low, mut high) = (COLUMN_CHARS_MIN, widest);
    if total(low) > room {
        return None;
    }
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if total(middle) <= room { low = middle } else { high = middle }
    }
    Some(natural.iter().map(|&width| width.min(low)).collect())
}

fn print_columns(
    columns: &[Column],
    widths: &[usize],
    rows: usize,
    color: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = String::new();
    for (position, (column, &width)) in columns.iter().zip(widths).enumerate() {
        let style = if color { BOLD } else { "" };
        cell(&mut line, &column.name, width, column.numeric, style, position + 1 == columns.len());
        if position + 1 < columns.len() {
            line.push_str(SEPARATOR);
        }
    }
    writeln!(out, "{line}")?;
    let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
    writeln!(out, "{}", rules.join("-+-"))?;
    for row in 0..rows {
        line.clear();
        for (position, (column, &width)) in columns.iter().zip(widths).enumerate() {
            let last = position + 1 == columns.len();
            let (text, style) = match &column.cells[row] {
                Some(text) => (text.as_str(), ""),
                None if color => (NULL, DIM),
                None => ("", ""),
            };
            cell(&mut line, text, width, column.numeric, style, last);
            if !last {
                line.push_str(SEPARATOR);
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Appends `text` cut and padded to `width` terminal columns; a last, left-aligned one is not padded.
fn cell(line: &mut String, text: &str, width: usize, right: bool, style: &str, last: bool) {
    let (text, used) = cut(text, width);
    let padding = width.saturating_sub(used);
    if right {
        line.extend(std::iter::repeat_n(' ', padding));
    }
    line.push_str(style);
    line.push_str(&text);
    if !style.is_empty() {
        line.push_str(PLAIN);
    }
    if !right && !last {
        line.extend(std::iter::repeat_n(' ', padding));
    }
}

/// `text` within `width` terminal columns, with an ellipsis where it was cut, and the columns it takes.
fn cut(text: &str, width: usize) -> (String, usize) {
    let natural = text.width();
    if natural <= width {
        return (text.to_owned(), natural);
    }
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        kept.push(c);
        used += wide;
    }
    kept.push(ELLIPSIS);
    (kept, used + 1)
}

/// One block a row, one line a field.
fn print_records(
    columns: &[Column],
    rows: usize,
    room: Option<usize>,
    color: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let names = columns.iter().map(|column| column.name.width()).max().unwrap_or(0);
    let value_width = room.map(|room| room.saturating_sub(names + SEPARATOR.len()).max(COLUMN_CHARS_MIN));
    for row in 0..rows {
        let mut head = format!("-[ row {} ]", row + 1);
        let rule = room.unwrap_or(names + 20).saturating_sub(head.len()).min(60);
        head.extend(std::iter::repeat_n('-', rule));
        writeln!(out, "{head}")?;
        for column in columns {
            let mut line = String::new();
            cell(&mut line, &column.name, names, false, if color { BOLD } else { "" }, false);
            line.push_str(SEPARATOR);
            match &column.cells[row] {
                Some(text) => {
                    line.push_str(&value_width.map_or_else(|| text.clone(), |width| cut(text, width).0))
                }
                None if color => write!(line, "{DIM}{NULL}{PLAIN}").map_err(io::Error::other)?,
                None => {}
            }
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
