//! Rows that tell where they come from, and the comparison of a table with what was acknowledged.

use super::process::{Process, TABLE};
use super::world::World;
use crate::support;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A date that retention drops, and one that it keeps.
const OLD: &str = "2020-02-02";
const NEW: &str = "2126-11-23";

/// Whether a position makes a row, and of which date.
fn date(position: u64) -> Option<&'static str> {
    match position % 7 {
        2 => Some(OLD),
        5 => None,
        _ => Some(NEW),
    }
}

/// The rows of a range of positions of a process's log.
pub(super) fn batches(process: usize, range: RangeInclusive<u64>) -> Vec<RecordBatch> {
    let row = |position: u64| {
        let batch = support::rows(TABLE, date(position)?, position, 1);
        let column = batch.schema().index_of("event_id").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[column] = Arc::new(StringArray::from(vec![format!("{process}-{position}")]));
        Some(RecordBatch::try_new(batch.schema(), columns).unwrap())
    };
    range.filter_map(row).collect()
}

/// Every acknowledged position's row is there once; of what was only tried there are no gaps.
pub(super) fn check(world: &World, files: &[String], acknowledged: &[u64], everyone: &[Arc<Process>]) {
    let mut found: Vec<HashMap<u64, usize>> = vec![HashMap::new(); acknowledged.len()];
    for file in files {
        let Some(bytes) = world.with(|state| state.object(&Path::from(file.as_str()))) else {
            return world.violate(format!("a snapshot names {file}, which does not exist"));
        };
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let ids = batch["event_id"].as_string::<i32>();
            for id in (0..ids.len()).map(|row| ids.value(row)) {
                let (process, position) = id.split_once('-').unwrap();
                let of_process = &mut found[process.parse::<usize>().unwrap()];
                *of_process.entry(position.parse().unwrap()).or_default() += 1;
            }
        }
    }
    for (process, found) in found.iter().enumerate() {
        let (last, attempted) = (found.keys().max().copied().unwrap_or(0), everyone[process].reached().1);
        if last > attempted {
            world.violate(format!("{process}-{last} is there, but only {attempted} were tried"));
        }
        for position in 1..=last.max(acknowledged[process]) {
            let count = found.get(&position).copied().unwrap_or(0);
            let wanted = usize::from(date(position) == Some(NEW));
            if count != wanted && !(date(position) == Some(OLD) && count == 1) {
                world.violate(format!(
                    "{process}-{position} is there {count} times; acknowledged {}, last {last}",
                    acknowledged[process]
                ));
            }
        }
    }
}
