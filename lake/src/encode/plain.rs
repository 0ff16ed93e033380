//! Column chunks of texts that have no dictionary, of a fresh file: nearly every row has a text of its own. They go from
//! where they lie into the pages, once.

use super::chunk::{ChunkEncoder, Observed};
use super::coded::Place;
use super::pages::{Chunk, PAGE_ROWS, Pages, put_levels, put_text};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use parquet::basic::Encoding;
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescPtr;

/// Bytes after which a page ends, as in the `parquet` crate's writer.
const PAGE_BYTES: usize = 1024 * 1024;

/// A text column of all batches.
#[derive(Debug)]
pub(super) struct PlainText<'a>(Vec<&'a StringArray>);

impl<'a> PlainText<'a> {
    /// `None` where the column is no text, or coded.
    pub(super) fn of(batches: &[&'a ArrayRef]) -> Option<Self> {
        batches.iter().map(|batch| batch.as_string_opt::<i32>()).collect::<Option<_>>().map(Self)
    }

    #[inline]
    pub(super) fn text(&self, (batch, row): Place) -> Option<&'a str> {
        let texts = self.0[batch];
        texts.is_valid(row).then(|| texts.value(row))
    }
}

impl ChunkEncoder {
    /// The chunk of a text column without a dictionary, of its rows at `places`, and the bounds where they are `wanted`.
    pub(super) fn plain_text<'a>(
        &mut self,
        column: &ColumnDescPtr,
        places: &[Place],
        plain: &PlainText<'a>,
        bounds_wanted: bool,
    ) -> Result<(Chunk, Observed<'a>)> {
        let mut pages = Pages::new(column);
        let mut observed = Observed::default();
        let mut rest = places;
        while !rest.is_empty() {
            let count = self.levels_of_page(rest, plain);
            let (piece, more) = rest.split_at(count);
            rest = more;
            self.page.clear();
            put_levels(&self.definition, column.max_def_level(), &mut self.page);
            for text in piece.iter().filter_map(|place| plain.text(*place)) {
                put_text(text.as_bytes(), &mut self.page);
                if bounds_wanted {
                    let (least, greatest) = observed.bounds.unwrap_or((text, text));
                    observed.bounds = Some((least.min(text), greatest.max(text)));
                }
            }
            observed.null_count += self.definition.iter().filter(|level| **level == 0).count() as u64;
            let page = self.compressor.compress(&self.page)?;
            pages.data(page, self.page.len(), count, Encoding::PLAIN)?;
        }
        if column.max_def_level() == 0 && observed.null_count > 0 {
            return Err(ParquetError::General(format!("column {} has nulls", column.name())));
        }
        let chunk = pages.finish(None, places.len(), self.compressor.compression, None)?;
        Ok((chunk, observed))
    }

    /// Makes the definition levels of the next page; answers how many rows it has.
    fn levels_of_page(&mut self, places: &[Place], plain: &PlainText<'_>) -> usize {
        self.definition.clear();
        let mut bytes = 0;
        for place in places.iter().take(PAGE_ROWS) {
            let text = plain.text(*place);
            self.definition.push(u8::from(text.is_some()));
            bytes += text.map_or(0, |text| size_of::<u32>() + text.len());
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        self.definition.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::FileFormat;
    use arrow::array::RecordBatch;
    use arrow::compute::{concat_batches, interleave};
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use std::sync::Arc;

    /// Writes a column of some rows and reads it back; answers the pages as well.
    fn written(batches: &[ArrayRef], places: &[Place], nullable: bool) -> Result<(ArrayRef, i32)> {
        let schema = Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, nullable)]));
        let columns = ArrowSchemaConverter::new().convert(&schema)?;
        let batches: Vec<&ArrayRef> = batches.iter().collect();
        let plain = PlainText::of(&batches).expect("they are plain");
        let mut encoder = ChunkEncoder::new(1)?;
        let (chunk, observed) = encoder.plain_text(&columns.column(0), places, &plain, true)?;
        let texts = || places.iter().filter_map(|place| plain.text(*place));
        assert_eq!(observed.bounds, texts().min().zip(texts().max()));
        assert_eq!(observed.null_count as usize, places.len() - texts().count());
        let stats = chunk.close.metadata.page_encoding_stats().expect("pages are counted");
        let pages = stats.iter().map(|stats| stats.count).sum();
        let mut file = SerializedFileWriter::new(
            Vec::new(),
            columns.root_schema_ptr(),
            Arc::new(WriterProperties::default()),
        )?;
        let mut group = file.next_row_group()?;
        group.append_column(&chunk.bytes, chunk.close)?;
        group.close()?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.into_inner()?))?;
        let chunk = reader.metadata().row_group(0).column(0);
        assert_eq!(chunk.num_values() as usize, places.len());
        let read: Vec<RecordBatch> = reader.build()?.collect::<std::result::Result<_, _>>()?;
        Ok((Arc::clone(concat_batches(&schema, &read)?.column(0)), pages))
    }

    #[test]
    fn rows_come_back_in_the_order_asked_for() {
        let batch = |number: usize, rows: usize| -> ArrayRef {
            let text = |row: usize| (row % 3 != number).then(|| "\u{e9}".repeat(row % 5) + &row.to_string());
            Arc::new((0..rows).map(text).collect::<StringArray>())
        };
        let batches: Vec<ArrayRef> =
            [40, 1, 500].into_iter().enumerate().map(|(n, rows)| batch(n, rows)).collect();
        let all = || (0..batches.len()).flat_map(|n| (0..batches[n].len()).map(move |row| (n, row)));
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| &**batch).collect();
        let orders: [Vec<Place>; 4] = [
            all().collect(),
            all().collect::<Vec<_>>().into_iter().rev().collect(),
            all().step_by(7).chain(all().step_by(3)).collect(),
            all().filter(|place| batches[place.0].is_null(place.1)).collect(),
        ];
        for places in orders {
            let (read, pages) = written(&batches, &places, true).unwrap();
            assert_eq!(&read, &interleave(&arrays, &places).unwrap());
            assert_eq!(pages, 1);
        }
    }

    #[test]
    fn pages_end_by_bytes_and_by_rows() {
        let long = "x".repeat(400_000);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some(long.as_str()), None, Some("")]));
        let places: Vec<Place> = (0..9).map(|n| (0, usize::from(n == 4))).collect();
        let (read, pages) = written(&[Arc::clone(&texts)], &places, true).unwrap();
        assert_eq!((read.len(), read.null_count(), pages), (9, 1, 3));
        let places = vec![(0, 2); PAGE_ROWS + 1];
        let (read, pages) = written(&[texts], &places, false).unwrap();
        assert_eq!((read.len(), read.null_count(), pages), (PAGE_ROWS + 1, 0, 2));
    }

    #[test]
    fn a_column_that_may_have_no_nulls_has_none() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        assert!(written(&[texts], &[(0, 0), (0, 1)], false).is_err());
    }

    #[test]
    fn no_plain_column_of_texts_has_statistics_or_a_dictionary() {
        // What a chunk made here lacks.
        for table in schemas::tables::Table::ALL {
            let format = FileFormat::new(table).unwrap();
            for name in table.plain_columns() {
                let column = parquet::schema::types::ColumnPath::from(*name);
                let is_text =
                    format.file_schema.field_with_name(name).is_ok_and(|f| *f.data_type() == DataType::Utf8);
                if is_text {
                    let none = parquet::file::properties::EnabledStatistics::None;
                    assert_eq!(format.fresh.statistics_enabled(&column), none, "{name}");
                    assert!(!format.fresh.dictionary_enabled(&column), "{name}");
                }
            }
        }
    }
}
