//! Where the lake is and how it is kept. Plain values: reading files and variables is the caller's.

use crate::error::LakeError;
use schemas::layout;
use std::collections::HashMap;
use std::fmt;

/// Location and properties of a lake.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// A folder, `file:///...` or `s3://bucket/prefix`.
    pub location: String,
    /// How to reach S3; not used for a folder.
    pub s3: S3Options,
    /// Commits between two checkpoints of a table's log; written to the table's properties too.
    pub checkpoint_interval: u64,
    /// How long the entries of a table's log are kept once a checkpoint covers them, in hours.
    pub log_retention_hours: u32,
    /// Commits tried against other writers before [`LakeError::Contended`].
    pub commit_attempts_max: u32,
}

impl LakeConfig {
    /// A lake at `location` with default properties.
    #[must_use]
    pub fn new(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            s3: S3Options::default(),
            checkpoint_interval: 50,
            log_retention_hours: 1,
            commit_attempts_max: 200,
        }
    }

    pub(crate) fn validate(&self) -> Result<(), LakeError> {
        if self.checkpoint_interval == 0 {
            return Err(LakeError::Setting {
                name: "checkpoint_interval",
                value: "0".into(),
                limit: "it must be at least 1",
            });
        }
        if self.log_retention_hours == 0 {
            return Err(LakeError::Setting {
                name: "log_retention_hours",
                value: "0".into(),
                limit: "it must be at least 1",
            });
        }
        Ok(())
    }
}

/// How to reach S3 or a store that speaks its protocol. What is not set here is taken from `env`.
#[derive(Clone, Default)]
pub struct S3Options {
    /// URL of the server; absent means Amazon's own.
    pub endpoint: Option<String>,
    /// Region; `us-east-1` where nothing names one.
    pub region: Option<String>,
    /// Access key id.
    pub access_key_id: Option<String>,
    /// Secret of the access key.
    pub secret_access_key: Option<String>,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
    /// Allow plain HTTP. An endpoint that starts with `http://` implies it.
    pub allow_http: bool,
    /// Put the bucket into the host name instead of the path.
    pub virtual_hosted: bool,
    /// The caller's `AWS_*` variables, by name.
    pub env: HashMap<String, String>,
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("allow_http", &self.allow_http)
            .field("virtual_hosted", &self.virtual_hosted)
            .finish_non_exhaustive()
    }
}

/// How small files are merged. The policy is written down in `compaction/plan.rs`.
#[derive(Clone, Debug)]
pub struct CompactionConfig {
    /// Files of one size class and date that become one.
    pub merge_files_min: usize,
    /// Most files merged at once; bounds open readers.
    pub merge_files_max: usize,
    /// Most bytes of files that are merged at once; a merge of two files may have more. Bounds memory. Files of so
    /// much are merged however few they are.
    pub merge_bytes_max: u64,
    /// Most bytes that a column with a dictionary has, decompressed, in files that are merged at once; a merge of two files
    /// may have more. Bounds memory where texts compress very well.
    pub column_bytes_max: u64,
    /// Size at which a file is left alone, in bytes.
    pub target_bytes: u64,
    /// Most merges in one call.
    pub merges_max: usize,
    /// Merges of a past date's leftovers begin when the date has had no new file for this long.
    pub settle_ms: i64,
}

impl Default for CompactionConfig {
    fn default() -> Self {
        Self {
            merge_files_min: 16,
            merge_files_max: 64,
            merge_bytes_max: 48 * 1024 * 1024,
            column_bytes_max: 256 * 1024 * 1024,
            target_bytes: layout::COMPACTED_FILE_BYTES,
            merges_max: 16,
            settle_ms: 30 * 60 * 1000,
        }
    }
}

/// What [`crate::Lake::maintain_once`] does.
#[derive(Clone, Debug)]
pub struct MaintenanceConfig {
    /// How small files are merged.
    pub compaction: CompactionConfig,
    /// Days of `spans` and `errors` that are kept, today included; absent keeps all.
    pub retention_days: Option<u32>,
    /// Age after which a file that was replaced or dropped is deleted: readers that began before keep
    /// their view that long.
    pub vacuum_after_ms: i64,
    /// Age after which a file that no commit names is deleted. Must exceed by far the time between
    /// writing a file and committing it.
    pub orphan_after_ms: i64,
    /// Least time between two listings of a table's folder for the vacuum.
    pub vacuum_interval_ms: i64,
}

impl Default for MaintenanceConfig {
    fn default() -> Self {
        Self {
            compaction: CompactionConfig::default(),
            retention_days: Some(30),
            vacuum_after_ms: 10 * 60 * 1000,
            orphan_after_ms: 60 * 60 * 1000,
            vacuum_interval_ms: 5 * 60 * 1000,
        }
    }
}
