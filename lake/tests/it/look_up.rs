//! Whether a compacted file has what look-ups need, where it says, and none of it tells wrongly.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat_batches;
use errata_lake::{Lake, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use std::sync::Arc;

/// Row groups, bloom filters and pages are where the file says: an id is found by them, and rows read by the page index
/// are those that are there.
pub(crate) async fn check(lake: &Lake, table: Table, location: &Path, groups: usize) {
    let bytes = lake.object_store().get(location).await.unwrap().bytes().await.unwrap();
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let reader =
        || ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), options.clone()).unwrap();
    let metadata = Arc::clone(reader().metadata());
    assert_eq!(metadata.num_row_groups(), groups);
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let all = reader().with_row_groups(vec![number]).with_batch_size(usize::MAX).build().unwrap().next();
        let all = all.unwrap().unwrap();
        let rows = all.num_rows();
        for (first, count) in [(0, 1), (rows / 2, 77), (rows - 3, 3)] {
            let selection =
                RowSelection::from_consecutive_ranges(std::iter::once(first..first + count), rows);
            let some = reader().with_row_groups(vec![number]).with_row_selection(selection).build().unwrap();
            let some: Vec<_> = some.map(Result::unwrap).collect();
            assert_eq!(concat_batches(&all.schema(), &some).unwrap(), all.slice(first, count));
        }
        for column in table.bloom_columns() {
            let place = group.columns().iter().position(|c| c.column_path().string() == **column).unwrap();
            let filter = Sbbf::read_from_column_chunk(group.column(place), &bytes).unwrap().unwrap();
            let ids = all[*column].as_string::<i32>();
            assert!(ids.iter().flatten().all(|id| filter.check(id)), "{column}");
            let absent = (0..1000).filter(|n| filter.check(format!("absent {n}").as_str())).count();
            assert!(absent < 50, "{column}: {absent} of 1000");
        }
        for (place, column) in group.columns().iter().enumerate() {
            assert!(column.page_encoding_stats_mask().is_some());
            let pages = &metadata.offset_index().unwrap()[number][place].page_locations;
            assert!(pages.windows(2).all(|pair| pair[0].first_row_index < pair[1].first_row_index));
            check_page_bounds(&metadata, number, place, &all[column.column_path().parts()[0].as_str()]);
        }
    }
}

/// No value of a page lies outside its bounds; text columns only.
fn check_page_bounds(metadata: &ParquetMetaData, number: usize, place: usize, values: &ArrayRef) {
    let Some(texts) = values.as_string_opt::<i32>() else { return };
    let name = metadata.row_group(number).column(place).column_path().string();
    let ColumnIndexMetaData::BYTE_ARRAY(index) = &metadata.column_index().unwrap()[number][place] else {
        panic!("{name} has no page bounds");
    };
    let pages = &metadata.offset_index().unwrap()[number][place].page_locations;
    for page in 0..pages.len() {
        let first = usize::try_from(pages[page].first_row_index).unwrap();
        let end =
            pages.get(page + 1).map_or(texts.len(), |next| usize::try_from(next.first_row_index).unwrap());
        let of_page: Vec<Option<&str>> =
            (first..end).map(|row| texts.is_valid(row).then(|| texts.value(row))).collect();
        let nulls = of_page.iter().filter(|text| text.is_none()).count();
        assert_eq!(index.null_count(page), Some(nulls as i64), "{name}");
        assert_eq!(index.is_null_page(page), nulls == of_page.len(), "{name}");
        if let (Some(least), Some(greatest)) = (index.min_value(page), index.max_value(page)) {
            let bytes = || of_page.iter().flatten().map(|text| text.as_bytes());
            assert!(bytes().all(|text| least <= text && text <= greatest), "{name}");
            assert!(bytes().min().is_some_and(|text| text.starts_with(least)), "{name}: a loose bound");
        }
    }
}
