//! Columns of texts and of maps of texts, merged by the codes of the inputs' dictionaries.
//!
//! Pages are read for their levels and codes. Each input has a table from its codes to the new chunk's, so that a text is
//! looked at once for each dictionary that has it, and a row costs a look-up of a number.

use super::Encoded;
use super::input::Part;
use super::order::Order;
use crate::compaction::source::Segment;
use crate::encode::{Chunk, CompactedFormat, TextEncoder, Texts, UNKNOWN, decode, level_bits};
use crate::stats::ColumnStats;
use arrow::datatypes::FieldRef;
use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;

/// What pages of a column may be encoded with.
const KNOWN: [Encoding; 4] =
    [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY];

/// Values of a page, nulls included, that are decoded at once.
const LEVELS_MAX: usize = 1 << 24;
/// Rows handed on at once of a column that a file lacks.
const NULLS: usize = 1024;

/// `None`: the column is no such column, or an input has it in another form.
pub(super) fn encode(
    format: &CompactedFormat,
    field: &FieldRef,
    parts: &[Part],
    order: &Order,
) -> Result<Option<Encoded>> {
    let Some(encoders) = format.text_encoders(field)?.filter(|_| order.in_sequence) else { return Ok(None) };
    if !parts.iter().all(|part| is_known(part, &encoders)) {
        return Ok(None);
    }
    let mut groups: Vec<Vec<Chunk>> = order.groups.iter().map(|_| Vec::new()).collect();
    let (mut bounds, mut null_count) = (Vec::new(), 0);
    for (leaf, mut encoder) in encoders.into_iter().enumerate() {
        let mut inputs: Vec<Column> =
            parts.iter().map(|part| Column::new(part, leaf, encoder.column())).collect::<Result<_>>()?;
        for (chunks, runs) in groups.iter_mut().zip(&order.groups) {
            inputs.iter_mut().for_each(|input| input.numbers.fill(UNKNOWN));
            for run in runs {
                let mut rest = run.count;
                while rest > 0 {
                    rest -= inputs[run.input].take(rest.min(encoder.room()), &mut encoder)?;
                }
            }
            let (chunk, observed) = encoder.finish()?;
            chunks.push(Chunk::Text(chunk));
            bounds.extend(observed.bounds);
            null_count += observed.null_count;
        }
    }
    let least = bounds.iter().map(|(least, _)| least.as_str()).min();
    let greatest = bounds.iter().map(|(_, greatest)| greatest.as_str()).max();
    Ok(Some((groups, ColumnStats::of_texts(least.zip(greatest), null_count))))
}

/// Whether an input has the column as the lake's files do, or not at all.
fn is_known(part: &Part, encoders: &[TextEncoder]) -> bool {
    let levels = |column: &ColumnDescriptor| (column.max_rep_level(), column.max_def_level());
    if part.is_absent() {
        return encoders.iter().all(|encoder| encoder.column().max_def_level() > 0);
    }
    part.columns().len() == encoders.len()
        && part.columns().iter().zip(encoders).all(|(column, encoder)| {
            column.column_type() == Type::BYTE_ARRAY
                && levels(column.column_descr()) == levels(encoder.column())
                && column.encodings().all(|encoding| KNOWN.contains(&encoding))
        })
}

/// A leaf column of an input, being read.
struct Column {
    /// Absent where the file lacks the column.
    pages: Option<SerializedPageReader<Segment>>,
    levels_most: (i16, i16),
    texts: Texts,
    /// The encoder's numbers of the texts.
    numbers: Vec<u32>,
    page: Decoded,
}

/// The page at hand, and how far it is used up.
#[derive(Default)]
struct Decoded {
    repetition: Vec<u8>,
    definition: Vec<u8>,
    codes: Vec<u32>,
    levels: usize,
    level: usize,
    code: usize,
}

impl Column {
    fn new(part: &Part, leaf: usize, column: &ColumnDescriptor) -> Result<Self> {
        let pages = if part.is_absent() { None } else { Some(part.pages(leaf)?) };
        Ok(Self {
            pages,
            levels_most: (column.max_rep_level(), column.max_def_level()),
            texts: Texts::default(),
            numbers: Vec::new(),
            page: Decoded::default(),
        })
    }

    /// Hands on the next rows, at most `rows`; answers how many.
    fn take(&mut self, rows: usize, encoder: &mut TextEncoder) -> Result<usize> {
        while self.page.level == self.page.levels {
            self.next_page()?;
        }
        let page = &mut self.page;
        let (rows, end) = page.rows(rows, self.levels_most.0 > 0);
        let levels = (
            page.repetition.get(page.level..end).unwrap_or_default(),
            page.definition.get(page.level..end).unwrap_or_default(),
        );
        let texts = if self.levels_most.1 > 0 {
            levels.1.iter().filter(|level| i16::from(**level) == self.levels_most.1).count()
        } else {
            end - page.level
        };
        let codes = page.codes.get(page.code..page.code + texts).ok_or_else(|| broken("texts"))?;
        encoder.add(rows, levels, codes, &self.texts, &mut self.numbers)?;
        page.level = end;
        page.code += texts;
        Ok(rows)
    }

