//! Column chunks of coded columns of a fresh file, made from their codes: no text is hashed, copied or compared once
//! per row. What a chunk is made of is in [`super::pages`].

use super::coded::{CodedMap, CodedText, Place};
use super::hybrid;
use super::pages::{
    Chunk, Dictionary, PAGE_ROWS, PAGE_VALUES_MAX, PageCompressor, Pages, put_levels, put_text,
};
use arrow::array::{Array, StringArray};
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

/// Longest text that stands in a chunk's statistics, in bytes.
const STATISTICS_TEXT_BYTES_MAX: usize = 64;
/// Definition levels of an optional map: null, empty, an entry (of a key; one more for a value).
const MAP_EMPTY: u8 = 1;
const MAP_ENTRY: u8 = 2;

/// Least and greatest text, and the number of nulls.
#[derive(Debug, Default)]
pub(super) struct Observed<'a> {
    pub(super) bounds: Option<(&'a str, &'a str)>,
    pub(super) null_count: u64,
}

/// Makes chunks; keeps its buffers from one to the next.
pub(super) struct ChunkEncoder {
    pub(super) compressor: PageCompressor,
    pub(super) page: Vec<u8>,
    repetition: Vec<u8>,
    pub(super) definition: Vec<u8>,
    codes: Vec<u32>,
}

/// The texts that a chunk uses, numbered in the order of their first use.
struct Used<'a> {
    texts: &'a StringArray,
    /// One more than the new number, by code; 0 where it is not used yet.
    numbers: Vec<u32>,
    codes: Vec<u32>,
}

/// Which text of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

impl ChunkEncoder {
    pub(super) fn new(level: i32) -> Result<Self> {
        Ok(Self {
            compressor: PageCompressor::new(level)?,
            page: Vec::new(),
            repetition: Vec::new(),
            definition: Vec::new(),
            codes: Vec::new(),
        })
    }

    /// The chunk of a text column, of its rows at `places`.
    pub(super) fn text<'a>(
        &mut self,
        column: &ColumnDescPtr,
        places: &[Place],
        coded: &CodedText<'a>,
    ) -> Result<(Chunk, Observed<'a>)> {
        let mut used = Used::new(coded.texts);
        let mut pages = Pages::new(column);
        let optional = column.max_def_level() > 0;
        let mut observed = Observed::default();
        for piece in places.chunks(PAGE_ROWS) {
            self.clear();
            for place in piece {
                let code = coded.code(*place);
                match code {
                    Some(code) => self.codes.push(used.number(code)),
                    None => observed.null_count += 1,
                }
                if optional {
                    self.definition.push(u8::from(code.is_some()));
                }
            }
            if !optional && self.codes.len() < piece.len() {
                return Err(ParquetError::General(format!("column {} has nulls", column.name())));
            }
            self.data_page(&mut pages, &used, piece.len())?;
        }
        observed.bounds = used.bounds();
        let statistics = statistics(&observed);
        Ok((self.finish(pages, &used, places.len(), Some(statistics))?, observed))
    }

    /// The chunk of one part of a map column, of its rows at `places`.
    pub(super) fn map(
        &mut self,
        column: &ColumnDescPtr,
        places: &[Place],
        coded: &CodedMap<'_>,
        part: Part,
    ) -> Result<Chunk> {
        let mut used = Used::new(if part == Part::Key { coded.keys } else { coded.values });
        let entry = if part == Part::Key { MAP_ENTRY } else { MAP_ENTRY + 1 };
        if column.max_rep_level() != 1 || column.max_def_level() != i16::from(entry) {
            return Err(ParquetError::General(format!("column {} is no map of the lake", column.name())));
        }
        let mut pages = Pages::new(column);
        for piece in places.chunks(PAGE_ROWS) {
            self.clear();
            let mut before: (&[i32], usize) = (&[], 0);
            for place in piece {
                if self.repetition.len() >= PAGE_VALUES_MAX {
                    self.data_page(&mut pages, &used, self.repetition.len())?;
                    self.clear();
                    before = (&[], 0);
                }
                let codes = coded.codes(*place);
                let (keys, values) = codes.unwrap_or_default();
                let texts = if part == Part::Key { keys } else { values };
                self.repetition.push(0);
                if texts.is_empty() {
                    self.definition.push(if codes.is_some() { MAP_EMPTY } else { 0 });
                    continue;
                }
                self.repetition.resize(self.repetition.len() + texts.len() - 1, 1);
                self.definition.resize(self.definition.len() + texts.len(), entry);
                let start = self.codes.len();
                if std::ptr::eq(before.0, texts) {
                    // The very map of the row before: a resource's.
                    self.codes.extend_from_within(before.1..before.1 + texts.len());
                } else {
                    self.codes.extend(texts.iter().map(|code| used.number(*code as usize)));
                }
                before = (texts, start);
            }
            let levels = self.repetition.len();
            self.data_page(&mut pages, &used, levels)?;
        }
        self.finish(pages, &used, places.len(), None)
    }

    fn clear(&mut self) {
        self.repetition.clear();
        self.definition.clear();
        self.codes.clear();
    }

    /// Writes what was gathered as one data page of `values` values, nulls included.
    fn data_page(&mut self, pages: &mut Pages, used: &Used<'_>, values: usize) -> Result<()> {
        self.page.clear();
        put_levels(&self.repetition, pages.column.max_rep_level(), &mut self.page);
        put_levels(&self.definition, pages.column.max_def_level(), &mut self.page);
        let bits = hybrid::code_bits(used.codes.len());
        self.page.push(bits);
        hybrid::encode(&self.codes, bits, &mut self.page);
        let page = self.compressor.compress(&self.page)?;
        pages.data(page, self.page.len(), values, Encoding::RLE_DICTIONARY)?;
        Ok(())
    }

    /// Puts the dictionary before the data pages.
    fn finish(
        &mut self,
        data: Pages,
        used: &Used<'_>,
        rows: usize,
        statistics: Option<Statistics>,
    ) -> Result<Chunk> {
        self.page.clear();
        for code in &used.codes {
            put_text(used.texts.value(*code as usize).as_bytes(), &mut self.page);
        }
        let page = self.compressor.compress(&self.page)?;
        let dictionary = Dictionary { page, uncompressed: self.page.len(), count: used.codes.len() };
        data.finish(Some(&dictionary), rows, self.compressor.compression, statistics)
    }
}

impl<'a> Used<'a> {
    fn new(texts: &'a StringArray) -> Self {
        Self { texts, numbers: vec![0; texts.len()], codes: Vec::new() }
    }

    #[inline]
    fn number(&mut self, code: usize) -> u32 {
        if self.numbers[code] == 0 {
            self.codes.push(code as u32);
            self.numbers[code] = self.codes.len() as u32;
        }
        self.numbers[code] - 1
    }

    fn bounds(&self) -> Option<(&'a str, &'a str)> {
        let texts = || self.codes.iter().map(|code| self.texts.value(*code as usize));
        Some((texts().min()?, texts().max()?))
    }
}

/// Without bounds where they are long: a cut bound would have to be marked as such.
fn statistics(observed: &Observed<'_>) -> Statistics {
    let short = observed.bounds.filter(|(least, greatest)| {
        least.len() <= STATISTICS_TEXT_BYTES_MAX && greatest.len() <= STATISTICS_TEXT_BYTES_MAX
    });
    let (least, greatest) = short.unzip();
    Statistics::byte_array(
        least.map(ByteArray::from),
        greatest.map(ByteArray::from),
        None,
        Some(observed.null_count),
        false,
    )
}
