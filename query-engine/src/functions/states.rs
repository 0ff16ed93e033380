//! What the aggregate functions share: a state for each group, kept as bytes between partial and final aggregation.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::utils::format_state_name;
use std::sync::Arc;

/// A group's state.
pub(super) trait State: Default {
    /// Appends the state as bytes; an empty state may be none.
    fn write(&self, out: &mut Vec<u8>);
    /// Bytes on the heap.
    fn heap_bytes(&self) -> usize;
}

/// One column of bytes.
pub(super) fn fields(args: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
    vec![Arc::new(Field::new(format_state_name(args.name, "state"), DataType::Binary, true))]
}

/// The states of all groups.
#[derive(Debug, Default)]
pub(super) struct States<S> {
    groups: Vec<S>,
    heap_bytes: usize,
}

impl<S: State> States<S> {
    /// Makes sure that there are `count` groups.
    pub(super) fn grow(&mut self, count: usize) {
        if self.groups.len() < count {
            self.groups.resize_with(count, S::default);
        }
    }

    /// Changes one group, and gives what that gave.
    pub(super) fn change<T>(&mut self, group: usize, change: impl FnOnce(&mut S) -> T) -> T {
        let state = &mut self.groups[group];
        let before = state.heap_bytes();
        let given = change(state);
        self.heap_bytes = (self.heap_bytes + state.heap_bytes()).saturating_sub(before);
        given
    }

    /// Takes out the groups that are to be shown.
    pub(super) fn take(&mut self, emit: EmitTo) -> Vec<S> {
        let taken = emit.take_needed(&mut self.groups);
        let bytes: usize = taken.iter().map(State::heap_bytes).sum();
        self.heap_bytes = self.heap_bytes.saturating_sub(bytes);
        taken
    }

    /// The states of the groups that are to be shown, as bytes.
    pub(super) fn take_bytes(&mut self, emit: EmitTo) -> ArrayRef {
        let mut out = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for state in self.take(emit) {
            bytes.clear();
            state.write(&mut bytes);
            out.append_value(&bytes);
        }
        Arc::new(out.finish())
    }

    pub(super) fn size(&self) -> usize {
        self.heap_bytes + self.groups.capacity() * size_of::<S>()
    }
}

/// The rows that count: neither filtered out nor null.
pub(super) fn counted<'a>(
    values: &'a dyn Array,
    filter: Option<&'a BooleanArray>,
) -> impl Iterator<Item = usize> + 'a {
    (0..values.len()).filter(move |&row| {
        values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
    })
}

/// The states that other aggregations wrote.
pub(super) fn written(values: &[ArrayRef]) -> Result<&BinaryArray> {
    values.first().and_then(|column| column.as_binary_opt::<i32>()).ok_or_else(|| {
        datafusion::error::DataFusionError::Internal(
            "the state of an aggregate is one column of bytes".to_owned(),
        )
    })
}
