//! `distinct_estimate(x)`: how many different texts there are. Exact up to [`EXACT_MAX`], from there on an estimate with
//! a standard error of 1.6 %.
//!
//! `count(DISTINCT x)` must keep every value of every group; this keeps at most 4 KiB a group, and what it keeps of two
//! files can be put together (twice that while it is counted). Up to [`EXACT_MAX`] the hashes themselves are kept, then registers as in HyperLogLog
//! (Flajolet et al., AofA 2007), read by the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
//! sketches" (arXiv:1702.01284), algorithm 6.

use super::states::{self, State, States};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringArray, StringViewArray,
};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Bits of a hash that pick its register.
const REGISTER_BITS: u32 = 12;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bits of a hash of which leading zeros are counted.
const RANK_BITS: u32 = 64 - REGISTER_BITS;
/// Up to here the count is exact: one hash more would take as much room as the registers.
const EXACT_MAX: usize = REGISTERS / 8 - 1;
/// Places of the first table of hashes.
const HASHES_ROOM_MIN: usize = 4;
/// Before the registers in a written state, so that its length is odd; hashes are written without.
const REGISTERS_FOLLOW: u8 = 1;
/// Counts of ranks are made in so many tables: additions to one place would wait for one another.
const TABLES: usize = 4;

pub(super) fn function() -> AggregateUDF {
    AggregateUDF::from(DistinctEstimate {
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DistinctEstimate {
    signature: Signature,
}

impl AggregateUDFImpl for DistinctEstimate {
    fn name(&self) -> &'static str {
        "distinct_estimate"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _kind: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(states::fields(&args))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::<Sketch>::default())
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::<Sketches>::default())
    }
}

/// What is known of one group's values.
#[derive(Clone, Debug)]
enum Sketch {
    Few(Hashes),
    /// For each register the longest run of zeros, plus one.
    Many(Box<[u8]>),
}

impl Default for Sketch {
    fn default() -> Self {
        Self::Few(Hashes::default())
    }
}

/// Different hashes: a table with open addressing, as they are spread evenly already. 0 is a free place; a value whose
/// hash is 0 counts as one whose hash is 1.
#[derive(Clone, Debug, Default)]
struct Hashes {
    places: Vec<u64>,
    count: usize,
}

impl Hashes {
    fn add(&mut self, hash: u64) {
        if self.count * 4 >= self.places.len() * 3 {
            let room = (self.places.len() * 2).max(HASHES_ROOM_MIN);
            let before = std::mem::replace(&mut self.places, vec![0; room]);
            self.count = 0;
            before.into_iter().filter(|&hash| hash != 0).for_each(|hash| self.place(hash));
        }
        self.place(hash.max(1));
    }

    fn place(&mut self, hash: u64) {
        let last = self.places.len() - 1;
        let mut at = hash as usize & last;
        while self.places[at] != 0 {
            if self.places[at] == hash {
                return;
            }
            at = (at + 1) & last;
        }
        self.places[at] = hash;
        self.count += 1;
    }

    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.places.iter().copied().filter(|&hash| hash != 0)
    }

    fn in_order(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.iter().collect();
        hashes.sort_unstable();
        hashes
    }
}

impl Sketch {
    fn add(&mut self, hash: u64) {
        match self {
            Self::Few(hashes) => {
                hashes.add(hash);
                self.spread_if_many();
            }
            Self::Many(registers) => raise(registers, hash),
        }
    }

    fn spread_if_many(&mut self) {
        if let Self::Few(hashes) = self
            && hashes.count > EXACT_MAX
        {
            let mut registers = vec![0; REGISTERS].into_boxed_slice();
            hashes.iter().for_each(|hash| raise(&mut registers, hash));
            *self = Self::Many(registers);
        }
    }

    /// What the sketch that was written as `bytes` has seen too.
    fn join(&mut self, bytes: &[u8]) -> Result<()> {
        match (&mut *self, parse(bytes)?) {
            (Self::Few(_), Written::Few(theirs)) => {
                theirs.iter().for_each(|hash| self.add(u64::from_le_bytes(*hash)));
            }
            (Self::Many(ours), Written::Many(theirs)) => {
                ours.iter_mut().zip(theirs).for_each(|(our, their)| *our = (*our).max(*their));
            }
            (Self::Many(ours), Written::Few(theirs)) => {
                theirs.iter().for_each(|hash| raise(ours, u64::from_le_bytes(*hash)))
            }
            (Self::Few(ours), Written::Many(theirs)) => {
                let mut registers: Box<[u8]> = theirs.into();
                ours.iter().for_each(|hash| raise(&mut registers, hash));
                *self = Self::Many(registers);
            }
        }
        Ok(())
    }

    fn estimate(&self) -> i64 {
        match self {
            Self::Few(hashes) => hashes.count as i64,
            Self::Many(registers) => estimate(registers),
        }
    }
}

/// A written state.
enum Written<'b> {
    /// Hashes in order.
    Few(&'b [[u8; 8]]),
    Many(&'b [u8]),
}

fn parse(bytes: &[u8]) -> Result<Written<'_>> {
    if let [REGISTERS_FOLLOW, registers @ ..] = bytes
        && registers.len() == REGISTERS
    {
        return Ok(Written::Many(registers));
    }
    let (hashes, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() || hashes.len() > EXACT_MAX {
        return Err(DataFusionError::Internal(format!(
            "a state of distinct_estimate has {} bytes",
            bytes.len()
        )));
    }
    Ok(Written::Few(hashes))
}

impl State for Sketch {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Few(hashes) => {
                hashes.in_order().iter().for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
            }
            Self::Many(registers) => {
                out.push(REGISTERS_FOLLOW);
                out.extend_from_slice(registers);
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(hashes) => hashes.places.len() * 8,
            Self::Many(registers) => registers.len(),
        }
    }
}

