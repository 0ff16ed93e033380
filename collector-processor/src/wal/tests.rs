//! The log as its users see it, on a real folder.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const KIB: u64 = 1024;

fn small() -> WalConfig {
    WalConfig {
        segment_bytes_max: 16 * KIB,
        log_bytes_max: 1024 * KIB,
        record_bytes_max: 64 * KIB,
        ring_bytes_max: 8 * KIB,
        queue_bytes_max: 64 * KIB,
        group_commit_bytes_max: 32 * KIB,
        ..WalConfig::default()
    }
}

fn record(number: u64, bytes: usize) -> NewRecord {
    let payload = Bytes::from(vec![u8::try_from(number % 251).unwrap(); bytes]);
    NewRecord {
        kind: u8::try_from(number % 2).unwrap(),
        received_unix_nano: number * 1000,
        payload,
        facts: Bytes::from(format!("facts of {number}")),
    }
}

fn same(got: &Record, number: u64, bytes: usize) {
    let want = record(number, bytes);
    assert_eq!(got.kind, want.kind);
    assert_eq!(got.received_unix_nano, want.received_unix_nano);
    assert_eq!(got.payload, want.payload);
    assert_eq!(got.facts, want.facts);
}

/// Everything a new consumer can read now.
async fn drain(wal: &Wal, from: u64) -> Vec<Record> {
    let newest = wal.stats().newest_position;
    let mut reader = wal.reader("drain", from);
    let mut records = Vec::new();
    while reader.next_position() <= newest {
        let batch = tokio::time::timeout(Duration::from_secs(10), reader.next_batch(10_000)).await.unwrap();
        assert!(!batch.is_empty());
        records.extend(batch);
    }
    wal.deregister("drain");
    records
}

fn segments(dir: &TempDir) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    paths.sort();
    paths
}

fn corrupt_copies(dir: &TempDir) -> usize {
    let entries = fs::read_dir(dir.path()).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "corrupt")).count()
}

fn flip(path: &PathBuf, offset: u64) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(&[byte[0] ^ 0x55]).unwrap();
}

#[tokio::test]
async fn records_come_back_in_order_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    for number in 1..=100 {
        assert_eq!(wal.append(record(number, 1000)).await.unwrap(), number);
    }
    assert!(segments(&dir).len() > 5, "several segments");
    wal.close().await;
    drop(wal);

    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!(wal.recovery().records, 100);
    assert_eq!(wal.recovery().cut_bytes, 0);
    assert_eq!(wal.append(record(101, 10)).await.unwrap(), 101);
    let records = drain(&wal, 1).await;
    assert_eq!(records.len(), 101);
    for (index, got) in records.iter().enumerate() {
        let number = index as u64 + 1;
        assert_eq!(got.position, number);
        same(got, number, if number == 101 { 10 } else { 1000 });
    }
    assert_eq!(drain(&wal, 57).await[0].position, 57);
}

#[tokio::test]
async fn a_reader_waits_and_a_dropped_wait_takes_nothing() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let mut reader = wal.reader("lake", 1);
    assert!(tokio::time::timeout(Duration::from_millis(20), reader.next_batch(1)).await.is_err());
    wal.append(record(1, 10)).await.unwrap();
    wal.append(record(2, 10)).await.unwrap();
    let batch = reader.next_batch(1).await;
    assert_eq!(batch.iter().map(|record| record.position).collect::<Vec<_>>(), [1]);
    assert_eq!(reader.next_batch(10_000).await[0].position, 2);
    let waiting = tokio::spawn(async move { reader.next_batch(1).await });
    wal.close().await;
    assert!(waiting.await.unwrap().is_empty());
    assert!(matches!(wal.append(record(3, 10)).await, Err(WalError::Closed)));
}

#[tokio::test]
async fn segments_go_when_every_consumer_has_released_them() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let _lake = wal.reader("lake", 1);
    let mut exporter = wal.reader("exporter", 1);
    for number in 1..=100 {
        wal.append(record(number, 1000)).await.unwrap();
    }
    let all = wal.stats();
    wal.release("lake", 100);
    assert_eq!(wal.stats().disk_bytes, all.disk_bytes, "the exporter still needs them");
    let backlog = wal.backlog("exporter");
    assert_eq!(backlog.records, 100);
    assert_eq!(wal.backlog("lake"), Backlog::default());

    // The exporter gives up what it never read.
    let (position, skipped) = wal.skip_oldest("exporter", backlog.bytes / 2).unwrap();
    assert_eq!(wal.backlog("exporter").records + skipped.records, 100);
    assert!(wal.backlog("exporter").bytes <= backlog.bytes / 2);
    assert_eq!(exporter.next_batch(1).await[0].position, position + 1);
    assert!(wal.skip_oldest("exporter", backlog.bytes / 2).is_none());

    wal.release("exporter", 100);
    let stats = wal.stats();
    assert_eq!(stats.segments, 1);
    assert!(stats.disk_bytes < all.disk_bytes / 4);
    wal.close().await;
    assert_eq!(segments(&dir).len(), 1, "the files are gone");
}

