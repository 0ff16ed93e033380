//! Appends per second and syncs per append of the log, on the folder named by the first argument.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use collector_processor::wal::{NewRecord, Wal, WalConfig};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const RUN: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "wal-throughput".to_owned());
    let bytes: usize = std::env::args().nth(2).map_or(Ok(400_000), |text| text.parse())?;
    let payload = Bytes::from((0..bytes).map(|at| (at * 31 % 251) as u8).collect::<Vec<u8>>());
    for appenders in [1, 4, 64] {
        run(&Path::new(&folder).join(appenders.to_string()), appenders, payload.clone()).await?;
    }
    Ok(())
}

async fn run(folder: &Path, appenders: u32, payload: Bytes) -> Result<(), Failure> {
    let wal = Wal::open(folder, WalConfig::default())?;
    let mut reader = wal.reader("lake", 1);
    let releaser = tokio::spawn({
        let wal = wal.clone();
        async move {
            while let Some(last) = reader.next_batch(8 << 20).await.last() {
                wal.release("lake", last.position);
            }
        }
    });
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..appenders {
        let (wal, payload) = (wal.clone(), payload.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < RUN {
                let sent = Instant::now();
                wal.append(NewRecord { payload: payload.clone(), ..NewRecord::default() }).await?;
                times.push(sent.elapsed());
            }
            Ok::<_, Failure>(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let stats = wal.stats();
    writeln!(
        std::io::stdout(),
        "{appenders:>3} appenders, {} bytes: {:.0} appends/s, {:.0} MB/s, {:.2} syncs per append, sync {:.1} ms mean {:.1} ms max, append p50 {:.1} ms p99 {:.1} ms",
        payload.len(),
        times.len() as f64 / seconds,
        stats.appended_bytes as f64 / seconds / 1e6,
        stats.fsyncs as f64 / times.len() as f64,
        stats.fsync_time.as_secs_f64() * 1e3 / stats.fsyncs as f64,
        stats.fsync_time_max.as_secs_f64() * 1e3,
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[times.len() * 99 / 100].as_secs_f64() * 1e3,
    )?;
    wal.close().await;
    releaser.await?;
    Ok(())
}
