//! A request's way, step by step, in spans per second: `cargo bench -p collector-processor --bench path`.
//!
//! - `walk`: checking a request and visiting all that is in it; beside it a prost decode of the same bytes.
//! - `splice`: session and tags put on the spans with exceptions.
//! - `log`: appends to the write-ahead log with its fsync, four at once.
//! - `encode`: one append of 32,768 spans to the lake: sorting, Parquet, commit, fsync.
//! - `end to end`: four connections send to a processor that does everything, until the last acknowledgement.
//!
//! Figures of `log`, `encode` and `end to end` hold for the disk below the temporary folder (`TMPDIR`).

#![expect(clippy::print_stdout, reason = "a bench answers on its output")]

mod client;
mod config;
mod load;

use access::Access;
use arrow::array::{Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use bytes::Bytes;
use client::Connection;
use collector_processor::Processor;
use collector_processor::wal::{NewRecord, Wal, WalConfig};
use collector_processor::wire::{Edits, Request, SpanView, Value, validate_traces};
use config::config;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use lake::{Lake, LakeConfig, Table, WriterId};
use load::{Body, SPANS};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use prost::Message;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// As in `errata`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SESSIONS: f64 = 0.6;
const BODIES: u64 = 32;
const CONNECTIONS: usize = 4;
/// Requests in one append to the lake.
const COMMIT_REQUESTS: u64 = 64;
/// Requests that each connection sends in one round.
const ROUND_REQUESTS: u64 = 8;
/// Longest wait for a processor to end.
const GRACE: Duration = Duration::from_secs(60);

fn bodies() -> Vec<Body> {
    (0..BODIES).map(|seed| Body::new(seed, SESSIONS)).collect()
}

fn now() -> u64 {
    chrono::Utc::now().timestamp_nanos_opt().map_or(0, i64::cast_unsigned)
}

/// Requests with ids of their own.
fn requests(count: u64) -> Vec<Bytes> {
    let (bodies, now) = (bodies(), now());
    (0..count).map(|number| bodies[(number % BODIES) as usize].stamped(number, now).into()).collect()
}

/// Takes turns with what it is given, so that no request stays in the nearest cache.
fn in_turn<'a, T>(all: &'a [T]) -> impl FnMut() -> &'a T {
    let mut turns = all.iter().cycle();
    move || turns.next().expect("there is something to take turns with")
}

/// Visits every attribute and event of every span.
fn walk(request: &[u8]) -> usize {
    let mut seen = 0;
    let mut span = SpanView::default();
    for resource in Request::new(request).resources() {
        seen += resource.attributes().count();
        for scope in resource.scopes() {
            let mut spans = scope.spans();
            while spans.read(&mut span) {
                seen += span.attributes.iter().filter(|attribute| !attribute.value.is_empty()).count();
                seen += span.events.iter().map(|event| event.attributes().count()).sum::<usize>();
            }
        }
    }
    seen
}

/// What tagging writes on a span with an exception.
fn tag(request: &[u8], edits: &mut Edits, out: &mut Vec<u8>) {
    edits.clear();
    let mut span = SpanView::default();
    for resource in Request::new(request).resources() {
        for scope in resource.scopes() {
            let mut spans = scope.spans();
            while spans.read(&mut span) {
                if span.events.is_empty() {
                    continue;
                }
                let header = span.attribute("http.request.header.x-exec-session").map(|found| found.value);
                let session = header.as_ref().and_then(Value::first_text);
                let mut tags = edits.attributes(span.attributes_at());
                if let Some(session) = session {
                    tags.text("exec.session.id", session.as_str());
                }
                tags.text("errata.fingerprint", "5f1c0f7a3f0b4d4c9b7e5a61c2d3e4f5")
                    .text("errata.pattern.id", "p-5f1c0f7a3f0b4d4c")
                    .bool("errata.pattern.new", false)
                    .int("errata.severity", 3)
                    .text("errata.taxonomy.runtime", "python")
                    .text("errata.taxonomy.phase", "run")
                    .text("errata.taxonomy.type", "ValueError")
                    .text("errata.strategy", "2026-12-01");
            }
        }
    }
    edits.apply(request, out).expect("edits address spans of this request");
}

fn wire(criterion: &mut Criterion) {
    let requests = requests(BODIES);
    let bytes: usize = requests.iter().map(Bytes::len).sum();
    println!("{} bytes a span", bytes / requests.len() / SPANS);
    let mut group = criterion.benchmark_group("walk");
    group.throughput(Throughput::Elements(SPANS as u64));
    let mut next = in_turn(&requests);
    group.bench_function("check and walk", |bench| {
        bench.iter(|| {
            let request = next();
            validate_traces(request).expect("prost made it");
            black_box(walk(request))
        });
    });
    let mut next = in_turn(&requests);
    group.bench_function("prost decode", |bench| {
        bench.iter(|| ExportTraceServiceRequest::decode(black_box(&next()[..])).expect("prost made it"));
    });
    group.finish();
    let mut group = criterion.benchmark_group("splice");
    group.throughput(Throughput::Elements(SPANS as u64));
    let (mut edits, mut out) = (Edits::default(), Vec::new());
    let mut next = in_turn(&requests);
    group.bench_function("session and tags", |bench| bench.iter(|| tag(next(), &mut edits, &mut out)));
    group.finish();
}

