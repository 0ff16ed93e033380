//! Merges all small files of a lake's tables now, as they would be once their dates are past:
//! `cargo run --release -p errata-lake --example compact -- LAKE_FOLDER`. For `tests/speed/size.py`.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use anyhow::{Context, Result};
use errata_lake::{CompactionConfig, Lake, LakeConfig, Table};

/// As in the server, whose memory and time merges take.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Rounds at most; each leaves fewer files.
const ROUNDS_MAX: u32 = 50;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("give the folder of a lake")?;
    let lake = Lake::open(LakeConfig::new(&folder)).await?;
    let config = CompactionConfig { settle_ms: 0, ..CompactionConfig::default() };
    for table in Table::ALL {
        for _ in 0..ROUNDS_MAX {
            let report = lake.compact(table, &config, chrono::Utc::now()).await?;
            if report.merges == 0 {
                break;
            }
            println!(
                "{}: {} files of {} bytes became {} of {} bytes",
                table.name(),
                report.files_in,
                report.bytes_in,
                report.merges,
                report.bytes_out
            );
        }
    }
    Ok(())
}