#[tokio::test]
async fn a_full_log_refuses_and_recovers_by_release() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), WalConfig { log_bytes_max: 128 * KIB, ..small() }).unwrap();
    let _lake = wal.reader("lake", 1);
    let mut accepted = 0;
    let refusal = loop {
        match wal.append(record(accepted + 1, 4000)).await {
            Ok(position) => accepted = position,
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, WalError::Full { limit, .. } if limit == 128 * KIB), "{refusal}");
    assert!(refusal.is_retryable());
    assert!((25..=32).contains(&accepted), "{accepted}");
    wal.release("lake", accepted);
    assert_eq!(wal.append(record(accepted + 1, 4000)).await.unwrap(), accepted + 1);
    let too_large = wal.append(record(1, 64 * 1024)).await.unwrap_err();
    assert!(matches!(too_large, WalError::RecordTooLarge { .. }) && !too_large.is_retryable());
}

#[tokio::test]
async fn a_stored_position_beyond_the_log_is_never_given_out_again() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let mut lake = wal.reader("lake", 1001);
    assert_eq!(wal.append(record(1, 10)).await.unwrap(), 1001);
    assert_eq!(lake.next_batch(1).await[0].position, 1001);
    wal.release("lake", 1001);
    wal.close().await;
    drop((wal, lake));
    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!(wal.append(record(1, 10)).await.unwrap(), 1002);
}

#[tokio::test]
async fn memory_acknowledges_when_queued_and_close_writes_it() {
    let dir = TempDir::new().unwrap();
    let config = WalConfig { durability: Durability::Memory, ..small() };
    let wal = Wal::open(dir.path(), config).unwrap();
    for number in 1..=50 {
        assert_eq!(wal.append(record(number, 500)).await.unwrap(), number);
    }
    wal.close().await;
    drop(wal);
    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!(drain(&wal, 1).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_appends_share_syncs_and_two_readers_see_all_in_order() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let mut readers = Vec::new();
    for name in ["lake", "exporter"] {
        let (wal, mut reader) = (wal.clone(), wal.reader(name, 1));
        readers.push(tokio::spawn(async move {
            let mut positions = Vec::new();
            while positions.len() < 640 {
                let batch = reader.next_batch(5_000).await;
                positions.extend(batch.iter().map(|record| record.position));
                wal.release(reader.name(), *positions.last().unwrap());
            }
            positions
        }));
    }
    let mut appenders = Vec::new();
    for task in 0..64 {
        let wal = wal.clone();
        appenders.push(tokio::spawn(async move {
            let mut positions = Vec::new();
            for number in 0..10 {
                positions.push(wal.append(record(task * 10 + number, 700)).await.unwrap());
            }
            positions
        }));
    }
    let mut given = Vec::new();
    for appender in appenders {
        given.extend(appender.await.unwrap());
    }
    given.sort_unstable();
    let want: Vec<u64> = (1..=640).collect();
    assert_eq!(given, want);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), want);
    }
    let stats = wal.stats();
    assert!(stats.fsyncs < 640, "{} syncs for 640 appends", stats.fsyncs);
    assert_eq!(stats.appended_records, 640);
    assert_eq!((stats.queue_bytes, stats.ring_records), (0, 0));
}

#[tokio::test]
async fn damage_in_the_middle_costs_one_record_and_keeps_a_copy() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    for number in 1..=60 {
        wal.append(record(number, 1000)).await.unwrap();
    }
    wal.close().await;
    drop(wal);
    let paths = segments(&dir);
    flip(&paths[1], 24 + 500); // in a payload
    flip(&paths[2], 24 + 8); // in a record header

    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!(wal.recovery().corrupt_segments, 2);
    assert_eq!(wal.recovery().records, 58);
    assert_eq!(corrupt_copies(&dir), 2);
    assert_eq!(wal.append(record(61, 1000)).await.unwrap(), 61);
    let records = drain(&wal, 1).await;
    assert_eq!(records.len(), 59);
    for got in &records {
        same(got, got.position, 1000);
    }
    wal.close().await;
    drop(wal);
    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!((wal.recovery().corrupt_segments, wal.recovery().records), (0, 59), "repaired once");
}

