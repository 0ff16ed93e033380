//! In which order the rows of all inputs go.
//!
//! A run of rows that all come before the other inputs' next rows is one element of the order, which is the rule where
//! files cover different times: there are far fewer runs than rows.

use super::input::Part;
use super::plain::arrays;
use crate::encode::CompactedFormat;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{FieldRef, Int64Type};
use parquet::errors::{ParquetError, Result};
use schemas::tables::Table;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Rows of an input that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) input: usize,
    pub(super) row: usize,
    pub(super) count: usize,
}

/// Rows in the order of the table's sort key.
#[derive(Debug)]
pub(super) struct Order {
    /// By row group of the new file.
    pub(super) groups: Vec<Vec<Run>>,
    pub(super) rows: usize,
    /// Whether each input's rows go in the order that they are in: it is sorted.
    pub(super) in_sequence: bool,
}

/// Rank of a text (0 is null) and number.
type Key = (u32, i64);

/// Keys of an input's rows, sorted, and which rows these are where they were not sorted.
#[derive(Default)]
struct Keys {
    keys: Vec<Key>,
    rows: Option<Vec<usize>>,
}

/// `fields` are the columns of the sort key, a text and a number, and `parts` those of all inputs.
pub(super) fn of(table: Table, fields: &[FieldRef], parts: &[Vec<Part>]) -> Result<Order> {
    let place = |name: &str| fields.iter().position(|field| field.name() == name);
    let unknown = || ParquetError::General(format!("sort key {:?} is no text and number", table.sort_key()));
    let [text, number] = table.sort_key() else { return Err(unknown()) };
    let (text, number) = (place(text).ok_or_else(unknown)?, place(number).ok_or_else(unknown)?);
    let mut inputs = ranks(&fields[text], &parts[text])?;
    for (input, part) in inputs.iter_mut().zip(&parts[number]) {
        let mut keys = input.keys.iter_mut();
        for array in arrays(part, &fields[number])? {
            let array = array?;
            let numbers = array.as_primitive_opt::<Int64Type>().ok_or_else(unknown)?;
            let nullable = (0..numbers.len()).map(|row| numbers.is_valid(row).then(|| numbers.value(row)));
            keys.by_ref().zip(nullable).for_each(|(key, number)| key.1 = number.unwrap_or(i64::MIN));
        }
    }
    inputs.iter_mut().for_each(Keys::sort);
    Ok(merge(&inputs))
}

/// Keys whose texts are known, as ranks among all texts.
fn ranks(field: &FieldRef, parts: &[Part]) -> Result<Vec<Keys>> {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut inputs = Vec::with_capacity(parts.len());
    for part in parts {
        let mut keys: Vec<Key> = Vec::with_capacity(part.rows);
        for array in arrays(part, field)? {
            let array = array?;
            let texts = array.as_string_view_opt();
            let texts = texts.ok_or_else(|| ParquetError::General(format!("{} is no text", field.name())))?;
            let mut before: Option<(&str, u32)> = None;
            for row in 0..texts.len() {
                if texts.is_null(row) {
                    keys.push((0, 0));
                    continue;
                }
                let text = texts.value(row);
                let number = match before.filter(|(before, _)| *before == text) {
                    Some((_, number)) => number,
                    None => match numbers.get(text) {
                        Some(number) => *number,
                        None => {
                            let number = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
                            numbers.insert(text.to_owned(), number);
                            number
                        }
                    },
                };
                before = Some((text, number));
                keys.push((number, 0));
            }
        }
        inputs.push(Keys { keys, rows: None });
    }
    let mut sorted: Vec<(&String, &u32)> = numbers.iter().collect();
    sorted.sort_unstable();
    let mut rank_of = vec![0; sorted.len() + 1];
    for (rank, (_, number)) in (1..).zip(sorted) {
        rank_of[*number as usize] = rank;
    }
    inputs.iter_mut().flat_map(|input| &mut input.keys).for_each(|key| key.0 = rank_of[key.0 as usize]);
    Ok(inputs)
}

