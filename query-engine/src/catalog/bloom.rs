//! Looking up an id: which row groups can hold it, by their bloom filters.
//!
//! A filter is a few hundred kilobytes for each row group and column, and DataFusion reads the whole of it. Of a split
//! block filter one block of 32 bytes decides (Parquet format, `BloomFilter.md`), and where it stands follows from the hash,
//! so only that is read: some kilobytes for a lake of many gigabytes.
//!
//! Bounds: [`VALUES_MAX`] values of one column; [`FILES_AT_ONCE`] files at once, the blocks of one file in one request.

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::error::Result;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::ObjectStore;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use std::ops::Range;
use std::sync::Arc;
use twox_hash::XxHash64;

/// With more values most row groups have one, and asking costs more than it saves.
const VALUES_MAX: usize = 32;
const FILES_AT_ONCE: usize = 16;
const BLOCK_BYTES: u64 = 32;

/// Constants of the specification: each picks a bit of its word.
const SALT: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// A column, and the hashes of the values of which one is looked for.
#[derive(Debug)]
pub(super) struct LookUp<'f> {
    column: &'f str,
    hashes: Vec<u64>,
}

/// The look-ups among the conditions `filters`, for columns that have bloom filters. All of them must succeed.
pub(super) fn look_ups<'f>(filters: &'f [Expr], columns: &[&str]) -> Vec<LookUp<'f>> {
    let conditions = filters.iter().flat_map(split_conjunction);
    let found = conditions.filter_map(look_up);
    found.filter(|look_up| columns.contains(&look_up.column) && look_up.hashes.len() <= VALUES_MAX).collect()
}

fn look_up(condition: &Expr) -> Option<LookUp<'_>> {
    let (column, values) = match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (&**left, &**right) {
            (Expr::Column(column), value) | (value, Expr::Column(column)) => (column, vec![value]),
            _ => return None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (left, right) = (look_up(left)?, look_up(right)?);
            let hashes = left.hashes.into_iter().chain(right.hashes).collect();
            return (left.column == right.column).then_some(LookUp { column: left.column, hashes });
        }
        Expr::InList(list) if !list.negated => match &*list.expr {
            Expr::Column(column) => (column, list.list.iter().collect()),
            _ => return None,
        },
        _ => return None,
    };
    let hash = |value: &Expr| match value {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(XxHash64::oneshot(0, text.as_bytes())),
        _ => None,
    };
    Some(LookUp { column: &column.name, hashes: values.into_iter().map(hash).collect::<Option<_>>()? })
}

/// Of `files` those with a row group that may hold what is looked for; only such row groups are read of them.
///
/// # Errors
/// A file cannot be read.
pub(super) async fn keep(
    files: Vec<PartitionedFile>,
    look_ups: &[LookUp<'_>],
    store: &Arc<dyn ObjectStore>,
    metadata: &Arc<FileMetadataCache>,
) -> Result<Vec<PartitionedFile>> {
    if look_ups.is_empty() {
        return Ok(files);
    }
    let kept =
        files.into_iter().map(|file| narrowed(file, look_ups, Arc::clone(store), Arc::clone(metadata)));
    stream::iter(kept).buffered(FILES_AT_ONCE).try_filter_map(|file| async { Ok(file) }).try_collect().await
}

async fn narrowed(
    file: PartitionedFile,
    look_ups: &[LookUp<'_>],
    store: Arc<dyn ObjectStore>,
    metadata: Arc<FileMetadataCache>,
) -> Result<Option<PartitionedFile>> {
    let meta = DFParquetMetadata::new(store.as_ref(), &file.object_meta)
        .with_file_metadata_cache(Some(metadata))
        .fetch_metadata()
        .await?;
    let questions = questions(&meta, look_ups);
    if questions.is_empty() {
        return Ok(Some(file));
    }
    let ranges: Vec<Range<u64>> =
        questions.iter().map(|question| question.place..question.place + BLOCK_BYTES).collect();
    let blocks = store.get_ranges(&file.object_meta.location, &ranges).await?;
    // A row group stays where each look-up has a value that may be there, or cannot be asked.
    let mut may_hold = vec![vec![None; look_ups.len()]; meta.num_row_groups()];
    for (question, block) in questions.iter().zip(&blocks) {
        let answer: &mut Option<bool> = &mut may_hold[question.row_group][question.look_up];
        *answer = Some(answer.unwrap_or(false) || has(block, question.hash));
    }
    let accesses: Vec<RowGroupAccess> = may_hold
        .iter()
        .map(
            |answers| {
                if answers.contains(&Some(false)) { RowGroupAccess::Skip } else { RowGroupAccess::Scan }
            },
        )
        .collect();
    if accesses.iter().all(|access| !access.should_scan()) {
        return Ok(None);
    }
    Ok(Some(file.with_extension(ParquetAccessPlan::new(accesses))))
}

/// One block to be read.
struct Question {
    row_group: usize,
    look_up: usize,
    hash: u64,
    place: u64,
}

fn questions(meta: &ParquetMetaData, look_ups: &[LookUp<'_>]) -> Vec<Question> {
    let mut questions = Vec::new();
    // Only our writer is known to make filters whose size is a power of two.
    if !meta.file_metadata().created_by().is_some_and(|by| by.starts_with("parquet-rs")) {
        return questions;
    }
    for (row_group, group) in meta.row_groups().iter().enumerate() {
        for (look_up, asked) in look_ups.iter().enumerate() {
            let Some((start, blocks)) = filter(group, asked.column) else { continue };
            questions.extend(asked.hashes.iter().map(|&hash| {
                let block = (u128::from(hash >> 32) * u128::from(blocks)) >> 32;
                Question { row_group, look_up, hash, place: start + block as u64 * BLOCK_BYTES }
            }));
        }
    }
    questions
}

/// Where the blocks of a column's filter begin, and how many there are.
fn filter(group: &RowGroupMetaData, column: &str) -> Option<(u64, u64)> {
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column)?;
    let offset = u64::try_from(chunk.bloom_filter_offset()?).ok()?;
    let length = u64::try_from(chunk.bloom_filter_length()?).ok()?;
    // The header before the blocks is shorter than the least filter.
    let bytes = 1 << length.checked_ilog2()?;
    (bytes >= BLOCK_BYTES).then_some((offset + length - bytes, bytes / BLOCK_BYTES))
}

fn has(block: &[u8], hash: u64) -> bool {
    let (words, _) = block.as_chunks::<4>();
    let key = hash as u32;
    words.len() == SALT.len()
        && words.iter().zip(SALT).all(|(word, salt)| {
            let bit = key.wrapping_mul(salt) >> 27;
            u32::from_le_bytes(*word) >> bit & 1 == 1
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    #[test]
    fn equality_with_texts_is_looked_up() {
        let filters = [
            col("trace_id").eq(lit("a")),
            lit("b").eq(col("trace_id")).and(col("session_id").in_list(vec![lit("c"), lit("d")], false)),
            col("trace_id").eq(lit("e")).or(col("trace_id").eq(lit("f"))),
            col("trace_id").eq(lit("g")).or(col("session_id").eq(lit("h"))),
            col("trace_id").in_list(vec![lit("i")], true),
            col("trace_id").gt(lit("j")),
            col("name").eq(lit("k")),
            col("trace_id").eq(col("session_id")),
        ];
        let found = look_ups(&filters, &["trace_id", "session_id"]);
        let counts: Vec<_> = found.iter().map(|look_up| (look_up.column, look_up.hashes.len())).collect();
        assert_eq!(counts, [("trace_id", 1), ("trace_id", 1), ("session_id", 2), ("trace_id", 2)]);
    }
}
