//! One round of upkeep over all tables.
//!
//! Nothing here needs a leader: each step looks at the newest state first, and a step that another
//! process did meanwhile has nothing left to do or loses its commit harmlessly.

use crate::compaction::{self, CompactionReport};
use crate::config::MaintenanceConfig;
use crate::error::LakeError;
use crate::lake::{Lake, OpenTable};
use crate::retention;
use crate::vacuum::{self, VacuumReport};
use chrono::{DateTime, Utc};
use schemas::tables::Table;
use std::sync::atomic::Ordering;

/// What a round of upkeep did.
#[derive(Debug, Default)]
pub struct MaintenanceReport {
    /// Per table.
    pub tables: Vec<TableReport>,
}

/// What a round did to one table.
#[derive(Debug)]
pub struct TableReport {
    /// Table.
    pub table: Table,
    /// Merges.
    pub compaction: CompactionReport,
    /// Files that left the table because their date is past retention.
    pub files_dropped: usize,
    /// Version of the checkpoint that was written.
    pub checkpoint: Option<u64>,
    /// Expired log entries deleted.
    pub log_entries_deleted: usize,
    /// Files deleted from the store.
    pub vacuum: VacuumReport,
    /// Live files at the end.
    pub live_files: usize,
    /// Bytes of the live files at the end.
    pub live_bytes: u64,
    /// Version at the end.
    pub version: u64,
    /// What ended the table's round early.
    pub error: Option<LakeError>,
}

pub(crate) async fn maintain_once(
    lake: &Lake,
    config: &MaintenanceConfig,
    now: DateTime<Utc>,
) -> MaintenanceReport {
    let mut report = MaintenanceReport::default();
    for open in lake.tables() {
        let mut done = TableReport {
            table: open.log.table,
            compaction: CompactionReport::default(),
            files_dropped: 0,
            checkpoint: None,
            log_entries_deleted: 0,
            vacuum: VacuumReport::default(),
            live_files: 0,
            live_bytes: 0,
            version: 0,
            error: None,
        };
        done.error = Box::pin(maintain_table(lake, open, config, now, &mut done)).await.err();
        report.tables.push(done);
    }
    report
}

async fn maintain_table(
    lake: &Lake,
    open: &OpenTable,
    config: &MaintenanceConfig,
    now: DateTime<Utc>,
    done: &mut TableReport,
) -> Result<(), LakeError> {
    let log = &open.log;
    if let Some(days) = config.retention_days.filter(|_| expires(log.table)) {
        done.files_dropped = retention::retain(log, days, now.date_naive()).await?;
    }
    done.compaction = compaction::compact(lake.storage(), open, &config.compaction, now).await?;
    let snapshot = log.snapshot().await?;
    (done.version, done.live_files, done.live_bytes) =
        (snapshot.version, snapshot.files.len(), snapshot.size_bytes());
    let interval = lake.config().checkpoint_interval;
    if snapshot.version >= log.checkpoint_version().await?.unwrap_or(0) + interval {
        let (version, written) = log.checkpoint().await?;
        done.checkpoint = Some(version);
        // By the store's clock: one of a machine that is ahead would take entries from those who still read them.
        let kept_ms = i64::from(lake.config().log_retention_hours) * 3_600_000;
        let cutoff_ms = now.min(written).timestamp_millis() - kept_ms;
        done.log_entries_deleted = log.delete_expired(snapshot.version, cutoff_ms).await?;
    }
    let now_ms = now.timestamp_millis();
    if now_ms - open.vacuumed_ms.load(Ordering::Relaxed) >= config.vacuum_interval_ms {
        let (replaced, orphan) = (config.vacuum_after_ms, config.orphan_after_ms);
        done.vacuum = vacuum::vacuum(lake.storage(), log, replaced, orphan, now).await?;
        open.vacuumed_ms.store(now_ms, Ordering::Relaxed);
    }
    Ok(())
}

/// Patterns and what people decided about them are kept for ever.
fn expires(table: Table) -> bool {
    matches!(table, Table::Spans | Table::Errors)
}
