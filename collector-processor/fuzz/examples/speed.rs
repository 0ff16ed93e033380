//! CPU time per million spans of the check, the walk and the edits, beside prost's decoder.
//!
//! `otlp-loadgen dump --out FILE` writes the requests; `cargo run --release --no-default-features
//! --example speed FILE` measures them in turn on one thread and prints the best of seven rounds.

use collector_processor_fuzz::wire::{
    Attribute, ByteRange, Edits, Request, SpanView, Value, validate_traces,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: speed FILE")?;
    let file = std::fs::read(path)?;
    let mut rest = file.as_slice();
    let mut requests = Vec::new();
    while !rest.is_empty() {
        let len = prost::decode_length_delimiter(&mut rest)?;
        let (request, after) = rest.split_at(len);
        requests.push(request);
        rest = after;
    }
    let spans: usize = requests.iter().map(|r| validate_traces(r).map(|c| c.items)).sum::<Result<_, _>>()?;
    println!("{} requests, {spans} spans, {} bytes a span", requests.len(), file.len() / spans);

    let mut edits = Edits::default();
    let mut out = Vec::new();
    let mut best = [f64::MAX; 5];
    for _ in 0..7 {
        for (n, best) in best.iter_mut().enumerate() {
            let start = cpu_seconds()?;
            for request in &requests {
                match n {
                    0 => drop(black_box(ExportTraceServiceRequest::decode(*request)?)),
                    1 => drop(black_box(validate_traces(request)?)),
                    2 => drop(black_box(walk(request))),
                    3 => {
                        black_box(validate_traces(request)?);
                        black_box(walk(request));
                    }
                    _ => {
                        tag(request, &mut edits);
                        edits.apply(request, &mut out)?;
                        black_box(&out);
                    }
                }
            }
            *best = best.min(cpu_seconds()? - start);
        }
    }
    for (name, seconds) in
        ["prost decode", "check", "walk of all fields", "check and walk", "walk, 10 tags on each span, apply"]
            .iter()
            .zip(best)
    {
        println!(
            "{:6.3} s per million spans, {:5.1} x prost: {name}",
            seconds * 1e6 / spans as f64,
            best[0] / seconds
        );
    }
    Ok(())
}

/// Time that this thread ran, which other load on the machine does not lengthen much.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split_whitespace().next().ok_or("no schedstat")?.parse::<f64>()? / 1e9)
}

/// Reads every field, down to array elements; the sum keeps the compiler from leaving anything out.
fn walk(request: &[u8]) -> u64 {
    let mut sum = 0;
    let mut span = SpanView::default();
    for resource in Request::new(request).resources() {
        sum += resource.attributes().map(attribute).sum::<u64>();
        for scope in resource.scopes() {
            sum += (scope.name.len() + scope.version.len()) as u64;
            let mut spans = scope.spans();
            while spans.read(&mut span) {
                sum += (span.trace_id.len() + span.span_id.len() + span.parent_span_id.len()) as u64;
                sum += (span.name.len() + span.status_message.len() + span.trace_state.len()) as u64;
                sum += span.start_time_unix_nano ^ span.end_time_unix_nano;
                sum += (span.kind ^ span.status_code) as u64;
                sum += span.attributes.iter().copied().map(attribute).sum::<u64>();
                for event in &span.events {
                    sum += event.time_unix_nano + event.name.len() as u64;
                    sum += event.attributes().map(attribute).sum::<u64>();
                }
                sum += span.links.iter().map(|link| link.trace_id.len() as u64).sum::<u64>();
            }
        }
    }
    sum
}

fn attribute(attribute: Attribute<'_>) -> u64 {
    attribute.key.len() as u64 + value(attribute.value)
}

fn value(any: Value<'_>) -> u64 {
    match any {
        Value::Empty => 0,
        Value::Str(text) => text.len() as u64,
        Value::Bool(value) => u64::from(value),
        Value::Int(value) => value as u64 & 0xff,
        Value::Double(value) => value.to_bits() & 0xff,
        Value::Array(values) => values.map(value).sum(),
        Value::KvList(entries) => entries.map(attribute).sum(),
        Value::Bytes(bytes) => bytes.bytes().len() as u64,
    }
}

/// What the processor does to a span of a session: ten attributes, and masked texts in its events.
fn tag(request: &[u8], edits: &mut Edits) {
    edits.clear();
    let mut span = SpanView::default();
    for scope in Request::new(request).resources().flat_map(|resource| resource.scopes()) {
        let mut spans = scope.spans();
        while spans.read(&mut span) {
            edits
                .attributes(span.attributes_at())
                .text("exec.session.id", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12")
                .text("errata.fingerprint", "00112233445566778899aabbccddeeff")
                .text("errata.pattern.id", "00112233445566778899aabbccddeeff")
                .bool("errata.pattern.new", false)
                .int("errata.severity", 3)
                .text("errata.taxonomy.runtime", "python")
                .text("errata.taxonomy.phase", "runtime")
                .text("errata.taxonomy.type", "ValueError")
                .text("errata.taxonomy.cause", "ParseIssue")
                .text("errata.strategy", "2026-12-01");
            for attribute in span.events.iter().flat_map(|event| event.attributes()) {
                let range: Option<ByteRange> = attribute.value.as_text().map(|text| text.range());
                range.into_iter().for_each(|range| edits.replace(range, "masked"));
            }
        }
    }
}
