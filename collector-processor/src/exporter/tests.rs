//! The exporter against real servers on loopback that refuse, accept, vanish and come back.

mod next_hop;

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::wal::{NewRecord, WalConfig};
use next_hop::{Answer, NextHop};

const TRACES: u8 = 1;
const LOGS: u8 = 2;

/// Bytes that no protobuf decoder would leave alone, different in each record.
fn payload(number: u64) -> Bytes {
    let noise = (0..2000_u64).map(|at| u8::try_from((at * number * 31 + at * at) % 256).unwrap());
    number.to_be_bytes().into_iter().chain(noise).collect()
}

fn number_of(payload: &Bytes) -> u64 {
    u64::from_be_bytes(payload[..8].try_into().unwrap())
}

async fn append(wal: &Wal, kind: u8, number: u64) {
    let facts = Bytes::from_static(b"facts stay here");
    wal.append(NewRecord { kind, received_unix_nano: 1, payload: payload(number), facts }).await.unwrap();
}

fn config(hop: &NextHop) -> ExporterConfig {
    let mut config = ExporterConfig::new(hop.endpoint());
    config.protocol = Some(hop.protocol());
    config.timeout = Duration::from_secs(2);
    config.num_consumers = 1;
    config.retry_on_failure.initial_interval = Duration::from_millis(10);
    config.retry_on_failure.max_interval = Duration::from_millis(200);
    config
}

fn wal_in(folder: &Path) -> Wal {
    const KIB: u64 = 1024;
    let config = WalConfig { segment_bytes_max: 64 * KIB, ring_bytes_max: 16 * KIB, ..WalConfig::default() };
    Wal::open(&folder.join("wal"), config).unwrap()
}

async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(15), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn numbers(hop: &NextHop) -> Vec<u64> {
    hop.received().iter().map(|request| number_of(&request.body)).collect()
}

async fn refuses_then_accepts(protocol: Protocol, compression: Compression) {
    let folder = TempDir::new().unwrap();
    let hop = NextHop::start(protocol);
    hop.script([
        Answer::Unavailable,
        Answer::Unavailable,
        Answer::Accept,
        Answer::Busy(Duration::from_millis(1)),
    ]);
    let wal = wal_in(folder.path());
    let mut config = config(&hop);
    config.compression = compression;
    config.headers.insert("X-Tenant".to_owned(), "blue".to_owned());
    let exporter = Exporter::start(config, folder.path(), &wal).unwrap();
    for number in 1_u64..=30 {
        append(&wal, if number.is_multiple_of(3) { LOGS } else { TRACES }, number).await;
    }
    let stats = Arc::clone(exporter.stats());
    wait_until("all arrived", || stats.sent_requests.load(Relaxed) == 30).await;
    let received = hop.received();
    assert_eq!(numbers(&hop), (1..=30).collect::<Vec<_>>(), "order is kept");
    for request in &received {
        let number = number_of(&request.body);
        assert_eq!(request.body, payload(number), "byte for byte");
        assert_eq!(request.is_logs, number.is_multiple_of(3));
        assert_eq!(request.tenant.as_deref(), Some("blue"));
        assert_eq!(request.compression, compression);
    }
    assert_eq!(stats.retried_attempts.load(Relaxed), 3);
    assert_eq!(stats.failed_requests.load(Relaxed) + stats.dropped_records.load(Relaxed), 0);
    wait_until("the queue is empty", || stats.queue_bytes.load(Relaxed) == 0).await;
    assert_eq!(wal.backlog(CONSUMER).records, 0);
    exporter.shutdown(Duration::from_secs(5)).await;
    assert_eq!(stats.in_flight.load(Relaxed), 0);
}

#[tokio::test]
async fn grpc_refuses_then_accepts() {
    refuses_then_accepts(Protocol::Grpc, Compression::None).await;
}

#[tokio::test]
async fn grpc_with_gzip() {
    refuses_then_accepts(Protocol::Grpc, Compression::Gzip).await;
}

#[tokio::test]
async fn grpc_with_zstd() {
    refuses_then_accepts(Protocol::Grpc, Compression::Zstd).await;
}

#[tokio::test]
async fn http_refuses_then_accepts() {
    refuses_then_accepts(Protocol::HttpProtobuf, Compression::None).await;
}

#[tokio::test]
async fn http_with_gzip() {
    refuses_then_accepts(Protocol::HttpProtobuf, Compression::Gzip).await;
}

#[tokio::test]
async fn http_with_zstd() {
    refuses_then_accepts(Protocol::HttpProtobuf, Compression::Zstd).await;
}

