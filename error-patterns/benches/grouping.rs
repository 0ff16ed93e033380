//! Exceptions per second and core: new texts of 2 KB through masking, parsing, taxonomy, fingerprint and signature,
//! step by step and all together; repeats of 1 KB that differ in line numbers, ids and addresses; beside them, on
//! the same texts, a Rust port of Drain (crate `drain3`) as the peer. And attributes, which are masked on every span.
//!
//! The texts are made here: stacks of Python, Node and Java in equal parts, every name and number of user code drawn
//! anew. Where a grouper takes new texts they are new to it in each round: a grouper remembers what it has seen. `cargo bench -p error-patterns --bench grouping`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::mask::Masker;
use error_patterns::model::RawException;
use std::fmt::Write as _;
use std::hint::black_box;

/// As in `errata`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const TEXTS: usize = 999;

/// A fixed stream of numbers.
struct Stream(u64);

impl Stream {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31) % bound
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len() as u64) as usize]
    }

    /// A name that a user might choose.
    fn name(&mut self) -> String {
        let verbs =
            ["load", "parse", "render", "update", "collect", "merge", "fetch", "apply", "build", "check"];
        let nouns =
            ["orders", "prices", "users", "report", "table", "image", "batch", "tokens", "graph", "scores"];
        format!("{}_{}{}", self.pick(&verbs), self.pick(&nouns), self.below(1000))
    }
}

/// What a client sends.
struct Sent {
    /// `telemetry.sdk.language`, which every SDK sends.
    sdk_language: &'static str,
    error_type: &'static str,
    message: String,
    stacktrace: String,
}

impl Sent {
    fn raw(&self) -> RawException<'_> {
        RawException {
            sdk_language: Some(self.sdk_language),
            error_type: Some(self.error_type),
            message: Some(&self.message),
            stacktrace: Some(&self.stacktrace),
            ..RawException::default()
        }
    }
}

/// A stack trace of about `bytes` bytes. `names` draws what a user named, `numbers` what varies from run to run.
fn python(names: &mut Stream, numbers: &mut Stream, bytes: usize) -> Sent {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    let folder = format!("/home/<user>/work/{}", names.name());
    while text.len() + 420 < bytes {
        let (file, function, call) = (names.name(), names.name(), names.name());
        let line = numbers.below(400);
        writeln!(
            text,
            "  File \"{folder}/{file}.py\", line {line}, in {function}\n    result = {call}(items, index)"
        )
        .expect("text grows in memory");
    }
    let line = numbers.below(5000);
    let message = format!(
        "No such column for account {} at 0x7f{:010x}",
        1_000_000 + numbers.below(8_999_999),
        numbers.below(1 << 40)
    );
    write!(
        text,
        "  File \"/usr/lib/python3/site-packages/pandas/core/frame.py\", line {line}, in __getitem__\n    \
         indexer = self.columns.get_loc(key)\n  File \"/usr/lib/python3/site-packages/pandas/core/indexes/base.py\", \
         line {line}, in get_loc\n    raise KeyError(key) from err\nValueError: {message}\n"
    )
    .expect("text grows in memory");
    Sent { sdk_language: "python", error_type: "ValueError", message, stacktrace: text }
}

fn node(names: &mut Stream, numbers: &mut Stream, bytes: usize) -> Sent {
    let message = format!("Cannot read properties of undefined (reading '{}')", names.name());
    let mut text = format!("TypeError: {message}\n");
    while text.len() + 220 < bytes {
        let (line, column) = (numbers.below(400), numbers.below(80));
        writeln!(
            text,
            "    at {} (/srv/jobs/{}/{}.js:{line}:{column})",
            names.name(),
            names.name(),
            names.name()
        )
        .expect("text grows in memory");
    }
    text.push_str(
        "    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)\n    \
         at next (/srv/node_modules/express/lib/router/route.js:144:13)\n    \
         at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n",
    );
    Sent { sdk_language: "nodejs", error_type: "TypeError", message, stacktrace: text }
}

fn java(names: &mut Stream, numbers: &mut Stream, bytes: usize) -> Sent {
    let message = format!("For input string: \"{}\"", names.name());
    let mut text = format!(
        "java.lang.NumberFormatException: {message}\n\tat java.base/java.lang.NumberFormatException.forInputString\
         (NumberFormatException.java:67)\n\tat java.base/java.lang.Integer.parseInt(Integer.java:668)\n"
    );
    while text.len() + 160 < bytes {
        let line = numbers.below(900);
        writeln!(text, "\tat com.example.{}.Main.{}(Main.java:{line})", names.name(), names.name())
            .expect("text grows in memory");
    }
    text.push_str(
        "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)\n\
         \tat java.base/java.lang.Thread.run(Thread.java:840)\n",
    );
    Sent { sdk_language: "java", error_type: "java.lang.NumberFormatException", message, stacktrace: text }
}

fn sent(names: &mut Stream, numbers: &mut Stream, bytes: usize, at: usize) -> Sent {
    match at % 3 {
        0 => python(names, numbers, bytes),
        1 => node(names, numbers, bytes),
        _ => java(names, numbers, bytes),
    }
}

/// Texts whose names differ.
fn new_texts(names: &mut Stream, numbers: &mut Stream) -> Vec<Sent> {
    (0..TEXTS).map(|at| sent(names, numbers, 2048, at)).collect()
}

/// Thirty texts, each many times with other numbers.
fn repeats() -> Vec<Sent> {
    let mut numbers = Stream(4);
    (0..TEXTS).map(|at| sent(&mut Stream(100 + at as u64 % 30), &mut numbers, 1024, at % 30)).collect()
}

