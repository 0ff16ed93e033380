//! What a person sees.

use super::*;
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use std::sync::Arc;

fn table(columns: Vec<(&str, ArrayRef)>, options: &FormatOptions) -> String {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = Vec::new();
    print(&batch.schema(), &[batch], options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("pattern_id", Arc::new(StringArray::from(vec!["a1", "b2", "c3"]))),
        ("occurrences", Arc::new(Int64Array::from(vec![Some(12_345), None, Some(7)]))),
        (
            "message",
            Arc::new(StringArray::from(vec![
                Some("No module named 'pandas' in this very long message"),
                Some("two\nlines\u{1b}[31m"),
                None,
            ])),
        ),
    ]
}

fn at(width: usize) -> FormatOptions {
    FormatOptions { width: Some(width), ..FormatOptions::default() }
}

#[test]
fn long_text_is_cut_and_control_characters_are_shown() {
    let elapsed = Some(Duration::from_millis(8));
    let expected = [
        "pattern_id | occurrences | message",
        "-----------+-------------+----------------------------------",
        "a1         |       12345 | No module named 'pandas' in this\u{2026}",
        "b2         |             | two\\nlines\\u{1b}[31m",
        "c3         |           7 |",
        "(3 rows, 8 ms)",
    ];
    assert_eq!(table(sample(), &FormatOptions { elapsed, ..at(60) }).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn wide_cuts_nothing() {
    let expected = [
        "pattern_id | occurrences | message",
        "-----------+-------------+---------------------------------------------------",
        "a1         |       12345 | No module named 'pandas' in this very long message",
        "b2         |             | two\\nlines\\u{1b}[31m",
        "c3         |           7 |",
        "(3 rows)",
    ];
    assert_eq!(
        table(sample(), &FormatOptions { wide: true, ..at(40) }).lines().collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn rows_too_wide_for_columns_are_printed_a_field_a_line() {
    let expected = [
        "-[ row 1 ]--------------",
        "pattern_id  | a1",
        "occurrences | 12345",
        "message     | No module\u{2026}",
        "-[ row 2 ]--------------",
        "pattern_id  | b2",
        "occurrences |",
        "message     | two\\nline\u{2026}",
        "-[ row 3 ]--------------",
        "pattern_id  | c3",
        "occurrences | 7",
        "message     |",
        "(3 rows)",
    ];
    assert_eq!(table(sample(), &at(24)).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn colour_marks_headings_and_nulls() {
    let columns: Vec<(&str, ArrayRef)> =
        vec![("n", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)])))];
    let shown = table(columns, &FormatOptions { color: true, ..FormatOptions::default() });
    assert_eq!(shown, "   \u{1b}[1mn\u{1b}[0m\n----\n 1.5\n\u{1b}[2mNULL\u{1b}[0m\n NaN\n(3 rows)\n");
}

#[test]
fn no_rows_still_have_headings() {
    let batch = RecordBatch::try_from_iter(sample()).unwrap();
    let mut out = Vec::new();
    print(&batch.schema(), &[], &at(80), &mut out).unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert_eq!(shown, "pattern_id | occurrences | message\n-----------+-------------+--------\n(0 rows)\n");
}

/// No line is wider than the terminal, whatever is in the cells.
#[test]
fn lines_fit_the_terminal() {
    for width in 40..120 {
        for line in table(sample(), &at(width)).lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
    let wide: Vec<(&str, ArrayRef)> =
        vec![("x", Arc::new(StringArray::from(vec!["\u{30bf}\u{30a4}\u{30d7}".repeat(30)])))];
    for width in 12..70 {
        for line in table(wide.clone(), &at(width)).lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn json_and_csv_are_those_of_the_api() {
    let options = FormatOptions { layout: Layout::Csv, ..FormatOptions::default() };
    assert!(table(sample(), &options).starts_with("pattern_id,occurrences,message\na1,12345,"));
    let options = FormatOptions { layout: Layout::Json, ..FormatOptions::default() };
    assert!(table(sample(), &options).starts_with("[{\"pattern_id\":\"a1\",\"occurrences\":12345,"));
}
