//! Sends OTLP/gRPC trace requests as fast as they are acknowledged, and prints what came of it as JSON.
//!
//! `cargo run --release -p collector-processor --example send -- ADDR [--connections 4] [--requests 1000] [--sessions 0.6] [--rate 0]`
//!
//! Each connection sends its next request when the last one is answered, and with `--rate` (spans a second over all
//! connections; 0 is no bound) not before its time has come. Each request has ids and times of its own.
//! One that is refused for now is sent again after a pause, as an SDK would; its time counts from the first attempt.

#[path = "../benches/client.rs"]
mod client;
#[path = "../benches/load.rs"]
mod load;

use bytes::Bytes;
use client::Connection;
use load::{Body, SPANS};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tonic::Code;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Different requests prepared; beyond them only ids and times differ.
const BODIES: u64 = 64;
const PAUSE: Duration = Duration::from_millis(100);
/// A server that refuses for this long is not going to take the request.
const ATTEMPTS_MAX: u32 = 600;
/// Spans a second.
const RATE_MAX: f64 = 1e9;

struct Options {
    addr: String,
    connections: u64,
    requests: u64,
    sessions: f64,
    rate: f64,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let addr =
            arguments.next().ok_or("give the address of an OTLP/gRPC receiver, such as 127.0.0.1:4317")?;
        let mut options = Self { addr, connections: 4, requests: 1000, sessions: 0.6, rate: 0.0 };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} lacks a value"))?;
            let whole = || value.parse().map_err(|_| format!("{name} {value}: not a whole number"));
            let number = || value.parse().map_err(|_| format!("{name} {value}: not a number"));
            match name.as_str() {
                "--connections" => options.connections = whole()?,
                "--requests" => options.requests = whole()?,
                "--sessions" => options.sessions = number()?,
                "--rate" => options.rate = number()?,
                _ => {
                    return Err(format!(
                        "{name} is not known; there are --connections, --requests, --sessions, --rate"
                    )
                    .into());
                }
            }
        }
        if options.connections == 0 || options.requests == 0 || !(0.0..=1.0).contains(&options.sessions) {
            return Err("--connections and --requests must be at least 1, --sessions from 0 to 1".into());
        }
        if !(0.0..=RATE_MAX).contains(&options.rate) {
            return Err(format!("--rate {}: from 0 to {RATE_MAX}", options.rate).into());
        }
        Ok(options)
    }
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    refused: u64,
    rejected_spans: u64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = Options::read(std::env::args().skip(1))?;
    let bodies: Arc<Vec<Body>> =
        Arc::new((0..BODIES).map(|seed| Body::new(seed, options.sessions)).collect());
    let begin = unix_nano()?;
    let next = Arc::new(AtomicU64::new(0));
    let mut connections = Vec::new();
    for _ in 0..options.connections {
        connections.push(Connection::open(&options.addr).await?);
    }
    let begun = Instant::now();
    let plan = Plan { requests: options.requests, begin, begun, rate: options.rate };
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(send(connection, Arc::clone(&bodies), Arc::clone(&next), plan)))
        .collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await??;
        all.times.extend(seen.times);
        all.refused += seen.refused;
        all.rejected_spans += seen.rejected_spans;
    }
    let seconds = begun.elapsed().as_secs_f64();
    all.times.sort_unstable();
    let spans = options.requests * SPANS as u64 - all.rejected_spans;
    let share = |share: f64| {
        let place = (all.times.len() as f64 * share) as usize;
        all.times[place.min(all.times.len() - 1)].as_secs_f64() * 1e3
    };
    let figures = serde_json::json!({
        "spans": spans,
        "seconds": seconds,
        "spans_per_s": spans as f64 / seconds,
        "p50_ms": share(0.5),
        "p90_ms": share(0.9),
        "p99_ms": share(0.99),
        "max_ms": share(1.0),
        "refused": all.refused,
        "rejected_spans": all.rejected_spans,
    });
    writeln!(std::io::stdout(), "{figures}")?;
    Ok(())
}

/// What all connections send together.
#[derive(Clone, Copy)]
struct Plan {
    requests: u64,
    /// What ids count from.
    begin: u64,
    begun: Instant,
    rate: f64,
}

/// Sends requests until all have been taken on by some connection.
async fn send(
    mut connection: Connection,
    bodies: Arc<Vec<Body>>,
    next: Arc<AtomicU64>,
    plan: Plan,
) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.requests {
            return Ok(seen);
        }
        if plan.rate > 0.0 {
            let due = plan.begun + Duration::from_secs_f64(number as f64 * SPANS as f64 / plan.rate);
            tokio::time::sleep_until(due.into()).await;
        }
        let body = &bodies[(number % BODIES) as usize];
        let body = Bytes::from(body.stamped(plan.begin.wrapping_add(number), unix_nano()?));
        let sent = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            match connection.export(body.clone()).await {
                Ok(rejected) => {
                    seen.rejected_spans += rejected;
                    break;
                }
                Err(status) if status.code() == Code::Unavailable && attempts < ATTEMPTS_MAX => {
                    seen.refused += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(status) => return Err(format!("the server does not take the request: {status}").into()),
            }
        }
        seen.times.push(sent.elapsed());
    }
}

fn unix_nano() -> Result<u64, Failure> {
    let now = chrono::Utc::now().timestamp_nanos_opt().ok_or("the clock is beyond the year 2262")?;
    Ok(now.cast_unsigned())
}