fn raise(registers: &mut [u8], hash: u64) {
    let register = (hash >> RANK_BITS) as usize;
    let rank = ((hash << REGISTER_BITS).leading_zeros().min(RANK_BITS) + 1) as u8;
    registers[register] = registers[register].max(rank);
}

fn estimate(registers: &[u8]) -> i64 {
    let mut tables = [[0_u32; 64]; TABLES];
    for group in registers.as_chunks::<TABLES>().0 {
        for (table, rank) in tables.iter_mut().zip(group) {
            table[usize::from(rank & 63)] += 1;
        }
    }
    let ranks: [u32; 64] = std::array::from_fn(|rank| tables.iter().map(|table| table[rank]).sum());
    let count = REGISTERS as f64;
    let full = f64::from(ranks[RANK_BITS as usize + 1]);
    let mut sum = count * tau((count - full) / count);
    for rank in (1..=RANK_BITS as usize).rev() {
        sum = 0.5 * (sum + f64::from(ranks[rank]));
    }
    sum += count * sigma(f64::from(ranks[0]) / count);
    let alpha = 0.5 / std::f64::consts::LN_2;
    (alpha * count * count / sum).round() as i64
}

fn sigma(share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut weight, mut sum) = (share, 1.0, share);
    loop {
        power *= power;
        let before = sum;
        sum += power * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

fn tau(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut root, mut weight, mut sum) = (share, 1.0, 1.0 - share);
    loop {
        root = root.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - root).powi(2) * weight;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

/// Text as it is read: from a file of the lake in views.
enum Texts<'a> {
    Plain(&'a StringArray),
    Views(&'a StringViewArray),
}

impl<'a> Texts<'a> {
    fn of(values: &'a ArrayRef) -> Self {
        match values.as_string_view_opt() {
            Some(views) => Self::Views(views),
            None => Self::Plain(values.as_string()),
        }
    }

    fn hash(&self, row: usize) -> u64 {
        xxh3_64(match self {
            Self::Plain(texts) => texts.value(row).as_bytes(),
            Self::Views(views) => views.value(row).as_bytes(),
        })
    }
}

/// Without groups.
impl Accumulator for Sketch {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let texts = Texts::of(&values[0]);
        states::counted(&values[0], None).for_each(|row| self.add(texts.hash(row)));
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let written = states::written(values)?;
        for row in states::counted(written, None) {
            self.join(written.value(row))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        Ok(vec![ScalarValue::Binary(Some(bytes))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.estimate())))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.heap_bytes()
    }
}

#[derive(Default)]
struct Sketches(States<Sketch>);

impl GroupsAccumulator for Sketches {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.grow(total);
        let texts = Texts::of(&values[0]);
        for row in states::counted(&values[0], filter) {
            self.0.change(groups[row], |sketch| sketch.add(texts.hash(row)));
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.0.grow(total);
        let written = states::written(values)?;
        for row in states::counted(written, None) {
            self.0.change(groups[row], |sketch| sketch.join(written.value(row)))?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let estimates = self.0.take(emit).into_iter().map(|sketch| sketch.estimate());
        Ok(Arc::new(Int64Array::from_iter_values(estimates)))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.0.take_bytes(emit)])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows: States<Sketch> = States::default();
        rows.grow(values[0].len());
        let texts = Texts::of(&values[0]);
        for row in states::counted(&values[0], filter) {
            rows.change(row, |sketch| sketch.add(texts.hash(row)));
        }
        Ok(vec![rows.take_bytes(EmitTo::All)])
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: impl Iterator<Item = usize>) -> Sketch {
        let mut sketch = Sketch::default();
        texts.for_each(|text| sketch.add(xxh3_64(format!("user-{text}").as_bytes())));
        sketch
    }

    fn written(sketch: &Sketch) -> Vec<u8> {
        let mut bytes = Vec::new();
        sketch.write(&mut bytes);
        bytes
    }

    #[test]
    fn few_are_counted_exactly() {
        for count in [0, 1, 2, 500, EXACT_MAX] {
            assert_eq!(of((0..count).chain(0..count)).estimate(), count as i64);
        }
    }

    #[test]
    fn many_are_estimated_within_five_standard_errors() {
        for count in [EXACT_MAX + 1, 3_000, 20_000, 300_000] {
            let off = (of(0..count).estimate() as f64 / count as f64 - 1.0).abs();
            assert!(off < 0.08, "{count}: {off}");
        }
    }

    #[test]
    fn parts_put_together_are_the_whole() {
        for (first, last) in
            [(0..300, 200..600), (0..900, 500..2_000), (0..5_000, 4_000..9_000), (0..5_000, 0..7)]
        {
            let whole = of(first.clone().chain(last.clone()));
            for (a, b) in [(first.clone(), last.clone()), (last.clone(), first.clone())] {
                let mut joined = Sketch::default();
                joined.join(&written(&of(a))).unwrap();
                joined.join(&written(&of(b))).unwrap();
                assert_eq!(written(&joined), written(&whole));
            }
        }
    }

    #[test]
    fn a_state_that_is_none_is_refused() {
        assert!(Sketch::default().join(&[1, 2, 3]).is_err());
        assert!(Sketch::default().join(&[0; 8 * EXACT_MAX + 8]).is_err());
    }
}
