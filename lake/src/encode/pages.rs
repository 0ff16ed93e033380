//! The pages of a column chunk that is made here.
//!
//! A chunk is a dictionary page with the texts in use, then data pages (version 1) of levels and codes or, where a
//! dictionary does not hold them, of texts in full; see Encodings.md and "Data Pages" in README.md of the Parquet format.
//! Page headers, column metadata and the file around the chunks are the `parquet` crate's.

use super::hybrid;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::io::Write as _;
use zstd::bulk::Compressor;

/// Rows of one data page.
pub(super) const PAGE_ROWS: usize = 16_384;
/// Values of a page of maps, after which a page ends earlier: rows may share one map of many thousand entries.
pub(super) const PAGE_VALUES_MAX: usize = 1 << 20;

/// Bytes that the header of a page takes, about.
const HEADER_BYTES: usize = 64;

/// A column chunk's bytes, and what the file says of them.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// The data pages of one chunk.
pub(super) struct Pages {
    pub(super) column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    values: usize,
    coded: i32,
    plain: i32,
}

/// A dictionary page, compressed.
pub(super) struct Dictionary {
    pub(super) page: Bytes,
    pub(super) uncompressed: usize,
    pub(super) count: usize,
}

/// Compresses pages, by way of a buffer that it keeps.
pub(super) struct PageCompressor {
    pub(super) compression: Compression,
    compressor: Compressor<'static>,
    buffer: Vec<u8>,
}

impl PageCompressor {
    /// With zstd at `level`.
    pub(super) fn new(level: i32) -> Result<Self> {
        let compressor = Compressor::new(level).map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(Self { compression: super::zstd(level), compressor, buffer: Vec::new() })
    }

    pub(super) fn compress(&mut self, page: &[u8]) -> Result<Bytes> {
        self.buffer.clear();
        self.buffer.reserve(zstd::zstd_safe::compress_bound(page.len()));
        let done = self.compressor.compress_to_buffer(page, &mut self.buffer);
        done.map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(Bytes::copy_from_slice(&self.buffer))
    }
}

impl Pages {
    pub(super) fn new(column: &ColumnDescPtr) -> Self {
        let (column, sink) = (ColumnDescPtr::clone(column), TrackedWrite::new(Vec::new()));
        Self { column, sink, uncompressed: 0, values: 0, coded: 0, plain: 0 }
    }

    /// Adds a data page of `values` values, nulls included. Answers where it is among the data pages, and its bytes.
    pub(super) fn data(
        &mut self,
        buf: Bytes,
        uncompressed: usize,
        values: usize,
        encoding: Encoding,
    ) -> Result<(u64, usize)> {
        let page = Page::DataPage {
            buf,
            num_values: u32::try_from(values).map_err(|e| ParquetError::External(Box::new(e)))?,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.values += values;
        match encoding {
            Encoding::RLE_DICTIONARY => self.coded += 1,
            _ => self.plain += 1,
        }
        self.write(page, uncompressed)
    }

    fn write(&mut self, page: Page, uncompressed: usize) -> Result<(u64, usize)> {
        let page = CompressedPage::new(page, uncompressed);
        let spec = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        // The header counts, as it does in the crate's own column writer.
        self.uncompressed += spec.uncompressed_size;
        Ok((spec.offset, spec.compressed_size))
    }

    /// Puts the dictionary, where there is one, before the data pages.
    pub(super) fn finish(
        mut self,
        dictionary: Option<&Dictionary>,
        rows: usize,
        compression: Compression,
        statistics: Option<Statistics>,
    ) -> Result<Chunk> {
        let data_at = match dictionary {
            Some(dictionary) => Some(self.begin_with(dictionary)?),
            None => None,
        };
        let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
        let of_pages = [
            stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, i32::from(dictionary.is_some())),
            stats(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, self.coded),
            stats(PageType::DATA_PAGE, Encoding::PLAIN, self.plain),
        ];
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        encodings.extend(dictionary.map(|_| Encoding::RLE_DICTIONARY));
        let bytes = self.sink.into_inner()?;
        let mut metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(compression)
            .set_encodings(encodings)
            .set_page_encoding_stats(of_pages.into_iter().filter(|stats| stats.count > 0).collect())
            .set_total_compressed_size(signed(bytes.len()))
            .set_total_uncompressed_size(signed(self.uncompressed))
            .set_num_values(signed(self.values))
            .set_dictionary_page_offset(data_at.map(|_| 0))
            .set_data_page_offset(signed(data_at.unwrap_or(0)));
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

    /// Puts the dictionary before what there is; answers where that stands now.
    fn begin_with(&mut self, dictionary: &Dictionary) -> Result<usize> {
        let page = Page::DictionaryPage {
            buf: dictionary.page.clone(),
            num_values: u32::try_from(dictionary.count).map_err(|e| ParquetError::External(Box::new(e)))?,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let mut pages = Self::new(&self.column);
        // A chunk may be held for long: in as much memory as it takes.
        let data = std::mem::replace(&mut self.sink, TrackedWrite::new(Vec::new())).into_inner()?;
        *pages.sink.inner_mut() = Vec::with_capacity(HEADER_BYTES + dictionary.page.len() + data.len());
        pages.write(page, dictionary.uncompressed)?;
        let data_at = pages.sink.bytes_written();
        pages.sink.write_all(&data)?;
        self.uncompressed += pages.uncompressed;
        self.sink = pages.sink;
        Ok(data_at)
    }
}

/// Appends levels of at most `most`, as a data page has them; nothing where all are 0 by the schema.
pub(super) fn put_levels(levels: &[u8], most: i16, page: &mut Vec<u8>) {
    if most > 0 {
        let at = page.len();
        page.extend_from_slice(&[0; 4]);
        hybrid::encode(levels, level_bits(most), page);
        let bytes = u32::try_from(page.len() - at - 4).unwrap_or(u32::MAX);
        page[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
    }
}

/// Appends a text as PLAIN encodes it: behind its length.
pub(super) fn put_text(text: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    page.extend_from_slice(text);
}

/// Bits of levels of at most `most`.
pub(crate) fn level_bits(most: i16) -> u8 {
    u8::try_from(i16::BITS - most.leading_zeros()).unwrap_or(1)
}

pub(super) fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
