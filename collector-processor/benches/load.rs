//! OTLP trace requests for benches and for `examples/send.rs`: made from a seed, encoded before the clock starts.
//!
//! A request has 512 spans in whole traces of 8 to 32, under four resources of 15 attributes; a span has about twelve
//! attributes of every kind, one in ten an exception of 0.5 to 4 KB. Ids and times are marked, so that each sending
//! gets its own at the price of a copy: spans that came before would be taken for repeats.

#[path = "load/exceptions.rs"]
mod exceptions;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

/// Spans in a request.
pub(crate) const SPANS: usize = 512;
const RESOURCES: usize = 4;
const SERVICES: [&str; 8] =
    ["gateway", "kernels", "runner", "notebooks", "judge", "artifacts", "billing", "packages"];
/// What marked ids and times begin or end with. No text holds these bytes.
const TRACE_MARK: [u8; 8] = [0xF1, 0xA9, 0xC3, 0x9E, 0xD7, 0x81, 0xEB, 0x95];
const SPAN_MARK: [u8; 4] = [0xF2, 0xB6, 0x8D, 0xE9];
/// Upper half of a marked time; the lower half is nanoseconds since the request's beginning.
const TIME_MARK: u32 = 0xF3C5_A7E8;

/// A fixed stream of numbers.
pub(crate) struct Stream(pub(crate) u64);

impl Stream {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Small numbers far more often than large ones.
    pub(crate) fn skewed(&mut self, bound: u64) -> u64 {
        let first = self.below(bound) + 1;
        let second = self.below(first) + 1;
        self.below(second)
    }

    pub(crate) fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len() as u64) as usize]
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.below(1 << 20) as f64) < share * f64::from(1 << 20)
    }
}