fn masked(masker: &Masker, sent: &Sent) -> Sent {
    Sent {
        sdk_language: sent.sdk_language,
        error_type: sent.error_type,
        message: masker.mask(&sent.message).into_owned(),
        stacktrace: masker.mask(&sent.stacktrace).into_owned(),
    }
}

fn steps(c: &mut Criterion) {
    let (mut names, mut numbers) = (Stream(1), Stream(2));
    let texts = new_texts(&mut names, &mut numbers);
    let masker = Masker::default();
    let grouper = Grouper::new(GroupingConfig::default());
    let mut more = || new_texts(&mut names, &mut numbers);
    let mut group = c.benchmark_group("new texts of 2 KB");
    group.throughput(Throughput::Elements(TEXTS as u64));
    group.bench_function("mask", |b| {
        b.iter(|| {
            for sent in &texts {
                black_box((masker.mask(&sent.message), masker.mask(&sent.stacktrace)));
            }
        });
    });
    group.bench_function("parse", |b| {
        b.iter(|| texts.iter().for_each(|sent| drop(black_box(error_patterns::parse(&sent.raw())))));
    });
    let parsed: Vec<_> = texts.iter().map(|sent| (sent.raw(), error_patterns::parse(&sent.raw()))).collect();
    group.bench_function("taxonomy", |b| {
        b.iter(|| {
            parsed.iter().for_each(|(raw, parsed)| drop(black_box(error_patterns::classify(raw, parsed))))
        });
    });
    group.bench_function("parse, taxonomy, fingerprint, signature", |b| {
        b.iter_batched(
            &mut more,
            |texts| {
                texts.iter().for_each(|sent| drop(black_box(grouper.group(&sent.raw()))));
                texts
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("mask and all of these", |b| {
        b.iter_batched(
            &mut more,
            |texts| {
                for sent in &texts {
                    let (message, stacktrace) = (masker.mask(&sent.message), masker.mask(&sent.stacktrace));
                    let raw =
                        RawException { message: Some(&message), stacktrace: Some(&stacktrace), ..sent.raw() };
                    black_box(grouper.group(&raw));
                }
                texts
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("peer: drain3, line by line", |b| {
        b.iter_batched(
            peer,
            |mut drain| {
                for line in texts.iter().flat_map(|sent| sent.stacktrace.lines()) {
                    black_box(drain.add_log_message(line).is_ok());
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Attributes as SDKs send them with each span: most values are short and hold nothing personal.
fn attributes() -> Vec<(&'static str, String)> {
    let mut stream = Stream(5);
    let mut of = |at: usize| match at % 12 {
        0 => ("http.request.method", "GET".to_owned()),
        1 => ("url.path", format!("/api/v1/orders/{}/items", stream.below(100_000))),
        2 => ("server.address", format!("orders-{}.internal", stream.below(20))),
        3 => ("http.route", "/api/v1/orders/{id}/items".to_owned()),
        4 => ("exec.id", format!("exec-{:08x}-{:04x}", stream.below(1 << 32), stream.below(1 << 16))),
        5 => ("service.instance.id", format!("{:032x}", stream.below(1 << 60))),
        6 => ("db.query.text", "SELECT * FROM orders WHERE id = $1".to_owned()),
        7 => ("code.function.name", format!("{}.{}", stream.name(), stream.name())),
        8 => ("network.peer.port", (1024 + stream.below(50_000)).to_string()),
        9 => ("user_agent.original", "python-requests/2.31.0".to_owned()),
        10 => ("process.runtime.name", "cpython".to_owned()),
        _ => ("k8s.pod.name", format!("worker-{:010x}-{}", stream.below(1 << 40), stream.name())),
    };
    (0..TEXTS).map(&mut of).collect()
}

fn masked_attributes(c: &mut Criterion) {
    let attributes = attributes();
    let masker = Masker::default();
    let mut group = c.benchmark_group("attributes of 3 to 40 bytes");
    group.throughput(Throughput::Elements(TEXTS as u64));
    group.bench_function("mask", |b| {
        b.iter(|| {
            for (key, value) in &attributes {
                black_box(masker.mask_attribute(key, value));
            }
        });
    });
    group.finish();
}

fn repeated(c: &mut Criterion) {
    let masker = Masker::default();
    let texts = repeats();
    let grouper = Grouper::new(GroupingConfig::default());
    let clean: Vec<Sent> = texts.iter().map(|sent| masked(&masker, sent)).collect();
    clean.iter().for_each(|sent| drop(grouper.group(&sent.raw())));
    let mut group = c.benchmark_group("repeats of 1 KB");
    group.throughput(Throughput::Elements(TEXTS as u64));
    group.bench_function("group", |b| {
        b.iter(|| clean.iter().for_each(|sent| drop(black_box(grouper.group(&sent.raw())))));
    });
    group.bench_function("mask and group", |b| {
        b.iter(|| {
            for sent in &texts {
                let (message, stacktrace) = (masker.mask(&sent.message), masker.mask(&sent.stacktrace));
                let raw =
                    RawException { message: Some(&message), stacktrace: Some(&stacktrace), ..sent.raw() };
                black_box(grouper.group(&raw));
            }
        });
    });
    let mut drain = peer();
    for line in texts.iter().flat_map(|sent| sent.stacktrace.lines()) {
        black_box(drain.add_log_message(line).is_ok());
    }
    group.bench_function("peer: drain3, line by line", |b| {
        b.iter(|| {
            for line in texts.iter().flat_map(|sent| sent.stacktrace.lines()) {
                black_box(drain.match_id(line));
            }
        });
    });
    group.finish();
}

fn peer() -> drain3::Matcher {
    drain3::Matcher::new(drain3::Config::default())
}

criterion_group!(benches, steps, masked_attributes, repeated);
criterion_main!(benches);