#[tokio::test]
async fn damage_while_open_is_passed_over() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    for number in 1..=60 {
        wal.append(record(number, 1000)).await.unwrap();
    }
    flip(&segments(&dir)[0], 24 + 500);
    let records = drain(&wal, 1).await;
    assert_eq!((records.len(), records[0].position), (59, 2));
    assert_eq!(wal.stats().damaged_reads, 1);
}

#[tokio::test]
async fn a_damaged_segment_header_sets_the_file_aside() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    for number in 1..=60 {
        wal.append(record(number, 1000)).await.unwrap();
    }
    wal.close().await;
    drop(wal);
    let paths = segments(&dir);
    flip(&paths[1], 3);
    let wal = Wal::open(dir.path(), small()).unwrap();
    assert_eq!((wal.recovery().corrupt_segments, corrupt_copies(&dir)), (1, 1));
    let records = drain(&wal, 1).await;
    assert!(records.len() < 60 && records.last().unwrap().position == 60);
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut header = format::encode_segment_header(7);
    header[8] = 9;
    let crc = crc32c::crc32c(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    fs::write(dir.path().join(segment::file_name(1)), header).unwrap();
    let error = Wal::open(dir.path(), small()).unwrap_err();
    assert!(matches!(error, WalError::Version { version: 9, .. }), "{error}");
}

#[tokio::test]
async fn a_second_opener_is_told_what_to_do() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let error = Wal::open(dir.path(), small()).unwrap_err();
    assert!(matches!(error, WalError::Locked { .. }));
    assert!(error.to_string().contains(dir.path().to_str().unwrap()));
    drop(wal);
    Wal::open(dir.path(), small()).unwrap();
}

/// A payload that holds what looks like a record is never taken for one, even beside damage.
#[tokio::test]
async fn a_record_inside_a_payload_is_not_found() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    let fake = format::RecordHeader {
        position: 900,
        received_unix_nano: 0,
        payload_bytes: 3,
        facts_bytes: 0,
        kind: 0,
        body_crc: format::body_crc(b"abc", b""),
    };
    let mut payload = b"xx".to_vec();
    payload.extend(fake.encode(0));
    payload.extend(b"abc");
    wal.append(NewRecord { payload: payload.into(), ..NewRecord::default() }).await.unwrap();
    wal.append(record(2, 100)).await.unwrap();
    wal.close().await;
    drop(wal);
    flip(&segments(&dir)[0], 24 + 8);
    let wal = Wal::open(dir.path(), small()).unwrap();
    let positions: Vec<u64> = drain(&wal, 1).await.iter().map(|record| record.position).collect();
    assert_eq!(positions, [2]);
}

#[tokio::test]
async fn a_failed_segment_is_not_written_again() {
    let dir = TempDir::new().unwrap();
    let wal = Wal::open(dir.path(), small()).unwrap();
    wal.append(record(1, 12_000)).await.unwrap();
    // A folder in the way makes the next segment fail as a full disk would.
    let obstacle = dir.path().join(segment::file_name(2));
    fs::create_dir(&obstacle).unwrap();
    let error = wal.append(record(2, 12_000)).await.unwrap_err();
    assert!(matches!(error, WalError::Io { .. }) && error.is_retryable(), "{error}");
    assert_eq!(wal.append(record(3, 12_000)).await.unwrap(), 3, "later appends go on");
    assert_eq!(wal.stats().write_errors, 1);
    fs::remove_dir(&obstacle).unwrap();
    let positions: Vec<u64> = drain(&wal, 1).await.iter().map(|record| record.position).collect();
    assert_eq!(positions, [1, 3]);
}

#[tokio::test]
async fn a_first_record_waits_for_company_when_told_to() {
    let dir = TempDir::new().unwrap();
    let config = WalConfig { group_commit_delay: Duration::from_millis(100), ..small() };
    let wal = Wal::open(&dir.path().join("not/yet/there"), config).unwrap();
    let appends = (1..=8).map(|number| {
        let wal = wal.clone();
        async move { wal.append(record(number, 100)).await.unwrap() }
    });
    let mut positions = futures::future::join_all(appends).await;
    positions.sort_unstable();
    assert_eq!(positions, (1..=8).collect::<Vec<_>>());
    assert_eq!(wal.stats().fsyncs, 1);
}

#[test]
fn contradicting_settings_are_all_named() {
    let config = WalConfig { segment_bytes_max: 0, record_bytes_max: 1 << 40, ..WalConfig::default() };
    let text = config.validate().unwrap_err().to_string();
    assert!(text.contains("segment_bytes_max") && text.contains("record_bytes_max"), "{text}");
    WalConfig::default().validate().unwrap();
}

