//! `kill -9` at random moments: what was acknowledged is there, once, in order.
//!
//! The child is this test binary again, told by an environment variable; it appends and tells each
//! acknowledgement on its standard output.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use collector_processor::wal::{NewRecord, Wal, WalConfig, WalError};

const FOLDER: &str = "ERRATA_TEST_WAL_FOLDER";
const ROUND: &str = "ERRATA_TEST_WAL_ROUND";
const APPENDERS: u64 = 8;

fn config() -> WalConfig {
    const KIB: u64 = 1024;
    WalConfig {
        segment_bytes_max: 256 * KIB,
        ring_bytes_max: 64 * KIB,
        record_bytes_max: 64 * KIB,
        ..WalConfig::default()
    }
}

/// The payload says who it is, and fills some kilobytes with it.
fn payload(id: u64) -> Bytes {
    let bytes = 500 + usize::try_from(id % 7).unwrap() * 900;
    Bytes::from(id.to_le_bytes().into_iter().cycle().take(bytes / 8 * 8).collect::<Vec<u8>>())
}

fn id_of(payload: &Bytes) -> u64 {
    u64::from_le_bytes(payload[..8].try_into().unwrap())
}

/// Not a test of its own: the child of the test below.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let wal = Wal::open(Path::new(&folder), config()).unwrap();
        let mut appenders = Vec::new();
        for appender in 0..APPENDERS {
            let wal = wal.clone();
            appenders.push(tokio::spawn(async move {
                for number in 0.. {
                    let id = (round * APPENDERS + appender) << 32 | number;
                    let record = NewRecord { payload: payload(id), ..NewRecord::default() };
                    let position = wal.append(record).await.unwrap();
                    // One write of a short line into a pipe is atomic.
                    std::io::stdout().write_all(format!("\nack {position} {id}\n").as_bytes()).unwrap();
                }
            }));
        }
        for appender in appenders {
            appender.await.unwrap();
        }
    });
}

fn random_below(limit: u64) -> u64 {
    RandomState::new().build_hasher().finish() % limit
}

/// Runs a child, kills it, and gives what it said was acknowledged.
fn run_and_kill(folder: &Path, round: u64) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (first, begun) = std::sync::mpsc::sync_channel(1);
    let collector = std::thread::spawn(move || {
        let mut acknowledged = Vec::new();
        for line in lines.map_while(Result::ok) {
            let mut words = line.split(' ');
            // The last line may be cut by the kill; then it does not parse.
            let (Some("ack"), Some(position), Some(id)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            acknowledged.push((position.parse().unwrap(), id.parse().unwrap()));
            let _told = first.try_send(());
        }
        acknowledged
    });
    begun.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(matches!(Wal::open(folder, config()), Err(WalError::Locked { .. })), "another process has it");
    std::thread::sleep(Duration::from_micros(random_below(60_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    collector.join().unwrap()
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut acknowledged = HashMap::new();
    for round in 0..10 {
        let told = run_and_kill(folder.path(), round);
        assert!(!told.is_empty());
        acknowledged.extend(told);
        runtime.block_on(check(folder.path(), &acknowledged));
    }
}

async fn check(folder: &Path, acknowledged: &HashMap<u64, u64>) {
    let wal = Wal::open(folder, config()).unwrap();
    assert_eq!(wal.recovery().corrupt_segments, 0);
    let newest = wal.stats().newest_position;
    let mut reader = wal.reader("check", 1);
    let (mut found, mut ids, mut last) = (HashMap::new(), HashSet::new(), 0);
    while last < newest {
        for record in reader.next_batch(1 << 20).await {
            assert!(record.position > last, "order");
            last = record.position;
            let id = id_of(&record.payload);
            assert_eq!(record.payload, payload(id));
            assert!(ids.insert(id), "record {id} is there twice");
            found.insert(record.position, id);
        }
    }
    for (position, id) in acknowledged {
        assert_eq!(found.get(position), Some(id), "acknowledged and lost");
    }
    wal.close().await;
}
