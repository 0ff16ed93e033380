//! Columns of texts that are coded by a dictionary: each distinct text of a commit is kept once, rows are numbers.
//!
//! So a row costs a look-up and four bytes a text, sorting moves numbers only, and the lake's writer takes the
//! numbers as they are.

use super::builders::{Column, Texts, with_hex};
use arrow::array::{ArrayRef, DictionaryArray, Int32Array, MapArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int32Type};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_micro_inline};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Stands for null among codes.
const NULL: i32 = -1;

/// Senders must not know which texts collide.
static SECRETS: LazyLock<RapidSecrets> = LazyLock::new(RapidSecrets::random);

/// Distinct texts, numbered in the order in which they came.
#[derive(Debug)]
struct Dictionary {
    /// Half of the hash, and the code.
    known: HashTable<(u32, i32)>,
    texts: Texts,
    secrets: &'static RapidSecrets,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self { known: HashTable::new(), texts: Texts::default(), secrets: &SECRETS }
    }
}

/// Spreads half a hash over the bits that the table looks at.
fn spread(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

impl Dictionary {
    /// The code of a text, and whether it is new.
    #[inline]
    fn code(&mut self, text: &[u8]) -> (i32, bool) {
        let half = rapidhash_v3_micro_inline::<true, false>(text, self.secrets) as u32;
        let texts = &self.texts;
        let is_same = |(other, code): &(u32, i32)| *other == half && texts.get(*code) == text;
        match self.known.entry(spread(half), is_same, |(half, _)| spread(*half)) {
            Entry::Occupied(entry) => (entry.get().1, false),
            Entry::Vacant(entry) => {
                entry.insert((half, texts.next()));
                (self.add(text), true)
            }
        }
    }

    /// Adds a text without looking whether it is known, and so that it is not found by others.
    fn add(&mut self, text: &[u8]) -> i32 {
        let code = self.texts.next();
        self.texts.add(|bytes| bytes.extend_from_slice(text));
        code
    }

    fn text(&self, code: i32) -> &[u8] {
        self.texts.get(code)
    }

    /// All texts; begins anew.
    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        self.known.clear();
        std::mem::take(&mut self.texts).array(None)
    }
}

/// A text column.
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    dictionary: Dictionary,
    codes: Vec<i32>,
    /// Code of the last text: neighbours are often alike.
    last: Option<i32>,
    done: Vec<Vec<i32>>,
}

impl TextColumn {
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Of a text that was checked on entry.
    #[inline]
    pub(super) fn push_bytes(&mut self, text: &[u8]) {
        let code = match self.last {
            Some(last) if self.dictionary.text(last) == text => last,
            _ => self.dictionary.code(text).0,
        };
        self.last = Some(code);
        self.codes.push(code);
    }

    /// Null where the text is absent or empty.
    #[inline]
    pub(super) fn push_optional(&mut self, text: Option<&str>) {
        self.push_bytes_optional(text.map(str::as_bytes));
    }

    /// The same of a text that was checked on entry.
    #[inline]
    pub(super) fn push_bytes_optional(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) if !text.is_empty() => self.push_bytes(text),
            _ => self.codes.push(NULL),
        }
    }

    /// Lower-case hex of `id`.
    pub(super) fn push_hex(&mut self, id: &[u8]) {
        with_hex(id, |text| self.push_bytes(text));
    }
}

impl Column for TextColumn {
    fn cut(&mut self) {
        self.done.push(std::mem::take(&mut self.codes));
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.last = None;
        let texts = self.dictionary.take()?;
        self.done.drain(..).map(|codes| coded(codes, &texts)).collect()
    }
}

/// Values by their codes.
fn coded(codes: Vec<i32>, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let valid = codes.contains(&NULL).then(|| codes.iter().map(|code| *code != NULL).collect::<NullBuffer>());
    let codes = Int32Array::new(codes.into(), valid);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::clone(values))?))
}

/// Maps of one batch, as codes.
#[derive(Debug)]
struct Maps {
    keys: Vec<i32>,
    values: Vec<i32>,
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Default for Maps {
    fn default() -> Self {
        Self { keys: Vec::new(), values: Vec::new(), offsets: vec![0], valid: Vec::new() }
    }
}

/// What is known of one key.
#[derive(Clone, Copy, Debug, Default)]
struct Key {
    /// Number of the last row that has it, from 1.
    row: u32,
    repeats: Repeats,
}

/// How the values of one key repeat.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    seen: u32,
    new: u32,
}

impl Repeats {
    /// Values after which is decided.
    const ENOUGH: u32 = 256;

    /// The code of a value. Values that hardly ever repeat (ids, amounts) are not looked up: the search would miss the
    /// processor's caches each time, to find nothing.
    #[inline]
    fn code(&mut self, values: &mut Dictionary, value: &[u8]) -> i32 {
        if self.seen >= Self::ENOUGH && self.new > self.seen / 8 * 7 {
            return values.add(value);
        }
        let (code, new) = values.code(value);
        self.seen = self.seen.saturating_add(1);
        self.new += u32::from(new);
        code
    }
}

/// Codes of an entry's key and value, for one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryCodes {
    key: i32,
    value: i32,
}

