//! Column chunks of text columns, and of keys and values of maps, of a merged file: from codes of the merged files'
//! dictionaries.
//!
//! A text is hashed once for each dictionary that has it, not once for each row. Where the texts in use exceed
//! [`DICTIONARY_BYTES_COMPACTED`], the pages that follow have them in full. What is held is one chunk: its dictionary,
//! its compressed pages and one page that is being gathered.

use super::bounds::{Bounds, Cut};
use super::compacted::BLOOM_FALSE_POSITIVES;
use super::hybrid;
use super::pages::{
    Chunk, Dictionary, PAGE_ROWS, PAGE_VALUES_MAX, PageCompressor, Pages, put_levels, put_text, signed,
};
use super::texts::Texts;
use hashbrown::HashTable;
use parquet::basic::{BoundaryOrder, Compression, Encoding, Type};
use parquet::bloom_filter::Sbbf;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::schema::types::ColumnDescPtr;
use schemas::layout::{DICTIONARY_BYTES_COMPACTED, ROW_GROUP_ROWS_MAX};
use xxhash_rust::xxh3::xxh3_64;

/// Rows taken at once at most: so far the dictionary and a page may exceed their bounds.
const PIECE_ROWS: usize = 256;
/// Bytes of a page of texts in full.
const PLAIN_PAGE_BYTES: usize = 1024 * 1024;
/// Bytes that any page may have, which its header can say.
const PAGE_BYTES_MAX: usize = 1 << 30;
/// Number of a text that the chunk does not have yet.
pub(crate) const UNKNOWN: u32 = u32::MAX;
/// Number of a text that the chunk has, but not in its dictionary.
const IN_FULL: u32 = u32::MAX - 1;

/// What a chunk has besides its pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    /// Statistics, and bounds of each page.
    pub(crate) bounds: bool,
    /// A bloom filter.
    pub(crate) filter: bool,
}

/// Makes the chunks of one leaf column, one after another.
pub(crate) struct TextEncoder {
    column: ColumnDescPtr,
    extras: Extras,
    compressor: PageCompressor,
    page: Vec<u8>,
    gathered: Gathered,
    chunk: Chunked,
}

/// The page that is being gathered.
#[derive(Default)]
struct Gathered {
    repetition: Vec<u8>,
    definition: Vec<u8>,
    codes: Vec<u32>,
    /// Texts in full, once the dictionary is full.
    plain: Vec<u8>,
    rows: usize,
    bounds: Bounds,
}

/// The chunk so far.
struct Chunked {
    /// Codes by text.
    table: HashTable<u32>,
    /// The dictionary page, and where each text ends.
    dictionary: Vec<u8>,
    ends: Vec<u32>,
    is_full: bool,
    /// For each code the last page that has it, from 1.
    last_page: Vec<u32>,
    pages: Pages,
    /// Place, bytes and rows of each page.
    places: Vec<(u64, usize, usize)>,
    bounds: Bounds,
    /// Bounds and nulls of each page.
    of_pages: Vec<(Option<Cut>, usize)>,
    filter: Option<Sbbf>,
    rows: usize,
    null_count: usize,
}

/// What the table's log keeps of a chunk.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) bounds: Option<(String, String)>,
    pub(crate) null_count: u64,
}

impl TextEncoder {
    pub(crate) fn new(column: &ColumnDescPtr, extras: Extras, level: i32) -> Result<Self> {
        Ok(Self {
            column: ColumnDescPtr::clone(column),
            extras,
            compressor: PageCompressor::new(level)?,
            page: Vec::new(),
            gathered: Gathered::default(),
            chunk: Chunked::new(column, extras)?,
        })
    }

    pub(crate) fn column(&self) -> &ColumnDescPtr {
        &self.column
    }

    /// Rows that may be added at once.
    pub(crate) fn room(&self) -> usize {
        PIECE_ROWS.min(PAGE_ROWS - self.gathered.rows)
    }

    /// Adds rows: their levels, and the numbers of their texts among `texts`. `numbers` is this encoder's, one for each
    /// of `texts`, [`UNKNOWN`] at the start of a chunk.
    pub(crate) fn add(
        &mut self,
        rows: usize,
        (repetition, definition): (&[u8], &[u8]),
        codes: &[u32],
        texts: &Texts,
        numbers: &mut [u32],
    ) -> Result<()> {
        if self.chunk.is_full {
            self.add_in_full(codes, texts, numbers)?;
        } else {
            self.add_codes(codes, texts, numbers)?;
        }
        self.gathered.repetition.extend_from_slice(repetition);
        self.gathered.definition.extend_from_slice(definition);
        self.gathered.rows += rows;
        let is_full = !self.chunk.is_full && self.chunk.dictionary.len() >= DICTIONARY_BYTES_COMPACTED;
        if is_full
            || self.gathered.rows >= PAGE_ROWS
            || self.gathered.plain.len() >= PLAIN_PAGE_BYTES
            || self.gathered.definition.len() >= PAGE_VALUES_MAX
        {
            self.end_page()?;
        }
        self.chunk.is_full |= is_full;
        Ok(())
    }

