//! Settings of the log, all bounds included. Knows nothing of configuration files.

use std::time::Duration;

use super::WalError;

/// What an acknowledgement of [`Wal::append`](super::Wal::append) stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The record is on disk: written and `fdatasync`ed. Survives `kill -9` and a power cut.
    #[default]
    Wal,
    /// The record is queued in memory. It is written soon after, and synced only when a segment ends or
    /// the log is closed: `kill -9` loses the queue, a power cut up to one segment.
    Memory,
}

/// Bounds and timing of a [`Wal`](super::Wal). Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalConfig {
    /// What an acknowledgement stands for.
    pub durability: Durability,
    /// A new segment file is begun when the next record would grow the current one past this. Disk is
    /// given back in whole segments.
    pub segment_bytes_max: u64,
    /// Bytes of all segments and of the queue together; at the bound `append` answers
    /// [`WalError::Full`]. At least four segments.
    pub log_bytes_max: u64,
    /// Largest record (payload, facts and header), at most 1 GiB.
    pub record_bytes_max: u64,
    /// Recent records kept in memory, from which readers that keep up are served.
    pub ring_bytes_max: u64,
    /// Records that wait for the disk; beyond it `append` waits.
    pub queue_bytes_max: u64,
    /// How long a first record waits for company. Zero writes at once: what arrives during one
    /// `fdatasync` is the next group anyway, so this only trades latency for fewer syncs.
    pub group_commit_delay: Duration,
    /// Largest group of records written with one write and one `fdatasync` (a larger record goes alone).
    pub group_commit_bytes_max: u64,
}

impl Default for WalConfig {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            durability: Durability::Wal,
            segment_bytes_max: 64 * MIB,
            log_bytes_max: 4096 * MIB,
            record_bytes_max: 64 * MIB,
            ring_bytes_max: 64 * MIB,
            queue_bytes_max: 64 * MIB,
            group_commit_delay: Duration::ZERO,
            group_commit_bytes_max: 16 * MIB,
        }
    }
}

impl WalConfig {
    /// Checks the bounds against each other.
    ///
    /// # Errors
    /// [`WalError::Config`] with every problem found.
    pub fn validate(&self) -> Result<(), WalError> {
        const RECORD_BYTES_LIMIT: u64 = 1 << 30;
        const DELAY_MAX: Duration = Duration::from_secs(1);
        let mut problems = Vec::new();
        for (name, value) in [
            ("segment_bytes_max", self.segment_bytes_max),
            ("record_bytes_max", self.record_bytes_max),
            ("queue_bytes_max", self.queue_bytes_max),
            ("group_commit_bytes_max", self.group_commit_bytes_max),
        ] {
            if value == 0 {
                problems.push(format!("{name} is 0"));
            }
        }
        if self.log_bytes_max / 4 < self.segment_bytes_max {
            problems.push(format!(
                "log_bytes_max is {}, less than four segments of {} bytes",
                self.log_bytes_max, self.segment_bytes_max
            ));
        }
        if self.record_bytes_max > RECORD_BYTES_LIMIT {
            problems.push(format!(
                "record_bytes_max is {}, limit is {RECORD_BYTES_LIMIT}",
                self.record_bytes_max
            ));
        }
        if self.record_bytes_max > self.log_bytes_max / 2 {
            problems.push(format!(
                "record_bytes_max is {}, more than half of log_bytes_max {}",
                self.record_bytes_max, self.log_bytes_max
            ));
        }
        if self.group_commit_delay > DELAY_MAX {
            problems
                .push(format!("group_commit_delay is {:?}, limit is {DELAY_MAX:?}", self.group_commit_delay));
        }
        if problems.is_empty() { Ok(()) } else { Err(WalError::Config { problems: problems.join("; ") }) }
    }
}
