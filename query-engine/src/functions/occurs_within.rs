//! `occurs_within(time, count, window)`: whether `count` of the times lie within `window` of one another. Times and
//! window in nanoseconds; `count` and `window` are constants.
//!
//! The same as a window function over the sorted times, but what is kept of two files can be put together: either that
//! it was so already, or all times, of which there are less than `count` in each window then.

use super::states::{self, State, States};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// The state of a group in which it was so.
const SO: &[u8] = &[1];

pub(super) fn function() -> AggregateUDF {
    let types = vec![DataType::Int64, DataType::Int64, DataType::Int64];
    AggregateUDF::from(OccursWithin { signature: Signature::exact(types, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OccursWithin {
    signature: Signature,
}

impl AggregateUDFImpl for OccursWithin {
    fn name(&self) -> &'static str {
        "occurs_within"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _kind: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Boolean(Some(false)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(states::fields(&args))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Whole { rule: Rule::of(&args)?, pace: Pace::default() }))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Paces { rule: Rule::of(&args)?, states: States::default() }))
    }
}

/// How many times within how many nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Rule {
    count: usize,
    window: i64,
}

impl Rule {
    fn of(args: &AccumulatorArgs<'_>) -> Result<Self> {
        let constant = |place: usize| {
            let literal = args.exprs.get(place).and_then(|expr| expr.downcast_ref::<Literal>());
            match literal.map(Literal::value) {
                Some(ScalarValue::Int64(Some(value))) if *value >= 0 => Ok(*value),
                _ => Err(DataFusionError::Plan(
                    "occurs_within(time, count, window) takes constants for count and window, neither below 0".to_owned(),
                )),
            }
        };
        Ok(Self { count: usize::try_from(constant(1)?).unwrap_or(usize::MAX).max(1), window: constant(2)? })
    }
}

/// What is known of one group.
#[derive(Clone, Debug)]
enum Pace {
    /// All times, in order; less than the count in each window.
    Not(Vec<i64>),
    So,
}

impl Default for Pace {
    fn default() -> Self {
        Self::Not(Vec::new())
    }
}

impl Pace {
    fn add(&mut self, rule: Rule, time: i64) {
        let Self::Not(times) = self else { return };
        let place = match times.last() {
            Some(&last) if time < last => times.partition_point(|&other| other <= time),
            _ => times.len(),
        };
        times.insert(place, time);
        let first = place.saturating_sub(rule.count - 1);
        let mut runs = times[first..].windows(rule.count).take(place - first + 1);
        if runs.any(|run| run[rule.count - 1].saturating_sub(run[0]) <= rule.window) {
            *self = Self::So;
        }
    }

    fn join(&mut self, rule: Rule, bytes: &[u8]) -> Result<()> {
        if bytes == SO {
            *self = Self::So;
            return Ok(());
        }
        let (words, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(DataFusionError::Internal(format!(
                "a state of occurs_within has {} bytes",
                bytes.len()
            )));
        }
        words.iter().for_each(|word| self.add(rule, i64::from_le_bytes(*word)));
        Ok(())
    }
}

impl State for Pace {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::So => out.extend_from_slice(SO),
            Self::Not(times) => times.iter().for_each(|time| out.extend_from_slice(&time.to_le_bytes())),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::So => 0,
            Self::Not(times) => times.capacity() * 8,
        }
    }
}

/// Without groups.
#[derive(Debug)]
struct Whole {
    rule: Rule,
    pace: Pace,
}

impl Accumulator for Whole {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let times = values[0].as_primitive::<Int64Type>();
        states::counted(times, None).for_each(|row| self.pace.add(self.rule, times.value(row)));
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let written = states::written(values)?;
        states::counted(written, None).try_for_each(|row| self.pace.join(self.rule, written.value(row)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut bytes = Vec::new();
        self.pace.write(&mut bytes);
        Ok(vec![ScalarValue::Binary(Some(bytes))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Boolean(Some(matches!(self.pace, Pace::So))))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.pace.heap_bytes()
    }
}

#[derive(Debug)]
struct Paces {
    rule: Rule,
    states: States<Pace>,
}

impl GroupsAccumulator for Paces {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.states.grow(total);
        let times = values[0].as_primitive::<Int64Type>();
        for row in states::counted(times, filter) {
            self.states.change(groups[row], |pace| pace.add(self.rule, times.value(row)));
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.states.grow(total);
        let written = states::written(values)?;
        states::counted(written, None).try_for_each(|row| {
            self.states.change(groups[row], |pace| pace.join(self.rule, written.value(row)))
        })
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let so: Vec<bool> = self.states.take(emit).iter().map(|pace| matches!(pace, Pace::So)).collect();
        Ok(Arc::new(BooleanArray::from(so)))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.states.take_bytes(emit)])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = Self { rule: self.rule, states: States::default() };
        let groups: Vec<usize> = (0..values[0].len()).collect();
        rows.update_batch(values, &groups, filter, groups.len())?;
        rows.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.states.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pace(rule: Rule, times: &[i64]) -> Pace {
        let mut pace = Pace::default();
        times.iter().for_each(|&time| pace.add(rule, time));
        pace
    }

    fn is_so(rule: Rule, times: &[i64]) -> bool {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted.windows(rule.count).any(|run| run[rule.count - 1] - run[0] <= rule.window)
    }

    proptest! {
        #[test]
        fn any_order_and_any_parts_agree_with_the_definition(
            times in prop::collection::vec(0_i64..200, 0..30),
            split in 0_usize..30,
            count in 1_usize..6,
            window in 0_i64..40,
        ) {
            let rule = Rule { count, window };
            let expected = is_so(rule, &times);
            prop_assert_eq!(matches!(pace(rule, &times), Pace::So), expected);
            let (first, last) = times.split_at(split.min(times.len()));
            let mut joined = pace(rule, first);
            let mut written = Vec::new();
            pace(rule, last).write(&mut written);
            joined.join(rule, &written).unwrap();
            prop_assert_eq!(matches!(joined, Pace::So), expected);
        }
    }
}