    fn add_codes(&mut self, codes: &[u32], texts: &Texts, numbers: &mut [u32]) -> Result<()> {
        let of_page = &mut self.gathered.codes;
        let start = of_page.len();
        of_page.extend(codes.iter().map(|code| numbers.get(*code as usize).copied().unwrap_or(UNKNOWN)));
        if !of_page[start..].contains(&UNKNOWN) {
            return Ok(());
        }
        for (number, code) in of_page[start..].iter_mut().zip(codes).filter(|(number, _)| **number == UNKNOWN)
        {
            let known = numbers.get_mut(*code as usize).ok_or_else(no_text)?;
            if *known == UNKNOWN {
                *known = self.chunk.number(texts.get(*code).ok_or_else(no_text)?)?;
            }
            *number = *known;
        }
        Ok(())
    }

    fn add_in_full(&mut self, codes: &[u32], texts: &Texts, numbers: &mut [u32]) -> Result<()> {
        for code in codes {
            let text = texts.get(*code).ok_or_else(no_text)?;
            put_text(text, &mut self.gathered.plain);
            if self.extras.bounds {
                self.gathered.bounds.observe(text);
            }
            let known = numbers.get_mut(*code as usize).ok_or_else(no_text)?;
            if *known == UNKNOWN {
                self.chunk.observe(text);
                *known = IN_FULL;
            }
        }
        Ok(())
    }

    /// The chunk of all rows since the last one.
    pub(crate) fn finish(&mut self) -> Result<(Chunk, Observed)> {
        if self.gathered.rows > 0 {
            self.end_page()?;
        }
        let mut next = Chunked::new(&self.column, self.extras)?;
        let dictionary = Dictionary {
            page: self.compressor.compress(&self.chunk.dictionary)?,
            uncompressed: self.chunk.dictionary.len(),
            count: self.chunk.ends.len(),
        };
        next.take_room(&mut self.chunk);
        let done = std::mem::replace(&mut self.chunk, next);
        done.finish(&dictionary, self.compressor.compression, self.extras)
    }

    fn end_page(&mut self) -> Result<()> {
        let (gathered, chunk) = (&mut self.gathered, &mut self.chunk);
        self.page.clear();
        put_levels(&gathered.repetition, self.column.max_rep_level(), &mut self.page);
        put_levels(&gathered.definition, self.column.max_def_level(), &mut self.page);
        let encoding = if chunk.is_full {
            self.page.extend_from_slice(&gathered.plain);
            Encoding::PLAIN
        } else {
            let bits = hybrid::code_bits(chunk.ends.len());
            self.page.push(bits);
            hybrid::encode(&gathered.codes, bits, &mut self.page);
            if self.extras.bounds {
                chunk.observe_page(&gathered.codes, &mut gathered.bounds);
            }
            Encoding::RLE_DICTIONARY
        };
        if self.page.len() > PAGE_BYTES_MAX {
            return Err(ParquetError::General("texts of a page exceed its size".into()));
        }
        let most = self.column.max_def_level();
        let nulls = gathered.definition.iter().filter(|level| i16::from(**level) < most).count();
        let values = if most > 0 { gathered.definition.len() } else { gathered.rows };
        let page = self.compressor.compress(&self.page)?;
        let (at, bytes) = chunk.pages.data(page, self.page.len(), values, encoding)?;
        chunk.places.push((at, bytes, gathered.rows));
        chunk.of_pages.push((gathered.bounds.cut(), nulls));
        chunk.null_count += nulls;
        chunk.rows += gathered.rows;
        gathered.clear();
        Ok(())
    }
}

impl Gathered {
    fn clear(&mut self) {
        self.repetition.clear();
        self.definition.clear();
        self.codes.clear();
        self.plain.clear();
        self.rows = 0;
        self.bounds.clear();
    }
}

