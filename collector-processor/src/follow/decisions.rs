//! What people decided about patterns, out of table `pattern_events`: merges, splits, pairs kept apart.
//!
//! All files are read at each start: the table holds what people did, not what programs do. Rows of other actions are
//! not for processors.

use super::FollowError;
use super::table::FollowedTable;
use crate::pipeline::Pipeline;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use error_patterns::ids::{Fingerprint, PatternId};
use error_patterns::store::{DECISIONS_MAX, Decision, Moment};
use lake::Lake;
use schemas::tables::Table;
use std::collections::HashSet;
use std::sync::Arc;

/// Follows the `pattern_events` table.
#[derive(Debug)]
pub(super) struct Decisions {
    pipeline: Arc<Pipeline>,
    table: FollowedTable,
    told_full: bool,
}

impl Decisions {
    pub(super) fn new(lake: Lake, pipeline: Arc<Pipeline>) -> Self {
        let table = FollowedTable::new(lake, Table::PatternEvents, HashSet::new());
        Self { pipeline, table, told_full: false }
    }

    /// Learns what is new.
    ///
    /// # Errors
    /// When the table or one of its files cannot be read; the rest comes next time.
    pub(super) async fn refresh(&mut self) -> Result<(), FollowError> {
        let Self { pipeline, table, told_full } = self;
        let obey = |batch: &RecordBatch| {
            for (decision, at) in (0..batch.num_rows()).filter_map(|row| decision(batch, row)) {
                if !pipeline.obey(decision, at) && !*told_full {
                    *told_full = true;
                    tracing::warn!(
                        limit = DECISIONS_MAX,
                        "more merges or splits of patterns than are followed; the views still show them"
                    );
                }
            }
        };
        table.refresh(obey).await
    }
}

/// A row that processors obey; `None` for others, and for what cannot be read.
fn decision(batch: &RecordBatch, row: usize) -> Option<(Decision, Moment)> {
    let text = |name: &str| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row))
    };
    let (from, to) = (text("from_value"), text("to_value"));
    let pattern = |text: Option<&str>| text.and_then(|text| text.parse::<PatternId>().ok());
    let fingerprint = |text: Option<&str>| text.and_then(|text| text.parse::<Fingerprint>().ok());
    let pattern_id = pattern(text("pattern_id"));
    let decision = match text("action")? {
        "merge" => Decision::Merge(pattern_id?, pattern(to)),
        // A fingerprint becomes a pattern, or a pattern a fingerprint again.
        "split" => match fingerprint(from) {
            Some(split) => Decision::Split(split, Some(pattern(to)?)),
            None => Decision::Split(fingerprint(to)?, None),
        },
        "apart" => Decision::Apart(pattern_id?, pattern(to).or(pattern(from))?, to.is_some()),
        _ => return None,
    };
    let time = batch.column_by_name("time_unix_nano")?.as_primitive_opt::<Int64Type>()?;
    Some((decision, (time.value(row), text("event_id")?.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};

    fn row(action: &str, from: Option<&str>, to: Option<&str>) -> RecordBatch {
        let names = ["event_id", "pattern_id", "action", "from_value", "to_value"];
        let mut fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8, true)).into();
        fields.push(Field::new("time_unix_nano", DataType::Int64, false));
        let texts = [Some("e"), Some("00000000000000a1"), Some(action), from, to];
        let mut columns: Vec<arrow::array::ArrayRef> = Vec::new();
        columns.extend(texts.map(|text| Arc::new(StringArray::from(vec![text])) as _));
        columns.push(Arc::new(Int64Array::from(vec![7])));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    fn check(action: &str, from: Option<&str>, to: Option<&str>, expected: Option<Decision>) {
        let found = decision(&row(action, from, to), 0);
        assert_eq!(
            found,
            expected.map(|decision| (decision, (7, "e".to_owned()))),
            "{action} {from:?} {to:?}"
        );
    }

    #[test]
    fn rows_are_decisions() {
        let (a, b) = (PatternId(0xa1), PatternId(0xb2));
        let (other, hash) = (Some("00000000000000b2"), Some("000000000000000000000000000000c3"));
        check("merge", None, other, Some(Decision::Merge(a, Some(b))));
        check("merge", other, None, Some(Decision::Merge(a, None)));
        check("split", hash, other, Some(Decision::Split(Fingerprint(0xc3), Some(b))));
        check("split", other, hash, Some(Decision::Split(Fingerprint(0xc3), None)));
        check("apart", None, other, Some(Decision::Apart(a, b, true)));
        check("apart", other, None, Some(Decision::Apart(a, b, false)));
        check("status", Some("open"), Some("resolved"), None);
        check("split", Some("nonsense"), other, None);
        check("apart", None, None, None);
    }
}
