//! `errata compact`: maintenance of the lake, once and now.

use crate::config::Settings;
use crate::output;

/// Maintains the lake until nothing is left to merge.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let lake = settings.open_existing_lake().await?;
        let report = lake.maintain_once(&settings.maintenance_config(), settings.now_ms()).await?;
        output::print(&format!("{report}\n"));
        Ok(())
    })
}