impl Chunked {
    fn new(column: &ColumnDescPtr, extras: Extras) -> Result<Self> {
        // As many as there may be texts; what is not needed is folded away.
        let filter = || Sbbf::new_with_ndv_fpp(ROW_GROUP_ROWS_MAX as u64, BLOOM_FALSE_POSITIVES);
        Ok(Self {
            table: HashTable::new(),
            dictionary: Vec::new(),
            ends: Vec::new(),
            is_full: false,
            last_page: Vec::new(),
            pages: Pages::new(column),
            places: Vec::new(),
            bounds: Bounds::default(),
            of_pages: Vec::new(),
            filter: extras.filter.then(filter).transpose()?,
            rows: 0,
            null_count: 0,
        })
    }

    /// Uses the memory of the dictionary of another chunk, which is done with it.
    fn take_room(&mut self, other: &mut Self) {
        self.table = std::mem::take(&mut other.table);
        self.dictionary = std::mem::take(&mut other.dictionary);
        self.ends = std::mem::take(&mut other.ends);
        self.last_page = std::mem::take(&mut other.last_page);
        self.table.clear();
        self.dictionary.clear();
        self.ends.clear();
        self.last_page.clear();
    }

    /// Number of a text in the dictionary, which it enters where it is new.
    fn number(&mut self, text: &[u8]) -> Result<u32> {
        let hash = xxh3_64(text);
        let (dictionary, ends) = (&self.dictionary, &self.ends);
        if let Some(number) = self.table.find(hash, |number| entry(dictionary, ends, *number) == text) {
            return Ok(*number);
        }
        if self.dictionary.len() + text.len() > PAGE_BYTES_MAX {
            return Err(ParquetError::General("texts of a page exceed its size".into()));
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        put_text(text, &mut self.dictionary);
        self.ends.push(u32::try_from(self.dictionary.len()).unwrap_or(u32::MAX));
        self.last_page.push(0);
        let (dictionary, ends) = (&self.dictionary, &self.ends);
        self.table.insert_unique(hash, number, |number| xxh3_64(entry(dictionary, ends, *number)));
        self.observe(text);
        Ok(number)
    }

    fn observe(&mut self, text: &[u8]) {
        self.bounds.observe(text);
        if let Some(filter) = &mut self.filter {
            filter.insert(text);
        }
    }

    /// Takes the texts of a page's codes into its bounds, each once.
    fn observe_page(&mut self, codes: &[u32], bounds: &mut Bounds) {
        let page = u32::try_from(self.places.len() + 1).unwrap_or(u32::MAX);
        for code in codes {
            let last = &mut self.last_page[*code as usize];
            if *last != page {
                *last = page;
                bounds.observe(entry(&self.dictionary, &self.ends, *code));
            }
        }
    }

    fn finish(
        mut self,
        dictionary: &Dictionary,
        compression: Compression,
        extras: Extras,
    ) -> Result<(Chunk, Observed)> {
        let null_count = self.null_count as u64;
        let statistics = extras.bounds.then(|| self.bounds.statistics(null_count));
        let mut chunk = self.pages.finish(Some(dictionary), self.rows, compression, statistics)?;
        let data_at = chunk.close.metadata.data_page_offset();
        let mut offsets = OffsetIndexBuilder::new();
        for (at, bytes, rows) in &self.places {
            let at = i64::try_from(*at).unwrap_or(i64::MAX).saturating_add(data_at);
            offsets.append_offset_and_size(at, i32::try_from(*bytes).unwrap_or(i32::MAX));
            offsets.append_row_count(signed(*rows));
        }
        chunk.close.offset_index = Some(offsets.build());
        if extras.bounds {
            let mut index = ColumnIndexBuilder::new(Type::BYTE_ARRAY);
            let of_pages: Vec<_> = self.of_pages.iter().filter_map(|(bounds, _)| bounds.as_ref()).collect();
            if of_pages.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1) {
                index.set_boundary_order(BoundaryOrder::ASCENDING);
            }
            for (bounds, nulls) in self.of_pages {
                let is_null = bounds.is_none();
                let (least, greatest) = bounds.unwrap_or_default();
                index.append(is_null, least, greatest, signed(nulls));
            }
            chunk.close.column_index = Some(index.build()?);
        }
        if let Some(filter) = &mut self.filter {
            filter.fold_to_target_fpp(BLOOM_FALSE_POSITIVES);
        }
        chunk.close.bloom_filter = self.filter;
        Ok((chunk, Observed { bounds: self.bounds.texts(), null_count }))
    }
}

/// The text of a number in a dictionary page.
fn entry<'a>(dictionary: &'a [u8], ends: &[u32], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]) as usize + 4;
    &dictionary[start..ends[number] as usize]
}

fn no_text() -> ParquetError {
    ParquetError::General("a code is beyond its dictionary".into())
}