/// A column of maps from text to text. A key that comes again in a row counts once, with its first value: other engines
/// refuse maps with repeated keys.
#[derive(Debug, Default)]
pub(super) struct MapColumn {
    keys: Dictionary,
    /// Code of the key that was at this place of the row before: rows of one kind have the same keys.
    row_keys: Vec<i32>,
    /// By code.
    known: Vec<Key>,
    /// Rows that were ended.
    rows_ended: u32,
    values: Dictionary,
    maps: Maps,
    done: Vec<Maps>,
    text: Vec<u8>,
}

impl MapColumn {
    /// Adds an entry; answers its codes, unless the row has the key already.
    #[inline]
    pub(super) fn entry(&mut self, key: &[u8], value: &[u8]) -> Option<EntryCodes> {
        let key = self.key(key);
        if !self.is_first(key) {
            return None;
        }
        let value = self.known[key as usize].repeats.code(&mut self.values, value);
        let codes = EntryCodes { key, value };
        self.push(codes);
        Some(codes)
    }

    /// Adds an entry that is known from this commit, unless the row has the key already.
    #[inline]
    pub(super) fn entry_again(&mut self, codes: EntryCodes) {
        if self.is_first(codes.key) {
            self.push(codes);
        }
    }

    /// Adds an entry whose value is written out.
    pub(super) fn entry_written(
        &mut self,
        key: &[u8],
        value: impl FnOnce(&mut Vec<u8>),
    ) -> Option<EntryCodes> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        value(&mut text);
        let codes = self.entry(key, &text);
        self.text = text;
        codes
    }

    /// Whether the row does not have the key yet; from now on it does.
    #[inline]
    fn is_first(&mut self, key: i32) -> bool {
        let row = self.rows_ended + 1;
        std::mem::replace(&mut self.known[key as usize].row, row) != row
    }

    #[inline]
    fn push(&mut self, codes: EntryCodes) {
        self.maps.keys.push(codes.key);
        self.maps.values.push(codes.value);
    }

    #[inline]
    fn key(&mut self, key: &[u8]) -> i32 {
        let place = self.maps.keys.len() - self.maps.offsets.last().map_or(0, |start| *start as usize);
        let before = self.row_keys.get(place).copied();
        if let Some(code) = before.filter(|code| self.keys.text(*code) == key) {
            return code;
        }
        let (code, new) = self.keys.code(key);
        if new {
            self.known.push(Key::default());
        }
        match before {
            Some(_) => self.row_keys[place] = code,
            None => self.row_keys.push(code),
        }
        code
    }

    /// Ends the row.
    pub(super) fn row(&mut self) {
        self.end(true);
    }

    /// Ends the row, as null where it has no entries.
    pub(super) fn row_or_null(&mut self) {
        let last = self.maps.offsets.last().map_or(0, |end| *end as usize);
        self.end(last < self.maps.keys.len());
    }

    fn end(&mut self, valid: bool) {
        self.maps.offsets.push(i32::try_from(self.maps.keys.len()).unwrap_or(i32::MAX));
        self.maps.valid.push(valid);
        self.rows_ended += 1;
    }

    fn rows(&self) -> usize {
        self.maps.valid.len()
    }
}

impl Column for MapColumn {
    fn cut(&mut self) {
        self.done.push(std::mem::take(&mut self.maps));
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.row_keys.clear();
        self.known.clear();
        self.rows_ended = 0;
        let (keys, values) = (self.keys.take()?, self.values.take()?);
        self.done.drain(..).map(|maps| maps.array(&keys, &values)).collect()
    }
}

impl Maps {
    fn array(self, keys: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let fields = coded_entries();
        let columns = vec![coded(self.keys, keys)?, coded(self.values, values)?];
        let entries = StructArray::try_new(fields.clone(), columns, None)?;
        let entry = Arc::new(Field::new("key_value", DataType::Struct(fields), false));
        let valid = Some(NullBuffer::from(self.valid));
        Ok(Arc::new(MapArray::try_new(entry, OffsetBuffer::new(self.offsets.into()), entries, valid, false)?))
    }
}

fn coded_entries() -> Fields {
    let coded = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Fields::from(vec![Field::new("key", coded(), false), Field::new("value", coded(), true)])
}

/// A column of maps of which each is had by many rows: those of resources.
#[derive(Debug, Default)]
pub(super) struct SharedMapColumn {
    maps: MapColumn,
    /// By the bytes that a map was made from, and whether it was masked on the way.
    known: HashMap<(Box<[u8]>, bool), i32, rapidhash::fast::RandomState>,
    /// Of the last row: number of the resource, whether it was masked, and code.
    last: Option<(u64, bool, i32)>,
    codes: Vec<i32>,
    done: Vec<Vec<i32>>,
}

impl SharedMapColumn {
    /// Adds a row with the map that `message` makes; `fill` makes it where it is new. Messages of one `serial` are the
    /// same, so that neighbours are not compared.
    pub(super) fn push(
        &mut self,
        serial: u64,
        message: &[u8],
        masked: bool,
        fill: impl FnOnce(&mut MapColumn),
    ) {
        let code = match self.last {
            Some((last, as_masked, code)) if (last, as_masked) == (serial, masked) => code,
            _ => self.code(message, masked, fill),
        };
        self.last = Some((serial, masked, code));
        self.codes.push(code);
    }