/// Writes records of the given sizes and copies the files as they are after the last acknowledgement.
fn written(sizes: &[usize]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = WalConfig { segment_bytes_max: 2 * KIB, ..small() };
        let wal = Wal::open(dir.path(), config).unwrap();
        for (index, size) in sizes.iter().enumerate() {
            wal.append(record(index as u64 + 1, *size)).await.unwrap();
        }
        wal.close().await;
    });
    dir
}

/// Opens what is left; the positions found, and the next one given out.
fn reopened(dir: &TempDir) -> (Recovery, Vec<u64>, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let wal = Wal::open(dir.path(), small()).unwrap();
        let records = drain(&wal, 1).await;
        let next = wal.append(record(1, 1)).await.unwrap();
        let positions = records.iter().map(|record| record.position).collect();
        (wal.recovery().clone(), positions, next)
    })
}

/// A crash at any byte of the newest segment leaves exactly the records that were whole.
#[test]
fn any_cut_leaves_a_prefix() {
    let source = written(&[300, 500, 20, 0, 900, 40, 7]);
    let newest = segments(&source).pop().unwrap();
    let bytes = fs::read(&newest).unwrap();
    let ends: Vec<usize> = {
        let (mut ends, mut at) = (Vec::new(), 24);
        while let Some(header) = decode_any(&bytes, at) {
            at += usize::try_from(header.record_bytes()).unwrap();
            ends.push(at);
        }
        ends
    };
    assert!(ends.len() > 1 && *ends.last().unwrap() == bytes.len());
    let before = 7 - ends.len() as u64;
    for cut in 0..=bytes.len() {
        OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(&newest)
            .unwrap()
            .write_all(&bytes[..cut])
            .unwrap();
        let whole = before + ends.iter().filter(|end| **end <= cut).count() as u64;
        let recovered = recovery::recover(source.path()).unwrap();
        let left = ends.iter().rfind(|end| **end <= cut).copied().unwrap_or(24);
        assert_eq!(recovered.recovery.records, whole, "cut at {cut}");
        assert_eq!(recovered.recovery.corrupt_segments, 0);
        assert_eq!(recovered.next, whole + 1, "cut at {cut}");
        let torn = if cut < 24 { cut } else { cut - left };
        assert_eq!(recovered.recovery.cut_bytes, torn as u64, "cut at {cut}");
    }
}

fn decode_any(bytes: &[u8], at: usize) -> Option<format::RecordHeader> {
    let format::SegmentHeader::Valid { salt } = format::decode_segment_header(bytes) else { return None };
    format::RecordHeader::decode(&bytes[at..], salt)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Records, a cut at any byte, more records, another cut: always a prefix, and positions go on.
    #[test]
    fn restarts_go_on(sizes in prop::collection::vec(0usize..3000, 1..12), cut in any::<prop::sample::Index>()) {
        let dir = written(&sizes);
        let newest = segments(&dir).pop().unwrap();
        let length = fs::metadata(&newest).unwrap().len();
        let cut = cut.index(usize::try_from(length).unwrap() + 1) as u64;
        OpenOptions::new().write(true).open(&newest).unwrap().set_len(cut).unwrap();
        let (recovery, positions, next) = reopened(&dir);
        let want: Vec<u64> = (1..=positions.len() as u64).collect();
        prop_assert_eq!(&positions, &want);
        prop_assert_eq!(recovery.records, positions.len() as u64);
        prop_assert_eq!(next, positions.len() as u64 + 1);
        let first = segment::parse_file_name(newest.file_name().unwrap().to_str().unwrap()).unwrap();
        prop_assert!(next >= first, "older segments are whole");
        let (again, positions, _) = reopened(&dir);
        prop_assert_eq!((again.records, again.cut_bytes, again.corrupt_segments), (next, 0, 0));
        prop_assert_eq!(positions.len() as u64, next);
    }

    /// Any bytes in place of a segment: no panic, no loop, and the log works afterwards.
    #[test]
    fn any_bytes_are_survived(
        sizes in prop::collection::vec(0usize..2000, 1..8),
        at in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let dir = written(&sizes);
        let paths = segments(&dir);
        let path = &paths[at.index(paths.len())];
        let mut bytes = fs::read(path).unwrap();
        let from = at.index(bytes.len());
        for (index, byte) in noise.iter().enumerate().take(bytes.len() - from) {
            bytes[from + index] = *byte;
        }
        fs::write(path, &bytes).unwrap();
        let (_, positions, next) = reopened(&dir);
        prop_assert!(positions.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(positions.last().is_none_or(|last| *last < next));
        let (again, _, _) = reopened(&dir);
        prop_assert_eq!((again.cut_bytes, again.corrupt_segments), (0, 0));
    }
}