async fn refusals_and_partial_success(protocol: Protocol) {
    let folder = TempDir::new().unwrap();
    let hop = NextHop::start(protocol);
    hop.script([Answer::Invalid, Answer::Partial(3), Answer::Accept]);
    let wal = wal_in(folder.path());
    let exporter = Exporter::start(config(&hop), folder.path(), &wal).unwrap();
    for number in 1..=3 {
        append(&wal, TRACES, number).await;
    }
    append(&wal, 77, 4).await; // a kind from the future
    append(&wal, TRACES, 5).await;
    let stats = exporter.stats();
    wait_until("the rest arrived", || stats.sent_requests.load(Relaxed) == 3).await;
    assert_eq!(numbers(&hop), [2, 3, 5]);
    assert_eq!(stats.failed_requests.load(Relaxed), 2);
    assert_eq!(stats.rejected_items.load(Relaxed), 3);
    assert_eq!(stats.retried_attempts.load(Relaxed), 0);
}

#[tokio::test]
async fn grpc_refusals_are_counted_and_passed_over() {
    refusals_and_partial_success(Protocol::Grpc).await;
}

#[tokio::test]
async fn http_refusals_are_counted_and_passed_over() {
    refusals_and_partial_success(Protocol::HttpProtobuf).await;
}

async fn keeps_the_wait_that_is_asked_for(protocol: Protocol) {
    let folder = TempDir::new().unwrap();
    let hop = NextHop::start(protocol);
    hop.script([Answer::Busy(Duration::from_secs(1))]);
    let wal = wal_in(folder.path());
    let mut config = config(&hop);
    config.retry_on_failure.max_interval = Duration::from_secs(5);
    let exporter = Exporter::start(config, folder.path(), &wal).unwrap();
    let begun = Instant::now();
    append(&wal, TRACES, 1).await;
    wait_until("it arrived", || exporter.stats().sent_requests.load(Relaxed) == 1).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn grpc_retry_info_is_kept() {
    keeps_the_wait_that_is_asked_for(Protocol::Grpc).await;
}

#[tokio::test]
async fn http_retry_after_is_kept() {
    keeps_the_wait_that_is_asked_for(Protocol::HttpProtobuf).await;
}

/// The next hop is away at first, comes, is killed in the middle, comes back at the same address.
async fn loses_nothing_when_the_hop_is_killed(protocol: Protocol) {
    let folder = TempDir::new().unwrap();
    let mut hop = NextHop::start(protocol);
    hop.kill();
    let wal = wal_in(folder.path());
    let mut config = config(&hop);
    config.num_consumers = 4;
    let exporter = Exporter::start(config, folder.path(), &wal).unwrap();
    let stats = Arc::clone(exporter.stats());
    for number in 1..=100 {
        append(&wal, TRACES, number).await; // the hop that is away delays nothing
    }
    wait_until("it was missed", || stats.retried_attempts.load(Relaxed) > 4).await;
    hop.restart().await;
    wait_until("some arrived", || hop.received().len() > 20).await;
    hop.script(vec![Answer::Hang; 4]);
    for number in 101..=200 {
        append(&wal, LOGS, number).await;
    }
    wait_until("some hang", || hop.hanging() > 0).await;
    hop.kill();
    let before = stats.retried_attempts.load(Relaxed);
    wait_until("it was missed again", || stats.retried_attempts.load(Relaxed) > before + 4).await;
    hop.restart().await;
    wait_until("all arrived", || stats.sent_requests.load(Relaxed) == 200).await;
    let mut got = numbers(&hop);
    got.sort_unstable();
    got.dedup();
    assert_eq!(got, (1..=200).collect::<Vec<_>>());
    assert_eq!(stats.failed_requests.load(Relaxed) + stats.dropped_records.load(Relaxed), 0);
    wait_until("the log is released", || wal.backlog(CONSUMER).records == 0).await;
}

#[tokio::test]
async fn grpc_loses_nothing_when_the_hop_is_killed() {
    loses_nothing_when_the_hop_is_killed(Protocol::Grpc).await;
}

#[tokio::test]
async fn http_loses_nothing_when_the_hop_is_killed() {
    loses_nothing_when_the_hop_is_killed(Protocol::HttpProtobuf).await;
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let mut hop = NextHop::start(Protocol::Grpc);
    for round in 0..3 {
        let wal = wal_in(folder.path());
        let exporter = Exporter::start(config(&hop), folder.path(), &wal).unwrap();
        for number in 1..=20 {
            append(&wal, TRACES, round * 20 + number).await;
        }
        // Drains: all that is in the log is sent before it ends.
        exporter.shutdown(Duration::from_secs(10)).await;
        wal.close().await;
    }
    assert_eq!(numbers(&hop), (1..=60).collect::<Vec<_>>(), "nothing twice after a clean stop");

    hop.kill();
    let wal = wal_in(folder.path());
    let exporter = Exporter::start(config(&hop), folder.path(), &wal).unwrap();
    append(&wal, TRACES, 61).await;
    let begun = Instant::now();
    exporter.shutdown(Duration::from_secs(60)).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "a hop that is down does not hold up the stop");
    wal.close().await;
    drop(wal);
    hop.restart().await;
    let wal = wal_in(folder.path());
    let exporter = Exporter::start(config(&hop), folder.path(), &wal).unwrap();
    wait_until("what was left arrived", || exporter.stats().sent_requests.load(Relaxed) == 1).await;
    assert_eq!(numbers(&hop).last(), Some(&61));
}

