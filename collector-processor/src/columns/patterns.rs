//! Columns of table `patterns`.

use super::builders::{Built, ListColumn, LongTextColumn, Named, TableColumns, TimeColumns};
use crate::pipeline::PatternRow;
use arrow::array::Int32Builder;
use schemas::tables::Table;

#[derive(Debug, Default)]
pub(super) struct PatternColumns {
    time: TimeColumns,
    hashes: ListColumn,
    severity: Built<Int32Builder>,
    texts: [LongTextColumn; TEXTS.len()],
}

/// The text columns, in the order in which [`PatternColumns::push`] gives them.
const TEXTS: [&str; 18] = [
    "fact",
    "pattern_id",
    "fingerprint",
    "alias_of",
    "signature",
    "canonical",
    "error_type",
    "canonical_msg",
    "language",
    "taxonomy_runtime",
    "taxonomy_phase",
    "taxonomy_type",
    "taxonomy_cause",
    "reason",
    "strategy",
    "sample_trace",
    "service_name",
    "writer",
];
/// Of [`TEXTS`], those that are never null.
const REQUIRED: [&str; 5] = ["fact", "pattern_id", "fingerprint", "strategy", "writer"];

impl PatternColumns {
    pub(super) fn push(&mut self, row: &PatternRow, writer: &str, date_unix_nano: u64) {
        self.time.push(row.time_unix_nano, date_unix_nano);
        row.hashes.iter().for_each(|h| self.hashes.element(h));
        self.hashes.row_or_null();
        self.severity.builder.append_option((row.severity > 0).then_some(row.severity));
        let values: [&str; TEXTS.len()] = [
            &row.fact,
            &row.pattern_id,
            &row.fingerprint,
            row.alias_of.as_deref().unwrap_or_default(),
            &row.signature,
            &row.canonical,
            &row.error_type,
            &row.canonical_msg,
            &row.language,
            &row.taxonomy_runtime,
            &row.taxonomy_phase,
            &row.taxonomy_type,
            &row.taxonomy_cause,
            &row.reason,
            &row.strategy,
            &row.sample_trace,
            &row.service_name,
            writer,
        ];
        for ((column, name), value) in self.texts.iter_mut().zip(TEXTS).zip(values) {
            if REQUIRED.contains(&name) { column.push(value) } else { column.push_optional(Some(value)) }
        }
    }
}

impl TableColumns for PatternColumns {
    const TABLE: Table = Table::Patterns;

    fn rows(&self) -> usize {
        self.time.rows()
    }

    fn columns(&mut self) -> Named<'_> {
        let mut columns: Named<'_> = vec![("hashes", &mut self.hashes), ("severity", &mut self.severity)];
        columns.extend(self.time.columns());
        for (name, column) in TEXTS.iter().zip(&mut self.texts) {
            columns.push((name, column));
        }
        columns
    }
}