    fn next_page(&mut self) -> Result<()> {
        let Some(pages) = &mut self.pages else {
            return self.page.set_nulls(self.levels_most.0 > 0);
        };
        match pages.get_next_page()?.ok_or_else(|| broken("pages"))? {
            Page::DictionaryPage { buf, num_values, .. } => {
                let count = num_values as usize;
                self.texts.set_dictionary(buf, count).ok_or_else(|| broken("dictionary"))?;
                self.numbers = vec![UNKNOWN; count];
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let mut at = 0;
                self.page.begin(num_values as usize)?;
                for (most, is_repetition) in [(self.levels_most.0, true), (self.levels_most.1, false)] {
                    if most > 0 {
                        let length = buf.get(at..).and_then(|rest| rest.first_chunk::<4>());
                        let length = length.map_or(usize::MAX, |length| u32::from_le_bytes(*length) as usize);
                        let end = length.checked_add(at + 4);
                        let levels =
                            end.and_then(|end| buf.get(at + 4..end)).ok_or_else(|| broken("levels"))?;
                        self.page.set_levels(levels, most, is_repetition)?;
                        at += 4 + length;
                    }
                }
                self.set_values(&buf, at, encoding)?;
            }
            Page::DataPageV2 {
                buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let (repetition, at) = (
                    rep_levels_byte_len as usize,
                    rep_levels_byte_len as usize + def_levels_byte_len as usize,
                );
                self.page.begin(num_values as usize)?;
                let of = [
                    (buf.get(..repetition), self.levels_most.0, true),
                    (buf.get(repetition..at), self.levels_most.1, false),
                ];
                for (levels, most, is_repetition) in of {
                    if most > 0 {
                        self.page.set_levels(levels.ok_or_else(|| broken("levels"))?, most, is_repetition)?;
                    }
                }
                self.set_values(&buf, at, encoding)?;
            }
        }
        Ok(())
    }

    /// The texts of a data page, which begin at `at`.
    fn set_values(&mut self, page: &Bytes, at: usize, encoding: Encoding) -> Result<()> {
        let most = self.levels_most.1;
        let levels = &self.page.definition;
        let count = match most {
            0 => self.page.levels,
            _ => levels.iter().filter(|level| i16::from(**level) == most).count(),
        };
        let kept = self.texts.forget_plain();
        self.numbers.truncate(kept);
        match encoding {
            _ if count == 0 => {}
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let bits = page.get(at).copied().filter(|bits| *bits <= 32).ok_or_else(|| broken("codes"))?;
                decode(&page[at + 1..], bits, count, |code| code, &mut self.page.codes)
                    .ok_or_else(|| broken("codes"))?;
            }
            Encoding::PLAIN => {
                let first = self.texts.set_plain(page.clone(), at, count).ok_or_else(|| broken("texts"))?;
                self.page.codes.extend((first..).take(count));
                self.numbers.resize(self.texts.len(), UNKNOWN);
            }
            other => return Err(ParquetError::General(format!("texts are encoded as {other}"))),
        }
        Ok(())
    }
}

impl Decoded {
    fn begin(&mut self, levels: usize) -> Result<()> {
        if levels > LEVELS_MAX {
            return Err(ParquetError::General(format!(
                "a page has {levels} values, at most {LEVELS_MAX} are read"
            )));
        }
        self.repetition.clear();
        self.definition.clear();
        self.codes.clear();
        (self.levels, self.level, self.code) = (levels, 0, 0);
        Ok(())
    }

    fn set_levels(&mut self, bytes: &[u8], most: i16, is_repetition: bool) -> Result<()> {
        let levels = if is_repetition { &mut self.repetition } else { &mut self.definition };
        let read = decode(bytes, level_bits(most), self.levels, |level| level as u8, levels);
        read.ok_or_else(|| broken("levels"))?;
        if is_repetition && levels.first().is_some_and(|level| *level != 0) {
            return Err(ParquetError::General("a page begins within a row".into()));
        }
        Ok(())
    }

    /// Rows of a column that the file lacks.
    fn set_nulls(&mut self, is_repeated: bool) -> Result<()> {
        self.begin(NULLS)?;
        self.definition.resize(NULLS, 0);
        self.repetition.resize(if is_repeated { NULLS } else { 0 }, 0);
        Ok(())
    }

    /// At most `rows` rows from here on, and the level behind them.
    fn rows(&self, rows: usize, is_repeated: bool) -> (usize, usize) {
        if !is_repeated {
            let rows = rows.min(self.levels - self.level);
            return (rows, self.level + rows);
        }
        let mut seen = 0;
        for (place, level) in self.repetition.iter().enumerate().skip(self.level) {
            if *level == 0 {
                if seen == rows {
                    return (rows, place);
                }
                seen += 1;
            }
        }
        (seen, self.levels)
    }
}

fn broken(part: &str) -> ParquetError {
    ParquetError::General(format!("{part} end too early"))
}