/// Spreads numbers so that different ones stay different.
fn mixed(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// An encoded request, and where its ids and times are.
pub(crate) struct Body {
    bytes: Vec<u8>,
    traces: Vec<(usize, u64)>,
    spans: Vec<(usize, u64)>,
    times: Vec<(usize, u32)>,
}

impl Body {
    /// The request of a seed; `sessions` is the share of traces with a session.
    pub(crate) fn new(seed: u64, sessions: f64) -> Self {
        let bytes = request(seed, sessions).encode_to_vec();
        let (mut traces, mut spans, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for at in 4..bytes.len() - 16 {
            let (before, rest) = bytes.split_at(at);
            if rest.starts_with(&TRACE_MARK) {
                traces.push((at, u64::from(rest[15])));
            } else if rest.starts_with(&SPAN_MARK) {
                spans.push((at, u64::from(rest[6]) << 8 | u64::from(rest[7])));
            } else if rest.starts_with(&TIME_MARK.to_le_bytes()) {
                let after = before.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
                times.push((at - 4, after));
            }
        }
        assert_eq!(traces.len(), SPANS, "each span names its trace once");
        Self { bytes, traces, spans, times }
    }

    /// A copy with ids of its own for each `number`, and times from `begin` (nanoseconds since 1970) on.
    pub(crate) fn stamped(&self, number: u64, begin: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        // No request gets the id of zeros, which is none.
        let seed = mixed(number.wrapping_add(0x9e37_79b9_7f4a_7c15));
        for (at, trace) in &self.traces {
            bytes[*at..at + 8].copy_from_slice(&seed.to_be_bytes());
            bytes[at + 8..at + 16].copy_from_slice(&mixed(seed ^ *trace).to_be_bytes());
        }
        for (at, span) in &self.spans {
            bytes[*at..at + 8].copy_from_slice(&mixed(seed.wrapping_add(*span)).to_be_bytes());
        }
        for (at, after) in &self.times {
            bytes[*at..at + 8].copy_from_slice(&(begin + u64::from(*after)).to_le_bytes());
        }
        bytes
    }
}

fn request(seed: u64, sessions: f64) -> ExportTraceServiceRequest {
    let mut stream = Stream(mixed(seed));
    let (mut traces, mut begun) = (0, 0);
    let resource_spans = (0..RESOURCES)
        .map(|_| {
            let service = stream.skewed(SERVICES.len() as u64) as usize;
            let mut spans = Vec::new();
            while spans.len() < SPANS / RESOURCES {
                let left = SPANS / RESOURCES - spans.len();
                let count = match 8 + stream.below(25) as usize {
                    _ if left <= 32 => left,
                    count => count.min(left - 8),
                };
                let session = stream.chance(sessions).then(|| format!("exec-{:016x}", stream.next()));
                let trace = Trace { number: traces, first: begun, session, service: SERVICES[service] };
                spans.extend((0..count).map(|place| trace.span(&mut stream, place)));
                traces += 1;
                begun += count;
            }
            let scope = InstrumentationScope {
                name: format!("io.opentelemetry.{}", stream.pick(&["flask", "express", "jdbc"])),
                version: "0.57.1".to_owned(),
                ..InstrumentationScope::default()
            };
            ResourceSpans {
                resource: Some(resource(service)),
                scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
                ..ResourceSpans::default()
            }
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}

/// Fifteen attributes, the same for each request of a service.
fn resource(service: usize) -> Resource {
    let (name, node) = (SERVICES[service], service % 3);
    let texts = [
        ("service.name", name.to_owned()),
        ("service.namespace", "lab".to_owned()),
        ("service.version", format!("2.{service}.1")),
        ("service.instance.id", format!("{name}-{:08x}", mixed(service as u64) as u32)),
        ("deployment.environment.name", "production".to_owned()),
        ("host.name", format!("node-{node}.eu-north.lab.internal")),
        ("host.arch", "amd64".to_owned()),
        ("os.type", "linux".to_owned()),
        ("k8s.namespace.name", "lab".to_owned()),
        ("k8s.pod.name", format!("{name}-7d9f4b-{service}")),
        ("k8s.node.name", format!("node-{node}")),
        ("cloud.region", "eu-north-1".to_owned()),
        ("telemetry.sdk.name", "opentelemetry".to_owned()),
        ("telemetry.sdk.language", ["python", "nodejs", "java"][node].to_owned()),
    ];
    let mut attributes: Vec<KeyValue> = texts.into_iter().map(|(key, value)| text(key, value)).collect();
    attributes.push(int("process.pid", 1000 + service as u64));
    Resource { attributes, ..Resource::default() }
}

/// The trace that is being made.
struct Trace {
    /// Number in the request.
    number: usize,
    /// Number in the request of its first span.
    first: usize,
    session: Option<String>,
    service: &'static str,
}

impl Trace {
    fn span(&self, stream: &mut Stream, place: usize) -> Span {
        let begin = (self.first * 40_000 + place * 25_000) as u32 + stream.below(20_000) as u32;
        let end = begin + 1_000 + stream.skewed(80_000_000) as u32;
        let failed = stream.chance(0.1);
        let (name, kind, mut attributes) = if place == 0 { served(stream) } else { called(stream) };
        attributes.push(int("thread.id", stream.below(64)));
        attributes.push(text("lab.tenant", format!("tenant-{}", stream.skewed(200))));
        if stream.chance(0.3) {
            let id = mixed(stream.next());
            attributes.push(text(
                "lab.request.id",
                format!("{:08x}-{:04x}-{:x}", id as u32, id >> 48, stream.next()),
            ));
        }
        if let Some(session) = &self.session {
            let value = Value::ArrayValue(ArrayValue {
                values: vec![AnyValue { value: Some(Value::StringValue(session.clone())) }],
            });
            attributes.push(attribute("http.request.header.x-exec-session", value));
            attributes.push(text("enduser.id", format!("u{}", mixed(self.number as u64) % 5_000)));
        }
        let mut events = Vec::new();
        if failed {
            let [kind, message, stack] = exceptions::exception(stream);
            events.push(Event {
                time_unix_nano: marked_time(end),
                name: "exception".to_owned(),
                attributes: vec![
                    text("exception.type", kind),
                    text("exception.message", message),
                    text("exception.stacktrace", stack),
                ],
                ..Event::default()
            });
        }
        let code = if failed { StatusCode::Error } else { StatusCode::Unset };
        Span {
            trace_id: [TRACE_MARK, (self.number as u64).to_be_bytes()].concat(),
            span_id: marked_span(self.first + place),
            parent_span_id: match place {
                0 => Vec::new(),
                _ => marked_span(self.first + stream.skewed(place as u64) as usize),
            },
            name,
            kind: kind.into(),
            start_time_unix_nano: marked_time(begin),
            end_time_unix_nano: marked_time(end),
            attributes,
            events,
            status: Some(Status { code: code.into(), message: self.status(failed) }),
            flags: 0x101,
            ..Span::default()
        }
    }

    fn status(&self, failed: bool) -> String {
        if failed { format!("{} gave up", self.service) } else { String::new() }
    }
}

fn marked_span(number: usize) -> Vec<u8> {
    [SPAN_MARK, (number as u32).to_be_bytes()].concat()
}

fn marked_time(after: u32) -> u64 {
    u64::from(TIME_MARK) << 32 | u64::from(after)
}

const THINGS: [&str; 6] = ["cells", "kernels", "runs", "submissions", "datasets", "invoices"];

/// The first span of a trace: a request of a user.
fn served(stream: &mut Stream) -> (String, SpanKind, Vec<KeyValue>) {
    let (method, thing) = (stream.pick(&["GET", "GET", "POST", "PUT"]), stream.pick(&THINGS));
    let attributes = vec![
        text("http.request.method", method),
        text("http.route", format!("/v1/{thing}/:id")),
        text("url.path", format!("/v1/{thing}/{}", stream.below(1_000_000))),
        text("url.scheme", "https"),
        int("http.response.status_code", [200, 200, 200, 201, 404, 500][stream.skewed(6) as usize]),
        text("user_agent.original", format!("lab-client/{}.4 (Linux; x86_64)", stream.skewed(9))),
        text("client.address", format!("10.{}.{}.7", stream.below(256), stream.below(256))),
        int("server.port", 443),
        flag("lab.interactive", stream.chance(0.5)),
    ];
    (format!("{method} /v1/{thing}/:id"), SpanKind::Server, attributes)
}

/// What a service does for a request: asks a database, runs code, or looks into a cache.
fn called(stream: &mut Stream) -> (String, SpanKind, Vec<KeyValue>) {
    let thing = stream.pick(&THINGS);
    match stream.below(3) {
        0 => {
            let verb = stream.pick(&["SELECT", "SELECT", "UPDATE"]);
            let query = match verb {
                "SELECT" => format!(
                    "SELECT id, owner_id, state, body FROM {thing} WHERE owner_id = $1 AND state <> $2 ORDER BY changed_at DESC LIMIT {}",
                    10 * stream.below(10)
                ),
                _ => format!(
                    "UPDATE {thing} SET state = $1, changed_at = now() WHERE id = $2 AND revision = {}",
                    stream.skewed(90)
                ),
            };
            let attributes = vec![
                text("db.system.name", "postgresql"),
                text("db.namespace", "lab"),
                text("db.operation.name", verb),
                text("db.collection.name", thing),
                text("db.query.text", query),
                text("server.address", "pg-1.lab.internal"),
                int("server.port", 5432),
                int("db.response.returned_rows", stream.skewed(500)),
            ];
            (format!("{verb} {thing}"), SpanKind::Client, attributes)
        }
        1 => {
            let attributes = vec![
                text("exec.kind", "run_code"),
                text("exec.language", stream.pick(&["python", "nodejs", "java"])),
                int("exec.attempt", stream.skewed(4)),
                double("exec.cpu_seconds", stream.skewed(90_000) as f64 / 1024.0),
                int("exec.memory_bytes", stream.skewed(1 << 30)),
                flag("exec.warm", stream.chance(0.7)),
                text("container.id", format!("{:016x}{:016x}", stream.next(), stream.next())),
            ];
            ("run_code".to_owned(), SpanKind::Internal, attributes)
        }
        _ => {
            let key = format!("{thing}:{}", stream.skewed(100_000));
            let attributes = vec![
                text("db.system.name", "redis"),
                text("db.operation.name", "HGET"),
                text("cache.key", key),
                flag("cache.hit", stream.chance(0.8)),
                text("server.address", "cache-2.lab.internal"),
                int("server.port", 6379),
                double("cache.age_seconds", stream.skewed(1 << 16) as f64 / 16.0),
            ];
            ("HGET".to_owned(), SpanKind::Client, attributes)
        }
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn int(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(value.cast_signed()))
}

fn double(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}

fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}
