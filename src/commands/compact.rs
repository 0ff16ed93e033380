//! `errata compact`: maintenance of the lake, now.

use super::block_on;
use crate::config::Settings;
use crate::output;
use anyhow::bail;
use std::fmt::Write;

/// Rounds at most; each halves what is left to merge, or more.
const ROUNDS_MAX: u32 = 50;

/// Maintains the lake until nothing is left to merge.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    block_on(async {
        let lake = settings.open_existing_lake().await?;
        let config = settings.maintenance_config();
        for round in 1..=ROUNDS_MAX {
            let report = lake.maintain_once(&config, chrono::Utc::now()).await;
            let mut text = String::new();
            let mut merged = 0;
            for done in &report.tables {
                merged += done.compaction.merges;
                writeln!(
                    text,
                    "round {round}  {:<15} {:>4} merges  {:>4} files dropped by retention  {:>4} files deleted  {:>5} files live, {:.1} MiB",
                    done.table.name(),
                    done.compaction.merges,
                    done.files_dropped,
                    done.vacuum.files,
                    done.live_files,
                    done.live_bytes as f64 / (1024.0 * 1024.0),
                )?;
            }
            output::print(&text);
            if let Some(error) = report.tables.into_iter().find_map(|t| t.error) {
                bail!(error);
            }
            if merged == 0 {
                break;
            }
        }
        Ok(())
    })
}