#[tokio::test]
async fn a_hop_that_never_answers_ends_at_the_deadline() {
    let folder = TempDir::new().unwrap();
    let hop = NextHop::start(Protocol::Grpc);
    hop.script([Answer::Hang]);
    let wal = wal_in(folder.path());
    let mut config = config(&hop);
    config.timeout = Duration::from_secs(60);
    let exporter = Exporter::start(config, folder.path(), &wal).unwrap();
    append(&wal, TRACES, 1).await;
    wait_until("it hangs", || hop.hanging() == 1).await;
    let begun = Instant::now();
    exporter.shutdown(Duration::from_millis(300)).await;
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&begun.elapsed()));
    assert_eq!(wal.backlog(CONSUMER).records, 1, "it stays in the log");
}

#[tokio::test]
async fn beyond_the_bound_the_oldest_are_given_up_and_counted() {
    let folder = TempDir::new().unwrap();
    let mut hop = NextHop::start(Protocol::Grpc);
    hop.kill();
    let wal = wal_in(folder.path());
    let mut config = config(&hop);
    config.num_consumers = 3;
    config.sending_queue.bytes_max = 256 * 1024;
    let exporter = Exporter::start(config, folder.path(), &wal).unwrap();
    for number in 1..=1000 {
        append(&wal, TRACES, number).await;
    }
    let stats = Arc::clone(exporter.stats());
    wait_until("the queue is within its bound", || {
        stats.dropped_records.load(Relaxed) > 0 && wal.backlog(CONSUMER).bytes <= 256 * 1024
    })
    .await;
    tokio::time::sleep(BOUND_SETTLES).await;
    assert!(wal.stats().disk_bytes < 512 * 1024, "given up means given back: {}", wal.stats().disk_bytes);
    hop.restart().await;
    let dropped = || usize::try_from(stats.dropped_records.load(Relaxed)).unwrap();
    wait_until("the rest arrived", || hop.received().len() + dropped() == 1000).await;
    let mut got = numbers(&hop);
    got.sort_unstable();
    let first = dropped() as u64 + 1;
    assert_eq!(got, (first..=1000).collect::<Vec<_>>(), "the newest are all there");
    assert!(stats.dropped_bytes.load(Relaxed) >= stats.dropped_records.load(Relaxed) * 2000);
    wait_until("the queue is empty", || stats.queue_bytes.load(Relaxed) == 0).await;
}

/// Longer than the interval at which the bound is checked.
const BOUND_SETTLES: Duration = Duration::from_millis(250);

#[test]
fn the_endpoint_tells_the_protocol() {
    let protocol = |endpoint: &str| ExporterConfig::new(endpoint).resolve().unwrap().protocol;
    assert_eq!(protocol("http://tempo:4317"), Protocol::Grpc);
    assert_eq!(protocol("https://tempo"), Protocol::Grpc);
    assert_eq!(protocol("http://tempo:4318"), Protocol::HttpProtobuf);
    assert_eq!(protocol("https://api.example.com/otlp"), Protocol::HttpProtobuf);
    let mut config = ExporterConfig::new("http://tempo:4318");
    config.protocol = Some("grpc".parse().unwrap());
    assert_eq!(config.resolve().unwrap().protocol, Protocol::Grpc);
}

#[test]
fn wrong_settings_are_all_named_and_secrets_are_not() {
    let mut config = ExporterConfig::new("tempo:4317");
    config.num_consumers = 0;
    config.retry_on_failure.multiplier = 0.5;
    config.headers.insert("authorization".to_owned(), "Bearer s3cret\n".to_owned());
    let text = config.validate().unwrap_err().to_string();
    for part in ["endpoint", "num_consumers", "multiplier", "authorization"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("s3cret"));
    assert!("http".parse::<Protocol>().is_err() && "br".parse::<Compression>().is_err());
}