fn log(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads can be started");
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let wal = Wal::open(folder.path(), WalConfig::default()).expect("an empty folder makes a log");
    let mut reader = wal.reader("lake", 1);
    let releaser = runtime.spawn({
        let wal = wal.clone();
        async move {
            while let Some(last) = reader.next_batch(8 << 20).await.last() {
                wal.release("lake", last.position);
            }
        }
    });
    let requests = requests(BODIES);
    let mut group = criterion.benchmark_group("log");
    group.throughput(Throughput::Elements((CONNECTIONS * SPANS) as u64)).sample_size(30);
    let mut next = in_turn(&requests);
    group.bench_function("four appends at once", |bench| {
        bench.iter(|| {
            let appends: Vec<_> = (0..CONNECTIONS)
                .map(|_| wal.append(NewRecord { payload: next().clone(), ..NewRecord::default() }))
                .collect();
            for appended in runtime.block_on(join_all(appends)) {
                appended.expect("the disk takes it");
            }
        });
    });
    group.finish();
    runtime.block_on(async {
        wal.close().await;
        releaser.await.expect("the reader ends with the log");
    });
}

async fn open_lake(folder: &Path) -> Lake {
    let location = folder.join("lake").display().to_string();
    Lake::open(LakeConfig::new(location)).await.expect("an empty folder makes a lake")
}

async fn start(folder: &Path) -> (Processor, Lake) {
    let lake = open_lake(folder).await;
    let config = config(folder, ([127, 0, 0, 1], 0).into());
    let meter = opentelemetry::global::meter("bench");
    let started = Processor::start(config, lake.clone(), Access::open_to_all(), None, meter).await;
    (started.expect("the processor starts in an empty folder"), lake)
}

/// Rows as the processor makes them of requests, each text column coded by one dictionary.
async fn rows(folder: &Path, requests: &[Bytes]) -> RecordBatch {
    let (processor, lake) = start(folder).await;
    let addr = processor.grpc_addr().to_string();
    let mut connection = Connection::open(&addr).await.expect("the processor listens");
    for request in requests {
        let rejected = connection.export(request.clone()).await.expect("the processor takes it");
        assert_eq!(rejected, 0, "every span is taken");
    }
    processor.shutdown(GRACE).await;
    let files = lake.snapshot(Table::Spans).await.expect("the lake can be read").files.clone();
    let mut batches = Vec::new();
    for file in &files {
        let path = Path::new("/").join(file.location.as_ref());
        let file = std::fs::File::open(path).expect("a live file is there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        batches.extend(reader.expect("it is Parquet").map(|batch| batch.expect("it can be read")));
    }
    let whole = arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("one schema");
    let date: ArrayRef =
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&*files[0].date, whole.num_rows())));
    let columns: Vec<ArrayRef> = whole.columns().iter().chain([&date]).map(coded).collect();
    let names = whole.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let fields = names.iter().map(String::as_str).chain(["date"]).zip(&columns);
    let fields: Fields =
        fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns of one length")
}

/// Texts by dictionary, alone and in maps; other columns as they are.
fn coded(column: &ArrayRef) -> ArrayRef {
    let dictionary = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
    match column.data_type() {
        DataType::Utf8 => cast(column, &dictionary).expect("texts can be coded"),
        DataType::Map(..) => {
            let map = column.as_map();
            let entries = [map.keys(), map.values()].map(coded);
            let fields: Fields = ["key", "value"]
                .iter()
                .zip(&entries)
                .map(|(name, entry)| Field::new(*name, entry.data_type().clone(), *name == "value"))
                .collect();
            let entries = StructArray::new(fields, entries.into(), None);
            let field = Arc::new(Field::new("key_value", entries.data_type().clone(), false));
            Arc::new(MapArray::new(field, map.offsets().clone(), entries, map.nulls().cloned(), false))
        }
        _ => Arc::clone(column),
    }
}

fn encode(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads can be started");
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let rows = runtime.block_on(rows(folder.path(), &requests(COMMIT_REQUESTS)));
    assert_eq!(rows.num_rows() as u64, COMMIT_REQUESTS * SPANS as u64, "each span has a row");
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let lake = runtime.block_on(open_lake(folder.path()));
    let writer = WriterId::new("bench").expect("a proper name");
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(rows.num_rows() as u64)).sample_size(10);
    let mut position = 0;
    group.bench_function("append to the lake", |bench| {
        bench.iter(|| {
            position += 1;
            let append = lake.append(Table::Spans, &writer, position..=position, vec![rows.clone()]);
            runtime.block_on(append).expect("the disk takes it")
        });
    });
    group.finish();
}

fn end_to_end(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads can be started");
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let (processor, _) = runtime.block_on(start(folder.path()));
    let addr = processor.grpc_addr().to_string();
    let mut connections: Vec<Connection> = runtime
        .block_on(join_all((0..CONNECTIONS).map(|_| Connection::open(&addr))))
        .into_iter()
        .map(|opened| opened.expect("the processor listens"))
        .collect();
    let bodies = bodies();
    let mut number = now();
    let mut group = criterion.benchmark_group("end to end");
    group
        .throughput(Throughput::Elements(CONNECTIONS as u64 * ROUND_REQUESTS * SPANS as u64))
        .sample_size(20)
        .measurement_time(Duration::from_secs(15));
    group.bench_function("four connections", |bench| {
        bench.iter(|| {
            let first = number;
            number += CONNECTIONS as u64 * ROUND_REQUESTS;
            let rounds = connections.iter_mut().zip((first..).step_by(ROUND_REQUESTS as usize));
            runtime.block_on(join_all(rounds.map(async |(connection, first)| {
                for number in first..first + ROUND_REQUESTS {
                    let body = bodies[(number % BODIES) as usize].stamped(number, now());
                    let rejected = connection.export(body.into()).await.expect("the processor takes it");
                    assert_eq!(rejected, 0, "every span is taken");
                }
            })));
        });
    });
    group.finish();
    drop(connections);
    runtime.block_on(processor.shutdown(GRACE));
}

criterion_group!(benches, wire, log, encode, end_to_end);
criterion_main!(benches);
