//! How the lake's Parquet files are laid out.

/// Partition column of every table: the UTC date (`YYYY-MM-DD`) of the row's timestamp, or of its
/// receipt where the timestamp lies outside the accepted window.
pub const PARTITION_COLUMN: &str = "date";

/// Most rows in one row group of a compacted file.
pub const ROW_GROUP_ROWS_MAX: usize = 131_072;

/// Bytes of distinct values of a column in one row group of a compacted file, beyond which further ones are written
/// in full. A reader of any row of the column reads all of it.
pub const DICTIONARY_BYTES_COMPACTED: usize = 4 * 1024 * 1024;

/// Bytes of a page of long texts in a compacted file, before compression.
pub const LONG_PAGE_BYTES_COMPACTED: usize = 2 * 1024 * 1024;

/// zstd level of freshly written files, which live for minutes, until compaction; and of ids in all files, in which higher
/// levels find nothing more.
pub const ZSTD_LEVEL_FRESH: i32 = 1;

/// zstd level of compacted files, which are kept until retention.
pub const ZSTD_LEVEL_COMPACTED: i32 = 3;

/// Target size of a compacted file in bytes.
pub const COMPACTED_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// Delta application-id prefix under which a processor stores its log position.
pub const TXN_APP_PREFIX: &str = "errata-";
