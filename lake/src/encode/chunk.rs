//! Column chunks of coded columns, made from their codes: no text is hashed, copied or compared once per row.
//!
//! A chunk is a dictionary page with the texts in use, then data pages (version 1) of levels and codes; see
//! Encodings.md and "Data Pages" in README.md of the Parquet format. Page headers, column metadata and the file
//! around the chunks are the `parquet` crate's.

use super::coded::{CodedMap, CodedText, Place};
use super::hybrid;
use arrow::array::{Array, StringArray};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

/// Rows of one data page.
const PAGE_ROWS: usize = 16_384;
/// Values of a page of maps, after which a page ends earlier: rows may share one map of many thousand entries.
const PAGE_VALUES_MAX: usize = 1 << 20;
/// Longest text that stands in a chunk's statistics, in bytes.
const STATISTICS_TEXT_BYTES_MAX: usize = 64;
/// Definition levels of an optional map: null, empty, an entry (of a key; one more for a value).
const MAP_EMPTY: u8 = 1;
const MAP_ENTRY: u8 = 2;

/// A column chunk's bytes, and what the file says of them.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// Least and greatest text, and the number of nulls.
#[derive(Debug, Default)]
pub(super) struct Observed<'a> {
    pub(super) bounds: Option<(&'a str, &'a str)>,
    pub(super) null_count: u64,
}

/// Makes chunks; keeps its buffers from one to the next.
pub(super) struct ChunkEncoder {
    compression: Compression,
    compressor: Compressor<'static>,
    page: Vec<u8>,
    repetition: Vec<u8>,
    definition: Vec<u8>,
    codes: Vec<u32>,
}

/// The texts that a chunk uses, numbered in the order of their first use.
struct Used<'a> {
    texts: &'a StringArray,
    /// One more than the new number, by code; 0 where it is not used yet.
    numbers: Vec<u32>,
    codes: Vec<u32>,
}

/// The pages of one chunk.
struct Pages {
    column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    values: usize,
    count: i32,
}

/// Which text of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

impl ChunkEncoder {
    pub(super) fn new(compression: Compression, level: i32) -> Result<Self> {
        let failed = |error: std::io::Error| ParquetError::External(Box::new(error));
        Ok(Self {
            compression,
            compressor: Compressor::new(level).map_err(failed)?,
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
        let (repetition, definition) = (pages.column.max_rep_level(), pages.column.max_def_level());
        for (levels, most) in [(&self.repetition, repetition), (&self.definition, definition)] {
            if most > 0 {
                let at = self.page.len();
                self.page.extend_from_slice(&[0; 4]);
                let bits = u8::try_from(i16::BITS - most.leading_zeros()).unwrap_or(1);
                hybrid::encode(levels, bits, &mut self.page);
                let bytes = u32::try_from(self.page.len() - at - 4).unwrap_or(u32::MAX);
                self.page[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
            }
        }
        let bits = hybrid::code_bits(used.codes.len());
        self.page.push(bits);
        hybrid::encode(&self.codes, bits, &mut self.page);
        let page = Page::DataPage {
            buf: self.compressed()?,
            num_values: u32::try_from(values).map_err(|e| ParquetError::External(Box::new(e)))?,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        pages.values += values;
        pages.count += 1;
        pages.write(page, self.page.len())
    }

    fn compressed(&mut self) -> Result<Bytes> {
        let compressed = self.compressor.compress(&self.page);
        compressed.map(Bytes::from).map_err(|error| ParquetError::External(Box::new(error)))
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
            let text = used.texts.value(*code as usize).as_bytes();
            self.page.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            self.page.extend_from_slice(text);
        }
        let dictionary = Page::DictionaryPage {
            buf: self.compressed()?,
            num_values: u32::try_from(used.codes.len()).unwrap_or(u32::MAX),
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let mut pages = Pages::new(&data.column);
        pages.write(dictionary, self.page.len())?;
        let data_at = pages.sink.bytes_written();
        let pages_of = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
        let uncompressed = pages.uncompressed + data.uncompressed;
        let mut bytes = pages.sink.into_inner()?;
        bytes.append(&mut data.sink.into_inner()?);
        let mut metadata = ColumnChunkMetaData::builder(data.column)
            .set_compression(self.compression)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_page_encoding_stats(vec![
                pages_of(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1),
                pages_of(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, data.count),
            ])
            .set_total_compressed_size(signed(bytes.len()))
            .set_total_uncompressed_size(signed(uncompressed))
            .set_num_values(signed(data.values))
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(signed(data_at));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes: bytes.into(), close })
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

impl Pages {
    fn new(column: &ColumnDescPtr) -> Self {
        let sink = TrackedWrite::new(Vec::new());
        Self { column: ColumnDescPtr::clone(column), sink, uncompressed: 0, values: 0, count: 0 }
    }

    fn write(&mut self, page: Page, uncompressed: usize) -> Result<()> {
        let spec =
            SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, uncompressed))?;
        // The header counts, as it does in the crate's own column writer.
        self.uncompressed += spec.uncompressed_size;
        Ok(())
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

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