impl Keys {
    fn sort(&mut self) {
        if self.keys.is_sorted() {
            return;
        }
        let mut rows: Vec<usize> = (0..self.keys.len()).collect();
        rows.sort_by_key(|row| self.keys[*row]);
        self.keys = rows.iter().map(|row| self.keys[*row]).collect();
        self.rows = Some(rows);
    }
}

fn merge(inputs: &[Keys]) -> Order {
    let rows = inputs.iter().map(|input| input.keys.len()).sum();
    let in_sequence = inputs.iter().all(|input| input.rows.is_none());
    let mut order = Builder { each: CompactedFormat::row_group_rows(rows), groups: Vec::new(), room: 0 };
    let head = |number: usize, at: usize| inputs[number].keys.get(at).map(|key| Reverse((*key, number, at)));
    let mut heads: BinaryHeap<_> = (0..inputs.len()).filter_map(|number| head(number, 0)).collect();
    while let Some(Reverse((_, number, at))) = heads.pop() {
        let Keys { keys, rows } = &inputs[number];
        let rest = &keys[at..];
        let count = match heads.peek() {
            // At least the row itself, which is no greater.
            Some(Reverse((next, ..))) => rest.partition_point(|key| key <= next),
            None => rest.len(),
        };
        match rows {
            None => order.push(Run { input: number, row: at, count }),
            Some(rows) => {
                rows[at..at + count]
                    .iter()
                    .for_each(|row| order.push(Run { input: number, row: *row, count: 1 }));
            }
        }
        heads.extend(head(number, at + count));
    }
    Order { groups: order.groups, rows, in_sequence }
}

/// Runs by row group.
struct Builder {
    each: usize,
    groups: Vec<Vec<Run>>,
    room: usize,
}

impl Builder {
    fn push(&mut self, mut run: Run) {
        while run.count > 0 {
            if self.room == 0 {
                self.groups.push(Vec::new());
                self.room = self.each;
            }
            let Some(group) = self.groups.last_mut() else { return };
            let count = run.count.min(self.room);
            match group.last_mut().filter(|last| last.input == run.input && last.row + last.count == run.row)
            {
                Some(last) => last.count += count,
                None => group.push(Run { count, ..run }),
            }
            self.room -= count;
            run.row += count;
            run.count -= count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(inputs: &[Vec<Key>]) -> (Vec<Key>, Order) {
        let keys = |keys: &Vec<Key>| {
            let mut keys = Keys { keys: keys.clone(), rows: None };
            keys.sort();
            keys
        };
        let order = merge(&inputs.iter().map(keys).collect::<Vec<_>>());
        let of_run = |run: &Run| inputs[run.input][run.row..run.row + run.count].to_vec();
        (order.groups.iter().flatten().flat_map(of_run).collect(), order)
    }

    #[test]
    fn all_rows_come_sorted_in_few_runs() {
        let inputs: Vec<Vec<Key>> = (0..5i64)
            .map(|file| (0..6000).map(|row| (row / 1500, file * 1000 + i64::from(row % 1500))).collect())
            .collect();
        let (sorted, order) = rows(&inputs);
        let mut expected: Vec<Key> = inputs.concat();
        expected.sort_unstable();
        assert_eq!(sorted, expected);
        assert!(order.in_sequence);
        let apart: Vec<Vec<Key>> = (0..5i64)
            .map(|file| (0..6000).map(|row| (row / 1500, file * 9000 + i64::from(row % 1500))).collect())
            .collect();
        assert_eq!(rows(&apart).1.groups[0].len(), 20);
    }

    #[test]
    fn inputs_that_are_not_sorted_are() {
        let inputs = vec![vec![(3, 1), (0, 9), (3, 0)], vec![(1, 1), (2, 2)], vec![]];
        let (sorted, order) = rows(&inputs);
        assert_eq!(sorted, [(0, 9), (1, 1), (2, 2), (3, 0), (3, 1)]);
        assert!(!order.in_sequence);
    }

    #[test]
    fn row_groups_are_alike() {
        let inputs = vec![(0..300_000).map(|row| (1, row)).collect()];
        let (_, order) = rows(&inputs);
        let counts: Vec<usize> =
            order.groups.iter().map(|group| group.iter().map(|run| run.count).sum()).collect();
        assert_eq!(counts, [100_000; 3]);
    }
}