    fn code(&mut self, message: &[u8], masked: bool, fill: impl FnOnce(&mut MapColumn)) -> i32 {
        let key = (Box::from(message), masked);
        if let Some(code) = self.known.get(&key) {
            return *code;
        }
        let code = i32::try_from(self.maps.rows()).unwrap_or(i32::MAX);
        fill(&mut self.maps);
        self.known.insert(key, code);
        code
    }
}

impl Column for SharedMapColumn {
    fn cut(&mut self) {
        self.done.push(std::mem::take(&mut self.codes));
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.known.clear();
        self.last = None;
        self.maps.cut();
        let maps = self.maps.take()?.pop();
        let maps = maps.ok_or_else(|| ArrowError::ComputeError("a column of maps has none".to_owned()))?;
        self.done.drain(..).map(|codes| coded(codes, &maps)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::compute::cast;

    fn texts(column: &ArrayRef) -> Vec<Option<String>> {
        let plain = cast(column, &DataType::Utf8).unwrap();
        plain.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn texts_come_back_over_batches_and_commits() {
        let mut column = TextColumn::default();
        for _ in 0..2 {
            ["a", "b", "b", "", "a"].iter().for_each(|text| column.push(text));
            column.push_optional(Some(""));
            column.cut();
            column.push_optional(None);
            column.push_hex(&[0xab, 0x01]);
            column.push("b");
            column.cut();
            let batches = column.take().unwrap();
            let some = |text: &str| Some(text.to_owned());
            assert_eq!(texts(&batches[0]), [some("a"), some("b"), some("b"), some(""), some("a"), None]);
            assert_eq!(texts(&batches[1]), [None, some("ab01"), some("b")]);
            let values = |n: usize| Arc::clone(batches[n].as_dictionary::<Int32Type>().values());
            assert!(Arc::ptr_eq(&values(0), &values(1)));
            assert_eq!(values(0).len(), 4);
        }
    }

    #[test]
    fn many_texts_keep_their_codes() {
        let mut column = TextColumn::default();
        let all: Vec<String> = (0..20_000).map(|n| format!("text {}", n % 7_000)).collect();
        all.iter().for_each(|text| column.push(text));
        column.cut();
        let batch = column.take().unwrap().remove(0);
        assert_eq!(batch.as_dictionary::<Int32Type>().values().len(), 7_000);
        assert!(texts(&batch).iter().zip(&all).all(|(found, text)| found.as_ref() == Some(text)));
    }

    #[test]
    fn values_that_never_repeat_are_not_looked_up_and_all_come_back() {
        let mut column = MapColumn::default();
        let rows: Vec<[String; 2]> =
            (0..2_000).map(|n| [format!("id {n}"), format!("kind {}", n % 3)]).collect();
        for [id, kind] in &rows {
            column.entry(b"id", id.as_bytes());
            column.entry_written(b"kind", |text| text.extend_from_slice(kind.as_bytes()));
            column.row();
        }
        column.entry(b"id", b"id 1999");
        column.row();
        column.cut();
        let maps = column.take().unwrap().remove(0);
        let values = texts(maps.as_map().entries().column(1));
        assert!(values.iter().zip(rows.iter().flatten()).all(|(found, text)| found.as_ref() == Some(text)));
        let distinct = maps.as_map().entries().column(1).as_dictionary::<Int32Type>().values().len();
        assert_eq!(distinct, 2_000 + 3 + 1, "the last one is there twice");
    }

    #[test]
    fn a_key_counts_once_in_a_row_however_it_comes() {
        let mut column = MapColumn::default();
        let first = column.entry(b"k", b"1").unwrap();
        assert_eq!(column.entry(b"k", b"2"), None);
        column.entry_again(first);
        column.row();
        column.entry_again(first);
        assert_eq!(column.entry_written(b"k", |text| text.push(b'3')), None);
        column.entry(b"l", b"4").unwrap();
        column.row();
        column.cut();
        let maps = column.take().unwrap().remove(0);
        assert_eq!(maps.as_map().value_offsets().to_vec(), [0, 1, 3]);
        assert_eq!(texts(maps.as_map().entries().column(1)), ["1", "1", "4"].map(|t| Some(t.to_owned())));
    }

    #[test]
    fn a_shared_map_is_made_once() {
        let mut column = SharedMapColumn::default();
        let mut made = 0;
        for (serial, message) in (1..).zip([&b"one"[..], b"two", b"one"]) {
            column.push(serial, message, false, |maps| {
                made += 1;
                maps.entry(b"k", message);
                maps.row();
            });
        }
        column.push(3, b"one", true, MapColumn::row);
        column.cut();
        let rows = column.take().unwrap().remove(0);
        let codes: Vec<_> = rows.as_dictionary::<Int32Type>().keys().iter().flatten().collect();
        assert_eq!((made, codes), (2, vec![0, 1, 0, 2]));
    }
}
